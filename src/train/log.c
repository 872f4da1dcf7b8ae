#include "train/log.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "net/events.h"

const char *const log_columns[LOG_COLUMNS] = {"loss", "accuracy", "validation_loss",
                                              "validation_accuracy", "rate"};
/* TensorBoard draws tags of one group side by side. */
static const char *const tags[LOG_COLUMNS] = {"loss/training", "accuracy/training",
                                              "loss/validation", "accuracy/validation", "rate"};

struct train_log {
  history *history;
  events *events;
  lan_buf history_path, curve_path, svg;
};

lan_status log_open(const char *folder, uint32_t keep, train_log **out, lan_error *err) {
  train_log *log = lan_alloc_zeroed(1, sizeof *log);
  if (!log) return lan_fail_memory(err, sizeof *log);
  lan_buf_printf(&log->history_path, "%s/history.csv", folder);
  lan_buf_printf(&log->curve_path, "%s/curve.svg", folder);
  bool room = !log->history_path.failed && !log->curve_path.failed;
  lan_status status = room ? lan_dir_make(folder, err) : lan_fail_memory(err, 0);
  if (status == LAN_OK) {
    status =
        history_open(log->history_path.data, log_columns, LOG_COLUMNS, keep, &log->history, err);
  }
  if (status == LAN_OK) status = events_open(folder, &log->events, err);
  if (status != LAN_OK) {
    log_close(log);
    return status;
  }
  *out = log;
  return LAN_OK;
}

lan_status log_epoch(train_log *log, const lan_epoch *e, lan_error *err) {
  const double values[LOG_COLUMNS] = {e->loss, e->accuracy, e->validation_loss,
                                      e->validation_accuracy, e->rate};
  lan_status status = history_add(log->history, e->epoch, values, err);
  if (status != LAN_OK) return status;
  for (size_t i = 0; i < LOG_COLUMNS; i++) {
    if (isfinite(values[i])) events_add(log->events, e->epoch, tags[i], (float)values[i]);
  }
  status = events_flush(log->events, err);
  if (status != LAN_OK) return status;
  lan_buf_clear(&log->svg);
  curve_draw(log->history, &log->svg);
  if (log->svg.failed) return lan_fail_memory(err, 0);
  return lan_file_write(log->curve_path.data, log->svg.data, log->svg.len, err);
}

void log_close(train_log *log) {
  if (!log) return;
  history_close(log->history);
  events_close(log->events);
  lan_buf_free(&log->history_path);
  lan_buf_free(&log->curve_path);
  lan_buf_free(&log->svg);
  free(log);
}
