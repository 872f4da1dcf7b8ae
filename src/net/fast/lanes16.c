#include "net/fast/lanes16.h"

#include "net/fast/vector.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

/* Passes are made for LANES of the 16 channels at a time, over so few places that the second finds them in the
 * cache; that many are also summed as floats before their sum is added to a double. */
enum { PART = 256 };
#define EACH_PART(i, end, n) for (size_t i = 0, end; i < (n) && (end = part_end(i, n)); i = end)
#define EACH_HALF(h) for (size_t h = 0; h < 16; h += LANES)

static inline size_t part_end(size_t i, size_t n) { return n - i < PART ? n : i + PART; }

static inline void add_wide(double *to, vec v) {
  for (size_t l = 0; l < LANES; l++) to[l] += (double)v[l];
}

ALWAYS_INLINE void scale_some(size_t from, size_t to, const float *x, vec a, vec b, const float *r,
                              bool relu, float *y) {
  for (size_t i = 16 * from; i < 16 * to; i += 16) {
    vec v = load(x + i) * a + b;
    if (r) v += load(r + i);
    if (relu) v = where_positive(v, v);
    store(y + i, v);
  }
}

static void scale(size_t n, const float *x, const float *a, const float *b, const float *r,
                  bool relu, float *y) {
  EACH_PART(i, end, n) EACH_HALF(h) {
    scale_some(i, end, x + h, load(a + h), load(b + h), r ? r + h : NULL, relu, y + h);
  }
}

static void moments_of_part(size_t from, size_t to, const float *x, vec centre, double *sum,
                            double *squares) {
  vec s[2] = {{0}}, q[2] = {{0}};
  size_t i = from;
  for (; i + 2 <= to; i += 2) {
    for (size_t k = 0; k < 2; k++) {
      vec d = load(x + 16 * (i + k)) - centre;
      s[k] += d;
      q[k] += d * d;
    }
  }
  for (; i < to; i++) {
    vec d = load(x + 16 * i) - centre;
    s[0] += d;
    q[0] += d * d;
  }
  add_wide(sum, s[0] + s[1]);
  add_wide(squares, q[0] + q[1]);
}

static void moments(size_t n, const float *x, const float *about, double *sum, double *squares) {
  EACH_PART(i, end, n) EACH_HALF(h) {
    moments_of_part(i, end, x + h, load(about + h), sum + h, squares + h);
  }
}

static void sum_places(size_t n, const float *x, float *sum) {
  EACH_HALF(h) {
    vec s = {0};
    for (size_t i = 0; i < n; i++) s += load(x + 16 * i + h);
    store(sum + h, load(sum + h) + s);
  }
}

/* Of a norm, LANES channels. */
typedef struct norm_half {
  vec a, b, mean, inverse;
  bool relu;
} norm_half;

static inline norm_half half_of(const lanes16_norm *norm, size_t h) {
  return (norm_half){load(norm->a + h), load(norm->b + h), load(norm->mean + h),
                     load(norm->inverse + h), norm->relu};
}

/* The same expression as in `scale`, so that its sign is the same. */
static inline vec passed(const norm_half *norm, vec dy, vec x, const float *y) {
  if (!norm->relu) return dy;
  return where_positive(y ? load(y) : x * norm->a + norm->b, dy);
}

ALWAYS_INLINE void norm_sums_some(size_t from, size_t to, const norm_half *norm, const float *dy,
                                  const float *x, const float *y, float *dr, bool add, double *sum,
                                  double *product) {
  vec s = {0}, p = {0};
  for (size_t i = 16 * from; i < 16 * to; i += 16) {
    vec value = load(x + i), g = passed(norm, load(dy + i), value, y ? y + i : NULL);
    s += g;
    p += g * (value - norm->mean);
    if (dr) store(dr + i, add ? load(dr + i) + g : g);
  }
  add_wide(sum, s);
  add_wide(product, p * norm->inverse);
}

