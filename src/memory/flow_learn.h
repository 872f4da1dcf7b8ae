/* Learning what ties conduct: activation as in flow.h over the ties that matter to one example, and the gradient of
 * its loss by the conductances, which is a sweep over the same ties backwards. */
#ifndef MEMORY_FLOW_LEARN_H
#define MEMORY_FLOW_LEARN_H

#include "base/vec.h"
#include "memory/flow.h"
#include "memory/score.h"

enum { FLOW_CANDIDATES = 200 /* of an example */ };

/* Activation goes in each step from what was kept before, of the cue at first, to what is kept, or to a candidate,
 * where it is read. Both are known by their numbers. */
typedef struct flow_tie {
  uint8_t from, to, step, kind;
  float weight;
  uint16_t fan, crowd; /* numbers of ties: of the sender, of the receiver */
  bool to_kept;
} flow_tie;

/* The ties of one example. */
typedef struct flow_example {
  size_t first_tie;
  uint32_t n_ties;
  float alike[FLOW_STEPS][FLOW_KEPT]; /* how like the cue the senders of each step are */
} flow_example;

typedef struct flow_set {
  VEC(flow_tie) ties;
  VEC(flow_example) examples;
} flow_set;

void flow_set_free(flow_set *set);

/* Appends an example: the ties of the last answer that lead to the candidates `notes` (at most FLOW_CANDIDATES), or
 * on. */
lan_status flow_gather(const score_state *st, const score_cue *cue, const uint32_t *notes,
                       uint32_t n, flow_set *set, lan_error *err);

/* Activation of one example, and the gradient of the loss by it. */
typedef struct flow_run {
  float kept[FLOW_STEPS][FLOW_KEPT], read[FLOW_CANDIDATES][FLOW_STEPS];
  float d_read[FLOW_CANDIDATES][FLOW_STEPS];
} flow_run;

void flow_forward(const flow_set *set, size_t example, const flow_ready *f, flow_run *run);

/* Adds to `d` the gradient by the weights, after flow_forward, of run->d_read. */
void flow_backward(const flow_set *set, size_t example, const flow_ready *f, const flow_run *run,
                   flow_weights *d);

/* A candidate's feature of its activation (as channels.c makes it), and how it moves with it. */
float flow_feature(float a);
float flow_feature_slope(float a);

#endif
