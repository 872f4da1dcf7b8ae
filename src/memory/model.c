#include "memory/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
                                                    [FEATURE_DEGREE] = "degree",
                                                    [FEATURE_OPENED_AFTER] = "opened_after",
                                                    [FEATURE_OPENED_BEFORE] = "opened_before",
                                                    [FEATURE_HABIT] = "habit",
                                                    [FEATURE_VERDICT] = "verdict"};

static float relu(float x) { return x > 0 ? x : 0; }

/* z of each hidden node; most features are 0. */
static void through(const model_net *net, const float *x, float z[MODEL_HIDDEN]) {
  for (size_t h = 0; h < MODEL_HIDDEN; h++) z[h] = 0;
  for (size_t f = 0; f < FEATURES; f++) {
    if (x[f] == 0) continue;
    for (size_t h = 0; h < MODEL_HIDDEN; h++) z[h] += net->hidden[f][h] * x[f];
  }
}

float model_score(const model_net *net, const float x[FEATURES]) {
  float score = 0, z[MODEL_HIDDEN];
  through(net, x, z);
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    z[h] = net->out[h] * (relu(z[h] + net->bias[h]) - relu(net->bias[h]));
  }
  for (size_t f = 0; f < FEATURES; f++) score += net->linear[f] * x[f];
  for (size_t h = 0; h < MODEL_HIDDEN; h++) score += z[h];
  return score;
}

/* The mean slope of relu on the way from the bias alone to z + bias. */
static float mean_slope(float z, float bias) {
  if (fabsf(z) < 1e-12f) return bias > 0 ? 1 : 0;
  return (relu(z + bias) - relu(bias)) / z;
}

void model_parts(const model_net *net, const float x[FEATURES], float parts[FEATURES]) {
  float z[MODEL_HIDDEN];
  through(net, x, z);
  for (size_t h = 0; h < MODEL_HIDDEN; h++) z[h] = net->out[h] * mean_slope(z[h], net->bias[h]);
  for (size_t f = 0; f < FEATURES; f++) {
    float slope = net->linear[f];
    for (size_t h = 0; h < MODEL_HIDDEN; h++) slope += net->hidden[f][h] * z[h];
    parts[f] = slope * x[f];
  }
}

/* ---- files ---- */

static const char *const QUESTION_NAMES[] = {"question.own", "question.via", "question.tie",
                                             "question.bias"};
enum { QUESTION_ARRAYS = 4 };

static float *question_array(question_weights *w, size_t i, uint64_t *n) {
  float *const at[] = {w->own, w->via, w->tie, &w->bias};
  static const uint64_t sizes[] = {OWNS, OWNS, TIES, 1};
  *n = sizes[i];
  return at[i];
}

/* A network's arrays in a file: a row of `width` numbers, or one for each feature. */
typedef struct array {
  const char *name;
  bool by_feature;
  uint32_t width;
  float *values;
} array;

enum { ARRAYS = 4 };

static void arrays_of(model_net *net, array out[ARRAYS]) {
  out[0] = (array){"linear", true, 1, net->linear};
  out[1] = (array){"hidden", true, MODEL_HIDDEN, net->hidden[0]};
  out[2] = (array){"bias", false, MODEL_HIDDEN, net->bias};
  out[3] = (array){"out", false, MODEL_HIDDEN, net->out};
}

static const char *const NETS[] = {"note", "words"};

static model_net *net_at(score_model *m, size_t i) { return i == 0 ? &m->note : &m->words; }

lan_status model_encode(const score_model *model, lan_buf *out, lan_error *err) {
  score_model copy = *model;
  safetensors_source tensors[2 * ARRAYS + QUESTION_ARRAYS];
  uint64_t shapes[2 * ARRAYS + QUESTION_ARRAYS][2];
  char called[2 * ARRAYS][32], features[FEATURES * 16] = "";
  size_t n = 0, at = 0;
  for (size_t i = 0; i < 2; i++) {
    array a[ARRAYS];
    arrays_of(net_at(&copy, i), a);
    for (size_t k = 0; k < ARRAYS; k++, n++) {
      snprintf(called[n], sizeof called[n], "%s.%s", NETS[i], a[k].name);
      shapes[n][0] = a[k].by_feature ? FEATURES : a[k].width;
      shapes[n][1] = a[k].width;
      tensors[n] = (safetensors_source){.name = called[n],
                                        .type = SAFETENSORS_F32,
                                        .rank = a[k].by_feature ? 2 : 1,
                                        .shape = shapes[n],
                                        .data = a[k].values};
    }
  }
  for (size_t i = 0; i < QUESTION_ARRAYS; i++, n++) {
    const float *values = question_array(&copy.question, i, &shapes[n][0]);
    tensors[n] = (safetensors_source){.name = QUESTION_NAMES[i],
                                      .type = SAFETENSORS_F32,
                                      .rank = 1,
                                      .shape = shapes[n],
                                      .data = values};
  }
  for (size_t f = 0; f < FEATURES; f++) {
    at += (size_t)snprintf(features + at, sizeof features - at, "%s%s", f ? " " : "",
                           FEATURE_NAMES[f]);
  }
  safetensors_text texts[] = {{"lantoa.weights", "1"}, {"features", features}};
  return safetensors_encode(tensors, n, texts, 2, out, err);
}

