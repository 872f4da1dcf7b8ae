/* Conductances that are learnt by backpropagation through the spreading itself: edges are hidden one at a time, and what
 * they led to is to be reached over the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "lantoa/net.h"
#include "lantoa/spread.h"

enum { STEPS = 3, FEATURES = 2, BATCH = 16, MOST_EXAMPLES = 3200, MOST_JUDGED = 1000, RANKED = 10 };
enum { THETA, PHI, FORM };

static const uint64_t HOLD_BACK_EVERY = 5; /* one sender of so many */
static const double LEARNING = 0.7,
                    JUDGING = 0.1; /* shares of the time; there are three to judge */
static const float RATE = 0.03F, START_SCALE = 100; /* activations are small numbers */

/* ---- conductances ---- */

/* How many edges lead to each node. */
static lan_status count_arrivals(const lan_graph *g, uint32_t **out, lan_error *err) {
  *out = lan_alloc_zeroed(g->n_nodes, sizeof **out);
  if (!*out) return lan_fail_memory(err, 0);
  for (uint32_t e = 0; e < g->n_edges; e++) (*out)[g->targets[e]]++;
  return LAN_OK;
}

static float weight_of(const lan_graph *g, uint32_t e) { return g->weights ? g->weights[e] : 1; }

static lan_status check_graph(const lan_graph *g, lan_error *err) {
  for (uint32_t e = 0; e < g->n_edges; e++) {
    if (g->types && g->types[e] != 0) {
      return lan_fail(err, LAN_EINVAL, "conductances are learnt for edges of one type");
    }
  }
  if (g->n_edges > UINT32_MAX / 2) return lan_fail(err, LAN_ELIMIT, "too many edges");
  return LAN_OK;
}

/* Each edge there and back, those of weight 0 left out. */
static lan_status both_ways(const lan_graph *g, lan_edge **edges, uint32_t *n, lan_error *err) {
  lan_edge *all = lan_alloc_array(2 * (size_t)g->n_edges, sizeof *all);
  if (!all) return lan_fail_memory(err, 0);
  *n = 0;
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1]; e++) {
      float w = weight_of(g, e);
      if (w == 0 || g->targets[e] == i) continue;
      all[(*n)++] = (lan_edge){i, g->targets[e], w, 0};
      all[(*n)++] = (lan_edge){g->targets[e], i, w, 1};
    }
  }
  *edges = all;
  return LAN_OK;
}

static void features_of(const lan_edge *e, const uint32_t *arrivals, float out[FEATURES]) {
  out[0] = logf(e->weight);
  out[1] = log1pf((float)arrivals[e->to]);
}

lan_conductances lan_conductances_plain(void) {
  return (lan_conductances){
      .there = 1, .back = 0.3, .weight = 1, .arrivals = 0, .fan = 1, .decay = 0.6};
}

lan_status lan_conductances_apply(const lan_graph *g, const lan_conductances *c, lan_graph *out,
                                  lan_spread_model *model, lan_error *err) {
  uint32_t *arrivals = NULL, n = 0;
  lan_edge *edges = NULL;
  const struct {
    double value, least, most;
  } numbers[] = {{c->there, 0, 1e6},       {c->back, 0, 1e6}, {c->weight, -100, 100},
                 {c->arrivals, -100, 100}, {c->fan, 0, 1},    {c->decay, 0, 1}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    double v = numbers[i].value;
    if (v >= numbers[i].least && v <= numbers[i].most) continue;
    return lan_fail(err, LAN_ERANGE, "conductances: %g is out of range", v);
  }
  lan_status s = check_graph(g, err);
  if (s == LAN_OK) s = count_arrivals(g, &arrivals, err);
  if (s == LAN_OK) s = both_ways(g, &edges, &n, err);
  for (uint32_t e = 0; s == LAN_OK && e < n; e++) {
    float f[FEATURES];
    features_of(&edges[e], arrivals, f);
    double gain = edges[e].type ? c->back : c->there;
    edges[e].weight = (float)(gain * exp(c->weight * (double)f[0] + c->arrivals * (double)f[1]));
  }
  if (s == LAN_OK) s = lan_graph_build(g->n_nodes, edges, n, out, err);
  free(edges);
  free(arrivals);
  *model = lan_spread_preset(LAN_PRESET_MEMORY);
  model->steps = STEPS;
  model->fan = c->fan;
  model->decay = c->decay;
  return s;
}

