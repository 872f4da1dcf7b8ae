/* Conductances that are learnt from a graph alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "lantoa/spread.h"

enum { GROUPS = 40, MEMBERS = 10, HUBS = 20, NODES = GROUPS * MEMBERS + HUBS, EACH = 6 };

/* Members of a group lead to each other, and half as often to hubs, with more weight: what is near by is found if hubs,
 * to which many edges lead, conduct less. */
static lan_graph make_graph(void) {
  static lan_edge edges[NODES * EACH];
  lan_rng rng = lan_rng_at(1, 0, 0);
  lan_graph g;
  size_t n = 0;
  for (uint32_t i = 0; i < GROUPS * MEMBERS; i++) {
    for (uint32_t k = 0; k < EACH; k++) {
      bool hub = k % 3 == 2;
      uint32_t to = hub ? GROUPS * MEMBERS + lan_rng_below(&rng, HUBS)
                        : i / MEMBERS * MEMBERS + lan_rng_below(&rng, MEMBERS);
      edges[n++] = (lan_edge){i, to, hub ? 3 : 1, 0};
    }
  }
  for (uint32_t h = 0; h < HUBS; h++) {
    for (uint32_t k = 0; k < EACH; k++) {
      edges[n++] = (lan_edge){GROUPS * MEMBERS + h, lan_rng_below(&rng, GROUPS * MEMBERS), 1, 0};
    }
  }
  assert_int_equal(lan_graph_build(NODES, edges, n, &g, NULL), LAN_OK);
  return g;
}

static void hidden_edges_come_back_better(void **state) {
  (void)state;
  lan_graph g = make_graph();
  lan_conductances c;
  lan_spread_learn_report r;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    lan_spread_learn_options o = {.seed = seed, .threads = 1};
    assert_int_equal(lan_spread_learn(&g, &o, &c, &r, NULL), LAN_OK);
    assert_true(r.examples > 1000 && r.held_back > 200);
    assert_true(r.spreadr.mrr > 0 && r.before.mrr > 0);
    assert_true(r.after.mrr > 1.1 * r.before.mrr && r.after.mrr > 1.1 * r.spreadr.mrr);
    assert_true(r.after.hits10 >= r.before.hits10);
    assert_true(c.there == 1 && c.back >= 0 && c.fan >= 0 && c.fan <= 1 && c.decay <= 1);
  }
  lan_graph_free(&g);
}

static void threads_change_nothing(void **state) {
  (void)state;
  lan_graph g = make_graph();
  lan_conductances c[2];
  for (uint32_t threads = 1; threads <= 2; threads++) {
    lan_spread_learn_options o = {.seed = 7, .threads = threads};
    assert_int_equal(lan_spread_learn(&g, &o, &c[threads - 1], NULL, NULL), LAN_OK);
  }
  assert_memory_equal(&c[0], &c[1], sizeof c[0]);
  lan_graph_free(&g);
}

static void conductances_are_what_is_said(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 4, 0}, {0, 2, 1, 0}, {1, 2, 9, 0}, {2, 2, 5, 0}, {2, 0, 0, 0}};
  lan_graph g, out;
  lan_spread_model model;
  lan_conductances c = {
      .there = 2, .back = 0.5, .weight = 0.5, .arrivals = -1, .fan = 0.25, .decay = 0.5};
  assert_int_equal(lan_graph_build(3, edges, 5, &g, NULL), LAN_OK);
  assert_int_equal(lan_conductances_apply(&g, &c, &out, &model, NULL), LAN_OK);
  assert_true(model.fan == 0.25 && model.decay == 0.5 && model.steps == 3);
  /* Edges lead to 0: one, to 1: one, to 2: three. */
  const struct {
    uint32_t from, to;
    uint8_t type;
    double weight;
  } wanted[] = {{0, 1, 0, 2 * 2 / 2.0}, {0, 2, 0, 2 * 1 / 4.0},   {1, 0, 1, 0.5 * 2 / 2.0},
                {1, 2, 0, 2 * 3 / 4.0}, {2, 0, 1, 0.5 * 1 / 2.0}, {2, 1, 1, 0.5 * 3 / 2.0}};
  assert_int_equal(out.n_edges, 6);
  for (uint32_t i = 0, e = 0; i < 3; i++) {
    for (; e < out.offsets[i + 1]; e++) {
      assert_int_equal(i, wanted[e].from);
      assert_int_equal(out.targets[e], wanted[e].to);
      assert_int_equal(out.types[e], wanted[e].type);
      assert_true(fabs((double)out.weights[e] - wanted[e].weight) < 1e-5);
    }
  }
  lan_graph_free(&out);
  lan_graph_free(&g);
}

static int stop_late(void *ctx, double done) {
  double *last = ctx;
  assert_true(done >= *last && done <= 1);
  *last = done;
  return done > 0.85;
}

static void what_cannot_be_learnt_is_refused(void **state) {
  (void)state;
  lan_edge few[] = {{0, 1, 1, 0}, {0, 2, 1, 0}}, kinds[] = {{0, 1, 1, 0}, {0, 2, 1, 3}};
  lan_graph g = make_graph(), small;
  lan_conductances c = lan_conductances_plain();
  lan_spread_model model;
  lan_error err;
  double last = 0;
  lan_spread_learn_options o = {.seed = 1, .progress = stop_late, .progress_ctx = &last};
  assert_int_equal(lan_spread_learn(&g, &o, &c, NULL, NULL), LAN_ECANCELED);
  assert_true(last > 0.85);
  assert_int_equal(lan_graph_build(3, few, 2, &small, NULL), LAN_OK);
  assert_int_equal(lan_spread_learn(&small, NULL, &c, NULL, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "too few edges"));
  double *numbers[] = {&c.there, &c.back, &c.weight, &c.arrivals, &c.fan, &c.decay};
  const double wrong[] = {-1, -1, INFINITY, (double)NAN, 1.5, 2};
  for (size_t i = 0; i < 6; i++) {
    c = lan_conductances_plain();
    *numbers[i] = wrong[i];
    assert_int_equal(lan_conductances_apply(&small, &c, &g, &model, &err), LAN_ERANGE);
  }
  lan_graph_free(&small);
  assert_int_equal(lan_graph_build(3, kinds, 2, &small, NULL), LAN_OK);
  assert_int_equal(lan_spread_learn(&small, NULL, &c, NULL, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "one type"));
  lan_graph_free(&small);
  lan_graph_free(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hidden_edges_come_back_better),
      cmocka_unit_test(threads_change_nothing),
      cmocka_unit_test(conductances_are_what_is_said),
      cmocka_unit_test(what_cannot_be_learnt_is_refused),
  };
  return cmocka_run_group_tests_name("spread_learn", tests, NULL, NULL);
}
