#include "net/fast/winograd.h"

#include <string.h>

#include "net/fast/vector.h"

/* TILES go through the three stages together; of each, side by side points, side being `tile` + 2. */
enum { TILES = 16, LARGEST_TILE = 4, LARGEST_SIDE = 6 };
/* Blocks of 16 filters that are multiplied at the same time, at most. */
enum { MOST_BLOCKS = 2 };

static size_t points_of(const winograd_shape *s) { return (s->tile + 2) * (s->tile + 2); }

/* Transformed values lie in the order block of 16 channels, point, tile, 16 channels. A point has 16 floats more than
 * it needs, so that points do not fall into the same sets of the cache. Constants, so that addresses are too. */
enum { POINT = TILES * 16 + 16, BLOCK = LARGEST_SIDE * LARGEST_SIDE * POINT };

/* Of half transformed weights: floats of a point of MOST_BLOCKS; apart for the same reason. */
static size_t late_point(const winograd_shape *s) { return (MOST_BLOCKS * s->channels + 9) * 16; }

static void choose(winograd_shape *s, bool inference) {
  size_t tiles = s->pictures * ((s->height + 3) / 4) * ((s->width + 3) / 4);
  s->tile = tiles < TILES ? 2 : 4;
  s->half = inference && tiles == TILES;
}

static size_t count_weights(const winograd_shape *s) {
  return (s->half ? 3 * LARGEST_SIDE : points_of(s)) * s->channels * s->filters;
}

static size_t scratch_bytes(const winograd_shape *s) {
  size_t late = s->half ? LARGEST_SIDE * late_point(s) : 0; /* a row of points */
  return ((s->channels + s->filters) / 16 * BLOCK + late) * sizeof(float);
}

/* ---- the transforms, of LANES channels; for tiles of 4 x 4, or of 2 x 2 ---- */

/* B^T d */
ALWAYS_INLINE void input_side(size_t tile, const vec d[], vec out[]) {
  if (tile == 2) {
    out[0] = d[0] - d[2];
    out[1] = d[1] + d[2];
    out[2] = d[2] - d[1];
    out[3] = d[1] - d[3];
    return;
  }
  vec even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
  vec even2 = d[4] - d[2], odd2 = 2 * (d[3] - d[1]);
  out[0] = 4 * d[0] - 5 * d[2] + d[4];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = 4 * d[1] - 5 * d[3] + d[5];
}

/* A^T m */
ALWAYS_INLINE void output_side(size_t tile, const vec m[], vec out[]) {
  vec s = m[1] + m[2], t = m[1] - m[2];
  if (tile == 2) {
    out[0] = m[0] + s;
    out[1] = t - m[3];
    return;
  }
  vec u = m[3] + m[4], v = m[3] - m[4];
  out[0] = m[0] + s + u;
  out[1] = t + 2 * v;
  out[2] = s + 4 * u;
  out[3] = t + 8 * v + m[5];
}

/* A y, which takes gradients back through A^T */
ALWAYS_INLINE void output_back_side(size_t tile, const vec y[], vec out[]) {
  if (tile == 2) {
    out[0] = y[0];
    out[1] = y[0] + y[1];
    out[2] = y[0] - y[1];
    out[3] = -y[1];
    return;
  }
  vec even = y[0] + y[2], odd = y[1] + y[3];
  vec even2 = y[0] + 4 * y[2], odd2 = 2 * y[1] + 8 * y[3];
  out[0] = y[0];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = y[3];
}

/* G g */
ALWAYS_INLINE void weight_side(size_t tile, const vec g[], vec out[]) {
  if (tile == 2) {
    vec even = (g[0] + g[2]) * 0.5F, odd = g[1] * 0.5F;
    out[0] = g[0];
    out[1] = even + odd;
    out[2] = even - odd;
    out[3] = g[2];
    return;
  }
  vec even = (g[0] + g[2]) * (-1.0F / 6), odd = g[1] * (-1.0F / 6);
  vec even2 = g[0] * (1.0F / 24) + g[2] * (1.0F / 6), odd2 = g[1] * (1.0F / 12);
  out[0] = g[0] * 0.25F;
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = g[2];
}