/* Which of our features each row of the file is; -1: none. Returns their number, 0 if there are too many. */
static size_t read_features(const char *text, int ours[FEATURES * 4]) {
  size_t n = 0;
  for (const char *at = text; *at; n++) {
    size_t len = strcspn(at, " ");
    if (n == (size_t)FEATURES * 4) return 0;
    ours[n] = -1;
    for (int f = 0; f < FEATURES; f++) {
      if (strlen(FEATURE_NAMES[f]) == len && memcmp(FEATURE_NAMES[f], at, len) == 0) ours[n] = f;
    }
    at += len;
    at += *at == ' ';
  }
  return n;
}

/* Numbers of a tensor, all finite. */
static lan_status read_numbers(const safetensors *st, const char *name, uint64_t n, float *values,
                               const char *shown, lan_error *err) {
  const safetensors_tensor *t = safetensors_find(st, name);
  if (!t || t->n_elements != n) {
    return lan_fail(err, LAN_EFORMAT, "%s: '%s' is missing or has another size", shown, name);
  }
  lan_status s = safetensors_read_floats(st, t, values, err);
  for (uint64_t i = 0; s == LAN_OK && i < n; i++) {
    if (!isfinite(values[i])) {
      s = lan_fail(err, LAN_EFORMAT, "%s: '%s' holds what is no number", shown, name);
    }
  }
  return s;
}

static lan_status decode_question(const safetensors *st, const char *shown, question_weights *w,
                                  lan_error *err) {
  question_weights read = {0};
  lan_status s = LAN_OK;
  if (!safetensors_find(st, QUESTION_NAMES[0])) return LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < QUESTION_ARRAYS; i++) {
    uint64_t n;
    float *values = question_array(&read, i, &n);
    s = read_numbers(st, QUESTION_NAMES[i], n, values, shown, err);
  }
  if (s == LAN_OK) *w = read;
  return s;
}

static lan_status decode_array(const safetensors *st, const char *net, const array *a,
                               const int *ours, size_t n_features, const char *shown,
                               lan_error *err) {
  char name[64];
  float values[MODEL_HIDDEN * FEATURES * 4];
  snprintf(name, sizeof name, "%s.%s", net, a->name);
  size_t rows = a->by_feature ? n_features : 1, width = a->width;
  lan_status s = read_numbers(st, name, rows * width, values, shown, err);
  if (s != LAN_OK) return s;
  for (size_t row = 0; row < rows; row++) {
    int to = a->by_feature ? ours[row] : 0;
    if (to >= 0)
      memcpy(a->values + (size_t)to * width, values + row * width, width * sizeof *values);
  }
  return LAN_OK;
}

lan_status model_decode(lan_str bytes, const char *shown, score_model *model, lan_error *err) {
  score_model m = {.question = model->question};
  safetensors *st = NULL;
  int ours[FEATURES * 4];
  lan_status s = safetensors_open_bytes(bytes.ptr, bytes.len, shown, &st, err);
  if (s != LAN_OK) return s;
  const char *features = safetensors_metadata(st, "features");
  size_t n = features ? read_features(features, ours) : 0;
  if (n == 0) s = lan_fail(err, LAN_EFORMAT, "%s: it does not name its features", shown);
  for (size_t i = 0; s == LAN_OK && i < 2; i++) {
    array a[ARRAYS];
    arrays_of(net_at(&m, i), a);
    for (size_t k = 0; s == LAN_OK && k < ARRAYS; k++) {
      s = decode_array(st, NETS[i], &a[k], ours, n, shown, err);
    }
  }
  if (s == LAN_OK) s = decode_question(st, shown, &m.question, err);
  safetensors_close(st);
  if (s == LAN_OK) *model = m;
  return s;
}

lan_status model_shipped(score_model *model, lan_error *err) {
  lan_str bytes = {(const char *)SHIPPED, sizeof SHIPPED};
  return model_decode(bytes, "the weights that came with the program", model, err);
}
