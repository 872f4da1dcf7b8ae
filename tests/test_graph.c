/* Graphs: building against the definition, order, turning round, checking, limits, time. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lantoa/graph.h"

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((seed >> 32) * n >> 32);
}

static lan_edge random_edge(uint32_t n_nodes) {
  lan_edge e = {random_below(n_nodes), random_below(n_nodes), (float)random_below(64) / 8.0f,
                (uint8_t)random_below(3)};
  return e;
}

static void assert_same(const lan_graph *a, const lan_graph *b) {
  assert_int_equal(a->n_nodes, b->n_nodes);
  assert_int_equal(a->n_edges, b->n_edges);
  assert_memory_equal(a->offsets, b->offsets, ((size_t)a->n_nodes + 1) * 4);
  if (a->n_edges == 0) return;
  assert_memory_equal(a->targets, b->targets, (size_t)a->n_edges * 4);
  assert_memory_equal(a->weights, b->weights, (size_t)a->n_edges * 4);
  assert_memory_equal(a->types, b->types, a->n_edges);
}

/* By trying every (from, to, type) there can be. */
static void check_by_definition(const lan_graph *g, const lan_edge *edges, size_t n) {
  uint32_t at = 0;
  for (uint32_t from = 0; from < g->n_nodes; from++) {
    assert_int_equal(g->offsets[from], at);
    for (uint32_t to = 0; to < g->n_nodes; to++) {
      for (uint8_t type = 0; type < 3; type++) {
        float weight = 0; /* eighths: sums are exact */
        size_t found = 0;
        for (size_t i = 0; i < n; i++) {
          if (edges[i].from != from || edges[i].to != to || edges[i].type != type) continue;
          weight += edges[i].weight;
          found++;
        }
        if (!found) continue;
        assert_true(at < g->n_edges && g->targets[at] == to && g->types[at] == type);
        assert_true(g->weights[at] == weight);
        at++;
      }
    }
  }
  assert_int_equal(g->n_edges, at);
  assert_int_equal(g->offsets[g->n_nodes], at);
}

static void builds_what_is_given(void **state) {
  (void)state;
  lan_edge edges[300];
  for (uint32_t round = 0; round < 200; round++) {
    seed = round;
    uint32_t n_nodes = 1 + random_below(20);
    size_t n = random_below(round % 3 ? 300 : 20);
    for (size_t i = 0; i < n; i++) edges[i] = random_edge(n_nodes);
    lan_graph g;
    assert_int_equal(lan_graph_build(n_nodes, edges, n, &g, NULL), LAN_OK);
    check_by_definition(&g, edges, n);
    assert_int_equal(lan_graph_validate(&g, NULL), LAN_OK);
    lan_graph_free(&g);
    assert_null(g.owned);
    lan_graph_free(&g);
  }
}

/* Also where sums of floats depend on their order, and where several digits are sorted. */
static void order_of_edges_does_not_matter(void **state) {
  (void)state;
  enum { N = 20000 };
  lan_edge *edges = malloc(N * sizeof *edges);
  assert_non_null(edges);
  static const uint32_t sizes[] = {1, 3, 50, 3000, 100000, 5000000};
  for (size_t k = 0; k < 6; k++) {
    seed = k + 1;
    for (size_t i = 0; i < N; i++) {
      edges[i] = random_edge(sizes[k]);
      edges[i].weight = ldexpf((float)random_below(1000003), (int)random_below(40) - 20);
    }
    lan_graph a, b;
    assert_int_equal(lan_graph_build(sizes[k], edges, N, &a, NULL), LAN_OK);
    assert_int_equal(lan_graph_validate(&a, NULL), LAN_OK);
    for (size_t i = N - 1; i > 0; i--) {
      size_t j = random_below((uint32_t)i + 1);
      lan_edge e = edges[i];
      edges[i] = edges[j];
      edges[j] = e;
    }
    assert_int_equal(lan_graph_build(sizes[k], edges, N, &b, NULL), LAN_OK);
    assert_same(&a, &b);
    lan_graph_free(&a);
    lan_graph_free(&b);
  }
  free(edges);
}