/* G^T m, which takes gradients back through G */
ALWAYS_INLINE void weight_back_side(size_t tile, const vec m[], vec out[]) {
  if (tile == 2) {
    vec s = (m[1] + m[2]) * 0.5F;
    out[0] = m[0] + s;
    out[1] = (m[1] - m[2]) * 0.5F;
    out[2] = s + m[3];
    return;
  }
  vec s = m[1] + m[2], t = m[2] - m[1], u = m[3] + m[4], v = m[3] - m[4];
  out[0] = 0.25F * m[0] - s * (1.0F / 6) + u * (1.0F / 24);
  out[1] = t * (1.0F / 6) + v * (1.0F / 12);
  out[2] = (u - s) * (1.0F / 6) + m[5];
}

/* Calls what takes the tile's side as its first argument so that it is compiled for either. */
#define FOR_TILE(s, call, ...) ((s)->tile == 2 ? call(2, __VA_ARGS__) : call(4, __VA_ARGS__))

/* ---- weights ---- */

/* LANES numbers that are `step` apart. */
static inline vec gather(const float *p, size_t step) {
  vec v;
  for (size_t l = 0; l < LANES; l++) v[l] = p[l * step];
  return v;
}

/* Of one input and LANES outputs, whose kernels are `out_step` apart; points are `step` apart in `u`. */
ALWAYS_INLINE void prepare_kernel(size_t tile, const float *w, size_t out_step, bool back,
                                  size_t step, float *u) {
  vec columns[LARGEST_SIDE][3], g[3], part[LARGEST_SIDE];
  for (size_t x = 0; x < 3; x++) {
    for (size_t y = 0; y < 3; y++) {
      size_t tap = 3 * y + x; /* the gradient sees the kernel turned round */
      g[y] = gather(w + (back ? 8 - tap : tap), out_step);
    }
    weight_side(tile, g, part);
    for (size_t y = 0; y < tile + 2; y++) columns[y][x] = part[y];
  }
  for (size_t y = 0; y < tile + 2; y++) {
    weight_side(tile, columns[y], part);
    for (size_t x = 0; x < tile + 2; x++) store(u + (y * (tile + 2) + x) * step, part[x]);
  }
}

/* u: point, block of outputs, input, 16 outputs */
static void prepare_points(const winograd_shape *s, const float *w, bool back, float *u) {
  size_t inputs = back ? s->filters : s->channels, outputs = back ? s->channels : s->filters;
  size_t in_step = back ? s->channels * 9 : 9, out_step = back ? 9 : s->channels * 9;
  for (size_t o = 0; o < outputs; o += LANES) {
    for (size_t i = 0; i < inputs; i++) {
      FOR_TILE(s, prepare_kernel, w + o * out_step + i * in_step, out_step, back, outputs * inputs,
               u + o / 16 * 16 * inputs + i * 16 + o % 16);
    }
  }
}

/* u: block of filters, row of points, channel, column of the kernel, 16 filters */
static void prepare_half(const winograd_shape *s, const float *w, float *u) {
  size_t row = s->channels * 3 * 16, filter = s->channels * 9;
  for (size_t f = 0; f < s->filters; f += LANES, w += LANES * filter) {
    for (size_t column = 0; column < s->channels * 3; column++) {
      const float *top = w + column / 3 * 9 + column % 3;
      vec part[LARGEST_SIDE];
      vec g[3] = {gather(top, filter), gather(top + 3, filter), gather(top + 6, filter)};
      weight_side(4, g, part);
      float *to = u + f / 16 * LARGEST_SIDE * row + column * 16 + f % 16;
      for (size_t y = 0; y < LARGEST_SIDE; y++) store(to + y * row, part[y]);
    }
  }
}

static void prepare(const winograd_shape *s, const float *w, bool back, float *u) {
  if (s->half) {
    prepare_half(s, w, u);
  } else {
    prepare_points(s, w, back, u);
  }
}

