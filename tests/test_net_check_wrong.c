/* The gradient check finds what is wrong: a kernel with a wrong derivative, a kernel that says nothing to
 * one of its inputs, and an operation that nobody wrote a case for. This program brings its own fast
 * kernels (net_providers) instead of the library's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/check_cases.h"

static size_t count(const net_run *run) { return net_shape_count(run->out_shape, 0); }

static void tanh_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0; i < count(run); i++) run->out[i] = tanhf(run->in[0][i]);
}

/* 0.5 % too much where y is large. */
static void tanh_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0; run->din[0] && i < count(run); i++) {
    run->din[0][i] += run->dout[i] * (1 - 0.995F * run->out[i] * run->out[i]);
  }
}

static void add_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0; i < count(run); i++) run->out[i] = run->in[0][i] + run->in[1][i];
}

static void add_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0; run->din[0] && i < count(run); i++) run->din[0][i] += run->dout[i];
}

static void relu_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0; i < count(run); i++) run->out[i] = run->in[0][i] > 0 ? run->in[0][i] : 0;
}

static void relu_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  for (size_t i = 0; run->din[0] && i < count(run); i++) {
    run->din[0][i] += run->out[i] > 0 ? run->dout[i] : 0;
  }
}

static const net_kernel wrong_tanh = {
    .name = "wrong", .keep_out = true, .forward = tanh_forward, .backward = tanh_backward};
static const net_kernel wrong_add = {
    .name = "half", .forward = add_forward, .backward = add_backward};
static const net_kernel right_relu = {
    .name = "right", .keep_out = true, .forward = relu_forward, .backward = relu_backward};

static bool offer(const net_chain *chain, net_offer *offer) {
  static const struct {
    const char *kind;
    const net_kernel *kernel;
  } kernels[] = {{"tanh", &wrong_tanh}, {"add", &wrong_add}, {"relu", &right_relu}};
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    if (strcmp(chain->nodes[0]->op->kind, kernels[i].kind) != 0) continue;
    offer->kernel = kernels[i].kernel;
    return true;
  }
  return false;
}

static const net_provider provider = {.name = "test", .offer = offer};
const net_provider *const net_providers[] = {&provider, NULL};

typedef struct tally {
  size_t reference, reference_wrong, fast, fast_wrong;
  const char *kernel, *worst; /* of a wrong one */
} tally;

static int on_result(void *ctx, const lan_net_check_result *r) {
  tally *t = ctx;
  bool reference = strcmp(r->kernel, "reference") == 0;
  ++*(reference ? &t->reference : &t->fast);
  if (!r->passed) {
    ++*(reference ? &t->reference_wrong : &t->fast_wrong);
    t->kernel = r->kernel;
    t->worst = r->worst;
  }
  return 0;
}

static void a_wrong_derivative_is_found(void **state) {
  (void)state;
  lan_error err = {0};
  tally t = {0};
  assert_int_equal(lan_net_check("tanh", on_result, &t, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "tanh ("));
  assert_non_null(strstr(err.message, "kernel 'wrong'"));
  assert_true(t.reference > 0);
  assert_int_equal(t.reference_wrong, 0);
  assert_int_equal(t.fast, t.reference);
  assert_int_equal(t.fast_wrong, t.fast);
  assert_string_equal(t.worst, "x");
}

static void a_forgotten_input_is_found(void **state) {
  (void)state;
  tally t = {0};
  assert_int_equal(lan_net_check("add", on_result, &t, NULL), LAN_ERANGE);
  assert_int_equal(t.reference_wrong, 0);
  assert_int_equal(t.fast_wrong, t.fast);
}

static void right_kernels_pass(void **state) {
  (void)state;
  tally t = {0};
  assert_int_equal(lan_net_check("relu", on_result, &t, NULL), LAN_OK);
  assert_true(t.fast > 0);
  assert_int_equal(t.fast, t.reference);
}

static void an_operation_without_a_case_fails(void **state) {
  (void)state;
  static const net_op op_new = {.kind = "brand_new"};
  const net_op *const ops[] = {net_op_find("relu"), &op_new, NULL};
  lan_error err = {0};
  tally t = {0};
  assert_int_equal(check_operations(ops, NULL, on_result, &t, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "brand_new (no case"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_wrong_derivative_is_found),
      cmocka_unit_test(a_forgotten_input_is_found),
      cmocka_unit_test(right_kernels_pass),
      cmocka_unit_test(an_operation_without_a_case_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
