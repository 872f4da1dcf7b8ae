/* The strongest routes, by best-first search backwards from the target.
 *
 * best[t][v], the most that one walk of t hops brings from a cue to v, is found by a sweep forward
 * through the nodes that activation reaches. A partial route, from (v, t) to the target, is then
 * bounded by best[t][v] times what its hops let through, so that routes are completed in order of
 * what they carry, and little is expanded that is not among them.
 *
 * The senders of (node, t) are wanted strongest first, and mostly only the first few of them: they
 * lie in a heap that is taken apart as far as needed. A partial route that is looked at brings two
 * others: one longer by its strongest sender, and its own next best sibling. So a hub costs its
 * edges once, and `budget` bounds memory and time whatever the graph. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "lantoa/spread.h"
#include "spread/spread_internal.h"

enum { DEFAULT_BUDGET = 100000 };

/* A sender of a node that has a number of hops before it. */
typedef struct sender {
  double bound; /* best of the sender, times p */
  double p;     /* what the edge lets through */
  uint32_t node;
  uint8_t type;
} sender;

/* The senders of one (node, hops): a heap, and behind it those that were taken from it, the best
 * last. */
typedef struct sender_list {
  size_t start, len, taken;
} sender_list;

/* A partial route: its first node, and the rest of it. */
typedef struct partial {
  double bound;   /* what the best whole route with this end carries, or more */
  double through; /* what its hops let through */
  uint32_t node, hops_left;
  uint32_t rest; /* index of the partial without the first node; UINT32_MAX at the target */
  uint32_t rank; /* among the senders of the rest's first node */
  uint8_t type;  /* of the edge from this node to the next */
} partial;

/* Kept with the spreader, so that a further search finds its memory. */
typedef struct route_search {
  const lan_spread_model *m;
  double arrived;  /* at the target, by all walks */
  lan_map list_of; /* (node, hops) -> a list of senders */
  VEC(sender_list) lists;
  VEC(sender) senders;
  VEC(partial) partials;
  VEC(uint32_t) heap; /* of partials, the largest bound first */
} route_search;

void route_search_free(route_search *q) {
  if (!q) return;
  lan_map_free(&q->list_of);
  VEC_FREE(&q->lists);
  VEC_FREE(&q->senders);
  VEC_FREE(&q->partials);
  VEC_FREE(&q->heap);
  free(q);
}

/* ---- the sweep forward ---- */

static double conductance(const lan_graph *g, const lan_spread_model *m, uint32_t e,
                          double divisor) {
  return m->decay * spread_weight(g, m, e) / divisor;
}

static bool raise(double *best, node_list *reached, uint32_t node, double value) {
  if (value <= best[node]) return true;
  if (best[node] == 0 && !VEC_PUSH(reached, node)) return false;
  best[node] = value;
  return true;
}

/* From the t-th hop to the next: the best walks in best[t + 1], all walks together in s->next. */
static bool sweep_hop(lan_spreader *s, const lan_spread_model *m, uint32_t t) {
  const lan_graph *g = s->graph;
  for (size_t i = 0; i < s->active.len; i++) {
    uint32_t v = s->active.data[i];
    double divisor = spread_divisor_of(s, m, v);
    for (uint32_t e = g->offsets[v]; divisor > 0 && e < g->offsets[v + 1]; e++) {
      double p = conductance(g, m, e, divisor), all = s->now[v] * p;
      uint32_t to = g->targets[e];
      if (all > 0 && !spread_add(s->next, &s->touched, to, all)) return false;
      if (!raise(s->best[t + 1], &s->reached[t + 1], to, s->best[t][v] * p)) return false;
    }
  }
  return true;
}

static bool sweep(lan_spreader *s, const lan_spread_model *m, const lan_cue *cues, size_t n_cues,
                  uint32_t target) {
  for (uint32_t t = 0; t <= m->steps; t++) {
    if (!s->best[t]) s->best[t] = lan_alloc_zeroed(s->graph->n_nodes, sizeof *s->best[t]);
    if (!s->best[t]) return false;
  }
  for (size_t i = 0; i < n_cues; i++) {
    double a = (double)cues[i].activation;
    if (a > 0 && !spread_add(s->now, &s->active, cues[i].node, a)) return false;
  }
  for (size_t i = 0; i < s->active.len; i++) {
    uint32_t v = s->active.data[i];
    if (!raise(s->best[0], &s->reached[0], v, s->now[v])) return false;
  }
  for (uint32_t t = 0; t < m->steps; t++) {
    if (!sweep_hop(s, m, t)) return false;
    s->search->arrived += s->next[target];
    spread_clear(s->now, &s->active);
    spread_swap(s);
  }
  return true;
}