/* Of one channel and LANES filters, whose kernels are `filter_step` apart. */
ALWAYS_INLINE void finish_kernel(size_t tile, const float *du, size_t step, bool add,
                                 size_t filter_step, float *dw) {
  vec columns[3][LARGEST_SIDE], m[LARGEST_SIDE], part[3];
  for (size_t x = 0; x < tile + 2; x++) {
    for (size_t y = 0; y < tile + 2; y++) m[y] = load(du + (y * (tile + 2) + x) * step);
    weight_back_side(tile, m, part);
    for (size_t y = 0; y < 3; y++) columns[y][x] = part[y];
  }
  for (size_t y = 0; y < 3; y++) {
    weight_back_side(tile, columns[y], part);
    for (size_t x = 0; x < 3; x++) {
      for (size_t l = 0; l < LANES; l++) {
        float *at = dw + 3 * y + x + l * filter_step;
        *at = add ? *at + part[x][l] : part[x][l];
      }
    }
  }
}

static void finish(const winograd_shape *s, const float *du, bool add, float *dw) {
  size_t step = s->filters * s->channels;
  for (size_t o = 0; o < s->filters; o += LANES) {
    for (size_t i = 0; i < s->channels; i++) {
      FOR_TILE(s, finish_kernel, du + o / 16 * 16 * s->channels + i * 16 + o % 16, step, add,
               s->channels * 9, dw + (o * s->channels + i) * 9);
    }
  }
}

/* ---- tiles ---- */

typedef struct tiles {
  size_t across, down, all; /* of a picture, of all pictures */
} tiles;

static tiles tiles_of(const winograd_shape *s) {
  size_t across = (s->width + s->tile - 1) / s->tile, down = (s->height + s->tile - 1) / s->tile;
  return (tiles){across, down, s->pictures * across * down};
}

typedef struct place {
  size_t picture, y, x; /* of the tile's first output */
  size_t rows, columns; /* of the tile that lie in the picture */
} place;

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static place place_of(const winograd_shape *s, const tiles *t, size_t tile) {
  size_t picture = tile / (t->across * t->down), in = tile % (t->across * t->down);
  size_t y = in / t->across * s->tile, x = in % t->across * s->tile;
  return (place){picture, y, x, least(s->tile, s->height - y), least(s->tile, s->width - x)};
}

static const float nothing[16] __attribute__((aligned(64)));

/* From LANES channels of a picture around the tile to its points. */
ALWAYS_INLINE void transform_input(size_t tile, const winograd_shape *s, const float *plane,
                                   place at, float *to) {
  size_t side = tile + 2;
  vec rows[LARGEST_SIDE][LARGEST_SIDE], d[LARGEST_SIDE], out[LARGEST_SIDE];
  bool whole = at.x > 0 && at.x + tile < s->width;
  for (size_t y = 0; y < side; y++) {
    size_t row = at.y + y - 1; /* above or left of the picture it wraps round: too large */
    size_t first = row * s->width + at.x - 1;
    if (row >= s->height) {
      for (size_t x = 0; x < side; x++) rows[y][x] = (vec){0};
    } else if (whole) {
      UNROLL for (size_t x = 0; x < side; x++) d[x] = load(plane + 16 * (first + x));
      input_side(tile, d, rows[y]);
    } else {
      UNROLL for (size_t x = 0; x < side; x++) {
        d[x] = load(at.x + x - 1 < s->width ? plane + 16 * (first + x) : nothing);
      }
      input_side(tile, d, rows[y]);
    }
  }
  UNROLL for (size_t x = 0; x < side; x++) {
    UNROLL for (size_t y = 0; y < side; y++) d[y] = rows[y][x];
    input_side(tile, d, out);
    UNROLL for (size_t y = 0; y < side; y++) store(to + (y * side + x) * POINT, out[y]);
  }
}

ALWAYS_INLINE void finish_values(size_t rows, size_t columns, const fast_after *after,
                                 const float *value, size_t at, size_t width, float *y) {
  for (size_t r = 0; r < rows; r++, at += 16 * width, value += LANES * LARGEST_TILE) {
    for (size_t c = 0; c < columns; c++) {
      vec v = load(value + LANES * c);
      if (after->residual) v += load(after->residual + at + 16 * c);
      if (after->add) v += load(y + at + 16 * c);
      if (after->relu) v = where_positive(v, v);
      store(y + at + 16 * c, v);
    }
  }
}

