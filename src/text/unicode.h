/* Unicode for names and words: NFC, lower case, accent stripping, classes of code points.
 *
 * The tables are written at build time by gen_tables.c from utf8proc; at run time this is plain C
 * with no dependency. */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

typedef enum text_class {
  TEXT_OTHER = 0, /* white space, punctuation, symbols, controls, unassigned */
  TEXT_LETTER,    /* letters and numbers of scripts that put spaces between words */
  TEXT_DIGIT,     /* Nd */
  TEXT_MARK,      /* Mn, Mc, Me: belongs to the letter before it */
  TEXT_IDEOGRAPH  /* scripts without spaces: Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar */
} text_class;

text_class text_class_of(uint32_t cp);
uint32_t text_lower_of(uint32_t cp); /* simple lower-case mapping */
bool text_is_emoji(uint32_t cp); /* may stand in a tag: pictographs, modifiers, VS16, ZWJ, flags */
bool text_is_space(uint32_t cp); /* White_Space */

/* Appends the folded form of s: NFC of the lower-cased NFC. Invalid bytes are copied as they are.
 * Two names are the same to Obsidian exactly if their folded forms are the same bytes. Linear time;
 * pure ASCII and precomposed Latin take a fast path. Idempotent. */
void text_fold(lan_buf *out, const char *s, size_t n);

/* Appends the folded form without accents: canonical decomposition, marks of Latin, Greek and
 * Cyrillic dropped, d with stroke and its like (đ ø ł ħ ı ß æ œ) mapped to plain letters: "cà phê
 * Đà Nẵng" becomes "ca phe da nang". Marks of other scripts (Devanagari vowels, Thai tones,
 * Japanese voicing) are kept: there they change the word. */
void text_strip(lan_buf *out, const char *s, size_t n);

/* Appends the NFC form, case kept. */
void text_nfc(lan_buf *out, const char *s, size_t n);

#endif
