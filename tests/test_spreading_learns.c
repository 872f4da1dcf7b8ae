/* Spreading activation as a net: the same numbers as lan_spread, gradients that are right on random graphs, and
 * conductances that are found again from nothing but rankings. */
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
#include "lantoa/spread.h"

enum { NODES = 40, EDGES = 240, TYPES = 3, FEATURES = 2, STEPS = 3, RANKS = 6 };

typedef struct world {
  uint32_t from[EDGES], to[EDGES];
  uint8_t types[EDGES];
  float features[EDGES * FEATURES], weights[EDGES];
  lan_edges edges;
} world;

/* Every node has at least two edges; no edge is there twice. */
static void make_world(world *w, uint64_t seed) {
  lan_rng rng = lan_rng_at(seed, 0, 0);
  bool taken[NODES][NODES] = {{false}};
  for (uint32_t e = 0; e < EDGES; e++) {
    uint32_t from, to;
    do {
      from = e < 2 * NODES ? e % NODES : lan_rng_below(&rng, NODES);
      to = lan_rng_below(&rng, NODES);
    } while (from == to || taken[from][to]);
    taken[from][to] = true;
    w->from[e] = from;
    w->to[e] = to;
    w->types[e] = (uint8_t)lan_rng_below(&rng, TYPES);
    w->weights[e] = 0.5F + lan_rng_uniform(&rng);
    for (size_t k = 0; k < FEATURES; k++) w->features[e * FEATURES + k] = lan_rng_normal(&rng);
  }
  w->edges = (lan_edges){.n_senders = NODES,
                         .n_receivers = NODES,
                         .n_edges = EDGES,
                         .from = w->from,
                         .to = w->to,
                         .n_types = TYPES,
                         .types = w->types,
                         .n_features = FEATURES,
                         .features = w->features,
                         .weights = w->weights};
}

/* ---- the net ---- */

typedef struct pupil {
  lan_net *net;
  lan_net_plan *plan;
} pupil;

/* Activation that came to each node in all steps, from cues in "x". */
static lan_var spread_net(lan_net *net, const world *w) {
  lan_var theta = lan_net_parameter(net, "theta", LAN_SHAPE(TYPES), 0);
  lan_var phi = lan_net_parameter(net, "phi", LAN_SHAPE(FEATURES), 0);
  lan_var form = lan_net_parameter(net, "form", LAN_SHAPE(2), 0);
  lan_var weights = lan_net_conductance(net, theta, phi, form, &w->edges);
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, NODES)), sum = LAN_NONE;
  lan_net_output(net, "weights", weights);
  for (int step = 0; step < STEPS; step++) {
    x = lan_net_propagate(net, x, weights, &w->edges);
    sum = step ? lan_net_add(net, sum, x) : x;
  }
  lan_net_output(net, "sum", sum);
  return sum;
}

static lan_net *new_net(void) {
  lan_net *net = NULL;
  assert_int_equal(lan_net_new(1, &net, NULL), LAN_OK);
  return net;
}

static void plan(pupil *p, lan_net_plan_options options) {
  lan_error err;
  if (lan_net_plan_new(p->net, &options, &p->plan, &err) != LAN_OK) fail_msg("%s", err.message);
}

static void pupil_free(pupil *p) {
  lan_net_plan_free(p->plan);
  lan_net_free(p->net);
}

/* Every node is a cue once. */
static void cue_each(const pupil *p) {
  float *x = lan_net_plan_input(p->plan, "x");
  memset(x, 0, NODES * NODES * sizeof *x);
  for (size_t i = 0; i < NODES; i++) x[i * NODES + i] = 1;
}

/* theta, phi, fan, ln decay */
enum { NUMBERS = TYPES + FEATURES + 2 };

static float *number_at(const pupil *p, size_t i) {
  size_t array = i < TYPES ? 0 : i < TYPES + FEATURES ? 1 : 2;
  size_t first = array == 0 ? 0 : array == 1 ? TYPES : TYPES + FEATURES;
  return &lan_net_parameter_at(p->net, array).values[i - first];
}

static void set_numbers(const pupil *p, const float numbers[NUMBERS]) {
  for (size_t i = 0; i < NUMBERS; i++) *number_at(p, i) = numbers[i];
}

