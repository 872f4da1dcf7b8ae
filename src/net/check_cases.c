#include "net/check_cases.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

/* ---- building ---- */

static lan_var fed(check_net *c, const char *name, lan_shape shape, check_fill fill) {
  lan_var var = lan_net_input(c->net, name, shape);
  c->inputs[c->n_inputs++] = (check_input){name, var, fill};
  return var;
}

/* A sequence of two to five dimensions: the first `rank - 1` options. */
static lan_shape shape_of(const uint32_t *o) {
  lan_shape s = {.rank = 1, .dims = {LAN_BATCH}};
  while (s.rank < LAN_MAX_RANK && o[s.rank - 1] > 0) {
    s.dims[s.rank] = o[s.rank - 1];
    s.rank++;
  }
  return s;
}

static lan_var x_of(check_net *c, const uint32_t *o) {
  return fed(c, "x", shape_of(o), CHECK_NORMAL);
}

/* units, then the shape */
static lan_var dense(check_net *c, const uint32_t *o) {
  return lan_net_dense(c->net, x_of(c, o + 1), o[0]);
}

static lan_var dense_without_bias(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o + 1);
  lan_attribute a[] = {{"units", o[0]}, {"bias", 0}};
  return lan_net_layer(c->net, "dense", NULL, &x, 1, a, 2);
}

static lan_var dense_again(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o + 1), once = lan_net_dense(c->net, x, o[0]);
  lan_var twice = lan_net_again(c->net, once, lan_net_tanh(c->net, once));
  return lan_net_add(c->net, lan_net_add(c->net, twice, once), x);
}

static lan_var dense_then_relu(check_net *c, const uint32_t *o) {
  c->kinked = true;
  return lan_net_relu(c->net, lan_net_dense(c->net, x_of(c, o + 1), o[0]));
}

static lan_var dense_then_gelu(check_net *c, const uint32_t *o) {
  return lan_net_gelu(c->net, lan_net_dense(c->net, x_of(c, o + 1), o[0]));
}

/* Two layers, as a perceptron has them. */
static lan_var two_dense(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o + 1);
  return lan_net_dense(c->net, lan_net_tanh(c->net, lan_net_dense(c->net, x, o[0])), 3);
}

#define ACTIVATION(NAME, FILL)                                     \
  static lan_var NAME##_alone(check_net *c, const uint32_t *o) {   \
    return lan_net_##NAME(c->net, fed(c, "x", shape_of(o), FILL)); \
  }
ACTIVATION(relu, CHECK_APART)
ACTIVATION(gelu, CHECK_NORMAL)
ACTIVATION(silu, CHECK_NORMAL)
ACTIVATION(tanh, CHECK_NORMAL)
ACTIVATION(sigmoid, CHECK_NORMAL)
ACTIVATION(softmax, CHECK_NORMAL)
ACTIVATION(flatten, CHECK_NORMAL)
ACTIVATION(last, CHECK_NORMAL)
ACTIVATION(global_pool, CHECK_NORMAL)
ACTIVATION(batch_norm, CHECK_NORMAL)
ACTIVATION(layer_norm, CHECK_NORMAL)

static lan_var add(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o);
  return lan_net_add(c->net, x, fed(c, "other", shape_of(o), CHECK_NORMAL));
}

static lan_var add_itself(check_net *c, const uint32_t *o) {
  lan_var x = lan_net_tanh(c->net, x_of(c, o));
  return lan_net_add(c->net, x, x);
}

static lan_var add_losses(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), u = fed(c, "u", shape_of(o), CHECK_SHARES);
  lan_var y = lan_net_dense(c->net, x, o[0]);
  return lan_net_add(c->net, lan_net_cross_entropy(c->net, y, u, 0),
                     lan_net_mean_squared_error(c->net, y, x));
}

static lan_var multiply(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o);
  return lan_net_multiply(c->net, x, fed(c, "other", shape_of(o), CHECK_NORMAL));
}

