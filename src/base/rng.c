#include "base/rng.h"

#include <math.h>

void lan_philox(const uint32_t c[4], const uint32_t k[2], uint32_t out[4]) {
  uint32_t x0 = c[0], x1 = c[1], x2 = c[2], x3 = c[3];
  uint32_t k0 = k[0], k1 = k[1];
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53U * x0, b = (uint64_t)0xCD9E8D57U * x2;
    uint32_t y0 = (uint32_t)(b >> 32) ^ x1 ^ k0, y2 = (uint32_t)(a >> 32) ^ x3 ^ k1;
    x0 = y0;
    x1 = (uint32_t)b;
    x2 = y2;
    x3 = (uint32_t)a;
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

static void fill(lan_rng *rng) {
  uint64_t block = rng->position / 4;
  lan_philox((const uint32_t[4]){(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)rng->stream,
                                 (uint32_t)(rng->stream >> 32)},
             (const uint32_t[2]){(uint32_t)rng->seed, (uint32_t)(rng->seed >> 32)}, rng->block);
}

lan_rng lan_rng_at(uint64_t seed, uint64_t stream, uint64_t position) {
  lan_rng rng = {.seed = seed, .stream = stream, .position = position};
  fill(&rng);
  return rng;
}

uint32_t lan_rng_u32(lan_rng *rng) {
  uint32_t value = rng->block[rng->position % 4];
  rng->position++;
  if (rng->position % 4 == 0) fill(rng);
  return value;
}

float lan_rng_uniform(lan_rng *rng) { return (float)(lan_rng_u32(rng) >> 8) * 0x1p-24F; }

float lan_rng_normal(lan_rng *rng) {
  double u = 1.0 - (double)lan_rng_u32(rng) * 0x1p-32; /* in (0, 1]: its logarithm is finite */
  double v = (double)lan_rng_u32(rng) * 0x1p-32;
  return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

uint32_t lan_rng_below(lan_rng *rng, uint32_t n) {
  uint64_t product = (uint64_t)lan_rng_u32(rng) * n;
  uint32_t least = (0U - n) % n;
  while ((uint32_t)product < least) product = (uint64_t)lan_rng_u32(rng) * n;
  return (uint32_t)(product >> 32);
}
