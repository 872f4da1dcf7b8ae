/* The public functions that make layers: each names its table and gives its attributes. */
#include <string.h>

#include "net/ops.h"

const net_op *const net_ops[] = {&op_input,
                                 &op_parameter,
                                 &op_dense,
                                 &op_relu,
                                 &op_gelu,
                                 &op_silu,
                                 &op_tanh,
                                 &op_sigmoid,
                                 &op_add,
                                 &op_multiply,
                                 &op_dropout,
                                 &op_softmax,
                                 &op_reshape,
                                 &op_conv2d,
                                 &op_max_pool,
                                 &op_average_pool,
                                 &op_global_pool,
                                 &op_batch_norm,
                                 &op_layer_norm,
                                 &op_embedding,
                                 &op_concat,
                                 &op_last,
                                 &op_attention,
                                 &op_gru,
                                 &op_conductance,
                                 &op_propagate,
                                 &op_cross_entropy,
                                 &op_listwise,
                                 &op_binary_cross_entropy,
                                 &op_mean_squared_error,
                                 &op_huber,
                                 NULL};

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

lan_var lan_net_layer_norm(lan_net *net, lan_var x) {
  return one(net, &op_layer_norm, x, (double[]){1e-5});
}

lan_var lan_net_concat(lan_net *net, const lan_var *parts, size_t n_parts) {
  return layer(net, &op_concat, parts, n_parts, NULL);
}

lan_var lan_net_last(lan_net *net, lan_var x) { return one(net, &op_last, x, NULL); }

lan_var lan_net_embedding(lan_net *net, lan_var indices, uint32_t count, uint32_t features) {
  return one(net, &op_embedding, indices, (double[]){count, features});
}

lan_var lan_net_attention(lan_net *net, lan_var x, uint32_t heads, int causal) {
  return one(net, &op_attention, x, (double[]){heads, causal != 0});
}

lan_var lan_net_gru(lan_net *net, lan_var x, uint32_t units) {
  return one(net, &op_gru, x, (double[]){units});
}

static lan_var over_edges(lan_net *net, const net_op *op, const lan_var *in, size_t n_in,
                          const lan_edges *edges) {
  lan_edges *own = edges ? lan_arena_alloc(&net->arena, 1, sizeof *own) : NULL;
  if (edges && !own) return net_fail(net, LAN_ENOMEM, "out of memory");
  if (own) *own = *edges;
  return net_add(net, op, NULL, in, n_in, NULL, own, LAN_NONE);
}

lan_var lan_net_propagate(lan_net *net, lan_var x, lan_var weights, const lan_edges *edges) {
  return over_edges(net, &op_propagate, (lan_var[]){x, weights}, 2, edges);
}

lan_var lan_net_conductance(lan_net *net, lan_var theta, lan_var phi, lan_var form,
                            const lan_edges *edges) {
  bool features = edges && edges->n_features > 0;
  const lan_var in[] = {theta, features ? phi : form, form};
  return over_edges(net, &op_conductance, in, features ? 3 : 2, edges);
}

/* ---- losses ---- */

lan_var lan_net_cross_entropy(lan_net *net, lan_var logits, lan_var targets, float smoothing) {
  return two(net, &op_cross_entropy, logits, targets, (double[]){(double)smoothing});
}

lan_var lan_net_listwise(lan_net *net, lan_var logits, lan_var targets, lan_var mask) {
  return layer(net, &op_listwise, (lan_var[]){logits, targets, mask}, 3, NULL);
}

lan_var lan_net_binary_cross_entropy(lan_net *net, lan_var logits, lan_var targets) {
  return two(net, &op_binary_cross_entropy, logits, targets, NULL);
}

lan_var lan_net_mean_squared_error(lan_net *net, lan_var x, lan_var targets) {
  return two(net, &op_mean_squared_error, x, targets, NULL);
}

lan_var lan_net_huber(lan_net *net, lan_var x, lan_var targets, float delta) {
  return two(net, &op_huber, x, targets, (double[]){(double)delta});
}
