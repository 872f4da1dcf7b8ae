/* The inner loop of a plan. Gathering from a cache is bound by loads, two or three a cycle, and the
 * streams of edges by memory: measured, gather instructions of AVX2 and AVX-512 take two to three
 * times as long as plain loads, and what compilers make of the loop over lanes with SSE twice as
 * long. So this is scalar code, which is the same everywhere; the build turns vectorising off for
 * this file. Fetching ahead makes up a third: two streams are more than the hardware foresees. */
#include "spread/plan_internal.h"

enum { AHEAD = 512 }; /* edges */

#define DEFINE_ADD(name, T)                                                               \
  void name(const plan_chunk *chunk, const T *restrict sent, double *restrict sum) {      \
    const uint32_t *restrict from = chunk->senders, *restrict to = chunk->receivers;      \
    const float *restrict w = chunk->weights;                                             \
    for (size_t b = 0; b < chunk->n_bands; b++) {                                         \
      uint32_t length = chunk->bands[b].length;                                           \
      for (uint32_t g = 0; g < chunk->bands[b].n_groups; g++, to += PLAN_LANES) {         \
        T a[PLAN_LANES] = {0};                                                            \
        for (uint32_t k = 0; w && k < length; k++, from += PLAN_LANES, w += PLAN_LANES) { \
          __builtin_prefetch(from + AHEAD);                                               \
          __builtin_prefetch(w + AHEAD);                                                  \
          for (size_t i = 0; i < PLAN_LANES; i++) a[i] += (T)w[i] * sent[from[i]];        \
        }                                                                                 \
        for (uint32_t k = 0; !w && k < length; k++, from += PLAN_LANES) {                 \
          __builtin_prefetch(from + AHEAD);                                               \
          for (size_t i = 0; i < PLAN_LANES; i++) a[i] += sent[from[i]];                  \
        }                                                                                 \
        for (size_t i = 0; i < PLAN_LANES; i++) sum[to[i]] += (double)a[i];               \
      }                                                                                   \
    }                                                                                     \
  }

DEFINE_ADD(plan_add_single, float)
DEFINE_ADD(plan_add_double, double)
