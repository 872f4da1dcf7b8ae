#include "memory/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pack.h"
#include "text/unicode.h"

/* ---- things ---- */

static uint64_t thing_key(network_kind kind, lan_str folded) {
  return lan_hash(folded.ptr, folded.len, (uint64_t)kind);
}

/* The folded form by which a thing is known. A phantom's ".md" does not count. */
static lan_status fold_name(network_builder *b, network_kind kind, lan_str name, lan_error *err) {
  lan_buf_clear(&b->scratch);
  text_fold(&b->scratch, name.ptr, name.len);
  if (b->scratch.failed) return lan_fail_memory(err, 0);
  size_t n = b->scratch.len;
  if (kind == NODE_PHANTOM && n > 3 && memcmp(b->scratch.data + n - 3, ".md", 3) == 0) {
    b->scratch.len -= 3;
  }
  return LAN_OK;
}

static lan_status thing_node(network_builder *b, network_kind kind, lan_str name, uint32_t *node,
                             lan_error *err) {
  network *net = b->net;
  lan_status s = fold_name(b, kind, name, err);
  if (s != LAN_OK) return s;
  uint32_t *slot = lan_map_put(&b->thing_of, thing_key(kind, lan_buf_str(&b->scratch)));
  if (!slot) return lan_fail_memory(err, 0);
  if (*slot == LAN_MAP_NONE) {
    char *copy = lan_arena_copy(&net->arena, name.ptr, name.len);
    *slot = (uint32_t)net->things.len;
    if (!copy || !VEC_PUSH(&net->things, (network_thing){kind, {copy, name.len}})) {
      return lan_fail_memory(err, 0);
    }
  }
  *node = net->n_notes + *slot;
  return LAN_OK;
}

lan_status network_builder_init(network_builder *b, const catalog *cat, const names *files,
                                const mention_names *mentions, network *net, lan_error *err) {
  *b = (network_builder){.cat = cat, .files = files, .mentions = mentions, .net = net};
  net->n_notes = cat->n_notes;
  for (uint32_t i = 0; i < net->things.len; i++) {
    const network_thing *t = &net->things.data[i];
    lan_status s = fold_name(b, t->kind, t->name, err);
    if (s != LAN_OK) return s;
    uint32_t *slot = lan_map_put(&b->thing_of, thing_key(t->kind, lan_buf_str(&b->scratch)));
    if (!slot) return lan_fail_memory(err, 0);
    *slot = i;
  }
  return LAN_OK;
}

void network_builder_free(network_builder *b) {
  lan_map_free(&b->thing_of);
  VEC_FREE(&b->edges);
  VEC_FREE(&b->ties);
  lan_buf_free(&b->scratch);
}

/* ---- a note's ties ---- */

/* How often something was said weighs as 1 + ln(count): ten links to one note do not drown the
 * rest. */
static float count_weight(uint32_t count) { return 1.0f + logf((float)count); }

static bool add_edges(network_builder *b, uint32_t from, uint32_t to, uint8_t type, float weight) {
  return VEC_PUSH(&b->edges, (lan_edge){from, to, weight, type}) &&
         VEC_PUSH(&b->edges, (lan_edge){to, from, weight, (uint8_t)(type + 1)});
}

static lan_status file_node(network_builder *b, lan_str source, lan_str target, uint32_t *node,
                            lan_error *err) {
  uint32_t file = names_resolve(b->files, source, target, NULL);
  if (file == NAMES_NONE) return thing_node(b, NODE_PHANTOM, target, node, err);
  if (file < b->cat->n_notes) {
    *node = file;
    return LAN_OK;
  }
  return thing_node(b, NODE_ATTACHMENT, b->cat->attachments[file - b->cat->n_notes], node, err);
}

