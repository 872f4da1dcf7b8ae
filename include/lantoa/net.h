/** Neural networks that learn by backpropagation (Rumelhart, Hinton and Williams 1986).
 *
 *  A net is a static graph of layers with named parameters. It is built once by calling the functions
 *  below, each of which takes the outputs of earlier layers and returns its own; it is then planned
 *  for a batch size, which checks shapes, chooses kernels and lays out memory; a planned net steps
 *  without allocating. Gradients come by reverse-mode differentiation over the whole graph, which need
 *  not be a chain.
 *
 *      lan_net *net;
 *      lan_net_new(1, &net, &err);
 *      lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 2));
 *      lan_var y = lan_net_dense(net, lan_net_tanh(net, lan_net_dense(net, x, 8)), 1);
 *      lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 1));
 *      lan_net_loss(net, lan_net_binary_cross_entropy(net, y, t));
 *
 *  Errors while building are kept: the functions then return LAN_NONE, go on returning it when it is
 *  given to them, and lan_net_status or the first plan tells what was wrong and in which layer.
 *
 *  Shapes. Values are float32, row-major, of at most LAN_MAX_RANK dimensions. The first may be
 *  LAN_BATCH: it takes the plan's batch size, and all layers treat its rows alike. Pictures are
 *  (batch, channels, height, width), sequences (batch, time, features).
 *
 *  Threads. A net may be used by one plan at a time that trains, or by any number that do not. The
 *  batch is cut into shards, each worked on by one thread; results depend on the number of shards but
 *  not on the number of threads. */
#ifndef LANTOA_NET_H
#define LANTOA_NET_H

#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LAN_BATCH = 0, LAN_MAX_RANK = 5 };

/** Rank 0 is a single number, as a loss is. */
typedef struct lan_shape {
  uint32_t rank;
  uint32_t dims[LAN_MAX_RANK];
} lan_shape;

/** LAN_SHAPE(LAN_BATCH, 3, 32, 32) */
#define LAN_SHAPE(...) \
  ((lan_shape){(uint32_t)(sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), {__VA_ARGS__}})

typedef struct lan_net lan_net;

/** The output of a layer; LAN_NONE after an error. */
typedef int32_t lan_var;
enum { LAN_NONE = -1 };

/** `seed` decides the parameters' first values and what dropout drops. */
LAN_API lan_status lan_net_new(uint64_t seed, lan_net **net, lan_error *err);
LAN_API void lan_net_free(lan_net *net);
/** The first error met while building, or LAN_OK. */
LAN_API lan_status lan_net_status(const lan_net *net, lan_error *err);

/** What is fed to the net by name. */
LAN_API lan_var lan_net_input(lan_net *net, const char *name, lan_shape shape);
/** A free parameter, for use as another layer's input. Its first values are normal numbers times
 * `scale`. */
LAN_API lan_var lan_net_parameter(lan_net *net, const char *name, lan_shape shape, float scale);

/** y = x W^T + b over the last dimension; W (units, features), b (units). W starts uniform in
 *  +-sqrt(6 / features) (He et al. 2015, eq. 10), b at 0. */
LAN_API lan_var lan_net_dense(lan_net *net, lan_var x, uint32_t units);

typedef struct lan_conv_options {
  uint32_t stride;  /**< 0 counts as 1 */
  uint32_t padding; /**< zeros at each edge */
  uint32_t groups;  /**< 0 counts as 1 */
  int no_bias;      /**< not 0: before a batch norm, which has its own */
} lan_conv_options;
/** Cross-correlation of (batch, channels, height, width) with `filters` kernels of `size` x `size`; W (filters,
 *  channels / groups, size, size). `options` may be NULL. */
LAN_API lan_var lan_net_conv2d(lan_net *net, lan_var x, uint32_t filters, uint32_t size,
                               const lan_conv_options *options);
/** Windows of `size` x `size`; stride 0 counts as `size`. Padding holds no value: it is never the
 *  largest, and is not counted in an average. */
