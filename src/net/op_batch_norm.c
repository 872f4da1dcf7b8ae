/* Batch normalisation (Ioffe and Szegedy 2015, algorithms 1 and 2). Statistics are those of the whole
 * batch: each shard tells its sums, then all combine them in the same order. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/ops.h"

enum { X, SCALE, SHIFT, MEAN, VARIANCE };
enum { MOMENTUM, EPSILON };

static lan_status norm_infer(const lan_net *net, net_node *node, lan_error *err) {
  node->shape = net_in(net, node, X);
  if (node->shape.rank >= 2) return LAN_OK;
  return lan_fail(err, LAN_EINVAL, "its input must be (batch, channels, ...)");
}

static size_t norm_parameters(const lan_net *net, const net_node *node,
                              net_parameter_spec specs[NET_PARAMETERS]) {
  lan_shape c = LAN_SHAPE(net_in(net, node, X).dims[1]);
  specs[0] = (net_parameter_spec){.name = "weight", .shape = c, .init = NET_ONE, .no_decay = true};
  specs[1] = (net_parameter_spec){.name = "bias", .shape = c, .no_decay = true};
  specs[2] = (net_parameter_spec){.name = "running_mean", .shape = c, .frozen = true};
  specs[3] =
      (net_parameter_spec){.name = "running_var", .shape = c, .init = NET_ONE, .frozen = true};
  return 4;
}

/* Of the whole batch, as floats: `n` values a channel. */
static size_t channels_of(const net_run *run) { return run->out_shape.dims[1]; }
static size_t places_of(const net_run *run) {
  return net_shape_count(run->out_shape, 0) / ((size_t)run->out_shape.dims[0] * channels_of(run));
}
static double values_of(const net_run *run) {
  double rows = run->batched ? run->all_rows : run->out_shape.dims[0];
  return rows * (double)places_of(run);
}

/* saved: mean and 1 / deviation of each channel. shared: two sums of each shard and channel. */
static void norm_sizes(const net_run *run, net_sizes *sizes) {
  sizes->saved = 2 * channels_of(run) * sizeof(float);
  sizes->shared = 2 * channels_of(run) * run->n_shards * sizeof(double);
}

static double *sums_of(const net_run *run, uint32_t shard) {
  return (double *)run->shared + 2 * channels_of(run) * shard;
}

/* Calls come for each channel and picture: where its values begin. */
static size_t plane(const net_run *run, size_t n, size_t c) {
  return (n * channels_of(run) + c) * places_of(run);
}

/* Sums about the running mean: their difference loses less than about 0 (Chan, Golub and LeVeque 1983). */
static void norm_sum(const net_run *run) {
  double *sums = sums_of(run, run->shard);
  size_t channels = channels_of(run), places = places_of(run);
  for (size_t c = 0; c < channels; c++) {
    float about = run->in[MEAN][c];
    double sum = 0, squares = 0;
    for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
      const float *x = run->in[X] + plane(run, n, c);
      for (size_t p = 0; p < places; p++) {
        double d = (double)(x[p] - about);
        sum += d;
        squares += d * d;
      }
    }
    sums[2 * c] = sum;
    sums[2 * c + 1] = squares;
  }
}

static void add_sums(const net_run *run, size_t c, double out[2]) {
  out[0] = out[1] = 0;
  uint32_t shards = run->batched ? run->n_shards : 1; /* else each shard has all */
  for (uint32_t s = 0; s < shards; s++) {
    out[0] += sums_of(run, run->batched ? s : run->shard)[2 * c];
    out[1] += sums_of(run, run->batched ? s : run->shard)[2 * c + 1];
  }
}

/* Every shard finds the same numbers. */
static void norm_combine(const net_run *run) {
  float *mean = run->saved, *inverse = mean + channels_of(run);
  double n = values_of(run), epsilon = run->nodes[0]->attribute[EPSILON];
  for (size_t c = 0; c < channels_of(run); c++) {
    double sums[2];
    add_sums(run, c, sums);
    double shift = sums[0] / n, variance = sums[1] / n - shift * shift;
    mean[c] = (float)((double)run->in[MEAN][c] + shift);
    inverse[c] = (float)(1 / sqrt((variance > 0 ? variance : 0) + epsilon));
  }
}

static void norm_use_running(const net_run *run) {
  float *mean = run->saved, *inverse = mean + channels_of(run);
  double epsilon = run->nodes[0]->attribute[EPSILON];
  for (size_t c = 0; c < channels_of(run); c++) {
    mean[c] = run->in[MEAN][c];
    inverse[c] = (float)(1 / sqrt((double)run->in[VARIANCE][c] + epsilon));
  }
}

