#include "net/net_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "net/op.h"

/* More values in one array than this are a mistake, and would overflow sums of sizes. */
#define MOST_VALUES ((size_t)1 << 34)
enum { MOST_NODES = 1 << 20 };

/* ---- shapes ---- */

size_t net_shape_count(lan_shape shape, uint32_t rows) {
  size_t n = 1;
  for (uint32_t i = 0; i < shape.rank; i++) {
    n *= i == 0 && shape.dims[0] == LAN_BATCH ? rows : shape.dims[i];
  }
  return n;
}

const char *net_shape_text(lan_shape shape, char text[NET_SHAPE_TEXT]) {
  size_t n = (size_t)snprintf(text, NET_SHAPE_TEXT, "(");
  for (uint32_t i = 0; i < shape.rank; i++) {
    const char *comma = i ? ", " : "";
    if (i == 0 && shape.dims[0] == LAN_BATCH) {
      n += (size_t)snprintf(text + n, NET_SHAPE_TEXT - n, "batch");
    } else {
      n += (size_t)snprintf(text + n, NET_SHAPE_TEXT - n, "%s%u", comma, shape.dims[i]);
    }
  }
  snprintf(text + n, NET_SHAPE_TEXT - n, ")");
  return text;
}

bool net_shape_equal(lan_shape a, lan_shape b) {
  return a.rank == b.rank && memcmp(a.dims, b.dims, a.rank * sizeof *a.dims) == 0;
}

/* Whether a value of this shape can exist; each row by itself, for the batch is not known yet. */
static bool shape_possible(lan_shape shape) {
  if (shape.rank > LAN_MAX_RANK) return false;
  size_t n = 1;
  for (uint32_t i = 0; i < shape.rank; i++) {
    if (i == 0 && shape.dims[0] == LAN_BATCH) continue;
    if (shape.dims[i] == 0 || n > MOST_VALUES / shape.dims[i]) return false;
    n *= shape.dims[i];
  }
  return true;
}

/* ---- the net ---- */

lan_status lan_net_new(uint64_t seed, lan_net **out, lan_error *err) {
  lan_net *net = lan_alloc_zeroed(1, sizeof *net);
  if (!net) return lan_fail_memory(err, sizeof *net);
  net->seed = seed;
  net->loss = LAN_NONE;
  *out = net;
  return LAN_OK;
}

void lan_net_free(lan_net *net) {
  if (!net) return;
  for (size_t i = 0; i < net->parameters.len; i++) free(net->parameters.data[i].values);
  VEC_FREE(&net->nodes);
  VEC_FREE(&net->parameters);
  VEC_FREE(&net->outputs);
  lan_arena_free(&net->arena);
  free(net);
}

lan_status lan_net_status(const lan_net *net, lan_error *err) {
  if (net->error.status != LAN_OK && err) *err = net->error;
  return net->error.status;
}

