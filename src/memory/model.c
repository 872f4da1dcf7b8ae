#include "memory/model.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "memory/shipped_tables.h"
#include "net/safetensors.h"

static const char *const FEATURE_NAMES[FEATURES] = {[FEATURE_LINK_OUT] = "link_out",
                                                    [FEATURE_LINK_IN] = "link_in",
                                                    [FEATURE_OUT_OUT] = "out_out",
                                                    [FEATURE_OUT_IN] = "out_in",
                                                    [FEATURE_IN_OUT] = "in_out",
                                                    [FEATURE_WALK] = "walk",
                                                    [FEATURE_TEXT] = "text",
                                                    [FEATURE_TEXT_OUT] = "text_out",
                                                    [FEATURE_MENTION_OUT] = "mention_out",
                                                    [FEATURE_MENTION_IN] = "mention_in",
                                                    [FEATURE_TITLE] = "title",
                                                    [FEATURE_TITLE_IN_CUE] = "title_in_cue",
                                                    [FEATURE_TAG] = "tag",
                                                    [FEATURE_FOLDER] = "folder",
                                                    [FEATURE_SIBLING_OUT] = "sibling_out",
                                                    [FEATURE_POPULAR] = "popular",
                                                    [FEATURE_ALIKE_OUT] = "alike_out",
                                                    [FEATURE_OUT_IN_OUT] = "out_in_out",
                                                    [FEATURE_PATH] = "path",
                                                    [FEATURE_CHILD] = "child",
                                                    [FEATURE_DEGREE] = "degree"};

static float relu(float x) { return x > 0 ? x : 0; }

static float through(const model_net *net, size_t h, const float *x) {
  float z = 0;
  for (size_t f = 0; f < FEATURES; f++) z += net->hidden[h][f] * x[f];
  return z;
}

float model_score(const model_net *net, const float x[FEATURES]) {
  float score = 0;
  for (size_t f = 0; f < FEATURES; f++) score += net->linear[f] * x[f];
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    score += net->out[h] * (relu(through(net, h, x) + net->bias[h]) - relu(net->bias[h]));
  }
  return score;
}

/* The mean slope of relu on the way from the bias alone to z + bias. */
static float mean_slope(float z, float bias) {
  if (fabsf(z) < 1e-12f) return bias > 0 ? 1 : 0;
  return (relu(z + bias) - relu(bias)) / z;
}

void model_parts(const model_net *net, const float x[FEATURES], float parts[FEATURES]) {
  for (size_t f = 0; f < FEATURES; f++) parts[f] = net->linear[f] * x[f];
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    float gain = net->out[h] * mean_slope(through(net, h, x), net->bias[h]);
    for (size_t f = 0; f < FEATURES; f++) parts[f] += gain * net->hidden[h][f] * x[f];
  }
}

/* ---- files ---- */

/* A network's arrays in a file: name, shape, place. */
typedef struct array {
  const char *name;
  uint32_t rows, columns; /* rows 0: a vector */
  float *values;
} array;

enum { ARRAYS = 4 };

static void arrays_of(model_net *net, array out[ARRAYS]) {
  out[0] = (array){"linear", 0, FEATURES, net->linear};
  out[1] = (array){"hidden", MODEL_HIDDEN, FEATURES, net->hidden[0]};
  out[2] = (array){"bias", 0, MODEL_HIDDEN, net->bias};
  out[3] = (array){"out", 0, MODEL_HIDDEN, net->out};
}

static const char *const NETS[] = {"note", "words"};

static model_net *net_at(score_model *m, size_t i) { return i == 0 ? &m->note : &m->words; }

