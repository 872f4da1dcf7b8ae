#include "memory/online.h"

#include <math.h>
#include <string.h>

enum { STEPS_LEAST = 50 }; /* before anything is concluded */

/* Standard errors by which the mean difference must lie above 0, or below it. */
static const double BETTER = 2, WORSE = 2;

static const float RATE = 0.01f, CLIP = 1;

/* The error of each candidate, p - 1 for the wanted one, p for others, flows back into `g`. */
static void add_gradient(const model_net *net, const float *x, float error, model_net *g) {
  float z[MODEL_HIDDEN];
  memcpy(z, net->bias, sizeof z);
  for (size_t f = 0; f < FEATURES; f++) {
    g->linear[f] += error * x[f];
    for (size_t h = 0; h < MODEL_HIDDEN; h++) z[h] += net->hidden[f][h] * x[f];
  }
  for (size_t h = 0; h < MODEL_HIDDEN; h++) {
    float bias = net->bias[h], on = z[h] > 0 ? 1.0f : 0.0f, idle = bias > 0 ? 1.0f : 0.0f;
    float back = error * net->out[h];
    g->out[h] += error * (on * z[h] - idle * bias);
    g->bias[h] += back * (on - idle);
    z[h] = on * back;
  }
  for (size_t f = 0; f < FEATURES; f++) {
    if (x[f] == 0) continue;
    for (size_t h = 0; h < MODEL_HIDDEN; h++) g->hidden[f][h] += z[h] * x[f];
  }
}

static double rank_of(const model_net *net, const score_candidate *c, size_t n, size_t wanted) {
  float score = model_score(net, c[wanted].features);
  size_t better = 0;
  for (size_t i = 0; i < n; i++) better += model_score(net, c[i].features) > score;
  return 1 + (double)better;
}

static void gradient(const model_net *net, const score_candidate *c, size_t n, size_t wanted,
                     model_net *g) {
  double most = -INFINITY, sum = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, (double)model_score(net, c[i].features));
  for (size_t i = 0; i < n; i++) sum += exp((double)model_score(net, c[i].features) - most);
  for (size_t i = 0; i < n; i++) {
    double p = exp((double)model_score(net, c[i].features) - most) / sum;
    add_gradient(net, c[i].features, (float)(p - (i == wanted)), g);
  }
}

/* Descends, by a step whose length is bounded. */
static void descend(model_net *net, const model_net *g) {
  enum { NUMBERS = sizeof(model_net) / sizeof(float) };
  float to[NUMBERS], by[NUMBERS];
  double squares = 0;
  memcpy(to, net, sizeof to);
  memcpy(by, g, sizeof by);
  for (size_t i = 0; i < NUMBERS; i++) squares += (double)by[i] * (double)by[i];
  float norm = (float)sqrt(squares), rate = RATE * (norm > CLIP ? CLIP / norm : 1);
  if (!isfinite(norm)) return;
  for (size_t i = 0; i < NUMBERS; i++) to[i] -= rate * by[i];
  memcpy(net, to, sizeof to);
}

static online_verdict judge(const online *o) {
  double n = o->steps, mean = o->sum / n;
  double error = sqrt(fmax(o->squares / n - mean * mean, 1e-12) / n);
  if (o->steps < STEPS_LEAST) return ONLINE_OPEN;
  if (mean > BETTER * error) return ONLINE_BETTER;
  return mean < -WORSE * error ? ONLINE_WORSE : ONLINE_OPEN;
}

online_verdict online_step(online *o, const model_net *net, const score_candidate *candidates,
                           size_t n, size_t wanted) {
  model_net g = {0};
  if (wanted >= n) return ONLINE_OPEN; /* no weights bring it up */
  if (o->steps == 0) o->net = *net;
  double gain = 1 / rank_of(&o->net, candidates, n, wanted) - 1 / rank_of(net, candidates, n, wanted);
  o->sum += gain;
  o->squares += gain * gain;
  o->steps++;
  online_verdict verdict = judge(o);
  if (verdict == ONLINE_WORSE) return verdict;
  gradient(&o->net, candidates, n, wanted, &g);
  descend(&o->net, &g);
  return verdict;
}
