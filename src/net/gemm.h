/* Matrix products of the reference kernels: plain loops that a compiler vectorises, in a fixed order. */
#ifndef NET_GEMM_H
#define NET_GEMM_H

#include <stddef.h>

/* c (m, n) += a b, with a (m, k), b (k, n); rows ld_ apart. */
void net_gemm_nn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc);
/* c (m, n) += a b^T, with a (m, k), b (n, k). */
void net_gemm_nt(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc);
/* c (m, n) += a^T b, with a (k, m), b (k, n). */
void net_gemm_tn(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                 size_t ldb, float *c, size_t ldc);

#endif
