#include "lantoa/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* What a built graph owns: its arrays behind one pointer. */
typedef struct arrays {
  uint32_t *offsets, *targets;
  float *weights;
  uint8_t *types;
} arrays;

static void arrays_free(arrays *a) {
  if (!a) return;
  free(a->offsets);
  free(a->targets);
  free(a->weights);
  free(a->types);
  free(a);
}

static arrays *arrays_new(uint32_t n_nodes, size_t n_edges) {
  arrays *a = lan_alloc_zeroed(1, sizeof *a);
  if (!a) return NULL;
  a->offsets = lan_alloc_zeroed((size_t)n_nodes + 1, sizeof *a->offsets);
  a->targets = lan_alloc_array(n_edges, sizeof *a->targets);
  a->weights = lan_alloc_array(n_edges, sizeof *a->weights);
  a->types = lan_alloc_array(n_edges, sizeof *a->types);
  if (a->offsets && a->targets && a->weights && a->types) return a;
  arrays_free(a);
  return NULL;
}

void lan_graph_free(lan_graph *graph) {
  arrays_free(graph->owned);
  *graph = (lan_graph){0};
}

static lan_status check_edges(uint32_t n_nodes, const lan_edge *edges, size_t n, lan_error *err) {
  if (n_nodes == UINT32_MAX || n >= UINT32_MAX) {
    return lan_fail(err, LAN_ELIMIT, "a graph has at most 2^32 - 2 nodes and edges");
  }
  for (size_t i = 0; i < n; i++) {
    const lan_edge *e = &edges[i];
    if (e->from >= n_nodes || e->to >= n_nodes) {
      return lan_fail(err, LAN_ERANGE, "edge %zu goes from %u to %u; there are %u nodes", i,
                      e->from, e->to, n_nodes);
    }
    if (!(e->weight >= 0) || isinf(e->weight)) {
      return lan_fail(err, LAN_ERANGE, "edge %zu weighs %g; a finite weight >= 0 is wanted", i,
                      (double)e->weight);
    }
    if (e->type >= LAN_EDGE_TYPES) {
      return lan_fail(err, LAN_ERANGE, "edge %zu has type %u; types are 0 .. %d", i, e->type,
                      LAN_EDGE_TYPES - 1);
    }
  }
  return LAN_OK;
}

/* Counts turned into the place where each group begins. */
static void prefix_sums(uint32_t *counts, size_t n) {
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t c = counts[i];
    counts[i] = sum;
    sum += c;
  }
}

/* Stable counting sort by type, then by target: what is sorted last, by sender, keeps that order
 * within a sender. Each pass reads and writes every edge once. */
static void sort_by_type(const lan_edge *in, size_t n, lan_edge *out) {
  uint32_t place[LAN_EDGE_TYPES] = {0};
  for (size_t i = 0; i < n; i++) place[in[i].type]++;
  prefix_sums(place, LAN_EDGE_TYPES);
  for (size_t i = 0; i < n; i++) out[place[in[i].type]++] = in[i];
}

static void sort_by_target(const lan_edge *in, size_t n, lan_edge *out, uint32_t *place,
                           uint32_t n_nodes) {
  memset(place, 0, ((size_t)n_nodes + 1) * sizeof *place);
  for (size_t i = 0; i < n; i++) place[in[i].to]++;
  prefix_sums(place, n_nodes);
  for (size_t i = 0; i < n; i++) out[place[in[i].to]++] = in[i];
}

static void place_by_sender(const lan_edge *in, size_t n, arrays *a, uint32_t *place,
                            uint32_t n_nodes) {
  for (size_t i = 0; i < n; i++) a->offsets[in[i].from]++;
  prefix_sums(a->offsets, (size_t)n_nodes + 1);
  memcpy(place, a->offsets, ((size_t)n_nodes + 1) * sizeof *place);
  for (size_t i = 0; i < n; i++) {
    uint32_t at = place[in[i].from]++;
    a->targets[at] = in[i].to;
    a->weights[at] = in[i].weight;
    a->types[at] = in[i].type;
  }
}

/* Equal edges are neighbours now: they become one. */
static uint32_t merge_equal(arrays *a, uint32_t n_nodes) {
  uint32_t out = 0;
  for (uint32_t v = 0; v < n_nodes; v++) {
    uint32_t start = a->offsets[v], end = a->offsets[v + 1], row = out;
    for (uint32_t e = start; e < end; e++) {
      if (out > row && a->targets[out - 1] == a->targets[e] && a->types[out - 1] == a->types[e]) {
        a->weights[out - 1] += a->weights[e];
        continue;
      }
      a->targets[out] = a->targets[e];
      a->weights[out] = a->weights[e];
      a->types[out++] = a->types[e];
    }
    a->offsets[v] = row;
  }
  a->offsets[n_nodes] = out;
  return out;
}

