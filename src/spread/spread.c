#include "lantoa/spread.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/thread.h"
#include "spread/spread_internal.h"

lan_spread_model lan_spread_preset(lan_preset preset) {
  lan_spread_model m = {.rule = LAN_RULE_LINEAR, .steps = 3, .fan = 1, .decay = 1};
  for (size_t i = 0; i < LAN_EDGE_TYPES; i++) m.type_gain[i] = 1;
  m.actr_s = 2;
  m.heat_t = 5;
  switch (preset) {
    case LAN_PRESET_MEMORY: m.decay = 0.6; break;
    case LAN_PRESET_PPR:
      m.restart = 0.15;
      m.steps = 1000;
      m.tolerance = 1e-9;
      break;
    case LAN_PRESET_SPREADR:
      m.retention = 0.5;
      m.sinks_keep = 1;
      m.steps = 10;
      break;
    case LAN_PRESET_ACTR:
      m.rule = LAN_RULE_ACTR;
      m.steps = 1;
      break;
    case LAN_PRESET_HEAT:
      m.rule = LAN_RULE_HEAT;
      m.steps = 100;
      m.tolerance = 1e-12;
      break;
  }
  return m;
}

/* ---- checks ---- */

static bool within(double v, double low, double high) { return v >= low && v <= high; }

static const char *bad_setting(const lan_spread_model *m) {
  if (m->rule > LAN_RULE_HEAT) return "rule is none of the rules";
  if (m->steps < 1 || m->steps > 10000) return "steps must be 1 .. 10000";
  if (!within(m->fan, 0, 1)) return "fan must be 0 .. 1";
  if (!within(m->decay, 0, 1)) return "decay must be 0 .. 1";
  if (!within(m->retention, 0, 1)) return "retention must be 0 .. 1";
  if (!within(m->restart, 0, 1) || m->restart >= 1) return "restart must be 0 .. 1, 1 excluded";
  if (!within(m->suppress, 0, HUGE_VAL)) return "suppress must be >= 0";
  if (!within(m->threshold, 0, HUGE_VAL)) return "threshold must be >= 0";
  if (!within(m->tolerance, 0, HUGE_VAL)) return "tolerance must be >= 0";
  if (m->rule == LAN_RULE_ACTR && !(m->actr_s > 0 && m->actr_s <= DBL_MAX)) {
    return "ACT-R's S must be > 0";
  }
  if (m->rule == LAN_RULE_HEAT && !within(m->heat_t, 1e-12, 700)) {
    return "heat's t must be > 0, <= 700";
  }
  for (size_t i = 0; i < LAN_EDGE_TYPES; i++) {
    if (!(m->type_gain[i] >= 0) || isinf(m->type_gain[i])) return "type gains must be >= 0";
  }
  return NULL;
}

lan_status spread_check(const lan_graph *g, const lan_spread_model *m, const lan_cue *cues,
                        size_t n_cues, lan_error *err) {
  const char *bad = bad_setting(m);
  if (bad) return lan_fail(err, LAN_ERANGE, "spreading model: %s", bad);
  for (size_t i = 0; i < n_cues; i++) {
    if (cues[i].node >= g->n_nodes) {
      return lan_fail(err, LAN_ERANGE, "cue %zu is node %u; the graph has %u", i, cues[i].node,
                      g->n_nodes);
    }
    if (!(cues[i].activation >= 0) || isinf(cues[i].activation)) {
      return lan_fail(err, LAN_ERANGE, "cue %zu has activation %g; >= 0 is wanted", i,
                      (double)cues[i].activation);
    }
  }
  return LAN_OK;
}

/* The most that a unit of activation becomes when a node sends it: strength^(1 - fan). */
static double growth_of(lan_spreader *s, const lan_spread_model *m) {
  if (m->fan == 1) return 1;
  double *growth = &s->view->growth;
  if (*growth < 0) {
    *growth = 1; /* what is stuck or kept does not grow */
    for (uint32_t v = 0; v < s->graph->n_nodes; v++) {
      double strength = spread_strength(s->graph, m, v);
      if (strength > 0) *growth = fmax(*growth, strength / spread_divisor(m, strength));
    }
  }
  return *growth;
}

