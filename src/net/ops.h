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
/* op_softmax.c */
extern const net_op op_softmax;
/* op_loss.c */
extern const net_op op_cross_entropy;

/* Rows and columns of a value seen as a matrix: all but the last dimension, and the last. */
static inline size_t net_columns(lan_shape s) { return s.rank ? s.dims[s.rank - 1] : 1; }
static inline size_t net_rows(lan_shape s) { return net_shape_count(s, 0) / net_columns(s); }

#endif
