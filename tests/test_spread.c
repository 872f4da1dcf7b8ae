/* Spreading activation against its sources' own numbers, and its properties. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lantoa/spread.h"

static lan_graph graph_of(uint32_t n, const lan_edge *edges, size_t n_edges) {
  lan_graph g;
  assert_int_equal(lan_graph_build(n, edges, n_edges, &g, NULL), LAN_OK);
  return g;
}

/* The activation of every node after `model`, as a dense vector. */
static void spread_dense(const lan_graph *g, const lan_spread_model *m, const lan_cue *cues,
                         size_t n_cues, double *out) {
  lan_spreader *s;
  const lan_activation *a;
  size_t n;
  lan_error err;
  assert_int_equal(lan_spreader_new(g, &s, NULL), LAN_OK);
  assert_int_equal(lan_spread(s, m, cues, n_cues, &a, &n, NULL, &err), LAN_OK);
  memset(out, 0, g->n_nodes * sizeof *out);
  for (size_t i = 0; i < n; i++) out[a[i].node] = a[i].activation;
  lan_spreader_free(s);
}

static void assert_near(double a, double b, double tolerance) {
  if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g within %g", a, b, tolerance);
}

/* ---- spreadr ---- */

typedef struct expected_series {
  const double (*values)[5];
  uint32_t n_nodes;
  uint32_t seen;
} expected_series;

static int check_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  expected_series *e = ctx;
  double dense[5] = {0};
  for (size_t i = 0; i < n; i++) dense[a[i].node] = a[i].activation;
  for (uint32_t v = 0; v < e->n_nodes; v++) assert_near(dense[v], e->values[t][v], 1e-9);
  e->seen++;
  return 0;
}

static void check_series(const lan_graph *g, double retention, double decay, uint32_t steps,
                         lan_cue cue, const double (*values)[5]) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_SPREADR);
  lan_spreader *s;
  expected_series e = {values, g->n_nodes, 0};
  m.retention = retention;
  m.decay = 1 - decay;
  m.steps = steps;
  assert_int_equal(lan_spreader_new(g, &s, NULL), LAN_OK);
  assert_int_equal(lan_spread_steps(s, &m, &cue, 1, check_step, &e, NULL), LAN_OK);
  assert_int_equal(e.seen, steps + 1);
  lan_spreader_free(s);
}

/* The tables printed in spreadr's vignette ("Repeating the simulation across different
 * parameters"). */
static void spreadr_vignette_retention_and_decay(void **state) {
  (void)state;
  lan_edge edge = {0, 1, 1, 0};
  lan_graph g = graph_of(2, &edge, 1);
  static const double tables[4][3][5] = {{{10, 0}, {0, 10}, {0, 10}},
                                         {{10, 0}, {5, 5}, {2.5, 7.5}},
                                         {{10, 0}, {0, 5}, {0, 2.5}},
                                         {{10, 0}, {2.5, 2.5}, {0.625, 1.875}}};
  static const double retention[4] = {0, 0.5, 0, 0.5}, decay[4] = {0, 0, 0.5, 0.5};
  for (size_t i = 0; i < 4; i++) {
    check_series(&g, retention[i], decay[i], 2, (lan_cue){0, 10}, tables[i]);
  }
  lan_graph_free(&g);
}

/* Its vignette's weighted and directed networks, and its own test of terminal nodes. */
static void spreadr_weights_directions_and_terminal_nodes(void **state) {
  (void)state;
  lan_edge weighted[] = {{0, 1, 1, 0}, {0, 2, 9, 0}, {1, 0, 1, 0}, {2, 0, 9, 0}};
  lan_graph g = graph_of(3, weighted, 4);
  static const double w[2][5] = {{10, 0, 0}, {0, 1, 9}};
  check_series(&g, 0, 0, 1, (lan_cue){0, 10}, w);
  lan_graph_free(&g);

  lan_edge directed[] = {{0, 1, 1, 0}, {1, 2, 1, 0}};
  g = graph_of(3, directed, 2);
  static const double d[2][5] = {{0, 10, 0}, {0, 0, 10}};
  check_series(&g, 0, 0, 1, (lan_cue){1, 10}, d);
  lan_graph_free(&g);

  lan_edge terminal[] = {{0, 1, 1, 0}, {0, 4, 1, 0}, {1, 3, 1, 0}, {1, 4, 1, 0},
                         {3, 0, 1, 0}, {3, 1, 1, 0}, {3, 2, 1, 0}};
  g = graph_of(5, terminal, 7);
  static const double t[4][5] = {
      {20, 0, 0, 0, 0}, {0, 10, 0, 0, 10}, {0, 0, 0, 5, 15}, {5.0 / 3, 5.0 / 3, 5.0 / 3, 0, 15}};
  check_series(&g, 0, 0, 3, (lan_cue){0, 20}, t);
  lan_graph_free(&g);
}

