/* The fast kernels against the reference ones, and that they are the ones which ran. */
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
#include "net/plan.h"
#if NET_FAST
#include "net/fast/level.h"
#endif

enum { BATCH = 6 };

static bool is_fast; /* whether fast kernels are expected to run */

typedef lan_var (*builder)(lan_net *net, lan_var x);

static lan_var conv(lan_net *net, lan_var x, uint32_t filters, uint32_t size, uint32_t stride) {
  lan_conv_options o = {.stride = stride, .padding = size / 2, .no_bias = 1};
  return lan_net_conv2d(net, x, filters, size, &o);
}

static lan_var block(lan_net *net, lan_var x, uint32_t filters, uint32_t stride) {
  lan_var y = lan_net_relu(net, lan_net_batch_norm(net, conv(net, x, filters, 3, stride)));
  y = lan_net_batch_norm(net, conv(net, y, filters, 3, 1));
  if (stride == 2) x = lan_net_batch_norm(net, conv(net, x, filters, 1, 2));
  return lan_net_relu(net, lan_net_add(net, y, x));
}

static lan_var residual(lan_net *net, lan_var x) {
  x = lan_net_relu(net, lan_net_batch_norm(net, conv(net, x, 16, 3, 1)));
  x = block(net, x, 16, 1);
  x = block(net, x, 32, 2);
  x = block(net, x, 32, 1);
  x = block(net, x, 64, 2);
  return lan_net_dense(net, lan_net_global_pool(net, x), 10);
}

/* Each input twice, layers of which others use the inner values, biases, and pools in blocks. */
static lan_var mixed(lan_net *net, lan_var x) {
  x = lan_net_relu(net, lan_net_conv2d(net, x, 16, 5, &(lan_conv_options){.padding = 2}));
  lan_var c = lan_net_conv2d(net, x, 16, 3, &(lan_conv_options){.padding = 1});
  lan_var y = lan_net_relu(net, lan_net_add(net, lan_net_batch_norm(net, c), x));
  lan_var z = lan_net_add(net, lan_net_batch_norm(net, lan_net_conv2d(net, y, 16, 1, NULL)), y);
  z = lan_net_max_pool(net, lan_net_add(net, z, c), 3, 2, 1);
  z = lan_net_batch_norm(net, lan_net_conv2d(net, z, 32, 3, &(lan_conv_options){.stride = 2}));
  return lan_net_dense(net, lan_net_flatten(net, z), 10);
}

static lan_var small(lan_net *net, lan_var x) {
  x = lan_net_relu(net, lan_net_conv2d(net, x, 6, 5, &(lan_conv_options){.padding = 2}));
  x = lan_net_max_pool(net, x, 2, 2, 0);
  x = lan_net_relu(net, lan_net_conv2d(net, x, 16, 5, NULL));
  x = lan_net_flatten(net, lan_net_max_pool(net, x, 2, 2, 0));
  return lan_net_dense(net, lan_net_relu(net, lan_net_dense(net, x, 33)), 10);
}

/* Numbers of channels that are not worth filling up to blocks. */
static lan_var odd(lan_net *net, lan_var x) {
  x = lan_net_relu(net, lan_net_conv2d(net, x, 3, 3, &(lan_conv_options){.padding = 1}));
  x = lan_net_relu(net, lan_net_conv2d(net, x, 5, 3, &(lan_conv_options){.stride = 2}));
  x = lan_net_relu(net, lan_net_conv2d(net, x, 20, 1, NULL));
  return lan_net_dense(net, lan_net_flatten(net, x), 10);
}

static lan_var perceptron(lan_net *net, lan_var x) {
  x = lan_net_relu(net, lan_net_dense(net, lan_net_flatten(net, x), 300));
  return lan_net_dense(net, lan_net_relu(net, lan_net_dense(net, x, 84)), 10);
}

static lan_var line(lan_net *net, lan_var x) {
  return lan_net_dense(net, lan_net_flatten(net, x), 10);
}

/* ---- running ---- */

typedef struct world {
  lan_net *net;
  lan_net_plan *plan;
} world;

static lan_net *build(builder of, uint32_t channels, uint32_t side) {
  lan_net *net;
  assert_int_equal(lan_net_new(7, &net, NULL), LAN_OK);
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, channels, side, side));
  lan_var y = of(net, x), t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 10));
  lan_net_output(net, "y", y);
  lan_net_loss(net, lan_net_mean_squared_error(net, y, t));
  /* Not as they begin: variances of 1 and biases of 0 hide mistakes. */
  lan_rng rng = lan_rng_at(3, 0, 0);
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
    lan_parameter p = lan_net_parameter_at(net, i);
    for (size_t k = 0; p.shape.rank == 1 && k < p.count; k++) {
      p.values[k] += lan_rng_uniform(&rng) * 0.5F;
    }
  }
  return net;
}