static void norm_sums(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                      const float *y, float *dr, bool add, double *sum, double *product) {
  EACH_PART(i, end, n) EACH_HALF(h) {
    norm_half c = half_of(norm, h);
    const float *out = y ? y + h : NULL;
    /* A loop for each, without tests inside. */
    if (!dr && !y) {
      norm_sums_some(i, end, &c, dy + h, x + h, NULL, NULL, false, sum + h, product + h);
    } else if (dr && !add) {
      norm_sums_some(i, end, &c, dy + h, x + h, out, dr + h, false, sum + h, product + h);
    } else {
      norm_sums_some(i, end, &c, dy + h, x + h, out, dr ? dr + h : NULL, add, sum + h, product + h);
    }
  }
}

static void norm_gradient(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                          const float *y, const float *of_dy, const float *of_product, float *dx) {
  EACH_PART(from, end, n) EACH_HALF(h) {
    norm_half c = half_of(norm, h);
    vec by_x = c.a * load(of_product + h) * c.inverse, constant = c.a * load(of_dy + h);
    for (size_t i = 16 * from + h; i < 16 * end; i += 16) {
      vec value = load(x + i), g = passed(&c, load(dy + i), value, y ? y + i : NULL);
      store(dx + i, c.a * g - constant - (value - c.mean) * by_x);
    }
  }
}

static void fill(size_t pictures, size_t channels, size_t places, const float *restrict plain,
                 float *restrict blocks) {
  for (size_t i = 0; i < pictures; i++) {
    for (size_t c = 0; c < channels; c += 16, blocks += 16 * places) {
      size_t n = channels - c < 16 ? channels - c : 16;
      for (size_t p = 0; n < 16 && p < 16 * places; p += LANES) store(blocks + p, (vec){0});
      for (size_t k = 0; k < n; k++, plain += places) {
        for (size_t p = 0; p < places; p++) blocks[16 * p + k] = plain[p];
      }
    }
  }
}

static void take(size_t pictures, size_t channels, size_t places, const float *restrict blocks,
                 float *restrict plain) {
  for (size_t i = 0; i < pictures; i++) {
    for (size_t c = 0; c < channels; c += 16, blocks += 16 * places) {
      size_t n = channels - c < 16 ? channels - c : 16;
      for (size_t k = 0; k < n; k++, plain += places) {
        for (size_t p = 0; p < places; p++) plain[p] = blocks[16 * p + k];
      }
    }
  }
}

static void add_floats(size_t n, const float *x, float *y) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(y + i, load(y + i) + load(x + i));
  for (; i < n; i++) y[i] += x[i];
}

static void pass(size_t n, const float *dy, const float *y, float *dx) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(dx + i, where_positive(load(y + i), load(dy + i)));
  for (; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

/* Halves are added until one number is left. */
static inline float total(vec v) {
  float part[LANES];
  store(part, v);
  for (size_t half = LANES / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) part[l] += part[l + half];
  }
  return part[0];
}

/* Eight sums, which need not wait for each other; memory is read from front to back. */
static float dot(size_t n, const float *x, const float *y) {
  vec sum[8] = {{0}};
  size_t i = 0;
  for (; i + 8 * LANES <= n; i += 8 * LANES) {
    UNROLL for (size_t k = 0; k < 8; k++) sum[k] +=
        load(x + i + LANES * k) * load(y + i + LANES * k);
  }
  for (; i + LANES <= n; i += LANES) sum[0] += load(x + i) * load(y + i);
  float rest = 0;
  for (; i < n; i++) rest += x[i] * y[i];
  return rest +
         total(((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7])));
}

static void matrix_vector(size_t rows, size_t n, const float *w, const float *x, const float *b,
                          bool relu, float *y) {
  for (size_t r = 0; r < rows; r++) {
    y[r] = dot(n, w + r * n, x) + (b ? b[r] : 0);
    if (relu && !(y[r] > 0)) y[r] = 0;
  }
}

