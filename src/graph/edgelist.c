#include "graph/edgelist.h"

#include <locale.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"

enum { FIELD_MOST = 1 << 16 };

struct edgelist_owned {
  lan_arena arena;
  lan_map number_of; /* hash of a name -> the last node whose name has it */
  VEC(lan_str) names;
  VEC(uint32_t) same_hash; /* by node: an earlier one with that hash, or LAN_MAP_NONE */
  VEC(lan_edge) edges;
};

typedef VEC(lan_str) field_list;

typedef struct reader {
  lan_str text;
  size_t pos;
  uint32_t line, row_line; /* line at pos; where the current row began */
  const char *shown;
  char separator;
  field_list fields;
  struct edgelist_owned *own;
  edgelist_options options;
  lan_error *err;
} reader;

static lan_status fail_at(reader *r, const char *what) {
  return lan_fail(r->err, LAN_EFORMAT, "%s:%u: %s", r->shown, r->row_line, what);
}

/* ---- rows (RFC 4180) ---- */

static lan_status quoted_field(reader *r, lan_str *out) {
  size_t start = ++r->pos, n = 0;
  while (start + n < r->text.len) { /* measure: to the closing quote */
    const char *quote = memchr(r->text.ptr + start + n, '"', r->text.len - start - n);
    if (!quote) break;
    n = (size_t)(quote - (r->text.ptr + start));
    if (start + n + 1 < r->text.len && quote[1] == '"') {
      n += 2;
      continue;
    }
    char *copy = lan_arena_copy(&r->own->arena, r->text.ptr + start, n);
    if (!copy) return lan_fail_memory(r->err, n);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
      copy[len++] = copy[i];
      r->line += copy[i] == '\n';
      if (copy[i] == '"') i++;
    }
    *out = (lan_str){copy, len};
    r->pos = start + n + 1;
    return LAN_OK;
  }
  return fail_at(r, "a quoted field has no end; write \" inside it as \"\"");
}

static lan_status plain_field(reader *r, lan_str *out) {
  size_t start = r->pos;
  while (r->pos < r->text.len) {
    char c = r->text.ptr[r->pos];
    if (c == r->separator || c == '\n' || c == '\r') break;
    r->pos++;
  }
  *out = lan_str_trim((lan_str){r->text.ptr + start, r->pos - start});
  return LAN_OK;
}

/* At the end of a line (LF, CRLF or a lone CR) or of the text: goes past it. */
static bool end_line(reader *r) {
  if (r->pos < r->text.len) {
    char c = r->text.ptr[r->pos];
    if (c != '\n' && c != '\r') return false;
    r->pos++;
    if (c == '\r' && r->pos < r->text.len && r->text.ptr[r->pos] == '\n') r->pos++;
    r->line++;
  }
  return true;
}

static void skip_line(reader *r) {
  while (!end_line(r)) r->pos++;
}

/* Reads one row into r->fields; a comment or a row of empty fields gives none. */
static lan_status read_row(reader *r) {
  bool blank = true;
  r->fields.len = 0;
  r->row_line = r->line;
  if (r->text.ptr[r->pos] == '#') {
    skip_line(r);
    return LAN_OK;
  }
  for (;;) {
    lan_str field;
    bool quoted = r->pos < r->text.len && r->text.ptr[r->pos] == '"';
    lan_status s = quoted ? quoted_field(r, &field) : plain_field(r, &field);
    if (s != LAN_OK) return s;
    if (field.len > FIELD_MOST) return fail_at(r, "a field is longer than 65536 bytes");
    if (!VEC_PUSH(&r->fields, field)) return lan_fail_memory(r->err, 0);
    blank = blank && field.len == 0;
    if (end_line(r)) break;
    if (r->text.ptr[r->pos++] != r->separator) {
      return fail_at(r, "text follows a closing quote; put quotes around the whole field");
    }
  }
  if (blank) r->fields.len = 0;
  return LAN_OK;
}

/* A decimal number, whatever the locale. The comma is a decimal point where it is no separator. */
static bool parse_number(const reader *r, lan_str s, double *out) {
  char copy[64], *end;
  if (s.len == 0 || s.len >= sizeof copy) return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    if (!memchr("0123456789+-.eE,", c, 16) || (c == ',' && r->separator == ',')) return false;
    copy[i] = c == '.' || c == ',' ? *localeconv()->decimal_point : c;
  }
  copy[s.len] = '\0';
  *out = strtod(copy, &end);
  return *end == '\0';
}

