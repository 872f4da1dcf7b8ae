#include "memory/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/words.h"

/* The weights, and the part of the answer that each feature counts to. How they were found, and how
 * well they do: docs/scoring.md. */
static const lan_signal SIGNALS[FEATURES] = {[FEATURE_LINK_OUT] = LAN_SIGNAL_LINK,
                                             [FEATURE_LINK_IN] = LAN_SIGNAL_LINK,
                                             [FEATURE_OUT_OUT] = LAN_SIGNAL_PATH,
                                             [FEATURE_OUT_IN] = LAN_SIGNAL_COUPLED,
                                             [FEATURE_IN_OUT] = LAN_SIGNAL_COCITED,
                                             [FEATURE_WALK] = LAN_SIGNAL_PATH,
                                             [FEATURE_TEXT] = LAN_SIGNAL_TEXT,
                                             [FEATURE_TEXT_OUT] = LAN_SIGNAL_NEIGHBOR,
                                             [FEATURE_MENTION_OUT] = LAN_SIGNAL_MENTION,
                                             [FEATURE_MENTION_IN] = LAN_SIGNAL_MENTION,
                                             [FEATURE_TITLE] = LAN_SIGNAL_TITLE,
                                             [FEATURE_TITLE_IN_CUE] = LAN_SIGNAL_TITLE,
                                             [FEATURE_TAG] = LAN_SIGNAL_TAG,
                                             [FEATURE_FOLDER] = LAN_SIGNAL_FOLDER,
                                             [FEATURE_SIBLING_OUT] = LAN_SIGNAL_FOLDER,
                                             [FEATURE_POPULAR] = LAN_SIGNAL_POPULAR};

/* For a note as the cue. */
static const float NOTE_WEIGHTS[FEATURES] = {
    [FEATURE_LINK_OUT] = 2.4f,   [FEATURE_LINK_IN] = -1.0f,     [FEATURE_OUT_OUT] = 0.9f,
    [FEATURE_OUT_IN] = 0.2f,     [FEATURE_IN_OUT] = 0.3f,       [FEATURE_WALK] = 3.8f,
    [FEATURE_TEXT] = 1.8f,       [FEATURE_TEXT_OUT] = 3.4f,     [FEATURE_MENTION_OUT] = 0.6f,
    [FEATURE_MENTION_IN] = 1.2f, [FEATURE_TITLE_IN_CUE] = 1.7f, [FEATURE_TAG] = 0.7f,
    [FEATURE_FOLDER] = 2.6f,     [FEATURE_SIBLING_OUT] = 1.3f,  [FEATURE_POPULAR] = 0.5f};

/* For words as the cue. */
static const float TEXT_WEIGHTS[FEATURES] = {
    [FEATURE_LINK_OUT] = 0.5f,   [FEATURE_LINK_IN] = 0.5f,  [FEATURE_OUT_OUT] = 0.2f,
    [FEATURE_OUT_IN] = 0.1f,     [FEATURE_IN_OUT] = 0.2f,   [FEATURE_WALK] = 0.1f,
    [FEATURE_TEXT] = 3.0f,       [FEATURE_TEXT_OUT] = 0.3f, [FEATURE_MENTION_OUT] = 2.0f,
    [FEATURE_MENTION_IN] = 0.2f, [FEATURE_TITLE] = 1.5f,    [FEATURE_TITLE_IN_CUE] = 1.0f,
    [FEATURE_TAG] = 0.1f,        [FEATURE_POPULAR] = 0.1f};

enum {
  SIMILAR_MOST = 10,     /* notes with similar words that activation starts from */
  TEXT_CANDIDATES = 150, /* notes that become candidates by their words alone */
  FIRST_HOPS = 100,      /* of a vector of first hops, the strongest that go on */
  SIBLINGS = 12,         /* notes on each side in the folder that count as close by */
  KEPT_LEAST = 300       /* candidates whose titles are compared */
};

static const float *weights_for(const score_cue *cue) {
  return cue->is_text ? TEXT_WEIGHTS : NOTE_WEIGHTS;
}

/* Activations are products of shares: their logarithm tells more than they do. 1 maps to 1, a
 * thousandth to about 0.1, 0 to 0. */
static float squash(double a) {
  return logf(1.0f + 1000.0f * (float)a) * 0.14474208f;
} /* / ln 1001 */

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

static bool is_back_link(uint8_t type) { return type == EDGE_LINK_BACK || type == EDGE_EMBED_BACK; }

