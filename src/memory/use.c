/* What use says of a cue and a candidate: opens after it and before it, how often and how lately the candidate was
 * opened, by which trail the user came here, and what was said of the two. docs/scoring.md has the formulas. */
#include <math.h>

#include "base/error.h"
#include "memory/score_internal.h"

enum {
  ALIKE_MOST = 40,      /* notes like the cue whose opens count */
  ALIKE_OPENS_MOST = 256 /* of each, the latest */
};

/* Besides what is at hand so many other notes may be meant. */
static const double ELSEWHERE = 20;

/* Expected opens count as much as so many real ones. */
static const double EXPECTED = 3, EXPECTED_ALIKE = 0.2;

/* ---- counting: features hold sums until they are described ---- */

static bool count(score_state *st, uint32_t note, score_feature f, float worth) {
  float *v = score_feature_of(st, note, f);
  if (v) *v += worth;
  return v != NULL;
}

/* What was opened from the cue, and how lately: a connection fades by what is opened after it, not by the hours, so
 * that a holiday takes nothing away (interference: Anderson 1983, The Architecture of Cognition, chapter 5). */
static bool count_after(score_state *st, uint32_t cue) {
  size_t n;
  const habit_list *all = &st->habits->by_time;
  const habit *opens = habits_from(st->habits, cue, &n);
  for (size_t i = 0; i < n && opens[i].at_ms < st->now_ms; i++) {
    if (opens[i].note == cue) continue;
    float *lately = score_feature_of(st, opens[i].note, FEATURE_AGAIN);
    if (!lately || !count(st, opens[i].note, FEATURE_OPENED_AFTER, 1)) return false;
    size_t ago = st->tally.counted - habits_before(all->data, all->len, opens[i].at_ms);
    *lately = 1 / sqrtf(1 + (float)ago);
  }
  return true;
}

static bool count_before(score_state *st, uint32_t cue) {
  size_t n;
  const habit *opens = habits_of(st->habits, cue, &n);
  for (size_t i = 0; i < n && opens[i].at_ms < st->now_ms; i++) {
    uint32_t from = opens[i].from;
    if (from == UINT32_MAX || from == cue) continue;
    if (!count(st, from, FEATURE_OPENED_BEFORE, 1)) return false;
  }
  return true;
}

/* What was opened from notes with similar words; *sum is how often they were left. */
static bool count_alike(score_state *st, uint32_t cue, double *sum) {
  *sum = 0;
  for (size_t k = 0; k < st->similar.len && k < ALIKE_MOST; k++) {
    size_t n;
    float like = st->similar.data[k].activation;
    const habit *opens = habits_from(st->habits, st->similar.data[k].node, &n);
    n = habits_before(opens, n, st->now_ms);
    for (size_t i = n > ALIKE_OPENS_MOST ? n - ALIKE_OPENS_MOST : 0; i < n; i++) {
      if (opens[i].note == cue) continue;
      if (!count(st, opens[i].note, FEATURE_ALIKE_AFTER, like)) return false;
      *sum += (double)like;
    }
  }
  return true;
}

static bool found_on_trail(void *ctx, uint32_t note, float worth) {
  return count(ctx, note, FEATURE_TRAIL_AFTER, worth);
}

static bool count_trail(score_state *st, uint32_t cue, size_t *depth) {
  *depth = 0;
  if (st->no_trail) return true;
  trail t = trail_to(st->habits, cue, st->now_ms);
  *depth = t.n;
  for (size_t i = 0; i < t.n; i++) {
    float *v = score_feature_of(st, t.notes[i], FEATURE_TRAIL);
    if (!v) return false;
    *v = fmaxf(*v, 1.0f / (float)(1 + i));
  }
  return trail_continued(st->habits, &t, st->now_ms, found_on_trail, st);
}

/* ---- describing ---- */

/* What is the same for all candidates. Notes at hand are those that the cue links to or that were opened from it, and
 * ELSEWHERE others. */
typedef struct use {
  uint32_t cue;
  double left, alike; /* how often the cue was left, and notes like it */
  double at_hand;     /* notes */
  double chosen;      /* the sum of their tally_chosen */
  double weight;      /* of an open, in the mean */
  float depth;        /* of the trail */
} use;

