/* Front matter: YAML (or one-line JSON, which is YAML too) between two lines of ---. */
#include <yaml.h>

#include "text/unicode.h"
#include "vault/parse.h"

enum { DEPTH_MOST = 32, EVENTS_MOST = 100000, SIZE_MOST = 1 << 20 };

static lan_str line_at(lan_str text, size_t i) {
  const char *end = i < text.len ? memchr(text.ptr + i, '\n', text.len - i) : NULL;
  return (lan_str){text.ptr + i, end ? (size_t)(end - text.ptr) - i : text.len - i};
}

static bool is_fence(lan_str line, const char *fence) {
  while (line.len && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == ' ' ||
                      line.ptr[line.len - 1] == '\t')) {
    line.len--;
  }
  return line.len == 3 && memcmp(line.ptr, fence, 3) == 0;
}

/* Finds the YAML between the fences; false if the note has none. */
static bool find_yaml(const facts *f, size_t *start, size_t *end, size_t *body) {
  lan_str t = f->text;
  size_t i = t.len >= 3 && memcmp(t.ptr, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  lan_str first = line_at(t, i);
  if (!is_fence(first, "---") || i + first.len >= t.len) return false;
  *start = i + first.len + 1;
  for (size_t at = *start; at < t.len;) {
    lan_str line = line_at(t, at);
    if (is_fence(line, "---") || is_fence(line, "...")) {
      *end = at;
      *body = at + line.len + (at + line.len < t.len);
      return true;
    }
    at += line.len + 1;
  }
  return false;
}

/* ---- properties ---- */

typedef enum property { PROPERTY_OTHER, PROPERTY_TAGS, PROPERTY_ALIASES } property;

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
  property property; /* at depth 1 and below: whose value this is */
} reader;

static property property_of(facts *f, lan_str key) {
  lan_buf folded = {0};
  text_fold(&folded, key.ptr, key.len);
  lan_str k = lan_buf_str(&folded);
  property p = PROPERTY_OTHER;
  if (lan_str_equal(k, LAN_STR("tags")) || lan_str_equal(k, LAN_STR("tag"))) p = PROPERTY_TAGS;
  if (lan_str_equal(k, LAN_STR("aliases")) || lan_str_equal(k, LAN_STR("alias"))) {
    p = PROPERTY_ALIASES;
  }
  f->failed |= folded.failed;
  lan_buf_free(&folded);
  return p;
}

/* "a, b c" as a string is a list: of tags by commas and spaces, of aliases by commas. */
static void add_listed(facts *f, lan_str value, uint32_t line, property p) {
  for (size_t i = 0; i < value.len;) {
    size_t end = i;
    while (end < value.len && value.ptr[end] != ',' && value.ptr[end] != '\n' &&
           !(p == PROPERTY_TAGS && (value.ptr[end] == ' ' || value.ptr[end] == '\t'))) {
      end++;
    }
    lan_str part = lan_str_trim((lan_str){value.ptr + i, end - i});
    if (p == PROPERTY_TAGS && part.len && part.ptr[0] == '#') part.ptr++, part.len--;
    if (part.len && p == PROPERTY_TAGS) PARSE_PUSH(f, tags, (facts_tag){part, line});
    if (part.len && p == PROPERTY_ALIASES) PARSE_PUSH(f, aliases, part);
    i = end + 1;
  }
}

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
  size_t end = r->line_start + line_at(f->text, r->line_start).len;
  parse_links_in(f, copy, (uint32_t)r->line_start, (uint32_t)end, line, FACTS_LINK_PROPERTY);
  if (r->property == PROPERTY_OTHER || r->depth > 2 || (r->depth == 2 && r->in_map[2])) return;
  if (r->property == PROPERTY_ALIASES && in_list) {
    lan_str alias = lan_str_trim(copy);
    if (alias.len) PARSE_PUSH(f, aliases, alias);
  } else {
    add_listed(f, copy, line, r->property);
  }
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
  if (r->depth == 1 && key) r->property = property_of(r->f, value);
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

static void read_yaml(reader *r, lan_str yaml) {
  yaml_parser_t y;
  if (!yaml_parser_initialize(&y)) {
    r->f->failed = true;
    return;
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
      break;
    }
    /* One document is read: what follows a "..." is none of ours. */
    go_on = e.type != YAML_STREAM_END_EVENT && e.type != YAML_DOCUMENT_END_EVENT &&
            take_event(r, &e) && i < EVENTS_MOST;
    yaml_event_delete(&e);
  }
  yaml_parser_delete(&y);
}

void parse_frontmatter(facts *f) {
  size_t start, end, body;
  if (!find_yaml(f, &start, &end, &body)) return;
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
  read_yaml(&r, yaml);
  lan_buf_free(&scrubbed);
}