/* One pass over the graph for what every question needs of each note. */
static void survey_notes(score_state *st) {
  const lan_graph *g = &st->index->net.graph;
  float most = 1;
  for (uint32_t v = 0; v < st->index->cat.n_notes; v++) {
    uint32_t links = 0;
    st->folder[v] = UINT32_MAX;
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      links += is_back_link(g->types[e]);
      if (g->types[e] == EDGE_FOLDER) st->folder[v] = g->targets[e];
    }
    st->popular[v] = log1pf((float)links);
    if (st->popular[v] > most) most = st->popular[v];
  }
  for (uint32_t v = 0; v < st->index->cat.n_notes; v++) st->popular[v] /= most;
}

lan_status score_state_init(score_state *st, const memory_index *index, lan_error *err) {
  size_t n = index->cat.n_notes;
  *st = (score_state){.index = index};
  st->text = lan_alloc_zeroed(n, sizeof *st->text);
  st->touched = lan_alloc_zeroed(n + 1, sizeof *st->touched);
  st->slot = lan_alloc_zeroed(n, sizeof *st->slot);
  st->popular = lan_alloc_zeroed(n, sizeof *st->popular);
  st->folder = lan_alloc_zeroed(n, sizeof *st->folder);
  st->titles = lan_alloc_zeroed(n, sizeof *st->titles);
  lan_status s = LAN_OK;
  if (!st->text || !st->touched || !st->slot || !st->popular || !st->folder || !st->titles) {
    s = lan_fail_memory(err, n * 56);
  }
  if (s == LAN_OK) s = lan_spreader_new(&index->net.graph, &st->spreader, err);
  if (s != LAN_OK) {
    score_state_free(st);
    return s;
  }
  survey_notes(st);
  return LAN_OK;
}

