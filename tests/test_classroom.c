/* The learning room: what it tells of each throw is what backpropagation does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/classroom.h"

enum { HIDDEN = 8, WEIGHTS = 4 * HIDDEN + 1 };

typedef struct watch {
  float rate;
  float before[WEIGHTS];
  uint32_t n, fields, right, stop_at;
  double first_loss, loss;
} watch;

/* The network's guess, worked out anew. */
static double guess_of(const float *w, const classroom_point *p, double hidden[HIDDEN]) {
  double sum = (double)w[4 * HIDDEN];
  for (size_t h = 0; h < HIDDEN; h++) {
    hidden[h] = tanh((double)(w[2 * h] * p->x + w[2 * h + 1] * p->y + w[2 * HIDDEN + h]));
    sum += (double)w[3 * HIDDEN + h] * hidden[h];
  }
  return 1 / (1 + exp(-sum));
}

static void check_throw(const watch *w, const classroom_throw *t) {
  double hidden[HIDDEN], guess = guess_of(w->before, t->example, hidden);
  double right = t->example->kind ? guess : 1 - guess;
  assert_true(fabs(guess - (double)t->guess) < 1e-5);
  assert_true(fabs(t->error + log(right)) < 1e-4 * (1 + t->error));
  assert_true(fabs((double)t->guess_gradient - (guess - t->example->kind)) < 1e-5);
  for (size_t h = 0; h < HIDDEN; h++) {
    double back = (double)(t->guess_gradient * w->before[3 * HIDDEN + h]);
    double into = back * (1 - hidden[h] * hidden[h]), rate = (double)w->rate;
    assert_true(fabs((double)t->hidden[h] - hidden[h]) < 1e-5);
    assert_true(fabs((double)t->hidden_gradient[h] - back) < 1e-5);
    double after = (double)w->before[2 * h] - rate * into * (double)t->example->x;
    assert_true(fabs((double)t->weights[2 * h] - after) < 1e-5);
    after = (double)w->before[3 * HIDDEN + h] - rate * (double)t->guess_gradient * hidden[h];
    assert_true(fabs((double)t->weights[3 * HIDDEN + h] - after) < 1e-5);
  }
}

static int look_on(void *ctx, const classroom_point *points, const classroom_throw *t) {
  watch *w = ctx;
  double hidden[HIDDEN];
  assert_int_equal(t->number, w->n++);
  assert_int_equal(t->n_weights, WEIGHTS);
  if (t->number == 0) {
    w->first_loss = t->loss;
  } else {
    check_throw(w, t);
  }
  uint32_t right = 0;
  for (size_t i = 0; i < CLASSROOM_POINTS; i++) {
    right += (guess_of(t->weights, &points[i], hidden) > 0.5) == points[i].kind;
  }
  assert_int_equal(right, t->right);
  if (t->field) {
    classroom_point corner = {1.0F / CLASSROOM_SIDE - 1, 1.0F / CLASSROOM_SIDE - 1, 0};
    assert_true(fabs((double)t->field[0] - guess_of(t->weights, &corner, hidden)) < 1e-4);
    w->fields++;
  }
  memcpy(w->before, t->weights, sizeof w->before);
  w->loss = t->loss;
  w->right = t->right;
  return t->number == w->stop_at;
}

static watch throw_all(classroom_task task, uint64_t seed) {
  classroom_options o = {task, seed, HIDDEN, 1500, 0.3F};
  watch w = {.rate = o.rate, .stop_at = UINT32_MAX};
  lan_error err;
  if (classroom_run(&o, look_on, &w, &err) != LAN_OK) fail_msg("%s", err.message);
  return w;
}

static void it_learns_throw_after_throw(void **state) {
  (void)state;
  for (classroom_task task = CLASSROOM_RING; task <= CLASSROOM_MOONS; task++) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
      watch w = throw_all(task, seed), again = throw_all(task, seed);
      assert_int_equal(w.n, 1501);
      assert_int_equal(w.fields, 151);
      assert_true(w.loss < w.first_loss / 2);
      assert_in_range(w.right, CLASSROOM_POINTS * 9 / 10, CLASSROOM_POINTS);
      assert_memory_equal(w.before, again.before, sizeof w.before);
    }
  }
}

static void it_can_be_stopped(void **state) {
  (void)state;
  classroom_options o = {CLASSROOM_RING, 1, HIDDEN, 100, 0.3F};
  watch w = {.rate = o.rate, .stop_at = 7};
  assert_int_equal(classroom_run(&o, look_on, &w, NULL), LAN_ECANCELED);
  assert_int_equal(w.n, 8);
}

static int never(void *ctx, const classroom_point *points, const classroom_throw *t) {
  (void)ctx, (void)points, (void)t;
  fail_msg("nothing may be thrown");
  return 1;
}

static void options_outside_their_range_are_told(void **state) {
  (void)state;
  const classroom_options wrong[] = {
      {CLASSROOM_RING, 1, 0, 10, 0.1F}, {CLASSROOM_RING, 1, CLASSROOM_HIDDEN_MOST + 1, 10, 0.1F},
      {CLASSROOM_RING, 1, 4, 0, 0.1F},  {CLASSROOM_RING, 1, 4, 10, 0},
      {CLASSROOM_RING, 1, 4, 10, NAN},  {(classroom_task)7, 1, 4, 10, 0.1F}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    lan_error err = {0};
    assert_int_equal(classroom_run(&wrong[i], never, NULL, &err), LAN_ERANGE);
    assert_true(err.message[0] != '\0');
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_learns_throw_after_throw),
      cmocka_unit_test(it_can_be_stopped),
      cmocka_unit_test(options_outside_their_range_are_told),
  };
  return cmocka_run_group_tests_name("classroom", tests, NULL, NULL);
}