LAN_API lan_var lan_net_max_pool(lan_net *net, lan_var x, uint32_t size, uint32_t stride,
                                 uint32_t padding);
LAN_API lan_var lan_net_average_pool(lan_net *net, lan_var x, uint32_t size, uint32_t stride,
                                     uint32_t padding);
/** (batch, channels, height, width) to (batch, channels). */
LAN_API lan_var lan_net_global_pool(lan_net *net, lan_var x);

/** Over all but the second dimension (Ioffe and Szegedy 2015); momentum 0.1, epsilon 1e-5. Statistics
 *  are those of the whole batch, whatever the number of shards. A net planned for inference uses the
 *  running ones. */
LAN_API lan_var lan_net_batch_norm(lan_net *net, lan_var x);
/** Over the last dimension (Ba, Kiros and Hinton 2016); epsilon 1e-5. */
LAN_API lan_var lan_net_layer_norm(lan_net *net, lan_var x);
/** Keeps each value with probability 1 - rate, then divides by it; nothing in inference. */
LAN_API lan_var lan_net_dropout(lan_net *net, lan_var x, float rate);

LAN_API lan_var lan_net_relu(lan_net *net, lan_var x);
LAN_API lan_var lan_net_gelu(lan_net *net, lan_var x); /**< x Phi(x), by erf (Hendrycks 2016) */
LAN_API lan_var lan_net_silu(lan_net *net, lan_var x);
LAN_API lan_var lan_net_tanh(lan_net *net, lan_var x);
LAN_API lan_var lan_net_sigmoid(lan_net *net, lan_var x);
LAN_API lan_var lan_net_softmax(lan_net *net, lan_var x); /**< over the last dimension */

/** Of equal shapes, element by element. */
LAN_API lan_var lan_net_add(lan_net *net, lan_var a, lan_var b);
LAN_API lan_var lan_net_multiply(lan_net *net, lan_var a, lan_var b);
/** Along the second dimension; at most 8. */
LAN_API lan_var lan_net_concat(lan_net *net, const lan_var *parts, size_t n_parts);
/** The values of one row in another shape; `shape` gives the batch too. */
LAN_API lan_var lan_net_reshape(lan_net *net, lan_var x, lan_shape shape);
LAN_API lan_var lan_net_flatten(lan_net *net, lan_var x); /**< to (batch, all others) */

/** Rows of a table (count, features) by whole numbers 0 .. count-1 that are given as floats: (batch,
 *  time) to (batch, time, features). Others count as 0. */
LAN_API lan_var lan_net_embedding(lan_net *net, lan_var indices, uint32_t count, uint32_t features);
/** Multi-head self-attention (Vaswani et al. 2017) over (batch, time, features), with projections of
 *  its own; `causal`: no position sees a later one. */
LAN_API lan_var lan_net_attention(lan_net *net, lan_var x, uint32_t heads, int causal);
/** Gated recurrent unit (Cho et al. 2014, in PyTorch's form) over (batch, time, features), to (batch,
 *  time, units). */
LAN_API lan_var lan_net_gru(lan_net *net, lan_var x, uint32_t units);
/** The last step of a sequence: (batch, time, features) to (batch, features). */
LAN_API lan_var lan_net_last(lan_net *net, lan_var x);

/** Edges for lan_net_propagate, sender from[e] to receiver to[e]; in any order, quickest when sorted by
 *  receiver. The arrays belong to the caller and must outlive the net. */
typedef struct lan_edges {
  uint32_t n_senders, n_receivers;
  uint32_t n_edges;
  const uint32_t *from, *to;
  /** What lan_net_conductance looks at; the rest may be left 0. */
  uint32_t n_types;      /**< at most 256 */
  const uint8_t *types;  /**< n_edges, each < n_types; NULL: all 0 */
  uint32_t n_features;   /**< of an edge; may be 0 */
  const float *features; /**< n_edges x n_features */
  const float *weights;  /**< n_edges, > 0; NULL: all 1 */
} lan_edges;
/** One step of spreading activation: y[b, j, :] = sum over edges e: i -> j of weights[e] * x[b, i, :].
 *  x (batch, senders) or (batch, senders, features); weights (edges), which learn if they are a
 *  parameter. */
