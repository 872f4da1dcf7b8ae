#include "memory/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

void learn_set_free(learn_set *set) {
  VEC_FREE(&set->features);
  VEC_FREE(&set->examples);
  flow_set_free(&set->flow);
}

/* ---- examples ---- */

typedef struct ranked {
  uint32_t candidate;
  double score;
} ranked;

static int by_score(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  return (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

static bool add_candidate(learn_set *set, const score_candidate *c) {
  if (!VEC_RESERVE(&set->features, FEATURES)) return false;
  memcpy(set->features.data + set->features.len, c->features, sizeof c->features);
  set->features.len += FEATURES;
  return true;
}

/* The best candidates, of hidden links those that are not linked already, and the wanted one. */
static lan_status add_example(lan_memory *m, uint32_t cue, uint32_t wanted, learn_part part,
                              learn_set *set, lan_error *err) {
  const score_state *st = &m->score;
  ranked *list = lan_alloc_array(st->candidates.len, sizeof *list);
  uint32_t n = 0;
  if (!list) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < st->candidates.len; i++) {
    const score_candidate *c = &st->candidates.data[i];
    if (part == LEARN_BY_CUE && c->linked && c->note != wanted) continue;
    double score = c->note == wanted ? (double)INFINITY : score_only(st, c, &m->cue);
    list[n++] = (ranked){i, score};
  }
  if (n) qsort(list, n, sizeof *list, by_score);
  learn_example e = {.first = (uint32_t)(set->features.len / FEATURES),
                     .cue = cue,
                     .wanted = UINT32_MAX,
                     .part = part};
  uint32_t notes[LEARN_CANDIDATES];
  bool room = true;
  for (; room && e.n < n && e.n < LEARN_CANDIDATES; e.n++) {
    const score_candidate *c = &st->candidates.data[list[e.n].candidate];
    if (c->note == wanted) e.wanted = e.n;
    room = add_candidate(set, c);
    notes[e.n] = c->note;
  }
  free(list);
  if (!room) return lan_fail_memory(err, 0);
  lan_status s = LAN_OK;
  if (part == LEARN_BY_CUE) s = flow_gather(st, &m->cue, notes, e.n, &set->flow, err);
  if (s == LAN_OK && !VEC_PUSH(&set->examples, e)) s = lan_fail_memory(err, 0);
  return s;
}

lan_status learn_gather(lan_memory *shadow, const hidden_links *h, learn_set *set, lan_error *err) {
  lan_status s = LAN_OK;
  for (uint32_t note = 0; s == LAN_OK && note < shadow->index.cat.n_notes; note++) {
    if (h->target[note] == UINT32_MAX) continue;
    memory_new_answer(shadow);
    s = memory_cue(shadow, note, err);
    if (s == LAN_OK) s = score_candidates(&shadow->score, &shadow->cue, LEARN_CANDIDATES, err);
    if (s == LAN_OK) s = add_example(shadow, note, h->target[note], LEARN_BY_CUE, set, err);
  }
  return s;
}

/* Without a trail every third time: not all who ask came by way of notes. */
static lan_status gather_open(lan_memory *m, const habit *open, learn_part part, learn_set *set,
                              lan_error *err) {
  memory_new_answer(m);
  m->score.no_trail = set->examples.len % 3 == 2;
  lan_status s = memory_cue(m, open->from, err);
  m->score.now_ms = open->at_ms;
  if (s == LAN_OK) s = score_candidates(&m->score, &m->cue, LEARN_CANDIDATES, err);
  m->score.no_trail = false;
  return s == LAN_OK ? add_example(m, open->from, open->note, part, set, err) : s;
}

lan_status learn_gather_opens(lan_memory *m, size_t most,
                              int (*progress)(void *ctx, uint32_t done, uint32_t all), void *ctx,
                              learn_set *set, lan_error *err) {
  lan_status s = memory_use_habits(m, err);
  if (s != LAN_OK || !m->score.habits) return s;
  const habit_list *all = &m->habits.by_time;
  habit *opens = lan_alloc_array(all->len, sizeof *opens);
  size_t n = 0;
  if (!opens) return lan_fail_memory(err, all->len * sizeof *opens);
  for (size_t i = 0; i < all->len; i++) {
    const habit *h = &all->data[i];
    if (h->from != UINT32_MAX && h->from != h->note) opens[n++] = *h;
  }
  size_t taken = n < most ? n : most;
  for (size_t i = 0; s == LAN_OK && i < taken; i++) {
    size_t at = i * n / taken;
    if (i % 64 == 0 && progress(ctx, (uint32_t)(i * 1000 / taken), 1000) != 0) {
      s = lan_fail(err, LAN_ECANCELED, "stopped");
      break;
    }
    s = gather_open(m, &opens[at], at < n - n / 5 ? LEARN_FROM : LEARN_HOLD_BACK, set, err);
  }
  free(opens);
  return s;
}

/* ---- measuring ---- */

bool learn_is_held_back(const learn_options *o, const learn_example *e) {
  if (e->part != LEARN_BY_CUE) return e->part == LEARN_HOLD_BACK;
  uint64_t h = lan_hash_mix(o->seed * 0x9E3779B97F4A7C15u + e->cue);
  return (double)(h >> 11) * 0x1p-53 < o->validation;
}

void learn_features(const learn_set *set, size_t example, const flow_ready *flow, flow_run *run,
                    float *x) {
  const learn_example *e = &set->examples.data[example];
  memcpy(x, set->features.data + (size_t)e->first * FEATURES, (size_t)e->n * FEATURES * sizeof *x);
  if (set->flow.examples.len == 0) return;
  flow_forward(&set->flow, example, flow, run);
  for (uint32_t i = 0; i < e->n; i++, x += FEATURES) {
    for (size_t t = 0; t < FLOW_STEPS; t++) x[FEATURE_FLOW_1 + t] = flow_feature(run->read[i][t]);
  }
}

/* Room for an example. */
typedef struct measuring {
  flow_ready flow;
  flow_run run;
  float x[LEARN_CANDIDATES * FEATURES];
} measuring;

static void measure_example(const learn_set *set, size_t example, const model_net *net,
                            measuring *room, learn_quality *q) {
  const learn_example *e = &set->examples.data[example];
  const float *x = room->x;
  q->n++;
  if (e->wanted == UINT32_MAX) return;
  learn_features(set, example, &room->flow, &room->run, room->x);
  double wanted = (double)model_score(net, x + (size_t)e->wanted * FEATURES), sum = 0;
  size_t rank = 1;
  for (uint32_t i = 0; i < e->n; i++) {
    double score = (double)model_score(net, x + (size_t)i * FEATURES);
    rank += score > wanted;
    sum += exp(score - wanted);
  }
  q->loss += log(sum);
  q->mrr += 1 / (double)rank;
  q->hits10 += rank <= 10;
}

learn_quality learn_measure(const learn_set *const *sets, size_t n_sets, const model_net *net,
                            bool validation_only, const learn_options *o) {
  learn_quality all = {0};
  size_t counted = 0;
  measuring room;
  flow_prepare(&net->flow, &room.flow);
  for (size_t k = 0; k < n_sets; k++) {
    learn_quality q = {0};
    for (size_t i = 0; i < sets[k]->examples.len; i++) {
      if (validation_only && !learn_is_held_back(o, &sets[k]->examples.data[i])) continue;
      measure_example(sets[k], i, net, &room, &q);
    }
    if (q.n == 0) continue;
    counted++;
    all.n += q.n;
    all.loss += q.loss / (double)q.n;
    all.mrr += q.mrr / (double)q.n;
    all.hits10 += q.hits10 / (double)q.n;
  }
  double share = counted ? 1 / (double)counted : 0;
  return (learn_quality){all.loss * share, all.mrr * share, all.hits10 * share, all.n};
}
