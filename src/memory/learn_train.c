/* Training the network that scores and the conductances that bring its activations, both at once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/rng.h"
#include "lantoa/net.h"
#include "memory/learn.h"

enum { BATCH = 32, CHECK_EVERY = 50, FLOW_NUMBERS = sizeof(flow_weights) / sizeof(float) };

/* Hidden links say nothing of links that are there: no hidden one is returned, so that a network would
 * learn nothing but that backlinks are never wanted. Linked notes are therefore not among an example's
 * candidates, and what a link is worth is set here: a note that is linked to is at hand; one that only
 * links here is known from the cue's backlinks. */
static const float LINK_OUT_WEIGHT = 2.0f, LINK_IN_WEIGHT = -1.0f;

/* Nor of use: what these weigh is set until there are opens to learn from. */
static const struct {
  score_feature f;
  float weight;
} OF_USE[] = {{FEATURE_OPENED_AFTER, 5.0f}, {FEATURE_OPENED_BEFORE, 2.0f},
              {FEATURE_HABIT, 0.5f},        {FEATURE_VERDICT, 4.0f},
              {FEATURE_AGAIN, 1.0f},        {FEATURE_CHOSEN, 1.0f},
              {FEATURE_ALIKE_AFTER, 1.0f},  {FEATURE_TRAIL, -0.5f},
              {FEATURE_TRAIL_AFTER, 1.0f},  {FEATURE_TRAIL_DEPTH, 0.0f}};

static const float FLOW_RATE =
    5; /* of conductances, which are logarithms, by that of the network */

/* ---- the conductances' optimizer ---- */

/* Adam (Kingma and Ba 2015, algorithm 1). */
typedef struct adam {
  float mean[FLOW_NUMBERS], square[FLOW_NUMBERS];
  double mean_left, square_left; /* powers of the betas */
} adam;

static void adam_step(adam *a, const flow_weights *gradient, float rate, flow_weights *w) {
  float g[FLOW_NUMBERS], x[FLOW_NUMBERS];
  memcpy(g, gradient, sizeof g);
  memcpy(x, w, sizeof x);
  a->mean_left *= 0.9;
  a->square_left *= 0.999;
  for (size_t i = 0; i < FLOW_NUMBERS; i++) {
    a->mean[i] = 0.9f * a->mean[i] + 0.1f * g[i];
    a->square[i] = 0.999f * a->square[i] + 0.001f * g[i] * g[i];
    float mean = a->mean[i] / (float)(1 - a->mean_left);
    float square = a->square[i] / (float)(1 - a->square_left);
    x[i] -= rate * mean / (sqrtf(square) + 1e-8f);
  }
  memcpy(w, x, sizeof x);
}

/* ---- the net ---- */

typedef struct row {
  const learn_set *set;
  size_t example;
} row;

typedef struct trainer {
  lan_net *net;
  lan_net_plan *plan;
  lan_optimizer *optimizer;
  float *x, *targets, *mask;
  float dx[BATCH * LEARN_CANDIDATES * FEATURES]; /* the gradient of the loss by x */
  row rows[BATCH];
  flow_run runs[BATCH];
  flow_weights flow; /* as they are now */
  flow_ready ready;
  adam adam;
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
  lan_net_plan_options p = {.batch = BATCH, .training = 1, .shards = 2, .input_gradients = 1};
  lan_optimizer_options a = {
      .kind = LAN_ADAMW, .rate = o->rate, .weight_decay = o->weight_decay, .clip = 5};
  s = lan_net_plan_new(net, &p, &t->plan, err);
  if (s == LAN_OK) s = lan_optimizer_new(t->plan, &a, &t->optimizer, err);
  if (s != LAN_OK) return s;
  t->x = lan_net_plan_input(t->plan, "x");
  t->targets = lan_net_plan_input(t->plan, "targets");
  t->mask = lan_net_plan_input(t->plan, "mask");
  t->adam.mean_left = t->adam.square_left = 1;
  return LAN_OK;
}