LAN_API lan_var lan_net_propagate(lan_net *net, lan_var x, lan_var weights, const lan_edges *edges);

/** How much each edge conducts, to be the weights of lan_net_propagate (n_edges): with
 *
 *      w[e] = weights[e] exp(theta[type(e)] + phi . features[e])
 *      y[e] = decay w[e] / (sum of w over the sender's edges)^fan
 *
 *  where `theta` is (n_types), `phi` (n_features; LAN_NONE if there are none), `form` (2): fan and ln decay. All
 *  of them learn if they are parameters: propagating T times over these weights is spreading activation with T
 *  steps (lantoa/spread.h), whose conductances, fan effect and decay are learnt by backpropagation. */
LAN_API lan_var lan_net_conductance(lan_net *net, lan_var theta, lan_var phi, lan_var form,
                                    const lan_edges *edges);

/** The layer that made `like` once more, with the same parameters, on another input. */
LAN_API lan_var lan_net_again(lan_net *net, lan_var like, lan_var x);

/** Losses: means over the batch, as single numbers. Gradients go to the targets too, if those are
 *  computed. */

/** -sum over classes of t log softmax(logits); targets (batch, classes) sum to 1 a row. `smoothing`
 *  s mixes them with the uniform distribution: (1 - s) t + s / classes (Szegedy et al. 2016). */
LAN_API lan_var lan_net_cross_entropy(lan_net *net, lan_var logits, lan_var targets,
                                      float smoothing);
/** Cross-entropy over the candidates whose mask is not 0 (listwise, ListNet: Cao et al. 2007; with drawn
 *  candidates: sampled softmax, where logits have ln of the drawing probability taken off); shapes
 *  (batch, candidates). A row whose mask is 0 everywhere counts as a loss of 0. */
LAN_API lan_var lan_net_listwise(lan_net *net, lan_var logits, lan_var targets, lan_var mask);
/** -t ln s(x) - (1 - t) ln(1 - s(x)), s being the sigmoid; this and the next two are means over all values,
 *  as in PyTorch. */
LAN_API lan_var lan_net_binary_cross_entropy(lan_net *net, lan_var logits, lan_var targets);
LAN_API lan_var lan_net_mean_squared_error(lan_net *net, lan_var x, lan_var targets);
/** Quadratic below `delta`, linear above (Huber 1964), as PyTorch's HuberLoss. */
LAN_API lan_var lan_net_huber(lan_net *net, lan_var x, lan_var targets, float delta);

/** What training makes small: a single number. */
LAN_API void lan_net_loss(lan_net *net, lan_var loss);
/** What a plan keeps for lan_net_plan_output, by this name. */
LAN_API void lan_net_output(lan_net *net, const char *name, lan_var value);

/** Any layer by its kind, for readers of descriptions. `attributes` are pairs of name and number,
 *  those that are missing take their defaults; `name` NULL: the kind and a number. */
typedef struct lan_attribute {
  const char *name;
  double value;
} lan_attribute;
LAN_API lan_var lan_net_layer(lan_net *net, const char *kind, const char *name,
                              const lan_var *inputs, size_t n_inputs,
                              const lan_attribute *attributes, size_t n_attributes);

LAN_API lan_shape lan_net_shape(const lan_net *net, lan_var value);

/** What the net is made of, each after its inputs; inputs and parameters are layers too. */
typedef struct lan_layer {
  const char *name; /**< "dense1" */
  const char *kind; /**< "dense", as lan_net_layer takes it; "input" or "parameter" */
  lan_shape shape;  /**< of its output */
  const lan_var *inputs;
  size_t n_inputs;     /**< its parameters are the last of them */
  size_t n_values;     /**< those that are no parameters of its own */
  size_t n_parameters; /**< numbers in the parameters of its own */
  double flops;        /**< of a forward pass with one row; a multiply-add counts as two */
} lan_layer;
LAN_API size_t lan_net_n_layers(const lan_net *net);
/** 0 <= layer < lan_net_n_layers; valid until the net gets another layer. */
LAN_API lan_layer lan_net_layer_at(const lan_net *net, lan_var layer);

