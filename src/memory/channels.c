/* The channels of a cue: short spreads of activation over one or two kinds of edges. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "memory/score_internal.h"

enum {
  SIMILAR_MOST = 10,     /* notes with similar words that activation starts from */
  TEXT_CANDIDATES = 150, /* notes that become candidates by their words alone */
  FIRST_HOPS = 100,      /* of a vector of first hops, the strongest that go on */
  WALKERS = 200,         /* the same in longer walks */
  REACHED_MOST = 600,    /* about so many become candidates by one channel alone */
  SIBLINGS = 12,         /* notes on each side in the folder that count as close by */
  ALIKE_PART = 30,       /* of each kind of likeness, the strongest that count */
  ALIKE_MOST = 40        /* notes that are like the cue */
};

/* Activations are products of shares: their logarithm tells more than they do. 1 maps to 1, a
 * thousandth to about 0.1, 0 to 0. */
static float squash(double a) {
  /* The logarithm to five digits: y = 2^e (1 + m), ln(1 + m) by a polynomial about the middle of m. */
  float y = 1.0f + 1000.0f * (float)a, m;
  uint32_t bits;
  memcpy(&bits, &y, sizeof bits);
  float e = (float)((int)(bits >> 23) - 127);
  bits = (bits & 0x7FFFFFu) | 0x3F800000u;
  memcpy(&m, &bits, sizeof m);
  float t = (m - 1.4142135f) / (m + 1.4142135f), u = t * t; /* Gregory's series: 2 artanh t */
  float ln =
      e * 0.69314718f + 0.34657359f + 2 * t * (1.0f + u * (1.0f / 3 + u * (1.0f / 5 + u / 7)));
  ln *= 0.14474208f;              /* / ln 1001 */
  return ln > 1e-6f ? ln : 1e-6f; /* what was reached is never 0 */
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

/* How many activations there are by powers of 2 and quarters of them, from 1 down. */
enum { KINDS = 256, KIND_SHIFT = 50, TURNS = 4 };
static const uint64_t KIND_OF_ONE = UINT64_C(0x3FF0000000000000) >> KIND_SHIFT;

typedef struct kinds {
  size_t n;
  uint32_t count[TURNS][KINDS]; /* in turns, so that neighbours need not wait for each other */
} kinds;

static void count_kinds(const lan_activation *a, size_t n, kinds *k) {
  uint64_t bits;
  memset(k, 0, sizeof *k);
  k->n = n;
  for (size_t i = 0; i < n; i++) {
    memcpy(&bits, &a[i].activation, sizeof bits);
    bits >>= KIND_SHIFT;
    uint64_t below = bits < KIND_OF_ONE ? KIND_OF_ONE - bits : 0;
    k->count[i % TURNS][below < KINDS ? below : KINDS - 1]++;
  }
}

/* A number that at least `most` of the activations reach, and not many more. */
static double least_of(const kinds *k, size_t most) {
  uint64_t kind = 0, bits;
  size_t sum = 0;
  if (k->n <= most) return 0;
  for (; kind < KINDS && sum < most; kind++) {
    for (size_t t = 0; t < TURNS; t++) sum += k->count[t][kind];
  }
  if (kind == KINDS) return 0;
  double least;
  bits = (KIND_OF_ONE - kind + 1) << KIND_SHIFT;
  memcpy(&least, &bits, sizeof least);
  return least;
}

static double about_least(const lan_activation *a, size_t n, size_t most) {
  kinds k;
  if (n <= most) return 0;
  count_kinds(a, n, &k);
  return least_of(&k, most);
}

/* Keeps the activation of each note that was reached as a feature. What is reached among thousands, less than
 * `least` and in no other way, does not become a candidate. */
static lan_status keep(score_state *st, const lan_activation *a, size_t n, double least,
                       score_feature f, lan_error *err) {
  for (size_t i = 0; i < n; i++) {
    uint32_t note = a[i].node;
    if (note >= st->index->cat.n_notes) continue;
    if (a[i].activation < least && st->slot[note] == 0) continue;
    float *value = score_feature_of(st, note, f);
    if (!value) return lan_fail_memory(err, 0);
    *value = squash(a[i].activation);
  }
  return LAN_OK;
}

lan_status score_keep_ranking(score_state *st, score_feature f, lan_error *err) {
  const lan_activation *a = st->ranking.data;
  size_t n = st->ranking.len;
  return keep(st, a, n, about_least(a, n, REACHED_MOST), f, err);
}

/* Spreads one step into a feature. */
static lan_status channel(score_state *st, const lan_cue *from, size_t n, unsigned types,
                          score_feature f, lan_error *err) {
  lan_status s;
  size_t n_out;
  const lan_activation *out = one_step(st, from, n, types, &n_out, &s, err);
  if (s != LAN_OK) return s;
  return keep(st, out, n_out, about_least(out, n_out, REACHED_MOST), f, err);
}

/* Leaves at least the `most` strongest in state->ranking, and not many more. */
static void drop_weak(score_state *st, size_t most) {
  double least = about_least(st->ranking.data, st->ranking.len, most);
  size_t n = 0;
  for (size_t i = 0; i < st->ranking.len; i++) {
    lan_activation a = st->ranking.data[i];
    st->ranking.data[n] = a;
    n += a.activation >= least;
  }
  st->ranking.len = n;
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

lan_status score_take_strongest(score_state *st, size_t most, score_vector *to, lan_error *err) {
  drop_weak(st, most);
  if (st->ranking.len > most) break_ties(st);
  return take_strongest(st, most, to, err);
}

/* The `most` strongest of what was reached, at least so many being no less than `least`, as a vector. */
static lan_status gather(score_state *st, const lan_activation *a, size_t n, double least,
                         size_t most, score_vector *to, lan_error *err) {
  st->ranking.len = 0;
  if (!VEC_RESERVE(&st->ranking, n)) return lan_fail_memory(err, n * sizeof *a);
  for (size_t i = 0; i < n; i++) {
    if (a[i].activation >= least) st->ranking.data[st->ranking.len++] = a[i];
  }
  if (st->ranking.len > most) break_ties(st);
  return take_strongest(st, most, to, err);
}

/* Spreads one step into a vector. */
static lan_status step_vector(score_state *st, const lan_cue *from, size_t n, unsigned types,
                              size_t most, score_vector *to, lan_error *err) {
  lan_status s;
  size_t n_out;
  const lan_activation *out = one_step(st, from, n, types, &n_out, &s, err);
  return s == LAN_OK ? gather(st, out, n_out, about_least(out, n_out, most), most, to, err) : s;
}

/* What was reached into both; `most` is no more than REACHED_MOST. */
static lan_status keep_and_gather(score_state *st, const lan_activation *a, size_t n,
                                  score_feature f, size_t most, score_vector *to, lan_error *err) {
  kinds k = {.n = 0};
  if (n > most) count_kinds(a, n, &k);
  lan_status s = keep(st, a, n, least_of(&k, REACHED_MOST), f, err);
  return s == LAN_OK ? gather(st, a, n, least_of(&k, most), most, to, err) : s;
}

static lan_status channel_and_vector(score_state *st, const score_vector *from, unsigned types,
                                     score_feature f, size_t most, score_vector *to,
                                     lan_error *err) {
  lan_status s;
  size_t n_out;
  const lan_activation *out = one_step(st, from->data, from->len, types, &n_out, &s, err);
  return s == LAN_OK ? keep_and_gather(st, out, n_out, f, most, to, err) : s;
}

static lan_status link_channels(score_state *st, const score_cue *cue, lan_error *err) {
  const score_vector *c = &cue->nodes;
  score_vector *out = &st->out, *in = &st->in;
  lan_status s = channel_and_vector(st, c, OUT, FEATURE_LINK_OUT, FIRST_HOPS, out, err);
  if (s == LAN_OK) s = channel_and_vector(st, c, IN, FEATURE_LINK_IN, FIRST_HOPS, in, err);
  if (s == LAN_OK) s = channel(st, out->data, out->len, OUT, FEATURE_OUT_OUT, err);
  if (s == LAN_OK) s = channel_and_vector(st, out, IN, FEATURE_OUT_IN, WALKERS, &st->beside, err);
  if (s == LAN_OK) s = channel(st, in->data, in->len, OUT, FEATURE_IN_OUT, err);
  return s;
}

/* Three steps over links either way. */
static lan_status walk_channel(score_state *st, const score_cue *cue, lan_error *err) {
  score_vector *v = &st->reached;
  lan_status s = step_vector(st, cue->nodes.data, cue->nodes.len, OUT | IN, WALKERS, v, err);
  if (s == LAN_OK) s = step_vector(st, v->data, v->len, OUT | IN, WALKERS, v, err);
  return s == LAN_OK ? channel(st, v->data, v->len, OUT | IN, FEATURE_WALK, err) : s;
}

/* ---- words ---- */

static void normalise(score_vector *v) {
  float sum = 0;
  for (size_t i = 0; i < v->len; i++) sum += v->data[i].activation;
  for (size_t i = 0; sum > 0 && i < v->len; i++) v->data[i].activation /= sum;
}

lan_status score_compare_words(score_state *st, const score_cue *cue, lan_error *err) {
  float best = 0;
  st->ranking.len = 0;
  if (bm25_score(st->index->words, SCORE_BM25, cue->words.data, cue->words.len, st->text,
                 st->touched, &st->n_touched) != LAN_OK ||
      !VEC_RESERVE(&st->ranking, st->n_touched)) {
    return lan_fail_memory(err, 0);
  }
  if (cue->note != UINT32_MAX) st->text[cue->note] = 0;
  for (uint32_t i = 0; i < st->n_touched; i++) {
    float score = st->text[st->touched[i]];
    best = score > best ? score : best;
  }
  for (uint32_t i = 0; best > 0 && i < st->n_touched; i++) {
    uint32_t note = st->touched[i];
    st->text[note] /= best;
    if (note == cue->note) continue;
    st->ranking.data[st->ranking.len++] = (lan_activation){note, (double)st->text[note]};
  }
  drop_weak(st, TEXT_CANDIDATES);
  return take_strongest(st, TEXT_CANDIDATES, &st->similar, err);
}

void score_forget_words(score_state *st) {
  for (uint32_t i = 0; i < st->n_touched; i++) st->text[st->touched[i]] = 0;
  st->n_touched = 0;
}

void score_normalise_cue(score_cue *cue) { normalise(&cue->nodes); }

lan_status score_seeds(score_state *st, score_cue *cue, size_t most, lan_error *err) {
  lan_status s = score_compare_words(st, cue, err);
  cue->nodes.len = 0;
  for (size_t i = 0; s == LAN_OK && i < st->similar.len && i < most; i++) {
    if (!VEC_PUSH(&cue->nodes, st->similar.data[i])) s = lan_fail_memory(err, 0);
  }
  score_forget_words(st);
  normalise(&cue->nodes);
  return s;
}

/* The most similar become candidates. */
static lan_status text_channels(score_state *st, lan_error *err) {
  for (size_t i = 0; i < st->similar.len; i++) {
    if (!score_feature_of(st, st->similar.data[i].node, FEATURE_TEXT))
      return lan_fail_memory(err, 0);
  }
  score_vector *v = &st->reached;
  v->len = 0;
  for (size_t i = 0; i < st->similar.len && i < SIMILAR_MOST; i++) {
    if (!VEC_PUSH(v, st->similar.data[i])) return lan_fail_memory(err, 0);
  }
  normalise(v);
  return channel(st, v->data, v->len, OUT, FEATURE_TEXT_OUT, err);
}

static void text_features(score_state *st) {
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    c->features[FEATURE_TEXT] = sqrtf(st->text[c->note]);
  }
}

/* ---- mentions, tags, folders ---- */

static bool is_tag(const score_state *st, uint32_t node) {
  return network_kind_of(&st->index->net, node) == NODE_TAG;
}

/* What was worked out for a cue of the same tags. */
static lan_status recall_tagged(score_state *st, const tagged_notes *t, lan_error *err) {
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    c->features[FEATURE_TAG] = t->feature[c->note];
  }
  for (size_t i = 0; i < t->strong.len; i++) {
    float *value = score_feature_of(st, t->strong.data[i], FEATURE_TAG);
    if (!value) return lan_fail_memory(err, 0);
    *value = t->feature[t->strong.data[i]];
  }
  st->tagged.len = 0;
  if (!VEC_RESERVE(&st->tagged, t->nearest.len)) return lan_fail_memory(err, 0);
  st->tagged.len = t->nearest.len;
  for (size_t i = 0; i < t->nearest.len; i++) st->tagged.data[i] = t->nearest.data[i];
  return LAN_OK;
}

