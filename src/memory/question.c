#include "memory/question.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "memory/score_internal.h"
#include "text/words.h"

enum {
  BEST_TEXTS = 50,     /* candidates by their words */
  SENDERS = 12,        /* of these, as many pass activation on */
  NAMED_MOST = 70,     /* candidates with those that are named */
  NEIGHBORS_MOST = 15, /* of a sender */
  NOTES_MOST = 120,
  SEEDS = 10,     /* that the cue's nodes are */
  NAME_WORDS = 10 /* of a title that is looked for in the question */
};

static const unsigned THERE = 1u << EDGE_LINK | 1u << EDGE_EMBED | 1u << EDGE_MENTION;
static const unsigned BACK = 1u << EDGE_LINK_BACK | 1u << EDGE_EMBED_BACK | 1u << EDGE_MENTION_BACK;

void question_reset(question *q) {
  q->words.len = q->spoken.len = q->pictures.len = q->notes.len = q->pairs.len = q->best.len = 0;
  q->n_groups = 0;
}

void question_free(question *q) {
  VEC_FREE(&q->words);
  VEC_FREE(&q->spoken);
  VEC_FREE(&q->pictures);
  VEC_FREE(&q->notes);
  VEC_FREE(&q->pairs);
  VEC_FREE(&q->best);
}

/* ---- names ---- */

static uint64_t with_word(uint64_t name, uint64_t word) { return lan_hash_mix(name * 31 + word); }

typedef struct naming {
  uint64_t hash;
  uint32_t n;
} naming;

static bool add_to_name(void *ctx, const text_word *w) {
  naming *n = ctx;
  n->hash = with_word(n->hash, w->hash);
  return ++n->n <= NAME_WORDS;
}

static lan_status add_name(score_state *st, lan_str name, uint32_t note, lan_error *err) {
  naming n = {0};
  text_words(name.ptr, name.len, TEXT_CUT_SINGLES, add_to_name, &n);
  if (n.n == 0 || n.n > NAME_WORDS || !mention_possible(name)) return LAN_OK;
  uint32_t *first = lan_map_put(&st->names, n.hash);
  if (!first) return lan_fail_memory(err, 0);
  score_name known = {note, *first}; /* LAN_MAP_NONE is UINT32_MAX */
  *first = (uint32_t)st->named.len;
  return VEC_PUSH(&st->named, known) ? LAN_OK : lan_fail_memory(err, 0);
}

/* All titles and aliases by their words, made when a question first wants them. */
static lan_status make_names(score_state *st, lan_error *err) {
  const catalog *cat = &st->index->cat;
  lan_status s = LAN_OK;
  if (st->has_names) return LAN_OK;
  lan_map_free(&st->names);
  st->named.len = 0;
  for (uint32_t i = 0; s == LAN_OK && i < cat->n_notes; i++) {
    const catalog_note *note = &cat->notes[i];
    lan_str bare = mention_bare(note->title);
    s = add_name(st, note->title, i, err);
    if (s == LAN_OK && bare.len < note->title.len) s = add_name(st, bare, i, err);
    for (uint32_t a = 0; s == LAN_OK && a < note->n_aliases; a++) {
      s = add_name(st, note->aliases[a], i, err);
    }
  }
  st->has_names = s == LAN_OK;
  return s;
}

/* ---- candidates ---- */

static question_note *note_at(score_state *st, question *q, uint32_t note, size_t most) {
  if (st->slot[note] == 0) {
    if (q->notes.len >= most) return NULL;
    q->notes.data[q->notes.len++] = (question_note){.note = note}; /* there is room */
    st->slot[note] = (uint32_t)q->notes.len;
  }
  return &q->notes.data[st->slot[note] - 1];
}

/* Notes that the question names word for word; a part of a longer name counts as well. */
static void find_named(score_state *st, question *q) {
  for (size_t start = 0; start < q->spoken.len; start++) {
    uint64_t name = 0;
    for (size_t n = 0; n < NAME_WORDS && start + n < q->spoken.len; n++) {
      name = with_word(name, q->spoken.data[start + n]);
      uint32_t at = lan_map_get(&st->names, name);
      for (; at != LAN_MAP_NONE; at = st->named.data[at].next) {
        question_note *found = note_at(st, q, st->named.data[at].note, NAMED_MOST);
        if (found) found->own[OWN_NAMED] = 1;
      }
    }
  }
}