static lan_var multiply_itself(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o);
  return lan_net_multiply(c->net, x, x);
}

static lan_var dropout(check_net *c, const uint32_t *o) {
  return lan_net_dropout(c->net, x_of(c, o), 0.4F);
}

static lan_var reshape(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o);
  return lan_net_reshape(c->net, x, LAN_SHAPE(LAN_BATCH, 3, 2, 2));
}

/* channels, height, width, filters, size, stride, padding, groups, no bias */
static lan_var convolve(check_net *c, lan_var x, const uint32_t *o) {
  lan_conv_options options = {
      .stride = o[5], .padding = o[6], .groups = o[7], .no_bias = o[8] != 0};
  return lan_net_conv2d(c->net, x, o[3], o[4], &options);
}

static lan_var picture(check_net *c, const uint32_t *o) {
  return fed(c, "x", LAN_SHAPE(LAN_BATCH, o[0], o[1], o[2]), CHECK_NORMAL);
}

static lan_var conv(check_net *c, const uint32_t *o) { return convolve(c, picture(c, o), o); }

static lan_var conv_relu(check_net *c, const uint32_t *o) {
  c->kinked = true;
  return lan_net_relu(c->net, conv(c, o));
}

static lan_var conv_norm(check_net *c, const uint32_t *o) {
  c->normed = true;
  return lan_net_batch_norm(c->net, conv(c, o));
}

static lan_var conv_norm_relu(check_net *c, const uint32_t *o) {
  c->kinked = c->normed = true;
  return lan_net_relu(c->net, conv_norm(c, o));
}

/* A block of a residual net (He et al. 2016), its shortcut being the input. */
static lan_var residual(check_net *c, const uint32_t *o) {
  c->kinked = c->normed = true;
  lan_var x = fed(c, "x", LAN_SHAPE(LAN_BATCH, o[0], o[1], o[2]), CHECK_SMALL);
  lan_var y = lan_net_relu(c->net, lan_net_batch_norm(c->net, convolve(c, x, o)));
  y = lan_net_batch_norm(c->net, convolve(c, y, o));
  return lan_net_relu(c->net, lan_net_add(c->net, y, x));
}

static lan_var conv_twice(check_net *c, const uint32_t *o) {
  lan_var once = conv(c, o);
  return lan_net_add(c->net, lan_net_again(c->net, once, lan_net_tanh(c->net, once)), once);
}

/* As LeNet begins (LeCun et al. 1998). */
static lan_var conv_pool_dense(check_net *c, const uint32_t *o) {
  lan_var y = lan_net_tanh(c->net, conv(c, o));
  return lan_net_dense(c->net, lan_net_flatten(c->net, lan_net_average_pool(c->net, y, 2, 0, 0)),
                       3);
}

/* channels, height, width, size, stride, padding */
static lan_var max_pool(check_net *c, const uint32_t *o) {
  lan_var x = fed(c, "x", LAN_SHAPE(LAN_BATCH, o[0], o[1], o[2]), CHECK_APART);
  return lan_net_max_pool(c->net, x, o[3], o[4], o[5]);
}

static lan_var average_pool(check_net *c, const uint32_t *o) {
  return lan_net_average_pool(c->net, picture(c, o), o[3], o[4], o[5]);
}

static lan_var norm_relu(check_net *c, const uint32_t *o) {
  c->kinked = c->normed = true;
  return lan_net_relu(c->net, lan_net_batch_norm(c->net, x_of(c, o)));
}

static lan_var embedding(check_net *c, const uint32_t *o) {
  return lan_net_embedding(c->net, fed(c, "x", shape_of(o), CHECK_INDICES), 5, 3);
}

static lan_var concat(check_net *c, const uint32_t *o) {
  lan_var parts[3] = {x_of(c, o)};
  lan_shape wider = shape_of(o);
  wider.dims[1] += 2;
  parts[1] = fed(c, "other", wider, CHECK_NORMAL);
  parts[2] = lan_net_tanh(c->net, parts[0]);
  return lan_net_concat(c->net, parts, 3);
}