/* For cues of the same tags. When memory is short it is worked out again. */
static void remember_tagged(score_state *st, const score_vector *tags, const lan_activation *a,
                            size_t n) {
  double least = about_least(a, n, REACHED_MOST);
  tagged_notes *t = tagged_add(&st->memo, tags->data, tags->len, st->index->cat.n_notes);
  bool room = t && VEC_RESERVE(&t->nearest, st->tagged.len);
  for (size_t i = 0; room && i < st->tagged.len; i++) {
    t->nearest.data[t->nearest.len++] = st->tagged.data[i];
  }
  for (size_t i = 0; room && i < n; i++) {
    if (a[i].node >= st->index->cat.n_notes) continue;
    t->feature[a[i].node] = squash(a[i].activation);
    if (a[i].activation >= least) room = VEC_PUSH(&t->strong, a[i].node);
  }
  if (t && !room) tagged_drop(t);
}

/* Notes with these tags; the strongest into state->tagged. */
static lan_status spread_tags(score_state *st, const score_vector *tags, lan_error *err) {
  lan_status s;
  size_t n;
  const tagged_notes *known = tagged_find(&st->memo, tags->data, tags->len);
  if (known) return recall_tagged(st, known, err);
  const lan_activation *a = one_step(st, tags->data, tags->len, 1u << EDGE_TAG_BACK, &n, &s, err);
  if (s != LAN_OK) return s;
  s = keep_and_gather(st, a, n, FEATURE_TAG, ALIKE_PART + 1, &st->tagged, err);
  bool many = n > st->index->cat.n_notes / 8 && n > REACHED_MOST;
  if (s == LAN_OK && many) remember_tagged(st, tags, a, n);
  return s;
}