static void spreadr_suppress_clears_small_activation(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 1, 0}, {0, 2, 9, 0}};
  lan_graph g = graph_of(3, edges, 2);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_SPREADR);
  double a[3];
  m.retention = 0;
  m.steps = 1;
  m.suppress = 2;
  spread_dense(&g, &m, &(lan_cue){0, 10}, 1, a);
  assert_near(a[1], 0, 0);
  assert_near(a[2], 9, 1e-12);
  lan_graph_free(&g);
}

/* ---- personalised PageRank, against networkx 3.4 pagerank(alpha=0.85, tol=1e-14,
 * personalization={0: 1}) ---- */

#include "pagerank_table.h"

static void pagerank_agrees_with_networkx(void **state) {
  (void)state;
  lan_graph g =
      graph_of(PAGERANK_NODES, PAGERANK_EDGES, sizeof PAGERANK_EDGES / sizeof *PAGERANK_EDGES);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  double a[PAGERANK_NODES];
  m.tolerance = 1e-13;
  spread_dense(&g, &m, &(lan_cue){0, 1}, 1, a);
  double sum = 0;
  for (uint32_t v = 0; v < PAGERANK_NODES; v++) {
    assert_near(a[v], PAGERANK_EXPECTED[v], 1e-9);
    sum += a[v];
  }
  assert_near(sum, 1, 1e-9);
  lan_graph_free(&g);
}

/* ---- ACT-R ---- */

/* Anderson and Reder 1999: the strength of association is S - ln(fan). With S = 1.6 and attention
 * shared by two cues, W = 1/2, fans of 1 and 3 give 1/2 * (1.6 - ln 1) + 1/2 * (1.6 - ln 3). */
static void actr_fan_effect(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 4, 1, 0}, {1, 4, 1, 0}, {1, 2, 1, 0}, {1, 3, 1, 0}};
  lan_graph g = graph_of(5, edges, 4);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_ACTR);
  lan_cue cues[] = {{0, 0.5f}, {1, 0.5f}};
  double a[5];
  m.actr_s = 1.6;
  spread_dense(&g, &m, cues, 2, a);
  assert_near(a[4], 0.5 * 1.6 + 0.5 * (1.6 - log(3)), 1e-12);
  assert_near(a[2], 0.5 * (1.6 - log(3)), 1e-12);
  lan_graph_free(&g);
}

/* ---- heat kernel: exp(-t (I - P)) of a two-node swap is known in closed form ---- */

static void heat_kernel_closed_form(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 1, 0}, {1, 0, 1, 0}};
  lan_graph g = graph_of(2, edges, 2);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_HEAT);
  double a[2];
  for (double t = 0.5; t < 10; t *= 2) {
    m.heat_t = t;
    spread_dense(&g, &m, &(lan_cue){0, 1}, 1, a);
    assert_near(a[0], exp(-t) * cosh(t), 1e-9);
    assert_near(a[1], exp(-t) * sinh(t), 1e-9);
  }
  lan_graph_free(&g);
}

/* ---- properties on random graphs ---- */

static uint64_t seed;
static double uniform(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(seed >> 11) / 9007199254740992.0;
}

enum { RANDOM_NODES = 40, RANDOM_EDGES = 150 };

static lan_graph random_graph(void) {
  lan_edge edges[RANDOM_EDGES];
  for (size_t i = 0; i < RANDOM_EDGES; i++) {
    edges[i] =
        (lan_edge){(uint32_t)(uniform() * RANDOM_NODES), (uint32_t)(uniform() * RANDOM_NODES),
                   (float)(0.1 + uniform()), (uint8_t)(uniform() * 4)};
  }
  return graph_of(RANDOM_NODES, edges, RANDOM_EDGES);
}

/* The formula of spread.h, written down again as plainly as can be. */
static void reference(const lan_graph *g, const lan_spread_model *m, uint32_t cue, double *a) {
  double now[RANDOM_NODES] = {0};
  now[cue] = 1;
  for (uint32_t t = 0; t < m->steps; t++) {
    double flow[RANDOM_NODES] = {0}, stuck = 0;
    for (uint32_t i = 0; i < RANDOM_NODES; i++) {
      double sum = 0, send = (1 - m->retention) * now[i];
      for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1]; e++) {
        sum += (double)g->weights[e] * (double)m->type_gain[g->types[e]];
      }
      for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1] && sum > 0; e++) {
        flow[g->targets[e]] +=
            send * (double)g->weights[e] * (double)m->type_gain[g->types[e]] / pow(sum, m->fan);
      }
      if (sum == 0) stuck += send;
    }
    for (uint32_t j = 0; j < RANDOM_NODES; j++) {
      double f = m->retention * now[j] + flow[j];
      a[j] = (1 - m->restart) * m->decay * f;
      if (j == cue && m->restart > 0) a[j] += m->restart + (1 - m->restart) * m->decay * stuck;
    }
    memcpy(now, a, sizeof now);
  }
}

