/* Models as ONNX files (opset 17), which other programs run. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "train/model.h"
#include "train/onnx.h"

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
enum { GRAPH_NAME = 2, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, SHAPED_ELEMENT = 1, SHAPED_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME = 2 };

/* What the file takes and gives is called. */
static const char INPUT[] = "example", OUTPUT[] = "probabilities";

static lan_status write_layer(onnx_writer *w, const net_node *n, lan_error *err) {
  if (strcmp(n->name, INPUT) == 0 || strcmp(n->name, OUTPUT) == 0) {
    return lan_fail(err, LAN_EINVAL,
                    "layer '%s' is called as what an ONNX file takes or gives: rename it in the "
                    "model's description",
                    n->name);
  }
  if (onnx_layer(w, n)) return LAN_OK;
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
static void add_value(onnx_writer *w, uint32_t field, const char *name, lan_shape shape) {
  lan_buf *shaped = &w->part, *dims = &w->inner, *dim = &w->node;
  lan_buf_clear(dims);
  for (uint32_t i = 0; i < shape.rank; i++) add_dim(dims, dim, shape.dims[i]);
  lan_buf_clear(shaped);
  proto_number(shaped, SHAPED_ELEMENT, ONNX_FLOAT);
  proto_bytes(shaped, SHAPED_SHAPE, lan_buf_str(dims));
  lan_buf_clear(dims);
  proto_bytes(dims, TYPE_TENSOR, lan_buf_str(shaped));
  lan_buf_clear(shaped);
  proto_string(shaped, VALUE_NAME, name);
  proto_bytes(shaped, VALUE_TYPE, lan_buf_str(dims));
  proto_bytes(&w->graph, field, lan_buf_str(shaped));
}

/* From values between 0 and 1 to what the first layer takes. */
static void write_normalising(onnx_writer *w, const lan_model *m) {
  const uint64_t dims[] = {1, m->n_stats, 1, 1};
  onnx_tensor(w, "input/mean", ONNX_FLOAT, dims, 4, m->mean, m->n_stats * sizeof *m->mean);
  onnx_tensor(w, "input/std", ONNX_FLOAT, dims, 4, m->std, m->n_stats * sizeof *m->std);
  onnx_begin(w, "Sub", "input/centred", INPUT);
  onnx_input(w, "input/mean");
  onnx_end(w, "input/centred");
  onnx_begin(w, "Div", "x", "input/centred");
  onnx_input(w, "input/std");
  onnx_end(w, "x");
}

static void write_parameters(onnx_writer *w) {
  for (size_t i = 0; i < w->net->parameters.len; i++) {
    const net_parameter *p = &w->net->parameters.data[i];
    uint64_t dims[LAN_MAX_RANK];
    for (uint32_t k = 0; k < p->shape.rank; k++) dims[k] = p->shape.dims[k];
    onnx_tensor(w, p->name, ONNX_FLOAT, dims, p->shape.rank, p->values,
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

static lan_status write_graph(onnx_writer *w, const lan_model *m, lan_error *err) {
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
  onnx_begin(w, "Identity", OUTPUT, onnx_name(w, output));
  onnx_end(w, OUTPUT);
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

static void write_file(onnx_writer *w, const lan_model *m, lan_buf *file) {
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
  onnx_writer w = {.net = m->net};
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
