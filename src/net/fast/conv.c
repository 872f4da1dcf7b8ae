/* Convolution with what follows it: conv [-> batch norm [-> add]] [-> relu], in one kernel.
 *
 * A shard's pictures go through it a few at a time, so that what the convolution has written is still in
 * the cache when the norm sums it; in the backward pass the gradient of the convolution's output exists
 * for these few alone. The output of the convolution is saved, that of the norm is not: it is made again
 * from it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/fast/fast.h"
#include "net/fast/lanes16.h"
#include "net/fast/onednn.h"
#include "net/fast/winograd.h"
#include "net/ops.h"

enum { X, W, B };
enum { FILTERS, SIZE, STRIDE, PADDING, GROUPS, BIAS };
enum { NORM_MOMENTUM, NORM_EPSILON };
/* Bytes of the input or output that are worked on at a time. */
enum { PIECE_BYTES = 256 << 10, FEWEST_TILES = 8 };

/* Which inputs are which; 0: there is none. */
typedef struct form {
  uint8_t bias, norm, residual; /* norm: scale, then shift, mean, variance */
  bool relu;
} form;

typedef struct conv_state {
  form form;
  uint32_t piece, n_pieces;  /* pictures */
  size_t x_floats, y_floats; /* of a piece */
  size_t filters, places, weights, channels, x_places;
  size_t row, wide_row;   /* weights of a filter, and with those of channels that are filled in */
  bool fill_in, fill_out; /* x or y is plain, and filled up to blocks for oneDNN */
  bool winograd, learns, data;                   /* data: the gradient by the input is wanted */
  winograd_shape tiles;                          /* of a piece */
  fast_conv *forward, *back_data, *back_weights; /* without winograd */
  float *packed, *packed_back;                   /* weights, in the orders of the two */
  float *wide;   /* plain weights in wide rows; inference: times the norm's scale */
  float *folded; /* inference: the bias, with the norm's shift */
  bool packed_once;
  uint64_t packed_at; /* clock->changes when they were packed */
  /* Into run->scratch, in bytes. */
  size_t x_blocks_at, y_blocks_at, dy_at, dx_at, dw_at, dw_piece_at, dw_plain_at, db_at, scratch;
} conv_state;

/* ---- what is offered ---- */

static bool is(const net_node *node, const char *kind) { return strcmp(node->op->kind, kind) == 0; }

/* How many nodes of the chain are taken. */
static uint8_t read_form(const net_node *const *nodes, uint8_t n, bool blocks, form *f) {
  uint8_t taken = 1, in = nodes[0]->n_in;
  *f = (form){.bias = nodes[0]->attribute[BIAS] != 0 ? B : 0};
  if (blocks && taken < n && is(nodes[taken], "batch_norm")) {
    f->norm = in;
    in = (uint8_t)(in + 4);
    taken++;
    if (taken < n && is(nodes[taken], "add")) {
      f->residual = in;
      taken++;
    }
  }
  if (taken < n && is(nodes[taken], "relu")) {
    f->relu = true;
    taken++;
  }
  return taken;
}

static lan_shape input_shape(const net_chain *chain) {
  return chain->net->nodes.data[chain->nodes[0]->in[X]].shape;
}

static bool in_blocks(uint32_t channels) { return channels % 16 == 0; }

/* oneDNN has quick kernels for outputs in blocks if the input is in blocks, too, or has few channels. */
static bool fits_blocks(uint32_t channels, uint32_t filters, uint32_t groups) {
  return groups == 1 && in_blocks(filters) && (in_blocks(channels) || channels <= 4);
}

/* Others may be quicker with channels filled up with zeros to such blocks inside of the kernel, if that
 * does not make too much more of them. */
static bool pays_to_fill(uint32_t channels, uint32_t filters) {
  uint64_t in = channels <= 4 ? channels : ((uint64_t)channels + 15) / 16 * 16;
  uint64_t out = ((uint64_t)filters + 15) / 16 * 16;
  return in * out <= (uint64_t)8 * channels * filters;
}

