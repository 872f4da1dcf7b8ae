/* Moves parameters by their gradients. Each piece of a parameter is one task: the shards' gradients
 * are summed in order and used at once, while they are in the cache. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/plan.h"

enum { PIECE = 8192, PART = 1024 }; /* floats of a task, and of the sum that it holds at a time */

typedef struct piece {
  uint32_t parameter;
  size_t from, to;
} piece;

struct lan_optimizer {
  lan_net_plan *plan;
  lan_optimizer_options options;
  uint64_t steps;
  VEC(piece) pieces;
  float *state[2];   /* laid out as a shard's gradients; NULL: not kept */
  double *squares;   /* of the gradients of each piece */
  float rate, scale; /* of this step; scale: what clipping leaves */
};

static bool adaptive(lan_optimizer_kind kind) { return kind == LAN_ADAM || kind == LAN_ADAMW; }

static lan_status check_options(const lan_optimizer_options *o, lan_error *err) {
  if (o->kind > LAN_RMSPROP) return lan_fail(err, LAN_EINVAL, "there is no such optimiser");
  const struct {
    const char *name;
    float value, most;
  } ranges[] = {{"rate", o->rate, 1e6F},    {"momentum", o->momentum, 1},
                {"beta1", o->beta1, 1},     {"beta2", o->beta2, 1},
                {"epsilon", o->epsilon, 1}, {"weight_decay", o->weight_decay, 1e3F},
                {"clip", o->clip, 1e30F}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    if (!(ranges[i].value >= 0 && ranges[i].value <= ranges[i].most)) {
      return lan_fail(err, LAN_ERANGE, "%s = %g is not in 0 .. %g", ranges[i].name,
                      (double)ranges[i].value, (double)ranges[i].most);
    }
  }
  return LAN_OK;
}

static void fill_defaults(lan_optimizer_options *o) {
  if (o->beta1 == 0) o->beta1 = 0.9F;
  if (o->beta2 == 0) o->beta2 = o->kind == LAN_RMSPROP ? 0.99F : 0.999F;
  if (o->epsilon == 0) o->epsilon = 1e-8F;
}

static bool cut_pieces(lan_optimizer *opt) {
  const lan_net *net = opt->plan->net;
  for (size_t i = 0; i < net->parameters.len; i++) {
    const net_parameter *p = &net->parameters.data[i];
    /* What the loss does not come from has no gradient. */
    bool used = false;
    for (size_t v = 0; v < opt->plan->values.len && !used; v++) {
      used = opt->plan->values.data[v].node == p->node && opt->plan->values.data[v].learns;
    }
    for (size_t at = 0; used && at < p->count; at += PIECE) {
      size_t to = at + PIECE < p->count ? at + PIECE : p->count;
      if (!VEC_PUSH(&opt->pieces, (piece){(uint32_t)i, at, to})) return false;
    }
  }
  return true;
}

lan_status lan_optimizer_new(lan_net_plan *plan, const lan_optimizer_options *options,
                             lan_optimizer **out, lan_error *err) {
  lan_status status = check_options(options, err);
  if (status != LAN_OK) return status;
  if (!plan->options.training) {
    return lan_fail(err, LAN_EINVAL, "the plan was not made for training");
  }
  lan_optimizer *opt = lan_alloc_zeroed(1, sizeof *opt);
  if (!opt) return lan_fail_memory(err, sizeof *opt);
  opt->plan = plan;
  opt->options = *options;
  fill_defaults(&opt->options);
  bool first = adaptive(options->kind) || options->momentum > 0;
  bool second = adaptive(options->kind) || options->kind == LAN_RMSPROP;
  bool made = cut_pieces(opt);
  if (made && first)
    made = (opt->state[0] = lan_alloc_zeroed(plan->gradient_floats, sizeof(float)));
  if (made && second)
    made = (opt->state[1] = lan_alloc_zeroed(plan->gradient_floats, sizeof(float)));
  if (made) made = (opt->squares = lan_alloc_zeroed(opt->pieces.len, sizeof(double)));
  if (!made) {
    lan_optimizer_free(opt);
    return lan_fail_memory(err, plan->gradient_floats * sizeof(float));
  }
  *out = opt;
  return LAN_OK;
}

void lan_optimizer_free(lan_optimizer *opt) {
  if (!opt) return;
  VEC_FREE(&opt->pieces);
  free(opt->state[0]);
  free(opt->state[1]);
  free(opt->squares);
  free(opt);
}

/* ---- one step ---- */

static void sum_shards(const lan_net_plan *plan, uint32_t parameter, size_t from, size_t n,
                       float *restrict g) {
  memcpy(g, plan_gradient(plan, 0, parameter) + from, n * sizeof *g);
  for (uint32_t s = 1; s < plan->n_shards; s++) {
    const float *restrict more = plan_gradient(plan, s, parameter) + from;
    for (size_t i = 0; i < n; i++) g[i] += more[i];
  }
}