static void draw_numbers(uint64_t seed, float numbers[NUMBERS]) {
  lan_rng rng = lan_rng_at(seed, 9, 0);
  for (size_t i = 0; i < TYPES + FEATURES; i++) numbers[i] = 0.8F * lan_rng_normal(&rng);
  numbers[NUMBERS - 2] = 0.3F + 0.7F * lan_rng_uniform(&rng);
  numbers[NUMBERS - 1] = logf(0.4F + 0.4F * lan_rng_uniform(&rng));
}

/* ---- the same as spreading ---- */

static int add_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  double *sums = ctx;
  for (size_t i = 0; t > 0 && i < n; i++) sums[a[i].node] += a[i].activation;
  return 0;
}

static void it_is_what_lan_spread_does(void **state) {
  (void)state;
  static world w;
  make_world(&w, 5);
  float numbers[NUMBERS] = {0.4F, -0.7F, 0.1F, 0, 0, 0.8F, logf(0.6F)};
  pupil p = {.net = new_net()};
  spread_net(p.net, &w);
  plan(&p, (lan_net_plan_options){.batch = NODES, .threads = 1});
  set_numbers(&p, numbers);
  cue_each(&p);
  lan_net_forward(p.plan, NULL);
  const float *sum = lan_net_plan_output(p.plan, "sum");

  lan_edge edges[EDGES];
  lan_graph graph;
  lan_spreader *spreader;
  lan_spread_model model = lan_spread_preset(LAN_PRESET_MEMORY);
  for (size_t e = 0; e < EDGES; e++) {
    edges[e] = (lan_edge){w.from[e], w.to[e], w.weights[e], w.types[e]};
  }
  for (size_t t = 0; t < TYPES; t++) model.type_gain[t] = expf(numbers[t]);
  model.fan = (double)numbers[NUMBERS - 2];
  model.decay = exp((double)numbers[NUMBERS - 1]);
  model.steps = STEPS;
  assert_int_equal(lan_graph_build(NODES, edges, EDGES, &graph, NULL), LAN_OK);
  assert_int_equal(lan_spreader_new(&graph, &spreader, NULL), LAN_OK);
  for (uint32_t cue = 0; cue < NODES; cue++) {
    double sums[NODES] = {0};
    lan_cue from = {cue, 1};
    assert_int_equal(lan_spread_steps(spreader, &model, &from, 1, add_step, sums, NULL), LAN_OK);
    for (size_t i = 0; i < NODES; i++) {
      assert_true(fabs(sums[i] - (double)sum[cue * NODES + i]) < 1e-5 * (1 + sums[i]));
    }
  }
  lan_spreader_free(spreader);
  lan_graph_free(&graph);
  pupil_free(&p);
}

/* ---- gradients ---- */

static double loss_at(const pupil *p, size_t i, float value) {
  float *at = number_at(p, i), before = *at;
  double loss;
  *at = value;
  lan_net_forward(p->plan, &loss);
  *number_at(p, i) = before;
  return loss;
}

static double gradient_error(uint64_t seed) {
  static world w;
  float numbers[NUMBERS], analytic[NUMBERS], *at = analytic;
  make_world(&w, seed);
  draw_numbers(seed, numbers);
  pupil p = {.net = new_net()};
  lan_var sum = spread_net(p.net, &w);
  lan_var wanted = lan_net_input(p.net, "wanted", LAN_SHAPE(LAN_BATCH, NODES));
  /* As large as a score, so that the loss is far from flat. */
  lan_var score = lan_net_add(p.net, sum, lan_net_add(p.net, sum, sum));
  lan_net_loss(p.net, lan_net_cross_entropy(p.net, score, wanted, 0));
  plan(&p, (lan_net_plan_options){.batch = NODES, .threads = 1, .training = 1});
  set_numbers(&p, numbers);
  cue_each(&p);
  float *one = lan_net_plan_input(p.plan, "wanted");
  memset(one, 0, NODES * NODES * sizeof *one);
  for (size_t i = 0; i < NODES; i++) one[i * NODES + w.to[i]] = 1;
  lan_net_forward(p.plan, NULL);
  lan_net_backward(p.plan);
  for (size_t k = 0; k < 3; at += lan_net_parameter_at(p.net, k).count, k++) {
    lan_net_plan_gradient(p.plan, k, at);
  }
  double difference = 0, a2 = 0, b2 = 0;
  for (size_t i = 0; i < NUMBERS; i++) {
    const float h = 0.01F; /* two differences cancel the error of order h^2 (Richardson) */
    double near =
        (loss_at(&p, i, numbers[i] + h) - loss_at(&p, i, numbers[i] - h)) / (2.0 * (double)h);
    double far = (loss_at(&p, i, numbers[i] + 2 * h) - loss_at(&p, i, numbers[i] - 2 * h)) /
                 (4.0 * (double)h);
    double b = (4 * near - far) / 3, a = (double)analytic[i];
    difference += (a - b) * (a - b);
    a2 += a * a;
    b2 += b * b;
  }
  pupil_free(&p);
  assert_true(a2 > 1e-8);
  return sqrt(difference / fmax(a2, b2));
}

