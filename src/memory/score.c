#include "memory/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/words.h"

/* The weights, and the part of the answer that each feature counts to. How they were found, and how
 * well they do: docs/scoring.md. */
static const struct {
  lan_signal signal;
  float note, text; /* for a note as the cue; for words as the cue */
} WEIGHTS[FEATURES] = {
    [FEATURE_LINK_OUT] = {LAN_SIGNAL_LINK, 2.0f, 0.5f},
    [FEATURE_LINK_IN] = {LAN_SIGNAL_LINK, 0.3f, 0.5f},
    [FEATURE_OUT_OUT] = {LAN_SIGNAL_PATH, 0.5f, 0.2f},
    [FEATURE_OUT_IN] = {LAN_SIGNAL_COUPLED, 0.5f, 0.1f},
    [FEATURE_IN_OUT] = {LAN_SIGNAL_COCITED, 1.0f, 0.2f},
    [FEATURE_IN_IN] = {LAN_SIGNAL_PATH, 0.2f, 0.1f},
    [FEATURE_ADAMIC_ADAR] = {LAN_SIGNAL_PATH, 0.3f, 0},
    [FEATURE_WALK] = {LAN_SIGNAL_PATH, 0.5f, 0.1f},
    [FEATURE_TEXT] = {LAN_SIGNAL_TEXT, 1.5f, 3.0f},
    [FEATURE_TEXT_OUT] = {LAN_SIGNAL_NEIGHBOR, 1.5f, 0.3f},
    [FEATURE_TEXT_IN] = {LAN_SIGNAL_NEIGHBOR, 0.3f, 0.1f},
    [FEATURE_MENTION_OUT] = {LAN_SIGNAL_MENTION, 1.0f, 2.0f},
    [FEATURE_MENTION_IN] = {LAN_SIGNAL_MENTION, 0.3f, 0.2f},
    [FEATURE_TITLE] = {LAN_SIGNAL_TITLE, 0.5f, 1.5f},
    [FEATURE_TITLE_IN_CUE] = {LAN_SIGNAL_TITLE, 0.7f, 1.0f},
    [FEATURE_TAG] = {LAN_SIGNAL_TAG, 0.5f, 0.1f},
    [FEATURE_TAG_OUT] = {LAN_SIGNAL_TAG, 0.3f, 0},
    [FEATURE_FOLDER] = {LAN_SIGNAL_FOLDER, 0.3f, 0},
    [FEATURE_NEAR] = {LAN_SIGNAL_FOLDER, 0.3f, 0},
    [FEATURE_SIBLING_OUT] = {LAN_SIGNAL_FOLDER, 0.5f, 0},
    [FEATURE_POPULAR] = {LAN_SIGNAL_POPULAR, 0.3f, 0.1f},
};

enum {
  SIMILAR_MOST = 10,     /* notes with similar words that activation starts from */
  TEXT_CANDIDATES = 200, /* notes that become candidates by their words alone */
  FIRST_HOPS = 200,      /* of a vector of first hops, the strongest that go on */
  SIBLINGS = 12          /* notes on each side in the folder that count as close by */
};

lan_signal score_signal_of(score_feature feature) { return WEIGHTS[feature].signal; }

/* Activations are products of shares: their logarithm tells more than they do. 1 maps to 1, a
 * thousandth to about 0.1, 0 to 0. */
static float squash(double a) { return (float)(log1p(a * 1000.0) / log1p(1000.0)); }

/* ---- cues ---- */

void score_cue_reset(score_cue *cue) {
  cue->nodes.len = cue->words.len = cue->title.len = 0;
  lan_map_free(&cue->in_text);
  cue->note = UINT32_MAX;
  cue->is_text = false;
}

void score_cue_free(score_cue *cue) {
  VEC_FREE(&cue->nodes);
  VEC_FREE(&cue->words);
  VEC_FREE(&cue->title);
  lan_map_free(&cue->in_text);
}

/* ---- state ---- */

static bool is_link(uint8_t type) { return type == EDGE_LINK || type == EDGE_EMBED; }
static bool is_back_link(uint8_t type) { return type == EDGE_LINK_BACK || type == EDGE_EMBED_BACK; }

