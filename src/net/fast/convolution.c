#include "net/fast/convolution.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { PIECE_BYTES = 256 << 10 }; /* of the input or output that are worked on at a time */

/* ---- making ---- */

static uint32_t pictures_at_a_time(uint32_t rows, size_t bytes) {
  uint32_t best = 1;
  for (uint32_t n = 2; n <= rows; n++) {
    if (rows % n == 0 && n * bytes <= PIECE_BYTES) best = n;
  }
  return best;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t up_to_blocks(size_t channels) { return (channels + 15) / 16 * 16; }

static void describe(const net_run *run, conv_state *st) {
  const double *a = run->nodes[0]->attribute;
  lan_shape x = run->in_shape[CONV_X], y = run->out_shape;
  st->tiles = (winograd_shape){st->piece, x.dims[1], y.dims[1], x.dims[2], x.dims[3], 0, false};
  winograd()->choose(&st->tiles, !st->learns);
  st->direct = (direct_shape){.pictures = st->piece,
                              .channels = x.dims[1],
                              .filters = st->wide_filters,
                              .height = x.dims[2],
                              .width = x.dims[3],
                              .out_height = y.dims[2],
                              .out_width = y.dims[3],
                              .size = (size_t)a[CONV_SIZE],
                              .stride = (size_t)a[CONV_STRIDE],
                              .padding = (size_t)a[CONV_PADDING],
                              .given_channels = x.dims[1],
                              .given_filters = y.dims[1]};
  st->back = st->direct;
  st->back.channels = up_to_blocks(x.dims[1]);
}

static void measure(const net_run *run, conv_state *st) {
  lan_shape x = run->in_shape[CONV_X], y = run->out_shape;
  size_t x_each = net_shape_count(x, 0) / x.dims[0], y_each = net_shape_count(y, 0) / y.dims[0];
  st->piece = pictures_at_a_time(y.dims[0], larger(x_each, y_each) * sizeof(float));
  st->n_pieces = y.dims[0] / st->piece;
  st->x_floats = st->piece * x_each;
  st->y_floats = st->piece * y_each;
  st->channels = x.dims[1];
  st->filters = y.dims[1];
  st->wide_filters = up_to_blocks(st->filters);
  st->fill_out = st->wide_filters != st->filters;
  st->places = y_each / y.dims[1];
  st->x_places = x_each / x.dims[1];
  st->learns = run->clock->training;
  st->data = st->learns && run->wants[CONV_X];
  describe(run, st);
}

static lan_status new_lines(size_t bytes, float **out, lan_error *err) {
  *out = aligned_alloc(64, net_aligned(bytes));
  if (!*out) return lan_fail_memory(err, bytes);
  memset(*out, 0, net_aligned(bytes));
  return LAN_OK;
}

/* Bytes of weights in the order of either pass. */
static size_t packed_bytes(const conv_state *st, bool back) {
  const direct_shape *s = back ? &st->back : &st->direct;
  return (st->winograd ? winograd()->weights(&st->tiles) : direct()->weights(s)) * sizeof(float);
}

static void lay_out_scratch(conv_state *st) {
  size_t at = winograd()->scratch(&st->tiles), x_each = st->piece * st->x_places * sizeof(float);
  if (!st->winograd) {
    at = direct()->scratch(&st->direct);
    if (st->data) at = larger(at, direct()->scratch(&st->back));
  }
  size_t wide_out = st->piece * st->wide_filters * st->places * sizeof(float);
  bool fill_in = st->data && !conv_in_blocks((uint32_t)st->channels);
  struct {
    size_t *at, bytes;
  } parts[] = {{&st->x_blocks_at, fill_in ? st->back.channels * x_each : 0},
               {&st->y_blocks_at, st->fill_out ? wide_out : 0},
               {&st->dy_at, st->learns ? st->y_floats * sizeof(float) : 0},
               {&st->dx_at, fill_in ? st->x_floats * sizeof(float) : 0},
               {&st->dw_at, st->learns ? packed_bytes(st, false) : 0},
               {&st->db_at, st->learns ? st->wide_filters * sizeof(float) : 0},
               {&st->product_at, st->learns ? st->wide_filters * sizeof(float) : 0}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    *parts[i].at = at = net_aligned(at);
    at += parts[i].bytes;
  }
  st->scratch = at;
}

void conv_state_free(conv_state *st) {
  free(st->packed);
  free(st->packed_back);
  free(st->bias);
  free(st->folded);
  free(st);
}

static lan_status make(const net_run *run, conv_state *st, lan_error *err) {
  lan_status status = new_lines(packed_bytes(st, false), &st->packed, err);
  if (status == LAN_OK) status = new_lines(st->wide_filters * sizeof(float), &st->bias, err);
  if (status == LAN_OK && st->data)
    status = new_lines(packed_bytes(st, true), &st->packed_back, err);
  if (status != LAN_OK || st->learns) return status;
  return new_lines(net_shape_count(run->in_shape[CONV_W], 0) * sizeof(float), &st->folded, err);
}

lan_status conv_state_new(const net_run *run, conv_form form, bool winograd, conv_state **out,
                          lan_error *err) {
  conv_state *st = lan_alloc_zeroed(1, sizeof *st);
  if (!st) return lan_fail_memory(err, sizeof *st);
  st->form = form;
  st->winograd = winograd;
  measure(run, st);
  lan_status status = make(run, st, err);
  if (status != LAN_OK) {
    conv_state_free(st);
    return status;
  }
  lay_out_scratch(st);
  *out = st;
  return LAN_OK;
}

/* ---- forward ---- */

void conv_pack(conv_state *st, const float *weights, const float *bias) {
  if (bias) memcpy(st->bias, bias, st->filters * sizeof *bias);
  if (st->winograd) {
    winograd()->prepare(&st->tiles, weights, false, st->packed);
    if (st->data) winograd()->prepare(&st->tiles, weights, true, st->packed_back);
  } else {
    direct()->prepare(&st->direct, weights, false, st->packed);
    if (st->data) direct()->prepare(&st->back, weights, true, st->packed_back);
  }
}

void conv_piece(const net_run *run, conv_state *st, uint32_t i, float *y) {
  const float *x = run->in[CONV_X] + i * st->x_floats;
  bool alone = !(st->form.norm && st->learns);
  fast_after after = {.bias = st->bias, .relu = alone && st->form.relu};
  fast_share share = {run->member, run->members};
  if (st->form.residual && alone) after.residual = run->in[st->form.residual] + i * st->y_floats;
  if (st->winograd) {
    winograd()->run(&st->tiles, x, st->packed, &after, share, y, run->scratch);
  } else if (!st->fill_out) {
    direct()->run(&st->direct, x, st->packed, &after, share, y, run->scratch);
  } else if (run->member == 0) {
    float *blocks = conv_scratch(run, st->y_blocks_at);
    direct()->run(&st->direct, x, st->packed, &after, (fast_share){0, 1}, blocks, run->scratch);
    lanes16()->take(st->piece, st->filters, st->places, blocks, y);
  }
}

/* ---- backward ---- */

/* The gradient by the weights of piece i, added to what earlier pieces gave. */
static void back_weights(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  const float *x = run->in[CONV_X] + i * st->x_floats;
  float *dw = conv_scratch(run, st->dw_at), *db = conv_scratch(run, st->db_at);
  if (i == 0) memset(dw, 0, packed_bytes(st, false));
  if (st->winograd) {
    winograd()->gradient(&st->tiles, x, dy, dw, run->scratch);
  } else {
    direct()->gradient(&st->direct, x, dy, dw, run->scratch);
  }
  if (!st->form.bias) return;
  if (i == 0) memset(db, 0, st->wide_filters * sizeof *db);
  CONV_EACH_BLOCK(st) lanes16()->sum(st->places, dy + at, db + c);
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
    winograd()->run(&back, dy, st->packed_back, &(fast_after){.add = add}, (fast_share){0, 1}, dx,
                    run->scratch);
  } else if (conv_in_blocks((uint32_t)st->channels)) {
    direct()->run_back(&st->back, dy, st->packed_back, add, dx, run->scratch);
  } else {
    float *to = add ? conv_scratch(run, st->dx_at) : dx;
    float *blocks = conv_scratch(run, st->x_blocks_at);
    direct()->run_back(&st->back, dy, st->packed_back, false, blocks, run->scratch);
    lanes16()->take(st->piece, st->channels, st->x_places, blocks, to);
    if (add) lanes16()->add(st->x_floats, to, dx);
  }
}

void conv_piece_back(const net_run *run, conv_state *st, uint32_t i, const float *dy) {
  if (st->fill_out) {
    float *blocks = conv_scratch(run, st->y_blocks_at);
    lanes16()->fill(st->piece, st->filters, st->places, dy, blocks);
    dy = blocks;
  }
  if (run->din[CONV_W]) back_weights(run, st, i, dy);
  if (run->din[CONV_X]) back_data(run, st, i, dy);
}

void conv_take_weights(const net_run *run, conv_state *st) {
  const float *dw = conv_scratch(run, st->dw_at);
  if (st->winograd) {
    winograd()->finish(&st->tiles, dw, run->add[CONV_W], run->din[CONV_W]);
  } else {
    direct()->finish(&st->direct, dw, run->add[CONV_W], run->din[CONV_W]);
  }
}
