/* Convolution with what follows it: conv [-> batch norm [-> add]] [-> relu], in one kernel.
 *
 * A shard's pictures go through it a few at a time, so that what the convolution has written is still in
 * the cache when the norm sums it; in the backward pass the gradient of the convolution's output exists
 * for these few alone. The output of the convolution is saved, that of the norm is not: it is made again
 * from it. */
#include <math.h>
#include <string.h>

#include "net/fast/convolution.h"
#include "net/fast/fast.h"
#include "net/fast/level.h"
#include "net/ops.h"

enum { NORM_MOMENTUM, NORM_EPSILON };
enum { FEWEST_TILES = 4 };

/* ---- what is offered ---- */

static bool is(const net_node *node, const char *kind) { return strcmp(node->op->kind, kind) == 0; }

/* How many nodes of the chain are taken. */
static uint8_t read_form(const net_node *const *nodes, uint8_t n, bool blocks, conv_form *f) {
  uint8_t taken = 1, in = nodes[0]->n_in;
  *f = (conv_form){.bias = nodes[0]->attribute[CONV_BIAS] != 0 ? CONV_B : 0};
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
  return chain->net->nodes.data[chain->nodes[0]->in[CONV_X]].shape;
}

/* A rule rather than a measurement when the plan is made: the choice decides the last bits of results, and
 * what is resumed must go on to the same ones. Measured on a Sapphire Rapids, it takes 0.4 to 0.6 times as long
 * as direct kernels, where there are enough tiles for transformed weights, which are four times as large, to be
 * read from afar. */
static bool winograd_pays(const net_chain *chain) {
  const double *a = chain->nodes[0]->attribute;
  lan_shape x = input_shape(chain);
  uint64_t tiles = (uint64_t)chain->rows * ((x.dims[2] + 3) / 4) * ((x.dims[3] + 3) / 4);
  return a[CONV_SIZE] == 3 && a[CONV_STRIDE] == 1 && a[CONV_PADDING] == 1 &&
         conv_in_blocks(x.dims[1]) && conv_in_blocks((uint32_t)a[CONV_FILTERS]) &&
         tiles >= FEWEST_TILES;
}

static const net_kernel *kernel_for(const conv_form *f, bool training, bool winograd);

bool fast_offer_conv(const net_chain *chain, net_offer *offer) {
  const net_node *conv = chain->nodes[0];
  uint32_t channels = input_shape(chain).dims[1], filters = (uint32_t)conv->attribute[CONV_FILTERS];
  if (conv->attribute[CONV_GROUPS] != 1 || conv->attribute[CONV_SIZE] > DIRECT_MOST_SIZE)
    return false;
  bool blocks = conv_in_blocks(filters);
  conv_form f;
  offer->n_nodes = read_form(chain->nodes, chain->n_nodes, blocks, &f);
  offer->kernel = kernel_for(&f, chain->training, winograd_pays(chain));
  if (conv_in_blocks(channels)) offer->in[CONV_X] = NET_C16;
  if (f.residual) offer->in[f.residual] = NET_C16;
  offer->out = blocks ? NET_C16 : NET_PLAIN;
  return true;
}

/* ---- making ---- */

static lan_status prepare(net_run *run, bool winograd, lan_error *err) {
  conv_form f;
  conv_state *st;
  read_form(run->nodes, run->n_nodes, true, &f);
  lan_status status = conv_state_new(run, f, winograd, &st, err);
  if (status == LAN_OK) run->state = st;
  return status;
}

static void release(void *state) { conv_state_free(state); }

static lan_status prepare_direct(net_run *run, lan_error *err) { return prepare(run, false, err); }
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

/* ---- training, forward ---- */

static void pack(const net_run *run, conv_state *st) {
  if (st->packed_once && st->packed_at == run->clock->changes) return;
  conv_pack(st, run->in[CONV_W], st->form.bias ? run->in[st->form.bias] : NULL);
  st->packed_once = true;
  st->packed_at = run->clock->changes;
}

static void convolve(const net_run *run, conv_state *st, float *y, double *sums,
                     const float *about) {
  for (uint32_t i = 0; i < st->n_pieces; i++, y += st->y_floats) {
    conv_piece(run, st, i, y);
    if (!sums) continue;
    CONV_EACH_BLOCK(st) {
      lanes16()->moments(st->places, y + at, about + c, sums + c, sums + st->filters + c);
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
    CONV_EACH_BLOCK(st) {
      lanes16()->scale(st->places, v.conv + from + at, v.a + c, v.b + c,
                       residual ? residual + from + at : NULL, st->form.relu, run->out + from + at);
    }
  }
}

static void conv_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  conv_state *st = run->state;
  pack(run, st);
  convolve(run, st, run->out, NULL, NULL);
}