static void count_degrees(score_state *st) {
  const lan_graph *g = &st->index->net.graph;
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      st->in_degree[v] += is_back_link(g->types[e]);
      st->degree[v] += is_link(g->types[e]) || is_back_link(g->types[e]);
    }
    if (v < st->index->cat.n_notes && st->in_degree[v] > st->most_linked) {
      st->most_linked = st->in_degree[v];
    }
  }
}

lan_status score_state_init(score_state *st, const memory_index *index, lan_error *err) {
  size_t notes = index->cat.n_notes, nodes = index->net.graph.n_nodes;
  *st = (score_state){.index = index};
  st->text = lan_alloc_zeroed(notes, sizeof *st->text);
  st->touched = lan_alloc_zeroed(notes, sizeof *st->touched);
  st->slot = lan_alloc_zeroed(notes, sizeof *st->slot);
  st->in_degree = lan_alloc_zeroed(nodes, sizeof *st->in_degree);
  st->degree = lan_alloc_zeroed(nodes, sizeof *st->degree);
  st->titles = lan_alloc_zeroed(notes, sizeof *st->titles);
  lan_status s = LAN_OK;
  if (!st->text || !st->touched || !st->slot || !st->in_degree || !st->degree || !st->titles) {
    s = lan_fail_memory(err, nodes * 8 + notes * 44);
  }
  if (s == LAN_OK) s = lan_spreader_new(&index->net.graph, &st->spreader, err);
  if (s != LAN_OK) {
    score_state_free(st);
    return s;
  }
  count_degrees(st);
  return LAN_OK;
}

void score_state_free(score_state *st) {
  lan_spreader_free(st->spreader);
  free(st->text);
  free(st->touched);
  free(st->slot);
  free(st->in_degree);
  free(st->degree);
  free(st->titles);
  lan_arena_free(&st->arena);
  VEC_FREE(&st->candidates);
  VEC_FREE(&st->out);
  VEC_FREE(&st->in);
  VEC_FREE(&st->similar);
  VEC_FREE(&st->siblings);
  VEC_FREE(&st->tagged);
  *st = (score_state){0};
}

/* ---- candidates ---- */

static float *feature_of(score_state *st, uint32_t note, score_feature f) {
  if (st->slot[note] == 0) {
    if (!VEC_RESERVE(&st->candidates, 1)) return NULL;
    score_candidate *c = &st->candidates.data[st->candidates.len++];
    memset(c, 0, sizeof *c);
    c->note = note;
    st->slot[note] = (uint32_t)st->candidates.len;
  }
  return &st->candidates.data[st->slot[note] - 1].features[f];
}

static void forget_candidates(score_state *st) {
  for (size_t i = 0; i < st->candidates.len; i++) st->slot[st->candidates.data[i].note] = 0;
  st->candidates.len = 0;
}

/* ---- spreading ---- */

static const lan_activation *one_step(score_state *st, const lan_cue *from, size_t n,
                                      unsigned types, size_t *n_out, lan_status *s,
                                      lan_error *err) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  const lan_activation *out = NULL;
  m.decay = 1;
  m.steps = 1;
  for (size_t t = 0; t < LAN_EDGE_TYPES; t++) m.type_gain[t] = types >> t & 1 ? 1.0f : 0.0f;
  *n_out = 0;
  *s = lan_spread(st->spreader, &m, from, n, &out, n_out, NULL, err);
  return out;
}

enum {
  OUT = 1u << EDGE_LINK | 1u << EDGE_EMBED,
  IN = 1u << EDGE_LINK_BACK | 1u << EDGE_EMBED_BACK
};

/* Spreads one step and keeps the activation of each note that it reaches as a feature. */
static lan_status channel(score_state *st, const lan_cue *from, size_t n, unsigned types,
                          score_feature f, lan_error *err) {
  lan_status s;
  size_t n_out;
  const lan_activation *out = one_step(st, from, n, types, &n_out, &s, err);
  for (size_t i = 0; s == LAN_OK && i < n_out; i++) {
    if (out[i].node >= st->index->cat.n_notes) continue;
    float *value = feature_of(st, out[i].node, f);
    if (!value) return lan_fail_memory(err, 0);
    *value = squash(out[i].activation);
  }
  return s;
}

