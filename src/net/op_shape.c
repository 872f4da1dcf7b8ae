/* Inputs, parameters, and values in another shape. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/ops.h"

const net_op op_input = {.kind = "input"};
const net_op op_parameter = {.kind = "parameter"};

static lan_status reshape_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, 0), y = {0};
  char a[NET_SHAPE_TEXT], b[NET_SHAPE_TEXT];
  if (x.rank == 0) return lan_fail(err, LAN_EINVAL, "a single number has no other shape");
  y.dims[y.rank++] = x.dims[0];
  for (size_t i = 0; i < LAN_MAX_RANK - 1 && node->attribute[i] > 0; i++) {
    y.dims[y.rank++] = (uint32_t)node->attribute[i];
  }
  if (y.rank == 1) { /* none given: all in one */
    y.dims[y.rank++] = (uint32_t)(net_shape_count(x, 1) / (x.dims[0] == LAN_BATCH ? 1 : x.dims[0]));
  }
  if (net_shape_count(x, 1) != net_shape_count(y, 1)) {
    return lan_fail(err, LAN_EINVAL, "%s cannot be seen as %s: the numbers of values differ",
                    net_shape_text(x, a), net_shape_text(y, b));
  }
  node->shape = y;
  return LAN_OK;
}

static void reshape_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  memcpy(run->out, run->in[0], net_shape_count(run->out_shape, 0) * sizeof *run->out);
}

static void reshape_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  for (size_t i = 0, n = net_shape_count(run->out_shape, 0); i < n; i++) {
    run->din[0][i] += run->dout[i];
  }
}

const net_op op_reshape = {
    .kind = "reshape",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"a", 0, 0, 1 << 24, true},
                   {"b", 0, 0, 1 << 24, true},
                   {"c", 0, 0, 1 << 24, true},
                   {"d", 0, 0, 1 << 24, true}},
    .infer = reshape_infer,
    .kernel = {.name = "reference", .forward = reshape_forward, .backward = reshape_backward},
};
