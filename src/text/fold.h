/* Folding on code points, for words.c: short stretches, no allocation. */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether text that holds the code point may be NFC whatever stands before it. */
bool fold_is_stable(uint32_t cp);

/* NFC; `out` has room for 4n. Returns the length. */
size_t fold_nfc(const uint32_t *in, size_t n, uint32_t *out);

/* NFC of the lower-cased NFC; `scratch` has room for 4n, `out` for 16n. */
size_t fold_lower_nfc(const uint32_t *in, size_t n, uint32_t *scratch, uint32_t *out);

/* A folded code point without its accent: 0 to 8 code points. */
size_t fold_strip(uint32_t cp, uint32_t *out);

#endif
