/* Nets: building and its errors, planning, learning, and equal results for any number of threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "lantoa/net.h"

static lan_net *new_net(void) {
  lan_net *net = NULL;
  assert_int_equal(lan_net_new(1, &net, NULL), LAN_OK);
  return net;
}

static lan_net_plan *new_plan(lan_net *net, lan_net_plan_options options) {
  lan_net_plan *plan = NULL;
  lan_error err = {0};
  if (lan_net_plan_new(net, &options, &plan, &err) != LAN_OK) fail_msg("%s", err.message);
  return plan;
}

static void assert_message(const lan_net *net, lan_status status, const char *part) {
  lan_error err = {0};
  assert_int_equal(lan_net_status(net, &err), status);
  if (!strstr(err.message, part)) fail_msg("'%s' does not hold '%s'", err.message, part);
}

static void errors_name_the_layer(void **state) {
  (void)state;
  lan_net *net = new_net();
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 3));
  lan_var y = lan_net_input(net, "y", LAN_SHAPE(LAN_BATCH, 4));
  lan_var sum = lan_net_add(net, x, y);
  assert_int_equal(sum, LAN_NONE);
  assert_int_equal(lan_net_dense(net, sum, 2), LAN_NONE);
  assert_message(net, LAN_EINVAL, "layer 'add1' (add)");
  assert_message(net, LAN_EINVAL, "(batch, 3) and (batch, 4)");
  lan_net_free(net);

  net = new_net();
  x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 3));
  assert_int_equal(lan_net_dense(net, x, 0), LAN_NONE);
  assert_message(net, LAN_ERANGE, "layer 'dense1' (dense): units = 0");
  lan_net_free(net);

  net = new_net();
  x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 3));
  assert_int_equal(lan_net_layer(net, "dens", NULL, &x, 1, NULL, 0), LAN_NONE);
  assert_message(net, LAN_ENOTFOUND, "'dens'");
  lan_net_free(net);

  net = new_net();
  x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 6));
  assert_int_equal(lan_net_reshape(net, x, LAN_SHAPE(LAN_BATCH, 2, 4)), LAN_NONE);
  assert_message(net, LAN_EINVAL, "(batch, 6) cannot be seen as (batch, 2, 4)");
  lan_net_free(net);

  net = new_net();
  x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 6));
  lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 6));
  assert_message(net, LAN_EINVAL, "two layers are called 'x'");
  lan_net_plan *plan = NULL;
  assert_int_equal(lan_net_plan_new(net, NULL, &plan, NULL), LAN_EINVAL);
  assert_null(plan);
  lan_net_free(net);
}

static void plans_want_something_to_do(void **state) {
  (void)state;
  lan_net *net = new_net();
  lan_net_plan *plan = NULL;
  lan_error err = {0};
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 6));
  assert_int_equal(lan_net_plan_new(net, NULL, &plan, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "neither an output nor a loss"));
  lan_net_output(net, "y", x);
  lan_net_plan_options train = {.training = 1};
  assert_int_equal(lan_net_plan_new(net, &train, &plan, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "without a loss"));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 6));
  lan_net_loss(net, lan_net_cross_entropy(net, x, t, 0));
  assert_int_equal(lan_net_plan_new(net, &train, &plan, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "no parameter that learns"));
  assert_null(plan);
  lan_net_free(net);
}

/* Two classes that no straight line parts. */
static lan_net *xor_net(void) {
  lan_net *net = new_net();
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 2));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 2));
  lan_var y = lan_net_dense(net, lan_net_tanh(net, lan_net_dense(net, x, 8)), 2);
  lan_net_output(net, "y", lan_net_softmax(net, y));
  lan_net_loss(net, lan_net_cross_entropy(net, y, t, 0));
  return net;
}

static void exclusive_or_is_learnt(void **state) {
  (void)state;
  static const lan_optimizer_options optimizers[] = {
      {.kind = LAN_SGD, .rate = 0.5F, .momentum = 0.9F},
      {.kind = LAN_SGD, .rate = 0.5F, .momentum = 0.9F, .nesterov = 1, .clip = 1},
      {.kind = LAN_ADAM, .rate = 0.05F},
      {.kind = LAN_ADAMW, .rate = 0.05F, .weight_decay = 0.001F},
      {.kind = LAN_RMSPROP, .rate = 0.01F, .momentum = 0.5F},
  };
  for (size_t k = 0; k < sizeof optimizers / sizeof *optimizers; k++) {
    lan_net *net = xor_net();
    lan_net_plan *plan = new_plan(net, (lan_net_plan_options){.batch = 4, .training = 1});
    lan_optimizer *opt = NULL;
    assert_int_equal(lan_optimizer_new(plan, &optimizers[k], &opt, NULL), LAN_OK);
    static const float x[] = {0, 0, 0, 1, 1, 0, 1, 1}, t[] = {1, 0, 0, 1, 0, 1, 1, 0};
    memcpy(lan_net_plan_input(plan, "x"), x, sizeof x);
    memcpy(lan_net_plan_input(plan, "t"), t, sizeof t);
    double first = 0, loss = 0;
    lan_net_forward(plan, &first);
    assert_true(first > 0.3);
    for (int i = 0; i < 400; i++) {
      lan_net_forward(plan, &loss);
      lan_net_backward(plan);
      lan_optimizer_step(opt, optimizers[k].rate, 0);
    }
    if (!(loss < 0.02)) fail_msg("optimiser %zu: loss %g", k, loss);
    const float *y = lan_net_plan_output(plan, "y");
    for (size_t i = 0; i < 8; i++) assert_int_equal(y[i] > 0.5F, t[i] > 0.5F);
    lan_optimizer_free(opt);
    lan_net_plan_free(plan);
    lan_net_free(net);
  }
}