/* A rule rather than a measurement when the plan is made: the choice decides the last bits of results, and
 * what is resumed must go on to the same ones. Measured on a Sapphire Rapids, it takes 0.4 to 0.6 times as long
 * as oneDNN's direct kernels, where there are enough tiles for transformed weights, which are four times as
 * large, to be read from afar. oneDNN's own Winograd is slower than its direct kernels on few pictures, or with
 * 16 channels. */
static bool winograd_pays(const net_chain *chain) {
  const double *a = chain->nodes[0]->attribute;
  lan_shape x = input_shape(chain);
  uint64_t tiles = (uint64_t)chain->rows * ((x.dims[2] + 3) / 4) * ((x.dims[3] + 3) / 4);
  return a[SIZE] == 3 && a[STRIDE] == 1 && a[PADDING] == 1 && in_blocks(x.dims[1]) &&
         in_blocks((uint32_t)a[FILTERS]) && tiles >= FEWEST_TILES;
}

static const net_kernel *kernel_for(const form *f, bool training, bool winograd);

bool fast_offer_conv(const net_chain *chain, net_offer *offer) {
  const net_node *conv = chain->nodes[0];
  uint32_t channels = input_shape(chain).dims[1], filters = (uint32_t)conv->attribute[FILTERS];
  if (conv->attribute[GROUPS] != 1) return false;
  bool blocks = fits_blocks(channels, filters, 1);
  form f;
  offer->n_nodes = read_form(chain->nodes, chain->n_nodes, blocks, &f);
  offer->kernel = kernel_for(&f, chain->training, winograd_pays(chain));
  if (blocks && in_blocks(channels)) offer->in[X] = NET_C16;
  if (f.residual) offer->in[f.residual] = NET_C16;
  offer->out = blocks ? NET_C16 : NET_PLAIN;
  return true;
}

/* ---- making ---- */

