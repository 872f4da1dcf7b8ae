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

/* Of classes or candidates, which must not be the rows themselves. */
static lan_status infer_choice(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, 0);
  if (x.rank == 1 && x.dims[0] == LAN_BATCH) {
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, classes), not (batch)");
  }
  return infer_loss(net, node, err);
}

/* What a row counts: 1 / rows of the whole batch, if the input has one. */
static float row_weight(const net_run *run) {
  float share = (float)run->rows / (float)run->all_rows;
  return share / (float)net_rows(run->in_shape[0]);
}

/* What a value counts: 1 / values of the whole batch. */
static float value_weight(const net_run *run) {
  return row_weight(run) / (float)net_columns(run->in_shape[0]);
}

/* ln of the sum of exp(x), without overflow. */
static float log_sum_exp(const float *x, size_t n) {
  float most = x[0], sum = 0;
  for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
  for (size_t i = 0; i < n; i++) sum += expf(x[i] - most);
  return most + logf(sum);
}

enum { LOGITS, TARGETS, MASK };

/* ---- cross-entropy ---- */

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

/* By the logits: softmax(x) * (sum of the targets) - targets; by the targets: -log softmax(x). */
static void cross_entropy_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->in_shape[0]), n = net_columns(run->in_shape[0]);
  float weight = row_weight(run) * *run->dout, plain = 1 - (float)run->nodes[0]->attribute[0];
  for (size_t r = 0; r < rows; r++) {
    const float *x = run->in[LOGITS] + r * n, *t = run->in[TARGETS] + r * n;
    float all = log_sum_exp(x, n), mass = 0;
    for (size_t i = 0; i < n; i++) mass += smoothed(run, t[i], n);
    for (size_t i = 0; run->din[LOGITS] && i < n; i++) {
      run->din[LOGITS][r * n + i] += weight * (mass * expf(x[i] - all) - smoothed(run, t[i], n));
    }
    for (size_t i = 0; run->din[TARGETS] && i < n; i++) {
      run->din[TARGETS][r * n + i] += weight * plain * (all - x[i]);
    }
  }
}

const net_op op_cross_entropy = {
    .kind = "cross_entropy",
    .least_in = 2,
    .most_in = 2,
    .attributes = {{"smoothing", 0, 0, 0.999, false}},
    .infer = infer_choice,
    .kernel = {.name = "reference",
               .keep_in = 1U << LOGITS | 1U << TARGETS,
               .forward = cross_entropy_forward,
               .backward = cross_entropy_backward},
};

/* ---- listwise ---- */

/* ln of the sum of exp(x) where the mask is not 0; false if it is 0 everywhere, and the row then counts
 * 0. */
static bool log_sum_exp_of(const float *x, const float *mask, size_t n, float *out) {
  float most = -INFINITY, sum = 0;
  bool any = false;
  for (size_t i = 0; i < n; i++) {
    if (mask[i] == 0) continue;
    most = any && most > x[i] ? most : x[i];
    any = true;
  }
  for (size_t i = 0; i < n; i++) sum += mask[i] != 0 ? expf(x[i] - most) : 0;
  *out = most + logf(sum);
  return any;
}

static void listwise_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->in_shape[0]), n = net_columns(run->in_shape[0]);
  double loss = 0;
  for (size_t r = 0; r < rows; r++) {
    const float *x = run->in[LOGITS] + r * n, *t = run->in[TARGETS] + r * n;
    const float *mask = run->in[MASK] + r * n;
    float all;
    if (!log_sum_exp_of(x, mask, n, &all)) continue;
    for (size_t i = 0; i < n; i++) loss += mask[i] != 0 ? (double)(t[i] * (all - x[i])) : 0;
  }
  *run->out = (float)loss * row_weight(run);
}