static void norm_forward(const net_run *run, uint32_t phase) {
  conv_state *st = run->state;
  if (phase == 0) {
    norm_view v = norm_of(run, st);
    pack(run, st);
    memcpy(v.about, run->in[st->form.norm + 2], st->filters * sizeof *v.about);
    double *sums = sums_of(run, st, run->shard);
    memset(sums, 0, 2 * st->filters * sizeof *sums);
    convolve(run, st, v.conv, sums, v.about);
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
    lanes16()->add(n, gradient, run->din[input]);
  } else {
    memcpy(run->din[input], gradient, n * sizeof *gradient);
  }
}

static void give_weights(const net_run *run, conv_state *st) {
  if (run->din[CONV_W]) conv_take_weights(run, st);
  if (st->form.bias) give(run, st->form.bias, st->filters, conv_scratch(run, st->db_at));
}

static void conv_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  conv_state *st = run->state;
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    const float *dy = run->dout + i * st->y_floats;
    if (st->form.relu) {
      float *passed = conv_scratch(run, st->dy_at);
      lanes16()->pass(st->y_floats, dy, run->out + i * st->y_floats, passed);
      dy = passed;
    }
    conv_piece_back(run, st, i, dy);
  }
  give_weights(run, st);
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
  bool add = dr && (dr == run->din[CONV_X] ? run->add[CONV_X] : run->add[st->form.residual]);
  double *sums = sums_of(run, st, run->shard);
  memset(sums, 0, 2 * st->filters * sizeof *sums);
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    size_t from = i * st->y_floats;
    CONV_EACH_BLOCK(st) {
      size_t k = from + at;
      lanes16_norm norm = lanes_of(&v, st, c);
      lanes16()->norm_sums(st->places, &norm, run->dout + k, v.conv + k, y ? y + k : NULL,
                           dr ? dr + k : NULL, add, sums + c, sums + st->filters + c);
    }
  }
}

static void give_norm(const net_run *run, const conv_state *st) {
  const double *sums = sums_of(run, st, run->shard);
  float *to = conv_scratch(run, st->db_at);
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
  float *dy = conv_scratch(run, st->dy_at), *of_dy = v.about; /* no longer needed */
  float *of_product = conv_scratch(run, st->product_at);
  double n = values_of(run, st);
  for (size_t c = 0; c < st->filters; c++) {
    double sums[2];
    add_sums(run, st, c, sums);
    of_dy[c] = (float)(sums[0] / n);
    of_product[c] = (float)(sums[1] / n);
  }
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    size_t from = i * st->y_floats;
    CONV_EACH_BLOCK(st) {
      size_t k = from + at;
      lanes16_norm norm = lanes_of(&v, st, c);
      lanes16()->norm_gradient(st->places, &norm, run->dout + k, v.conv + k, y ? y + k : NULL,
                               of_dy + c, of_product + c, dy + at);
    }
    conv_piece_back(run, st, i, dy);
  }
  give_weights(run, st);
}

/* ---- inference ---- */

/* Batch norm is folded into the weights: conv(x, a w) + a bias + b. */
static void fold(const net_run *run) {
  conv_state *st = run->state;
  const conv_form *f = &st->form;
  size_t row = net_shape_count(run->in_shape[CONV_W], 0) / st->filters;
  for (size_t c = 0; c < st->filters; c++) {
    float a = 1, b = 0;
    if (f->norm) {
      double variance = (double)run->in[f->norm + 3][c];
      double deviation = sqrt(variance + run->nodes[1]->attribute[NORM_EPSILON]);
      a = (float)((double)run->in[f->norm][c] / deviation);
      b = run->in[f->norm + 1][c] - a * run->in[f->norm + 2][c];
    }
    for (size_t t = c * row; t < (c + 1) * row; t++) st->folded[t] = a * run->in[CONV_W][t];
    st->bias[c] = b + (f->bias ? a * run->in[f->bias][c] : 0);
  }
  conv_pack(st, st->folded, NULL);
}

static void conv_infer(const net_run *run, uint32_t phase) {
  (void)phase;
  conv_state *st = run->state;
  for (uint32_t i = 0; i < st->n_pieces; i++) {
    conv_piece(run, st, i, run->out + i * st->y_floats);
  }
}

/* ---- tables ---- */

#define KERNEL(WITH, WHAT, ...)                                                             \
  {                                                                                         \
    .name = #WITH " conv" WHAT, .adds = true, .keep_in = 1U << CONV_X, .sizes = conv_sizes, \
    .prepare = prepare_##WITH, .release = release, __VA_ARGS__                              \
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
    [INFERENCE] =                                                                                  \
        KERNEL(WITH, ", inference", .forward = conv_infer, .refresh = fold, .splits = true)        \
  }
static const net_kernel DIRECT[FORMS] = KERNELS(direct), WINOGRAD[FORMS] = KERNELS(winograd);

static const net_kernel *kernel_for(const conv_form *f, bool training, bool winograd) {
  size_t i = INFERENCE;
  if (training) {
    i = f->residual ? NORM_ADD : f->norm ? NORM : 0;
    if (f->relu) i += RELU;
  }
  return winograd ? &WINOGRAD[i] : &DIRECT[i];
}
