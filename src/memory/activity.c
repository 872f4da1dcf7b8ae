/* How activation spread from a cue: the part of the network that matters, step by step. */
#include <string.h>

#include "base/error.h"
#include "memory/trace.h"

enum { STEPS = 3, DEFAULT_MOST = 60, VALUES = STEPS + 1 };

const char *lan_node_name(lan_node_kind kind) {
  static const char *const kinds[] = {[LAN_NODE_NOTE] = "note",
                                      [LAN_NODE_ATTACHMENT] = "attachment",
                                      [LAN_NODE_PHANTOM] = "phantom",
                                      [LAN_NODE_TAG] = "tag",
                                      [LAN_NODE_FOLDER] = "folder"};
  return kind <= LAN_NODE_FOLDER ? kinds[kind] : "unknown";
}

typedef struct reached {
  uint32_t node;
  double now[VALUES]; /* its activation after each step */
} reached;

typedef struct spreading {
  VEC(reached) all;
  lan_map of_node; /* node -> place in `all`, and later in `nodes` */
  VEC(lan_activation) sums;
  bool failed;
} spreading;

static void spreading_free(spreading *sp) {
  VEC_FREE(&sp->all);
  VEC_FREE(&sp->sums);
  lan_map_free(&sp->of_node);
}

static reached *reached_at(spreading *sp, uint32_t node) {
  uint32_t *place = lan_map_put(&sp->of_node, node);
  if (!place) return NULL;
  if (*place == LAN_MAP_NONE) {
    *place = (uint32_t)sp->all.len;
    if (!VEC_PUSH(&sp->all, (reached){.node = node})) {
      *place = 0; /* never looked at: the call fails */
      return NULL;
    }
  }
  return &sp->all.data[*place];
}

static int take_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  spreading *sp = ctx;
  for (size_t i = 0; i < n; i++) {
    reached *r = reached_at(sp, a[i].node);
    if (!r) return sp->failed = true;
    r->now[t] = a[i].activation;
  }
  return 0;
}

/* ---- the nodes ---- */

typedef struct chosen {
  VEC(uint32_t) nodes;
  lan_map place;
} chosen;

static bool choose(chosen *c, uint32_t node, size_t most) {
  if (c->nodes.len >= most) return true;
  uint32_t *place = lan_map_put(&c->place, node);
  if (!place) return false;
  if (*place != LAN_MAP_NONE) return true;
  *place = (uint32_t)c->nodes.len;
  return VEC_PUSH(&c->nodes, node);
}

/* The cues and the results come first; a third of the room is left for what lies between them. */
static bool choose_nodes(const lan_memory *m, spreading *sp, size_t most, chosen *c) {
  bool room = true;
  for (size_t i = 0; room && i < m->cue.nodes.len; i++) {
    room = choose(c, m->cue.nodes.data[i].node, most);
  }
  for (size_t i = 0; room && i < m->results.len; i++) {
    room = choose(c, m->results.data[i].note, most - most / 3);
  }
  room = room && VEC_RESERVE(&sp->sums, 2 * sp->all.len);
  if (!room) return false;
  for (size_t i = 0; i < sp->all.len; i++) {
    const reached *r = &sp->all.data[i];
    double sum = 0;
    for (size_t t = 0; t < VALUES; t++) sum += r->now[t];
    sp->sums.data[i] = (lan_activation){r->node, sum};
  }
  lan_activation *top = sp->sums.data + sp->all.len;
  size_t n = lan_spread_top(sp->sums.data, sp->all.len, NULL, 0, top, sp->all.len);
  for (size_t i = 0; room && i < n && c->nodes.len < most; i++) {
    room = choose(c, top[i].node, most);
  }
  return room;
}

static bool is_cue(const lan_memory *m, uint32_t node) {
  for (size_t i = 0; i < m->cue.nodes.len; i++) {
    if (m->cue.nodes.data[i].node == node) return true;
  }
  return false;
}

