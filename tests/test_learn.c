/* Learning to score: hidden links are gone without a trace, parts add up, a teacher's ranking is learnt. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "lib/small_vault.h"
#include "memory/learn.h"

static model_net random_net(uint64_t seed) {
  model_net net;
  lan_rng rng = lan_rng_at(seed, 0, 0);
  for (size_t f = 0; f < FEATURES; f++) net.linear[f] = lan_rng_normal(&rng);
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    net.bias[h] = 0.3f * lan_rng_normal(&rng);
    net.out[h] = lan_rng_normal(&rng);
    for (size_t f = 0; f < FEATURES; f++) net.hidden[f][h] = lan_rng_normal(&rng);
  }
  return net;
}

static void parts_add_up_to_the_score(void **state) {
  (void)state;
  lan_rng rng = lan_rng_at(3, 0, 0);
  for (uint64_t i = 0; i < 200; i++) {
    model_net net = random_net(i);
    float x[FEATURES], parts[FEATURES];
    double sum = 0;
    for (size_t f = 0; f < FEATURES; f++) x[f] = lan_rng_below(&rng, 3) ? lan_rng_uniform(&rng) : 0;
    model_parts(&net, x, parts);
    for (size_t f = 0; f < FEATURES; f++) {
      sum += (double)parts[f];
      if (x[f] == 0) assert_true(parts[f] == 0);
    }
    assert_true(fabs(sum - (double)model_score(&net, x)) < 1e-4);
  }
  float none[FEATURES] = {0};
  model_net net = random_net(1);
  assert_true(model_score(&net, none) == 0);
}

static void weights_survive_their_file(void **state) {
  (void)state;
  score_model a = {random_net(1), random_net(2), {{1, -2}, {3}, {0.5f}, -1, {{2}}}}, b = {0};
  lan_buf bytes = {0};
  lan_error err = {0};
  assert_int_equal(model_encode(&a, &bytes, &err), LAN_OK);
  assert_int_equal(model_decode(lan_buf_str(&bytes), "here", &b, &err), LAN_OK);
  assert_memory_equal(&a, &b, sizeof a);
  uint64_t seed = 1;
  for (int i = 0; i < 500; i++) { /* damaged: an error, or other numbers, but nothing worse */
    size_t at = scratch_random(&seed) % bytes.len;
    char before = bytes.data[at];
    bytes.data[at] = (char)scratch_random(&seed);
    err = (lan_error){0};
    lan_str cut = {bytes.data, i % 3 ? bytes.len : at};
    if (model_decode(cut, "here", &b, &err) != LAN_OK) assert_non_null(strstr(err.message, "here"));
    bytes.data[at] = before;
  }
  lan_buf_free(&bytes);
  assert_int_equal(model_shipped(&b, &err), LAN_OK);
}

/* Ranks by a teacher are learnt by a pupil that sees only which one is first. */
static void a_teacher_is_learnt_from(void **state) {
  (void)state;
  learn_set set = {0};
  lan_rng rng = lan_rng_at(9, 0, 0);
  model_net teacher = {.linear = {[FEATURE_WALK] = 6, [FEATURE_TEXT] = 3, [FEATURE_TAG] = -4}},
            pupil;
  for (uint32_t i = 0; i < 300; i++) {
    learn_example e = {.first = (uint32_t)(set.features.len / FEATURES), .n = 20, .cue = i};
    float best = -HUGE_VALF;
    for (uint32_t c = 0; c < e.n; c++) {
      float x[FEATURES];
      for (size_t f = 0; f < FEATURES; f++) {
        x[f] = lan_rng_uniform(&rng);
        assert_true(VEC_PUSH(&set.features, x[f]));
      }
      float score = model_score(&teacher, x);
      if (score > best) e.wanted = c;
      best = fmaxf(best, score);
    }
    assert_true(VEC_PUSH(&set.examples, e));
  }
  const learn_set *sets[] = {&set};
  learn_options o = {.seed = 1, .steps = 400, .rate = 0.02f, .validation = 0.3};
  learn_quality before, after;
  lan_error err = {0};
  learn_start(&pupil, 1);
  assert_int_equal(learn_train(sets, 1, &o, &pupil, &before, &after, &err), LAN_OK);
  assert_true(before.mrr < 0.5);
  assert_true(after.mrr > 0.85);
  learn_set_free(&set);
}

