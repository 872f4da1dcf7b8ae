/* From planes of bytes to planes of floats, as a network wants them: normalised, and, for training,
 * changed at random in ways that leave the label true. */
#ifndef IMAGE_AUGMENT_H
#define IMAGE_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "image/resize.h"

/* channels planes of height rows of width values. */
typedef struct planes_shape {
  uint32_t channels, height, width;
} planes_shape;

typedef enum augment_pad {
  AUGMENT_PAD_MEAN,   /* what lies outside is 0 after normalisation */
  AUGMENT_PAD_REFLECT /* what lies outside mirrors what lies inside */
} augment_pad;

/* All zero: the middle of the picture, unchanged. Each is done to an example at random, by itself. */
typedef struct augment_options {
  bool flip;    /* left and right change places, every other time */
  uint32_t pad; /* so many pixels are thought around the picture, then a part is cut out */
  augment_pad pad_with;
  /* A part of area in scale_from .. 1 of the picture's and proportions in 3/4 .. 4/3, brought to size
   * ("inception crop", Szegedy et al. 2015); instead of `pad`. 0: not. */
  float scale_from;
  /* Factors from 1 - v .. 1 + v, v in 0 .. 1. */
  float brightness, contrast, saturation;
  uint32_t cutout; /* side of a square that is blanked (DeVries and Taylor 2017); 0: none */
  /* The probability that a rectangle of 0.02 .. 0.4 of the area and proportions in 0.3 .. 1 / 0.3 is blanked
   * (Zhong et al. 2017, "random erasing"). */
  float erase;
} augment_options;

/* LAN_ERANGE with a message if a value has no meaning, or the parts cut out would be larger than the
 * padded picture. */
lan_status augment_check(const augment_options *o, planes_shape in, planes_shape out,
                         lan_error *err);

/* out = ((in / 255) - mean) / std, by channel. `mean` and `std` have shape.channels values. */
void planes_normalise(const uint8_t *in, planes_shape shape, const float *mean, const float *std,
                      float *out);

/* Takes the memory that augment() works in. */
bool augment_reserve(const augment_options *o, planes_shape in, planes_shape out, resizer *r);

/* Cuts and changes one example by the numbers that `rng` draws, and normalises it. `o` NULL: the middle
 * is cut out (or the picture is set amid the mean). in and out have the same channels; `o` was found good by
 * augment_check, and `r` reserved for it: nothing is allocated here, and nothing fails. */
void augment(const augment_options *o, lan_rng *rng, const uint8_t *in, planes_shape in_shape,
             const float *mean, const float *std, resizer *r, float *out, planes_shape out_shape);

#endif
