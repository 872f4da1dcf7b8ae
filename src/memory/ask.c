/* Asking: from a note or a phrase to the ranked answer. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "memory/memory_internal.h"
#include "memory/score_internal.h"
#include "text/unicode.h"
#include "text/words.h"

enum {
  WORDS_MOST = 48, /* words of the cue that are compared, the most telling ones */
  DEFAULT_LIMIT = 10,
  SEEDS_MOST = 10,   /* notes that labels activate by their words */
  SPOKEN_MOST = 400, /* words of a question in which names are looked for */
  VARIANTS_MOST = 8  /* accented spellings tried for a word that is nowhere */
};

const char *lan_signal_name(lan_signal signal) {
  static const char *const signals[LAN_SIGNALS] = {
      [LAN_SIGNAL_LINK] = "link",       [LAN_SIGNAL_PATH] = "path",
      [LAN_SIGNAL_COCITED] = "cocited", [LAN_SIGNAL_COUPLED] = "coupled",
      [LAN_SIGNAL_TEXT] = "text",       [LAN_SIGNAL_NEIGHBOR] = "neighbor",
      [LAN_SIGNAL_MENTION] = "mention", [LAN_SIGNAL_TITLE] = "title",
      [LAN_SIGNAL_TAG] = "tag",         [LAN_SIGNAL_FOLDER] = "folder",
      [LAN_SIGNAL_POPULAR] = "popular", [LAN_SIGNAL_USE] = "use"};
  return signal < LAN_SIGNALS ? signals[signal] : "unknown";
}

/* ---- the cue ---- */

typedef struct weighed {
  uint64_t hash;
  float weight, worth; /* worth: what the word tells, for choosing */
} weighed;