static void sorted_edges_stay(void **state) {
  (void)state;
  lan_edge edges[] = {{0, 1, 1, 0}, {0, 1, 2, 1}, {0, 2, 3, 0}, {2, 0, 4, 0}};
  lan_graph g;
  assert_int_equal(lan_graph_build(3, edges, 4, &g, NULL), LAN_OK);
  check_by_definition(&g, edges, 4);
  lan_graph_free(&g);
}

static void turning_twice_gives_the_graph(void **state) {
  (void)state;
  lan_edge edges[400];
  for (seed = 1; seed < 1000000;) {
    uint64_t start = seed;
    uint32_t n_nodes = 1 + random_below(seed % 2 ? 30 : 5000);
    for (size_t i = 0; i < 400; i++) edges[i] = random_edge(n_nodes);
    lan_graph g, turned, back, want;
    assert_int_equal(lan_graph_build(n_nodes, edges, 400, &g, NULL), LAN_OK);
    assert_int_equal(lan_graph_transpose(&g, &turned, NULL), LAN_OK);
    assert_int_equal(lan_graph_transpose(&turned, &back, NULL), LAN_OK);
    for (size_t i = 0; i < 400; i++) {
      uint32_t from = edges[i].from;
      edges[i].from = edges[i].to;
      edges[i].to = from;
    }
    assert_int_equal(lan_graph_build(n_nodes, edges, 400, &want, NULL), LAN_OK);
    assert_same(&turned, &want);
    assert_same(&back, &g);
    assert_int_equal(lan_graph_validate(&turned, NULL), LAN_OK);
    lan_graph_free(&g);
    lan_graph_free(&turned);
    lan_graph_free(&back);
    lan_graph_free(&want);
    seed = start * 3;
  }
}

static void borrowed_arrays_without_weights_turn(void **state) {
  (void)state;
  static const uint32_t offsets[] = {0, 2, 2, 3}, targets[] = {1, 2, 0};
  lan_graph g = {.n_nodes = 3, .n_edges = 3, .offsets = offsets, .targets = targets}, turned;
  assert_int_equal(lan_graph_validate(&g, NULL), LAN_OK);
  assert_int_equal(lan_graph_transpose(&g, &turned, NULL), LAN_OK);
  lan_edge want[] = {{1, 0, 1, 0}, {2, 0, 1, 0}, {0, 2, 1, 0}};
  check_by_definition(&turned, want, 3);
  lan_graph_free(&turned);
  lan_graph_free(&g); /* borrowed: only forgotten */
  assert_null(g.offsets);
}

static void refuses(uint32_t n_nodes, lan_edge e, lan_status want, const char *says) {
  lan_edge edges[] = {{0, 0, 1, 0}, e};
  lan_graph g = {.n_nodes = 77};
  lan_error err;
  assert_int_equal(lan_graph_build(n_nodes, edges, 2, &g, &err), want);
  assert_non_null(strstr(err.message, says));
  assert_int_equal(g.n_nodes, 77); /* untouched */
}

static void bad_edges_are_named(void **state) {
  (void)state;
  refuses(3, (lan_edge){3, 0, 1, 0}, LAN_ERANGE, "edge 1");
  refuses(3, (lan_edge){0, 4000000000u, 1, 0}, LAN_ERANGE, "4000000000");
  refuses(3, (lan_edge){0, 1, -0.5f, 0}, LAN_ERANGE, "-0.5");
  refuses(3, (lan_edge){0, 1, NAN, 0}, LAN_ERANGE, "nan");
  refuses(3, (lan_edge){0, 1, INFINITY, 0}, LAN_ERANGE, "inf");
  refuses(3, (lan_edge){0, 1, 1, LAN_EDGE_TYPES}, LAN_ERANGE, "type 16");
  refuses(UINT32_MAX, (lan_edge){0, 1, 1, 0}, LAN_ELIMIT, "2^32 - 2");
}