static lan_var concat_itself(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o);
  return lan_net_concat(c->net, (lan_var[]){x, x}, 2);
}

/* heads, causal, then the shape */
static lan_var attention(check_net *c, const uint32_t *o) {
  return lan_net_attention(c->net, x_of(c, o + 2), o[0], (int)o[1]);
}

/* An encoder's first half, before its norm: what goes in is used twice. */
static lan_var attention_residual(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o + 2);
  lan_var y = lan_net_attention(c->net, lan_net_layer_norm(c->net, x), o[0], (int)o[1]);
  return lan_net_add(c->net, x, y);
}

/* units, then the shape */
static lan_var gru(check_net *c, const uint32_t *o) {
  return lan_net_gru(c->net, x_of(c, o + 1), o[0]);
}

static lan_var gru_last(check_net *c, const uint32_t *o) {
  return lan_net_dense(c->net, lan_net_last(c->net, gru(c, o)), 2);
}

static const uint32_t EDGE_FROM[] = {0, 1, 2, 3, 3, 1, 0, 2}, EDGE_TO[] = {1, 2, 0, 1, 2, 1, 1, 0};
static const uint8_t EDGE_TYPES[] = {0, 1, 2, 0, 1, 2, 0, 1};
static const float EDGE_FEATURES[] = {0.5F, 1,  -1, 0.2F, 0.3F, 0.8F, 1.5F,  -0.4F,
                                      0,    -1, 2,  0.1F, 0.6F, 0.9F, -0.7F, 0.4F};
static const float EDGE_WEIGHTS[] = {1, 2, 0.5F, 1, 3, 0.2F, 1, 1.5F};
#define ENDS(receivers) \
  .n_senders = 4, .n_receivers = receivers, .n_edges = 8, .from = EDGE_FROM, .to = EDGE_TO
static const lan_edges EDGES = {ENDS(3)};
static const lan_edges LOOP = {ENDS(4)};
static const lan_edges TYPED = {ENDS(4), .n_types = 3, .types = EDGE_TYPES};
static const lan_edges DESCRIBED = {ENDS(4),
                                    .n_types = 3,
                                    .types = EDGE_TYPES,
                                    .n_features = 2,
                                    .features = EDGE_FEATURES,
                                    .weights = EDGE_WEIGHTS};

static lan_var propagate(check_net *c, const uint32_t *o) {
  lan_var w = lan_net_parameter(c->net, "w", LAN_SHAPE(8), 1);
  return lan_net_propagate(c->net, x_of(c, o), w, &EDGES);
}

/* Two steps over the same edges, whose weights are kept between 0 and 1. */
static lan_var propagate_twice(check_net *c, const uint32_t *o) {
  lan_var w = lan_net_sigmoid(c->net, lan_net_parameter(c->net, "w", LAN_SHAPE(8), 1));
  lan_var x = lan_net_propagate(c->net, x_of(c, o), w, &LOOP);
  return lan_net_propagate(c->net, lan_net_tanh(c->net, x), w, &LOOP);
}

/* Spreading activation: three steps, all that it is made of learning. */
static lan_var spreading(check_net *c, const lan_edges *edges, const uint32_t *o) {
  lan_var theta = lan_net_parameter(c->net, "theta", LAN_SHAPE(3), 0.5F);
  lan_var form = lan_net_parameter(c->net, "form", LAN_SHAPE(2), 0.5F);
  lan_var phi = edges->n_features ? lan_net_parameter(c->net, "phi", LAN_SHAPE(2), 0.5F) : LAN_NONE;
  lan_var w = lan_net_conductance(c->net, theta, phi, form, edges), x = x_of(c, o), sum = x;
  for (int step = 0; step < 3; step++) {
    x = lan_net_propagate(c->net, x, w, edges);
    sum = lan_net_add(c->net, sum, x);
  }
  return sum;
}

