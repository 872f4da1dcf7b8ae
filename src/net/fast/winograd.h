/* Convolution by 3 x 3 with stride 1 and padding 1 in blocks of 16 channels, by minimal filtering: tiles of
 * 4 x 4 outputs take 36 multiplications a channel rather than 144, tiles of 2 x 2 take 16 rather than 36
 * (Winograd 1980; F(4x4, 3x3) and F(2x2, 3x3) of Lavin and Gray 2016, "Fast algorithms for convolutional neural
 * networks", sections 4.1 and 4.3). Sixteen tiles at a time go through all three stages, so that what is
 * transformed stays in the cache. */
#ifndef NET_FAST_WINOGRAD_H
#define NET_FAST_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

#include "net/fast/after.h"

typedef struct winograd_shape {
  size_t pictures, channels, filters, height, width; /* channels, filters: multiples of 16 */
  size_t tile;                                       /* 4 or 2: outputs along a side */
  bool half; /* weights are transformed along one side when prepared, along the other when used */
} winograd_shape;

typedef struct winograd_kernels {
  /* Sets `tile` and `half`: few tiles do not pay for reading the more weights of larger ones. */
  void (*choose)(winograd_shape *s, bool inference);
  size_t (*weights)(const winograd_shape *s); /* floats of prepared weights */
  size_t (*scratch)(const winograd_shape *s); /* bytes; for all that follows */

  /* From plain weights (filters, channels, 3, 3); not with `half`, `back`: for the gradient by the input, of
   * which `s` are the filters' and channels' numbers in the forward pass. */
  void (*prepare)(const winograd_shape *s, const float *w, bool back, float *u);

  /* y from x; for the gradient by the input with channels and filters exchanged. */
  void (*run)(const winograd_shape *s, const float *x, const float *u, const fast_after *after,
              fast_share share, float *y, float *scratch);

  /* The gradient by the weights: each call adds to `du` (`weights`, zeroed before the first one),
   * from x and the gradient of y; then it is turned into plain weights, added to `dw` with `add`. */
  void (*gradient)(const winograd_shape *s, const float *x, const float *dy, float *du,
                   float *scratch);
  void (*finish)(const winograd_shape *s, const float *du, bool add, float *dw);
} winograd_kernels;

#endif
