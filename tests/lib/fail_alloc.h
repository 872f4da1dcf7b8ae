/* Allocations that fail on purpose. The program must be linked with fail_alloc_link_args
 * (tests/lib/meson.build), which lead malloc and its kin here. */
#ifndef TESTS_FAIL_ALLOC_H
#define TESTS_FAIL_ALLOC_H

#include <stddef.h>

#include "lantoa/status.h"

/* Does something from beginning to end, gives back what it took, and checks its result if it is
 * LAN_OK. */
typedef lan_status (*fail_body)(void *ctx, lan_error *err);

/* Runs `body` with its first allocation failing, then with its second, and so on until one run
 * needs fewer; first with only that one failing, then with all after it failing too. Each run must
 * give LAN_ENOMEM with a message, or LAN_OK if it could do without. Leaks are found by the
 * sanitized build. Returns the number of allocations; with more than some hundreds, not all are
 * tried. */
size_t fail_alloc_each(const char *name, fail_body body, void *ctx);

/* SQLite's allocations fail like ours. To be called before it is used. (Jansson's do not: it tells
 * memory that is short as an invalid token.) */
void fail_alloc_in_sqlite(void);

/* Runs `what` with nothing failing; returns how many allocations it made, on all threads. */
size_t fail_alloc_count(void (*what)(void *ctx), void *ctx);

/* Within a body: allocations succeed from here on, so that results can be checked. */
void fail_alloc_off(void);

#endif