/* As cross-entropy, among those whose mask is not 0. */
static void listwise_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->in_shape[0]), n = net_columns(run->in_shape[0]);
  float weight = row_weight(run) * *run->dout;
  for (size_t r = 0; r < rows; r++) {
    const float *x = run->in[LOGITS] + r * n, *t = run->in[TARGETS] + r * n;
    const float *mask = run->in[MASK] + r * n;
    float *dx = run->din[LOGITS], *dt = run->din[TARGETS], all, mass = 0;
    if (!log_sum_exp_of(x, mask, n, &all)) continue;
    for (size_t i = 0; i < n; i++) mass += mask[i] != 0 ? t[i] : 0;
    for (size_t i = 0; i < n; i++) {
      if (mask[i] == 0) continue;
      if (dx) dx[r * n + i] += weight * (mass * expf(x[i] - all) - t[i]);
      if (dt) dt[r * n + i] += weight * (all - x[i]);
    }
  }
}

const net_op op_listwise = {
    .kind = "listwise",
    .least_in = 3,
    .most_in = 3,
    .infer = infer_choice,
    .kernel = {.name = "reference",
               .keep_in = 1U << LOGITS | 1U << TARGETS | 1U << MASK,
               .forward = listwise_forward,
               .backward = listwise_backward},
};

/* ---- losses of each value by itself, by x and its target t ---- */

#define VALUE_LOSS(NAME, ATTRIBUTE, VALUE, BY_X, BY_T)                                         \
  static float NAME##_value(float x, float t, float delta) {                                   \
    (void)delta;                                                                               \
    return VALUE;                                                                              \
  }                                                                                            \
  static void NAME##_forward(const net_run *run, uint32_t phase) {                             \
    (void)phase;                                                                               \
    float delta = (float)run->nodes[0]->attribute[0];                                          \
    const float *x = run->in[0], *t = run->in[TARGETS];                                        \
    double loss = 0;                                                                           \
    for (size_t i = 0, n = net_shape_count(run->in_shape[0], 0); i < n; i++) {                 \
      loss += (double)NAME##_value(x[i], t[i], delta);                                         \
    }                                                                                          \
    *run->out = (float)loss * value_weight(run);                                               \
  }                                                                                            \
  static void NAME##_backward(const net_run *run, uint32_t phase) {                            \
    (void)phase;                                                                               \
    float delta = (float)run->nodes[0]->attribute[0], weight = value_weight(run) * *run->dout; \
    (void)delta;                                                                               \
    for (size_t i = 0, n = net_shape_count(run->in_shape[0], 0); i < n; i++) {                 \
      float x = run->in[0][i], t = run->in[TARGETS][i];                                        \
      (void)t;                                                                                 \
      if (run->din[0]) run->din[0][i] += weight * (BY_X);                                      \
      if (run->din[TARGETS]) run->din[TARGETS][i] += weight * (BY_T);                          \
    }                                                                                          \
  }                                                                                            \
  const net_op op_##NAME = {                                                                   \
      .kind = #NAME,                                                                           \
      .least_in = 2,                                                                           \
      .most_in = 2,                                                                            \
      .attributes = {ATTRIBUTE},                                                               \
      .infer = infer_loss,                                                                     \
      .kernel = {.name = "reference",                                                          \
                 .keep_in = 1U << 0 | 1U << TARGETS,                                           \
                 .forward = NAME##_forward,                                                    \
                 .backward = NAME##_backward},                                                 \
  };
#define NO_ATTRIBUTE \
  { NULL, 0, 0, 0, false }
#define DELTA \
  { "delta", 1, 1e-6, 1e6, false }

static float positive(float x) { return x > 0 ? x : 0; }
static float logistic(float x) { return 1 / (1 + expf(-x)); }
static float within(float x, float most) { return x > most ? most : x < -most ? -most : x; }
static float bend(float d, float delta) {
  return d < delta ? 0.5F * d * d : delta * (d - 0.5F * delta);
}

/* -t ln s(x) - (1 - t) ln(1 - s(x)), s the logistic function, written so that nothing overflows. */
VALUE_LOSS(binary_cross_entropy, NO_ATTRIBUTE, positive(x) - x * t + log1pf(expf(-fabsf(x))),
           logistic(x) - t, -x)
VALUE_LOSS(mean_squared_error, NO_ATTRIBUTE, (x - t) * (x - t), 2 * (x - t), 2 * (t - x))
VALUE_LOSS(huber, DELTA, bend(fabsf(x - t), delta), within(x - t, delta), within(t - x, delta))
