/* Protocol buffers on the wire, as far as files need them that others read: each field is its number
 * and kind in one number, then the value. https://protobuf.dev/programming-guides/encoding */
#ifndef NET_PROTO_H
#define NET_PROTO_H

#include "base/pack.h"

enum { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

static inline void proto_number(lan_buf *b, uint32_t field, uint64_t value) {
  pack_number(b, (uint64_t)field << 3 | PROTO_VARINT);
  pack_number(b, value);
}

static inline void proto_bytes(lan_buf *b, uint32_t field, lan_str value) {
  pack_number(b, (uint64_t)field << 3 | PROTO_BYTES);
  pack_string(b, value);
}

static inline void proto_string(lan_buf *b, uint32_t field, const char *value) {
  proto_bytes(b, field, lan_str_of(value));
}

static inline void proto_double(lan_buf *b, uint32_t field, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  pack_number(b, (uint64_t)field << 3 | PROTO_FIXED64);
  pack_fixed(b, bits);
}

static inline void proto_float(lan_buf *b, uint32_t field, float value) {
  uint32_t bits;
  char bytes[4];
  memcpy(&bits, &value, sizeof bits);
  for (int i = 0; i < 4; i++) bytes[i] = (char)(unsigned char)(bits >> (8 * i));
  pack_number(b, (uint64_t)field << 3 | PROTO_FIXED32);
  lan_buf_add(b, bytes, sizeof bytes);
}

#endif
