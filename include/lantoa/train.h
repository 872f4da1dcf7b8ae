/** Classifiers: from labelled examples in files to a trained, evaluated, saved model.
 *
 *      lan_model *model = NULL;
 *      lan_train_options options = {.model = "lenet", .epochs = 10};
 *      lan_train("mnist/", &options, &model, &err);
 *      lan_model_save(model, "digits.safetensors", &err);
 *      lan_model_predict(model, "seven.png", probabilities, &err);
 *      lan_model_free(model);
 *
 *  Data is a folder with a folder of pictures (JPEG, PNG, WebP) a class, optionally below train/ and test/;
 *  idx files as MNIST's, plain or .gz; or a CSV file of numbers with a column of labels.
 *
 *  A model file is a safetensors file: the parameters by name, and as texts the description, the classes
 *  and how examples are made ready. Nothing in it is executed. */
#ifndef LANTOA_TRAIN_H
#define LANTOA_TRAIN_H

#include "lantoa/net.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lan_model lan_model;

typedef struct lan_model_info {
  uint32_t channels, height, width; /**< of an example; a table's columns x 1 x 1 */
  uint32_t n_classes;
  const char *const *classes; /**< their names, in the order of the outputs */
  const char *description;    /**< its layers, a line each */
} lan_model_info;

/** The models that are built in, "mlp", "lenet", "resnet20", "cnn"; NULL past the last. */
LAN_API const char *lan_model_preset(size_t i);

/** A model that has learnt nothing yet. `model` is a preset's name or a description: a line a layer,
 *
 *      # two layers; x is the example, (batch, channels, height, width)
 *      hidden = dense(flat, units=256)
 *
 *  as `name = kind(inputs, attribute=number)`, with the kinds and attributes of lan_net_layer; `classes`
 *  stands for their number. The last line's value are the classes' logits, (batch, classes).
 *  LAN_EFORMAT names the line. */
LAN_API lan_status lan_model_new(const char *model, lan_shape example, const char *const *classes,
                                 uint32_t n_classes, uint64_t seed, lan_model **out,
                                 lan_error *err);
LAN_API void lan_model_free(lan_model *model);
/** Good until the model is freed. */
LAN_API const lan_model_info *lan_model_describe(const lan_model *model);
/** Its net: input "x", targets "t", output "y", the classes' probabilities. */
LAN_API lan_net *lan_model_net(lan_model *model);

/** Replaces `path` whole or not at all. */
LAN_API lan_status lan_model_save(const lan_model *model, const char *path, lan_error *err);
/** LAN_EFORMAT: no model of Lantoa's, or one whose parts do not fit together; the message says what. */
LAN_API lan_status lan_model_open(const char *path, lan_model **out, lan_error *err);

/** Writes the model as an ONNX file (opset 17), for programs that run those: input "example", (batch, channels,
 *  height, width) of values between 0 and 1 (a table's columns as they are), output "probabilities", (batch,
 *  classes). Replaces `path` whole or not at all. LAN_EINVAL names the layer that cannot be expressed: an
 *  embedding. */
LAN_API lan_status lan_model_export_onnx(const lan_model *model, const char *path, lan_error *err);

/** The probabilities of the classes for one picture, n_classes of them. Pictures only. One call at a time a
 * model. */
LAN_API lan_status lan_model_predict(lan_model *model, const char *path, float *probabilities,
                                     lan_error *err);
/** The same for the bytes of a picture's file, which messages call `shown`. */
LAN_API lan_status lan_model_predict_bytes(lan_model *model, const void *bytes, size_t len,
                                           const char *shown, float *probabilities, lan_error *err);
/** The same for numbers, channels x height x width of them: a table's row, or a picture's planes with values
 *  from 0 to 1. */
LAN_API lan_status lan_model_predict_of(lan_model *model, const float *numbers,
                                        float *probabilities, lan_error *err);

/** An example as input "x" of the model's net takes it, channels x height x width floats into `x`: a picture
 *  decoded, brought to size and normalised. LAN_EINVAL for a model of tables. */
LAN_API lan_status lan_model_example(const lan_model *model, const char *path, float *x,
                                     lan_error *err);
/** The same of numbers, as in lan_model_predict_of. */
LAN_API void lan_model_example_of(const lan_model *model, const float *numbers, float *x);

typedef enum lan_schedule_kind {
  LAN_ONE_CYCLE, /**< up over the first 30 %, then down to almost nothing, by cosines (Smith and Topin
                      2019, as PyTorch's OneCycleLR: from rate / 25 to rate / 250,000) */
  LAN_COSINE,    /**< down to 0 by a half cosine (Loshchilov and Hutter 2017) */
  LAN_STEPS, /**< a tenth after half, a hundredth after three quarters of the epochs (He et al. 2015) */
  LAN_PLATEAU, /**< a tenth whenever validation has not improved for 3 epochs */
  LAN_CONSTANT
} lan_schedule_kind;