/* ---- which edges ---- */

typedef struct hidden_edge {
  uint32_t from, to;
} hidden_edge;

typedef struct samples {
  hidden_edge *train, *judge;
  size_t n_train, n_judge;
} samples;

static bool is_held_back(uint32_t node, uint64_t seed) {
  return lan_hash(&node, sizeof node, seed) % HOLD_BACK_EVERY == 0;
}

/* Draws `most` of them without repetition; the others are dropped. */
static size_t draw(hidden_edge *all, size_t n, size_t most, lan_rng *rng) {
  for (size_t i = 0; i < n && i < most; i++) {
    size_t k = i + lan_rng_below(rng, (uint32_t)(n - i));
    hidden_edge swapped = all[i];
    all[i] = all[k];
    all[k] = swapped;
  }
  return n < most ? n : most;
}

/* Edges of nodes that have others as well. */
static lan_status gather(const lan_graph *g, uint64_t seed, samples *s, lan_error *err) {
  lan_rng rng = lan_rng_at(seed, 1, 0);
  s->train = lan_alloc_array(g->n_edges, sizeof *s->train);
  s->judge = lan_alloc_array(g->n_edges, sizeof *s->judge);
  if (!s->train || !s->judge) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    bool back = is_held_back(i, seed);
    if (g->offsets[i + 1] - g->offsets[i] < 2) continue;
    for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1]; e++) {
      if (g->targets[e] == i || weight_of(g, e) == 0) continue;
      hidden_edge h = {i, g->targets[e]};
      if (back) {
        s->judge[s->n_judge++] = h;
      } else {
        s->train[s->n_train++] = h;
      }
    }
  }
  s->n_train = draw(s->train, s->n_train, MOST_EXAMPLES, &rng);
  s->n_judge = draw(s->judge, s->n_judge, MOST_JUDGED, &rng);
  if (s->n_train >= BATCH && s->n_judge > 0) return LAN_OK;
  return lan_fail(err, LAN_EINVAL, "too few edges to learn from: nodes must have several each");
}

/* Tells how far it is; nonzero of the caller's function stops. */
static lan_status tell(const lan_spread_learn_options *o, double done, lan_error *err) {
  if (!o->progress || o->progress(o->progress_ctx, done) == 0) return LAN_OK;
  return lan_fail(err, LAN_ECANCELED, "stopped");
}

/* ---- judging ---- */

typedef struct judge {
  const lan_spread_learn_options *o;
  double done;     /* before it */
  lan_graph graph; /* of which pairs are hidden in turn */
  lan_spread_model model;
  bool sum;           /* of all steps; else the last one counts */
  double *activation; /* of each node */
} judge;

static int add_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  judge *j = ctx;
  if (t == 0) return 0;
  if (!j->sum) memset(j->activation, 0, j->graph.n_nodes * sizeof *j->activation);
  for (size_t i = 0; i < n; i++) j->activation[a[i].node] += a[i].activation;
  return 0;
}

/* Hides what ties two nodes directly, or brings it back: the edges' weights from `to`. */
static void set_pair(lan_graph *g, uint32_t a, uint32_t b, const float *weights) {
  float *w = (float *)(uintptr_t)g->weights; /* ours */
  for (int turn = 0; turn < 2; turn++) {
    uint32_t from = turn ? b : a, to = turn ? a : b;
    for (uint32_t e = g->offsets[from]; e < g->offsets[from + 1]; e++) {
      if (g->targets[e] == to) w[e] = weights ? weights[e] : 0;
    }
  }
}

/* 1 / rank of the hidden node among those that are no other direct neighbours; 0: it is not reached. */
static double rank_of(const lan_graph *given, const judge *j, hidden_edge h) {
  double own = j->activation[h.to];
  size_t above = 0;
  if (!(own > 0)) return 0;
  for (uint32_t i = 0; i < given->n_nodes; i++) above += j->activation[i] > own;
  above -= j->activation[h.from] > own;
  for (uint32_t e = given->offsets[h.from]; e < given->offsets[h.from + 1]; e++) {
    uint32_t t = given->targets[e];
    above -= t != h.to && t != h.from && j->activation[t] > own;
  }
  return 1 / (1 + (double)above);
}

