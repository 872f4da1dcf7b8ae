/* The largest or the mean of windows. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/ops.h"

enum { SIZE, STRIDE, PADDING };

static lan_status need_pictures(lan_shape x, lan_error *err) {
  char text[NET_SHAPE_TEXT];
  if (x.rank == 4) return LAN_OK;
  return lan_fail(err, LAN_EINVAL, "its input must be (batch, channels, height, width), not %s",
                  net_shape_text(x, text));
}

static lan_status pool_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, 0);
  lan_status status = need_pictures(x, err);
  if (status != LAN_OK) return status;
  if (node->attribute[STRIDE] == 0) node->attribute[STRIDE] = node->attribute[SIZE];
  if (2 * node->attribute[PADDING] > node->attribute[SIZE]) {
    return lan_fail(err, LAN_ERANGE, "a padding of %g is more than half of a window of %g",
                    node->attribute[PADDING], node->attribute[SIZE]);
  }
  node->shape = x;
  return net_window_shape(x, (uint32_t)node->attribute[SIZE], (uint32_t)node->attribute[STRIDE],
                          (uint32_t)node->attribute[PADDING], &node->shape, err);
}

/* The part of a window along one side that lies in the picture. */
typedef struct span {
  size_t from, to;
} span;

static span window(const net_node *node, size_t i, size_t length) {
  size_t size = (size_t)node->attribute[SIZE], padding = (size_t)node->attribute[PADDING];
  size_t start = i * (size_t)node->attribute[STRIDE], end = start + size;
  return (span){start > padding ? start - padding : 0,
                end > padding ? (end - padding < length ? end - padding : length) : 0};
}

static void max_sizes(const net_run *run, net_sizes *sizes) {
  if (run->clock->training) sizes->saved = net_shape_count(run->out_shape, 0) * sizeof(uint32_t);
}

/* Where in its plane the largest value is; the first of equals. */
static uint32_t largest(const float *x, size_t width, span rows, span columns) {
  size_t best = rows.from * width + columns.from;
  for (size_t y = rows.from; y < rows.to; y++) {
    for (size_t at = y * width + columns.from; at < y * width + columns.to; at++) {
      if (x[at] > x[best]) best = at;
    }
  }
  return (uint32_t)best;
}

/* Calls `body` for each plane and window: `out` counts outputs, `plane` planes. */
#define FOR_EACH_WINDOW(run)                                                             \
  const net_node *node = (run)->nodes[0];                                                \
  const size_t height = (run)->in_shape[0].dims[2], width = (run)->in_shape[0].dims[3];  \
  const size_t planes = (size_t)(run)->in_shape[0].dims[0] * (run)->in_shape[0].dims[1]; \
  for (size_t plane = 0, out = 0; plane < planes; plane++)                               \
    for (size_t oy = 0; oy < (run)->out_shape.dims[2]; oy++)                             \
      for (size_t ox = 0; ox < (run)->out_shape.dims[3]; ox++, out++)

static void max_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  uint32_t *places = run->saved;
  FOR_EACH_WINDOW(run) {
    const float *x = run->in[0] + plane * height * width;
    uint32_t best = largest(x, width, window(node, oy, height), window(node, ox, width));
    run->out[out] = x[best];
    if (places) places[out] = best;
  }
}

static void max_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  const uint32_t *places = run->saved;
  size_t each = (size_t)run->out_shape.dims[2] * run->out_shape.dims[3];
  size_t plane = (size_t)run->in_shape[0].dims[2] * run->in_shape[0].dims[3];
  if (!run->din[0]) return;
  for (size_t i = 0, n = net_shape_count(run->out_shape, 0); i < n; i++) {
    run->din[0][i / each * plane + places[i]] += run->dout[i];
  }
}

static float part(span rows, span columns) {
  return 1.0F / (float)((rows.to - rows.from) * (columns.to - columns.from));
}

static void average_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  FOR_EACH_WINDOW(run) {
    span rows = window(node, oy, height), columns = window(node, ox, width);
    float sum = 0;
    for (size_t y = rows.from; y < rows.to; y++) {
      const float *x = run->in[0] + (plane * height + y) * width;
      for (size_t at = columns.from; at < columns.to; at++) sum += x[at];
    }
    run->out[out] = sum * part(rows, columns);
  }
}

static void average_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (!run->din[0]) return;
  FOR_EACH_WINDOW(run) {
    span rows = window(node, oy, height), columns = window(node, ox, width);
    float each = run->dout[out] * part(rows, columns);
    for (size_t y = rows.from; y < rows.to; y++) {
      float *dx = run->din[0] + (plane * height + y) * width;
      for (size_t at = columns.from; at < columns.to; at++) dx[at] += each;
    }
  }
}

static lan_status global_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, 0);
  node->shape = LAN_SHAPE(x.dims[0], x.dims[1]);
  return need_pictures(x, err);
}

static void global_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t each = (size_t)run->in_shape[0].dims[2] * run->in_shape[0].dims[3];
  for (size_t i = 0, n = net_shape_count(run->out_shape, 0); i < n; i++) {
    float sum = 0;
    for (size_t k = 0; k < each; k++) sum += run->in[0][i * each + k];
    run->out[i] = sum / (float)each;
  }
}

static void global_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  size_t each = (size_t)run->in_shape[0].dims[2] * run->in_shape[0].dims[3];
  if (!run->din[0]) return;
  for (size_t i = 0, n = net_shape_count(run->out_shape, 0); i < n; i++) {
    for (size_t k = 0; k < each; k++) run->din[0][i * each + k] += run->dout[i] / (float)each;
  }
}

#define WINDOW_ATTRIBUTES                                                                      \
  {                                                                                            \
    {"size", NAN, 1, 1024, true}, {"stride", 0, 0, 1024, true}, { "padding", 0, 0, 512, true } \
  }

const net_op op_max_pool = {
    .kind = "max_pool",
    .least_in = 1,
    .most_in = 1,
    .attributes = WINDOW_ATTRIBUTES,
    .infer = pool_infer,
    .kernel = {.name = "reference",
               .sizes = max_sizes,
               .forward = max_forward,
               .backward = max_backward},
};
const net_op op_average_pool = {
    .kind = "average_pool",
    .least_in = 1,
    .most_in = 1,
    .attributes = WINDOW_ATTRIBUTES,
    .infer = pool_infer,
    .kernel = {.name = "reference", .forward = average_forward, .backward = average_backward},
};
const net_op op_global_pool = {
    .kind = "global_pool",
    .least_in = 1,
    .most_in = 1,
    .infer = global_infer,
    .kernel = {.name = "reference", .forward = global_forward, .backward = global_backward},
};
