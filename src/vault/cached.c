#include "vault/cached.h"

#include "base/error.h"
#include "base/pack.h"
#include "vault/parse.h"

enum { MISSES_MOST = 16 }; /* values whose line is looked for in vain */

/* ---- places ---- */

/* From places in UTF-16 to bytes, as long as they rise. */
typedef struct place {
  lan_str text;
  uint64_t units;
  size_t bytes;
} place;

/* False: it is outside of the text, or comes before what was asked for last. */
static bool find_place(place *p, uint64_t units, uint32_t *bytes) {
  if (units < p->units) return false;
  while (p->units < units && p->bytes < p->text.len) {
    uint32_t cp;
    p->bytes += lan_utf8_decode(p->text.ptr + p->bytes, p->text.len - p->bytes, &cp);
    p->units += cp >= 0x10000 ? 2 : 1;
  }
  *bytes = (uint32_t)p->bytes;
  return p->units >= units;
}

/* ---- blocks ---- */

static uint32_t line_start(const facts *f, uint32_t i) {
  while (i > f->body && f->text.ptr[i - 1] != '\n') i--;
  return i;
}

static void read_block(facts *f, place *p, uint64_t kind, uint64_t first, uint64_t last) {
  uint32_t start, end;
  if (!find_place(p, first, &start) || !find_place(p, last, &end) || end <= f->body) return;
  if (kind > CACHED_HTML) kind = CACHED_ANY;
  parse_outline_part(f, line_start(f, start < f->body ? f->body : start), end,
                     (parse_part_kind)kind);
}

/* `told`: the places are those of this very text. */
static void read_blocks(facts *f, unpack *u, bool told) {
  place p = {f->text, 0, 0};
  uint64_t n = unpack_number(u);
  parse_outline_begin(f);
  for (uint64_t i = 1; i < n && !u->bad; i++) {
    uint64_t kind = unpack_number(u), first = unpack_number(u), last = unpack_number(u);
    if (told && !u->bad) read_block(f, &p, kind, first, last);
  }
  if (n == 0 || !told) {
    parse_outline_part(f, f->body, (uint32_t)f->text.len, PARSE_PART_ANY);
  }
}

/* ---- front matter ---- */

/* Front matter, as far as it was searched for its values, which come in their order. */
typedef struct yaml_search {
  size_t at, end;
  lan_str line; /* that was found last */
  parse_lines lines;
  uint32_t misses;
} yaml_search;

/* The one of `at`: it is looked for once, however many values it holds. */
static lan_str line_of(const facts *f, yaml_search *y) {
  const char *p = f->text.ptr + y->at;
  if (y->line.ptr && p <= y->line.ptr + y->line.len) return y->line;
  size_t start = y->at;
  while (start > 0 && f->text.ptr[start - 1] != '\n') start--;
  return y->line = parse_line_at(f->text, start);
}

/* The links of a value are said on the line that holds it; one that is not written as it is read may be anywhere. */
static void take_links(facts *f, lan_str value, yaml_search *y) {
  if (value.len < 2 || !memmem(value.ptr, value.len, "[[", 2)) return;
  const char *p = NULL;
  if (y->misses < MISSES_MOST) {
    p = memmem(f->text.ptr + y->at, y->end - y->at, value.ptr, value.len);
    y->misses += p == NULL;
  }
  if (p) y->at = (size_t)(p - f->text.ptr);
  lan_str line = line_of(f, y);
  uint32_t start = (uint32_t)(line.ptr - f->text.ptr);
  parse_links_in(f, value, start, start + (uint32_t)line.len,
                 parse_line(&y->lines, (uint32_t)y->at), FACTS_LINK_PROPERTY);
}

/* What was mended in the text is mended here. */
static lan_str take_value(facts *f, lan_str value) {
  lan_buf mended = {0};
  bool mend =
      f->damage & FACTS_DAMAGE_MOJIBAKE && facts_mend_mojibake(value.ptr, value.len, &mended);
  lan_str kept =
      mend ? parse_copy(f, mended.data, mended.len) : parse_copy(f, value.ptr, value.len);
  f->failed |= mended.failed;
  lan_buf_free(&mended);
  return kept;
}