static lan_status judge_one(const lan_graph *given, judge *j, hidden_edge h, const float *weights,
                            double *reciprocal, lan_error *err) {
  lan_spreader *spreader = NULL;
  lan_cue cue = {h.from, 1};
  set_pair(&j->graph, h.from, h.to, NULL);
  memset(j->activation, 0, j->graph.n_nodes * sizeof *j->activation);
  lan_status s = lan_spreader_new(&j->graph, &spreader, err);
  if (s == LAN_OK) s = lan_spread_steps(spreader, &j->model, &cue, 1, add_step, j, err);
  lan_spreader_free(spreader);
  set_pair(&j->graph, h.from, h.to, weights);
  *reciprocal = s == LAN_OK ? rank_of(given, j, h) : 0;
  return s;
}

static lan_status judge_all(const lan_graph *given, judge *j, const samples *all, double *mrr,
                            double *hits, lan_error *err) {
  size_t bytes = j->graph.n_edges * sizeof(float);
  float *weights = malloc(bytes ? bytes : 1);
  j->activation = lan_alloc_zeroed(given->n_nodes, sizeof *j->activation);
  lan_status s = weights && j->activation ? LAN_OK : lan_fail_memory(err, 0);
  if (s == LAN_OK) memcpy(weights, j->graph.weights, bytes);
  *mrr = *hits = 0;
  for (size_t i = 0; s == LAN_OK && i < all->n_judge; i++) {
    double reciprocal = 0;
    s = tell(j->o, j->done + JUDGING * (double)i / (double)all->n_judge, err);
    if (s == LAN_OK) s = judge_one(given, j, all->judge[i], weights, &reciprocal, err);
    *mrr += reciprocal / (double)all->n_judge;
    *hits += (reciprocal * RANKED >= 1) / (double)all->n_judge;
  }
  free(weights);
  free(j->activation);
  lan_graph_free(&j->graph);
  return s;
}

static lan_status judge_spreadr(const lan_graph *g, const samples *all,
                                const lan_spread_learn_options *o, lan_spread_quality *q,
                                lan_error *err) {
  judge j = {.o = o, .done = LEARNING, .model = lan_spread_preset(LAN_PRESET_SPREADR)};
  lan_edge *edges = lan_alloc_array(g->n_edges, sizeof *edges);
  if (!edges) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    for (uint32_t e = g->offsets[i]; e < g->offsets[i + 1]; e++) {
      edges[e] = (lan_edge){i, g->targets[e], weight_of(g, e), 0};
    }
  }
  lan_status s = lan_graph_build(g->n_nodes, edges, g->n_edges, &j.graph, err);
  free(edges);
  return s == LAN_OK ? judge_all(g, &j, all, &q->mrr, &q->hits10, err) : s;
}

static lan_status judge_learnt(const lan_graph *g, const samples *all, const lan_conductances *c,
                               const lan_spread_learn_options *o, double done,
                               lan_spread_quality *q, lan_error *err) {
  judge j = {.o = o, .done = done, .sum = true};
  lan_status s = lan_conductances_apply(g, c, &j.graph, &j.model, err);
  return s == LAN_OK ? judge_all(g, &j, all, &q->mrr, &q->hits10, err) : s;
}

/* ---- learning ---- */

typedef struct pupil {
  lan_edges edges;
  uint32_t *from, *to;
  uint8_t *types;
  float *features;
  lan_net *net;
  lan_net_plan *plan;
  lan_optimizer *optimizer;
} pupil;

static void pupil_free(pupil *p) {
  lan_optimizer_free(p->optimizer);
  lan_net_plan_free(p->plan);
  lan_net_free(p->net);
  free(p->from);
  free(p->to);
  free(p->types);
  free(p->features);
}

static int by_receiver(const void *a, const void *b) {
  const lan_edge *x = a, *y = b;
  if (x->to != y->to) return x->to < y->to ? -1 : 1;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->type > y->type) - (x->type < y->type);
}

