/* Numbers and strings as bytes, for the sections of the index cache. Reading checks every bound:
 * after the first bad value `bad` is set and everything further reads as 0 or empty. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/str.h"

void pack_number(lan_buf *b, uint64_t v); /* 1 to 10 bytes, seven bits each, low first */
void pack_fixed(lan_buf *b, uint64_t v);  /* 8 bytes, little-endian */
void pack_string(lan_buf *b, lan_str s);

typedef struct unpack {
  const char *p, *end;
  bool bad;
} unpack;

uint64_t unpack_number(unpack *u);
uint64_t unpack_fixed(unpack *u);
lan_str unpack_string(unpack *u); /* points into the bytes */
/* A count of things that take at least `least` bytes each, so that no claim outgrows the input. */
uint32_t unpack_count(unpack *u, size_t least);

#endif
