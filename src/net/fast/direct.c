#include "net/fast/direct.h"

#include <string.h>

#include "net/fast/vector.h"

static bool in_blocks(const direct_shape *s) { return s->channels % 16 == 0; }

static size_t taps_of(const direct_shape *s) { return s->size * s->size; }

static size_t row_of(const direct_shape *s) { return s->channels * taps_of(s); } /* of a filter */

static size_t count_weights(const direct_shape *s) { return s->filters * row_of(s); }

/* ---- frames ---- */

/* What outputs see of a picture: rows and columns from -before on. With a stride, columns that follow each
 * other at that distance lie side by side: column x is at x % stride * phase + x / stride. */
typedef struct frame {
  size_t planes, depth; /* of so many floats a place: blocks of 16 channels, or plain channels */
  size_t height, width, before, stride;
  size_t used; /* rows and columns i with i % stride >= used are never looked at */
  size_t phase;
} frame;

static size_t row_floats(const frame *f) { return f->phase * f->stride * f->depth; }
static size_t plane_floats(const frame *f) { return f->height * row_floats(f); }

static frame frame_of_input(const direct_shape *s) {
  size_t width = (s->out_width - 1) * s->stride + s->size;
  return (frame){.planes = in_blocks(s) ? s->channels / 16 : s->channels,
                 .depth = in_blocks(s) ? 16 : 1,
                 .height = (s->out_height - 1) * s->stride + s->size,
                 .width = width,
                 .before = s->padding,
                 .stride = s->stride,
                 .used = s->size,
                 .phase = (width + s->stride - 1) / s->stride};
}

/* Input i sees output (i + padding - tap) / stride where that is whole: at most from -before on. */
static frame frame_of_output(const direct_shape *s) {
  size_t before = (s->size - 1) / s->stride;
  size_t width = (s->width - 1 + s->padding) / s->stride + before + 1;
  return (frame){.planes = s->filters / 16,
                 .depth = 16,
                 .height = (s->height - 1 + s->padding) / s->stride + before + 1,
                 .width = width,
                 .before = before,
                 .stride = 1,
                 .used = 1,
                 .phase = width};
}

static size_t scratch_bytes(const direct_shape *s) {
  frame in = frame_of_input(s), out = frame_of_output(s);
  size_t x = in.planes * plane_floats(&in), dy = out.planes * plane_floats(&out);
  return (x > dy ? x : dy) * sizeof(float);
}

/* Columns first, first + stride ... of a row of the picture (NULL: nothing), side by side. */
static void fill_phase(const frame *f, const float *picture, size_t width, size_t first,
                       float *to) {
  size_t n = (f->width - first + f->stride - 1) / f->stride, from = 0, end = 0;
  if (picture && f->before > first) from = (f->before - first + f->stride - 1) / f->stride;
  if (picture && f->before + width > first) {
    end = (f->before + width - first + f->stride - 1) / f->stride;
  }
  end = end < n ? end : n;
  from = from < end ? from : end;
  memset(to, 0, from * f->depth * sizeof *to);
  memset(to + end * f->depth, 0, (n - end) * f->depth * sizeof *to);
  if (from == end) return;
  picture += (first + from * f->stride - f->before) * f->depth;
  to += from * f->depth;
  if (f->stride == 1) {
    memcpy(to, picture, (end - from) * f->depth * sizeof *to);
  } else if (f->depth == 1) {
    for (size_t k = 0; k < end - from; k++) to[k] = picture[k * f->stride];
  } else {
    for (size_t k = 0; k < end - from; k++) {
      memcpy(to + k * 16, picture + k * f->stride * 16, 16 * sizeof *to);
    }
  }
}

/* Rows of the frame of a picture of height x width. */
static void fill_frame(const frame *f, const float *picture, size_t height, size_t width,
                       fast_range rows, float *to) {
  for (size_t p = 0; p < f->planes; p++) {
    for (size_t r = rows.from; r < rows.to; r++) {
      if (r % f->stride >= f->used) continue;
      size_t y = r - f->before; /* above the picture it wraps round: too large */
      const float *row = y < height ? picture + (p * height + y) * width * f->depth : NULL;
      float *out = to + p * plane_floats(f) + r * row_floats(f);
      for (size_t k = 0; k < f->stride && k < f->used; k++) {
        fill_phase(f, row, width, k, out + k * f->phase * f->depth);
      }
    }
  }
}

