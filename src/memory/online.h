/* Learning from each open at once, in small steps that are kept only if they foresee better.
 *
 * An open says which candidate was wanted: the error of the softmax over the candidates flows back through the network
 * that scores, and moves a copy of its weights a little (stochastic gradient descent; Bottou 1998, "Online learning and
 * stochastic approximations"). Both are asked to foresee each open before they learn of it. The copy takes the place of
 * the weights once it has done better by more than chance, and is given up once it has done worse. */
#ifndef MEMORY_ONLINE_H
#define MEMORY_ONLINE_H

#include "memory/model.h"

typedef struct online { /* zero-initialise */
  model_net net;        /* the copy, if it has taken steps */
  uint32_t steps;
  double sum, squares; /* of 1 / rank by the copy less that by the weights */
} online;

typedef enum online_verdict { ONLINE_OPEN, ONLINE_BETTER, ONLINE_WORSE } online_verdict;

/* Has the copy of `net` learn from one open: of n candidates, `wanted` was opened (n: it was not among them). After
 * ONLINE_BETTER online->net is to be the network, and after both others than ONLINE_OPEN the next open begins anew. */
online_verdict online_step(online *o, const model_net *net, const score_candidate *candidates,
                           size_t n, size_t wanted);

#endif
