/* Learning to recall by question, from questions whose answers are known. */
#ifndef MEMORY_QUESTION_LEARN_H
#define MEMORY_QUESTION_LEARN_H

#include "memory/memory_internal.h"

/* One question's candidates, as question_candidates found them. */
typedef struct question_example {
  question_note *notes;
  question_pair *pairs;
  uint32_t n_notes, n_pairs;
  bool *wanted;     /* by candidate */
  uint32_t n_found; /* wanted ones among the candidates */
  uint32_t first_wanted; /* a note */
} question_example;

typedef VEC(question_example) question_examples;

/* Asks `text` and appends an example; `wanted` are notes' numbers. */
lan_status question_gather(lan_memory *m, const char *text, const uint32_t *wanted, size_t n_wanted,
                           question_examples *out, lan_error *err);
void question_examples_free(question_examples *e);

typedef struct question_learn_options {
  uint64_t seed;
  uint32_t steps;
  float rate, decay; /* of Adam; decay is that of weights of features brought to unit deviation */
  bool go_on; /* start from the weights as they are, and count what they were learnt from (w->sure) as much as the
                 examples together, times `decay`; else from nothing */
  double validation; /* part of the examples that is held back, and tells which step's weights are kept; 0: the last */
} question_learn_options;

/* Means over examples: 1 / rank of the best wanted note, and whether it is among the first 5. Examples whose wanted notes
 * are no candidates count 0. */
typedef struct question_quality {
  double mrr, hits5;
  size_t n;
} question_quality;

/* Of the examples that are held back (of all if o->validation is 0). */
lan_status question_measure(const question_examples *e, const question_learn_options *o,
                            const question_weights *w, question_quality *out, lan_error *err);

/* Trains the weights: softmax cross-entropy of the wanted notes against the other candidates
 * (listwise; Cao et al. 2007), the gradient of a maximum being that of what is largest. *loss (may be NULL): of
 * the last step. LAN_EINVAL: no example holds what is wanted. */
/* Sets w->sure: the curvature of the examples' mean loss at w, by Gauss and Newton. */
lan_status question_be_sure(const question_examples *e, question_weights *w, lan_error *err);

lan_status question_learn(const question_examples *e, const question_learn_options *o,
                          question_weights *w, double *loss, lan_error *err);

#endif
