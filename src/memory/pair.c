/* What a cue and a candidate share, and what a candidate is by itself. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "memory/score_internal.h"
#include "text/words.h"

/* ---- places ---- */

/* 1 in the same folder, less the further one must walk: (2 common + 1) / (depths + 1). */
static float nearness(const score_folder *a, const score_folder *b) {
  uint32_t common = 0;
  while (common < a->n && common < b->n && a->name[common] == b->name[common]) common++;
  return (2.0f * (float)common + 1.0f) / ((float)a->n + (float)b->n + 1.0f);
}

/* Whether it is called as the cue, or lies below a folder that is: 1, a half, a third ... */
static float below(const score_folder *f, uint64_t title) {
  for (uint32_t up = 0; up < f->n; up++) {
    if (f->name[f->n - 1 - up] == title) return 1.0f / (float)(1 + up);
  }
  return 0;
}

/* What the cue's place and the candidate's folder say: found once a folder. */
typedef struct place {
  uint32_t folder; /* the cue's */
  uint64_t title;
  float same; /* what being in the same folder is worth: the smaller it is the more */
} place;

static place place_of(const score_state *st, uint32_t note) {
  const lan_graph *g = &st->index->net.graph;
  place p = {.folder = st->folder[note],
             .title = score_name_hash(st->index->cat.notes[note].title)};
  if (p.folder != UINT32_MAX) {
    p.same = 1.0f / log2f(1.0f + (float)(g->offsets[p.folder + 1] - g->offsets[p.folder]));
  }
  return p;
}

static void compare_places(score_state *st, const place *here, score_candidate *c) {
  uint32_t folder = st->folder[c->note];
  if (folder == UINT32_MAX || here->folder == UINT32_MAX) return;
  score_folder *there = &st->folders[folder - st->index->net.n_notes];
  if (there->asked != st->asked) {
    there->asked = st->asked;
    there->near = nearness(&st->folders[here->folder - st->index->net.n_notes], there);
    there->below = below(there, here->title);
  }
  c->features[FEATURE_PATH] = there->near;
  c->features[FEATURE_CHILD] = there->below;
  if (folder == here->folder) c->features[FEATURE_FOLDER] = here->same;
}

/* ln(1 + n), for the most part from a table. */
static float log_count(score_state *st, uint32_t n) {
  if (n >= SCORE_LOGS) return log1pf((float)n);
  if (st->logs[n] == 0) st->logs[n] = log1pf((float)n);
  return st->logs[n];
}

/* What is linked both ways is linked to, first of all. */
static void note_links(score_candidate *c) {
  float *f = c->features;
  c->linked =
      (f[FEATURE_LINK_OUT] > 0 ? LAN_LINK_OUT : 0) | (f[FEATURE_LINK_IN] > 0 ? LAN_LINK_IN : 0);
  if (f[FEATURE_LINK_OUT] > 0) f[FEATURE_LINK_IN] = 0;
}

void score_places(score_state *st, const score_cue *cue) {
  bool is_note = cue->note != UINT32_MAX;
  place here = is_note ? place_of(st, cue->note) : (place){.folder = UINT32_MAX};
  st->asked++;
  for (size_t i = 0; i < st->candidates.len; i++) {
    score_candidate *c = &st->candidates.data[i];
    float in = log_count(st, st->links_in[c->note]);
    c->features[FEATURE_POPULAR] = in * in / 10;
    c->features[FEATURE_DEGREE] = log_count(st, st->links_out[c->note]);
    if (is_note) compare_places(st, &here, c);
    note_links(c);
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

lan_status score_titles(score_state *st, const score_cue *cue, lan_error *err) {
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
      float share = named / t->idf_sum, all = logf((float)st->index->cat.n_notes + 2);
      c->features[FEATURE_TITLE_IN_CUE] = log1pf(named * share / all);
    }
  }
  return LAN_OK;
}