static int by_activation(const void *a, const void *b) {
  const lan_cue *x = a, *y = b;
  if (x->activation != y->activation) return x->activation > y->activation ? -1 : 1;
  return (x->node > y->node) - (x->node < y->node);
}

/* Spreads one step into a vector; of very many nodes the strongest go on. */
static lan_status step_vector(score_state *st, const lan_cue *from, size_t n, unsigned types,
                              score_vector *to, lan_error *err) {
  lan_status s;
  size_t n_out;
  const lan_activation *out = one_step(st, from, n, types, &n_out, &s, err);
  to->len = 0;
  if (s != LAN_OK) return s;
  if (!VEC_RESERVE(to, n_out)) return lan_fail_memory(err, n_out * sizeof(lan_cue));
  for (size_t i = 0; i < n_out; i++) {
    to->data[to->len++] = (lan_cue){out[i].node, (float)out[i].activation};
  }
  if (to->len > FIRST_HOPS) {
    qsort(to->data, to->len, sizeof *to->data, by_activation);
    to->len = FIRST_HOPS;
  }
  return LAN_OK;
}

static lan_status link_channels(score_state *st, const score_cue *cue, lan_error *err) {
  const lan_cue *c = cue->nodes.data;
  size_t n = cue->nodes.len;
  score_vector *out = &st->out, *in = &st->in;
  lan_status s = step_vector(st, c, n, OUT, out, err);
  if (s == LAN_OK) s = step_vector(st, c, n, IN, in, err);
  if (s == LAN_OK) s = channel(st, c, n, OUT, FEATURE_LINK_OUT, err);
  if (s == LAN_OK) s = channel(st, c, n, IN, FEATURE_LINK_IN, err);
  if (s == LAN_OK) s = channel(st, out->data, out->len, OUT, FEATURE_OUT_OUT, err);
  if (s == LAN_OK) s = channel(st, out->data, out->len, IN, FEATURE_OUT_IN, err);
  if (s == LAN_OK) s = channel(st, in->data, in->len, OUT, FEATURE_IN_OUT, err);
  if (s == LAN_OK) s = channel(st, in->data, in->len, IN, FEATURE_IN_IN, err);
  return s;
}

/* Adamic and Adar 2003, over links whichever way they point: the sum over neighbours in common of
 * 1 / ln(degree). */
static lan_status adamic_adar(score_state *st, lan_error *err) {
  const lan_graph *g = &st->index->net.graph;
  const score_vector *halves[2] = {&st->out, &st->in};
  for (size_t k = 0; k < st->out.len + st->in.len; k++) {
    uint32_t x = k < st->out.len ? halves[0]->data[k].node : halves[1]->data[k - st->out.len].node;
    float share = 1.0f / logf((float)(st->degree[x] < 2 ? 2 : st->degree[x]));
    for (uint32_t e = g->offsets[x]; e < g->offsets[x + 1]; e++) {
      uint8_t type = g->types[e];
      bool tie = is_link(type) || is_back_link(type);
      if (!tie || g->targets[e] >= st->index->cat.n_notes) continue;
      float *value = feature_of(st, g->targets[e], FEATURE_ADAMIC_ADAR);
      if (!value) return lan_fail_memory(err, 0);
      *value += share;
    }
  }
  for (size_t i = 0; i < st->candidates.len; i++) {
    float *value = &st->candidates.data[i].features[FEATURE_ADAMIC_ADAR];
    *value = log1pf(*value);
  }
  return LAN_OK;
}

/* Three steps over links either way, on from what one step reached. */
static lan_status walk_channel(score_state *st, const score_cue *cue, lan_error *err) {
  lan_status s;
  size_t n;
  score_vector *v = &st->tagged; /* free at this time */
  s = step_vector(st, cue->nodes.data, cue->nodes.len, OUT | IN, v, err);
  if (s == LAN_OK) s = step_vector(st, v->data, v->len, OUT | IN, v, err);
  if (s != LAN_OK) return s;
  const lan_activation *out = one_step(st, v->data, v->len, OUT | IN, &n, &s, err);
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    if (out[i].node >= st->index->cat.n_notes) continue;
    float *value = feature_of(st, out[i].node, FEATURE_WALK);
    if (!value) return lan_fail_memory(err, 0);
    *value = squash(out[i].activation);
  }
  return s;
}

