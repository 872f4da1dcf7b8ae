/* Dense layers by oneDNN's matrix product: [reshape ->] dense [-> relu]. */
#include <string.h>

#include "net/fast/dense.h"
#include "net/fast/fast.h"
#include "net/fast/level.h"
#include "net/fast/onednn.h"
#include "net/ops.h"

dense_view dense_look(const net_run *run) {
  return (dense_view){.rows = net_rows(run->out_shape),
                      .units = net_columns(run->out_shape),
                      .features = net_columns(run->in_shape[DENSE_W]),
                      .bias = run->n_in > DENSE_B ? run->in[DENSE_B] : NULL,
                      .relu = run->nodes[run->n_nodes - 1]->op == &op_relu};
}

static void dense_sizes(const net_run *run, net_sizes *sizes) {
  if (!run->clock->training) return;
  dense_view v = dense_look(run);
  sizes->scratch = (v.relu ? v.rows * v.units * sizeof(float) : 0) + v.units * sizeof(float);
}

void dense_rows(const net_run *run) {
  dense_view v = dense_look(run);
  for (size_t r = 0; r < v.rows; r++) {
    lanes16()->matrix_vector(v.units, v.features, run->in[DENSE_W],
                             run->in[DENSE_X] + r * v.features, v.bias, v.relu,
                             run->out + r * v.units);
  }
}

static void dense_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  dense_view v = dense_look(run);
  if (v.rows <= DENSE_FEW_ROWS) {
    dense_rows(run);
    return;
  }
  fast_product(false, true, v.rows, v.units, v.features, run->in[DENSE_X], run->in[DENSE_W], false,
               run->out);
  if (v.bias || v.relu) lanes16()->add_row(v.rows, v.units, v.bias, v.relu, run->out);
}

static void dense_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  dense_view v = dense_look(run);
  const float *dy = run->dout;
  float *sums = run->scratch;
  if (v.relu) {
    float *passed = sums + v.units;
    lanes16()->pass(v.rows * v.units, dy, run->out, passed);
    dy = passed;
  }
  if (run->din[DENSE_W]) {
    fast_product(true, false, v.units, v.features, v.rows, dy, run->in[DENSE_X], run->add[DENSE_W],
                 run->din[DENSE_W]);
  }
  if (run->din[DENSE_X]) {
    fast_product(false, false, v.rows, v.features, v.units, dy, run->in[DENSE_W], run->add[DENSE_X],
                 run->din[DENSE_X]);
  }
  if (v.bias && run->din[DENSE_B]) {
    if (!run->add[DENSE_B]) memset(run->din[DENSE_B], 0, v.units * sizeof(float));
    lanes16()->add_rows(v.rows, v.units, dy, run->din[DENSE_B]);
  }
}

#define KERNEL(NAME, ...)                                                       \
  {                                                                             \
    .name = NAME, .adds = true, .keep_in = 1U << DENSE_X, .sizes = dense_sizes, \
    .forward = dense_forward, .backward = dense_backward, __VA_ARGS__           \
  }
#define FEW(NAME)                                                                            \
  {                                                                                          \
    .name = NAME, .sizes = dense_few_sizes, .prepare = dense_few_prepare,                    \
    .release = dense_few_release, .refresh = dense_few_refresh, .forward = dense_few_forward \
  }
/* By whether a ReLU follows. */
static const net_kernel DENSE[] = {KERNEL("onednn dense", .keep_out = false),
                                   KERNEL("onednn dense, relu", .keep_out = true)},
                        FEW_ROWS[] = {FEW("lanes dense"), FEW("lanes dense, relu")};

static bool few_rows(const net_chain *chain, const net_node *dense) {
  lan_shape y = dense->shape, x = net_in(chain->net, dense, DENSE_X);
  if (chain->training) return false;
  if (y.dims[0] == LAN_BATCH) y.dims[0] = chain->rows;
  return dense_few_pays(net_rows(y), net_columns(y), net_columns(x));
}

bool fast_offer_dense(const net_chain *chain, net_offer *offer) {
  uint8_t n = chain->nodes[0]->op == &op_reshape ? 1 : 0;
  if (n >= chain->n_nodes || chain->nodes[n]->op != &op_dense) return false;
  const net_node *dense = chain->nodes[n++];
  bool relu = n < chain->n_nodes && chain->nodes[n]->op == &op_relu;
  offer->n_nodes = relu ? n + 1 : n;
  offer->kernel = few_rows(chain, dense) ? &FEW_ROWS[relu] : &DENSE[relu];
  return true;
}
