/* The table of each operation, one file a family: op_<family>.c. */
#ifndef NET_OPS_H
#define NET_OPS_H

#include "net/op.h"

/* op_shape.c */
extern const net_op op_input, op_parameter, op_reshape;
/* op_dense.c */
extern const net_op op_dense;
/* op_pointwise.c */
extern const net_op op_relu, op_gelu, op_silu, op_tanh, op_sigmoid, op_add, op_multiply, op_dropout;
/* op_conv.c */
extern const net_op op_conv2d;
/* op_pool.c */
extern const net_op op_max_pool, op_average_pool, op_global_pool;
/* op_batch_norm.c */
extern const net_op op_batch_norm;
/* op_softmax.c */
extern const net_op op_softmax;
/* op_layer_norm.c */
extern const net_op op_layer_norm;
/* op_select.c */
extern const net_op op_embedding, op_concat, op_last;
/* op_attention.c, op_conductance.c, op_gru.c, op_propagate.c */
extern const net_op op_attention, op_conductance, op_gru, op_propagate;
/* op_loss.c */
extern const net_op op_cross_entropy, op_listwise, op_binary_cross_entropy, op_mean_squared_error,
    op_huber;

/* Height and width after windows of `size` went over x (batch, channels, height, width): into dims 2 and 3
 * of `out`. */
lan_status net_window_shape(lan_shape x, uint32_t size, uint32_t stride, uint32_t padding,
                            lan_shape *out, lan_error *err);

/* Batch norm's running statistics move towards those of this batch, which run->saved holds as mean and 1 /
 * deviation of each channel. For one shard, when no other reads them. */
void net_norm_remember(const net_run *run);

/* Rows and columns of a value seen as a matrix: all but the last dimension, and the last. */
static inline size_t net_columns(lan_shape s) { return s.rank ? s.dims[s.rank - 1] : 1; }
static inline size_t net_rows(lan_shape s) { return net_shape_count(s, 0) / net_columns(s); }

/* Bytes of so many floats, for net_sizes; more than any machine has stays that. */
static inline size_t net_float_bytes(double floats) {
  return floats > 0x1p50 ? (size_t)1 << 52 : (size_t)floats * sizeof(float);
}

#endif
