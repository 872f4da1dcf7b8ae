#include "memory/flow_learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "memory/score_internal.h"

void flow_set_free(flow_set *set) {
  VEC_FREE(&set->ties);
  VEC_FREE(&set->examples);
}

/* ---- the ties of an example ---- */

typedef struct gatherer {
  const score_state *st;
  flow_set *set;
  uint16_t *candidate, *kept; /* by node: number + 1 */
} gatherer;

static bool add_tie(gatherer *g, uint32_t to, flow_tie tie) {
  if (g->candidate[to]) {
    tie.to = (uint8_t)(g->candidate[to] - 1);
    tie.to_kept = false;
    if (!VEC_PUSH(&g->set->ties, tie)) return false;
  }
  if (g->kept[to]) {
    tie.to = (uint8_t)(g->kept[to] - 1);
    tie.to_kept = true;
    if (!VEC_PUSH(&g->set->ties, tie)) return false;
  }
  return true;
}

static bool add_ties_of(gatherer *g, uint32_t step, uint32_t number, uint32_t node) {
  const lan_graph *graph = &g->st->index->net.graph;
  if (step > 0 && flow_is_crowded(graph, node)) return true;
  for (uint32_t e = graph->offsets[node]; e < graph->offsets[node + 1]; e++) {
    uint8_t k = graph->types[e];
    uint32_t to = graph->targets[e];
    flow_tie tie = {.from = (uint8_t)number,
                    .step = (uint8_t)step,
                    .kind = k,
                    .weight = graph->weights[e],
                    .fan = g->st->flow.ties[node][k],
                    .crowd = g->st->flow.ties[to][k ^ 1]};
    if (!add_tie(g, to, tie)) return false;
  }
  return true;
}

static bool add_aside(gatherer *g, const score_vector *to, size_t most, uint8_t kind) {
  for (size_t i = 0; i < to->len && i < most; i++) {
    flow_tie tie = {.kind = kind, .weight = to->data[i].activation};
    if (!add_tie(g, to->data[i].node, tie)) return false;
  }
  return true;
}

static bool add_step(gatherer *g, const score_cue *cue, uint32_t step, flow_example *e) {
  const flow_state *flow = &g->st->flow;
  const flow_front *from = step ? &flow->fronts[step - 1] : NULL;
  const flow_front *to = step + 1 < FLOW_STEPS ? &flow->fronts[step] : NULL;
  bool room = true;
  for (size_t i = 0; to && i < to->nodes.len; i++) {
    g->kept[to->nodes.data[i].node] = (uint16_t)(i + 1);
  }
  if (from) {
    memcpy(e->alike[step], from->alike, from->nodes.len * sizeof *from->alike);
    for (uint32_t i = 0; room && i < from->nodes.len; i++) {
      room = add_ties_of(g, step, i, from->nodes.data[i].node);
    }
  } else {
    room = add_ties_of(g, step, 0, cue->note) &&
           add_aside(g, &g->st->similar, FLOW_SIMILAR, FLOW_TEXT) &&
           add_aside(g, &g->st->siblings, g->st->siblings.len, FLOW_NEAR);
  }
  for (size_t i = 0; to && i < to->nodes.len; i++) g->kept[to->nodes.data[i].node] = 0;
  return room;
}

lan_status flow_gather(const score_state *st, const score_cue *cue, const uint32_t *notes,
                       uint32_t n, flow_set *set, lan_error *err) {
  uint32_t n_nodes = st->index->net.graph.n_nodes;
  flow_example e = {.first_tie = set->ties.len};
  gatherer g = {.st = st,
                .set = set,
                .candidate = lan_alloc_zeroed(n_nodes, sizeof *g.candidate),
                .kept = lan_alloc_zeroed(n_nodes, sizeof *g.kept)};
  bool room = g.candidate && g.kept;
  for (uint32_t i = 0; room && i < n; i++) g.candidate[notes[i]] = (uint16_t)(i + 1);
  for (uint32_t step = 0; room && step < FLOW_STEPS; step++) room = add_step(&g, cue, step, &e);
  free(g.candidate);
  free(g.kept);
  e.n_ties = (uint32_t)(set->ties.len - e.first_tie);
  return room && VEC_PUSH(&set->examples, e) ? LAN_OK : lan_fail_memory(err, 0);
}

/* ---- there and back ---- */

/* The gates of one example's senders. */
typedef struct gates {
  float of[FLOW_STEPS][FLOW_KEPT];
} gates;

static void open_gates(const flow_example *e, const flow_ready *f, gates *out) {
  for (uint32_t t = 0; t < FLOW_STEPS; t++) {
    for (size_t i = 0; i < FLOW_KEPT; i++) out->of[t][i] = flow_gate(f, t, e->alike[t][i]);
  }
}

static float conductance(const flow_ready *f, const gates *gate, const flow_tie *t) {
  uint8_t k = t->kind;
  return t->weight * f->gain[t->step][k] * gate->of[t->step][t->from] *
         flow_power(f->fan[k], f->w.fan[k], t->fan) *
         flow_power(f->crowd[k], f->w.crowd[k], t->crowd);
}

/* What the tie's sender has. */
static float sends(const flow_run *run, const flow_tie *t) {
  return t->step ? run->kept[t->step - 1][t->from] : 1;
}

void flow_forward(const flow_set *set, size_t example, const flow_ready *f, flow_run *run) {
  const flow_example *e = &set->examples.data[example];
  const flow_tie *ties = set->ties.data + e->first_tie;
  gates gate;
  open_gates(e, f, &gate);
  memset(run->kept, 0, sizeof run->kept);
  memset(run->read, 0, sizeof run->read);
  for (uint32_t i = 0; i < e->n_ties; i++) { /* step by step */
    const flow_tie *t = &ties[i];
    float *to = t->to_kept ? &run->kept[t->step][t->to] : &run->read[t->to][t->step];
    *to += sends(run, t) * conductance(f, &gate, t);
  }
}

static float ln_of(uint16_t n) { return n > 1 ? logf((float)n) : 0; }

void flow_backward(const flow_set *set, size_t example, const flow_ready *f, const flow_run *run,
                   flow_weights *d) {
  const flow_example *e = &set->examples.data[example];
  const flow_tie *ties = set->ties.data + e->first_tie;
  float d_kept[FLOW_STEPS][FLOW_KEPT] = {{0}};
  gates gate;
  open_gates(e, f, &gate);
  for (uint32_t i = e->n_ties; i-- > 0;) {
    const flow_tie *t = &ties[i];
    float there = t->to_kept ? d_kept[t->step][t->to] : run->d_read[t->to][t->step];
    if (there == 0) continue;
    float back = there * conductance(f, &gate, t), g = back * sends(run, t);
    d->gain[t->step][t->kind] += g;
    d->fan[t->kind] -= g * ln_of(t->fan);
    d->crowd[t->kind] -= g * ln_of(t->crowd);
    if (t->step == 0) continue;
    d->alike[t->step] += g * e->alike[t->step][t->from];
    d_kept[t->step - 1][t->from] += back;
  }
}

static const float PER_LN = 0.14474208f; /* 1 / ln 1001 */

float flow_feature(float a) { return a > 0 ? fmaxf(PER_LN * log1pf(1000 * a), 1e-6f) : 0; }

float flow_feature_slope(float a) { return a > 0 ? PER_LN * 1000 / (1 + 1000 * a) : 0; }