/* What shares the cue's tags. A label's tag is itself a cue, but then others that carry it are not therefore like what is
 * asked for. */
static lan_status tag_channel(score_state *st, const score_cue *cue, lan_error *err) {
  score_vector *v = &st->reached;
  lan_status s =
      step_vector(st, cue->nodes.data, cue->nodes.len, 1u << EDGE_TAG, FIRST_HOPS, v, err);
  size_t carried = v->len;
  for (size_t i = 0; s == LAN_OK && i < cue->nodes.len; i++) {
    lan_cue c = cue->nodes.data[i];
    if (is_tag(st, c.node) && !VEC_PUSH(v, c)) s = lan_fail_memory(err, 0);
  }
  if (s == LAN_OK) s = spread_tags(st, v, err);
  if (s != LAN_OK || v->len == carried) return s;
  return step_vector(st, v->data, carried, 1u << EDGE_TAG_BACK, ALIKE_PART + 1, &st->tagged, err);
}

/* A name tells the more the fewer notes hold it. */
static lan_status mentions_of(score_state *st, lan_cue cue, lan_error *err) {
  const lan_graph *g = &st->index->net.graph;
  float n = (float)st->index->cat.n_notes;
  for (uint32_t e = g->offsets[cue.node]; e < g->offsets[cue.node + 1]; e++) {
    uint32_t v = g->targets[e];
    if (g->types[e] != EDGE_MENTION) continue;
    float *value = score_feature_of(st, v, FEATURE_MENTION_OUT);
    if (!value) return lan_fail_memory(err, 0);
    float rarity = log1pf(n / fmaxf(1.0f, (float)st->mentioned[v]));
    *value = log1pf(expm1f(*value) + cue.activation * g->weights[e] * rarity);
  }
  return LAN_OK;
}