static uint32_t pictures_at_a_time(uint32_t rows, size_t bytes) {
  uint32_t best = 1;
  for (uint32_t n = 2; n <= rows; n++) {
    if (rows % n == 0 && n * bytes <= PIECE_BYTES) best = n;
  }
  return best;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static fast_conv_spec specify(const net_run *run, const conv_state *st) {
  const net_node *conv = run->nodes[0];
  lan_shape x = run->in_shape[X], y = run->out_shape;
  bool blocks = fits_blocks(x.dims[1], y.dims[1], 1);
  fast_conv_spec s = {.rows = st->piece,
                      .channels = st->fill_in ? (x.dims[1] + 15) / 16 * 16 : x.dims[1],
                      .height = x.dims[2],
                      .width = x.dims[3],
                      .filters = y.dims[1],
                      .out_height = y.dims[2],
                      .out_width = y.dims[3],
                      .size = (uint32_t)conv->attribute[SIZE],
                      .stride = (uint32_t)conv->attribute[STRIDE],
                      .padding = (uint32_t)conv->attribute[PADDING],
                      .groups = 1,
                      .in_blocks = blocks ? in_blocks(x.dims[1]) : st->fill_in,
                      .out_blocks = blocks || st->fill_out,
                      .bias = st->form.bias != 0};
  return s;
}

static void measure(const net_run *run, conv_state *st) {
  lan_shape x = run->in_shape[X], y = run->out_shape;
  size_t x_each = net_shape_count(x, 0) / x.dims[0], y_each = net_shape_count(y, 0) / y.dims[0];
  st->piece = pictures_at_a_time(y.dims[0], larger(x_each, y_each) * sizeof(float));
  st->n_pieces = y.dims[0] / st->piece;
  st->x_floats = st->piece * x_each;
  st->y_floats = st->piece * y_each;
  st->filters = y.dims[1];
  st->places = y_each / y.dims[1];
  st->weights = net_shape_count(run->in_shape[W], 0);
  st->learns = run->clock->training;
  st->data = st->learns && run->wants[X];
  st->tiles = (winograd_shape){st->piece, x.dims[1], y.dims[1], x.dims[2], x.dims[3]};
  st->channels = x.dims[1];
  st->x_places = x_each / x.dims[1];
  st->fill_out = !fits_blocks(x.dims[1], y.dims[1], 1) && pays_to_fill(x.dims[1], y.dims[1]);
  st->fill_in = st->fill_out && x.dims[1] > 4;
  st->row = st->weights / st->filters;
  st->wide_row = st->fill_in ? st->row / st->channels * ((st->channels + 15) / 16 * 16) : st->row;
}

static lan_status new_lines(size_t bytes, float **out, lan_error *err) {
  *out = aligned_alloc(64, net_aligned(bytes));
  if (!*out) return lan_fail_memory(err, bytes);
  memset(*out, 0, net_aligned(bytes));
  return LAN_OK;
}

static size_t filled(size_t channels, size_t places) {
  return (channels + 15) / 16 * 16 * places * sizeof(float);
}

static void lay_out_scratch(conv_state *st) {
  bool back = st->learns;
  size_t at, packed = 0;
  if (st->winograd) {
    at = winograd_scratch(&st->tiles);
    packed = winograd_weights(&st->tiles) * sizeof(float);
  } else {
    at = fast_conv_scratch(st->forward);
    if (back) at = larger(at, fast_conv_scratch(st->back_weights));
    if (st->data) at = larger(at, fast_conv_scratch(st->back_data));
    if (back) packed = fast_conv_packed(st->back_weights);
  }
  struct {
    size_t *at, bytes;
  } parts[] = {{&st->x_blocks_at, st->fill_in ? st->piece * filled(st->channels, st->x_places) : 0},
               {&st->y_blocks_at, st->fill_out ? st->piece * filled(st->filters, st->places) : 0},
               {&st->dy_at, back ? st->y_floats * sizeof(float) : 0},
               {&st->dx_at, st->data ? st->x_floats * sizeof(float) : 0},
               {&st->dw_at, back ? packed : 0},
               {&st->dw_piece_at, back && !st->winograd ? packed : 0},
               {&st->dw_plain_at, back ? st->filters * st->wide_row * sizeof(float) : 0},
               {&st->db_at, back ? 2 * st->filters * sizeof(float) : 0}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    *parts[i].at = at = net_aligned(at);
    at += parts[i].bytes;
  }
  st->scratch = at;
}

static void conv_release(void *state) {
  conv_state *st = state;
  fast_conv_free(st->forward);
  fast_conv_free(st->back_data);
  fast_conv_free(st->back_weights);
  free(st->packed);
  free(st->packed_back);
  free(st->wide);
  free(st->folded);
  free(st);
}

static lan_status make_winograd(conv_state *st, lan_error *err) {
  size_t bytes = winograd_weights(&st->tiles) * sizeof(float);
  lan_status status = new_lines(bytes, &st->packed, err);
  if (status == LAN_OK && st->data) status = new_lines(bytes, &st->packed_back, err);
  return status;
}

static lan_status make_onednn(const net_run *run, conv_state *st, lan_error *err) {
  fast_conv_spec s = specify(run, st);
  s.relu = st->form.relu && !(st->learns && st->form.norm);
  s.add = st->form.residual && !st->learns;
  s.bias = s.bias || (st->form.norm && !st->learns);
  lan_status status = fast_conv_new(&s, FAST_FORWARD, &st->forward, err);
  if (status == LAN_OK) status = new_lines(fast_conv_packed(st->forward), &st->packed, err);
  if (status == LAN_OK && st->learns) {
    status = fast_conv_new(&s, FAST_BACK_WEIGHTS, &st->back_weights, err);
  }
  if (status != LAN_OK || !st->data) return status;
  status = fast_conv_new(&s, FAST_BACK_DATA, &st->back_data, err);
  if (status == LAN_OK) status = new_lines(fast_conv_packed(st->back_data), &st->packed_back, err);
  return status;
}

static lan_status make(const net_run *run, conv_state *st, lan_error *err) {
  if (st->fill_in || !st->learns) {
    st->wide = lan_alloc_zeroed(st->filters * st->wide_row, sizeof *st->wide);
    if (!st->wide) return lan_fail_memory(err, st->filters * st->wide_row * sizeof *st->wide);
  }
  if (!st->learns) {
    st->folded = lan_alloc_zeroed(st->filters, sizeof *st->folded);
    if (!st->folded) return lan_fail_memory(err, st->filters * sizeof *st->folded);
  }
  return st->winograd ? make_winograd(st, err) : make_onednn(run, st, err);
}

static lan_status prepare(net_run *run, bool winograd, lan_error *err) {
  conv_state *st = lan_alloc_zeroed(1, sizeof *st);
  if (!st) return lan_fail_memory(err, sizeof *st);
  read_form(run->nodes, run->n_nodes, true, &st->form);
  st->winograd = winograd;
  measure(run, st);
  int was = fast_begin();
  lan_status status = make(run, st, err);
  fast_end(was);
  if (status != LAN_OK) {
    conv_release(st);
    return status;
  }
  lay_out_scratch(st);
  run->state = st;
  return LAN_OK;
}

static lan_status prepare_onednn(net_run *run, lan_error *err) { return prepare(run, false, err); }
static lan_status prepare_winograd(net_run *run, lan_error *err) { return prepare(run, true, err); }

/* saved, with a norm: what it is of each channel, and the convolution's output. shared: two sums of each
 * shard and channel. */
typedef struct norm_view {
  float *mean, *inverse, *a, *b, *about; /* y = conv a + b; about: what was summed about */
  float *conv;
} norm_view;

static norm_view norm_of(const net_run *run, const conv_state *st) {
  float *p = run->saved;
  size_t n = st->filters; /* a multiple of 16 */
  return (norm_view){p, p + n, p + 2 * n, p + 3 * n, p + 4 * n, p + 5 * n};
}

static void conv_sizes(const net_run *run, net_sizes *sizes) {
  const conv_state *st = run->state;
  sizes->scratch = st->scratch;
  if (!run->clock->training || !st->form.norm) return;
  sizes->saved = (5 * st->filters + st->n_pieces * st->y_floats) * sizeof(float);
  sizes->shared = 2 * st->filters * run->n_shards * sizeof(double);
}

static double *sums_of(const net_run *run, const conv_state *st, uint32_t shard) {
  return (double *)run->shared + 2 * st->filters * shard;
}

/* Over all shards, which have the sums in the same order. Unbatched, each shard has all. */
static void add_sums(const net_run *run, const conv_state *st, size_t channel, double out[2]) {
  out[0] = out[1] = 0;
  for (uint32_t s = 0; s < run->n_shards; s++) {
    if (!run->batched && s != run->shard) continue;
    out[0] += sums_of(run, st, s)[channel];
    out[1] += sums_of(run, st, s)[st->filters + channel];
  }
}

static double values_of(const net_run *run, const conv_state *st) {
  return (double)(run->batched ? run->all_rows : run->out_shape.dims[0]) * (double)st->places;
}

/* Calls for each block of 16 channels of each picture of a piece. */
#define FOR_EACH_BLOCK(st)                                           \
  for (size_t picture = 0, at = 0; picture < (st)->piece; picture++) \
    for (size_t c = 0; c < (st)->filters; c += 16, at += 16 * (st)->places)

/* ---- to blocks and back ---- */

static void *scratch_at(const net_run *run, size_t at) { return (char *)run->scratch + at; }

/* Plain pictures of a piece, filled up to blocks if they are to be. */
static const float *filled_x(const net_run *run, const conv_state *st, const float *x) {
  if (!st->fill_in) return x;
  float *blocks = scratch_at(run, st->x_blocks_at);
  lanes16_fill(st->piece, st->channels, st->x_places, x, blocks);
  return blocks;
}

static const float *filled_y(const net_run *run, const conv_state *st, const float *y) {
  if (!st->fill_out) return y;
  float *blocks = scratch_at(run, st->y_blocks_at);
  lanes16_fill(st->piece, st->filters, st->places, y, blocks);
  return blocks;
}

/* y = conv(x) + bias, + residual and then a ReLU where those are not left to a norm. */
static void convolve_piece(const net_run *run, conv_state *st, uint32_t i, const float *bias,
                           float *y) {
  const float *x = run->in[X] + i * st->x_floats;
  bool alone = !(st->form.norm && st->learns);
  const float *residual = NULL;
  if (st->form.residual && alone) residual = run->in[st->form.residual] + i * st->y_floats;
  if (st->winograd) {
    winograd_after after = {.bias = bias, .residual = residual, .relu = alone && st->form.relu};
    winograd_run(&st->tiles, x, st->packed, &after, y, run->scratch);
    return;
  }
  if (residual) memcpy(y, residual, st->y_floats * sizeof *y);
  float *to = st->fill_out ? scratch_at(run, st->y_blocks_at) : y;
  fast_conv_run(st->forward, filled_x(run, st, x), st->packed, bias, to, run->scratch);
  if (st->fill_out) lanes16_take(st->piece, st->filters, st->places, to, y);
}

/* ---- training, forward ---- */

static void pack_plain(conv_state *st, const float *plain) {
  if (st->winograd) {
    winograd_prepare(&st->tiles, plain, false, st->packed);
    if (st->data) winograd_prepare(&st->tiles, plain, true, st->packed_back);
  } else {
    fast_conv_reorder(st->forward, plain, st->packed);
    if (st->data) fast_conv_reorder(st->back_data, plain, st->packed_back);
  }
}

static void pack(const net_run *run, conv_state *st) {
  if (st->packed_once && st->packed_at == run->clock->changes) return;
  const float *plain = run->in[W];
  if (st->wide) {
    for (size_t c = 0; c < st->filters; c++) {
      memcpy(st->wide + c * st->wide_row, plain + c * st->row, st->row * sizeof *plain);
    }
    plain = st->wide;
  }
  pack_plain(st, plain);
  st->packed_once = true;
  st->packed_at = run->clock->changes;
}

static const float *bias_of(const net_run *run, const conv_state *st) {
  return st->form.bias ? run->in[st->form.bias] : NULL;
}

static void convolve(const net_run *run, conv_state *st, float *y, double *sums,
                     const float *about) {
  for (uint32_t i = 0; i < st->n_pieces; i++, y += st->y_floats) {
    convolve_piece(run, st, i, bias_of(run, st), y);
    if (!sums) continue;
    FOR_EACH_BLOCK(st) {
      lanes16_moments(st->places, y + at, about + c, sums + c, sums + st->filters + c);
    }
  }
}

/* As the reference has it (op_batch_norm.c); every shard finds the same numbers. */
static void combine(const net_run *run, const conv_state *st) {
  norm_view v = norm_of(run, st);
  const net_node *norm = run->nodes[1];
  const float *scale = run->in[st->form.norm], *shift = run->in[st->form.norm + 1];
  double n = values_of(run, st), epsilon = norm->attribute[NORM_EPSILON];
  for (size_t c = 0; c < st->filters; c++) {
    double sums[2];
    add_sums(run, st, c, sums);
    double off = sums[0] / n, variance = sums[1] / n - off * off;
    v.mean[c] = (float)((double)v.about[c] + off);
    v.inverse[c] = (float)(1 / sqrt((variance > 0 ? variance : 0) + epsilon));
    v.a[c] = scale[c] * v.inverse[c];
    v.b[c] = shift[c] - v.mean[c] * v.a[c];
  }
}

static void normalise(const net_run *run, const conv_state *st) {
  norm_view v = norm_of(run, st);
  const float *residual = st->form.residual ? run->in[st->form.residual] : NULL;
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    size_t from = i * st->y_floats;
    FOR_EACH_BLOCK(st) {
      lanes16_scale(st->places, v.conv + from + at, v.a + c, v.b + c,
                    residual ? residual + from + at : NULL, st->form.relu, run->out + from + at);
    }
  }
}