/* ---- the senders of a node ---- */

static bool is_stronger(const sender *a, const sender *b) {
  if (a->bound != b->bound) return a->bound > b->bound;
  return a->node != b->node ? a->node < b->node : a->type < b->type;
}

static void sift_sender(sender *heap, size_t n, size_t i) {
  for (;;) {
    size_t best = i, left = 2 * i + 1;
    if (left < n && is_stronger(&heap[left], &heap[best])) best = left;
    if (left + 1 < n && is_stronger(&heap[left + 1], &heap[best])) best = left + 1;
    if (best == i) return;
    sender swap = heap[i];
    heap[i] = heap[best];
    heap[best] = swap;
    i = best;
  }
}

/* The senders of `node` that walks of `hops` - 1 hops reach. */
static sender_list *senders_of(lan_spreader *s, uint32_t node, uint32_t hops) {
  route_search *q = s->search;
  const lan_graph *back = &s->reverse;
  uint32_t *slot = lan_map_put(&q->list_of, (uint64_t)node << 4 | hops);
  if (!slot) return NULL;
  if (*slot != LAN_MAP_NONE) return &q->lists.data[*slot];
  sender_list list = {q->senders.len, 0, 0};
  for (uint32_t e = back->offsets[node]; e < back->offsets[node + 1]; e++) {
    uint32_t from = back->targets[e];
    double best = s->best[hops - 1][from], divisor = spread_divisor_of(s, q->m, from);
    if (best == 0 || divisor == 0) continue;
    double p = conductance(back, q->m, e, divisor);
    if (best * p == 0) continue;
    sender one = {best * p, p, from, back->types ? back->types[e] : 0};
    if (!VEC_PUSH(&q->senders, one)) return NULL;
  }
  list.len = q->senders.len - list.start;
  for (size_t i = list.len / 2; i-- > 0;) sift_sender(q->senders.data + list.start, list.len, i);
  *slot = (uint32_t)q->lists.len;
  return VEC_PUSH(&q->lists, list) ? &q->lists.data[*slot] : NULL;
}

/* The sender of that rank, the strongest being 0; NULL if there are not so many. */
static const sender *sender_at(route_search *q, sender_list *list, size_t rank) {
  sender *heap = q->senders.data + list->start;
  if (rank >= list->len) return NULL;
  while (list->taken <= rank) {
    size_t last = list->len - ++list->taken;
    sender swap = heap[0];
    heap[0] = heap[last];
    heap[last] = swap;
    sift_sender(heap, last, 0);
  }
  return &heap[list->len - 1 - rank];
}

/* ---- the search backwards ---- */

static bool before(const route_search *q, uint32_t a, uint32_t b) {
  const partial *x = &q->partials.data[a], *y = &q->partials.data[b];
  return x->bound > y->bound || (x->bound == y->bound && a < b);
}

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t c = *a;
  *a = *b;
  *b = c;
}

static bool push(route_search *q, partial p) {
  uint32_t *heap, i = (uint32_t)q->heap.len;
  if (q->partials.len >= UINT32_MAX - 1 || !VEC_PUSH(&q->partials, p) ||
      !VEC_PUSH(&q->heap, (uint32_t)q->partials.len - 1)) {
    return false;
  }
  heap = q->heap.data;
  for (; i > 0 && before(q, heap[i], heap[(i - 1) / 2]); i = (i - 1) / 2) {
    swap(&heap[i], &heap[(i - 1) / 2]);
  }
  return true;
}