/* ---- a spreader ---- */

lan_status lan_spreader_new(const lan_graph *graph, lan_spreader **spreader, lan_error *err) {
  lan_spreader *s = lan_alloc_zeroed(1, sizeof *s);
  if (!s) return lan_fail_memory(err, sizeof *s);
  s->graph = graph;
  s->now = lan_alloc_zeroed(graph->n_nodes, sizeof *s->now);
  s->next = lan_alloc_zeroed(graph->n_nodes, sizeof *s->next);
  s->sum = lan_alloc_zeroed(graph->n_nodes, sizeof *s->sum);
  if (!s->now || !s->next || !s->sum) {
    lan_spreader_free(s);
    return lan_fail_memory(err, (size_t)graph->n_nodes * 24);
  }
  *spreader = s;
  return LAN_OK;
}

void lan_spreader_free(lan_spreader *s) {
  if (!s) return;
  free(s->now);
  free(s->next);
  free(s->sum);
  spread_views_free(s);
  VEC_FREE(&s->active);
  VEC_FREE(&s->touched);
  VEC_FREE(&s->summed);
  VEC_FREE(&s->out);
  VEC_FREE(&s->routes);
  for (size_t t = 0; t <= SPREAD_HOPS_MOST; t++) {
    free(s->best[t]);
    VEC_FREE(&s->reached[t]);
  }
  route_search_free(s->search);
  lan_graph_free(&s->reverse);
  lan_arena_free(&s->arena);
  free(s);
}

void spread_clear(double *values, node_list *list) {
  for (size_t i = 0; i < list->len; i++) values[list->data[i]] = 0;
  list->len = 0;
}

/* ---- a step ----
 *
 * Few nodes: `active` lists those of `now`, and those that a step reaches are listed in `touched`.
 * Once an EIGHTH of the nodes is active, both lists cost more than they save: then a step goes
 * through all nodes in their order, with no list. The results are the same but for rounding. */

enum { EIGHTH = 8 };

typedef struct run {
  lan_spreader *s;
  const lan_spread_model *m;
  const lan_cue *cues;
  size_t n_cues;
  double cue_sum;
  bool sweep;   /* this step keeps no list of what it reaches */
  double error; /* a bound on the activation that is missing, for what thresholds held back */
} run;

static inline bool add_to(const run *r, double *values, node_list *list, uint32_t node,
                          double amount) {
  if (!r->sweep) return spread_add(values, list, node, amount);
  values[node] += amount;
  return true;
}

static bool set_cues(run *r, double *values, node_list *list, double share) {
  for (size_t i = 0; i < r->n_cues; i++) {
    double a = (double)r->cues[i].activation * share;
    if (a > 0 && !add_to(r, values, list, r->cues[i].node, a)) return false;
  }
  return true;
}

/* Adds to a node that room was reserved for in the list; without a branch that is hard to foretell. */
static inline void put(const run *r, double *next, node_list *list, uint32_t node, double amount) {
  uint64_t before; /* its bits: nothing is negative, or -0 */
  memcpy(&before, &next[node], sizeof before);
  list->data[list->len] = node;
  list->len += (size_t)((before == 0) & (amount > 0) & !r->sweep);
  next[node] += amount;
}

/* `unit` times its weight along each edge of the kinds that are gone along: see views.c. */
static bool send_along(run *r, uint32_t node, double unit) {
  const spread_view *w = r->s->view;
  node_list *list = &r->s->touched;
  double *next = r->s->next;
  uint32_t first = w->offsets[node], end = w->offsets[node + 1];
  if (!VEC_RESERVE(list, (size_t)(end - first))) return false;
  for (uint32_t e = first; e < end; e++) {
    put(r, next, list, w->targets[e], unit * (double)w->weights[e]);
  }
  return true;
}

