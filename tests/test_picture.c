/* Pictures from files to pixels: every kind that the three formats have, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <zlib.h>

#include "image/decode.h"
#include "image/picture.h"
#include "lib/pictures.h"
#include "lib/scratch.h"

enum { W = 61, H = 43 };

/* On the heap, so that the sanitizer sees each byte too many. */
static lan_status decode(picture_file f, const picture_wish *wish, picture *p, lan_error *err) {
  lan_status s = picture_decode(f.bytes, f.len, "a.jpg", wish, p, err);
  free(f.bytes);
  return s;
}

static picture decode_well(picture_file f, const picture_wish *wish) {
  picture p;
  lan_error err;
  if (decode(f, wish, &p, &err) != LAN_OK) fail_msg("%s", err.message);
  return p;
}

/* The largest difference in any channel at any pixel, or 999 if the shapes differ. */
static int difference(const picture *p, const uint8_t *rgb, uint32_t w, uint32_t h) {
  int most = 0;
  if (p->width != w || p->height != h) return 999;
  for (size_t i = 0; i < (size_t)w * h; i++) {
    for (uint32_t c = 0; c < p->channels; c++) {
      int d = abs((int)p->pixels[i * p->channels + c] - (int)rgb[3 * i + c]);
      if (d > most) most = d;
    }
  }
  return most;
}

/* ---- JPEG ---- */

static void jpegs_of_all_kinds(void **state) {
  (void)state;
  uint8_t *rgb = pictures_pixels(W, H, 1), grey[W * H], inks[W * H * 4], mixed[W * H * 3];
  picture p = decode_well(pictures_jpeg(rgb, W, H, (jpeg_kind){.channels = 3}), NULL);
  assert_int_equal(p.channels, 3);
  assert_true(difference(&p, rgb, W, H) < 30);
  picture q =
      decode_well(pictures_jpeg(rgb, W, H, (jpeg_kind){.channels = 3, .progressive = true}), NULL);
  assert_memory_equal(p.pixels, q.pixels, W * H * 3);
  picture_free(&p);
  picture_free(&q);

  for (int i = 0; i < W * H; i++) grey[i] = rgb[3 * i];
  p = decode_well(pictures_jpeg(grey, W, H, (jpeg_kind){.channels = 1}), NULL);
  assert_int_equal(p.channels, 1);
  for (int i = 0; i < W * H; i++) assert_true(abs(p.pixels[i] - grey[i]) < 12);
  q = decode_well(pictures_jpeg(grey, W, H, (jpeg_kind){.channels = 1}),
                  &(picture_wish){.channels = 3});
  assert_int_equal(q.channels, 3);
  for (int i = 0; i < W * H * 3; i++) assert_int_equal(q.pixels[i], p.pixels[i / 3]);
  picture_free(&p);
  picture_free(&q);

  for (int adobe = 0; adobe < 2; adobe++) {
    for (int i = 0; i < W * H * 4; i++) {
      int v = i % 4 == 3 ? 40 : rgb[i / 4 * 3 + i % 4];
      inks[i] = (uint8_t)(adobe ? 255 - v : v);
    }
    for (int i = 0; i < W * H * 3; i++) mixed[i] = (uint8_t)((255 - rgb[i]) * 215 / 255);
    p = decode_well(pictures_jpeg(inks, W, H, (jpeg_kind){.channels = 4, .adobe_inks = adobe}),
                    NULL);
    assert_int_equal(p.channels, 3);
    assert_true(difference(&p, mixed, W, H) < 14);
    picture_free(&p);
  }
  free(rgb);
}

