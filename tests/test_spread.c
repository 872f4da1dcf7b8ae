/* Spreading activation against its sources' own numbers, and its properties. */
#include "spread/spread_internal.h"
#include "spread_help.h"

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

/* What spreadr's create_mat_t and its loop do, over a matrix. */
static void spreadr_loop(const double *mat, size_t n, double retention, double decay,
                         double suppress, size_t time, double *a) {
  double next[RANDOM_NODES];
  for (size_t t = 0; t < time; t++) {
    memset(next, 0, sizeof next);
    for (size_t i = 0; i < n; i++) {
      double d = 0;
      for (size_t j = 0; j < n; j++) d += mat[i * n + j];
      for (size_t j = 0; j < n; j++) {
        if (i == j) {
          next[j] += d == 0 ? a[i] : retention * a[i];
        } else if (d != 0) {
          next[j] += (1 - retention) * mat[i * n + j] * (a[i] / d);
        }
      }
    }
    for (size_t j = 0; j < n; j++) {
      a[j] = (1 - decay) * next[j];
      if (a[j] < suppress) a[j] = 0;
    }
  }
}

static void spreadr_on_random_networks(void **state) {
  (void)state;
  for (uint64_t k = 1; k < 60; k++) {
    double mat[RANDOM_NODES * RANDOM_NODES] = {0}, want[RANDOM_NODES] = {0}, a[RANDOM_NODES];
    lan_edge edges[RANDOM_EDGES];
    seed = k;
    for (size_t i = 0; i < RANDOM_EDGES; i++) {
      uint32_t from = random_below(RANDOM_NODES - 3),
               to = random_below(RANDOM_NODES); /* 3 isolated */
      edges[i] = (lan_edge){from, to == from ? 39 : to, (float)(1 + random_below(8)) / 4.0f, 0};
      mat[from * RANDOM_NODES + edges[i].to] += (double)edges[i].weight;
    }
    lan_graph g = graph_of(RANDOM_NODES, edges, RANDOM_EDGES);
    lan_spread_model m = lan_spread_preset(LAN_PRESET_SPREADR);
    lan_cue cues[] = {{3, 20}, {random_below(RANDOM_NODES), 10}, {38, 5}};
    double decay = k % 3 ? 0 : uniform();
    m.retention = uniform();
    m.decay = 1 - decay;
    m.suppress = k % 2 ? 0 : 0.3;
    m.steps = 1 + random_below(12);
    for (size_t i = 0; i < 3; i++) want[cues[i].node] += (double)cues[i].activation;
    spreadr_loop(mat, RANDOM_NODES, m.retention, decay, m.suppress, m.steps, want);
    spread_dense(&g, &m, cues, 3, a);
    for (uint32_t v = 0; v < RANDOM_NODES; v++) assert_near(a[v], want[v], 1e-9);
    lan_graph_free(&g);
  }
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

/* The fan experiment (Anderson 1974) as in unit 5 of the ACT-R tutorial: its thirteen facts, persons
 * in places, S = 1.6, attention shared by person and place, and an association of each with itself.
 * The tutorial prints the times that its model takes to recognise a fact, by the fans of place and
 * person: a constant and F * e^-activation, F = 0.63. */
static void actr_tutorial_fan_experiment(void **state) {
  (void)state;
  enum {
    HIPPIE,
    CAPTAIN,
    DEBUTANTE,
    FIREMAN,
    GIANT,
    EARL,
    LAWYER,
    PARK,
    CHURCH,
    BANK,
    CAVE,
    BEACH
  };
  enum { CASTLE = BEACH + 1, DUNGEON, FOREST, STORE, WORDS, FACTS = 13 };
  static const uint32_t facts[FACTS][2] = {
      {HIPPIE, PARK},    {HIPPIE, CHURCH}, {HIPPIE, BANK}, {CAPTAIN, PARK}, {CAPTAIN, CAVE},
      {DEBUTANTE, BANK}, {FIREMAN, PARK},  {GIANT, BEACH}, {GIANT, CASTLE}, {GIANT, DUNGEON},
      {EARL, CASTLE},    {EARL, FOREST},   {LAWYER, STORE}};
  /* The facts that the tutorial tests, by the fans of place and person. */
  static const uint32_t tested[3][3] = {{12, 11, 7}, {5, 10, 8}, {6, 3, 0}};
  static const double seconds[3][3] = {
      {1.099, 1.157, 1.205}, {1.157, 1.227, 1.286}, {1.205, 1.286, 1.354}};
  lan_edge edges[2 * FACTS + WORDS];
  size_t n = 0;
  for (uint32_t w = 0; w < WORDS; w++) edges[n++] = (lan_edge){w, w, 1, 0};
  for (uint32_t f = 0; f < FACTS; f++) {
    edges[n++] = (lan_edge){facts[f][0], WORDS + f, 1, 0};
    edges[n++] = (lan_edge){facts[f][1], WORDS + f, 1, 0};
  }
  lan_graph g = graph_of(WORDS + FACTS, edges, n);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_ACTR);
  m.actr_s = 1.6;
  for (size_t place = 0; place < 3; place++) {
    for (size_t person = 0; person < 3; person++) {
      double a[WORDS + FACTS];
      uint32_t f = tested[place][person];
      lan_cue cues[] = {{facts[f][0], 0.5f}, {facts[f][1], 0.5f}};
      spread_dense(&g, &m, cues, 2, a);
      assert_near(0.845 + 0.63 * exp(-a[WORDS + f]), seconds[place][person], 0.0006);
      double sum = 0.5 * (1.6 - log((double)person + 2)) + 0.5 * (1.6 - log((double)place + 2));
      assert_near(a[WORDS + f], sum, 1e-12);
    }
  }
  lan_graph_free(&g);
}

