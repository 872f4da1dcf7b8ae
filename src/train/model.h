/* A classifier: a net, what it was made from, and what its outputs mean. */
#ifndef TRAIN_MODEL_H
#define TRAIN_MODEL_H

#include "base/str.h"
#include "data/data.h"
#include "lantoa/train.h"
#include "net/safetensors.h"

struct lan_model {
  lan_net *net;
  lan_model_info info;
  char *description;
  char *class_text; /* the names, each ended by NUL */
  const char **classes;
  float *mean, *std; /* n_stats of them; what examples are normalised by */
  uint32_t n_stats;
  lan_net_plan *one; /* for single examples, made when first needed */
};

/* lan_model_new, with smoothing of the targets in the loss, and at most so many numbers in its
 * parameters (0: any). */
lan_status model_make(const char *model, lan_shape example, const char *const *classes,
                      uint32_t n_classes, uint64_t seed, float smoothing, size_t values_most,
                      lan_model **out, lan_error *err);

/* Takes copies. */
lan_status model_set_stats(lan_model *m, const float *mean, const float *std, uint32_t n,
                           lan_error *err);

/* A file's tensors and texts, gathered to be written; texts belong to it. */
typedef struct model_file {
  safetensors_source *tensors;
  uint64_t (*shapes)[LAN_MAX_RANK];
  char (*names)[256];
  size_t n_tensors, most_tensors;
  safetensors_text texts[16];
  size_t n_texts;
  lan_buf classes, example;
} model_file;
/* With room for `sets` arrays for each parameter; the model's own parameters and texts are in it. */
lan_status model_file_begin(const lan_model *m, size_t sets, model_file *f, lan_error *err);
void model_file_add(model_file *f, const char *prefix, const lan_parameter *p, const float *values);
void model_file_text(model_file *f, const char *key, const char *text);
void model_file_end(model_file *f);

/* Reads the arrays called prefix + parameter; `to` NULL: into the parameters, else where to(ctx, i) says
 * (NULL: not read). LAN_EFORMAT if one is missing or of another shape. */
lan_status model_read(lan_model *m, const safetensors *st, const char *path, const char *prefix,
                      float *(*to)(void *ctx, size_t i), void *ctx, lan_error *err);

/* The model in an open file. */
lan_status model_open_from(const safetensors *st, const char *path, lan_model **out,
                           lan_error *err);

/* A table's examples are columns x 1 x 1. */
bool model_sees_pictures(const lan_model *m);

/* Data for this model: its classes, size and statistics. */
data_options model_data_options(const lan_model *m);

/* Examples of the library's user, as data takes them; LAN_EINVAL: they have no such shape. */
lan_status model_arrays(const lan_examples *e, data_arrays *out, lan_error *err);

/* Loss and confusion of a split; `e` is made new. */
lan_status model_count(lan_model *m, const data_set *set, data_split split, uint32_t threads,
                       lan_evaluation *e, lan_error *err);

#endif
