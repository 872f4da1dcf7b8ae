/* Classifiers: descriptions, training from files, saving, going on after a stop to the same bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/rng.h"
#include "lantoa/train.h"
#include "lib/pictures.h"
#include "lib/scratch.h"
#include "train/schedule.h"

static const char *const CLASSES[] = {"in", "out"};

static void descriptions_are_read(void **state) {
  (void)state;
  static const struct {
    const char *text, *complaint;
  } wrong[] = {
      {"a = dense(x, units=2", "line 1 of the model's description: a ')' is missing"},
      {"# c\nb = dense(y, units=2)",
       "line 2 of the model's description: nothing above is called 'y'"},
      {"a = dense(x, units=two)", "an attribute has no number"},
      {"a = dens(x)", "there is no layer of kind 'dens'"},
      {"a = dense(x, unit=2)", "has no 'unit'"},
      {"a = reshape(x)\nb = dense(a, units=3)", "must give (batch, 2)"},
      {"a = reshape(x) b", "something follows"},
      {"# (", "names no layer"},
      {"nonsense", "there is no model 'nonsense'"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    lan_model *m = NULL;
    lan_error err = {0};
    assert_true(lan_model_new(wrong[i].text, LAN_SHAPE(1, 4, 4), CLASSES, 2, 1, &m, &err) !=
                LAN_OK);
    assert_null(m);
    if (!strstr(err.message, wrong[i].complaint)) fail_msg("%s", err.message);
  }
}

static void presets_fit_any_example(void **state) {
  (void)state;
  static const lan_shape shapes[] = {{3, {1, 28, 28}}, {3, {3, 32, 32}}, {3, {3, 50, 37}}};
  const char *name;
  for (size_t i = 0; (name = lan_model_preset(i)); i++) {
    for (size_t k = 0; k < 3; k++) {
      lan_model *m = NULL;
      lan_error err = {0};
      if (lan_model_new(name, shapes[k], CLASSES, 2, 1, &m, &err) != LAN_OK)
        fail_msg("%s", err.message);
      lan_model_free(m);
    }
  }
  assert_null(lan_model_preset(4));
}

/* Points within and without a ring. */
static const char *write_points(void **state) {
  const char *path = scratch_path(state, "points.csv");
  static char text[64 * 600];
  size_t n = (size_t)snprintf(text, sizeof text, "x,y,label\n");
  lan_rng rng = lan_rng_at(5, 0, 0);
  for (int i = 0; i < 600; i++) {
    double x = (double)lan_rng_normal(&rng), y = (double)lan_rng_normal(&rng);
    n += (size_t)snprintf(text + n, sizeof text - n, "%.4f,%.4f,%s\n", x, y,
                          x * x + y * y < 1.4 ? "in" : "out");
  }
  scratch_write(path, text, n);
  return path;
}

/* The same points as arrays. */
static lan_examples read_points(const char *path, float (*points)[2], uint32_t *labels) {
  FILE *f = fopen(path, "r");
  char line[64], kind[8];
  double x, y;
  size_t n = 0;
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f)); /* the names */
  while (fgets(line, sizeof line, f)) {
    assert_int_equal(sscanf(line, "%lf,%lf,%7s", &x, &y, kind), 3);
    points[n][0] = (float)x;
    points[n][1] = (float)y;
    labels[n++] = strcmp(kind, "out") == 0;
  }
  fclose(f);
  return (lan_examples){LAN_SHAPE(2), n, &points[0][0], labels, 2, CLASSES};
}

static int stop_later(void *ctx, const lan_epoch *e) {
  int *calls = ctx;
  (void)e;
  return calls && --*calls == 0;
}

static lan_train_options options_for(const char *checkpoint, uint32_t threads, int *calls) {
  return (lan_train_options){
      .epochs = 6,
      .batch = 32,
      .validation = 0.2,
      .seed = 3,
      .threads = threads,
      .checkpoint = checkpoint,
      .resume = checkpoint != NULL,
      .progress = stop_later,
      .ctx = calls,
      .optimizer = {.kind = LAN_ADAMW, .rate = 0.01F, .weight_decay = 0.01F}};
}

