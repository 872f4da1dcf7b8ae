#include "image/augment.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* ---- bytes to floats ---- */

/* The loops of a training step: kept so plain that compilers make vector code of them. */

static void row_forwards(const uint8_t *restrict in, size_t n, float scale, float shift,
                         float *restrict out) {
  for (size_t i = 0; i < n; i++) out[i] = (float)in[i] * scale + shift;
}

static void row_backwards(const uint8_t *restrict in, size_t n, float scale, float shift,
                          float *restrict out) {
  for (size_t i = 0; i < n; i++) out[i] = (float)in[n - 1 - i] * scale + shift;
}

void planes_normalise(const uint8_t *in, planes_shape shape, const float *mean, const float *std,
                      float *out) {
  size_t n = (size_t)shape.height * shape.width;
  for (size_t c = 0; c < shape.channels; c++) {
    row_forwards(in + c * n, n, 1 / (255 * std[c]), -mean[c] / std[c], out + c * n);
  }
}

/* ---- cutting out ---- */

/* Where the part lies: its left upper pixel in the picture's, maybe outside of it. */
typedef struct cut {
  int64_t x, y;
  bool flip;
  augment_pad pad_with;
} cut;

/* The pixel that a mirror at both ends shows at i: -1 shows 1, n shows n - 2. */
static int64_t reflected(int64_t i, int64_t n) {
  if (n == 1) return 0;
  int64_t period = 2 * (n - 1), at = i % period;
  if (at < 0) at += period;
  return at < n ? at : period - at;
}

/* One row of the part: what is inside by the fast loops, what is not by itself. */
static void cut_row(const uint8_t *row, int64_t in_width, const cut *k, float scale, float shift,
                    float outside, float *out, int64_t width) {
  int64_t from = k->x < 0 ? -k->x : 0, to = in_width - k->x; /* inside the picture; unflipped */
  if (from > width) from = width;
  if (to > width) to = width;
  if (to < from) to = from;
  for (int64_t i = 0; i < width; i++) {
    if (i == from) i = to; /* goes past what is inside */
    if (i >= width) break;
    float v = k->pad_with == AUGMENT_PAD_REFLECT
                  ? (float)row[reflected(k->x + i, in_width)] * scale + shift
                  : outside;
    out[k->flip ? width - 1 - i : i] = v;
  }
  if (to == from) return;
  if (k->flip) {
    row_backwards(row + k->x + from, (size_t)(to - from), scale, shift, out + width - to);
  } else {
    row_forwards(row + k->x + from, (size_t)(to - from), scale, shift, out + from);
  }
}

static void cut_plane(const uint8_t *in, planes_shape in_shape, const cut *k, float scale,
                      float shift, float outside, float *out, planes_shape shape) {
  for (int64_t y = 0; y < shape.height; y++, out += shape.width) {
    int64_t from = k->y + y;
    bool inside = from >= 0 && from < in_shape.height;
    if (!inside && k->pad_with == AUGMENT_PAD_MEAN) {
      for (uint32_t x = 0; x < shape.width; x++) out[x] = outside;
      continue;
    }
    if (!inside) from = reflected(from, in_shape.height);
    cut_row(in + from * in_shape.width, in_shape.width, k, scale, shift, outside, out, shape.width);
  }
}

static cut cut_middle(planes_shape in, planes_shape out) {
  return (cut){.x = ((int64_t)in.width - out.width) / 2,
               .y = ((int64_t)in.height - out.height) / 2};
}

static cut cut_at_random(const augment_options *o, lan_rng *rng, planes_shape in,
                         planes_shape out) {
  int64_t room_x = (int64_t)in.width + 2 * (int64_t)o->pad - out.width;
  int64_t room_y = (int64_t)in.height + 2 * (int64_t)o->pad - out.height;
  cut k = {.x = -(int64_t)o->pad, .y = -(int64_t)o->pad, .pad_with = o->pad_with};
  k.x += lan_rng_below(rng, (uint32_t)room_x + 1);
  k.y += lan_rng_below(rng, (uint32_t)room_y + 1);
  return k;
}

