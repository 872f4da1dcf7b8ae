/* Pooling in blocks of 16 channels; and of plain planes by windows of 2 x 2, as small nets have it. */
#include <string.h>

#include "net/fast/fast.h"
#include "net/fast/level.h"
#include "net/ops.h"

enum { SIZE, STRIDE, PADDING };

static void start(const net_run *run) {
  if (!run->add[0]) memset(run->din[0], 0, net_shape_count(run->in_shape[0], 0) * sizeof(float));
}

/* ---- the largest of windows, in blocks ---- */

static lanes16_pool look(const net_run *run) {
  const net_node *node = run->nodes[0];
  lan_shape x = run->in_shape[0], y = run->out_shape;
  return (lanes16_pool){.height = x.dims[2],
                        .width = x.dims[3],
                        .out_height = y.dims[2],
                        .out_width = y.dims[3],
                        .size = (size_t)node->attribute[SIZE],
                        .stride = (size_t)node->attribute[STRIDE],
                        .padding = (size_t)node->attribute[PADDING]};
}

static size_t planes_of(const net_run *run) {
  return (size_t)run->in_shape[0].dims[0] * run->in_shape[0].dims[1];
}

static void max_blocks_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  lanes16_pool p = look(run);
  size_t x_each = p.height * p.width, y_each = p.out_height * p.out_width;
  for (size_t i = 0, n = planes_of(run); i < n; i += 16) {
    lanes16()->max_pool(&p, run->in[0] + i * x_each, run->out + i * y_each);
  }
}

static void max_blocks_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  lanes16_pool p = look(run);
  size_t x_each = p.height * p.width, y_each = p.out_height * p.out_width;
  start(run);
  for (size_t i = 0, n = planes_of(run); i < n; i += 16) {
    lanes16()->max_pool_back(&p, run->in[0] + i * x_each, run->out + i * y_each,
                             run->dout + i * y_each, run->din[0] + i * x_each);
  }
}

/* ---- plain, 2 x 2 ---- */

static void max_pairs_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  lanes16_pool p = look(run);
  for (size_t i = 0, n = planes_of(run) * p.out_height; i < n; i++) {
    const float *x = run->in[0] + (i / p.out_height * p.height + i % p.out_height * 2) * p.width;
    lanes16()->max_pairs(p.out_width, x, x + p.width, run->out + i * p.out_width);
  }
}

static void max_pairs_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  lanes16_pool p = look(run);
  start(run);
  for (size_t i = 0, n = planes_of(run) * p.out_height; i < n; i++) {
    size_t at = (i / p.out_height * p.height + i % p.out_height * 2) * p.width;
    lanes16()->max_pairs_back(p.out_width, run->in[0] + at, run->in[0] + at + p.width,
                              run->out + i * p.out_width, run->dout + i * p.out_width,
                              run->din[0] + at, run->din[0] + at + p.width);
  }
}

/* ---- the mean of a channel, from blocks to plain ---- */

static size_t places_of(const net_run *run) {
  return (size_t)run->in_shape[0].dims[2] * run->in_shape[0].dims[3];
}

static void mean_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t places = places_of(run);
  for (size_t i = 0, n = planes_of(run); i < n; i += 16) {
    lanes16()->mean(places, run->in[0] + i * places, run->out + i);
  }
}

static void mean_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  size_t places = places_of(run);
  for (size_t i = 0, n = planes_of(run); i < n; i += 16) {
    lanes16()->mean_back(places, run->dout + i, run->add[0], run->din[0] + i * places);
  }
}

static const net_kernel MAX_BLOCKS = {.name = "lanes max_pool",
                                      .adds = true,
                                      .keep_in = 1,
                                      .keep_out = true,
                                      .forward = max_blocks_forward,
                                      .backward = max_blocks_backward},
                        MAX_PAIRS = {.name = "lanes max_pool 2x2",
                                     .adds = true,
                                     .keep_in = 1,
                                     .keep_out = true,
                                     .forward = max_pairs_forward,
                                     .backward = max_pairs_backward},
                        MEAN = {.name = "lanes global_pool",
                                .adds = true,
                                .forward = mean_forward,
                                .backward = mean_backward};

bool fast_offer_pool(const net_chain *chain, net_offer *offer) {
  const net_node *node = chain->nodes[0];
  bool blocks = chain->in[0] == NET_C16;
  if (strcmp(node->op->kind, "global_pool") == 0) {
    offer->kernel = &MEAN;
    offer->in[0] = NET_C16;
    return blocks;
  }
  bool pairs =
      node->attribute[SIZE] == 2 && node->attribute[STRIDE] == 2 && node->attribute[PADDING] == 0;
  offer->kernel = blocks ? &MAX_BLOCKS : &MAX_PAIRS;
  offer->in[0] = offer->out = blocks ? NET_C16 : NET_PLAIN;
  return blocks || pairs;
}
