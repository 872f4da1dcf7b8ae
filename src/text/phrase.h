/* Finding many phrases (titles and aliases) in a text, in one linear pass.
 *
 * Phrase and text are cut into folded words (an ideograph being a word) and signs (every other
 * character but white space), so that matches are word-bounded by construction and Vietnamese and
 * CJK need no special case. White space counts only as being there or not between two of them; the
 * signs must be the same. "C++" is not found in "C", nor "Node.js" in "node js"; "Cà phê" is found
 * in "cà  phê" and in "**cà phê**", and "C" in "C++" if "C++" is no phrase. Of overlapping matches
 * the leftmost, then the longest is kept.
 *
 * Method: the automaton of Aho and Corasick 1975, "Efficient string matching", of the reversed
 * phrases, run backwards. It then tells at each place the longest phrase that begins there, and
 * the leftmost-longest matches are read off in one sweep forward: linear whatever the phrases. */
#ifndef TEXT_PHRASE_H
#define TEXT_PHRASE_H

#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct phrase_set phrase_set;

typedef struct phrase_match {
  uint32_t phrase;     /* its number */
  uint32_t start, end; /* byte range in the text */
} phrase_match;

/* phrases[i] gets the number i; of equal phrases the lowest is found. Phrases with no word in them
 * (only signs, or empty) are never found. Linear in the phrases' bytes. LAN_ELIMIT with more than
 * 2^31 words and signs, LAN_ENOMEM. Immutable; safe to scan from several threads. */
lan_status phrase_set_new(const lan_str *phrases, uint32_t n, phrase_set **set, lan_error *err);
void phrase_set_free(phrase_set *set);

/* Scratch memory for scanning; one a thread. Zero-initialise; freed by phrase_scratch_free. */
typedef struct phrase_scratch {
  void *data;
  size_t cap;
} phrase_scratch;
void phrase_scratch_free(phrase_scratch *scratch);

/* Calls `found` for each match in order of position; n < 2^32. LAN_ENOMEM, after some matches may
 * have been told. Time linear in n whatever the phrases. */
lan_status phrase_scan(const phrase_set *set, const char *text, size_t n, phrase_scratch *scratch,
                       void (*found)(void *ctx, const phrase_match *m), void *ctx);

#endif