/* The same, past the edges of other kinds. */
static bool send_past(run *r, uint32_t node, double unit) {
  const lan_graph *g = r->s->graph;
  node_list *list = &r->s->touched;
  uint32_t first = g->offsets[node], end = g->offsets[node + 1];
  if (!VEC_RESERVE(list, (size_t)(end - first))) return false;
  for (uint32_t e = first; e < end; e++) {
    double amount = unit * spread_weight(g, r->m, e);
    if (amount > 0) put(r, r->s->next, list, g->targets[e], amount);
  }
  r->s->view->passed += end - first;
  return true;
}

/* Sends `flow` from a node along its edges; *stuck grows by what has no edge to go along. */
static bool send(run *r, uint32_t node, double flow, double *stuck) {
  double divisor = spread_divisor_of(r->s, r->m, node);
  if (divisor == 0) {
    *stuck += flow;
    return true;
  }
  double unit = flow / divisor;
  return r->s->view->offsets ? send_along(r, node, unit) : send_past(r, node, unit);
}

/* What one node does in a step; *stuck grows by what goes back to the cues. */
static bool step_node(run *r, uint32_t v, double *held, double *stuck) {
  lan_spreader *s = r->s;
  const lan_spread_model *m = r->m;
  double pass = (1 - m->restart) * m->decay, a = s->now[v], alone = 0;
  double kept = m->retention * a * pass, flow = (1 - m->retention) * a * pass;
  if (a < m->threshold) {
    *held += flow;
  } else if (flow > 0 && !send(r, v, flow, &alone)) {
    return false;
  }
  if (alone > 0 && m->restart > 0) {
    *stuck += alone;
  } else if (m->sinks_keep) {
    kept += alone;
  }
  return kept == 0 || add_to(r, s->next, &s->touched, v, kept);
}

/* Has what nodes further down the list will need fetched from memory meanwhile: rows lie anywhere. */
static inline void foresee(const lan_spreader *s, size_t i) {
  enum { ROWS = 4, PLACES = 8 };
  const spread_view *w = s->view;
  if (!w->offsets || i + PLACES >= s->active.len) return;
  uint32_t place = s->active.data[i + PLACES], row = w->offsets[s->active.data[i + ROWS]];
  __builtin_prefetch(&w->offsets[place]);
  __builtin_prefetch(&w->divisors[place]);
  __builtin_prefetch(&w->targets[row]);
  __builtin_prefetch(&w->weights[row]);
}

/* One step of the linear rule, from now to next. */
static bool step_linear(run *r) {
  lan_spreader *s = r->s;
  const lan_spread_model *m = r->m;
  double held = 0, stuck = 0, growth = m->threshold > 0 ? growth_of(s, m) : 1;
  r->sweep = s->all || s->active.len > s->graph->n_nodes / EIGHTH;
  if (s->all) {
    for (uint32_t v = 0; v < s->graph->n_nodes; v++) {
      if (s->now[v] > 0 && !step_node(r, v, &held, &stuck)) return false;
    }
  }
  for (size_t i = 0; i < s->active.len; i++) {
    foresee(s, i);
    if (!step_node(r, s->active.data[i], &held, &stuck)) return false;
  }
  /* What is missing is passed on, at most `growth` of it; and what this step held is missing. */
  r->error *= (1 - m->restart) * m->decay * (m->retention + (1 - m->retention) * growth);
  r->error += held * growth;
  if (m->restart == 0) return true;
  double back = r->cue_sum > 0 ? stuck / r->cue_sum : 0;
  return set_cues(r, s->next, &s->touched, m->restart + back);
}

void spread_swap(lan_spreader *s) {
  double *values = s->now;
  s->now = s->next;
  s->next = values;
  node_list list = s->active;
  s->active = s->touched;
  s->touched = list;
  s->touched.len = 0;
}

