#include "lantoa/graph.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

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

/* ---- sorting: digits of the key, least significant first, each pass stable. A pass reads and
 * writes all edges in order of memory, in at most 2^DIGIT_BITS streams, so that it runs at the
 * memory's speed however large the graph; scattering edges by node would wait at each one. ---- */

enum { DIGIT_BITS = 11 };

typedef enum field { BY_TYPE, BY_TARGET, BY_SENDER } field;

static inline uint32_t digit_of(const lan_edge *e, field f, unsigned shift, uint32_t mask) {
  uint32_t key = f == BY_SENDER ? e->from : f == BY_TARGET ? e->to : e->type;
  return key >> shift & mask;
}

typedef struct sorter {
  const lan_edge *now; /* the caller's edges, then one of the two */
  lan_edge *a, *b;     /* two buffers: the passes go to and fro */
  size_t n;
} sorter;

static void sort_pass(sorter *s, field f, unsigned shift, unsigned bits) {
  uint32_t place[1 << DIGIT_BITS] = {0}, mask = (1u << bits) - 1, sum = 0;
  const lan_edge *in = s->now;
  lan_edge *out = in == s->a ? s->b : s->a;
  for (size_t i = 0; i < s->n; i++) place[digit_of(&in[i], f, shift, mask)]++;
  if (in == s->a || in == s->b) { /* nothing to do if the digit is the same everywhere */
    if (s->n == 0 || place[digit_of(in, f, shift, mask)] == s->n) return;
  }
  for (uint32_t d = 0; d <= mask; d++) {
    uint32_t count = place[d];
    place[d] = sum;
    sum += count;
  }
  for (size_t i = 0; i < s->n; i++) out[place[digit_of(&in[i], f, shift, mask)]++] = in[i];
  s->now = out;
}

static void sort_by(sorter *s, field f, uint32_t n_nodes) {
  unsigned bits = 1;
  while (bits < 32 && n_nodes >> bits) bits++;
  unsigned passes = (bits + DIGIT_BITS - 1) / DIGIT_BITS, digit = (bits + passes - 1) / passes;
  for (unsigned k = 0; k < passes; k++) sort_pass(s, f, k * digit, digit);
}

static int compare(const lan_edge *a, const lan_edge *b) {
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  if (a->to != b->to) return a->to < b->to ? -1 : 1;
  return a->type < b->type ? -1 : a->type > b->type;
}

/* Sorts by sender, target and type, unless that is done already. */
static void sort_edges(sorter *s, uint32_t n_nodes) {
  size_t rising = 1;
  while (rising < s->n && compare(&s->now[rising - 1], &s->now[rising]) < 0) rising++;
  if (rising >= s->n) return;
  sort_pass(s, BY_TYPE, 0, 4);
  sort_by(s, BY_TARGET, n_nodes);
  sort_by(s, BY_SENDER, n_nodes);
}

/* ---- sorted edges to rows ---- */

static int by_weight(const void *a, const void *b) {
  float x = ((const lan_edge *)a)->weight, y = ((const lan_edge *)b)->weight;
  return (x > y) - (x < y);
}

/* The sum of equal edges; the same whatever order they were given in. */
static double sum_weights(lan_edge *e, size_t n) {
  double sum = 0;
  if (n > 2) qsort(e, n, sizeof *e, by_weight);
  for (size_t i = 0; i < n; i++) sum += (double)e[i].weight;
  return sum;
}

/* Equal edges become one. */
static lan_status make_rows(const sorter *s, arrays *a, uint32_t n_nodes, lan_error *err) {
  uint32_t out = 0;
  for (size_t i = 0, end; i < s->n; i = end) {
    const lan_edge *e = &s->now[i];
    double weight = (double)e->weight;
    for (end = i + 1; end < s->n && compare(e, &s->now[end]) == 0;) end++;
    /* Edges that repeat are never the caller's: those were not sorted. */
    if (end - i > 1) weight = sum_weights((s->now == s->a ? s->a : s->b) + i, end - i);
    if (weight > (double)FLT_MAX) {
      return lan_fail(err, LAN_ERANGE, "the edges from %u to %u weigh more than a float holds",
                      e->from, e->to);
    }
    a->offsets[e->from + 1]++;
    a->targets[out] = e->to;
    a->weights[out] = (float)weight;
    a->types[out++] = e->type;
  }
  for (uint32_t v = 0; v < n_nodes; v++) a->offsets[v + 1] += a->offsets[v];
  return LAN_OK;
}

static void shrink(void **p, size_t n, size_t size) {
  void *smaller = lan_realloc_array(*p, n, size);
  if (smaller) *p = smaller;
}

/* Rows of sorted edges; sets the graph. */
static lan_status finish(const sorter *s, uint32_t n_nodes, lan_graph *graph, lan_error *err) {
  arrays *a = arrays_new(n_nodes, s->n);
  if (!a) return lan_fail_memory(err, s->n * 9 + (size_t)n_nodes * 4);
  lan_status status = make_rows(s, a, n_nodes, err);
  if (status != LAN_OK) {
    arrays_free(a);
    return status;
  }
  uint32_t n = a->offsets[n_nodes];
  if (n < s->n) {
    shrink((void **)&a->targets, n, sizeof *a->targets);
    shrink((void **)&a->weights, n, sizeof *a->weights);
    shrink((void **)&a->types, n, sizeof *a->types);
  }
  *graph = (lan_graph){n_nodes, n, a->offsets, a->targets, a->weights, a->types, a};
  return LAN_OK;
}

lan_status lan_graph_build(uint32_t n_nodes, const lan_edge *edges, size_t n_edges,
                           lan_graph *graph, lan_error *err) {
  lan_status status = check_edges(n_nodes, edges, n_edges, err);
  if (status != LAN_OK) return status;
  sorter s = {edges, lan_alloc_huge(n_edges, sizeof *s.a), lan_alloc_huge(n_edges, sizeof *s.b),
              n_edges};
  if (s.a && s.b) {
    sort_edges(&s, n_nodes);
    status = finish(&s, n_nodes, graph, err);
  } else {
    status = lan_fail_memory(err, n_edges * sizeof *s.a);
  }
  free(s.a);
  free(s.b);
  return status;
}

/* Edges are sorted by sender, and are so still among those of one target once sorted by target. */
lan_status lan_graph_transpose(const lan_graph *g, lan_graph *out, lan_error *err) {
  lan_status status;
  sorter s = {NULL, lan_alloc_huge(g->n_edges, sizeof *s.a),
              lan_alloc_huge(g->n_edges, sizeof *s.b), g->n_edges};
  if (s.a && s.b) {
    s.now = s.a;
    for (uint32_t v = 0; v < g->n_nodes; v++) {
      for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
        s.a[e] = (lan_edge){g->targets[e], v, g->weights ? g->weights[e] : 1.0f,
                            g->types ? g->types[e] : 0};
      }
    }
    sort_by(&s, BY_SENDER, g->n_nodes);
    status = finish(&s, g->n_nodes, out, err);
  } else {
    status = lan_fail_memory(err, (size_t)g->n_edges * sizeof *s.a);
  }
  free(s.a);
  free(s.b);
  return status;
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
