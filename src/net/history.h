/* The log of a training as a CSV file: a header, and a row for each epoch as it ends.
 *
 *     epoch,loss,accuracy,validation_loss,validation_accuracy
 *     1,0.51,0.82,0.43,0.85
 *
 * Numbers have a decimal point whatever the locale; one that is not known is left empty. A training
 * that is resumed goes on after the last epoch that its checkpoint holds: later rows are cut off. */
#ifndef NET_HISTORY_H
#define NET_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

enum { HISTORY_COLUMNS_MAX = 64, HISTORY_FILE_MAX = 64 << 20 /* bytes that are read */ };

typedef struct history history;

/* Begins the log at `path` anew if `keep` is 0; else goes on after the rows of epochs up to `keep` that
 * it holds, or with none if there is no such file. `columns` names what follows "epoch": ASCII letters,
 * digits, "_", "-", "." and "/". LAN_EFORMAT when the file is no log of these columns: it is left as it is. */
lan_status history_open(const char *path, const char *const *columns, size_t n_columns,
                        uint32_t keep, history **out, lan_error *err);
/* Adds a row; `values` are n_columns numbers, NaN where one is not known. `epoch` is greater than the
 * last row's. The system has the row when it returns. */
lan_status history_add(history *h, uint32_t epoch, const double *values, lan_error *err);

size_t history_rows(const history *h);
/* The epochs of all rows, and the values of one column, in one piece; good until the next row. */
const double *history_epochs(const history *h);
const double *history_column(const history *h, size_t column);
void history_close(history *h); /* NULL is fine */

/* What history_open makes of a file's bytes: sets *kept to how many of them stay. */
lan_status history_parse(const char *bytes, size_t n, const char *path, const char *const *columns,
                         size_t n_columns, uint32_t keep, size_t *kept, history **out,
                         lan_error *err);

#endif