static lan_status mention_channels(score_state *st, const score_cue *cue, lan_error *err) {
  const lan_cue *c = cue->nodes.data;
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < cue->nodes.len; i++) s = mentions_of(st, c[i], err);
  if (s != LAN_OK) return s;
  return channel(st, c, cue->nodes.len, 1u << EDGE_MENTION_BACK, FEATURE_MENTION_IN, err);
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

/* ---- notes like this one ---- */

/* Appends the `most` first of v, without the cue's note, sharing out `weight`. */
static bool add_part(score_vector *mix, const score_vector *v, size_t most, float weight,
                     uint32_t cue_note) {
  float sum = 0;
  if (most > v->len) most = v->len;
  for (size_t i = 0; i < most; i++) {
    if (v->data[i].node != cue_note) sum += v->data[i].activation;
  }
  for (size_t i = 0; sum > 0 && i < most; i++) {
    lan_cue c = v->data[i];
    c.activation *= weight / sum;
    if (c.node != cue_note && !VEC_PUSH(mix, c)) return false;
  }
  return true;
}

/* Adds up what a note got from several parts; doubles it in the cue's folder. */
static void merge_parts(score_state *st, score_vector *mix, uint32_t cue_note) {
  size_t n = 0;
  for (size_t i = 0; i < mix->len; i++) {
    size_t k = 0;
    while (k < n && mix->data[k].node != mix->data[i].node) k++;
    if (k == n) {
      mix->data[n++] = mix->data[i];
    } else {
      mix->data[k].activation += mix->data[i].activation;
    }
  }
  mix->len = n;
  for (size_t i = 0; cue_note != UINT32_MAX && i < n; i++) {
    uint32_t v = mix->data[i].node;
    if (v < st->index->cat.n_notes && st->folder[v] == st->folder[cue_note])
      mix->data[i].activation *= 2;
  }
}