static void conv_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  conv_state *st = run->state;
  int was = fast_begin();
  pack(run, st);
  convolve(run, st, run->out, NULL, NULL);
  fast_end(was);
}

static void norm_forward(const net_run *run, uint32_t phase) {
  conv_state *st = run->state;
  if (phase == 0) {
    norm_view v = norm_of(run, st);
    int was = fast_begin();
    pack(run, st);
    memcpy(v.about, run->in[st->form.norm + 2], st->filters * sizeof *v.about);
    double *sums = sums_of(run, st, run->shard);
    memset(sums, 0, 2 * st->filters * sizeof *sums);
    convolve(run, st, v.conv, sums, v.about);
    fast_end(was);
    return;
  }
  combine(run, st);
  normalise(run, st);
  if (run->shard == 0) {
    net_run norm = *run; /* as the norm alone would see it */
    norm.nodes[0] = run->nodes[1];
    for (size_t k = 0; k < 4; k++) norm.in[1 + k] = run->in[st->form.norm + k];
    net_norm_remember(&norm);
  }
}

/* ---- training, backward ---- */

/* The gradient of a parameter: over what is there, or added to it. */
static void give(const net_run *run, size_t input, size_t n, const float *gradient) {
  if (!run->din[input]) return;
  if (run->add[input]) {
    lanes16_add(n, gradient, run->din[input]);
  } else {
    memcpy(run->din[input], gradient, n * sizeof *gradient);
  }
}

