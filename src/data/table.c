/* CSV files (RFC 4180): a label and numbers in each row. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "data/set.h"

enum {
  COLUMNS_MOST = 1 << 20,
  FILE_SHARE = 4 /* a file may be so many times as long as memory allows */
};

typedef VEC(lan_str) field_list;

typedef struct reader {
  data_set *set;
  const data_options *o;
  const char *shown;
  char *text; /* quoted fields are unpacked in place */
  size_t pos, len;
  uint32_t line, row_line; /* line at pos; where the current row began */
  char separator;
  field_list fields;
  lan_buf names;           /* of the columns, each NUL-terminated; empty: no header */
  size_t n_columns, label; /* the label's among them */
  data_split origin;
  lan_error *err;
} reader;

static lan_status fail_at(reader *r, const char *what) {
  return lan_fail(r->err, LAN_EFORMAT, "%s:%u: %s", r->shown, r->row_line, what);
}

/* ---- rows ---- */

static lan_status quoted_field(reader *r, lan_str *out) {
  char *start = r->text + ++r->pos;
  size_t len = 0;
  while (r->pos < r->len) {
    char c = r->text[r->pos++];
    if (c == '"') {
      if (r->pos >= r->len || r->text[r->pos] != '"') {
        *out = (lan_str){start, len};
        return LAN_OK;
      }
      r->pos++;
    }
    r->line += c == '\n';
    start[len++] = c;
  }
  return fail_at(r, "a quoted field has no end; write \" inside it as \"\"");
}

static lan_str plain_field(reader *r) {
  size_t start = r->pos;
  while (r->pos < r->len) {
    char c = r->text[r->pos];
    if (c == r->separator || c == '\n' || c == '\r') break;
    r->pos++;
  }
  return lan_str_trim((lan_str){r->text + start, r->pos - start});
}

/* At the end of a line (LF, CRLF or a lone CR) or of the text: goes past it. */
static bool end_line(reader *r) {
  if (r->pos >= r->len) return true;
  char c = r->text[r->pos];
  if (c != '\n' && c != '\r') return false;
  r->pos++;
  if (c == '\r' && r->pos < r->len && r->text[r->pos] == '\n') r->pos++;
  r->line++;
  return true;
}

/* One row into r->fields; an empty line gives none. */
static lan_status read_row(reader *r) {
  r->fields.len = 0;
  r->row_line = r->line;
  if (end_line(r)) return LAN_OK;
  for (;;) {
    lan_str field;
    if (r->pos < r->len && r->text[r->pos] == '"') {
      lan_status s = quoted_field(r, &field);
      if (s != LAN_OK) return s;
    } else {
      field = plain_field(r);
    }
    if (r->fields.len >= COLUMNS_MOST) return fail_at(r, "there are more than 2^20 columns");
    if (!VEC_PUSH(&r->fields, field)) return lan_fail_memory(r->err, 0);
    if (end_line(r)) return LAN_OK;
    if (r->text[r->pos++] != r->separator) {
      return fail_at(r, "text follows a closing quote; put quotes around the whole field");
    }
  }
}

/* In the first line: a tab if it holds one, else the more frequent of semicolon and comma. */
static char guess_separator(const char *text, size_t n) {
  size_t tabs = 0, commas = 0, semicolons = 0;
  for (size_t i = 0; i < n && text[i] != '\n' && text[i] != '\r'; i++) {
    tabs += text[i] == '\t';
    commas += text[i] == ',';
    semicolons += text[i] == ';';
  }
  return tabs ? '\t' : semicolons > commas ? ';' : ',';
}

/* ---- numbers ---- */

static bool slow_number(lan_str s, bool comma, double *out) {
  char copy[64], *end;
  if (s.len >= sizeof copy) return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    if (!memchr("0123456789+-.eE,", c, 16) || (c == ',' && !comma)) return false;
    copy[i] = c == '.' || c == ',' ? *localeconv()->decimal_point : c;
  }
  copy[s.len] = '\0';
  *out = strtod(copy, &end);
  return *end == '\0' && *out - *out == 0; /* finite */
}

/* A decimal number, whatever the locale; a comma is a decimal point where it is no separator. Up to 15
 * digits are exact in a double, and so are powers of ten up to 22: most numbers take one division (Clinger
 * 1990). */