static lan_status strongest_of(score_state *st, score_vector *v, size_t most, lan_error *err) {
  st->ranking.len = 0;
  if (!VEC_RESERVE(&st->ranking, v->len)) return lan_fail_memory(err, 0);
  for (size_t i = 0; i < v->len; i++) {
    st->ranking.data[st->ranking.len++] =
        (lan_activation){v->data[i].node, (double)v->data[i].activation};
  }
  return take_strongest(st, most, v, err);
}

/* What notes like this one link to: like it in words, in what they link to, in place and in tags. */
static lan_status alike_channels(score_state *st, const score_cue *cue, lan_error *err) {
  score_vector *mix = &st->mix, *v = &st->beside;
  mix->len = 0;
  bool room = add_part(mix, &st->similar, ALIKE_PART, 1.0f, cue->note) &&
              add_part(mix, v, ALIKE_PART, 1.0f, cue->note) &&
              add_part(mix, &st->siblings, st->siblings.len, 0.5f, cue->note);
  if (!room) return lan_fail_memory(err, 0);
  if (cue->note != UINT32_MAX) { /* the cue itself says nothing here */
    for (size_t i = 0; i < v->len; i++) {
      if (v->data[i].node == cue->note) v->data[i].activation = 0;
    }
  }
  normalise(v);
  lan_status s = channel(st, v->data, v->len, OUT, FEATURE_OUT_IN_OUT, err);
  if (s == LAN_OK && !add_part(mix, &st->tagged, st->tagged.len, 0.5f, cue->note)) {
    s = lan_fail_memory(err, 0);
  }
  if (s != LAN_OK) return s;
  merge_parts(st, mix, cue->note);
  s = strongest_of(st, mix, ALIKE_MOST, err);
  normalise(mix);
  return s == LAN_OK ? channel(st, mix->data, mix->len, OUT, FEATURE_ALIKE_OUT, err) : s;
}

lan_status score_spread_channels(score_state *st, const score_cue *cue, lan_error *err) {
  lan_status s = score_compare_words(st, cue, err);
  if (s == LAN_OK) s = text_channels(st, err);
  if (s == LAN_OK) s = link_channels(st, cue, err);
  if (s == LAN_OK) s = mention_channels(st, cue, err);
  if (s == LAN_OK) s = tag_channel(st, cue, err);
  if (s == LAN_OK) s = sibling_channel(st, cue, err);
  if (s == LAN_OK) s = alike_channels(st, cue, err);
  if (s == LAN_OK) s = cue->is_text ? walk_channel(st, cue, err) : score_flow(st, cue, err);
  text_features(st);
  score_forget_words(st);
  return s;
}