void score_state_free(score_state *st) {
  lan_spreader_free(st->spreader);
  free(st->text);
  free(st->touched);
  free(st->slot);
  free(st->popular);
  free(st->folder);
  free(st->titles);
  lan_arena_free(&st->arena);
  VEC_FREE(&st->candidates);
  VEC_FREE(&st->ranking);
  VEC_FREE(&st->out);
  VEC_FREE(&st->in);
  VEC_FREE(&st->similar);
  VEC_FREE(&st->siblings);
  VEC_FREE(&st->reached);
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

/* The `most` strongest of state->ranking, in order, into a vector. */
static lan_status take_strongest(score_state *st, size_t most, score_vector *to, lan_error *err) {
  size_t n = st->ranking.len;
  if (most > n) most = n;
  to->len = 0;
  if (most == 0) return LAN_OK;
  if (!VEC_RESERVE(&st->ranking, most) || !VEC_RESERVE(to, most)) return lan_fail_memory(err, 0);
  lan_activation *top = st->ranking.data + n;
  most = lan_spread_top(st->ranking.data, n, NULL, 0, top, most);
  for (size_t i = 0; i < most; i++) {
    to->data[to->len++] = (lan_cue){top[i].node, (float)top[i].activation};
  }
  return LAN_OK;
}

/* Makes equal activations differ by a millionth at most, by what the nodes are: numbers of tags and
 * phantoms depend on the order in which notes were read, and must not decide who goes on. */
static void break_ties(score_state *st) {
  const network *net = &st->index->net;
  for (size_t i = 0; i < st->ranking.len; i++) {
    lan_activation *a = &st->ranking.data[i];
    uint64_t h = a->node;
    if (a->node >= net->n_notes) {
      const network_thing *t = &net->things.data[a->node - net->n_notes];
      h = lan_hash(t->name.ptr, t->name.len, (uint64_t)t->kind);
    }
    a->activation *= 1 + 1e-6 * (double)(lan_hash_mix(h) >> 40) / (double)(1 << 24);
  }
}

/* Spreads one step into a vector; of very many nodes the strongest go on. */
static lan_status step_vector(score_state *st, const lan_cue *from, size_t n, unsigned types,
                              score_vector *to, lan_error *err) {
  lan_status s;
  size_t n_out;
  const lan_activation *out = one_step(st, from, n, types, &n_out, &s, err);
  st->ranking.len = 0;
  if (s != LAN_OK) return s;
  if (!VEC_RESERVE(&st->ranking, n_out)) return lan_fail_memory(err, n_out * sizeof *out);
  if (n_out) memcpy(st->ranking.data, out, n_out * sizeof *out);
  st->ranking.len = n_out;
  if (n_out > FIRST_HOPS) break_ties(st);
  return take_strongest(st, FIRST_HOPS, to, err);
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
  return s;
}

/* Three steps over links either way, on from what one step reached. */
static lan_status walk_channel(score_state *st, const score_cue *cue, lan_error *err) {
  lan_status s;
  size_t n;
  score_vector *v = &st->reached;
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

/* What the cue itself would score, so that 1 is a note with the same words; for words the best score. */
static float self_score(const score_state *st, const score_cue *cue, uint32_t n) {
  if (cue->note != UINT32_MAX && st->text[cue->note] > 0) return st->text[cue->note];
  float best = 0;
  for (uint32_t i = 0; i < n; i++) best = fmaxf(best, st->text[st->touched[i]]);
  return best > 0 ? best : 1;
}

/* The notes with the most similar words, strongest first, their scores as shares of the cue's own. */
static lan_status rank_by_text(score_state *st, const score_cue *cue, uint32_t n, float self,
                               lan_error *err) {
  st->ranking.len = 0;
  if (!VEC_RESERVE(&st->ranking, n)) return lan_fail_memory(err, n * sizeof(lan_activation));
  for (uint32_t i = 0; i < n; i++) {
    uint32_t note = st->touched[i];
    if (note == cue->note) continue;
    lan_activation a = {note, (double)(st->text[note] / self)};
    st->ranking.data[st->ranking.len++] = a;
  }
  return take_strongest(st, TEXT_CANDIDATES, &st->similar, err);
}

/* The most similar become candidates; others have the feature if they are candidates otherwise. */
static lan_status text_features(score_state *st, float self, lan_error *err) {
  for (size_t i = 0; i < st->similar.len; i++) {
    if (!feature_of(st, st->similar.data[i].node, FEATURE_TEXT)) return lan_fail_memory(err, 0);
  }
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    c->features[FEATURE_TEXT] = sqrtf(st->text[c->note] / self);
  }
  return LAN_OK;
}

static void normalise(score_vector *v) {
  float sum = 0;
  for (size_t i = 0; i < v->len; i++) sum += v->data[i].activation;
  for (size_t i = 0; sum > 0 && i < v->len; i++) v->data[i].activation /= sum;
}

/* Fills st->similar with the notes whose words are the most similar; with `features`, candidates too. */
static lan_status compare_words(score_state *st, const score_cue *cue, bool features,
                                lan_error *err) {
  uint32_t n = 0;
  lan_status s = bm25_score(st->index->words, SCORE_BM25, cue->words.data, cue->words.len, st->text,
                            st->touched, &n);
  if (s != LAN_OK) return lan_fail_memory(err, 0);
  float self = self_score(st, cue, n);
  s = rank_by_text(st, cue, n, self, err);
  if (s == LAN_OK && features) s = text_features(st, self, err);
  for (uint32_t i = 0; i < n; i++) st->text[st->touched[i]] = 0;
  return s;
}

lan_status score_seeds(score_state *st, score_cue *cue, size_t most, lan_error *err) {
  lan_status s = compare_words(st, cue, false, err);
  cue->nodes.len = 0;
  for (size_t i = 0; s == LAN_OK && i < st->similar.len && i < most; i++) {
    if (!VEC_PUSH(&cue->nodes, st->similar.data[i])) s = lan_fail_memory(err, 0);
  }
  normalise(&cue->nodes);
  return s;
}

static lan_status text_channels(score_state *st, const score_cue *cue, lan_error *err) {
  lan_status s = compare_words(st, cue, true, err);
  if (s != LAN_OK) return s;
  if (st->similar.len > SIMILAR_MOST) st->similar.len = SIMILAR_MOST;
  normalise(&st->similar);
  return channel(st, st->similar.data, st->similar.len, OUT, FEATURE_TEXT_OUT, err);
}

/* ---- mentions, tags, folders ---- */

static lan_status tag_channel(score_state *st, const score_cue *cue, lan_error *err) {
  score_vector *v = &st->reached;
  lan_status s = step_vector(st, cue->nodes.data, cue->nodes.len, 1u << EDGE_TAG, v, err);
  return s == LAN_OK ? channel(st, v->data, v->len, 1u << EDGE_TAG_BACK, FEATURE_TAG, err) : s;
}

static lan_status mention_channels(score_state *st, const score_cue *cue, lan_error *err) {
  const lan_cue *c = cue->nodes.data;
  size_t n = cue->nodes.len;
  lan_status s = channel(st, c, n, 1u << EDGE_MENTION, FEATURE_MENTION_OUT, err);
  if (s == LAN_OK) s = channel(st, c, n, 1u << EDGE_MENTION_BACK, FEATURE_MENTION_IN, err);
  return s;
}

/* Notes are numbered in the order of their paths, so that a dated sequence lies side by side, but for notes
 * of folders below, which are passed over. */
static lan_status add_siblings(score_state *st, uint32_t note, int side, lan_error *err) {
  int64_t v = note, n = st->index->cat.n_notes;
  int found = 0;
  for (int looked = 0; looked < 4 * SIBLINGS && found < SIBLINGS; looked++) {
    v += side;
    if (v < 0 || v >= n) break;
    if (st->folder[v] != st->folder[note]) continue;
    lan_cue c = {(uint32_t)v, 1.0f / (float)++found};
    if (!VEC_PUSH(&st->siblings, c)) return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

static lan_status sibling_channel(score_state *st, const score_cue *cue, lan_error *err) {
  st->siblings.len = 0;
  if (cue->note == UINT32_MAX) return LAN_OK;
  lan_status s = add_siblings(st, cue->note, -1, err);
  if (s == LAN_OK) s = add_siblings(st, cue->note, 1, err);
  if (s != LAN_OK) return s;
  normalise(&st->siblings);
  return channel(st, st->siblings.data, st->siblings.len, OUT, FEATURE_SIBLING_OUT, err);
}

static void folder_and_popularity(score_state *st, const score_cue *cue) {
  const lan_graph *g = &st->index->net.graph;
  uint32_t folder = cue->note == UINT32_MAX ? UINT32_MAX : st->folder[cue->note];
  float same = 0;
  if (folder != UINT32_MAX) {
    same = 1.0f / log2f(1.0f + (float)(g->offsets[folder + 1] - g->offsets[folder]));
  }
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    c->features[FEATURE_POPULAR] = st->popular[c->note];
    if (folder != UINT32_MAX && st->folder[c->note] == folder) c->features[FEATURE_FOLDER] = same;
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

/* Keeps the best so far, whose titles are worth comparing. */
static lan_status prune(score_state *st, const score_cue *cue, size_t most, lan_error *err) {
  const float *w = weights_for(cue);
  size_t keep = 2 * most > KEPT_LEAST ? 2 * most : KEPT_LEAST, n = st->candidates.len;
  if (n <= keep) return LAN_OK;
  st->ranking.len = 0;
  if (!VEC_RESERVE(&st->ranking, n + keep)) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < n; i++) {
    const float *f = st->candidates.data[i].features;
    float score = 0;
    for (size_t k = 0; k < FEATURES; k++) score += f[k] * w[k];
    st->ranking.data[i] = (lan_activation){i, (double)score};
  }
  lan_activation *top = st->ranking.data + n;
  keep = lan_spread_top(st->ranking.data, n, NULL, 0, top, keep);
  for (size_t i = 0; i < n; i++) st->slot[st->candidates.data[i].note] = 0;
  for (size_t i = 0; i < keep; i++) st->slot[st->candidates.data[top[i].node].note] = 1;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (st->slot[st->candidates.data[i].note]) st->candidates.data[kept++] = st->candidates.data[i];
  }
  st->candidates.len = kept;
  return LAN_OK;
}

lan_status score_candidates(score_state *st, const score_cue *cue, size_t most, lan_error *err) {
  forget_candidates(st);
  lan_status s = link_channels(st, cue, err);
  if (s == LAN_OK) s = walk_channel(st, cue, err);
  if (s == LAN_OK) s = mention_channels(st, cue, err);
  if (s == LAN_OK) s = tag_channel(st, cue, err);
  if (s == LAN_OK) s = sibling_channel(st, cue, err);
  if (s == LAN_OK) s = text_channels(st, cue, err);
  if (s != LAN_OK) return s;
  leave_out(st, cue->note);
  folder_and_popularity(st, cue);
  s = prune(st, cue, most, err);
  return s == LAN_OK ? title_features(st, cue, err) : s;
}

double score_sum(const score_candidate *c, const score_cue *cue, float signals[LAN_SIGNALS]) {
  const float *w = weights_for(cue);
  double sum = 0;
  memset(signals, 0, LAN_SIGNALS * sizeof *signals);
  for (size_t f = 0; f < FEATURES; f++) {
    float part = c->features[f] * w[f];
    signals[SIGNALS[f]] += part;
    sum += (double)part;
  }
  return sum;
}
