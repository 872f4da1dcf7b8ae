/* Operations on each value by itself. */
#include <math.h>

#include "base/error.h"
#include "base/rng.h"
#include "net/ops.h"

static lan_status infer_same(const lan_net *net, net_node *node, lan_error *err) {
  node->shape = net_in(net, node, 0);
  for (size_t i = 1; i < node->n_values; i++) {
    lan_shape other = net_in(net, node, i);
    char a[NET_SHAPE_TEXT], b[NET_SHAPE_TEXT];
    if (!net_shape_equal(node->shape, other)) {
      return lan_fail(err, LAN_EINVAL, "its inputs must have one shape, but they have %s and %s",
                      net_shape_text(node->shape, a), net_shape_text(other, b));
    }
  }
  return LAN_OK;
}

static size_t count(const net_run *run) { return net_shape_count(run->out_shape, 0); }

/* Each activation is defined by its value y(x) and its derivative, by x or by y. */
#define POINTWISE(NAME, KEEP_IN, KEEP_OUT, VALUE, DERIVATIVE)                                   \
  static void NAME##_forward(const net_run *run, uint32_t phase) {                              \
    (void)phase;                                                                                \
    size_t n = count(run);                                                                      \
    const float *restrict in = run->in[0];                                                      \
    float *restrict out = run->out;                                                             \
    for (size_t i = 0; i < n; i++) {                                                            \
      float x = in[i];                                                                          \
      out[i] = VALUE;                                                                           \
    }                                                                                           \
  }                                                                                             \
  static void NAME##_backward(const net_run *run, uint32_t phase) {                             \
    (void)phase;                                                                                \
    size_t n = count(run);                                                                      \
    const float *restrict from = (KEEP_IN) ? run->in[0] : run->out, *restrict dout = run->dout; \
    float *restrict din = run->din[0];                                                          \
    if (!din) return;                                                                           \
    for (size_t i = 0; i < n; i++) {                                                            \
      float x = from[i], y = x;                                                                 \
      (void)y;                                                                                  \
      din[i] += dout[i] * (DERIVATIVE);                                                         \
    }                                                                                           \
  }                                                                                             \
  const net_op op_##NAME = {                                                                    \
      .kind = #NAME,                                                                            \
      .least_in = 1,                                                                            \
      .most_in = 1,                                                                             \
      .infer = infer_same,                                                                      \
      .kernel = {.name = "reference",                                                           \
                 .any_layout = true,                                                            \
                 .keep_in = (KEEP_IN),                                                          \
                 .keep_out = (KEEP_OUT),                                                        \
                 .forward = NAME##_forward,                                                     \
                 .backward = NAME##_backward},                                                  \
  };

static float logistic(float x) { return 1.0F / (1.0F + expf(-x)); }

/* The normal distribution function and its density. */
static float normal_below(float x) { return 0.5F * (1.0F + erff(x * 0.70710678F)); }
static float normal_density(float x) { return 0.39894228F * expf(-0.5F * x * x); }

static float silu_slope(float x) {
  float s = logistic(x);
  return s * (1.0F + x * (1.0F - s));
}

POINTWISE(relu, 0, 1, x > 0 ? x : 0, y > 0 ? 1.0F : 0.0F)
POINTWISE(tanh, 0, 1, tanhf(x), 1.0F - y * y)
POINTWISE(sigmoid, 0, 1, logistic(x), y *(1.0F - y))
POINTWISE(gelu, 1, 0, x *normal_below(x), normal_below(x) + x * normal_density(x))
POINTWISE(silu, 1, 0, x *logistic(x), silu_slope(x))

static void add_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0, n = count(run); i < n; i++) run->out[i] = run->in[0][i] + run->in[1][i];
}

static void add_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t k = 0; k < 2; k++) {
    if (!run->din[k]) continue;
    for (size_t i = 0, n = count(run); i < n; i++) run->din[k][i] += run->dout[i];
  }
}

const net_op op_add = {
    .kind = "add",
    .least_in = 2,
    .most_in = 2,
    .infer = infer_same,
    .kernel = {.name = "reference",
               .any_layout = true,
               .forward = add_forward,
               .backward = add_backward},
};

static void multiply_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0, n = count(run); i < n; i++) run->out[i] = run->in[0][i] * run->in[1][i];
}

static void multiply_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t k = 0; k < 2; k++) {
    if (!run->din[k]) continue;
    for (size_t i = 0, n = count(run); i < n; i++) {
      run->din[k][i] += run->dout[i] * run->in[1 - k][i];
    }
  }
}

const net_op op_multiply = {
    .kind = "multiply",
    .least_in = 2,
    .most_in = 2,
    .infer = infer_same,
    .kernel = {.name = "reference",
               .any_layout = true,
               .keep_in = 3,
               .forward = multiply_forward,
               .backward = multiply_backward},
};

/* What is kept is drawn again in the backward pass rather than stored: it depends on the seed, the
 * step, the layer and the place in the whole batch alone. */
static void dropout_scale(const net_run *run, const float *from, float *to, bool add) {
  float rate = (float)run->nodes[0]->attribute[0], scale = 1.0F / (1.0F - rate);
  size_t n = count(run), per_row = run->batched ? n / run->rows : 0;
  uint64_t stream = ((uint64_t)run->nodes[0]->number + 1) << 40 | (run->clock->step & 0xFFFFFFFFFF);
  lan_rng rng = lan_rng_at(run->clock->seed ^ 0x64726F70, stream, run->first_row * per_row);
  for (size_t i = 0; i < n; i++) {
    float kept = lan_rng_uniform(&rng) >= rate ? from[i] * scale : 0;
    to[i] = add ? to[i] + kept : kept;
  }
}

static void dropout_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (run->clock->training && !run->clock->frozen) {
    dropout_scale(run, run->in[0], run->out, false);
  } else {
    for (size_t i = 0, n = count(run); i < n; i++) run->out[i] = run->in[0][i];
  }
}

static void dropout_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  if (!run->clock->frozen) {
    dropout_scale(run, run->dout, run->din[0], true);
  } else {
    for (size_t i = 0, n = count(run); i < n; i++) run->din[0][i] += run->dout[i];
  }
}

const net_op op_dropout = {
    .kind = "dropout",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"rate", 0.5, 0, 0.99, false}},
    .infer = infer_same,
    .kernel = {.name = "reference", .forward = dropout_forward, .backward = dropout_backward},
};
