/* Dense spreading: every node's activation is pulled from its senders, step after step.
 *
 * What a step must move is each edge once (its sender's number and its weight) and each node's activation;
 * the rest is gathering the senders' activation, which is fast as far as it lies in a cache near the
 * processor. So nodes are numbered by falling out-degree: in networks with hubs, most edges then gather
 * from the first few thousand numbers, and the edges are cut into blocks: some receivers by a segment of senders
 * whose activation fits into the second-level cache (Zhang et al. 2017, "Making caches work for graph
 * analytics", degree ordering and CSR segmenting). A node's sum is one thread's work, in one order: results
 * do not depend on the threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "lantoa/spread.h"
#include "spread/spread_internal.h"

enum {
  CHUNKS = 32,       /* of receivers: a task each */
  SEGMENT = 1 << 17, /* senders in a segment: 512 or 1024 kB of activation */
};

/* Below this tolerance single precision does not converge. */
static const double DOUBLE_BELOW = 1e-6;

/* One receiver's edges in one block. */
typedef struct plan_run {
  uint32_t receiver, length;
} plan_run;

struct lan_spread_plan {
  lan_spread_model model;
  lan_pool *pool;
  uint32_t n, n_segments;
  uint32_t *number; /* node -> its place in the order */
  double *divisor;  /* by sender; 0: it has no edges */
  uint64_t n_edges;
  uint32_t *senders; /* of all edges, by chunk, then segment, then receiver */
  float *weights;    /* NULL: all 1 */
  plan_run *runs;
  uint32_t chunk[CHUNKS + 1]; /* receivers, cut so that chunks have equal numbers of edges */
  /* By chunk * n_segments + segment, and one more at the end: where a block begins. */
  uint64_t *block_runs, *block_edges;
};

void lan_spread_plan_free(lan_spread_plan *p) {
  if (!p) return;
  lan_pool_free(p->pool);
  free(p->number);
  free(p->runs);
  free(p->block_runs);
  free(p->block_edges);
  free(p->senders);
  free(p->weights);
  free(p->divisor);
  free(p);
}

/* ---- making a plan ---- */

/* Numbers nodes by falling out-degree, equal ones by node: a counting sort. `order` is the inverse. */
static bool number_nodes(lan_spread_plan *p, const lan_graph *g, uint32_t *order) {
  uint32_t most = 0;
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    uint32_t degree = g->offsets[v + 1] - g->offsets[v];
    if (degree > most) most = degree;
  }
  uint32_t *place = lan_alloc_zeroed((size_t)most + 2, sizeof *place);
  if (!place) return false;
  for (uint32_t v = 0; v < g->n_nodes; v++) place[most - (g->offsets[v + 1] - g->offsets[v]) + 1]++;
  for (uint32_t d = 0; d <= most; d++) place[d + 1] += place[d];
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    p->number[v] = place[most - (g->offsets[v + 1] - g->offsets[v])]++;
    order[p->number[v]] = v;
  }
  free(place);
  return true;
}

static bool has_edge(const lan_spread_plan *p, const lan_graph *g, uint32_t e) {
  return spread_weight(g, &p->model, e) > 0;
}

/* Whether all weights that count are 1, so that they need not be kept. */
static bool all_ones(const lan_spread_plan *p, const lan_graph *g) {
  for (uint32_t e = 0; (g->weights || g->types) && e < g->n_edges; e++) {
    double w = spread_weight(g, &p->model, e);
    if (w != 0 && w != 1) return false;
  }
  return g->types || p->model.type_gain[0] == 1;
}

/* The edges by receiver, senders in their order: what the blocks are cut from. */
typedef struct rows {
  uint64_t *offsets; /* n + 1 */
  uint32_t *senders;
  float *weights; /* NULL: all 1 */
} rows;

static void rows_free(rows *r) {
  free(r->offsets);
  free(r->senders);
  free(r->weights);
}

