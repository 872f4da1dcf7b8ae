#include "base/str.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"

int lan_str_compare(lan_str a, lan_str b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
  return c ? c : (a.len > b.len) - (a.len < b.len);
}

static bool ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

lan_str lan_str_trim(lan_str s) {
  while (s.len && ascii_space(s.ptr[0])) s.ptr++, s.len--;
  while (s.len && ascii_space(s.ptr[s.len - 1])) s.len--;
  return s;
}

static bool buf_room(lan_buf *b, size_t extra) {
  if (b->failed) return false;
  if (extra == SIZE_MAX ||
      !vec_reserve((void **)&b->data, &b->cap, b->len, extra + 1, sizeof(char))) {
    b->failed = true;
  }
  return !b->failed;
}

void lan_buf_add(lan_buf *b, const void *bytes, size_t len) {
  if (!buf_room(b, len)) return;
  if (len) memcpy(b->data + b->len, bytes, len);
  b->len += len;
  b->data[b->len] = '\0';
}

void lan_buf_add_str(lan_buf *b, const char *nul_terminated) {
  lan_buf_add(b, nul_terminated, strlen(nul_terminated));
}

void lan_buf_add_char(lan_buf *b, char c) { lan_buf_add(b, &c, 1); }

char *lan_buf_extend(lan_buf *b, size_t n) {
  if (!buf_room(b, n)) return NULL;
  b->len += n;
  b->data[b->len] = '\0';
  return b->data + b->len - n;
}

void lan_buf_printf(lan_buf *b, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n < 0) b->failed = true;
  if (buf_room(b, n < 0 ? 0 : (size_t)n)) {
    vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
    b->len += (size_t)n;
  }
  va_end(again);
}

void lan_buf_add_number(lan_buf *b, double value, int digits) {
  char text[48];
  if (value != value) { /* its sign means nothing */
    lan_buf_add_str(b, "nan");
    return;
  }
  snprintf(text, sizeof text, "%.*g", digits, value);
  const char *point = localeconv()->decimal_point, *at = strstr(text, point);
  if (!at) {
    lan_buf_add_str(b, text);
    return;
  }
  lan_buf_add(b, text, (size_t)(at - text));
  lan_buf_add_char(b, '.');
  lan_buf_add_str(b, at + strlen(point));
}

bool lan_str_number(lan_str s, double *out) {
  char copy[80], *end;
  size_t n = 0, sign = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
  const char *point = localeconv()->decimal_point;
  if (s.len == 0 || s.len > 64 || strlen(point) > 8) return false;
  lan_str word = {s.ptr + sign, s.len - sign};
  bool named = lan_str_equal(word, LAN_STR("inf")) || lan_str_equal(word, LAN_STR("nan"));
  for (size_t i = 0, points = 0; i < s.len; i++) {
    if (s.ptr[i] == '.') {
      if (points++) return false;
      memcpy(copy + n, point, strlen(point));
      n += strlen(point);
    } else {
      if (!named && !memchr("0123456789+-eE", s.ptr[i], 14)) return false;
      copy[n++] = s.ptr[i];
    }
  }
  copy[n] = '\0';
  double value = strtod(copy, &end);
  if (end == copy || *end) return false;
  *out = value;
  return true;
}

void lan_buf_clear(lan_buf *b) {
  b->len = 0;
  b->failed = false;
  if (b->data) b->data[0] = '\0';
}

void lan_buf_free(lan_buf *b) {
  free(b->data);
  *b = (lan_buf){0};
}

/* ---- UTF-8 (RFC 3629) ---- */

static bool continues(const char *s) { return ((unsigned char)*s & 0xC0u) == 0x80u; }

int lan_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool lan_percent_decode(lan_str s, lan_buf *out) {
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    if (c == '%') {
      int high = i + 2 < s.len ? lan_hex_digit(s.ptr[i + 1]) : -1;
      int low = high < 0 ? -1 : lan_hex_digit(s.ptr[i + 2]);
      if (low < 0) return false;
      c = (char)(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return false;
    lan_buf_add_char(out, c);
  }
  return true;
}

size_t lan_utf8_decode(const char *s, size_t n, uint32_t *cp) {
  unsigned char c = (unsigned char)s[0];
  if (c < 0x80) {
    *cp = c;
    return 1;
  }
  *cp = 0xFFFD;
  if (c >= 0xC2 && c <= 0xDF) {
    if (n < 2 || !continues(s + 1)) return 1;
    *cp = (uint32_t)(c & 0x1Fu) << 6 | ((unsigned char)s[1] & 0x3Fu);
    return 2;
  }
  if (c >= 0xE0 && c <= 0xEF) {
    if (n < 3 || !continues(s + 1) || !continues(s + 2)) return 1;
    uint32_t v = (uint32_t)(c & 0x0Fu) << 12 | ((unsigned char)s[1] & 0x3Fu) << 6 |
                 ((unsigned char)s[2] & 0x3Fu);
    if (v < 0x800 || (v >= 0xD800 && v <= 0xDFFF)) return 1;
    *cp = v;
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (n < 4 || !continues(s + 1) || !continues(s + 2) || !continues(s + 3)) return 1;
    uint32_t v = (uint32_t)(c & 0x07u) << 18 | ((unsigned char)s[1] & 0x3Fu) << 12 |
                 ((unsigned char)s[2] & 0x3Fu) << 6 | ((unsigned char)s[3] & 0x3Fu);
    if (v < 0x10000 || v > 0x10FFFF) return 1;
    *cp = v;
    return 4;
  }
  return 1;
}

size_t lan_utf8_encode(uint32_t cp, char out[4]) {
  if (cp < 0x80) {
    out[0] = (char)cp;
    return 1;
  }
  if (cp < 0x800) {
    out[0] = (char)(0xC0u | cp >> 6);
    out[1] = (char)(0x80u | (cp & 0x3Fu));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = (char)(0xE0u | cp >> 12);
    out[1] = (char)(0x80u | (cp >> 6 & 0x3Fu));
    out[2] = (char)(0x80u | (cp & 0x3Fu));
    return 3;
  }
  out[0] = (char)(0xF0u | cp >> 18);
  out[1] = (char)(0x80u | (cp >> 12 & 0x3Fu));
  out[2] = (char)(0x80u | (cp >> 6 & 0x3Fu));
  out[3] = (char)(0x80u | (cp & 0x3Fu));
  return 4;
}

/* The length of the longest prefix of ASCII bytes, eight at a time. */
static size_t ascii_prefix(const char *s, size_t n) {
  size_t i = 0;
  for (uint64_t word; i + 8 <= n; i += 8) {
    memcpy(&word, s + i, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (i < n && (unsigned char)s[i] < 0x80) i++;
  return i;
}

size_t lan_utf8_valid(const char *s, size_t n) {
  size_t i = 0;
  while ((i += ascii_prefix(s + i, n - i)) < n) {
    uint32_t cp;
    size_t len = lan_utf8_decode(s + i, n - i, &cp);
    if (len == 1) return i;
    i += len;
  }
  return n;
}

void lan_utf8_scrub(lan_buf *out, const char *s, size_t n) {
  for (size_t i = 0; i < n;) {
    size_t good = lan_utf8_valid(s + i, n - i);
    lan_buf_add(out, s + i, good);
    i += good;
    if (i < n) {
      lan_buf_add(out, "\xEF\xBF\xBD", 3);
      i++;
    }
  }
}