/* ---- names and edges ---- */

/* Two names may have one hash: then they are told apart by their bytes. */
static uint32_t find_name(const struct edgelist_owned *own, uint32_t last, lan_str name) {
  while (last != LAN_MAP_NONE && !lan_str_equal(own->names.data[last], name)) {
    last = own->same_hash.data[last];
  }
  return last;
}

static lan_status number_of(reader *r, lan_str name, uint32_t *number) {
  struct edgelist_owned *own = r->own;
  uint32_t *slot = lan_map_put(&own->number_of, lan_hash(name.ptr, name.len, 0));
  if (!slot) return lan_fail_memory(r->err, 0);
  uint32_t found = find_name(own, *slot, name);
  if (found == LAN_MAP_NONE) {
    if (own->names.len >= UINT32_MAX - 1) return fail_at(r, "there are more than 2^32 - 2 names");
    char *copy = lan_arena_copy(&own->arena, name.ptr, name.len);
    if (!copy || !VEC_RESERVE(&own->names, 1) || !VEC_PUSH(&own->same_hash, *slot)) {
      return lan_fail_memory(r->err, 0);
    }
    found = *slot = (uint32_t)own->names.len;
    own->names.data[own->names.len++] = (lan_str){copy, name.len};
  }
  *number = found;
  return LAN_OK;
}

static lan_status add_edge(reader *r, uint32_t from, uint32_t to, double weight) {
  if (!(weight >= 0) || weight > 3e38) return fail_at(r, "a weight must be a number from 0 on");
  bool room = VEC_PUSH(&r->own->edges, (lan_edge){from, to, (float)weight, 0});
  if (room && r->options.undirected && from != to) {
    room = VEC_PUSH(&r->own->edges, (lan_edge){to, from, (float)weight, 0});
  }
  return room ? LAN_OK : lan_fail_memory(r->err, 0);
}

static lan_status read_edge(reader *r) {
  const lan_str *f = r->fields.data;
  double weight = 1;
  uint32_t from, to;
  if (r->fields.len < 2 || r->fields.len > 3) {
    return fail_at(r, "two or three fields are wanted: from, to and weight");
  }
  if (f[0].len == 0 || f[1].len == 0) return fail_at(r, "a name is empty");
  if (r->fields.len == 3 && f[2].len && !parse_number(r, f[2], &weight)) {
    return fail_at(r, "the third field, the weight, is no number");
  }
  lan_status s = number_of(r, f[0], &from);
  if (s == LAN_OK) s = number_of(r, f[1], &to);
  return s == LAN_OK ? add_edge(r, from, to, weight) : s;
}

static lan_status read_matrix_row(reader *r, const uint32_t *columns, size_t n) {
  uint32_t from;
  if (r->fields.len != n + 1) return fail_at(r, "this row is not as long as the matrix's first");
  if (r->fields.data[0].len == 0) return fail_at(r, "a name is empty");
  lan_status s = number_of(r, r->fields.data[0], &from);
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    double weight = 0;
    lan_str cell = r->fields.data[i + 1];
    if (cell.len && !parse_number(r, cell, &weight)) return fail_at(r, "a cell is no number");
    if (weight != 0) s = add_edge(r, from, columns[i], weight);
  }
  return s;
}

static lan_status read_rows(reader *r, bool matrix, const uint32_t *columns, size_t n_columns) {
  lan_status s = LAN_OK;
  while (s == LAN_OK && r->pos < r->text.len) {
    s = read_row(r);
    if (s != LAN_OK || r->fields.len == 0) continue;
    s = matrix ? read_matrix_row(r, columns, n_columns) : read_edge(r);
  }
  return s;
}

/* ---- the first row ---- */

static bool says(lan_str s, const char *word) {
  if (s.len != strlen(word)) return false;
  for (size_t i = 0; i < s.len; i++) {
    if ((s.ptr[i] | 0x20) != word[i]) return false;
  }
  return true;
}

