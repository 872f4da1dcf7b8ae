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
                                                    [FEATURE_VERDICT] = "verdict",
                                                    [FEATURE_AGAIN] = "again",
                                                    [FEATURE_CHOSEN] = "chosen",
                                                    [FEATURE_ALIKE_AFTER] = "alike_after",
                                                    [FEATURE_TRAIL] = "trail",
                                                    [FEATURE_TRAIL_AFTER] = "trail_after",
                                                    [FEATURE_TRAIL_DEPTH] = "trail_depth",
                                                    [FEATURE_FLOW_1] = "flow_1",
                                                    [FEATURE_FLOW_2] = "flow_2",
                                                    [FEATURE_FLOW_3] = "flow_3"};

/* Numbers are taken four at a time. */
typedef float four __attribute__((vector_size(16)));
typedef int32_t four_bits __attribute__((vector_size(16)));

enum { FOURS = MODEL_HIDDEN / 4 };

static inline four load(const float *p) {
  four v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline four relu4(four v) { return (four)((four_bits)v & (v > 0)); }
static float relu(float x) { return x > 0 ? x : 0; }

/* z of each hidden node, and the sum of what goes past them. Most features are 0: which are
 * not is found first, without a branch, as nobody could foretell it. */
static inline void through(const model_net *net, const float *x, four z[FOURS], float *past) {
  uint32_t there[FEATURES + 1], n = 0;
  four sums[FOURS] = {{0}};
  *past = 0;
  for (uint32_t f = 0; f < FEATURES; f++) {
    uint32_t bits;
    memcpy(&bits, &x[f], sizeof bits);
    there[n] = f;
    n += bits << 1 != 0; /* neither 0 nor -0 */
  }
  for (uint32_t i = 0; i < n; i++) {
    uint32_t f = there[i];
    for (size_t k = 0; k < FOURS; k++) sums[k] += load(&net->hidden[f][4 * k]) * x[f];
    *past += net->linear[f] * x[f];
  }
  for (size_t k = 0; k < FOURS; k++) z[k] = sums[k];
}

float model_score(const model_net *net, const float x[FEATURES]) {
  float past;
  four z[FOURS], sum = {0};
  through(net, x, z, &past);
  for (size_t k = 0; k < FOURS; k++) {
    four bias = load(&net->bias[4 * k]);
    sum += load(&net->out[4 * k]) * (relu4(z[k] + bias) - relu4(bias));
  }
  return past + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/* The mean slope of relu on the way from the bias alone to z + bias. */
static float mean_slope(float z, float bias) {
  if (fabsf(z) < 1e-12f) return bias > 0 ? 1 : 0;
  return (relu(z + bias) - relu(bias)) / z;
}

void model_parts(const model_net *net, const float x[FEATURES], float parts[FEATURES]) {
  float past, z[MODEL_HIDDEN];
  four sums[FOURS];
  through(net, x, sums, &past);
  memcpy(z, sums, sizeof z);
  for (size_t h = 0; h < MODEL_HIDDEN; h++) z[h] = net->out[h] * mean_slope(z[h], net->bias[h]);
  for (size_t f = 0; f < FEATURES; f++) {
    float slope = net->linear[f];
    parts[f] = 0;
    if (x[f] == 0) continue;
    for (size_t h = 0; h < MODEL_HIDDEN; h++) slope += net->hidden[f][h] * z[h];
    parts[f] = slope * x[f];
  }
}

/* ---- files ---- */

/* An array in a file: a row of `width` numbers, or one for each feature. */
typedef struct array {
  const char *name;
  bool by_feature;
  uint32_t width;
  float *values;
} array;

/* Those of learnt conductances and of questions come last: older files lack them. */
enum { ARRAYS = 17, FIRST_OF_FLOW = 8 };

static void arrays_of(score_model *m, array out[ARRAYS]) {
  model_net *note = &m->note, *words = &m->words;
  question_weights *q = &m->question;
  const array all[ARRAYS] = {{"note.linear", true, 1, note->linear},
                             {"note.hidden", true, MODEL_HIDDEN, note->hidden[0]},
                             {"note.bias", false, MODEL_HIDDEN, note->bias},
                             {"note.out", false, MODEL_HIDDEN, note->out},
                             {"words.linear", true, 1, words->linear},
                             {"words.hidden", true, MODEL_HIDDEN, words->hidden[0]},
                             {"words.bias", false, MODEL_HIDDEN, words->bias},
                             {"words.out", false, MODEL_HIDDEN, words->out},
                             {"flow.gain", false, FLOW_STEPS * FLOW_KINDS, note->flow.gain[0]},
                             {"flow.alike", false, FLOW_STEPS, note->flow.alike},
                             {"flow.fan", false, FLOW_KINDS, note->flow.fan},
                             {"flow.crowd", false, FLOW_KINDS, note->flow.crowd},
                             {"question.own", false, OWNS, q->own},
                             {"question.via", false, OWNS, q->via},
                             {"question.tie", false, TIES, q->tie},
                             {"question.bias", false, 1, &q->bias},
                             {"question.sure", false, QUESTION_NUMBERS * QUESTION_NUMBERS, q->sure[0]}};
  memcpy(out, all, sizeof all);
}

lan_status model_encode(const score_model *model, lan_buf *out, lan_error *err) {
  score_model copy = *model;
  array a[ARRAYS];
  safetensors_source tensors[ARRAYS];
  uint64_t shapes[ARRAYS][2];
  char features[FEATURES * 16] = "";
  size_t at = 0;
  arrays_of(&copy, a);
  for (size_t k = 0; k < ARRAYS; k++) {
    shapes[k][0] = a[k].by_feature ? FEATURES : a[k].width;
    shapes[k][1] = a[k].width;
    tensors[k] = (safetensors_source){.name = a[k].name,
                                      .type = SAFETENSORS_F32,
                                      .rank = a[k].by_feature ? 2 : 1,
                                      .shape = shapes[k],
                                      .data = a[k].values};
  }
  for (size_t f = 0; f < FEATURES; f++) {
    at += (size_t)snprintf(features + at, sizeof features - at, "%s%s", f ? " " : "",
                           FEATURE_NAMES[f]);
  }
  safetensors_text texts[] = {{"lantoa.weights", "1"}, {"features", features}};
  return safetensors_encode(tensors, ARRAYS, texts, 2, out, err);
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

static lan_status decode_array(const safetensors *st, const array *a, const int *ours,
                               size_t n_features, const char *shown, lan_error *err) {
  float values[MODEL_HIDDEN * FEATURES * 4];
  size_t rows = a->by_feature ? n_features : 1, width = a->width;
  lan_status s = read_numbers(st, a->name, rows * width, values, shown, err);
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
  flow_start(&m.note.flow);
  safetensors *st = NULL;
  int ours[FEATURES * 4];
  lan_status s = safetensors_open_bytes(bytes.ptr, bytes.len, shown, &st, err);
  if (s != LAN_OK) return s;
  const char *features = safetensors_metadata(st, "features");
  size_t n = features ? read_features(features, ours) : 0;
  if (n == 0) s = lan_fail(err, LAN_EFORMAT, "%s: it does not name its features", shown);
  array a[ARRAYS];
  arrays_of(&m, a);
  for (size_t k = 0; s == LAN_OK && k < ARRAYS; k++) {
    if (k >= FIRST_OF_FLOW && !safetensors_find(st, a[k].name)) continue;
    s = decode_array(st, &a[k], ours, n, shown, err);
  }
  safetensors_close(st);
  if (s == LAN_OK) *model = m;
  return s;
}

lan_status model_shipped(score_model *model, lan_error *err) {
  lan_str bytes = {(const char *)SHIPPED, sizeof SHIPPED};
  return model_decode(bytes, "the weights that came with the program", model, err);
}