static bool parse_number(lan_str s, bool comma, double *out) {
  static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  size_t i = 0, digits = 0, decimals = 0;
  bool negative = s.len && s.ptr[0] == '-', point = false;
  uint64_t value = 0;
  for (i = negative; i < s.len && digits <= 15; i++) {
    char c = s.ptr[i];
    if (c >= '0' && c <= '9') {
      value = value * 10 + (uint64_t)(c - '0');
      digits++;
      decimals += point;
    } else if ((c == '.' || (c == ',' && comma)) && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (i < s.len || digits == 0 || digits > 15) return s.len && slow_number(s, comma, out);
  double v = (double)value / tens[decimals];
  *out = negative ? -v : v;
  return true;
}

static bool is_number(const reader *r, lan_str s) {
  double ignored;
  return parse_number(s, r->separator != ',', &ignored);
}

/* ---- the first row ---- */

static bool same_word(lan_str s, const char *word) {
  if (s.len != strlen(word)) return false;
  for (size_t i = 0; i < s.len; i++) {
    char a = s.ptr[i], b = word[i];
    if (a >= 'A' && a <= 'Z') a = (char)(a | 0x20);
    if (b >= 'A' && b <= 'Z') b = (char)(b | 0x20);
    if (a != b) return false;
  }
  return true;
}

static size_t field_called(const field_list *f, const char *word) {
  size_t i = 0;
  while (i < f->len && !same_word(f->data[i], word)) i++;
  return i;
}

static size_t field_of_labels(const field_list *f) {
  static const char *const words[] = {"label", "class", "target"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t at = field_called(f, words[i]);
    if (at < f->len) return at;
  }
  return f->len;
}

/* "3" as a column's number; 0: it is none. */
static size_t column_number(const char *s) {
  size_t n = 0;
  if (strlen(s) > 7 || s[strspn(s, "0123456789")] != '\0') return 0;
  for (; *s; s++) n = n * 10 + (size_t)(*s - '0');
  return n;
}

static lan_status no_such_label(reader *r, const char *label) {
  return lan_fail(
      r->err, LAN_ENOTFOUND,
      "%s has no column '%s' to take the label from; name one of its %zu columns, or its "
      "number",
      r->shown, label, r->fields.len);
}

/* Where the label is, and whether the row names the columns. */
static lan_status read_first(reader *r, bool *header) {
  const field_list *f = &r->fields;
  const char *label = r->o->label;
  size_t number = label ? column_number(label) : 0;
  size_t named = number ? f->len : label ? field_called(f, label) : field_of_labels(f);
  size_t at = named < f->len ? named : f->len - 1;
  *header = named < f->len;
  if (label && named == f->len) {
    if (number < 1 || number > f->len) return no_such_label(r, label);
    at = number - 1;
  }
  for (size_t i = 0; i < f->len && !*header; i++) {
    *header = i != at && f->data[i].len && !is_number(r, f->data[i]);
  }
  r->label = at;
  r->n_columns = f->len;
  if (f->len < 2) {
    return fail_at(r, "one column only; a label and numbers are wanted, set apart by , ; or tabs");
  }
  return LAN_OK;
}

static lan_status keep_names(reader *r) {
  for (size_t i = 0; i < r->fields.len; i++) {
    lan_str f = r->fields.data[i];
    for (size_t k = 0; k < f.len; k++) lan_buf_add_char(&r->names, f.ptr[k] ? f.ptr[k] : ' ');
    lan_buf_add(&r->names, "", 1);
  }
  return r->names.failed ? lan_fail_memory(r->err, 0) : LAN_OK;
}

static const char *name_of(const reader *r, size_t column) {
  const char *name = r->names.data;
  for (size_t i = 0; name && i < column; i++) name += strlen(name) + 1;
  return name;
}

/* ---- rows of numbers ---- */

static lan_status no_number(reader *r, size_t column) {
  lan_str f = r->fields.data[column];
  const char *name = name_of(r, column), *open = name ? " (" : "", *close = name ? ")" : "";
  if (f.len == 0) {
    return lan_fail(r->err, LAN_EFORMAT, "%s:%u: column %zu%s%s%s is empty; a number is wanted",
                    r->shown, r->row_line, column + 1, open, name ? name : "", close);
  }
  return lan_fail(
      r->err, LAN_EFORMAT,
      "%s:%u: column %zu%s%s%s: '%.*s' is no number (the label is taken from column %zu)", r->shown,
      r->row_line, column + 1, open, name ? name : "", close, f.len < 40 ? (int)f.len : 40, f.ptr,
      r->label + 1);
}

static lan_status read_example(reader *r) {
  data_set *set = r->set;
  lan_str label = r->fields.data[r->label];
  data_member m = {.number = r->row_line, .origin = r->origin};
  size_t from = set->values.len, width = r->n_columns - 1;
  if (r->fields.len != r->n_columns) {
    return lan_fail(r->err, LAN_EFORMAT, "%s:%u: %zu columns; the first row has %zu", r->shown,
                    r->row_line, r->fields.len, r->n_columns);
  }
  if (label.len == 0) return fail_at(r, "the label is empty");
  if (label.len > 1000 || memchr(label.ptr, 0, label.len))
    return fail_at(r, "the label is no text");
  if (from + width > r->o->memory / sizeof(float)) {
    return lan_fail(r->err, LAN_ELIMIT, "%s takes more than %zu bytes of memory", r->shown,
                    r->o->memory);
  }
  if (!VEC_RESERVE(&set->values, width)) return lan_fail_memory(r->err, width * sizeof(float));
  for (size_t i = 0; i < r->n_columns; i++) {
    double v;
    if (i == r->label) continue;
    if (!parse_number(r->fields.data[i], r->separator != ',', &v)) return no_number(r, i);
    if (v > 3e38 || v < -3e38) return fail_at(r, "a number is too large");
    set->values.data[set->values.len++] = (float)v;
  }
  char shown[32 + 256];
  snprintf(shown, sizeof shown, "%.250s:%u", r->shown, r->row_line);
  lan_status s = data_class(set, label, shown, &m.label, r->err);
  m.hash =
      lan_hash(set->values.data + from, width * sizeof(float), lan_hash(label.ptr, label.len, 0));
  return s == LAN_OK ? data_add(set, m, r->err) : s;
}

static lan_status read_rows(reader *r) {
  bool header = false;
  lan_status s = LAN_OK;
  while (s == LAN_OK && r->fields.len == 0 && r->pos < r->len) s = read_row(r);
  if (s != LAN_OK || r->fields.len == 0) return s;
  s = read_first(r, &header);
  if (s == LAN_OK) s = header ? keep_names(r) : read_example(r);
  while (s == LAN_OK && r->pos < r->len) {
    s = read_row(r);
    if (s == LAN_OK && r->fields.len) s = read_example(r);
  }
  return s;
}

/* ---- files ---- */

static lan_status check_text(const reader *r) {
  size_t n = r->len < 4096 ? r->len : 4096;
  bool utf16 =
      r->len >= 2 && (memcmp(r->text, "\xFF\xFE", 2) == 0 || memcmp(r->text, "\xFE\xFF", 2) == 0);
  if (utf16) return lan_fail(r->err, LAN_EFORMAT, "%s is UTF-16; UTF-8 is wanted", r->shown);
  if (n && memchr(r->text, 0, n)) {
    return lan_fail(r->err, LAN_EFORMAT,
                    "%s is no data set: a folder of pictures, idx files or a CSV file is wanted",
                    r->shown);
  }
  return LAN_OK;
}

static lan_status parse(reader *r) {
  lan_status s = check_text(r);
  r->line = 1;
  if (r->len >= 3 && memcmp(r->text, "\xEF\xBB\xBF", 3) == 0) r->pos = 3;
  r->separator = guess_separator(r->text + r->pos, r->len - r->pos);
  return s == LAN_OK ? read_rows(r) : s;
}

static lan_status read_file(reader *r) {
  lan_buf file = {0};
  size_t most = r->o->memory > SIZE_MAX / FILE_SHARE ? SIZE_MAX / 2 : r->o->memory * FILE_SHARE;
  lan_status s = lan_file_read(r->shown, most, &file, r->err);
  r->text = file.data;
  r->len = file.len;
  if (s == LAN_OK) s = parse(r);
  lan_buf_free(&file);
  VEC_FREE(&r->fields);
  return s;
}

/* The names of all columns but the label's. */
static lan_status publish_names(reader *r) {
  if (!r->names.len) return LAN_OK;
  const char **names = lan_arena_alloc(&r->set->arena, r->n_columns, sizeof *names);
  char *copy = lan_arena_copy(&r->set->arena, r->names.data, r->names.len);
  if (!names || !copy) return lan_fail_memory(r->err, r->names.len);
  size_t n = 0;
  for (size_t i = 0; i < r->n_columns; i++, copy += strlen(copy) + 1) {
    if (i != r->label) names[n++] = copy;
  }
  r->set->info.columns = names;
  return LAN_OK;
}

static bool same_columns(const reader *a, const reader *b) {
  return a->n_columns == b->n_columns && a->label == b->label && a->names.len == b->names.len &&
         (a->names.len == 0 || memcmp(a->names.data, b->names.data, a->names.len) == 0);
}

static lan_status read_test(const reader *train, lan_error *err) {
  reader r = {.set = train->set, .o = train->o, .origin = DATA_TEST, .err = err};
  size_t before = train->set->examples.len;
  r.shown = train->set->test_source;
  lan_status s = read_file(&r);
  if (s == LAN_OK && train->set->examples.len > before && !same_columns(train, &r)) {
    s = lan_fail(err, LAN_EFORMAT, "%s does not have the columns of %s", r.shown, train->shown);
  }
  lan_buf_free(&r.names);
  return s;
}

lan_status data_read_table(data_set *set, const data_options *o, const char *path, lan_error *err) {
  reader r = {.set = set, .o = o, .shown = path, .origin = DATA_TRAIN, .err = err};
  const char *train = data_path(set, path, "train.csv"), *test = data_path(set, path, "test.csv");
  if (!train || !test) return lan_fail_memory(err, 0);
  if (data_exists(train)) set->source = r.shown = train;
  if (data_exists(test)) set->test_source = test;
  lan_status s = read_file(&r);
  if (s == LAN_OK && set->examples.len) {
    set->info.kind = DATA_TABLE;
    set->size = r.n_columns - 1;
    set->info.channels = (uint32_t)set->size;
    set->info.height = set->info.width = 1;
    set->info.decoded = true;
    s = publish_names(&r);
    if (s == LAN_OK && set->test_source) s = read_test(&r, err);
  }
  lan_buf_free(&r.names);
  return s;
}
