/* Kernels that are faster than the reference: convolutions and what comes between them for processors with wide
 * vectors (level.h), and oneDNN's matrix products. */
#ifndef NET_FAST_FAST_H
#define NET_FAST_FAST_H

#include "net/op.h"

extern const net_provider fast_provider;

/* Each fills `offer` and returns true, or returns false: not mine. */
bool fast_offer_conv(const net_chain *chain, net_offer *offer);  /* conv.c */
bool fast_offer_dense(const net_chain *chain, net_offer *offer); /* dense.c */
bool fast_offer_pool(const net_chain *chain, net_offer *offer);  /* pool.c */

#endif
