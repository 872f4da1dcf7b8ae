/* Pictures from files to pixels: JPEG, PNG and WebP, recognised by their first bytes, whatever the
 * file is called. A file that is none of them, is cut short, is damaged or claims more than the limits
 * allow is refused with a message that names it; nothing is allocated for what it claims before the
 * claim was checked. */
#ifndef IMAGE_PICTURE_H
#define IMAGE_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

typedef struct picture {
  uint32_t width, height; /* as it is to be looked at: EXIF's orientation is applied */
  uint32_t channels;      /* 1: grey, 3: red, green, blue */
  uint8_t *pixels;        /* height rows of width pixels of `channels` bytes, no gaps; malloc'ed */
} picture;

void picture_free(picture *p); /* a zeroed one, too */

enum {
  PICTURE_FILE_BYTES = 256 << 20, /* longest file, where not told otherwise */
  PICTURE_PIXELS = 100000000,     /* most pixels that a file may claim, where not told otherwise */
  PICTURE_MEMORY = 1 << 30, /* a decoder may take (progressive JPEG keeps the whole picture) */
  PICTURE_SCANS = 500       /* of a progressive JPEG; real ones have about ten */
};

/* All zero: the whole picture with its own channels, default limits. */
typedef struct picture_wish {
  /* The size that it will be brought to. A JPEG is then decoded at the smallest of 1/8, 2/8 .. 8/8 of
   * its size that is at least as large in both directions: up to 20 times faster. 0: full size. */
  uint32_t width, height;
  uint32_t channels; /* 1 or 3; 0: as the file has it */
  size_t file_bytes; /* 0: PICTURE_FILE_BYTES */
  uint64_t pixels;   /* 0: PICTURE_PIXELS */
} picture_wish;

/* Reads the file `path`. LAN_EFORMAT: no picture that can be read, or a broken one. LAN_ELIMIT: larger
 * than the limits. LAN_EIO, LAN_ENOTFOUND, LAN_ENOMEM. `wish` may be NULL. Thread-safe.
 *
 * Transparent pixels are laid over white, 16 bits become 8 (the high ones), palettes colours, CMYK is
 * mixed to RGB without a colour profile. */
lan_status picture_read(const char *path, const picture_wish *wish, picture *out, lan_error *err);

/* The same of a file's bytes; `shown` names it in messages. */
lan_status picture_decode(const void *bytes, size_t len, const char *shown,
                          const picture_wish *wish, picture *out, lan_error *err);

/* Width, height and channels from the file's beginning; no pixels are decoded (pixels is NULL). The
 * same checks of format and limits. */
lan_status picture_measure(const char *path, const picture_wish *wish, picture *out,
                           lan_error *err);

#endif
