#include "memory/flow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "memory/model.h"
#include "memory/score_internal.h"

/* Weights from others are not to lead to infinity. */
static const float ACTIVATION_MOST = 1e6f, GAIN_MOST = 10, ALIKE_MOST = 5, POWER_LEAST = -1,
                   POWER_MOST = 4;

/* ---- weights ---- */

static float within(float x, float least, float most) { return fminf(fmaxf(x, least), most); }

void flow_start(flow_weights *w) {
  static const float by_kind[FLOW_KINDS] = {
      [EDGE_MENTION] = -0.5f, [EDGE_MENTION_BACK] = -0.5f, [EDGE_TAG] = -1,  [EDGE_TAG_BACK] = -1,
      [EDGE_FOLDER] = -2,     [EDGE_FOLDER_BACK] = -2,     [FLOW_TEXT] = -1, [FLOW_NEAR] = -1};
  *w = (flow_weights){0};
  for (size_t k = 0; k < FLOW_KINDS; k++) {
    for (size_t t = 0; t < FLOW_STEPS; t++) w->gain[t][k] = by_kind[k] - 0.5f;
    w->fan[k] = k < EDGE_KINDS ? 0.8f : 0;
    w->crowd[k] = k < EDGE_KINDS ? 0.1f : 0;
  }
}

void flow_prepare(const flow_weights *w, flow_ready *out) {
  out->made_of = out->w = *w;
  for (size_t t = 0; t < FLOW_STEPS; t++) {
    out->w.alike[t] = within(w->alike[t], -ALIKE_MOST, ALIKE_MOST);
  }
  for (size_t k = 0; k < FLOW_KINDS; k++) {
    out->w.fan[k] = within(w->fan[k], POWER_LEAST, POWER_MOST);
    out->w.crowd[k] = within(w->crowd[k], POWER_LEAST, POWER_MOST);
    for (size_t t = 0; t < FLOW_STEPS; t++) {
      out->gain[t][k] = expf(within(w->gain[t][k], -GAIN_MOST, GAIN_MOST));
    }
    for (int n = 0; n < FLOW_POWERS; n++) {
      float ln = n > 1 ? logf((float)n) : 0;
      out->fan[k][n] = expf(-out->w.fan[k] * ln);
      out->crowd[k][n] = expf(-out->w.crowd[k] * ln);
    }
  }
}

float flow_power(const float table[FLOW_POWERS], float exponent, uint16_t n) {
  return n < FLOW_POWERS ? table[n] : powf((float)n, -exponent);
}

float flow_gate(const flow_ready *f, uint32_t step, float alike) {
  return step > 0 && alike > 0 ? expf(f->w.alike[step] * alike) : 1;
}

/* ---- state ---- */

lan_status flow_state_init(flow_state *flow, const lan_graph *g, lan_error *err) {
  flow->ties = lan_alloc_zeroed(g->n_nodes, sizeof *flow->ties);
  flow->reached = lan_alloc_zeroed(g->n_nodes, sizeof *flow->reached);
  if (!flow->ties || !flow->reached) return lan_fail_memory(err, (size_t)g->n_nodes * 24);
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      uint16_t *n = &flow->ties[v][g->types[e]];
      if (*n < UINT16_MAX) ++*n;
    }
  }
  return LAN_OK;
}

void flow_state_free(flow_state *flow) {
  free(flow->ties);
  free(flow->reached);
  free(flow->ready);
  for (size_t t = 0; t + 1 < FLOW_STEPS; t++) VEC_FREE(&flow->fronts[t].nodes);
  *flow = (flow_state){0};
}

static lan_status make_ready(flow_state *flow, const flow_weights *w, lan_error *err) {
  if (flow->ready && memcmp(&flow->ready->made_of, w, sizeof *w) == 0) return LAN_OK;
  if (!flow->ready) flow->ready = malloc(sizeof *flow->ready);
  if (!flow->ready) return lan_fail_memory(err, sizeof *flow->ready);
  flow_prepare(w, flow->ready);
  return LAN_OK;
}

/* ---- spreading ---- */

/* `most` more nodes may be reached. */
static lan_status make_room(score_state *st, size_t most, lan_error *err) {
  return VEC_RESERVE(&st->ranking, most) ? LAN_OK : lan_fail_memory(err, 0);
}

/* st->ranking lists what was reached. */
static inline void arrive(score_state *st, uint32_t node, float a) {
  float *there = &st->flow.reached[node];
  if (*there == 0) st->ranking.data[st->ranking.len++] = (lan_activation){node, 0};
  *there += a;
}

