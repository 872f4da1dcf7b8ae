/* Each kind of layer as the operations that ONNX (opset 17) has. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/onnx.h"

/* A name for what stands between the parts of a layer: no layer's has a dot. */
typedef struct label {
  char text[NET_NAME_MAX + 24];
} label;

static label between(const net_node *n, const char *what) {
  label l;
  snprintf(l.text, sizeof l.text, "%s.%s", n->name, what);
  return l;
}

const char *onnx_name(const onnx_writer *w, lan_var v) {
  const net_node *n = &w->net->nodes.data[v];
  return n->op == net_op_find("parameter") ? w->net->parameters.data[n->number].name : n->name;
}

static const char *input_of(const onnx_writer *w, const net_node *n, size_t i) {
  return onnx_name(w, n->in[i]);
}

/* ---- what most are made of ---- */

/* An operation that ONNX has under another name, with the layer's values and parameters in order. */
static void same(onnx_writer *w, const net_node *n, const char *op) {
  onnx_begin(w, op, n->name, input_of(w, n, 0));
  for (size_t i = 1; i < n->n_in; i++) onnx_input(w, input_of(w, n, i));
}

/* An operation of one or two (`b` NULL: one) without attributes. */
static void step(onnx_writer *w, const char *op, const char *a, const char *b, const char *output) {
  onnx_begin(w, op, output, a);
  if (b) onnx_input(w, b);
  onnx_end(w, output);
}

static void transpose(onnx_writer *w, const char *x, const int64_t *order, size_t rank,
                      const char *output) {
  onnx_begin(w, "Transpose", output, x);
  onnx_ints(w, "perm", order, rank);
  onnx_end(w, output);
}

/* x weight^T [+ bias], over the last dimension. */
static void project(onnx_writer *w, const net_node *n, const char *what, const char *x,
                    const char *weight, const char *bias, const char *output) {
  char part[24];
  snprintf(part, sizeof part, "%s_turned", what);
  label turned = between(n, part);
  snprintf(part, sizeof part, "%s_product", what);
  label product = between(n, part);
  transpose(w, weight, (int64_t[]){1, 0}, 2, turned.text);
  step(w, "MatMul", x, turned.text, bias ? product.text : output);
  if (bias) step(w, "Add", product.text, bias, output);
}

/* ---- layers of one operation, or a few ---- */

static void dense(onnx_writer *w, const net_node *n) {
  const char *bias = n->n_in > 2 ? input_of(w, n, 2) : NULL;
  if (net_in(w->net, n, 0).rank == 2) {
    same(w, n, "Gemm");
    onnx_int(w, "transB", 1);
    onnx_end(w, n->name);
    return;
  }
  project(w, n, "weight", input_of(w, n, 0), input_of(w, n, 1), bias, n->name);
}

/* The same number for all directions: windows, strides, edges. */
static void all(onnx_writer *w, const char *name, double value, size_t n) {
  int64_t values[4];
  for (size_t i = 0; i < n; i++) values[i] = (int64_t)value;
  onnx_ints(w, name, values, n);
}

static void conv(onnx_writer *w, const net_node *n) {
  same(w, n, "Conv");
  all(w, "strides", n->attribute[2], 2);
  all(w, "pads", n->attribute[3], 4);
  onnx_int(w, "group", (int64_t)n->attribute[4]);
  onnx_end(w, n->name);
}

static void pool(onnx_writer *w, const net_node *n) {
  bool most = strcmp(n->op->kind, "max_pool") == 0;
  same(w, n, most ? "MaxPool" : "AveragePool");
  all(w, "kernel_shape", n->attribute[0], 2);
  all(w, "strides", n->attribute[1] > 0 ? n->attribute[1] : n->attribute[0], 2);
  all(w, "pads", n->attribute[2], 4);
  onnx_end(w, n->name);
}

static void global_pool(onnx_writer *w, const net_node *n) {
  label means = between(n, "means");
  step(w, "GlobalAveragePool", input_of(w, n, 0), NULL, means.text);
  step(w, "Flatten", means.text, NULL, n->name);
}

static void batch_norm(onnx_writer *w, const net_node *n) {
  same(w, n, "BatchNormalization");
  onnx_float(w, "epsilon", n->attribute[1]);
  onnx_end(w, n->name);
}

static void layer_norm(onnx_writer *w, const net_node *n) {
  same(w, n, "LayerNormalization");
  onnx_float(w, "epsilon", n->attribute[0]);
  onnx_end(w, n->name);
}

/* x / 2 (1 + erf(x / sqrt 2)) */
static void gelu(onnx_writer *w, const net_node *n) {
  const char *x = input_of(w, n, 0);
  label root = between(n, "root2"), scaled = between(n, "scaled"), erf = between(n, "erf");
  label one = between(n, "one"), gate = between(n, "gate"), gated = between(n, "gated");
  label half = between(n, "half");
  onnx_scalar(w, root.text, 1.41421356F);
  onnx_scalar(w, one.text, 1);
  onnx_scalar(w, half.text, 0.5F);
  step(w, "Div", x, root.text, scaled.text);
  step(w, "Erf", scaled.text, NULL, erf.text);
  step(w, "Add", erf.text, one.text, gate.text);
  step(w, "Mul", x, gate.text, gated.text);
  step(w, "Mul", gated.text, half.text, n->name);
}

