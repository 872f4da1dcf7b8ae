/* Pictures for tests, made by the encoders of the libraries that decode them. */
#ifndef TESTS_PICTURES_H
#define TESTS_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file's bytes, malloc'ed. */
typedef struct picture_file {
  unsigned char *bytes;
  size_t len;
} picture_file;

/* Pixels (3 bytes each, malloc'ed): soft gradients, another picture for each seed. */
uint8_t *pictures_pixels(uint32_t width, uint32_t height, uint32_t seed);

typedef struct jpeg_kind {
  int channels; /* 1, 3; 4: inks */
  bool progressive, adobe_inks;
  int orientation; /* EXIF's; 0: no EXIF */
  bool big_endian_exif;
} jpeg_kind;

/* `pixels`: channels bytes each. */
picture_file pictures_jpeg(const uint8_t *pixels, uint32_t width, uint32_t height, jpeg_kind kind);

/* `raw`: the PNG's own samples, as colour type and depth want them (16 bits in the machine's order).
 * palette: n_colours * 4 bytes (with alpha), or NULL. */
picture_file pictures_png(const void *raw, size_t len, uint32_t width, uint32_t height,
                          int colour_type, int depth, bool interlaced, const uint8_t *palette,
                          int n_colours);

/* channels 3 or 4; without loss. */
picture_file pictures_webp(const uint8_t *pixels, uint32_t width, uint32_t height, int channels);

/* A PNG's beginning that claims a size, its checksums right, no pixels in it. */
picture_file pictures_png_claim(uint32_t width, uint32_t height);

void pictures_write(const char *path, picture_file f); /* and frees it */

#endif
