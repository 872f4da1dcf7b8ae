/* Pictures in files: which size to keep them at, decoding them all or one by one, and those that are
 * broken. */
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "data/set.h"

enum {
  LOOKED_AT = 64,     /* pictures whose size is looked at */
  NATURAL_MOST = 256, /* largest side that is kept as it is */
  OTHERWISE = 128,    /* side where sizes differ */
  THREADS_MOST = 64,
  TASK = 16,   /* examples decoded in one go */
  ROUND = 4096 /* examples between two reports of progress */
};

/* ---- what is broken ---- */

bool data_is_broken(const data_set *set, uint32_t e) {
  return set->trouble->broken && atomic_load(&set->trouble->broken[e]);
}

static lan_status name_broken(const data_set *set, uint32_t e, const char *message) {
  data_trouble *t = set->trouble;
  if (atomic_exchange(&t->broken[e], 1)) return LAN_OK;
  size_t n = strlen(message) + 1;
  char *text = lan_alloc_array(n, 1);
  if (!text) return LAN_ENOMEM;
  memcpy(text, message, n);
  pthread_mutex_lock(&t->lock);
  bool room = VEC_PUSH(&t->warnings, (struct data_warning){e, text});
  pthread_mutex_unlock(&t->lock);
  if (!room) free(text);
  return room ? LAN_OK : LAN_ENOMEM;
}

static int by_example(const void *a, const void *b) {
  uint32_t x = ((const struct data_warning *)a)->example;
  uint32_t y = ((const struct data_warning *)b)->example;
  return (x > y) - (x < y);
}

/* ---- one ---- */

lan_status data_scratch_new(const data_set *set, data_scratch *s, lan_error *err) {
  *s = (data_scratch){0};
  if (set->pixels || set->info.kind == DATA_TABLE) return LAN_OK;
  s->planes = lan_alloc_array(set->size, 1);
  return s->planes ? LAN_OK : lan_fail_memory(err, set->size);
}

void data_scratch_free(data_scratch *s) {
  lan_buf_free(&s->file);
  resizer_free(&s->resizer);
  free(s->planes);
}

static lan_status decode(const data_set *set, uint32_t e, data_scratch *s, uint8_t *planes,
                         lan_error *err) {
  const data_info *i = &set->info;
  const char *path = set->examples.data[e].path;
  size_t most = set->wish.file_bytes ? set->wish.file_bytes : PICTURE_FILE_BYTES;
  picture p;
  lan_buf_clear(&s->file);
  lan_status status = lan_file_read(path, most, &s->file, err);
  if (status == LAN_OK) {
    status = picture_decode(s->file.data, s->file.len, path, &set->wish, &p, err);
  }
  if (status != LAN_OK) return status;
  bool fitted = picture_fit(&p, set->fit, i->channels, i->height, i->width, &s->resizer, planes);
  picture_free(&p);
  return fitted ? LAN_OK : lan_fail_memory(err, 0);
}

lan_status data_planes(const data_set *set, uint32_t e, data_scratch *s, const uint8_t **planes,
                       lan_error *err) {
  lan_error why;
  if (set->pixels) {
    *planes = set->pixels + (size_t)e * set->size;
    return LAN_OK;
  }
  lan_status status = decode(set, e, s, s->planes, &why);
  *planes = s->planes;
  if (status == LAN_OK) return LAN_OK;
  if (status != LAN_ENOMEM && name_broken(set, e, why.message) != LAN_OK) status = LAN_ENOMEM;
  return lan_fail(err, status, "%s", why.message);
}

/* ---- all ---- */

void data_choose_shape(data_set *set, const data_options *o) {
  data_info *i = &set->info;
  uint32_t width = 0, height = 0, channels = 1;
  size_t n = set->examples.len, step = n / LOOKED_AT + 1;
  bool same = true;
  for (size_t e = 0; e < n; e += step) {
    picture p;
    if (picture_measure(set->examples.data[e].path, &set->wish, &p, NULL) != LAN_OK) continue;
    same = same && (width == 0 || (p.width == width && p.height == height));
    width = p.width;
    height = p.height;
    if (p.channels > channels) channels = p.channels;
  }
  bool natural = same && width && width <= NATURAL_MOST && height <= NATURAL_MOST;
  if (width == 0) channels = 3; /* none could be read */
  i->width = o->width ? o->width : natural ? width : OTHERWISE;
  i->height = o->height ? o->height : natural ? height : OTHERWISE;
  i->channels = o->channels ? o->channels : channels;
  set->size = (size_t)i->channels * i->width * i->height;
  set->wish.width = i->width;
  set->wish.height = i->height;
  set->wish.channels = i->channels;
}

typedef struct decoding {
  data_set *set;
  data_scratch scratch[THREADS_MOST];
  size_t first, end; /* of this round */
  atomic_bool no_memory;
} decoding;

static void decode_some(void *ctx, size_t task, size_t worker) {
  decoding *d = ctx;
  size_t from = d->first + task * TASK, end = from + TASK < d->end ? from + TASK : d->end;
  for (size_t e = from; e < end && !atomic_load(&d->no_memory); e++) {
    lan_error err;
    lan_status s =
        decode(d->set, (uint32_t)e, &d->scratch[worker], d->set->pixels + e * d->set->size, &err);
    if (s != LAN_OK && s != LAN_ENOMEM) s = name_broken(d->set, (uint32_t)e, err.message);
    if (s != LAN_OK) atomic_store(&d->no_memory, true);
  }
}

static lan_status decode_rounds(decoding *d, lan_pool *pool, const data_options *o,
                                lan_error *err) {
  size_t n = d->set->examples.len;
  for (d->first = 0; d->first < n; d->first = d->end) {
    d->end = n - d->first < ROUND ? n : d->first + ROUND;
    lan_pool_run(pool, (d->end - d->first + TASK - 1) / TASK, decode_some, d);
    if (atomic_load(&d->no_memory)) return lan_fail_memory(err, 0);
    if (o->progress && !o->progress(o->progress_ctx, d->end, n)) {
      return lan_fail(err, LAN_ECANCELED, "reading %s was stopped", d->set->source);
    }
  }
  return LAN_OK;
}

static lan_status decode_into_memory(data_set *set, const data_options *o, lan_error *err) {
  lan_pool *pool = NULL;
  decoding *d = lan_alloc_zeroed(1, sizeof *d);
  set->pixels = lan_alloc_huge(set->examples.len, set->size);
  lan_status s = d && set->pixels ? LAN_OK : lan_fail_memory(err, set->examples.len * set->size);
  if (s == LAN_OK) s = lan_pool_new(o->n_threads, &pool, err);
  if (s == LAN_OK) {
    d->set = set;
    s = decode_rounds(d, pool, o, err);
  }
  lan_pool_free(pool);
  for (size_t i = 0; d && i < THREADS_MOST; i++) data_scratch_free(&d->scratch[i]);
  free(d);
  return s;
}

lan_status data_decode_all(data_set *set, const data_options *o, lan_error *err) {
  size_t n = set->examples.len;
  set->trouble->broken = lan_alloc_zeroed(n, sizeof *set->trouble->broken);
  if (!set->trouble->broken) return lan_fail_memory(err, n);
  data_choose_shape(set, o);
  set->info.decoded = n <= o->memory / set->size;
  if (!set->info.decoded) return LAN_OK;
  lan_status s = decode_into_memory(set, o, err);
  if (s == LAN_OK && set->trouble->warnings.len) {
    qsort(set->trouble->warnings.data, set->trouble->warnings.len, sizeof(struct data_warning),
          by_example);
  }
  return s;
}
