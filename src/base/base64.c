#include "base/base64.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(lan_str bytes, lan_buf *out) {
  const unsigned char *p = (const unsigned char *)bytes.ptr;
  for (size_t i = 0; i < bytes.len; i += 3) {
    size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
    uint32_t v = (uint32_t)p[i] << 16;
    if (n > 1) v |= (uint32_t)p[i + 1] << 8;
    if (n > 2) v |= p[i + 2];
    char four[4] = {LETTERS[v >> 18], LETTERS[v >> 12 & 63], n > 1 ? LETTERS[v >> 6 & 63] : '=',
                    n > 2 ? LETTERS[v & 63] : '='};
    lan_buf_add(out, four, 4);
  }
}

/* 64: it is no letter. */
static uint32_t value_of(char c) {
  if (c >= 'A' && c <= 'Z') return (uint32_t)(c - 'A');
  if (c >= 'a' && c <= 'z') return (uint32_t)(c - 'a') + 26;
  if (c >= '0' && c <= '9') return (uint32_t)(c - '0') + 52;
  return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool base64_decode(lan_str text, lan_buf *out) {
  if (text.len % 4 != 0) return false;
  for (size_t i = 0; i < text.len; i += 4) {
    bool last = i + 4 == text.len;
    size_t letters = last && text.ptr[i + 3] == '=' ? (text.ptr[i + 2] == '=' ? 2 : 3) : 4;
    uint32_t v = 0;
    for (size_t k = 0; k < 4; k++) {
      uint32_t x = k < letters ? value_of(text.ptr[i + k]) : 0;
      if (x > 63) return false;
      v = v << 6 | x;
    }
    if (v & (letters == 2 ? 0xFFFFu : letters == 3 ? 0xFFu : 0)) return false;
    char three[3] = {(char)(v >> 16), (char)(v >> 8), (char)v};
    lan_buf_add(out, three, letters - 1);
  }
  return !out->failed;
}
