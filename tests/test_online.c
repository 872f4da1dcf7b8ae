/* Learning from each open: the step against central differences, what is kept and what is given up. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "memory/online.h"

enum { CANDIDATES = 12, NUMBERS = sizeof(model_net) / sizeof(float) };

static void random_net(model_net *net, lan_rng *rng) {
  float numbers[NUMBERS];
  for (size_t i = 0; i < NUMBERS; i++) numbers[i] = 0.5f * lan_rng_normal(rng);
  memcpy(net, numbers, sizeof numbers);
}

static void random_candidates(score_candidate *c, lan_rng *rng) {
  memset(c, 0, CANDIDATES * sizeof *c);
  for (size_t i = 0; i < CANDIDATES; i++) {
    for (size_t f = 0; f < FEATURES; f++) {
      if (lan_rng_uniform(rng) < 0.5f) c[i].features[f] = lan_rng_uniform(rng);
    }
  }
}

static double loss(const model_net *net, const score_candidate *c, size_t wanted) {
  double sum = 0, score = (double)model_score(net, c[wanted].features);
  for (size_t i = 0; i < CANDIDATES; i++) {
    sum += exp((double)model_score(net, c[i].features) - score);
  }
  return log(sum);
}

static void a_step_goes_down_the_gradient(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 5; seed++) {
    lan_rng rng = lan_rng_at(seed, 1, 0);
    score_candidate c[CANDIDATES];
    model_net net;
    online o = {0};
    float numbers[NUMBERS], after[NUMBERS];
    double dot = 0, step = 0, slope = 0;
    random_net(&net, &rng);
    random_candidates(c, &rng);
    assert_int_equal(online_step(&o, &net, c, CANDIDATES, 3), ONLINE_OPEN);
    memcpy(numbers, &net, sizeof numbers);
    memcpy(after, &o.net, sizeof after);
    for (size_t i = 0; i < NUMBERS; i++) {
      const float h = 2e-3f, was = numbers[i];
      model_net up, down;
      numbers[i] = was + h;
      memcpy(&up, numbers, sizeof up);
      numbers[i] = was - h;
      memcpy(&down, numbers, sizeof down);
      numbers[i] = was;
      double g = (loss(&up, c, 3) - loss(&down, c, 3)) / (2 * (double)h);
      double moved = (double)(after[i] - was);
      dot -= g * moved;
      step += moved * moved;
      slope += g * g;
    }
    assert_true(dot / sqrt(step * slope) > 0.999);
    assert_true(sqrt(step) <= 0.0101);
    assert_true(loss(&o.net, c, 3) < loss(&net, c, 3));
  }
}

/* The candidate that `teacher` would have. */
static size_t best_by(const model_net *teacher, const score_candidate *c) {
  size_t best = 0;
  for (size_t i = 1; i < CANDIDATES; i++) {
    if (model_score(teacher, c[i].features) > model_score(teacher, c[best].features)) best = i;
  }
  return best;
}

static void what_foresees_better_is_kept(void **state) {
  (void)state;
  lan_rng rng = lan_rng_at(3, 1, 0);
  model_net net, teacher;
  online o = {0};
  size_t kept = 0;
  random_net(&net, &rng);
  teacher = net;
  for (size_t f = 0; f < FEATURES; f++) teacher.linear[f] += 2 * lan_rng_normal(&rng);
  score_candidate test[100][CANDIDATES];
  for (size_t k = 0; k < 100; k++) random_candidates(test[k], &rng);
  size_t before = 0, after = 0;
  for (size_t k = 0; k < 100; k++) before += best_by(&net, test[k]) == best_by(&teacher, test[k]);
  for (size_t i = 0; i < 3000; i++) {
    score_candidate c[CANDIDATES];
    random_candidates(c, &rng);
    online_verdict v = online_step(&o, &net, c, CANDIDATES, best_by(&teacher, c));
    kept += v == ONLINE_BETTER;
    if (v == ONLINE_BETTER) net = o.net;
    if (v != ONLINE_OPEN) o = (online){0};
  }
  for (size_t k = 0; k < 100; k++) after += best_by(&net, test[k]) == best_by(&teacher, test[k]);
  assert_in_range(kept, 3, 60);
  assert_true(after >= before + 30);
}

static void what_foresees_worse_is_given_up(void **state) {
  (void)state;
  lan_rng rng = lan_rng_at(4, 1, 0);
  model_net net;
  online o = {0};
  random_net(&net, &rng);
  online_verdict v = ONLINE_OPEN;
  for (size_t i = 0; v == ONLINE_OPEN && i < 1000; i++) {
    score_candidate c[CANDIDATES];
    random_candidates(c, &rng);
    size_t wanted = best_by(&net, c);
    v = online_step(&o, &net, c, CANDIDATES, wanted);
    memset(o.net.linear, 0, sizeof o.net.linear); /* spoilt */
  }
  assert_int_equal(v, ONLINE_WORSE);
  assert_int_equal(online_step(&o, &net, NULL, 0, 0), ONLINE_OPEN); /* nothing was wanted */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_step_goes_down_the_gradient),
                                     cmocka_unit_test(what_foresees_better_is_kept),
                                     cmocka_unit_test(what_foresees_worse_is_given_up)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
