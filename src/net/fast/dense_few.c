/* Dense layers in inference, of so few rows that reading the weights is what takes the time. They are kept by
 * inputs, so that those of an input that is 0 need not be read: as of half of a picture's pixels and of what a ReLU
 * lets pass. A picture's background is often not 0 but normalised: then x W = (x - background) W + background sum(W).
 * A second thread does not pay: what it had to fetch of the input takes as long as it would save. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/fast/dense.h"
#include "net/fast/level.h"
#include "net/ops.h"

enum { MOST_BYTES = 8 << 20 }; /* of weights: two copies of more are too much */
/* So that no difference from a background overflows, nor its product with a sum of weights. */
#define MOST_BASE 1e6F
#define MOST_SUM 1e30

typedef struct few_state {
  size_t units, wide, features; /* wide: units filled up to blocks of 16 */
  float *by_input; /* weights: input, unit; then, as if of one more input, their sums */
  float *bias;
  bool finite; /* 0 times any of them is 0 */
} few_state;

static size_t up_to_blocks(size_t n) { return (n + 15) / 16 * 16; }

bool dense_few_pays(size_t rows, size_t units, size_t features) {
  size_t wide = up_to_blocks(units);
  return rows <= DENSE_FEW_ROWS && wide <= 2 * units &&
         features <= MOST_BYTES / sizeof(float) / wide;
}

void dense_few_release(void *state) {
  few_state *st = state;
  free(st->by_input);
  free(st);
}

lan_status dense_few_prepare(net_run *run, lan_error *err) {
  few_state *st = lan_alloc_zeroed(1, sizeof *st);
  if (!st) return lan_fail_memory(err, sizeof *st);
  dense_view v = dense_look(run);
  st->units = v.units;
  st->features = v.features;
  st->wide = up_to_blocks(st->units);
  size_t bytes = (st->features + 2) * st->wide * sizeof(float);
  st->by_input = aligned_alloc(64, bytes);
  if (!st->by_input) {
    free(st);
    return lan_fail_memory(err, bytes);
  }
  memset(st->by_input, 0, bytes);
  st->bias = st->by_input + (st->features + 1) * st->wide;
  run->state = st;
  return LAN_OK;
}

/* Inputs, one more, and what is written past them. */
static size_t room_of(const few_state *st) { return up_to_blocks(st->features + 1) + 16; }

/* Which inputs, by how much, and a number for each unit. */
void dense_few_sizes(const net_run *run, net_sizes *sizes) {
  const few_state *st = run->state;
  sizes->scratch = (2 * room_of(st) + st->wide) * sizeof(float);
}

/* Of at most 16 units from `first` on, so that whole lines of memory are written. */
static void refresh_some(few_state *st, const float *w, size_t first) {
  size_t n = st->units - first < 16 ? st->units - first : 16;
  float *to = st->by_input + first;
  double sum[16] = {0};
  for (size_t i = 0; i < st->features; i++, to += st->wide) {
    for (size_t u = 0; u < n; u++) {
      to[u] = w[(first + u) * st->features + i];
      sum[u] += (double)to[u];
    }
  }
  for (size_t u = 0; u < n; u++) {
    bool finite = fabs(sum[u]) <= MOST_SUM;
    to[u] = finite ? (float)sum[u] : 0;
    st->finite = st->finite && finite;
  }
}

void dense_few_refresh(const net_run *run) {
  few_state *st = run->state;
  st->finite = true;
  for (size_t u = 0; u < st->units; u += 16) refresh_some(st, run->in[DENSE_W], u);
  dense_view v = dense_look(run);
  if (v.bias) memcpy(st->bias, v.bias, st->units * sizeof *v.bias);
}

/* The corners of a picture are background. */
static float base_of(const few_state *st, const float *x) {
  float base = x[0];
  return base == x[st->features - 1] && fabsf(base) <= MOST_BASE ? base : 0;
}

static void row(const net_run *run, const few_state *st, const float *x, bool relu, float *y) {
  uint32_t *which = run->scratch;
  float *by = (float *)which + room_of(st), *wide = by + room_of(st), base = base_of(st, x);
  float *out = st->wide == st->units ? y : wide;
  size_t n = lanes16()->differing(st->features, x, base, which, by);
  if (base != 0) {
    which[n] = (uint32_t)st->features;
    by[n++] = base;
  }
  lanes16()->sum_rows(n, which, by, st->wide, st->by_input, st->bias, relu, out);
  if (out != y) memcpy(y, out, st->units * sizeof *y);
}

void dense_few_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  const few_state *st = run->state;
  dense_view v = dense_look(run);
  if (!st->finite) {
    dense_rows(run);
    return;
  }
  for (size_t r = 0; r < v.rows; r++) {
    row(run, st, run->in[DENSE_X] + r * v.features, v.relu, run->out + r * v.units);
  }
}
