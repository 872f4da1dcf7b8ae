#include "lantoa/spread.h"

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
  if (m->rule == LAN_RULE_ACTR && !(m->actr_s > 0)) return "ACT-R's S must be > 0";
  if (m->rule == LAN_RULE_HEAT && !within(m->heat_t, 1e-12, 700))
    return "heat's t must be > 0, <= 700";
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

double spread_strength(const lan_graph *g, const lan_spread_model *m, uint32_t node) {
  double sum = 0;
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1]; e++) sum += spread_weight(g, m, e);
  return sum;
}

double spread_divisor(const lan_spread_model *m, double strength) {
  if (strength <= 0) return 0;
  return m->fan == 1 ? strength : m->fan == 0 ? 1 : pow(strength, m->fan);
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
  VEC_FREE(&s->active);
  VEC_FREE(&s->touched);
  VEC_FREE(&s->summed);
  VEC_FREE(&s->out);
  VEC_FREE(&s->routes);
  lan_graph_free(&s->reverse);
  lan_arena_free(&s->arena);
  free(s);
}

static void clear(double *values, node_list *list) {
  for (size_t i = 0; i < list->len; i++) values[list->data[i]] = 0;
  list->len = 0;
}

/* Adds to a node, putting it on the list when it had nothing. */
static bool add_to(double *values, node_list *list, uint32_t node, double amount) {
  if (values[node] == 0 && !VEC_PUSH(list, node)) return false;
  values[node] += amount;
  return true;
}

typedef struct run {
  lan_spreader *s;
  const lan_spread_model *m;
  const lan_cue *cues;
  size_t n_cues;
  double cue_sum;
  double error; /* what thresholds held back */
} run;

static bool set_cues(run *r, double *values, node_list *list, double share) {
  for (size_t i = 0; i < r->n_cues; i++) {
    double a = (double)r->cues[i].activation * share;
    if (a > 0 && !add_to(values, list, r->cues[i].node, a)) return false;
  }
  return true;
}

/* Sends `flow` from a node along its edges; *stuck grows by what has no edge to go along. */
static bool send(run *r, uint32_t node, double flow, double *stuck) {
  lan_spreader *s = r->s;
  const lan_graph *g = s->graph;
  double divisor = spread_divisor(r->m, spread_strength(g, r->m, node));
  if (divisor == 0) {
    *stuck += flow;
    return true;
  }
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1]; e++) {
    double amount = flow * spread_weight(g, r->m, e) / divisor;
    if (amount > 0 && !add_to(s->next, &s->touched, g->targets[e], amount)) return false;
  }
  return true;
}

/* One step of the linear rule, from now to next. */
static bool step_linear(run *r) {
  lan_spreader *s = r->s;
  const lan_spread_model *m = r->m;
  double pass = (1 - m->restart) * m->decay, stuck = 0;
  for (size_t i = 0; i < s->active.len; i++) {
    uint32_t v = s->active.data[i];
    double a = s->now[v], kept = m->retention * a * pass, alone = 0;
    double flow = (1 - m->retention) * a * pass;
    if (a < m->threshold) {
      r->error += flow;
    } else if (flow > 0 && !send(r, v, flow, &alone)) {
      return false;
    }
    if (alone > 0 && m->restart > 0) {
      stuck += alone;
    } else if (m->sinks_keep) {
      kept += alone;
    }
    if (kept > 0 && !add_to(s->next, &s->touched, v, kept)) return false;
  }
  if (m->restart > 0) {
    double back = r->cue_sum > 0 ? stuck / r->cue_sum : 0;
    return set_cues(r, s->next, &s->touched, m->restart + back);
  }
  return true;
}

/* Clears what is under the limit; returns the L1 change of the step. */
static double finish_step(run *r) {
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
  double *values = s->now;
  s->now = s->next;
  s->next = values;
  node_list list = s->active;
  s->active = s->touched;
  s->touched = list;
  s->touched.len = 0;
  return change;
}

static void step_actr(run *r, bool *room) {
  lan_spreader *s = r->s;
  const lan_graph *g = s->graph;
  for (size_t i = 0; *room && i < s->active.len; i++) {
    uint32_t v = s->active.data[i];
    uint32_t fan = 0;
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++)
      fan += spread_weight(g, r->m, e) > 0;
    double strength = fan ? r->m->actr_s - log((double)fan) : 0;
    for (uint32_t e = g->offsets[v]; *room && strength > 0 && e < g->offsets[v + 1]; e++) {
      if (spread_weight(g, r->m, e) > 0) {
        *room = add_to(s->next, &s->touched, g->targets[e], s->now[v] * strength);
      }
    }
  }
}

typedef int (*step_fn)(void *ctx, uint32_t t, const lan_activation *a, size_t n);

static bool collect(lan_spreader *s, const double *values, const node_list *list) {
  s->out.len = 0;
  for (size_t i = 0; i < list->len; i++) {
    lan_activation a = {list->data[i], values[list->data[i]]};
    if (a.activation > 0 && !VEC_PUSH(&s->out, a)) return false;
  }
  return true;
}

static lan_status tell(run *r, step_fn step, void *ctx, uint32_t t, lan_error *err) {
  lan_spreader *s = r->s;
  if (!step) return LAN_OK;
  if (!collect(s, s->now, &s->active)) return lan_fail_memory(err, 0);
  if (step(ctx, t, s->out.data, s->out.len)) return lan_fail(err, LAN_ECANCELED, "stopped");
  return LAN_OK;
}

