/* Running a plan: step after step, a task for each chunk of receivers. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spread/plan_internal.h"
#include "spread/spread_internal.h"

/* Below this tolerance single precision does not converge; and it holds no very large or small
 * activation. */
static const double DOUBLE_BELOW = 1e-6, SINGLE_LEAST = 1e-20, SINGLE_MOST = 1e20;

/* What one task found, to be added up in order of the tasks. */
typedef struct tally {
  double stuck, change;
} tally;

/* What a run holds, by place in the plan's order. Only one of each pair is in use. */
typedef struct run {
  const lan_spread_plan *p;
  bool single;
  double *activation; /* the caller's, by node */
  union {
    float *f;
    double *d;
  } cues, now, sent, coming; /* sent: for a unit of weight, in this step; coming: in the next */
  double *sums;              /* by worker: of its chunk's receivers */
  double *total;             /* RULE_HEAT: the powers added up */
  double power_weight;       /* RULE_HEAT: of the power that the step makes */
  double flow;               /* share of a node's activation that leaves it and arrives */
  double back; /* share of the cues that is added: restart, and what came back from dead ends */
  tally *tallies;
} run;

/* ---- a step ---- */

/* What a node sends for each unit of weight; a dead end's share is counted. */
static double share_of(const run *r, uint32_t i, double a, tally *t) {
  double rate = r->p->rate[i];
  if (rate == 0) t->stuck += a * r->flow;
  return a * r->flow * rate;
}

enum { LANES = 8 };

/* What a step makes of n nodes, n at most LANES, once their sums are known. The two precisions share
 * their text; the loop over lanes, each with its own tally, is for compilers to vectorise. */
typedef struct settings {
  double stays, dead_end_stays, back, flow, suppress;
} settings;

#define DEFINE_FINISH(T, suffix)                                                                  \
  static inline void finish_##suffix(const settings *m, size_t n, const double *rate,             \
                                     const double *sum, const T *cues, T *now, T *coming,         \
                                     double *change, double *stuck) {                             \
    for (size_t k = 0; k < n; k++) {                                                              \
      double old = (double)now[k], stays = rate[k] > 0 ? m->stays : m->dead_end_stays;            \
      double a = stays * old + sum[k] + m->back * (double)cues[k];                                \
      a = a < m->suppress ? 0 : a;                                                                \
      double share = a * m->flow;                                                                 \
      now[k] = (T)a;                                                                              \
      coming[k] = (T)(share * rate[k]);                                                           \
      change[k] += fabs(a - old);                                                                 \
      stuck[k] += rate[k] > 0 ? 0 : share;                                                        \
    }                                                                                             \
  }                                                                                               \
                                                                                                  \
  static void finish_all_##suffix(const run *r, const plan_chunk *c, const settings *m,           \
                                  const double *restrict sum, double *change, double *stuck) {    \
    const double *restrict rate = r->p->rate + c->first;                                          \
    const T *restrict cues = r->cues.suffix + c->first;                                           \
    T *restrict now = r->now.suffix + c->first, *restrict coming = r->coming.suffix + c->first;   \
    size_t n = c->last - c->first, i = 0;                                                         \
    for (; i + LANES <= n; i += LANES) {                                                          \
      finish_##suffix(m, LANES, rate + i, sum + i, cues + i, now + i, coming + i, change, stuck); \
    }                                                                                             \
    finish_##suffix(m, n - i, rate + i, sum + i, cues + i, now + i, coming + i, change, stuck);   \
  }

DEFINE_FINISH(float, f)
DEFINE_FINISH(double, d)

static tally finish_chunk(const run *r, const plan_chunk *c, const double *sum) {
  const lan_spread_model *m = &r->p->model;
  double change[LANES] = {0}, stuck[LANES] = {0},
         stays = m->retention * (1 - m->restart) * m->decay;
  bool sinks_keep = m->sinks_keep && m->restart == 0;
  settings s = {stays, sinks_keep ? stays + r->flow : stays, r->back, r->flow, m->suppress};
  tally t = {0, 0};
  if (r->single) {
    finish_all_f(r, c, &s, sum, change, stuck);
  } else {
    finish_all_d(r, c, &s, sum, change, stuck);
  }
  for (size_t k = 0; k < LANES; k++) {
    t.change += change[k];
    t.stuck += stuck[k];
  }
  for (uint32_t i = c->first; r->total && i < c->last; i++) {
    r->total[i] += r->power_weight * (r->single ? (double)r->now.f[i] : r->now.d[i]);
  }
  return t;
}

static void step_chunk(void *ctx, size_t chunk, size_t worker) {
  run *r = ctx;
  const lan_spread_plan *p = r->p;
  const plan_chunk *c = &p->chunks[chunk];
  double *sum = r->sums + worker * p->chunk_most;
  memset(sum, 0, (size_t)(c->last - c->first) * sizeof *sum);
  if (r->single) {
    plan_add_single(c, r->sent.f, sum);
  } else {
    plan_add_double(c, r->sent.d, sum);
  }
  r->tallies[chunk] = finish_chunk(r, c, sum);
}

static tally add_tallies(const run *r) {
  tally sum = {0, 0};
  for (size_t c = 0; c < r->p->n_chunks; c++) {
    sum.stuck += r->tallies[c].stuck;
    sum.change += r->tallies[c].change;
  }
  return sum;
}

/* ---- from the caller's order to the plan's, and back ---- */

