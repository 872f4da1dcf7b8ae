/* Vectors as wide as the processor's that a file is compiled for (level.h), and blocks of 16 floats made of
 * PARTS of them. */
#ifndef NET_FAST_VECTOR_H
#define NET_FAST_VECTOR_H

#include <stddef.h>

#if defined(__AVX512F__)
#define LANES 16
#else
#define LANES 8
#endif
#define PARTS (16 / LANES)

/* name_avx2 and so on. */
#define LEVEL_JOIN_(a, b) a##_##b
#define LEVEL_JOIN(a, b) LEVEL_JOIN_(a, b)
#define AT_LEVEL(name) LEVEL_JOIN(name, LEVEL)

/* For functions of which the compiler is to make a version for each constant that they are given. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
/* Before a loop that runs a constant number of times, at most 16. */
#ifdef NO_UNROLL
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* Calls DO(first, n) for 0 .. 15 in so large groups that n blocks of sums stay in registers. */
#define IN_GROUPS(DO) \
  if (PARTS == 1) {   \
    DO(0, 16);        \
  } else {            \
    DO(0, 6);         \
    DO(6, 6);         \
    DO(12, 4);        \
  }

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float vec_anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int veci __attribute__((vector_size(4 * LANES)));

static inline vec load(const float *p) { return *(const vec_anywhere *)p; }
static inline void store(float *p, vec v) { *(vec_anywhere *)p = v; }
static inline vec where_positive(vec condition, vec v) {
  vec zero = {0};
  return (vec)((veci)v & (condition > zero));
}

#endif
