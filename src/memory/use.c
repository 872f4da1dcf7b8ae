/* What use says of a cue and a candidate: opens after it and before it, how often and how lately the candidate was
 * opened, and what was said of it. */
#include <math.h>

#include "base/error.h"
#include "memory/score_internal.h"

static const double CHANCE_LEAST = 0.01, CHANCE_MOST = 10; /* what counts as 0 and as 1 */

/* Adds up the weights of opens from the cue, or of the cue, by the note at the other end, which becomes a
 * candidate; each then has its share of the number of these opens. */
static lan_status share_out(score_state *st, uint32_t cue, score_feature f, lan_error *err) {
  bool after = f == FEATURE_OPENED_AFTER;
  size_t n, counted = 0;
  double sum = 0;
  const habit *opens = after ? habits_from(st->habits, cue, &n) : habits_of(st->habits, cue, &n);
  for (size_t i = 0; i < n; i++) {
    double w = habit_weight(&opens[i], st->now_ms);
    uint32_t other = after ? opens[i].note : opens[i].from;
    if (w == 0 || other == UINT32_MAX || other == cue) continue;
    float *v = score_feature_of(st, other, f);
    if (!v) return lan_fail_memory(err, 0);
    *v += (float)w;
    sum += w;
    counted++;
  }
  for (size_t i = 0; sum > 0 && i < st->candidates.len; i++) {
    st->candidates.data[i].features[f] *= (float)((double)counted / sum);
  }
  return LAN_OK;
}

/* A number of opens as a feature: its logarithm, from 0 to 1. */
static float chance(double opens) {
  double least = log(CHANCE_LEAST), most = log(CHANCE_MOST);
  return opens > CHANCE_LEAST ? (float)((log(opens) - least) / (most - least)) : 0;
}

/* Where was gone to from the cue. What it links to may be gone to as often as it is opened at all, by the
 * notes that link to it: that is what is expected as long as little is known. */
static void describe_use(const score_state *st, uint32_t cue, score_candidate *c) {
  size_t n, known = 0;
  double level = 0;
  const habit *opens = habits_of(st->habits, c->note, &n);
  for (size_t k = 0; k < n; k++) {
    double w = habit_weight(&opens[k], st->now_ms);
    level += w;
    known += w > 0;
  }
  float *f = c->features;
  double expected = (double)known / (5 + (double)st->links_in[c->note]);
  if (f[FEATURE_LINK_OUT] == 0 && f[FEATURE_OPENED_AFTER] == 0) expected = 0;
  f[FEATURE_OPENED_AFTER] = chance((double)f[FEATURE_OPENED_AFTER] + expected);
  f[FEATURE_OPENED_BEFORE] = chance((double)f[FEATURE_OPENED_BEFORE]);
  f[FEATURE_HABIT] = (float)log1p(level) / 5;
  lan_verdict said = habits_verdict(st->habits, cue, c->note);
  f[FEATURE_VERDICT] = said == LAN_VERDICT_GOOD ? 1 : said == LAN_VERDICT_NONE ? 0 : -1;
}

lan_status score_use(score_state *st, const score_cue *cue, lan_error *err) {
  if (!st->habits || cue->note == UINT32_MAX) return LAN_OK;
  lan_status s = share_out(st, cue->note, FEATURE_OPENED_AFTER, err);
  if (s == LAN_OK) s = share_out(st, cue->note, FEATURE_OPENED_BEFORE, err);
  for (size_t i = 0; s == LAN_OK && i < st->candidates.len; i++) {
    describe_use(st, cue->note, &st->candidates.data[i]);
  }
  return s;
}