static void shrink(void **p, size_t n, size_t size) {
  void *smaller = lan_realloc_array(*p, n, size);
  if (smaller) *p = smaller;
}

lan_status lan_graph_build(uint32_t n_nodes, const lan_edge *edges, size_t n_edges,
                           lan_graph *graph, lan_error *err) {
  lan_status s = check_edges(n_nodes, edges, n_edges, err);
  if (s != LAN_OK) return s;
  arrays *a = arrays_new(n_nodes, n_edges);
  lan_edge *by_type = lan_alloc_array(n_edges, sizeof *by_type);
  lan_edge *by_target = lan_alloc_array(n_edges, sizeof *by_target);
  uint32_t *place = lan_alloc_array((size_t)n_nodes + 1, sizeof *place);
  if (!a || !by_type || !by_target || !place) {
    s = lan_fail_memory(err, n_edges * sizeof *by_type);
    goto cleanup;
  }
  sort_by_type(edges, n_edges, by_type);
  sort_by_target(by_type, n_edges, by_target, place, n_nodes);
  place_by_sender(by_target, n_edges, a, place, n_nodes);
  uint32_t n = merge_equal(a, n_nodes);
  if (n < n_edges) {
    shrink((void **)&a->targets, n, sizeof *a->targets);
    shrink((void **)&a->weights, n, sizeof *a->weights);
    shrink((void **)&a->types, n, sizeof *a->types);
  }
  *graph = (lan_graph){n_nodes, n, a->offsets, a->targets, a->weights, a->types, a};
  a = NULL;
cleanup:
  free(by_type);
  free(by_target);
  free(place);
  arrays_free(a);
  return s;
}

lan_status lan_graph_transpose(const lan_graph *g, lan_graph *out, lan_error *err) {
  arrays *a = arrays_new(g->n_nodes, g->n_edges);
  uint32_t *place = lan_alloc_array((size_t)g->n_nodes + 1, sizeof *place);
  if (!a || !place) {
    arrays_free(a);
    free(place);
    return lan_fail_memory(err, (size_t)g->n_edges * 9);
  }
  for (uint32_t e = 0; e < g->n_edges; e++) a->offsets[g->targets[e]]++;
  prefix_sums(a->offsets, (size_t)g->n_nodes + 1);
  memcpy(place, a->offsets, ((size_t)g->n_nodes + 1) * sizeof *place);
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      uint32_t at = place[g->targets[e]]++;
      a->targets[at] = v;
      a->weights[at] = g->weights ? g->weights[e] : 1.0f;
      a->types[at] = g->types ? g->types[e] : 0;
    }
  }
  free(place);
  *out = (lan_graph){g->n_nodes, g->n_edges, a->offsets, a->targets, a->weights, a->types, a};
  return LAN_OK;
}

static lan_status validate_rows(const lan_graph *g, lan_error *err) {
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    if (g->offsets[v] > g->offsets[v + 1] || g->offsets[v + 1] > g->n_edges) {
      return lan_fail(err, LAN_ECORRUPT, "the graph's offsets do not rise at node %u", v);
    }
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      bool good = g->targets[e] < g->n_nodes && (!g->types || g->types[e] < LAN_EDGE_TYPES) &&
                  (!g->weights || (g->weights[e] >= 0 && !isinf(g->weights[e])));
      if (good && e > g->offsets[v]) {
        good = g->targets[e - 1] < g->targets[e] ||
               (g->targets[e - 1] == g->targets[e] && g->types && g->types[e - 1] < g->types[e]);
      }
      if (!good) return lan_fail(err, LAN_ECORRUPT, "the graph's edge %u is damaged", e);
    }
  }
  return LAN_OK;
}

lan_status lan_graph_validate(const lan_graph *g, lan_error *err) {
  if (g->n_nodes == UINT32_MAX || g->n_edges == UINT32_MAX || !g->offsets ||
      (g->n_edges && !g->targets) || g->offsets[0] != 0 || g->offsets[g->n_nodes] != g->n_edges) {
    return lan_fail(err, LAN_ECORRUPT, "the graph's offsets do not fit its edges");
  }
  return validate_rows(g, err);
}