static bool tell_node(lan_memory *m, const spreading *sp, uint32_t node, lan_active_node *out) {
  const network *net = &m->index.net;
  static const lan_node_kind kinds[] = {[NODE_NOTE] = LAN_NODE_NOTE,
                                        [NODE_ATTACHMENT] = LAN_NODE_ATTACHMENT,
                                        [NODE_PHANTOM] = LAN_NODE_PHANTOM,
                                        [NODE_TAG] = LAN_NODE_TAG,
                                        [NODE_FOLDER] = LAN_NODE_FOLDER};
  double *sums = lan_arena_alloc(&m->answer, VALUES, sizeof *sums), sum = 0;
  uint32_t place = lan_map_get(&sp->of_node, node);
  if (!sums) return false;
  for (size_t t = 0; t < VALUES; t++) {
    if (place != LAN_MAP_NONE) sum += sp->all.data[place].now[t];
    sums[t] = sum;
  }
  bool note = node < net->n_notes;
  *out = (lan_active_node){.kind = kinds[network_kind_of(net, node)],
                           .name = trace_name(m, node),
                           .path = note ? m->index.cat.notes[node].path.ptr : NULL,
                           .note = note ? node : UINT32_MAX,
                           .cue = is_cue(m, node),
                           .activation = sums};
  return true;
}

/* ---- the edges ---- */

typedef VEC(lan_active_edge) edge_list;

/* What leaves a node is shared out among all its edges, also those to nodes that are not told. */
static bool tell_edges(lan_memory *m, const spreading *sp, const chosen *c, uint32_t from,
                       edge_list *out) {
  const lan_graph *g = &m->index.net.graph;
  lan_spread_model model = trace_model(STEPS);
  uint32_t node = c->nodes.data[from], place = lan_map_get(&sp->of_node, node);
  double sum = 0;
  if (place == LAN_MAP_NONE) return true;
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1]; e++) {
    sum += (double)(g->weights[e] * model.type_gain[g->types[e]]);
  }
  for (uint32_t e = g->offsets[node]; e < g->offsets[node + 1]; e++) {
    uint32_t to = lan_map_get(&c->place, g->targets[e]);
    double share = (double)(g->weights[e] * model.type_gain[g->types[e]]) / sum;
    if (to == LAN_MAP_NONE || !(share > 0)) continue;
    double *flow = lan_arena_alloc(&m->answer, STEPS, sizeof *flow), all = 0;
    if (!flow) return false;
    for (size_t t = 0; t < STEPS; t++) {
      flow[t] = model.decay * share * sp->all.data[place].now[t];
      all += flow[t];
    }
    lan_active_edge edge = {from, to, trace_hop(g->types[e]), flow};
    if (all > 0 && !VEC_PUSH(out, edge)) return false;
  }
  return true;
}

static bool tell(lan_memory *m, const spreading *sp, const chosen *c, lan_activity *out) {
  size_t n = c->nodes.len;
  lan_active_node *nodes = lan_arena_alloc(&m->answer, n, sizeof *nodes);
  edge_list edges = {0};
  bool room = nodes != NULL;
  for (size_t i = 0; room && i < n; i++) room = tell_node(m, sp, c->nodes.data[i], &nodes[i]);
  for (size_t i = 0; room && i < n; i++) room = tell_edges(m, sp, c, (uint32_t)i, &edges);
  lan_active_edge *kept = room ? lan_arena_alloc(&m->answer, edges.len, sizeof *kept) : NULL;
  if (kept && edges.len) memcpy(kept, edges.data, edges.len * sizeof *kept);
  *out = (lan_activity){STEPS, nodes, n, kept, edges.len};
  VEC_FREE(&edges);
  return kept != NULL;
}

lan_status lan_memory_activity(lan_memory *m, size_t most, const lan_activity **activity,
                               lan_error *err) {
  spreading sp = {0};
  chosen c = {0};
  lan_spread_model model = trace_model(STEPS);
  lan_activity *out = lan_arena_alloc(&m->answer, 1, sizeof *out);
  if (!out) return lan_fail_memory(err, sizeof *out);
  lan_status s = lan_spread_steps(m->score.spreader, &model, m->cue.nodes.data, m->cue.nodes.len,
                                  take_step, &sp, err);
  bool room = s == LAN_OK && choose_nodes(m, &sp, most ? most : DEFAULT_MOST, &c);
  room = room && tell(m, &sp, &c, out);
  if (sp.failed || (s == LAN_OK && !room)) s = lan_fail_memory(err, 0);
  spreading_free(&sp);
  VEC_FREE(&c.nodes);
  lan_map_free(&c.place);
  *activity = out;
  return s;
}
