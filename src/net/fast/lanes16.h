/* Passes over values in NET_C16: each works on `n` places of 16 channels, whose numbers (mean, scale, ...)
 * are 16 floats. */
#ifndef NET_FAST_LANES16_H
#define NET_FAST_LANES16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What batch norm's gradient needs of 16 channels: of the forward pass, y = relu(x a + b + r). */
typedef struct lanes16_norm {
  const float *mean, *inverse, *a, *b;
  bool relu;
} lanes16_norm;

typedef struct lanes16_pool {
  size_t height, width, out_height, out_width, size, stride, padding;
} lanes16_pool;

typedef struct lanes16_kernels {
  /* y = x a + b, + r if given, the negative ones 0 if `relu`. */
  void (*scale)(size_t n, const float *x, const float *a, const float *b, const float *r, bool relu,
                float *y);
  /* Adds the sums of x - about, and of its squares. */
  void (*moments)(size_t n, const float *x, const float *about, double *sum, double *squares);
  /* Adds the sums of x. */
  void (*sum)(size_t n, const float *x, float *sum);

  /* dy where the ReLU let pass: where `y` is given, by that, else by x. Adds the sums of it, and of it times
   * the normalised x; if `dr` is given it goes there, too (added, with `add`). */
  void (*norm_sums)(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                    const float *y, float *dr, bool add, double *sum, double *product);
  /* dx = a (dy' - of_dy - x' of_product), with the same dy' and the normalised x'. */
  void (*norm_gradient)(size_t n, const lanes16_norm *norm, const float *dy, const float *x,
                        const float *y, const float *of_dy, const float *of_product, float *dx);

  /* Plain pictures to blocks, channels that are not there being 0; and back. */
  void (*fill)(size_t pictures, size_t channels, size_t places, const float *plain, float *blocks);
  void (*take)(size_t pictures, size_t channels, size_t places, const float *blocks, float *plain);

  /* Any layout, n floats. */
  void (*add)(size_t n, const float *x, float *y);                    /* y += x */
  void (*pass)(size_t n, const float *dy, const float *y, float *dx); /* dy where y > 0 */
  /* y[i] = w row i . x + b[i], relu; b may be NULL. */
  void (*matrix_vector)(size_t rows, size_t n, const float *w, const float *x, const float *b,
                        bool relu, float *y);
  /* Which of n floats differ from `base`, and by how much; returns how many. There is room for n + 16. */
  size_t (*differing)(size_t n, const float *x, float base, uint32_t *which, float *by);
  /* y[u] = start[u] + the sum of by[k] w[which[k]][u], relu; of each of `units`, a multiple of 16. */
  void (*sum_rows)(size_t n, const uint32_t *which, const float *by, size_t units, const float *w,
                   const float *start, bool relu, float *y);
  /* x += row, then the negative ones 0 if `relu`; `row` may be NULL. */
  void (*add_row)(size_t rows, size_t n, const float *row, bool relu, float *x);
  /* to += each row of x */
  void (*add_rows)(size_t rows, size_t n, const float *x, float *to);

  /* The largest of windows of one plane of 16 channels. Back: the gradient is added where the first of the
   * largest is. */
  void (*max_pool)(const lanes16_pool *p, const float *x, float *y);
  void (*max_pool_back)(const lanes16_pool *p, const float *x, const float *y, const float *dy,
                        float *dx);
  /* One row of windows of 2 x 2 of a plain plane: `n` of them, over two rows. */
  void (*max_pairs)(size_t n, const float *above, const float *below, float *y);
  void (*max_pairs_back)(size_t n, const float *above, const float *below, const float *y,
                         const float *dy, float *d_above, float *d_below);
  /* 16 means over `n` places. */
  void (*mean)(size_t n, const float *x, float *y);
  void (*mean_back)(size_t n, const float *dy, bool add, float *dx);
} lanes16_kernels;

#endif