/* The gradient by the weights of piece i, added to what earlier pieces gave. */
static void back_weights(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  const float *x = run->in[X] + i * st->x_floats;
  float *dw = scratch_at(run, st->dw_at), *db = scratch_at(run, st->db_at);
  if (st->winograd) {
    if (i == 0) memset(dw, 0, winograd_weights(&st->tiles) * sizeof *dw);
    winograd_gradient(&st->tiles, x, dy, dw, run->scratch);
    if (!st->form.bias) return;
    if (i == 0) memset(db, 0, st->filters * sizeof *db);
    FOR_EACH_BLOCK(st) lanes16_sum(st->places, dy + at, db + c);
    return;
  }
  float *dw_piece = i ? scratch_at(run, st->dw_piece_at) : dw;
  float *db_piece = i ? db + st->filters : db;
  fast_conv_run(st->back_weights, filled_x(run, st, x), dw_piece, db_piece, dy, run->scratch);
  if (i == 0) return;
  lanes16_add(fast_conv_packed(st->back_weights) / sizeof *dw, dw_piece, dw);
  if (st->form.bias) lanes16_add(st->filters, db_piece, db);
}

static void back_data(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  /* Where the residual is the input itself, it has been written before. */
  bool again = st->form.residual && run->din[st->form.residual] == run->din[X];
  bool add = run->add[X] || again;
  float *dx = run->din[X] + i * st->x_floats;
  if (st->winograd) {
    winograd_shape back = st->tiles;
    back.channels = st->tiles.filters;
    back.filters = st->tiles.channels;
    winograd_run(&back, dy, st->packed_back, &(winograd_after){.add = add}, dx, run->scratch);
    return;
  }
  float *to = add ? scratch_at(run, st->dx_at) : dx;
  float *blocks = st->fill_in ? scratch_at(run, st->x_blocks_at) : to;
  fast_conv_run(st->back_data, blocks, st->packed_back, NULL, dy, run->scratch);
  if (st->fill_in) lanes16_take(st->piece, st->channels, st->x_places, blocks, to);
  if (add) lanes16_add(st->x_floats, to, dx);
}