/** What an epoch came to. */
typedef struct lan_epoch {
  uint32_t epoch, epochs;  /**< counted from 1 */
  uint32_t batch, batches; /**< done in this epoch */
  double loss, accuracy;   /**< of training, of the epoch so far */
  double validation_loss,
      validation_accuracy; /**< NAN until the epoch's end, or without examples */
  double rate, seconds;    /**< the learning rate; since training began or was resumed */
  double per_second;       /**< examples */
  uint32_t best;           /**< the epoch that is kept, 0: none yet */
  int ended;               /**< not 0: the epoch is over */
} lan_epoch;

typedef struct lan_train_options {
  const char *model; /**< preset or description; NULL: "cnn" for pictures, "mlp" for tables */
  uint32_t epochs;   /**< 0: 12 */
  uint32_t batch;    /**< 0: 128 */
  lan_optimizer_options optimizer; /**< rate 0: the optimiser's usual one; all 0: AdamW at 0.002 */
  lan_schedule_kind schedule;
  /** Epochs (also parts of one) in which the rate climbs to its highest, in even steps (Goyal et al. 2017); the
   *  schedule follows over what is left. LAN_ONE_CYCLE: how long it goes up. 0: none, one-cycle 30 %. */
  double warmup;
  float smoothing; /**< of the targets, 0 .. 0.999 */
  float mixup;     /**< 0: not */
  int flip;        /**< not 0: pictures are mirrored every other time */
  uint32_t shift;  /**< pictures are shifted by up to so many pixels */
  /** Brightness, contrast and saturation of pictures change by factors of 1 - jitter .. 1 + jitter, 0 .. 1. */
  float jitter;
  /** A rectangle of 2 to 40 % of a picture is blanked with this probability (Zhong et al. 2017). */
  float erase;
  double validation; /**< part of the training examples held back, 0 .. 0.9 */
  uint32_t patience; /**< stop after so many epochs without a better validation; 0: never */
  uint32_t side;     /**< pictures are brought to side x side; 0: as they are, if all are equal */
  const char *
      label; /**< a table's column of labels, by name or number from 1; NULL: one that is named label,
                          class or target, else the last */
  uint64_t seed;
  uint32_t threads;          /**< 0: one a processor */
  const char *checkpoint;    /**< a file that holds all that is needed to go on; NULL: none */
  double checkpoint_seconds; /**< between two within an epoch; 0: 30 */
  const char *
      log; /**< a folder: history.csv, a row an epoch; events for TensorBoard; curve.svg. NULL: none */
  int resume; /**< not 0: go on from the checkpoint, if there is one, to the same bits */
  /** Told now and then and at the end of each epoch; not 0 ends training after a checkpoint, with
   *  LAN_ECANCELED. */
  int (*progress)(void *ctx, const lan_epoch *epoch);
  /** Told of each file that was left out. */
  void (*warning)(void *ctx, const char *message);
  void *ctx;
} lan_train_options;

/** Trains a model. With validation examples the parameters are those of the epoch that did best on
 *  them, else the last ones. The same options, seed and data give the same bits for 1 and 2 threads.
 *  LAN_ERANGE when the loss or a gradient is not finite: the message names the layer. */
LAN_API lan_status lan_train(const char *data, const lan_train_options *options, lan_model **out,
                             lan_error *err);

/** Labelled examples in memory. What is more than 1 x 1 is pictures, of 1 or 3 channels, whose values are between
 *  0 and 1 and are worked on as bytes; rows of numbers are taken as they are, and normalised by column. */
typedef struct lan_examples {
  lan_shape shape; /**< of one: (channels, height, width), or (columns) */
  size_t count;
  const float *values;    /**< count x shape */
  const uint32_t *labels; /**< count of them, below n_classes */
  uint32_t n_classes;
  const char *const *classes; /**< their names, in the order of the labels; NULL: "0", "1", ... */
} lan_examples;

/** lan_train with examples that the caller holds; they are copied. `label` and `side` of the options are not looked
 *  at. LAN_ERANGE also names an example whose label or numbers cannot be. */
LAN_API lan_status lan_train_examples(const lan_examples *examples,
                                      const lan_train_options *options, lan_model **out,
                                      lan_error *err);

typedef struct lan_evaluation {
  uint32_t n_classes;
  size_t n_examples, n_right;
  double loss; /**< mean cross-entropy */
  size_t *
      confusion; /**< n_classes x n_classes: rows are what is, columns what was guessed; free() it */
} lan_evaluation;

/** Of the test examples of `data`, if it has any apart, else of all. */
LAN_API lan_status lan_model_evaluate(lan_model *model, const char *data, uint32_t threads,
                                      lan_evaluation *out, lan_error *err);

/** The same of examples in memory; `classes` NULL: the model's. */
LAN_API lan_status lan_model_evaluate_examples(lan_model *model, const lan_examples *examples,
                                               uint32_t threads, lan_evaluation *out,
                                               lan_error *err);

#ifdef __cplusplus
}
#endif
#endif
