/* Models as ONNX files (opset 17), which other programs run: https://onnx.ai/onnx/repo-docs/IR.html and
 * onnx.proto, whose field numbers these are. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "net/op.h"
#include "net/proto.h"
#include "train/model.h"

enum { IR_VERSION = 8, OPSET = 17 };
enum {
  MODEL_IR_VERSION = 1,
  MODEL_PRODUCER = 2,
  MODEL_PRODUCER_VERSION = 3,
  MODEL_GRAPH = 7,
  MODEL_OPSET = 8,
  MODEL_METADATA = 14
};
enum { OPSET_VERSION = 2, ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
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
enum { ELEMENT_FLOAT = 1, ELEMENT_INT64 = 7 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, SHAPED_ELEMENT = 1, SHAPED_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME = 2 };

/* What the file takes and gives is called. */
static const char INPUT[] = "example", OUTPUT[] = "probabilities";

typedef struct writer {
  const lan_net *net;
  lan_buf graph;
  lan_buf node, part, inner; /* while one is made */
  char at[NET_NAME_MAX + 16];
} writer;

/* ---- pieces ---- */

static void add_tensor(writer *w, const char *name, uint64_t type, const uint64_t *dims,
                       size_t rank, const void *bytes, size_t len) {
  lan_buf *t = &w->part;
  lan_buf_clear(t);
  for (size_t i = 0; i < rank; i++) proto_number(t, TENSOR_DIMS, dims[i]);
  proto_number(t, TENSOR_TYPE, type);
  proto_string(t, TENSOR_NAME, name);
  proto_bytes(t, TENSOR_RAW, (lan_str){bytes, len});
  proto_bytes(&w->graph, GRAPH_TENSOR, lan_buf_str(t));
}

static void add_numbers(writer *w, const char *name, const int64_t *numbers, size_t n) {
  add_tensor(w, name, ELEMENT_INT64, (uint64_t[]){n}, 1, numbers, n * sizeof *numbers);
}

/* A single float, of no dimension. */
static void add_scalar(writer *w, const char *name, float value) {
  add_tensor(w, name, ELEMENT_FLOAT, NULL, 0, &value, sizeof value);
}

static void begin(writer *w, const char *op, const char *name, const char *input) {
  lan_buf_clear(&w->node);
  proto_string(&w->node, NODE_OP, op);
  proto_string(&w->node, NODE_NAME, name);
  proto_string(&w->node, NODE_INPUT, input);
}

static void input(writer *w, const char *name) { proto_string(&w->node, NODE_INPUT, name); }

static void attribute(writer *w, const char *name, uint64_t type) {
  lan_buf_clear(&w->part);
  proto_string(&w->part, ATTRIBUTE_NAME, name);
  proto_number(&w->part, ATTRIBUTE_TYPE, type);
}

static void end_attribute(writer *w) {
  proto_bytes(&w->node, NODE_ATTRIBUTE, lan_buf_str(&w->part));
}

static void attribute_int(writer *w, const char *name, int64_t value) {
  attribute(w, name, TYPE_INT);
  proto_number(&w->part, ATTRIBUTE_I, (uint64_t)value);
  end_attribute(w);
}

static void attribute_float(writer *w, const char *name, double value) {
  attribute(w, name, TYPE_FLOAT);
  proto_float(&w->part, ATTRIBUTE_F, (float)value);
  end_attribute(w);
}

/* The same number n times: windows, strides, edges. */
static void attribute_ints(writer *w, const char *name, double value, size_t n) {
  attribute(w, name, TYPE_INTS);
  for (size_t i = 0; i < n; i++) proto_number(&w->part, ATTRIBUTE_INTS, (uint64_t)value);
  end_attribute(w);
}

static void end(writer *w, const char *output) {
  proto_string(&w->node, NODE_OUTPUT, output);
  proto_bytes(&w->graph, GRAPH_NODE, lan_buf_str(&w->node));
}

/* The value or parameter of a layer. */
static const char *name_of(const writer *w, lan_var v) {
  const net_node *n = &w->net->nodes.data[v];
  return n->op == net_op_find("parameter") ? w->net->parameters.data[n->number].name : n->name;
}

/* A name for what stands between the parts of a layer. */
static const char *between(writer *w, const net_node *n, const char *what) {
  snprintf(w->at, sizeof w->at, "%s.%s", n->name, what);
  return w->at;
}

/* ---- layers ---- */

/* An operation that ONNX has under another name, with the layer's values and parameters in order. */
static void same(writer *w, const net_node *n, const char *op) {
  begin(w, op, n->name, name_of(w, n->in[0]));
  for (size_t i = 1; i < n->n_in; i++) input(w, name_of(w, n->in[i]));
}