/* ---- words ---- */

/* What the cue itself would score, so that 1 is a note with the same words. */
static float self_score(const score_state *st, const score_cue *cue) {
  if (cue->note != UINT32_MAX && st->text[cue->note] > 0) return st->text[cue->note];
  float best = 0;
  for (uint32_t i = 0; i < st->index->cat.n_notes; i++) best = fmaxf(best, st->text[i]);
  return best > 0 ? best : 1;
}

/* The notes with the most similar words, strongest first, their scores as shares of the cue's own.
 */
static lan_status rank_by_text(score_state *st, const score_cue *cue, uint32_t n, lan_error *err) {
  float self = self_score(st, cue);
  st->similar.len = 0;
  if (!VEC_RESERVE(&st->similar, n)) return lan_fail_memory(err, n * sizeof(lan_cue));
  for (uint32_t i = 0; i < n; i++) {
    uint32_t note = st->touched[i];
    if (note != cue->note)
      st->similar.data[st->similar.len++] = (lan_cue){note, st->text[note] / self};
  }
  if (st->similar.len) qsort(st->similar.data, st->similar.len, sizeof(lan_cue), by_activation);
  return LAN_OK;
}

/* The most similar become candidates; others keep the feature if they are candidates otherwise. */
static lan_status text_features(score_state *st, lan_error *err) {
  for (size_t i = 0; i < st->similar.len; i++) {
    lan_cue c = st->similar.data[i];
    if (i >= TEXT_CANDIDATES && st->slot[c.node] == 0) continue;
    float *value = feature_of(st, c.node, FEATURE_TEXT);
    if (!value) return lan_fail_memory(err, 0);
    *value = sqrtf(c.activation);
  }
  return LAN_OK;
}

static void normalise(score_vector *v) {
  float sum = 0;
  for (size_t i = 0; i < v->len; i++) sum += v->data[i].activation;
  for (size_t i = 0; sum > 0 && i < v->len; i++) v->data[i].activation /= sum;
}

/* Fills st->similar with all notes that share words with the cue, the most similar first. */
static lan_status compare_words(score_state *st, const score_cue *cue, lan_error *err) {
  uint32_t n = 0;
  lan_status s = bm25_score(st->index->words, SCORE_BM25, cue->words.data, cue->words.len, st->text,
                            st->touched, &n);
  if (s != LAN_OK) return lan_fail_memory(err, 0);
  s = rank_by_text(st, cue, n, err);
  for (uint32_t i = 0; i < n; i++) st->text[st->touched[i]] = 0;
  return s;
}

lan_status score_seeds(score_state *st, score_cue *cue, size_t most, lan_error *err) {
  lan_status s = compare_words(st, cue, err);
  cue->nodes.len = 0;
  for (size_t i = 0; s == LAN_OK && i < st->similar.len && i < most; i++) {
    if (!VEC_PUSH(&cue->nodes, st->similar.data[i])) s = lan_fail_memory(err, 0);
  }
  normalise(&cue->nodes);
  return s;
}

static lan_status text_channels(score_state *st, const score_cue *cue, lan_error *err) {
  lan_status s = compare_words(st, cue, err);
  if (s == LAN_OK) s = text_features(st, err);
  if (s != LAN_OK) return s;
  if (st->similar.len > SIMILAR_MOST) st->similar.len = SIMILAR_MOST;
  normalise(&st->similar);
  s = channel(st, st->similar.data, st->similar.len, OUT, FEATURE_TEXT_OUT, err);
  if (s == LAN_OK) s = channel(st, st->similar.data, st->similar.len, IN, FEATURE_TEXT_IN, err);
  return s;
}

/* ---- mentions, tags, folders ---- */

