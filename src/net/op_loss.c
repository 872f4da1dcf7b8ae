/* Losses: means over the rows of the whole batch. A shard gives the mean over its own rows times its
 * share of them, so that the shards' sum is the mean over all. */
#include <math.h>

#include "base/error.h"
#include "net/ops.h"

static lan_status infer_loss(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, 0);
  char a[NET_SHAPE_TEXT], b[NET_SHAPE_TEXT];
  for (size_t i = 1; i < node->n_values; i++) {
    if (!net_shape_equal(x, net_in(net, node, i))) {
      return lan_fail(err, LAN_EINVAL, "targets of shape %s do not fit values of shape %s",
                      net_shape_text(net_in(net, node, i), b), net_shape_text(x, a));
    }
  }
  if (x.rank == 0) return lan_fail(err, LAN_EINVAL, "its input must be (batch, ...)");
  node->shape = (lan_shape){0};
  return LAN_OK;
}

/* What a row counts: 1 / rows of the whole batch, if the input has one. */
static float row_weight(const net_run *run) {
  float share = (float)run->rows / (float)run->all_rows;
  return share / (float)net_rows(run->in_shape[0]);
}

/* ln of the sum of exp(x), without overflow. */
static float log_sum_exp(const float *x, size_t n) {
  float most = x[0], sum = 0;
  for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
  for (size_t i = 0; i < n; i++) sum += expf(x[i] - most);
  return most + logf(sum);
}

enum { LOGITS, TARGETS };

static float smoothed(const net_run *run, float target, size_t n) {
  float s = (float)run->nodes[0]->attribute[0];
  return (1 - s) * target + s / (float)n;
}

static void cross_entropy_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->in_shape[0]), n = net_columns(run->in_shape[0]);
  double loss = 0;
  for (size_t r = 0; r < rows; r++) {
    const float *x = run->in[LOGITS] + r * n, *t = run->in[TARGETS] + r * n;
    float all = log_sum_exp(x, n);
    for (size_t i = 0; i < n; i++) loss += (double)(smoothed(run, t[i], n) * (all - x[i]));
  }
  *run->out = (float)loss * row_weight(run);
}

/* softmax(x) * (sum of the targets) - targets */
static void cross_entropy_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[LOGITS]) return;
  size_t rows = net_rows(run->in_shape[0]), n = net_columns(run->in_shape[0]);
  float weight = row_weight(run) * *run->dout;
  for (size_t r = 0; r < rows; r++) {
    const float *x = run->in[LOGITS] + r * n, *t = run->in[TARGETS] + r * n;
    float *dx = run->din[LOGITS] + r * n, all = log_sum_exp(x, n), mass = 0;
    for (size_t i = 0; i < n; i++) mass += smoothed(run, t[i], n);
    for (size_t i = 0; i < n; i++) {
      dx[i] += weight * (mass * expf(x[i] - all) - smoothed(run, t[i], n));
    }
  }
}

const net_op op_cross_entropy = {
    .kind = "cross_entropy",
    .least_in = 2,
    .most_in = 2,
    .attributes = {{"smoothing", 0, 0, 0.999, false}},
    .infer = infer_loss,
    .kernel = {.name = "reference",
               .keep_in = 1U << LOGITS | 1U << TARGETS,
               .forward = cross_entropy_forward,
               .backward = cross_entropy_backward},
};
