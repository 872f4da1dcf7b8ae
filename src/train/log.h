/* A training's log in a folder: history.csv, a row an epoch; events.out.tfevents..., which TensorBoard reads;
 * curve.svg, loss and accuracy over the epochs. */
#ifndef TRAIN_LOG_H
#define TRAIN_LOG_H

#include <stdint.h>

#include "base/str.h"
#include "lantoa/train.h"
#include "net/history.h"

typedef struct train_log train_log;

/* Goes on after the rows of epochs 1 .. `keep` that an earlier run wrote; 0: begins anew. */
lan_status log_open(const char *folder, uint32_t keep, train_log **out, lan_error *err);
lan_status log_epoch(train_log *log, const lan_epoch *e, lan_error *err);
void log_close(train_log *log); /* NULL is fine */

/* The curve as a picture; columns are those of log_columns. */
enum {
  LOG_LOSS,
  LOG_ACCURACY,
  LOG_VALIDATION_LOSS,
  LOG_VALIDATION_ACCURACY,
  LOG_RATE,
  LOG_COLUMNS
};
extern const char *const log_columns[LOG_COLUMNS];
void curve_draw(const history *h, lan_buf *svg);

#endif
