#include "train/classroom.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "lantoa/net.h"

enum { FIELD = CLASSROOM_SIDE * CLASSROOM_SIDE, FIELD_EVERY = 10 };

/* ---- the points ---- */

static float between(lan_rng *rng, float low, float high) {
  return low + (high - low) * lan_rng_uniform(rng);
}

/* Points too near to where the kinds meet are thrown anew. */
static classroom_point ring_point(lan_rng *rng) {
  for (;;) {
    classroom_point p = {between(rng, -1, 1), between(rng, -1, 1), 0};
    float far = sqrtf(p.x * p.x + p.y * p.y);
    p.kind = far < 0.6F;
    if (far < 0.52F || far > 0.68F) return p;
  }
}

static classroom_point quadrant_point(lan_rng *rng) {
  for (;;) {
    classroom_point p = {between(rng, -1, 1), between(rng, -1, 1), 0};
    p.kind = p.x * p.y < 0;
    if (fabsf(p.x) > 0.08F && fabsf(p.y) > 0.08F) return p;
  }
}

static classroom_point moon_point(lan_rng *rng) {
  float angle = between(rng, 0, 3.14159265F), wide = between(rng, 0.5F, 0.62F);
  int kind = lan_rng_uniform(rng) < 0.5F;
  float x = wide * cosf(angle), y = wide * sinf(angle);
  return kind ? (classroom_point){x - 0.25F, y - 0.2F, 1}
              : (classroom_point){x * -1 + 0.25F, 0.2F - y, 0};
}

static void make_points(const classroom_options *o, classroom_point *points) {
  lan_rng rng = lan_rng_at(o->seed, 1, 0);
  for (size_t i = 0; i < CLASSROOM_POINTS; i++) {
    points[i] = o->task == CLASSROOM_RING        ? ring_point(&rng)
                : o->task == CLASSROOM_QUADRANTS ? quadrant_point(&rng)
                                                 : moon_point(&rng);
  }
}

/* ---- the network ---- */

typedef struct classroom {
  const classroom_options *options;
  classroom_point points[CLASSROOM_POINTS];
  lan_net *net;
  lan_var hidden, sum;    /* what is looked at */
  lan_net_plan *thrower;  /* one example, with gradients */
  lan_net_plan *onlooker; /* all points */
  lan_net_plan *painter;  /* the field */
  lan_optimizer *optimizer;
  float hidden_values[CLASSROOM_HIDDEN_MOST], hidden_gradient[CLASSROOM_HIDDEN_MOST];
  float weights[4 * CLASSROOM_HIDDEN_MOST + 1];
} classroom;

static lan_status build(classroom *c, lan_error *err) {
  lan_status s = lan_net_new(c->options->seed, &c->net, err);
  if (s != LAN_OK) return s;
  lan_var x = lan_net_input(c->net, "x", LAN_SHAPE(LAN_BATCH, 2));
  lan_var t = lan_net_input(c->net, "t", LAN_SHAPE(LAN_BATCH, 1));
  c->hidden = lan_net_tanh(c->net, lan_net_dense(c->net, x, c->options->hidden));
  c->sum = lan_net_dense(c->net, c->hidden, 1);
  lan_net_output(c->net, "guess", lan_net_sigmoid(c->net, c->sum));
  lan_net_loss(c->net, lan_net_binary_cross_entropy(c->net, c->sum, t));
  lan_net_plan_options throwing = {.batch = 1, .training = 1, .threads = 1, .keep_all = 1};
  lan_net_plan_options looking = {.batch = CLASSROOM_POINTS, .threads = 1, .reference_only = 1};
  lan_net_plan_options painting = {.batch = FIELD, .threads = 1, .reference_only = 1};
  lan_optimizer_options sgd = {.kind = LAN_SGD, .rate = c->options->rate};
  s = lan_net_plan_new(c->net, &throwing, &c->thrower, err);
  if (s == LAN_OK) s = lan_net_plan_new(c->net, &looking, &c->onlooker, err);
  if (s == LAN_OK) s = lan_net_plan_new(c->net, &painting, &c->painter, err);
  if (s == LAN_OK) s = lan_optimizer_new(c->thrower, &sgd, &c->optimizer, err);
  return s;
}

/* What both look at never changes. */
static void fill_plans(classroom *c) {
  float *x = lan_net_plan_input(c->onlooker, "x"), *t = lan_net_plan_input(c->onlooker, "t");
  for (size_t i = 0; i < CLASSROOM_POINTS; i++) {
    x[2 * i] = c->points[i].x;
    x[2 * i + 1] = c->points[i].y;
    t[i] = (float)c->points[i].kind;
  }
  x = lan_net_plan_input(c->painter, "x");
  memset(lan_net_plan_input(c->painter, "t"), 0, FIELD * sizeof *t);
  for (size_t i = 0; i < FIELD; i++) {
    x[2 * i] = -1 + 2 * ((float)(i % CLASSROOM_SIDE) + 0.5F) / CLASSROOM_SIDE;
    x[2 * i + 1] = -1 + 2 * ((float)(i / CLASSROOM_SIDE) + 0.5F) / CLASSROOM_SIDE;
  }
}

