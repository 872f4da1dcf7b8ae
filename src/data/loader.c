/* Batches are numbered through all epochs. Threads fill a ring of slots in that order, each a batch at a
 * time; the caller takes them in the same order. What a slot is filled with depends on its number alone. */
#include "data/loader.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/rng.h"
#include "data/set.h"

enum { THREADS_MOST = 64, AHEAD_MOST = 1024 };

/* What random numbers are for: each has a key of its own. */
enum purpose { FOR_ORDER = 1, FOR_EXAMPLE, FOR_BLEND };

typedef struct slot {
  float *x, *target;
  uint32_t *label, *index;
  uint32_t n;
  bool full;
  lan_status status;
  lan_error err;
} slot;

typedef struct worker {
  loader *owner;
  data_scratch scratch;
  pthread_t thread;
} worker;

struct loader {
  const data_set *set;
  loader_options o;
  loader_info info;
  const augment_options *augment; /* NULL: none */
  size_t input;                   /* numbers in an example */
  uint32_t *order[2];             /* of an even and of an odd epoch, where they are shuffled */
  uint64_t order_of[2];           /* the epoch; UINT64_MAX: none yet */
  slot *slots;
  size_t n_slots, n_workers, n_started;
  worker *workers; /* one at least: the caller's, where there are no threads */
  uint32_t epoch, batch;
  bool held; /* the caller has slot take % n_slots */
  pthread_mutex_t lock;
  pthread_cond_t work, ready;
  /* under the lock: */
  uint64_t fill, take; /* the batch that is to be filled next; that is to be taken next, or held */
  size_t n_busy;
  bool stop, paused;
};

static uint64_t key_for(const loader *l, enum purpose purpose) {
  return lan_hash_mix(l->o.seed ^ lan_hash_mix((uint64_t)purpose));
}

/* ---- order ---- */

/* Fisher and Yates's shuffle of 0 .. n - 1. Not while a batch of an epoch two before is being made: the
 * ring is short enough for that. */
static void make_order(loader *l, uint32_t epoch) {
  uint32_t *order = l->order[epoch % 2], n = l->info.n_examples;
  if (!order || l->order_of[epoch % 2] == epoch) return;
  lan_rng rng = lan_rng_at(key_for(l, FOR_ORDER), epoch, 0);
  for (uint32_t i = 0; i < n; i++) order[i] = i;
  for (uint32_t i = n; i > 1; i--) {
    uint32_t j = lan_rng_below(&rng, i), t = order[i - 1];
    order[i - 1] = order[j];
    order[j] = t;
  }
  l->order_of[epoch % 2] = epoch;
}

/* ---- blending pairs: the first of a batch with the last, and so on ---- */

/* Marsaglia and Tsang 2000, "A simple method for generating gamma variables". */
static double draw_gamma(double shape, lan_rng *rng) {
  if (shape < 1) {
    double u = 1 - (double)lan_rng_uniform(rng);
    return draw_gamma(shape + 1, rng) * pow(u, 1 / shape);
  }
  double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
  for (;;) {
    double x = (double)lan_rng_normal(rng), t = 1 + c * x, v = t * t * t;
    double u = 1 - (double)lan_rng_uniform(rng);
    if (v > 0 && log(u) < x * x / 2 + d - d * v + d * log(v)) return d * v;
  }
}

static double draw_beta(double alpha, lan_rng *rng) {
  double a = draw_gamma(alpha, rng), b = draw_gamma(alpha, rng);
  return a + b > 0 ? a / (a + b) : 1;
}

static void blend(float *restrict a, float *restrict b, size_t n, float share) {
  for (size_t i = 0; i < n; i++) {
    float x = a[i], y = b[i];
    a[i] = share * x + (1 - share) * y;
    b[i] = share * y + (1 - share) * x;
  }
}

static void exchange(float *restrict a, float *restrict b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float t = a[i];
    a[i] = b[i];
    b[i] = t;
  }
}

static void exchange_number(uint32_t *a, uint32_t *b) {
  uint32_t t = *a;
  *a = *b;
  *b = t;
}

/* A rectangle of 1 - share of the area, somewhere. Returns the share that is left, which is another where it
 * reaches over the edge. */
