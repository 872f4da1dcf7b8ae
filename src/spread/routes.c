/* The strongest routes, by best-first search backwards from the target.
 *
 * best[t][v], the most that one walk of t hops brings from a cue to v, is found by a sweep forward.
 * A partial route, from (v, t) to the target, is then bounded exactly by best[t][v] times what its
 * hops let through, so that routes are completed in order of what they carry, and nothing is
 * expanded that cannot be among them (repetitions apart). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lantoa/spread.h"
#include "spread/spread_internal.h"

enum { HOPS_MOST = 8, DEFAULT_BUDGET = 100000 };

/* A partial route: its first node, and the rest of it. */
typedef struct partial {
  double bound;   /* what the best whole route with this end carries */
  double through; /* what its hops let through */
  uint32_t node, hops_left;
  uint32_t rest; /* index of the partial without the first node; UINT32_MAX at the target */
  uint8_t type;  /* of the edge from this node to the next */
} partial;

typedef struct search {
  lan_spreader *s;
  const lan_spread_model *m;
  uint32_t steps;
  double *best[HOPS_MOST + 1];
  double arrived; /* at the target, by all walks */
  VEC(partial) partials;
  VEC(uint32_t) heap; /* of partials, the largest bound first */
  size_t budget;
} search;

/* ---- the sweep forward ---- */

static lan_status sweep(search *q, const lan_cue *cues, size_t n_cues, uint32_t target,
                        lan_error *err) {
  const lan_graph *g = q->s->graph;
  size_t n = g->n_nodes;
  double *all = lan_alloc_zeroed(n, sizeof *all), *next = lan_alloc_zeroed(n, sizeof *next);
  lan_status s = LAN_OK;
  for (uint32_t t = 0; t <= q->steps; t++) {
    q->best[t] = lan_alloc_zeroed(n, sizeof *q->best[t]);
    if (!q->best[t]) s = lan_fail_memory(err, n * sizeof(double));
  }
  if (!all || !next) s = lan_fail_memory(err, n * sizeof *all);
  for (size_t i = 0; s == LAN_OK && i < n_cues; i++) {
    all[cues[i].node] += (double)cues[i].activation;
    q->best[0][cues[i].node] = all[cues[i].node];
  }
  for (uint32_t t = 0; s == LAN_OK && t < q->steps; t++) {
    for (uint32_t v = 0; v < n; v++) {
      if (all[v] == 0) continue;
      double divisor = spread_divisor(q->m, spread_strength(g, q->m, v));
      for (uint32_t e = g->offsets[v]; divisor > 0 && e < g->offsets[v + 1]; e++) {
        double p = q->m->decay * spread_weight(g, q->m, e) / divisor, *b = q->best[t + 1];
        uint32_t to = g->targets[e];
        next[to] += all[v] * p;
        if (q->best[t][v] * p > b[to]) b[to] = q->best[t][v] * p;
      }
    }
    q->arrived += next[target];
    memcpy(all, next, n * sizeof *all);
    memset(next, 0, n * sizeof *next);
  }
  free(all);
  free(next);
  return s;
}

/* ---- the search backwards ---- */

static bool before(const search *q, uint32_t a, uint32_t b) {
  const partial *x = &q->partials.data[a], *y = &q->partials.data[b];
  return x->bound > y->bound || (x->bound == y->bound && a < b);
}

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t c = *a;
  *a = *b;
  *b = c;
}

static bool push(search *q, partial p) {
  if (p.bound <= 0) return true;
  uint32_t *heap, i = (uint32_t)q->heap.len;
  if (!VEC_PUSH(&q->partials, p) || !VEC_PUSH(&q->heap, (uint32_t)q->partials.len - 1))
    return false;
  heap = q->heap.data;
  for (; i > 0 && before(q, heap[i], heap[(i - 1) / 2]); i = (i - 1) / 2) {
    swap(&heap[i], &heap[(i - 1) / 2]);
  }
  return true;
}

static uint32_t pop(search *q) {
  uint32_t *heap = q->heap.data, top = heap[0];
  size_t n = --q->heap.len;
  heap[0] = heap[n];
  for (size_t i = 0;;) {
    size_t best = i, left = 2 * i + 1;
    if (left < n && before(q, heap[left], heap[best])) best = left;
    if (left + 1 < n && before(q, heap[left + 1], heap[best])) best = left + 1;
    if (best == i) return top;
    swap(&heap[i], &heap[best]);
    i = best;
  }
}