static lan_var spreading_typed(check_net *c, const uint32_t *o) { return spreading(c, &TYPED, o); }
static lan_var spreading_described(check_net *c, const uint32_t *o) {
  return spreading(c, &DESCRIBED, o);
}

static lan_var cross_entropy(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), u = fed(c, "u", shape_of(o), CHECK_SHARES);
  return lan_net_cross_entropy(c->net, x, u, 0);
}

static lan_var cross_entropy_smoothed(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), u = fed(c, "u", shape_of(o), CHECK_SHARES);
  return lan_net_cross_entropy(c->net, x, u, 0.1F);
}

/* What one net says is what another learns (Hinton, Vinyals and Dean 2015). */
static lan_var distillation(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), y = lan_net_dense(c->net, x, 4), z = lan_net_dense(c->net, x, 4);
  return lan_net_cross_entropy(c->net, y, lan_net_softmax(c->net, z), 0);
}

static lan_var listwise(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), u = fed(c, "u", shape_of(o), CHECK_SHARES);
  return lan_net_listwise(c->net, x, u, fed(c, "mask", shape_of(o), CHECK_MASK));
}

static lan_var binary(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), u = fed(c, "u", shape_of(o), CHECK_SHARES);
  return lan_net_binary_cross_entropy(c->net, x, u);
}

static lan_var squares(check_net *c, const uint32_t *o) {
  lan_var x = x_of(c, o), u = fed(c, "u", shape_of(o), CHECK_NORMAL);
  return lan_net_mean_squared_error(c->net, x, u);
}

static lan_var huber(check_net *c, const uint32_t *o) {
  lan_var x = fed(c, "x", shape_of(o), CHECK_APART), u = fed(c, "u", shape_of(o), CHECK_STEPS);
  return lan_net_huber(c->net, x, u, 0.5F);
}

/* ---- the list ---- */

