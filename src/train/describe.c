#include "train/describe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/vec.h"
#include "lantoa/train.h"

enum { NAME_MAX_BYTES = 64, MOST_INPUTS = 8, MOST_ATTRIBUTES = 8, MOST_LINES = 10000 };

typedef struct value {
  char name[NAME_MAX_BYTES];
  lan_var var;
} value;

typedef struct reader {
  lan_net *net;
  VEC(value) values;
  uint32_t n_classes;
  size_t line;
  const char *at, *end; /* of the line */
  lan_error *err;
} reader;

static lan_status wrong(const reader *r, const char *what) {
  return lan_fail(r->err, LAN_EFORMAT,
                  "line %zu of the model's description: %s; a line is name = kind(inputs, "
                  "attribute=number)",
                  r->line, what);
}

static void skip_blanks(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

static bool take_sign(reader *r, char sign) {
  skip_blanks(r);
  if (r->at >= r->end || *r->at != sign) return false;
  r->at++;
  return true;
}

static bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Letters, digits and '_'; no digit first. */
static bool take_name(reader *r, char name[NAME_MAX_BYTES]) {
  skip_blanks(r);
  const char *from = r->at;
  while (r->at < r->end && is_name(*r->at)) r->at++;
  size_t n = (size_t)(r->at - from);
  if (n == 0 || n >= NAME_MAX_BYTES || (*from >= '0' && *from <= '9')) return false;
  memcpy(name, from, n);
  name[n] = '\0';
  return true;
}

static bool take_number(reader *r, double *number) {
  char text[NAME_MAX_BYTES];
  size_t n = 0;
  skip_blanks(r);
  while (r->at < r->end && (is_name(*r->at) || strchr(".+-", *r->at)) && n + 1 < sizeof text) {
    text[n++] = *r->at++;
  }
  text[n] = '\0';
  if (strcmp(text, "classes") == 0) {
    *number = r->n_classes;
    return true;
  }
  char *stop;
  *number = strtod(text, &stop);
  return n > 0 && *stop == '\0' && isfinite(*number);
}

static lan_var find_value(const reader *r, const char *name) {
  for (size_t i = r->values.len; i-- > 0;) {
    if (strcmp(r->values.data[i].name, name) == 0) return r->values.data[i].var;
  }
  return LAN_NONE;
}

typedef struct call {
  char name[NAME_MAX_BYTES], kind[NAME_MAX_BYTES];
  char names[MOST_ATTRIBUTES][NAME_MAX_BYTES];
  lan_attribute attributes[MOST_ATTRIBUTES];
  lan_var inputs[MOST_INPUTS];
  size_t n_attributes, n_inputs;
} call;

/* An input's name, or attribute=number. */
static lan_status take_argument(reader *r, call *c) {
  char name[NAME_MAX_BYTES];
  if (!take_name(r, name)) return wrong(r, "an input or an attribute is missing");
  if (take_sign(r, '=')) {
    if (c->n_attributes == MOST_ATTRIBUTES) return wrong(r, "there are too many attributes");
    lan_attribute *a = &c->attributes[c->n_attributes];
    memcpy(c->names[c->n_attributes], name, sizeof name);
    a->name = c->names[c->n_attributes++];
    return take_number(r, &a->value) ? LAN_OK : wrong(r, "an attribute has no number");
  }
  lan_var input = find_value(r, name);
  if (input == LAN_NONE) {
    char what[2 * NAME_MAX_BYTES];
    snprintf(what, sizeof what, "nothing above is called '%s'", name);
    return wrong(r, what);
  }
  if (c->n_inputs == MOST_INPUTS) return wrong(r, "there are too many inputs");
  c->inputs[c->n_inputs++] = input;
  return LAN_OK;
}

static lan_status take_call(reader *r, call *c) {
  if (!take_name(r, c->name) || !take_sign(r, '='))
    return wrong(r, "it does not begin with name =");
  if (!take_name(r, c->kind) || !take_sign(r, '(')) return wrong(r, "the kind of layer is missing");
  if (!take_sign(r, ')')) {
    do {
      lan_status status = take_argument(r, c);
      if (status != LAN_OK) return status;
    } while (take_sign(r, ','));
    if (!take_sign(r, ')')) return wrong(r, "a ')' is missing");
  }
  skip_blanks(r);
  return r->at == r->end ? LAN_OK : wrong(r, "something follows the ')'");
}

static lan_status read_line(reader *r) {
  skip_blanks(r);
  if (r->at == r->end) return LAN_OK;
  call c = {0};
  lan_status status = take_call(r, &c);
  if (status != LAN_OK) return status;
  lan_var v =
      lan_net_layer(r->net, c.kind, c.name, c.inputs, c.n_inputs, c.attributes, c.n_attributes);
  lan_error why = {0};
  if (v == LAN_NONE) {
    status = lan_net_status(r->net, &why);
    return lan_fail(r->err, status, "line %zu of the model's description: %s", r->line,
                    why.message);
  }
  value made = {.var = v};
  memcpy(made.name, c.name, sizeof made.name);
  return VEC_PUSH(&r->values, made) ? LAN_OK : lan_fail_memory(r->err, sizeof made);
}

lan_status describe_build(lan_net *net, lan_str text, lan_var x, uint32_t n_classes, lan_var *out,
                          lan_error *err) {
  reader r = {.net = net, .n_classes = n_classes, .err = err};
  lan_status status = VEC_PUSH(&r.values, (value){"x", x}) ? LAN_OK : lan_fail_memory(err, 0);
  const char *at = text.ptr, *end = text.ptr + text.len;
  while (status == LAN_OK && at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    const char *comment = memchr(at, '#', (size_t)(stop - at));
    r.line++;
    r.at = at;
    r.end = comment ? comment : stop;
    status = r.line > MOST_LINES ? wrong(&r, "there are too many lines") : read_line(&r);
    at = stop + 1;
  }
  if (status == LAN_OK && r.values.len == 1) {
    status = lan_fail(err, LAN_EFORMAT, "the model's description names no layer");
  }
  if (status == LAN_OK) *out = r.values.data[r.values.len - 1].var;
  VEC_FREE(&r.values);
  return status;
}

/* ---- presets ---- */

static void mlp(lan_buf *out) {
  lan_buf_add_str(out,
                  "# One hidden layer.\n"
                  "flat = reshape(x)\n"
                  "hidden = dense(flat, units=512)\n"
                  "active = relu(hidden)\n"
                  "kept = dropout(active, rate=0.3)\n"
                  "logits = dense(kept, units=classes)\n");
}

static void lenet(lan_buf *out) {
  lan_buf_add_str(out,
                  "# After LeNet-5 (LeCun et al. 1998), with ReLU, largest pooling and dropout.\n"
                  "conv1 = conv2d(x, filters=16, size=5, padding=2)\n"
                  "relu1 = relu(conv1)\n"
                  "pool1 = max_pool(relu1, size=2)\n"
                  "conv2 = conv2d(pool1, filters=32, size=5)\n"
                  "relu2 = relu(conv2)\n"
                  "pool2 = max_pool(relu2, size=2)\n"
                  "flat = reshape(pool2)\n"
                  "hidden1 = dense(flat, units=120)\n"
                  "relu3 = relu(hidden1)\n"
                  "kept = dropout(relu3, rate=0.3)\n"
                  "hidden2 = dense(kept, units=84)\n"
                  "relu4 = relu(hidden2)\n"
                  "logits = dense(relu4, units=classes)\n");
}

/* conv -> norm -> relu, called NAME; returns nothing but text. */
static void conv_norm(lan_buf *out, const char *name, const char *from, uint32_t filters,
                      uint32_t stride, bool active) {
  lan_buf_printf(out, "%s_conv = conv2d(%s, filters=%u, size=3, stride=%u, padding=1, bias=0)\n",
                 name, from, filters, stride);
  lan_buf_printf(out, "%s_norm = batch_norm(%s_conv)\n", name, name);
  if (active) lan_buf_printf(out, "%s = relu(%s_norm)\n", name, name);
}

static void resnet20(lan_buf *out) {
  lan_buf_add_str(
      out,
      "# ResNet-20 for small pictures (He et al. 2015, section 4.2); where size changes, the\n"
      "# shortcut is a convolution of size 1 (their option B).\n");
  conv_norm(out, "b0", "x", 16, 1, true);
  char from[8] = "b0";
  for (uint32_t block = 1; block <= 9; block++) {
    uint32_t filters = 16U << ((block - 1) / 3), stride = block == 4 || block == 7 ? 2 : 1;
    char name[8], inner[8], shortcut[16];
    snprintf(name, sizeof name, "b%u", block);
    snprintf(inner, sizeof inner, "b%ua", block);
    conv_norm(out, inner, from, filters, stride, true);
    conv_norm(out, name, inner, filters, 1, false);
    snprintf(shortcut, sizeof shortcut, "%s", from);
    if (stride == 2) {
      lan_buf_printf(out, "b%us_conv = conv2d(%s, filters=%u, size=1, stride=2, bias=0)\n", block,
                     from, filters);
      lan_buf_printf(out, "b%us = batch_norm(b%us_conv)\n", block, block);
      snprintf(shortcut, sizeof shortcut, "b%us", block);
    }
    lan_buf_printf(out, "%s_sum = add(%s_norm, %s)\n%s = relu(%s_sum)\n", name, name, shortcut,
                   name, name);
    memcpy(from, name, sizeof from);
  }
  lan_buf_add_str(out, "mean = global_pool(b9)\nlogits = dense(mean, units=classes)\n");
}

/* Pairs of convolutions, halved in between until 4 to 8 pixels are left. */
static void cnn(lan_shape example, lan_buf *out) {
  lan_buf_add_str(
      out, "# Pairs of convolutions; each pair sees half the size and twice the channels.\n");
  uint32_t side = example.dims[1] < example.dims[2] ? example.dims[1] : example.dims[2];
  uint32_t filters = 32;
  char from[8] = "x";
  for (uint32_t stage = 1;; stage++) {
    char a[8], b[8];
    snprintf(a, sizeof a, "c%ua", stage);
    snprintf(b, sizeof b, "c%ub", stage);
    conv_norm(out, a, from, filters, 1, true);
    conv_norm(out, b, a, filters, 1, true);
    memcpy(from, b, sizeof from);
    side /= 2;
    if (side < 4 || stage == 6) break;
    lan_buf_printf(out, "p%u = max_pool(%s, size=2)\n", stage, from);
    snprintf(from, sizeof from, "p%u", stage);
    filters = filters < 256 ? 2 * filters : filters;
  }
  lan_buf_printf(out, "mean = global_pool(%s)\nkept = dropout(mean, rate=0.2)\n", from);
  lan_buf_add_str(out, "logits = dense(kept, units=classes)\n");
}

static const char *const PRESETS[] = {"mlp", "lenet", "resnet20", "cnn"};

const char *lan_model_preset(size_t i) {
  return i < sizeof PRESETS / sizeof *PRESETS ? PRESETS[i] : NULL;
}

bool describe_preset(const char *name, lan_shape example, lan_buf *out) {
  if (strcmp(name, "mlp") == 0) {
    mlp(out);
  } else if (strcmp(name, "lenet") == 0) {
    lenet(out);
  } else if (strcmp(name, "resnet20") == 0) {
    resnet20(out);
  } else if (strcmp(name, "cnn") == 0) {
    cnn(example, out);
  } else {
    return false;
  }
  return true;
}
