/* Byte strings: views, a growable buffer, and UTF-8. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view: not owned, not NUL-terminated. `ptr` may be NULL only if `len` is 0. */
typedef struct lan_str {
  const char *ptr;
  size_t len;
} lan_str;

#define LAN_STR(literal) ((lan_str){(literal), sizeof(literal) - 1})

static inline lan_str lan_str_of(const char *nul_terminated) {
  return (lan_str){nul_terminated, strlen(nul_terminated)};
}
static inline bool lan_str_equal(lan_str a, lan_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
/* Byte order, as strcmp. */
int lan_str_compare(lan_str a, lan_str b);
lan_str lan_str_trim(lan_str s); /* ASCII white space off both ends */

/* A growable byte buffer, always NUL-terminated once something was added. Zero-initialise. The
 * first failed allocation sets `failed` and later appends do nothing, so a caller checks once at
 * the end. */
typedef struct lan_buf {
  char *data;
  size_t len, cap;
  bool failed;
} lan_buf;

void lan_buf_add(lan_buf *b, const void *bytes, size_t len);
void lan_buf_add_str(lan_buf *b, const char *nul_terminated);
void lan_buf_add_char(lan_buf *b, char c);
/* Appends `n` bytes for the caller to write; NULL when memory is short. */
char *lan_buf_extend(lan_buf *b, size_t n);
void lan_buf_printf(lan_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `digits` significant digits (1 to 17: 9 keep a float, 17 a double); "nan", "inf", "-inf". A point
 * whatever the locale, as everywhere in files. */
void lan_buf_add_number(lan_buf *b, double value, int digits);
void lan_buf_clear(lan_buf *b); /* keeps the memory */
void lan_buf_free(lan_buf *b);
static inline lan_str lan_buf_str(const lan_buf *b) { return (lan_str){b->data, b->len}; }

/* The whole of `s` as a decimal number, with a point whatever the locale; also what lan_buf_add_number
 * makes of those that are not finite. False: it is none. */
bool lan_str_number(lan_str s, double *out);

/* 0 .. 15, or -1. */
int lan_hex_digit(char c);
/* Appends s with %XX decoded. False: a '%' is not followed by two digits, or a byte is 0. */
bool lan_percent_decode(lan_str s, lan_buf *out);

/* Decodes one code point at s[0 .. n-1], n >= 1. Returns the bytes it took (1 to 4) and sets *cp;
 * an invalid, overlong, surrogate or cut sequence takes 1 byte and sets *cp to 0xFFFD. */
size_t lan_utf8_decode(const char *s, size_t n, uint32_t *cp);
/* Writes 1 to 4 bytes; returns how many. cp must be a scalar value. */
size_t lan_utf8_encode(uint32_t cp, char out[4]);
/* The first byte that is not valid UTF-8, or n. */
size_t lan_utf8_valid(const char *s, size_t n);
/* Invalid bytes become U+FFFD each. */
void lan_utf8_scrub(lan_buf *out, const char *s, size_t n);

#endif
