/* Mean and standard deviation of the training examples, for normalisation. Sums are of whole numbers, so
 * that they are exact whatever the order. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "data/set.h"

enum { SAMPLE = 2048 /* training pictures that are looked at where they must be decoded for it */ };

typedef struct sums {
  uint64_t n, sum, squares;
} sums;

static void add_plane(sums *s, const uint8_t *v, size_t n) {
  s->n += n;
  while (n) { /* in steps that 32 bits hold */
    size_t step = n < 32768 ? n : 32768;
    uint32_t sum = 0, squares = 0;
    for (size_t i = 0; i < step; i++) {
      sum += v[i];
      squares += (uint32_t)v[i] * v[i];
    }
    s->sum += sum;
    s->squares += squares;
    v += step;
    n -= step;
  }
}

/* Which examples tell: the training ones, or all if there are none. */
static const uint32_t *those_that_tell(const data_set *set, uint32_t *n) {
  *n = set->info.count[DATA_TRAIN];
  if (*n) return set->split[DATA_TRAIN];
  *n = set->info.count[DATA_VALIDATION] + set->info.count[DATA_TEST];
  return set->order; /* the splits follow each other */
}

static void finish(double mean, double variance, float *mean_out, float *std_out) {
  double std = variance > 0 ? sqrt(variance) : 0;
  *mean_out = (float)mean;
  *std_out = std > 1e-6 * (1 + fabs(mean)) ? (float)std : 1; /* all alike: nothing to scale */
}

static lan_status measure_pictures(data_set *set, float *mean, float *std, lan_error *err) {
  uint32_t n, channels = set->info.channels;
  const uint32_t *e = those_that_tell(set, &n);
  size_t plane = set->size / channels, step = set->pixels ? 1 : n / SAMPLE + 1;
  sums by_channel[3] = {{0}};
  data_scratch scratch;
  lan_status s = data_scratch_new(set, &scratch, err);
  for (size_t i = 0; s == LAN_OK && i < n; i += step) {
    const uint8_t *planes;
    s = data_planes(set, e[i], &scratch, &planes, err);
    if (s != LAN_OK && s != LAN_ENOMEM) {
      s = LAN_OK; /* it was named */
      continue;
    }
    for (size_t c = 0; s == LAN_OK && c < channels; c++) {
      add_plane(&by_channel[c], planes + c * plane, plane);
    }
  }
  data_scratch_free(&scratch);
  for (size_t c = 0; s == LAN_OK && c < channels; c++) {
    double count = by_channel[c].n ? (double)by_channel[c].n : 1;
    double m = (double)by_channel[c].sum / count;
    double variance = (double)by_channel[c].squares / count - m * m;
    finish(m / 255, variance / (255.0 * 255), &mean[c], &std[c]);
  }
  return s;
}

/* Row after row, so that memory is read in its order; two passes, so that nothing cancels out. */
static lan_status measure_table(data_set *set, float *mean, float *std, lan_error *err) {
  uint32_t n;
  const uint32_t *e = those_that_tell(set, &n);
  size_t columns = set->size;
  double *m = lan_alloc_zeroed(2 * columns, sizeof *m), *squares = m ? m + columns : NULL;
  if (!m) return lan_fail_memory(err, 2 * columns * sizeof *m);
  for (size_t i = 0; i < n; i++) {
    const float *row = set->values.data + e[i] * columns;
    for (size_t c = 0; c < columns; c++) m[c] += (double)row[c];
  }
  for (size_t c = 0; c < columns; c++) m[c] /= n;
  for (size_t i = 0; i < n; i++) {
    const float *row = set->values.data + e[i] * columns;
    for (size_t c = 0; c < columns; c++)
      squares[c] += ((double)row[c] - m[c]) * ((double)row[c] - m[c]);
  }
  for (size_t c = 0; c < columns; c++) finish(m[c], squares[c] / n, &mean[c], &std[c]);
  free(m);
  return LAN_OK;
}

lan_status data_measure(data_set *set, const data_options *o, lan_error *err) {
  bool table = set->info.kind == DATA_TABLE;
  size_t n = table ? set->size : set->info.channels;
  if (o->mean && o->n_stats != n) {
    return lan_fail(err, LAN_ERANGE, "%u means are given for the %zu %s of %s", o->n_stats, n,
                    table ? "columns" : "channels", set->source);
  }
  set->stats = lan_alloc_array(2 * n, sizeof *set->stats);
  if (!set->stats) return lan_fail_memory(err, 2 * n * sizeof *set->stats);
  set->info.mean = set->stats;
  set->info.std = set->stats + n;
  set->info.n_stats = (uint32_t)n;
  if (o->mean) {
    memcpy(set->stats, o->mean, n * sizeof *o->mean);
    memcpy(set->stats + n, o->std, n * sizeof *o->std);
    return LAN_OK;
  }
  return table ? measure_table(set, set->stats, set->stats + n, err)
               : measure_pictures(set, set->stats, set->stats + n, err);
}
