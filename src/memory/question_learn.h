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
} question_learn_options;

/* Trains the weights from nothing: softmax cross-entropy of the wanted notes against the other candidates
 * (listwise; Cao et al. 2007), the gradient of a maximum being that of what is largest. *loss (may be NULL): of
 * the last step. LAN_EINVAL: no example holds what is wanted. */
lan_status question_learn(const question_examples *e, const question_learn_options *o,
                          question_weights *w, double *loss, lan_error *err);

#endif
