/* Convolution by 3 x 3 with stride 1 and padding 1 in blocks of 16 channels, by minimal filtering: tiles of
 * 4 x 4 outputs take 36 multiplications a channel rather than 144, tiles of 2 x 2 take 16 rather than 36
 * (Winograd 1980; F(4x4, 3x3) and F(2x2, 3x3) of Lavin and Gray 2016, "Fast algorithms for convolutional neural
 * networks", sections 4.1 and 4.3). Sixteen tiles at a time go
 * through all three stages, so that what is transformed stays in the cache. Compiled for AVX-512. */
#ifndef NET_FAST_WINOGRAD_H
#define NET_FAST_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct winograd_shape {
  size_t pictures, channels, filters, height, width; /* channels, filters: multiples of 16 */
  size_t tile;                                       /* 4 or 2: outputs along a side */
} winograd_shape;

/* What becomes of a sum before it is written: y = relu(sum + bias + residual + y), what is not given left
 * out. */
typedef struct winograd_after {
  const float *bias, *residual;
  bool add, relu;
} winograd_after;

/* Part `part` of `parts` of the output: some of the tiles, or of the filters. */
typedef struct winograd_share {
  size_t part, parts;
} winograd_share;

/* Few tiles do not pay for reading the more weights of larger ones. */
size_t winograd_best_tile(const winograd_shape *s);
size_t winograd_weights(const winograd_shape *s); /* floats of transformed weights */
size_t winograd_scratch(const winograd_shape *s); /* bytes; `s` or either pass backward */

/* Transforms plain weights (filters, channels, 3, 3); `back`: for the gradient by the input, of
 * which `s` are the filters' and channels' numbers in the forward pass. */
void winograd_prepare(const winograd_shape *s, const float *w, bool back, float *u);

/* y from x; for the gradient by the input with channels and filters exchanged. */
void winograd_run(const winograd_shape *s, const float *x, const float *u,
                  const winograd_after *after, winograd_share share, float *y, float *scratch);

/* The gradient by the weights: each call adds to `du` (winograd_weights, zeroed before the first one),
 * from x and the gradient of y; then it is turned into plain weights, added to `dw` with `add`. */
void winograd_gradient(const winograd_shape *s, const float *x, const float *dy, float *du,
                       float *scratch);
void winograd_finish(const winograd_shape *s, const float *du, bool add, float *dw);

#endif