/* The sender's neighbours that hold most of the question. */
static lan_status add_neighbors(score_state *st, question *q, uint32_t sender, lan_error *err) {
  const lan_graph *g = &st->index->net.graph;
  uint32_t begin = g->offsets[sender], end = g->offsets[sender + 1];
  st->ranking.len = 0;
  if (!VEC_RESERVE(&st->ranking, (size_t)(end - begin) + NEIGHBORS_MOST)) {
    return lan_fail_memory(err, 0);
  }
  for (uint32_t e = begin; e < end; e++) {
    uint32_t v = g->targets[e];
    if (!((THERE | BACK) >> g->types[e] & 1) || v >= st->index->cat.n_notes || v == sender)
      continue;
    if (st->ranking.len && st->ranking.data[st->ranking.len - 1].node == v) continue;
    st->ranking.data[st->ranking.len++] = (lan_activation){v, (double)st->text[v]};
  }
  lan_activation *top = st->ranking.data + st->ranking.len;
  size_t n = lan_spread_top(st->ranking.data, st->ranking.len, NULL, 0, top, NEIGHBORS_MOST);
  for (size_t i = 0; i < n; i++) note_at(st, q, top[i].node, NOTES_MOST);
  return LAN_OK;
}

static lan_status find_notes(score_state *st, question *q, lan_error *err) {
  lan_status s = make_names(st, err);
  if (s != LAN_OK) return s;
  if (!VEC_RESERVE(&q->notes, NOTES_MOST)) return lan_fail_memory(err, 0);
  for (size_t i = 0; i < st->similar.len && i < BEST_TEXTS; i++) {
    note_at(st, q, st->similar.data[i].node, BEST_TEXTS);
  }
  find_named(st, q);
  for (size_t i = 0; i < q->pictures.len; i++) {
    note_at(st, q, q->pictures.data[i].note, NAMED_MOST);
  }
  size_t n = q->notes.len;
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    bool sends = i < SENDERS || q->notes.data[i].own[OWN_NAMED] > 0;
    if (sends) s = add_neighbors(st, q, q->notes.data[i].note, err);
  }
  return s;
}

/* ---- features of a note ---- */

static bool is_pictured(const question *q, uint32_t group) {
  for (size_t i = 0; i < q->pictures.len; i++) {
    if (q->pictures.data[i].group == group) return true;
  }
  return false;
}

/* What each word of the question tells: of the ways to write it the rarest that there is. */
static void weigh_words(const score_state *st, question *q) {
  float sum = 0;
  memset(q->share, 0, sizeof q->share);
  for (size_t i = 0; i < q->words.len; i++) {
    const question_word *w = &q->words.data[i];
    bool there = bm25_doc_frequency(st->index->words, w->hash) > 0;
    if (!there && !is_pictured(q, w->group)) continue;
    q->share[w->group] = fmaxf(q->share[w->group], (float)bm25_idf(st->index->words, w->hash));
  }
  for (uint32_t g = 0; g < q->n_groups; g++) sum += q->share[g];
  for (uint32_t g = 0; sum > 0 && g < q->n_groups; g++) q->share[g] /= sum;
}

static uint64_t group_of(const question *q, uint64_t hash) {
  for (size_t i = 0; i < q->words.len; i++) {
    if (q->words.data[i].hash == hash) return UINT64_C(1) << q->words.data[i].group;
  }
  return 0;
}

static float share_of(const question *q, uint64_t groups) {
  float sum = 0;
  for (uint32_t g = 0; groups; g++, groups >>= 1) sum += groups & 1 ? q->share[g] : 0;
  return sum;
}

static void hold_words(const score_state *st, const score_cue *cue, question *q, question_note *n,
                       float *parts) {
  bm25_explain(st->index->words, SCORE_BM25, cue->words.data, cue->words.len, n->note, parts);
  for (size_t i = 0; i < cue->words.len; i++) {
    if (parts[i] > 0) n->holds |= group_of(q, cue->words.data[i].hash);
  }
}

/* A picture's label is a word that the note holds, and tells as much as a text that is about it. */
static float hold_pictures(const question *q, question_note *n) {
  uint64_t shown = 0;
  for (size_t i = 0; i < q->pictures.len; i++) {
    const question_picture *p = &q->pictures.data[i];
    if (p->note == n->note) shown |= UINT64_C(1) << p->group;
  }
  n->holds |= shown;
  return sqrtf(share_of(q, shown));
}

typedef struct titling {
  const score_state *st;
  const question *q;
  uint64_t groups;
  float asked, all; /* idf */
} titling;