static void gradients_are_right_on_random_graphs(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    double error = gradient_error(seed);
    if (!(error <= 1e-3)) fail_msg("seed %u: gradients are off by %g", (unsigned)seed, error);
  }
}

/* ---- the teacher ---- */

/* Which nodes come first for each cue, by the teacher. */
static void rank(const float *sum, uint32_t ranked[NODES][RANKS]) {
  for (size_t cue = 0; cue < NODES; cue++) {
    bool used[NODES] = {false};
    used[cue] = true;
    for (size_t r = 0; r < RANKS; r++) {
      uint32_t best = UINT32_MAX;
      for (uint32_t i = 0; i < NODES; i++) {
        if (!used[i] && (best == UINT32_MAX || sum[cue * NODES + i] > sum[cue * NODES + best]))
          best = i;
      }
      used[best] = true;
      ranked[cue][r] = best;
    }
  }
}

static void ask_teacher(const world *w, const float numbers[NUMBERS], uint32_t ranked[NODES][RANKS],
                        float weights[EDGES]) {
  pupil p = {.net = new_net()};
  spread_net(p.net, w);
  plan(&p, (lan_net_plan_options){.batch = NODES, .threads = 1});
  set_numbers(&p, numbers);
  cue_each(&p);
  lan_net_forward(p.plan, NULL);
  rank(lan_net_plan_output(p.plan, "sum"), ranked);
  memcpy(weights, lan_net_plan_output(p.plan, "weights"), EDGES * sizeof *weights);
  pupil_free(&p);
}

/* The probability of the ranking, choice by choice (Plackett 1975): row cue x rank has the nodes that are still
 * to be chosen from. */
static lan_net *ranking_net(const world *w) {
  lan_net *net = new_net();
  lan_var sum = spread_net(net, w);
  lan_var column = lan_net_reshape(net, sum, LAN_SHAPE(LAN_BATCH, NODES, 1));
  lan_var scaled = lan_net_dense(net, column, 1);
  lan_var scores = lan_net_reshape(net, scaled, LAN_SHAPE(LAN_BATCH, NODES));
  lan_var wanted = lan_net_input(net, "wanted", LAN_SHAPE(LAN_BATCH, NODES));
  lan_var mask = lan_net_input(net, "mask", LAN_SHAPE(LAN_BATCH, NODES));
  lan_net_loss(net, lan_net_listwise(net, scores, wanted, mask));
  return net;
}

static void feed_rankings(const pupil *p, uint32_t ranked[NODES][RANKS]) {
  size_t n = (size_t)NODES * RANKS * NODES;
  float *x = lan_net_plan_input(p->plan, "x"), *wanted = lan_net_plan_input(p->plan, "wanted");
  float *mask = lan_net_plan_input(p->plan, "mask");
  memset(x, 0, n * sizeof *x);
  memset(wanted, 0, n * sizeof *wanted);
  for (size_t i = 0; i < n; i++) mask[i] = 1;
  for (size_t cue = 0; cue < NODES; cue++) {
    for (size_t r = 0; r < RANKS; r++) {
      size_t row = (cue * RANKS + r) * NODES;
      x[row + cue] = 1;
      mask[row + cue] = 0;
      wanted[row + ranked[cue][r]] = 1;
      for (size_t before = 0; before < r; before++) mask[row + ranked[cue][before]] = 0;
    }
  }
}