/* A graph that is no chain: a value used twice, shared parameters, dropout. */
static lan_net *branching_net(void) {
  lan_net *net = new_net();
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 5));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 3));
  lan_var first = lan_net_dense(net, x, 5);
  lan_var a = lan_net_gelu(net, first);
  lan_var b = lan_net_again(net, first, a);
  lan_var sum = lan_net_add(net, lan_net_add(net, a, b), a);
  lan_var kept = lan_net_dropout(net, sum, 0.3F);
  lan_var y = lan_net_dense(net, lan_net_multiply(net, kept, lan_net_sigmoid(net, sum)), 3);
  lan_net_output(net, "y", y);
  lan_net_loss(net, lan_net_cross_entropy(net, y, t, 0.1F));
  return net;
}

static void fill(lan_net_plan *plan, const char *input, size_t n, uint64_t seed) {
  lan_rng rng = lan_rng_at(seed, 0, 0);
  float *to = lan_net_plan_input(plan, input);
  for (size_t i = 0; i < n; i++) to[i] = lan_rng_normal(&rng);
}

enum { ROWS = 13, STEPS = 5 };

static void train_branching(uint32_t threads, float *out, size_t n_out) {
  lan_net *net = branching_net();
  lan_net_plan *plan = new_plan(
      net, (lan_net_plan_options){.batch = ROWS, .training = 1, .threads = threads, .shards = 3});
  lan_optimizer *opt = NULL;
  lan_optimizer_options options = {
      .kind = LAN_ADAMW, .rate = 0.01F, .weight_decay = 0.1F, .clip = 1};
  assert_int_equal(lan_optimizer_new(plan, &options, &opt, NULL), LAN_OK);
  for (int step = 0; step < STEPS; step++) {
    fill(plan, "x", ROWS * 5, 100 + (uint64_t)step);
    float *t = lan_net_plan_input(plan, "t");
    for (size_t i = 0; i < ROWS * 3; i++) t[i] = i % 3 == (i / 3) % 3;
    lan_net_forward(plan, NULL);
    lan_net_backward(plan);
    lan_optimizer_step(opt, 0.01F, 0);
  }
  size_t n = 0;
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
    lan_parameter p = lan_net_parameter_at(net, i);
    for (size_t k = 0; k < p.count; k++) {
      assert_true(n < n_out);
      out[n++] = p.values[k];
    }
  }
  assert_int_equal(n, n_out);
  lan_optimizer_free(opt);
  lan_net_plan_free(plan);
  lan_net_free(net);
}

static void threads_change_nothing(void **state) {
  (void)state;
  enum { N = 30 + 18 };
  float one[N], two[N], three[N];
  train_branching(1, one, N);
  train_branching(2, two, N);
  train_branching(3, three, N);
  assert_memory_equal(one, two, sizeof one);
  assert_memory_equal(one, three, sizeof one);
}

/* Cutting the batch otherwise changes the gradient by rounding alone. */
static void shards_add_up(void **state) {
  (void)state;
  float gradient[2][30] = {{0}};
  double loss[2] = {0};
  for (uint32_t shards = 1; shards <= 2; shards++) {
    lan_net *net = branching_net();
    lan_net_plan *plan =
        new_plan(net, (lan_net_plan_options){.batch = ROWS, .training = 1, .shards = shards});
    fill(plan, "x", ROWS * 5, 3);
    float *t = lan_net_plan_input(plan, "t");
    for (size_t i = 0; i < ROWS * 3; i++) t[i] = i % 3 == 0;
    lan_net_forward(plan, &loss[shards - 1]);
    lan_net_backward(plan);
    lan_net_plan_gradient(plan, 0, gradient[shards - 1]);
    lan_net_plan_free(plan);
    lan_net_free(net);
  }
  assert_true(fabs(loss[0] - loss[1]) < 1e-6);
  for (size_t i = 0; i < 25; i++) {
    assert_true(fabsf(gradient[0][i] - gradient[1][i]) < 1e-6F);
  }
}

