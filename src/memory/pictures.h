/* What pictures of the vault were taken for (memory.db), as what the notes that show them hold. */
#ifndef MEMORY_PICTURES_H
#define MEMORY_PICTURES_H

#include "base/alloc.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "lantoa/memory.h"

/* A note that shows a picture that was taken for something. */
typedef struct picture_shown {
  uint32_t note;
  const char *path; /* the picture's */
  lan_str label;    /* folded */
  const char *name; /* the label as the model has it */
  float probability;
} picture_shown;

typedef struct picture_word {
  uint64_t hash;  /* of a word of the label */
  uint32_t shown; /* number in `shown` */
} picture_word;

typedef struct pictures {
  bool known; /* read, and for this index */
  lan_arena arena;
  VEC(picture_shown) shown;
  VEC(picture_word) words;
  VEC(uint32_t) meant; /* of the last answer: those in `shown` that it speaks of */
} pictures;

/* Less probable labels are not what a picture shows. */
#define PICTURES_SURE 0.5F

static inline uint64_t pictures_key(lan_str path) { return lan_hash(path.ptr, path.len, 0); }

/* Has them at hand for the index that there is. */
lan_status pictures_know(lan_memory *m, lan_error *err);
void pictures_free(pictures *p);

/* What the last answer meant that `note` shows; NULL: nothing. */
const picture_shown *pictures_meant_in(const pictures *p, uint32_t note);

#endif
