/* Further handles of one memory, so that several threads may ask at the same time.
 *
 * A handle looks at the index, the weights and what is known of use and pictures where the memory has them, and has
 * scratch memory of its own. What the memory works out only when it is first wanted is worked out before a handle
 * looks at it, by whoever comes first, under the lock. */
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "memory/memory_internal.h"

struct memory_lock {
  pthread_mutex_t mutex;
};

static lan_status make_lock(lan_memory *m, lan_error *err) {
  if (m->lock) return LAN_OK;
  struct memory_lock *lock = lan_alloc_zeroed(1, sizeof *lock);
  if (!lock) return lan_fail_memory(err, sizeof *lock);
  pthread_mutex_init(&lock->mutex, NULL);
  m->lock = lock;
  return LAN_OK;
}

void memory_lock_free(struct memory_lock *lock) {
  if (!lock) return;
  pthread_mutex_destroy(&lock->mutex);
  free(lock);
}

/* From here on nobody who asks changes anything of the memory's. */
static lan_status settle(lan_memory *m, lan_error *err) {
  lan_status s = bm25_prepare(m->index.words, SCORE_BM25);
  if (s != LAN_OK) return lan_fail_memory(err, 0);
  s = memory_know_habits(m, err);
  return s == LAN_OK ? pictures_know(m, err) : s;
}

static lan_status look_at_index(lan_memory *h, lan_error *err) {
  if (h->version == h->of->version) return LAN_OK;
  score_state_free(&h->score);
  names_free(h->files);
  h->files = NULL;
  h->index = h->of->index;
  h->version = 0; /* should there be no room */
  lan_status s = score_state_init(&h->score, &h->index, &h->model, err);
  if (s == LAN_OK) h->version = h->of->version;
  return s;
}

/* What follows is copied as it is: pointers into the memory, which frees it. */
static void look_at_rest(lan_memory *h) {
  const lan_memory *m = h->of;
  pictures mine = h->pictures;
  h->model = m->model;
  h->data_file = m->data_file;
  h->skips = m->skips;
  h->cache_trouble = m->cache_trouble;
  h->read_now = m->read_now;
  h->seconds = m->seconds;
  h->counts = m->counts;
  h->habits = m->habits;
  h->pictures = m->pictures;
  h->pictures.meant.data = mine.meant.data;
  h->pictures.meant.len = 0;
  h->pictures.meant.cap = mine.meant.cap;
}

lan_status lan_memory_follow(lan_memory *h, lan_error *err) {
  if (!h->of) return LAN_OK;
  memory_new_answer(h);
  pthread_mutex_lock(&h->of->lock->mutex);
  lan_status s = settle(h->of, err);
  pthread_mutex_unlock(&h->of->lock->mutex);
  if (s == LAN_OK) s = look_at_index(h, err);
  if (s == LAN_OK) look_at_rest(h);
  return s;
}

lan_status lan_memory_share(lan_memory *m, lan_memory **handle, lan_error *err) {
  if (m->of) m = m->of;
  lan_status s = make_lock(m, err);
  lan_memory *h = s == LAN_OK ? lan_alloc_zeroed(1, sizeof *h) : NULL;
  if (!h) return lan_fail_memory(err, sizeof *h);
  h->of = m;
  h->vault = m->vault;
  h->root_fd = m->root_fd;
  h->source = m->source;
  h->cache_file = m->cache_file;
  h->options = m->options;
  s = lan_memory_follow(h, err);
  if (s != LAN_OK) {
    lan_memory_close(h);
    return s;
  }
  *handle = h;
  return LAN_OK;
}

void memory_unshare(lan_memory *h) {
  if (!h->of) return;
  VEC_FREE(&h->pictures.meant);
  h->pictures = (pictures){0};
  h->habits = (habits){0};
  h->index = (memory_index){0};
  h->skips = (skip_list){0};
  h->cache_trouble = NULL;
  h->vault = NULL;
  h->root_fd = -1;
}

lan_status memory_check_own(const lan_memory *m, lan_error *err) {
  if (!m->of) return LAN_OK;
  return lan_fail(
      err, LAN_EINVAL,
      "a handle from lan_memory_share only asks; change the memory that it was made of");
}