static void dense(writer *w, const net_node *n) {
  char turned[NET_NAME_MAX + 16], product[NET_NAME_MAX + 16];
  if (net_in(w->net, n, 0).rank == 2) {
    same(w, n, "Gemm");
    attribute_int(w, "transB", 1);
    end(w, n->name);
    return;
  }
  snprintf(turned, sizeof turned, "%s", between(w, n, "turned"));
  snprintf(product, sizeof product, "%s", n->n_in > 2 ? between(w, n, "product") : n->name);
  begin(w, "Transpose", turned, name_of(w, n->in[1]));
  end(w, turned);
  begin(w, "MatMul", product, name_of(w, n->in[0]));
  input(w, turned);
  end(w, product);
  if (n->n_in < 3) return;
  begin(w, "Add", n->name, product);
  input(w, name_of(w, n->in[2]));
  end(w, n->name);
}

static void conv(writer *w, const net_node *n) {
  same(w, n, "Conv");
  attribute_ints(w, "strides", n->attribute[2], 2);
  attribute_ints(w, "pads", n->attribute[3], 4);
  attribute_int(w, "group", (int64_t)n->attribute[4]);
  end(w, n->name);
}

static void max_pool(writer *w, const net_node *n) {
  same(w, n, "MaxPool");
  attribute_ints(w, "kernel_shape", n->attribute[0], 2);
  attribute_ints(w, "strides", n->attribute[1] > 0 ? n->attribute[1] : n->attribute[0], 2);
  attribute_ints(w, "pads", n->attribute[2], 4);
  end(w, n->name);
}

static void average_pool(writer *w, const net_node *n) {
  same(w, n, "AveragePool");
  attribute_ints(w, "kernel_shape", n->attribute[0], 2);
  attribute_ints(w, "strides", n->attribute[1] > 0 ? n->attribute[1] : n->attribute[0], 2);
  attribute_ints(w, "pads", n->attribute[2], 4);
  end(w, n->name);
}

static void global_pool(writer *w, const net_node *n) {
  char means[NET_NAME_MAX + 16];
  snprintf(means, sizeof means, "%s", between(w, n, "means"));
  begin(w, "GlobalAveragePool", means, name_of(w, n->in[0]));
  end(w, means);
  begin(w, "Flatten", n->name, means);
  end(w, n->name);
}

static void batch_norm(writer *w, const net_node *n) {
  same(w, n, "BatchNormalization");
  attribute_float(w, "epsilon", n->attribute[1]);
  end(w, n->name);
}

static void layer_norm(writer *w, const net_node *n) {
  same(w, n, "LayerNormalization");
  attribute_float(w, "epsilon", n->attribute[0]);
  end(w, n->name);
}

/* x / 2 (1 + erf(x / sqrt 2)) */
static void gelu(writer *w, const net_node *n) {
  const char *x = name_of(w, n->in[0]);
  char names[5][NET_NAME_MAX + 16];
  static const char *const parts[] = {"root2", "scaled", "erf", "one", "half"};
  for (size_t i = 0; i < 5; i++) snprintf(names[i], sizeof names[i], "%s", between(w, n, parts[i]));
  char more[2][NET_NAME_MAX + 16];
  snprintf(more[0], sizeof more[0], "%s", between(w, n, "gate"));
  snprintf(more[1], sizeof more[1], "%s", between(w, n, "gated"));
  add_scalar(w, names[0], 1.41421356F);
  add_scalar(w, names[3], 1);
  add_scalar(w, names[4], 0.5F);
  const char *const steps[][4] = {{"Div", x, names[0], names[1]},
                                  {"Erf", names[1], NULL, names[2]},
                                  {"Add", names[2], names[3], more[0]},
                                  {"Mul", x, more[0], more[1]},
                                  {"Mul", more[1], names[4], n->name}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    begin(w, steps[i][0], steps[i][3], steps[i][1]);
    if (steps[i][2]) input(w, steps[i][2]);
    end(w, steps[i][3]);
  }
}

static void silu(writer *w, const net_node *n) {
  char gate[NET_NAME_MAX + 16];
  snprintf(gate, sizeof gate, "%s", between(w, n, "gate"));
  begin(w, "Sigmoid", gate, name_of(w, n->in[0]));
  end(w, gate);
  begin(w, "Mul", n->name, name_of(w, n->in[0]));
  input(w, gate);
  end(w, n->name);
}

static void softmax(writer *w, const net_node *n) {
  same(w, n, "Softmax");
  attribute_int(w, "axis", -1);
  end(w, n->name);
}

static void concat(writer *w, const net_node *n) {
  same(w, n, "Concat");
  attribute_int(w, "axis", 1);
  end(w, n->name);
}

