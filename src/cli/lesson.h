/* What a network does with one example, told step by step: the values of its layers, the error, the
 * gradient that reaches each layer, the weights before and after. */
#ifndef CLI_LESSON_H
#define CLI_LESSON_H

#include "base/json.h"
#include "cli/output.h"
#include "lantoa/net.h"

/* The texts in one language. */
typedef struct lesson_words {
  const char *forward, *error, *backward, *backward_note, *update, *numbers, *to;
  const char *answer, *guess, *error_is;
} lesson_words;

extern const lesson_words lesson_vi, lesson_en;

typedef struct lesson {
  lan_net *net;
  lan_net_plan *plan; /* with keep_all, one row */
  lan_var answer;     /* the input that is the right answer, or LAN_NONE */
  float *values;      /* room for the largest layer */
  float *before;      /* all parameters, one after the other */
} lesson;

/* Takes the net and plan; they stay the caller's. */
lan_status lesson_new(lan_net *net, lan_net_plan *plan, lan_var answer, lesson *l, lan_error *err);
void lesson_free(lesson *l);

/* Notes the parameters as they are, to be compared after the step. */
void lesson_remember(lesson *l);

/* The values of each layer, in order. */
void lesson_forward(const lesson *l, const lesson_words *w, output *o);
/* The gradient of the error by each layer's values, from the last to the first. */
void lesson_backward(const lesson *l, const lesson_words *w, output *o);
/* The weights: before - rate x gradient = after; of large arrays those that move most. */
void lesson_update(const lesson *l, const lesson_words *w, double rate, output *o);

/* All of it, as "layers": [...], "parameters": [...]. */
void lesson_json(const lesson *l, json_writer *j);

/* A number in 9 columns. */
void lesson_number(output *o, double v);

#endif
