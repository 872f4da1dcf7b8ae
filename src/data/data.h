/* Labelled examples from files:
 *
 *   - a folder with a folder of pictures a class, whose name is the class's; or such folders below
 *     train/ and test/ (val/ and valid/ are a validation set);
 *   - idx files as MNIST's: the path of a file of images, or of a folder that holds
 *     train-images-idx3-ubyte, plain or .gz; t10k-... (or test-...) beside it is the test set;
 *   - a CSV file, or a folder that holds train.csv (and test.csv): a label and numbers.
 *
 * Examples that the source does not set apart are held back for validation by a hash (of a picture's
 * path below the folder, of an idx example's or a row's content), so that the others stay where they
 * are when some are added. */
#ifndef DATA_DATA_H
#define DATA_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/resize.h"
#include "lantoa/status.h"

typedef struct data_set data_set; /* read only once opened: may be shared by threads */

typedef enum data_split { DATA_TRAIN, DATA_VALIDATION, DATA_TEST, DATA_SPLITS } data_split;

typedef enum data_kind {
  DATA_FOLDER, /* pictures in files */
  DATA_IDX,    /* pictures in an idx file, or in arrays */
  DATA_TABLE   /* numbers in a CSV file, or in arrays */
} data_kind;

enum { DATA_CLASSES_MOST = 65536, DATA_SIDE_MOST = 4096 };

/* All zero: sensible. */
typedef struct data_options {
  /* The size that pictures are kept at. 0: that of the pictures, where all that are looked at have the
   * same, at most 256 on a side; else 128 x 128. Channels 0: 1 if all that are looked at are grey, else 3. */
  uint32_t channels, height, width;
  picture_fit_kind fit;
  /* The part of the training examples that is held back for validation, 0 .. 0.9; not if the source has a
   * validation set of its own. */
  double validation;
  uint64_t split_seed; /* another one holds others back */
  size_t memory; /* for decoded examples; 0: 1 GiB. More are decoded each time that they are used */
  size_t n_threads;  /* for opening; 0: one a processor */
  size_t file_bytes; /* limits for each picture, as in picture_wish */
  uint64_t pixels;
  const char
      *label; /* CSV: the label's column by name or number (1: the first); NULL: one that is named
                        * label, class or target, else the last */
  /* The classes, where they are known already: those of a model that is to be evaluated. Then any other
   * is an error, and their order is kept. */
  const char *const *classes;
  uint32_t n_classes;
  /* For each channel or column, where known already; NULL: computed from the training examples. */
  const float *mean, *std;
  uint32_t n_stats;
  /* Called now and then, by one thread at a time; false: stop with LAN_ECANCELED. */
  bool (*progress)(void *ctx, size_t done, size_t of);
  void *progress_ctx;
} data_options;

/* `options` may be NULL. A picture that cannot be read does not end it: it is left out and named (see
 * data_warning). */
lan_status data_open(const char *path, const data_options *options, data_set **out, lan_error *err);

/* Examples in memory, which are copied. What is more than 1 x 1 is pictures, of 1 or 3 channels, whose values
 * are between 0 and 1 and are kept as bytes. */
typedef struct data_arrays {
  uint32_t channels, height, width;
  size_t n;
  const float *values;    /* n x channels x height x width */
  const uint32_t *labels; /* n */
  uint32_t n_classes;
  const char *const *classes; /* in the order of the labels; NULL: "0", "1", ... */
} data_arrays;

/* Of the options those about files and sizes are not looked at. LAN_ERANGE names the example. */
lan_status data_open_arrays(const data_arrays *arrays, const data_options *options, data_set **out,
                            lan_error *err);
void data_close(data_set *set);

typedef struct data_info {
  data_kind kind;
  /* One example's shape. A table's is n_stats x 1 x 1. */
  uint32_t channels, height, width;
  uint32_t n_classes;
  const char *const *classes;  /* in byte order, or by value if all are whole numbers */
  uint32_t count[DATA_SPLITS]; /* examples */
  bool decoded;                /* examples are in memory */
  uint32_t n_stats;            /* channels, or columns of a table */
  const float *mean, *std;     /* of pixels / 255 or of a column's numbers; std > 0 */
  const char *const
      *columns; /* a table's, n_stats of them; NULL where it has no names, or no table */
} data_info;

/* Good until the set is closed. */
const data_info *data_describe(const data_set *set);

/* Pictures that were left out: each names a file and says why. They come up while the set is opened and,
 * where examples are decoded each time, while it is read. Message i of 0 .. data_warning_count - 1, or
 * NULL; good until the set is closed. Thread-safe. */
size_t data_warning_count(const data_set *set);
const char *data_warning(const data_set *set, size_t i);

/* Example i of a split, as it goes into a network without augmentation: channels x height x width floats
 * into x, its class into *label. LAN_EFORMAT and the like when its file turns out to be broken. */
lan_status data_example(const data_set *set, data_split split, uint32_t i, float *x,
                        uint32_t *label, lan_error *err);

/* What to call it: the path of a file, or "digits.csv:17", or "train-images-idx3-ubyte.gz #17" (from 0).
 * Cut to `size` bytes. */
void data_name(const data_set *set, data_split split, uint32_t i, char *name, size_t size);

/* The class called `name`, or UINT32_MAX. */
uint32_t data_find_class(const data_set *set, const char *name);

#endif
