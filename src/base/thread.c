#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* A thread that waits looks again so often before it sleeps: some 10 to 50 us, what waking it up would
 * take. Not where there are more threads than processors: then others could work meanwhile. */
enum { POOL_MOST = 64, SPINS = 1000 };

typedef struct worker {
  lan_pool *pool;
  size_t number;
  pthread_t thread;
} worker;

struct lan_pool {
  pthread_mutex_t lock;
  pthread_cond_t start, done;
  size_t n_threads; /* the caller's included */
  size_t n_started; /* workers that run */
  int spins;
  atomic_ulong run;   /* counts runs, so that a worker joins each once; rises under the lock */
  atomic_size_t busy; /* workers that are still in the current run */
  int stop;
  void (*task)(void *ctx, size_t i, size_t worker);
  void *ctx;
  size_t n;
  atomic_size_t next;
  worker workers[POOL_MOST];
};

size_t lan_cpu_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  int n = CPU_COUNT(&set);
  return n < 1 ? 1 : (size_t)n;
}

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void take_tasks(lan_pool *pool, size_t number) {
  for (size_t i; (i = atomic_fetch_add(&pool->next, 1)) < pool->n;) {
    pool->task(pool->ctx, i, number);
  }
}

/* Returns whether the pool is to stop. */
static int sleep_until_called(lan_pool *pool, unsigned long seen) {
  pthread_mutex_lock(&pool->lock);
  while (!pool->stop && atomic_load(&pool->run) == seen) {
    pthread_cond_wait(&pool->start, &pool->lock);
  }
  int stop = pool->stop;
  pthread_mutex_unlock(&pool->lock);
  return stop;
}

static void *worker_main(void *arg) {
  worker *w = arg;
  lan_pool *pool = w->pool;
  unsigned long seen = 0;
  for (;;) {
    for (int i = 0; i < pool->spins && atomic_load(&pool->run) == seen; i++) pause_briefly();
    if (atomic_load(&pool->run) == seen && sleep_until_called(pool, seen)) return NULL;
    seen++; /* the next run waits for this one to end */
    take_tasks(pool, w->number);
    if (atomic_fetch_sub(&pool->busy, 1) == 1) { /* the last one, under the lock: it is heard */
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->done);
      pthread_mutex_unlock(&pool->lock);
    }
  }
}

lan_status lan_pool_new(size_t n_threads, lan_pool **out, lan_error *err) {
  if (n_threads == 0) n_threads = lan_cpu_count();
  if (n_threads > POOL_MOST) n_threads = POOL_MOST;
  lan_pool *pool = lan_alloc_zeroed(1, sizeof *pool);
  if (!pool) return lan_fail_memory(err, sizeof *pool);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->start, NULL);
  pthread_cond_init(&pool->done, NULL);
  pool->n_threads = n_threads;
  pool->spins = n_threads <= lan_cpu_count() ? SPINS : 0;
  for (size_t i = 1; i < n_threads; i++) {
    worker *w = &pool->workers[i];
    w->pool = pool;
    w->number = i;
    if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
      lan_pool_free(pool);
      return lan_fail(err, LAN_ENOMEM, "cannot start thread %zu of %zu", i + 1, n_threads);
    }
    pool->n_started++;
  }
  *out = pool;
  return LAN_OK;
}

void lan_pool_free(lan_pool *pool) {
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  pool->stop = 1;
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->lock);
  for (size_t i = 1; i <= pool->n_started; i++) pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->start);
  pthread_cond_destroy(&pool->done);
  pthread_mutex_destroy(&pool->lock);
  free(pool);
}

size_t lan_pool_size(const lan_pool *pool) { return pool ? pool->n_threads : 1; }

void lan_pool_run(lan_pool *pool, size_t n, void (*task)(void *ctx, size_t i, size_t worker),
                  void *ctx) {
  if (!pool || pool->n_started == 0 || n < 2) {
    for (size_t i = 0; i < n; i++) task(ctx, i, 0);
    return;
  }
  pthread_mutex_lock(&pool->lock);
  pool->task = task;
  pool->ctx = ctx;
  pool->n = n;
  atomic_store(&pool->next, 0);
  atomic_store(&pool->busy, pool->n_started);
  atomic_fetch_add(&pool->run, 1);
  pthread_cond_broadcast(&pool->start);
  pthread_mutex_unlock(&pool->lock);
  take_tasks(pool, 0);
  for (int i = 0; i < pool->spins && atomic_load(&pool->busy); i++) pause_briefly();
  pthread_mutex_lock(&pool->lock);
  while (atomic_load(&pool->busy)) pthread_cond_wait(&pool->done, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}

void lan_barrier_wait(lan_barrier *barrier, unsigned member, unsigned n) {
  unsigned rounds =
      atomic_load_explicit(&barrier->members[member].rounds, memory_order_relaxed) + 1;
  atomic_store_explicit(&barrier->members[member].rounds, rounds, memory_order_release);
  for (unsigned m = 0; m < n; m++) {
    atomic_uint *other = &barrier->members[m].rounds;
    /* One that has gone on may already be a round ahead. */
    for (int i = 0; (int)(atomic_load_explicit(other, memory_order_acquire) - rounds) < 0; i++) {
      if (i < SPINS) {
        pause_briefly();
      } else {
        sched_yield(); /* the others may be waiting for this processor */
      }
    }
  }
}