static void read_properties(facts *f, unpack *u) {
  size_t body = 0;
  yaml_search y = {.lines = parse_lines_of(f->text)};
  bool there = parse_find_yaml(f, &y.at, &y.end, &body);
  if (there) f->body = (uint32_t)body;
  uint64_t n = unpack_number(u);
  if (there && n == 0) parse_loose_properties(f, y.at, y.end);
  for (uint64_t i = 1; i < n && !u->bad; i++) {
    uint64_t use = unpack_number(u);
    lan_str key = unpack_string(u), value = unpack_string(u);
    if (!there || u->bad) continue;
    value = take_value(f, value);
    take_links(f, value, &y);
    if (use == CACHED_WITHIN) continue;
    parse_property p = parse_property_named(f, key);
    parse_property_value(f, p, value, parse_line(&y.lines, (uint32_t)y.at), use == CACHED_LISTED);
  }
}

/* ---- notes and canvases ---- */

static lan_status begin(facts *f, lan_str text, lan_error *err) {
  if (text.len > FACTS_FILE_MAX) {
    return lan_fail(err, LAN_ELIMIT, "a note of %zu bytes; at most %d are read", text.len,
                    FACTS_FILE_MAX);
  }
  f->text = text;
  parse_begin(f);
  if (!f->failed) parse_damage(f);
  return f->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static lan_status read_note(facts *f, unpack *u, lan_error *err) {
  lan_str text = unpack_string(u);
  lan_status s = begin(f, text, err);
  if (s != LAN_OK) return s;
  read_properties(f, u);
  read_blocks(f, u, f->text.ptr == text.ptr);
  if (!f->failed) parse_inline(f);
  return LAN_OK;
}

/* A text node: all that is known of it is its text. */
static lan_status read_text(const char *bytes, size_t n, facts *f, lan_error *err) {
  size_t start, end, body;
  lan_status s = begin(f, (lan_str){bytes, n}, err);
  if (s != LAN_OK) return s;
  if (parse_find_yaml(f, &start, &end, &body)) {
    f->body = (uint32_t)body;
    parse_loose_properties(f, start, end);
  }
  parse_outline_begin(f);
  parse_outline_part(f, f->body, (uint32_t)f->text.len, PARSE_PART_ANY);
  if (!f->failed) parse_inline(f);
  return f->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static void read_canvas(facts *f, unpack *u) {
  const lan_str none = {"", 0};
  uint64_t n = unpack_number(u);
  for (uint64_t i = 0; i < n && !u->bad; i++) {
    uint64_t kind = unpack_number(u);
    lan_str first = unpack_string(u), second = unpack_string(u);
    if (u->bad) break;
    switch (kind) {
      case CACHED_FILE: parse_canvas_link(f, none, first, second, FACTS_LINK_CANVAS); break;
      case CACHED_TEXT: parse_canvas_text(f, first, read_text); break;
      case CACHED_LABEL: parse_canvas_words(f, first, FACTS_PROSE); break;
      case CACHED_URL: parse_canvas_words(f, first, FACTS_CODE); break;
      case CACHED_ARROW: parse_canvas_link(f, first, second, none, FACTS_LINK_CANVAS_EDGE); break;
      default: u->bad = true;
    }
  }
}

lan_status facts_from_cache(const char *bytes, size_t n, facts *out, lan_error *err) {
  unpack u = {bytes, bytes + n, false};
  uint64_t kind = unpack_number(&u);
  lan_status s = LAN_OK;
  out->text = (lan_str){"", 0}; /* a canvas has none */
  if (kind == 0) s = read_note(out, &u, err);
  if (kind == 1) read_canvas(out, &u);
  if (s != LAN_OK) return s;
  if (out->failed) return lan_fail_memory(err, 0);
  if (kind > 1 || u.bad || u.p != u.end) {
    return lan_fail(err, LAN_EFORMAT, "what was handed in is no note");
  }
  return LAN_OK;
}