static double finish_list(run *r) {
  lan_spreader *s = r->s;
  double change = 0;
  size_t n = 0;
  for (size_t i = 0; i < s->touched.len; i++) {
    uint32_t v = s->touched.data[i];
    if (s->next[v] < r->m->suppress) s->next[v] = 0;
    change += fabs(s->next[v] - s->now[v]);
    s->now[v] = 0; /* so that the sum below meets only nodes that were left */
    if (s->next[v] > 0) s->touched.data[n++] = v;
  }
  s->touched.len = n;
  for (size_t i = 0; i < s->active.len; i++) {
    change += s->now[s->active.data[i]];
    s->now[s->active.data[i]] = 0;
  }
  return change;
}

static double finish_sweep(run *r) {
  lan_spreader *s = r->s;
  double change = 0;
  size_t n = 0;
  for (uint32_t v = 0; v < s->graph->n_nodes; v++) {
    if (s->next[v] < r->m->suppress) s->next[v] = 0;
    change += fabs(s->next[v] - s->now[v]);
    s->now[v] = 0;
    n += s->next[v] > 0;
  }
  s->active.len = 0;
  s->all = n > s->graph->n_nodes / EIGHTH;
  return change;
}

/* Back to a list. */
static bool list_all(lan_spreader *s) {
  for (uint32_t v = 0; v < s->graph->n_nodes; v++) {
    if (s->now[v] > 0 && !VEC_PUSH(&s->active, v)) return false;
  }
  return true;
}

/* Clears what is under the limit, and makes next now; *change is the L1 change of the step. */
static bool finish_step(run *r, double *change) {
  lan_spreader *s = r->s;
  *change = r->sweep ? finish_sweep(r) : finish_list(r);
  spread_swap(s);
  bool list = r->sweep && !s->all;
  r->sweep = false;
  if (!list || list_all(s)) return true;
  s->all = true; /* so that all are cleared */
  return false;
}

static bool step_actr(run *r) {
  lan_spreader *s = r->s;
  const lan_graph *g = s->graph;
  for (size_t i = 0; i < s->active.len; i++) {
    uint32_t v = s->active.data[i], fan = 0;
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      fan += spread_weight(g, r->m, e) > 0;
    }
    double strength = fan ? r->m->actr_s - log((double)fan) : 0, amount = s->now[v] * strength;
    for (uint32_t e = g->offsets[v]; strength > 0 && e < g->offsets[v + 1]; e++) {
      bool there = spread_weight(g, r->m, e) > 0;
      if (there && !spread_add(s->next, &s->touched, g->targets[e], amount)) return false;
    }
  }
  return true;
}

/* ---- a run ---- */

typedef int (*step_fn)(void *ctx, uint32_t t, const lan_activation *a, size_t n);

static bool collect(lan_spreader *s, const double *values, const node_list *list) {
  s->out.len = 0;
  if (s->all && values == s->now) {
    if (!VEC_RESERVE(&s->out, s->graph->n_nodes)) return false;
    for (uint32_t v = 0; v < s->graph->n_nodes; v++) {
      if (values[v] > 0) s->out.data[s->out.len++] = (lan_activation){v, values[v]};
    }
    return true;
  }
  if (!VEC_RESERVE(&s->out, list->len)) return false;
  for (size_t i = 0; i < list->len; i++) {
    lan_activation a = {list->data[i], values[list->data[i]]};
    if (a.activation > 0) s->out.data[s->out.len++] = a;
  }
  return true;
}

/* Puts what there is now (RULE_HEAT: the sum) into s->out, and tells it. */
static lan_status tell(run *r, step_fn step, void *ctx, uint32_t t, lan_error *err) {
  lan_spreader *s = r->s;
  bool heat = r->m->rule == LAN_RULE_HEAT;
  if (!step) return LAN_OK;
  if (!collect(s, heat ? s->sum : s->now, heat ? &s->summed : &s->active)) {
    return lan_fail_memory(err, 0);
  }
  if (step(ctx, t, s->out.data, s->out.len)) return lan_fail(err, LAN_ECANCELED, "stopped");
  return LAN_OK;
}