static lan_status tag_channels(score_state *st, const score_cue *cue, lan_error *err) {
  score_vector *v = &st->tagged;
  lan_status s = step_vector(st, cue->nodes.data, cue->nodes.len, 1u << EDGE_TAG, v, err);
  if (s == LAN_OK) s = channel(st, v->data, v->len, 1u << EDGE_TAG_BACK, FEATURE_TAG, err);
  if (s == LAN_OK) s = step_vector(st, v->data, v->len, 1u << EDGE_TAG_BACK, v, err);
  if (s == LAN_OK) s = channel(st, v->data, v->len, OUT, FEATURE_TAG_OUT, err);
  return s;
}

static lan_status mention_channels(score_state *st, const score_cue *cue, lan_error *err) {
  const lan_cue *c = cue->nodes.data;
  size_t n = cue->nodes.len;
  lan_status s = channel(st, c, n, 1u << EDGE_MENTION, FEATURE_MENTION_OUT, err);
  if (s == LAN_OK) s = channel(st, c, n, 1u << EDGE_MENTION_BACK, FEATURE_MENTION_IN, err);
  return s;
}

static size_t folder_length(lan_str path) {
  while (path.len && path.ptr[path.len - 1] != '/') path.len--;
  return path.len;
}

static bool same_folder(const catalog *c, uint32_t a, uint32_t b) {
  size_t n = folder_length(c->notes[a].path);
  return n == folder_length(c->notes[b].path) &&
         memcmp(c->notes[a].path.ptr, c->notes[b].path.ptr, n) == 0;
}

static lan_status add_sibling(score_state *st, uint32_t note, int distance, lan_error *err) {
  float *near = feature_of(st, note, FEATURE_NEAR);
  if (!near) return lan_fail_memory(err, 0);
  *near = 1.0f / (float)distance;
  lan_cue c = {note, 1.0f / (float)distance};
  return VEC_PUSH(&st->siblings, c) ? LAN_OK : lan_fail_memory(err, 0);
}

/* Notes are numbered in the order of their paths, so that a dated sequence lies side by side. */
static lan_status sibling_channels(score_state *st, const score_cue *cue, lan_error *err) {
  const catalog *cat = &st->index->cat;
  lan_status s = LAN_OK;
  st->siblings.len = 0;
  if (cue->note == UINT32_MAX) return LAN_OK;
  for (int side = -1; side <= 1; side += 2) {
    int64_t v = cue->note;
    for (int k = 1; s == LAN_OK && k <= SIBLINGS; k++) {
      v += side;
      while (v >= 0 && v < cat->n_notes && /* notes of folders below lie between */
             folder_length(cat->notes[v].path) > folder_length(cat->notes[cue->note].path) &&
             k < SIBLINGS) {
        v += side;
        k++;
      }
      if (v < 0 || v >= cat->n_notes || !same_folder(cat, cue->note, (uint32_t)v)) break;
      s = add_sibling(st, (uint32_t)v, k, err);
    }
  }
  if (s != LAN_OK) return s;
  normalise(&st->siblings);
  return channel(st, st->siblings.data, st->siblings.len, OUT, FEATURE_SIBLING_OUT, err);
}

static uint32_t folder_of(const lan_graph *g, uint32_t note) {
  for (uint32_t e = g->offsets[note + 1]; e-- > g->offsets[note];) {
    if (g->types[e] == EDGE_FOLDER) return g->targets[e];
  }
  return UINT32_MAX;
}

static void folder_features(score_state *st, const score_cue *cue) {
  const lan_graph *g = &st->index->net.graph;
  if (cue->note == UINT32_MAX) return;
  uint32_t folder = folder_of(g, cue->note);
  if (folder == UINT32_MAX) return;
  float size = (float)(g->offsets[folder + 1] - g->offsets[folder]);
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    if (same_folder(&st->index->cat, cue->note, c->note)) {
      c->features[FEATURE_FOLDER] = 1.0f / log2f(1.0f + size);
    }
  }
}

/* ---- titles ---- */

typedef struct title_words {
  uint64_t words[64];
  uint32_t n;
} title_words;