static int by_worth(const void *a, const void *b) {
  const weighed *x = a, *y = b;
  if (x->worth != y->worth) return x->worth > y->worth ? -1 : 1;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Of a note's words those that tell most, by count and rarity; a word that no other note holds
 * finds nothing. */
static lan_status choose_words(lan_memory *m, const bm25_doc *doc, score_cue *cue, lan_error *err) {
  weighed *all = lan_alloc_array(doc->n_terms, sizeof *all);
  size_t n = 0;
  if (!all || !VEC_RESERVE(&cue->words, WORDS_MOST) ||
      !lan_map_reserve(&cue->in_text, doc->n_terms)) {
    free(all);
    return lan_fail_memory(err, 0);
  }
  for (uint32_t i = 0; i < doc->n_terms; i++) {
    const bm25_term *t = &doc->terms[i];
    *lan_map_put(&cue->in_text, t->hash) = 1; /* there is room */
    uint32_t df = bm25_doc_frequency(m->index.words, t->hash);
    if (df < 2) continue;
    float tf = 1.0f + logf((float)t->count), idf = (float)bm25_idf_of(m->index.words, df);
    all[n++] = (weighed){t->hash, tf * idf, tf * idf * idf};
  }
  if (n) qsort(all, n, sizeof *all, by_worth);
  for (size_t i = 0; i < n && i < WORDS_MOST; i++) {
    cue->words.data[cue->words.len++] = (bm25_query_term){all[i].hash, all[i].weight};
  }
  free(all);
  return LAN_OK;
}

static bool collect_title(void *ctx, const text_word *w) {
  score_cue *cue = ctx;
  return VEC_PUSH(&cue->title, w->hash) && cue->title.len < 64;
}

lan_status memory_cue(lan_memory *m, uint32_t note, lan_error *err) {
  score_cue *cue = &m->cue;
  const catalog_note *n = &m->index.cat.notes[note];
  bm25_doc doc = {0};
  score_cue_reset(cue);
  cue->note = note;
  if (!VEC_PUSH(&cue->nodes, (lan_cue){note, 1.0f})) return lan_fail_memory(err, 0);
  text_words(n->title.ptr, n->title.len, TEXT_CUT_BIGRAMS, collect_title, cue);
  lan_status s = memory_read(m, note, err);
  if (s == LAN_EIO || s == LAN_ENOTFOUND || s == LAN_ELIMIT) return LAN_OK; /* its ties are known */
  if (s == LAN_OK) s = reader_words(&m->reader, n, &doc, err);
  if (s == LAN_OK) s = choose_words(m, &doc, cue, err);
  return s;
}

lan_status memory_know_habits(lan_memory *m, lan_error *err) {
  if (m->of || m->habits.read || !m->records.ctx) return LAN_OK;
  if (m->counts.opens + m->counts.feedbacks + m->counts.hidden == 0) return LAN_OK;
  return habits_read(&m->habits, &m->records, &m->index.cat, err);
}

lan_status memory_use_habits(lan_memory *m, lan_error *err) {
  score_state *st = &m->score;
  lan_status s = memory_know_habits(m, err);
  st->now_ms = lan_clock_unix_ms() + 1000; /* opens of one moment are kept a millisecond apart */
  st->habits = s == LAN_OK && m->habits.read ? &m->habits : NULL;
  return s;
}

/* ---- the answer ---- */

static bool is_hidden(const lan_memory *m, uint32_t note) {
  const habits *h = m->score.habits;
  return h && m->cue.note != UINT32_MAX &&
         habits_verdict(h, m->cue.note, note) == LAN_VERDICT_HIDDEN;
}

static int by_score(const void *a, const void *b) {
  const lan_result *x = a, *y = b;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  return (x->note > y->note) - (x->note < y->note); /* notes are in order of their paths */
}

static size_t limit_of(const lan_query *query) {
  return query && query->limit ? query->limit : DEFAULT_LIMIT;
}

/* Whether a candidate may be an answer at all. */
static bool is_wanted(const lan_memory *m, const score_candidate *c, lan_linked want) {
  if (is_hidden(m, c->note)) return false;
  bool linked = m->cue.note != UINT32_MAX && c->linked;
  return want == LAN_LINKED_YES || linked == (want == LAN_LINKED_ONLY);
}

/* All are scored, and the best told with the parts of their scores. */
static lan_status rank_candidates(lan_memory *m, const lan_query *query, lan_error *err) {
  score_state *st = &m->score;
  lan_linked want = query ? query->linked : LAN_LINKED_YES;
  size_t limit = limit_of(query), n = st->candidates.len;
  float signals[LAN_SIGNALS];
  if (limit > n) limit = n;
  st->ranking.len = m->results.len = 0;
  if (!VEC_RESERVE(&st->ranking, n + limit) || !VEC_RESERVE(&m->results, limit)) {
    return lan_fail_memory(err, 0);
  }
  for (size_t i = 0; i < n; i++) {
    const score_candidate *c = &st->candidates.data[i];
    double score = is_wanted(m, c, want) ? score_sum(st, c, &m->cue, signals) : 0;
    if (score > 0) st->ranking.data[st->ranking.len++] = (lan_activation){c->note, score};
  }
  lan_activation *top = st->ranking.data + n; /* notes are in order of their paths */
  m->results.len = lan_spread_top(st->ranking.data, st->ranking.len, NULL, 0, top, limit);
  for (size_t i = 0; i < m->results.len; i++) {
    const score_candidate *c = score_candidate_of(st, top[i].node);
    lan_result *r = &m->results.data[i];
    *r = (lan_result){.note = c->note, .linked = m->cue.note == UINT32_MAX ? 0 : c->linked};
    r->score = score_sum(st, c, &m->cue, r->signals);
  }
  return LAN_OK;
}

lan_status lan_memory_related(lan_memory *m, uint32_t note, const lan_query *query,
                              const lan_result **results, size_t *n, lan_error *err) {
  memory_new_answer(m);
  if (note >= m->index.cat.n_notes) {
    return lan_fail(err, LAN_ERANGE, "there is no note %u; the vault has %u", note,
                    m->index.cat.n_notes);
  }
  lan_status s = memory_cue(m, note, err);
  if (s == LAN_OK) s = memory_use_habits(m, err);
  if (query && query->at_ms) m->score.now_ms = query->at_ms;
  if (s == LAN_OK) s = score_candidates(&m->score, &m->cue, limit_of(query), err);
  if (s == LAN_OK) s = rank_candidates(m, query, err);
  if (s != LAN_OK) return s;
  *results = m->results.data;
  *n = m->results.len;
  return LAN_OK;
}

/* ---- recall by words ---- */

typedef struct asked {
  lan_memory *m;
  float weight; /* of the words */
  bool failed;
} asked;

static bool add_written(question *q, uint64_t hash) {
  if (q->n_groups >= QUESTION_WORDS) return true;
  return VEC_PUSH(&q->words, (question_word){hash, q->n_groups});
}

static bool known_word(const question *q, uint64_t hash) {
  for (size_t i = 0; i < q->words.len; i++) {
    if (q->words.data[i].hash == hash) return true;
  }
  return false;
}

static bool add_query_word(score_cue *cue, uint64_t hash, float weight) {
  for (size_t i = 0; i < cue->words.len; i++) {
    if (cue->words.data[i].hash == hash) return true;
  }
  return VEC_PUSH(&cue->words, (bm25_query_term){hash, weight});
}

/* A word that is nowhere as it was typed is tried with accents: "ca phe" is written "cà phê". */
static bool ask_word(void *ctx, const text_word *w) {
  asked *a = ctx;
  score_cue *cue = &a->m->cue;
  const bm25_index *words = a->m->index.words;
  uint64_t hashes[VARIANTS_MOST];
  size_t n = 0;
  bool plain = w->hash == w->base_hash, known = bm25_doc_frequency(words, w->hash) > 0;
  uint32_t *slot = lan_map_put(&cue->in_text, w->hash);
  bool room = slot && VEC_PUSH(&cue->title, w->hash);
  if (room) *slot = 1;
  question *q = &a->m->question;
  bool repeated = known_word(q, w->hash);
  if (!repeated) room = room && add_written(q, w->hash);
  if (known) room = room && add_query_word(cue, w->hash, a->weight);
  if (plain) n = bm25_variants(words, w->base_hash, hashes, VARIANTS_MOST);
  for (size_t i = 0; room && i < n; i++) {
    room = add_query_word(cue, hashes[i], a->weight * (known ? 0.3f : 0.8f));
    if (!repeated) room = room && add_written(q, hashes[i]);
    if (room && !known) { /* the accented word stands for the typed one in titles too */
      slot = lan_map_put(&cue->in_text, hashes[i]);
      room = slot && VEC_PUSH(&cue->title, hashes[i]);
      if (room) *slot = 1;
    }
  }
  if (!repeated && q->n_groups < QUESTION_WORDS) q->n_groups++;
  a->failed = !room;
  return room && cue->words.len < 4 * WORDS_MOST;
}

static bool speak_word(void *ctx, const text_word *w) {
  asked *a = ctx;
  a->failed = !VEC_PUSH(&a->m->question.spoken, w->hash);
  return !a->failed && a->m->question.spoken.len < SPOKEN_MOST;
}

static lan_status rank_question(lan_memory *m, size_t limit, lan_error *err) {
  question *q = &m->question;
  m->results.len = 0;
  lan_status s = question_tie_best(q, &m->model.question, err);
  if (s != LAN_OK) return s;
  if (!VEC_RESERVE(&m->results, q->notes.len)) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < q->notes.len; i++) {
    lan_result *r = &m->results.data[m->results.len];
    *r = (lan_result){.note = q->notes.data[i].note};
    r->score = question_score(q, &m->model.question, i, r->signals);
    if (r->score > 0) m->results.len++;
  }
  if (m->results.len) qsort(m->results.data, m->results.len, sizeof(lan_result), by_score);
  if (m->results.len > limit) m->results.len = limit;
  return LAN_OK;
}