/* Without a branch, which would often be mistaken. */
static size_t differing(size_t n, const float *x, float base, uint32_t *which, float *by) {
  size_t found = 0, i = 0;
#if defined(__AVX512F__)
  __m512i places = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  for (; i + 16 <= n; i += 16, places = _mm512_add_epi32(places, _mm512_set1_epi32(16))) {
    __m512 d = _mm512_sub_ps(_mm512_loadu_ps(x + i), _mm512_set1_ps(base));
    __mmask16 mask = _mm512_cmp_ps_mask(d, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    _mm512_storeu_ps(by + found, _mm512_maskz_compress_ps(mask, d));
    _mm512_storeu_si512(which + found, _mm512_maskz_compress_epi32(mask, places));
    found += (size_t)__builtin_popcount(mask);
  }
#endif
  for (; i < n; i++) {
    which[found] = (uint32_t)i;
    by[found] = x[i] - base;
    found += by[found] != 0;
  }
  return found;
}

/* So many vectors of sums stay in registers. */
enum { SUMS = LANES == 16 ? 16 : 12, MOST_BLOCKS = SUMS / PARTS };

/* The compiler would keep a pointer to each part of the rows, more than there are registers for. */
static inline const float *row_of(const float *w, size_t row, size_t units) {
  const float *p = w + row * units;
  __asm__("" : "+r"(p));
  return p;
}

/* `blocks` (constant) times 16 units. Fewer sums than there are registers for are kept several times, so that none
 * waits for the last addition; rows are read from several places at once, four at the least. */
ALWAYS_INLINE void sum_some(size_t blocks, size_t n, const uint32_t *which, const float *by,
                            size_t units, const float *w, const float *start, bool relu, float *y) {
  vec sum[SUMS] = {{0}};
  size_t each = blocks * PARTS, sets = SUMS / each, streams = sets < 4 ? 4 : sets, h = n / streams;
  for (size_t k = 0; k < h; k++) {
    UNROLL for (size_t s = 0; s < streams; s++) {
      const float *row = row_of(w, which[s * h + k], units);
      float x = by[s * h + k];
      UNROLL for (size_t i = 0; i < each; i++) sum[s % sets * each + i] +=
          x * load(row + i * LANES);
    }
  }
  for (size_t k = streams * h; k < n; k++) {
    const float *row = row_of(w, which[k], units);
    UNROLL for (size_t i = 0; i < each; i++) sum[i] += by[k] * load(row + i * LANES);
  }
  UNROLL for (size_t i = 0; i < each; i++) {
    vec v = load(start + i * LANES);
    UNROLL for (size_t s = 0; s < sets; s++) v += sum[s * each + i];
    store(y + i * LANES, relu ? where_positive(v, v) : v);
  }
}

static void sum_rows(size_t n, const uint32_t *which, const float *by, size_t units, const float *w,
                     const float *start, bool relu, float *y) {
  enum { SOME = MOST_BLOCKS / 4 > 1 ? MOST_BLOCKS / 4 : 2 };
  for (size_t u = 0, blocks; u < units; u += 16 * blocks) {
    size_t left = (units - u) / 16;
    blocks = left >= MOST_BLOCKS ? MOST_BLOCKS : left >= SOME ? SOME : 1;
#define PANEL(BLOCKS) sum_some(BLOCKS, n, which, by, units, w + u, start + u, relu, y + u)
    if (blocks == MOST_BLOCKS) {
      PANEL(MOST_BLOCKS);
    } else if (blocks == SOME) {
      PANEL(SOME);
    } else {
      PANEL(1);
    }
#undef PANEL
  }
}

static void add_row(size_t rows, size_t n, const float *row, bool relu, float *x) {
  for (size_t r = 0; r < rows; r++, x += n) {
    for (size_t i = 0; row && i < n; i++) x[i] += row[i];
    for (size_t i = 0; relu && i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
  }
}

static void add_rows(size_t rows, size_t n, const float *x, float *to) {
  for (size_t r = 0; r < rows; r++) add_floats(n, x + r * n, to);
}

/* ---- pooling ---- */

/* The part of window i along one side that lies in the picture. */
static size_t window(const lanes16_pool *p, size_t i, size_t length, size_t *to) {
  size_t from = i * p->stride, end = from + p->size - p->padding;
  *to = end < length ? end : length;
  return from > p->padding ? from - p->padding : 0;
}

static void max_pool(const lanes16_pool *p, const float *x, float *y) {
  for (size_t oy = 0; oy < p->out_height; oy++) {
    for (size_t i = 0; i < 16 * p->out_width; i += LANES, y += LANES) {
      size_t bottom, right, top = window(p, oy, p->height, &bottom), h = i % 16;
      size_t left = window(p, i / 16, p->width, &right);
      vec most = load(x + 16 * (top * p->width + left) + h);
      for (size_t r = top; r < bottom; r++) {
        for (size_t c = left; c < right; c++) {
          vec v = load(x + 16 * (r * p->width + c) + h);
          veci more = v > most;
          most = (vec)(((veci)v & more) | ((veci)most & ~more));
        }
      }
      store(y, most);
    }
  }
}

static void max_pool_back(const lanes16_pool *p, const float *x, const float *y, const float *dy,
                          float *dx) {
  for (size_t oy = 0; oy < p->out_height; oy++) {
    for (size_t i = 0; i < 16 * p->out_width; i += LANES, y += LANES, dy += LANES) {
      size_t bottom, right, top = window(p, oy, p->height, &bottom);
      size_t left = window(p, i / 16, p->width, &right);
      vec most = load(y);
      veci gradient = (veci)load(dy);
      for (size_t r = top; r < bottom; r++) {
        for (size_t c = left; c < right; c++) {
          size_t at = 16 * (r * p->width + c) + i % 16;
          veci here = load(x + at) == most;
          store(dx + at, load(dx + at) + (vec)(gradient & here));
          gradient &= ~here; /* given away */
        }
      }
    }
  }
}

static inline float larger(float a, float b) { return b > a ? b : a; }

static void max_pairs(size_t n, const float *restrict above, const float *restrict below,
                      float *restrict y) {
  for (size_t i = 0; i < n; i++) {
    y[i] = larger(larger(above[2 * i], above[2 * i + 1]), larger(below[2 * i], below[2 * i + 1]));
  }
}

static void max_pairs_back(size_t n, const float *restrict above, const float *restrict below,
                           const float *restrict y, const float *restrict dy,
                           float *restrict d_above, float *restrict d_below) {
  for (size_t i = 0; i < n; i++) {
    float g[4], left = dy[i];
    const float x[4] = {above[2 * i], above[2 * i + 1], below[2 * i], below[2 * i + 1]};
    for (size_t k = 0; k < 4; k++) {
      g[k] = x[k] == y[i] ? left : 0;
      left = x[k] == y[i] ? 0 : left;
    }
    d_above[2 * i] += g[0];
    d_above[2 * i + 1] += g[1];
    d_below[2 * i] += g[2];
    d_below[2 * i + 1] += g[3];
  }
}

static void mean(size_t n, const float *x, float *y) {
  EACH_HALF(h) {
    vec sum = {0};
    for (size_t i = 0; i < n; i++) sum += load(x + 16 * i + h);
    store(y + h, sum / (float)n);
  }
}

static void mean_back(size_t n, const float *dy, bool to_add, float *dx) {
  EACH_HALF(h) {
    vec each = load(dy + h) / (float)n;
    for (size_t i = h; i < 16 * n; i += 16) store(dx + i, to_add ? load(dx + i) + each : each);
  }
}

const lanes16_kernels AT_LEVEL(lanes16) = {.scale = scale,
                                           .moments = moments,
                                           .sum = sum_places,
                                           .norm_sums = norm_sums,
                                           .norm_gradient = norm_gradient,
                                           .fill = fill,
                                           .take = take,
                                           .add = add_floats,
                                           .pass = pass,
                                           .matrix_vector = matrix_vector,
                                           .differing = differing,
                                           .sum_rows = sum_rows,
                                           .add_row = add_row,
                                           .add_rows = add_rows,
                                           .max_pool = max_pool,
                                           .max_pool_back = max_pool_back,
                                           .max_pairs = max_pairs,
                                           .max_pairs_back = max_pairs_back,
                                           .mean = mean,
                                           .mean_back = mean_back};
