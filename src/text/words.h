/* Words in any script. */
#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include "base/str.h"

/* How scripts without spaces are cut. */
typedef enum text_cut {
  TEXT_CUT_BIGRAMS, /* for search: each pair of neighbouring ideographs; one alone is a word itself
                     */
  TEXT_CUT_SINGLES  /* for phrases: each ideograph is a word */
} text_cut;

typedef struct text_word {
  uint64_t hash; /* lan_hash of the folded word; equal words have equal hashes in every file */
  uint64_t
      base_hash; /* lan_hash of the accent-stripped folded word; == hash if it has no accents */
  uint32_t start, end; /* byte range in the source */
  const char *folded;  /* the folded word; valid until the callback returns */
  uint32_t folded_len;
} text_word;

/* Calls `word` for each word of s (n < 2^32) in order; stops early when it returns false.
 *
 * A word is a run of letters, digits and marks, with an apostrophe inside kept ("don't") and
 * underscores separating; a change between an ideograph and a letter ends it. A word longer than 64
 * code points (base64, hashes) is cut there and the rest of the run dropped. Linear time. Hashes
 * use seed 0. */
void text_words(const char *s, size_t n, text_cut cut, bool (*word)(void *ctx, const text_word *w),
                void *ctx);

#endif
