/* System calls that fail on purpose. The program must be linked with fail_io_link_args
 * (tests/lib/meson.build), which lead them here; SQLite's are led here too. */
#ifndef TESTS_FAIL_IO_H
#define TESTS_FAIL_IO_H

#include <stddef.h>

#include "lantoa/status.h"

typedef enum fail_io_kind {
  FAIL_IO_ERROR,     /* EIO */
  FAIL_IO_FULL,      /* ENOSPC, of what writes */
  FAIL_IO_INTERRUPT, /* EINTR, of reading and writing: once, not an error */
  FAIL_IO_SHORT,     /* reads and writes half of what was asked for: not an error */
  FAIL_IO_KINDS
} fail_io_kind;

/* Does something, calls fail_io_off, and checks what must hold whatever happened. */
typedef lan_status (*fail_io_body)(void *ctx, lan_error *err);

/* Runs `body` with its first system call failing, then with its second, and so on until one run
 * needs fewer, for each kind. A run must give LAN_OK or a status with a message, and LAN_OK where
 * the failure is none. */
void fail_io_each(const char *name, fail_io_body body, void *ctx);
void fail_io_in_sqlite(void);
void fail_io_off(void);

#endif
