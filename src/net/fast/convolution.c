#include "net/fast/convolution.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/fast/lanes16.h"

enum { PIECE_BYTES = 256 << 10 }; /* of the input or output that are worked on at a time */

/* ---- making ---- */

/* Others may be quicker with channels filled up with zeros to such blocks inside of the kernel, if that
 * does not make too much more of them. */
static bool pays_to_fill(uint32_t channels, uint32_t filters) {
  uint64_t in = channels <= 4 ? channels : ((uint64_t)channels + 15) / 16 * 16;
  uint64_t out = ((uint64_t)filters + 15) / 16 * 16;
  return in * out <= (uint64_t)8 * channels * filters;
}

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
  lan_shape x = run->in_shape[CONV_X], y = run->out_shape;
  bool blocks = conv_fits_blocks(x.dims[1], y.dims[1]);
  return (fast_conv_spec){.rows = st->piece,
                          .channels = st->fill_in ? (x.dims[1] + 15) / 16 * 16 : x.dims[1],
                          .height = x.dims[2],
                          .width = x.dims[3],
                          .filters = y.dims[1],
                          .out_height = y.dims[2],
                          .out_width = y.dims[3],
                          .size = (uint32_t)conv->attribute[CONV_SIZE],
                          .stride = (uint32_t)conv->attribute[CONV_STRIDE],
                          .padding = (uint32_t)conv->attribute[CONV_PADDING],
                          .groups = 1,
                          .in_blocks = st->fill_in || (blocks && conv_in_blocks(x.dims[1])),
                          .out_blocks = blocks || st->fill_out,
                          .bias = st->form.bias != 0};
}

