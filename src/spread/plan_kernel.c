/* The inner loop of a plan. Gathering from a cache is bound by loads, two or three a cycle, and the
 * streams of edges by memory: measured, gather instructions of AVX2 and AVX-512 take two to three
 * times as long as plain loads, and what compilers make of the loop over lanes with SSE twice as
 * long. So this is scalar code, which is the same everywhere; the build turns vectorising off for
 * this file. Fetching ahead makes up a third: two streams are more than the hardware foresees. */
#include "spread/plan_internal.h"

enum { AHEAD = 2048 }; /* bytes */

/* Adds up a column; `from` are its words, `w` its weights. */
#define ADD_NARROW(a, w, sent, from)                     \
  for (size_t i = 0; i < PLAN_LANES; i += 4) {           \
    uint64_t s = (from)[i / 4];                          \
    (a)[i] += (w)[i] * (sent)[s & 0xffff];               \
    (a)[i + 1] += (w)[i + 1] * (sent)[s >> 16 & 0xffff]; \
    (a)[i + 2] += (w)[i + 2] * (sent)[s >> 32 & 0xffff]; \
    (a)[i + 3] += (w)[i + 3] * (sent)[s >> 48];          \
  }
#define ADD_WIDE(a, w, sent, from)              \
  for (size_t i = 0; i < PLAN_LANES; i += 2) {  \
    uint64_t s = (from)[i / 2];                 \
    (a)[i] += (w)[i] * (sent)[s & 0xffffffff];  \
    (a)[i + 1] += (w)[i + 1] * (sent)[s >> 32]; \
  }
#define ADD_BARE(a, sent, from)                \
  for (size_t i = 0; i < PLAN_LANES; i += 2) { \
    uint64_t s = (from)[i / 2];                \
    (a)[i] += (sent)[s & 0xffffffff];          \
    (a)[i + 1] += (sent)[s >> 32];             \
  }

#define DEFINE_ADD(name, T)                                                                \
  void name(const plan_chunk *chunk, const T *restrict all, double *restrict sum) {        \
    const uint64_t *restrict from = chunk->senders;                                        \
    const uint16_t *restrict to = chunk->receivers;                                        \
    const float *restrict w = chunk->weights;                                              \
    for (const plan_band *b = chunk->bands; b < chunk->bands + chunk->n_bands; b++) {      \
      const T *restrict sent = all + b->base;                                              \
      const uint32_t length = b->length;                                                   \
      for (uint32_t g = 0; g < b->n_groups; g++, to += PLAN_LANES) {                       \
        T a[PLAN_LANES] = {0};                                                             \
        if (b->narrow) {                                                                   \
          for (uint32_t k = 0; k < length; k++, from += PLAN_LANES / 4, w += PLAN_LANES) { \
            __builtin_prefetch((const char *)from + AHEAD);                                \
            __builtin_prefetch((const char *)w + AHEAD);                                   \
            ADD_NARROW(a, w, sent, from)                                                   \
          }                                                                                \
        } else if (w) {                                                                    \
          for (uint32_t k = 0; k < length; k++, from += PLAN_LANES / 2, w += PLAN_LANES) { \
            __builtin_prefetch((const char *)from + AHEAD);                                \
            __builtin_prefetch((const char *)w + AHEAD);                                   \
            ADD_WIDE(a, w, sent, from)                                                     \
          }                                                                                \
        } else {                                                                           \
          for (uint32_t k = 0; k < length; k++, from += PLAN_LANES / 2) {                  \
            __builtin_prefetch((const char *)from + AHEAD);                                \
            ADD_BARE(a, sent, from)                                                        \
          }                                                                                \
        }                                                                                  \
        for (size_t i = 0; i < PLAN_LANES; i++) sum[to[i]] += (double)a[i];                \
      }                                                                                    \
    }                                                                                      \
  }

DEFINE_ADD(plan_add_single, float)
DEFINE_ADD(plan_add_double, double)
