#include "net/fast/winograd.h"

#include <string.h>

#include "net/fast/vector.h"

enum { TILES = 16, SIDE = 6, POINTS = 36, OUT = 4 };

/* Floats from a point's transformed values of TILES tiles to the next one's; the 16 more keep points from
 * falling into the same sets of the cache. */
static size_t point_floats(size_t channels) { return channels * TILES + 16; }

size_t winograd_weights(const winograd_shape *s) { return POINTS * s->channels * s->filters; }

size_t winograd_scratch(const winograd_shape *s) {
  return POINTS * (point_floats(s->channels) + point_floats(s->filters)) * sizeof(float);
}

/* ---- the transforms, of 16 channels ---- */

/* B^T d */
static inline void input_side(const v16 d[SIDE], v16 out[SIDE]) {
  v16 even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
  v16 even2 = d[4] - d[2], odd2 = 2 * (d[3] - d[1]);
  out[0] = 4 * d[0] - 5 * d[2] + d[4];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = 4 * d[1] - 5 * d[3] + d[5];
}

/* A^T m */
static inline void output_side(const v16 m[SIDE], v16 out[OUT]) {
  v16 s = m[1] + m[2], t = m[1] - m[2], u = m[3] + m[4], v = m[3] - m[4];
  out[0] = m[0] + s + u;
  out[1] = t + 2 * v;
  out[2] = s + 4 * u;
  out[3] = t + 8 * v + m[5];
}

/* A y, which takes gradients back through A^T */
static inline void output_back_side(const v16 y[OUT], v16 out[SIDE]) {
  v16 even = y[0] + y[2], odd = y[1] + y[3];
  v16 even2 = y[0] + 4 * y[2], odd2 = 2 * y[1] + 8 * y[3];
  out[0] = y[0];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = y[3];
}

/* G g */
static inline void weight_side(const v16 g[3], v16 out[SIDE]) {
  v16 even = (g[0] + g[2]) * (-1.0F / 6), odd = g[1] * (-1.0F / 6);
  v16 even2 = g[0] * (1.0F / 24) + g[2] * (1.0F / 6), odd2 = g[1] * (1.0F / 12);
  out[0] = g[0] * 0.25F;
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = g[2];
}

/* G^T m, which takes gradients back through G */
static inline void weight_back_side(const v16 m[SIDE], v16 out[3]) {
  v16 s = m[1] + m[2], t = m[2] - m[1], u = m[3] + m[4], v = m[3] - m[4];
  out[0] = 0.25F * m[0] - s * (1.0F / 6) + u * (1.0F / 24);
  out[1] = t * (1.0F / 6) + v * (1.0F / 12);
  out[2] = (u - s) * (1.0F / 6) + m[5];
}

/* ---- weights ---- */

/* 16 numbers that are `step` apart. */
static inline v16 gather(const float *p, size_t step) {
  v16 v;
  for (size_t l = 0; l < 16; l++) v[l] = p[l * step];
  return v;
}

/* u: point, block of outputs, input, 16 outputs */
void winograd_prepare(const winograd_shape *s, const float *w, bool back, float *u) {
  size_t inputs = back ? s->filters : s->channels, outputs = back ? s->channels : s->filters;
  size_t in_step = back ? s->channels * 9 : 9, out_step = back ? 9 : s->channels * 9;
  for (size_t o = 0; o < outputs; o += 16) {
    for (size_t i = 0; i < inputs; i++) {
      const float *from = w + o * out_step + i * in_step;
      v16 columns[SIDE][3], g[3], row[SIDE];
      for (size_t x = 0; x < 3; x++) {
        v16 column[SIDE];
        for (size_t y = 0; y < 3; y++) {
          size_t tap = 3 * y + x; /* the gradient sees the kernel turned round */
          g[y] = gather(from + (back ? 8 - tap : tap), out_step);
        }
        weight_side(g, column);
        for (size_t y = 0; y < SIDE; y++) columns[y][x] = column[y];
      }
      for (size_t y = 0; y < SIDE; y++) {
        weight_side(columns[y], row);
        for (size_t x = 0; x < SIDE; x++) {
          store(u + (((y * SIDE + x) * outputs + o) * inputs + i * 16), row[x]);
        }
      }
    }
  }
}

void winograd_finish(const winograd_shape *s, const float *du, bool add, float *dw) {
  for (size_t o = 0; o < s->filters; o += 16) {
    for (size_t i = 0; i < s->channels; i++) {
      v16 columns[3][SIDE], m[SIDE], part[3];
      for (size_t x = 0; x < SIDE; x++) {
        for (size_t y = 0; y < SIDE; y++) {
          m[y] = load(du + (((y * SIDE + x) * s->filters + o) * s->channels + i * 16));
        }
        weight_back_side(m, part);
        for (size_t y = 0; y < 3; y++) columns[y][x] = part[y];
      }
      for (size_t y = 0; y < 3; y++) {
        weight_back_side(columns[y], part);
        for (size_t x = 0; x < 3; x++) {
          float *to = dw + (o * s->channels + i) * 9 + 3 * y + x;
          for (size_t l = 0; l < 16; l++) {
            float *at = to + l * s->channels * 9;
            *at = add ? *at + part[x][l] : part[x][l];
          }
        }
      }
    }
  }
}

