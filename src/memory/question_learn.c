#include "memory/question_learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lantoa/net.h"

/* Of a candidate: its own features, those of what it is tied to, those of the tie, 1 if it is tied. */
enum {
  VIA = OWNS,
  TIE = VIA + OWNS,
  BIAS = TIE + TIES,
  INPUTS = QUESTION_NUMBERS,
  CANDIDATES = 128
};

/* ---- examples ---- */

static void *copy_of(const void *from, size_t n, size_t size) {
  void *to = lan_alloc_array(n, size);
  if (to && n) memcpy(to, from, n * size);
  return to;
}

lan_status question_gather(lan_memory *m, const char *text, const uint32_t *wanted, size_t n_wanted,
                           question_examples *out, lan_error *err) {
  question *q = &m->question;
  const lan_result *results;
  size_t n;
  lan_status s = lan_memory_recall(m, text, NULL, &results, &n, err);
  if (s != LAN_OK) return s;
  question_example e = {.n_notes = (uint32_t)q->notes.len,
                        .n_pairs = (uint32_t)q->pairs.len,
                        .first_wanted = n_wanted ? wanted[0] : 0};
  e.notes = copy_of(q->notes.data, e.n_notes, sizeof *e.notes);
  e.pairs = copy_of(q->pairs.data, e.n_pairs, sizeof *e.pairs);
  e.wanted = lan_alloc_zeroed(e.n_notes, sizeof *e.wanted);
  bool room = e.notes && e.pairs && e.wanted;
  for (uint32_t i = 0; room && i < e.n_notes; i++) {
    for (size_t k = 0; k < n_wanted; k++) e.wanted[i] |= wanted[k] == e.notes[i].note;
    e.n_found += e.wanted[i];
  }
  if (room && VEC_PUSH(out, e)) return LAN_OK;
  free(e.notes);
  free(e.pairs);
  free(e.wanted);
  return lan_fail_memory(err, 0);
}

void question_examples_free(question_examples *e) {
  for (size_t i = 0; i < e->len; i++) {
    free(e->data[i].notes);
    free(e->data[i].pairs);
    free(e->data[i].wanted);
  }
  VEC_FREE(e);
}

/* ---- inputs ---- */

/* The example as a question, to find the ties that its candidates score by. */
static question as_question(const question_example *e) {
  question q = {0};
  q.notes.data = e->notes;
  q.notes.len = e->n_notes;
  q.pairs.data = e->pairs;
  q.pairs.len = e->n_pairs;
  return q;
}

static void put_pair(const question_example *e, const question_pair *p, uint32_t to, float *x) {
  const question_note *from = &e->notes[p->a == to ? p->b : p->a];
  memcpy(x + VIA, from->own, sizeof from->own);
  memcpy(x + TIE, p->tie, sizeof p->tie);
  x[BIAS] = 1;
}

/* How far each feature goes: the root of its mean square about its mean, over all notes and ties. */
static void measure(const question_examples *e, float deviation[INPUTS]) {
  double sum[INPUTS] = {0}, squares[INPUTS] = {0}, n[2] = {0};
  for (size_t k = 0; k < e->len; k++) {
    for (uint32_t i = 0; i < e->data[k].n_notes; i++, n[0]++) {
      for (size_t f = 0; f < OWNS; f++) {
        double v = (double)e->data[k].notes[i].own[f];
        sum[f] += v;
        squares[f] += v * v;
      }
    }
    for (uint32_t i = 0; i < e->data[k].n_pairs; i++) {
      const question_pair *p = &e->data[k].pairs[i];
      for (int end = 0; end < 2; end++, n[1]++) {
        float x[INPUTS];
        put_pair(&e->data[k], p, end ? p->b : p->a, x);
        for (size_t f = VIA; f < BIAS; f++) {
          sum[f] += (double)x[f];
          squares[f] += (double)(x[f] * x[f]);
        }
      }
    }
  }
  for (size_t f = 0; f < BIAS; f++) {
    double count = fmax(n[f >= VIA], 1), mean = sum[f] / count;
    deviation[f] = (float)sqrt(fmax(squares[f] / count - mean * mean, 0)) + 1e-3f;
  }
  deviation[BIAS] = 1;
}

/* ---- measuring ---- */

/* Questions for one note are held back together: they may be alike. */
static bool is_held_back(const question_learn_options *o, const question_example *e) {
  uint64_t h = lan_hash_mix(o->seed * 0x9E3779B97F4A7C15u + e->first_wanted + 1);
  return (double)(h >> 11) * 0x1p-53 < o->validation;
}

