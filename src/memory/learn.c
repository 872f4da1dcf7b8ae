#include "memory/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "lantoa/net.h"

enum { BATCH = 32, CHECK_EVERY = 50 };

/* Hidden links say nothing of links that are there: no hidden one is returned, so that a network would
 * learn nothing but that backlinks are never wanted. Linked notes are therefore not among an example's
 * candidates, and what a link is worth is set here: a note that is linked to is at hand; one that only
 * links here is known from the cue's backlinks. */
static const float LINK_OUT_WEIGHT = 2.0f, LINK_IN_WEIGHT = -1.0f;

/* Nor of use: what these weigh is set until there are opens to learn from. */
static const struct {
  score_feature f;
  float weight;
} OF_USE[] = {{FEATURE_OPENED_AFTER, 5.0f}, {FEATURE_OPENED_BEFORE, 2.0f}, {FEATURE_HABIT, 0.5f},
              {FEATURE_VERDICT, 4.0f},      {FEATURE_AGAIN, 1.0f},         {FEATURE_CHOSEN, 1.0f},
              {FEATURE_ALIKE_AFTER, 1.0f},  {FEATURE_TRAIL, -0.5f},        {FEATURE_TRAIL_AFTER, 1.0f},
              {FEATURE_TRAIL_DEPTH, 0.0f}};

void learn_set_free(learn_set *set) {
  VEC_FREE(&set->features);
  VEC_FREE(&set->examples);
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
  bool room = true;
  for (; room && e.n < n && e.n < LEARN_CANDIDATES; e.n++) {
    const score_candidate *c = &st->candidates.data[list[e.n].candidate];
    if (c->note == wanted) e.wanted = e.n;
    room = add_candidate(set, c);
  }
  free(list);
  return room && VEC_PUSH(&set->examples, e) ? LAN_OK : lan_fail_memory(err, 0);
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

static bool is_validation(const learn_options *o, const learn_example *e) {
  if (e->part != LEARN_BY_CUE) return e->part == LEARN_HOLD_BACK;
  uint64_t h = lan_hash_mix(o->seed * 0x9E3779B97F4A7C15u + e->cue);
  return (double)(h >> 11) * 0x1p-53 < o->validation;
}

static void measure_example(const learn_set *set, const learn_example *e, const model_net *net,
                            learn_quality *q) {
  q->n++;
  if (e->wanted == UINT32_MAX) return;
  const float *x = set->features.data + (size_t)e->first * FEATURES;
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
  for (size_t k = 0; k < n_sets; k++) {
    learn_quality q = {0};
    for (size_t i = 0; i < sets[k]->examples.len; i++) {
      const learn_example *e = &sets[k]->examples.data[i];
      if (validation_only && !is_validation(o, e)) continue;
      measure_example(sets[k], e, net, &q);
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

/* ---- training ---- */

typedef struct trainer {
  lan_net *net;
  lan_net_plan *plan;
  lan_optimizer *optimizer;
  float *x, *targets, *mask;
} trainer;

static lan_var dense(lan_net *net, const char *name, lan_var x, uint32_t units, double bias) {
  lan_attribute a[] = {{"units", units}, {"bias", bias}};
  return lan_net_layer(net, "dense", name, &x, 1, a, 2);
}

/* The network of model.h, without what is the same for all candidates. */
static lan_status build(trainer *t, const learn_options *o, lan_error *err) {
  lan_status s = lan_net_new(o->seed, &t->net, err);
  if (s != LAN_OK) return s;
  lan_net *net = t->net;
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, LEARN_CANDIDATES, FEATURES));
  lan_var targets = lan_net_input(net, "targets", LAN_SHAPE(LAN_BATCH, LEARN_CANDIDATES));
  lan_var mask = lan_net_input(net, "mask", LAN_SHAPE(LAN_BATCH, LEARN_CANDIDATES));
  lan_var hidden = lan_net_relu(net, dense(net, "hidden", x, MODEL_HIDDEN, 1));
  lan_var sum = lan_net_add(net, dense(net, "linear", x, 1, 0), dense(net, "out", hidden, 1, 0));
  lan_net_loss(net, lan_net_listwise(net, lan_net_flatten(net, sum), targets, mask));
  lan_net_plan_options p = {.batch = BATCH, .training = 1, .shards = 2};
  lan_optimizer_options a = {
      .kind = LAN_ADAMW, .rate = o->rate, .weight_decay = o->weight_decay, .clip = 5};
  s = lan_net_plan_new(net, &p, &t->plan, err);
  if (s == LAN_OK) s = lan_optimizer_new(t->plan, &a, &t->optimizer, err);
  if (s != LAN_OK) return s;
  t->x = lan_net_plan_input(t->plan, "x");
  t->targets = lan_net_plan_input(t->plan, "targets");
  t->mask = lan_net_plan_input(t->plan, "mask");
  return LAN_OK;
}

static void trainer_free(trainer *t) {
  lan_optimizer_free(t->optimizer);
  lan_net_plan_free(t->plan);
  lan_net_free(t->net);
}

/* Copies the weights to the trained net, or from it, where a node's weights lie side by side. */
static void exchange_hidden(float *trained, model_net *net, bool from) {
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    for (size_t f = 0; f < FEATURES; f++) {
      float *there = &trained[h * FEATURES + f], *here = &net->hidden[f][h];
      *(from ? here : there) = *(from ? there : here);
    }
  }
}

static void exchange(const trainer *t, model_net *net, bool from) {
  const struct {
    const char *name;
    float *values;
  } places[] = {
      {"hidden.bias", net->bias}, {"linear.weight", net->linear}, {"out.weight", net->out}};
  for (size_t i = 0; i < lan_net_n_parameters(t->net); i++) {
    lan_parameter p = lan_net_parameter_at(t->net, i);
    if (strcmp(p.name, "hidden.weight") == 0) exchange_hidden(p.values, net, from);
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
      if (strcmp(p.name, places[k].name) != 0) continue;
      if (from) memcpy(places[k].values, p.values, p.count * sizeof(float));
      if (!from) memcpy(p.values, places[k].values, p.count * sizeof(float));
    }
  }
}

