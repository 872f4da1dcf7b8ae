/* Plans against the frontier, on small graphs and on large ones with hubs; threads; limits. */
#include "spread_help.h"

/* The dense plan gives what the sparse frontier gives, for any number of threads to the last bit. */
static void plans_agree_with_the_frontier(void **state) {
  (void)state;
  for (uint64_t k = 1; k < 40; k++) {
    seed = k;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(k % 4 == 0   ? LAN_PRESET_HEAT
                                           : k % 4 == 1 ? LAN_PRESET_PPR
                                           : k % 4 == 2 ? LAN_PRESET_SPREADR
                                                        : LAN_PRESET_MEMORY);
    double want[RANDOM_NODES], got[3][RANDOM_NODES];
    uint32_t steps;
    m.type_gain[1] = 0;
    m.type_gain[2] = 0.5f;
    if (m.tolerance == 0) m.tolerance = k % 8 < 4 ? 1e-300 : 0; /* double, or single precision */
    double near = m.tolerance == 0 ? 1e-6 : 1e-12;
    spread_dense(&g, &m, &(lan_cue){3, 1}, 1, want);
    for (size_t threads = 1; threads <= 3; threads++) {
      lan_spread_plan *p;
      double *a = got[threads - 1];
      memset(a, 0, sizeof got[0]);
      a[3] = 1;
      assert_int_equal(lan_spread_plan_new(&g, &m, threads, &p, NULL), LAN_OK);
      assert_int_equal(lan_spread_plan_run(p, a, &steps, NULL), LAN_OK);
      assert_true(lan_spread_plan_bytes(p) > 0);
      lan_spread_plan_free(p);
      assert_memory_equal(a, got[0], sizeof got[0]);
    }
    for (uint32_t v = 0; v < RANDOM_NODES; v++) assert_near(got[0][v], want[v], near);
    lan_graph_free(&g);
  }
}

/* A large graph with hubs, several chunks, many nodes without edges; senders in segments that 16 bits
 * number, and in a larger one that has few edges. */
static lan_graph large_graph(uint32_t n_nodes, size_t n_edges, bool weighted) {
  lan_edge *edges = malloc(n_edges * sizeof *edges);
  assert_non_null(edges);
  for (size_t i = 0; i < n_edges; i++) {
    double from = uniform(), to = uniform();
    from *= from;
    edges[i] = (lan_edge){(uint32_t)(from * from * n_nodes), (uint32_t)(to * to * to * n_nodes),
                          weighted ? (float)(0.1 + uniform()) : 1, (uint8_t)random_below(3)};
  }
  for (size_t i = 0; i < n_edges / 8; i++) edges[i].to = n_nodes / 2; /* many rows of one */
  lan_graph g = graph_of(n_nodes, edges, n_edges);
  free(edges);
  return g;
}

static void run_plan(const lan_graph *g, const lan_spread_model *m, size_t threads, double *a) {
  lan_spread_plan *p;
  memset(a, 0, g->n_nodes * sizeof *a);
  a[0] = 1;
  a[g->n_nodes - 1] = 0.25;
  assert_int_equal(lan_spread_plan_new(g, m, threads, &p, NULL), LAN_OK);
  assert_int_equal(lan_spread_plan_run(p, a, NULL, NULL), LAN_OK);
  lan_spread_plan_free(p);
}

static void large_plans_agree(void **state) {
  (void)state;
  enum { NODES = 800000, EDGES = 1000000 };
  double *want = malloc(NODES * sizeof *want), *got = malloc(NODES * sizeof *got);
  double *again = malloc(NODES * sizeof *again);
  assert_true(want && got && again);
  for (uint64_t k = 0; k < 4; k++) {
    seed = k + 1;
    lan_graph g = large_graph(NODES, EDGES, k != 1), bare = g;
    lan_spread_model m = lan_spread_preset(k == 3 ? LAN_PRESET_SPREADR : LAN_PRESET_PPR);
    lan_cue cues[] = {{0, 1}, {NODES - 1, 0.25f}};
    m.steps = 5;
    m.fan = k == 2 ? 0.7 : 1;
    m.tolerance = k == 2 ? 0 : 1e-300;
    if (k == 0) m.type_gain[1] = 0.5f, m.type_gain[2] = 0;
    if (k == 1) bare.weights = NULL, bare.types = NULL, bare.owned = NULL;
    const lan_graph *used = k == 1 ? &bare : &g;
    spread_dense(used, &m, cues, 2, want);
    run_plan(used, &m, 1, got);
    run_plan(used, &m, 3, again);
    assert_memory_equal(got, again, NODES * sizeof *got);
    double distance = 0, sum = 0;
    for (uint32_t v = 0; v < NODES; v++) {
      distance += fabs(got[v] - want[v]);
      sum += want[v];
    }
    assert_near(distance, 0, (k == 2 ? 1e-6 : 1e-12) * sum);
    lan_graph_free(&g);
  }
  free(want);
  free(got);
  free(again);
}

/* A star: rows as long as they may be, one edge longer, one shorter. */
static void rows_of_every_length_add_up(void **state) {
  (void)state;
  enum { MOST = 300 };
  for (uint32_t spokes = 1; spokes < MOST; spokes += spokes < 4 || spokes % 64 > 61 ? 1 : 5) {
    lan_edge edges[MOST];
    double a[MOST + 1] = {0};
    for (uint32_t i = 0; i < spokes; i++) edges[i] = (lan_edge){i, spokes, (float)(i % 4 + 1), 0};
    lan_graph g = graph_of(spokes + 1, edges, spokes);
    lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
    lan_spread_plan *p;
    m.steps = 1;
    m.decay = 1;
    m.tolerance = 1e-300;
    for (uint32_t i = 0; i < spokes; i++) a[i] = i;
    assert_int_equal(lan_spread_plan_new(&g, &m, 2, &p, NULL), LAN_OK);
    assert_int_equal(lan_spread_plan_run(p, a, NULL, NULL), LAN_OK);
    assert_near(a[spokes], spokes * (spokes - 1) / 2.0, 1e-9);
    lan_spread_plan_free(p);
    lan_graph_free(&g);
  }
}

