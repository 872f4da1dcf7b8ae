#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void resizer_free(resizer *r) {
  free(r->x.first);
  free(r->x.count);
  free(r->x.weights);
  free(r->y.first);
  free(r->y.count);
  free(r->y.weights);
  free(r->row);
  free(r->sums);
  free(r->pixels);
  *r = (resizer){0};
}

/* At least n elements, old ones lost. */
static bool grow(void **p, size_t *cap, size_t n, size_t size) {
  if (n <= *cap) return true;
  void *bigger = lan_alloc_array(n, size);
  if (!bigger) return false;
  free(*p);
  *p = bigger;
  *cap = n;
  return true;
}

/* Input pixels that one output pixel is made of, at most. */
static size_t taps_for(uint32_t in, uint32_t out) {
  size_t radius = in > out ? ((size_t)in + out - 1) / out : 1;
  return 2 * radius + 1;
}

static bool axis_reserve(struct resize_axis *a, uint32_t in, uint32_t out) {
  size_t n = out, cap = a->cap_pixels;
  if (n > cap || n * taps_for(in, out) > a->cap_weights) a->in = a->out = 0; /* lost by growing */
  return grow((void **)&a->count, &cap, n, sizeof *a->count) &&
         grow((void **)&a->first, &a->cap_pixels, n, sizeof *a->first) &&
         grow((void **)&a->weights, &a->cap_weights, n * taps_for(in, out), sizeof *a->weights);
}

/* The weights of one axis: a triangle around each output pixel's centre, in input pixels. */
static bool axis_set(struct resize_axis *a, uint32_t in, uint32_t out) {
  if (a->in == in && a->out == out) return true;
  if (!axis_reserve(a, in, out)) return false;
  a->in = in;
  a->out = out;
  double scale = (double)in / out, radius = scale > 1 ? scale : 1;
  a->taps = taps_for(in, out);
  for (uint32_t i = 0; i < out; i++) {
    double centre = (i + 0.5) * scale, sum = 0;
    double from = floor(centre - radius + 0.5), to = floor(centre + radius + 0.5);
    uint32_t first = from > 0 ? (uint32_t)from : 0, end = to < in ? (uint32_t)to : in;
    float *w = a->weights + i * a->taps;
    for (uint32_t j = first; j < end; j++) {
      double v = 1 - fabs(j + 0.5 - centre) / radius;
      w[j - first] = v > 0 ? (float)v : 0;
      sum += (double)w[j - first];
    }
    for (uint32_t j = first; j < end; j++) w[j - first] = (float)((double)w[j - first] / sum);
    a->first[i] = first;
    a->count[i] = end - first;
  }
  return true;
}

bool resizer_reserve(resizer *r, uint32_t in_width, uint32_t in_height, uint32_t channels,
                     uint32_t width, uint32_t height) {
  size_t row = (size_t)width * channels;
  return axis_reserve(&r->x, in_width, width) && axis_reserve(&r->y, in_height, height) &&
         grow((void **)&r->row, &r->cap_row, row * taps_for(in_height, height), sizeof *r->row) &&
         grow((void **)&r->sums, &r->cap_sums, row, sizeof *r->sums);
}

bool resizer_reserve_planes(resizer *r, size_t n) {
  return grow((void **)&r->pixels, &r->cap_pixels, n, 1);
}

static void row_across(const struct resize_axis *a, const uint8_t *in, uint32_t channels,
                       uint32_t width, float *out) {
  for (uint32_t i = 0; i < width; i++) {
    const float *w = a->weights + i * a->taps;
    const uint8_t *p = in + (size_t)a->first[i] * channels;
    uint32_t n = a->count[i];
    if (channels == 3) {
      float s0 = 0, s1 = 0, s2 = 0;
      for (uint32_t k = 0; k < n; k++, p += 3) {
        s0 += w[k] * p[0];
        s1 += w[k] * p[1];
        s2 += w[k] * p[2];
      }
      out[3 * i] = s0;
      out[3 * i + 1] = s1;
      out[3 * i + 2] = s2;
    } else {
      float s = 0;
      for (uint32_t k = 0; k < n; k++) s += w[k] * p[k];
      out[i] = s;
    }
  }
}

