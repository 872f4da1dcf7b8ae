/* A network that learns from one example over and over, and the story of it: the first throw told whole, the
 * others in a line each. */
#ifndef CLI_PUPIL_H
#define CLI_PUPIL_H

#include <stdint.h>

#include "cli/lesson.h"

typedef struct pupil {
  lan_net *net;
  lan_net_plan *plan; /* of one row, with keep_all; the caller fills its inputs */
  lan_optimizer *optimizer;
  lesson lesson;
  const char *guess; /* the output that is the classes' probabilities */
  const char *const *classes;
  uint32_t n_classes, right; /* `right`: the answer */
  double rate, error;
} pupil;

typedef struct story {
  const lesson_words *words;
  const char *title, *throw, *right, *wrong; /* `wrong`: before the answer's name */
  const char *others, *more_throws, *end;
} story;

/* Plans the net for training, and makes the optimiser; what is in `p` already stays. The net stays the
 * caller's, and the rest goes with pupil_free, also after a failure. `frozen`: as in inference. */
lan_status pupil_ready(pupil *p, lan_var answer, int frozen, lan_error *err);
void pupil_free(pupil *p);

/* A throw, and the adjustment after it. */
void pupil_throw(pupil *p);

/* Tells throw `number` (from 1): of the first everything, after `intro`. */
void pupil_tell(const pupil *p, const story *s, const char *intro, size_t number, output *o);
/* The last words. */
void pupil_end(const story *s, output *o);
void pupil_json(const pupil *p, size_t number, output *o);

#endif