/* What a memory without the links answers is what a vault without them answers. */
static void hidden_links_leave_no_trace(void **state) {
  write_note(
      state, "A.md",
      "---\nup: \"[[B|the second]]\"\n---\nAlpha [[B|beta word]] and [[C]], ![[B]] again.\n");
  write_note(state, "B.md", "Beta. [[C]] [[D]]\n");
  write_note(state, "C.md", "Gamma [[D]]\n");
  write_note(state, "D.md", "Delta delta\n");
  lan_memory *m = open_vault(state), *shadow = NULL;
  uint32_t target[] = {1, UINT32_MAX, UINT32_MAX, UINT32_MAX};
  hidden_links h = {target, 1};
  lan_error err = {0};
  if (hide_open(m, &h, &shadow, &err) != LAN_OK) fail_msg("%s", err.message);
  const lan_result *r;
  size_t n, n_fresh;
  lan_result hidden[8];
  assert_int_equal(lan_memory_related(shadow, 0, NULL, &r, &n, &err), LAN_OK);
  memcpy(hidden, r, n * sizeof *r);
  hide_close(shadow);
  lan_memory_close(m);
  write_note(state, "A.md", "---\nup: \"\"\n---\nAlpha  and [[C]],  again.\n");
  m = open_vault(state);
  assert_int_equal(lan_memory_related(m, 0, NULL, &r, &n_fresh, &err), LAN_OK);
  assert_int_equal(n, n_fresh);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(hidden[i].note, r[i].note);
    assert_true(hidden[i].score == r[i].score);
    assert_int_equal(hidden[i].linked, r[i].linked);
  }
  lan_memory_close(m);
}

/* At most one a note, never the only one, never one that is returned. */
static void what_is_hidden_keeps_the_rules(void **state) {
  char name[32], text[64];
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, "n%02d.md", i);
    snprintf(text, sizeof text, "[[n%02d]] [[n%02d]] [[n%02d]]\n", (i + 1) % 40, (i + 7) % 40,
             (i + 39) % 40);
    write_note(state, name, i == 5 ? "[[n06]]" : text);
  }
  lan_memory *m = open_vault(state);
  hidden_links h, other;
  assert_int_equal(hide_choose(&m->index, 1, 0.5, 10, 30, NULL, &h, NULL), LAN_OK);
  assert_in_range(h.n, 10, 30);
  assert_int_equal(h.target[5], UINT32_MAX);
  for (uint32_t i = 0; i < 40; i++) {
    if (h.target[i] != UINT32_MAX) assert_true(h.target[i] == (i + 7) % 40 || i == 4 || i == 6);
  }
  assert_int_equal(hide_choose(&m->index, 1, 0.5, 10, 30, &h, &other, NULL), LAN_OK);
  for (uint32_t i = 0; i < 40; i++) {
    if (other.target[i] != UINT32_MAX) assert_int_not_equal(other.target[i], h.target[i]);
  }
  hide_free(&h);
  hide_free(&other);
  lan_memory_close(m);
}

/* What another process learns meanwhile, or forgets, holds here as well: nothing that is learnt here goes over it. */
static void weights_follow_what_others_do(void **state) {
  write_note(state, "A.md", "Alpha [[B]]\n");
  write_note(state, "B.md", "Beta\n");
  lan_memory *m = open_vault(state), *other = open_vault(state);
  score_model shipped = m->model, learnt = m->model;
  learnt.note.linear[0] += 1;
  m->online.steps = 7;
  assert_int_equal(memory_keep_weights(other, &learnt, NULL), LAN_OK);
  assert_int_equal(lan_memory_opened(m, 0, 1, 0, NULL), LAN_OK);
  assert_memory_equal(&m->model, &learnt, sizeof learnt);
  assert_in_range(m->online.steps, 0, 1); /* they began anew */
  assert_int_equal(lan_memory_forget(m, NULL, NULL, NULL), LAN_OK);
  assert_memory_equal(&m->model, &shipped, sizeof shipped);
  assert_int_equal(lan_memory_refresh(other, NULL, NULL), LAN_OK);
  assert_memory_equal(&other->model, &shipped, sizeof shipped);
  lan_memory_close(other);
  lan_memory_close(m);
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_add_up_to_the_score), cmocka_unit_test(weights_survive_their_file),
      cmocka_unit_test(a_teacher_is_learnt_from),  IN_SCRATCH(hidden_links_leave_no_trace),
      IN_SCRATCH(weights_follow_what_others_do),
      IN_SCRATCH(what_is_hidden_keeps_the_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