static double correlation(const float *a, const float *b) {
  double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
  for (size_t e = 0; e < EDGES; e++) {
    ma += log((double)a[e]) / EDGES;
    mb += log((double)b[e]) / EDGES;
  }
  for (size_t e = 0; e < EDGES; e++) {
    double x = log((double)a[e]) - ma, y = log((double)b[e]) - mb;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / sqrt(aa * bb);
}

static void conductances_are_found_again_from_rankings(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    static world w;
    static uint32_t ranked[NODES][RANKS];
    float numbers[NUMBERS], teacher[EDGES];
    make_world(&w, 100 + seed);
    draw_numbers(seed, numbers);
    ask_teacher(&w, numbers, ranked, teacher);
    pupil p = {.net = ranking_net(&w)};
    plan(&p, (lan_net_plan_options){.batch = NODES * RANKS, .threads = 1, .training = 1});
    float start[NUMBERS] = {[NUMBERS - 2] = 0.5F, [NUMBERS - 1] = logf(0.5F)};
    set_numbers(&p, start);
    lan_net_parameter_at(p.net, 3).values[0] = 10; /* activations are small numbers */
    feed_rankings(&p, ranked);
    lan_optimizer *adam;
    lan_optimizer_options options = {.kind = LAN_ADAM, .rate = 0.03F};
    assert_int_equal(lan_optimizer_new(p.plan, &options, &adam, NULL), LAN_OK);
    lan_net_forward(p.plan, NULL);
    double before = correlation(teacher, lan_net_plan_output(p.plan, "weights"));
    for (int step = 0; step < 300; step++) {
      lan_net_forward(p.plan, NULL);
      lan_net_backward(p.plan);
      lan_optimizer_step(adam, 0.03F, 0);
    }
    lan_net_forward(p.plan, NULL);
    double after = correlation(teacher, lan_net_plan_output(p.plan, "weights"));
    if (!(before < 0.8 && after >= 0.95)) {
      fail_msg("seed %u: correlation %.3f, before learning %.3f", (unsigned)seed, after, before);
    }
    lan_optimizer_free(adam);
    pupil_free(&p);
  }
}

/* ---- what cannot be ---- */

static void edges_are_checked(void **state) {
  (void)state;
  static world good;
  make_world(&good, 1);
  static const uint8_t bad_types[EDGES] = {[7] = TYPES};
  static const float bad_weights[EDGES] = {1, 0};
  struct {
    lan_edges edges;
    const char *message;
  } cases[6];
  for (size_t i = 0; i < 6; i++) cases[i].edges = good.edges;
  cases[0].edges.types = bad_types, cases[0].message = "edge 7 is of type 3";
  cases[1].edges.weights = bad_weights, cases[1].message = "edge 1 has the weight 0";
  cases[2].edges.n_types = 0, cases[2].message = "0 types";
  cases[3].edges.features = NULL, cases[3].message = "no features";
  cases[4].edges.n_senders = 1, cases[4].message = "goes from";
  cases[5].edges.n_features = 1, cases[5].message = "input 2 must be (1), not (2)";
  for (size_t i = 0; i < 6; i++) {
    lan_net *net = new_net();
    lan_error err = {0};
    lan_var theta = lan_net_parameter(net, "theta", LAN_SHAPE(TYPES), 0);
    lan_var phi = lan_net_parameter(net, "phi", LAN_SHAPE(FEATURES), 0);
    lan_var form = lan_net_parameter(net, "form", LAN_SHAPE(2), 0);
    assert_int_equal(lan_net_conductance(net, theta, phi, form, &cases[i].edges), LAN_NONE);
    assert_int_not_equal(lan_net_status(net, &err), LAN_OK);
    if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
    lan_net_free(net);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_what_lan_spread_does),
      cmocka_unit_test(gradients_are_right_on_random_graphs),
      cmocka_unit_test(conductances_are_found_again_from_rankings),
      cmocka_unit_test(edges_are_checked),
  };
  return cmocka_run_group_tests_name("spreading learns", tests, NULL, NULL);
}