static world start(builder of, uint32_t channels, uint32_t side, lan_net_plan_options options) {
  world w = {.net = build(of, channels, side)};
  lan_error err;
  if (lan_net_plan_new(w.net, &options, &w.plan, &err) != LAN_OK) fail_msg("%s", err.message);
  lan_rng rng = lan_rng_at(5, 0, 0);
  float *x = lan_net_plan_input(w.plan, "x"), *t = lan_net_plan_input(w.plan, "t");
  for (size_t i = 0; i < (size_t)options.batch * channels * side * side; i++) {
    x[i] = lan_rng_normal(&rng);
  }
  for (size_t i = 0; t && i < (size_t)options.batch * 10; i++) t[i] = lan_rng_uniform(&rng);
  return w;
}

static void end(world *w) {
  lan_net_plan_free(w->plan);
  lan_net_free(w->net);
}

/* ||a - b|| <= limit ||b||, but for what is nothing beside `least`. */
static void assert_near(const char *what, const float *a, const float *b, size_t n, double limit,
                        double least) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < n; i++) {
    difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    norm += (double)b[i] * (double)b[i];
  }
  if (!(sqrt(difference) <= limit * (sqrt(norm) + least))) {
    fail_msg("%s: differs by %g of %g", what, sqrt(difference), sqrt(norm));
  }
}

static void assert_same_gradients(const world *a, const world *b, double limit) {
  for (size_t i = 0; i < lan_net_n_parameters(a->net); i++) {
    lan_parameter p = lan_net_parameter_at(a->net, i), q = lan_net_parameter_at(b->net, i);
    float *x = calloc(p.count, sizeof *x), *y = calloc(p.count, sizeof *y);
    lan_net_plan_gradient(a->plan, i, x);
    lan_net_plan_gradient(b->plan, i, y);
    /* A bias before a norm has no gradient but rounding. */
    assert_near(p.name, x, y, p.count, limit, 0.01);
    assert_near(p.name, p.values, q.values, p.count, limit, 0); /* running statistics */
    free(x);
    free(y);
  }
}

static void compare(builder of, uint32_t channels, uint32_t side) {
  lan_net_plan_options fast = {.batch = BATCH, .training = 1, .input_gradients = 1}, plain = fast;
  plain.reference_only = 1;
  world a = start(of, channels, side, fast), b = start(of, channels, side, plain);
  size_t n = (size_t)BATCH * channels * side * side;
  float *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y);
  for (int step = 0; step < 2; step++) { /* the second sees what the first has left */
    double one, other;
    lan_net_forward(a.plan, &one);
    lan_net_forward(b.plan, &other);
    assert_true(fabs(one - other) <= 1e-4 * other);
    assert_near("y", lan_net_plan_output(a.plan, "y"), lan_net_plan_output(b.plan, "y"), BATCH * 10,
                1e-4, 0);
    lan_net_backward(a.plan);
    lan_net_backward(b.plan);
    assert_same_gradients(&a, &b, 3e-4);
    assert_int_equal(lan_net_plan_input_gradient(a.plan, "x", x, NULL), LAN_OK);
    assert_int_equal(lan_net_plan_input_gradient(b.plan, "x", y, NULL), LAN_OK);
    assert_near("x", x, y, n, 3e-4, 0);
  }
  free(x);
  free(y);
  end(&a);
  end(&b);
}

static void compare_inference(builder of, uint32_t channels, uint32_t side, uint32_t batch) {
  lan_net_plan_options fast = {.batch = batch, .threads = 1}, plain = fast;
  plain.reference_only = 1;
  world a = start(of, channels, side, fast), b = start(of, channels, side, plain);
  for (int step = 0; step < 2; step++) {
    lan_net_forward(a.plan, NULL);
    lan_net_forward(b.plan, NULL);
    assert_near("y", lan_net_plan_output(a.plan, "y"), lan_net_plan_output(b.plan, "y"), batch * 10,
                1e-4, 0);
    for (size_t i = 0; i < lan_net_n_parameters(a.net); i++) { /* is the change seen? */
      lan_parameter p = lan_net_parameter_at(a.net, i), q = lan_net_parameter_at(b.net, i);
      for (size_t k = 0; k < p.count; k++) p.values[k] = q.values[k] *= 1.1F;
    }
  }
  end(&a);
  end(&b);
}