static float rectangle(const loader *l, double share, lan_rng *rng, resize_box *box) {
  uint32_t w = l->info.width, h = l->info.height;
  double side = sqrt(1 - share);
  int64_t half_w = (int64_t)(w * side / 2), half_h = (int64_t)(h * side / 2);
  int64_t x = lan_rng_below(rng, w), y = lan_rng_below(rng, h);
  int64_t x0 = x - half_w, x1 = x + half_w, y0 = y - half_h, y1 = y + half_h;
  x0 = x0 < 0 ? 0 : x0;
  y0 = y0 < 0 ? 0 : y0;
  x1 = x1 > w ? w : x1;
  y1 = y1 > h ? h : y1;
  *box = (resize_box){(uint32_t)x0, (uint32_t)y0, (uint32_t)(x1 - x0), (uint32_t)(y1 - y0)};
  return 1 - (float)((double)box->width * box->height / ((double)w * h));
}

static void exchange_rectangles(const loader *l, resize_box box, float *a, float *b) {
  for (size_t c = 0; c < l->info.channels; c++) {
    for (size_t y = box.y; y < (size_t)box.y + box.height; y++) {
      size_t at = (c * l->info.height + y) * l->info.width + box.x;
      exchange(a + at, b + at, box.width);
    }
  }
}

static void blend_batch(const loader *l, uint64_t number, slot *s) {
  lan_rng rng = lan_rng_at(key_for(l, FOR_BLEND), number, 0);
  bool cut = l->o.cutmix > 0 && (l->o.mixup <= 0 || lan_rng_u32(&rng) >> 31);
  double drawn = draw_beta(cut ? (double)l->o.cutmix : (double)l->o.mixup, &rng);
  resize_box box = {0};
  float share = cut ? rectangle(l, drawn, &rng, &box) : (float)drawn;
  size_t classes = l->info.n_classes;
  for (uint32_t i = 0; i < s->n / 2; i++) {
    uint32_t j = s->n - 1 - i;
    float *a = s->x + i * l->input, *b = s->x + j * l->input;
    if (cut) {
      exchange_rectangles(l, box, a, b);
    } else {
      blend(a, b, l->input, share);
    }
    blend(s->target + i * classes, s->target + j * classes, classes, share);
    if (share >= 0.5f) continue;
    exchange_number(&s->label[i], &s->label[j]);
    exchange_number(&s->index[i], &s->index[j]);
  }
}

/* ---- one batch ---- */

static lan_status make_example(const loader *l, uint32_t e, uint32_t epoch, data_scratch *scratch,
                               float *x, lan_error *err) {
  const data_set *set = l->set;
  const data_info *i = &set->info;
  if (i->kind == DATA_TABLE) {
    data_row(set, e, x);
    return LAN_OK;
  }
  const uint8_t *planes;
  lan_status s = data_planes(set, e, scratch, &planes, err);
  if (s != LAN_OK) return s;
  lan_rng rng = {0};
  if (l->augment) rng = lan_rng_at(key_for(l, FOR_EXAMPLE), (uint64_t)epoch << 32 | e, 0);
  augment(l->augment, &rng, planes, data_shape(set), i->mean, i->std, &scratch->resizer, x,
          (planes_shape){l->info.channels, l->info.height, l->info.width});
  return LAN_OK;
}

static void make_batch(const loader *l, uint64_t number, slot *s, data_scratch *scratch) {
  uint32_t epoch = (uint32_t)(number / l->info.n_batches);
  uint32_t first = (uint32_t)(number % l->info.n_batches) * l->o.batch;
  uint32_t left = l->info.n_examples - first, n = left < l->o.batch ? left : l->o.batch;
  const uint32_t *order = l->order[epoch % 2];
  size_t classes = l->info.n_classes;
  s->n = 0;
  s->status = LAN_OK;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t i = order ? order[first + k] : first + k, e = l->set->split[l->o.split][i];
    lan_status status = make_example(l, e, epoch, scratch, s->x + s->n * l->input, &s->err);
    if (status == LAN_ENOMEM) {
      s->status = status;
      return;
    }
    if (status != LAN_OK) continue; /* broken, and named: the batch is one shorter */
    s->label[s->n] = l->set->examples.data[e].label;
    s->index[s->n++] = i;
  }
  memset(s->target, 0, s->n * classes * sizeof *s->target);
  for (uint32_t k = 0; k < s->n; k++) s->target[k * classes + s->label[k]] = 1;
  if (l->o.mixup > 0 || l->o.cutmix > 0) blend_batch(l, number, s);
}