static bool visits(const search *q, uint32_t at, uint32_t node) {
  for (; at != UINT32_MAX; at = q->partials.data[at].rest) {
    if (q->partials.data[at].node == node) return true;
  }
  return false;
}

/* Puts each sender before the partial's first node. */
static bool expand(search *q, uint32_t at) {
  const lan_graph *r = &q->s->reverse;
  partial p = q->partials.data[at];
  for (uint32_t e = r->offsets[p.node]; e < r->offsets[p.node + 1]; e++) {
    uint32_t from = r->targets[e];
    double best = q->best[p.hops_left - 1][from];
    if (best == 0 || visits(q, at, from)) continue;
    double divisor = spread_divisor(q->m, spread_strength(q->s->graph, q->m, from));
    double through = p.through * q->m->decay * spread_weight(r, q->m, e) / divisor;
    partial longer = {best * through,  through, from,
                      p.hops_left - 1, at,      r->types ? r->types[e] : 0};
    if (!push(q, longer)) return false;
  }
  return true;
}

static bool add_route(search *q, uint32_t at) {
  uint32_t n = 0, nodes[HOPS_MOST + 1];
  uint8_t types[HOPS_MOST + 1];
  double activation = q->partials.data[at].bound;
  for (; at != UINT32_MAX; at = q->partials.data[at].rest) {
    nodes[n] = q->partials.data[at].node;
    types[n++] = q->partials.data[at].type;
  }
  uint32_t *kept = lan_arena_alloc(&q->s->arena, n, sizeof *kept);
  uint8_t *kept_types = lan_arena_alloc(&q->s->arena, n, 1);
  if (!kept || !kept_types) return false;
  memcpy(kept, nodes, n * sizeof *kept);
  memcpy(kept_types, types, n);
  double share = q->arrived > 0 ? activation / q->arrived : 0;
  return VEC_PUSH(&q->s->routes, (lan_route){n, kept, kept_types, activation, share});
}

static lan_status find_routes(search *q, uint32_t target, size_t max_routes, lan_error *err) {
  for (uint32_t t = 1; t <= q->steps; t++) {
    if (!push(q, (partial){q->best[t][target], 1, target, t, UINT32_MAX, 0})) {
      return lan_fail_memory(err, 0);
    }
  }
  for (size_t i = 0; i < q->budget && q->heap.len && q->s->routes.len < max_routes; i++) {
    uint32_t at = pop(q);
    bool whole = q->partials.data[at].hops_left == 0;
    if (!(whole ? add_route(q, at) : expand(q, at))) return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

lan_status lan_spread_routes(lan_spreader *s, const lan_spread_model *model, const lan_cue *cues,
                             size_t n_cues, uint32_t target, size_t max_routes, size_t budget,
                             const lan_route **routes, size_t *n_routes, lan_error *err) {
  lan_status status = spread_check(s->graph, model, cues, n_cues, err);
  if (status != LAN_OK) return status;
  if (model->rule != LAN_RULE_LINEAR || model->steps > HOPS_MOST || target >= s->graph->n_nodes) {
    return lan_fail(err, LAN_ERANGE,
                    "routes: the linear rule, at most %d steps, a node of the graph", HOPS_MOST);
  }
  search q = {
      .s = s, .m = model, .steps = model->steps, .budget = budget ? budget : DEFAULT_BUDGET};
  s->routes.len = 0;
  lan_arena_reset(&s->arena);
  if (!s->reverse.owned) status = lan_graph_transpose(s->graph, &s->reverse, err);
  if (status == LAN_OK) status = sweep(&q, cues, n_cues, target, err);
  if (status == LAN_OK) status = find_routes(&q, target, max_routes, err);
  for (uint32_t t = 0; t <= q.steps; t++) free(q.best[t]);
  VEC_FREE(&q.partials);
  VEC_FREE(&q.heap);
  if (status != LAN_OK) return status;
  *routes = s->routes.data;
  *n_routes = s->routes.len;
  return LAN_OK;
}
