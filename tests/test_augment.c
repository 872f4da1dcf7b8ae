/* Resizing and augmentation: against a plain computation, and properties. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/augment.h"
#include "image/resize.h"
#include "lib/scratch.h"

/* ---- resizing ---- */

/* The same filter by its definition, in doubles: all pixels, in two dimensions at once. */
static double expected(const uint8_t *in, uint32_t w, uint32_t h, uint32_t channels, uint32_t c,
                       uint32_t out_w, uint32_t out_h, uint32_t x, uint32_t y) {
  double sx = (double)w / out_w, sy = (double)h / out_h, sum = 0, weights = 0;
  double rx = sx > 1 ? sx : 1, ry = sy > 1 ? sy : 1;
  for (uint32_t j = 0; j < h; j++) {
    double wy = 1 - fabs(j + 0.5 - (y + 0.5) * sy) / ry;
    for (uint32_t i = 0; wy > 0 && i < w; i++) {
      double wx = 1 - fabs(i + 0.5 - (x + 0.5) * sx) / rx;
      if (wx <= 0) continue;
      sum += wx * wy * in[(j * w + i) * channels + c];
      weights += wx * wy;
    }
  }
  return sum / weights;
}

static void resizing_is_the_filter_of_its_definition(void **state) {
  (void)state;
  static const uint32_t sizes[][4] = {{10, 7, 10, 7}, {10, 7, 5, 3},    {10, 7, 20, 13},
                                      {10, 7, 1, 1},  {1, 1, 4, 3},     {37, 2, 5, 9},
                                      {3, 50, 7, 4},  {64, 64, 31, 17}, {2, 2, 2, 5},
                                      {100, 1, 3, 1}, {5, 4, 6, 4}};
  resizer r = {0};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
      uint32_t w = sizes[k][0], h = sizes[k][1], to_w = sizes[k][2], to_h = sizes[k][3];
      size_t n = (size_t)w * h * channels, m = (size_t)to_w * to_h * channels;
      uint8_t *in = malloc(n), *out = malloc(m);
      scratch_fill(in, n, k + 1);
      resize_box all = {0, 0, w, h};
      assert_true(resize(&r, in, w * channels, all, channels, out, to_w * channels, to_w, to_h));
      for (size_t i = 0; i < m; i++) {
        uint32_t c = (uint32_t)(i % channels), x = (uint32_t)(i / channels % to_w);
        uint32_t y = (uint32_t)(i / channels / to_w);
        double e = expected(in, w, h, channels, c, to_w, to_h, x, y);
        if (fabs(out[i] - e) > 0.51) fail_msg("case %zu: %d, not %g", k, out[i], e);
      }
      free(in);
      free(out);
    }
  }
  resizer_free(&r);
}

/* Weights that are kept from the last time are those that are wanted. */
static void a_resizer_is_used_again(void **state) {
  (void)state;
  uint8_t in[40 * 40], a[900], b[900];
  uint64_t seed = 5;
  resizer kept = {0};
  scratch_fill(in, sizeof in, 8);
  for (int i = 0; i < 500; i++) {
    resizer fresh = {0};
    uint32_t x = (uint32_t)scratch_random(&seed);
    resize_box box = {0, 0, 1 + x % 3 * 19, 1 + (x >> 8) % 3 * 19};
    uint32_t w = 1 + (x >> 16) % 3 * 14, h = 1 + (x >> 24) % 3 * 14;
    if (i % 7 == 0) assert_true(resizer_reserve(&kept, box.width * 2, box.height, 3, w, h * 2));
    assert_true(resize(&kept, in, 40, box, 1, a, w, w, h));
    assert_true(resize(&fresh, in, 40, box, 1, b, w, w, h));
    assert_memory_equal(a, b, w * h);
    resizer_free(&fresh);
  }
  resizer_free(&kept);
}

/* A part of a picture is resized as if there were nothing else. */
static void a_box_is_a_picture(void **state) {
  (void)state;
  uint8_t in[20 * 30], part[7 * 9], a[5 * 5], b[5 * 5];
  resizer r = {0};
  scratch_fill(in, sizeof in, 3);
  for (int y = 0; y < 9; y++) memcpy(part + 7 * y, in + (y + 11) * 20 + 4, 7);
  assert_true(resize(&r, in, 20, (resize_box){4, 11, 7, 9}, 1, a, 5, 5, 5));
  assert_true(resize(&r, part, 7, (resize_box){0, 0, 7, 9}, 1, b, 5, 5, 5));
  assert_memory_equal(a, b, sizeof a);
  resizer_free(&r);
}