/* ---- the whole of a small picture net against central differences ---- */

static lan_net *picture_net(void) {
  lan_net *net = new_net();
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 4, 7, 6));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 3));
  lan_conv_options same = {.padding = 1, .groups = 2, .no_bias = 1},
                   half = {.padding = 1, .stride = 2};
  lan_var a = lan_net_tanh(net, lan_net_batch_norm(net, lan_net_conv2d(net, x, 4, 3, &same)));
  lan_var b = lan_net_add(net, a, lan_net_average_pool(net, x, 3, 1, 1));
  lan_var c = lan_net_conv2d(net, b, 6, 3, &half);
  lan_var d = lan_net_batch_norm(net, lan_net_max_pool(net, c, 2, 1, 1));
  lan_net_loss(
      net, lan_net_cross_entropy(net, lan_net_dense(net, lan_net_global_pool(net, d), 3), t, 0));
  return net;
}

static double loss_of(lan_net_plan *plan) {
  double loss = 0;
  lan_net_forward(plan, &loss);
  return loss;
}

static void assert_gradients_true(lan_net *net, lan_net_plan *plan) {
  lan_net_forward(plan, NULL);
  lan_net_backward(plan);
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
    lan_parameter p = lan_net_parameter_at(net, i);
    if (!p.learns) continue;
    float gradient[512];
    double apart = 0, size = 1e-4;
    assert_true(p.count <= 512);
    lan_net_plan_gradient(plan, i, gradient);
    for (size_t k = 0; k < p.count; k++) {
      const float step = 4e-3F, at = p.values[k];
      p.values[k] = at + step;
      double above = loss_of(plan);
      p.values[k] = at - step;
      double difference = (above - loss_of(plan)) / (2 * (double)step);
      p.values[k] = at;
      apart += pow(difference - (double)gradient[k], 2);
      size += pow(difference, 2);
    }
    if (!(sqrt(apart / size) < 5e-3)) fail_msg("%s: %g of %g", p.name, sqrt(apart), sqrt(size));
  }
}

static void picture_gradients_are_true(void **state) {
  (void)state;
  lan_net *net = picture_net();
  lan_net_plan *plan =
      new_plan(net, (lan_net_plan_options){.batch = 5, .training = 1, .reference_only = 1});
  fill(plan, "x", 5 * 4 * 7 * 6, 9);
  for (size_t i = 0; i < 15; i++) lan_net_plan_input(plan, "t")[i] = i % 4 == 0;
  assert_gradients_true(net, plan);
  lan_net_plan_free(plan);
  lan_net_free(net);
}

/* Frozen, a net gives what it predicts, and the gradients are those of that. */
static void frozen_nets_learn_as_they_predict(void **state) {
  (void)state;
  lan_net *net = new_net();
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 3, 4, 4));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 3));
  lan_var a = lan_net_batch_norm(net, lan_net_conv2d(net, x, 4, 3, NULL));
  lan_var y =
      lan_net_dense(net, lan_net_dropout(net, lan_net_flatten(net, lan_net_tanh(net, a)), 0.5F), 3);
  lan_net_output(net, "y", y);
  lan_net_loss(net, lan_net_cross_entropy(net, y, t, 0));
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
    lan_parameter p = lan_net_parameter_at(net, i);
    for (size_t k = 0; !p.learns && k < p.count; k++) p.values[k] = 0.5F + 0.25F * (float)k;
  }
  lan_net_plan *frozen =
      new_plan(net, (lan_net_plan_options){.batch = 5, .training = 1, .frozen = 1, .shards = 2});
  lan_net_plan *sure = new_plan(net, (lan_net_plan_options){.batch = 5, .frozen = 1});
  fill(frozen, "x", 5 * 48, 9);
  fill(sure, "x", 5 * 48, 9);
  for (size_t i = 0; i < 15; i++) lan_net_plan_input(frozen, "t")[i] = i % 4 == 0;
  lan_net_forward(sure, NULL);
  assert_gradients_true(net, frozen);
  lan_net_forward(frozen, NULL);
  for (size_t i = 0; i < 15; i++) {
    float apart = lan_net_plan_output(frozen, "y")[i] - lan_net_plan_output(sure, "y")[i];
    assert_true(fabsf(apart) < 1e-5F);
  }
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
    lan_parameter p = lan_net_parameter_at(net, i);
    for (size_t k = 0; !p.learns && k < p.count; k++) {
      assert_true(p.values[k] == 0.5F + 0.25F * (float)k); /* no statistics are taken */
    }
  }
  lan_net_plan_free(frozen);
  lan_net_plan_free(sure);
  lan_net_free(net);
}