static lan_status measure_example(const question_example *e, const question_weights *w,
                                  question_quality *to, lan_error *err) {
  question q = as_question(e);
  float signals[LAN_SIGNALS];
  double best = -HUGE_VAL;
  size_t rank = 1;
  to->n++;
  if (e->n_found == 0) return LAN_OK;
  lan_status s = question_tie_best(&q, w, err);
  for (uint32_t i = 0; s == LAN_OK && i < e->n_notes; i++) {
    if (e->wanted[i]) best = fmax(best, question_score(&q, w, i, signals));
  }
  for (uint32_t i = 0; s == LAN_OK && i < e->n_notes; i++) {
    rank += !e->wanted[i] && question_score(&q, w, i, signals) > best;
  }
  VEC_FREE(&q.best);
  to->mrr += 1 / (double)rank;
  to->hits5 += rank <= 5;
  return s;
}

lan_status question_measure(const question_examples *e, const question_learn_options *o,
                            const question_weights *w, question_quality *out, lan_error *err) {
  question_quality q = {0};
  for (size_t i = 0; i < e->len; i++) {
    if (o->validation > 0 && !is_held_back(o, &e->data[i])) continue;
    lan_status s = measure_example(&e->data[i], w, &q, err);
    if (s != LAN_OK) return s;
  }
  double n = q.n ? (double)q.n : 1;
  *out = (question_quality){q.mrr / n, q.hits5 / n, q.n};
  return LAN_OK;
}

/* ---- what was learnt from ---- */

/* Adds the curvature of one example's loss: the covariance of the inputs under the scores' softmax. */
static lan_status add_curvature(const question_example *e, const question_weights *w,
                                double sum[INPUTS][INPUTS], lan_error *err) {
  question q = as_question(e);
  float signals[LAN_SIGNALS], (*x)[INPUTS] = lan_alloc_zeroed(e->n_notes, sizeof *x);
  double *p = lan_alloc_zeroed(e->n_notes, sizeof *p), mean[INPUTS] = {0}, all = 0;
  lan_status s = x && p ? question_tie_best(&q, w, err) : lan_fail_memory(err, 0);
  for (uint32_t i = 0; s == LAN_OK && i < e->n_notes; i++) {
    memcpy(x[i], e->notes[i].own, sizeof e->notes[i].own);
    if (q.best.data[i]) put_pair(e, &e->pairs[q.best.data[i] - 1], i, x[i]);
    p[i] = exp(question_score(&q, w, i, signals));
    all += p[i];
  }
  for (uint32_t i = 0; s == LAN_OK && i < e->n_notes; i++) {
    p[i] /= all;
    for (size_t f = 0; f < INPUTS; f++) mean[f] += p[i] * (double)x[i][f];
  }
  for (uint32_t i = 0; s == LAN_OK && i < e->n_notes; i++) {
    for (size_t f = 0; f < INPUTS; f++) {
      for (size_t k = 0; k < INPUTS; k++) {
        sum[f][k] += p[i] * ((double)x[i][f] - mean[f]) * ((double)x[i][k] - mean[k]);
      }
    }
  }
  VEC_FREE(&q.best);
  free(x);
  free(p);
  return s;
}

/* Cholesky's factor: a = r' r, r upper triangular. `a` is a little more than positive semidefinite. */
static void factor(double a[INPUTS][INPUTS], float r[INPUTS][INPUTS]) {
  for (size_t i = 0; i < INPUTS; i++) {
    double pivot = sqrt(fmax(a[i][i], 1e-12));
    for (size_t k = 0; k < INPUTS; k++) r[i][k] = k < i ? 0 : (float)(a[i][k] / pivot);
    for (size_t j = i + 1; j < INPUTS; j++) {
      double share = a[i][j] / (pivot * pivot);
      for (size_t k = i + 1; k < INPUTS; k++) a[j][k] -= share * a[i][k];
    }
  }
}

lan_status question_be_sure(const question_examples *e, question_weights *w, lan_error *err) {
  double sum[INPUTS][INPUTS] = {{0}}, n = 0;
  for (size_t i = 0; i < e->len; i++) {
    if (e->data[i].n_found == 0) continue;
    lan_status s = add_curvature(&e->data[i], w, sum, err);
    if (s != LAN_OK) return s;
    n++;
  }
  for (size_t f = 0; f < INPUTS; f++) {
    for (size_t k = 0; k < INPUTS; k++) sum[f][k] /= fmax(n, 1);
    sum[f][f] += 1e-4; /* what no question needed is to stay as well */
  }
  factor(sum, w->sure);
  return LAN_OK;
}

