/* Softmax over the last dimension. */
#include <math.h>

#include "base/error.h"
#include "net/ops.h"

static lan_status softmax_infer(const lan_net *net, net_node *node, lan_error *err) {
  node->shape = net_in(net, node, 0);
  if (node->shape.rank < 1) return lan_fail(err, LAN_EINVAL, "a single number has no softmax");
  if (node->shape.rank == 1 && node->shape.dims[0] == LAN_BATCH) {
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, classes), not (batch)");
  }
  return LAN_OK;
}

static void softmax_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->out_shape), n = net_columns(run->out_shape);
  for (size_t r = 0; r < rows; r++) {
    const float *x = run->in[0] + r * n;
    float *y = run->out + r * n, most = x[0], sum = 0;
    for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < n; i++) sum += y[i] = expf(x[i] - most);
    for (size_t i = 0; i < n; i++) y[i] /= sum;
  }
}

/* dx = y (dy - sum of y dy) */
static void softmax_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  size_t rows = net_rows(run->out_shape), n = net_columns(run->out_shape);
  for (size_t r = 0; r < rows; r++) {
    const float *y = run->out + r * n, *dy = run->dout + r * n;
    float *dx = run->din[0] + r * n, sum = 0;
    for (size_t i = 0; i < n; i++) sum += y[i] * dy[i];
    for (size_t i = 0; i < n; i++) dx[i] += y[i] * (dy[i] - sum);
  }
}

const net_op op_softmax = {
    .kind = "softmax",
    .least_in = 1,
    .most_in = 1,
    .infer = softmax_infer,
    .kernel = {.name = "reference",
               .keep_out = true,
               .forward = softmax_forward,
               .backward = softmax_backward},
};
