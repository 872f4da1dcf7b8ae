/* Tuning the weights to the vault itself. */
#include <math.h>

#include "base/error.h"
#include "base/file.h"
#include "memory/learn.h"
#include "memory/pseudo.h"
#include "store/memory_db.h"

enum {
  ROUNDS = 4,
  EXAMPLES = 2000,
  OPENS_TIMES = 5, /* so many more of opens: they need no vault made without them */
  LEAST = 40,
  STEPS_LEAST = 100,
  QUESTION_ROUNDS = 4, /* at most: each asks for a quarter of the notes, up to half of the questions */
  QUESTIONS = 600,     /* about so many at most */
  QUESTION_STEPS = 100
};

/* How much what the weights of recall were learnt from counts against all of a vault's own questions. */
static const float SURE_OF_QUESTIONS = 30;

/* Weights learnt in other vaults are near what this one's links want; what opens want was set, or comes from others. */
static const float RATE_OF_LINKS = 0.002f, RATE_OF_OPENS = 0.02f;

typedef struct tuning {
  lan_memory *m;
  const lan_learn_options *o;
  learn_set links, opens;
  question_examples questions;
} tuning;

static lan_status told(const tuning *t, double done, lan_error *err) {
  if (!t->o || !t->o->progress || t->o->progress(t->o->progress_ctx, done) == 0) return LAN_OK;
  return lan_fail(err, LAN_ECANCELED, "stopped");
}

/* Links are hidden several times, others each time: a note gives more than one example, and each is seen
 * in a vault that lacks other links, as in use. */
static lan_status gather_round(tuning *t, uint64_t seed, size_t most, lan_error *err) {
  hidden_links h = {0};
  lan_memory *shadow = NULL;
  lan_status s = hide_choose(&t->m->index, seed, 0.15, LEAST, most, NULL, &h, err);
  if (s == LAN_OK) s = hide_open(t->m, &h, &shadow, err);
  if (s == LAN_OK) s = learn_gather(shadow, &h, &t->links, err);
  hide_close(shadow);
  hide_free(&h);
  return s;
}

/* A note may be asked for by a heading in one round and by its first sentence in another. */
static lan_status gather_questions(tuning *t, uint64_t seed, size_t all, lan_error *err) {
  lan_status s = LAN_OK;
  size_t most = all < QUESTIONS ? all : QUESTIONS;
  for (uint64_t round = 0; s == LAN_OK && round < QUESTION_ROUNDS; round++) {
    if (t->questions.len >= most / 2 * 2) break;
    s = pseudo_gather(t->m, 1000 * seed + 700 + round, most / 2, &t->questions, err);
  }
  return s;
}

static int on_open(void *ctx, uint32_t done, uint32_t all) {
  return told(ctx, 0.3 * (double)done / (double)all, NULL) != LAN_OK;
}

static lan_status gather(tuning *t, lan_error *err) {
  size_t all = t->o && t->o->examples ? t->o->examples : EXAMPLES;
  uint64_t seed = t->o ? t->o->seed : 0;
  lan_status s = learn_gather_opens(t->m, OPENS_TIMES * all, on_open, t, &t->opens, err);
  for (uint64_t round = 0; s == LAN_OK && round < ROUNDS; round++) {
    s = told(t, 0.3 + 0.3 * (double)round / ROUNDS, err);
    if (s == LAN_OK) s = gather_round(t, 1000 * seed + 500 + round, all / ROUNDS, err);
  }
  if (s == LAN_OK) s = told(t, 0.6, err);
  if (s == LAN_OK) s = gather_questions(t, seed, all, err);
  if (s == LAN_OK && t->links.examples.len < LEAST && t->opens.examples.len < LEAST &&
      t->questions.len < LEAST) {
    return lan_fail(
        err, LAN_EINVAL,
        "there is too little to learn from: %zu links could be hidden, %zu notes were opened from "
        "another, and %zu can be asked for by a heading or sentence; %d of one are wanted",
        t->links.examples.len, t->opens.examples.len, t->questions.len, LEAST);
  }
  return s;
}

static int on_step(void *ctx, uint32_t step, uint32_t steps) {
  const tuning *t = ctx;
  return told(t, 0.6 + 0.4 * (double)step / (double)steps, NULL) != LAN_OK;
}

/* Some 25 epochs of the links, of which small vaults have few, to be learnt by heart soon; 8 of the opens. */
static uint32_t steps_for(size_t links, size_t opens) {
  uint32_t steps = (uint32_t)(links * 4 / 5 + opens / 4);
  return steps > STEPS_LEAST ? steps : STEPS_LEAST;
}

