/* The learning room: a small network that learns before one's eyes to tell points of two kinds apart, throw
 * after throw. Each throw is one example: forward, the error, backward, and each weight moves. */
#ifndef TRAIN_CLASSROOM_H
#define TRAIN_CLASSROOM_H

#include <stdint.h>

#include "lantoa/status.h"

typedef enum classroom_task {
  CLASSROOM_RING,      /* inside of a circle, or around it */
  CLASSROOM_QUADRANTS, /* the founding problem: exclusive or */
  CLASSROOM_MOONS      /* two half moons */
} classroom_task;

enum { CLASSROOM_POINTS = 64, CLASSROOM_HIDDEN_MOST = 16, CLASSROOM_SIDE = 24 };

typedef struct classroom_options {
  classroom_task task;
  uint64_t seed;   /* of the points and of the first weights */
  uint32_t hidden; /* nodes in the hidden layer, 1 .. CLASSROOM_HIDDEN_MOST */
  uint32_t throws; /* 1 .. 10000 */
  float rate;      /* > 0 */
} classroom_options;

typedef struct classroom_point {
  float x, y; /* -1 .. 1 */
  int kind;   /* 0 or 1 */
} classroom_point;

/* One throw. `weights` are those after it: for each hidden node its weights of x and y, then the hidden
 * biases, then the guess's weights of the hidden nodes, then its bias. */
typedef struct classroom_throw {
  uint32_t number; /* from 1; 0 is before the first: no example, no gradients */
  const classroom_point *example;
  const float *hidden;          /* values of the hidden nodes (tanh) */
  float guess;                  /* the probability of kind 1 (sigmoid) */
  double error;                 /* -ln of the probability that the right kind got */
  const float *hidden_gradient; /* of the error by the hidden nodes' values */
  float guess_gradient;         /* of the error by what goes into the sigmoid: guess - kind */
  const float *weights;
  uint32_t n_weights;
  double loss;        /* mean error over all points, after the throw */
  uint32_t right;     /* points that are taken for what they are */
  const float *field; /* CLASSROOM_SIDE^2 guesses over -1 .. 1, row by row from y = -1, or NULL:
                         only now and then */
} classroom_throw;

/* Calls each(ctx, points, throw) for throws 0 .. options->throws; not 0 stops with LAN_ECANCELED. The same
 * options give the same throws. LAN_ERANGE: an option outside its range. */
lan_status classroom_run(const classroom_options *options,
                         int (*each)(void *ctx, const classroom_point *points,
                                     const classroom_throw *thrown),
                         void *ctx, lan_error *err);

#endif