/** Parameters, in the order in which they were made; names are "layer.weight" and the like. Batch
 *  norm's running statistics are parameters that do not learn. */
typedef struct lan_parameter {
  const char *name;
  lan_shape shape;
  size_t count;
  float *values; /**< the net's own, may be changed between steps; see below */
  int learns;
} lan_parameter;
LAN_API size_t lan_net_n_parameters(const lan_net *net);
/** i < lan_net_n_parameters. Plans for inference keep parameters in orders of their own: ask for a parameter
 *  anew each time you change its values, so that they see it. */
LAN_API lan_parameter lan_net_parameter_at(const lan_net *net, size_t i);

/** A net made ready for one batch size. */
typedef struct lan_net_plan lan_net_plan;

typedef struct lan_net_plan_options {
  uint32_t batch;   /**< rows of what has LAN_BATCH; 0 counts as 1 */
  int training;     /**< not 0: with gradients, dropout and batch statistics */
  uint32_t threads; /**< 0: one a processor */
  uint32_t
      shards; /**< pieces of the batch; 0: 2 when training, or as many as threads if more; never more than rows */
  int reference_only;  /**< not 0: only the portable kernels */
  int input_gradients; /**< not 0: gradients of the inputs too */
  int frozen; /**< not 0, with training: dropout keeps all and batch norm uses its running statistics, as in
                 inference, so that gradients are those of what is predicted; portable kernels */
  int keep_all; /**< not 0: every value and gradient can be looked at (lan_net_plan_value); one shard,
                     portable kernels, and more memory */
} lan_net_plan_options;

/** `options` may be NULL. The net must outlive the plan, and take no new layers meanwhile. */
LAN_API lan_status lan_net_plan_new(lan_net *net, const lan_net_plan_options *options,
                                    lan_net_plan **plan, lan_error *err);
LAN_API void lan_net_plan_free(lan_net_plan *plan);

/** Where the caller writes what is fed: the whole batch, row-major; NULL for an unknown name. */
LAN_API float *lan_net_plan_input(lan_net_plan *plan, const char *name);
/** The whole batch of an output after a forward pass; NULL for an unknown name. */
LAN_API const float *lan_net_plan_output(const lan_net_plan *plan, const char *name);
/** Forward; *loss (may be NULL) is the loss if the net has one. */
LAN_API void lan_net_forward(lan_net_plan *plan, double *loss);
/** Backward after a forward pass; gradients of all parameters. Training plans only. */
LAN_API void lan_net_backward(lan_net_plan *plan);
/** The gradient of the loss by parameter i, summed over shards into `out` (its count of floats). */
LAN_API void lan_net_plan_gradient(const lan_net_plan *plan, size_t i, float *out);
/** The same by an input; LAN_EINVAL without input_gradients, LAN_ENOTFOUND for an unknown name. */
LAN_API lan_status lan_net_plan_input_gradient(const lan_net_plan *plan, const char *name,
                                               float *out, lan_error *err);
/** The value of a layer in the last forward pass, and the gradient of the loss by it in the last backward
 *  pass: the whole batch, into `out`. LAN_EINVAL without keep_all; LAN_ENOTFOUND for what neither an output
 *  nor the loss comes from, and for gradients that nothing that learns wants. */
LAN_API lan_status lan_net_plan_value(const lan_net_plan *plan, lan_var layer, float *out,
                                      lan_error *err);
LAN_API lan_status lan_net_plan_value_gradient(const lan_net_plan *plan, lan_var layer, float *out,
                                               lan_error *err);
/** The bytes of activations, gradients and workspace that the plan holds. */
LAN_API size_t lan_net_plan_bytes(const lan_net_plan *plan);
/** The layer and kernel of step i, or NULL past the last: for tests and summaries. */
LAN_API const char *lan_net_plan_kernel(const lan_net_plan *plan, size_t i, const char **layer);

