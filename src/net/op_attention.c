/* Multi-head self-attention (Vaswani et al. 2017, "Attention is all you need", section 3.2), in the form
 * of PyTorch's torch.nn.MultiheadAttention:
 *
 *     (q, k, v) = x in_weight^T + in_bias
 *     head h: softmax(q_h k_h^T / sqrt(features / heads)) v_h, of the h-th part of the features
 *     y = heads out_weight^T + out_bias
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/gemm.h"
#include "net/lanes.h"
#include "net/ops.h"

enum { X, IN_WEIGHT, IN_BIAS, OUT_WEIGHT, OUT_BIAS };

static lan_status attention_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, X);
  char text[NET_SHAPE_TEXT];
  if (x.rank != 3) {
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, time, features), not %s",
                    net_shape_text(x, text));
  }
  uint32_t heads = (uint32_t)node->attribute[0];
  if (x.dims[2] % heads != 0) {
    return lan_fail(err, LAN_EINVAL, "%u features cannot be divided among %u heads", x.dims[2],
                    heads);
  }
  if (x.dims[1] > 1U << 16 || x.dims[2] > 1U << 24) {
    return lan_fail(err, LAN_ERANGE, "%s is too long or too wide (at most %u times, %u features)",
                    net_shape_text(x, text), 1U << 16, 1U << 24);
  }
  node->shape = x;
  return LAN_OK;
}

/* Weights start uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio 2010, eq. 16). */
static size_t attention_parameters(const lan_net *net, const net_node *node,
                                   net_parameter_spec specs[NET_PARAMETERS]) {
  uint32_t n = net_in(net, node, X).dims[2];
  double scale = sqrt(3.0 / n);
  specs[0] = (net_parameter_spec){
      .name = "in_weight", .shape = LAN_SHAPE(3 * n, n), .init = NET_UNIFORM, .scale = scale};
  specs[1] = (net_parameter_spec){.name = "in_bias", .shape = LAN_SHAPE(3 * n), .no_decay = true};
  specs[2] = (net_parameter_spec){
      .name = "out_weight", .shape = LAN_SHAPE(n, n), .init = NET_UNIFORM, .scale = scale};
  specs[3] = (net_parameter_spec){.name = "out_bias", .shape = LAN_SHAPE(n), .no_decay = true};
  return 4;
}

static double attention_flops(const lan_shape *in, lan_shape out) {
  (void)in;
  return (double)net_shape_count(out, 1) * (8.0 * out.dims[2] + 4.0 * out.dims[1]);
}

/* One shard's sizes and arrays, and one row and head of it. */
typedef struct view {
  size_t rows, time, features, heads, width; /* width: features of a head */
  bool causal;
  float scale;
  float *qkv;     /* (rows, time, 3 features) */
  float *context; /* (rows, time, features): what the heads give */
  float *shares;  /* (rows, heads, time, time): softmax, when it is kept for the backward pass */
} view;

static view view_of(const net_run *run) {
  const net_node *node = run->nodes[0];
  view v = {.rows = run->out_shape.dims[0],
            .time = run->out_shape.dims[1],
            .features = run->out_shape.dims[2],
            .heads = (size_t)node->attribute[0],
            .causal = node->attribute[1] != 0};
  v.width = v.features / v.heads;
  v.scale = 1 / sqrtf((float)v.width);
  v.qkv = run->saved;
  if (v.qkv) {
    v.context = v.qkv + v.rows * v.time * 3 * v.features;
    v.shares = v.context + v.rows * v.time * v.features;
  }
  return v;
}

/* Scratch: a query's scores in the forward pass; in the backward pass those, and the gradients of
 * a row's context and of its queries, keys and values. */
static void attention_sizes(const net_run *run, net_sizes *sizes) {
  view v = view_of(run);
  double kept = 4.0 * (double)(v.rows * v.time) * (double)v.features;
  if (run->clock->training) kept += (double)(v.rows * v.heads) * (double)v.time * (double)v.time;
  sizes->saved = net_float_bytes(kept);
  sizes->scratch = net_float_bytes((double)v.time * (1 + 4.0 * (double)v.features));
}

/* How many times query i sees. */
static size_t seen(const view *v, size_t i) { return v->causal ? i + 1 : v->time; }

static void softmax(size_t n, float *x) {
  float most = lanes_most(n, x);
  for (size_t i = 0; i < n; i++) x[i] = expf(x[i] - most);
  float scale = 1 / lanes_sum(n, x);
  for (size_t i = 0; i < n; i++) x[i] *= scale;
}

static void head_forward(const view *v, const float *qkv, float *shares, size_t stride,
                         float *context) {
  size_t ld = 3 * v->features;
  const float *keys = qkv + v->features, *values = qkv + 2 * v->features;
  for (size_t i = 0; i < v->time; i++) {
    float *p = shares + i * stride;
    size_t n = seen(v, i);
    memset(p, 0, n * sizeof *p);
    net_gemm_nt(1, n, v->width, qkv + i * ld, ld, keys, ld, p, n);
    for (size_t j = 0; j < n; j++) p[j] *= v->scale;
    softmax(n, p);
    net_gemm_nn(1, v->width, n, p, n, values, ld, context + i * v->features, v->features);
  }
}

