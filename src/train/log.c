#include "train/log.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"

enum { LOG_BYTES_MOST = 1 << 26 };

static const char HEADER[] = "epoch,loss,accuracy,validation_loss,validation_accuracy,rate\n";

/* The lines of `old` that are whole and tell of epochs 1 .. keep. */
static void keep_rows(const lan_buf *old, uint32_t keep, lan_buf *out) {
  const char *at = old->len ? memchr(old->data, '\n', old->len) : NULL;
  for (uint32_t epoch = 1; at && epoch <= keep; epoch++) {
    const char *row = at + 1, *end = strchr(row, '\n');
    if (!end || strtoul(row, NULL, 10) != epoch) break; /* cut short, or another file */
    lan_buf_add(out, row, (size_t)(end - row) + 1);
    at = end;
  }
}

lan_status log_begin(const char *folder, uint32_t keep, lan_error *err) {
  lan_buf path = {0}, old = {0}, now = {0};
  lan_status status = lan_dir_make(folder, err);
  lan_buf_printf(&path, "%s/history.csv", folder);
  lan_buf_add_str(&now, HEADER);
  if (status == LAN_OK && keep && !path.failed &&
      lan_file_read(path.data, LOG_BYTES_MOST, &old, NULL) == LAN_OK) {
    keep_rows(&old, keep, &now);
  }
  if (status == LAN_OK && (path.failed || now.failed)) status = lan_fail_memory(err, 0);
  if (status == LAN_OK) status = lan_file_write(path.data, now.data, now.len, err);
  lan_buf_free(&path);
  lan_buf_free(&old);
  lan_buf_free(&now);
  return status;
}

static void add_number(lan_buf *row, double value) {
  lan_buf_add_char(row, ',');
  if (isfinite(value)) lan_buf_printf(row, "%.9g", value);
}

lan_status log_epoch(const char *folder, const lan_epoch *e, lan_error *err) {
  lan_buf path = {0}, row = {0};
  lan_buf_printf(&path, "%s/history.csv", folder);
  lan_buf_printf(&row, "%u", e->epoch);
  add_number(&row, e->loss);
  add_number(&row, e->accuracy);
  add_number(&row, e->validation_loss);
  add_number(&row, e->validation_accuracy);
  add_number(&row, e->rate);
  lan_buf_add_char(&row, '\n');
  lan_status status = path.failed || row.failed
                          ? lan_fail_memory(err, 0)
                          : lan_file_append(path.data, row.data, row.len, err);
  lan_buf_free(&path);
  lan_buf_free(&row);
  return status;
}