static void fitting_makes_planes(void **state) {
  (void)state;
  uint8_t rgb[6 * 4 * 3], planes[3 * 4 * 4];
  resizer r = {0};
  for (int i = 0; i < 6 * 4; i++) {
    rgb[3 * i] = (uint8_t)(i % 6 * 10);
    rgb[3 * i + 1] = 100;
    rgb[3 * i + 2] = 200;
  }
  picture p = {6, 4, 3, rgb};
  assert_true(
      picture_fit(&p, PICTURE_FIT_COVER, 3, 4, 4, &r, planes)); /* the middle four columns */
  for (int i = 0; i < 16; i++) {
    assert_int_equal(planes[i], (i % 4 + 1) * 10);
    assert_int_equal(planes[16 + i], 100);
    assert_int_equal(planes[32 + i], 200);
  }
  assert_true(picture_fit(&p, PICTURE_FIT_SQUASH, 1, 1, 1, &r, planes));
  assert_int_equal(planes[0], (299 * 25 + 587 * 100 + 114 * 200 + 500) / 1000);
  uint8_t grey[] = {7, 9};
  picture g = {2, 1, 1, grey};
  assert_true(picture_fit(&g, PICTURE_FIT_COVER, 3, 1, 2, &r, planes));
  assert_memory_equal(planes, "\7\11\7\11\7\11", 6);
  resizer_free(&r);
}

/* ---- augmentation ---- */

enum { SIDE = 9, N = SIDE * SIDE };

static const planes_shape shape = {3, SIDE, SIDE};
static const float means[3] = {0.5f, 0.4f, 0.3f}, stds[3] = {0.25f, 0.2f, 0.5f};
static uint8_t in[3 * N];

static float normal(uint8_t v, size_t c) { return ((float)v / 255 - means[c]) / stds[c]; }

static bool near(float a, float b) { return fabsf(a - b) < 1e-4f; }

/* Whether out is what `in` shows from (dx, dy) on, mirrored or not, 0 or mirrored outside. */
static bool shows(const float *out, planes_shape s, int dx, int dy, bool flip, augment_pad pad) {
  for (int c = 0; c < 3; c++) {
    for (int y = 0; y < (int)s.height; y++) {
      for (int x = 0; x < (int)s.width; x++) {
        int from_x = dx + (flip ? (int)s.width - 1 - x : x), from_y = dy + y;
        bool inside = from_x >= 0 && from_x < SIDE && from_y >= 0 && from_y < SIDE;
        if (pad == AUGMENT_PAD_REFLECT) {
          from_x = from_x < 0 ? -from_x : from_x >= SIDE ? 2 * SIDE - 2 - from_x : from_x;
          from_y = from_y < 0 ? -from_y : from_y >= SIDE ? 2 * SIDE - 2 - from_y : from_y;
          inside = true;
        }
        float wanted = inside ? normal(in[c * N + from_y * SIDE + from_x], (size_t)c) : 0;
        if (!near(*out++, wanted)) return false;
      }
    }
  }
  return true;
}

static void nothing_is_the_middle(void **state) {
  (void)state;
  float out[3 * 13 * 13];
  resizer r = {0};
  augment(NULL, NULL, in, shape, means, stds, &r, out, shape);
  assert_true(shows(out, shape, 0, 0, false, AUGMENT_PAD_MEAN));
  planes_normalise(in, shape, means, stds, out);
  assert_true(shows(out, shape, 0, 0, false, AUGMENT_PAD_MEAN));
  planes_shape small = {3, 5, 3}, large = {3, 13, 11};
  augment(NULL, NULL, in, shape, means, stds, &r, out, small);
  assert_true(shows(out, small, 3, 2, false, AUGMENT_PAD_MEAN));
  augment(NULL, NULL, in, shape, means, stds, &r, out, large);
  assert_true(shows(out, large, -1, -2, false, AUGMENT_PAD_MEAN));
}

/* Each place and both sides come up about equally often, and nothing else does. */
static void crops_and_flips_come_up_equally_often(void **state) {
  (void)state;
  enum { PAD = 2, PLACES = 2 * PAD + 1, DRAWS = 20000 };
  float out[3 * N];
  resizer r = {0};
  for (int reflect = 0; reflect < 2; reflect++) {
    augment_options o = {.flip = true, .pad = PAD, .pad_with = (augment_pad)reflect};
    int count[PLACES][PLACES][2] = {{{0}}};
    assert_int_equal(augment_check(&o, shape, shape, NULL), LAN_OK);
    for (uint64_t i = 0; i < DRAWS; i++) {
      lan_rng rng = lan_rng_at(1, i, 0);
      augment(&o, &rng, in, shape, means, stds, &r, out, shape);
      int found = 0;
      for (int k = 0; k < PLACES * PLACES * 2 && !found; k++) {
        int dx = k / 2 % PLACES, dy = k / 2 / PLACES, flip = k % 2;
        found = shows(out, shape, dx - PAD, dy - PAD, flip, o.pad_with);
        count[dy][dx][flip] += found;
      }
      assert_true(found);
    }
    double each = (double)DRAWS / (PLACES * PLACES * 2), chi = 0;
    for (int k = 0; k < PLACES * PLACES * 2; k++) {
      double d = count[k / 2 / PLACES][k / 2 % PLACES][k % 2] - each;
      chi += d * d / each;
    }
    assert_true(chi < 85); /* 49 degrees of freedom: 0.1 % lie above */
  }
}

