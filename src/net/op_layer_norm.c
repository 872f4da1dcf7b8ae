/* y = (x - mean) / sqrt(variance + epsilon) weight + bias over the last dimension (Ba, Kiros and Hinton
 * 2016, "Layer normalization", eq. 4); the variance is that of the values, divided by their number. */
#include <math.h>

#include "base/error.h"
#include "net/lanes.h"
#include "net/ops.h"

enum { X, WEIGHT, BIAS };

static lan_status layer_norm_infer(const lan_net *net, net_node *node, lan_error *err) {
  node->shape = net_in(net, node, X);
  if (node->shape.rank < 2) {
    char text[NET_SHAPE_TEXT];
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, ..., features), not %s",
                    net_shape_text(node->shape, text));
  }
  return LAN_OK;
}

static size_t layer_norm_parameters(const lan_net *net, const net_node *node,
                                    net_parameter_spec specs[NET_PARAMETERS]) {
  lan_shape features = LAN_SHAPE((uint32_t)net_columns(net_in(net, node, X)));
  specs[0] =
      (net_parameter_spec){.name = "weight", .shape = features, .init = NET_ONE, .no_decay = true};
  specs[1] = (net_parameter_spec){.name = "bias", .shape = features, .no_decay = true};
  return 2;
}

static double layer_norm_flops(const lan_shape *in, lan_shape out) {
  (void)in;
  return 8.0 * (double)net_shape_count(out, 1);
}

/* Mean and 1 / deviation of each row. */
static void layer_norm_sizes(const net_run *run, net_sizes *sizes) {
  sizes->saved = 2 * net_rows(run->out_shape) * sizeof(float);
}

static void layer_norm_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->out_shape), n = net_columns(run->out_shape);
  float epsilon = (float)run->nodes[0]->attribute[0], *saved = run->saved;
  const float *restrict weight = run->in[WEIGHT], *restrict bias = run->in[BIAS];
  for (size_t r = 0; r < rows; r++) {
    const float *restrict x = run->in[X] + r * n;
    float *restrict y = run->out + r * n;
    float mean = lanes_sum(n, x) / (float)n;
    for (size_t i = 0; i < n; i++) y[i] = x[i] - mean;
    float scale = 1 / sqrtf(lanes_dot(n, y, y) / (float)n + epsilon);
    for (size_t i = 0; i < n; i++) y[i] = y[i] * scale * weight[i] + bias[i];
    saved[2 * r] = mean;
    saved[2 * r + 1] = scale;
  }
}

/* With u = dy weight and v = (x - mean) / deviation: dx = (u - mean(u) - v mean(u v)) / deviation. */
static void layer_norm_dx(size_t n, const float *restrict x, const float *restrict dy,
                          const float *restrict weight, float mean, float scale,
                          float *restrict dx) {
  float part[LANES] = {0}, part_v[LANES] = {0};
  for (size_t i = 0; i < n; i += LANES) {
    size_t most = n - i < LANES ? n - i : LANES;
    for (size_t l = 0; l < most; l++) {
      float u = dy[i + l] * weight[i + l];
      part[l] += u;
      part_v[l] += u * ((x[i + l] - mean) * scale);
    }
  }
  float u_mean = lanes_total(part) / (float)n, uv_mean = lanes_total(part_v) / (float)n;
  for (size_t i = 0; i < n; i++) {
    dx[i] += scale * (dy[i] * weight[i] - u_mean - (x[i] - mean) * scale * uv_mean);
  }
}

static void layer_norm_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->out_shape), n = net_columns(run->out_shape);
  const float *saved = run->saved;
  for (size_t r = 0; r < rows; r++) {
    const float *restrict x = run->in[X] + r * n, *restrict dy = run->dout + r * n;
    float mean = saved[2 * r], scale = saved[2 * r + 1];
    if (run->din[WEIGHT]) {
      float *restrict dw = run->din[WEIGHT];
      for (size_t i = 0; i < n; i++) dw[i] += dy[i] * ((x[i] - mean) * scale);
    }
    if (run->din[X]) layer_norm_dx(n, x, dy, run->in[WEIGHT], mean, scale, run->din[X] + r * n);
  }
  if (run->din[BIAS]) lanes_add_rows(rows, n, run->dout, n, run->din[BIAS]);
}

const net_op op_layer_norm = {
    .kind = "layer_norm",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"epsilon", 1e-5, 1e-12, 1, false}},
    .infer = layer_norm_infer,
    .parameters = layer_norm_parameters,
    .flops = layer_norm_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << X,
               .sizes = layer_norm_sizes,
               .forward = layer_norm_forward,
               .backward = layer_norm_backward},
};