/* ---- sums ---- */

/* One input of an output: where it is from the output's first one, and its weights. */
typedef struct tap {
  size_t x, u;
} tap;

/* What is the same for all outputs: the sum over planes, taps and the channels of a block. */
typedef struct sweep {
  size_t planes, depth; /* of the input */
  size_t x_plane,
      x_step; /* from a plane to the next, from an output's first input to the next one's */
  size_t u_plane, u_block; /* from a plane's weights to the next, from 16 outputs' to the next 16 */
  size_t n_taps;
  tap taps[DIRECT_MOST_SIZE * DIRECT_MOST_SIZE];
} sweep;

/* So many outputs of one block of filters, or half as many of two, have sums that stay in registers. */
enum { MOST_OUTPUTS = LANES == 16 ? 16 : 6, MOST_BLOCKS = LANES == 16 ? 2 : 1 };

/* n outputs side by side, of `blocks` times 16 filters, into out[block][output][16]; n, blocks and depth are
 * constant. */
ALWAYS_INLINE void sum_up(size_t n, size_t blocks, size_t depth, const sweep *s, const float *x,
                          const float *u, float *out) {
  vec sum[2][MOST_OUTPUTS][PARTS] = {{{{0}}}};
  for (size_t p = 0; p < s->planes; p++, x += s->x_plane, u += s->u_plane) {
    for (size_t t = 0; t < s->n_taps; t++) {
      const float *from = x + s->taps[t].x, *weights = u + s->taps[t].u;
      for (size_t l = 0; l < depth; l++, from++, weights += 16) {
        UNROLL for (size_t b = 0; b < blocks; b++) {
          UNROLL for (size_t h = 0; h < PARTS; h++) {
            vec w = load(weights + b * s->u_block + h * LANES);
            UNROLL for (size_t k = 0; k < n; k++) sum[b][k][h] += from[k * depth] * w;
          }
        }
      }
    }
  }
  UNROLL for (size_t b = 0; b < blocks; b++) {
    UNROLL for (size_t k = 0; k < n; k++) {
      UNROLL for (size_t h = 0; h < PARTS; h++)
          store(out + (b * MOST_OUTPUTS + k) * 16 + h * LANES, sum[b][k][h]);
    }
  }
}

static void sum_any(size_t n, size_t blocks, const sweep *s, const float *x, const float *u,
                    float *out) {
#define ONE(N)                                                                      \
  case N:                                                                           \
    s->depth == 1 ? sum_up(N, 1, 1, s, x, u, out) : sum_up(N, 1, 16, s, x, u, out); \
    break;
#define TWO(N)                                                                      \
  case 16 + (N):                                                                    \
    s->depth == 1 ? sum_up(N, 2, 1, s, x, u, out) : sum_up(N, 2, 16, s, x, u, out); \
    break;
  /* clang-format off */
  switch (16 * (blocks - 1) + n) {
    ONE(1) ONE(2) ONE(3) ONE(4) ONE(5) ONE(6)
#if LANES == 16
    ONE(7) ONE(8) ONE(9) ONE(10) ONE(11) ONE(12) ONE(13) ONE(14) ONE(15) ONE(16)
    TWO(1) TWO(2) TWO(3) TWO(4) TWO(5) TWO(6) TWO(7) TWO(8)
#endif
    default: break;
  }
  /* clang-format on */
#undef ONE
#undef TWO
}

/* Of n outputs: y[at], each `step` floats after the last. */
static void finish_outputs(size_t n, const float *sum, const float *bias, const fast_after *after,
                           size_t at, size_t step, float *y) {
  for (size_t h = 0; h < 16; h += LANES) {
    vec b = bias ? load(bias + h) : (vec){0};
    for (size_t k = 0, to = at + h; k < n; k++, to += step) {
      vec v = load(sum + 16 * k + h) + b;
      if (after->residual) v += load(after->residual + to);
      if (after->add) v += load(y + to);
      if (after->relu) v = where_positive(v, v);
      store(y + to, v);
    }
  }
}