static void reshape(writer *w, const net_node *n) {
  int64_t dims[LAN_MAX_RANK];
  char shape[NET_NAME_MAX + 16];
  for (uint32_t i = 0; i < n->shape.rank; i++) {
    dims[i] = n->shape.dims[i] == LAN_BATCH ? -1 : (int64_t)n->shape.dims[i];
  }
  snprintf(shape, sizeof shape, "%s", between(w, n, "shape"));
  add_numbers(w, shape, dims, n->shape.rank);
  begin(w, "Reshape", n->name, name_of(w, n->in[0]));
  input(w, shape);
  end(w, n->name);
}

static void last(writer *w, const net_node *n) {
  char index[NET_NAME_MAX + 16];
  int64_t minus_one = -1;
  snprintf(index, sizeof index, "%s", between(w, n, "index"));
  add_tensor(w, index, ELEMENT_INT64, NULL, 0, &minus_one, sizeof minus_one);
  begin(w, "Gather", n->name, name_of(w, n->in[0]));
  input(w, index);
  attribute_int(w, "axis", 1);
  end(w, n->name);
}

static void relu(writer *w, const net_node *n) { same(w, n, "Relu"), end(w, n->name); }
static void tanh_of(writer *w, const net_node *n) { same(w, n, "Tanh"), end(w, n->name); }
static void sigmoid(writer *w, const net_node *n) { same(w, n, "Sigmoid"), end(w, n->name); }
static void add(writer *w, const net_node *n) { same(w, n, "Add"), end(w, n->name); }
static void multiply(writer *w, const net_node *n) { same(w, n, "Mul"), end(w, n->name); }
static void identity(writer *w, const net_node *n) { same(w, n, "Identity"), end(w, n->name); }

static const struct {
  const char *kind;
  void (*write)(writer *w, const net_node *n);
} layers[] = {{"add", add},
              {"average_pool", average_pool},
              {"batch_norm", batch_norm},
              {"concat", concat},
              {"conv2d", conv},
              {"dense", dense},
              {"dropout", identity}, /* drops nothing in inference */
              {"gelu", gelu},
              {"global_pool", global_pool},
              {"last", last},
              {"layer_norm", layer_norm},
              {"max_pool", max_pool},
              {"multiply", multiply},
              {"relu", relu},
              {"reshape", reshape},
              {"sigmoid", sigmoid},
              {"silu", silu},
              {"softmax", softmax},
              {"tanh", tanh_of}};

static lan_status write_layer(writer *w, const net_node *n, lan_error *err) {
  if (strcmp(n->name, INPUT) == 0 || strcmp(n->name, OUTPUT) == 0) {
    return lan_fail(err, LAN_EINVAL,
                    "layer '%s' is called as what an ONNX file takes or gives: rename it in the "
                    "model's description",
                    n->name);
  }
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    if (strcmp(layers[i].kind, n->op->kind) != 0) continue;
    layers[i].write(w, n);
    return LAN_OK;
  }
  return lan_fail(err, LAN_EINVAL,
                  "layer '%s' is of kind '%s', which cannot be written as ONNX by this version",
                  n->name, n->op->kind);
}

/* ---- the graph ---- */

static void add_dim(lan_buf *shape, lan_buf *dim, uint32_t value) {
  lan_buf_clear(dim);
  if (value == LAN_BATCH) {
    proto_string(dim, DIM_NAME, "batch");
  } else {
    proto_number(dim, DIM_VALUE, value);
  }
  proto_bytes(shape, SHAPE_DIM, lan_buf_str(dim));
}

/* What goes in or comes out: its name and shape. */
static void add_value(writer *w, uint32_t field, const char *name, lan_shape shape) {
  lan_buf *shaped = &w->part, *dims = &w->inner, *dim = &w->node;
  lan_buf_clear(dims);
  for (uint32_t i = 0; i < shape.rank; i++) add_dim(dims, dim, shape.dims[i]);
  lan_buf_clear(shaped);
  proto_number(shaped, SHAPED_ELEMENT, ELEMENT_FLOAT);
  proto_bytes(shaped, SHAPED_SHAPE, lan_buf_str(dims));
  lan_buf_clear(dims);
  proto_bytes(dims, TYPE_TENSOR, lan_buf_str(shaped));
  lan_buf_clear(shaped);
  proto_string(shaped, VALUE_NAME, name);
  proto_bytes(shaped, VALUE_TYPE, lan_buf_str(dims));
  proto_bytes(&w->graph, field, lan_buf_str(shaped));
}