static void measure(const net_run *run, conv_state *st) {
  lan_shape x = run->in_shape[CONV_X], y = run->out_shape;
  size_t x_each = net_shape_count(x, 0) / x.dims[0], y_each = net_shape_count(y, 0) / y.dims[0];
  st->piece = pictures_at_a_time(y.dims[0], larger(x_each, y_each) * sizeof(float));
  st->n_pieces = y.dims[0] / st->piece;
  st->x_floats = st->piece * x_each;
  st->y_floats = st->piece * y_each;
  st->filters = y.dims[1];
  st->places = y_each / y.dims[1];
  st->weights = net_shape_count(run->in_shape[CONV_W], 0);
  st->learns = run->clock->training;
  st->data = st->learns && run->wants[CONV_X];
  st->tiles = (winograd_shape){st->piece, x.dims[1], y.dims[1], x.dims[2], x.dims[3], 4};
  st->tiles.tile = winograd_best_tile(&st->tiles);
  st->channels = x.dims[1];
  st->x_places = x_each / x.dims[1];
  st->fill_out = !conv_fits_blocks(x.dims[1], y.dims[1]) && pays_to_fill(x.dims[1], y.dims[1]);
  /* oneDNN reads few channels as they are, but has no quick kernel that writes their gradient. */
  bool blocks = conv_fits_blocks(x.dims[1], y.dims[1]) || st->fill_out;
  st->fill_in = x.dims[1] <= 4 ? st->data && blocks : st->fill_out;
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

void conv_state_free(conv_state *st) {
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

lan_status conv_state_new(const net_run *run, conv_form form, bool winograd, conv_state **out,
                          lan_error *err) {
  conv_state *st = lan_alloc_zeroed(1, sizeof *st);
  if (!st) return lan_fail_memory(err, sizeof *st);
  st->form = form;
  st->winograd = winograd;
  measure(run, st);
  int was = fast_begin();
  lan_status status = make(run, st, err);
  fast_end(was);
  if (status != LAN_OK) {
    conv_state_free(st);
    return status;
  }
  lay_out_scratch(st);
  *out = st;
  return LAN_OK;
}

/* ---- to blocks and back ---- */

/* Plain pictures of a piece, filled up to blocks if they are to be. */
static const float *filled_x(const net_run *run, const conv_state *st, const float *x) {
  if (!st->fill_in) return x;
  float *blocks = conv_scratch(run, st->x_blocks_at);
  lanes16_fill(st->piece, st->channels, st->x_places, x, blocks);
  return blocks;
}

static const float *filled_y(const net_run *run, const conv_state *st, const float *y) {
  if (!st->fill_out) return y;
  float *blocks = conv_scratch(run, st->y_blocks_at);
  lanes16_fill(st->piece, st->filters, st->places, y, blocks);
  return blocks;
}

/* y = conv(x) + bias, + residual and then a ReLU where those are not left to a norm. */
void conv_piece(const net_run *run, conv_state *st, uint32_t i, const float *bias, float *y) {
  const float *x = run->in[CONV_X] + i * st->x_floats;
  bool alone = !(st->form.norm && st->learns);
  const float *residual = NULL;
  if (st->form.residual && alone) residual = run->in[st->form.residual] + i * st->y_floats;
  if (st->winograd) {
    winograd_after after = {.bias = bias, .residual = residual, .relu = alone && st->form.relu};
    winograd_run(&st->tiles, x, st->packed, &after, (winograd_share){run->member, run->members}, y,
                 run->scratch);
    return;
  }
  if (residual) memcpy(y, residual, st->y_floats * sizeof *y);
  float *to = st->fill_out ? conv_scratch(run, st->y_blocks_at) : y;
  fast_conv_run(st->forward, filled_x(run, st, x), st->packed, bias, to, run->scratch);
  if (st->fill_out) lanes16_take(st->piece, st->filters, st->places, to, y);
}

/* ---- weights ---- */

void conv_pack(conv_state *st, const float *plain) {
  if (st->winograd) {
    winograd_prepare(&st->tiles, plain, false, st->packed);
    if (st->data) winograd_prepare(&st->tiles, plain, true, st->packed_back);
  } else {
    fast_conv_reorder(st->forward, plain, st->packed);
    if (st->data) fast_conv_reorder(st->back_data, plain, st->packed_back);
  }
}

/* ---- backward ---- */

/* The gradient by the weights of piece i, added to what earlier pieces gave. */
static void back_weights(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  const float *x = run->in[CONV_X] + i * st->x_floats;
  float *dw = conv_scratch(run, st->dw_at), *db = conv_scratch(run, st->db_at);
  if (st->winograd) {
    if (i == 0) memset(dw, 0, winograd_weights(&st->tiles) * sizeof *dw);
    winograd_gradient(&st->tiles, x, dy, dw, run->scratch);
    if (!st->form.bias) return;
    if (i == 0) memset(db, 0, st->filters * sizeof *db);
    CONV_EACH_BLOCK(st) lanes16_sum(st->places, dy + at, db + c);
    return;
  }
  float *dw_piece = i ? conv_scratch(run, st->dw_piece_at) : dw;
  float *db_piece = i ? db + st->filters : db;
  fast_conv_run(st->back_weights, filled_x(run, st, x), dw_piece, db_piece, dy, run->scratch);
  if (i == 0) return;
  lanes16_add(fast_conv_packed(st->back_weights) / sizeof *dw, dw_piece, dw);
  if (st->form.bias) lanes16_add(st->filters, db_piece, db);
}

static void back_data(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  /* Where the residual is the input itself, it has been written before. */
  bool again = st->form.residual && run->din[st->form.residual] == run->din[CONV_X];
  bool add = run->add[CONV_X] || again;
  float *dx = run->din[CONV_X] + i * st->x_floats;
  if (st->winograd) {
    winograd_shape back = st->tiles;
    back.channels = st->tiles.filters;
    back.filters = st->tiles.channels;
    winograd_run(&back, dy, st->packed_back, &(winograd_after){.add = add}, (winograd_share){0, 1},
                 dx, run->scratch);
    return;
  }
  float *to = add ? conv_scratch(run, st->dx_at) : dx;
  float *blocks = st->fill_in ? conv_scratch(run, st->x_blocks_at) : to;
  fast_conv_run(st->back_data, blocks, st->packed_back, NULL, dy, run->scratch);
  if (st->fill_in) lanes16_take(st->piece, st->channels, st->x_places, blocks, to);
  if (add) lanes16_add(st->x_floats, to, dx);
}

/* Of piece i, from the gradient of the convolution's output. */
void conv_piece_back(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  dy = filled_y(run, st, dy);
  if (run->din[CONV_W]) back_weights(run, st, i, dy);
  if (run->din[CONV_X]) back_data(run, st, i, dy);
}

void conv_take_weights(const net_run *run, conv_state *st) {
  const float *dw = conv_scratch(run, st->dw_at);
  if (st->winograd) {
    winograd_finish(&st->tiles, dw, run->add[CONV_W], run->din[CONV_W]);
    return;
  }
  bool direct = !run->add[CONV_W] && !st->fill_in;
  float *plain = direct ? run->din[CONV_W] : conv_scratch(run, st->dw_plain_at);
  fast_conv_reorder(st->back_weights, dw, plain);
  for (size_t c = 0; !direct && c < st->filters; c++) {
    float *to = run->din[CONV_W] + c * st->row;
    if (!run->add[CONV_W]) memset(to, 0, st->row * sizeof *to);
    lanes16_add(st->row, plain + c * st->wide_row, to);
  }
}