/* The stored picture is made such that turning it upright gives one picture. */
static void exif_says_which_way_is_up(void **state) {
  (void)state;
  uint8_t *rgb = pictures_pixels(W, H, 1);
  for (int o = 1; o <= 8; o++) {
    uint32_t w = o >= 5 ? H : W, h = o >= 5 ? W : H;
    uint8_t *stored = malloc(W * H * 3);
    for (uint32_t y = 0; y < h; y++) {
      for (uint32_t x = 0; x < w; x++) {
        uint32_t ux = x, uy = y; /* where it is seen: what 6.1 of JEITA CP-3451 says row 0 is */
        switch (o) {
          case 2: ux = W - 1 - x; break;
          case 3: ux = W - 1 - x, uy = H - 1 - y; break;
          case 4: uy = H - 1 - y; break;
          case 5: ux = y, uy = x; break;
          case 6: ux = W - 1 - y, uy = x; break;
          case 7: ux = W - 1 - y, uy = H - 1 - x; break;
          case 8: ux = y, uy = H - 1 - x; break;
          default: break;
        }
        memcpy(stored + (y * w + x) * 3, rgb + (uy * W + ux) * 3, 3);
      }
    }
    jpeg_kind kind = {.channels = 3, .orientation = o, .big_endian_exif = o % 2};
    picture p = decode_well(pictures_jpeg(stored, w, h, kind), NULL);
    if (difference(&p, rgb, W, H) >= 30) fail_msg("orientation %d", o);
    picture_free(&p);
    free(stored);
  }
  free(rgb);
}

static size_t put(uint8_t *at, const void *bytes, size_t n) {
  memcpy(at, bytes, n);
  return n;
}

/* In a PNG the block is a chunk before the pixels, in a WebP one after them, in a file of the long kind. */
static void other_formats_have_exif_too(void **state) {
  (void)state;
  static const uint8_t tiff[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3,
                                 0,   1,   0,  0, 0, 6, 0, 0, 0, 0, 0,    0, 0};
  uint8_t *rgb = pictures_pixels(W, H, 6), chunk[64];
  picture_file f = pictures_png(rgb, W * H * 3, W, H, 2, 8, false, NULL, 0);
  size_t n = put(chunk, "\0\0\0\32eXIf", 8);
  n += put(chunk + n, tiff, sizeof tiff);
  uint32_t crc = (uint32_t)crc32(0, chunk + 4, (unsigned)n - 4);
  for (int shift = 24; shift >= 0; shift -= 8) chunk[n++] = (uint8_t)(crc >> shift);
  f.bytes = realloc(f.bytes, f.len + n);
  memmove(f.bytes + 33 + n, f.bytes + 33, f.len - 33);
  memcpy(f.bytes + 33, chunk, n);
  f.len += n;
  picture p = decode_well(f, NULL);
  assert_int_equal(p.width, H);
  assert_memory_equal(p.pixels + (H - 1) * 3, rgb, 3); /* the first row is the last column */
  picture_free(&p);

  for (int mark = 0; mark < 2; mark++) {
    f = pictures_webp(rgb, W, H, 3);
    uint8_t *file = malloc(f.len + 100);
    n = put(file, "RIFF____WEBPVP8X\12\0\0\0\10\0\0\0", 24);
    n += put(file + n, (const uint8_t[]){W - 1, 0, 0, H - 1, 0, 0}, 6);
    n += put(file + n, f.bytes + 12, f.len - 12); /* of an even length */
    n += put(file + n, mark ? "EXIF\40\0\0\0Exif\0\0" : "EXIF\32\0\0\0", mark ? 14 : 8);
    n += put(file + n, tiff, sizeof tiff);
    put(file + 4, (const uint8_t[]){(uint8_t)(n - 8), (uint8_t)((n - 8) >> 8), 0, 0}, 4);
    free(f.bytes);
    p = decode_well((picture_file){file, n}, NULL);
    assert_int_equal(p.width, H);
    assert_memory_equal(p.pixels + (H - 1) * 3, rgb, 3);
    picture_free(&p);
  }
  free(rgb);
}

static void a_jpeg_is_decoded_no_larger_than_wanted(void **state) {
  (void)state;
  static const struct {
    uint32_t want_w, want_h, w, h;
  } cases[] = {{0, 0, 400, 240},  {400, 240, 400, 240}, {500, 10, 400, 240}, {50, 30, 50, 30},
               {51, 30, 100, 60}, {1, 1, 50, 30},       {200, 1, 200, 120},  {201, 1, 250, 150},
               {0, 91, 200, 120}, {300, 0, 300, 180}};
  uint8_t *rgb = pictures_pixels(400, 240, 1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    picture_wish wish = {.width = cases[i].want_w, .height = cases[i].want_h};
    picture p = decode_well(pictures_jpeg(rgb, 400, 240, (jpeg_kind){.channels = 3}), &wish);
    assert_int_equal(p.width, cases[i].w);
    assert_int_equal(p.height, cases[i].h);
    picture_free(&p);
  }
  /* What is wanted is meant of the upright picture. */
  picture_wish wish = {.width = 60, .height = 100};
  jpeg_kind turned = {.channels = 3, .orientation = 6};
  picture p = decode_well(pictures_jpeg(rgb, 400, 240, turned), &wish);
  assert_int_equal(p.width, 60);
  assert_int_equal(p.height, 100);
  picture_free(&p);
  free(rgb);
}