/* Of piece i, from the gradient of the convolution's output. */
static void back_piece(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  dy = filled_y(run, st, dy);
  if (run->din[W]) back_weights(run, st, i, dy);
  if (run->din[X]) back_data(run, st, i, dy);
}

static void take_weights(const net_run *run, conv_state *st) {
  const float *dw = scratch_at(run, st->dw_at);
  if (st->winograd) {
    winograd_finish(&st->tiles, dw, run->add[W], run->din[W]);
    return;
  }
  bool direct = !run->add[W] && !st->fill_in;
  float *plain = direct ? run->din[W] : scratch_at(run, st->dw_plain_at);
  fast_conv_reorder(st->back_weights, dw, plain);
  for (size_t c = 0; !direct && c < st->filters; c++) {
    float *to = run->din[W] + c * st->row;
    if (!run->add[W]) memset(to, 0, st->row * sizeof *to);
    lanes16_add(st->row, plain + c * st->wide_row, to);
  }
}

static void give_weights(const net_run *run, conv_state *st) {
  if (run->din[W]) take_weights(run, st);
  if (st->form.bias) give(run, st->form.bias, st->filters, scratch_at(run, st->db_at));
}

static void conv_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  conv_state *st = run->state;
  int was = fast_begin();
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    const float *dy = run->dout + i * st->y_floats;
    if (st->form.relu) {
      float *passed = scratch_at(run, st->dy_at);
      lanes16_pass(st->y_floats, dy, run->out + i * st->y_floats, passed);
      dy = passed;
    }
    back_piece(run, st, i, dy);
  }
  give_weights(run, st);
  fast_end(was);
}