static void rows_down(const resizer *r, uint32_t y, size_t n, uint8_t *out) {
  const struct resize_axis *a = &r->y;
  float *sums = r->sums;
  for (size_t i = 0; i < n; i++) sums[i] = 0.5f; /* to be rounded */
  for (uint32_t k = 0; k < a->count[y]; k++) {
    const float *row = r->row + (a->first[y] + k) % a->taps * n, w = a->weights[y * a->taps + k];
    for (size_t i = 0; i < n; i++) sums[i] += w * row[i];
  }
  for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(int)sums[i];
}

bool resize(resizer *r, const uint8_t *in, size_t in_stride, resize_box box, uint32_t channels,
            uint8_t *out, size_t out_stride, uint32_t width, uint32_t height) {
  size_t n = (size_t)width * channels;
  in += box.y * in_stride + (size_t)box.x * channels;
  if (box.width == width && box.height == height) {
    for (uint32_t y = 0; y < height; y++) memcpy(out + y * out_stride, in + y * in_stride, n);
    return true;
  }
  if (!resizer_reserve(r, box.width, box.height, channels, width, height)) return false;
  if (!axis_set(&r->x, box.width, width) || !axis_set(&r->y, box.height, height)) return false;
  uint32_t done = 0; /* input rows that were brought to width; the last `taps` of them are kept */
  for (uint32_t y = 0; y < height; y++) {
    uint32_t end = r->y.first[y] + r->y.count[y];
    if (done < r->y.first[y]) done = r->y.first[y];
    for (; done < end; done++) {
      row_across(&r->x, in + done * in_stride, channels, width, r->row + done % r->y.taps * n);
    }
    rows_down(r, y, n, out + y * out_stride);
  }
  return true;
}

/* ---- to a wanted shape ---- */

static resize_box box_for(const picture *p, picture_fit_kind kind, uint32_t height,
                          uint32_t width) {
  resize_box box = {0, 0, p->width, p->height};
  if (kind == PICTURE_FIT_SQUASH) return box;
  uint64_t w = ((uint64_t)p->height * width + height / 2) / height;
  uint64_t h = ((uint64_t)p->width * height + width / 2) / width;
  if (w < box.width) box.width = w ? (uint32_t)w : 1;
  if (h < box.height) box.height = h ? (uint32_t)h : 1;
  box.x = (p->width - box.width) / 2;
  box.y = (p->height - box.height) / 2;
  return box;
}

static void to_planes(const uint8_t *pixels, size_t n, uint32_t from, uint32_t to,
                      uint8_t *planes) {
  if (from == 1) {
    for (uint32_t c = 0; c < to; c++) memcpy(planes + c * n, pixels, n);
  } else if (to == 3) {
    for (size_t i = 0; i < n; i++, pixels += 3) {
      planes[i] = pixels[0];
      planes[n + i] = pixels[1];
      planes[2 * n + i] = pixels[2];
    }
  } else {
    for (size_t i = 0; i < n; i++, pixels += 3) {
      planes[i] =
          (uint8_t)((299u * pixels[0] + 587u * pixels[1] + 114u * pixels[2] + 500u) / 1000u);
    }
  }
}

bool picture_fit(const picture *p, picture_fit_kind kind, uint32_t channels, uint32_t height,
                 uint32_t width, resizer *r, uint8_t *planes) {
  size_t n = (size_t)width * height;
  const uint8_t *pixels = p->pixels;
  if (p->width != width || p->height != height) {
    if (!grow((void **)&r->pixels, &r->cap_pixels, n * p->channels, 1)) return false;
    resize_box box = box_for(p, kind, height, width);
    if (!resize(r, pixels, (size_t)p->width * p->channels, box, p->channels, r->pixels,
                (size_t)width * p->channels, width, height)) {
      return false;
    }
    pixels = r->pixels;
  }
  to_planes(pixels, n, p->channels, channels, planes);
  return true;
}