/* A fan of more than e^S would inhibit: it counts as 0. Edges left out by their gain do not fan. */
static void actr_never_inhibits(void **state) {
  (void)state;
  lan_edge edges[8];
  for (uint32_t i = 0; i < 8; i++) edges[i] = (lan_edge){0, i + 1, 1, i >= 2};
  lan_graph g = graph_of(9, edges, 8);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_ACTR);
  double a[9];
  m.actr_s = 2;
  spread_dense(&g, &m, &(lan_cue){0, 1}, 1, a);
  for (size_t i = 0; i < 9; i++) assert_near(a[i], 0, 0);
  m.type_gain[1] = 0;
  spread_dense(&g, &m, &(lan_cue){0, 1}, 1, a);
  assert_near(a[1], 2 - log(2), 1e-12);
  assert_near(a[3], 0, 0);
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

#include "heat_table.h"

static int watch_growth(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  double *sums = ctx, sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i].activation;
  assert_true(t < 200 && sum >= sums[0]);
  sums[0] = sum;
  sums[1] = t;
  return 0;
}

static void heat_kernel_agrees_with_scipy(void **state) {
  (void)state;
  lan_graph g =
      graph_of(PAGERANK_NODES, PAGERANK_EDGES, sizeof PAGERANK_EDGES / sizeof *PAGERANK_EDGES);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_HEAT);
  double a[PAGERANK_NODES], sums[2] = {0}, sum = 0;
  for (size_t i = 0; i < HEAT_TIMES; i++) {
    m.heat_t = HEAT_T[i];
    spread_dense(&g, &m, &(lan_cue){0, 1}, 1, a);
    for (uint32_t v = 0; v < PAGERANK_NODES; v++) assert_near(a[v], HEAT_EXPECTED[i][v], 1e-9);
  }
  for (uint32_t v = 0; v < PAGERANK_NODES; v++) sum += a[v];
  lan_spreader *s; /* step by step it grows to the same */
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  assert_int_equal(lan_spread_steps(s, &m, &(lan_cue){0, 1}, 1, watch_growth, sums, NULL), LAN_OK);
  assert_near(sums[0], sum, 1e-15);
  assert_true(sums[1] > 10);
  lan_spreader_free(s);
  lan_graph_free(&g);
}

/* ---- properties on random graphs ---- */

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

/* Every kind of model, with a threshold, is as far from the exact result as is said, or nearer. */
static void threshold_error_is_bounded(void **state) {
  (void)state;
  size_t useful = 0;
  for (uint64_t k = 1; k < 400; k++) {
    seed = k;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(k % 3 == 0   ? LAN_PRESET_HEAT
                                           : k % 3 == 1 ? LAN_PRESET_PPR
                                                        : LAN_PRESET_MEMORY);
    double exact[RANDOM_NODES], approximate[RANDOM_NODES] = {0}, distance = 0, bound;
    lan_spreader *s;
    const lan_activation *a;
    size_t n;
    m.steps = 1 + random_below(9);
    m.tolerance = 0;
    m.fan = k % 4 ? 1 : uniform();
    m.decay = k % 5 ? m.decay : 1;
    m.retention = k % 7 ? 0 : uniform();
    m.sinks_keep = k % 2;
    m.type_gain[1] = k % 11 ? 1 : 0;
    spread_dense(&g, &m, &(lan_cue){0, 1}, 1, exact);
    m.threshold = 0.05 * uniform();
    assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
    assert_int_equal(lan_spread(s, &m, &(lan_cue){0, 1}, 1, &a, &n, &bound, NULL), LAN_OK);
    for (size_t i = 0; i < n; i++) approximate[a[i].node] = a[i].activation;
    for (uint32_t v = 0; v < RANDOM_NODES; v++) {
      distance += fabs(exact[v] - approximate[v]);
      assert_true(approximate[v] <= exact[v] + 1e-12);
    }
    assert_true(distance <= bound + 1e-12);
    useful += distance > 0.3 * bound;
    m.suppress = 1e-3; /* then there is no bound */
    assert_int_equal(lan_spread(s, &m, &(lan_cue){0, 1}, 1, &a, &n, &bound, NULL), LAN_OK);
    assert_true(bound == 0 || isinf(bound));
    lan_spreader_free(s);
    lan_graph_free(&g);
  }
  assert_true(useful > 200); /* the bound is not far off */
}