lan_var net_fail(lan_net *net, lan_status status, const char *format, ...) {
  if (net->error.status != LAN_OK) return LAN_NONE;
  char message[LAN_ERROR_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  lan_fail(&net->error, status, "%s", message);
  return LAN_NONE;
}

static lan_var no_memory(lan_net *net) { return net_fail(net, LAN_ENOMEM, "out of memory"); }

static bool name_taken(const lan_net *net, const char *name) {
  for (size_t i = 0; i < net->nodes.len; i++) {
    if (strcmp(net->nodes.data[i].name, name) == 0) return true;
  }
  return false;
}

/* `wanted`, or the kind and the first number that is free. NULL after an error, which is kept. */
static char *layer_name(lan_net *net, const char *kind, const char *wanted) {
  char name[NET_NAME_MAX];
  if (wanted) {
    if (snprintf(name, sizeof name, "%s", wanted) >= NET_NAME_MAX || !name[0]) {
      net_fail(net, LAN_EINVAL, "the name of a layer must have 1 to %d bytes", NET_NAME_MAX - 1);
      return NULL;
    }
    if (name_taken(net, name)) {
      net_fail(net, LAN_EINVAL, "two layers are called '%s': give each its own name", name);
      return NULL;
    }
  } else {
    uint32_t same = 1;
    for (size_t i = 0; i < net->nodes.len; i++) {
      same += strcmp(net->nodes.data[i].op->kind, kind) == 0;
    }
    do {
      snprintf(name, sizeof name, "%s%u", kind, same++);
    } while (name_taken(net, name));
  }
  char *copy = lan_arena_copy(&net->arena, name, strlen(name));
  if (!copy) no_memory(net);
  return copy;
}

static bool push_node(lan_net *net, const net_node *node) {
  if (net->nodes.len >= MOST_NODES) {
    net_fail(net, LAN_ELIMIT, "a net has at most %d layers", MOST_NODES);
    return false;
  }
  if (VEC_PUSH(&net->nodes, *node)) return true;
  no_memory(net);
  return false;
}

/* ---- parameters ---- */

static void first_values(const lan_net *net, const net_parameter_spec *spec, net_parameter *p) {
  lan_rng rng = lan_rng_at(net->seed, net->parameters.len, 0);
  float scale = (float)spec->scale;
  for (size_t i = 0; i < p->count; i++) {
    switch (spec->init) {
      case NET_ZERO: p->values[i] = 0; break;
      case NET_ONE: p->values[i] = 1; break;
      case NET_UNIFORM: p->values[i] = scale * (2 * lan_rng_uniform(&rng) - 1); break;
      case NET_NORMAL: p->values[i] = scale * lan_rng_normal(&rng); break;
    }
  }
}

static lan_var add_parameter(lan_net *net, const char *layer, const net_parameter_spec *spec) {
  char name[2 * NET_NAME_MAX];
  snprintf(name, sizeof name, "%s%s%s", layer, spec->name[0] ? "." : "", spec->name);
  if (!shape_possible(spec->shape) || (spec->shape.rank && spec->shape.dims[0] == LAN_BATCH)) {
    char text[NET_SHAPE_TEXT];
    return net_fail(net, LAN_ERANGE, "'%s' cannot have the shape %s", name,
                    net_shape_text(spec->shape, text));
  }
  net_parameter p = {.name = layer_name(net, "parameter", name),
                     .shape = spec->shape,
                     .count = net_shape_count(spec->shape, 1),
                     .learns = !spec->frozen,
                     .decays = !spec->frozen && !spec->no_decay,
                     .node = (lan_var)net->nodes.len};
  if (!p.name) return LAN_NONE;
  net->n_values += p.count;
  if (net->values_most && net->n_values > net->values_most) {
    return net_fail(net, LAN_ELIMIT, "with '%s' it would have more than %zu parameters", p.name,
                    net->values_most);
  }
  p.values = aligned_alloc(64, (p.count * sizeof *p.values + 63) / 64 * 64); /* whole cache lines */
  if (!p.values) return no_memory(net);
  first_values(net, spec, &p);
  net_node node = {
      .op = net_ops[1], .name = p.name, .shape = p.shape, .number = (uint32_t)net->parameters.len};
  if (!VEC_PUSH(&net->parameters, p)) {
    free(p.values);
    return no_memory(net);
  }
  return push_node(net, &node) ? p.node : LAN_NONE;
}

lan_var lan_net_parameter(lan_net *net, const char *name, lan_shape shape, float scale) {
  if (net->error.status != LAN_OK) return LAN_NONE;
  char *own = layer_name(net, "parameter", name);
  if (!own) return LAN_NONE;
  return add_parameter(net, own,
                       &(net_parameter_spec){
                           .name = "", .shape = shape, .init = NET_NORMAL, .scale = (double)scale});
}

size_t lan_net_n_parameters(const lan_net *net) { return net->parameters.len; }

lan_parameter lan_net_parameter_at(const lan_net *net, size_t i) {
  const net_parameter *p = &net->parameters.data[i];
  net_changed((lan_net *)(uintptr_t)net); /* the caller may write to the values */
  return (lan_parameter){.name = p->name,
                         .shape = p->shape,
                         .count = p->count,
                         .values = p->values,
                         .learns = p->learns};
}

/* ---- layers ---- */

static bool check_attributes(lan_net *net, const net_node *node) {
  for (size_t i = 0; node->op->attributes[i].name; i++) {
    const net_attribute *a = &node->op->attributes[i];
    double value = node->attribute[i];
    if (isnan(value)) {
      net_fail(net, LAN_EINVAL, "layer '%s' (%s): '%s' is missing", node->name, node->op->kind,
               a->name);
      return false;
    }
    if (value < a->least || value > a->most || (a->whole && value != floor(value))) {
      net_fail(net, LAN_ERANGE, "layer '%s' (%s): %s = %g is not %s %g .. %g", node->name,
               node->op->kind, a->name, value, a->whole ? "a whole number in" : "in", a->least,
               a->most);
      return false;
    }
  }
  return true;
}

static bool take_inputs(lan_net *net, net_node *node, const lan_var *inputs, size_t n) {
  if (n < node->op->least_in || n > node->op->most_in) {
    net_fail(net, LAN_EINVAL, "layer '%s' (%s) takes %u to %u inputs, not %zu", node->name,
             node->op->kind, node->op->least_in, node->op->most_in, n);
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    if (inputs[i] < 0 || (size_t)inputs[i] >= net->nodes.len) {
      net_fail(net, LAN_EINVAL, "layer '%s' (%s): input %zu is not a value of this net", node->name,
               node->op->kind, i + 1);
      return false;
    }
    node->in[i] = inputs[i];
  }
  node->n_in = node->n_values = (uint8_t)n;
  return true;
}

static bool infer(lan_net *net, net_node *node) {
  lan_error why = {0};
  lan_status status = node->op->infer(net, node, &why);
  if (status != LAN_OK) {
    net_fail(net, status, "layer '%s' (%s): %s", node->name, node->op->kind, why.message);
    return false;
  }
  if (shape_possible(node->shape)) return true;
  char text[NET_SHAPE_TEXT];
  net_fail(net, LAN_ERANGE, "layer '%s' (%s): its output cannot have the shape %s", node->name,
           node->op->kind, net_shape_text(node->shape, text));
  return false;
}

/* The layer's own parameters, or those of `like`, appended to its inputs. */
static bool take_parameters(lan_net *net, net_node *node, lan_var like) {
  net_parameter_spec specs[NET_PARAMETERS];
  size_t n = node->op->parameters ? node->op->parameters(net, node, specs) : 0;
  for (size_t i = 0; i < n; i++) {
    lan_var p = LAN_NONE;
    if (like == LAN_NONE) {
      p = add_parameter(net, node->name, &specs[i]);
    } else {
      p = net->nodes.data[like].in[net->nodes.data[like].n_values + i];
      if (!net_shape_equal(net->nodes.data[p].shape, specs[i].shape)) {
        char has[NET_SHAPE_TEXT], wants[NET_SHAPE_TEXT];
        net_fail(net, LAN_EINVAL, "layer '%s' (%s) needs '%s' of shape %s, but '%s' has %s",
                 node->name, node->op->kind, specs[i].name, net_shape_text(specs[i].shape, wants),
                 net->nodes.data[p].name, net_shape_text(net->nodes.data[p].shape, has));
        return false;
      }
    }
    if (p == LAN_NONE) return false;
    node->in[node->n_in++] = p;
  }
  return true;
}

lan_var net_add(lan_net *net, const net_op *op, const char *name, const lan_var *inputs,
                size_t n_inputs, const double *attributes, const lan_edges *edges, lan_var like) {
  if (net->error.status != LAN_OK) return LAN_NONE;
  net_node node = {.op = op, .name = layer_name(net, op->kind, name), .edges = edges};
  for (size_t i = 0; op->attributes[i].name; i++) node.attribute[i] = attributes[i];
  if (!node.name || !check_attributes(net, &node) || !take_inputs(net, &node, inputs, n_inputs) ||
      !infer(net, &node) || !take_parameters(net, &node, like)) {
    return LAN_NONE;
  }
  node.number = (uint32_t)net->nodes.len;
  return push_node(net, &node) ? (lan_var)net->nodes.len - 1 : LAN_NONE;
}

lan_var lan_net_input(lan_net *net, const char *name, lan_shape shape) {
  if (net->error.status != LAN_OK) return LAN_NONE;
  if (!shape_possible(shape)) {
    char text[NET_SHAPE_TEXT];
    return net_fail(net, LAN_ERANGE, "input '%s' cannot have the shape %s", name ? name : "",
                    net_shape_text(shape, text));
  }
  net_node node = {.op = net_ops[0], .name = layer_name(net, "input", name), .shape = shape};
  if (!node.name) return LAN_NONE;
  return push_node(net, &node) ? (lan_var)net->nodes.len - 1 : LAN_NONE;
}

lan_var lan_net_again(lan_net *net, lan_var like, lan_var x) {
  if (net->error.status != LAN_OK) return LAN_NONE;
  if (like < 0 || (size_t)like >= net->nodes.len) {
    return net_fail(net, LAN_EINVAL, "there is no layer to be used again");
  }
  net_node node = net->nodes.data[like];
  node.in[0] = x;
  return net_add(net, node.op, NULL, node.in, node.n_values, node.attribute, node.edges, like);
}

lan_var lan_net_layer(lan_net *net, const char *kind, const char *name, const lan_var *inputs,
                      size_t n_inputs, const lan_attribute *attributes, size_t n_attributes) {
  if (net->error.status != LAN_OK) return LAN_NONE;
  const net_op *op = net_op_find(kind);
  if (!op) return net_fail(net, LAN_ENOTFOUND, "there is no layer of kind '%s'", kind);
  double values[NET_ATTRIBUTES];
  size_t n = 0;
  for (; op->attributes[n].name; n++) values[n] = op->attributes[n].value;
  for (size_t i = 0; i < n_attributes; i++) {
    size_t at = 0;
    while (at < n && strcmp(op->attributes[at].name, attributes[i].name) != 0) at++;
    if (at == n) {
      return net_fail(net, LAN_ENOTFOUND, "a layer of kind '%s' has no '%s'", kind,
                      attributes[i].name);
    }
    values[at] = attributes[i].value;
  }
  return net_add(net, op, name, inputs, n_inputs, values, NULL, LAN_NONE);
}

/* ---- what the net is for ---- */

void lan_net_loss(lan_net *net, lan_var loss) {
  if (net->error.status != LAN_OK) return;
  if (loss < 0 || (size_t)loss >= net->nodes.len) {
    net_fail(net, LAN_EINVAL, "the loss is not a value of this net");
  } else if (net->nodes.data[loss].shape.rank != 0) {
    char text[NET_SHAPE_TEXT];
    net_fail(net, LAN_EINVAL, "the loss must be a single number, but '%s' has the shape %s",
             net->nodes.data[loss].name, net_shape_text(net->nodes.data[loss].shape, text));
  } else {
    net->loss = loss;
  }
}

void lan_net_output(lan_net *net, const char *name, lan_var value) {
  if (net->error.status != LAN_OK) return;
  if (value < 0 || (size_t)value >= net->nodes.len) {
    net_fail(net, LAN_EINVAL, "output '%s' is not a value of this net", name);
    return;
  }
  char *copy = lan_arena_copy(&net->arena, name, strlen(name));
  if (!copy || !VEC_PUSH(&net->outputs, (net_output){copy, value})) no_memory(net);
}

lan_shape lan_net_shape(const lan_net *net, lan_var value) {
  if (value < 0 || (size_t)value >= net->nodes.len) return (lan_shape){0};
  return net->nodes.data[value].shape;
}

size_t lan_net_n_layers(const lan_net *net) { return net->nodes.len; }

static size_t own_parameters(const lan_net *net, const net_node *node) {
  size_t n = 0;
  for (size_t i = node->n_values; i < node->n_in; i++) {
    n += net_shape_count(net->nodes.data[node->in[i]].shape, 1);
  }
  return node->op == net_ops[1] ? net_shape_count(node->shape, 1) : n;
}

static double flops_of(const lan_net *net, const net_node *node) {
  if (!node->op->kernel.forward) return 0; /* fed, or a parameter */
  lan_shape in[NET_INPUTS];
  for (size_t i = 0; i < node->n_in; i++) in[i] = net_in(net, node, i);
  if (node->op->flops) return node->op->flops(in, node->shape);
  return (double)net_shape_count(in[0], 1); /* one a value */
}

lan_layer lan_net_layer_at(const lan_net *net, lan_var layer) {
  const net_node *node = &net->nodes.data[layer];
  return (lan_layer){.name = node->name,
                     .kind = node->op->kind,
                     .shape = node->shape,
                     .inputs = node->in,
                     .n_inputs = node->n_in,
                     .n_values = node->n_values,
                     .n_parameters = own_parameters(net, node),
                     .flops = flops_of(net, node)};
}