static lan_status send(score_state *st, uint32_t step, uint32_t node, float a, lan_error *err) {
  const lan_graph *g = &st->index->net.graph;
  const flow_ready *f = st->flow.ready;
  uint32_t first = g->offsets[node], end = g->offsets[node + 1];
  float shares[EDGE_KINDS];
  if (step > 0 && flow_is_crowded(g, node)) return LAN_OK;
  lan_status s = make_room(st, end - first, err);
  if (s != LAN_OK) return s;
  for (size_t k = 0; k < EDGE_KINDS; k++) {
    uint16_t n = st->flow.ties[node][k];
    shares[k] = n ? a * f->gain[step][k] * flow_power(f->fan[k], f->w.fan[k], n) : 0;
  }
  for (uint32_t e = first; e < end; e++) {
    uint8_t k = g->types[e];
    uint32_t to = g->targets[e];
    float crowd = flow_power(f->crowd[k], f->w.crowd[k], st->flow.ties[to][k ^ 1]);
    arrive(st, to, shares[k] * g->weights[e] * crowd);
  }
  return LAN_OK;
}

/* The cue's own kinds of ties. */
static lan_status send_aside(score_state *st, const score_vector *to, size_t most, size_t kind,
                             lan_error *err) {
  if (most > to->len) most = to->len;
  lan_status s = make_room(st, most, err);
  for (size_t i = 0; s == LAN_OK && i < most; i++) {
    arrive(st, to->data[i].node, st->flow.ready->gain[0][kind] * to->data[i].activation);
  }
  return s;
}

/* Brings what was reached into st->ranking; what comes back to the cue says nothing. */
static void collect(score_state *st, uint32_t cue_note) {
  size_t n = 0;
  for (size_t i = 0; i < st->ranking.len; i++) {
    uint32_t node = st->ranking.data[i].node;
    float a = st->flow.reached[node];
    st->flow.reached[node] = 0;
    if (node == cue_note || !(a > 0)) continue;
    st->ranking.data[n++] = (lan_activation){node, (double)fminf(a, ACTIVATION_MOST)};
  }
  st->ranking.len = n;
}

static lan_status first_step(score_state *st, uint32_t cue_note, lan_error *err) {
  lan_status s = send(st, 0, cue_note, 1, err);
  if (s == LAN_OK) s = send_aside(st, &st->similar, FLOW_SIMILAR, FLOW_TEXT, err);
  if (s == LAN_OK) s = send_aside(st, &st->siblings, st->siblings.len, FLOW_NEAR, err);
  return s;
}

static lan_status later_step(score_state *st, uint32_t step, lan_error *err) {
  const flow_front *from = &st->flow.fronts[step - 1];
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < from->nodes.len; i++) {
    lan_cue c = from->nodes.data[i];
    float gate = flow_gate(st->flow.ready, step, from->alike[i]);
    s = send(st, step, c.node, c.activation * gate, err);
  }
  return s;
}

static lan_status keep_front(score_state *st, flow_front *front, lan_error *err) {
  lan_status s = score_take_strongest(st, FLOW_KEPT, &st->reached, err);
  front->nodes.len = 0;
  if (s == LAN_OK && !VEC_RESERVE(&front->nodes, FLOW_KEPT)) s = lan_fail_memory(err, 0);
  for (size_t i = 0; s == LAN_OK && i < st->reached.len; i++) {
    uint32_t v = st->reached.data[i].node;
    front->nodes.data[front->nodes.len++] = st->reached.data[i];
    front->alike[i] = v < st->index->cat.n_notes ? sqrtf(st->text[v]) : 0;
  }
  return s;
}

lan_status score_flow(score_state *st, const score_cue *cue, lan_error *err) {
  lan_status s = make_ready(&st->flow, &st->model->note.flow, err);
  for (uint32_t t = 0; s == LAN_OK && t < FLOW_STEPS; t++) {
    st->ranking.len = 0;
    s = t == 0 ? first_step(st, cue->note, err) : later_step(st, t, err);
    collect(st, cue->note); /* also when memory was short: nothing may stay reached */
    if (s == LAN_OK) s = score_keep_ranking(st, FEATURE_FLOW_1 + t, err);
    if (s == LAN_OK && t + 1 < FLOW_STEPS) s = keep_front(st, &st->flow.fronts[t], err);
  }
  return s;
}
