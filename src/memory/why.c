/* Reasons: the words, tags, paths and sentences that tie a result to what was asked. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "memory/memory_internal.h"
#include "memory/trace.h"
#include "text/words.h"

enum {
  WORDS_MOST = 5,
  TAGS_MOST = 5,
  PATHS_MOST = 3,
  SENTENCES_MOST = 3,
  PATH_STEPS = 3,
  ANY_TIE = (1 << EDGE_FOLDER) - 1 /* all but the folder, which says little */
};

/* ---- words in common ---- */

typedef struct word_pick {
  uint64_t hash;
  float worth;
  const char *text;
} word_pick;

typedef struct word_search {
  word_pick *picks;
  size_t n, found;
  lan_arena *arena;
} word_search;

static int by_worth(const void *a, const void *b) {
  const word_pick *x = a, *y = b;
  if (x->worth != y->worth) return x->worth > y->worth ? -1 : 1;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Words are known by their hashes: their spelling is found in the note again. */
static bool find_spelling(void *ctx, const text_word *w) {
  word_search *s = ctx;
  for (size_t i = 0; i < s->n; i++) {
    if (s->picks[i].hash != w->hash || s->picks[i].text) continue;
    s->picks[i].text = lan_arena_copy(s->arena, w->folded, w->folded_len);
    s->found++;
  }
  return s->found < s->n;
}

/* Means reading the note: once, when it is first wanted. */
static lan_status words_in_common(lan_memory *m, uint32_t note, lan_why *why, lan_error *err) {
  const score_cue *cue = &m->cue;
  if (why->words) return LAN_OK;
  size_t n = cue->words.len;
  float *parts = lan_arena_alloc(&m->answer, n, sizeof *parts);
  word_pick *picks = lan_arena_alloc(&m->answer, n, sizeof *picks);
  const char **texts = lan_arena_alloc(&m->answer, WORDS_MOST, sizeof *texts);
  if (!parts || !picks || !texts) return lan_fail_memory(err, 0);
  bm25_explain(m->index.words, SCORE_BM25, cue->words.data, n, note, parts);
  size_t shared = 0;
  for (size_t i = 0; i < n; i++) {
    if (parts[i] > 0) picks[shared++] = (word_pick){cue->words.data[i].hash, parts[i], NULL};
  }
  if (shared) qsort(picks, shared, sizeof *picks, by_worth);
  word_search s = {picks, shared < WORDS_MOST ? shared : WORDS_MOST, 0, &m->answer};
  const catalog_note *of = &m->index.cat.notes[note];
  if (memory_read(m, note, err) == LAN_OK) {
    const facts *f = &m->reader.facts;
    text_words(of->title.ptr, of->title.len, TEXT_CUT_BIGRAMS, find_spelling, &s);
    for (size_t i = 0; s.found < s.n && i < f->pieces.len; i++) {
      lan_str t = f->pieces.data[i].text;
      text_words(t.ptr, t.len, TEXT_CUT_BIGRAMS, find_spelling, &s);
    }
  }
  for (size_t i = 0; i < s.n; i++) {
    if (picks[i].text) texts[why->n_words++] = picks[i].text;
  }
  why->words = texts;
  return LAN_OK;
}

/* ---- tags in common ---- */

static lan_status tags_in_common(lan_memory *m, uint32_t note, lan_why *why, lan_error *err) {
  const network *net = &m->index.net;
  const lan_graph *g = &net->graph;
  const char **tags = lan_arena_alloc(&m->answer, TAGS_MOST, sizeof *tags);
  if (!tags) return lan_fail_memory(err, 0);
  why->tags = tags;
  if (m->cue.note == UINT32_MAX) return LAN_OK;
  for (uint32_t e = g->offsets[note]; e < g->offsets[note + 1] && why->n_tags < TAGS_MOST; e++) {
    if (g->types[e] != EDGE_TAG) continue;
    if (!trace_has_edge(g, m->cue.note, g->targets[e], 1u << EDGE_TAG)) continue;
    tags[why->n_tags++] = net->things.data[g->targets[e] - net->n_notes].name.ptr;
  }
  return LAN_OK;
}

/* ---- sentences ---- */

static lan_status sentences_on_paths(lan_memory *m, lan_why *why, lan_error *err) {
  lan_sentence *s = lan_arena_alloc(&m->answer, SENTENCES_MOST, sizeof *s);
  if (!s) return lan_fail_memory(err, 0);
  why->sentences = s;
  for (size_t p = 0; p < why->n_paths; p++) {
    const lan_path *path = &why->paths[p];
    for (size_t h = 1; h < path->n_hops && why->n_sentences < SENTENCES_MOST; h++) {
      bool found = false;
      lan_status status =
          trace_sentence(m, &path->hops[h - 1], &path->hops[h], &s[why->n_sentences], &found, err);
      if (status != LAN_OK) return status;
      bool again = false;
      for (size_t k = 0; found && k < why->n_sentences; k++) {
        again |= s[k].path == s[why->n_sentences].path && s[k].line == s[why->n_sentences].line;
      }
      why->n_sentences += found && !again;
    }
  }
  return LAN_OK;
}

/* ---- one line ---- */

static lan_signal strongest(const lan_result *r) {
  lan_signal best = LAN_SIGNAL_LINK;
  for (size_t s = 0; s < LAN_SIGNALS; s++) {
    if (r->signals[s] > r->signals[best]) best = (lan_signal)s;
  }
  /* What the notes say themselves says more than what follows from it. */
  if (r->linked) return LAN_SIGNAL_LINK;
  return r->signals[LAN_SIGNAL_MENTION] > 0 ? LAN_SIGNAL_MENTION : best;
}

static void join_words(lan_buf *b, const lan_why *why) {
  for (size_t i = 0; i < why->n_words; i++) lan_buf_printf(b, "%s%s", i ? ", " : "", why->words[i]);
}

static const char *node_name(const lan_memory *m, uint32_t node) {
  const network *net = &m->index.net;
  return node < net->n_notes ? m->index.cat.notes[node].title.ptr
                             : net->things.data[node - net->n_notes].name.ptr;
}

/* "Cà phê → Buổi sáng → Bạn bè", over any kind of tie. */
static bool say_path(const lan_memory *m, uint32_t note, lan_buf *b) {
  uint32_t between = trace_between(&m->index.net.graph, m->cue.note, note, ANY_TIE, ANY_TIE);
  if (between == UINT32_MAX) return false;
  lan_buf_printf(b, "%s → %s → %s", node_name(m, m->cue.note), node_name(m, between),
                 node_name(m, note));
  return true;
}

static bool say_between(const lan_memory *m, uint32_t note, lan_signal signal, lan_buf *b) {
  const lan_graph *g = &m->index.net.graph;
  enum {
    OUT = 1u << EDGE_LINK | 1u << EDGE_EMBED,
    IN = 1u << EDGE_LINK_BACK | 1u << EDGE_EMBED_BACK
  };
  unsigned way = signal == LAN_SIGNAL_COCITED ? IN : OUT;
  uint32_t between = trace_between(g, m->cue.note, note, way, way);
  if (between == UINT32_MAX) return false;
  lan_buf_printf(b, signal == LAN_SIGNAL_COCITED ? "both linked from %s" : "both link to %s",
                 node_name(m, between));
  return true;
}

static bool opened_between(const habits *h, uint32_t from, uint32_t note) {
  size_t n;
  const habit *opens = habits_from(h, from, &n);
  for (size_t i = 0; i < n; i++) {
    if (opens[i].note == note) return true;
  }
  return false;
}

/* The feature of use that weighs most for a result. */
static score_feature strongest_use(const lan_memory *m, uint32_t note) {
  static const score_feature ways[] = {FEATURE_HABIT, FEATURE_CHOSEN, FEATURE_ALIKE_AFTER,
                                       FEATURE_TRAIL_AFTER};
  const score_candidate *c = score_candidate_of(&m->score, note);
  float parts[FEATURES];
  score_feature best = ways[0];
  if (!c) return best;
  model_parts(&m->model.note, c->features, parts);
  for (size_t i = 1; i < sizeof ways / sizeof *ways; i++) {
    if (parts[ways[i]] > parts[best]) best = ways[i];
  }
  return best;
}

static void say_use(const lan_memory *m, const lan_result *r, lan_buf *b) {
  uint32_t cue = m->cue.note;
  const char *name = m->index.cat.notes[cue].title.ptr;
  if (opened_between(&m->habits, cue, r->note)) {
    lan_buf_printf(b, "opened from %s before", name);
  } else if (habits_verdict(&m->habits, cue, r->note) == LAN_VERDICT_GOOD) {
    lan_buf_printf(b, "said to belong to %s", name);
  } else if (opened_between(&m->habits, r->note, cue)) {
    lan_buf_printf(b, "%s was opened from it", name);
  } else {
    score_feature best = strongest_use(m, r->note);
    if (best == FEATURE_TRAIL_AFTER) {
      lan_buf_add_str(b, "opened after what you just opened");
    } else if (best == FEATURE_ALIKE_AFTER) {
      lan_buf_printf(b, "opened from notes that read like %s", name);
    } else {
      lan_buf_add_str(b, "often opened");
    }
  }
}

/* Asked by words: which of them it holds, and what note of the answer it is tied to. */
static void say_holds(const lan_memory *m, const lan_result *r, const lan_why *why, lan_buf *b) {
  uint32_t tied = question_tied_to(&m->question, r->note);
  const picture_shown *shown = pictures_meant_in(&m->pictures, r->note);
  if (why->n_words) {
    lan_buf_add_str(b, "holds: ");
    join_words(b, why);
  }
  if (shown) {
    lan_buf_printf(b, "%s%s shows %s", why->n_words ? "; " : "", shown->path, shown->name);
  }
  if (tied != UINT32_MAX) {
    lan_buf_printf(b, "%stied to %s", why->n_words || shown ? "; " : "", node_name(m, tied));
  } else if (!why->n_words && !shown) {
    lan_buf_add_str(b, "near by in the vault");
  }
}

/* What can be said without words in common. */
static bool say_tie(const lan_memory *m, const lan_result *r, lan_signal s, const lan_why *why,
                    lan_buf *b) {
  uint32_t cue = m->cue.note;
  const char *name = m->index.cat.notes[cue].title.ptr;
  if (r->linked == (LAN_LINK_IN | LAN_LINK_OUT)) {
    lan_buf_printf(b, "linked with %s both ways", name);
  } else if (r->linked) {
    lan_buf_printf(b, r->linked == LAN_LINK_OUT ? "linked from %s" : "links to %s", name);
  } else if (s == LAN_SIGNAL_MENTION) {
    bool named = trace_has_edge(&m->index.net.graph, cue, r->note, 1u << EDGE_MENTION);
    lan_buf_printf(b, named ? "named in %s" : "names %s", name);
  } else if (s == LAN_SIGNAL_COCITED || s == LAN_SIGNAL_COUPLED) {
    return say_between(m, r->note, s, b);
  } else if (s == LAN_SIGNAL_USE) {
    say_use(m, r, b);
  } else if (s == LAN_SIGNAL_TAG && why->n_tags) {
    lan_buf_printf(b, "both tagged #%s", why->tags[0]);
  } else if (s == LAN_SIGNAL_FOLDER) {
    lan_buf_add_str(b, "in the same folder");
  } else if (s == LAN_SIGNAL_NEIGHBOR) {
    lan_buf_printf(b, "tied to notes that read like %s", name);
  } else {
    return false;
  }
  return true;
}

static bool say_words(const lan_why *why, lan_buf *b) {
  if (!why->n_words) return false;
  lan_buf_add_str(b, "words in common: ");
  join_words(b, why);
  return true;
}

static lan_status say_reason(lan_memory *m, const lan_result *r, lan_why *why, lan_buf *b,
                             lan_error *err) {
  if (m->cue.note == UINT32_MAX) {
    lan_status s = words_in_common(m, r->note, why, err);
    if (s == LAN_OK) say_holds(m, r, why, b);
    return s;
  }
  lan_signal best = strongest(r);
  if (say_tie(m, r, best, why, b)) return LAN_OK;
  bool by_words = best == LAN_SIGNAL_TEXT || best == LAN_SIGNAL_TITLE;
  if (!by_words && say_path(m, r->note, b)) return LAN_OK;
  lan_status s = words_in_common(m, r->note, why, err);
  if (s != LAN_OK || say_words(why, b)) return s;
  if (by_words && say_path(m, r->note, b)) return LAN_OK;
  lan_buf_add_str(b, best == LAN_SIGNAL_POPULAR ? "often linked to" : "near by in the vault");
  return LAN_OK;
}

static lan_status reason_line(lan_memory *m, const lan_result *r, lan_why *why, lan_error *err) {
  lan_buf b = {0};
  lan_status s = say_reason(m, r, why, &b, err);
  why->reason = b.failed || s != LAN_OK ? NULL : lan_arena_copy(&m->answer, b.data, b.len);
  lan_buf_free(&b);
  return s != LAN_OK || why->reason ? s : lan_fail_memory(err, 0);
}

/* What costs little: tags, from them the reason, and words if the reason alone is not enough or names them. */
static lan_status begin_why(lan_memory *m, size_t i, bool reason_only, lan_why **why,
                            lan_error *err) {
  if (i >= m->results.len) return lan_fail(err, LAN_ERANGE, "there is no result %zu", i);
  const lan_result *r = &m->results.data[i];
  *why = lan_arena_alloc(&m->answer, 1, sizeof **why);
  if (!*why) return lan_fail_memory(err, sizeof **why);
  **why = (lan_why){0};
  lan_status s = reason_only ? LAN_OK : words_in_common(m, r->note, *why, err);
  if (s == LAN_OK) s = tags_in_common(m, r->note, *why, err);
  return s == LAN_OK ? reason_line(m, r, *why, err) : s;
}

lan_status lan_memory_reason(lan_memory *m, size_t i, const char **reason, lan_error *err) {
  lan_why *why = NULL;
  lan_status s = begin_why(m, i, true, &why, err);
  if (s == LAN_OK) *reason = why->reason;
  return s;
}

lan_status lan_memory_why(lan_memory *m, size_t i, const lan_why **out, lan_error *err) {
  lan_why *why = NULL;
  lan_status s = begin_why(m, i, false, &why, err);
  if (s == LAN_OK) {
    s = trace_paths(m, m->cue.nodes.data, m->cue.nodes.len, m->results.data[i].note, PATH_STEPS,
                    PATHS_MOST, &why->paths, &why->n_paths, err);
  }
  if (s == LAN_OK) s = sentences_on_paths(m, why, err);
  if (s == LAN_OK) *out = why;
  return s;
}

lan_status lan_memory_paths(lan_memory *m, uint32_t from, uint32_t to, size_t limit,
                            const lan_path **paths, size_t *n, lan_error *err) {
  memory_new_answer(m);
  if (from >= m->index.cat.n_notes || to >= m->index.cat.n_notes) {
    return lan_fail(err, LAN_ERANGE, "the vault has %u notes", m->index.cat.n_notes);
  }
  lan_cue cue = {from, 1.0f};
  return trace_paths(m, &cue, 1, to, 4, limit, paths, n, err);
}