/* ---- tiles ---- */

typedef struct tiles {
  size_t across, down, all; /* of a picture, of all pictures */
} tiles;

static tiles tiles_of(const winograd_shape *s) {
  size_t across = (s->width + OUT - 1) / OUT, down = (s->height + OUT - 1) / OUT;
  return (tiles){across, down, s->pictures * across * down};
}

typedef struct range {
  size_t from, to;
} range;

typedef struct place {
  size_t picture, y, x; /* of the tile's first output */
} place;

static place place_of(const tiles *t, size_t tile) {
  size_t picture = tile / (t->across * t->down), in = tile % (t->across * t->down);
  return (place){picture, in / t->across * OUT, in % t->across * OUT};
}

static const float nothing[16] __attribute__((aligned(64)));

/* From 16 channels of a picture around the tile to its 36 points. */
static void transform_input(const winograd_shape *s, const float *plane, place at, size_t step,
                            float *to) {
  v16 rows[SIDE][SIDE], d[SIDE], out[SIDE];
  for (size_t x = 0; x < SIDE; x++) {
    size_t column = at.x + x - 1; /* left of the picture it wraps round: too large */
    for (size_t y = 0; y < SIDE; y++) {
      size_t row = at.y + y - 1;
      bool inside = row < s->height && column < s->width;
      d[y] = load(inside ? plane + 16 * (row * s->width + column) : nothing);
    }
    input_side(d, out);
    for (size_t y = 0; y < SIDE; y++) rows[y][x] = out[y];
  }
  for (size_t y = 0; y < SIDE; y++) {
    input_side(rows[y], out);
    for (size_t x = 0; x < SIDE; x++) store(to + (y * SIDE + x) * step, out[x]);
  }
}

static inline void finish_value(const winograd_after *after, v16 bias, size_t at, v16 v, float *y) {
  v += bias;
  if (after->residual) v += load(after->residual + at);
  if (after->add) v += load(y + at);
  if (after->relu) v = where_positive(v, v);
  store(y + at, v);
}

static void transform_output(const winograd_shape *s, const float *from, size_t step, place at,
                             const winograd_after *after, v16 bias, size_t plane, float *y) {
  v16 rows[OUT][SIDE], m[SIDE], out[OUT];
  for (size_t c = 0; c < SIDE; c++) {
    for (size_t r = 0; r < SIDE; r++) m[r] = load(from + (r * SIDE + c) * step);
    output_side(m, out);
    for (size_t r = 0; r < OUT; r++) rows[r][c] = out[r];
  }
  for (size_t r = 0; r < OUT && at.y + r < s->height; r++) {
    output_side(rows[r], out);
    size_t to = plane + 16 * ((at.y + r) * s->width + at.x);
    for (size_t c = 0; c < OUT && at.x + c < s->width; c++) {
      finish_value(after, bias, to + 16 * c, out[c], y);
    }
  }
}

static void transform_gradient(const winograd_shape *s, const float *plane, place at, size_t step,
                               float *to) {
  v16 rows[SIDE][OUT], d[OUT], out[SIDE];
  for (size_t c = 0; c < OUT; c++) {
    for (size_t r = 0; r < OUT; r++) {
      bool inside = at.y + r < s->height && at.x + c < s->width;
      d[r] = load(inside ? plane + 16 * ((at.y + r) * s->width + at.x + c) : nothing);
    }
    output_back_side(d, out);
    for (size_t r = 0; r < SIDE; r++) rows[r][c] = out[r];
  }
  for (size_t r = 0; r < SIDE; r++) {
    output_back_side(rows[r], out);
    for (size_t c = 0; c < SIDE; c++) store(to + (r * SIDE + c) * step, out[c]);
  }
}

/* Values of TILES tiles from `first`: point, block, tile, 16 channels. What is past the last is 0. */
static size_t transform_tiles(const winograd_shape *s, const tiles *t, size_t first,
                              size_t channels, const float *x,
                              void (*transform)(const winograd_shape *s, const float *plane,
                                                place at, size_t step, float *to),
                              float *to) {
  size_t n = t->all - first < TILES ? t->all - first : TILES, area = s->height * s->width;
  size_t step = point_floats(channels);
  if (n < TILES) memset(to, 0, POINTS * step * sizeof *to);
  for (size_t k = 0; k < n; k++) {
    place at = place_of(t, first + k);
    for (size_t c = 0; c < channels; c += 16) {
      const float *plane = x + (at.picture * channels + c) * area;
      transform(s, plane, at, step, to + (c / 16 * TILES + k) * 16);
    }
  }
  return n;
}

/* ---- products ---- */

/* m[k] = sum over channels of v[k] u, for 16 tiles and 16 filters. */
static void multiply(size_t channels, const float *v, const float *u, float *m) {
  v16 sum[TILES] = {{0}};
  for (size_t c = 0; c < channels; c += 16, v += 16 * TILES) {
    for (size_t l = 0; l < 16; l++, u += 16) {
      v16 weights = load(u);
#pragma GCC unroll 16
      for (size_t k = 0; k < TILES; k++) sum[k] += v[16 * k + l] * weights;
    }
  }
#pragma GCC unroll 16
  for (size_t k = 0; k < TILES; k++) store(m + 16 * k, sum[k]);
}