/* The heat kernel: the walk's powers are added up as they come, until the rest of the weights is
 * small. */
static bool add_power(run *r, double weight) {
  lan_spreader *s = r->s;
  for (size_t i = 0; i < s->active.len; i++) {
    uint32_t v = s->active.data[i];
    if (!add_to(s->sum, &s->summed, v, weight * s->now[v])) return false;
  }
  return true;
}

static bool spread_heat(run *r) {
  double weight = exp(-r->m->heat_t), rest = 1 - weight;
  if (!add_power(r, weight)) return false;
  for (uint32_t k = 1; k <= r->m->steps && rest > r->m->tolerance; k++) {
    if (!step_linear(r)) return false;
    finish_step(r);
    weight *= r->m->heat_t / k;
    rest -= weight;
    if (!add_power(r, weight)) return false;
  }
  return true;
}

static lan_status spread_linear(run *r, step_fn step, void *ctx, lan_error *err) {
  lan_status status = tell(r, step, ctx, 0, err);
  for (uint32_t t = 1; status == LAN_OK && t <= r->m->steps; t++) {
    if (!step_linear(r)) return lan_fail_memory(err, 0);
    double change = finish_step(r);
    status = tell(r, step, ctx, t, err);
    if (change < r->m->tolerance) break;
  }
  return status;
}

static lan_status spread_by_rule(run *r, step_fn step, void *ctx, lan_error *err) {
  lan_spreader *s = r->s;
  if (r->m->rule == LAN_RULE_LINEAR) return spread_linear(r, step, ctx, err);
  bool room = true;
  lan_status status = tell(r, step, ctx, 0, err);
  if (r->m->rule == LAN_RULE_HEAT) {
    room = spread_heat(r);
    /* the sum takes the place of the last power */
    clear(s->now, &s->active);
    for (size_t i = 0; room && i < s->summed.len; i++) {
      uint32_t v = s->summed.data[i];
      room = add_to(s->now, &s->active, v, s->sum[v]);
    }
    clear(s->sum, &s->summed);
  } else {
    step_actr(r, &room);
    finish_step(r);
  }
  if (!room) return lan_fail_memory(err, 0);
  return status == LAN_OK ? tell(r, step, ctx, 1, err) : status;
}

static lan_status spread_run(run *r, step_fn step, void *ctx, lan_error *err) {
  lan_spreader *s = r->s;
  lan_status status = spread_check(s->graph, r->m, r->cues, r->n_cues, err);
  if (status != LAN_OK) return status;
  for (size_t i = 0; i < r->n_cues; i++) r->cue_sum += (double)r->cues[i].activation;
  if (!set_cues(r, s->now, &s->active, 1)) {
    status = lan_fail_memory(err, 0);
  } else {
    status = spread_by_rule(r, step, ctx, err);
  }
  if (status == LAN_OK && !collect(s, s->now, &s->active)) status = lan_fail_memory(err, 0);
  clear(s->now, &s->active);
  clear(s->next, &s->touched);
  clear(s->sum, &s->summed);
  return status;
}

lan_status lan_spread(lan_spreader *s, const lan_spread_model *model, const lan_cue *cues,
                      size_t n_cues, const lan_activation **out, size_t *n_out, double *error,
                      lan_error *err) {
  run r = {s, model, cues, n_cues, 0, 0};
  lan_status status = spread_run(&r, NULL, NULL, err);
  if (status != LAN_OK) return status;
  *out = s->out.data;
  *n_out = s->out.len;
  /* With fan 1 no step makes activation grow, so what was held back bounds what is missing. */
  if (error) *error = r.error == 0 ? 0 : model->fan == 1 ? r.error : HUGE_VAL;
  return LAN_OK;
}

lan_status lan_spread_steps(lan_spreader *s, const lan_spread_model *model, const lan_cue *cues,
                            size_t n_cues,
                            int (*step)(void *ctx, uint32_t t, const lan_activation *a, size_t n),
                            void *ctx, lan_error *err) {
  run r = {s, model, cues, n_cues, 0, 0};
  return spread_run(&r, step, ctx, err);
}

/* ---- the most active ---- */

static bool precedes(lan_activation a, lan_activation b) {
  return a.activation > b.activation || (a.activation == b.activation && a.node < b.node);
}

static int by_activation(const void *a, const void *b) {
  const lan_activation *x = a, *y = b;
  return precedes(*x, *y) ? -1 : precedes(*y, *x) ? 1 : 0;
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

static bool is_among(const uint32_t *nodes, size_t n, uint32_t node) {
  for (size_t i = 0; i < n; i++) {
    if (nodes[i] == node) return true;
  }
  return false;
}

size_t lan_spread_top(const lan_activation *all, size_t n_all, const uint32_t *skip, size_t n_skip,
                      lan_activation *top, size_t n) {
  size_t len = 0;
  for (size_t i = 0; n > 0 && i < n_all; i++) {
    if (is_among(skip, n_skip, all[i].node)) continue;
    if (len < n) {
      top[len++] = all[i];
      if (len == n) {
        for (size_t k = n / 2 + 1; k-- > 0;) sift_down(top, n, k);
      }
    } else if (precedes(all[i], top[0])) {
      top[0] = all[i];
      sift_down(top, n, 0);
    }
  }
  if (len) qsort(top, len, sizeof *top, by_activation);
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
  lan_status s = lan_pool_new(n_threads, &pool, err);
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
