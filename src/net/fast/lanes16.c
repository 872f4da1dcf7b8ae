#include "net/fast/lanes16.h"

#include "net/fast/vector.h"

typedef float v8 __attribute__((vector_size(32)));
typedef double v8d __attribute__((vector_size(64), aligned(8), may_alias));

/* Sums of at most some thousand floats are added to doubles. */
static inline void add_wide(double *to, v16 v) {
  union {
    v16 all;
    v8 half[2];
  } u = {.all = v};
  v8d *out = (v8d *)to;
  out[0] += __builtin_convertvector(u.half[0], v8d);
  out[1] += __builtin_convertvector(u.half[1], v8d);
}

enum { PART = 512 }; /* places that are summed in float */
static inline size_t part_end(size_t i, size_t n) { return n - i < PART ? n : i + PART; }

void lanes16_scale(size_t n, const float *x, const float *a, const float *b, const float *r,
                   bool relu, float *y) {
  v16 scale = load(a), shift = load(b);
  for (size_t i = 0; i < 16 * n; i += 16) {
    v16 v = load(x + i) * scale + shift;
    if (r) v += load(r + i);
    if (relu) v = where_positive(v, v);
    store(y + i, v);
  }
}

void lanes16_moments(size_t n, const float *x, const float *about, double *sum, double *squares) {
  v16 centre = load(about);
  for (size_t i = 0; i < n;) {
    v16 s[2] = {{0}}, q[2] = {{0}};
    size_t end = part_end(i, n);
    for (; i + 2 <= end; i += 2) {
      for (size_t k = 0; k < 2; k++) {
        v16 d = load(x + 16 * (i + k)) - centre;
        s[k] += d;
        q[k] += d * d;
      }
    }
    for (; i < end; i++) {
      v16 d = load(x + 16 * i) - centre;
      s[0] += d;
      q[0] += d * d;
    }
    add_wide(sum, s[0] + s[1]);
    add_wide(squares, q[0] + q[1]);
  }
}

void lanes16_sum(size_t n, const float *x, float *sum) {
  v16 s = {0};
  for (size_t i = 0; i < n; i++) s += load(x + 16 * i);
  store(sum, load(sum) + s);
}

/* The same expression as in lanes16_scale, so that its sign is the same. */
static inline v16 passed(const lanes16_norm *norm, v16 a, v16 b, v16 dy, v16 x, const float *y) {
  if (!norm->relu) return dy;
  return where_positive(y ? load(y) : x * a + b, dy);
}

static inline void norm_sums(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                             const float *y, float *dr, bool add, double *sum, double *product) {
  v16 a = load(norm->a), b = load(norm->b), mean = load(norm->mean), inverse = load(norm->inverse);
  for (size_t i = 0; i < n;) {
    v16 s = {0}, p = {0};
    for (size_t end = part_end(i, n); i < end; i++) {
      v16 value = load(x + 16 * i);
      v16 g = passed(norm, a, b, load(dy + 16 * i), value, y ? y + 16 * i : NULL);
      s += g;
      p += g * (value - mean);
      if (dr) store(dr + 16 * i, add ? load(dr + 16 * i) + g : g);
    }
    add_wide(sum, s);
    add_wide(product, p * inverse);
  }
}

void lanes16_norm_sums(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                       const float *y, float *dr, bool add, double *sum, double *product) {
  /* A loop for each, without tests inside. */
  if (!dr && !y) {
    norm_sums(n, norm, dy, x, NULL, NULL, false, sum, product);
  } else if (dr && !add) {
    norm_sums(n, norm, dy, x, y, dr, false, sum, product);
  } else {
    norm_sums(n, norm, dy, x, y, dr, add, sum, product);
  }
}

void lanes16_norm_gradient(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                           const float *y, const float *of_dy, const float *of_product, float *dx) {
  v16 a = load(norm->a), b = load(norm->b), mean = load(norm->mean);
  v16 by_x = a * load(of_product) * load(norm->inverse), constant = a * load(of_dy);
  for (size_t i = 0; i < 16 * n; i += 16) {
    v16 value = load(x + i), g = passed(norm, a, b, load(dy + i), value, y ? y + i : NULL);
    store(dx + i, a * g - constant - (value - mean) * by_x);
  }
}

void lanes16_fill(size_t pictures, size_t channels, size_t places, const float *restrict plain,
                  float *restrict blocks) {
  for (size_t i = 0; i < pictures; i++) {
    for (size_t c = 0; c < channels; c += 16, blocks += 16 * places) {
      size_t n = channels - c < 16 ? channels - c : 16;
      for (size_t p = 0; n < 16 && p < places; p++) store(blocks + 16 * p, (v16){0});
      for (size_t k = 0; k < n; k++, plain += places) {
        for (size_t p = 0; p < places; p++) blocks[16 * p + k] = plain[p];
      }
    }
  }
}