static bool is_at_hand(const score_candidate *c) {
  return c->features[FEATURE_LINK_OUT] > 0 || c->features[FEATURE_OPENED_AFTER] > 0;
}

static void look_around(const score_state *st, use *u) {
  u->at_hand = ELSEWHERE;
  u->chosen = ELSEWHERE * TALLY_UNKNOWN;
  for (size_t i = 0; i < st->candidates.len; i++) {
    const score_candidate *c = &st->candidates.data[i];
    if (!is_at_hand(c)) continue;
    u->at_hand++;
    u->chosen += tally_chosen(&st->tally, c->note);
  }
}

/* How much more often than by chance among what is at hand, as a logarithm: `opens` of `all`, where a share is
 * expected. */
static float preferred(double opens, double all, double share, double weight, double at_hand) {
  return (float)log((opens + weight * share) / (all + weight) * at_hand) / 4;
}

/* The mean weight of all opens, by a sample of them. */
static double mean_weight(const score_state *st) {
  enum { SAMPLE = 256 };
  const habit *opens = st->habits->by_time.data;
  size_t n = st->tally.counted, taken = n < SAMPLE ? n : SAMPLE;
  double sum = 0;
  for (size_t i = 0; i < taken; i++) sum += habit_weight(&opens[i * n / taken], st->now_ms);
  return taken ? sum / (double)taken : 1;
}

/* ACT-R's base-level activation, in opens of mean weight: what matters is how much more a note was opened than others. */
static float base_level(const score_state *st, uint32_t note, double mean) {
  size_t n;
  double level = 0;
  const habit *opens = habits_of(st->habits, note, &n);
  for (size_t k = 0; k < n; k++) level += habit_weight(&opens[k], st->now_ms);
  return (float)log1p(level / mean) / 5;
}

static void describe_use(const score_state *st, const use *u, score_candidate *c) {
  float *f = c->features;
  const tally *t = &st->tally;
  double chosen = tally_chosen(t, c->note);
  double share = is_at_hand(c) ? chosen / u->chosen : 1 / u->at_hand;
  f[FEATURE_OPENED_AFTER] =
      preferred((double)f[FEATURE_OPENED_AFTER], u->left, share, EXPECTED, u->at_hand);
  f[FEATURE_ALIKE_AFTER] =
      preferred((double)f[FEATURE_ALIKE_AFTER], u->alike, share, EXPECTED_ALIKE, u->at_hand);
  f[FEATURE_CHOSEN] = t->at_hand[c->note] ? (float)log(chosen / TALLY_UNKNOWN) / 4 : 0;
  f[FEATURE_OPENED_BEFORE] = log1pf(f[FEATURE_OPENED_BEFORE]) / 3;
  f[FEATURE_TRAIL_AFTER] = log1pf(f[FEATURE_TRAIL_AFTER]) / 2;
  f[FEATURE_TRAIL_DEPTH] = u->depth;
  f[FEATURE_HABIT] = base_level(st, c->note, u->weight);
  lan_verdict said = habits_verdict(st->habits, u->cue, c->note);
  f[FEATURE_VERDICT] = said == LAN_VERDICT_GOOD ? 1 : said == LAN_VERDICT_NONE ? 0 : -1;
}

lan_status score_use(score_state *st, const score_cue *cue, lan_error *err) {
  use u = {.cue = cue->note};
  size_t depth = 0;
  if (!st->habits || cue->note == UINT32_MAX) return LAN_OK;
  lan_status s = tally_until(&st->tally, st->habits, &st->index->net.graph,
                             st->index->cat.n_notes, st->now_ms, err);
  if (s != LAN_OK) return s;
  if (!count_after(st, u.cue) || !count_before(st, u.cue) || !count_alike(st, u.cue, &u.alike) ||
      !count_trail(st, u.cue, &depth)) {
    return lan_fail_memory(err, 0);
  }
  u.left = st->tally.left[u.cue];
  u.weight = mean_weight(st);
  u.depth = log1pf((float)depth) / 2;
  look_around(st, &u);
  for (size_t i = 0; i < st->candidates.len; i++) describe_use(st, &u, &st->candidates.data[i]);
  return LAN_OK;
}