static void fill_row(trainer *t, size_t row, const learn_set *set, const learn_example *e) {
  float *x = t->x + row * LEARN_CANDIDATES * FEATURES;
  float *targets = t->targets + row * LEARN_CANDIDATES, *mask = t->mask + row * LEARN_CANDIDATES;
  memset(x, 0, LEARN_CANDIDATES * FEATURES * sizeof *x);
  memset(targets, 0, LEARN_CANDIDATES * sizeof *targets);
  memset(mask, 0, LEARN_CANDIDATES * sizeof *mask);
  memcpy(x, set->features.data + (size_t)e->first * FEATURES, (size_t)e->n * FEATURES * sizeof *x);
  targets[e->wanted] = 1;
  for (uint32_t i = 0; i < e->n; i++) mask[i] = 1;
}

/* An example of a set drawn at random, so that large vaults do not drown out small ones. */
static const learn_example *draw(const learn_set *const *sets, size_t n_sets,
                                 const learn_options *o, lan_rng *rng, const learn_set **set) {
  for (int tries = 0; tries < 10000; tries++) {
    *set = sets[lan_rng_below(rng, (uint32_t)n_sets)];
    if ((*set)->examples.len == 0) continue;
    const learn_example *e =
        &(*set)->examples.data[lan_rng_below(rng, (uint32_t)(*set)->examples.len)];
    if (e->wanted != UINT32_MAX && !is_validation(o, e)) return e;
  }
  return NULL;
}

/* Better by its loss, which is smoother than ranks; examples that lack the wanted note count the same
 * in both. */
static bool better(const learn_quality *a, const learn_quality *b) {
  return a->mrr - 0.1 * a->loss > b->mrr - 0.1 * b->loss;
}

static lan_status run(trainer *t, const learn_set *const *sets, size_t n_sets,
                      const learn_options *o, model_net *net, learn_quality *best, lan_error *err) {
  lan_rng rng = lan_rng_at(o->seed, 0x6C6561, 0);
  model_net now = *net;
  for (uint32_t step = 1; step <= o->steps; step++) {
    for (size_t row = 0; row < BATCH; row++) {
      const learn_set *set = NULL;
      const learn_example *e = draw(sets, n_sets, o, &rng, &set);
      if (!e) return LAN_OK; /* nothing to learn from */
      fill_row(t, row, set, e);
    }
    lan_net_forward(t->plan, NULL);
    lan_net_backward(t->plan);
    double done = (double)step / o->steps;
    lan_optimizer_step(t->optimizer, o->rate * (float)(1 - done), 0);
    if (o->progress && o->progress(o->progress_ctx, step, o->steps) != 0) {
      return lan_fail(err, LAN_ECANCELED, "stopped");
    }
    if (step % CHECK_EVERY != 0 && step != o->steps) continue;
    exchange(t, &now, true);
    learn_quality q = learn_measure(sets, n_sets, &now, true, o);
    if (!better(&q, best)) continue;
    *best = q;
    *net = now;
  }
  return LAN_OK;
}

lan_status learn_train(const learn_set *const *sets, size_t n_sets, const learn_options *o,
                       model_net *net, learn_quality *before, learn_quality *after,
                       lan_error *err) {
  trainer t = {0};
  model_net kept = *net;
  learn_quality best = learn_measure(sets, n_sets, net, true, o);
  if (before) *before = best;
  lan_status s = build(&t, o, err);
  if (s == LAN_OK) {
    exchange(&t, &kept, false);
    s = run(&t, sets, n_sets, o, &kept, &best, err);
  }
  trainer_free(&t);
  if (s != LAN_OK) return s;
  if (after) *after = best;
  *net = kept;
  return LAN_OK;
}

void learn_start(model_net *net, uint64_t seed) {
  lan_rng rng = lan_rng_at(seed, 0x737461, 0);
  *net = (model_net){0};
  float bound = sqrtf(6.0f / FEATURES);
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    for (size_t f = 0; f < FEATURES; f++) {
      net->hidden[f][h] = bound * (2 * lan_rng_uniform(&rng) - 1);
    }
    net->out[h] = 0.1f * lan_rng_normal(&rng);
  }
  learn_set_given(net);
}

static void set_given(model_net *net, score_feature f, float weight) {
  net->linear[f] = weight;
  for (size_t h = 0; h < MODEL_HIDDEN; h++) net->hidden[f][h] = 0;
}

void learn_set_given(model_net *net) {
  set_given(net, FEATURE_LINK_OUT, LINK_OUT_WEIGHT);
  set_given(net, FEATURE_LINK_IN, LINK_IN_WEIGHT);
  for (size_t i = 0; i < sizeof OF_USE / sizeof *OF_USE; i++) {
    set_given(net, OF_USE[i].f, OF_USE[i].weight);
  }
}
