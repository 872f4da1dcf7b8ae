/* What the convolutions of winograd.h and direct.h have in common. */
#ifndef NET_FAST_AFTER_H
#define NET_FAST_AFTER_H

#include <stdbool.h>
#include <stddef.h>

/* What becomes of a sum before it is written: y = relu(sum + bias + residual + y), what is not given left
 * out. */
typedef struct fast_after {
  const float *bias, *residual;
  bool add, relu;
} fast_after;

/* Part `part` of `parts` of the output. */
typedef struct fast_share {
  size_t part, parts;
} fast_share;

typedef struct fast_range {
  size_t from, to;
} fast_range;

/* The part of 0 .. n, cut into units. */
static inline fast_range fast_part_of(size_t n, size_t unit, fast_share share) {
  size_t units = (n + unit - 1) / unit;
  size_t from = units * share.part / share.parts * unit;
  size_t to = units * (share.part + 1) / share.parts * unit;
  return (fast_range){from, to < n ? to : n};
}

#endif