static bool count_receivers(lan_spread_plan *p, const lan_graph *g, rows *r) {
  r->offsets = lan_alloc_zeroed((size_t)p->n + 1, sizeof *r->offsets);
  if (!r->offsets) return false;
  for (uint32_t e = 0; e < g->n_edges; e++) {
    if (has_edge(p, g, e)) r->offsets[p->number[g->targets[e]] + 1]++;
  }
  for (uint32_t v = 0; v < p->n; v++) r->offsets[v + 1] += r->offsets[v];
  p->n_edges = r->offsets[p->n];
  return true;
}

static bool fill_rows(lan_spread_plan *p, const lan_graph *g, const uint32_t *order, rows *r) {
  if (!count_receivers(p, g, r)) return false;
  uint64_t *place = lan_alloc_array((size_t)p->n + 1, sizeof *place);
  r->senders = lan_alloc_huge(p->n_edges, sizeof *r->senders);
  bool weighted = !all_ones(p, g);
  if (weighted) r->weights = lan_alloc_huge(p->n_edges, sizeof *r->weights);
  if (!place || !r->senders || (weighted && !r->weights)) {
    free(place);
    return false;
  }
  memcpy(place, r->offsets, ((size_t)p->n + 1) * sizeof *place);
  for (uint32_t i = 0; i < p->n; i++) {
    uint32_t v = order[i];
    p->divisor[i] = spread_divisor(&p->model, spread_strength(g, &p->model, v));
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      if (!has_edge(p, g, e)) continue;
      uint64_t at = place[p->number[g->targets[e]]]++;
      r->senders[at] = i;
      if (weighted) r->weights[at] = (float)spread_weight(g, &p->model, e);
    }
  }
  free(place);
  return true;
}

static void cut_chunks(lan_spread_plan *p, const rows *r) {
  uint32_t v = 0;
  for (uint32_t c = 0; c < CHUNKS; c++) {
    p->chunk[c] = v;
    uint64_t until = (p->n_edges + p->n) * (c + 1) / CHUNKS;
    while (v < p->n && r->offsets[v] + v < until) v++;
  }
  p->chunk[CHUNKS] = p->n;
}

/* Cuts one block; `next` is how far each receiver's edges have been used. Without `runs` it counts only. */
static void cut_block(lan_spread_plan *p, const rows *r, size_t block, uint64_t *next, bool fill) {
  uint32_t c = (uint32_t)(block / p->n_segments), s = (uint32_t)(block % p->n_segments);
  uint64_t limit = ((uint64_t)s + 1) * SEGMENT, n_runs = p->block_runs[block];
  uint64_t n_edges = p->block_edges[block];
  for (uint32_t v = p->chunk[c]; v < p->chunk[c + 1]; v++) {
    uint64_t start = next[v], end = start;
    while (end < r->offsets[v + 1] && r->senders[end] < limit) end++;
    if (end == start) continue;
    next[v] = end;
    if (fill) {
      p->runs[n_runs] = (plan_run){v, (uint32_t)(end - start)};
      memcpy(p->senders + n_edges, r->senders + start, (end - start) * sizeof *p->senders);
      if (p->weights) {
        memcpy(p->weights + n_edges, r->weights + start, (end - start) * sizeof *p->weights);
      }
    }
    n_runs++;
    n_edges += end - start;
  }
  p->block_runs[block + 1] = n_runs;
  p->block_edges[block + 1] = n_edges;
}

static bool cut_blocks(lan_spread_plan *p, const rows *r) {
  p->n_segments = p->n / SEGMENT + 1;
  size_t n_blocks = (size_t)CHUNKS * p->n_segments;
  uint64_t *next = lan_alloc_array(p->n, sizeof *next);
  p->block_runs = lan_alloc_zeroed(n_blocks + 1, sizeof *p->block_runs);
  p->block_edges = lan_alloc_zeroed(n_blocks + 1, sizeof *p->block_edges);
  bool good = next && p->block_runs && p->block_edges;
  for (int fill = 0; good && fill < 2; fill++) {
    memcpy(next, r->offsets, p->n * sizeof *next);
    for (size_t b = 0; b < n_blocks; b++) cut_block(p, r, b, next, fill);
    if (fill) break;
    p->runs = lan_alloc_huge(p->block_runs[n_blocks], sizeof *p->runs);
    p->senders = lan_alloc_huge(p->n_edges, sizeof *p->senders);
    if (r->weights) p->weights = lan_alloc_huge(p->n_edges, sizeof *p->weights);
    good = p->runs && p->senders && (!r->weights || p->weights);
  }
  free(next);
  return good;
}

