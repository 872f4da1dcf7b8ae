/* A convolution of a shard's pictures, a few of them at a time: forward and both gradients, by direct.h or
 * winograd.h. conv.c makes kernels of it, with what follows. */
#ifndef NET_FAST_CONVOLUTION_H
#define NET_FAST_CONVOLUTION_H

#include "net/fast/level.h"
#include "net/op.h"

enum { CONV_X, CONV_W, CONV_B }; /* its inputs */
enum {
  CONV_FILTERS,
  CONV_SIZE,
  CONV_STRIDE,
  CONV_PADDING,
  CONV_GROUPS,
  CONV_BIAS
}; /* attributes */

/* Which inputs are which; 0: there is none. */
typedef struct conv_form {
  uint8_t bias, norm, residual; /* norm: scale, then shift, mean, variance */
  bool relu;
} conv_form;

typedef struct conv_state {
  conv_form form;
  uint32_t piece, n_pieces;  /* pictures */
  size_t x_floats, y_floats; /* of a piece */
  size_t channels, filters, places, x_places;
  size_t wide_filters;         /* filled up to blocks */
  bool fill_out;               /* y is plain, and made in blocks that are filled up */
  bool winograd, learns, data; /* data: the gradient by the input is wanted */
  winograd_shape tiles;        /* of a piece */
  direct_shape direct, back;   /* without winograd; back: of channels filled up to blocks */
  float *packed, *packed_back; /* weights, in the orders of the two */
  float *bias;                 /* filled up; inference: with the norm's shift */
  float *folded;               /* inference: weights times the norm's scale */
  bool packed_once;
  uint64_t packed_at; /* clock->changes when they were packed */
  /* Into run->scratch, in bytes. */
  size_t x_blocks_at, y_blocks_at, dy_at, dx_at, dw_at, db_at, product_at, scratch;
} conv_state;

/* Whether so many channels are cut into blocks. */
static inline bool conv_in_blocks(uint32_t channels) { return channels % 16 == 0; }

/* A new state, its scratch memory laid out. */
lan_status conv_state_new(const net_run *run, conv_form form, bool winograd, conv_state **out,
                          lan_error *err);
void conv_state_free(conv_state *st);

static inline void *conv_scratch(const net_run *run, size_t at) {
  return (char *)run->scratch + at;
}

/* Plain weights into the orders in which they are used, and the bias (NULL: 0). */
void conv_pack(conv_state *st, const float *weights, const float *bias);
/* Of piece i: y = conv(x) + bias, + residual and then a ReLU where those are not left to a norm. */
void conv_piece(const net_run *run, conv_state *st, uint32_t i, float *y);
/* Of piece i, from the gradient of the convolution's output: both gradients, that by weights and bias added
 * up in the scratch memory. */
void conv_piece_back(const net_run *run, conv_state *st, uint32_t i, const float *dy);
/* The gradient by the weights of all pieces, into run->din. */
void conv_take_weights(const net_run *run, conv_state *st);

/* Goes through the blocks of 16 channels of each picture of a piece: c is the first channel, `at` where in
 * the piece of the output. */
#define CONV_EACH_BLOCK(st)                                          \
  for (size_t picture = 0, at = 0; picture < (st)->piece; picture++) \
    for (size_t c = 0; c < (st)->wide_filters; c += 16, at += 16 * (st)->places)

#endif