static void norm_apply(const net_run *run) {
  const float *mean = run->saved, *inverse = mean + channels_of(run);
  size_t channels = channels_of(run), places = places_of(run);
  for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
    for (size_t c = 0; c < channels; c++) {
      const float *restrict x = run->in[X] + plane(run, n, c);
      float *restrict y = run->out + plane(run, n, c);
      float scale = run->in[SCALE][c] * inverse[c], shift = run->in[SHIFT][c] - mean[c] * scale;
      for (size_t p = 0; p < places; p++) y[p] = x[p] * scale + shift;
    }
  }
}

/* After all shards have read the running mean, which their sums are about: the variance that it
 * keeps is the unbiased one, as PyTorch's. */
void net_norm_remember(const net_run *run) {
  const float *mean = run->saved, *inverse = mean + channels_of(run);
  float momentum = (float)run->nodes[0]->attribute[MOMENTUM];
  double n = values_of(run), epsilon = run->nodes[0]->attribute[EPSILON];
  float *running_mean = (float *)run->in[MEAN], *running_var = (float *)run->in[VARIANCE];
  for (size_t c = 0; c < channels_of(run); c++) {
    double variance = 1 / ((double)inverse[c] * (double)inverse[c]) - epsilon;
    if (n > 1) variance *= n / (n - 1);
    running_mean[c] += momentum * (mean[c] - running_mean[c]);
    running_var[c] += momentum * ((float)variance - running_var[c]);
  }
}

static void norm_forward(const net_run *run, uint32_t phase) {
  if (!run->clock->training || run->clock->frozen) {
    if (phase == 0) norm_use_running(run);
    if (phase == 1) norm_apply(run);
  } else if (phase == 0) {
    norm_sum(run);
  } else if (phase == 1) {
    norm_combine(run);
    norm_apply(run);
  } else if (run->shard == 0) {
    net_norm_remember(run);
  }
}

/* Per channel: sum of dy, and of dy times the normalised x. */
static void norm_sum_gradients(const net_run *run) {
  const float *mean = run->saved, *inverse = mean + channels_of(run);
  double *sums = sums_of(run, run->shard);
  size_t channels = channels_of(run), places = places_of(run);
  for (size_t c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
      const float *x = run->in[X] + plane(run, n, c), *dy = run->dout + plane(run, n, c);
      for (size_t p = 0; p < places; p++) {
        sum += (double)dy[p];
        product += (double)(dy[p] * ((x[p] - mean[c]) * inverse[c]));
      }
    }
    sums[2 * c] = sum;
    sums[2 * c + 1] = product;
    if (run->din[SCALE]) run->din[SCALE][c] += (float)product;
    if (run->din[SHIFT]) run->din[SHIFT][c] += (float)sum;
  }
}

/* dx = scale / deviation * (dy - mean of dy - x' * mean of dy x'), x' being the normalised x. Frozen statistics
 * do not depend on x: dx = scale / deviation * dy. */
static void norm_gradient(const net_run *run) {
  const float *mean = run->saved, *inverse = mean + channels_of(run);
  size_t channels = channels_of(run), places = places_of(run);
  double count = values_of(run);
  if (!run->din[X]) return;
  for (size_t c = 0; c < channels; c++) {
    double sums[2];
    add_sums(run, c, sums);
    if (run->clock->frozen) sums[0] = sums[1] = 0;
    float of_dy = (float)(sums[0] / count), of_product = (float)(sums[1] / count);
    float scale = run->in[SCALE][c] * inverse[c];
    for (size_t n = 0; n < run->out_shape.dims[0]; n++) {
      size_t at = plane(run, n, c);
      const float *restrict x = run->in[X] + at, *restrict dy = run->dout + at;
      float *restrict dx = run->din[X] + at;
      for (size_t p = 0; p < places; p++) {
        dx[p] += scale * (dy[p] - of_dy - (x[p] - mean[c]) * inverse[c] * of_product);
      }
    }
  }
}

static void norm_backward(const net_run *run, uint32_t phase) {
  if (phase == 0) {
    norm_sum_gradients(run);
  } else {
    norm_gradient(run);
  }
}

const net_op op_batch_norm = {
    .kind = "batch_norm",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"momentum", 0.1, 0, 1, false}, {"epsilon", 1e-5, 1e-12, 1, false}},
    .infer = norm_infer,
    .parameters = norm_parameters,
    .kernel = {.name = "reference",
               .forward_phases = 3,
               .backward_phases = 2,
               .keep_in = 1U << X,
               .sizes = norm_sizes,
               .forward = norm_forward,
               .backward = norm_backward},
};
