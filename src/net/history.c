#include "net/history.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/vec.h"

typedef VEC(double) numbers;

struct history {
  lan_arena arena;
  const char *path;
  lan_buf header;   /* the first line */
  numbers *columns; /* "epoch", then the others */
  size_t n_columns; /* all of them */
};

static lan_status make_header(history *h, const char *const *columns, size_t n, lan_error *err) {
  static const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  lan_buf_add_str(&h->header, "epoch");
  for (size_t i = 0; i < n; i++) {
    size_t len = strlen(columns[i]);
    if (len == 0 || strspn(columns[i], letters) != len) {
      return lan_fail(err, LAN_EINVAL, "\"%s\" can be no column of a training's log", columns[i]);
    }
    lan_buf_printf(&h->header, ",%s", columns[i]);
  }
  lan_buf_add_char(&h->header, '\n');
  return h->header.failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static lan_status new_history(const char *path, const char *const *columns, size_t n, history **out,
                              lan_error *err) {
  if (n > HISTORY_COLUMNS_MAX) {
    return lan_fail(err, LAN_EINVAL, "%zu columns; a training's log has at most %d", n,
                    HISTORY_COLUMNS_MAX);
  }
  history *h = lan_alloc_zeroed(1, sizeof *h);
  if (!h) return lan_fail_memory(err, sizeof *h);
  lan_status s = make_header(h, columns, n, err);
  if (s == LAN_OK) {
    h->columns = lan_alloc_zeroed(n + 1, sizeof *h->columns);
    h->path = lan_arena_copy(&h->arena, path, strlen(path));
    if (!h->columns || !h->path) s = lan_fail_memory(err, 0);
  }
  if (s != LAN_OK) {
    history_close(h);
    return s;
  }
  h->n_columns = n + 1;
  *out = h;
  return LAN_OK;
}

void history_close(history *h) {
  if (!h) return;
  for (size_t c = 0; c < h->n_columns; c++) VEC_FREE(&h->columns[c]);
  free(h->columns);
  lan_buf_free(&h->header);
  lan_arena_free(&h->arena);
  free(h);
}

size_t history_rows(const history *h) { return h->columns[0].len; }

const double *history_epochs(const history *h) { return h->columns[0].data; }

const double *history_column(const history *h, size_t column) {
  return h->columns[column + 1].data;
}

/* ---- reading ---- */

/* Room for a row, so that adding one cannot fail half-way. */
static bool make_room(history *h) {
  for (size_t c = 0; c < h->n_columns; c++) {
    if (!VEC_RESERVE(&h->columns[c], 1)) return false;
  }
  return true;
}

static void keep_row(history *h, const double *row) {
  for (size_t c = 0; c < h->n_columns; c++) h->columns[c].data[h->columns[c].len++] = row[c];
}

static double last_epoch(const history *h) {
  size_t n = history_rows(h);
  return n ? h->columns[0].data[n - 1] : 0;
}

/* The numbers of a line, as many as there are columns; an empty field is NaN. */
static bool read_row(const history *h, lan_str line, double *row) {
  for (size_t c = 0; c < h->n_columns; c++) {
    const char *comma = line.len ? memchr(line.ptr, ',', line.len) : NULL;
    if ((comma != NULL) != (c + 1 < h->n_columns)) return false;
    lan_str field = {line.ptr, comma ? (size_t)(comma - line.ptr) : line.len};
    row[c] = (double)NAN;
    if (field.len && !lan_str_number(field, &row[c])) return false;
    if (comma) line = (lan_str){comma + 1, line.len - field.len - 1};
  }
  return row[0] >= 1 && row[0] <= UINT32_MAX && row[0] == floor(row[0]);
}

/* Rows up to the epoch `keep`. What follows the last line's end was cut by a kill: it is no row. */
static lan_status read_rows(history *h, lan_str text, uint32_t keep, size_t *kept, lan_error *err) {
  double row[HISTORY_COLUMNS_MAX + 1];
  size_t at = *kept, line = 2;
  for (const char *end; at < text.len; at = *kept, line++) {
    end = memchr(text.ptr + at, '\n', text.len - at);
    if (!end) break;
    lan_str bytes = {text.ptr + at, (size_t)(end - text.ptr) - at};
    if (bytes.len && bytes.ptr[bytes.len - 1] == '\r') bytes.len--;
    if (!read_row(h, bytes, row)) {
      return lan_fail(err, LAN_EFORMAT,
                      "%s:%zu: no row of a training's log; mend it or move it away", h->path, line);
    }
    if (row[0] <= last_epoch(h)) {
      return lan_fail(err, LAN_EFORMAT, "%s:%zu: epochs must grow; mend it or move it away",
                      h->path, line);
    }
    if (row[0] > keep) break;
    if (!make_room(h)) return lan_fail_memory(err, 0);
    keep_row(h, row);
    *kept = (size_t)(end - text.ptr) + 1;
  }
  return LAN_OK;
}

lan_status history_parse(const char *bytes, size_t n, const char *path, const char *const *columns,
                         size_t n_columns, uint32_t keep, size_t *kept, history **out,
                         lan_error *err) {
  history *h = NULL;
  lan_status s = new_history(path, columns, n_columns, &h, err);
  if (s != LAN_OK) return s;
  size_t len = h->header.len - 1; /* without its line's end */
  size_t start = n > len && bytes[len] == '\r' ? len + 2 : len + 1;
  size_t whole = 0;
  if (n == 0 || (n <= len && memcmp(bytes, h->header.data, n) == 0)) {
    /* Nothing, or killed while the header was written: begun anew. */
  } else if (n < start || memcmp(bytes, h->header.data, len) != 0 || bytes[start - 1] != '\n') {
    s = lan_fail(err, LAN_EFORMAT,
                 "%s:1: no log of this training: its first line is not \"%.*s\"; "
                 "move it away, or name another",
                 path, (int)len, h->header.data);
  } else {
    whole = start;
    s = read_rows(h, (lan_str){bytes, n}, keep, &whole, err);
  }
  if (s != LAN_OK) {
    history_close(h);
    return s;
  }
  *kept = whole;
  *out = h;
  return LAN_OK;
}

lan_status history_open(const char *path, const char *const *columns, size_t n_columns,
                        uint32_t keep, history **out, lan_error *err) {
  lan_buf text = {0};
  history *h = NULL;
  size_t kept = 0;
  lan_status s = keep ? lan_file_read(path, HISTORY_FILE_MAX, &text, err) : LAN_OK;
  if (s == LAN_ENOTFOUND) s = LAN_OK;
  if (s == LAN_OK) {
    s = history_parse(text.data, text.len, path, columns, n_columns, keep, &kept, &h, err);
  }
  if (s == LAN_OK && kept == 0) {
    s = lan_file_write(path, h->header.data, h->header.len, err);
  } else if (s == LAN_OK && kept < text.len) {
    s = lan_file_write(path, text.data, kept, err);
  }
  lan_buf_free(&text);
  if (s == LAN_OK) {
    *out = h;
  } else {
    history_close(h);
  }
  return s;
}

/* ---- writing ---- */

lan_status history_add(history *h, uint32_t epoch, const double *values, lan_error *err) {
  double row[HISTORY_COLUMNS_MAX + 1];
  row[0] = epoch;
  for (size_t c = 1; c < h->n_columns; c++) row[c] = values[c - 1];
  if (row[0] <= last_epoch(h)) {
    return lan_fail(err, LAN_EINVAL, "epoch %u is in %s already", (unsigned)epoch, h->path);
  }
  lan_buf line = {0};
  lan_buf_printf(&line, "%u", (unsigned)epoch);
  for (size_t c = 1; c < h->n_columns; c++) {
    lan_buf_add_char(&line, ',');
    if (!isnan(row[c])) lan_buf_add_number(&line, row[c], 9);
  }
  lan_buf_add_char(&line, '\n');
  lan_status s = line.failed || !make_room(h) ? lan_fail_memory(err, 0) : LAN_OK;
  if (s == LAN_OK) s = lan_file_append(h->path, line.data, line.len, err);
  if (s == LAN_OK) keep_row(h, row);
  lan_buf_free(&line);
  return s;
}
