#include "net/gemm.h"

enum { LANES = 16 };

static void add_scaled(size_t n, float scale, const float *restrict x, float *restrict y) {
  for (size_t i = 0; i < n; i++) y[i] += scale * x[i];
}

/* Sums in LANES parts, so that it can be done LANES at a time. */
static float dot(size_t n, const float *restrict x, const float *restrict y) {
  float part[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t l = 0; l < LANES; l++) part[l] += x[i + l] * y[i + l];
  }
  float sum = 0;
  for (; i < n; i++) sum += x[i] * y[i];
  for (size_t l = 0; l < LANES; l++) sum += part[l];
  return sum;
}

void net_gemm_nn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc) {
  for (size_t i = 0; i < m; i++) {
    for (size_t p = 0; p < k; p++) add_scaled(n, a[i * lda + p], b + p * ldb, c + i * ldc);
  }
}

void net_gemm_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < n; j++) c[i * ldc + j] += dot(k, a + i * lda, b + j * ldb);
  }
}

void net_gemm_tn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc) {
  for (size_t p = 0; p < k; p++) {
    for (size_t i = 0; i < m; i++) add_scaled(n, a[p * lda + i], b + p * ldb, c + i * ldc);
  }
}