/* One step of the linear rule. With fan < 1 activation may grow without bound. */
static lan_status make_step(run *r, uint32_t t, double *change, lan_error *err) {
  if (!step_linear(r) || !finish_step(r, change)) return lan_fail_memory(err, 0);
  if (*change <= DBL_MAX) return LAN_OK;
  return lan_fail(err, LAN_ERANGE,
                  "activation grows beyond all bounds at step %u; with fan < 1 weights must be "
                  "smaller, or decay",
                  t);
}

static lan_status spread_linear(run *r, step_fn step, void *ctx, lan_error *err) {
  lan_status status = tell(r, step, ctx, 0, err);
  for (uint32_t t = 1; status == LAN_OK && t <= r->m->steps; t++) {
    double change = 0;
    status = make_step(r, t, &change, err);
    if (status == LAN_OK) status = tell(r, step, ctx, t, err);
    if (status == LAN_OK && change < r->m->tolerance) break;
  }
  return status;
}

/* Adds a power of the walk to the sum. */
static bool add_power(run *r, double weight) {
  lan_spreader *s = r->s;
  for (uint32_t v = 0; s->all && v < s->graph->n_nodes; v++) {
    double a = weight * s->now[v];
    if (a > 0 && !spread_add(s->sum, &s->summed, v, a)) return false;
  }
  for (size_t i = 0; i < s->active.len; i++) {
    double a = weight * s->now[s->active.data[i]];
    if (a > 0 && !spread_add(s->sum, &s->summed, s->active.data[i], a)) return false;
  }
  return true;
}

/* The heat kernel: the walk's powers are added up as they come, until the rest of their weights is
 * small. */
static lan_status spread_heat(run *r, step_fn step, void *ctx, lan_error *err) {
  double weight = exp(-r->m->heat_t), rest = 1 - weight, missing = 0, change = 0;
  if (!add_power(r, weight)) return lan_fail_memory(err, 0);
  lan_status status = tell(r, step, ctx, 0, err);
  for (uint32_t k = 1; status == LAN_OK && k <= r->m->steps && rest > r->m->tolerance; k++) {
    status = make_step(r, k, &change, err);
    weight *= r->m->heat_t / k;
    rest -= weight;
    missing += weight * r->error;
    if (status == LAN_OK && !add_power(r, weight)) status = lan_fail_memory(err, 0);
    if (status == LAN_OK) status = tell(r, step, ctx, k, err);
  }
  r->error = missing;
  return status;
}

static lan_status spread_actr(run *r, step_fn step, void *ctx, lan_error *err) {
  double change;
  lan_status status = tell(r, step, ctx, 0, err);
  if (status != LAN_OK) return status;
  if (!step_actr(r) || !finish_step(r, &change)) return lan_fail_memory(err, 0);
  return tell(r, step, ctx, 1, err);
}

/* A single step to few nodes: what it brings is taken where it is, and nothing need be compared with what was before.
 * From numbers of type float it cannot grow beyond all bounds. */
static bool is_short(const run *r, step_fn step) {
  const lan_spread_model *m = r->m;
  return m->rule == LAN_RULE_LINEAR && m->steps == 1 && m->suppress == 0 && !step &&
         r->s->active.len <= r->s->graph->n_nodes / EIGHTH;
}

