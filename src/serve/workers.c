#include "serve/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

/* First in, first out. */
typedef struct job_list {
  job *first, *last;
} job_list;

typedef struct worker {
  workers *all;
  size_t number;
  pthread_t thread;
} worker;

struct workers {
  void (*work)(void *ctx, job *j, size_t worker);
  void (*done)(void *ctx, job *j);
  void *ctx;
  struct event *ended; /* that `fd` is readable: there are jobs in `finished` */
  int fd;
  size_t n, started;
  worker threads[WORKERS_MOST];
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t more;  /* a job may be begun, or `stop` */
  job_list waiting, finished;
  size_t running;
  bool alone; /* the one that runs is */
  bool stop;
};

static void put(job_list *l, job *j) {
  j->next = NULL;
  if (l->last) {
    l->last->next = j;
  } else {
    l->first = j;
  }
  l->last = j;
}

static job *take(job_list *l) {
  job *j = l->first;
  if (!j) return NULL;
  l->first = j->next;
  if (!l->first) l->last = NULL;
  return j;
}

/* ---- the threads ---- */

static bool may_begin(const workers *w) {
  const job *j = w->waiting.first;
  return j && !w->alone && (!j->alone || w->running == 0);
}

/* The next job, once it may be begun; NULL: the thread is to end. */
static job *next_job(workers *w) {
  pthread_mutex_lock(&w->lock);
  while (!w->stop && !may_begin(w)) pthread_cond_wait(&w->more, &w->lock);
  job *j = w->stop ? NULL : take(&w->waiting);
  if (j) {
    w->running++;
    w->alone = j->alone;
    if (may_begin(w)) pthread_cond_signal(&w->more);
  }
  pthread_mutex_unlock(&w->lock);
  return j;
}

static void finish(workers *w, job *j) {
  pthread_mutex_lock(&w->lock);
  bool first = w->finished.first == NULL;
  put(&w->finished, j);
  w->running--;
  w->alone = false;
  if (may_begin(w)) pthread_cond_signal(&w->more);
  pthread_mutex_unlock(&w->lock);
  uint64_t one = 1;
  if (first) (void)!write(w->fd, &one, sizeof one); /* it cannot be full */
}

static void *worker_main(void *arg) {
  worker *me = arg;
  workers *w = me->all;
  for (job *j; (j = next_job(w));) {
    w->work(w->ctx, j, me->number);
    finish(w, j);
  }
  return NULL;
}

/* ---- the event loop's side ---- */

static void hand_over(workers *w) {
  pthread_mutex_lock(&w->lock);
  job_list l = w->finished;
  w->finished = (job_list){0};
  pthread_mutex_unlock(&w->lock);
  for (job *j; (j = take(&l));) w->done(w->ctx, j);
}

static void on_ended(evutil_socket_t fd, short what, void *ctx) {
  uint64_t n;
  (void)what;
  (void)!read(fd, &n, sizeof n);
  hand_over(ctx);
}

void workers_add(workers *w, job *j) {
  pthread_mutex_lock(&w->lock);
  put(&w->waiting, j);
  if (may_begin(w)) pthread_cond_signal(&w->more);
  pthread_mutex_unlock(&w->lock);
}

/* Signals are the event loop's. */
static lan_status start_threads(workers *w, lan_error *err) {
  sigset_t all, before;
  lan_status s = LAN_OK;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (size_t i = 0; s == LAN_OK && i < w->n; i++) {
    worker *t = &w->threads[i];
    t->all = w;
    t->number = i;
    if (pthread_create(&t->thread, NULL, worker_main, t) != 0) {
      s = lan_fail(err, LAN_ENOMEM, "cannot start thread %zu of %zu", i + 1, w->n);
    } else {
      w->started++;
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return s;
}

lan_status workers_new(struct event_base *base, size_t n,
                       void (*work)(void *ctx, job *j, size_t worker),
                       void (*done)(void *ctx, job *j), void *ctx, workers **out, lan_error *err) {
  workers *w = lan_alloc_zeroed(1, sizeof *w);
  if (!w) return lan_fail_memory(err, sizeof *w);
  w->work = work;
  w->done = done;
  w->ctx = ctx;
  w->n = n;
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->more, NULL);
  w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  lan_status s = w->fd < 0 ? lan_fail_errno(err, "cannot make", "a descriptor for events") : LAN_OK;
  if (s == LAN_OK) {
    w->ended = event_new(base, w->fd, EV_READ | EV_PERSIST, on_ended, w);
    if (!w->ended || event_add(w->ended, NULL) != 0) s = lan_fail_memory(err, 0);
  }
  if (s == LAN_OK) s = start_threads(w, err);
  if (s != LAN_OK) {
    workers_free(w);
    return s;
  }
  *out = w;
  return LAN_OK;
}

void workers_free(workers *w) {
  if (!w) return;
  pthread_mutex_lock(&w->lock);
  w->stop = true;
  pthread_cond_broadcast(&w->more);
  pthread_mutex_unlock(&w->lock);
  for (size_t i = 0; i < w->started; i++) pthread_join(w->threads[i].thread, NULL);
  hand_over(w);
  for (job *j; (j = take(&w->waiting));) w->done(w->ctx, j);
  if (w->ended) event_free(w->ended);
  if (w->fd >= 0) close(w->fd);
  pthread_cond_destroy(&w->more);
  pthread_mutex_destroy(&w->lock);
  free(w);
}