/* ---- PNG ---- */

static void pngs_of_all_kinds(void **state) {
  (void)state;
  uint8_t *rgb = pictures_pixels(W, H, 2), rgba[W * H * 4], seen[W * H * 3];
  picture p = decode_well(pictures_png(rgb, W * H * 3, W, H, 2, 8, false, NULL, 0), NULL);
  assert_int_equal(p.channels, 3);
  assert_int_equal(difference(&p, rgb, W, H), 0);
  picture_free(&p);

  for (int i = 0; i < W * H; i++) {
    unsigned a = rgba[4 * i + 3] = (uint8_t)(i % 256);
    for (int c = 0; c < 3; c++) {
      rgba[4 * i + c] = rgb[3 * i + c];
      seen[3 * i + c] = (uint8_t)((rgb[3 * i + c] * a + 255 * (255 - a)) / 255.0 + 0.5);
    }
  }
  p = decode_well(pictures_png(rgba, sizeof rgba, W, H, 6, 8, false, NULL, 0), NULL);
  assert_int_equal(p.channels, 3);
  assert_int_equal(difference(&p, seen, W, H), 0);
  picture_free(&p);

  uint16_t deep[W * H];
  for (int i = 0; i < W * H; i++) deep[i] = (uint16_t)(rgb[3 * i] << 8 | 0x5A);
  p = decode_well(pictures_png(deep, sizeof deep, W, H, 0, 16, false, NULL, 0), NULL);
  assert_int_equal(p.channels, 1);
  assert_int_equal(difference(&p, rgb, W, H), 0);
  picture_free(&p);

  uint8_t grey_alpha[] = {10, 255, 10, 0, 10, 128};
  p = decode_well(pictures_png(grey_alpha, 6, 3, 1, 4, 8, false, NULL, 0), NULL);
  assert_int_equal(p.channels, 1);
  assert_int_equal(p.pixels[0], 10);
  assert_int_equal(p.pixels[1], 255);
  assert_int_equal(p.pixels[2], 132);
  picture_free(&p);

  uint8_t palette[] = {255, 0, 0, 255, 0, 255, 0, 255, 9, 9, 9, 0, 0, 0, 255, 255};
  uint8_t indices[] = {0x1B}; /* 0 1 2 3, two bits each */
  p = decode_well(pictures_png(indices, 1, 4, 1, 3, 2, false, palette, 4), NULL);
  static const uint8_t colours[] = {255, 0, 0, 0, 255, 0, 255, 255, 255, 0, 0, 255};
  assert_int_equal(difference(&p, colours, 4, 1), 0);
  picture_free(&p);

  uint8_t bits[] = {0xA0};
  p = decode_well(pictures_png(bits, 1, 4, 1, 0, 1, false, NULL, 0), NULL);
  assert_memory_equal(p.pixels, "\xFF\0\xFF\0", 4);
  picture_free(&p);
  free(rgb);
}

/* Adam7, which the encoder at hand cannot write: 3 x 3 pixels of grey, 1, 2 .. 9, in their passes. */
static void an_interlaced_png(void **state) {
  (void)state;
  static const uint8_t file[] = {
#include "lib/interlaced_png.h"
  };
  picture_file f = {malloc(sizeof file), sizeof file};
  memcpy(f.bytes, file, sizeof file);
  picture p = decode_well(f, NULL);
  assert_int_equal(p.channels, 1);
  assert_int_equal(p.width, 3);
  assert_memory_equal(p.pixels, "\1\2\3\4\5\6\7\10\11", 9);
  picture_free(&p);
}

/* ---- WebP ---- */