/* Outputs in a row: of filters from `filter` on, the first at y[at], others of the row `step`, of the next 16
 * filters `block` apart. */
typedef struct row {
  size_t outputs, filter, blocks;
  size_t at, step, block;
} row;

static void sum_row(const sweep *s, const row *r, const float *x, const float *u,
                    const fast_after *after, float *y) {
  float sums[2 * MOST_OUTPUTS * 16] __attribute__((aligned(64)));
  size_t most = MOST_OUTPUTS / r->blocks, groups = (r->outputs + most - 1) / most;
  for (size_t g = 0; g < groups; g++) {
    size_t from = r->outputs * g / groups, n = r->outputs * (g + 1) / groups - from;
    sum_any(n, r->blocks, s, x + from * s->depth, u, sums);
    for (size_t b = 0; b < r->blocks; b++) {
      const float *bias = after->bias ? after->bias + r->filter + b * 16 : NULL;
      finish_outputs(n, sums + b * MOST_OUTPUTS * 16, bias, after,
                     r->at + b * r->block + from * r->step, r->step, y);
    }
  }
}

/* Two blocks of filters at a time, where there are registers for it. */
static size_t blocks_at(fast_range filters, size_t f) {
  return MOST_BLOCKS == 2 && filters.to - f >= 32 ? 2 : 1;
}

/* ---- forward ---- */

/* Where a picture is read from: itself, or a frame made of it. */
typedef struct view {
  const float *x;
  size_t row, plane, phase; /* floats from each to the next */
} view;

static view view_picture(const direct_shape *s, const float *picture, fast_range rows,
                         float *scratch) {
  frame f = frame_of_input(s);
  if (s->padding == 0 && s->stride == 1) {
    return (view){picture, s->width * f.depth, s->height * s->width * f.depth, 0};
  }
  fast_range seen = {rows.from * s->stride, (rows.to - 1) * s->stride + s->size};
  fill_frame(&f, picture, s->height, s->width, seen, scratch);
  return (view){scratch, row_floats(&f), plane_floats(&f), f.phase * f.depth};
}

static void describe_forward(const direct_shape *s, const view *v, sweep *sw) {
  size_t depth = in_blocks(s) ? 16 : 1;
  sw->planes = s->channels / depth;
  sw->depth = depth;
  sw->x_plane = v->plane;
  sw->u_plane = taps_of(s) * depth * 16;
  sw->u_block = row_of(s) * 16;
  sw->n_taps = taps_of(s);
  for (size_t t = 0; t < sw->n_taps; t++) {
    size_t y = t / s->size, x = t % s->size;
    size_t from = y * v->row + x % s->stride * v->phase + x / s->stride * depth;
    sw->taps[t] = (tap){from, t * depth * 16};
  }
}

static void run(const direct_shape *s, const float *x, const float *u, const fast_after *after,
                fast_share share, float *y, void *scratch) {
  fast_range rows = {0, s->out_height}, filters = {0, s->filters};
  if (s->out_height >= 2 * share.parts) {
    rows = fast_part_of(s->out_height, 1, share);
  } else {
    filters = fast_part_of(s->filters, 16, share);
  }
  size_t places = s->out_height * s->out_width;
  for (size_t i = 0; filters.from < filters.to && i < s->pictures; i++) {
    view v = view_picture(s, x + i * s->channels * s->height * s->width, rows, scratch);
    sweep sw;
    describe_forward(s, &v, &sw);
    for (size_t f = filters.from, blocks; f < filters.to; f += 16 * blocks) {
      blocks = blocks_at(filters, f);
      for (size_t r = rows.from; r < rows.to; r++) {
        row to = {.outputs = s->out_width, .filter = f, .blocks = blocks, .step = 16};
        to.block = 16 * places;
        to.at = (i * s->filters + f) * places + 16 * r * s->out_width;
        sum_row(&sw, &to, v.x + r * s->stride * v.row, u + f * row_of(s), after, y);
      }
    }
  }
}

/* ---- backward, to the input ---- */