static void a_plan_runs_again(void **state) {
  (void)state;
  seed = 9;
  lan_graph g = random_graph();
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  lan_spread_plan *p;
  double first[RANDOM_NODES] = {1}, other[RANDOM_NODES] = {0, 3}, again[RANDOM_NODES] = {1};
  uint32_t steps, steps_again;
  assert_int_equal(lan_spread_plan_new(&g, &m, 2, &p, NULL), LAN_OK);
  assert_int_equal(lan_spread_plan_run(p, first, &steps, NULL), LAN_OK);
  assert_int_equal(lan_spread_plan_run(p, other, NULL, NULL), LAN_OK);
  assert_int_equal(lan_spread_plan_run(p, again, &steps_again, NULL), LAN_OK);
  assert_memory_equal(first, again, sizeof first);
  assert_int_equal(steps, steps_again);
  assert_true(steps > 5 && steps < 1000);
  lan_spread_plan_free(p);
  lan_graph_free(&g);
}

/* Single precision keeps to what it can hold. */
static void tiny_activation_is_not_lost(void **state) {
  (void)state;
  seed = 2;
  lan_graph g = random_graph();
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  double want[RANDOM_NODES];
  spread_dense(&g, &m, &(lan_cue){3, 1}, 1, want);
  for (double scale = 1e-300; scale < 1e301; scale *= 1e100) {
    double a[RANDOM_NODES] = {0};
    lan_spread_plan *p;
    a[3] = scale;
    assert_int_equal(lan_spread_plan_new(&g, &m, 2, &p, NULL), LAN_OK);
    assert_int_equal(lan_spread_plan_run(p, a, NULL, NULL), LAN_OK);
    for (uint32_t v = 0; v < RANDOM_NODES; v++) assert_near(a[v] / scale, want[v], 1e-6);
    lan_spread_plan_free(p);
  }
  lan_graph_free(&g);
}

static void empty_graphs_have_plans(void **state) {
  (void)state;
  for (uint32_t n = 0; n < 3; n++) {
    lan_graph g = graph_of(n, NULL, 0);
    for (int preset = LAN_PRESET_MEMORY; preset <= LAN_PRESET_HEAT; preset++) {
      lan_spread_model m = lan_spread_preset((lan_preset)preset);
      lan_spread_plan *p;
      double a[3] = {1, 1, 7};
      if (preset == LAN_PRESET_ACTR) continue;
      assert_int_equal(lan_spread_plan_new(&g, &m, 0, &p, NULL), LAN_OK);
      assert_int_equal(lan_spread_plan_run(p, a, NULL, NULL), LAN_OK);
      assert_near(a[n], n < 2 ? 1 : 7, 0);
      for (uint32_t v = 0; v < n; v++) {
        double want = preset == LAN_PRESET_MEMORY ? 0 : preset == LAN_PRESET_HEAT ? exp(-5) : 1;
        assert_near(a[v], want, 1e-7);
      }
      lan_spread_plan_free(p);
    }
    lan_graph_free(&g);
  }
}

static void what_plans_cannot_do_is_refused(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 1e30f, 0}, {1, 0, 1e30f, 0}};
  lan_graph g = graph_of(2, edges, 2);
  lan_spread_model good = lan_spread_preset(LAN_PRESET_MEMORY), m;
  lan_spread_plan *p;
  lan_error err;
  m = lan_spread_preset(LAN_PRESET_ACTR);
  assert_int_equal(lan_spread_plan_new(&g, &m, 1, &p, &err), LAN_EINVAL);
  m = good, m.threshold = 0.1;
  assert_int_equal(lan_spread_plan_new(&g, &m, 1, &p, &err), LAN_EINVAL);
  m = good, m.type_gain[0] = 1e20f;
  assert_int_equal(lan_spread_plan_new(&g, &m, 1, &p, &err), LAN_ERANGE);
  m = good, m.decay = 2;
  assert_int_equal(lan_spread_plan_new(&g, &m, 1, &p, &err), LAN_ERANGE);
  m = good, m.fan = 0, m.steps = 100;
  assert_int_equal(lan_spread_plan_new(&g, &m, 1, &p, &err), LAN_OK);
  assert_int_equal(lan_spread_plan_run(p, (double[]){1, 0}, NULL, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "bounds"));
  assert_int_equal(lan_spread_plan_run(p, (double[]){1, NAN}, NULL, &err), LAN_ERANGE);
  assert_int_equal(lan_spread_plan_run(p, (double[]){1, -1}, NULL, &err), LAN_ERANGE);
  assert_int_equal(lan_spread_plan_run(p, (double[]){INFINITY, 1}, NULL, &err), LAN_ERANGE);
  lan_spread_plan_free(p);
  lan_graph_free(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plans_agree_with_the_frontier),   cmocka_unit_test(large_plans_agree),
      cmocka_unit_test(rows_of_every_length_add_up),     cmocka_unit_test(a_plan_runs_again),
      cmocka_unit_test(tiny_activation_is_not_lost),     cmocka_unit_test(empty_graphs_have_plans),
      cmocka_unit_test(what_plans_cannot_do_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