static void classroom_free(classroom *c) {
  lan_optimizer_free(c->optimizer);
  lan_net_plan_free(c->onlooker);
  lan_net_plan_free(c->painter);
  lan_net_plan_free(c->thrower);
  lan_net_free(c->net);
}

/* ---- a throw ---- */

static void look(classroom *c, classroom_throw *out) {
  lan_net_forward(c->onlooker, NULL);
  const float *guess = lan_net_plan_output(c->onlooker, "guess");
  for (size_t i = 0; i < CLASSROOM_POINTS; i++) {
    float right = c->points[i].kind ? guess[i] : 1 - guess[i];
    out->loss -= log(fmax((double)right, 1e-7)) / CLASSROOM_POINTS;
    out->right += right > 0.5F;
  }
  if (out->number % FIELD_EVERY == 0) {
    lan_net_forward(c->painter, NULL);
    out->field = lan_net_plan_output(c->painter, "guess");
  }
  for (size_t i = 0; i < lan_net_n_parameters(c->net); i++) {
    lan_parameter p = lan_net_parameter_at(c->net, i);
    memcpy(c->weights + out->n_weights, p.values, p.count * sizeof *p.values);
    out->n_weights += (uint32_t)p.count;
  }
  out->weights = c->weights;
}

static lan_status throw_one(classroom *c, const classroom_point *p, classroom_throw *out,
                            lan_error *err) {
  float *x = lan_net_plan_input(c->thrower, "x");
  x[0] = p->x;
  x[1] = p->y;
  *lan_net_plan_input(c->thrower, "t") = (float)p->kind;
  lan_net_forward(c->thrower, &out->error);
  lan_net_backward(c->thrower);
  lan_status s = lan_net_plan_value(c->thrower, c->hidden, c->hidden_values, err);
  if (s == LAN_OK) s = lan_net_plan_value_gradient(c->thrower, c->hidden, c->hidden_gradient, err);
  if (s == LAN_OK) s = lan_net_plan_value_gradient(c->thrower, c->sum, &out->guess_gradient, err);
  out->guess = *lan_net_plan_output(c->thrower, "guess");
  out->example = p;
  out->hidden = c->hidden_values;
  out->hidden_gradient = c->hidden_gradient;
  lan_optimizer_step(c->optimizer, c->options->rate, 0);
  return s;
}

static lan_status check(const classroom_options *o, lan_error *err) {
  if (o->hidden < 1 || o->hidden > CLASSROOM_HIDDEN_MOST) {
    return lan_fail(err, LAN_ERANGE, "%u hidden nodes: choose 1 to %d", o->hidden,
                    CLASSROOM_HIDDEN_MOST);
  }
  if (o->throws < 1 || o->throws > 10000) {
    return lan_fail(err, LAN_ERANGE, "%u throws: choose 1 to 10000", o->throws);
  }
  if (!(o->rate > 0 && o->rate <= 10)) {
    return lan_fail(err, LAN_ERANGE, "a rate of %g: choose one above 0, at most 10",
                    (double)o->rate);
  }
  if (o->task > CLASSROOM_MOONS) return lan_fail(err, LAN_ERANGE, "there is no such task");
  return LAN_OK;
}

lan_status classroom_run(const classroom_options *options,
                         int (*each)(void *ctx, const classroom_point *points,
                                     const classroom_throw *thrown),
                         void *ctx, lan_error *err) {
  classroom c = {.options = options};
  lan_status s = check(options, err);
  if (s == LAN_OK) s = build(&c, err);
  if (s != LAN_OK) {
    classroom_free(&c);
    return s;
  }
  make_points(options, c.points);
  fill_plans(&c);
  lan_rng order = lan_rng_at(options->seed, 2, 0);
  for (uint32_t i = 0; s == LAN_OK && i <= options->throws; i++) {
    classroom_throw thrown = {.number = i};
    uint32_t example = lan_rng_below(&order, CLASSROOM_POINTS);
    if (i > 0) s = throw_one(&c, &c.points[example], &thrown, err);
    if (s != LAN_OK) break;
    look(&c, &thrown);
    if (each(ctx, c.points, &thrown)) s = lan_fail(err, LAN_ECANCELED, "stopped");
  }
  classroom_free(&c);
  return s;
}
