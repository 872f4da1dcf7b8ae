/* PNG, by libspng. */
#include <stdlib.h>
#include <string.h>

#include <spng.h>

#include "base/alloc.h"
#include "base/error.h"
#include "image/decode.h"

enum {
  CHUNK_MOST = 16 << 20, /* bytes of one chunk other than pixels; of all of them */
  IHDR_END = 24          /* where width and height end */
};

static uint32_t big_endian(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static lan_status fail(const picture_job *job, int code, lan_error *err) {
  switch (code) {
    case SPNG_EMEM: return lan_fail_memory(err, 0);
    case SPNG_IO_EOF:
    case SPNG_EOF:
    case SPNG_EIDAT_TOO_SHORT: return picture_cut_short(job, "PNG", err);
    default: return picture_damaged(job, "PNG", spng_strerror(code), err);
  }
}

static uint64_t bits_a_pixel(const struct spng_ihdr *h) {
  static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
  return (uint64_t)samples[h->color_type] * h->bit_depth;
}

static bool is_grey(const struct spng_ihdr *h) {
  return h->color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
         h->color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
}

/* Rows of an interlaced picture come in seven passes: it is decoded whole. */
static lan_status decode_whole(spng_ctx *png, const picture_job *job, picture *out,
                               lan_error *err) {
  size_t n = (size_t)out->width * out->height;
  uint8_t *rgba = lan_alloc_array(n, 4);
  if (!rgba) return lan_fail_memory(err, n * 4);
  int code = spng_decode_image(png, rgba, n * 4, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
  if (code == SPNG_OK) picture_over_white(rgba, n, out->channels, out->pixels);
  free(rgba);
  return code == SPNG_OK ? LAN_OK : fail(job, code, err);
}

static lan_status decode_rows(spng_ctx *png, const picture_job *job, picture *out, lan_error *err) {
  size_t len = (size_t)out->width * 4, stride = (size_t)out->width * out->channels;
  uint8_t *row = lan_alloc_array(out->width, 4);
  if (!row) return lan_fail_memory(err, len);
  int code =
      spng_decode_image(png, NULL, 0, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE);
  for (uint32_t y = 0; code == SPNG_OK && y < out->height; y++) {
    code = spng_decode_row(png, row, len);
    if (code == SPNG_EOI && y + 1 == out->height) code = SPNG_OK; /* said with the last row */
    if (code == SPNG_OK)
      picture_over_white(row, out->width, out->channels, out->pixels + y * stride);
  }
  free(row);
  return code == SPNG_OK ? LAN_OK : fail(job, code, err);
}

static lan_status read_png(spng_ctx *png, const picture_job *job, picture *out, lan_error *err) {
  struct spng_ihdr h;
  /* The size first, by ourselves: libspng calls a giant's an arithmetic overflow. */
  if (job->len >= IHDR_END && memcmp(job->bytes + 12, "IHDR", 4) == 0) {
    lan_status claim =
        picture_claim(job, big_endian(job->bytes + 16), big_endian(job->bytes + 20), err);
    if (claim != LAN_OK) return claim;
  }
  spng_set_chunk_limits(png, CHUNK_MOST, CHUNK_MOST);
  int code = spng_set_png_buffer(png, job->bytes, job->len);
  if (code == SPNG_OK) code = spng_get_ihdr(png, &h);
  if (code != SPNG_OK) return fail(job, code, err);
  /* A byte of file gives at most 1032 of pixels (zlib's "maximum expansion factor"). */
  uint64_t least = (bits_a_pixel(&h) * h.width + 7) / 8 * h.height / 1032;
  if (least > job->len) return picture_cut_short(job, "PNG", err);
  out->width = h.width;
  out->height = h.height;
  out->channels = is_grey(&h) ? 1 : 3;
  struct spng_exif exif; /* where it comes before the pixels */
  int orientation = 1;
  code = spng_get_exif(png, &exif);
  if (code == SPNG_OK) {
    orientation = picture_exif_orientation((const uint8_t *)exif.data, exif.length);
  } else if (code != SPNG_ECHUNKAVAIL) {
    return fail(job, code, err);
  }
  if (job->measure) return picture_orient(out, orientation, err);
  lan_status s = picture_allocate(out, err);
  if (s != LAN_OK) return s;
  s = h.interlace_method ? decode_whole(png, job, out, err) : decode_rows(png, job, out, err);
  return s == LAN_OK ? picture_orient(out, orientation, err) : s;
}

lan_status picture_png(const picture_job *job, picture *out, lan_error *err) {
  spng_ctx *png = spng_ctx_new(0);
  if (!png) return lan_fail_memory(err, 0);
  lan_status s = read_png(png, job, out, err);
  spng_ctx_free(png);
  return s;
}