static bool collect_title(void *ctx, const text_word *w) {
  title_words *t = ctx;
  t->words[t->n++] = w->hash;
  return t->n < 64;
}

static const score_title *title_of(score_state *st, uint32_t note) {
  score_title *t = &st->titles[note];
  if (t->made) return t;
  title_words w = {.n = 0};
  lan_str title = st->index->cat.notes[note].title;
  text_words(title.ptr, title.len, TEXT_CUT_BIGRAMS, collect_title, &w);
  t->words = lan_arena_alloc(&st->arena, w.n, sizeof *t->words);
  t->idf = lan_arena_alloc(&st->arena, w.n, sizeof *t->idf);
  if (!t->words || !t->idf) return NULL;
  memcpy(t->words, w.words, w.n * sizeof *t->words);
  for (uint32_t i = 0; i < w.n; i++) {
    t->idf[i] = (float)bm25_idf(st->index->words, w.words[i]);
    t->idf_sum += t->idf[i];
  }
  t->n = w.n;
  t->made = true;
  return t;
}

static bool in_title(const score_cue *cue, uint64_t word) {
  for (size_t i = 0; i < cue->title.len; i++) {
    if (cue->title.data[i] == word) return true;
  }
  return false;
}

static lan_status title_features(score_state *st, const score_cue *cue, lan_error *err) {
  float cue_sum = 0;
  for (size_t i = 0; i < cue->title.len; i++) {
    cue_sum += (float)bm25_idf(st->index->words, cue->title.data[i]);
  }
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    const score_title *t = title_of(st, c->note);
    if (!t) return lan_fail_memory(err, 0);
    float shared = 0, named = 0;
    for (uint32_t k = 0; k < t->n; k++) {
      if (in_title(cue, t->words[k])) shared += t->idf[k];
      if (lan_map_get(&cue->in_text, t->words[k]) != LAN_MAP_NONE) named += t->idf[k];
    }
    float both = t->idf_sum + cue_sum - shared;
    if (shared > 0 && both > 0) c->features[FEATURE_TITLE] = shared / both;
    if (t->idf_sum > 0) {
      float share = named / t->idf_sum;
      c->features[FEATURE_TITLE_IN_CUE] = share * share;
    }
  }
  return LAN_OK;
}

static void popularity(score_state *st) {
  float most = log1pf((float)(st->most_linked ? st->most_linked : 1));
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    c->features[FEATURE_POPULAR] = log1pf((float)st->in_degree[c->note]) / most;
  }
}

/* ---- all together ---- */

/* The cue is no answer to itself. */
static void leave_out(score_state *st, uint32_t note) {
  if (note == UINT32_MAX || st->slot[note] == 0) return;
  uint32_t at = st->slot[note] - 1;
  score_candidate *last = &st->candidates.data[--st->candidates.len];
  st->slot[last->note] = at + 1;
  st->candidates.data[at] = *last;
  st->slot[note] = 0;
}

lan_status score_candidates(score_state *st, const score_cue *cue, lan_error *err) {
  forget_candidates(st);
  lan_status s = link_channels(st, cue, err);
  if (s == LAN_OK) s = walk_channel(st, cue, err);
  if (s == LAN_OK) s = mention_channels(st, cue, err);
  if (s == LAN_OK) s = tag_channels(st, cue, err);
  if (s == LAN_OK) s = sibling_channels(st, cue, err);
  if (s == LAN_OK) s = adamic_adar(st, err);
  if (s == LAN_OK) s = text_channels(st, cue, err);
  leave_out(st, cue->note);
  if (s == LAN_OK) s = title_features(st, cue, err);
  folder_features(st, cue);
  popularity(st);
  return s;
}

double score_sum(const score_candidate *c, const score_cue *cue, float signals[LAN_SIGNALS]) {
  double sum = 0;
  memset(signals, 0, LAN_SIGNALS * sizeof *signals);
  for (size_t f = 0; f < FEATURES; f++) {
    float part = c->features[f] * (cue->is_text ? WEIGHTS[f].text : WEIGHTS[f].note);
    signals[WEIGHTS[f].signal] += part;
    sum += (double)part;
  }
  return sum;
}