static lan_status describe_edges(const lan_graph *g, pupil *p, lan_error *err) {
  uint32_t *arrivals = NULL, n = 0;
  lan_edge *edges = NULL;
  lan_status s = count_arrivals(g, &arrivals, err);
  if (s == LAN_OK) s = both_ways(g, &edges, &n, err);
  if (s == LAN_OK && n) qsort(edges, n, sizeof *edges, by_receiver);
  p->from = lan_alloc_array(n, sizeof *p->from);
  p->to = lan_alloc_array(n, sizeof *p->to);
  p->types = lan_alloc_array(n, sizeof *p->types);
  p->features = lan_alloc_array((size_t)n * FEATURES, sizeof *p->features);
  if (s == LAN_OK && !(p->from && p->to && p->types && p->features)) s = lan_fail_memory(err, 0);
  for (uint32_t e = 0; s == LAN_OK && e < n; e++) {
    p->from[e] = edges[e].from;
    p->to[e] = edges[e].to;
    p->types[e] = edges[e].type;
    features_of(&edges[e], arrivals, p->features + (size_t)e * FEATURES);
  }
  p->edges = (lan_edges){.n_senders = g->n_nodes,
                         .n_receivers = g->n_nodes,
                         .n_edges = n,
                         .from = p->from,
                         .to = p->to,
                         .n_types = 2,
                         .types = p->types,
                         .n_features = FEATURES,
                         .features = p->features};
  free(edges);
  free(arrivals);
  return s;
}

/* What comes in the first step from the cue to the hidden node is stopped ("direct"), and what comes back to the cue
 * ("again"): only the other paths count. */
static void build_net(pupil *p, uint32_t n_nodes) {
  lan_net *net = p->net;
  lan_shape row = LAN_SHAPE(LAN_BATCH, n_nodes);
  lan_var theta = lan_net_parameter(net, "theta", LAN_SHAPE(2), 0);
  lan_var phi = lan_net_parameter(net, "phi", LAN_SHAPE(FEATURES), 0);
  lan_var form = lan_net_parameter(net, "form", LAN_SHAPE(2), 0);
  lan_var weights = lan_net_conductance(net, theta, phi, form, &p->edges);
  lan_var cue = lan_net_input(net, "cue", row), direct = lan_net_input(net, "direct", row);
  lan_var again = lan_net_input(net, "again", row);
  lan_var one = lan_net_multiply(net, lan_net_propagate(net, cue, weights, &p->edges), direct);
  lan_var two = lan_net_multiply(net, lan_net_propagate(net, one, weights, &p->edges), again);
  lan_var three = lan_net_propagate(net, two, weights, &p->edges);
  lan_var sum = lan_net_add(net, lan_net_add(net, one, two), three);
  lan_var column = lan_net_reshape(net, sum, LAN_SHAPE(LAN_BATCH, n_nodes, 1));
  lan_var scores = lan_net_reshape(net, lan_net_dense(net, column, 1), row);
  lan_var wanted = lan_net_input(net, "wanted", row), others = lan_net_input(net, "others", row);
  lan_net_loss(net, lan_net_listwise(net, scores, wanted, others));
}

static float *values_of(const pupil *p, size_t parameter) {
  return lan_net_parameter_at(p->net, parameter).values;
}

static void set_start(const pupil *p) {
  lan_conductances c = lan_conductances_plain();
  values_of(p, THETA)[0] = (float)log(c.there);
  values_of(p, THETA)[1] = (float)log(c.back);
  values_of(p, PHI)[0] = (float)c.weight;
  values_of(p, PHI)[1] = (float)c.arrivals;
  values_of(p, FORM)[0] = (float)c.fan;
  values_of(p, FORM)[1] = (float)log(c.decay);
  values_of(p, FORM + 1)[0] = START_SCALE;
}

static lan_conductances read_learnt(const pupil *p) {
  const float *theta = values_of(p, THETA), *phi = values_of(p, PHI), *form = values_of(p, FORM);
  return (lan_conductances){.there = exp((double)theta[0]),
                            .back = exp((double)theta[1]),
                            .weight = (double)phi[0],
                            .arrivals = (double)phi[1],
                            .fan = (double)form[0],
                            .decay = exp((double)form[1])};
}

/* Fan and decay are shares. The gain of edges as they are given stays 1: with a fan below 1 a larger one would do what
 * a larger decay does. */