static void weights_that_overflow_are_refused(void **state) {
  (void)state;
  lan_edge edges[] = {{1, 2, FLT_MAX, 0}, {0, 1, 1, 0}, {1, 2, FLT_MAX, 0}};
  lan_graph g;
  lan_error err;
  assert_int_equal(lan_graph_build(3, edges, 3, &g, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "from 1 to 2"));
}

static void empty_graphs_are_graphs(void **state) {
  (void)state;
  for (uint32_t n_nodes = 0; n_nodes < 3; n_nodes++) {
    lan_graph g, turned;
    assert_int_equal(lan_graph_build(n_nodes, NULL, 0, &g, NULL), LAN_OK);
    assert_int_equal(g.n_edges, 0);
    assert_int_equal(g.offsets[n_nodes], 0);
    assert_int_equal(lan_graph_validate(&g, NULL), LAN_OK);
    assert_int_equal(lan_graph_transpose(&g, &turned, NULL), LAN_OK);
    assert_same(&g, &turned);
    lan_graph_free(&g);
    lan_graph_free(&turned);
  }
}

/* Each promise of the struct broken in turn. */
static void damage_is_found(void **state) {
  (void)state;
  uint32_t offsets[] = {0, 2, 3, 3}, targets[] = {1, 1, 2};
  float weights[] = {1, 2, 3};
  uint8_t types[] = {0, 1, 2};
  lan_graph good = {3, 3, offsets, targets, weights, types, NULL}, g = good;
  assert_int_equal(lan_graph_validate(&good, NULL), LAN_OK);
#define FINDS(change, restore)                                    \
  do {                                                            \
    change;                                                       \
    assert_int_equal(lan_graph_validate(&g, NULL), LAN_ECORRUPT); \
    restore;                                                      \
    g = good;                                                     \
    assert_int_equal(lan_graph_validate(&g, NULL), LAN_OK);       \
  } while (0)
  FINDS(offsets[0] = 1, offsets[0] = 0);
  FINDS(offsets[3] = 2, offsets[3] = 3);
  FINDS(offsets[1] = 4, offsets[1] = 2);
  FINDS(offsets[1] = UINT32_MAX, offsets[1] = 2);
  FINDS(offsets[2] = 1, offsets[2] = 3);
  FINDS(targets[2] = 3, targets[2] = 2);
  FINDS(targets[0] = 2, targets[0] = 1); /* falls */
  FINDS(types[1] = 0, types[1] = 1);     /* twice the same */
  FINDS(types[2] = LAN_EDGE_TYPES, types[2] = 2);
  FINDS(weights[1] = -1, weights[1] = 2);
  FINDS(weights[1] = NAN, weights[1] = 2);
  FINDS(weights[1] = INFINITY, weights[1] = 2);
  FINDS(g.n_nodes = UINT32_MAX, (void)0);
  FINDS(g.n_edges = UINT32_MAX, (void)0);
  FINDS(g.n_edges = 2, (void)0);
  FINDS(g.offsets = NULL, (void)0);
  FINDS(g.targets = NULL, (void)0);
  FINDS(g.types = NULL, (void)0); /* then the first two are the same */
#undef FINDS
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(builds_what_is_given),
      cmocka_unit_test(order_of_edges_does_not_matter),
      cmocka_unit_test(sorted_edges_stay),
      cmocka_unit_test(turning_twice_gives_the_graph),
      cmocka_unit_test(borrowed_arrays_without_weights_turn),
      cmocka_unit_test(bad_edges_are_named),
      cmocka_unit_test(weights_that_overflow_are_refused),
      cmocka_unit_test(empty_graphs_are_graphs),
      cmocka_unit_test(damage_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