const check_case check_cases[] = {
    {"dense", "2 to 3", dense, {3, 2}, 0, 0},
    {"dense", "one row", dense, {3, 2}, 1, 1},
    {"dense", "of sequences", dense, {3, 4, 5}, 0, 0},
    {"dense", "without bias", dense_without_bias, {3, 4}, 7, 3},
    {"dense", "shared by two", dense_again, {4, 4}, 0, 0},
    {"dense", "then relu", dense_then_relu, {6, 5}, 0, 0},
    {"dense", "then gelu", dense_then_gelu, {6, 5}, 0, 0},
    {"dense", "33 to 18", dense, {18, 33}, 6, 2},
    {"dense", "two layers", two_dense, {16, 16}, 8, 2},
    {"relu", "rows", relu_alone, {7}, 0, 0},
    {"relu", "pictures", relu_alone, {16, 2, 3}, 2, 2},
    {"gelu", "rows", gelu_alone, {7}, 0, 0},
    {"gelu", "sequences", gelu_alone, {3, 17}, 3, 3},
    {"silu", "rows", silu_alone, {7}, 0, 0},
    {"silu", "pictures", silu_alone, {2, 3, 3}, 0, 0},
    {"tanh", "rows", tanh_alone, {7}, 0, 0},
    {"tanh", "pictures", tanh_alone, {16, 2, 2}, 0, 0},
    {"sigmoid", "rows", sigmoid_alone, {7}, 0, 0},
    {"sigmoid", "sequences", sigmoid_alone, {3, 4}, 0, 0},
    {"add", "rows", add, {4}, 0, 0},
    {"add", "pictures", add, {16, 2, 2}, 3, 2},
    {"add", "a value and itself", add_itself, {4}, 0, 0},
    {"add", "two losses", add_losses, {4}, 0, 0},
    {"multiply", "rows", multiply, {4}, 0, 0},
    {"multiply", "pictures", multiply, {3, 2, 2}, 0, 0},
    {"multiply", "a value and itself", multiply_itself, {4}, 0, 0},
    {"dropout", "rows, three shards", dropout, {9}, 7, 3},
    {"dropout", "pictures", dropout, {3, 3, 3}, 2, 1},
    {"softmax", "rows", softmax_alone, {5}, 0, 0},
    {"softmax", "sequences", softmax_alone, {3, 4}, 0, 0},
    {"reshape", "to rows", flatten_alone, {2, 3, 2}, 0, 0},
    {"reshape", "to pictures", reshape, {12}, 0, 0},
    {"conv2d", "3x3", conv, {2, 5, 4, 3, 3, 1, 0, 1}, 0, 0},
    {"conv2d", "3x3, padding", conv, {3, 4, 5, 2, 3, 1, 1, 1}, 0, 0},
    {"conv2d", "3x3, stride 2, padding", conv, {2, 6, 5, 3, 3, 2, 1, 1}, 0, 0},
    {"conv2d", "1x1", conv, {3, 3, 3, 4, 1, 1, 0, 1}, 0, 0},
    {"conv2d", "1x1, stride 2", conv, {3, 5, 4, 4, 1, 2, 0, 1}, 0, 0},
    {"conv2d", "5x5, padding 2, no bias", conv, {1, 6, 6, 2, 5, 1, 2, 1, 1}, 3, 2},
    {"conv2d", "2x2, stride 3, padding 1", conv, {2, 5, 7, 2, 2, 3, 1, 1}, 3, 2},
    {"conv2d", "two groups", conv, {4, 4, 4, 6, 3, 1, 1, 2}, 3, 2},
    {"conv2d", "one group a channel", conv, {3, 4, 4, 6, 3, 2, 1, 3}, 3, 2},
    {"conv2d", "one row", conv, {2, 4, 4, 2, 3, 1, 1, 1}, 1, 1},
    {"conv2d", "3 to 16", conv, {3, 6, 6, 16, 3, 1, 1, 1}, 2, 2},
    {"conv2d", "16 to 16, no bias", conv, {16, 4, 4, 16, 3, 1, 1, 1, 1}, 2, 2},
    {"conv2d", "16 to 32, stride 2", conv, {16, 4, 4, 32, 3, 2, 1, 1}, 2, 2},
    {"conv2d", "16 to 32, 1x1, stride 2", conv, {16, 4, 4, 32, 1, 2, 0, 1, 1}, 2, 2},
    {"conv2d", "32 to 32, two groups", conv, {32, 3, 3, 32, 3, 1, 1, 2}, 2, 1},
    {"conv2d", "then relu", conv_relu, {3, 5, 5, 16, 3, 1, 1, 1}, 3, 2},
    {"conv2d", "then norm", conv_norm, {2, 3, 3, 16, 3, 1, 1, 1, 1}, 3, 2},
    {"conv2d", "then norm, relu", conv_norm_relu, {3, 4, 4, 16, 3, 1, 1, 1, 1}, 4, 2},
    {"conv2d", "residual block", residual, {16, 3, 3, 16, 3, 1, 1, 1, 1}, 3, 2},
    {"conv2d", "shared by two", conv_twice, {2, 4, 4, 2, 3, 1, 1, 1}, 3, 2},
    {"conv2d", "then pool, dense", conv_pool_dense, {1, 8, 8, 4, 5, 1, 0, 1}, 3, 2},
    {"max_pool", "2", max_pool, {2, 4, 6, 2, 0, 0}, 2, 2},
    {"max_pool", "3, stride 2, padding", max_pool, {2, 5, 4, 3, 2, 1}, 2, 2},
    {"max_pool", "3, stride 1", max_pool, {1, 5, 5, 3, 1, 0}, 3, 2},
    {"max_pool", "16 channels", max_pool, {16, 4, 4, 2, 0, 0}, 2, 2},
    {"average_pool", "2", average_pool, {2, 4, 6, 2, 0, 0}, 2, 2},
    {"average_pool", "3, stride 2, padding", average_pool, {2, 5, 4, 3, 2, 1}, 2, 2},
    {"average_pool", "16 channels", average_pool, {16, 4, 4, 2, 0, 0}, 2, 2},
    {"global_pool", "small", global_pool_alone, {3, 2, 3}, 0, 0},
    {"global_pool", "16 channels", global_pool_alone, {16, 3, 3}, 3, 2},
    {"batch_norm", "rows", batch_norm_alone, {3}, 9, 2},
    {"batch_norm", "rows, one shard", batch_norm_alone, {3}, 9, 1},
    {"batch_norm", "rows, three shards", batch_norm_alone, {3}, 8, 3},
    {"batch_norm", "pictures", batch_norm_alone, {3, 3, 2}, 0, 0},
    {"batch_norm", "16 channels", batch_norm_alone, {16, 2, 3}, 3, 2},
    {"batch_norm", "then relu", norm_relu, {16, 2, 3}, 3, 2},
    {"layer_norm", "rows", layer_norm_alone, {6}, 0, 0},
    {"layer_norm", "sequences", layer_norm_alone, {3, 19}, 0, 0},
    {"embedding", "rows", embedding, {0}, 6, 2},
    {"embedding", "sequences", embedding, {4}, 0, 0},
    {"concat", "rows", concat, {3}, 0, 0},
    {"concat", "pictures", concat, {2, 3, 2}, 0, 0},
    {"concat", "a value and itself", concat_itself, {3}, 0, 0},
    {"last", "sequences", last_alone, {3, 4}, 0, 0},
    {"last", "one step", last_alone, {1, 4}, 0, 0},
    {"attention", "one head", attention, {1, 0, 3, 4}, 3, 2},
    {"attention", "three heads", attention, {3, 0, 4, 6}, 3, 2},
    {"attention", "causal", attention, {2, 1, 5, 4}, 3, 2},
    {"attention", "one step", attention, {2, 1, 1, 4}, 3, 2},
    {"attention", "of a norm, beside it", attention_residual, {2, 1, 3, 4}, 3, 2},
    {"gru", "one step", gru, {3, 1, 2}, 0, 0},
    {"gru", "five steps", gru, {3, 5, 2}, 0, 0},
    {"gru", "one row", gru, {4, 3, 3}, 1, 1},
    {"gru", "its last", gru_last, {3, 4, 2}, 0, 0},
    {"propagate", "rows", propagate, {4}, 0, 0},
    {"propagate", "many rows", propagate, {4}, 37, 2},
    {"propagate", "features", propagate, {4, 3}, 0, 0},
    {"propagate", "twice, computed weights", propagate_twice, {4}, 0, 0},
    {"propagate", "twice, features", propagate_twice, {4, 2}, 0, 0},
    {"conductance", "spreading, types", spreading_typed, {4}, 0, 0},
    {"conductance", "spreading, features", spreading_described, {4}, 19, 2},
    {"cross_entropy", "plain", cross_entropy, {5}, 0, 0},
    {"cross_entropy", "smoothed, three shards", cross_entropy_smoothed, {5}, 7, 3},
    {"cross_entropy", "sequences", cross_entropy, {3, 4}, 0, 0},
    {"cross_entropy", "of computed targets", distillation, {3}, 0, 0},
    {"listwise", "a row without candidates", listwise, {6}, 0, 0},
    {"listwise", "one row with none", listwise, {6}, 2, 2},
    {"binary_cross_entropy", "rows", binary, {4}, 0, 0},
    {"binary_cross_entropy", "one value", binary, {0}, 7, 3},
    {"mean_squared_error", "rows", squares, {4}, 0, 0},
    {"mean_squared_error", "pictures", squares, {2, 2, 2}, 0, 0},
    {"huber", "rows", huber, {6}, 0, 0},
    {"huber", "sequences", huber, {3, 4}, 7, 3},
    {.kind = NULL}};

