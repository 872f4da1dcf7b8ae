/* Gradients against central differences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/check_cases.h"

/* The step of five-point differences: their error is of the order of its fourth power, so that it may be
 * large, and rounding in float then small. Values are of the order of 1 (check_fill_in). Where a batch
 * norm divides by the deviation, more rounding is left of less change, and a larger step is needed. */
static float step_for(const check_net *c) { return c->normed ? 0.08F : 0.02F; }

enum { MOST_TENSORS = 40 };

typedef struct tensor {
  const char *name;
  float *values;
  size_t count;
  double difference, analytic, numeric; /* squares of norms */
} tensor;

typedef struct checker {
  const check_case *which;
  check_net c;
  lan_net_plan *plan;
  tensor tensors[MOST_TENSORS];
  size_t n_tensors;
  float *gradient; /* of the largest tensor */
} checker;

/* ---- the two gradients ---- */

/* Summed in double from the outputs: what rounding there is comes from the operations. */
static double loss_now(const checker *k) {
  double loss;
  lan_net_plan_set_clock(k->plan, 3); /* dropout drops the same each time */
  lan_net_forward(k->plan, &loss);
  const float *y = lan_net_plan_output(k->plan, "y");
  if (!y) return loss;
  const float *t = lan_net_plan_input(k->plan, "t");
  size_t n = check_count(&k->c, k->which, k->c.y);
  loss = 0;
  for (size_t i = 0; i < n; i++)
    loss += ((double)y[i] - (double)t[i]) * ((double)y[i] - (double)t[i]);
  return loss / (double)n;
}

static double loss_at(const checker *k, float *value, float x) {
  float was = *value;
  *value = x;
  double loss = loss_now(k);
  *value = was;
  return loss;
}

/* Abramowitz and Stegun 1964, formula 25.3.6, by the steps that were really taken. */
static double slope(const checker *k, float *value) {
  float x = *value, h = step_for(&k->c), near[2] = {x - h, x + h}, far[2] = {x - 2 * h, x + 2 * h};
  double by_near = (loss_at(k, value, near[1]) - loss_at(k, value, near[0])) /
                   ((double)near[1] - (double)near[0]);
  double by_far =
      (loss_at(k, value, far[1]) - loss_at(k, value, far[0])) / ((double)far[1] - (double)far[0]);
  return (4 * by_near - by_far) / 3;
}

/* Of large tensors a part is enough, spread over all of it: STRIDE is a prime. */
enum { MOST_COMPARED = 400, STRIDE = 7919 };

static void compare(const checker *k, tensor *t, const float *gradient) {
  bool all = t->count <= MOST_COMPARED || t->count % STRIDE == 0;
  size_t n = all ? t->count : MOST_COMPARED;
  for (size_t at = 0; at < n; at++) {
    size_t i = all ? at : at * STRIDE % t->count;
    double a = (double)gradient[i], b = slope(k, &t->values[i]);
    t->difference += (a - b) * (a - b);
    t->analytic += a * a;
    t->numeric += b * b;
  }
}

/* ---- one case ---- */

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Indices and masks have no gradient. */
static bool has_gradient(check_fill fill) { return fill != CHECK_MASK && fill != CHECK_INDICES; }

static lan_status collect(checker *k, lan_error *err) {
  size_t most = 1, n = 0;
  for (size_t i = 0; i < k->c.n_inputs; i++) {
    const check_input *in = &k->c.inputs[i];
    if (!has_gradient(in->fill)) continue;
    k->tensors[n++] = (tensor){.name = in->name,
                               .values = lan_net_plan_input(k->plan, in->name),
                               .count = check_count(&k->c, k->which, in->var)};
  }
  for (size_t i = 0; i < lan_net_n_parameters(k->c.net); i++) {
    lan_parameter p = lan_net_parameter_at(k->c.net, i);
    if (!p.learns || n == MOST_TENSORS) continue;
    k->tensors[n++] = (tensor){.name = p.name, .values = p.values, .count = p.count};
  }
  for (size_t i = 0; i < n; i++) most = larger(most, k->tensors[i].count);
  k->n_tensors = n;
  k->gradient = lan_alloc_array(most, sizeof *k->gradient);
  return k->gradient ? LAN_OK : lan_fail_memory(err, most * sizeof *k->gradient);
}

static lan_status compare_all(checker *k, lan_error *err) {
  size_t at = 0;
  for (size_t i = 0; i < k->c.n_inputs; i++) {
    if (!has_gradient(k->c.inputs[i].fill)) continue;
    loss_now(k);
    lan_net_backward(k->plan);
    lan_status status = lan_net_plan_input_gradient(k->plan, k->c.inputs[i].name, k->gradient, err);
    if (status != LAN_OK) return status;
    compare(k, &k->tensors[at++], k->gradient);
  }
  for (size_t i = 0; i < lan_net_n_parameters(k->c.net) && at < k->n_tensors; i++) {
    if (!lan_net_parameter_at(k->c.net, i).learns) continue;
    loss_now(k);
    lan_net_backward(k->plan);
    lan_net_plan_gradient(k->plan, i, k->gradient);
    compare(k, &k->tensors[at++], k->gradient);
  }
  return LAN_OK;
}