/* ---- training ---- */

enum { CHECK_EVERY = 10 };

static const float LEAST_DEVIATION = 0.05f;

typedef struct trainer {
  const question_examples *examples;
  lan_net *net;
  lan_net_plan *plan;
  lan_optimizer *optimizer;
  float deviation[INPUTS], start[INPUTS];
  question_weights now;
  uint32_t rows;
} trainer;

static lan_status build(trainer *t, const question_learn_options *o, lan_error *err) {
  lan_status s = lan_net_new(o->seed, &t->net, err);
  if (s != LAN_OK) return s;
  lan_var x = lan_net_input(t->net, "x", LAN_SHAPE(LAN_BATCH, CANDIDATES, INPUTS));
  lan_var wanted = lan_net_input(t->net, "wanted", LAN_SHAPE(LAN_BATCH, CANDIDATES));
  lan_var mask = lan_net_input(t->net, "mask", LAN_SHAPE(LAN_BATCH, CANDIDATES));
  lan_attribute a[] = {{"units", 1}, {"bias", 0}};
  lan_var score = lan_net_layer(t->net, "dense", "score", &x, 1, a, 2);
  lan_var loss = lan_net_listwise(t->net, lan_net_flatten(t->net, score), wanted, mask);
  if (o->go_on) { /* the weights stay where what they were learnt from wants them */
    lan_var bowl = lan_net_input(t->net, "bowl", LAN_SHAPE(LAN_BATCH, INPUTS, INPUTS));
    lan_var middle = lan_net_input(t->net, "middle", LAN_SHAPE(LAN_BATCH, INPUTS));
    lan_var at = lan_net_flatten(t->net, lan_net_again(t->net, score, bowl));
    loss = lan_net_add(t->net, loss, lan_net_mean_squared_error(t->net, at, middle));
  }
  lan_net_loss(t->net, loss);
  lan_net_plan_options p = {.batch = t->rows, .training = 1, .threads = 1};
  lan_optimizer_options adam = {
      .kind = LAN_ADAM, .rate = o->rate, .weight_decay = o->go_on ? 0 : o->decay};
  s = lan_net_plan_new(t->net, &p, &t->plan, err);
  return s == LAN_OK ? lan_optimizer_new(t->plan, &adam, &t->optimizer, err) : s;
}

/* The weights of features as they are, from those of features brought to unit deviation. */
static void take_weights(trainer *t) {
  const float *w = lan_net_parameter_at(t->net, 0).values;
  for (size_t f = 0; f < OWNS; f++) {
    t->now.own[f] = w[f] / t->deviation[f];
    t->now.via[f] = w[VIA + f] / t->deviation[VIA + f];
  }
  for (size_t f = 0; f < TIES; f++) t->now.tie[f] = w[TIE + f] / t->deviation[TIE + f];
  t->now.bias = w[BIAS];
}

static lan_status fill_row(trainer *t, uint32_t row, const question_example *e, lan_error *err) {
  float *x = lan_net_plan_input(t->plan, "x") + (size_t)row * CANDIDATES * INPUTS;
  float *wanted = lan_net_plan_input(t->plan, "wanted") + (size_t)row * CANDIDATES;
  float *mask = lan_net_plan_input(t->plan, "mask") + (size_t)row * CANDIDATES;
  question q = as_question(e);
  lan_status s = question_tie_best(&q, &t->now, err);
  memset(x, 0, (size_t)CANDIDATES * INPUTS * sizeof *x);
  memset(wanted, 0, CANDIDATES * sizeof *wanted);
  memset(mask, 0, CANDIDATES * sizeof *mask);
  for (uint32_t i = 0; s == LAN_OK && i < e->n_notes; i++) {
    float *to = x + (size_t)i * INPUTS;
    memcpy(to, e->notes[i].own, sizeof e->notes[i].own);
    if (q.best.data[i]) put_pair(e, &e->pairs[q.best.data[i] - 1], i, to);
    for (size_t f = 0; f < INPUTS; f++) to[f] /= t->deviation[f];
    wanted[i] = e->wanted[i] ? 1 / (float)e->n_found : 0;
    mask[i] = 1;
  }
  VEC_FREE(&q.best);
  return s;
}

