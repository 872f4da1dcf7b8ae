/* Vectors of 16 floats, for files that are compiled for AVX-512. */
#ifndef NET_FAST_VECTOR_H
#define NET_FAST_VECTOR_H

/* For functions of which the compiler is to make a version for each constant that they are given. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Of a loop that runs a constant number of times, at most 16. */
#define UNROLL _Pragma("GCC unroll 16")

typedef float v16 __attribute__((vector_size(64)));
typedef float v16_anywhere __attribute__((vector_size(64), aligned(4), may_alias));
typedef int v16i __attribute__((vector_size(64)));

static inline v16 load(const float *p) { return *(const v16_anywhere *)p; }
static inline void store(float *p, v16 v) { *(v16_anywhere *)p = v; }
static inline v16 where_positive(v16 condition, v16 v) {
  v16 zero = {0};
  return (v16)((v16i)v & (condition > zero));
}

#endif