/* Pictures that show what words of the question mean. */
static lan_status find_pictures(lan_memory *m, lan_error *err) {
  question *q = &m->question;
  pictures *p = &m->pictures;
  lan_status s = pictures_know(m, err);
  p->meant.len = 0;
  for (size_t i = 0; s == LAN_OK && i < p->words.len; i++) {
    for (size_t k = 0; k < q->words.len; k++) {
      if (q->words.data[k].hash != p->words.data[i].hash) continue;
      uint32_t shown = p->words.data[i].shown;
      question_picture meant = {p->shown.data[shown].note, q->words.data[k].group};
      if (!VEC_PUSH(&q->pictures, meant) || !VEC_PUSH(&p->meant, shown)) {
        return lan_fail_memory(err, 0);
      }
    }
  }
  return s;
}

lan_status lan_memory_recall(lan_memory *m, const char *text, const lan_query *query,
                             const lan_result **results, size_t *n, lan_error *err) {
  asked a = {m, 1.0f, false};
  memory_new_answer(m);
  question_reset(&m->question);
  m->cue.is_text = true;
  text_words(text, strlen(text), TEXT_CUT_BIGRAMS, ask_word, &a);
  if (!a.failed) text_words(text, strlen(text), TEXT_CUT_SINGLES, speak_word, &a);
  if (a.failed) return lan_fail_memory(err, 0);
  lan_status s = find_pictures(m, err);
  if (s == LAN_OK) s = question_candidates(&m->score, &m->cue, &m->question, err);
  if (s == LAN_OK) s = rank_question(m, limit_of(query), err);
  if (s != LAN_OK) return s;
  *results = m->results.data;
  *n = m->results.len;
  return LAN_OK;
}

/* ---- recall by labels ---- */