static lan_model *train(const char *data, const lan_train_options *o) {
  lan_model *m = NULL;
  lan_error err = {0};
  if (lan_train(data, o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

static void assert_same(lan_model *a, lan_model *b) {
  lan_net *x = lan_model_net(a), *y = lan_model_net(b);
  assert_int_equal(lan_net_n_parameters(x), lan_net_n_parameters(y));
  for (size_t i = 0; i < lan_net_n_parameters(x); i++) {
    lan_parameter p = lan_net_parameter_at(x, i), q = lan_net_parameter_at(y, i);
    assert_string_equal(p.name, q.name);
    assert_memory_equal(p.values, q.values, p.count * sizeof(float));
  }
}

static void a_ring_is_learnt_and_saved(void **state) {
  const char *data = write_points(state), *path = scratch_path(state, "ring.safetensors");
  lan_train_options one = options_for(NULL, 1, NULL), two = options_for(NULL, 2, NULL);
  lan_model *a = train(data, &one), *b = train(data, &two), *c = NULL;
  assert_same(a, b);
  lan_evaluation e, again;
  lan_error err = {0};
  if (lan_model_evaluate(a, data, 2, &e, &err) != LAN_OK) fail_msg("%s", err.message);
  assert_true((double)e.n_right > 0.93 * (double)e.n_examples);
  assert_int_equal(lan_model_save(a, path, NULL), LAN_OK);
  assert_int_equal(lan_model_open(path, &c, NULL), LAN_OK);
  assert_same(a, c);
  assert_string_equal(lan_model_describe(c)->classes[1], "out");
  assert_int_equal(lan_model_evaluate(c, data, 1, &again, NULL), LAN_OK);
  assert_int_equal(again.n_right, e.n_right);
  assert_true(again.loss == e.loss);
  free(e.confusion);
  free(again.confusion);
  lan_model_free(a);
  lan_model_free(b);
  lan_model_free(c);
}

static void memory_is_as_good_as_a_file(void **state) {
  static float points[600][2];
  static uint32_t labels[600];
  const char *data = write_points(state);
  lan_examples e = read_points(data, points, labels);
  lan_train_options o = options_for(NULL, 1, NULL);
  o.validation = 0;
  lan_model *a = train(data, &o), *b = NULL;
  lan_error err = {0};
  if (lan_train_examples(&e, &o, &b, &err) != LAN_OK) fail_msg("%s", err.message);
  assert_same(a, b);
  lan_evaluation x, y;
  assert_int_equal(lan_model_evaluate(a, data, 1, &x, NULL), LAN_OK);
  e.classes = NULL; /* the model's */
  assert_int_equal(lan_model_evaluate_examples(b, &e, 1, &y, NULL), LAN_OK);
  assert_int_equal(y.n_examples, 600);
  assert_int_equal(x.n_right, y.n_right);
  assert_true(x.loss == y.loss);
  free(x.confusion);
  free(y.confusion);
  static const char *const other[] = {"in", "outside"}, *const turned[] = {"out", "in"};
  e.classes = other;
  assert_int_equal(lan_model_evaluate_examples(b, &e, 1, &y, &err), LAN_EFORMAT);
  assert_non_null(strstr(err.message, "'outside' is none of the 2 known classes"));
  e.classes = turned;
  assert_int_equal(lan_model_evaluate_examples(b, &e, 1, &y, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "'out' is not at its place"));
  e = (lan_examples){LAN_SHAPE(3), 400, &points[0][0], labels, 2, NULL};
  assert_int_equal(lan_model_evaluate_examples(b, &e, 1, &y, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "the model takes 2 x 1 x 1"));
  lan_model_free(a);
  lan_model_free(b);
}

/* Bright above, or bright below; classes stay in the caller's order. */
static void pictures_in_memory_are_learnt(void **state) {
  (void)state;
  enum { N = 120, SIZE = 8 * 8 };
  static const char *const classes[] = {"top", "bottom"};
  static float values[N][SIZE];
  uint32_t labels[N];
  lan_rng rng = lan_rng_at(6, 0, 0);
  for (uint32_t i = 0; i < N; i++) {
    labels[i] = i % 2;
    for (size_t k = 0; k < SIZE; k++) {
      bool bright = (k < SIZE / 2) == (labels[i] == 0);
      values[i][k] = 0.4F * lan_rng_uniform(&rng) + (bright ? 0.5F : 0.1F);
    }
  }
  lan_examples e = {LAN_SHAPE(1, 8, 8), N, &values[0][0], labels, 2, classes};
  lan_train_options o = {.epochs = 10,
                         .batch = 20,
                         .flip = 1,
                         .shift = 1,
                         .jitter = 0.2F,
                         .erase = 0.3F,
                         .seed = 1,
                         .threads = 1};
  lan_model *m = NULL;
  lan_error err = {0};
  lan_evaluation result;
  float p[2];
  if (lan_train_examples(&e, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  assert_string_equal(lan_model_describe(m)->classes[0], "top");
  assert_int_equal(lan_model_evaluate_examples(m, &e, 1, &result, NULL), LAN_OK);
  assert_in_range(result.n_right, N - 4, N);
  free(result.confusion);
  assert_int_equal(lan_model_predict_of(m, values[1], p, NULL), LAN_OK);
  assert_true(p[1] > 0.8F);
  lan_model_free(m);
}

static void odd_examples_are_refused(void **state) {
  (void)state;
  static const float values[12] = {0.5F, NAN, 2, 0.25F};
  static const uint32_t labels[4] = {0, 1, 3, 1};
  static const char *const twice[] = {"a", "a"}, *const good[] = {"a", "b"};
  const struct {
    lan_examples e;
    lan_status status;
    const char *says;
  } cases[] = {
      {{LAN_SHAPE(1), 0, values, labels, 2, good}, LAN_EINVAL, "no examples"},
      {{LAN_SHAPE(2, 2), 1, values, labels, 2, good}, LAN_EINVAL, "no 2 dimensions"},
      {{LAN_SHAPE(1, 0, 2), 1, values, labels, 2, good}, LAN_EINVAL, "holds nothing"},
      {{LAN_SHAPE(2, 1, 2), 1, values, labels, 2, good}, LAN_EINVAL, "1 or 3 channels, not 2"},
      {{LAN_SHAPE(1, 9999, 2), 1, values, labels, 2, good}, LAN_ERANGE, "at most 4096"},
      {{LAN_SHAPE(1), 4, values, labels, 2, twice}, LAN_EINVAL, "given twice"},
      {{LAN_SHAPE(1), 4, values, labels, 2, good}, LAN_ERANGE, "example 1 holds what is no"},
      {{LAN_SHAPE(1), 3, values + 2, labels + 1, 2, good}, LAN_ERANGE, "1 has the label 3"},
      {{LAN_SHAPE(1, 1, 2), 1, values + 2, labels, 2, good}, LAN_ERANGE, "bytes / 255"},
      {{LAN_SHAPE(1), 1, values, labels, 1, good}, LAN_EFORMAT, "one class only"},
      {{LAN_SHAPE(1), SIZE_MAX / 2, values, labels, 2, good}, LAN_ENOMEM, "memory"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lan_model *m = NULL;
    lan_error err = {0};
    assert_int_equal(lan_train_examples(&cases[i].e, NULL, &m, &err), cases[i].status);
    if (!strstr(err.message, cases[i].says)) fail_msg("case %zu: %s", i, err.message);
    assert_null(m);
  }
}

/* What a model is shown of a picture, or of numbers, is what a caller can show to any plan of its net. */
static void examples_are_made_ready(void **state) {
  const char *path = scratch_path(state, "one.png"), *saved = scratch_path(state, "m.safetensors");
  uint8_t *rgb = pictures_pixels(8, 6, 1);
  pictures_write(path, pictures_png(rgb, 8 * 6 * 3, 8, 6, 2, 8, false, NULL, 0));
  lan_model *m = NULL;
  lan_net_plan *plan = NULL;
  float x[3 * 6 * 8], numbers[3 * 6 * 8], y[2];
  assert_int_equal(lan_model_new("mlp", LAN_SHAPE(3, 6, 8), CLASSES, 2, 1, &m, NULL), LAN_OK);
  for (int opened = 0; opened < 2; opened++) { /* untrained: neither shifted nor scaled */
    assert_int_equal(lan_model_example(m, path, x, NULL), LAN_OK);
    for (size_t i = 0; i < 3 * 6 * 8; i++) {
      numbers[i] = (float)rgb[i % 48 * 3 + i / 48] / 255;
      assert_true(fabsf(x[i] - numbers[i]) < 1e-6F);
    }
    lan_net_plan_options one = {.batch = 1, .threads = 1};
    assert_int_equal(lan_net_plan_new(lan_model_net(m), &one, &plan, NULL), LAN_OK);
    memcpy(lan_net_plan_input(plan, "x"), x, sizeof x);
    lan_net_forward(plan, NULL);
    assert_int_equal(lan_model_predict(m, path, y, NULL), LAN_OK);
    assert_memory_equal(y, lan_net_plan_output(plan, "y"), sizeof y);
    lan_model_example_of(m, numbers, x);
    memcpy(lan_net_plan_input(plan, "x"), x, sizeof x);
    lan_net_forward(plan, NULL);
    assert_int_equal(lan_model_predict_of(m, numbers, y, NULL), LAN_OK);
    assert_memory_equal(y, lan_net_plan_output(plan, "y"), sizeof y);
    lan_net_plan_free(plan);
    assert_int_equal(lan_model_save(m, saved, NULL), LAN_OK);
    lan_model_free(m);
    assert_int_equal(lan_model_open(saved, &m, NULL), LAN_OK);
  }
  lan_model_free(m);
  free(rgb);
  lan_error err;
  assert_int_equal(lan_model_new("mlp", LAN_SHAPE(2, 1, 1), CLASSES, 2, 1, &m, NULL), LAN_OK);
  assert_int_equal(lan_model_example(m, path, x, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "table"));
  lan_model_free(m);
}

/* Stopped after any number of steps, and gone on with: the same weights as in one go. */
static void stops_change_nothing(void **state) {
  const char *data = write_points(state), *checkpoint = scratch_path(state, "checkpoint");
  lan_train_options whole = options_for(NULL, 2, NULL);
  lan_model *a = train(data, &whole);
  for (int after = 1; after < 40; after += 7) {
    lan_model *b = NULL;
    lan_error err = {0};
    for (int rounds = 0;; rounds++) {
      int calls = after;
      lan_train_options part = options_for(checkpoint, 1 + (uint32_t)rounds % 2, &calls);
      lan_status status = lan_train(data, &part, &b, &err);
      if (status == LAN_OK) break;
      if (status != LAN_ECANCELED) fail_msg("%s", err.message);
      assert_true(rounds < 200);
    }
    assert_same(a, b);
    lan_model_free(b);
    unlink(checkpoint);
  }
  lan_model_free(a);
}

static void other_checkpoints_are_refused(void **state) {
  const char *data = write_points(state), *checkpoint = scratch_path(state, "checkpoint");
  int calls = 3;
  lan_train_options o = options_for(checkpoint, 1, &calls);
  lan_model *m = NULL;
  lan_error err = {0};
  assert_int_equal(lan_train(data, &o, &m, &err), LAN_ECANCELED);
  o.epochs = 7;
  assert_int_equal(lan_train(data, &o, &m, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "other options"));
  scratch_write(checkpoint, "not a checkpoint", 16);
  assert_int_equal(lan_train(data, &o, &m, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "remove it to begin anew"));
  assert_null(m);
}

static void losses_that_overflow_end_training(void **state) {
  const char *data = write_points(state);
  lan_train_options o = options_for(NULL, 1, NULL);
  lan_model *m = NULL;
  lan_error err = {0};
  o.warmup = (double)NAN;
  assert_int_equal(lan_train(data, &o, &m, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "warms up"));
  o.warmup = 0;
  o.optimizer = (lan_optimizer_options){.kind = LAN_SGD, .rate = 1e6F};
  assert_int_equal(lan_train(data, &o, &m, &err), LAN_ERANGE);
  if (!strstr(err.message, "layer '")) fail_msg("%s", err.message);
  assert_non_null(strstr(err.message, "first at layer '"));
  assert_null(m);
}

static void damaged_models_are_refused(void **state) {
  const char *data = write_points(state), *path = scratch_path(state, "ring.safetensors");
  lan_train_options o = options_for(NULL, 1, NULL);
  o.epochs = 1;
  lan_model *m = train(data, &o);
  assert_int_equal(lan_model_save(m, path, NULL), LAN_OK);
  lan_model_free(m);
  size_t len;
  unsigned char *bytes = scratch_read(path, &len);
  uint64_t seed = 1;
  for (int i = 0; i < 300; i++) {
    size_t at = scratch_random(&seed) % (i % 2 ? len : 2000);
    unsigned char before = bytes[at];
    bytes[at] = (unsigned char)scratch_random(&seed);
    scratch_write(path, bytes, i % 3 ? len : at);
    bytes[at] = before;
    lan_error err = {0};
    m = NULL;
    if (lan_model_open(path, &m, &err) != LAN_OK) {
      assert_null(m);
      assert_true(err.message[0] != '\0');
    }
    lan_model_free(m);
  }
  free(bytes);
}

/* PyTorch 2.15: OneCycleLR(max_lr=0.1, total_steps=10). */
static void schedules_follow_their_sources(void **state) {
  (void)state;
  static const double one_cycle[] = {0.004,        0.052,        0.1,          0.0950484632,
                                     0.0811745654, 0.0611262022, 0.0388741978, 0.0188258346,
                                     0.0049519368, 4e-07};
  for (uint64_t i = 0; i < 10; i++) {
    assert_true(fabs(schedule_rate(LAN_ONE_CYCLE, 0.1, 0, i, 10) - one_cycle[i]) < 1e-8);
  }
  assert_true(fabs(schedule_rate(LAN_COSINE, 0.1, 0, 5, 10) - 0.05) < 1e-12);
  assert_true(schedule_rate(LAN_STEPS, 0.1, 0, 4, 10) == 0.1);
  assert_true(fabs(schedule_rate(LAN_STEPS, 0.1, 0, 5, 10) - 0.01) < 1e-12);
  assert_true(fabs(schedule_rate(LAN_STEPS, 0.1, 0, 8, 10) - 0.001) < 1e-12);
}

static void rates_warm_up(void **state) {
  (void)state;
  static const double cosine[] = {0.025, 0.05, 0.075, 0.1};
  for (uint64_t i = 0; i < 4; i++) {
    assert_true(fabs(schedule_rate(LAN_COSINE, 0.1, 4, i, 10) - cosine[i]) < 1e-12);
    assert_true(fabs(schedule_rate(LAN_CONSTANT, 0.1, 4, i, 10) - cosine[i]) < 1e-12);
  }
  assert_true(schedule_rate(LAN_COSINE, 0.1, 4, 4, 10) == 0.1); /* the whole curve follows */
  assert_true(fabs(schedule_rate(LAN_COSINE, 0.1, 4, 7, 10) - 0.05) < 1e-12);
  assert_true(schedule_rate(LAN_STEPS, 0.1, 4, 6, 10) == 0.1);
  assert_true(fabs(schedule_rate(LAN_STEPS, 0.1, 4, 7, 10) - 0.01) < 1e-12);
  /* Up over 5 of 10 steps, as PyTorch's pct_start=0.5. */
  assert_true(fabs(schedule_rate(LAN_ONE_CYCLE, 0.1, 5, 0, 10) - 0.004) < 1e-12);
  assert_true(fabs(schedule_rate(LAN_ONE_CYCLE, 0.1, 5, 2, 10) - 0.052) < 1e-12);
  assert_true(fabs(schedule_rate(LAN_ONE_CYCLE, 0.1, 5, 4, 10) - 0.1) < 1e-12);
  assert_true(fabs(schedule_rate(LAN_ONE_CYCLE, 0.1, 5, 9, 10) - 4e-7) < 1e-12);
  for (int kind = LAN_ONE_CYCLE; kind <= LAN_CONSTANT; kind++) { /* longer than all there is */
    double last = schedule_rate((lan_schedule_kind)kind, 0.1, 40, 9, 10);
    assert_true(last > 0.01 && last < 0.03);
  }
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(descriptions_are_read),
      cmocka_unit_test(presets_fit_any_example),
      IN_SCRATCH(examples_are_made_ready),
      IN_SCRATCH(a_ring_is_learnt_and_saved),
      IN_SCRATCH(memory_is_as_good_as_a_file),
      cmocka_unit_test(pictures_in_memory_are_learnt),
      cmocka_unit_test(odd_examples_are_refused),
      IN_SCRATCH(stops_change_nothing),
      IN_SCRATCH(other_checkpoints_are_refused),
      IN_SCRATCH(losses_that_overflow_end_training),
      IN_SCRATCH(damaged_models_are_refused),
      cmocka_unit_test(schedules_follow_their_sources),
      cmocka_unit_test(rates_warm_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
