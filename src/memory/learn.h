/* Learning to score: examples from hidden links, and the network trained on them by backpropagation. */
#ifndef MEMORY_LEARN_H
#define MEMORY_LEARN_H

#include "memory/flow_learn.h"
#include "memory/hide.h"

enum { LEARN_CANDIDATES = FLOW_CANDIDATES }; /* of an example: the best by the present weights */

typedef enum learn_part {
  LEARN_BY_CUE, /* examples of a cue are held back together, by the options' seed */
  LEARN_FROM,
  LEARN_HOLD_BACK
} learn_part;

/* One question: candidates first .. first + n - 1 of the set, `wanted` among them. */
typedef struct learn_example {
  uint32_t first, n, wanted; /* wanted: 0 .. n-1, or UINT32_MAX: not among them */
  uint32_t cue;
  learn_part part;
} learn_example;

/* Examples of one vault. */
typedef struct learn_set {
  VEC(float) features; /* FEATURES for each candidate */
  VEC(learn_example) examples;
  flow_set flow; /* the same examples' ties; none: what conductances bring stays as it was */
} learn_set;

void learn_set_free(learn_set *set);

/* Appends an example for each hidden link: what the memory without the links says of the note, those
 * that it still links to left out. */
lan_status learn_gather(lan_memory *shadow, const hidden_links *h, learn_set *set, lan_error *err);

/* Appends examples for at most `most` of the opens that came from another note, spread evenly over time: what was
 * known before each is what its features tell. The last fifth is held back. Calls progress(ctx, done, 1000) now and
 * then; nonzero: LAN_ECANCELED. */
lan_status learn_gather_opens(lan_memory *m, size_t most,
                              int (*progress)(void *ctx, uint32_t done, uint32_t all), void *ctx,
                              learn_set *set, lan_error *err);

typedef struct learn_options {
  uint64_t seed;
  uint32_t steps; /* at most, of 32 examples each */
  float rate;     /* of AdamW */
  float weight_decay;
  bool fixed_flow; /* conductances stay as they are */
  double validation; /* part of the examples that tells when to stop */
  int (*progress)(void *ctx, uint32_t step, uint32_t steps); /* nonzero: stop with LAN_ECANCELED */
  void *progress_ctx;
} learn_options;

/* What ranks came to: means over examples, sets counting alike. */
typedef struct learn_quality {
  double loss, mrr, hits10;
  size_t n;
} learn_quality;

learn_quality learn_measure(const learn_set *const *sets, size_t n_sets, const model_net *net,
                            bool validation_only, const learn_options *o);

/* The features of an example's candidates, those that conductances bring as they are now; x holds e.n * FEATURES. */
void learn_features(const learn_set *set, size_t example, const flow_ready *flow, flow_run *run,
                    float *x);
/* Whether an example is of the validation part. */
bool learn_is_held_back(const learn_options *o, const learn_example *e);

/* Trains `net`, conductances and all (its values are where it starts) with a listwise loss; keeps the weights of the step that did
 * best on the validation part, which may be the first. before, after (may be NULL): on that part. */
lan_status learn_train(const learn_set *const *sets, size_t n_sets, const learn_options *o,
                       model_net *net, learn_quality *before, learn_quality *after, lan_error *err);

/* Small random values, so that the hidden layer has something to start from; what hidden links cannot
 * teach is set. */
void learn_start(model_net *net, uint64_t seed);
/* Sets the weights that hidden links cannot teach. */
void learn_set_given(model_net *net);

#endif