static void webps(void **state) {
  (void)state;
  uint8_t *rgb = pictures_pixels(W, H, 3);
  picture p = decode_well(pictures_webp(rgb, W, H, 3), NULL);
  assert_int_equal(p.channels, 3);
  assert_int_equal(difference(&p, rgb, W, H), 0);
  picture_free(&p);
  static const uint8_t half[] = {100, 0, 200, 128, 1, 2, 3, 255};
  p = decode_well(pictures_webp(half, 2, 1, 4), NULL);
  static const uint8_t seen[] = {177, 127, 227, 1, 2, 3};
  assert_true(difference(&p, seen, 2, 1) <= 1);
  picture_free(&p);
  p = decode_well(pictures_webp(rgb, W, H, 3), &(picture_wish){.channels = 1});
  assert_int_equal(p.channels, 1);
  for (int i = 0; i < W * H; i++) {
    double grey = 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2];
    assert_true(abs(p.pixels[i] - (int)(grey + 0.5)) <= 1);
  }
  picture_free(&p);
  free(rgb);
}

/* ---- what is refused ---- */

static void expect(lan_status got, lan_status wanted, const lan_error *err, const char *says) {
  if (got != wanted || !strstr(err->message, says) || !strstr(err->message, "a.jpg")) {
    fail_msg("%s, \"%s\" instead of %s, \"%s\"", lan_status_name(got), err->message,
             lan_status_name(wanted), says);
  }
}

/* Cut anywhere, a file is refused: only what follows the last pixel may be missing. */
static void cut_files_are_named(void **state) {
  (void)state;
  uint8_t *rgb = pictures_pixels(W, H, 4);
  for (int kind = 0; kind < 4; kind++) {
    picture_file whole = kind == 0 ? pictures_jpeg(rgb, W, H, (jpeg_kind){.channels = 3})
                         : kind == 1
                             ? pictures_jpeg(rgb, W, H, (jpeg_kind){3, true, false, 0, false})
                         : kind == 2 ? pictures_png(rgb, W * H * 3, W, H, 2, 8, false, NULL, 0)
                                     : pictures_webp(rgb, W, H, 3);
    for (size_t len = 12; len + 40 < whole.len; len += 1 + whole.len / 300) {
      picture_file cut = {malloc(len), len};
      picture p = {.width = 7};
      lan_error err;
      memcpy(cut.bytes, whole.bytes, len);
      expect(decode(cut, NULL, &p, &err), LAN_EFORMAT, &err, "is cut short");
      assert_int_equal(p.width, 7); /* untouched */
      assert_null(p.pixels);
    }
    free(whole.bytes);
  }
  /* The mark of the end alone: cameras forget it. */
  picture_file f = pictures_jpeg(rgb, W, H, (jpeg_kind){.channels = 3});
  f.len -= 2;
  picture p = decode_well(f, NULL);
  picture_free(&p);
  free(rgb);
}

/* Zeros over the middle of a JPEG's data: pixels that nobody took are no picture. */
static void damaged_jpegs_are_named(void **state) {
  (void)state;
  uint8_t *rgb = pictures_pixels(300, 200, 4);
  uint64_t seed = 7;
  for (size_t i = 0; i < 300 * 200 * 3; i++) rgb[i] = (uint8_t)scratch_random(&seed);
  picture_file f = pictures_jpeg(rgb, 300, 200, (jpeg_kind){.channels = 3});
  memset(f.bytes + f.len / 2, 0xFF, 200);
  picture p;
  lan_error err;
  expect(decode(f, NULL, &p, &err), LAN_EFORMAT, &err, "is a JPEG picture that cannot be read");
  free(rgb);
}

