/* The memory of planned nets, on every net of the gradient check: nothing that is still needed is
 * overwritten, nothing is read that was not written, and a step allocates nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fail_alloc.h"
#include "net/check_cases.h"

typedef struct bench {
  const check_case *which;
  check_net c;
  lan_net_plan *plan;
} bench;

static bench new_bench(const check_case *which, lan_net_plan_options options) {
  bench b = {.which = which};
  lan_error err = {0};
  if (check_build(which, &b.c, &err) != LAN_OK ||
      lan_net_plan_new(b.c.net, &options, &b.plan, &err) != LAN_OK) {
    fail_msg("%s, %s: %s", which->kind, which->name, err.message);
  }
  check_fill_in(&b.c, b.plan);
  return b;
}

static void end_bench(bench *b) {
  lan_net_plan_free(b->plan);
  lan_net_free(b->c.net);
}

/* Each case as it is trained and as it is used, with the kernels of this build and the portable ones. */
static void for_each_plan(void (*test)(bench *b)) {
  for (const check_case *which = check_cases; which->kind; which++) {
    for (int how = 0; how < 4; how++) {
      lan_net_plan_options options = check_options(which);
      options.reference_only = how & 1;
      if (how & 2) options.training = options.input_gradients = 0;
      bench b = new_bench(which, options);
      test(&b);
      end_bench(&b);
    }
  }
}

/* ---- places ---- */

/* A range of a shard's arena that holds something from time `born` to `dies`. */
typedef struct range {
  size_t from, to;
  uint32_t born, dies;
} range;

enum { MOST_RANGES = 400 };

typedef struct ranges {
  range all[MOST_RANGES];
  size_t n;
} ranges;

static void add_range(ranges *r, size_t offset, size_t bytes, uint32_t born, uint32_t dies) {
  assert_true(r->n < MOST_RANGES && born <= dies);
  r->all[r->n++] = (range){offset, offset + bytes, born, dies};
}

static uint32_t time_back(const lan_net_plan *plan, size_t step) {
  return (uint32_t)(2 * plan->steps.len - 1 - step);
}

static ranges ranges_of(const lan_net_plan *plan) {
  ranges r = {.n = 0};
  for (size_t i = 0; i < plan->values.len; i++) {
    const plan_value *v = &plan->values.data[i];
    size_t bytes =
        net_shape_count(plan->net->nodes.data[v->node].shape, plan->rows) * sizeof(float);
    if (v->home == HOME_ARENA) add_range(&r, v->offset, bytes, v->born, v->dies);
    if (v->learns && v->step != NET_NOWHERE && i != plan->loss) {
      add_range(&r, v->grad_offset, bytes, v->grad_born, v->grad_dies);
    }
  }
  for (size_t i = 0; i < plan->steps.len; i++) {
    const plan_step *step = &plan->steps.data[i];
    uint32_t dies = step->backward ? time_back(plan, i) : (uint32_t)i;
    if (step->sizes.saved) add_range(&r, step->saved_offset, step->sizes.saved, (uint32_t)i, dies);
  }
  return r;
}

static void assert_apart(bench *b) {
  ranges r = ranges_of(b->plan);
  for (size_t i = 0; i < r.n; i++) {
    const range *x = &r.all[i];
    assert_true(x->to <= b->plan->arena_bytes);
    for (size_t k = 0; k < i; k++) {
      const range *y = &r.all[k];
      bool in_time = x->born <= y->dies && y->born <= x->dies;
      if (in_time && x->from < y->to && y->from < x->to) {
        fail_msg("%s, %s: bytes %zu and %zu of the arena are used twice", b->which->kind,
                 b->which->name, x->from, y->from);
      }
    }
  }
}

static void live_buffers_are_apart(void **state) {
  (void)state;
  for_each_plan(assert_apart);
}

/* ---- times ---- */

/* Everything in a shard's memory that is not alive just before time t becomes NaN. */
static void poison(const lan_net_plan *plan, uint32_t shard, uint32_t t) {
  ranges r = ranges_of(plan);
  char *arena = plan->arena + shard * (plan->arena_bytes + plan->scratch_bytes);
  bool *alive = calloc(plan->arena_bytes + 1, 1);
  assert_non_null(alive);
  for (size_t i = 0; i < r.n; i++) {
    if (r.all[i].born >= t || r.all[i].dies < t) continue;
    memset(alive + r.all[i].from, 1, r.all[i].to - r.all[i].from);
  }
  for (size_t i = 0; i < plan->arena_bytes; i++) {
    if (!alive[i]) memset(arena + i, 0xFF, 1);
  }
  free(alive);
}

static void poison_scratch(const lan_net_plan *plan, uint32_t shard) {
  char *arena = plan->arena + shard * (plan->arena_bytes + plan->scratch_bytes);
  memset(arena + plan->arena_bytes, 0xFF, plan->scratch_bytes);
}

static void zero_first(const net_run *run, uint32_t which) {
  for (uint32_t k = 0; which >> k; k++) {
    if (which >> k & 1U) {
      memset(run->din[k], 0, net_shape_count(run->in_shape[k], 0) * sizeof(float));
    }
  }
}

