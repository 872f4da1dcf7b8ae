#include "answer/lesson.h"

#include "base/error.h"
#include "lantoa/spread.h"

/* ---- the network that learns ---- */

typedef struct telling {
  json_writer *j;
  uint32_t hidden;
} telling;

static void add_value(json_writer *j, const char *key, double v) {
  jw_key(j, key);
  jw_number(j, v);
}

/* As whole hundredths, which is what a picture can show. */
static void add_field(json_writer *j, const float *field) {
  jw_key(j, "field");
  jw_open(j, '[');
  for (size_t i = 0; i < CLASSROOM_SIDE * CLASSROOM_SIDE; i++) {
    jw_count(j, (size_t)(field[i] * 100 + 0.5F));
  }
  jw_close(j, ']');
}

static void add_points(telling *t, const classroom_point *points) {
  jw_key(t->j, "points");
  jw_open(t->j, '[');
  for (size_t i = 0; i < CLASSROOM_POINTS; i++) {
    jw_open(t->j, '[');
    jw_number(t->j, (double)points[i].x);
    jw_number(t->j, (double)points[i].y);
    jw_integer(t->j, points[i].kind);
    jw_close(t->j, ']');
  }
  jw_close(t->j, ']');
  jw_key(t->j, "throws");
  jw_open(t->j, '[');
}

static int add_throw(void *ctx, const classroom_point *points, const classroom_throw *thrown) {
  telling *t = ctx;
  json_writer *j = t->j;
  if (thrown->number == 0) add_points(t, points);
  jw_open(j, '{');
  add_value(j, "loss", thrown->loss);
  jw_key(j, "right");
  jw_count(j, thrown->right);
  jw_floats(j, "weights", thrown->weights, thrown->n_weights);
  if (thrown->example) {
    jw_key(j, "example");
    jw_count(j, (size_t)(thrown->example - points));
    add_value(j, "guess", (double)thrown->guess);
    add_value(j, "error", thrown->error);
    jw_floats(j, "hidden", thrown->hidden, t->hidden);
    jw_floats(j, "hidden_gradient", thrown->hidden_gradient, t->hidden);
    add_value(j, "guess_gradient", (double)thrown->guess_gradient);
  }
  if (thrown->field) add_field(j, thrown->field);
  jw_close(j, '}');
  return j->out->failed;
}

lan_status answer_lesson(const classroom_options *options, json_writer *j, lan_error *err) {
  telling t = {j, options->hidden};
  jw_open(j, '{');
  jw_key(j, "side");
  jw_count(j, CLASSROOM_SIDE);
  jw_key(j, "hidden");
  jw_count(j, options->hidden);
  lan_status s = classroom_run(options, add_throw, &t, err);
  if (j->out->failed) return lan_fail_memory(err, 0);
  if (s != LAN_OK) return s;
  jw_close(j, ']');
  jw_close(j, '}');
  return LAN_OK;
}

/* ---- the small memory ---- */

/* What coffee, and work, call to mind: {Vietnamese, English}. */
static const char *const WORDS[][2] = {
    {"cà phê", "coffee"},         {"quán cà phê", "coffee house"},
    {"bạn bè", "friends"},        {"trà sữa", "milk tea"},
    {"buổi sáng", "morning"},     {"đồ ngọt", "sweets"},
    {"nói chuyện", "talking"},    {"mưa", "rain"},
    {"nhân sự", "staff"},         {"phần mềm quản lý", "management software"},
    {"tuyển dụng", "recruiting"}, {"bảo hiểm", "insurance"},
    {"văn phòng", "office"},      {"họp sáng", "morning meeting"}};
enum { N_WORDS = sizeof WORDS / sizeof *WORDS, STEPS = 3 };

/* Ties go both ways. */
static const struct {
  uint8_t a, b;
  float weight;
} TIES[] = {{0, 1, 3},  {0, 2, 2},  {0, 3, 1},   {0, 4, 2},   {1, 2, 2},  {1, 7, 1},  {2, 6, 2},
            {2, 3, 1},  {3, 5, 2},  {4, 7, 1},   {4, 13, 1},  {8, 9, 2},  {8, 10, 3}, {8, 11, 2},
            {8, 12, 2}, {9, 12, 1}, {10, 11, 1}, {12, 13, 2}, {0, 13, 1}, {12, 0, 1}};