static void a_pad_wider_than_the_picture_reflects_again(void **state) {
  (void)state;
  static const uint8_t two[2] = {10, 20};
  static const float mean = 0, std = 1;
  planes_shape narrow = {1, 1, 2}, wide = {1, 1, 12};
  augment_options o = {.pad = 5, .pad_with = AUGMENT_PAD_REFLECT};
  float out[12];
  lan_rng rng = lan_rng_at(1, 0, 0);
  resizer r = {0};
  assert_int_equal(augment_check(&o, narrow, (planes_shape){1, 11, 12}, NULL), LAN_OK);
  augment(&o, &rng, two, narrow, &mean, &std, &r, out, wide);
  for (int i = 0; i < 12; i++) assert_true(near(out[i] * 255, i % 2 ? 10 : 20));
}

/* Values by hand: brightness b, contrast k, saturation s of one pixel beside another. */
static void colours_change_by_the_formula(void **state) {
  (void)state;
  static const uint8_t two[] = {100, 50, 120, 60, 140, 70};
  static const float zero[3] = {0, 0, 0}, one[3] = {1, 1, 1};
  planes_shape pair = {3, 1, 2};
  float out[6];
  resizer r = {0};
  augment_options o = {.brightness = 0.3f, .contrast = 0.4f, .saturation = 0.5f};
  for (uint64_t i = 0; i < 50; i++) {
    lan_rng rng = lan_rng_at(2, i, 0), same = rng;
    double b = 1 + 0.3 * (2 * (double)lan_rng_uniform(&same) - 1);
    double k = 1 + 0.4 * (2 * (double)lan_rng_uniform(&same) - 1);
    double s = 1 + 0.5 * (2 * (double)lan_rng_uniform(&same) - 1), mean = 0;
    augment(&o, &rng, two, pair, zero, one, &r, out, pair);
    double v[6], grey[2];
    for (int j = 0; j < 6; j++) v[j] = two[j] * b;
    for (int j = 0; j < 2; j++) mean += (0.299 * v[j] + 0.587 * v[2 + j] + 0.114 * v[4 + j]) / 2;
    for (int j = 0; j < 6; j++) v[j] = k * v[j] + (1 - k) * mean;
    for (int j = 0; j < 2; j++) grey[j] = 0.299 * v[j] + 0.587 * v[2 + j] + 0.114 * v[4 + j];
    for (int j = 0; j < 6; j++) {
      double wanted = s * v[j] + (1 - s) * grey[j % 2];
      assert_true(fabs((double)out[j] * 255 - fmin(255, fmax(0, wanted))) < 0.01);
    }
  }
  /* One channel has no saturation. */
  planes_shape grey = {1, 1, 2};
  lan_rng rng = lan_rng_at(2, 0, 0);
  augment(&o, &rng, two, grey, zero, one, &r, out, grey);
  assert_true(out[0] > out[1] && out[0] <= 1);
}

static void cutout_blanks_a_square(void **state) {
  (void)state;
  float out[3 * N];
  resizer r = {0};
  augment_options o = {.cutout = 4};
  size_t most = 0;
  for (uint64_t i = 0; i < 200; i++) {
    lan_rng rng = lan_rng_at(3, i, 0);
    augment(&o, &rng, in, shape, means, stds, &r, out, shape);
    size_t blank = 0;
    for (size_t k = 0; k < 3 * N; k++) {
      blank += out[k] == 0;
      assert_true(out[k] == 0 || near(out[k], normal(in[k], k / N)));
    }
    assert_true(blank >= 3 * 2 * 2 && blank <= 3 * 4 * 4);
    if (blank > most) most = blank;
  }
  assert_int_equal(most, 3 * 4 * 4);
}

