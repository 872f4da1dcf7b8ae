#include "lib/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <spng.h>
#include <webp/encode.h>
#include <zlib.h>

#include "lib/scratch.h"

static void insist(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "cannot make a picture: %s\n", what);
  abort();
}

uint8_t *pictures_pixels(uint32_t width, uint32_t height, uint32_t seed) {
  uint8_t *p = malloc((size_t)width * height * 3), *at = p;
  insist(p != NULL, "memory");
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++) {
      *at++ = (uint8_t)(x * 255 / width);
      *at++ = (uint8_t)(y * 255 / height);
      *at++ = (uint8_t)(abs((int)((x + y + 40 * seed) * 2 % 510) - 255) / 2 + 60);
    }
  }
  return p;
}

static void add_exif(struct jpeg_compress_struct *j, jpeg_kind kind) {
  unsigned char big[] = {'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0,
                         2,   1,   0,   0,   3, 0, 0,   0,   1, 0,  7, 0, 0, 1, 0x12,
                         0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0};
  unsigned char little[] = {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                            0x12, 1,   3,   0,   1, 0, 0,   0,   0,  0, 0, 0, 0, 0, 0, 0};
  big[37] = little[24] = (unsigned char)kind.orientation;
  if (kind.big_endian_exif) {
    jpeg_write_marker(j, JPEG_APP0 + 1, big, sizeof big);
  } else {
    jpeg_write_marker(j, JPEG_APP0 + 1, little, sizeof little);
  }
}

picture_file pictures_jpeg(const uint8_t *pixels, uint32_t width, uint32_t height, jpeg_kind kind) {
  struct jpeg_compress_struct j;
  struct jpeg_error_mgr errors;
  picture_file f = {0};
  unsigned long len = 0;
  j.err = jpeg_std_error(&errors);
  jpeg_create_compress(&j);
  jpeg_mem_dest(&j, &f.bytes, &len);
  j.image_width = width;
  j.image_height = height;
  j.input_components = kind.channels;
  j.in_color_space = kind.channels == 1 ? JCS_GRAYSCALE : kind.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&j);
  jpeg_set_quality(&j, 95, TRUE);
  j.write_Adobe_marker = kind.adobe_inks;
  if (kind.progressive) jpeg_simple_progression(&j);
  jpeg_start_compress(&j, TRUE);
  if (kind.orientation) add_exif(&j, kind);
  while (j.next_scanline < height) {
    size_t stride = (size_t)width * (size_t)kind.channels;
    uint8_t *row = malloc(stride);
    insist(row != NULL, "memory");
    memcpy(row, pixels + j.next_scanline * stride, stride);
    JSAMPROW rows = row;
    jpeg_write_scanlines(&j, &rows, 1);
    free(row);
  }
  jpeg_finish_compress(&j);
  jpeg_destroy_compress(&j);
  f.len = len;
  return f;
}

picture_file pictures_png(const void *raw, size_t len, uint32_t width, uint32_t height,
                          int colour_type, int depth, bool interlaced, const uint8_t *palette,
                          int n_colours) {
  spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
  struct spng_ihdr h = {width, height, (uint8_t)depth, (uint8_t)colour_type, 0, 0, interlaced};
  picture_file f;
  int code;
  spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
  insist(spng_set_ihdr(png, &h) == 0, "PNG header");
  if (palette) {
    struct spng_plte plte = {.n_entries = (uint32_t)n_colours};
    struct spng_trns trns = {.n_type3_entries = (uint32_t)n_colours};
    for (int i = 0; i < n_colours; i++) {
      plte.entries[i] =
          (struct spng_plte_entry){palette[4 * i], palette[4 * i + 1], palette[4 * i + 2], 0};
      trns.type3_alpha[i] = palette[4 * i + 3];
    }
    insist(spng_set_plte(png, &plte) == 0 && spng_set_trns(png, &trns) == 0, "PNG palette");
  }
  code = spng_encode_image(png, raw, len, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  insist(code == 0, spng_strerror(code));
  f.bytes = spng_get_png_buffer(png, &f.len, &code);
  insist(f.bytes != NULL, "PNG");
  spng_ctx_free(png);
  return f;
}

picture_file pictures_webp(const uint8_t *pixels, uint32_t width, uint32_t height, int channels) {
  uint8_t *out = NULL;
  int w = (int)width, h = (int)height;
  size_t len = channels == 4 ? WebPEncodeLosslessRGBA(pixels, w, h, 4 * w, &out)
                             : WebPEncodeLosslessRGB(pixels, w, h, 3 * w, &out);
  insist(len > 0, "WebP");
  picture_file f = {malloc(len), len};
  insist(f.bytes != NULL, "memory");
  memcpy(f.bytes, out, len);
  WebPFree(out);
  return f;
}

static unsigned char *put32(unsigned char *p, uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) *p++ = (unsigned char)(v >> shift);
  return p;
}

static unsigned char *put_chunk(unsigned char *p, const char *type, const unsigned char *data,
                                uint32_t len) {
  unsigned char *start = put32(p, len);
  memcpy(start, type, 4);
  memcpy(start + 4, data, len);
  return put32(start + 4 + len, (uint32_t)crc32(0, start, len + 4));
}

picture_file pictures_png_claim(uint32_t width, uint32_t height) {
  unsigned char ihdr[13] = {0}, idat[] = {0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01};
  picture_file f = {malloc(256), 0};
  insist(f.bytes != NULL, "memory");
  memcpy(f.bytes, "\x89PNG\r\n\x1A\n", 8);
  put32(put32(ihdr, width), height);
  ihdr[8] = 8;
  ihdr[9] = 2;
  unsigned char *p = put_chunk(f.bytes + 8, "IHDR", ihdr, 13);
  p = put_chunk(p, "IDAT", idat, sizeof idat);
  p = put_chunk(p, "IEND", idat, 0);
  f.len = (size_t)(p - f.bytes);
  return f;
}

void pictures_write(const char *path, picture_file f) {
  scratch_write(path, f.bytes, f.len);
  free(f.bytes);
}
