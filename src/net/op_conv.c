/* Cross-correlation of pictures with learnt kernels. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/gemm.h"
#include "net/ops.h"

enum { X, W, B };
enum { FILTERS, SIZE, STRIDE, PADDING, GROUPS, BIAS };

static uint32_t attribute(const net_node *node, size_t i) { return (uint32_t)node->attribute[i]; }

static lan_status conv_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, X);
  uint32_t filters = attribute(node, FILTERS), groups = attribute(node, GROUPS);
  char text[NET_SHAPE_TEXT];
  if (x.rank != 4) {
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, channels, height, width), not %s",
                    net_shape_text(x, text));
  }
  if (x.dims[1] % groups || filters % groups) {
    return lan_fail(err, LAN_EINVAL, "%u channels and %u filters cannot be cut into %u groups",
                    x.dims[1], filters, groups);
  }
  node->shape = LAN_SHAPE(x.dims[0], filters, 0, 0);
  return net_window_shape(x, attribute(node, SIZE), attribute(node, STRIDE),
                          attribute(node, PADDING), &node->shape, err);
}

lan_status net_window_shape(lan_shape x, uint32_t size, uint32_t stride, uint32_t padding,
                            lan_shape *out, lan_error *err) {
  for (uint32_t i = 2; i < 4; i++) {
    uint64_t room = (uint64_t)x.dims[i] + 2 * (uint64_t)padding;
    char text[NET_SHAPE_TEXT];
    if (room < size) {
      return lan_fail(err, LAN_EINVAL, "a window of %u does not fit into %s with a padding of %u",
                      size, net_shape_text(x, text), padding);
    }
    out->dims[i] = (uint32_t)((room - size) / stride + 1);
  }
  return LAN_OK;
}

static size_t conv_parameters(const lan_net *net, const net_node *node,
                              net_parameter_spec specs[NET_PARAMETERS]) {
  uint32_t channels = net_in(net, node, X).dims[1] / attribute(node, GROUPS);
  uint32_t filters = attribute(node, FILTERS), size = attribute(node, SIZE);
  double fan_in = (double)channels * size * size;
  specs[0] = (net_parameter_spec){.name = "weight",
                                  .shape = LAN_SHAPE(filters, channels, size, size),
                                  .init = NET_UNIFORM,
                                  .scale = sqrt(6.0 / fan_in)};
  specs[1] = (net_parameter_spec){.name = "bias", .shape = LAN_SHAPE(filters), .no_decay = true};
  return node->attribute[BIAS] != 0 ? 2 : 1;
}

/* What the weights' shape says of the work: filters, channels / groups, size, size. */
static double conv_flops(const lan_shape *in, lan_shape out) {
  lan_shape w = in[W];
  return 2.0 * (double)net_shape_count(out, 1) * w.dims[1] * w.dims[2] * w.dims[3];
}

/* One picture and group as matrices: weights (filters, taps), patches (taps, places). */
typedef struct view {
  size_t groups, channels, filters; /* of a group */
  size_t height, width, out_height, out_width, size, stride, padding;
  size_t taps, places;
} view;

static view look(const net_run *run) {
  const net_node *node = run->nodes[0];
  lan_shape x = run->in_shape[X], y = run->out_shape;
  view v = {.groups = attribute(node, GROUPS),
            .height = x.dims[2],
            .width = x.dims[3],
            .out_height = y.dims[2],
            .out_width = y.dims[3],
            .size = attribute(node, SIZE),
            .stride = attribute(node, STRIDE),
            .padding = attribute(node, PADDING)};
  v.channels = x.dims[1] / v.groups;
  v.filters = y.dims[1] / v.groups;
  v.taps = v.channels * v.size * v.size;
  v.places = v.out_height * v.out_width;
  return v;
}

static void conv_sizes(const net_run *run, net_sizes *sizes) {
  view v = look(run);
  sizes->scratch = v.taps * v.places * sizeof(float);
}