static void keep_in_range(const pupil *p) {
  float *form = values_of(p, FORM);
  values_of(p, THETA)[0] = 0;
  form[0] = fminf(fmaxf(form[0], 0), 1);
  form[1] = fminf(fmaxf(form[1], -7), 0);
}

static lan_status make_pupil(const lan_graph *g, const lan_spread_learn_options *o, pupil *p,
                             lan_error *err) {
  lan_status s = describe_edges(g, p, err);
  if (s == LAN_OK) s = lan_net_new(o->seed, &p->net, err);
  if (s != LAN_OK) return s;
  build_net(p, g->n_nodes);
  lan_net_plan_options plan = {.batch = BATCH, .training = 1, .threads = o->threads, .shards = 2};
  lan_optimizer_options adam = {.kind = LAN_ADAM, .rate = RATE};
  s = lan_net_plan_new(p->net, &plan, &p->plan, err);
  if (s == LAN_OK) s = lan_optimizer_new(p->plan, &adam, &p->optimizer, err);
  if (s == LAN_OK) set_start(p);
  return s;
}

static void feed(const lan_graph *g, const pupil *p, const hidden_edge *batch) {
  size_t n = g->n_nodes;
  float *cue = lan_net_plan_input(p->plan, "cue"), *direct = lan_net_plan_input(p->plan, "direct");
  float *again = lan_net_plan_input(p->plan, "again");
  float *wanted = lan_net_plan_input(p->plan, "wanted");
  float *others = lan_net_plan_input(p->plan, "others");
  memset(cue, 0, BATCH * n * sizeof *cue);
  memset(wanted, 0, BATCH * n * sizeof *wanted);
  for (size_t i = 0; i < BATCH * n; i++) direct[i] = again[i] = others[i] = 1;
  for (size_t b = 0; b < BATCH; b++) {
    uint32_t from = batch[b].from, to = batch[b].to;
    cue[b * n + from] = wanted[b * n + to] = 1;
    direct[b * n + from] = direct[b * n + to] = again[b * n + from] = others[b * n + from] = 0;
    for (uint32_t e = g->offsets[from]; e < g->offsets[from + 1]; e++) {
      if (g->targets[e] != to) others[b * n + g->targets[e]] = 0;
    }
  }
}

static lan_status learn(const lan_graph *g, const samples *all, const lan_spread_learn_options *o,
                        lan_conductances *out, lan_error *err) {
  pupil p = {0};
  lan_status s = make_pupil(g, o, &p, err);
  size_t steps = all->n_train / BATCH;
  for (size_t i = 0; s == LAN_OK && i < steps; i++) {
    s = tell(o, LEARNING * (double)i / (double)steps, err);
    if (s != LAN_OK) break;
    feed(g, &p, all->train + i * BATCH);
    lan_net_forward(p.plan, NULL);
    lan_net_backward(p.plan);
    lan_optimizer_step(p.optimizer, RATE * (1 - (float)i / (float)steps), 0);
    keep_in_range(&p);
  }
  if (s == LAN_OK) *out = read_learnt(&p);
  pupil_free(&p);
  return s;
}

lan_status lan_spread_learn(const lan_graph *g, const lan_spread_learn_options *options,
                            lan_conductances *out, lan_spread_learn_report *report,
                            lan_error *err) {
  lan_spread_learn_options o = options ? *options : (lan_spread_learn_options){.seed = 1};
  lan_conductances plain = lan_conductances_plain(), learnt = plain;
  lan_spread_learn_report r = {0};
  samples all = {0};
  lan_status s = check_graph(g, err);
  if (s == LAN_OK) s = gather(g, o.seed, &all, err);
  if (s == LAN_OK) s = learn(g, &all, &o, &learnt, err);
  if (s == LAN_OK) s = judge_spreadr(g, &all, &o, &r.spreadr, err);
  if (s == LAN_OK) s = judge_learnt(g, &all, &plain, &o, LEARNING + JUDGING, &r.before, err);
  if (s == LAN_OK) s = judge_learnt(g, &all, &learnt, &o, LEARNING + 2 * JUDGING, &r.after, err);
  r.examples = all.n_train;
  r.held_back = all.n_judge;
  free(all.train);
  free(all.judge);
  if (s != LAN_OK) return s;
  *out = learnt;
  if (report) *report = r;
  return LAN_OK;
}