/* Tags of the label's name; one of several words is written with '-' or '_'. */
static lan_status add_tag_cues(lan_memory *m, const lan_label *label, lan_error *err) {
  const network *net = &m->index.net;
  lan_buf wanted = {0}, tag = {0};
  lan_status s = LAN_OK;
  text_fold(&wanted, label->name, strlen(label->name));
  for (size_t i = 0; s == LAN_OK && i < net->things.len; i++) {
    if (net->things.data[i].kind != NODE_TAG) continue;
    lan_buf_clear(&tag);
    text_fold(&tag, net->things.data[i].name.ptr, net->things.data[i].name.len);
    for (size_t k = 0; k < tag.len; k++) {
      if (tag.data[k] == '-' || tag.data[k] == '_') tag.data[k] = ' ';
    }
    if (!lan_str_equal(lan_buf_str(&tag), lan_buf_str(&wanted))) continue;
    lan_cue cue = {net->n_notes + (uint32_t)i, label->probability};
    if (!VEC_PUSH(&m->cue.nodes, cue)) s = lan_fail_memory(err, 0);
  }
  if (wanted.failed || tag.failed) s = lan_fail_memory(err, 0);
  lan_buf_free(&wanted);
  lan_buf_free(&tag);
  return s;
}

/* Notes that show what was taken for the same, as sure as both are. */
static lan_status add_picture_cues(lan_memory *m, const lan_label *label, lan_error *err) {
  pictures *p = &m->pictures;
  lan_buf wanted = {0};
  lan_status s = LAN_OK;
  text_fold(&wanted, label->name, strlen(label->name));
  for (uint32_t i = 0; s == LAN_OK && i < p->shown.len; i++) {
    const picture_shown *shown = &p->shown.data[i];
    if (!lan_str_equal(shown->label, lan_buf_str(&wanted))) continue;
    lan_cue cue = {shown->note, label->probability * shown->probability};
    if (!VEC_PUSH(&m->cue.nodes, cue) || !VEC_PUSH(&p->meant, i)) s = lan_fail_memory(err, 0);
  }
  if (wanted.failed) s = lan_fail_memory(err, 0);
  lan_buf_free(&wanted);
  return s;
}

/* The note that the label names, its tags, and pictures that show it. */
static lan_status add_label_cues(lan_memory *m, const lan_label *label, lan_error *err) {
  uint32_t note;
  lan_status s = lan_memory_find(m, label->name, &note, NULL);
  if (s == LAN_ENOMEM) return lan_fail_memory(err, 0);
  if (s == LAN_OK && !VEC_PUSH(&m->cue.nodes, (lan_cue){note, label->probability})) {
    return lan_fail_memory(err, 0);
  }
  s = add_tag_cues(m, label, err);
  return s == LAN_OK ? add_picture_cues(m, label, err) : s;
}

/* A picture tells as much as a text that is about what it shows. */
static lan_status count_pictures(lan_memory *m, const lan_label *labels, size_t n_labels,
                                 lan_error *err) {
  const pictures *p = &m->pictures;
  for (size_t i = 0; i < p->meant.len; i++) {
    const picture_shown *shown = &p->shown.data[p->meant.data[i]];
    float *text = score_feature_of(&m->score, shown->note, FEATURE_TEXT);
    if (!text) return lan_fail_memory(err, 0);
    for (size_t k = 0; k < n_labels; k++) {
      if (strcmp(labels[k].name, shown->name) != 0) continue;
      *text = fmaxf(*text, labels[k].probability * shown->probability);
    }
  }
  return LAN_OK;
}

lan_status lan_memory_recall_labels(lan_memory *m, const lan_label *labels, size_t n_labels,
                                    const lan_query *query, const lan_result **results, size_t *n,
                                    lan_error *err) {
  lan_status s = LAN_OK;
  memory_new_answer(m);
  question_reset(&m->question);
  m->cue.is_text = true;
  for (size_t i = 0; i < n_labels; i++) {
    asked a = {m, labels[i].probability, false};
    if (!(a.weight >= 0 && a.weight <= 1)) {
      return lan_fail(err, LAN_ERANGE, "the probability of '%s' is %g", labels[i].name,
                      (double)a.weight);
    }
    if (a.weight > 0)
      text_words(labels[i].name, strlen(labels[i].name), TEXT_CUT_BIGRAMS, ask_word, &a);
    if (a.failed) return lan_fail_memory(err, 0);
  }
  s = pictures_know(m, err);
  m->pictures.meant.len = 0;
  if (s == LAN_OK) s = score_seeds(&m->score, &m->cue, SEEDS_MOST, err);
  for (size_t i = 0; s == LAN_OK && i < n_labels; i++) {
    if (labels[i].probability > 0) s = add_label_cues(m, &labels[i], err);
  }
  score_normalise_cue(&m->cue);
  if (s == LAN_OK) s = score_candidates(&m->score, &m->cue, limit_of(query), err);
  if (s == LAN_OK) s = count_pictures(m, labels, n_labels, err);
  if (s == LAN_OK) s = rank_candidates(m, query, err);
  if (s != LAN_OK) return s;
  *results = m->results.data;
  *n = m->results.len;
  return LAN_OK;
}
