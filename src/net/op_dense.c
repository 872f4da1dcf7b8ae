/* y = x W^T + b over the last dimension. */
#include <math.h>

#include "base/error.h"
#include "net/gemm.h"
#include "net/ops.h"

enum { X, W, B };

static lan_status dense_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, X);
  char text[NET_SHAPE_TEXT];
  if (x.rank < 2) {
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, features), not %s",
                    net_shape_text(x, text));
  }
  node->shape = x;
  node->shape.dims[x.rank - 1] = (uint32_t)node->attribute[0];
  return LAN_OK;
}

static size_t dense_parameters(const lan_net *net, const net_node *node,
                               net_parameter_spec specs[NET_PARAMETERS]) {
  lan_shape x = net_in(net, node, X);
  uint32_t features = x.dims[x.rank - 1], units = (uint32_t)node->attribute[0];
  specs[0] = (net_parameter_spec){.name = "weight",
                                  .shape = LAN_SHAPE(units, features),
                                  .init = NET_UNIFORM,
                                  .scale = sqrt(6.0 / features)};
  specs[1] = (net_parameter_spec){.name = "bias", .shape = LAN_SHAPE(units), .no_decay = true};
  return node->attribute[1] != 0 ? 2 : 1;
}

static double dense_flops(const lan_shape *in, lan_shape out) {
  return 2.0 * (double)net_shape_count(out, 1) * in[X].dims[in[X].rank - 1];
}

static void dense_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->out_shape), units = net_columns(run->out_shape);
  size_t features = net_columns(run->in_shape[X]);
  for (size_t r = 0; r < rows; r++) {
    for (size_t u = 0; u < units; u++) run->out[r * units + u] = run->n_in > B ? run->in[B][u] : 0;
  }
  net_gemm_nt(rows, units, features, run->in[X], features, run->in[W], features, run->out, units);
}

static void dense_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t rows = net_rows(run->out_shape), units = net_columns(run->out_shape);
  size_t features = net_columns(run->in_shape[X]);
  const float *dy = run->dout;
  if (run->din[X]) {
    net_gemm_nn(rows, features, units, dy, units, run->in[W], features, run->din[X], features);
  }
  if (run->din[W]) {
    net_gemm_tn(units, features, rows, dy, units, run->in[X], features, run->din[W], features);
  }
  if (run->n_in > B && run->din[B]) {
    for (size_t r = 0; r < rows; r++) {
      for (size_t u = 0; u < units; u++) run->din[B][u] += dy[r * units + u];
    }
  }
}

const net_op op_dense = {
    .kind = "dense",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"units", NAN, 1, 1 << 24, true}, {"bias", 1, 0, 1, true}},
    .infer = dense_infer,
    .parameters = dense_parameters,
    .flops = dense_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << X,
               .forward = dense_forward,
               .backward = dense_backward},
};