static lan_status step(trainer *t, const question_learn_options *o, float rate, double *loss,
                       lan_error *err) {
  uint32_t row = 0;
  take_weights(t);
  for (size_t i = 0; i < t->examples->len; i++) {
    const question_example *e = &t->examples->data[i];
    if (e->n_found == 0 || is_held_back(o, e)) continue;
    lan_status s = fill_row(t, row++, e, err);
    if (s != LAN_OK) return s;
  }
  lan_net_forward(t->plan, loss);
  lan_net_backward(t->plan);
  lan_optimizer_step(t->optimizer, rate, 0);
  return LAN_OK;
}

/* The rows of w->sure as further inputs, the same in each row of the batch: their mean square error is, up to a factor,
 * what moving the weights costs. */
static void set_bowl(trainer *t, const question_learn_options *o, const question_weights *w) {
  float *bowl = lan_net_plan_input(t->plan, "bowl"),
        *middle = lan_net_plan_input(t->plan, "middle");
  float scale = sqrtf(0.5f * o->decay * INPUTS);
  for (uint32_t row = 0; row < t->rows; row++) {
    for (size_t k = 0; k < INPUTS; k++) {
      float sum = 0, *to = bowl + ((size_t)row * INPUTS + k) * INPUTS;
      for (size_t f = 0; f < INPUTS; f++) {
        to[f] = scale * w->sure[k][f] / t->deviation[f];
        sum += to[f] * t->start[f];
      }
      middle[(size_t)row * INPUTS + k] = sum;
    }
  }
}

/* A feature that hardly occurs here may have mattered where the weights were learnt: steps are to be small there too. */
static void count_sure(const question_weights *w, float deviation[INPUTS]) {
  for (size_t f = 0; f < INPUTS; f++) {
    float sum = 0;
    for (size_t k = 0; k < INPUTS; k++) sum += w->sure[k][f] * w->sure[k][f];
    deviation[f] = fmaxf(fmaxf(deviation[f], sqrtf(sum)), LEAST_DEVIATION);
  }
}

/* What the net starts from. */
static void set_start(trainer *t, const question_learn_options *o, const question_weights *w) {
  memset(t->start, 0, sizeof t->start);
  t->start[BIAS] = 0.5f; /* all ties are at work at first */
  if (o->go_on) {
    for (size_t f = 0; f < OWNS; f++) {
      t->start[f] = w->own[f] * t->deviation[f];
      t->start[VIA + f] = w->via[f] * t->deviation[VIA + f];
    }
    for (size_t f = 0; f < TIES; f++) t->start[TIE + f] = w->tie[f] * t->deviation[TIE + f];
    t->start[BIAS] = w->bias;
  }
  memcpy(lan_net_parameter_at(t->net, 0).values, t->start, sizeof t->start);
  if (o->go_on) set_bowl(t, o, w);
}

/* Keeps in *w what does best on what is held back, which may be what it was. */
static lan_status keep_better(trainer *t, const question_learn_options *o, question_quality *best,
                              question_weights *w, lan_error *err) {
  question_quality q;
  take_weights(t);
  lan_status s = question_measure(t->examples, o, &t->now, &q, err);
  if (s != LAN_OK || q.mrr <= best->mrr) return s;
  *best = q;
  *w = t->now;
  return LAN_OK;
}

lan_status question_learn(const question_examples *e, const question_learn_options *o,
                          question_weights *w, double *loss, lan_error *err) {
  trainer t = {.examples = e, .now = *w};
  question_quality best = {0};
  question_weights kept = *w;
  for (size_t i = 0; i < e->len; i++)
    t.rows += e->data[i].n_found > 0 && !is_held_back(o, &e->data[i]);
  if (t.rows == 0) return lan_fail(err, LAN_EINVAL, "no question's answer is among what is found");
  measure(e, t.deviation);
  if (o->go_on) count_sure(w, t.deviation);
  lan_status s = build(&t, o, err);
  if (s == LAN_OK) set_start(&t, o, w);
  if (s == LAN_OK && o->validation > 0) s = question_measure(e, o, w, &best, err);
  double last = 0;
  for (uint32_t i = 1; s == LAN_OK && i <= o->steps; i++) {
    float left = o->go_on ? 1 - (float)(i - 1) / (float)o->steps : 1;
    s = step(&t, o, o->rate * left, &last, err);
    if (s != LAN_OK || o->validation <= 0 || (i % CHECK_EVERY != 0 && i != o->steps)) continue;
    s = keep_better(&t, o, &best, &kept, err);
  }
  if (s == LAN_OK) {
    take_weights(&t);
    *w = o->validation > 0 ? kept : t.now;
    if (loss) *loss = last;
  }
  lan_optimizer_free(t.optimizer);
  lan_net_plan_free(t.plan);
  lan_net_free(t.net);
  return s;
}