static void silu(onnx_writer *w, const net_node *n) {
  label gate = between(n, "gate");
  step(w, "Sigmoid", input_of(w, n, 0), NULL, gate.text);
  step(w, "Mul", input_of(w, n, 0), gate.text, n->name);
}

static void softmax(onnx_writer *w, const net_node *n) {
  same(w, n, "Softmax");
  onnx_int(w, "axis", -1);
  onnx_end(w, n->name);
}

static void concat(onnx_writer *w, const net_node *n) {
  same(w, n, "Concat");
  onnx_int(w, "axis", 1);
  onnx_end(w, n->name);
}

static void reshape_to(onnx_writer *w, const net_node *n, const char *what, const char *x,
                       const int64_t *dims, size_t rank, const char *output) {
  label shape = between(n, what);
  onnx_numbers(w, shape.text, dims, rank);
  step(w, "Reshape", x, shape.text, output);
}

static void reshape(onnx_writer *w, const net_node *n) {
  int64_t dims[LAN_MAX_RANK];
  for (uint32_t i = 0; i < n->shape.rank; i++) {
    dims[i] = n->shape.dims[i] == LAN_BATCH ? -1 : (int64_t)n->shape.dims[i];
  }
  reshape_to(w, n, "shape", input_of(w, n, 0), dims, n->shape.rank, n->name);
}

static void last(onnx_writer *w, const net_node *n) {
  label index = between(n, "index");
  onnx_tensor(w, index.text, ONNX_INT64, NULL, 0, &(int64_t){-1}, sizeof(int64_t));
  same(w, n, "Gather");
  onnx_input(w, index.text);
  onnx_int(w, "axis", 1);
  onnx_end(w, n->name);
}

static void plain(onnx_writer *w, const net_node *n, const char *op) {
  same(w, n, op);
  onnx_end(w, n->name);
}

static void relu(onnx_writer *w, const net_node *n) { plain(w, n, "Relu"); }
static void tanh_of(onnx_writer *w, const net_node *n) { plain(w, n, "Tanh"); }
static void sigmoid(onnx_writer *w, const net_node *n) { plain(w, n, "Sigmoid"); }
static void add(onnx_writer *w, const net_node *n) { plain(w, n, "Add"); }
static void multiply(onnx_writer *w, const net_node *n) { plain(w, n, "Mul"); }
static void identity(onnx_writer *w, const net_node *n) { plain(w, n, "Identity"); }

/* ---- sequences ---- */

/* Equal parts of the first dimension. */
static void split(onnx_writer *w, const net_node *n, const char *x, const char *const names[3],
                  label parts[3]) {
  for (size_t i = 0; i < 3; i++) parts[i] = between(n, names[i]);
  onnx_begin(w, "Split", parts[0].text, x);
  onnx_int(w, "axis", 0);
  onnx_output(w, parts[0].text);
  onnx_output(w, parts[1].text);
  onnx_end(w, parts[2].text);
}

/* One or two matrices of gates r, z, n, below each other, as ONNX has them: z, r, n, with a dimension of 1 before. */
static label gates(onnx_writer *w, const net_node *n, const char *what, const char *a,
                   const char *b, const char *axis) {
  const char *sources[2] = {a, b};
  label parts[6], joined, output = between(n, what);
  size_t n_parts = b ? 6 : 3;
  char names[6][24];
  for (size_t i = 0; i < n_parts; i++) snprintf(names[i], sizeof names[i], "%s%zu", what, i);
  for (size_t i = 0; i < n_parts; i += 3) {
    split(w, n, sources[i / 3], (const char *const[]){names[i], names[i + 1], names[i + 2]},
          parts + i);
  }
  snprintf(names[0], sizeof names[0], "%s_joined", what);
  joined = between(n, names[0]);
  onnx_begin(w, "Concat", joined.text, parts[1].text);
  onnx_input(w, parts[0].text);
  onnx_input(w, parts[2].text);
  for (size_t i = 3; i < n_parts; i++) onnx_input(w, parts[i == 3 ? 4 : i == 4 ? 3 : 5].text);
  onnx_int(w, "axis", 0);
  onnx_end(w, joined.text);
  step(w, "Unsqueeze", joined.text, axis, output.text);
  return output;
}

