/* Front matter: YAML (or one-line JSON, which is YAML too) between two lines of ---. */
#include <yaml.h>

#include "vault/parse.h"

enum { DEPTH_MOST = 32, EVENTS_MOST = 100000, SIZE_MOST = 1 << 20 };

typedef struct reader {
  facts *f;
  size_t end;      /* of the YAML in the text */
  size_t index;    /* characters of the YAML passed, as libyaml counts them */
  size_t position; /* bytes of the text passed */
  uint32_t line;   /* of the position */
  size_t line_start;
  size_t depth;
  bool in_map[DEPTH_MOST + 1];   /* by depth: a mapping, not a list */
  bool key_next[DEPTH_MOST + 1]; /* by depth: what comes next is a key */
  bool told_anchor;
  parse_property property; /* at depth 1 and below: whose value this is */
} reader;

/* libyaml counts characters, and takes more for line ends than '\n'; places come in rising order. */
static uint32_t line_of(reader *r, const yaml_mark_t *mark) {
  const char *s = r->f->text.ptr;
  for (uint32_t cp; r->index < mark->index && r->position < r->end; r->index++) {
    bool newline = s[r->position] == '\n';
    r->position += lan_utf8_decode(s + r->position, r->end - r->position, &cp);
    if (newline) {
      r->line++;
      r->line_start = r->position;
    }
  }
  return r->line;
}

static void take_value(reader *r, lan_str value, uint32_t line, bool in_list) {
  facts *f = r->f;
  lan_str copy = parse_copy(f, value.ptr, value.len);
  size_t end = r->line_start + parse_line_at(f->text, r->line_start).len;
  parse_links_in(f, copy, (uint32_t)r->line_start, (uint32_t)end, line, FACTS_LINK_PROPERTY);
  if (r->depth > 2 || (r->depth == 2 && r->in_map[2])) return;
  parse_property_value(f, r->property, copy, line, in_list);
}

/* Anchors and aliases can make a page of YAML a gigabyte of values. */
static void tell_anchor(reader *r, uint32_t line) {
  if (r->told_anchor) return;
  r->told_anchor = true;
  parse_problem(r->f, line,
                "front matter uses YAML anchors or aliases (&name, *name), which are not followed; "
                "write the value out, or quote a value that begins with & or *");
}

/* What was just read ended a key, or a value. */
static void next_in_map(reader *r) {
  if (r->in_map[r->depth]) r->key_next[r->depth] = !r->key_next[r->depth];
}

static bool begin_collection(reader *r, bool map, uint32_t line) {
  if (r->depth == DEPTH_MOST) {
    parse_problem(r->f, line,
                  "front matter is nested more than %d deep; the rest of it is not read",
                  DEPTH_MOST);
    return false;
  }
  r->depth++;
  r->in_map[r->depth] = r->key_next[r->depth] = map;
  return true;
}

static bool is_null(const yaml_event_t *e, lan_str value) {
  if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return value.len == 0;
  return value.len == 0 || lan_str_equal(value, LAN_STR("~")) ||
         (value.len == 4 &&
          (memcmp(value.ptr, "null", 4) == 0 || memcmp(value.ptr, "Null", 4) == 0));
}

static void take_scalar(reader *r, const yaml_event_t *e, uint32_t line) {
  lan_str value = {(const char *)e->data.scalar.value, e->data.scalar.length};
  bool key = r->key_next[r->depth];
  if (r->depth == 1 && key) r->property = parse_property_named(r->f, value);
  if (!key && !is_null(e, value)) take_value(r, value, line, r->depth > 1);
}

/* Returns false when reading should end. */
static bool take_event(reader *r, const yaml_event_t *e) {
  uint32_t line = line_of(r, &e->start_mark);
  switch (e->type) {
    case YAML_ALIAS_EVENT:
      tell_anchor(r, line);
      next_in_map(r);
      return true;
    case YAML_MAPPING_START_EVENT:
      if (e->data.mapping_start.anchor) tell_anchor(r, line);
      return begin_collection(r, true, line);
    case YAML_SEQUENCE_START_EVENT:
      if (e->data.sequence_start.anchor) tell_anchor(r, line);
      return begin_collection(r, false, line);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
      r->depth--;
      next_in_map(r);
      return true;
    case YAML_SCALAR_EVENT:
      if (e->data.scalar.anchor) tell_anchor(r, line);
      take_scalar(r, e, line);
      next_in_map(r);
      return true;
    default: return true;
  }
}

static void yaml_problem(reader *r, const yaml_parser_t *y) {
  uint32_t line = line_of(r, &y->problem_mark);
  parse_problem(r->f, line,
                "front matter is no valid YAML (%s); quote values that hold : # [ ] { }, "
                "and use spaces, not tabs",
                y->problem ? y->problem : "unreadable");
}

/* False: it is no YAML. What was read of it until then stays. */
static bool read_yaml(reader *r, lan_str yaml) {
  yaml_parser_t y;
  bool good = true;
  if (!yaml_parser_initialize(&y)) {
    r->f->failed = true;
    return true;
  }
  yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
  /* LibYAML asserts that there is a pointer, also to no bytes. */
  yaml_parser_set_input_string(&y, (const unsigned char *)(yaml.ptr ? yaml.ptr : ""), yaml.len);
  bool go_on = true;
  for (size_t i = 0; go_on; i++) {
    yaml_event_t e;
    if (!yaml_parser_parse(&y, &e)) {
      if (y.error == YAML_MEMORY_ERROR) r->f->failed = true;
      yaml_problem(r, &y);
      good = false;
      break;
    }
    /* One document is read: what follows a "..." is none of ours. */
    go_on = e.type != YAML_STREAM_END_EVENT && e.type != YAML_DOCUMENT_END_EVENT &&
            take_event(r, &e) && i < EVENTS_MOST;
    yaml_event_delete(&e);
  }
  yaml_parser_delete(&y);
  return good;
}

void parse_frontmatter(facts *f) {
  size_t start, end, body;
  if (!parse_find_yaml(f, &start, &end, &body)) return;
  f->body = (uint32_t)body;
  uint32_t first_line = facts_line(f->text, start);
  if (end - start > SIZE_MOST) {
    parse_problem(f, first_line, "front matter of more than %d bytes is not read", SIZE_MOST);
    return;
  }
  reader r = {.f = f, .end = end, .position = start, .line_start = start, .line = first_line};
  lan_str yaml = {f->text.ptr + start, end - start};
  lan_buf scrubbed = {0};
  if (f->damage & (FACTS_DAMAGE_UTF8 | FACTS_DAMAGE_NUL)) { /* libyaml would refuse the whole */
    lan_utf8_scrub(&scrubbed, yaml.ptr, yaml.len);
    for (size_t i = 0; i < scrubbed.len; i++) {
      if (scrubbed.data[i] == '\0') scrubbed.data[i] = ' ';
    }
    f->failed |= scrubbed.failed;
    yaml = lan_buf_str(&scrubbed);
  }
  if (!read_yaml(&r, yaml)) {
    f->tags.len = f->aliases.len = f->links.len = 0;
    parse_loose_properties(f, start, end);
  }
  lan_buf_free(&scrubbed);
}