/* ||a - b|| / max(||a||, ||b||), the worst of all tensors. One whose gradient is nothing beside the
 * others' (the keys' bias in attention has none at all) is measured by them. */
static void find_worst(const checker *k, lan_net_check_result *result) {
  double all = 0;
  for (size_t i = 0; i < k->n_tensors; i++) all += k->tensors[i].numeric;
  for (size_t i = 0; i < k->n_tensors && !isnan(result->error); i++) {
    const tensor *t = &k->tensors[i];
    double scale = sqrt(fmax(fmax(t->analytic, t->numeric), all / 900));
    double error = scale > 0 ? sqrt(t->difference) / scale : sqrt(t->difference);
    if (!(error <= result->error)) { /* NaN is the worst */
      result->error = error;
      result->worst = t->name;
    }
  }
}

/* The step that does the operation which is checked. */
static const plan_step *step_of(const checker *k) {
  for (size_t i = 0; i < k->plan->steps.len; i++) {
    const plan_step *step = &k->plan->steps.data[i];
    for (size_t j = 0; j < step->n_nodes; j++) {
      if (strcmp(step->nodes[j]->op->kind, k->which->kind) == 0) return step;
    }
  }
  return NULL;
}

/* Whether the plan has taken a fast kernel anywhere. */
static bool is_fast(const lan_net_plan *plan) {
  for (size_t i = 0; i < plan->steps.len; i++) {
    const plan_step *step = &plan->steps.data[i];
    if (step->kernel != &step->nodes[0]->op->kernel) return true;
  }
  return false;
}

static void end_plan(checker *k) {
  lan_net_plan_free(k->plan);
  free(k->gradient);
  k->plan = NULL;
  k->gradient = NULL;
}

/* With all kernels or the reference alone; *ran is false where there is no other kernel. */
static lan_status check_with(checker *k, bool fast, bool *ran, lan_net_check_result *result,
                             lan_error *err) {
  lan_net_plan_options options = check_options(k->which);
  options.reference_only = !fast;
  lan_status status = lan_net_plan_new(k->c.net, &options, &k->plan, err);
  if (status != LAN_OK) return status;
  *ran = !fast || is_fast(k->plan);
  if (*ran) {
    check_fill_in(&k->c, k->plan);
    status = collect(k, err);
    if (status == LAN_OK) status = compare_all(k, err);
    if (status == LAN_OK) find_worst(k, result);
    const plan_step *step = step_of(k);
    if (step) result->kernel = step->kernel->name;
  }
  return status;
}

/* ---- all cases ---- */

typedef struct tally {
  lan_net_check_fn each;
  void *ctx;
  size_t done, wrong;
  lan_net_check_result first_wrong;
} tally;

static lan_status tell(tally *t, lan_net_check_result *result, lan_error *err) {
  result->passed = result->error <= LAN_NET_CHECK_MOST;
  t->done++;
  if (!result->passed && t->wrong++ == 0) t->first_wrong = *result;
  if (t->each && t->each(t->ctx, result))
    return lan_fail(err, LAN_ECANCELED, "the check was stopped");
  return LAN_OK;
}

static lan_status check_case_of(tally *t, const check_case *which, lan_error *err) {
  lan_status status = LAN_OK;
  for (int fast = 0; status == LAN_OK && fast < 2; fast++) {
    checker k = {.which = which};
    lan_net_check_result result = {.kind = which->kind, .name = which->name, .kernel = ""};
    bool ran = false;
    status = check_build(which, &k.c, err);
    if (status == LAN_OK) status = check_with(&k, fast, &ran, &result, err);
    if (status == LAN_OK && ran) status = tell(t, &result, err);
    end_plan(&k);
    lan_net_free(k.c.net);
  }
  return status;
}

lan_status check_operations(const net_op *const *ops, const char *kind, lan_net_check_fn each,
                            void *ctx, lan_error *err) {
  tally t = {.each = each, .ctx = ctx};
  for (; *ops; ops++) {
    size_t before = t.done;
    if (kind && strcmp(kind, (*ops)->kind) != 0) continue;
    for (const check_case *which = check_cases; which->kind; which++) {
      if (strcmp(which->kind, (*ops)->kind) != 0) continue;
      lan_status status = check_case_of(&t, which, err);
      if (status != LAN_OK) return status;
    }
    lan_net_check_result none = {
        .kind = (*ops)->kind, .name = "no case", .kernel = "", .error = INFINITY};
    lan_status status = t.done == before ? tell(&t, &none, err) : LAN_OK;
    if (status != LAN_OK) return status;
  }
  if (t.wrong == 0) return LAN_OK;
  const lan_net_check_result *r = &t.first_wrong;
  return lan_fail(err, LAN_ERANGE,
                  "%zu of %zu gradients are wrong; the first: %s (%s; kernel '%s'), off by %.2g",
                  t.wrong, t.done, r->kind, r->name, r->kernel, r->error);
}

lan_status lan_net_check(const char *kind, lan_net_check_fn each, void *ctx, lan_error *err) {
  if (kind && !net_op_find(kind)) {
    return lan_fail(err, LAN_ENOTFOUND, "there is no layer of kind '%s'", kind);
  }
  return check_operations(net_ops + 2, kind, each, ctx, err); /* inputs and parameters do nothing */
}