/* ---- tests ---- */

static void training_agrees_with_the_reference(void **state) {
  (void)state;
  compare(residual, 3, 16);
  compare(mixed, 3, 15);
  compare(mixed, 16, 8);
  compare(small, 1, 28);
  compare(odd, 2, 9);
}

static void inference_agrees_with_the_reference(void **state) {
  (void)state;
  for (uint32_t batch = 1; batch <= 5; batch += 2) {
    compare_inference(residual, 3, 16, batch);
    compare_inference(mixed, 3, 15, batch);
    compare_inference(small, 1, 28, batch);
    compare_inference(odd, 2, 9, batch);
    compare_inference(perceptron, 1, 28, batch);
  }
}

/* Pixels that are not there, or of one colour, whose weights a prediction does not read. */
static void background_is_left_out(void **state) {
  (void)state;
  enum { N = 28 * 28 };
  lan_net_plan_options fast = {.batch = 2, .threads = 1}, plain = fast;
  plain.reference_only = 1;
  world a = start(perceptron, 1, 28, fast), b = start(perceptron, 1, 28, plain);
  float *x = lan_net_plan_input(a.plan, "x");
  const float *y = lan_net_plan_output(a.plan, "y"), *z = lan_net_plan_output(b.plan, "y");
  static const float backgrounds[][2] = {{0, 0}, {-0.8F, 3}, {-0.0F, 0}, {2, -0.4F}, {1e30F, 0}};
  for (size_t k = 0; k < sizeof backgrounds / sizeof *backgrounds; k++) {
    for (size_t of = 1; of <= 10; of += 3) { /* every `of`-th pixel is something */
      for (size_t i = 0; i < (size_t)2 * N; i++) {
        x[i] = i % N % of == 1 ? (float)(i % 7) - 2.5F : backgrounds[k][i / N];
      }
      memcpy(lan_net_plan_input(b.plan, "x"), x, 2 * N * sizeof *x);
      lan_net_forward(a.plan, NULL);
      lan_net_forward(b.plan, NULL);
      assert_near("y", y, z, 10, 1e-4, 0);
      assert_near("y", y + 10, z + 10, 10, 1e-4, 0);
    }
  }
  end(&a);
  end(&b);
}

/* 0 times infinity is no number, nor is what is no number anywhere. */
static void what_is_no_number_is_not_left_out(void **state) {
  (void)state;
  world w = start(line, 1, 4, (lan_net_plan_options){.batch = 1, .threads = 1});
  float *x = lan_net_plan_input(w.plan, "x");
  const float *y = lan_net_plan_output(w.plan, "y");
  memset(x, 0, 16 * sizeof *x);
  lan_parameter weights = lan_net_parameter_at(w.net, 0);
  for (size_t k = 0; k < 3; k++) {
    float was = weights.values[16 + 5];
    if (k < 2) weights.values[16 + 5] = k == 0 ? NAN : INFINITY;
    if (k == 2) x[5] = NAN;
    lan_net_parameter_at(w.net, 0);
    lan_net_forward(w.plan, NULL);
    assert_true(isnan(y[1]));
    assert_true(k == 2 || isfinite(y[0]));
    weights.values[16 + 5] = was;
  }
  x[5] = INFINITY;
  lan_net_parameter_at(w.net, 0);
  lan_net_forward(w.plan, NULL);
  for (size_t u = 0; u < 10; u++) assert_true(isinf(y[u]));
  end(&w);
}

static void threads_do_not_matter(void **state) {
  (void)state;
  lan_net_plan_options one = {.batch = BATCH, .training = 1, .threads = 1}, two = one;
  two.threads = 2;
  world a = start(residual, 3, 16, one), b = start(residual, 3, 16, two);
  for (int step = 0; step < 2; step++) {
    lan_net_forward(a.plan, NULL);
    lan_net_forward(b.plan, NULL);
    lan_net_backward(a.plan);
    lan_net_backward(b.plan);
    assert_same_gradients(&a, &b, 0);
  }
  end(&a);
  end(&b);
}

/* A picture that is worked on by several threads gives the same numbers. */
static void a_team_does_not_matter(void **state) {
  (void)state;
  if (!is_fast) skip();
  world alone = start(residual, 3, 32, (lan_net_plan_options){.batch = 1, .threads = 1});
  assert_int_equal(alone.plan->team, 1);
  lan_net_forward(alone.plan, NULL);
  for (uint32_t threads = 2; threads <= 5; threads++) {
    world w = start(residual, 3, 32, (lan_net_plan_options){.batch = 1, .threads = threads});
    assert_int_equal(w.plan->team, threads < 4 ? threads : 4);
    for (int step = 0; step < 20; step++) {
      lan_net_forward(w.plan, NULL);
      assert_memory_equal(lan_net_plan_output(w.plan, "y"), lan_net_plan_output(alone.plan, "y"),
                          10 * sizeof(float));
    }
    end(&w);
  }
  end(&alone);
}