/* ---- making them ready ---- */

lan_net_plan_options check_options(const check_case *which) {
  return (lan_net_plan_options){.batch = which->batch ? which->batch : 5,
                                .shards = which->shards ? which->shards : 2,
                                .training = 1,
                                .threads = 1,
                                .input_gradients = 1};
}

lan_status check_build(const check_case *which, check_net *c, lan_error *err) {
  memset(c, 0, sizeof *c);
  lan_status status = lan_net_new(7, &c->net, err);
  if (status != LAN_OK) return status;
  c->y = which->build(c, which->o);
  lan_shape shape = lan_net_shape(c->net, c->y);
  if (shape.rank > 0) {
    lan_net_output(c->net, "y", c->y);
    lan_var t = fed(c, "t", shape, CHECK_NORMAL);
    lan_net_loss(c->net, lan_net_mean_squared_error(c->net, c->y, t));
  } else {
    lan_net_loss(c->net, c->y);
  }
  return lan_net_status(c->net, err);
}

size_t check_count(const check_net *c, const check_case *which, lan_var value) {
  return net_shape_count(lan_net_shape(c->net, value), check_options(which).batch);
}

/* Fisher and Yates's shuffle of 0 .. n-1, as floats. */
static void shuffled(lan_rng *rng, float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = (float)i;
  for (size_t i = n; i-- > 1;) {
    size_t k = lan_rng_below(rng, (uint32_t)i + 1);
    float other = x[k];
    x[k] = x[i];
    x[i] = other;
  }
}