/* The same for 4 tiles, and `blocks` (at most 4) times 16 filters; their weights are `step` apart. */
static inline void multiply_few(size_t blocks, size_t channels, const float *v, const float *u,
                                size_t step, float *m) {
  v16 sum[4][4] = {{{0}}};
  for (size_t c = 0; c < channels; c += 16, v += 16 * TILES) {
    for (size_t l = 0; l < 16; l++, u += 16) {
#pragma GCC unroll 4
      for (size_t f = 0; f < blocks; f++) {
        v16 weights = load(u + f * step);
#pragma GCC unroll 4
        for (size_t k = 0; k < 4; k++) sum[f][k] += v[16 * k + l] * weights;
      }
    }
  }
#pragma GCC unroll 4
  for (size_t f = 0; f < blocks; f++) {
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k++) store(m + 16 * (f * TILES + k), sum[f][k]);
  }
}

static void multiply_points(const winograd_shape *s, size_t n, range filters, const float *v,
                            const float *u, float *m) {
  size_t v_step = point_floats(s->channels), m_step = point_floats(s->filters);
  for (size_t p = 0; p < POINTS; p++, v += v_step, m += m_step, u += s->channels * s->filters) {
    size_t f = filters.from;
    size_t step = 16 * s->channels;
    for (; n <= 4 && f + 64 <= filters.to; f += 64) {
      multiply_few(4, s->channels, v, u + f * s->channels, step, m + f * TILES);
    }
    for (; n <= 4 && f + 32 <= filters.to; f += 32) {
      multiply_few(2, s->channels, v, u + f * s->channels, step, m + f * TILES);
    }
    for (; f < filters.to; f += 16) {
      multiply(s->channels, v, u + f * s->channels, m + f * TILES);
    }
  }
}

/* Part of 0 .. n in steps of `unit`. */
static range part_of(size_t n, size_t unit, winograd_share share) {
  size_t units = (n + unit - 1) / unit;
  size_t from = units * share.part / share.parts * unit;
  size_t to = units * (share.part + 1) / share.parts * unit;
  return (range){from, to < n ? to : n};
}

void winograd_run(const winograd_shape *s, const float *x, const float *u,
                  const winograd_after *after, winograd_share share, float *y, float *scratch) {
  tiles t = tiles_of(s);
  range filters = {0, s->filters}, own = {0, t.all};
  if (t.all >= TILES * share.parts) {
    own = part_of(t.all, TILES, share);
  } else {
    filters = part_of(s->filters, 16, share);
  }
  if (filters.from == filters.to) return;
  float *v = scratch, *m = scratch + POINTS * point_floats(s->channels);
  for (size_t first = own.from; first < own.to; first += TILES) {
    size_t n = transform_tiles(s, &t, first, s->channels, x, transform_input, v);
    multiply_points(s, n, filters, v, u, m);
    for (size_t k = 0; k < n; k++) {
      place at = place_of(&t, first + k);
      for (size_t f = filters.from; f < filters.to; f += 16) {
        size_t plane = (at.picture * s->filters + f) * s->height * s->width;
        v16 bias = load(after->bias ? after->bias + f : nothing);
        transform_output(s, m + (f / 16 * TILES + k) * 16, point_floats(s->filters), at, after,
                         bias, plane, y);
      }
    }
  }
}

/* du += sum over tiles of v (16 channels) times z (16 filters) */
static void add_products(const float *v, const float *z, float *du) {
  v16 sum[16];
#pragma GCC unroll 16
  for (size_t l = 0; l < 16; l++) sum[l] = load(du + 16 * l);
  for (size_t k = 0; k < TILES; k++, v += 16) {
    v16 gradient = load(z + 16 * k);
#pragma GCC unroll 16
    for (size_t l = 0; l < 16; l++) sum[l] += v[l] * gradient;
  }
#pragma GCC unroll 16
  for (size_t l = 0; l < 16; l++) store(du + 16 * l, sum[l]);
}

void winograd_gradient(const winograd_shape *s, const float *x, const float *dy, float *du,
                       float *scratch) {
  tiles t = tiles_of(s);
  size_t v_step = point_floats(s->channels), z_step = point_floats(s->filters);
  float *v = scratch, *z = scratch + POINTS * v_step;
  for (size_t first = 0; first < t.all; first += TILES) {
    transform_tiles(s, &t, first, s->channels, x, transform_input, v);
    transform_tiles(s, &t, first, s->filters, dy, transform_gradient, z);
    float *to = du;
    for (size_t p = 0; p < POINTS; p++) {
      for (size_t f = 0; f < s->filters; f += 16) {
        for (size_t c = 0; c < s->channels; c += 16, to += 256) {
          add_products(v + p * v_step + c * TILES, z + p * z_step + f * TILES, to);
        }
      }
    }
  }
}
