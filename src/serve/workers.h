/* Threads that work while the event loop goes on waiting: jobs are begun in the order in which they came, each on one
 * thread. A job that is to be alone waits for those before it, and those after it wait for it: what it changes, no
 * other sees half done. */
#ifndef SERVE_WORKERS_H
#define SERVE_WORKERS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "lantoa/status.h"

enum { WORKERS_MOST = 64 };

/* The beginning of what the caller makes a job of. */
typedef struct job {
  struct job *next;
  bool alone;
} job;

typedef struct workers workers;

/* `work` is called on thread `worker` (0 .. n-1), then `done` by the event loop; n is 1 .. WORKERS_MOST. */
lan_status workers_new(struct event_base *base, size_t n,
                       void (*work)(void *ctx, job *j, size_t worker),
                       void (*done)(void *ctx, job *j), void *ctx, workers **out, lan_error *err);

/* From the event loop's thread. */
void workers_add(workers *w, job *j);

/* Waits for the jobs that were begun; `done` is called for all that were added, worked on or not. */
void workers_free(workers *w);

#endif