/* One rectangle of 2 to 40 % of the area, in so many examples as asked for, anywhere. */
static void erasing_blanks_a_rectangle(void **state) {
  (void)state;
  enum { TALL = 30, WIDE = 40, AREA = TALL * WIDE, TIMES = 2000 };
  static uint8_t light[AREA];
  static const float mean = 0, std = 1;
  static float out[AREA];
  planes_shape large = {1, TALL, WIDE};
  resizer r = {0};
  augment_options o = {.erase = 0.25f};
  memset(light, 200, sizeof light);
  size_t erased = 0, taller = 0, touched[2] = {0};
  for (uint64_t i = 0; i < TIMES; i++) {
    lan_rng rng = lan_rng_at(9, i, 0);
    augment(&o, &rng, light, large, &mean, &std, &r, out, large);
    size_t n = 0, x0 = WIDE, x1 = 0, y0 = TALL, y1 = 0;
    for (size_t k = 0; k < AREA; k++) {
      if (out[k] != 0) continue;
      size_t x = k % WIDE, y = k / WIDE;
      n++;
      x0 = x < x0 ? x : x0;
      x1 = x >= x1 ? x + 1 : x1;
      y0 = y < y0 ? y : y0;
      y1 = y >= y1 ? y + 1 : y1;
    }
    if (n == 0) continue;
    double ratio = (double)(x1 - x0) / (double)(y1 - y0);
    assert_int_equal(n, (x1 - x0) * (y1 - y0));
    assert_true(n > AREA * 15 / 1000 && n < AREA * 43 / 100 && ratio > 0.25 && ratio < 4);
    erased++;
    taller += y1 - y0 > x1 - x0;
    touched[0] += out[0] == 0;
    touched[1] += out[AREA - 1] == 0;
  }
  assert_in_range(erased, TIMES / 4 - 80, TIMES / 4 + 80);
  assert_true(taller > erased / 4 && taller < erased * 3 / 4);
  assert_true(touched[0] > 0 && touched[1] > 0);
  o.erase = 1; /* a picture in which none fits stays as it is */
  lan_rng rng = lan_rng_at(9, 0, 0);
  augment(&o, &rng, light, (planes_shape){1, 1, 1}, &mean, &std, &r, out, (planes_shape){1, 1, 1});
  assert_true(out[0] > 0);
}

/* Random parts show what is in the picture: for one whose value is its column, rising rows. */
static void parts_are_resized(void **state) {
  (void)state;
  static uint8_t ramp[40 * 60];
  static const float mean = 0, std = 1;
  planes_shape large = {1, 40, 60}, small = {1, 16, 16};
  float out[256];
  resizer r = {0};
  augment_options o = {.scale_from = 0.1f, .flip = true};
  int mirrored = 0;
  for (int i = 0; i < 40 * 60; i++) ramp[i] = (uint8_t)(i % 60 * 4);
  assert_int_equal(augment_check(&o, large, small, NULL), LAN_OK);
  assert_true(augment_reserve(&o, large, small, &r));
  const resizer reserved = r;
  for (uint64_t i = 0; i < 500; i++) {
    lan_rng rng = lan_rng_at(4, i, 0);
    augment(&o, &rng, ramp, large, &mean, &std, &r, out, small);
    mirrored += out[0] > out[15];
    for (int k = 0; k < 256; k++) {
      assert_true(out[k] >= 0 && out[k] < 0.93f && fabsf(out[k] - out[k % 16]) < 1.1f / 255);
      if (k % 16) assert_true((out[k] > out[k - 1]) == (out[15] > out[0]));
    }
  }
  assert_true(mirrored > 200 && mirrored < 300);
  assert_memory_equal(&r.row, &reserved.row, sizeof r.row); /* nothing was allocated */
  assert_ptr_equal(r.x.weights, reserved.x.weights);
  assert_ptr_equal(r.y.first, reserved.y.first);
  assert_ptr_equal(r.pixels, reserved.pixels);
  resizer_free(&r);
}

static void senseless_options_are_refused(void **state) {
  (void)state;
  const augment_options bad[] = {{.scale_from = 1.5f}, {.scale_from = NAN}, {.brightness = -1},
                                 {.contrast = 2},      {.saturation = NAN}, {.pad = UINT32_MAX},
                                 {.cutout = SIDE + 1}, {.erase = 1.1f},     {.erase = NAN}};
  lan_error err;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(augment_check(&bad[i], shape, shape, &err), LAN_ERANGE);
    assert_true(err.message[0]);
  }
  augment_options o = {.pad = 1};
  assert_int_equal(augment_check(&o, shape, (planes_shape){3, SIDE + 3, SIDE}, &err), LAN_ERANGE);
  assert_non_null(strstr(err.message, "no 9 x 12 pixels can be cut"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resizing_is_the_filter_of_its_definition),
      cmocka_unit_test(a_resizer_is_used_again),
      cmocka_unit_test(a_box_is_a_picture),
      cmocka_unit_test(fitting_makes_planes),
      cmocka_unit_test(nothing_is_the_middle),
      cmocka_unit_test(crops_and_flips_come_up_equally_often),
      cmocka_unit_test(a_pad_wider_than_the_picture_reflects_again),
      cmocka_unit_test(colours_change_by_the_formula),
      cmocka_unit_test(cutout_blanks_a_square),
      cmocka_unit_test(erasing_blanks_a_rectangle),
      cmocka_unit_test(parts_are_resized),
      cmocka_unit_test(senseless_options_are_refused),
  };
  scratch_fill(in, sizeof in, 1);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
