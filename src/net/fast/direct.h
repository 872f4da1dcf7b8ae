/* Convolution of any size, stride and padding as it is defined, in blocks of 16 channels: sums of products of
 * weights with one input each, for several outputs and 16 or 32 filters at a time. */
#ifndef NET_FAST_DIRECT_H
#define NET_FAST_DIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include "net/fast/after.h"

enum { DIRECT_MOST_SIZE = 16 };

/* Filters are a multiple of 16. So are channels, in blocks; if not, they are few and plain. Plain weights may
 * have fewer of either: what is not given counts as 0. */
typedef struct direct_shape {
  size_t pictures, channels, filters, height, width, out_height, out_width;
  size_t size, stride, padding;
  size_t given_channels, given_filters;
} direct_shape;

typedef struct direct_kernels {
  size_t (*weights)(const direct_shape *s); /* floats of weights in order */
  size_t (*scratch)(const direct_shape *s); /* bytes; for all that follows */

  /* Puts plain weights (given_filters, given_channels, size, size) into order; `back`: for the gradient by the input,
   * of channels in blocks. */
  void (*prepare)(const direct_shape *s, const float *w, bool back, float *u);

  /* y from x. */
  void (*run)(const direct_shape *s, const float *x, const float *u, const fast_after *after,
              fast_share share, float *y, void *scratch);

  /* The gradient by the input, of channels in blocks: over dx, or added to it. */
  void (*run_back)(const direct_shape *s, const float *dy, const float *u, bool add, float *dx,
                   void *scratch);

  /* The gradient by the weights: each call adds to `du` (`weights`, zeroed before the first one); then it
   * is turned into plain weights, added to `dw` with `add`. */
  void (*gradient)(const direct_shape *s, const float *x, const float *dy, float *du,
                   void *scratch);
  void (*finish)(const direct_shape *s, const float *du, bool add, float *dw);
} direct_kernels;

#endif
