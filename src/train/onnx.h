/* The pieces that ONNX graphs are written of: https://onnx.ai/onnx/repo-docs/IR.html and onnx.proto, whose field
 * numbers these are. */
#ifndef TRAIN_ONNX_H
#define TRAIN_ONNX_H

#include "net/op.h"
#include "net/proto.h"

enum { ONNX_GRAPH_NODE = 1, ONNX_GRAPH_TENSOR = 5 };
enum { ONNX_FLOAT = 1, ONNX_INT64 = 7 }; /* kinds of elements */

typedef struct onnx_writer {
  const lan_net *net;
  lan_buf graph;
  lan_buf node, part, inner; /* while one is made */
} onnx_writer;

/* ---- constants ---- */

void onnx_tensor(onnx_writer *w, const char *name, uint64_t type, const uint64_t *dims, size_t rank,
                 const void *bytes, size_t len);
void onnx_numbers(onnx_writer *w, const char *name, const int64_t *numbers, size_t n);
/* A single float, of no dimension. */
void onnx_scalar(onnx_writer *w, const char *name, float value);

/* ---- a node: begun, its further inputs and its attributes, its further outputs, ended ---- */

void onnx_begin(onnx_writer *w, const char *op, const char *name, const char *input);
void onnx_input(onnx_writer *w, const char *name);
void onnx_int(onnx_writer *w, const char *name, int64_t value);
void onnx_float(onnx_writer *w, const char *name, double value);
void onnx_ints(onnx_writer *w, const char *name, const int64_t *values, size_t n);
void onnx_output(onnx_writer *w, const char *name);
/* With its (last) output. */
void onnx_end(onnx_writer *w, const char *output);

/* ---- layers (onnx_layers.c) ---- */

/* False: it is of a kind that cannot be expressed. */
bool onnx_layer(onnx_writer *w, const net_node *n);
/* What a layer's value, or a parameter, is called. */
const char *onnx_name(const onnx_writer *w, lan_var v);

#endif