static lan_status spread_all(run *r, step_fn step, void *ctx, lan_error *err) {
  lan_spreader *s = r->s;
  bool heat = r->m->rule == LAN_RULE_HEAT;
  if (is_short(r, step)) {
    bool done = step_linear(r) && collect(s, s->next, &s->touched);
    return done ? LAN_OK : lan_fail_memory(err, 0);
  }
  lan_status status = heat                            ? spread_heat(r, step, ctx, err)
                      : r->m->rule == LAN_RULE_LINEAR ? spread_linear(r, step, ctx, err)
                                                      : spread_actr(r, step, ctx, err);
  if (status == LAN_OK && !collect(s, heat ? s->sum : s->now, heat ? &s->summed : &s->active)) {
    status = lan_fail_memory(err, 0);
  }
  return status;
}

static void clear_all(lan_spreader *s) {
  size_t bytes = s->graph->n_nodes * sizeof(double);
  if (s->all) memset(s->now, 0, bytes);
  s->all = false;
  spread_clear(s->now, &s->active);
  spread_clear(s->next, &s->touched);
  spread_clear(s->sum, &s->summed);
}

static lan_status spread_run(run *r, step_fn step, void *ctx, lan_error *err) {
  lan_spreader *s = r->s;
  lan_status status = spread_check(s->graph, r->m, r->cues, r->n_cues, err);
  if (status != LAN_OK) return status;
  if (!spread_set_model(s, r->m)) return lan_fail_memory(err, s->graph->n_nodes * sizeof(double));
  for (size_t i = 0; i < r->n_cues; i++) r->cue_sum += (double)r->cues[i].activation;
  status =
      set_cues(r, s->now, &s->active, 1) ? spread_all(r, step, ctx, err) : lan_fail_memory(err, 0);
  if (r->sweep) memset(s->next, 0, s->graph->n_nodes * sizeof *s->next); /* stopped within a step */
  clear_all(s);
  return status;
}

lan_status lan_spread(lan_spreader *s, const lan_spread_model *model, const lan_cue *cues,
                      size_t n_cues, const lan_activation **out, size_t *n_out, double *error,
                      lan_error *err) {
  run r = {.s = s, .m = model, .cues = cues, .n_cues = n_cues};
  lan_status status = spread_run(&r, NULL, NULL, err);
  if (status != LAN_OK) return status;
  *out = s->out.data;
  *n_out = s->out.len;
  /* What is missing may also bring a node below `suppress`, which is not bounded here. */
  if (error) *error = r.error > 0 && model->suppress > 0 ? HUGE_VAL : r.error;
  return LAN_OK;
}

lan_status lan_spread_steps(lan_spreader *s, const lan_spread_model *model, const lan_cue *cues,
                            size_t n_cues,
                            int (*step)(void *ctx, uint32_t t, const lan_activation *a, size_t n),
                            void *ctx, lan_error *err) {
  run r = {.s = s, .m = model, .cues = cues, .n_cues = n_cues};
  return spread_run(&r, step, ctx, err);
}

/* ---- the most active ---- */

static bool precedes(lan_activation a, lan_activation b) {
  return a.activation > b.activation || (a.activation == b.activation && a.node < b.node);
}

/* The weakest of the heap is at its root. */
static void sift_down(lan_activation *heap, size_t n, size_t i) {
  for (;;) {
    size_t weakest = i, left = 2 * i + 1;
    if (left < n && precedes(heap[weakest], heap[left])) weakest = left;
    if (left + 1 < n && precedes(heap[weakest], heap[left + 1])) weakest = left + 1;
    if (weakest == i) return;
    lan_activation a = heap[i];
    heap[i] = heap[weakest];
    heap[weakest] = a;
    i = weakest;
  }
}

/* Whether a node is in a rising list. */
static bool is_among(const uint32_t *nodes, size_t n, uint32_t node) {
  size_t low = 0;
  while (n > 0) {
    size_t half = n / 2;
    if (nodes[low + half] < node) {
      low += half + 1;
      n -= half + 1;
    } else if (nodes[low + half] == node) {
      return true;
    } else {
      n = half;
    }
  }
  return false;
}