/* to = x weight^T + bias */
static void project(size_t rows, size_t units, size_t features, const float *x, const float *weight,
                    const float *bias, float *to) {
  for (size_t r = 0; r < rows; r++) memcpy(to + r * units, bias, units * sizeof *to);
  net_gemm_nt(rows, units, features, x, features, weight, features, to, units);
}

static void attention_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  view v = view_of(run);
  size_t all = v.rows * v.time, n = v.features;
  bool keep = run->clock->training;
  project(all, 3 * n, n, run->in[X], run->in[IN_WEIGHT], run->in[IN_BIAS], v.qkv);
  memset(v.context, 0, all * n * sizeof *v.context);
  for (size_t r = 0; r < v.rows; r++) {
    for (size_t h = 0; h < v.heads; h++) {
      float *shares = keep ? v.shares + (r * v.heads + h) * v.time * v.time : run->scratch;
      head_forward(&v, v.qkv + r * v.time * 3 * n + h * v.width, shares, keep ? v.time : 0,
                   v.context + r * v.time * n + h * v.width);
    }
  }
  project(all, n, n, v.context, run->in[OUT_WEIGHT], run->in[OUT_BIAS], run->out);
}

/* dv += p^T dc; with ds = p (dp - sum of p dp), dp = dc v^T: dq += ds k, dk += ds^T q, all scaled. */
static void head_backward(const view *v, const float *qkv, const float *shares, const float *dc,
                          float *scores, float *dqkv) {
  size_t ld = 3 * v->features, n = v->features;
  for (size_t i = 0; i < v->time; i++) {
    const float *p = shares + i * v->time, *d = dc + i * n;
    size_t most = seen(v, i);
    memset(scores, 0, most * sizeof *scores);
    net_gemm_nt(1, most, v->width, d, n, qkv + 2 * n, ld, scores, most);
    float sum = lanes_dot(most, p, scores);
    for (size_t j = 0; j < most; j++) scores[j] = p[j] * (scores[j] - sum) * v->scale;
    net_gemm_nn(1, v->width, most, scores, most, qkv + n, ld, dqkv + i * ld, ld);
    net_gemm_tn(most, v->width, 1, scores, most, qkv + i * ld, ld, dqkv + n, ld);
    net_gemm_tn(most, v->width, 1, p, most, d, n, dqkv + 2 * n, ld);
  }
}

/* What goes back through x in_weight^T + in_bias, of row r. */
static void projection_backward(const net_run *run, const view *v, size_t r, const float *dqkv) {
  size_t n = v->features, at = r * v->time * n;
  if (run->din[X]) {
    net_gemm_nn(v->time, n, 3 * n, dqkv, 3 * n, run->in[IN_WEIGHT], n, run->din[X] + at, n);
  }
  if (run->din[IN_WEIGHT]) {
    net_gemm_tn(3 * n, n, v->time, dqkv, 3 * n, run->in[X] + at, n, run->din[IN_WEIGHT], n);
  }
  if (run->din[IN_BIAS]) lanes_add_rows(v->time, 3 * n, dqkv, 3 * n, run->din[IN_BIAS]);
}

static void attention_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  view v = view_of(run);
  size_t n = v.features, row = v.time * n;
  float *scores = run->scratch, *dc = scores + v.time, *dqkv = dc + row;
  for (size_t r = 0; r < v.rows; r++) {
    const float *dy = run->dout + r * row;
    memset(dc, 0, 4 * row * sizeof *dc);
    net_gemm_nn(v.time, n, n, dy, n, run->in[OUT_WEIGHT], n, dc, n);
    for (size_t h = 0; h < v.heads; h++) {
      head_backward(&v, v.qkv + 3 * r * row + h * v.width,
                    v.shares + (r * v.heads + h) * v.time * v.time, dc + h * v.width, scores,
                    dqkv + h * v.width);
    }
    projection_backward(run, &v, r, dqkv);
  }
  if (run->din[OUT_WEIGHT]) {
    net_gemm_tn(n, n, v.rows * v.time, run->dout, n, v.context, n, run->din[OUT_WEIGHT], n);
  }
  if (run->din[OUT_BIAS]) lanes_add_rows(v.rows * v.time, n, run->dout, n, run->din[OUT_BIAS]);
}

const net_op op_attention = {
    .kind = "attention",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"heads", 1, 1, 1 << 16, true}, {"causal", 0, 0, 1, true}},
    .infer = attention_infer,
    .parameters = attention_parameters,
    .flops = attention_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << X,
               .sizes = attention_sizes,
               .forward = attention_forward,
               .backward = attention_backward},
};
