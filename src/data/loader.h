/* Batches of a data set, shuffled, augmented and made ready by other threads while the network learns.
 *
 *     loader *l;
 *     loader_new(set, &(loader_options){.batch = 128, .shuffle = true, .seed = 1}, &l, &err);
 *     for (uint32_t epoch = 0; epoch < 10; epoch++) {
 *       loader_seek(l, epoch, 0, &err);
 *       loader_batch b;
 *       while (loader_take(l, &b, &err) == LAN_OK && b.n) train(b.x, b.target, b.n);
 *     }
 *
 * What a batch holds depends on the set, the options, the epoch and the batch's number alone: not on the
 * number of threads, and not on what was asked for before. */
#ifndef DATA_LOADER_H
#define DATA_LOADER_H

#include "data/data.h"
#include "image/augment.h"

typedef struct loader loader; /* for one thread at a time; makes its own */

typedef struct loader_options {
  data_split split;
  uint32_t batch;          /* examples in a batch; at least 1 */
  bool shuffle;            /* another order in each epoch (Fisher and Yates) */
  bool drop_last;          /* an epoch ends with its last full batch */
  uint32_t height, width;  /* of what is handed out; 0: as the set has it */
  augment_options augment; /* of pictures; all zero: none */
  /* Pairs of a batch are blended, inputs and targets, with a share drawn for each batch from
   * Beta(mixup, mixup) (Zhang et al. 2018). 0: not. */
  float mixup;
  /* A rectangle of one is put into the other, targets by area, its share from Beta(cutmix, cutmix) (Yun et
   * al. 2019). With both, one of them is chosen for each batch. Pictures only. 0: not. */
  float cutmix;
  uint64_t seed;
  uint32_t n_threads; /* that make batches ahead; 0: the caller makes each when it asks for it */
  uint32_t
      ahead; /* batches kept ready; 0: n_threads + 1. Each takes batch * (input + classes) floats */
} loader_options;

/* The set must outlive it. Starts at epoch 0, batch 0. */
lan_status loader_new(const data_set *set, const loader_options *options, loader **out,
                      lan_error *err);
void loader_free(loader *l);

/* What all batches have in common. */
typedef struct loader_info {
  uint32_t channels, height, width, n_classes;
  uint32_t n_batches; /* in an epoch */
  uint32_t n_examples;
} loader_info;
loader_info loader_describe(const loader *l);

/* The next batch will be number `batch` of `epoch`. Going on to the next epoch at the end of one costs
 * nothing, since its first batches are being made already. LAN_ERANGE: batch > n_batches. */
lan_status loader_seek(loader *l, uint32_t epoch, uint32_t batch, lan_error *err);

/* Where it is: what loader_seek must be told to go on from here, in another process, to the same bytes. */
void loader_position(const loader *l, uint32_t *epoch, uint32_t *batch);

typedef struct loader_batch {
  /* How many examples: `batch`; fewer in the epoch's last batch and where a file turned out to be broken;
   * 0 at the end of the epoch (then loader_seek goes on to the next). */
  uint32_t n;
  const float *x;        /* n x channels x height x width, normalised */
  const float *target;   /* n x n_classes: 1 for the class and 0 for others, or blended */
  const uint32_t *label; /* n; the one of the larger share if blended */
  const uint32_t *index; /* n; the example's number in its split, for data_name */
} loader_batch;

/* The next batch, good until the next call on this loader. Nothing is allocated, except by the decoders
 * when examples are not kept in memory. Waits only if the batch is not ready yet. */
lan_status loader_take(loader *l, loader_batch *out, lan_error *err);

/* The same, copied to the caller's arrays; target, label may be NULL. */
lan_status loader_next(loader *l, float *x, float *target, uint32_t *label, uint32_t *n,
                       lan_error *err);

#endif
