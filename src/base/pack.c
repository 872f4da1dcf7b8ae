#include "base/pack.h"

void pack_number(lan_buf *b, uint64_t v) {
  unsigned char bytes[10];
  size_t n = 0;
  do {
    bytes[n] = (unsigned char)(v & 0x7F);
    v >>= 7;
    if (v) bytes[n] |= 0x80;
    n++;
  } while (v);
  lan_buf_add(b, bytes, n);
}

void pack_fixed(lan_buf *b, uint64_t v) {
  unsigned char bytes[8];
  for (size_t i = 0; i < 8; i++) bytes[i] = (unsigned char)(v >> (8 * i));
  lan_buf_add(b, bytes, sizeof bytes);
}

void pack_string(lan_buf *b, lan_str s) {
  pack_number(b, s.len);
  lan_buf_add(b, s.ptr, s.len);
}

uint64_t unpack_number(unpack *u) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 64 && u->p < u->end; shift += 7) {
    unsigned char c = (unsigned char)*u->p++;
    v |= (uint64_t)(c & 0x7F) << shift;
    if (!(c & 0x80)) return v;
  }
  u->bad = true;
  u->p = u->end;
  return 0;
}

uint64_t unpack_fixed(unpack *u) {
  uint64_t v = 0;
  if (u->end - u->p < 8) {
    u->bad = true;
    u->p = u->end;
    return 0;
  }
  for (size_t i = 0; i < 8; i++) v |= (uint64_t)(unsigned char)u->p[i] << (8 * i);
  u->p += 8;
  return v;
}

lan_str unpack_string(unpack *u) {
  uint64_t n = unpack_number(u);
  if (n > (uint64_t)(u->end - u->p)) {
    u->bad = true;
    u->p = u->end;
    return (lan_str){"", 0};
  }
  lan_str s = {u->p, (size_t)n};
  u->p += n;
  return s;
}

uint32_t unpack_count(unpack *u, size_t least) {
  uint64_t n = unpack_number(u);
  if (n > (uint64_t)(u->end - u->p) / least || n >= UINT32_MAX) {
    u->bad = true;
    u->p = u->end;
    return 0;
  }
  return (uint32_t)n;
}