static void other_files_are_named(void **state) {
  (void)state;
  static const struct {
    const char *bytes, *says;
  } cases[] = {
      {"", "a.jpg is empty"},
      {"GIF89a..........", "a.jpg is a GIF; pictures in JPEG, PNG and WebP are read"},
      {"BM..............", "a BMP"},
      {"hello, world    ", "no picture of a known format"},
      {"....ftypavif....", "a HEIF or AVIF"},
      {"RIFF....WAVEfmt ", "no picture of a known format"},
      {"\xFF\xD8\xFF", "cut short"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    picture p;
    lan_error err;
    picture_file f = {malloc(strlen(cases[i].bytes) + 1), strlen(cases[i].bytes)};
    memcpy(f.bytes, cases[i].bytes, f.len);
    expect(decode(f, NULL, &p, &err), LAN_EFORMAT, &err, cases[i].says);
  }
}

/* Claims are refused before memory is taken for them: this process may take half a gigabyte. */
static void bombs_do_not_go_off(void **state) {
  (void)state;
  picture p;
  lan_error err;
  struct rusage usage;
  expect(decode(pictures_png_claim(60000, 60000), NULL, &p, &err), LAN_ELIMIT, &err,
         "claims to be 60000 x 60000 pixels large; pictures of at most 100 million");
  expect(decode(pictures_png_claim(0x7FFFFFFF, 0x7FFFFFFF), NULL, &p, &err), LAN_ELIMIT, &err,
         "claims");
  expect(decode(pictures_png_claim(9999, 9999), NULL, &p, &err), LAN_EFORMAT, &err, "cut short");
  uint8_t *rgb = pictures_pixels(W, H, 4);
  picture_file f = pictures_jpeg(rgb, W, H, (jpeg_kind){.channels = 3});
  for (size_t i = 0; i + 9 < f.len; i++) {
    if (f.bytes[i] != 0xFF || f.bytes[i + 1] != 0xC0) continue;
    memcpy(f.bytes + i + 5, "\xFF\xDC\xFF\xDC", 4); /* 65500 x 65500 */
    break;
  }
  expect(decode(f, NULL, &p, &err), LAN_ELIMIT, &err, "claims to be 65500 x 65500");
  expect(decode(pictures_webp(rgb, W, H, 3), &(picture_wish){.pixels = W * H - 1}, &p, &err),
         LAN_ELIMIT, &err, "claims to be 61 x 43");
  expect(decode(pictures_webp(rgb, W, H, 3), &(picture_wish){.file_bytes = 20}, &p, &err),
         LAN_ELIMIT, &err, "at most 20 are read");
  free(rgb);
  assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
  assert_true(usage.ru_maxrss < 512 * 1024);
}

static void files_are_read_and_measured(void **state) {
  const char *path = scratch_path(state, "turned.jpg");
  uint8_t *rgb = pictures_pixels(W, H, 5);
  picture p, q;
  lan_error err;
  pictures_write(path, pictures_jpeg(rgb, W, H, (jpeg_kind){.channels = 3, .orientation = 8}));
  assert_int_equal(picture_read(path, NULL, &p, &err), LAN_OK);
  assert_int_equal(picture_measure(path, NULL, &q, &err), LAN_OK);
  assert_int_equal(p.width, H);
  assert_int_equal(q.width, H);
  assert_int_equal(q.height, W);
  assert_int_equal(q.channels, 3);
  assert_null(q.pixels);
  picture_free(&p);
  assert_int_equal(picture_read(scratch_path(state, "none.jpg"), NULL, &p, &err), LAN_ENOTFOUND);
  assert_non_null(strstr(err.message, "none.jpg"));
  assert_int_equal(picture_read(path, &(picture_wish){.file_bytes = 100}, &p, &err), LAN_ELIMIT);
  assert_int_equal(picture_read(path, &(picture_wish){.channels = 2}, &p, &err), LAN_EINVAL);
  free(rgb);
}

/* EXIF blocks of all lengths and with wild offsets. */
static void exif_is_not_trusted(void **state) {
  (void)state;
  uint8_t tiff[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
  assert_int_equal(picture_exif_orientation(tiff, sizeof tiff), 6);
  for (size_t n = 0; n < sizeof tiff; n++) {
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, tiff, n);
    assert_int_equal(picture_exif_orientation(copy, n), 1);
    free(copy);
  }
  for (unsigned v = 0; v < 256; v++) {
    tiff[18] = (uint8_t)v;
    assert_int_equal(picture_exif_orientation(tiff, sizeof tiff), v >= 1 && v <= 8 ? v : 1);
  }
  memset(tiff + 4, 0xFF, 4);
  assert_int_equal(picture_exif_orientation(tiff, sizeof tiff), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(jpegs_of_all_kinds),
      cmocka_unit_test(exif_says_which_way_is_up),
      cmocka_unit_test(other_formats_have_exif_too),
      cmocka_unit_test(a_jpeg_is_decoded_no_larger_than_wanted),
      cmocka_unit_test(pngs_of_all_kinds),
      cmocka_unit_test(an_interlaced_png),
      cmocka_unit_test(webps),
      cmocka_unit_test(cut_files_are_named),
      cmocka_unit_test(damaged_jpegs_are_named),
      cmocka_unit_test(other_files_are_named),
      cmocka_unit_test(bombs_do_not_go_off),
      TEST(files_are_read_and_measured),
      cmocka_unit_test(exif_is_not_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