ALWAYS_INLINE void transform_output(size_t tile, const winograd_shape *s, const float *from,
                                    place at, const fast_after *after, vec bias, size_t plane,
                                    float *y) {
  size_t side = tile + 2;
  vec rows[LARGEST_TILE][LARGEST_SIDE], m[LARGEST_SIDE], out[LARGEST_TILE][LARGEST_TILE];
  UNROLL for (size_t c = 0; c < side; c++) {
    UNROLL for (size_t r = 0; r < side; r++) m[r] = load(from + (r * side + c) * POINT);
    output_side(tile, m, out[0]);
    UNROLL for (size_t r = 0; r < tile; r++) rows[r][c] = out[0][r];
  }
  UNROLL for (size_t r = 0; r < tile; r++) {
    output_side(tile, rows[r], out[r]);
    UNROLL for (size_t c = 0; c < tile; c++) out[r][c] += bias;
  }
  size_t to = plane + 16 * (at.y * s->width + at.x);
  if (at.rows == tile && at.columns == tile) {
    finish_values(tile, tile, after, (const float *)out, to, s->width, y);
  } else {
    finish_values(at.rows, at.columns, after, (const float *)out, to, s->width, y);
  }
}

ALWAYS_INLINE void transform_gradient(size_t tile, const winograd_shape *s, const float *plane,
                                      place at, float *to) {
  size_t side = tile + 2;
  vec rows[LARGEST_SIDE][LARGEST_TILE], d[LARGEST_TILE], out[LARGEST_SIDE];
  for (size_t c = 0; c < tile; c++) {
    for (size_t r = 0; r < tile; r++) {
      bool inside = r < at.rows && c < at.columns;
      d[r] = inside ? load(plane + 16 * ((at.y + r) * s->width + at.x + c)) : (vec){0};
    }
    output_back_side(tile, d, out);
    for (size_t r = 0; r < side; r++) rows[r][c] = out[r];
  }
  for (size_t r = 0; r < side; r++) {
    output_back_side(tile, rows[r], out);
    for (size_t c = 0; c < side; c++) store(to + (r * side + c) * POINT, out[c]);
  }
}

/* Of a block that is worked on next: another thread may have written it. */
static void fetch(const winograd_shape *s, place at, const float *plane) {
  for (size_t r = 0; r < at.rows; r++) {
    for (size_t c = 0; c < at.columns; c++) {
      __builtin_prefetch(plane + 16 * ((at.y + r) * s->width + at.x + c));
    }
  }
}

/* Of one block of channels, and what is at `next` after it (NULL: nothing). */
ALWAYS_INLINE void transform_tile(const winograd_shape *s, place at, const float *plane,
                                  const float *next, bool gradient, float *to) {
  if (next) fetch(s, at, next);
  for (size_t c = 0; c < 16; c += LANES) {
    if (gradient) {
      FOR_TILE(s, transform_gradient, s, plane + c, at, to + c);
    } else {
      FOR_TILE(s, transform_input, s, plane + c, at, to + c);
    }
  }
}

/* Values of the first TILES of `some` tiles, beginning with block `b` of the channels. */
static size_t transform_tiles(const winograd_shape *s, fast_range some, size_t b, size_t channels,
                              const float *x, bool gradient, float *to) {
  tiles t = tiles_of(s);
  size_t n = least(some.to - some.from, TILES), blocks = channels / 16;
  size_t area = 16 * s->height * s->width;
  for (size_t done = 0; done < blocks; done++) {
    size_t after = b + 1 < blocks ? b + 1 : 0;
    for (size_t k = 0; k < n; k++) {
      place at = place_of(s, &t, some.from + k);
      const float *picture = x + at.picture * blocks * area;
      const float *next = done + 1 < blocks ? picture + after * area : NULL;
      transform_tile(s, at, picture + b * area, next, gradient, to + b * BLOCK + k * 16);
    }
    b = after;
  }
  return n;
}

/* ---- products ---- */