size_t lan_spread_top(const lan_activation *all, size_t n_all, const uint32_t *skip, size_t n_skip,
                      lan_activation *top, size_t n) {
  size_t len = 0;
  for (size_t i = 0; n > 0 && i < n_all; i++) {
    if (len == n && !precedes(all[i], top[0])) continue;
    if (is_among(skip, n_skip, all[i].node)) continue;
    if (len < n) {
      top[len++] = all[i];
      for (size_t k = len == n ? n / 2 : 0; k-- > 0;) sift_down(top, n, k);
    } else {
      top[0] = all[i];
      sift_down(top, n, 0);
    }
  }
  for (size_t k = len < n ? len / 2 : 0; k-- > 0;) sift_down(top, len, k);
  for (size_t k = len; k-- > 1;) { /* the weakest goes to the end, and so on */
    lan_activation a = top[0];
    top[0] = top[k];
    top[k] = a;
    sift_down(top, k, 0);
  }
  return len;
}

/* ---- many cue sets ---- */

typedef struct batch {
  const lan_spread_model *model;
  const lan_cue *cues;
  const size_t *offsets;
  size_t n_top;
  lan_activation *top;
  size_t *counts;
  lan_spreader **spreaders; /* one a worker */
  lan_status *statuses;     /* likewise */
  lan_error *errors;
} batch;

static void batch_task(void *ctx, size_t i, size_t worker) {
  batch *b = ctx;
  if (b->statuses[worker] != LAN_OK) return;
  const lan_activation *all;
  size_t n;
  b->statuses[worker] =
      lan_spread(b->spreaders[worker], b->model, b->cues + b->offsets[i],
                 b->offsets[i + 1] - b->offsets[i], &all, &n, NULL, &b->errors[worker]);
  if (b->statuses[worker] != LAN_OK) return;
  b->counts[i] = lan_spread_top(all, n, NULL, 0, b->top + i * b->n_top, b->n_top);
}

static lan_status batch_init(batch *b, const lan_graph *graph, size_t workers, lan_error *err) {
  b->spreaders = lan_alloc_zeroed(workers, sizeof *b->spreaders);
  b->statuses = lan_alloc_zeroed(workers, sizeof *b->statuses);
  b->errors = lan_alloc_zeroed(workers, sizeof *b->errors);
  if (!b->spreaders || !b->statuses || !b->errors) return lan_fail_memory(err, 0);
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < workers; i++) {
    s = lan_spreader_new(graph, &b->spreaders[i], err);
  }
  return s;
}

lan_status lan_spread_batch(const lan_graph *graph, const lan_spread_model *model,
                            const lan_cue *cues, const size_t *cue_offsets, size_t n_sets,
                            size_t n_top, lan_activation *top, size_t *counts, size_t n_threads,
                            lan_error *err) {
  lan_pool *pool = NULL;
  batch b = {.model = model,
             .cues = cues,
             .offsets = cue_offsets,
             .n_top = n_top,
             .top = top,
             .counts = counts};
  static const lan_cue none;
  if (!cues) b.cues = cues = &none; /* all sets are empty */
  /* Checked here, so that what is said does not depend on the threads. */
  lan_status s =
      spread_check(graph, model, cues + cue_offsets[0], cue_offsets[n_sets] - cue_offsets[0], err);
  if (s == LAN_OK) s = lan_pool_new(n_threads, &pool, err);
  if (s != LAN_OK) return s;
  size_t workers = lan_pool_size(pool);
  s = batch_init(&b, graph, workers, err);
  if (s == LAN_OK) lan_pool_run(pool, n_sets, batch_task, &b);
  for (size_t i = 0; b.spreaders && b.statuses && b.errors && i < workers; i++) {
    if (s == LAN_OK && b.statuses[i] != LAN_OK) {
      s = lan_fail(err, b.statuses[i], "%s", b.errors[i].message);
    }
    lan_spreader_free(b.spreaders[i]);
  }
  free(b.spreaders);
  free(b.statuses);
  free(b.errors);
  lan_pool_free(pool);
  return s;
}
