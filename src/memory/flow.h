/* Spreading activation whose conductances are learnt: a few steps from the cue over all kinds of ties at once.
 *
 *     a[t](j) = sum over ties i -> j of kind k:
 *               a[t-1](i) w exp(gain[t][k] + alike[t] s(i)) n(i)^-fan[k] m(j)^-crowd[k]
 *
 * w is the tie's weight; n(i) how many ties of kind k leave node i, m(j) how many reach j; s(i) how much note i reads
 * like the cue (0 .. 1), a gate: activation goes on rather through what is to the point. fan is the fan effect: 1
 * shares out what a node has among its ties, as a random walk does, 0 gives all of it to each; crowd is the same where
 * ties arrive; gain holds the conductance of each kind of tie, and the decay of each step. Besides the network's ties
 * the cue has two kinds of its own: to notes with similar words, and to those near by in its folder. After each step
 * the strongest FLOW_KEPT go on; what has more than FLOW_CROWDED ties passes nothing on: it says little of each.
 *
 * The numbers are learnt together with the network that scores, by backpropagation through it and through the
 * spreading (flow_learn.h). */
#ifndef MEMORY_FLOW_H
#define MEMORY_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "lantoa/spread.h"
#include "memory/network.h"

enum {
  FLOW_STEPS = 3,
  FLOW_TEXT = EDGE_KINDS, /* from the cue to what reads like it */
  FLOW_NEAR,              /* from the cue to what lies near by in its folder */
  FLOW_KINDS,
  FLOW_SIMILAR = 20, /* notes with the most similar words */
  FLOW_KEPT = 100,
  FLOW_CROWDED = 300,
  FLOW_POWERS = 256
};

typedef struct flow_weights {
  float gain[FLOW_STEPS][FLOW_KINDS];
  float alike[FLOW_STEPS]; /* of the first nothing depends on it */
  float fan[FLOW_KINDS];
  float crowd[FLOW_KINDS];
} flow_weights;

/* What is reasonable before anything was learnt. */
void flow_start(flow_weights *w);

/* Weights, and the powers and exponentials that spreading needs of them. */
typedef struct flow_ready {
  flow_weights made_of, w; /* as given; kept within bounds */
  float gain[FLOW_STEPS][FLOW_KINDS];
  float fan[FLOW_KINDS][FLOW_POWERS], crowd[FLOW_KINDS][FLOW_POWERS]; /* of small numbers of ties */
} flow_ready;

void flow_prepare(const flow_weights *w, flow_ready *out);

/* table[n], or what it would hold; no ties count as one. */
float flow_power(const float table[FLOW_POWERS], float exponent, uint16_t n);

/* What a sender's likeness to the cue does in a step (0 .. FLOW_STEPS - 1). */
float flow_gate(const flow_ready *f, uint32_t step, float alike);

/* What went on after a step. */
typedef struct flow_front {
  VEC(lan_cue) nodes;
  float alike[FLOW_KEPT];
} flow_front;

/* Scratch of a score_state. */
typedef struct flow_state {
  uint16_t (*ties)[EDGE_KINDS];      /* by node: how many of each kind; 65535 is that or more */
  float *reached;                    /* by node; 0 between calls */
  flow_ready *ready;                 /* of the weights that were used last */
  flow_front fronts[FLOW_STEPS - 1]; /* of the last answer */
} flow_state;

lan_status flow_state_init(flow_state *flow, const lan_graph *g, lan_error *err);
void flow_state_free(flow_state *flow);

/* Whether a node has too many ties to pass anything on. */
static inline bool flow_is_crowded(const lan_graph *g, uint32_t node) {
  return g->offsets[node + 1] - g->offsets[node] > FLOW_CROWDED;
}

#endif
