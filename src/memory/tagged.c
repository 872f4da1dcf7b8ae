#include "memory/tagged.h"

#include <string.h>

#include "base/hash.h"

enum { BYTES_MOST = 4 << 20 }; /* of features, but for a few entries that any vault has room for */

static uint64_t key_of(const lan_cue *tags, size_t n) {
  return lan_hash(tags, n * sizeof *tags, n);
}

static bool is_for(const tagged_notes *t, uint64_t key, const lan_cue *tags, size_t n) {
  return t->used && t->key == key && t->tags.len == n &&
         memcmp(t->tags.data, tags, n * sizeof *tags) == 0;
}

const tagged_notes *tagged_find(tagged_memo *memo, const lan_cue *tags, size_t n) {
  uint64_t key = key_of(tags, n);
  for (size_t i = 0; n > 0 && i < TAGGED_MOST; i++) {
    tagged_notes *t = &memo->all[i];
    if (!is_for(t, key, tags, n)) continue;
    t->used = ++memo->uses;
    return t;
  }
  return NULL;
}

static size_t room_for(uint32_t n_notes) {
  size_t n = BYTES_MOST / (sizeof(float) * ((size_t)n_notes + 1));
  return n < 4 ? 4 : n > TAGGED_MOST ? TAGGED_MOST : n;
}

void tagged_drop(tagged_notes *t) {
  free(t->feature);
  VEC_FREE(&t->tags);
  VEC_FREE(&t->strong);
  VEC_FREE(&t->nearest);
  *t = (tagged_notes){0};
}

tagged_notes *tagged_add(tagged_memo *memo, const lan_cue *tags, size_t n, uint32_t n_notes) {
  tagged_notes *t = &memo->all[0];
  for (size_t i = 1; i < room_for(n_notes); i++) {
    if (memo->all[i].used < t->used) t = &memo->all[i];
  }
  tagged_drop(t);
  t->feature = lan_alloc_zeroed(n_notes, sizeof *t->feature);
  if (!t->feature || !VEC_RESERVE(&t->tags, n)) {
    tagged_drop(t);
    return NULL;
  }
  memcpy(t->tags.data, tags, n * sizeof *tags);
  t->tags.len = n;
  t->key = key_of(tags, n);
  t->used = ++memo->uses;
  return t;
}

void tagged_free(tagged_memo *memo) {
  for (size_t i = 0; i < TAGGED_MOST; i++) tagged_drop(&memo->all[i]);
}
