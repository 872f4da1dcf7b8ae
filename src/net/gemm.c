#include "net/gemm.h"

#include "net/lanes.h"

void net_gemm_nn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc) {
  for (size_t i = 0; i < m; i++) {
    for (size_t p = 0; p < k; p++) lanes_add_scaled(n, a[i * lda + p], b + p * ldb, c + i * ldc);
  }
}

void net_gemm_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc) {
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < n; j++) c[i * ldc + j] += lanes_dot(k, a + i * lda, b + j * ldb);
  }
}

void net_gemm_tn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc) {
  for (size_t p = 0; p < k; p++) {
    for (size_t i = 0; i < m; i++) lanes_add_scaled(n, a[p * lda + i], b + p * ldb, c + i * ldc);
  }
}
