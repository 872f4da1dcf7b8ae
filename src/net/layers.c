/* The public functions that make layers: each names its table and gives its attributes. */
#include <string.h>

#include "net/ops.h"

const net_op *const net_ops[] = {&op_input,        &op_parameter,     &op_dense,      &op_relu,
                                 &op_gelu,         &op_silu,          &op_tanh,       &op_sigmoid,
                                 &op_add,          &op_multiply,      &op_dropout,    &op_softmax,
                                 &op_reshape,      &op_cross_entropy, &op_conv2d,     &op_max_pool,
                                 &op_average_pool, &op_global_pool,   &op_batch_norm, NULL};

const net_op *net_op_find(const char *kind) {
  for (size_t i = 2; net_ops[i]; i++) { /* inputs and parameters are made otherwise */
    if (strcmp(net_ops[i]->kind, kind) == 0) return net_ops[i];
  }
  return NULL;
}

static lan_var layer(lan_net *net, const net_op *op, const lan_var *in, size_t n_in,
                     const double *attributes) {
  return net_add(net, op, NULL, in, n_in, attributes, NULL, LAN_NONE);
}

static lan_var one(lan_net *net, const net_op *op, lan_var x, const double *attributes) {
  return layer(net, op, &x, 1, attributes);
}

static lan_var two(lan_net *net, const net_op *op, lan_var a, lan_var b, const double *attributes) {
  return layer(net, op, (lan_var[]){a, b}, 2, attributes);
}

lan_var lan_net_dense(lan_net *net, lan_var x, uint32_t units) {
  return one(net, &op_dense, x, (double[]){units, 1});
}

lan_var lan_net_conv2d(lan_net *net, lan_var x, uint32_t filters, uint32_t size,
                       const lan_conv_options *options) {
  lan_conv_options o = options ? *options : (lan_conv_options){0};
  return one(net, &op_conv2d, x,
             (double[]){filters, size, o.stride ? o.stride : 1, o.padding, o.groups ? o.groups : 1,
                        !o.no_bias});
}

lan_var lan_net_max_pool(lan_net *net, lan_var x, uint32_t size, uint32_t stride,
                         uint32_t padding) {
  return one(net, &op_max_pool, x, (double[]){size, stride, padding});
}

lan_var lan_net_average_pool(lan_net *net, lan_var x, uint32_t size, uint32_t stride,
                             uint32_t padding) {
  return one(net, &op_average_pool, x, (double[]){size, stride, padding});
}

lan_var lan_net_global_pool(lan_net *net, lan_var x) { return one(net, &op_global_pool, x, NULL); }

lan_var lan_net_batch_norm(lan_net *net, lan_var x) {
  return one(net, &op_batch_norm, x, (double[]){0.1, 1e-5});
}

lan_var lan_net_relu(lan_net *net, lan_var x) { return one(net, &op_relu, x, NULL); }
lan_var lan_net_gelu(lan_net *net, lan_var x) { return one(net, &op_gelu, x, NULL); }
lan_var lan_net_silu(lan_net *net, lan_var x) { return one(net, &op_silu, x, NULL); }
lan_var lan_net_tanh(lan_net *net, lan_var x) { return one(net, &op_tanh, x, NULL); }
lan_var lan_net_sigmoid(lan_net *net, lan_var x) { return one(net, &op_sigmoid, x, NULL); }
lan_var lan_net_softmax(lan_net *net, lan_var x) { return one(net, &op_softmax, x, NULL); }

lan_var lan_net_dropout(lan_net *net, lan_var x, float rate) {
  return one(net, &op_dropout, x, (double[]){(double)rate});
}

lan_var lan_net_add(lan_net *net, lan_var a, lan_var b) { return two(net, &op_add, a, b, NULL); }

lan_var lan_net_multiply(lan_net *net, lan_var a, lan_var b) {
  return two(net, &op_multiply, a, b, NULL);
}

lan_var lan_net_reshape(lan_net *net, lan_var x, lan_shape shape) {
  lan_shape from = lan_net_shape(net, x);
  if (shape.rank < 2 || shape.rank > LAN_MAX_RANK || from.rank == 0 ||
      shape.dims[0] != from.dims[0]) {
    return net_fail(net, LAN_EINVAL, "a reshape keeps the first dimension and needs a second one");
  }
  double dims[NET_ATTRIBUTES] = {0};
  for (uint32_t i = 1; i < shape.rank; i++) dims[i - 1] = shape.dims[i];
  return one(net, &op_reshape, x, dims);
}

lan_var lan_net_flatten(lan_net *net, lan_var x) {
  return one(net, &op_reshape, x, (double[NET_ATTRIBUTES]){0});
}

lan_var lan_net_cross_entropy(lan_net *net, lan_var logits, lan_var targets, float smoothing) {
  return two(net, &op_cross_entropy, logits, targets, (double[]){(double)smoothing});
}