static lan_status tune_related(tuning *t, score_model *tuned, lan_learn_report *r, lan_error *err) {
  size_t opens = t->opens.examples.len >= LEAST ? t->opens.examples.len : 0;
  learn_options o = {.seed = t->o ? t->o->seed : 0,
                     .steps = steps_for(t->links.examples.len, opens),
                     .rate = opens ? RATE_OF_OPENS : RATE_OF_LINKS,
                     .weight_decay = 0.01f,
                     .fixed_flow = opens > 0, /* what examples of opens hold came of it */
                     .validation = 0.25,
                     .progress = on_step,
                     .progress_ctx = t};
  learn_quality before, after;
  const learn_set *sets[2] = {NULL, NULL};
  size_t n = 0;
  if (t->links.examples.len >= LEAST) sets[n++] = &t->links;
  if (opens) sets[n++] = &t->opens;
  if (n == 0) return LAN_OK;
  lan_status s = learn_train(sets, n, &o, &tuned->note, &before, &after, err);
  if (s != LAN_OK) return s;
  for (size_t i = 0; i < n; i++) r->examples += sets[i]->examples.len;
  r->examples -= before.n;
  r->opens = t->opens.examples.len;
  r->held_back = before.n;
  r->mrr_before = before.mrr;
  r->hits10_before = before.hits10;
  r->kept = after.mrr > before.mrr;
  r->mrr_after = r->kept ? after.mrr : before.mrr;
  r->hits10_after = r->kept ? after.hits10 : before.hits10;
  if (!r->kept) tuned->note = t->m->model.note;
  return LAN_OK;
}

/* From the weights that came with the program each time, whose curvature is known: learning again and again does not
 * lead away from what people's questions taught. */
static lan_status tune_recall(tuning *t, score_model *tuned, lan_learn_report *r, lan_error *err) {
  question_learn_options o = {.seed = t->o ? t->o->seed : 0,
                              .steps = QUESTION_STEPS,
                              .rate = 0.01f,
                              .decay = SURE_OF_QUESTIONS,
                              .go_on = true,
                              .validation = 0.3};
  question_quality before, after;
  score_model shipped = {0};
  question_weights *w = &shipped.question;
  if (t->questions.len < LEAST) return LAN_OK;
  lan_status s = model_shipped(&shipped, err);
  if (s == LAN_OK) s = question_measure(&t->questions, &o, &tuned->question, &before, err);
  if (s == LAN_OK) s = question_learn(&t->questions, &o, w, NULL, err);
  if (s == LAN_EINVAL) return LAN_OK; /* none of the notes is found at all */
  if (s == LAN_OK) s = question_measure(&t->questions, &o, w, &after, err);
  if (s != LAN_OK) return s;
  r->questions = t->questions.len - before.n;
  r->questions_held_back = before.n;
  r->recall_mrr_before = before.mrr;
  r->recall_hits5_before = before.hits5;
  r->recall_kept = after.mrr > before.mrr;
  r->recall_mrr_after = r->recall_kept ? after.mrr : before.mrr;
  r->recall_hits5_after = r->recall_kept ? after.hits5 : before.hits5;
  if (r->recall_kept) tuned->question = *w;
  return LAN_OK;
}

static lan_status tune(tuning *t, lan_learn_report *r, lan_error *err) {
  score_model tuned = t->m->model;
  lan_status s = tune_related(t, &tuned, r, err);
  if (s == LAN_OK) s = tune_recall(t, &tuned, r, err);
  if (s != LAN_OK || !(r->kept || r->recall_kept)) return s;
  return memory_keep_weights(t->m, &tuned, err);
}

lan_status lan_memory_learn(lan_memory *m, const lan_learn_options *options,
                            lan_learn_report *report, lan_error *err) {
  tuning t = {.m = m, .o = options};
  lan_learn_report r = {0};
  uint64_t started = lan_clock_ns();
  memory_new_answer(m);
  lan_status s = memory_check_own(m, err);
  if (s == LAN_OK) s = gather(&t, err);
  if (s == LAN_OK) s = tune(&t, &r, err);
  learn_set_free(&t.links);
  learn_set_free(&t.opens);
  question_examples_free(&t.questions);
  if (s != LAN_OK) return s;
  r.seconds = (double)(lan_clock_ns() - started) * 1e-9;
  if (report) *report = r;
  return LAN_OK;
}
