/* Routes against enumerating every walk, and on graphs made to be hard. */
#include "spread_help.h"

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
  for (uint64_t k = 1; k < 100; k++) {
    seed = k;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
    m.fan = k % 2 ? 1 : 0.5;
    static walk_list walks;
    walks = (walk_list){.n = 0};
    uint32_t seen[8] = {0}, target = 1 + (uint32_t)(uniform() * (RANDOM_NODES - 1));
    m.steps = 1 + (uint32_t)(k % 6);
    enumerate(&g, &m, 0, target, m.steps, 1, seen, 1, true, &walks);
    qsort(walks.best, walks.n, sizeof(double), larger_first);
    lan_spreader *s;
    const lan_route *r;
    size_t n;
    assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
    assert_int_equal(lan_spread_routes(s, &m, &(lan_cue){0, 1}, 1, target, 50, 0, &r, &n, NULL),
                     LAN_OK);
    assert_int_equal(n, walks.n < 50 ? walks.n : 50);
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

/* Two nodes, a thousand between them, and hubs of them: all equal, and each hub's edges many. */
static void hubs_do_not_explode(void **state) {
  (void)state;
  enum { SPOKES = 3000, HUBS = 3, N = SPOKES + HUBS };
  static lan_edge edges[2 * SPOKES * HUBS];
  size_t n = 0;
  for (uint32_t h = 0; h < HUBS; h++) {
    for (uint32_t i = 0; i < SPOKES; i++) {
      edges[n++] = (lan_edge){SPOKES + h, i, 1, 0};
      edges[n++] = (lan_edge){i, SPOKES + h, 1, 0};
    }
  }
  lan_graph g = graph_of(N, edges, n);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  lan_spreader *s;
  const lan_route *r;
  size_t found;
  m.steps = 8;
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  assert_int_equal(
      lan_spread_routes(s, &m, &(lan_cue){SPOKES, 1}, 1, SPOKES + 1, 50, 0, &r, &found, NULL),
      LAN_OK);
  assert_int_equal(found, 50);
  for (size_t i = 0; i < found; i++) {
    assert_int_equal(r[i].n_nodes, 3);
    assert_near(r[i].activation, 0.36 / SPOKES / HUBS, 1e-12);
  }
  lan_spreader_free(s);
  lan_graph_free(&g);
}

/* What fits the budget is found, in the same order as without; nothing more is looked at. */
static void budgets_are_kept(void **state) {
  (void)state;
  seed = 7;
  lan_graph g = random_graph();
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  lan_spreader *s;
  const lan_route *r;
  double all[200];
  size_t n, most;
  m.steps = 8;
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  assert_int_equal(lan_spread_routes(s, &m, &(lan_cue){0, 1}, 1, 21, 200, 0, &r, &most, NULL),
                   LAN_OK);
  assert_true(most == 200);
  for (size_t i = 0; i < most; i++) all[i] = r[i].activation;
  size_t before = 0;
  for (size_t budget = 1; budget < 3000; budget += 1 + budget / 4) {
    assert_int_equal(lan_spread_routes(s, &m, &(lan_cue){0, 1}, 1, 21, 200, budget, &r, &n, NULL),
                     LAN_OK);
    assert_true(n >= before && n <= budget);
    for (size_t i = 0; i < n; i++) assert_true(r[i].activation == all[i]);
    before = n;
  }
  lan_spreader_free(s);
  lan_graph_free(&g);
}

/* Several cues, one of them the target; parallel edges of different types are different routes; a
 * walk that comes back is none. */
static void routes_are_told_apart(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 1, 0}, {0, 1, 1, 1}, {1, 0, 1, 0}, {1, 2, 1, 0},
                      {2, 1, 1, 2}, {3, 2, 1, 5}, {2, 2, 9, 0}};
  lan_graph g = graph_of(4, edges, 7);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  lan_spreader *s;
  const lan_route *r;
  size_t n;
  lan_cue cues[] = {{0, 1}, {2, 4}, {3, 1}};
  m.decay = 1;
  m.steps = 4;
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  assert_int_equal(lan_spread_routes(s, &m, cues, 3, 2, 10, 0, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 3);
  assert_int_equal(r[0].n_nodes, 2);
  assert_int_equal(r[0].nodes[0], 3);
  assert_int_equal(r[0].types[0], 5);
  assert_near(r[0].activation, 1, 1e-15);
  for (size_t i = 1; i < 3; i++) {
    assert_int_equal(r[i].n_nodes, 3);
    assert_int_equal(r[i].types[0], i - 1);
    assert_near(r[i].activation, 0.25, 1e-15);
    assert_true(r[i].share > 0 && r[i].share < r[0].share);
  }
  m.type_gain[1] = 0; /* leaves one of them out */
  assert_int_equal(lan_spread_routes(s, &m, cues, 3, 2, 10, 0, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  assert_near(r[1].activation, 0.5, 1e-15);
  assert_int_equal(lan_spread_routes(s, &m, cues, 3, 3, 10, 0, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 0);
  lan_spreader_free(s);
  lan_graph_free(&g);
}

static void what_routes_cannot_do_is_refused(void **state) {
  (void)state;
  lan_edge edge = {0, 1, 1, 0};
  lan_graph g = graph_of(2, &edge, 1);
  lan_spread_model good = lan_spread_preset(LAN_PRESET_MEMORY), m;
  lan_spreader *s;
  const lan_route *r;
  size_t n;
  lan_cue cue = {0, 1};
  assert_int_equal(lan_spreader_new(&g, &s, NULL), LAN_OK);
  m = lan_spread_preset(LAN_PRESET_HEAT);
  m.steps = 3;
  assert_int_equal(lan_spread_routes(s, &m, &cue, 1, 1, 5, 0, &r, &n, NULL), LAN_ERANGE);
  m = good, m.steps = 9;
  assert_int_equal(lan_spread_routes(s, &m, &cue, 1, 1, 5, 0, &r, &n, NULL), LAN_ERANGE);
  assert_int_equal(lan_spread_routes(s, &good, &cue, 1, 2, 5, 0, &r, &n, NULL), LAN_ERANGE);
  cue.node = 2;
  assert_int_equal(lan_spread_routes(s, &good, &cue, 1, 1, 5, 0, &r, &n, NULL), LAN_ERANGE);
  cue.node = 0;
  assert_int_equal(lan_spread_routes(s, &good, &cue, 1, 1, 5, 0, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 1);
  assert_near(r[0].share, 1, 1e-15);
  lan_spreader_free(s);
  lan_graph_free(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(routes_are_the_strongest_walks),
      cmocka_unit_test(hubs_do_not_explode),
      cmocka_unit_test(budgets_are_kept),
      cmocka_unit_test(routes_are_told_apart),
      cmocka_unit_test(what_routes_cannot_do_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