/* ---- threads ---- */

static void *worker_main(void *arg) {
  worker *w = arg;
  loader *l = w->owner;
  pthread_mutex_lock(&l->lock);
  for (;;) {
    while (!l->stop && (l->paused || l->fill >= l->take + l->n_slots)) {
      pthread_cond_wait(&l->work, &l->lock);
    }
    if (l->stop) break;
    uint64_t number = l->fill++;
    slot *s = &l->slots[number % l->n_slots];
    l->n_busy++;
    make_order(l, (uint32_t)(number / l->info.n_batches));
    pthread_mutex_unlock(&l->lock);
    make_batch(l, number, s, &w->scratch);
    pthread_mutex_lock(&l->lock);
    s->full = true;
    l->n_busy--;
    pthread_cond_signal(&l->ready);
  }
  pthread_mutex_unlock(&l->lock);
  return NULL;
}

/* The caller is done with what it took. */
static void release(loader *l) {
  if (!l->held) return;
  l->held = false;
  pthread_mutex_lock(&l->lock);
  l->slots[l->take % l->n_slots].full = false;
  l->take++;
  pthread_cond_signal(&l->work);
  pthread_mutex_unlock(&l->lock);
}

/* Whatever is being made is let go. */
static void jump(loader *l, uint64_t number) {
  pthread_mutex_lock(&l->lock);
  l->paused = true;
  while (l->n_busy) pthread_cond_wait(&l->ready, &l->lock);
  for (size_t i = 0; i < l->n_slots; i++) l->slots[i].full = false;
  l->fill = l->take = number;
  l->paused = false;
  pthread_cond_broadcast(&l->work);
  pthread_mutex_unlock(&l->lock);
}

static slot *wait_for(loader *l, uint64_t number) {
  slot *s = &l->slots[number % l->n_slots];
  if (l->n_started == 0) {
    if (s->full) return s;
    make_order(l, (uint32_t)(number / l->info.n_batches));
    make_batch(l, number, s, &l->workers[0].scratch);
    s->full = true;
    return s;
  }
  pthread_mutex_lock(&l->lock);
  while (!s->full) pthread_cond_wait(&l->ready, &l->lock);
  pthread_mutex_unlock(&l->lock);
  return s;
}

/* ---- taking ---- */

lan_status loader_take(loader *l, loader_batch *out, lan_error *err) {
  release(l);
  while (l->batch < l->info.n_batches) {
    uint64_t number = (uint64_t)l->epoch * l->info.n_batches + l->batch;
    slot *s = wait_for(l, number);
    if (s->status != LAN_OK) {
      lan_status status = lan_fail(err, s->status, "%s", s->err.message);
      jump(l, number); /* the next call tries again */
      return status;
    }
    l->held = true;
    l->batch++;
    *out = (loader_batch){s->n, s->x, s->target, s->label, s->index};
    if (s->n) return LAN_OK;
    release(l); /* all of it was broken */
  }
  *out = (loader_batch){0};
  return LAN_OK;
}

lan_status loader_next(loader *l, float *x, float *target, uint32_t *label, uint32_t *n,
                       lan_error *err) {
  loader_batch b;
  lan_status s = loader_take(l, &b, err);
  if (s != LAN_OK) return s;
  *n = b.n;
  if (b.n == 0) return LAN_OK;
  memcpy(x, b.x, b.n * l->input * sizeof *x);
  if (target) memcpy(target, b.target, (size_t)b.n * l->info.n_classes * sizeof *target);
  if (label) memcpy(label, b.label, b.n * sizeof *label);
  return LAN_OK;
}