static bool compare_title_word(void *ctx, const text_word *w) {
  titling *t = ctx;
  uint64_t group = group_of(t->q, w->hash);
  float idf = (float)bm25_idf(t->st->index->words, w->hash);
  t->groups |= group;
  t->all += idf;
  t->asked += group ? idf : 0;
  return true;
}

static void compare_title(const score_state *st, const question *q, question_note *n) {
  titling t = {.st = st, .q = q};
  lan_str title = mention_bare(st->index->cat.notes[n->note].title);
  text_words(title.ptr, title.len, TEXT_CUT_BIGRAMS, compare_title_word, &t);
  n->titled = t.groups;
  n->own[OWN_TITLE] = t.all > 0 ? t.asked / t.all : 0;
  n->own[OWN_TITLE_COVER] = share_of(q, t.groups);
  n->own[OWN_NAMED_RARE] = n->own[OWN_NAMED] * fminf(t.all, 12) / 12;
}

static uint32_t known_by(const score_state *st, uint32_t note) {
  return st->links_in[note] + st->mentioned[note];
}

static lan_status describe_notes(score_state *st, const score_cue *cue, question *q,
                                 lan_error *err) {
  float *parts = lan_alloc_zeroed(cue->words.len, sizeof *parts);
  if (!parts) return lan_fail_memory(err, 0);
  weigh_words(st, q);
  for (size_t i = 0; i < q->notes.len; i++) {
    question_note *n = &q->notes.data[i];
    hold_words(st, cue, q, n, parts);
    compare_title(st, q, n);
    n->own[OWN_TEXT] = fmaxf(sqrtf(st->text[n->note]), hold_pictures(q, n));
    n->own[OWN_COVER] = share_of(q, n->holds);
    n->own[OWN_KNOWN] = log1pf((float)known_by(st, n->note)) / 5;
  }
  free(parts);
  return LAN_OK;
}

/* ---- ties ---- */

/* Which of `a`'s edges lead to candidates with a higher number, as bits: 1 there, 2 back. */
typedef struct directions {
  uint8_t to[NOTES_MOST];
} directions;

static void look_around(const score_state *st, const question *q, uint32_t a, directions *d) {
  const lan_graph *g = &st->index->net.graph;
  uint32_t note = q->notes.data[a].note;
  memset(d, 0, sizeof *d);
  for (uint32_t e = g->offsets[note]; e < g->offsets[note + 1]; e++) {
    uint32_t v = g->targets[e];
    if (v >= st->index->cat.n_notes || st->slot[v] <= a + 1) continue;
    if (THERE >> g->types[e] & 1) d->to[st->slot[v] - 1] |= 1;
    if (BACK >> g->types[e] & 1) d->to[st->slot[v] - 1] |= 2;
  }
}

static float rarity(const score_state *st, const question_note *n) {
  return 1 / log2f(2 + (float)known_by(st, n->note));
}

static void describe_pair(const score_state *st, const question *q, question_pair *p,
                          uint8_t direction) {
  const question_note *a = &q->notes.data[p->a], *b = &q->notes.data[p->b];
  float cover = share_of(q, a->holds | b->holds), titles = share_of(q, a->titled | b->titled);
  float *t = p->tie;
  if (direction) {
    float to_b = direction & 1 ? 1 : 0, to_a = direction & 2 ? 1 : 0;
    t[TIE_LINK] = 1;
    t[TIE_LINK_RARE] = fmaxf(to_b * rarity(st, b), to_a * rarity(st, a));
    t[TIE_LINK_COVER] = cover;
    t[TIE_LINK_TITLES] = titles;
    t[TIE_TO_NAMED] = fmaxf(to_b * b->own[OWN_NAMED], to_a * a->own[OWN_NAMED]);
    t[TIE_MUTUAL] = to_a * to_b;
  }
  if (a->own[OWN_NAMED] > 0 && b->own[OWN_NAMED] > 0) {
    t[TIE_NAMED] = 1;
    t[TIE_NAMED_COVER] = cover;
    t[TIE_NAMED_TITLES] = titles;
  }
}

static lan_status find_pairs(const score_state *st, question *q, lan_error *err) {
  directions d;
  for (uint32_t a = 0; a < q->notes.len; a++) {
    look_around(st, q, a, &d);
    for (uint32_t b = a + 1; b < q->notes.len; b++) {
      bool named = q->notes.data[a].own[OWN_NAMED] > 0 && q->notes.data[b].own[OWN_NAMED] > 0;
      question_pair p = {.a = a, .b = b};
      if (!d.to[b] && !named) continue;
      describe_pair(st, q, &p, d.to[b]);
      if (!VEC_PUSH(&q->pairs, p)) return lan_fail_memory(err, 0);
    }
  }
  return LAN_OK;
}