static void agrees_with_the_formula(void **state) {
  (void)state;
  for (seed = 1; seed < 60;) {
    uint64_t this_seed = seed;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
    double a[RANDOM_NODES], want[RANDOM_NODES];
    m.fan = uniform() < 0.5 ? 1 : uniform();
    m.decay = uniform();
    m.retention = uniform() < 0.5 ? 0 : uniform();
    m.restart = uniform() < 0.5 ? 0 : 0.9 * uniform();
    for (size_t t = 0; t < 4; t++) m.type_gain[t] = uniform() < 0.3 ? 0 : (float)uniform();
    uint32_t cue = (uint32_t)(uniform() * RANDOM_NODES);
    spread_dense(&g, &m, &(lan_cue){cue, 1}, 1, a);
    reference(&g, &m, cue, want);
    for (uint32_t v = 0; v < RANDOM_NODES; v++) assert_near(a[v], want[v], 1e-9);
    lan_graph_free(&g);
    seed = this_seed + 1;
  }
}

static void threshold_error_is_bounded(void **state) {
  (void)state;
  for (uint64_t k = 1; k < 40; k++) {
    seed = k;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
    double exact[RANDOM_NODES], approximate[RANDOM_NODES] = {0}, distance = 0, bound;
    lan_spreader *s;
    const lan_activation *a;
    size_t n;
    m.steps = 5;
    spread_dense(&g, &m, &(lan_cue){0, 1}, 1, exact);
    m.threshold = 0.05 * uniform();
    assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
    assert_int_equal(lan_spread(s, &m, &(lan_cue){0, 1}, 1, &a, &n, &bound, NULL), LAN_OK);
    for (size_t i = 0; i < n; i++) approximate[a[i].node] = a[i].activation;
    for (uint32_t v = 0; v < RANDOM_NODES; v++) distance += fabs(exact[v] - approximate[v]);
    assert_true(distance <= bound + 1e-12);
    lan_spreader_free(s);
    lan_graph_free(&g);
  }
}

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

static void batches_do_not_depend_on_threads(void **state) {
  (void)state;
  enum { SETS = 50, TOP = 7 };
  seed = 5;
  lan_graph g = random_graph();
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  lan_cue cues[2 * SETS];
  size_t offsets[SETS + 1], counts[3][SETS];
  lan_activation top[3][SETS * TOP];
  for (size_t i = 0; i < 2 * SETS; i++)
    cues[i] = (lan_cue){(uint32_t)(uniform() * RANDOM_NODES), 1};
  for (size_t i = 0; i <= SETS; i++) offsets[i] = 2 * i;
  memset(top, 0, sizeof top);
  for (size_t k = 0; k < 3; k++) {
    assert_int_equal(
        lan_spread_batch(&g, &m, cues, offsets, SETS, TOP, top[k], counts[k], k + 1, NULL), LAN_OK);
  }
  for (size_t k = 1; k < 3; k++) {
    assert_memory_equal(counts[0], counts[k], sizeof counts[0]);
    for (size_t i = 0; i < SETS * TOP; i++) {
      assert_int_equal(top[0][i].node, top[k][i].node);
      assert_true(top[0][i].activation == top[k][i].activation);
    }
  }
  for (size_t i = 0; i < SETS; i++) {
    for (size_t j = 1; j < counts[0][i]; j++) {
      assert_true(top[0][i * TOP + j - 1].activation >= top[0][i * TOP + j].activation);
    }
  }
  lan_graph_free(&g);
}

static void settings_out_of_range_are_named(void **state) {
  (void)state;
  lan_edge edge = {0, 1, 1, 0};
  lan_graph g = graph_of(2, &edge, 1);
  lan_spreader *s;
  const lan_activation *a;
  size_t n;
  lan_error err;
  lan_spread_model good = lan_spread_preset(LAN_PRESET_MEMORY), m;
  lan_cue cue = {0, 1};
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  m = good, m.decay = 1.5;
  assert_int_equal(lan_spread(s, &m, &cue, 1, &a, &n, NULL, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "decay"));
  m = good, m.restart = 1;
  assert_int_equal(lan_spread(s, &m, &cue, 1, &a, &n, NULL, &err), LAN_ERANGE);
  m = good, m.fan = NAN;
  assert_int_equal(lan_spread(s, &m, &cue, 1, &a, &n, NULL, &err), LAN_ERANGE);
  m = good, m.steps = 0;
  assert_int_equal(lan_spread(s, &m, &cue, 1, &a, &n, NULL, &err), LAN_ERANGE);
  cue.node = 2;
  assert_int_equal(lan_spread(s, &good, &cue, 1, &a, &n, NULL, &err), LAN_ERANGE);
  cue = (lan_cue){0, -1};
  assert_int_equal(lan_spread(s, &good, &cue, 1, &a, &n, NULL, &err), LAN_ERANGE);
  cue = (lan_cue){0, 1}; /* the spreader is as good as new */
  assert_int_equal(lan_spread(s, &good, &cue, 1, &a, &n, NULL, &err), LAN_OK);
  lan_spreader_free(s);
  lan_graph_free(&g);
}