/* From values between 0 and 1 to what the first layer takes. */
static void write_normalising(writer *w, const lan_model *m) {
  const uint64_t dims[] = {1, m->n_stats, 1, 1};
  add_tensor(w, "input/mean", ELEMENT_FLOAT, dims, 4, m->mean, m->n_stats * sizeof *m->mean);
  add_tensor(w, "input/std", ELEMENT_FLOAT, dims, 4, m->std, m->n_stats * sizeof *m->std);
  begin(w, "Sub", "input/centred", INPUT);
  input(w, "input/mean");
  end(w, "input/centred");
  begin(w, "Div", "x", "input/centred");
  input(w, "input/std");
  end(w, "x");
}

static void write_parameters(writer *w) {
  for (size_t i = 0; i < w->net->parameters.len; i++) {
    const net_parameter *p = &w->net->parameters.data[i];
    uint64_t dims[LAN_MAX_RANK];
    for (uint32_t k = 0; k < p->shape.rank; k++) dims[k] = p->shape.dims[k];
    add_tensor(w, p->name, ELEMENT_FLOAT, dims, p->shape.rank, p->values,
               p->count * sizeof *p->values);
  }
}

/* The nodes that the probabilities come from; `wanted` has one bool a node. */
static void mark_wanted(const lan_net *net, lan_var output, bool *wanted) {
  wanted[output] = true;
  for (lan_var v = output; v >= 0; v--) {
    const net_node *n = &net->nodes.data[v];
    for (size_t i = 0; wanted[v] && i < n->n_in; i++) wanted[n->in[i]] = true;
  }
}

static lan_status write_graph(writer *w, const lan_model *m, lan_error *err) {
  const lan_net *net = w->net;
  lan_var output = net->outputs.data[0].node;
  bool *wanted = lan_alloc_zeroed(net->nodes.len, sizeof *wanted);
  lan_status s = LAN_OK;
  if (!wanted) return lan_fail_memory(err, net->nodes.len);
  mark_wanted(net, output, wanted);
  proto_string(&w->graph, GRAPH_NAME, "lantoa");
  add_value(w, GRAPH_INPUT, INPUT,
            LAN_SHAPE(LAN_BATCH, m->info.channels, m->info.height, m->info.width));
  write_normalising(w, m);
  write_parameters(w);
  for (size_t v = 0; s == LAN_OK && v < net->nodes.len; v++) {
    const net_node *n = &net->nodes.data[v];
    if (wanted[v] && n->n_in > 0) s = write_layer(w, n, err);
  }
  begin(w, "Identity", OUTPUT, name_of(w, output));
  end(w, OUTPUT);
  add_value(w, GRAPH_OUTPUT, OUTPUT, LAN_SHAPE(LAN_BATCH, m->info.n_classes));
  free(wanted);
  return s;
}

/* ---- the file ---- */

static void add_metadata(lan_buf *file, lan_buf *entry, const char *key, const char *value) {
  lan_buf_clear(entry);
  proto_string(entry, ENTRY_KEY, key);
  proto_string(entry, ENTRY_VALUE, value);
  proto_bytes(file, MODEL_METADATA, lan_buf_str(entry));
}

static void write_file(writer *w, const lan_model *m, lan_buf *file) {
  lan_buf *classes = &w->inner;
  proto_number(file, MODEL_IR_VERSION, IR_VERSION);
  proto_string(file, MODEL_PRODUCER, "lantoa");
  proto_string(file, MODEL_PRODUCER_VERSION, lan_version());
  lan_buf_clear(&w->part);
  proto_number(&w->part, OPSET_VERSION, OPSET);
  proto_bytes(file, MODEL_OPSET, lan_buf_str(&w->part));
  lan_buf_clear(classes);
  for (uint32_t i = 0; i < m->info.n_classes; i++) {
    lan_buf_printf(classes, "%s%s", i ? "\n" : "", m->info.classes[i]);
  }
  add_metadata(file, &w->part, "classes", classes->failed ? "" : classes->data);
  add_metadata(file, &w->part, "example",
               model_sees_pictures(m)
                   ? "channels red, green, blue or grey; each value between 0 and 1"
                   : "a table's columns, as they are");
  proto_bytes(file, MODEL_GRAPH, lan_buf_str(&w->graph));
}

lan_status lan_model_export_onnx(const lan_model *m, const char *path, lan_error *err) {
  writer w = {.net = m->net};
  lan_buf file = {0};
  lan_status s = write_graph(&w, m, err);
  if (s == LAN_OK) {
    write_file(&w, m, &file);
    bool failed = file.failed || w.graph.failed || w.node.failed || w.part.failed || w.inner.failed;
    s = failed ? lan_fail_memory(err, 0) : lan_file_write(path, file.data, file.len, err);
  }
  lan_buf_free(&w.graph);
  lan_buf_free(&w.node);
  lan_buf_free(&w.part);
  lan_buf_free(&w.inner);
  lan_buf_free(&file);
  return s;
}