/* Kernels of the plan's steps, one a line. */
static void assert_kernels(builder of, uint32_t channels, uint32_t side, uint32_t batch,
                           int training, const char *expected) {
  lan_net_plan_options o = {.batch = batch, .training = training};
  world w = start(of, channels, side, o);
  char all[2000] = "";
  const char *name;
  for (size_t i = 0; (name = lan_net_plan_kernel(w.plan, i, NULL)); i++) {
    strcat(strcat(all, name), "\n");
  }
  assert_string_equal(all, expected);
  end(&w);
}

static void what_ran_was_fast(void **state) {
  (void)state;
  if (!is_fast) skip();
  assert_kernels(residual, 3, 16, BATCH, 1,
                 "direct conv, norm, relu\n"
                 "winograd conv, norm, relu\n"
                 "winograd conv, norm, add, relu\n"
                 "direct conv, norm, relu\n"
                 "direct conv, norm\n"
                 "winograd conv, norm, add, relu\n"
                 "winograd conv, norm, relu\n"
                 "winograd conv, norm, add, relu\n"
                 "direct conv, norm, relu\n"
                 "direct conv, norm\n"
                 "direct conv, norm, add, relu\n"
                 "lanes global_pool\n"
                 "onednn dense\n"
                 "reference\n");
  assert_kernels(small, 1, 28, BATCH, 1,
                 "direct conv, relu\n"
                 "lanes max_pool 2x2\n"
                 "direct conv, relu\n"
                 "lanes max_pool\n"
                 "reorder\n"
                 "onednn dense, relu\n" /* and the reshape before */
                 "onednn dense\n"
                 "reference\n");
  for (uint32_t batch = 1; batch <= 4; batch += 3) {
    assert_kernels(perceptron, 1, 28, batch, 0,
                   "lanes dense, relu\nlanes dense, relu\nlanes dense\nreference\n");
  }
}

static void without_wide_vectors_the_reference_runs(void **state) {
  (void)state;
  if (is_fast) skip();
  assert_kernels(small, 1, 28, BATCH, 0,
                 "reference\nreference\nreference\nreference\nreference\n"
                 "reference\nreference\nreference\nreference\nreference\nreference\n");
}

static int run(const char *level) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(training_agrees_with_the_reference),
      cmocka_unit_test(inference_agrees_with_the_reference),
      cmocka_unit_test(background_is_left_out),
      cmocka_unit_test(what_is_no_number_is_not_left_out),
      cmocka_unit_test(threads_do_not_matter),
      cmocka_unit_test(a_team_does_not_matter),
      cmocka_unit_test(what_ran_was_fast),
      cmocka_unit_test(without_wide_vectors_the_reference_runs),
  };
  return cmocka_run_group_tests_name(level, tests, NULL, NULL);
}

#if NET_FAST
/* Whether the kernel names all of the words as what the processor has. */
static bool processor_has(const char *const words[3]) {
  static char flags[1 << 14];
  FILE *f = fopen("/proc/cpuinfo", "r");
  while (f && fgets(flags, sizeof flags, f) && strncmp(flags, "flags", 5) != 0) {
  }
  if (f) fclose(f);
  flags[strcspn(flags, "\n")] = ' ';
  for (size_t i = 0; i < 3; i++) {
    if (!strstr(flags, words[i])) return false;
  }
  return true;
}
#endif

/* All again at each level that this processor has. */
int main(void) {
  int failed = 0;
#if NET_FAST
  static const struct {
    const char *name, *words[3];
  } levels[] = {{"avx512", {" avx512bw ", " avx512vl ", " avx512dq "}},
                {"avx2", {" avx2 ", " fma ", " "}}};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    fast_choose(levels[i].name);
    is_fast = processor_has(levels[i].words);
    if (!is_fast) continue;
    const char *chosen = fast_now() ? fast_now()->name : "none";
    if (strcmp(chosen, levels[i].name) != 0) {
      fprintf(stderr, "this processor has %s, but %s is used\n", levels[i].name, chosen);
      return 1;
    }
    failed += run(levels[i].name);
  }
  fast_choose("none");
  is_fast = false;
#endif
  return failed + run("none");
}
