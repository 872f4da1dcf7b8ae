/* ONNX files: every node's inputs are there before it, whatever the model; what cannot be told is refused. That
 * onnxruntime gives the same numbers is tests/onnx.py's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/pack.h"
#include "lantoa/train.h"
#include "lib/scratch.h"

enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, TENSOR_NAME = 8, TENSOR_RAW = 9, VALUE_NAME = 1 };
enum { NAMES_MOST = 4096 };

static const char *const CLASSES[] = {"cat", "dog"};
static char path[512];

static int set_up(void **state) {
  if (scratch_setup(state) != 0) return -1;
  snprintf(path, sizeof path, "%s/m.onnx", (const char *)*state);
  return 0;
}

/* ---- reading what was written ---- */

typedef struct field {
  uint64_t number;
  lan_str bytes; /* of numbers: empty */
} field;

static bool next_field(unpack *u, field *f) {
  if (u->p >= u->end) return false;
  uint64_t key = unpack_number(u);
  *f = (field){.number = key >> 3};
  switch (key & 7) {
    case 0: unpack_number(u); break;
    case 2: f->bytes = unpack_string(u); break;
    case 5: u->p += 4; break;
    default: fail_msg("an unknown kind of field");
  }
  assert_false(u->bad);
  return true;
}

static unpack inside(lan_str s) { return (unpack){s.ptr, s.ptr + s.len, false}; }

/* The bytes of the first field of that number. */
static lan_str first(lan_str message, uint64_t number) {
  unpack u = inside(message);
  field f;
  while (next_field(&u, &f)) {
    if (f.number == number) return f.bytes;
  }
  fail_msg("field %u is missing", (unsigned)number);
  return (lan_str){0};
}

typedef struct names {
  lan_str known[NAMES_MOST];
  size_t n;
} names;

static bool is_known(const names *n, lan_str s) {
  for (size_t i = 0; i < n->n; i++) {
    if (lan_str_equal(n->known[i], s)) return true;
  }
  return false;
}

static void learn_name(names *n, lan_str s) {
  assert_true(n->n < NAMES_MOST);
  if (is_known(n, s)) fail_msg("%.*s stands for two things", (int)s.len, s.ptr);
  n->known[n->n++] = s;
}

static void check_node(names *n, lan_str node) {
  unpack u = inside(node);
  field f;
  while (next_field(&u, &f)) {
    if (f.number == NODE_INPUT && !is_known(n, f.bytes)) {
      fail_msg("%.*s is used before it is there", (int)f.bytes.len, f.bytes.ptr);
    }
    if (f.number == NODE_OUTPUT) learn_name(n, f.bytes);
  }
}

/* Tensors may stand behind the nodes that use them. */
static size_t check_graph(lan_str graph) {
  static names n;
  n.n = 0;
  size_t nodes = 0;
  field f;
  learn_name(&n, first(first(graph, GRAPH_INPUT), VALUE_NAME));
  for (unpack u = inside(graph); next_field(&u, &f);) {
    if (f.number == GRAPH_TENSOR) learn_name(&n, first(f.bytes, TENSOR_NAME));
  }
  for (unpack u = inside(graph); next_field(&u, &f);) {
    if (f.number != GRAPH_NODE) continue;
    check_node(&n, f.bytes);
    nodes++;
  }
  assert_true(is_known(&n, first(first(graph, GRAPH_OUTPUT), VALUE_NAME)));
  return nodes;
}

static lan_model *make(const char *model) {
  lan_model *m = NULL;
  lan_error err;
  if (lan_model_new(model, LAN_SHAPE(3, 32, 32), CLASSES, 2, 1, &m, &err) != LAN_OK) {
    fail_msg("%s", err.message);
  }
  return m;
}

/* ---- tests ---- */

static void every_preset_is_written_whole(void **state) {
  (void)state;
  const char *preset;
  for (size_t i = 0; (preset = lan_model_preset(i)) != NULL; i++) {
    lan_model *m = make(preset);
    lan_buf file = {0};
    lan_error err;
    if (lan_model_export_onnx(m, path, &err) != LAN_OK) fail_msg("%s", err.message);
    assert_int_equal(lan_file_read(path, SIZE_MAX, &file, NULL), LAN_OK);
    lan_str graph = first(lan_buf_str(&file), MODEL_GRAPH);
    assert_in_range(check_graph(graph), 6, 200);
    /* All parameters are in it. */
    size_t bytes = 0, wanted = 0;
    field f;
    for (unpack u = inside(graph); next_field(&u, &f);) {
      if (f.number == GRAPH_TENSOR) bytes += first(f.bytes, TENSOR_RAW).len;
    }
    for (size_t k = 0; k < lan_net_n_parameters(lan_model_net(m)); k++) {
      wanted += lan_net_parameter_at(lan_model_net(m), k).count * sizeof(float);
    }
    assert_in_range(bytes, wanted + 6 * sizeof(float), wanted + 6 * sizeof(float) + 64);
    lan_buf_free(&file);
    lan_model_free(m);
  }
}

/* Kinds of layers that take several operations, some of which have several outputs. */
static void sequences_are_written(void **state) {
  (void)state;
  lan_model *m = make(
      "a = reshape(x, a=32, b=96)\nb = gru(a, units=4)\nc = attention(b, heads=2, causal=1)\n"
      "d = dense(c, units=6)\ne = gelu(d)\nf = last(e)\ng = dense(f, units=classes)\n");
  lan_buf file = {0};
  assert_int_equal(lan_model_export_onnx(m, path, NULL), LAN_OK);
  assert_int_equal(lan_file_read(path, SIZE_MAX, &file, NULL), LAN_OK);
  assert_in_range(check_graph(first(lan_buf_str(&file), MODEL_GRAPH)), 40, 60);
  lan_buf_free(&file);
  lan_model_free(m);
}

static void refuses(const char *description, const char *what) {
  lan_model *m = make(description);
  lan_error err = {0};
  assert_int_equal(lan_model_export_onnx(m, path, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, what));
  FILE *f = fopen(path, "rb");
  assert_null(f); /* no half a file */
  lan_model_free(m);
}

static void what_onnx_cannot_tell_is_refused(void **state) {
  (void)state;
  refuses("a = embedding(x, count=4, features=2)\nb = reshape(a)\nc = dense(b, units=classes)\n",
          "layer 'a' is of kind 'embedding'");
  refuses("example = reshape(x)\nd = dense(example, units=classes)\n", "rename it");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_preset_is_written_whole, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(sequences_are_written, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(what_onnx_cannot_tell_is_refused, set_up, scratch_teardown),
  };
  return cmocka_run_group_tests_name("onnx", tests, NULL, NULL);
}