static uint32_t pop(route_search *q) {
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

static bool visits(const route_search *q, uint32_t at, uint32_t node) {
  for (; at != UINT32_MAX; at = q->partials.data[at].rest) {
    if (q->partials.data[at].node == node) return true;
  }
  return false;
}

/* Puts a sender before a partial's first node: that of the given rank, or the next that the partial
 * does not visit yet. */
static bool push_longer(lan_spreader *s, uint32_t at, uint32_t rank) {
  route_search *q = s->search;
  partial rest = q->partials.data[at];
  sender_list *list = senders_of(s, rest.node, rest.hops_left);
  if (!list) return false;
  const sender *one = sender_at(q, list, rank);
  while (one && visits(q, at, one->node)) one = sender_at(q, list, ++rank);
  if (!one) return true;
  return push(q, (partial){rest.through * one->bound, rest.through * one->p, one->node,
                           rest.hops_left - 1, at, rank, one->type});
}

static bool add_route(lan_spreader *s, uint32_t at) {
  const partial *all = s->search->partials.data;
  uint32_t n = 0, nodes[SPREAD_HOPS_MOST + 1];
  uint8_t types[SPREAD_HOPS_MOST + 1];
  double activation = all[at].bound, arrived = s->search->arrived;
  for (; at != UINT32_MAX; at = all[at].rest) {
    nodes[n] = all[at].node;
    types[n++] = all[at].type;
  }
  uint32_t *kept = lan_arena_alloc(&s->arena, n, sizeof *kept);
  uint8_t *kept_types = lan_arena_alloc(&s->arena, n, 1);
  if (!kept || !kept_types) return false;
  memcpy(kept, nodes, n * sizeof *kept);
  memcpy(kept_types, types, n);
  double share = arrived > 0 ? activation / arrived : 0;
  return VEC_PUSH(&s->routes, (lan_route){n, kept, kept_types, activation, share});
}

static bool find_routes(lan_spreader *s, uint32_t target, size_t max_routes, size_t budget) {
  route_search *q = s->search;
  for (uint32_t t = 1; t <= q->m->steps; t++) {
    double bound = s->best[t][target];
    if (bound > 0 && !push(q, (partial){bound, 1, target, t, UINT32_MAX, 0, 0})) return false;
  }
  for (size_t i = 0; i < budget && q->heap.len && s->routes.len < max_routes; i++) {
    uint32_t at = pop(q);
    partial p = q->partials.data[at];
    if (!(p.hops_left == 0 ? add_route(s, at) : push_longer(s, at, 0))) return false;
    if (p.rest != UINT32_MAX && !push_longer(s, p.rest, p.rank + 1)) return false;
  }
  return true;
}

static bool search_init(lan_spreader *s, const lan_spread_model *m) {
  if (!s->search) s->search = lan_alloc_zeroed(1, sizeof *s->search);
  route_search *q = s->search;
  if (!q) return false;
  q->m = m;
  q->arrived = 0;
  q->lists.len = q->senders.len = q->partials.len = q->heap.len = 0;
  lan_map_free(&q->list_of);
  s->routes.len = 0;
  lan_arena_reset(&s->arena);
  return true;
}

lan_status lan_spread_routes(lan_spreader *s, const lan_spread_model *model, const lan_cue *cues,
                             size_t n_cues, uint32_t target, size_t max_routes, size_t budget,
                             const lan_route **routes, size_t *n_routes, lan_error *err) {
  lan_status status = spread_check(s->graph, model, cues, n_cues, err);
  if (status != LAN_OK) return status;
  if (model->rule != LAN_RULE_LINEAR || model->steps > SPREAD_HOPS_MOST ||
      target >= s->graph->n_nodes) {
    return lan_fail(err, LAN_ERANGE,
                    "routes: the linear rule, at most %d steps, a node of the graph",
                    SPREAD_HOPS_MOST);
  }
  if (!s->reverse.owned) status = lan_graph_transpose(s->graph, &s->reverse, err);
  if (status != LAN_OK) return status;
  if (!spread_set_model(s, model)) return lan_fail_memory(err, s->graph->n_nodes * sizeof(double));
  bool good = search_init(s, model) && sweep(s, model, cues, n_cues, target) &&
              find_routes(s, target, max_routes, budget ? budget : DEFAULT_BUDGET);
  spread_clear(s->now, &s->active);
  spread_clear(s->next, &s->touched);
  for (uint32_t t = 0; t <= model->steps; t++) {
    if (s->best[t]) spread_clear(s->best[t], &s->reached[t]);
  }
  if (!good) return lan_fail_memory(err, 0);
  *routes = s->routes.data;
  *n_routes = s->routes.len;
  return LAN_OK;
}
