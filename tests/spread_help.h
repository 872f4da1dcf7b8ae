/* What the tests of spreading share: graphs, dense results, comparing. */
#ifndef TESTS_SPREAD_HELP_H
#define TESTS_SPREAD_HELP_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lantoa/spread.h"

static inline lan_graph graph_of(uint32_t n, const lan_edge *edges, size_t n_edges) {
  lan_graph g;
  assert_int_equal(lan_graph_build(n, edges, n_edges, &g, NULL), LAN_OK);
  return g;
}

/* The activation of every node after `model`, as a dense vector. */
static inline void spread_dense(const lan_graph *g, const lan_spread_model *m, const lan_cue *cues,
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

static inline void assert_near(double a, double b, double tolerance) {
  if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g is not %.17g within %g", a, b, tolerance);
}

static uint64_t seed;
static inline double uniform(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (double)(seed >> 11) / 9007199254740992.0;
}

static inline uint32_t random_below(uint32_t n) { return (uint32_t)(uniform() * n); }

enum { RANDOM_NODES = 40, RANDOM_EDGES = 150 };

static inline lan_graph random_graph(void) {
  lan_edge edges[RANDOM_EDGES];
  for (size_t i = 0; i < RANDOM_EDGES; i++) {
    edges[i] =
        (lan_edge){(uint32_t)(uniform() * RANDOM_NODES), (uint32_t)(uniform() * RANDOM_NODES),
                   (float)(0.1 + uniform()), (uint8_t)(uniform() * 4)};
  }
  return graph_of(RANDOM_NODES, edges, RANDOM_EDGES);
}

#endif
