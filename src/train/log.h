/* A training's log: <folder>/history.csv, a row an epoch. */
#ifndef TRAIN_LOG_H
#define TRAIN_LOG_H

#include <stdint.h>

#include "lantoa/train.h"

/* Begins it with the rows that an earlier run wrote of epochs 1 .. `keep`. */
lan_status log_begin(const char *folder, uint32_t keep, lan_error *err);
lan_status log_epoch(const char *folder, const lan_epoch *e, lan_error *err);

#endif
