/* One pool of threads, created by the caller and shared by everything that it calls. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <stdatomic.h>
#include <stddef.h>

#include "lantoa/status.h"

typedef struct lan_pool lan_pool;

/* The processors that this process may use, at least 1. */
size_t lan_cpu_count(void);

/* A pool in which lan_pool_run works on `n_threads` threads, the caller's among them
 * (0: one a processor; at most 64). */
lan_status lan_pool_new(size_t n_threads, lan_pool **pool, lan_error *err);
void lan_pool_free(lan_pool *pool);
size_t lan_pool_size(const lan_pool *pool); /* 1 for a NULL pool */

/* Calls task(ctx, i, worker) for each i in 0 .. n-1, each once, in any order, `worker` being below
 * lan_pool_size; returns when all are done. With a NULL pool it is a loop. One run at a time a
 * pool; not from inside a task. */
void lan_pool_run(lan_pool *pool, size_t n, void (*task)(void *ctx, size_t i, size_t worker),
                  void *ctx);

/* Where a known number of threads wait for each other, again and again; for waits that are short. In tasks of
 * a pool only if the pool has as many threads as there are such tasks. Zero it before first use. Each member
 * writes to memory of its own, two cache lines long, which the others look at. */
enum { LAN_BARRIER_MOST = 4 };
typedef struct lan_barrier {
  struct {
    atomic_uint rounds; /* how often the member has arrived */
    char apart[128 - sizeof(atomic_uint)];
  } members[LAN_BARRIER_MOST];
} lan_barrier;

/* Returns when all of the `n` members (at most LAN_BARRIER_MOST) have called it, each with its own number below n.
 * What they wrote before is seen by all afterwards. */
void lan_barrier_wait(lan_barrier *barrier, unsigned member, unsigned n);

#endif