lan_status model_encode(const score_model *model, lan_buf *out, lan_error *err) {
  score_model copy = *model;
  safetensors_source tensors[2 * ARRAYS];
  uint64_t shapes[2 * ARRAYS][2];
  char called[2 * ARRAYS][32], features[FEATURES * 16] = "";
  size_t n = 0, at = 0;
  for (size_t i = 0; i < 2; i++) {
    array a[ARRAYS];
    arrays_of(net_at(&copy, i), a);
    for (size_t k = 0; k < ARRAYS; k++, n++) {
      snprintf(called[n], sizeof called[n], "%s.%s", NETS[i], a[k].name);
      shapes[n][0] = a[k].rows ? a[k].rows : a[k].columns;
      shapes[n][1] = a[k].columns;
      tensors[n] = (safetensors_source){.name = called[n],
                                        .type = SAFETENSORS_F32,
                                        .rank = a[k].rows ? 2 : 1,
                                        .shape = shapes[n],
                                        .data = a[k].values};
    }
  }
  for (size_t f = 0; f < FEATURES; f++) {
    at += (size_t)snprintf(features + at, sizeof features - at, "%s%s", f ? " " : "",
                           FEATURE_NAMES[f]);
  }
  safetensors_text texts[] = {{"lantoa.weights", "1"}, {"features", features}};
  return safetensors_encode(tensors, n, texts, 2, out, err);
}

/* Which of our features each column of the file is; -1: none. Returns their number, 0 if there are too many. */
static size_t read_features(const char *text, int column[FEATURES * 4]) {
  size_t n = 0;
  for (const char *at = text; *at; n++) {
    size_t len = strcspn(at, " ");
    if (n == (size_t)FEATURES * 4) return 0;
    column[n] = -1;
    for (int f = 0; f < FEATURES; f++) {
      if (strlen(FEATURE_NAMES[f]) == len && memcmp(FEATURE_NAMES[f], at, len) == 0) column[n] = f;
    }
    at += len;
    at += *at == ' ';
  }
  return n;
}

static lan_status decode_array(const safetensors *st, const char *net, const array *a,
                               const int *column, size_t n_columns, const char *shown,
                               lan_error *err) {
  char name[64];
  float values[MODEL_HIDDEN * FEATURES * 4];
  snprintf(name, sizeof name, "%s.%s", net, a->name);
  bool by_feature = a->columns == FEATURES;
  size_t columns = by_feature ? n_columns : a->columns, rows = a->rows ? a->rows : 1;
  const safetensors_tensor *t = safetensors_find(st, name);
  if (!t || t->n_elements != rows * columns) {
    return lan_fail(err, LAN_EFORMAT, "%s: '%s' is missing or has another size", shown, name);
  }
  lan_status s = safetensors_read_floats(st, t, values, err);
  for (size_t i = 0; s == LAN_OK && i < rows * columns; i++) {
    if (!isfinite(values[i]))
      return lan_fail(err, LAN_EFORMAT, "%s: '%s' holds what is no number", shown, name);
    size_t to = by_feature ? (column[i % columns] < 0 ? SIZE_MAX : (size_t)column[i % columns])
                           : i % columns;
    if (to != SIZE_MAX) a->values[i / columns * a->columns + to] = values[i];
  }
  return s;
}

lan_status model_decode(lan_str bytes, const char *shown, score_model *model, lan_error *err) {
  score_model m = {0};
  safetensors *st = NULL;
  int column[FEATURES * 4];
  lan_status s = safetensors_open_bytes(bytes.ptr, bytes.len, shown, &st, err);
  if (s != LAN_OK) return s;
  const char *features = safetensors_metadata(st, "features");
  size_t n = features ? read_features(features, column) : 0;
  if (n == 0) s = lan_fail(err, LAN_EFORMAT, "%s: it does not name its features", shown);
  for (size_t i = 0; s == LAN_OK && i < 2; i++) {
    array a[ARRAYS];
    arrays_of(net_at(&m, i), a);
    for (size_t k = 0; s == LAN_OK && k < ARRAYS; k++) {
      s = decode_array(st, NETS[i], &a[k], column, n, shown, err);
    }
  }
  safetensors_close(st);
  if (s == LAN_OK) *model = m;
  return s;
}

lan_status model_shipped(score_model *model, lan_error *err) {
  lan_str bytes = {(const char *)SHIPPED, sizeof SHIPPED};
  return model_decode(bytes, "the weights that came with the program", model, err);
}