static void trainer_free(trainer *t) {
  lan_optimizer_free(t->optimizer);
  lan_net_plan_free(t->plan);
  lan_net_free(t->net);
  free(t);
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

static void exchange(trainer *t, model_net *net, bool from) {
  if (from) net->flow = t->flow;
  if (!from) t->flow = net->flow;
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

/* ---- a step ---- */

static void fill_row(trainer *t, size_t i) {
  const learn_set *set = t->rows[i].set;
  const learn_example *e = &set->examples.data[t->rows[i].example];
  float *x = t->x + i * LEARN_CANDIDATES * FEATURES;
  float *targets = t->targets + i * LEARN_CANDIDATES, *mask = t->mask + i * LEARN_CANDIDATES;
  memset(x, 0, LEARN_CANDIDATES * FEATURES * sizeof *x);
  memset(targets, 0, LEARN_CANDIDATES * sizeof *targets);
  memset(mask, 0, LEARN_CANDIDATES * sizeof *mask);
  learn_features(set, t->rows[i].example, &t->ready, &t->runs[i], x);
  targets[e->wanted] = 1;
  for (uint32_t k = 0; k < e->n; k++) mask[k] = 1;
}

/* An example of a set drawn at random, so that large vaults do not drown out small ones. */
static bool draw(const learn_set *const *sets, size_t n_sets, const learn_options *o, lan_rng *rng,
                 row *out) {
  for (int tries = 0; tries < 10000; tries++) {
    const learn_set *set = sets[lan_rng_below(rng, (uint32_t)n_sets)];
    if (set->examples.len == 0) continue;
    size_t i = lan_rng_below(rng, (uint32_t)set->examples.len);
    const learn_example *e = &set->examples.data[i];
    *out = (row){set, i};
    if (e->wanted != UINT32_MAX && !learn_is_held_back(o, e)) return true;
  }
  return false;
}

/* From the network's inputs on back, through the spreading. */
static lan_status step_flow(trainer *t, float rate, lan_error *err) {
  flow_weights d = {0};
  lan_status s = lan_net_plan_input_gradient(t->plan, "x", t->dx, err);
  if (s != LAN_OK) return s;
  for (size_t i = 0; i < BATCH; i++) {
    const row *r = &t->rows[i];
    flow_run *run = &t->runs[i];
    for (uint32_t k = 0; k < r->set->examples.data[r->example].n; k++) {
      const float *dx = t->dx + (i * LEARN_CANDIDATES + k) * FEATURES + FEATURE_FLOW_1;
      for (size_t f = 0; f < FLOW_STEPS; f++) {
        run->d_read[k][f] = dx[f] * flow_feature_slope(run->read[k][f]);
      }
    }
    if (r->set->flow.examples.len) flow_backward(&r->set->flow, r->example, &t->ready, run, &d);
  }
  adam_step(&t->adam, &d, rate, &t->flow);
  return LAN_OK;
}

static lan_status step(trainer *t, const learn_options *o, float rate, lan_error *err) {
  flow_prepare(&t->flow, &t->ready);
  for (size_t i = 0; i < BATCH; i++) fill_row(t, i);
  lan_net_forward(t->plan, NULL);
  lan_net_backward(t->plan);
  lan_optimizer_step(t->optimizer, rate, 0);
  return o->fixed_flow ? LAN_OK : step_flow(t, FLOW_RATE * rate, err);
}

/* ---- all of it ---- */

/* Better by its loss, which is smoother than ranks; examples that lack the wanted note count the same
 * in both. */
static bool better(const learn_quality *a, const learn_quality *b) {
  return a->mrr - a->loss > b->mrr - b->loss;
}

static lan_status run(trainer *t, const learn_set *const *sets, size_t n_sets,
                      const learn_options *o, model_net *net, learn_quality *best, lan_error *err) {
  lan_rng rng = lan_rng_at(o->seed, 0x6C6561, 0);
  model_net now = *net;
  for (uint32_t i = 1; i <= o->steps; i++) {
    for (size_t k = 0; k < BATCH; k++) {
      if (!draw(sets, n_sets, o, &rng, &t->rows[k])) return LAN_OK; /* nothing to learn from */
    }
    lan_status s = step(t, o, o->rate * (float)(1 - (double)i / o->steps), err);
    if (s != LAN_OK) return s;
    if (o->progress && o->progress(o->progress_ctx, i, o->steps) != 0) {
      return lan_fail(err, LAN_ECANCELED, "stopped");
    }
    if (i % CHECK_EVERY != 0 && i != o->steps) continue;
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
  trainer *t = lan_alloc_zeroed(1, sizeof *t);
  if (!t) return lan_fail_memory(err, sizeof *t);
  model_net kept = *net;
  learn_quality best = learn_measure(sets, n_sets, net, true, o);
  if (before) *before = best;
  lan_status s = build(t, o, err);
  if (s == LAN_OK) {
    exchange(t, &kept, false);
    s = run(t, sets, n_sets, o, &kept, &best, err);
  }
  trainer_free(t);
  if (s != LAN_OK) return s;
  if (after) *after = best;
  *net = kept;
  return LAN_OK;
}

void learn_start(model_net *net, uint64_t seed) {
  lan_rng rng = lan_rng_at(seed, 0x737461, 0);
  *net = (model_net){0};
  flow_start(&net->flow);
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