static void the_most_active_come_in_order(void **state) {
  (void)state;
  lan_activation all[100], top[10];
  seed = 3;
  for (uint32_t i = 0; i < 100; i++) all[i] = (lan_activation){i, floor(uniform() * 20)};
  uint32_t skip = 0;
  for (uint32_t i = 1; i < 100; i++) {
    if (all[i].activation > all[skip].activation) skip = i;
  }
  size_t n = lan_spread_top(all, 100, &skip, 1, top, 10);
  assert_int_equal(n, 10);
  for (size_t i = 0; i < n; i++) {
    assert_int_not_equal(top[i].node, skip);
    size_t before = 0;
    for (uint32_t k = 0; k < 100; k++) {
      bool earlier = all[k].activation > top[i].activation ||
                     (all[k].activation == top[i].activation && k < top[i].node);
      before += k != skip && earlier;
    }
    assert_int_equal(before, i);
  }
}

/* ---- routes ---- */

typedef struct walk_list {
  double best[4096];
  size_t n;
  double total;
} walk_list;

/* All walks from `node` that end at `target`, by recursion. */
static void enumerate(const lan_graph *g, const lan_spread_model *m, uint32_t node, uint32_t target,
                      uint32_t left, double value, uint32_t *seen, uint32_t n_seen, bool simple,
                      walk_list *out) {
  if (n_seen > 0 && node == target && n_seen > 1) {
    out->total += value;
    if (simple) out->best[out->n++] = value;
  }
  if (left == 0) return;
  double sum = 0;
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1]; e++) {
    sum += (double)g->weights[e] * (double)m->type_gain[g->types[e]];
  }
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1] && sum > 0; e++) {
    uint32_t to = g->targets[e];
    bool again = false;
    for (uint32_t k = 0; k < n_seen; k++) again |= seen[k] == to;
    seen[n_seen] = to;
    double p =
        m->decay * (double)g->weights[e] * (double)m->type_gain[g->types[e]] / pow(sum, m->fan);
    if (p > 0) {
      enumerate(g, m, to, target, left - 1, value * p, seen, n_seen + 1, simple && !again, out);
    }
  }
}

static int larger_first(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

static void routes_are_the_strongest_walks(void **state) {
  (void)state;
  for (uint64_t k = 1; k < 30; k++) {
    seed = k;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
    m.fan = k % 2 ? 1 : 0.5;
    static walk_list walks;
    walks = (walk_list){.n = 0};
    uint32_t seen[8] = {0}, target = 1 + (uint32_t)(uniform() * (RANDOM_NODES - 1));
    enumerate(&g, &m, 0, target, 3, 1, seen, 1, true, &walks);
    qsort(walks.best, walks.n, sizeof(double), larger_first);
    lan_spreader *s;
    const lan_route *r;
    size_t n;
    assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
    assert_int_equal(lan_spread_routes(s, &m, &(lan_cue){0, 1}, 1, target, 5, 0, &r, &n, NULL),
                     LAN_OK);
    assert_int_equal(n, walks.n < 5 ? walks.n : 5);
    for (size_t i = 0; i < n; i++) {
      assert_near(r[i].activation, walks.best[i], 1e-12);
      assert_near(r[i].share, walks.best[i] / walks.total, 1e-9);
      assert_int_equal(r[i].nodes[0], 0);
      assert_int_equal(r[i].nodes[r[i].n_nodes - 1], target);
    }
    lan_spreader_free(s);
    lan_graph_free(&g);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spreadr_vignette_retention_and_decay),
      cmocka_unit_test(spreadr_weights_directions_and_terminal_nodes),
      cmocka_unit_test(spreadr_suppress_clears_small_activation),
      cmocka_unit_test(pagerank_agrees_with_networkx),
      cmocka_unit_test(actr_fan_effect),
      cmocka_unit_test(heat_kernel_closed_form),
      cmocka_unit_test(agrees_with_the_formula),
      cmocka_unit_test(threshold_error_is_bounded),
      cmocka_unit_test(plans_agree_with_the_frontier),
      cmocka_unit_test(batches_do_not_depend_on_threads),
      cmocka_unit_test(settings_out_of_range_are_named),
      cmocka_unit_test(the_most_active_come_in_order),
      cmocka_unit_test(routes_are_the_strongest_walks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