/* Few or many nodes active: steps over a list and over all nodes give the same. Isolated nodes make
 * the same activation few. */
static void lists_and_sweeps_agree(void **state) {
  (void)state;
  enum { MANY = 10000 };
  for (uint64_t k = 1; k < 60; k++) {
    seed = k;
    lan_graph g = random_graph(), alone = g;
    uint32_t offsets[MANY + 1];
    memcpy(offsets, g.offsets, (RANDOM_NODES + 1) * sizeof *offsets);
    for (uint32_t v = RANDOM_NODES; v < MANY; v++) offsets[v + 1] = offsets[v];
    alone.offsets = offsets;
    alone.n_nodes = MANY;
    alone.owned = NULL;
    lan_spread_model m = lan_spread_preset((lan_preset)(k % 5));
    m.suppress = k % 2 ? 0 : 0.01;
    double few[MANY], many[RANDOM_NODES];
    lan_cue cues[] = {{3, 1}, {5, 2}, {3, 0.5f}};
    spread_dense(&alone, &m, cues, 3, few);
    spread_dense(&g, &m, cues, 3, many);
    for (uint32_t v = 0; v < RANDOM_NODES; v++) assert_near(few[v], many[v], 1e-12);
    lan_graph_free(&g);
  }
}

/* One spreader for different models, stopped calls and errors between: as if each had its own. */
static int stop_at_2(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  (void)ctx, (void)a, (void)n;
  return t == 2;
}

static void a_spreader_forgets(void **state) {
  (void)state;
  seed = 11;
  lan_graph g = random_graph();
  lan_spreader *s;
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  for (uint32_t k = 0; k < 200; k++) {
    lan_spread_model m = lan_spread_preset((lan_preset)random_below(5));
    const lan_activation *a;
    size_t n;
    double want[RANDOM_NODES], got[RANDOM_NODES] = {0};
    lan_cue cue = {random_below(RANDOM_NODES), 1};
    if (m.rule == LAN_RULE_LINEAR && k % 2) m.fan = 0.5;
    if (k % 3) m.type_gain[k % 4] = 0.25f * (float)(k % 5);
    if (k % 7 == 0) {
      lan_status stopped = lan_spread_steps(s, &m, &cue, 1, stop_at_2, NULL, NULL);
      assert_int_equal(stopped, m.rule == LAN_RULE_ACTR ? LAN_OK : LAN_ECANCELED);
    }
    if (k % 5 == 0) {
      lan_cue bad = {RANDOM_NODES, 1};
      assert_int_equal(lan_spread(s, &m, &bad, 1, &a, &n, NULL, NULL), LAN_ERANGE);
    }
    if (m.rule == LAN_RULE_LINEAR && k % 4 == 0) {
      const lan_route *routes;
      m.steps = 3;
      assert_int_equal(lan_spread_routes(s, &m, &cue, 1, 7, 3, 0, &routes, &n, NULL), LAN_OK);
    }
    assert_int_equal(lan_spread(s, &m, &cue, 1, &a, &n, NULL, NULL), LAN_OK);
    for (size_t i = 0; i < n; i++) got[a[i].node] = a[i].activation;
    spread_dense(&g, &m, &cue, 1, want);
    assert_memory_equal(got, want, sizeof got);
  }
  lan_spreader_free(s);
  lan_graph_free(&g);
}

/* Kinds that are gone along often get rows of their own (views.c): the results are the same to the bit, also
 * with more choices of kinds than are kept. */
