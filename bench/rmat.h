/* R-MAT graphs (Chakrabarti, Zhan and Faloutsos 2004) with the parameters of Graph500. */
#ifndef BENCH_RMAT_H
#define BENCH_RMAT_H

#include <stdint.h>
#include <stdlib.h>

#include "lantoa/graph.h"

static inline uint64_t rmat_next(uint64_t *s) {
  *s += 0x9e3779b97f4a7c15u;
  uint64_t z = *s;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* A bijection of the numbers below mask + 1, so that hubs lie anywhere. */
static inline uint32_t rmat_scramble(uint32_t v, uint32_t scale, uint32_t mask) {
  for (uint32_t round = 0; round < 3; round++) {
    v = (v * 0x9E3779B1u + 0x7F4A7C15u) & mask;
    v ^= v >> (scale / 2 + 1);
  }
  return v;
}

/* 2^scale nodes; each edge falls into a quadrant with chance 0.57, 0.19, 0.19, 0.05 at each level.
 * Node numbers are scrambled. Weights are 1 .. 8 quarters. */
static inline lan_edge *rmat_edges(uint32_t scale, size_t n, uint64_t seed) {
  lan_edge *edges = malloc(n * sizeof *edges);
  uint32_t mask = (uint32_t)((1ull << scale) - 1);
  for (size_t i = 0; edges && i < n; i++) {
    uint32_t from = 0, to = 0;
    for (uint32_t level = 0; level < scale; level++) {
      uint32_t r = (uint32_t)(rmat_next(&seed) >> 40) % 100;
      from = from << 1 | (r >= 76);
      to = to << 1 | ((r >= 57 && r < 76) || r >= 95);
    }
    float weight = (float)(1 + (rmat_next(&seed) >> 61)) / 4.0f;
    edges[i] =
        (lan_edge){rmat_scramble(from, scale, mask), rmat_scramble(to, scale, mask), weight, 0};
  }
  return edges;
}

#endif