/* m[b][k] = sum over channels of v[k] u[b], for n tiles and `blocks` times 16 filters (constants). */
ALWAYS_INLINE void multiply_some(size_t n, size_t blocks, size_t channels, const float *v,
                                 const float *u, float *m) {
  vec sum[MOST_BLOCKS][TILES][PARTS] = {{{{0}}}};
  for (size_t c = 0; c < channels; c += 16, v += BLOCK) {
    for (size_t l = 0; l < 16; l++, u += 16) {
      UNROLL for (size_t b = 0; b < blocks; b++) {
        UNROLL for (size_t h = 0; h < PARTS; h++) {
          vec weights = load(u + b * 16 * channels + h * LANES);
          UNROLL for (size_t k = 0; k < n; k++) sum[b][k][h] += v[16 * k + l] * weights;
        }
      }
    }
  }
  UNROLL for (size_t b = 0; b < blocks; b++) {
    UNROLL for (size_t k = 0; k < n; k++) {
      UNROLL for (size_t h = 0; h < PARTS; h++) {
        store(m + b * BLOCK + k * 16 + h * LANES, sum[b][k][h]);
      }
    }
  }
}

/* So many sums at a time that they stay in registers: of 8 tiles and 2 blocks, or of more tiles and 1 block. */
static void multiply(size_t n, size_t blocks, size_t channels, const float *v, const float *u,
                     float *m) {
#if PARTS == 1
  if (blocks == 2) {
    multiply_some(8, 2, channels, v, u, m);
    if (n > 8) multiply_some(8, 2, channels, v + 8 * 16, u, m + 8 * 16);
  } else {
    multiply_some(16, 1, channels, v, u, m);
  }
#else
  for (size_t b = 0; b < blocks; b++, u += 16 * channels, m += BLOCK) {
    multiply_some(6, 1, channels, v, u, m);
    if (n > 6) multiply_some(6, 1, channels, v + 6 * 16, u, m + 6 * 16);
    if (n > 12) multiply_some(4, 1, channels, v + 12 * 16, u, m + 12 * 16);
  }
#endif
}

static size_t blocks_at(fast_range filters, size_t f) { return filters.to - f >= 32 ? 2 : 1; }

static void multiply_points(const winograd_shape *s, size_t n, fast_range filters, const float *v,
                            const float *u, float *m) {
  for (size_t p = 0, points = points_of(s); p < points; p++) {
    for (size_t f = filters.from, blocks; f < filters.to; f += 16 * blocks) {
      blocks = blocks_at(filters, f);
      multiply(n, blocks, s->channels, v + p * POINT, u + (p * s->filters + f) * s->channels,
               m + f / 16 * BLOCK + p * POINT);
    }
  }
}

/* The rest of half transformed weights, for a row of points, which are `step` apart in `u`. */
ALWAYS_INLINE void transform_row(size_t channels, const float *half, size_t step, float *u) {
  for (size_t c = 0; c < channels * 16; c += LANES) {
    const float *from = half + c / 16 * 48 + c % 16;
    vec g[3] = {load(from), load(from + 16), load(from + 32)}, part[LARGEST_SIDE];
    weight_side(4, g, part);
    UNROLL for (size_t x = 0; x < LARGEST_SIDE; x++) store(u + x * step + c, part[x]);
  }
}

/* `u` is memory for a row of points. */
static void multiply_half(const winograd_shape *s, size_t n, fast_range filters, const float *v,
                          const float *half, float *m, float *u) {
  size_t step = late_point(s), row = s->channels * 3 * 16;
  for (size_t f = filters.from, blocks; f < filters.to; f += 16 * blocks) {
    blocks = blocks_at(filters, f);
    for (size_t y = 0, p = 0; y < LARGEST_SIDE; y++) {
      for (size_t b = 0; b < blocks; b++) {
        transform_row(s->channels, half + ((f / 16 + b) * LARGEST_SIDE + y) * row, step,
                      u + b * s->channels * 16);
      }
      for (size_t x = 0; x < LARGEST_SIDE; x++, p += POINT) {
        multiply(n, blocks, s->channels, v + p, u + x * step, m + f / 16 * BLOCK + p);
      }
    }
  }
}

/* ---- all stages ---- */

/* Threads share the tiles, so that most of what each reads it wrote itself; or the filters, where it is the weights that
 * take long to read. */
static void share_out(const winograd_shape *s, fast_share share, fast_range *own,
                      fast_range *filters) {
  size_t all = tiles_of(s).all, unit = s->half ? TILES / 2 : TILES;
  bool by_tiles = all >= unit * share.parts;
  *own = by_tiles ? fast_part_of(all, unit, share) : (fast_range){0, all};
  *filters = by_tiles ? (fast_range){0, s->filters} : fast_part_of(s->filters, 16, share);
}