/* Statistics of a batch are those of all shards together. */
static void batch_norm_sees_the_whole_batch(void **state) {
  (void)state;
  double loss[3];
  float mean[3][4];
  for (uint32_t shards = 1; shards <= 3; shards++) {
    lan_net *net = picture_net();
    lan_net_plan *plan =
        new_plan(net, (lan_net_plan_options){.batch = 5, .training = 1, .shards = shards});
    fill(plan, "x", 5 * 4 * 7 * 6, 9);
    for (size_t i = 0; i < 15; i++) lan_net_plan_input(plan, "t")[i] = i % 4 == 0;
    loss[shards - 1] = loss_of(plan);
    lan_net_backward(plan);
    for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
      lan_parameter p = lan_net_parameter_at(net, i);
      if (strcmp(p.name, "batch_norm1.running_mean") == 0) memcpy(mean[shards - 1], p.values, 16);
    }
    lan_net_plan_free(plan);
    lan_net_free(net);
  }
  for (size_t s = 1; s < 3; s++) {
    assert_true(fabs(loss[s] - loss[0]) < 1e-5);
    for (size_t c = 0; c < 4; c++) assert_true(fabsf(mean[s][c] - mean[0][c]) < 1e-6F);
  }
}

/* A net is its layers; and where all is kept, each tells its value and what reaches it. */
static void layers_can_be_looked_at(void **state) {
  (void)state;
  lan_net *net = branching_net();
  lan_net_plan *plan = new_plan(
      net, (lan_net_plan_options){.batch = ROWS, .training = 1, .shards = 3, .keep_all = 1});
  fill(plan, "x", ROWS * 5, 3);
  float *t = lan_net_plan_input(plan, "t");
  for (size_t i = 0; i < ROWS * 3; i++) t[i] = i % 3 == 0;
  lan_net_forward(plan, NULL);
  lan_net_backward(plan);

  lan_var last = LAN_NONE;
  size_t n_dense = 0;
  for (lan_var i = 0; (size_t)i < lan_net_n_layers(net); i++) {
    lan_layer layer = lan_net_layer_at(net, i);
    for (size_t k = 0; k < layer.n_inputs; k++) assert_true(layer.inputs[k] < i);
    if (strcmp(layer.kind, "dense") != 0) continue;
    n_dense++;
    last = i;
    assert_int_equal(layer.n_inputs, 3);
    assert_int_equal(layer.n_values, 1);
    assert_int_equal(layer.n_parameters, layer.shape.dims[1] * 6);
    assert_true(layer.flops == 10.0 * layer.shape.dims[1]);
  }
  assert_int_equal(n_dense, 3);

  float value[ROWS * 5], gradient[ROWS * 5], bias[5] = {0}, sum[5] = {0};
  assert_int_equal(lan_net_plan_value(plan, last, value, NULL), LAN_OK);
  assert_memory_equal(value, lan_net_plan_output(plan, "y"), ROWS * 3 * sizeof *value);
  /* The bias is added to each row. */
  assert_int_equal(lan_net_plan_value_gradient(plan, last, gradient, NULL), LAN_OK);
  for (size_t i = 0; i < ROWS * 3; i++) sum[i % 3] += gradient[i];
  lan_var b = lan_net_layer_at(net, last).inputs[2];
  assert_int_equal(lan_net_plan_value_gradient(plan, b, bias, NULL), LAN_OK);
  for (size_t i = 0; i < 3; i++) assert_true(fabsf(bias[i] - sum[i]) < 1e-6F);
  /* Nothing that learns comes after the input; the first value is it. */
  lan_error err;
  assert_int_equal(lan_net_plan_value_gradient(plan, 0, gradient, &err), LAN_ENOTFOUND);
  assert_non_null(strstr(err.message, "layer 'x'"));
  assert_int_equal(lan_net_plan_value(plan, 0, value, NULL), LAN_OK);
  assert_memory_equal(value, lan_net_plan_input(plan, "x"), sizeof value);
  lan_net_plan_free(plan);

  plan = new_plan(net, (lan_net_plan_options){.batch = ROWS, .training = 1});
  assert_int_equal(lan_net_plan_value(plan, last, value, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "keep_all"));
  lan_net_plan_free(plan);
  lan_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors_name_the_layer),
      cmocka_unit_test(plans_want_something_to_do),
      cmocka_unit_test(exclusive_or_is_learnt),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(shards_add_up),
      cmocka_unit_test(layers_can_be_looked_at),
      cmocka_unit_test(picture_gradients_are_true),
      cmocka_unit_test(frozen_nets_learn_as_they_predict),
      cmocka_unit_test(batch_norm_sees_the_whole_batch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