static lan_status fill_plan(lan_spread_plan *p, const lan_graph *g, lan_error *err) {
  size_t n = g->n_nodes;
  rows r = {0};
  uint32_t *order = lan_alloc_array(n, sizeof *order);
  p->number = lan_alloc_array(n, sizeof *p->number);
  p->divisor = lan_alloc_array(n, sizeof *p->divisor);
  bool good =
      order && p->number && p->divisor && number_nodes(p, g, order) && fill_rows(p, g, order, &r);
  if (good) cut_chunks(p, &r);
  good = good && cut_blocks(p, &r);
  free(order);
  rows_free(&r);
  return good ? LAN_OK : lan_fail_memory(err, (size_t)g->n_edges * 16 + n * 24);
}

lan_status lan_spread_plan_new(const lan_graph *graph, const lan_spread_model *model,
                               size_t n_threads, lan_spread_plan **plan, lan_error *err) {
  lan_status s = spread_check(graph, model, NULL, 0, err);
  if (s != LAN_OK) return s;
  if (model->rule == LAN_RULE_ACTR || model->threshold > 0) {
    return lan_fail(err, LAN_EINVAL,
                    "a plan is for the linear rule and the heat kernel, without threshold");
  }
  lan_spread_plan *p = lan_alloc_zeroed(1, sizeof *p);
  if (!p) return lan_fail_memory(err, sizeof *p);
  p->model = *model;
  p->n = graph->n_nodes;
  s = lan_pool_new(n_threads, &p->pool, err);
  if (s == LAN_OK) s = fill_plan(p, graph, err);
  if (s != LAN_OK) {
    lan_spread_plan_free(p);
    return s;
  }
  *plan = p;
  return LAN_OK;
}

/* ---- a step ---- */

/* What a run holds, in single (`_f`) or double precision. */
typedef struct run {
  const lan_spread_plan *p;
  bool single;
  void *arrays[5];
  float *cues_f, *now_f, *next_f, *sent_f, *coming_f; /* coming: what is sent in the next step */
  double *cues_d, *now_d, *next_d, *sent_d, *coming_d;
  double flow; /* share of a node's activation that leaves it and arrives */
  double back; /* share of the cues that is added: restart, and what came back from dead ends */
  double stuck[CHUNKS], stuck_next[CHUNKS], change[CHUNKS];
} run;

