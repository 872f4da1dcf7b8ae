/* How well hidden links come back, beside the classic rankers. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "memory/hide.h"

enum {
  MOST = 1500,
  LEAST = 50,
  CUT = 100,
  RANKER_LANTOA = 0,
  RANKER_PAGERANK,
  RANKER_ADAMIC_ADAR,
  RANKER_TEXT
};

static const unsigned LINKS =
    1u << EDGE_LINK | 1u << EDGE_LINK_BACK | 1u << EDGE_EMBED | 1u << EDGE_EMBED_BACK;

/* What a ranker says of every note; 0: nothing. */
typedef struct evaluation {
  lan_memory *shadow;
  double *scores;
  bool *known; /* notes that the cue links to, and the cue: no answers */
  lan_ranking_quality *rankings;
  size_t n;
} evaluation;

/* The rank of a note among those that are no known ones, equals counting half; 0: not among the first CUT. */
static size_t rank_of(const evaluation *e, uint32_t wanted) {
  size_t above = 0, equal = 0;
  if (!(e->scores[wanted] > 0)) return 0;
  for (uint32_t v = 0; v < e->shadow->index.cat.n_notes; v++) {
    if (e->known[v] || v == wanted) continue;
    above += e->scores[v] > e->scores[wanted];
    equal += e->scores[v] == e->scores[wanted];
  }
  size_t rank = 1 + above + equal / 2;
  return rank <= CUT ? rank : 0;
}

static void count(evaluation *e, size_t ranker, uint32_t wanted) {
  size_t rank = rank_of(e, wanted);
  lan_ranking_quality *q = &e->rankings[ranker];
  if (rank == 0) return;
  q->mrr += 1 / (double)rank;
  q->hits1 += rank <= 1;
  q->hits5 += rank <= 5;
  q->hits10 += rank <= 10;
}

static void clear(evaluation *e) {
  for (uint32_t v = 0; v < e->shadow->index.cat.n_notes; v++) e->scores[v] = 0;
}

static bool is_link(uint8_t type) { return LINKS >> type & 1u; }

static void mark_known(evaluation *e, uint32_t note, bool value) {
  const lan_graph *g = &e->shadow->index.net.graph;
  e->known[note] = value;
  for (uint32_t i = g->offsets[note]; i < g->offsets[note + 1]; i++) {
    bool out = g->types[i] == EDGE_LINK || g->types[i] == EDGE_EMBED;
    if (out && g->targets[i] < e->shadow->index.cat.n_notes) e->known[g->targets[i]] = value;
  }
}

static lan_status rank_lantoa(evaluation *e, uint32_t note, uint32_t wanted, lan_error *err) {
  const lan_result *r;
  size_t n;
  lan_query query = {.limit = 2 * CUT};
  lan_status s = lan_memory_related(e->shadow, note, &query, &r, &n, err);
  clear(e);
  for (size_t i = 0; s == LAN_OK && i < n; i++) e->scores[r[i].note] = r[i].score;
  if (s == LAN_OK) count(e, RANKER_LANTOA, wanted);
  return s;
}

/* Of the candidates that were just found: the text's likeness alone. */
static void rank_text(evaluation *e, uint32_t wanted) {
  const score_state *st = &e->shadow->score;
  clear(e);
  for (size_t i = 0; i < st->candidates.len; i++) {
    e->scores[st->candidates.data[i].note] = (double)st->candidates.data[i].features[FEATURE_TEXT];
  }
  count(e, RANKER_TEXT, wanted);
}

static lan_status rank_pagerank(evaluation *e, uint32_t note, uint32_t wanted, lan_error *err) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  const lan_activation *out;
  size_t n;
  m.restart = 0.3;
  m.steps = 30;
  m.threshold = 1e-7;
  for (size_t t = 0; t < LAN_EDGE_TYPES; t++) m.type_gain[t] = is_link((uint8_t)t) ? 1.0f : 0.0f;
  lan_cue cue = {note, 1};
  lan_status s = lan_spread(e->shadow->score.spreader, &m, &cue, 1, &out, &n, NULL, err);
  clear(e);
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    if (out[i].node < e->shadow->index.cat.n_notes) e->scores[out[i].node] = out[i].activation;
  }
  if (s == LAN_OK) count(e, RANKER_PAGERANK, wanted);
  return s;
}