static lan_status add_tie(network_builder *b, uint32_t from, uint32_t to, uint8_t type,
                          lan_error *err) {
  if (from == to) return LAN_OK;
  return VEC_PUSH(&b->ties, (network_tie){from, to, type}) ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status collect_link(network_builder *b, uint32_t note, const facts_link *link,
                               lan_error *err) {
  if (link->target.len == 0) return LAN_OK; /* [[#Heading]]: into the note itself */
  lan_str source = b->cat->notes[note].path;
  uint32_t from = note, to = 0;
  lan_status s = file_node(b, source, link->target, &to, err);
  if (s == LAN_OK && link->kind == FACTS_LINK_CANVAS_EDGE) {
    s = file_node(b, source, link->from, &from, err);
  }
  if (s == LAN_OK) s = add_tie(b, from, to, link->embed ? EDGE_EMBED : EDGE_LINK, err);
  return s;
}

/* A tag and the tags that include it: #a/b is also #a. */
static lan_status collect_tag(network_builder *b, uint32_t note, lan_str tag, lan_error *err) {
  while (tag.len && tag.ptr[tag.len - 1] == '/') tag.len--;
  for (size_t n = tag.len; n > 0; n--) {
    if (n < tag.len && tag.ptr[n] != '/') continue;
    uint32_t node = 0;
    lan_status s = thing_node(b, NODE_TAG, (lan_str){tag.ptr, n}, &node, err);
    if (s == LAN_OK) s = add_tie(b, note, node, EDGE_TAG, err);
    if (s != LAN_OK) return s;
  }
  return LAN_OK;
}

static lan_status collect_folder(network_builder *b, uint32_t note, lan_error *err) {
  lan_str path = b->cat->notes[note].path;
  while (path.len && path.ptr[path.len - 1] != '/') path.len--;
  uint32_t node = 0;
  lan_status s = thing_node(b, NODE_FOLDER, path, &node, err);
  return s == LAN_OK ? add_tie(b, note, node, EDGE_FOLDER, err) : s;
}

static int by_tie(const void *a, const void *b) {
  const network_tie *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  if (x->to != y->to) return x->to < y->to ? -1 : 1;
  return (x->type > y->type) - (x->type < y->type);
}

static lan_status emit_ties(network_builder *b, lan_error *err) {
  size_t n = b->ties.len;
  network_tie *t = b->ties.data;
  if (n) qsort(t, n, sizeof *t, by_tie);
  size_t distinct = 0;
  for (size_t i = 0, run; i < n; i += run) {
    run = 1;
    while (i + run < n && by_tie(&t[i], &t[i + run]) == 0) run++;
    bool says_so = t[i].type == EDGE_LINK || t[i].type == EDGE_EMBED;
    float weight = says_so ? count_weight((uint32_t)run) : 1.0f;
    if (!add_edges(b, t[i].from, t[i].to, t[i].type, weight)) return lan_fail_memory(err, 0);
    t[distinct++] = t[i];
  }
  b->ties.len = distinct;
  return LAN_OK;
}

static bool has_tie(const network_builder *b, uint32_t from, uint32_t to, uint8_t type) {
  network_tie key = {from, to, type};
  return b->ties.len && bsearch(&key, b->ties.data, b->ties.len, sizeof key, by_tie);
}

/* A name that several notes share is shared out among them. */
static lan_status add_mention(network_builder *b, uint32_t note, const mention *m, lan_error *err) {
  const mention_names *m_names = b->mentions;
  uint32_t first = lan_map_get(&m_names->first, m->key), sharers = 0;
  for (uint32_t p = first; p != UINT32_MAX; p = m_names->next_same[p]) sharers++;
  for (uint32_t p = first; p != UINT32_MAX; p = m_names->next_same[p]) {
    uint32_t to = m_names->notes[p];
    if (to == note || has_tie(b, note, to, EDGE_LINK) || has_tie(b, note, to, EDGE_EMBED)) continue;
    float weight = count_weight(m->count) / (float)sharers;
    if (!add_edges(b, note, to, EDGE_MENTION, weight)) return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

lan_status network_builder_add(network_builder *b, uint32_t note, const facts *f,
                               const mention *mentions, size_t n_mentions, lan_error *err) {
  b->ties.len = 0;
  lan_status s = collect_folder(b, note, err);
  for (size_t i = 0; s == LAN_OK && i < f->links.len; i++) {
    s = collect_link(b, note, &f->links.data[i], err);
  }
  for (size_t i = 0; s == LAN_OK && i < f->tags.len; i++) {
    s = collect_tag(b, note, f->tags.data[i].name, err);
  }
  if (s == LAN_OK) s = emit_ties(b, err);
  for (size_t i = 0; s == LAN_OK && i < n_mentions; i++) {
    s = add_mention(b, note, &mentions[i], err);
  }
  return s;
}

lan_status network_finish(network_builder *b, lan_error *err) {
  network *net = b->net;
  if (net->things.len >= UINT32_MAX - 1 - net->n_notes) {
    return lan_fail(err, LAN_ELIMIT, "the vault names more than 4 billion things");
  }
  return lan_graph_build(net->n_notes + (uint32_t)net->things.len, b->edges.data, b->edges.len,
                         &net->graph, err);
}

void network_free(network *net) {
  lan_graph_free(&net->graph);
  for (size_t i = 0; i < 4; i++) free(net->owned[i]);
  VEC_FREE(&net->things);
  lan_arena_free(&net->arena);
  *net = (network){0};
}

/* ---- splicing ---- */

typedef struct splice {
  const lan_graph *old;
  const uint8_t *is_changed; /* by old node: it is one of the notes */
  uint32_t *offsets, *targets;
  float *weights;
  uint8_t *types;
  uint32_t n; /* edges written */
} splice;

static bool survives(const splice *sp, uint32_t from, uint32_t to, uint8_t type) {
  bool back = type & 1;
  return !sp->is_changed[back ? to : from];
}

static void put_edge(splice *sp, uint32_t to, float weight, uint8_t type) {
  sp->targets[sp->n] = to;
  sp->weights[sp->n] = weight;
  sp->types[sp->n] = type;
  sp->n++;
}

static void copy_rows(splice *sp, uint32_t first, uint32_t last) {
  const lan_graph *g = sp->old;
  uint32_t start = g->offsets[first], count = g->offsets[last] - start;
  for (uint32_t v = first; v < last; v++) sp->offsets[v] = sp->n + (g->offsets[v] - start);
  memcpy(sp->targets + sp->n, g->targets + start, count * sizeof *sp->targets);
  memcpy(sp->weights + sp->n, g->weights + start, count * sizeof *sp->weights);
  memcpy(sp->types + sp->n, g->types + start, count);
  sp->n += count;
}

/* What survives of an old row merged with the new edges of the same sender, both in order. */
static void merge_row(splice *sp, uint32_t v, const lan_edge *add, size_t n_add) {
  const lan_graph *g = sp->old;
  sp->offsets[v] = sp->n;
  uint32_t e = v < g->n_nodes ? g->offsets[v] : 0, end = v < g->n_nodes ? g->offsets[v + 1] : 0;
  size_t a = 0;
  for (; e < end; e++) {
    if (!survives(sp, v, g->targets[e], g->types[e])) continue;
    while (a < n_add && (add[a].to < g->targets[e] ||
                         (add[a].to == g->targets[e] && add[a].type < g->types[e]))) {
      put_edge(sp, add[a].to, add[a].weight, add[a].type);
      a++;
    }
    put_edge(sp, g->targets[e], g->weights[e], g->types[e]);
  }
  for (; a < n_add; a++) put_edge(sp, add[a].to, add[a].weight, add[a].type);
}

static int by_edge(const void *a, const void *b) {
  const lan_edge *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  if (x->to != y->to) return x->to < y->to ? -1 : 1;
  return (x->type > y->type) - (x->type < y->type);
}

/* Equal edges become one, their weights added, as lan_graph_build does. */
static size_t merge_equal(lan_edge *edges, size_t n) {
  size_t out = 0;
  for (size_t i = 0; i < n; i++) {
    if (out && by_edge(&edges[out - 1], &edges[i]) == 0) {
      edges[out - 1].weight += edges[i].weight;
    } else {
      edges[out++] = edges[i];
    }
  }
  return out;
}

/* Marks with 1 the rows that change: the notes (2), what they were tied to, what they are tied to
 * now. */
static void mark_rows(const lan_graph *g, uint8_t *mark, const uint32_t *notes, size_t n_notes,
                      const lan_edge *edges, size_t n_edges) {
  for (size_t i = 0; i < n_notes; i++) {
    for (uint32_t e = g->offsets[notes[i]]; e < g->offsets[notes[i] + 1]; e++) {
      mark[g->targets[e]] = 1;
    }
  }
  for (size_t i = 0; i < n_edges; i++) mark[edges[i].from] = 1;
  for (size_t i = 0; i < n_notes; i++) mark[notes[i]] = 1;
}

static void write_rows(splice *sp, const uint8_t *mark, uint32_t n_nodes, const lan_edge *edges,
                       size_t n_edges) {
  size_t e = 0;
  for (uint32_t v = 0; v < n_nodes;) {
    if (!mark[v]) {
      uint32_t end = v;
      while (end < n_nodes && !mark[end]) end++;
      copy_rows(sp, v, end);
      v = end;
      continue;
    }
    size_t first = e;
    while (e < n_edges && edges[e].from == v) e++;
    merge_row(sp, v, edges + first, e - first);
    v++;
  }
  sp->offsets[n_nodes] = sp->n;
}

lan_status network_splice(network *net, const uint32_t *notes, size_t n_notes, lan_edge *edges,
                          size_t n_edges, lan_error *err) {
  uint32_t n_nodes = net->n_notes + (uint32_t)net->things.len;
  const lan_graph *g = &net->graph;
  size_t most = (size_t)g->n_edges + n_edges;
  if (most >= UINT32_MAX) return lan_fail(err, LAN_ELIMIT, "more than 4 billion edges");
  if (n_edges) qsort(edges, n_edges, sizeof *edges, by_edge);
  n_edges = merge_equal(edges, n_edges);
  uint8_t *mark = lan_alloc_zeroed(n_nodes, 1), *is_changed = lan_alloc_zeroed(n_nodes, 1);
  splice sp = {g,
               is_changed,
               lan_alloc_array((size_t)n_nodes + 1, sizeof(uint32_t)),
               lan_alloc_array(most, sizeof(uint32_t)),
               lan_alloc_array(most, sizeof(float)),
               lan_alloc_array(most, 1),
               0};
  if (!mark || !is_changed || !sp.offsets || !sp.targets || !sp.weights || !sp.types) {
    free(mark);
    free(is_changed);
    free(sp.offsets);
    free(sp.targets);
    free(sp.weights);
    free(sp.types);
    return lan_fail_memory(err, most * 9);
  }
  for (size_t i = 0; i < n_notes; i++) is_changed[notes[i]] = 1;
  mark_rows(g, mark, notes, n_notes, edges, n_edges);
  for (uint32_t v = g->n_nodes; v < n_nodes; v++) mark[v] = 1;
  write_rows(&sp, mark, n_nodes, edges, n_edges);
  free(mark);
  free(is_changed);
  lan_graph_free(&net->graph);
  void *arrays[4] = {sp.offsets, sp.targets, sp.weights, sp.types};
  for (size_t i = 0; i < 4; i++) {
    free(net->owned[i]);
    net->owned[i] = arrays[i];
  }
  net->graph = (lan_graph){n_nodes, sp.n, sp.offsets, sp.targets, sp.weights, sp.types, NULL};
  return LAN_OK;
}

/* ---- the cache's section ---- */

lan_status network_encode_things(const network *net, lan_buf *out, lan_error *err) {
  pack_number(out, net->n_notes);
  pack_number(out, net->things.len);
  for (size_t i = 0; i < net->things.len; i++) {
    pack_number(out, (uint64_t)net->things.data[i].kind);
    pack_string(out, net->things.data[i].name);
  }
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

lan_status network_decode_things(lan_str bytes, network *net, lan_error *err) {
  unpack u = {bytes.ptr, bytes.ptr + bytes.len, false};
  net->n_notes = (uint32_t)unpack_number(&u);
  uint32_t n = unpack_count(&u, 2);
  if (!VEC_RESERVE(&net->things, n)) return lan_fail_memory(err, n * sizeof(network_thing));
  for (uint32_t i = 0; i < n; i++) {
    uint64_t kind = unpack_number(&u);
    lan_str name = unpack_string(&u);
    char *copy = lan_arena_copy(&net->arena, name.ptr, name.len);
    if (!copy) return lan_fail_memory(err, name.len);
    if (kind < NODE_ATTACHMENT || kind > NODE_FOLDER) u.bad = true;
    net->things.data[net->things.len++] = (network_thing){(network_kind)kind, {copy, name.len}};
  }
  if (u.bad || u.p != u.end) {
    return lan_fail(err, LAN_ECORRUPT, "the index cache's list of tags and phantoms is damaged");
  }
  return LAN_OK;
}