/* The two precisions share their text. `sent` is what a sender gives for each unit of weight. */
#define DEFINE_STEP(T, suffix)                                                                    \
  /* What a sender gives for each unit of weight; a dead end's share is counted in *stuck. */     \
  static inline T share_##suffix(const lan_spread_plan *p, uint32_t v, double a, double *stuck) { \
    if (p->divisor[v] > 0) return (T)(a / p->divisor[v]);                                         \
    *stuck += a;                                                                                  \
    return 0;                                                                                     \
  }                                                                                               \
                                                                                                  \
  static void start_##suffix(void *ctx, size_t c, size_t worker) {                                \
    run *r = ctx;                                                                                 \
    double stuck = 0;                                                                             \
    (void)worker;                                                                                 \
    for (uint32_t v = r->p->chunk[c]; v < r->p->chunk[c + 1]; v++) {                              \
      double a = (double)r->now_##suffix[v] * r->flow;                                            \
      r->sent_##suffix[v] = share_##suffix(r->p, v, a, &stuck);                                   \
    }                                                                                             \
    r->stuck[c] = stuck;                                                                          \
  }                                                                                               \
                                                                                                  \
  /* Adds one block's edges: a run's sum in four parts, as additions take longer than loads. */   \
  static void add_block_##suffix(const lan_spread_plan *p, size_t block, const T *sent, T *to) {  \
    const plan_run *r = p->runs + p->block_runs[block];                                           \
    const plan_run *last = p->runs + p->block_runs[block + 1];                                    \
    const uint32_t *from = p->senders + p->block_edges[block];                                    \
    const float *w = p->weights ? p->weights + p->block_edges[block] : NULL;                      \
    for (; r < last; r++) {                                                                       \
      uint32_t n = r->length, e = 0;                                                              \
      T a = 0, b = 0, c = 0, d = 0;                                                               \
      for (; w && e + 4 <= n; e += 4) {                                                           \
        a += (T)w[e] * sent[from[e]];                                                             \
        b += (T)w[e + 1] * sent[from[e + 1]];                                                     \
        c += (T)w[e + 2] * sent[from[e + 2]];                                                     \
        d += (T)w[e + 3] * sent[from[e + 3]];                                                     \
      }                                                                                           \
      for (; !w && e + 4 <= n; e += 4) {                                                          \
        a += sent[from[e]];                                                                       \
        b += sent[from[e + 1]];                                                                   \
        c += sent[from[e + 2]];                                                                   \
        d += sent[from[e + 3]];                                                                   \
      }                                                                                           \
      for (; e < n; e++) a += (w ? (T)w[e] : 1) * sent[from[e]];                                  \
      to[r->receiver] += (a + b) + (c + d);                                                       \
      from += n;                                                                                  \
      if (w) w += n;                                                                              \
    }                                                                                             \
  }                                                                                               \
                                                                                                  \
  static void receive_##suffix(void *ctx, size_t c, size_t worker) {                              \
    run *r = ctx;                                                                                 \
    const lan_spread_plan *p = r->p;                                                              \
    const lan_spread_model *m = &p->model;                                                        \
    double keep = m->retention * (1 - m->restart) * m->decay, change = 0, stuck = 0;              \
    bool sinks = m->sinks_keep && m->restart == 0;                                                \
    (void)worker;                                                                                 \
    for (uint32_t v = p->chunk[c]; v < p->chunk[c + 1]; v++) {                                    \
      double stays = sinks && !(p->divisor[v] > 0) ? keep + r->flow : keep;                       \
      r->next_##suffix[v] =                                                                       \
          (T)(stays * (double)r->now_##suffix[v] + r->back * (double)r->cues_##suffix[v]);        \
    }                                                                                             \
    for (size_t s = 0; s < p->n_segments; s++) {                                                  \
      add_block_##suffix(p, c * p->n_segments + s, r->sent_##suffix, r->next_##suffix);           \
    }                                                                                             \
    for (uint32_t v = p->chunk[c]; v < p->chunk[c + 1]; v++) {                                    \
      double a = (double)r->next_##suffix[v];                                                     \
      if (a < m->suppress) r->next_##suffix[v] = 0, a = 0;                                        \
      change += fabs(a - (double)r->now_##suffix[v]);                                             \
      r->coming_##suffix[v] = share_##suffix(p, v, a * r->flow, &stuck);                          \
    }                                                                                             \
    r->change[c] = change;                                                                        \
    r->stuck_next[c] = stuck;                                                                     \
  }

DEFINE_STEP(float, f)
DEFINE_STEP(double, d)

static double sum_chunks(const double *values) {
  double sum = 0;
  for (size_t c = 0; c < CHUNKS; c++) sum += values[c];
  return sum;
}

static void swap(void *a, void *b) {
  void *c;
  memcpy(&c, a, sizeof c);
  memcpy(a, b, sizeof c);
  memcpy(b, &c, sizeof c);
}

/* One step; returns its L1 change. */
static double step(run *r, double cue_sum) {
  const lan_spread_plan *p = r->p;
  r->back = p->model.restart;
  if (p->model.restart > 0 && cue_sum > 0) r->back += sum_chunks(r->stuck) / cue_sum;
  lan_pool_run(p->pool, CHUNKS, r->single ? receive_f : receive_d, r);
  swap(&r->now_f, &r->next_f);
  swap(&r->sent_f, &r->coming_f);
  swap(&r->now_d, &r->next_d);
  swap(&r->sent_d, &r->coming_d);
  memcpy(r->stuck, r->stuck_next, sizeof r->stuck);
  return sum_chunks(r->change);
}

/* ---- a run ---- */

static bool is_single(const lan_spread_plan *p) {
  return p->model.tolerance == 0 || p->model.tolerance >= DOUBLE_BELOW;
}

static double value(const run *r, uint32_t place) {
  return r->single ? (double)r->now_f[place] : r->now_d[place];
}

static uint32_t run_linear(run *r, double cue_sum) {
  const lan_spread_model *m = &r->p->model;
  uint32_t t = 0;
  while (t < m->steps) {
    t++;
    if (step(r, cue_sum) < m->tolerance) break;
  }
  return t;
}

/* e^-t t^k / k! of each power of the walk, added up in `out`. */
static uint32_t run_heat(run *r, double cue_sum, double *out) {
  const lan_spread_model *m = &r->p->model;
  double weight = exp(-m->heat_t), rest = 1 - weight;
  uint32_t k = 0;
  for (uint32_t v = 0; v < r->p->n; v++) out[v] = weight * value(r, r->p->number[v]);
  while (k < m->steps && rest > m->tolerance) {
    k++;
    step(r, cue_sum);
    weight *= m->heat_t / k;
    rest -= weight;
    for (uint32_t v = 0; v < r->p->n; v++) out[v] += weight * value(r, r->p->number[v]);
  }
  return k;
}

static bool run_init(run *r, const double *activation, double *cue_sum) {
  size_t n = r->p->n, size = r->single ? sizeof(float) : sizeof(double);
  void **a = r->arrays;
  bool good = true;
  for (size_t i = 0; i < 5; i++) good &= (a[i] = lan_alloc_huge(n, size)) != NULL;
  if (r->single) {
    r->cues_f = a[0], r->now_f = a[1], r->next_f = a[2], r->sent_f = a[3], r->coming_f = a[4];
  } else {
    r->cues_d = a[0], r->now_d = a[1], r->next_d = a[2], r->sent_d = a[3], r->coming_d = a[4];
  }
  for (uint32_t v = 0; good && v < n; v++) {
    uint32_t place = r->p->number[v];
    *cue_sum += activation[v];
    if (r->single) {
      r->cues_f[place] = r->now_f[place] = (float)activation[v];
    } else {
      r->cues_d[place] = r->now_d[place] = activation[v];
    }
  }
  const lan_spread_model *m = &r->p->model;
  r->flow = (1 - m->retention) * (1 - m->restart) * m->decay;
  if (good) lan_pool_run(r->p->pool, CHUNKS, r->single ? start_f : start_d, r);
  return good;
}

lan_status lan_spread_plan_run(lan_spread_plan *p, double *activation, uint32_t *steps,
                               lan_error *err) {
  run r = {.p = p};
  double cue_sum = 0;
  for (uint32_t v = 0; v < p->n; v++) {
    if (!(activation[v] >= 0) || isinf(activation[v])) {
      return lan_fail(err, LAN_ERANGE, "node %u's activation is %g; >= 0 is wanted", v,
                      activation[v]);
    }
  }
  r.single = is_single(p);
  bool good = run_init(&r, activation, &cue_sum);
  uint32_t made = 0;
  if (good && p->model.rule == LAN_RULE_HEAT) {
    made = run_heat(&r, cue_sum, activation);
  } else if (good) {
    made = run_linear(&r, cue_sum);
    for (uint32_t v = 0; v < p->n; v++) activation[v] = value(&r, p->number[v]);
  }
  for (size_t i = 0; i < 5; i++) free(r.arrays[i]);
  if (!good) return lan_fail_memory(err, (size_t)p->n * 32);
  if (steps) *steps = made;
  return LAN_OK;
}

double lan_spread_plan_bytes(const lan_spread_plan *p) {
  double edge = sizeof(uint32_t) + (p->weights ? sizeof(float) : 0);
  double node = 2 * (is_single(p) ? sizeof(float) : sizeof(double));
  return (double)p->n_edges * edge + (double)p->n * node;
}