lan_status loader_seek(loader *l, uint32_t epoch, uint32_t batch, lan_error *err) {
  if (batch > l->info.n_batches) {
    return lan_fail(err, LAN_ERANGE, "there is no batch %u in an epoch of %u", batch,
                    l->info.n_batches);
  }
  release(l);
  uint64_t number = (uint64_t)epoch * l->info.n_batches + batch;
  if (number != l->take) jump(l, number); /* only this thread changes `take` */
  l->epoch = epoch;
  l->batch = batch;
  return LAN_OK;
}

void loader_position(const loader *l, uint32_t *epoch, uint32_t *batch) {
  *epoch = l->epoch;
  *batch = l->batch;
}

loader_info loader_describe(const loader *l) { return l->info; }

/* ---- making one ---- */

static bool is_none(const augment_options *a) {
  return !a->flip && a->pad == 0 && a->scale_from <= 0 && a->brightness <= 0 && a->contrast <= 0 &&
         a->saturation <= 0 && a->cutout == 0 && a->erase <= 0;
}

static lan_status check_table(const loader_options *o, lan_error *err) {
  bool sized = o->height > 1 || o->width > 1;
  if (!sized && is_none(&o->augment) && o->cutmix <= 0) return LAN_OK;
  return lan_fail(err, LAN_EINVAL,
                  "a table has no pictures: they can be neither sized nor augmented");
}

static lan_status check(const data_set *set, const loader_options *o, lan_error *err) {
  if ((unsigned)o->split >= DATA_SPLITS)
    return lan_fail(err, LAN_EINVAL, "there is no split %d", (int)o->split);
  uint32_t n = set->info.count[o->split];
  if (n == 0) return lan_fail(err, LAN_ENOTFOUND, "%s has no examples of that kind", set->source);
  if (o->batch == 0) return lan_fail(err, LAN_ERANGE, "a batch holds at least one example");
  if (o->drop_last && n < o->batch) {
    return lan_fail(err, LAN_ERANGE, "%u examples do not fill a batch of %u", n, o->batch);
  }
  if (!(o->mixup >= 0 && o->mixup <= 100) || !(o->cutmix >= 0 && o->cutmix <= 100)) {
    return lan_fail(err, LAN_ERANGE, "mixup's and cutmix's alpha are 0 .. 100");
  }
  if (o->n_threads > THREADS_MOST || o->ahead > AHEAD_MOST) {
    return lan_fail(err, LAN_ERANGE, "a loader has at most %d threads and %d batches", THREADS_MOST,
                    AHEAD_MOST);
  }
  if (o->height > DATA_SIDE_MOST || o->width > DATA_SIDE_MOST) {
    return lan_fail(err, LAN_ERANGE, "pictures are at most %d x %d", DATA_SIDE_MOST,
                    DATA_SIDE_MOST);
  }
  return set->info.kind == DATA_TABLE ? check_table(o, err) : LAN_OK;
}

static void describe(loader *l) {
  const data_info *i = &l->set->info;
  bool table = i->kind == DATA_TABLE;
  uint32_t n = i->count[l->o.split], batch = l->o.batch;
  l->info = (loader_info){.channels = i->channels,
                          .height = !table && l->o.height ? l->o.height : i->height,
                          .width = !table && l->o.width ? l->o.width : i->width,
                          .n_classes = i->n_classes,
                          .n_batches = n / batch + (!l->o.drop_last && n % batch != 0),
                          .n_examples = n};
  l->input = (size_t)l->info.channels * l->info.height * l->info.width;
  l->augment = is_none(&l->o.augment) ? NULL : &l->o.augment;
  size_t ahead = l->o.n_threads == 0 ? 0 : l->o.ahead ? l->o.ahead : l->o.n_threads + 1;
  l->n_slots = ahead < l->info.n_batches ? ahead + 1 : (size_t)l->info.n_batches + 1;
  l->n_workers = l->o.n_threads ? l->o.n_threads : 1;
}