static void kinds_left_out_change_nothing(void **state) {
  (void)state;
  seed = 12;
  lan_graph g = random_graph();
  lan_spreader *s;
  size_t own_rows = 0;
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  for (uint32_t k = 0; k < 2000; k++) {
    uint32_t kinds = k < 1000 ? 1 + k % 3 : random_below(16);
    lan_spread_model m = lan_spread_preset(k % 2 ? LAN_PRESET_MEMORY : LAN_PRESET_PPR);
    const lan_activation *a;
    size_t n;
    double want[RANDOM_NODES], got[RANDOM_NODES] = {0};
    lan_cue cue = {random_below(RANDOM_NODES), 1};
    for (size_t t = 0; t < LAN_EDGE_TYPES; t++) m.type_gain[t] = (float)(kinds >> t & 1);
    assert_int_equal(lan_spread(s, &m, &cue, 1, &a, &n, NULL, NULL), LAN_OK);
    for (size_t i = 0; i < n; i++) got[a[i].node] = a[i].activation;
    spread_dense(&g, &m, &cue, 1, want);
    assert_memory_equal(got, want, sizeof got);
    own_rows += s->view->offsets != NULL;
  }
  assert_true(own_rows > 900);
  lan_spreader_free(s);
  lan_graph_free(&g);
}

static void growth_without_bound_is_said(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 1e30f, 0}, {1, 0, 1e30f, 0}};
  lan_graph g = graph_of(2, edges, 2);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  lan_spreader *s;
  const lan_activation *a;
  size_t n;
  lan_error err;
  m.fan = 0;
  m.steps = 100;
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  assert_int_equal(lan_spread(s, &m, &(lan_cue){0, 1}, 1, &a, &n, NULL, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "bounds"));
  m.steps = 3;
  assert_int_equal(lan_spread(s, &m, &(lan_cue){0, 1}, 1, &a, &n, NULL, &err), LAN_OK);
  assert_int_equal(n, 1);
  assert_near(a[0].activation / (0.6 * 0.6 * 0.6 * 1e90), 1, 1e-6);
  lan_spreader_free(s);
  lan_graph_free(&g);
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

static void batches_of_nothing_are_empty(void **state) {
  (void)state;
  lan_edge edge = {0, 1, 1, 0};
  lan_graph g = graph_of(2, &edge, 1);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  static const size_t offsets[] = {0, 0, 0};
  size_t counts[] = {7, 7};
  lan_activation top[2];
  lan_cue bad[] = {{0, 1}, {2, 1}};
  assert_int_equal(lan_spread_batch(&g, &m, NULL, offsets, 2, 1, top, counts, 2, NULL), LAN_OK);
  assert_int_equal(counts[0] + counts[1], 0);
  assert_int_equal(lan_spread_batch(&g, &m, NULL, offsets, 0, 1, NULL, NULL, 0, NULL), LAN_OK);
  assert_int_equal(lan_spread_batch(&g, &m, bad, (size_t[]){0, 1, 2}, 2, 1, top, counts, 2, NULL),
                   LAN_ERANGE);
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
  lan_activation all[100], top[100];
  seed = 3;
  for (uint32_t i = 0; i < 100; i++) all[i] = (lan_activation){i, floor(uniform() * 20)};
  uint32_t skip[40];
  size_t n_skip = 0;
  for (uint32_t i = 0; i < 100 && n_skip < 40; i += 1 + random_below(4)) skip[n_skip++] = i;
  for (size_t want = 0; want <= 100; want += 1 + want / 3) {
    size_t n = lan_spread_top(all, 100, skip, n_skip, top, want);
    assert_int_equal(n, want < 100 - n_skip ? want : 100 - n_skip);
    for (size_t i = 0; i < n; i++) {
      size_t before = 0;
      for (uint32_t k = 0; k < 100; k++) {
        bool left_out = false;
        for (size_t j = 0; j < n_skip; j++) left_out |= skip[j] == k;
        before += !left_out && (all[k].activation > top[i].activation ||
                                (all[k].activation == top[i].activation && k < top[i].node));
        assert_false(left_out && top[i].node == k);
      }
      assert_int_equal(before, i);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spreadr_vignette_retention_and_decay),
      cmocka_unit_test(spreadr_weights_directions_and_terminal_nodes),
      cmocka_unit_test(spreadr_suppress_clears_small_activation),
      cmocka_unit_test(spreadr_on_random_networks),
      cmocka_unit_test(pagerank_agrees_with_networkx),
      cmocka_unit_test(actr_tutorial_fan_experiment),
      cmocka_unit_test(actr_never_inhibits),
      cmocka_unit_test(heat_kernel_closed_form),
      cmocka_unit_test(heat_kernel_agrees_with_scipy),
      cmocka_unit_test(agrees_with_the_formula),
      cmocka_unit_test(threshold_error_is_bounded),
      cmocka_unit_test(lists_and_sweeps_agree),
      cmocka_unit_test(a_spreader_forgets),
      cmocka_unit_test(kinds_left_out_change_nothing),
      cmocka_unit_test(growth_without_bound_is_said),
      cmocka_unit_test(batches_do_not_depend_on_threads),
      cmocka_unit_test(batches_of_nothing_are_empty),
      cmocka_unit_test(settings_out_of_range_are_named),
      cmocka_unit_test(the_most_active_come_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