typedef enum lan_optimizer_kind {
  LAN_SGD,   /**< v = momentum v + g; w -= rate v (Nesterov: rate (g + momentum v)), as PyTorch's */
  LAN_ADAM,  /**< Kingma and Ba 2015, algorithm 1; weight decay is added to the gradient */
  LAN_ADAMW, /**< Loshchilov and Hutter 2019: weight decay apart from the gradient */
  LAN_RMSPROP /**< Tieleman and Hinton 2012, with momentum, as PyTorch's */
} lan_optimizer_kind;

typedef struct lan_optimizer_options {
  lan_optimizer_kind kind;
  float rate;         /**< the learning rate, > 0 */
  float momentum;     /**< SGD and RMSprop, 0 .. 1 */
  int nesterov;       /**< SGD */
  float beta1, beta2; /**< Adam: 0 counts as 0.9 and 0.999; RMSprop's alpha is beta2, 0 as 0.99 */
  float epsilon;      /**< 0 counts as 1e-8 */
  float weight_decay; /**< of weights; biases and norms have none */
  float clip;         /**< > 0: gradients are scaled down to at most this L2 norm in all */
} lan_optimizer_options;

typedef struct lan_optimizer lan_optimizer;
LAN_API lan_status lan_optimizer_new(lan_net_plan *plan, const lan_optimizer_options *options,
                                     lan_optimizer **optimizer, lan_error *err);
LAN_API void lan_optimizer_free(lan_optimizer *optimizer);
/** Moves the parameters by the gradients of the last backward pass; returns the gradients' L2 norm,
 *  or 0 when neither `clip` nor `want_norm` asks for it. */
LAN_API double lan_optimizer_step(lan_optimizer *optimizer, float rate, int want_norm);
/** Its memory, to be saved and restored with the parameters: arrays of the parameters' counts, in
 *  their order, `slot` 0 (momentum or first moment) and 1 (second moment); NULL when it has none. */
LAN_API float *lan_optimizer_state(lan_optimizer *optimizer, size_t parameter, int slot);
/** Steps made so far, which Adam's correction of bias needs. */
LAN_API uint64_t lan_optimizer_steps(const lan_optimizer *optimizer);
LAN_API void lan_optimizer_set_steps(lan_optimizer *optimizer, uint64_t steps);

/** The number that dropout draws from, together with the net's seed: rises by 1 with each training
 *  forward pass; set when resuming. */
LAN_API uint64_t lan_net_plan_clock(const lan_net_plan *plan);
LAN_API void lan_net_plan_set_clock(lan_net_plan *plan, uint64_t clock);

/** One check of an operation's gradients against central differences. */
typedef struct lan_net_check_result {
  const char *kind;   /**< of the operation, as lan_net_layer takes it */
  const char *name;   /**< of the case: what is special about the net that was tried */
  const char *kernel; /**< that computed it: "reference", or a faster one */
  const char
      *worst; /**< the input or parameter whose gradient is most wrong; NULL if there is no case */
  double error; /**< ||a - b|| / max(||a||, ||b||) of that gradient */
  int passed;   /**< error <= LAN_NET_CHECK_MOST */
} lan_net_check_result;
#define LAN_NET_CHECK_MOST 1e-3

/** Told each result in turn, valid during the call; not 0 ends the check. */
typedef int (*lan_net_check_fn)(void *ctx, const lan_net_check_result *result);

/** Checks the gradients of all operations, or of one `kind`, on small nets: of all inputs and parameters,
 *  with the reference kernels, and again where this build has faster ones. Returns LAN_OK if all are
 *  right, LAN_ERANGE if some are wrong or an operation has no case, LAN_ECANCELED if `each` (may be
 *  NULL) ended it. Takes about a second. */
LAN_API lan_status lan_net_check(const char *kind, lan_net_check_fn each, void *ctx,
                                 lan_error *err);

#ifdef __cplusplus
}
#endif
#endif