static void move_sgd(const lan_optimizer *opt, size_t n, float *restrict w, float *restrict g,
                     float *restrict v) {
  float momentum = opt->options.momentum, rate = opt->rate;
  if (!v) {
    for (size_t i = 0; i < n; i++) w[i] -= rate * g[i];
    return;
  }
  for (size_t i = 0; i < n; i++) v[i] = momentum * v[i] + g[i];
  if (opt->options.nesterov) {
    for (size_t i = 0; i < n; i++) w[i] -= rate * (g[i] + momentum * v[i]);
  } else {
    for (size_t i = 0; i < n; i++) w[i] -= rate * v[i];
  }
}

static void move_adam(const lan_optimizer *opt, size_t n, float *restrict w,
                      const float *restrict g, float *restrict m, float *restrict v) {
  float b1 = opt->options.beta1, b2 = opt->options.beta2, epsilon = opt->options.epsilon;
  double t = (double)opt->steps;
  float rate = (float)((double)opt->rate / (1 - pow((double)b1, t)));
  float root = (float)(1 / sqrt(1 - pow((double)b2, t)));
  for (size_t i = 0; i < n; i++) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    w[i] -= rate * m[i] / (sqrtf(v[i]) * root + epsilon);
  }
}

static void move_rmsprop(const lan_optimizer *opt, size_t n, float *restrict w, float *restrict g,
                         float *restrict buffer, float *restrict v) {
  float alpha = opt->options.beta2, epsilon = opt->options.epsilon, rate = opt->rate;
  for (size_t i = 0; i < n; i++) {
    v[i] = alpha * v[i] + (1 - alpha) * g[i] * g[i];
    g[i] /= sqrtf(v[i]) + epsilon;
  }
  if (!buffer) {
    for (size_t i = 0; i < n; i++) w[i] -= rate * g[i];
    return;
  }
  for (size_t i = 0; i < n; i++) {
    buffer[i] = opt->options.momentum * buffer[i] + g[i];
    w[i] -= rate * buffer[i];
  }
}

static void decay(const lan_optimizer *opt, size_t n, float *restrict w, float *restrict g) {
  float d = opt->options.weight_decay;
  if (opt->options.kind == LAN_ADAMW) {
    for (size_t i = 0; i < n; i++) w[i] -= opt->rate * d * w[i];
  } else {
    for (size_t i = 0; i < n; i++) g[i] += d * w[i];
  }
}

static void move_part(const lan_optimizer *opt, uint32_t parameter, size_t from, size_t n) {
  const net_parameter *p = &opt->plan->net->parameters.data[parameter];
  float g[PART], *w = p->values + from;
  size_t at = opt->plan->gradient_at[parameter] + from;
  float *m = opt->state[0] ? opt->state[0] + at : NULL;
  float *v = opt->state[1] ? opt->state[1] + at : NULL;
  sum_shards(opt->plan, parameter, from, n, g);
  if (opt->scale != 1) {
    for (size_t i = 0; i < n; i++) g[i] *= opt->scale;
  }
  if (p->decays && opt->options.weight_decay > 0) decay(opt, n, w, g);
  switch (opt->options.kind) {
    case LAN_SGD: move_sgd(opt, n, w, g, m); break;
    case LAN_ADAM:
    case LAN_ADAMW: move_adam(opt, n, w, g, m, v); break;
    case LAN_RMSPROP: move_rmsprop(opt, n, w, g, m, v); break;
  }
}

static void move_piece(void *ctx, size_t i, size_t worker) {
  (void)worker;
  const lan_optimizer *opt = ctx;
  const piece *p = &opt->pieces.data[i];
  for (size_t at = p->from; at < p->to; at += PART) {
    move_part(opt, p->parameter, at, p->to - at < PART ? p->to - at : PART);
  }
}

static void square_piece(void *ctx, size_t i, size_t worker) {
  (void)worker;
  lan_optimizer *opt = ctx;
  const piece *p = &opt->pieces.data[i];
  float g[PART];
  double sum = 0;
  for (size_t at = p->from; at < p->to; at += PART) {
    size_t n = p->to - at < PART ? p->to - at : PART;
    sum_shards(opt->plan, p->parameter, at, n, g);
    for (size_t k = 0; k < n; k++) sum += (double)g[k] * (double)g[k];
  }
  opt->squares[i] = sum;
}

double lan_optimizer_step(lan_optimizer *opt, float rate, int want_norm) {
  double norm = 0;
  opt->rate = rate;
  opt->scale = 1;
  opt->steps++;
  net_changed(opt->plan->net);
  if (want_norm || opt->options.clip > 0) {
    lan_pool_run(opt->plan->pool, opt->pieces.len, square_piece, opt);
    for (size_t i = 0; i < opt->pieces.len; i++) norm += opt->squares[i];
    norm = sqrt(norm);
  }
  if (opt->options.clip > 0 && norm > (double)opt->options.clip) {
    opt->scale = (float)((double)opt->options.clip / norm);
  }
  lan_pool_run(opt->plan->pool, opt->pieces.len, move_piece, opt);
  return norm;
}

float *lan_optimizer_state(lan_optimizer *opt, size_t parameter, int slot) {
  if (slot < 0 || slot > 1 || !opt->state[slot]) return NULL;
  return opt->state[slot] + opt->plan->gradient_at[parameter];
}

uint64_t lan_optimizer_steps(const lan_optimizer *opt) { return opt->steps; }
void lan_optimizer_set_steps(lan_optimizer *opt, uint64_t steps) { opt->steps = steps; }