/* A part of random area and proportions; after ten that do not fit, the middle. */
static resize_box box_at_random(float scale_from, lan_rng *rng, planes_shape in) {
  double area = (double)in.width * in.height;
  for (int tries = 0; tries < 10; tries++) {
    double part = area * (scale_from + (1 - (double)scale_from) * (double)lan_rng_uniform(rng));
    double ratio = exp((2 * (double)lan_rng_uniform(rng) - 1) * log(4.0 / 3));
    double w = floor(sqrt(part * ratio) + 0.5), h = floor(sqrt(part / ratio) + 0.5);
    if (w < 1 || h < 1 || w > in.width || h > in.height) continue;
    resize_box box = {.width = (uint32_t)w, .height = (uint32_t)h};
    box.x = lan_rng_below(rng, in.width - box.width + 1);
    box.y = lan_rng_below(rng, in.height - box.height + 1);
    return box;
  }
  uint32_t side = in.width < in.height ? in.width : in.height;
  return (resize_box){(in.width - side) / 2, (in.height - side) / 2, side, side};
}

/* The part as planes of out's size, in memory of r's. */
static const uint8_t *resized_part(float scale_from, lan_rng *rng, const uint8_t *in,
                                   planes_shape in_shape, resizer *r, planes_shape shape) {
  size_t n_in = (size_t)in_shape.width * in_shape.height, n = (size_t)shape.width * shape.height;
  resize_box box = box_at_random(scale_from, rng, in_shape);
  for (size_t c = 0; c < shape.channels; c++) {
    resize(r, in + c * n_in, in_shape.width, box, 1, r->pixels + c * n, shape.width, shape.width,
           shape.height);
  }
  return r->pixels;
}

/* ---- colours ---- */

typedef struct jitter {
  float brightness, contrast, saturation; /* factors */
} jitter;

static float factor(float spread, lan_rng *rng) {
  return spread > 0 ? 1 + spread * (2 * lan_rng_uniform(rng) - 1) : 1;
}

static float clamped(float v) {
  float low = v < 0 ? 0 : v;
  return low > 255 ? 255 : low;
}

/* On values of 0 .. 255: first brightness, then contrast towards the mean of the greys, then saturation
 * towards each pixel's own grey. All three are linear, so that one pass does them: what brightness and
 * contrast come to is gain * value + base. */
static void change_colours(jitter j, float *v, planes_shape shape) {
  size_t n = (size_t)shape.width * shape.height;
  float *restrict r = v, *restrict g = v + n, *restrict b = v + 2 * n;
  float gain = j.brightness * j.contrast, keep = j.saturation, give = 1 - keep;
  double sum = 0;
  if (shape.channels == 1) {
    for (size_t i = 0; i < n; i++) sum += (double)v[i];
    float base = (1 - j.contrast) * j.brightness * (float)(sum / (double)n);
    for (size_t i = 0; i < n; i++) v[i] = clamped(gain * v[i] + base);
    return;
  }
  for (size_t i = 0; i < n; i++) sum += (double)(0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i]);
  float base = (1 - j.contrast) * j.brightness * (float)(sum / (double)n);
  for (size_t i = 0; i < n; i++) {
    float grey = give * (0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i]);
    r[i] = clamped(gain * (keep * r[i] + grey) + base);
    g[i] = clamped(gain * (keep * g[i] + grey) + base);
    b[i] = clamped(gain * (keep * b[i] + grey) + base);
  }
}

static void normalise_floats(float *v, size_t n, float scale, float shift) {
  for (size_t i = 0; i < n; i++) v[i] = v[i] * scale + shift;
}

/* ---- all of it ---- */

static void blank(float *out, planes_shape shape, int64_t x0, int64_t y0, int64_t x1, int64_t y1) {
  for (size_t c = 0; c < shape.channels; c++) {
    for (int64_t y = y0; y < y1; y++) {
      float *row = out + (c * shape.height + (size_t)y) * shape.width;
      for (int64_t x = x0; x < x1; x++) row[x] = 0;
    }
  }
}

static void blank_square(uint32_t side, lan_rng *rng, float *out, planes_shape shape) {
  /* Its middle is anywhere, so that it may reach over the edge. */
  int64_t x0 = (int64_t)lan_rng_below(rng, shape.width) - side / 2, x1 = x0 + side;
  int64_t y0 = (int64_t)lan_rng_below(rng, shape.height) - side / 2, y1 = y0 + side;
  if (x0 < 0) x0 = 0;
  if (y0 < 0) y0 = 0;
  if (x1 > shape.width) x1 = shape.width;
  if (y1 > shape.height) y1 = shape.height;
  blank(out, shape, x0, y0, x1, y1);
}