/* For tap (channel, row, column) and each place: where it looks, or outside. */
#define FOR_EACH_TAP(v)                                \
  for (size_t c = 0, tap = 0; c < (v)->channels; c++)  \
    for (size_t ky = 0; ky < (v)->size; ky++)          \
      for (size_t kx = 0; kx < (v)->size; kx++, tap++) \
        for (size_t oy = 0; oy < (v)->out_height; oy++)

/* Chellapilla, Puri and Simard 2006: convolution as a product of matrices. */
static void to_patches(const view *v, const float *x, float *patches) {
  FOR_EACH_TAP(v) {
    float *to = patches + tap * v->places + oy * v->out_width;
    size_t y = oy * v->stride + ky - v->padding; /* above the picture it wraps round: too large */
    for (size_t ox = 0; ox < v->out_width; ox++) {
      size_t at = ox * v->stride + kx - v->padding;
      to[ox] = y < v->height && at < v->width ? x[(c * v->height + y) * v->width + at] : 0;
    }
  }
}

static void add_from_patches(const view *v, const float *patches, float *dx) {
  FOR_EACH_TAP(v) {
    const float *from = patches + tap * v->places + oy * v->out_width;
    size_t y = oy * v->stride + ky - v->padding;
    if (y >= v->height) continue;
    for (size_t ox = 0; ox < v->out_width; ox++) {
      size_t at = ox * v->stride + kx - v->padding;
      if (at < v->width) dx[(c * v->height + y) * v->width + at] += from[ox];
    }
  }
}

static void conv_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  view v = look(run);
  float *patches = run->scratch;
  for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
    for (size_t g = 0; g < v.groups; g++) {
      const float *x = run->in[X] + (n * v.groups + g) * v.channels * v.height * v.width;
      float *y = run->out + (n * v.groups + g) * v.filters * v.places;
      for (size_t f = 0; f < v.filters; f++) {
        float bias = run->n_in > B ? run->in[B][g * v.filters + f] : 0;
        for (size_t p = 0; p < v.places; p++) y[f * v.places + p] = bias;
      }
      to_patches(&v, x, patches);
      net_gemm_nn(v.filters, v.places, v.taps, run->in[W] + g * v.filters * v.taps, v.taps, patches,
                  v.places, y, v.places);
    }
  }
}

static void conv_bias_backward(const net_run *run, const view *v) {
  size_t filters = v->groups * v->filters;
  for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
    for (size_t f = 0; f < filters; f++) {
      const float *dy = run->dout + (n * filters + f) * v->places;
      float sum = 0;
      for (size_t p = 0; p < v->places; p++) sum += dy[p];
      run->din[B][f] += sum;
    }
  }
}

static void conv_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  view v = look(run);
  float *patches = run->scratch;
  for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
    for (size_t g = 0; g < v.groups; g++) {
      size_t x_at = (n * v.groups + g) * v.channels * v.height * v.width;
      const float *dy = run->dout + (n * v.groups + g) * v.filters * v.places;
      size_t w_at = g * v.filters * v.taps;
      if (run->din[W]) {
        to_patches(&v, run->in[X] + x_at, patches);
        net_gemm_nt(v.filters, v.taps, v.places, dy, v.places, patches, v.places,
                    run->din[W] + w_at, v.taps);
      }
      if (run->din[X]) {
        memset(patches, 0, v.taps * v.places * sizeof *patches);
        net_gemm_tn(v.taps, v.places, v.filters, run->in[W] + w_at, v.taps, dy, v.places, patches,
                    v.places);
        add_from_patches(&v, patches, run->din[X] + x_at);
      }
    }
  }
  if (run->n_in > B && run->din[B]) conv_bias_backward(run, &v);
}

const net_op op_conv2d = {
    .kind = "conv2d",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"filters", NAN, 1, 1 << 20, true},
                   {"size", 3, 1, 1024, true},
                   {"stride", 1, 1, 1024, true},
                   {"padding", 0, 0, 1024, true},
                   {"groups", 1, 1, 1 << 20, true},
                   {"bias", 1, 0, 1, true}},
    .infer = conv_infer,
    .parameters = conv_parameters,
    .flops = conv_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << X,
               .sizes = conv_sizes,
               .forward = conv_forward,
               .backward = conv_backward},
};
