/* The three decoders behind picture_decode. */
#ifndef IMAGE_DECODE_H
#define IMAGE_DECODE_H

#include <stdbool.h>

#include "image/picture.h"

typedef struct picture_job {
  const uint8_t *bytes;
  size_t len;
  const char *shown;
  picture_wish wish; /* defaults filled in */
  bool measure;      /* only width, height and channels */
} picture_job;

/* Each fills *out, whose pixels the caller frees, whatever the result. */
lan_status picture_jpeg(const picture_job *job, picture *out, lan_error *err);
lan_status picture_png(const picture_job *job, picture *out, lan_error *err);
lan_status picture_webp(const picture_job *job, picture *out, lan_error *err);

/* Takes the size that a file claims: refuses what is over the limits. */
lan_status picture_claim(const picture_job *job, uint32_t width, uint32_t height, lan_error *err);
/* Memory for out's pixels by its width, height and channels. */
lan_status picture_allocate(picture *out, lan_error *err);

lan_status picture_cut_short(const picture_job *job, const char *format, lan_error *err);
lan_status picture_damaged(const picture_job *job, const char *format, const char *why,
                           lan_error *err);

/* n pixels of red, green, blue, alpha over white, as `channels` (1: of the red one, 3) bytes each. `out` may
 * be `rgba`. */
void picture_over_white(const uint8_t *rgba, size_t n, uint32_t channels, uint8_t *out);

/* The orientation (1 to 8) that an EXIF block, its "Exif\0\0" taken off, asks for; 1 if it says nothing. */
int picture_exif_orientation(const uint8_t *tiff, size_t len);
/* Turns and mirrors the picture upright. */
lan_status picture_orient(picture *p, int orientation, lan_error *err);

#endif