static lan_status new_slot(const loader *l, slot *s, lan_error *err) {
  size_t n = l->o.batch < l->info.n_examples ? l->o.batch : l->info.n_examples;
  if (n > SIZE_MAX / sizeof(float) / l->input) return lan_fail_memory(err, SIZE_MAX);
  s->x = lan_alloc_huge(n * l->input, sizeof *s->x);
  s->target = lan_alloc_array(n * l->info.n_classes, sizeof *s->target);
  s->label = lan_alloc_array(n, sizeof *s->label);
  s->index = lan_alloc_array(n, sizeof *s->index);
  bool ok = s->x && s->target && s->label && s->index;
  return ok ? LAN_OK : lan_fail_memory(err, n * l->input * sizeof *s->x);
}

static lan_status allocate(loader *l, lan_error *err) {
  planes_shape out = {l->info.channels, l->info.height, l->info.width};
  l->slots = lan_alloc_zeroed(l->n_slots, sizeof *l->slots);
  l->workers = lan_alloc_zeroed(l->n_workers, sizeof *l->workers);
  lan_status s = l->slots && l->workers ? LAN_OK : lan_fail_memory(err, 0);
  for (size_t i = 0; s == LAN_OK && i < l->n_slots; i++) s = new_slot(l, &l->slots[i], err);
  for (size_t i = 0; s == LAN_OK && i < l->n_workers; i++) {
    l->workers[i].owner = l;
    s = data_scratch_new(l->set, &l->workers[i].scratch, err);
    if (s == LAN_OK && l->augment &&
        !augment_reserve(l->augment, data_shape(l->set), out, &l->workers[i].scratch.resizer)) {
      s = lan_fail_memory(err, 0);
    }
  }
  for (size_t i = 0; s == LAN_OK && l->o.shuffle && i < 2; i++) {
    l->order[i] = lan_alloc_array(l->info.n_examples, sizeof *l->order[i]);
    l->order_of[i] = UINT64_MAX;
    if (!l->order[i]) s = lan_fail_memory(err, l->info.n_examples * sizeof *l->order[i]);
  }
  return s;
}

static lan_status start(loader *l, lan_error *err) {
  for (uint32_t i = 0; i < l->o.n_threads; i++) {
    if (pthread_create(&l->workers[i].thread, NULL, worker_main, &l->workers[i]) != 0) {
      return lan_fail(err, LAN_ENOMEM, "cannot start thread %u of %u", i + 1, l->o.n_threads);
    }
    l->n_started++;
  }
  return LAN_OK;
}

lan_status loader_new(const data_set *set, const loader_options *options, loader **out,
                      lan_error *err) {
  lan_status s = check(set, options, err);
  if (s != LAN_OK) return s;
  loader *l = lan_alloc_zeroed(1, sizeof *l);
  if (!l) return lan_fail_memory(err, sizeof *l);
  l->set = set;
  l->o = *options;
  pthread_mutex_init(&l->lock, NULL);
  pthread_cond_init(&l->work, NULL);
  pthread_cond_init(&l->ready, NULL);
  describe(l);
  if (l->augment) {
    s = augment_check(l->augment, data_shape(set),
                      (planes_shape){l->info.channels, l->info.height, l->info.width}, err);
  }
  if (s == LAN_OK) s = allocate(l, err);
  if (s == LAN_OK) s = start(l, err);
  if (s != LAN_OK) {
    loader_free(l);
    return s;
  }
  *out = l;
  return LAN_OK;
}

void loader_free(loader *l) {
  if (!l) return;
  pthread_mutex_lock(&l->lock);
  l->stop = true;
  pthread_cond_broadcast(&l->work);
  pthread_mutex_unlock(&l->lock);
  for (size_t i = 0; i < l->n_started; i++) pthread_join(l->workers[i].thread, NULL);
  for (size_t i = 0; l->workers && i < l->n_workers; i++) data_scratch_free(&l->workers[i].scratch);
  for (size_t i = 0; l->slots && i < l->n_slots; i++) {
    free(l->slots[i].x);
    free(l->slots[i].target);
    free(l->slots[i].label);
    free(l->slots[i].index);
  }
  free(l->slots);
  free(l->workers);
  free(l->order[0]);
  free(l->order[1]);
  pthread_cond_destroy(&l->ready);
  pthread_cond_destroy(&l->work);
  pthread_mutex_destroy(&l->lock);
  free(l);
}
