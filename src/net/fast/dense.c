/* Dense layers by oneDNN's matrix product, [-> relu]. */
#include <string.h>

#include "net/fast/fast.h"
#include "net/fast/level.h"
#include "net/fast/onednn.h"
#include "net/ops.h"

enum { X, W, B };
/* Up to so many rows weights are read row by row: each is used too seldom to be worth an order of its own. */
enum { FEW_ROWS = 4 };

typedef struct view {
  size_t rows, units, features;
  bool bias, relu;
} view;

static view look(const net_run *run) {
  return (view){.rows = net_rows(run->out_shape),
                .units = net_columns(run->out_shape),
                .features = net_columns(run->in_shape[X]),
                .bias = run->n_in > B,
                .relu = run->n_nodes > 1};
}

static void dense_sizes(const net_run *run, net_sizes *sizes) {
  if (!run->clock->training) return;
  view v = look(run);
  sizes->scratch = (v.relu ? v.rows * v.units * sizeof(float) : 0) + v.units * sizeof(float);
}

static void dense_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  view v = look(run);
  const float *bias = v.bias ? run->in[B] : NULL;
  if (v.rows <= FEW_ROWS) {
    for (size_t r = 0; r < v.rows; r++) {
      lanes16()->matrix_vector(v.units, v.features, run->in[W], run->in[X] + r * v.features, bias,
                               v.relu, run->out + r * v.units);
    }
    return;
  }
  fast_product(false, true, v.rows, v.units, v.features, run->in[X], run->in[W], false, run->out);
  if (bias || v.relu) lanes16()->add_row(v.rows, v.units, bias, v.relu, run->out);
}

static void dense_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  view v = look(run);
  const float *dy = run->dout;
  float *sums = run->scratch;
  if (v.relu) {
    float *passed = sums + v.units;
    lanes16()->pass(v.rows * v.units, dy, run->out, passed);
    dy = passed;
  }
  if (run->din[W]) {
    fast_product(true, false, v.units, v.features, v.rows, dy, run->in[X], run->add[W],
                 run->din[W]);
  }
  if (run->din[X]) {
    fast_product(false, false, v.rows, v.features, v.units, dy, run->in[W], run->add[X],
                 run->din[X]);
  }
  if (v.bias && run->din[B]) {
    if (!run->add[B]) memset(run->din[B], 0, v.units * sizeof(float));
    lanes16()->add_rows(v.rows, v.units, dy, run->din[B]);
  }
}

#define KERNEL(NAME, ...)                                                 \
  {                                                                       \
    .name = NAME, .adds = true, .keep_in = 1U << X, .sizes = dense_sizes, \
    .forward = dense_forward, .backward = dense_backward, __VA_ARGS__     \
  }
static const net_kernel DENSE = KERNEL("onednn dense", .keep_out = false),
                        DENSE_RELU = KERNEL("onednn dense, relu", .keep_out = true);

bool fast_offer_dense(const net_chain *chain, net_offer *offer) {
  bool relu = chain->n_nodes > 1 && strcmp(chain->nodes[1]->op->kind, "relu") == 0;
  offer->n_nodes = relu ? 2 : 1;
  offer->kernel = relu ? &DENSE_RELU : &DENSE;
  return true;
}
