/* Random numbers that are a function of where they are used: Philox4x32-10 (Salmon, Moraes, Dror and
 * Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"). What number i of stream s is depends on
 * (seed, s, i) alone, so that threads, resumption and order change nothing. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

/* Philox4x32 with 10 rounds of counter c under key k. */
void lan_philox(const uint32_t c[4], const uint32_t k[2], uint32_t out[4]);

/* A generator that draws the numbers of one stream in turn. */
typedef struct lan_rng {
  uint64_t seed, stream, position;
  uint32_t block[4]; /* the four numbers that hold `position` */
} lan_rng;

/* The stream from its number `position` on (0: the start). */
lan_rng lan_rng_at(uint64_t seed, uint64_t stream, uint64_t position);

uint32_t lan_rng_u32(lan_rng *rng);
float lan_rng_uniform(lan_rng *rng);              /* in [0, 1), 24 bits */
float lan_rng_normal(lan_rng *rng);               /* mean 0, variance 1 (Box-Muller); draws two */
uint32_t lan_rng_below(lan_rng *rng, uint32_t n); /* in 0 .. n-1, n > 0 (Lemire 2019; no bias) */

#endif
