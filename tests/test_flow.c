/* Learnt conductances: gradients through the spreading, and that what is trained on is what is scored with. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/rng.h"
#include "lib/scratch.h"
#include "memory/cache.h"
#include "memory/learn.h"

enum { NUMBERS = sizeof(flow_weights) / sizeof(float) };

/* Ties at random, step by step, as flow_gather orders them. */
static void random_example(lan_rng *rng, flow_set *set) {
  flow_example e = {.first_tie = set->ties.len};
  for (uint8_t step = 0; step < FLOW_STEPS; step++) {
    for (int i = 0; i < 60; i++) {
      flow_tie t = {.from = (uint8_t)(step ? lan_rng_below(rng, 8) : 0),
                    .to = (uint8_t)lan_rng_below(rng, 8),
                    .step = step,
                    .kind = (uint8_t)lan_rng_below(rng, step ? (uint32_t)EDGE_KINDS : FLOW_KINDS),
                    .weight = 0.5f + lan_rng_uniform(rng),
                    .fan = (uint16_t)lan_rng_below(rng, 400),
                    .crowd = (uint16_t)lan_rng_below(rng, 400),
                    .to_kept = step + 1 < FLOW_STEPS && lan_rng_below(rng, 2)};
      assert_true(VEC_PUSH(&set->ties, t));
    }
    for (size_t k = 0; step && k < 8; k++) e.alike[step][k] = lan_rng_uniform(rng);
  }
  e.n_ties = (uint32_t)(set->ties.len - e.first_tie);
  assert_true(VEC_PUSH(&set->examples, e));
}

/* A loss of the features: their sum, each times a number that is given. */
static double loss_of(const flow_set *set, const flow_weights *w, float (*slopes)[FLOW_STEPS],
                      flow_run *run) {
  static flow_ready ready;
  double sum = 0;
  flow_prepare(w, &ready);
  flow_forward(set, set->examples.len - 1, &ready, run);
  for (size_t i = 0; i < 8; i++) {
    for (size_t t = 0; t < FLOW_STEPS; t++) {
      sum += (double)(slopes[i][t] * flow_feature(run->read[i][t]));
      run->d_read[i][t] = slopes[i][t] * flow_feature_slope(run->read[i][t]);
    }
  }
  return sum;
}

static void gradients_agree_with_differences(void **state) {
  (void)state;
  static flow_run run;
  static flow_ready ready;
  flow_set set = {0};
  for (uint64_t seed = 1; seed <= 20; seed++) {
    lan_rng rng = lan_rng_at(seed, 0, 0);
    flow_weights w, d = {0};
    float slopes[8][FLOW_STEPS], values[NUMBERS], gradient[NUMBERS];
    double wrong = 0, size = 0;
    random_example(&rng, &set);
    flow_start(&w);
    memcpy(values, &w, sizeof w);
    for (size_t i = 0; i < NUMBERS; i++) values[i] += 0.3f * lan_rng_normal(&rng);
    memcpy(&w, values, sizeof w);
    for (size_t i = 0; i < 8; i++) {
      for (size_t t = 0; t < FLOW_STEPS; t++) slopes[i][t] = lan_rng_normal(&rng);
    }
    loss_of(&set, &w, slopes, &run);
    flow_prepare(&w, &ready);
    flow_backward(&set, set.examples.len - 1, &ready, &run, &d);
    memcpy(gradient, &d, sizeof d);
    for (size_t i = 0; i < NUMBERS; i++) {
      const float h = 0.01f;
      double up, down;
      flow_weights moved;
      float there = values[i];
      values[i] = there + h;
      memcpy(&moved, values, sizeof moved);
      up = loss_of(&set, &moved, slopes, &run);
      values[i] = there - h;
      memcpy(&moved, values, sizeof moved);
      down = loss_of(&set, &moved, slopes, &run);
      values[i] = there;
      double numeric = (up - down) / (2 * (double)h), given = (double)gradient[i];
      wrong += (numeric - given) * (numeric - given);
      size += numeric * numeric;
    }
    assert_true(size > 0);
    assert_true(sqrt(wrong / size) < 5e-3);
  }
  flow_set_free(&set);
}

