/* What a data set is made of, for the files of this folder. */
#ifndef DATA_SET_H
#define DATA_SET_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "data/data.h"
#include "image/augment.h"
#include "image/picture.h"

typedef struct data_member {
  const char *path;       /* a picture's file; NULL for others */
  uint64_t hash;          /* decides who is held back */
  uint32_t label, number; /* its class; its place in its file (from 0), or its line (from 1) */
  data_split origin;      /* what the source says; then where it is */
} data_member;

/* Pictures found broken. They may be found by several threads, while others read the set. */
typedef struct data_trouble {
  pthread_mutex_t lock;
  VEC(struct data_warning {
    uint32_t example;
    char *text;
  })
  warnings;
  atomic_uchar *broken; /* by example: was named already; NULL where there are no files */
} data_trouble;

struct data_set {
  data_info info;
  picture_fit_kind fit;
  picture_wish wish;  /* for reading a file */
  const char *source; /* the path that was opened, or of its file of training examples */
  const char *test_source;
  lan_arena arena;
  VEC(data_member) examples;
  uint32_t *order; /* examples by split */
  const uint32_t *split[DATA_SPLITS];
  VEC(const char *) classes;
  lan_map class_of; /* hash of a name -> class */
  bool classes_fixed;
  size_t size;       /* bytes or numbers in an example */
  uint8_t *pixels;   /* examples as planes; NULL: a table, or too many */
  VEC(float) values; /* a table's */
  float *stats;
  data_trouble *trouble;
};

/* ---- sources: each adds examples and classes ---- */

lan_status data_read_folder(data_set *set, const char *path, lan_error *err);
bool data_is_idx(const char *path); /* a file, or a folder of them */
lan_status data_read_idx(data_set *set, const data_options *o, const char *path, lan_error *err);
lan_status data_read_table(data_set *set, const data_options *o, const char *path, lan_error *err);

lan_status data_read_arrays(data_set *set, const data_arrays *arrays, lan_error *err);

/* The class called `name`, maybe a new one. `shown`: what to blame where classes are fixed. */
lan_status data_class(data_set *set, lan_str name, const char *shown, uint32_t *label,
                      lan_error *err);
lan_status data_add(data_set *set, data_member example, lan_error *err);
/* "%s/%s" in the set's arena. */
const char *data_path(data_set *set, const char *folder, const char *name);
bool data_exists(const char *path);

/* ---- pictures in files ---- */

typedef struct data_scratch {
  lan_buf file;
  resizer resizer;
  uint8_t *planes; /* one example */
} data_scratch;

lan_status data_scratch_new(const data_set *set, data_scratch *s, lan_error *err);
void data_scratch_free(data_scratch *s);

/* Chooses the size that examples are kept at, where it is not given. */
void data_choose_shape(data_set *set, const data_options *o);
/* Decodes all into memory, if there is enough. */
lan_status data_decode_all(data_set *set, const data_options *o, lan_error *err);
/* Example e's planes: in memory, or decoded into s->planes. What is broken is named (once). */
lan_status data_planes(const data_set *set, uint32_t e, data_scratch *s, const uint8_t **planes,
                       lan_error *err);
bool data_is_broken(const data_set *set, uint32_t e);

/* ---- mean and standard deviation ---- */

/* A table's example e, normalised, into x. */
void data_row(const data_set *set, uint32_t e, float *x);

lan_status data_measure(data_set *set, const data_options *o, lan_error *err);

static inline planes_shape data_shape(const data_set *set) {
  return (planes_shape){set->info.channels, set->info.height, set->info.width};
}

#endif