ALWAYS_INLINE void transform_back(const winograd_shape *s, place at, fast_range filters,
                                  const float *m, const fast_after *after, float *y) {
  for (size_t f = filters.from; f < filters.to; f += LANES) {
    size_t plane = (at.picture * s->filters + f / 16 * 16) * s->height * s->width + f % 16;
    vec bias = after->bias ? load(after->bias + f) : (vec){0};
    FOR_TILE(s, transform_output, s, m + f / 16 * BLOCK + f % 16, at, after, bias, plane, y);
  }
}

static void run(const winograd_shape *s, const float *x, const float *u, const fast_after *after,
                fast_share share, float *y, float *scratch) {
  tiles t = tiles_of(s);
  fast_range filters, own;
  share_out(s, share, &own, &filters);
  if (filters.from == filters.to) return;
  float *v = scratch, *m = v + s->channels / 16 * BLOCK, *row = m + s->filters / 16 * BLOCK;
  size_t written =
      filters.from / 16 % (s->channels / 16); /* by this thread, if channels are as many */
  for (; own.from < own.to; own.from += TILES) {
    size_t n = transform_tiles(s, own, written, s->channels, x, false, v);
    if (s->half) {
      multiply_half(s, n, filters, v, u, m, row);
    } else {
      multiply_points(s, n, filters, v, u, m);
    }
    for (size_t k = 0; k < n; k++) {
      transform_back(s, place_of(s, &t, own.from + k), filters, m + k * 16, after, y);
    }
  }
}

/* du += sum over tiles of v (n channels, constant) times z (16 filters) */
ALWAYS_INLINE void add_some(size_t n, const float *v, const float *z, float *du) {
  vec sum[16][PARTS];
  UNROLL for (size_t l = 0; l < n; l++) {
    UNROLL for (size_t h = 0; h < PARTS; h++) sum[l][h] = load(du + 16 * l + h * LANES);
  }
  for (size_t k = 0; k < TILES; k++, v += 16, z += 16) {
    UNROLL for (size_t h = 0; h < PARTS; h++) {
      vec gradient = load(z + h * LANES);
      UNROLL for (size_t l = 0; l < n; l++) sum[l][h] += v[l] * gradient;
    }
  }
  UNROLL for (size_t l = 0; l < n; l++) {
    UNROLL for (size_t h = 0; h < PARTS; h++) store(du + 16 * l + h * LANES, sum[l][h]);
  }
}

static void add_products(const float *v, const float *z, float *du) {
#define GROUP(FIRST, N) add_some(N, v + (FIRST), z, du + (FIRST)*16)
  IN_GROUPS(GROUP);
#undef GROUP
}

/* What is past the first n tiles. */
static void clear_rest(const winograd_shape *s, size_t n, size_t channels, float *v) {
  for (size_t b = 0; n < TILES && b < channels / 16; b++) {
    for (size_t p = 0; p < points_of(s); p++) {
      memset(v + b * BLOCK + p * POINT + n * 16, 0, (TILES - n) * 16 * sizeof *v);
    }
  }
}

static void gradient(const winograd_shape *s, const float *x, const float *dy, float *du,
                     float *scratch) {
  float *v = scratch, *z = scratch + s->channels / 16 * BLOCK;
  for (fast_range left = {0, tiles_of(s).all}; left.from < left.to; left.from += TILES) {
    size_t n = transform_tiles(s, left, 0, s->channels, x, false, v);
    transform_tiles(s, left, 0, s->filters, dy, true, z);
    clear_rest(s, n, s->channels, v);
    clear_rest(s, n, s->filters, z);
    float *to = du;
    for (size_t p = 0, points = points_of(s); p < points; p++) {
      for (size_t f = 0; f < s->filters; f += 16) {
        for (size_t c = 0; c < s->channels; c += 16, to += 256) {
          add_products(v + c / 16 * BLOCK + p * POINT, z + f / 16 * BLOCK + p * POINT, to);
        }
      }
    }
  }
}

const winograd_kernels AT_LEVEL(winograd) = {.choose = choose,
                                             .weights = count_weights,
                                             .scratch = scratch_bytes,
                                             .prepare = prepare,
                                             .run = run,
                                             .gradient = gradient,
                                             .finish = finish};