/* Of inputs (i + padding) % stride = `down`, `right`: taps that see an output. */
static void describe_back(const direct_shape *s, const frame *f, size_t down, size_t right,
                          sweep *sw) {
  sw->planes = f->planes;
  sw->depth = 16;
  sw->x_plane = plane_floats(f);
  sw->u_plane = taps_of(s) * 256;
  sw->u_block = f->planes * sw->u_plane;
  sw->n_taps = 0;
  for (size_t y = down; y < s->size; y += s->stride) {
    for (size_t x = right; x < s->size; x += s->stride) {
      size_t up = f->before - y / s->stride, left = f->before - x / s->stride;
      sw->taps[sw->n_taps++] = (tap){(up * f->width + left) * 16, (y * s->size + x) * 256};
    }
  }
}

/* The first input i with (i + padding) % stride = rest. */
static size_t first_input(const direct_shape *s, size_t rest) {
  return (rest + s->stride - s->padding % s->stride) % s->stride;
}

static void run_back(const direct_shape *s, const float *dy, const float *u, bool add, float *dx,
                     void *scratch) {
  frame f = frame_of_output(s);
  size_t classes = s->stride * s->stride, area = s->height * s->width;
  fast_range all = {0, s->channels};
  for (size_t i = 0; i < s->pictures; i++) {
    fill_frame(&f, dy + i * s->filters * s->out_height * s->out_width, s->out_height, s->out_width,
               (fast_range){0, f.height}, scratch);
    for (size_t k = 0; k < classes; k++) {
      sweep sw;
      describe_back(s, &f, k / s->stride, k % s->stride, &sw);
      size_t left = first_input(s, k % s->stride), top = first_input(s, k / s->stride);
      if (left >= s->width) continue;
      for (size_t c = 0, blocks; c < s->channels; c += 16 * blocks) {
        blocks = blocks_at(all, c);
        for (size_t r = top; r < s->height; r += s->stride) {
          row to = {.outputs = (s->width - left + s->stride - 1) / s->stride, .blocks = blocks};
          to.step = 16 * s->stride;
          to.block = 16 * area;
          to.at = (i * s->channels + c) * area + 16 * (r * s->width + left);
          size_t q = (r + s->padding) / s->stride * f.width + (left + s->padding) / s->stride;
          const float *from = (const float *)scratch + q * 16;
          sum_row(&sw, &to, from, u + c / 16 * sw.u_block, &(fast_after){.add = add}, dx);
        }
      }
    }
  }
}

/* ---- backward, to the weights ---- */

/* Outputs whose gradients stay in registers. */
enum { SEEN = LANES == 16 ? 8 : 4 };

/* Pairs of an input and the gradient of an output, the latter one after the other. */
typedef struct pairs {
  const float *dy;
  size_t rows, columns, x_row;
} pairs;

/* du[l] += sum over pairs of x[l] dy, for n (constant) values of x side by side and 16 filters. */
ALWAYS_INLINE void sum_products(size_t n, const pairs *p, const float *x, float *du) {
  vec sum[16][PARTS];
  UNROLL for (size_t l = 0; l < n; l++) {
    UNROLL for (size_t h = 0; h < PARTS; h++) sum[l][h] = load(du + l * 16 + h * LANES);
  }
  const float *dy = p->dy;
  for (size_t r = 0; r < p->rows; r++, x += p->x_row) {
    const float *from = x;
    for (size_t c = 0; c < p->columns; c++, from += 16, dy += 16) {
      UNROLL for (size_t h = 0; h < PARTS; h++) {
        vec gradient = load(dy + h * LANES);
        UNROLL for (size_t l = 0; l < n; l++) sum[l][h] += from[l] * gradient;
      }
    }
  }
  UNROLL for (size_t l = 0; l < n; l++) {
    UNROLL for (size_t h = 0; h < PARTS; h++) store(du + l * 16 + h * LANES, sum[l][h]);
  }
}

static void sum_block(const pairs *p, const float *x, float *du) {
#define GROUP(FIRST, N) sum_products(N, p, x + (FIRST), du + (FIRST)*16)
  IN_GROUPS(GROUP);
#undef GROUP
}

static void gradient_of_blocks(const direct_shape *s, const sweep *sw, const view *v,
                               const float *dy, float *du) {
  pairs p = {.rows = s->out_height, .columns = s->out_width, .x_row = s->stride * v->row};
  for (size_t f = 0; f < s->filters; f += 16) {
    p.dy = dy + f * s->out_height * s->out_width;
    for (size_t c = 0; c < sw->planes; c++) {
      for (size_t t = 0; t < sw->n_taps; t++, du += 256) {
        sum_block(&p, v->x + c * v->plane + sw->taps[t].x, du);
      }
    }
  }
}