static lanes16_norm lanes_of(const norm_view *v, const conv_state *st, size_t c) {
  return (lanes16_norm){v->mean + c, v->inverse + c, v->a + c, v->b + c, st->form.relu};
}

/* What the ReLU let pass is seen in its output where something was added before it. */
static const float *let_pass(const net_run *run, const conv_state *st) {
  return st->form.residual && st->form.relu ? run->out : NULL;
}

static void sum_gradients(const net_run *run, const conv_state *st) {
  norm_view v = norm_of(run, st);
  const float *y = let_pass(run, st);
  float *dr = st->form.residual ? run->din[st->form.residual] : NULL;
  bool add = dr && (dr == run->din[X] ? run->add[X] : run->add[st->form.residual]);
  double *sums = sums_of(run, st, run->shard);
  memset(sums, 0, 2 * st->filters * sizeof *sums);
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    size_t from = i * st->y_floats;
    FOR_EACH_BLOCK(st) {
      size_t k = from + at;
      lanes16_norm norm = lanes_of(&v, st, c);
      lanes16_norm_sums(st->places, &norm, run->dout + k, v.conv + k, y ? y + k : NULL,
                        dr ? dr + k : NULL, add, sums + c, sums + st->filters + c);
    }
  }
}

static void give_norm(const net_run *run, const conv_state *st) {
  const double *sums = sums_of(run, st, run->shard);
  float *to = scratch_at(run, st->db_at);
  for (size_t k = 0; k < 2; k++) { /* scale: sum of dy x'; shift: sum of dy */
    for (size_t c = 0; c < st->filters; c++) to[c] = (float)sums[(1 - k) * st->filters + c];
    give(run, st->form.norm + k, st->filters, to);
  }
}

