/* What a spreader works out once for a fan and a choice of kinds: divisors, and rows of those kinds alone.
 *
 * A model that leaves kinds out still goes past their edges, which lie among the others. Once it has gone
 * by as many edges as the graph has, rows without them are made, at about the same price: a single
 * question never pays it, thousands soon gain by it. Edges keep their order, so results are the same to
 * the bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spread/spread_internal.h"

/* ---- divisors ---- */

double spread_strength(const lan_graph *g, const lan_spread_model *m, uint32_t node) {
  double sum = 0;
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1]; e++) sum += spread_weight(g, m, e);
  return sum;
}

double spread_divisor(const lan_spread_model *m, double strength) {
  if (strength <= 0) return 0;
  return m->fan == 1 ? strength : m->fan == 0 ? 1 : pow(strength, m->fan);
}

double spread_divisor_of(lan_spreader *s, const lan_spread_model *m, uint32_t node) {
  double *known = &s->view->divisors[node]; /* 0: not yet; below 0: the node has no edges */
  if (*known == 0) {
    double divisor = spread_divisor(m, spread_strength(s->graph, m, node));
    *known = divisor == 0 ? -1 : divisor;
  }
  return *known < 0 ? 0 : *known;
}

/* ---- rows ---- */

static void free_rows(spread_view *w) {
  free(w->offsets);
  free(w->targets);
  free(w->weights);
  w->offsets = w->targets = NULL;
  w->weights = NULL;
}

/* Only where gains are 0 and 1, so that weights stay as they are. */
static bool leaves_kinds_out(const spread_view *w, const lan_graph *g) {
  bool out = false;
  for (size_t i = 0; i < LAN_EDGE_TYPES; i++) {
    if (w->type_gain[i] != 0 && w->type_gain[i] != 1) return false;
    out = out || w->type_gain[i] == 0;
  }
  return out && g->types;
}

static uint32_t count_edges(const spread_view *w, const lan_graph *g) {
  uint32_t n = 0;
  for (uint32_t e = 0; e < g->n_edges; e++) n += w->type_gain[g->types[e]] != 0;
  return n;
}

/* When memory is short things go on without. */
static void make_rows(spread_view *w, const lan_graph *g) {
  uint32_t count = count_edges(w, g), n = 0;
  w->offsets = lan_alloc_array((size_t)g->n_nodes + 1, sizeof *w->offsets);
  w->targets = lan_alloc_array(count, sizeof *w->targets);
  w->weights = lan_alloc_array(count, sizeof *w->weights);
  if (!w->offsets || !w->targets || !w->weights) {
    free_rows(w);
    return;
  }
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    w->offsets[v] = n;
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      if (w->type_gain[g->types[e]] == 0) continue;
      w->targets[n] = g->targets[e];
      w->weights[n++] = g->weights ? g->weights[e] : 1.0f;
    }
  }
  w->offsets[g->n_nodes] = n;
}

/* ---- views ---- */

static bool is_for(const spread_view *w, const lan_spread_model *m) {
  bool same = w->divisors && w->fan == m->fan;
  for (size_t i = 0; i < LAN_EDGE_TYPES; i++) same = same && w->type_gain[i] == m->type_gain[i];
  return same;
}

static void free_view(spread_view *w) {
  free_rows(w);
  free(w->divisors);
  *w = (spread_view){0};
}

void spread_views_free(lan_spreader *s) {
  for (size_t i = 0; i < SPREAD_VIEWS; i++) free_view(&s->views[i]);
}

/* The view of the model, or the one that was not used for longest. */
static spread_view *view_for(lan_spreader *s, const lan_spread_model *m) {
  spread_view *oldest = &s->views[0];
  for (size_t i = 0; i < SPREAD_VIEWS; i++) {
    if (is_for(&s->views[i], m)) return &s->views[i];
    if (s->views[i].used < oldest->used) oldest = &s->views[i];
  }
  free_view(oldest);
  return oldest;
}

bool spread_set_model(lan_spreader *s, const lan_spread_model *m) {
  spread_view *w = s->view = view_for(s, m);
  w->used = ++s->calls;
  if (!w->divisors) {
    w->divisors = lan_alloc_zeroed(s->graph->n_nodes, sizeof *w->divisors);
    if (!w->divisors) return false;
    w->fan = m->fan;
    memcpy(w->type_gain, m->type_gain, sizeof w->type_gain);
    w->growth = -1;
  }
  if (w->passed > s->graph->n_edges && !w->offsets && leaves_kinds_out(w, s->graph)) {
    make_rows(w, s->graph);
  }
  return true;
}