/* du += sum over n outputs (constant) side by side of what each sees times its gradient: channel, tap. */
ALWAYS_INLINE void add_seen(size_t n, const sweep *s, const float *x, const float *dy, float *du) {
  vec gradient[SEEN][PARTS];
  UNROLL for (size_t k = 0; k < n; k++) {
    UNROLL for (size_t h = 0; h < PARTS; h++) gradient[k][h] = load(dy + k * 16 + h * LANES);
  }
  for (size_t c = 0; c < s->planes; c++, x += s->x_plane) {
    for (size_t t = 0; t < s->n_taps; t++, du += 16) {
      const float *from = x + s->taps[t].x;
      UNROLL for (size_t h = 0; h < PARTS; h++) {
        vec sum = load(du + h * LANES);
        UNROLL for (size_t k = 0; k < n; k++) sum += from[k] * gradient[k][h];
        store(du + h * LANES, sum);
      }
    }
  }
}

static void gradient_of_plain(const direct_shape *s, const sweep *sw, const view *v,
                              const float *dy, float *du) {
  for (size_t f = 0; f < s->filters; f += 16, du += row_of(s) * 16) {
    for (size_t r = 0; r < s->out_height; r++) {
      const float *x = v->x + r * s->stride * v->row;
      size_t c = 0;
      for (; c + SEEN <= s->out_width; c += SEEN, dy += SEEN * 16) {
        add_seen(SEEN, sw, x + c, dy, du);
      }
      for (; c < s->out_width; c++, dy += 16) add_seen(1, sw, x + c, dy, du);
    }
  }
}

static void gradient(const direct_shape *s, const float *x, const float *dy, float *du,
                     void *scratch) {
  for (size_t i = 0; i < s->pictures; i++) {
    view v = view_picture(s, x + i * s->channels * s->height * s->width,
                          (fast_range){0, s->out_height}, scratch);
    const float *dy_of = dy + i * s->filters * s->out_height * s->out_width;
    sweep sw;
    describe_forward(s, &v, &sw);
    if (in_blocks(s)) {
      gradient_of_blocks(s, &sw, &v, dy_of, du);
    } else {
      gradient_of_plain(s, &sw, &v, dy_of, du);
    }
  }
}

/* ---- weights ---- */

/* u: block of filters, block of channels, tap, channel, 16 filters; `back`: the other way round. */
static size_t place_in_order(const direct_shape *s, size_t f, size_t c, size_t t, bool back) {
  if (!in_blocks(s)) return f / 16 * 16 * row_of(s) + (c * taps_of(s) + t) * 16 + f % 16;
  size_t out = back ? c : f, in = back ? f : c, blocks = (back ? s->filters : s->channels) / 16;
  return ((out / 16 * blocks + in / 16) * taps_of(s) + t) * 256 + in % 16 * 16 + out % 16;
}

static void prepare(const direct_shape *s, const float *w, bool back, float *u) {
  for (size_t f = 0; f < s->filters; f++) {
    for (size_t c = 0; c < s->channels; c++) {
      bool given = f < s->given_filters && c < s->given_channels;
      for (size_t t = 0; t < taps_of(s); t++)
        u[place_in_order(s, f, c, t, back)] = given ? *w++ : 0;
    }
  }
}

static void finish(const direct_shape *s, const float *du, bool add, float *dw) {
  for (size_t f = 0; f < s->given_filters; f++) {
    for (size_t c = 0; c < s->given_channels; c++) {
      for (size_t t = 0; t < taps_of(s); t++, dw++) {
        float g = du[place_in_order(s, f, c, t, false)];
        *dw = add ? *dw + g : g;
      }
    }
  }
}

const direct_kernels AT_LEVEL(direct) = {.weights = count_weights,
                                         .scratch = scratch_bytes,
                                         .prepare = prepare,
                                         .run = run,
                                         .run_back = run_back,
                                         .gradient = gradient,
                                         .finish = finish};
