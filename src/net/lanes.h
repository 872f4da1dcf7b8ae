/* Sums over arrays in LANES parts, so that a compiler may add LANES at a time; the order is fixed. */
#ifndef NET_LANES_H
#define NET_LANES_H

#include <stddef.h>

enum { LANES = 16 };

static inline float lanes_total(const float part[LANES]) {
  float sum = 0;
  for (size_t l = 0; l < LANES; l++) sum += part[l];
  return sum;
}

static inline float lanes_sum(size_t n, const float *x) {
  float part[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t l = 0; l < LANES; l++) part[l] += x[i + l];
  }
  for (size_t l = 0; i < n; i++, l++) part[l] += x[i];
  return lanes_total(part);
}

static inline float lanes_dot(size_t n, const float *x, const float *y) {
  float part[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t l = 0; l < LANES; l++) part[l] += x[i + l] * y[i + l];
  }
  for (size_t l = 0; i < n; i++, l++) part[l] += x[i] * y[i];
  return lanes_total(part);
}

/* y += scale x */
static inline void lanes_add_scaled(size_t n, float scale, const float *restrict x,
                                    float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] += scale * x[i];
}

/* to += each of `rows` rows that begin `stride` apart. */
static inline void lanes_add_rows(size_t rows, size_t n, const float *restrict x, size_t stride,
                                  float *restrict to) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < n; i++) to[i] += x[r * stride + i];
  }
}

/* The largest of n > 0. */
static inline float lanes_most(size_t n, const float *x) {
  float most = x[0];
  for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
  return most;
}

#endif