/* Nothing after a hundred that do not fit, as in the paper: pictures a pixel high. */
static void blank_rectangle(lan_rng *rng, float *out, planes_shape shape) {
  double area = (double)shape.width * shape.height;
  for (int tries = 0; tries < 100; tries++) {
    double part = area * (0.02 + 0.38 * (double)lan_rng_uniform(rng));
    double ratio = exp((2 * (double)lan_rng_uniform(rng) - 1) * log(1 / 0.3));
    double w = floor(sqrt(part * ratio) + 0.5), h = floor(sqrt(part / ratio) + 0.5);
    if (w < 1 || h < 1 || w >= shape.width || h >= shape.height) continue;
    int64_t x = lan_rng_below(rng, shape.width - (uint32_t)w + 1);
    int64_t y = lan_rng_below(rng, shape.height - (uint32_t)h + 1);
    blank(out, shape, x, y, x + (int64_t)w, y + (int64_t)h);
    return;
  }
}

void augment(const augment_options *o, lan_rng *rng, const uint8_t *in, planes_shape in_shape,
             const float *mean, const float *std, resizer *r, float *out, planes_shape shape) {
  static const augment_options nothing;
  if (!o) o = &nothing;
  size_t n = (size_t)shape.width * shape.height;
  bool flip = o->flip && lan_rng_u32(rng) >> 31;
  cut k;
  if (o->scale_from > 0) {
    in = resized_part(o->scale_from, rng, in, in_shape, r, shape);
    in_shape = shape;
    k = cut_middle(shape, shape);
  } else {
    k = o->pad ? cut_at_random(o, rng, in_shape, shape) : cut_middle(in_shape, shape);
  }
  k.flip = flip;
  bool colours = o->brightness > 0 || o->contrast > 0 || o->saturation > 0;
  size_t n_in = (size_t)in_shape.width * in_shape.height;
  for (size_t c = 0; c < shape.channels; c++) {
    float scale = 1 / (255 * std[c]), shift = -mean[c] / std[c];
    cut_plane(in + c * n_in, in_shape, &k, colours ? 1 : scale, colours ? 0 : shift,
              colours ? 255 * mean[c] : 0, out + c * n, shape);
  }
  if (colours) {
    jitter j = {factor(o->brightness, rng), factor(o->contrast, rng), factor(o->saturation, rng)};
    change_colours(j, out, shape);
    for (size_t c = 0; c < shape.channels; c++) {
      normalise_floats(out + c * n, n, 1 / (255 * std[c]), -mean[c] / std[c]);
    }
  }
  if (o->cutout) blank_square(o->cutout, rng, out, shape);
  if (o->erase > 0 && lan_rng_uniform(rng) < o->erase) blank_rectangle(rng, out, shape);
}

bool augment_reserve(const augment_options *o, planes_shape in, planes_shape out, resizer *r) {
  if (o->scale_from <= 0) return true;
  return resizer_reserve(r, in.width, in.height, 1, out.width, out.height) &&
         resizer_reserve_planes(r, (size_t)out.channels * out.width * out.height);
}

static bool between(float v, float low, float high) { return v >= low && v <= high; }

lan_status augment_check(const augment_options *o, planes_shape in, planes_shape out,
                         lan_error *err) {
  uint64_t padded_w = (uint64_t)in.width + 2 * (uint64_t)o->pad;
  uint64_t padded_h = (uint64_t)in.height + 2 * (uint64_t)o->pad;
  if (!between(o->scale_from, 0, 1)) {
    return lan_fail(err, LAN_ERANGE, "a crop's least share of the picture is 0 .. 1, not %g",
                    (double)o->scale_from);
  }
  if (!between(o->brightness, 0, 1) || !between(o->contrast, 0, 1) ||
      !between(o->saturation, 0, 1)) {
    return lan_fail(err, LAN_ERANGE, "brightness, contrast and saturation change by 0 .. 1");
  }
  if (!between(o->erase, 0, 1)) {
    return lan_fail(err, LAN_ERANGE, "a rectangle is erased with a probability of 0 .. 1, not %g",
                    (double)o->erase);
  }
  if (o->pad > 4096)
    return lan_fail(err, LAN_ERANGE, "at most 4096 pixels are padded, not %u", o->pad);
  if (o->pad && o->scale_from <= 0 && (padded_w < out.width || padded_h < out.height)) {
    return lan_fail(err, LAN_ERANGE,
                    "no %u x %u pixels can be cut from a picture of %u x %u with %u around it",
                    out.width, out.height, in.width, in.height, o->pad);
  }
  if (o->cutout > out.width || o->cutout > out.height) {
    return lan_fail(err, LAN_ERANGE, "a blanked square of %u is larger than the picture (%u x %u)",
                    o->cutout, out.width, out.height);
  }
  return LAN_OK;
}