static void write_note(void **state, int i, const char *text) {
  char path[1100];
  snprintf(path, sizeof path, "%s/vault/%s/n%03d.md", (const char *)*state, i % 2 ? "odd" : "even",
           i);
  scratch_write(path, text, strlen(text));
}

/* Links at random, tags, names without links, and one note that everything links to. */
static lan_memory *open_vault(void **state) {
  static char vault[1024];
  char folder[1100], text[512];
  lan_rng rng = lan_rng_at(7, 0, 0);
  snprintf(vault, sizeof vault, "%s/vault", (const char *)*state);
  assert_int_equal(mkdir(vault, 0700), 0);
  for (int k = 0; k < 2; k++) {
    snprintf(folder, sizeof folder, "%s/%s", vault, k ? "odd" : "even");
    assert_int_equal(mkdir(folder, 0700), 0);
  }
  for (int i = 0; i < 400; i++) {
    snprintf(text, sizeof text,
             "[[n%03u]] and ![[n%03u]], [[nowhere %u]]; n%03u. #t%u word%u word%u [[n000]]\n",
             lan_rng_below(&rng, 400), lan_rng_below(&rng, 400), lan_rng_below(&rng, 30),
             lan_rng_below(&rng, 400), lan_rng_below(&rng, 20), lan_rng_below(&rng, 50),
             lan_rng_below(&rng, 50));
    write_note(state, i, text);
  }
  lan_memory_options o = {.no_cache = 1, .n_threads = 1};
  lan_memory *m = NULL;
  lan_error err = {0};
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

/* The ties of an example bring what the answer's own spreading brought. */
static void training_sees_what_scoring_sees(void **state) {
  lan_memory *m = open_vault(state);
  static flow_run run;
  static flow_ready ready;
  flow_set set = {0};
  lan_error err = {0};
  size_t above = 0;
  flow_prepare(&m->model.note.flow, &ready);
  for (uint32_t note = 0; note < 60; note++) {
    const lan_result *r;
    size_t n;
    uint32_t notes[FLOW_CANDIDATES], count = 0;
    assert_int_equal(lan_memory_related(m, note, NULL, &r, &n, &err), LAN_OK);
    for (size_t i = 0; i < m->score.candidates.len && count < FLOW_CANDIDATES; i++) {
      notes[count++] = m->score.candidates.data[i].note;
    }
    assert_int_equal(flow_gather(&m->score, &m->cue, notes, count, &set, &err), LAN_OK);
    flow_forward(&set, set.examples.len - 1, &ready, &run);
    for (uint32_t i = 0; i < count; i++) {
      for (size_t t = 0; t < FLOW_STEPS; t++) {
        float here = m->score.candidates.data[i].features[FEATURE_FLOW_1 + t];
        float there = flow_feature(run.read[i][t]);
        if (here == 0) continue; /* reached too little to become a candidate by this alone */
        assert_true(fabsf(here - there) < 1e-4f);
        above++;
      }
    }
  }
  assert_true(above > 1000);
  flow_set_free(&set);
  lan_memory_close(m);
}

/* Weights from a file that would be infinite, or nothing at all, still give numbers. */
static void extreme_weights_give_numbers(void **state) {
  lan_memory *m = open_vault(state);
  lan_error err = {0};
  static const float extremes[] = {3e38f, -3e38f, 100, -100};
  for (size_t k = 0; k < sizeof extremes / sizeof *extremes; k++) {
    float values[NUMBERS];
    for (size_t i = 0; i < NUMBERS; i++) values[i] = extremes[k];
    memcpy(&m->model.note.flow, values, sizeof m->model.note.flow);
    for (uint32_t note = 0; note < 5; note++) {
      const lan_result *r;
      size_t n;
      assert_int_equal(lan_memory_related(m, note, NULL, &r, &n, &err), LAN_OK);
      assert_true(n > 0);
      for (size_t i = 0; i < n; i++) assert_true(isfinite(r[i].score));
    }
  }
  lan_memory_close(m);
}

/* What is wanted lies behind a tag each time: tags come to conduct more than at first, and links less. */
static void conductances_are_learnt_from_examples(void **state) {
  (void)state;
  learn_set set = {0};
  lan_rng rng = lan_rng_at(5, 0, 0);
  for (uint32_t i = 0; i < 300; i++) {
    learn_example e = {.first = i * 10, .n = 10, .cue = i, .wanted = lan_rng_below(&rng, 10)};
    flow_example f = {.first_tie = set.flow.ties.len, .n_ties = 11};
    for (uint8_t c = 0; c < 10; c++) { /* what is wanted by a tag, all else by a link */
      flow_tie t = {
          .to = c, .kind = c == e.wanted ? EDGE_TAG : EDGE_LINK, .weight = 1, .fan = 3, .crowd = 3};
      assert_true(VEC_PUSH(&set.flow.ties, t));
    }
    flow_tie noise = {.to = (uint8_t)lan_rng_below(&rng, 10),
                      .kind = EDGE_LINK,
                      .weight = 1,
                      .fan = 3,
                      .crowd = 3};
    assert_true(VEC_PUSH(&set.flow.ties, noise));
    assert_true(VEC_RESERVE(&set.features, 10 * FEATURES));
    memset(set.features.data + set.features.len, 0, 10 * FEATURES * sizeof(float));
    set.features.len += 10 * FEATURES;
    assert_true(VEC_PUSH(&set.examples, e) && VEC_PUSH(&set.flow.examples, f));
  }
  const learn_set *sets[] = {&set};
  learn_options o = {.seed = 1, .steps = 300, .rate = 0.01f, .validation = 0.3};
  learn_quality before, after;
  model_net net = {.linear = {[FEATURE_FLOW_1] = 5}};
  lan_error err = {0};
  flow_start(&net.flow);
  flow_weights start = net.flow;
  assert_int_equal(learn_train(sets, 1, &o, &net, &before, &after, &err), LAN_OK);
  assert_true(before.mrr < 0.3);
  assert_true(after.mrr > 0.9);
  assert_true(net.flow.gain[0][EDGE_TAG] > start.gain[0][EDGE_TAG]);
  assert_true(net.flow.gain[0][EDGE_LINK] < start.gain[0][EDGE_LINK]);
  o.fixed_flow = true;
  net.flow = start;
  assert_int_equal(learn_train(sets, 1, &o, &net, NULL, NULL, &err), LAN_OK);
  assert_memory_equal(&net.flow, &start, sizeof start);
  learn_set_free(&set);
}

/* What is read of an index in which an edge is of another kind. */
static lan_status load_with(lan_memory *m, const char *path, uint32_t edge, uint8_t type) {
  memory_index other = {0};
  uint8_t *types = (uint8_t *)(uintptr_t)m->index.net.graph.types, was = types[edge];
  types[edge] = type;
  assert_int_equal(cache_save(path, "test", &m->index, NULL), LAN_OK);
  types[edge] = was;
  lan_status s = cache_load(path, "test", &other, NULL);
  index_free(&other);
  return s;
}

/* Kinds of ties stand for places in memory: an index from elsewhere may hold no others than there are. */
static void ties_that_cannot_be_are_no_index(void **state) {
  lan_memory *m = open_vault(state);
  char path[1100];
  const lan_graph *g = &m->index.net.graph;
  uint32_t n = m->index.cat.n_notes, end = g->offsets[1], to_note = 0, last = g->n_edges - 1;
  snprintf(path, sizeof path, "%s/index.db", (const char *)*state);
  while (g->targets[to_note] == g->targets[to_note + 1]) to_note++;
  assert_true(g->targets[to_note] < n && g->targets[end - 1] >= n);
  assert_int_equal(load_with(m, path, last, g->types[last]), LAN_OK);
  assert_int_equal(load_with(m, path, last, EDGE_KINDS), LAN_ECORRUPT);
  assert_int_equal(load_with(m, path, to_note, EDGE_FOLDER), LAN_ECORRUPT);
  assert_int_equal(load_with(m, path, end - 1, EDGE_MENTION), LAN_ECORRUPT);
  lan_memory_close(m);
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients_agree_with_differences),
      IN_SCRATCH(training_sees_what_scoring_sees),
      IN_SCRATCH(extreme_weights_give_numbers),
      IN_SCRATCH(ties_that_cannot_be_are_no_index),
      cmocka_unit_test(conductances_are_learnt_from_examples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
