/* Bringing pictures to another size. */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/picture.h"

/* Memory that resizing works in. Zero-initialise; it grows to what is needed and is then kept. One a
 * thread. */
typedef struct resizer {
  struct resize_axis {
    uint32_t *first, *count; /* by output pixel: the input pixels that it is made of */
    float *weights;          /* `taps` of them by output pixel */
    size_t taps, cap_pixels, cap_weights;
    uint32_t in, out; /* what the weights are for: planes of one picture share them */
  } x, y;
  float *row, *sums;
  size_t cap_row, cap_sums;
  uint8_t *pixels;
  size_t cap_pixels;
} resizer;

void resizer_free(resizer *r);

/* A part of a picture, in pixels. */
typedef struct resize_box {
  uint32_t x, y, width, height;
} resize_box;

/* Brings the box of `in` (rows `in_stride` bytes apart, `channels` bytes a pixel) to width x height, rows
 * `out_stride` apart. A triangle filter, widened by the factor of reduction so that nothing aliases
 * (Turkowski 1990, "Filters for common resampling tasks"); edges weigh what is inside only. False: out
 * of memory, which cannot happen when the resizer has done one at least as large. */
bool resize(resizer *r, const uint8_t *in, size_t in_stride, resize_box box, uint32_t channels,
            uint8_t *out, size_t out_stride, uint32_t width, uint32_t height);

/* Takes the memory that resizing anything up to in_width x in_height to width x height wants. */
bool resizer_reserve(resizer *r, uint32_t in_width, uint32_t in_height, uint32_t channels,
                     uint32_t width, uint32_t height);
/* Makes r->pixels n bytes at least. */
bool resizer_reserve_planes(resizer *r, size_t n);

/* How a picture of other proportions is brought to a size. */
typedef enum picture_fit_kind {
  PICTURE_FIT_COVER, /* the largest part around its middle that has the wanted proportions */
  PICTURE_FIT_SQUASH /* all of it, distorted */
} picture_fit_kind;

/* Writes p as `channels` (1 or 3) planes of height rows of width bytes: grey is repeated, colours become
 * grey by ITU-R BT.601's weights. False: out of memory. */
bool picture_fit(const picture *p, picture_fit_kind kind, uint32_t channels, uint32_t height,
                 uint32_t width, resizer *r, uint8_t *planes);

#endif