static void norm_backward(const net_run *run, uint32_t phase) {
  conv_state *st = run->state;
  if (phase == 0) {
    sum_gradients(run, st);
    give_norm(run, st);
    return;
  }
  norm_view v = norm_of(run, st);
  const float *y = let_pass(run, st);
  float *dy = scratch_at(run, st->dy_at), *of_dy = v.about; /* no longer needed */
  float *of_product = scratch_at(run, st->dw_plain_at);
  double n = values_of(run, st);
  for (size_t c = 0; c < st->filters; c++) {
    double sums[2];
    add_sums(run, st, c, sums);
    of_dy[c] = (float)(sums[0] / n);
    of_product[c] = (float)(sums[1] / n);
  }
  int was = fast_begin();
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    size_t from = i * st->y_floats;
    FOR_EACH_BLOCK(st) {
      size_t k = from + at;
      lanes16_norm norm = lanes_of(&v, st, c);
      lanes16_norm_gradient(st->places, &norm, run->dout + k, v.conv + k, y ? y + k : NULL,
                            of_dy + c, of_product + c, dy + at);
    }
    back_piece(run, st, i, dy);
  }
  give_weights(run, st);
  fast_end(was);
}

/* ---- inference ---- */

/* Batch norm is folded into the weights: conv(x, a w) + a bias + b. */
static void fold(const net_run *run, conv_state *st) {
  const form *f = &st->form;
  if (st->packed_once && st->packed_at == run->clock->changes) return;
  for (size_t c = 0; c < st->filters; c++) {
    float a = 1, b = 0;
    if (f->norm) {
      double variance = (double)run->in[f->norm + 3][c];
      double deviation = sqrt(variance + run->nodes[1]->attribute[NORM_EPSILON]);
      a = (float)((double)run->in[f->norm][c] / deviation);
      b = run->in[f->norm + 1][c] - a * run->in[f->norm + 2][c];
    }
    for (size_t t = 0; t < st->row; t++) {
      st->wide[c * st->wide_row + t] = a * run->in[W][c * st->row + t];
    }
    st->folded[c] = b + (f->bias ? a * run->in[f->bias][c] : 0);
  }
  pack_plain(st, st->wide);
  st->packed_once = true;
  st->packed_at = run->clock->changes;
}

static void conv_infer(const net_run *run, uint32_t phase) {
  (void)phase;
  conv_state *st = run->state;
  int was = fast_begin();
  fold(run, st);
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    convolve_piece(run, st, i, st->folded, run->out + i * st->y_floats);
  }
  fast_end(was);
}

/* ---- tables ---- */

#define KERNEL(WITH, WHAT, ...)                                                        \
  {                                                                                    \
    .name = #WITH " conv" WHAT, .adds = true, .keep_in = 1U << X, .sizes = conv_sizes, \
    .prepare = prepare_##WITH, .release = conv_release, __VA_ARGS__                    \
  }
#define PLAIN .forward = conv_forward, .backward = conv_backward
#define NORMED \
  .forward = norm_forward, .backward = norm_backward, .forward_phases = 2, .backward_phases = 2
/* By what follows: norm, add, relu; the last one is for inference. */
enum { RELU = 1, NORM = 2, NORM_ADD = 4, INFERENCE = 6, FORMS };
#define KERNELS(WITH)                                                                              \
  {                                                                                                \
    [0] = KERNEL(WITH, "", PLAIN), [RELU] = KERNEL(WITH, ", relu", PLAIN, .keep_out = true),       \
    [NORM] = KERNEL(WITH, ", norm", NORMED), [NORM | RELU] = KERNEL(WITH, ", norm, relu", NORMED), \
    [NORM_ADD] = KERNEL(WITH, ", norm, add", NORMED),                                              \
    [NORM_ADD | RELU] = KERNEL(WITH, ", norm, add, relu", NORMED, .keep_out = true),               \
    [INFERENCE] = KERNEL(WITH, ", inference", .forward = conv_infer)                               \
  }
static const net_kernel ONEDNN[FORMS] = KERNELS(onednn), WINOGRAD[FORMS] = KERNELS(winograd);

static const net_kernel *kernel_for(const form *f, bool training, bool winograd) {
  size_t i = INFERENCE;
  if (training) {
    i = f->residual ? NORM_ADD : f->norm ? NORM : 0;
    if (f->relu) i += RELU;
  }
  return winograd ? &WINOGRAD[i] : &ONEDNN[i];
}