static void start_chunk(void *ctx, size_t chunk, size_t worker) {
  run *r = ctx;
  const plan_chunk *c = &r->p->chunks[chunk];
  tally t = {0, 0};
  (void)worker;
  for (uint32_t i = c->first; i < c->last; i++) {
    double a = r->activation[r->p->order[i]];
    if (r->total) r->total[i] = r->power_weight * a;
    if (r->single) {
      r->cues.f[i] = r->now.f[i] = (float)a;
      r->coming.f[i] = (float)share_of(r, i, a, &t);
    } else {
      r->cues.d[i] = r->now.d[i] = a;
      r->coming.d[i] = share_of(r, i, a, &t);
    }
  }
  r->tallies[chunk] = t;
}

static void end_chunk(void *ctx, size_t chunk, size_t worker) {
  run *r = ctx;
  const plan_chunk *c = &r->p->chunks[chunk];
  (void)worker;
  for (uint32_t i = c->first; i < c->last; i++) {
    double a = r->total ? r->total[i] : r->single ? (double)r->now.f[i] : r->now.d[i];
    r->activation[r->p->order[i]] = a;
  }
}

/* ---- a run ---- */

/* One step; returns its L1 change. `stuck` is what the step before left in dead ends. */
static double step(run *r, double cue_sum, double *stuck) {
  const lan_spread_model *m = &r->p->model;
  r->back = m->restart + (m->restart > 0 && cue_sum > 0 ? *stuck / cue_sum : 0);
  void *sent = r->sent.d;
  r->sent.d = r->coming.d;
  r->coming.d = sent;
  lan_pool_run(r->p->pool, r->p->n_chunks, step_chunk, r);
  tally t = add_tallies(r);
  *stuck = t.stuck;
  return t.change;
}

static bool has_finished(const run *r, double change, double rest) {
  return r->total ? rest <= r->p->model.tolerance : change < r->p->model.tolerance;
}

static lan_status make_steps(run *r, double cue_sum, uint32_t *made, lan_error *err) {
  const lan_spread_model *m = &r->p->model;
  double change = HUGE_VAL, rest = 1 - r->power_weight, stuck;
  lan_pool_run(r->p->pool, r->p->n_chunks, start_chunk, r);
  stuck = add_tallies(r).stuck;
  for (*made = 0; *made < m->steps && !has_finished(r, change, rest);) {
    ++*made;
    r->power_weight *= m->heat_t / *made;
    rest -= r->power_weight;
    change = step(r, cue_sum, &stuck);
    if (!(change <= DBL_MAX)) {
      return lan_fail(err, LAN_ERANGE,
                      "activation grows beyond all bounds at step %u; with fan < 1 weights must be "
                      "smaller, or decay",
                      *made);
    }
  }
  lan_pool_run(r->p->pool, r->p->n_chunks, end_chunk, r);
  return LAN_OK;
}

static bool is_single(const lan_spread_model *m) {
  return m->tolerance == 0 || m->tolerance >= DOUBLE_BELOW;
}

static bool run_init(run *r) {
  const lan_spread_plan *p = r->p;
  const lan_spread_model *m = &p->model;
  size_t size = r->single ? sizeof(float) : sizeof(double);
  r->flow = (1 - m->retention) * (1 - m->restart) * m->decay;
  r->power_weight = m->rule == LAN_RULE_HEAT ? exp(-m->heat_t) : 0;
  r->cues.d = lan_alloc_huge(p->n, size);
  r->now.d = lan_alloc_huge(p->n, size);
  r->sent.d = lan_alloc_huge((size_t)p->n + 1, size); /* and node n, which sends nothing */
  r->coming.d = lan_alloc_huge((size_t)p->n + 1, size);
  r->sums = lan_alloc_huge(lan_pool_size(p->pool), p->chunk_most * sizeof *r->sums);
  r->tallies = lan_alloc_zeroed(p->n_chunks, sizeof *r->tallies);
  if (m->rule == LAN_RULE_HEAT) r->total = lan_alloc_huge(p->n, sizeof *r->total);
  if (!r->cues.d || !r->now.d || !r->sent.d || !r->coming.d || !r->sums || !r->tallies ||
      (m->rule == LAN_RULE_HEAT && !r->total)) {
    return false;
  }
  if (r->single) {
    r->sent.f[p->n] = r->coming.f[p->n] = 0;
  } else {
    r->sent.d[p->n] = r->coming.d[p->n] = 0;
  }
  return true;
}

static void run_free(run *r) {
  free(r->cues.d);
  free(r->now.d);
  free(r->sent.d);
  free(r->coming.d);
  free(r->sums);
  free(r->tallies);
  free(r->total);
}

lan_status lan_spread_plan_run(lan_spread_plan *p, double *activation, uint32_t *steps,
                               lan_error *err) {
  double cue_sum = 0;
  uint32_t made = 0;
  for (uint32_t v = 0; v < p->n; v++) {
    if (!(activation[v] >= 0) || isinf(activation[v])) {
      return lan_fail(err, LAN_ERANGE, "node %u's activation is %g; >= 0 is wanted", v,
                      activation[v]);
    }
    cue_sum += activation[v];
  }
  bool fits = cue_sum >= SINGLE_LEAST && cue_sum <= SINGLE_MOST;
  run r = {.p = p, .activation = activation, .single = is_single(&p->model) && fits};
  lan_status s =
      run_init(&r) ? make_steps(&r, cue_sum, &made, err) : lan_fail_memory(err, (size_t)p->n * 32);
  run_free(&r);
  if (s == LAN_OK && steps) *steps = made;
  return s;
}

double lan_spread_plan_bytes(const lan_spread_plan *p) {
  double edge = sizeof(uint32_t) + (p->weighted ? sizeof(float) : 0);
  double node = 2 * (is_single(&p->model) ? sizeof(float) : sizeof(double));
  return (double)p->n_edges * edge + (double)p->n * node;
}