void lanes16_take(size_t pictures, size_t channels, size_t places, const float *restrict blocks,
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

void lanes16_add(size_t n, const float *x, float *y) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) store(y + i, load(y + i) + load(x + i));
  for (; i < n; i++) y[i] += x[i];
}

void lanes16_pass(size_t n, const float *dy, const float *y, float *dx) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) store(dx + i, where_positive(load(y + i), load(dy + i)));
  for (; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

/* Halves are added until one number is left. */
static inline float total(v16 v) {
  union {
    v16 all;
    float part[16];
  } u = {.all = v};
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) u.part[l] += u.part[l + half];
  }
  return u.part[0];
}

/* Eight sums, which need not wait for each other; memory is read from front to back. */
static float dot(size_t n, const float *x, const float *y) {
  v16 sum[8] = {{0}};
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    for (size_t k = 0; k < 8; k++) sum[k] += load(x + i + 16 * k) * load(y + i + 16 * k);
  }
  for (; i + 16 <= n; i += 16) sum[0] += load(x + i) * load(y + i);
  float rest = 0;
  for (; i < n; i++) rest += x[i] * y[i];
  return rest +
         total(((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7])));
}

void lanes16_matrix_vector(size_t rows, size_t n, const float *w, const float *x, const float *b,
                           bool relu, float *y) {
  for (size_t r = 0; r < rows; r++) {
    y[r] = dot(n, w + r * n, x) + (b ? b[r] : 0);
    if (relu && !(y[r] > 0)) y[r] = 0;
  }
}

void lanes16_add_row(size_t rows, size_t n, const float *row, bool relu, float *x) {
  for (size_t r = 0; r < rows; r++, x += n) {
    for (size_t i = 0; row && i < n; i++) x[i] += row[i];
    for (size_t i = 0; relu && i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
  }
}

void lanes16_add_rows(size_t rows, size_t n, const float *x, float *to) {
  for (size_t r = 0; r < rows; r++) lanes16_add(n, x + r * n, to);
}

/* ---- pooling ---- */

/* The part of window i along one side that lies in the picture. */
static size_t window(const lanes16_pool *p, size_t i, size_t length, size_t *to) {
  size_t from = i * p->stride, end = from + p->size - p->padding;
  *to = end < length ? end : length;
  return from > p->padding ? from - p->padding : 0;
}

void lanes16_max_pool(const lanes16_pool *p, const float *x, float *y) {
  for (size_t oy = 0; oy < p->out_height; oy++) {
    for (size_t ox = 0; ox < p->out_width; ox++, y += 16) {
      size_t bottom, right, top = window(p, oy, p->height, &bottom);
      size_t left = window(p, ox, p->width, &right);
      v16 most = load(x + 16 * (top * p->width + left));
      for (size_t r = top; r < bottom; r++) {
        for (size_t c = left; c < right; c++) {
          v16 v = load(x + 16 * (r * p->width + c));
          v16i more = v > most;
          most = (v16)(((v16i)v & more) | ((v16i)most & ~more));
        }
      }
      store(y, most);
    }
  }
}

void lanes16_max_pool_back(const lanes16_pool *p, const float *x, const float *y, const float *dy,
                           float *dx) {
  for (size_t oy = 0; oy < p->out_height; oy++) {
    for (size_t ox = 0; ox < p->out_width; ox++, y += 16, dy += 16) {
      size_t bottom, right, top = window(p, oy, p->height, &bottom);
      size_t left = window(p, ox, p->width, &right);
      v16 most = load(y);
      v16i gradient = (v16i)load(dy);
      for (size_t r = top; r < bottom; r++) {
        for (size_t c = left; c < right; c++) {
          size_t at = 16 * (r * p->width + c);
          v16i here = load(x + at) == most;
          store(dx + at, load(dx + at) + (v16)(gradient & here));
          gradient &= ~here; /* given away */
        }
      }
    }
  }
}

static inline float larger(float a, float b) { return b > a ? b : a; }

void lanes16_max_pairs(size_t n, const float *restrict above, const float *restrict below,
                       float *restrict y) {
  for (size_t i = 0; i < n; i++) {
    y[i] = larger(larger(above[2 * i], above[2 * i + 1]), larger(below[2 * i], below[2 * i + 1]));
  }
}

void lanes16_max_pairs_back(size_t n, const float *restrict above, const float *restrict below,
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

void lanes16_mean(size_t n, const float *x, float *y) {
  v16 sum = {0};
  for (size_t i = 0; i < n; i++) sum += load(x + 16 * i);
  store(y, sum / (float)n);
}

void lanes16_mean_back(size_t n, const float *dy, bool add, float *dx) {
  v16 each = load(dy) / (float)n;
  for (size_t i = 0; i < n; i++) store(dx + 16 * i, add ? load(dx + 16 * i) + each : each);
}
