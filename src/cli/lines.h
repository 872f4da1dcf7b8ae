/* Records from standard input, one a line, as soon as each has come. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>

#include "base/str.h"

enum { LINE_MOST = 1 << 20 };

typedef struct lines {
  char end; /* '\n' (a '\r' before it is dropped) or '\0' */
  lan_buf buf;
  size_t at;     /* where the next record begins in `buf` */
  bool finished; /* standard input has ended */
} lines;

typedef enum lines_got {
  LINES_RECORD,
  LINES_BAD,   /* a record longer than LINE_MOST, or with a NUL in it: passed over */
  LINES_DONE,  /* the end, or SIGINT */
  LINES_FAILED /* errno says why */
} lines_got;

/* *record is NUL-terminated and lives until the next call; of a bad one it is the beginning. */
lines_got lines_next(lines *l, char **record);
void lines_free(lines *l);

/* Reads a whole file, pipe or, as "-", standard input. False with errno set; EFBIG: more than `max`
 * bytes, ENOMEM, EINTR: SIGINT came. */
bool lines_read_all(const char *path, size_t max, lan_buf *out);

#endif