/* ONNX's takes and gives (time, directions, batch, units). */
static void gru(onnx_writer *w, const net_node *n) {
  static const int64_t turn[] = {1, 0, 2}, zero = 0, one = 1;
  label first = between(n, "first"), second = between(n, "second"), x = between(n, "by_time");
  label states = between(n, "states"), y = between(n, "squeezed");
  onnx_numbers(w, first.text, &zero, 1);
  onnx_numbers(w, second.text, &one, 1);
  label weight = gates(w, n, "w", input_of(w, n, 1), NULL, first.text);
  label state = gates(w, n, "r", input_of(w, n, 2), NULL, first.text);
  label bias = gates(w, n, "b", input_of(w, n, 3), input_of(w, n, 4), first.text);
  transpose(w, input_of(w, n, 0), turn, 3, x.text);
  onnx_begin(w, "GRU", states.text, x.text);
  onnx_input(w, weight.text);
  onnx_input(w, state.text);
  onnx_input(w, bias.text);
  onnx_int(w, "hidden_size", (int64_t)n->attribute[0]);
  onnx_int(w, "linear_before_reset", 1);
  onnx_end(w, states.text);
  step(w, "Squeeze", states.text, second.text, y.text);
  transpose(w, y.text, turn, 3, n->name);
}

/* What no query may see: -1e30 above the diagonal. */
static void mask(onnx_writer *w, const net_node *n, const char *scores, const char *output) {
  int64_t time = n->shape.dims[1], one = 1;
  label never = between(n, "never"), size = between(n, "mask_shape"), diagonal = between(n, "over");
  label square = between(n, "square"), mask = between(n, "mask");
  onnx_scalar(w, never.text, -1e30F);
  onnx_numbers(w, size.text, (int64_t[]){time, time}, 2);
  onnx_tensor(w, diagonal.text, ONNX_INT64, NULL, 0, &one, sizeof one);
  step(w, "Expand", never.text, size.text, square.text);
  onnx_begin(w, "Trilu", mask.text, square.text);
  onnx_input(w, diagonal.text);
  onnx_int(w, "upper", 1);
  onnx_end(w, mask.text);
  step(w, "Add", scores, mask.text, output);
}

/* Queries, keys and values stand first: (3, batch, heads, time, width), then (1, ...) each. */
static void attention(onnx_writer *w, const net_node *n) {
  int64_t time = n->shape.dims[1], features = n->shape.dims[2], heads = (int64_t)n->attribute[0];
  label qkv = between(n, "qkv"), apart = between(n, "apart"), turned = between(n, "turned");
  label parts[3], keys = between(n, "keys"), scale = between(n, "scale");
  label products = between(n, "products"), scores = between(n, "scores");
  label seen = n->attribute[1] != 0 ? between(n, "seen") : scores, shares = between(n, "shares");
  label context = between(n, "context"), back = between(n, "back"), joined = between(n, "joined");
  project(w, n, "in", input_of(w, n, 0), input_of(w, n, 1), input_of(w, n, 2), qkv.text);
  reshape_to(w, n, "heads_shape", qkv.text, (int64_t[]){-1, time, 3, heads, features / heads}, 5,
             apart.text);
  transpose(w, apart.text, (int64_t[]){2, 0, 3, 1, 4}, 5, turned.text);
  split(w, n, turned.text, (const char *const[]){"q", "k", "v"}, parts);
  transpose(w, parts[1].text, (int64_t[]){0, 1, 2, 4, 3}, 5, keys.text);
  step(w, "MatMul", parts[0].text, keys.text, products.text);
  onnx_scalar(w, scale.text, 1 / sqrtf((float)(features / heads)));
  step(w, "Mul", products.text, scale.text, scores.text);
  if (n->attribute[1] != 0) mask(w, n, scores.text, seen.text);
  onnx_begin(w, "Softmax", shares.text, seen.text);
  onnx_int(w, "axis", -1);
  onnx_end(w, shares.text);
  step(w, "MatMul", shares.text, parts[2].text, context.text);
  transpose(w, context.text, (int64_t[]){1, 3, 0, 2, 4}, 5, back.text);
  reshape_to(w, n, "joined_shape", back.text, (int64_t[]){-1, time, features}, 3, joined.text);
  project(w, n, "out", joined.text, input_of(w, n, 3), input_of(w, n, 4), n->name);
}

/* ---- all of them ---- */

static const struct {
  const char *kind;
  void (*write)(onnx_writer *w, const net_node *n);
} layers[] = {{"add", add},
              {"attention", attention},
              {"average_pool", pool},
              {"batch_norm", batch_norm},
              {"concat", concat},
              {"conv2d", conv},
              {"dense", dense},
              {"dropout", identity}, /* drops nothing in inference */
              {"gelu", gelu},
              {"global_pool", global_pool},
              {"gru", gru},
              {"last", last},
              {"layer_norm", layer_norm},
              {"max_pool", pool},
              {"multiply", multiply},
              {"relu", relu},
              {"reshape", reshape},
              {"sigmoid", sigmoid},
              {"silu", silu},
              {"softmax", softmax},
              {"tanh", tanh_of}};

bool onnx_layer(onnx_writer *w, const net_node *n) {
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    if (strcmp(layers[i].kind, n->op->kind) != 0) continue;
    layers[i].write(w, n);
    return true;
  }
  return false;
}