static size_t degree(const lan_graph *g, uint32_t v) {
  size_t n = 0;
  for (uint32_t i = g->offsets[v]; i < g->offsets[v + 1]; i++) n += is_link(g->types[i]);
  return n;
}

/* Adamic and Adar 2003: the sum over common neighbours of 1 / ln of their number of neighbours. */
static void rank_adamic_adar(evaluation *e, uint32_t note, uint32_t wanted) {
  const lan_graph *g = &e->shadow->index.net.graph;
  clear(e);
  for (uint32_t i = g->offsets[note]; i < g->offsets[note + 1]; i++) {
    uint32_t between = g->targets[i];
    if (!is_link(g->types[i])) continue;
    size_t d = degree(g, between);
    double worth = 1 / log((double)(d < 2 ? 2 : d));
    for (uint32_t k = g->offsets[between]; k < g->offsets[between + 1]; k++) {
      uint32_t v = g->targets[k];
      if (is_link(g->types[k]) && v < e->shadow->index.cat.n_notes) e->scores[v] += worth;
    }
  }
  count(e, RANKER_ADAMIC_ADAR, wanted);
}

static lan_status rank_all(evaluation *e, const hidden_links *h, lan_error *err) {
  lan_status s = LAN_OK;
  for (uint32_t note = 0; s == LAN_OK && note < e->shadow->index.cat.n_notes; note++) {
    uint32_t wanted = h->target[note];
    if (wanted == UINT32_MAX) continue;
    mark_known(e, note, true);
    s = rank_lantoa(e, note, wanted, err);
    if (s == LAN_OK) rank_text(e, wanted);
    if (s == LAN_OK) s = rank_pagerank(e, note, wanted, err);
    if (s == LAN_OK) rank_adamic_adar(e, note, wanted);
    mark_known(e, note, false);
  }
  return s;
}

static lan_status evaluate(lan_memory *m, const hidden_links *h, lan_ranking_quality *rankings,
                           lan_error *err) {
  size_t n = m->index.cat.n_notes;
  evaluation e = {.rankings = rankings,
                  .scores = lan_alloc_zeroed(n, sizeof *e.scores),
                  .known = lan_alloc_zeroed(n, sizeof *e.known)};
  lan_status s =
      e.scores && e.known ? hide_open(m, h, &e.shadow, err) : lan_fail_memory(err, 9 * n);
  if (s == LAN_OK) s = rank_all(&e, h, err);
  hide_close(e.shadow);
  free(e.scores);
  free(e.known);
  return s;
}

lan_status lan_memory_evaluate(lan_memory *m, uint64_t seed, lan_ranking_quality out[LAN_RANKINGS],
                               size_t *n_hidden, lan_error *err) {
  lan_ranking_quality r[LAN_RANKINGS] = {[RANKER_LANTOA] = {.name = "lantoa"},
                                         [RANKER_PAGERANK] = {.name = "pagerank"},
                                         [RANKER_ADAMIC_ADAR] = {.name = "adamic-adar"},
                                         [RANKER_TEXT] = {.name = "text"}};
  hidden_links h = {0};
  memory_new_answer(m);
  lan_status s = hide_choose(&m->index, seed, 0.15, LEAST, MOST, NULL, &h, err);
  if (s == LAN_OK && h.n < 5) {
    s = lan_fail(err, LAN_EINVAL, "the vault has too few links to hide: %zu", h.n);
  }
  if (s == LAN_OK) s = evaluate(m, &h, r, err);
  for (size_t i = 0; s == LAN_OK && i < LAN_RANKINGS; i++) {
    double share = 1 / (double)h.n;
    out[i] = (lan_ranking_quality){r[i].name, r[i].mrr * share, r[i].hits1 * share,
                                   r[i].hits5 * share, r[i].hits10 * share};
  }
  if (s == LAN_OK && n_hidden) *n_hidden = h.n;
  hide_free(&h);
  return s;
}
