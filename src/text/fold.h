/* Folding on code points, for words.c and phrase.c: short stretches, no allocation. */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fold_letter {
  uint32_t lower; /* the folded form */
  uint32_t plain; /* that without its accent */
  uint8_t class;  /* text_class */
  bool simple;    /* in whatever text it stands, these two hold */
} fold_letter;

fold_letter fold_look(uint32_t cp);

/* NFC of the lower-cased NFC; `scratch` has room for 4n, `out` for 16n. Returns the length. */
size_t fold_lower_nfc(const uint32_t *in, size_t n, uint32_t *scratch, uint32_t *out);

/* A folded code point without its accent: 0 to 2 code points. */
size_t fold_strip(uint32_t cp, uint32_t *out);

#endif