static void fill_input(lan_rng *rng, check_fill how, float *x, size_t n, size_t last_row) {
  if (how == CHECK_APART) shuffled(rng, x, n);
  for (size_t i = 0; i < n; i++) {
    switch (how) {
      case CHECK_NORMAL: x[i] = lan_rng_normal(rng); break;
      case CHECK_SMALL: x[i] = 0.4F * lan_rng_uniform(rng) - 0.2F; break;
      case CHECK_APART: x[i] = (x[i] - (float)(n / 2) + 0.5F) * 0.1F; break;
      case CHECK_STEPS: x[i] = ((float)lan_rng_below(rng, 21) - 10) * 0.1F; break;
      case CHECK_SHARES: x[i] = lan_rng_uniform(rng); break;
      case CHECK_MASK: x[i] = i < last_row && lan_rng_below(rng, 3) ? 1 : 0; break;
      case CHECK_INDICES: x[i] = (float)lan_rng_below(rng, 5); break;
    }
  }
}

static bool ends_in(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n >= m && strcmp(name + n - m, end) == 0;
}

/* Where a ReLU follows: biases of 1 and -1, and scales that make little of the rest. What goes into a
 * batch norm is scaled by it. */
static void fill_kinked(const check_net *c, lan_rng *rng, const lan_parameter *p) {
  float fan_in = (float)p->count / (float)p->shape.dims[0];
  float scale = c->normed ? 0.5F : 0.3F / sqrtf(fan_in);
  for (size_t i = 0; i < p->count; i++) {
    float u = 2 * lan_rng_uniform(rng) - 1;
    if (ends_in(p->name, "bias")) {
      p->values[i] = i % 3 == 0 ? -1 : 1;
    } else {
      p->values[i] = p->shape.rank > 1 ? scale * u : 0.15F + 0.02F * u;
    }
  }
}

void check_fill_in(const check_net *c, lan_net_plan *plan) {
  lan_rng rng = lan_rng_at(11, 0, 0);
  uint32_t batch = plan->options.batch;
  for (size_t i = 0; i < c->n_inputs; i++) {
    const check_input *in = &c->inputs[i];
    lan_shape s = lan_net_shape(c->net, in->var);
    size_t n = net_shape_count(s, batch);
    fill_input(&rng, in->fill, lan_net_plan_input(plan, in->name), n, n - n / batch);
  }
  for (size_t i = 0; i < lan_net_n_parameters(c->net); i++) {
    lan_parameter p = lan_net_parameter_at(c->net, i);
    if (!p.learns) continue;
    if (c->kinked) {
      fill_kinked(c, &rng, &p);
    } else {
      for (size_t k = 0; k < p.count; k++) p.values[k] = 0.5F * lan_rng_normal(&rng);
    }
  }
}