/* Those that hold most, and those that are named, share the activation. */
static lan_status start_from(score_state *st, const question *q, score_cue *cue, lan_error *err) {
  cue->nodes.len = 0;
  for (size_t i = 0; i < q->notes.len; i++) {
    const question_note *n = &q->notes.data[i];
    float a = n->own[OWN_NAMED] > 0 ? 1 : i < SEEDS ? st->text[n->note] : 0;
    if (a > 0 && !VEC_PUSH(&cue->nodes, (lan_cue){n->note, a})) return lan_fail_memory(err, 0);
  }
  score_normalise_cue(cue);
  return LAN_OK;
}

lan_status question_candidates(score_state *st, score_cue *cue, question *q, lan_error *err) {
  score_forget_candidates(st);
  lan_status s = score_compare_words(st, cue, err);
  if (s == LAN_OK) s = find_notes(st, q, err);
  if (s == LAN_OK) s = describe_notes(st, cue, q, err);
  if (s == LAN_OK) s = find_pairs(st, q, err);
  if (s == LAN_OK) s = start_from(st, q, cue, err);
  for (size_t i = 0; i < q->notes.len; i++) st->slot[q->notes.data[i].note] = 0;
  score_forget_words(st);
  return s;
}

/* ---- the score ---- */

static float times(const float *w, const float *x, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; i++) sum += w[i] * x[i];
  return sum;
}

/* What comes to `to` over the pair from its other note. */
static float gain(const question *q, const question_weights *w, const question_pair *p,
                  uint32_t to) {
  const question_note *from = &q->notes.data[p->a == to ? p->b : p->a];
  return w->bias + times(w->via, from->own, OWNS) + times(w->tie, p->tie, TIES);
}

lan_status question_tie_best(question *q, const question_weights *w, lan_error *err) {
  q->best.len = 0;
  if (!VEC_RESERVE(&q->best, q->notes.len)) return lan_fail_memory(err, 0);
  q->best.len = q->notes.len;
  for (size_t i = 0; i < q->best.len; i++) q->best.data[i] = 0;
  for (uint32_t k = 0; k < q->pairs.len; k++) {
    const question_pair *p = &q->pairs.data[k];
    for (int end = 0; end < 2; end++) {
      uint32_t to = end ? p->b : p->a, *best = &q->best.data[to];
      float least = *best ? gain(q, w, &q->pairs.data[*best - 1], to) : 0;
      if (gain(q, w, p, to) > least) *best = k + 1;
    }
  }
  return LAN_OK;
}

uint32_t question_tied_to(const question *q, uint32_t note) {
  for (uint32_t i = 0; i < q->best.len; i++) {
    if (q->notes.data[i].note != note) continue;
    if (!q->best.data[i]) return UINT32_MAX;
    const question_pair *p = &q->pairs.data[q->best.data[i] - 1];
    return q->notes.data[p->a == i ? p->b : p->a].note;
  }
  return UINT32_MAX;
}

double question_score(const question *q, const question_weights *w, uint32_t i,
                      float signals[LAN_SIGNALS]) {
  static const lan_signal signal_of[OWNS] = {
      [OWN_TEXT] = LAN_SIGNAL_TEXT,    [OWN_COVER] = LAN_SIGNAL_TEXT,
      [OWN_TITLE] = LAN_SIGNAL_TITLE,  [OWN_TITLE_COVER] = LAN_SIGNAL_TITLE,
      [OWN_NAMED] = LAN_SIGNAL_TITLE,  [OWN_NAMED_RARE] = LAN_SIGNAL_TITLE,
      [OWN_KNOWN] = LAN_SIGNAL_POPULAR};
  double sum = 0;
  memset(signals, 0, LAN_SIGNALS * sizeof *signals);
  for (size_t k = 0; k < OWNS; k++) {
    signals[signal_of[k]] += w->own[k] * q->notes.data[i].own[k];
  }
  if (q->best.data[i])
    signals[LAN_SIGNAL_PATH] = gain(q, w, &q->pairs.data[q->best.data[i] - 1], i);
  for (size_t k = 0; k < LAN_SIGNALS; k++) sum += (double)signals[k];
  return sum;
}
