/* Values taken from others as they are: rows of a table, arrays side by side, the last of a sequence. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/lanes.h"
#include "net/ops.h"

/* ---- embedding ---- */

enum { INDICES, TABLE };

static lan_status embedding_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, INDICES);
  if (x.rank < 1 || x.rank >= LAN_MAX_RANK) {
    char text[NET_SHAPE_TEXT];
    return lan_fail(err, LAN_EINVAL, "its input must be (batch) or (batch, time), not %s",
                    net_shape_text(x, text));
  }
  x.dims[x.rank++] = (uint32_t)node->attribute[1];
  node->shape = x;
  return LAN_OK;
}

static size_t embedding_parameters(const lan_net *net, const net_node *node,
                                   net_parameter_spec specs[NET_PARAMETERS]) {
  (void)net;
  specs[0] = (net_parameter_spec){
      .name = "weight",
      .shape = LAN_SHAPE((uint32_t)node->attribute[0], (uint32_t)node->attribute[1]),
      .init = NET_NORMAL,
      .scale = 1};
  return 1;
}

/* What is no whole number below `count` is row 0. */
static size_t row_of(float index, size_t count) {
  if (!(index >= 0 && index < (float)count)) return 0;
  size_t row = (size_t)index;
  return (float)row == index && row < count ? row : 0;
}

static void embedding_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->out_shape), n = net_columns(run->out_shape);
  size_t count = run->in_shape[TABLE].dims[0];
  for (size_t r = 0; r < rows; r++) {
    const float *from = run->in[TABLE] + row_of(run->in[INDICES][r], count) * n;
    memcpy(run->out + r * n, from, n * sizeof *from);
  }
}

static void embedding_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[TABLE]) return;
  size_t rows = net_rows(run->out_shape), n = net_columns(run->out_shape);
  size_t count = run->in_shape[TABLE].dims[0];
  for (size_t r = 0; r < rows; r++) {
    float *to = run->din[TABLE] + row_of(run->in[INDICES][r], count) * n;
    lanes_add_scaled(n, 1, run->dout + r * n, to);
  }
}

static double no_flops(const lan_shape *in, lan_shape out) {
  (void)in;
  (void)out;
  return 0;
}

/* Indices are whole numbers below 2^24, which a float holds exactly. */
const net_op op_embedding = {
    .kind = "embedding",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"count", NAN, 1, 1 << 24, true}, {"features", NAN, 1, 1 << 24, true}},
    .infer = embedding_infer,
    .parameters = embedding_parameters,
    .flops = no_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << INDICES,
               .forward = embedding_forward,
               .backward = embedding_backward},
};

/* ---- concat ---- */

enum { MOST_PARTS = 8 };

static lan_status concat_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape all = net_in(net, node, 0);
  char a[NET_SHAPE_TEXT], b[NET_SHAPE_TEXT];
  if (all.rank < 2) return lan_fail(err, LAN_EINVAL, "its inputs must be (batch, features, ...)");
  uint64_t width = all.dims[1];
  for (size_t k = 1; k < node->n_values; k++) {
    lan_shape part = net_in(net, node, k), like = all;
    if (part.rank == all.rank) like.dims[1] = part.dims[1];
    if (!net_shape_equal(part, like)) {
      return lan_fail(err, LAN_EINVAL,
                      "its inputs may differ in the second dimension alone, but have %s and %s",
                      net_shape_text(all, a), net_shape_text(part, b));
    }
    width += part.dims[1];
  }
  if (width > UINT32_MAX) return lan_fail(err, LAN_ERANGE, "its inputs are too wide together");
  node->shape = all;
  node->shape.dims[1] = (uint32_t)width;
  return LAN_OK;
}

/* Values of one row of a part. */
static size_t row_values(lan_shape s) { return net_shape_count(s, 0) / s.dims[0]; }

static void concat_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t all = row_values(run->out_shape), at = 0;
  for (size_t k = 0; k < run->n_in; k++) {
    size_t n = row_values(run->in_shape[k]);
    for (size_t r = 0; r < run->out_shape.dims[0]; r++) {
      memcpy(run->out + r * all + at, run->in[k] + r * n, n * sizeof *run->out);
    }
    at += n;
  }
}

static void concat_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t all = row_values(run->out_shape), at = 0;
  for (size_t k = 0; k < run->n_in; k++) {
    size_t n = row_values(run->in_shape[k]);
    for (size_t r = 0; run->din[k] && r < run->out_shape.dims[0]; r++) {
      lanes_add_scaled(n, 1, run->dout + r * all + at, run->din[k] + r * n);
    }
    at += n;
  }
}

const net_op op_concat = {
    .kind = "concat",
    .least_in = 1,
    .most_in = MOST_PARTS,
    .infer = concat_infer,
    .flops = no_flops,
    .kernel = {.name = "reference", .forward = concat_forward, .backward = concat_backward},
};

/* ---- last ---- */

static lan_status last_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, 0);
  if (x.rank != 3) {
    char text[NET_SHAPE_TEXT];
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, time, features), not %s",
                    net_shape_text(x, text));
  }
  node->shape = LAN_SHAPE(x.dims[0], x.dims[2]);
  return LAN_OK;
}

static void last_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t n = run->out_shape.dims[1], all = row_values(run->in_shape[0]);
  for (size_t r = 0; r < run->out_shape.dims[0]; r++) {
    memcpy(run->out + r * n, run->in[0] + (r + 1) * all - n, n * sizeof *run->out);
  }
}

static void last_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  size_t n = run->out_shape.dims[1], all = row_values(run->in_shape[0]);
  for (size_t r = 0; r < run->out_shape.dims[0]; r++) {
    lanes_add_scaled(n, 1, run->dout + r * n, run->din[0] + (r + 1) * all - n);
  }
}

const net_op op_last = {
    .kind = "last",
    .least_in = 1,
    .most_in = 1,
    .infer = last_infer,
    .flops = no_flops,
    .kernel = {.name = "reference", .forward = last_forward, .backward = last_backward},
};
