/* What shares tags with a cue, remembered by those tags.
 *
 * Where most notes carry the same tag, or the same few, a spread over it reaches most of the vault, and cues of the same
 * tags reach the same: that is worked out once for each combination. It holds as long as the index. */
#ifndef MEMORY_TAGGED_H
#define MEMORY_TAGGED_H

#include "base/vec.h"
#include "lantoa/spread.h"

typedef VEC(lan_cue) cue_list;

typedef struct tagged_notes {
  uint64_t key;         /* hash of `tags` */
  uint64_t used;        /* when last; 0: nothing is here */
  cue_list tags;        /* with their activation */
  float *feature;       /* by note; 0: it has none of the tags */
  VEC(uint32_t) strong; /* notes that become candidates by it */
  cue_list nearest;     /* the strongest, with their activation */
} tagged_notes;

enum { TAGGED_MOST = 64 };

/* Zero-initialise. */
typedef struct tagged_memo {
  tagged_notes all[TAGGED_MOST];
  uint64_t uses;
} tagged_memo;

/* NULL: not known. */
const tagged_notes *tagged_find(tagged_memo *memo, const lan_cue *tags, size_t n);

/* An entry for these tags, to be filled in, in place of the one that was not used for longest. `feature` is all 0. NULL:
 * there is no room. */
tagged_notes *tagged_add(tagged_memo *memo, const lan_cue *tags, size_t n, uint32_t n_notes);
/* Takes back what was added last. */
void tagged_drop(tagged_notes *t);

void tagged_free(tagged_memo *memo);

#endif