/* As the plan runs a program, one shard after the other. */
static void run_poisoned(const lan_net_plan *plan, bool back) {
  const plan_program *p = back ? &plan->backward : &plan->forward;
  for (size_t i = 0; i < p->calls.len; i++) {
    plan_call call = p->calls.data[i];
    const plan_step *step = &plan->steps.data[call.step];
    for (uint32_t s = 0; s < plan->n_shards; s++) {
      const net_run *run = &plan->runs[s * plan->steps.len + call.step];
      if (call.phase == 0) poison(plan, s, back ? time_back(plan, call.step) : call.step);
      poison_scratch(plan, s);
      if (back && call.phase == 0) zero_first(run, step->zero);
      (back ? step->kernel->backward : step->kernel->forward)(run, call.phase);
    }
  }
}

enum { MOST_RESULTS = 40000 };

/* The outputs and all gradients, one after the other. */
static size_t results_of(const bench *b, float *out) {
  size_t n = 0;
  const float *y = lan_net_plan_output(b->plan, "y");
  if (y) {
    n = check_count(&b->c, b->which, b->c.y);
    assert_true(n < MOST_RESULTS);
    memcpy(out, y, n * sizeof *y);
  }
  if (!b->plan->options.training) return n;
  for (size_t i = 0; i < lan_net_n_parameters(b->c.net); i++) {
    size_t count = lan_net_parameter_at(b->c.net, i).count;
    assert_true(n + count < MOST_RESULTS);
    lan_net_plan_gradient(b->plan, i, out + n);
    n += count;
  }
  for (size_t i = 0; i < b->c.n_inputs; i++) {
    size_t count = check_count(&b->c, b->which, b->c.inputs[i].var);
    assert_true(n + count < MOST_RESULTS);
    if (lan_net_plan_input_gradient(b->plan, b->c.inputs[i].name, out + n, NULL) == LAN_OK)
      n += count;
  }
  return n;
}

static void assert_unharmed(bench *b) {
  static float plain[MOST_RESULTS], poisoned[MOST_RESULTS];
  lan_net_plan_set_clock(b->plan, 0);
  lan_net_forward(b->plan, NULL);
  lan_net_backward(b->plan);
  size_t n = results_of(b, plain);
  check_fill_in(&b->c, b->plan); /* the running statistics have moved, but they play no part */
  run_poisoned(b->plan, false);
  if (b->plan->options.training) run_poisoned(b->plan, true);
  assert_int_equal(results_of(b, poisoned), n);
  for (size_t i = 0; i < n; i++) {
    if (fabsf(plain[i] - poisoned[i]) <= 1e-6F * (1 + fabsf(plain[i]))) continue;
    fail_msg("%s, %s: result %zu of %zu is %g, but %g when what is dead is overwritten",
             b->which->kind, b->which->name, i, n, (double)plain[i], (double)poisoned[i]);
  }
}

static void what_is_dead_is_not_read(void **state) {
  (void)state;
  for_each_plan(assert_unharmed);
}

/* A plan that overwrites what is needed would not pass. */
static void poison_is_noticed(void **state) {
  (void)state;
  const check_case *which = check_cases;
  while (strcmp(which->name, "two layers") != 0) which++;
  lan_net_plan_options options = check_options(which);
  options.reference_only = 1;
  bench b = new_bench(which, options);
  size_t wrong = 0;
  static float result[MOST_RESULTS];
  for (size_t i = 0; i < b.plan->values.len; i++) {
    plan_value *v = &b.plan->values.data[i];
    if (v->home != HOME_ARENA || v->dies == v->born) continue;
    uint32_t dies = v->dies;
    v->dies = v->born;
    run_poisoned(b.plan, false);
    run_poisoned(b.plan, true);
    v->dies = dies;
    size_t n = results_of(&b, result), bad = 0;
    for (size_t k = 0; k < n; k++) bad += isnan(result[k]) != 0;
    wrong += bad > 0;
  }
  assert_true(wrong >= 2);
  end_bench(&b);
}

/* ---- steps ---- */

typedef struct stepper {
  bench b;
  lan_optimizer *opt;
} stepper;

static void three_steps(void *ctx) {
  stepper *s = ctx;
  for (int i = 0; i < 3; i++) {
    double loss;
    lan_net_forward(s->b.plan, &loss);
    lan_net_backward(s->b.plan);
    if (s->opt) lan_optimizer_step(s->opt, 1e-4F, 1);
  }
}

static void steps_allocate_nothing(void **state) {
  (void)state;
  for (const check_case *which = check_cases; which->kind; which++) {
    for (uint32_t threads = 1; threads <= 2; threads++) {
      lan_net_plan_options options = check_options(which);
      options.threads = threads;
      stepper s = {.b = new_bench(which, options)};
      lan_optimizer_options adam = {.kind = LAN_ADAMW, .clip = 1, .weight_decay = 0.1F};
      assert_int_equal(lan_optimizer_new(s.b.plan, &adam, &s.opt, NULL), LAN_OK);
      three_steps(&s);
      size_t n = fail_alloc_count(three_steps, &s);
      if (n) fail_msg("%s, %s: three steps allocate %zu times", which->kind, which->name, n);
      lan_optimizer_free(s.opt);
      end_bench(&s.b);
    }
  }
}

static void allocate_twice(void *ctx) {
  (void)ctx;
  char *volatile a = malloc(1), *volatile b = malloc(2);
  free(a);
  free(b);
}

static void allocations_are_counted(void **state) {
  (void)state;
  assert_int_equal(fail_alloc_count(allocate_twice, NULL), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(live_buffers_are_apart),  cmocka_unit_test(what_is_dead_is_not_read),
      cmocka_unit_test(poison_is_noticed),       cmocka_unit_test(steps_allocate_nothing),
      cmocka_unit_test(allocations_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