/* Whether the first row names an edge list's columns. */
static bool names_columns(const field_list *f) {
  static const char *const firsts[] = {"from", "source", "cue", "word", "node", "sender"};
  static const char *const seconds[] = {"to", "target", "response", "node", "receiver"};
  bool first = false, second = false;
  for (size_t i = 0; i < 6; i++) first |= says(f->data[0], firsts[i]);
  for (size_t i = 0; f->len > 1 && i < 5; i++) second |= says(f->data[1], seconds[i]);
  return first && second;
}

static bool is_matrix(const field_list *f) {
  return f->len > 3 || (f->len > 1 && f->data[0].len == 0);
}

static lan_status read_all(reader *r) {
  lan_status s = LAN_OK;
  while (s == LAN_OK && r->fields.len == 0 && r->pos < r->text.len) s = read_row(r);
  if (s != LAN_OK || r->fields.len == 0) return s;
  const field_list *f = &r->fields;
  bool header = names_columns(f);
  if (header || !is_matrix(f)) {
    double ignored;
    header |= f->len == 3 && f->data[2].len && !parse_number(r, f->data[2], &ignored);
    if (!header) s = read_edge(r);
    return s == LAN_OK ? read_rows(r, false, NULL, 0) : s;
  }
  size_t n = r->fields.len - 1;
  uint32_t *columns = lan_alloc_array(n, sizeof *columns);
  if (!columns) return lan_fail_memory(r->err, n * sizeof *columns);
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    s = f->data[i + 1].len ? number_of(r, f->data[i + 1], &columns[i])
                           : fail_at(r, "a name is empty");
  }
  if (s == LAN_OK) s = read_rows(r, true, columns, n);
  free(columns);
  return s;
}

/* From the first line that is no comment: a tab if it holds one, else the more frequent of semicolon
 * and comma. */
static char guess_separator(reader r) {
  size_t tabs = 0, commas = 0, semicolons = 0;
  while (r.pos < r.text.len && r.text.ptr[r.pos] == '#') skip_line(&r);
  for (; r.pos < r.text.len && !end_line(&r); r.pos++) {
    char c = r.text.ptr[r.pos];
    tabs += c == '\t';
    commas += c == ',';
    semicolons += c == ';';
  }
  return tabs ? '\t' : semicolons > commas ? ';' : ',';
}

void edgelist_free(edgelist *e) {
  lan_graph_free(&e->graph);
  if (e->owned) {
    lan_map_free(&e->owned->number_of);
    VEC_FREE(&e->owned->names);
    VEC_FREE(&e->owned->same_hash);
    VEC_FREE(&e->owned->edges);
    lan_arena_free(&e->owned->arena);
    free(e->owned);
  }
  *e = (edgelist){0};
}

lan_status edgelist_parse(const char *text, size_t n, const char *shown,
                          const edgelist_options *options, edgelist *out, lan_error *err) {
  edgelist e = {.owned = lan_alloc_zeroed(1, sizeof *e.owned)};
  if (!e.owned) return lan_fail_memory(err, sizeof *e.owned);
  reader r = {.text = {text, n}, .line = 1, .shown = shown, .own = e.owned, .err = err};
  if (options) r.options = *options;
  if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) r.pos = 3;
  r.separator = guess_separator(r);
  lan_status s = LAN_OK;
  if (n >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
    r.row_line = 1;
    s = fail_at(&r, "this is UTF-16; UTF-8 is wanted");
  }
  if (s == LAN_OK) s = read_all(&r);
  if (s == LAN_OK && e.owned->names.len == 0) {
    r.row_line = 1;
    s = fail_at(&r, "no edges; rows of from, to and weight are wanted, or a matrix");
  }
  if (s == LAN_OK) {
    s = lan_graph_build((uint32_t)e.owned->names.len, e.owned->edges.data, e.owned->edges.len,
                        &e.graph, err);
  }
  VEC_FREE(&r.fields);
  VEC_FREE(&e.owned->edges);
  if (s != LAN_OK) {
    edgelist_free(&e);
    return s;
  }
  e.names = e.owned->names.data;
  *out = e;
  return LAN_OK;
}

uint32_t edgelist_find(const edgelist *e, lan_str name) {
  uint32_t last = lan_map_get(&e->owned->number_of, lan_hash(name.ptr, name.len, 0));
  uint32_t node = find_name(e->owned, last, name);
  return node == LAN_MAP_NONE ? UINT32_MAX : node;
}
