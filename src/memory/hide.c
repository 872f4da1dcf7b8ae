#include "memory/hide.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"

typedef struct link_pair {
  uint32_t from, to;
} link_pair;

typedef VEC(link_pair) pair_list;

static bool is_link(uint8_t type) { return type == EDGE_LINK || type == EDGE_EMBED; }

/* Distinct notes that a note links to; edges are ordered by target. */
static uint32_t next_target(const memory_index *index, uint32_t note, uint32_t *edge) {
  const lan_graph *g = &index->net.graph;
  uint32_t last = *edge > g->offsets[note] ? g->targets[*edge - 1] : UINT32_MAX;
  for (; *edge < g->offsets[note + 1]; ++*edge) {
    uint32_t to = g->targets[*edge];
    if (to == last || to >= index->cat.n_notes || to == note || !is_link(g->types[*edge])) continue;
    ++*edge;
    return to;
  }
  return UINT32_MAX;
}

static bool links_to(const memory_index *index, uint32_t from, uint32_t to) {
  uint32_t edge = index->net.graph.offsets[from], v;
  while ((v = next_target(index, from, &edge)) != UINT32_MAX) {
    if (v == to) return true;
  }
  return false;
}

static bool collect_pairs(const memory_index *index, const hidden_links *but, pair_list *out) {
  for (uint32_t note = 0; note < index->cat.n_notes; note++) {
    uint32_t edge = index->net.graph.offsets[note], first = edge, v, n = 0;
    if (index->cat.notes[note].kind == WALK_CANVAS) continue;
    while (next_target(index, note, &first) != UINT32_MAX) n++;
    while (n >= 2 && (v = next_target(index, note, &edge)) != UINT32_MAX) {
      if (but && but->target[note] == v) continue;
      if (!VEC_PUSH(out, (link_pair){note, v})) return false;
    }
  }
  return true;
}

static void shuffle(pair_list *pairs, uint64_t seed) {
  lan_rng rng = lan_rng_at(seed, 0x68696465, 0);
  for (size_t i = pairs->len; i > 1; i--) {
    size_t k = lan_rng_below(&rng, (uint32_t)i);
    link_pair p = pairs->data[i - 1];
    pairs->data[i - 1] = pairs->data[k];
    pairs->data[k] = p;
  }
}

lan_status hide_choose(const memory_index *index, uint64_t seed, double share, size_t least,
                       size_t most, const hidden_links *but, hidden_links *out, lan_error *err) {
  pair_list pairs = {0};
  hidden_links h = {lan_alloc_array(index->cat.n_notes, sizeof *h.target), 0};
  if (!h.target || !collect_pairs(index, but, &pairs)) {
    hide_free(&h);
    VEC_FREE(&pairs);
    return lan_fail_memory(err, 0);
  }
  memset(h.target, 0xFF, index->cat.n_notes * sizeof *h.target);
  shuffle(&pairs, seed);
  size_t want = (size_t)(share * (double)pairs.len);
  want = want < least ? least : want > most ? most : want;
  for (size_t i = 0; i < pairs.len && h.n < want; i++) {
    link_pair p = pairs.data[i];
    bool back = links_to(index, p.to, p.from) && h.target[p.to] != p.from;
    if (h.target[p.from] != UINT32_MAX || back) continue;
    h.target[p.from] = p.to;
    h.n++;
  }
  VEC_FREE(&pairs);
  *out = h;
  return LAN_OK;
}

void hide_free(hidden_links *h) {
  free(h->target);
  *h = (hidden_links){0};
}

static lan_status copy_catalog(const catalog *from, catalog *to, lan_error *err) {
  lan_buf bytes = {0};
  lan_status s = catalog_encode(from, &bytes, err);
  if (s == LAN_OK) s = catalog_decode(lan_buf_str(&bytes), to, err);
  lan_buf_free(&bytes);
  return s;
}

static lan_status build_shadow(lan_memory *m, lan_memory *shadow, lan_error *err) {
  catalog cat = {0};
  const names *files;
  lan_status s = memory_files(m, &files, err);
  if (s == LAN_OK) s = copy_catalog(&m->index.cat, &cat, err);
  if (s != LAN_OK) return s;
  shadow->hidden.files = files;
  index_job job = {.source = m->source,
                   .pool = m->pool,
                   .hidden = &shadow->hidden,
                   .skip_arena = &shadow->skip_arena,
                   .skips = &shadow->skips};
  s = index_build(&job, &cat, &shadow->index, err);
  if (s == LAN_OK) s = score_state_init(&shadow->score, &shadow->index, &shadow->model, err);
  return s;
}

static lan_status open_shadow(lan_memory *m, reader_hidden hidden, lan_memory **out,
                              lan_error *err) {
  lan_memory *shadow = lan_alloc_zeroed(1, sizeof *shadow);
  if (!shadow) return lan_fail_memory(err, sizeof *shadow);
  shadow->root_fd = -1;
  shadow->source = m->source;
  shadow->model = m->model;
  shadow->hidden = hidden;
  lan_status s = build_shadow(m, shadow, err);
  if (s != LAN_OK) {
    hide_close(shadow);
    return s;
  }
  *out = shadow;
  return LAN_OK;
}

lan_status hide_open(lan_memory *m, const hidden_links *h, lan_memory **out, lan_error *err) {
  return open_shadow(m, (reader_hidden){.target = h->target}, out, err);
}

lan_status hide_open_parts(lan_memory *m, const reader_part *parts, lan_memory **out,
                           lan_error *err) {
  return open_shadow(m, (reader_hidden){.parts = parts}, out, err);
}

void hide_close(lan_memory *shadow) {
  if (!shadow) return;
  shadow->pool = NULL; /* the owner's */
  lan_memory_close(shadow);
}