enum { N_TIES = sizeof TIES / sizeof *TIES };

typedef struct waves {
  double all[STEPS + 1][N_WORDS]; /* what has come until then */
  double now[STEPS + 1][N_WORDS];
} waves;

static int keep_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  waves *w = ctx;
  for (size_t i = 0; i < n; i++) w->now[t][a[i].node] = a[i].activation;
  for (size_t i = 0; i < N_WORDS; i++) w->all[t][i] = (t ? w->all[t - 1][i] : 0) + w->now[t][i];
  return 0;
}

static lan_status build_words(lan_graph *g, lan_error *err) {
  lan_edge edges[2 * N_TIES];
  for (size_t i = 0; i < N_TIES; i++) {
    edges[2 * i] = (lan_edge){TIES[i].a, TIES[i].b, TIES[i].weight, 0};
    edges[2 * i + 1] = (lan_edge){TIES[i].b, TIES[i].a, TIES[i].weight, 0};
  }
  return lan_graph_build(N_WORDS, edges, 2 * N_TIES, g, err);
}

static void add_word(json_writer *j, const waves *w, uint32_t i, uint32_t cue, int vietnamese) {
  jw_open(j, '{');
  jw_entry(j, "kind", "note");
  jw_entry(j, "name", WORDS[i][vietnamese ? 0 : 1]);
  jw_key(j, "path");
  jw_null(j);
  jw_key(j, "cue");
  jw_bool(j, i == cue);
  jw_key(j, "activation");
  jw_open(j, '[');
  for (size_t t = 0; t <= STEPS; t++) jw_number(j, w->all[t][i]);
  jw_close(j, ']');
  jw_close(j, '}');
}

static void add_ties(json_writer *j, const waves *w, const lan_graph *g, double decay) {
  for (uint32_t i = 0; i < N_WORDS; i++) {
    double sum = 0;
    for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1]; e++) sum += (double)g->weights[e];
    for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1]; e++) {
      jw_open(j, '{');
      jw_key(j, "from");
      jw_count(j, i);
      jw_key(j, "to");
      jw_count(j, g->targets[e]);
      jw_entry(j, "kind", "link");
      jw_key(j, "flow");
      jw_open(j, '[');
      for (size_t t = 0; t < STEPS; t++) {
        jw_number(j, decay * (double)g->weights[e] / sum * w->now[t][i]);
      }
      jw_close(j, ']');
      jw_close(j, '}');
    }
  }
}

lan_status answer_words(uint32_t cue, int vietnamese, json_writer *j, lan_error *err) {
  lan_graph g = {0};
  lan_spreader *spreader = NULL;
  waves w = {0};
  lan_spread_model model = lan_spread_preset(LAN_PRESET_MEMORY);
  lan_cue from = {cue, 1};
  model.steps = STEPS;
  if (cue >= N_WORDS) return lan_fail(err, LAN_ERANGE, "there are words 0 to %d", N_WORDS - 1);
  lan_status s = build_words(&g, err);
  if (s == LAN_OK) s = lan_spreader_new(&g, &spreader, err);
  if (s == LAN_OK) s = lan_spread_steps(spreader, &model, &from, 1, keep_step, &w, err);
  if (s == LAN_OK) {
    jw_open(j, '{');
    jw_key(j, "steps");
    jw_count(j, STEPS);
    jw_key(j, "nodes");
    jw_open(j, '[');
    for (uint32_t i = 0; i < N_WORDS; i++) add_word(j, &w, i, cue, vietnamese);
    jw_close(j, ']');
    jw_key(j, "edges");
    jw_open(j, '[');
    add_ties(j, &w, &g, model.decay);
    jw_close(j, ']');
    jw_close(j, '}');
  }
  lan_spreader_free(spreader);
  lan_graph_free(&g);
  return s;
}
