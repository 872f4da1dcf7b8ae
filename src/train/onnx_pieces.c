#include "train/onnx.h"

enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum {
  ATTRIBUTE_NAME = 1,
  ATTRIBUTE_F = 2,
  ATTRIBUTE_I = 3,
  ATTRIBUTE_INTS = 8,
  ATTRIBUTE_TYPE = 20
};
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };

void onnx_tensor(onnx_writer *w, const char *name, uint64_t type, const uint64_t *dims, size_t rank,
                 const void *bytes, size_t len) {
  lan_buf *t = &w->part;
  lan_buf_clear(t);
  for (size_t i = 0; i < rank; i++) proto_number(t, TENSOR_DIMS, dims[i]);
  proto_number(t, TENSOR_TYPE, type);
  proto_string(t, TENSOR_NAME, name);
  proto_bytes(t, TENSOR_RAW, (lan_str){bytes, len});
  proto_bytes(&w->graph, ONNX_GRAPH_TENSOR, lan_buf_str(t));
}

void onnx_numbers(onnx_writer *w, const char *name, const int64_t *numbers, size_t n) {
  onnx_tensor(w, name, ONNX_INT64, (uint64_t[]){n}, 1, numbers, n * sizeof *numbers);
}

void onnx_scalar(onnx_writer *w, const char *name, float value) {
  onnx_tensor(w, name, ONNX_FLOAT, NULL, 0, &value, sizeof value);
}

void onnx_begin(onnx_writer *w, const char *op, const char *name, const char *input) {
  lan_buf_clear(&w->node);
  proto_string(&w->node, NODE_OP, op);
  proto_string(&w->node, NODE_NAME, name);
  proto_string(&w->node, NODE_INPUT, input);
}

void onnx_input(onnx_writer *w, const char *name) { proto_string(&w->node, NODE_INPUT, name); }

static void attribute(onnx_writer *w, const char *name, uint64_t type) {
  lan_buf_clear(&w->part);
  proto_string(&w->part, ATTRIBUTE_NAME, name);
  proto_number(&w->part, ATTRIBUTE_TYPE, type);
}

static void end_attribute(onnx_writer *w) {
  proto_bytes(&w->node, NODE_ATTRIBUTE, lan_buf_str(&w->part));
}

void onnx_int(onnx_writer *w, const char *name, int64_t value) {
  attribute(w, name, TYPE_INT);
  proto_number(&w->part, ATTRIBUTE_I, (uint64_t)value);
  end_attribute(w);
}

void onnx_float(onnx_writer *w, const char *name, double value) {
  attribute(w, name, TYPE_FLOAT);
  proto_float(&w->part, ATTRIBUTE_F, (float)value);
  end_attribute(w);
}

void onnx_ints(onnx_writer *w, const char *name, const int64_t *values, size_t n) {
  attribute(w, name, TYPE_INTS);
  for (size_t i = 0; i < n; i++) proto_number(&w->part, ATTRIBUTE_INTS, (uint64_t)values[i]);
  end_attribute(w);
}

void onnx_output(onnx_writer *w, const char *name) { proto_string(&w->node, NODE_OUTPUT, name); }

void onnx_end(onnx_writer *w, const char *output) {
  onnx_output(w, output);
  proto_bytes(&w->graph, ONNX_GRAPH_NODE, lan_buf_str(&w->node));
}
