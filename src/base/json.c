#include "base/json.h"

#include <math.h>
#include <stdio.h>

static void begin_value(json *j) {
  if (j->comma) lan_buf_add_char(j->out, ',');
  j->comma = true;
}

void json_open(json *j, char bracket) {
  begin_value(j);
  lan_buf_add_char(j->out, bracket);
  j->comma = false;
}

void json_close(json *j, char bracket) {
  lan_buf_add_char(j->out, bracket);
  j->comma = true;
}

void json_key(json *j, const char *key) {
  begin_value(j);
  lan_buf_add_char(j->out, '"');
  lan_buf_add_str(j->out, key);
  lan_buf_add(j->out, "\":", 2);
  j->comma = false;
}

static void add_escaped(lan_buf *out, unsigned char c) {
  static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
  for (const char *p = letters; *p; p += 2) {
    if ((unsigned char)*p == c) {
      char pair[2] = {'\\', p[1]};
      lan_buf_add(out, pair, 2);
      return;
    }
  }
  lan_buf_printf(out, "\\u%04x", c);
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f; }

static void add_valid(lan_buf *out, const char *s, size_t n) {
  for (size_t i = 0; i < n;) {
    size_t start = i;
    while (i < n && is_plain((unsigned char)s[i])) i++;
    lan_buf_add(out, s + start, i - start);
    if (i < n) add_escaped(out, (unsigned char)s[i++]);
  }
}

void json_string(json *j, lan_str s) {
  begin_value(j);
  lan_buf_add_char(j->out, '"');
  while (s.len > 0) {
    size_t valid = lan_utf8_valid(s.ptr, s.len);
    add_valid(j->out, s.ptr, valid);
    if (valid < s.len) {
      lan_buf_add_str(j->out, "\xef\xbf\xbd");
      valid++;
    }
    s = (lan_str){s.ptr + valid, s.len - valid};
  }
  lan_buf_add_char(j->out, '"');
}

void json_number(json *j, double v) {
  char digits[32];
  if (!isfinite(v)) {
    json_null(j);
    return;
  }
  begin_value(j);
  int n = snprintf(digits, sizeof digits, "%.6g", v);
  lan_buf_add(j->out, digits, (size_t)n);
}

void json_count(json *j, size_t n) {
  begin_value(j);
  lan_buf_printf(j->out, "%zu", n);
}

void json_integer(json *j, int64_t n) {
  begin_value(j);
  lan_buf_printf(j->out, "%lld", (long long)n);
}

void json_null(json *j) {
  begin_value(j);
  lan_buf_add_str(j->out, "null");
}

void json_bool(json *j, bool v) {
  begin_value(j);
  lan_buf_add_str(j->out, v ? "true" : "false");
}

void json_bytes(json *j, const char *key, const char *bytes) {
  json_key(j, key);
  if (!bytes) {
    json_null(j);
    return;
  }
  lan_str s = lan_str_of(bytes);
  json_string(j, s);
  if (lan_utf8_valid(s.ptr, s.len) == s.len) return;
  lan_buf_printf(j->out, ",\"%s_bytes_hex\":\"", key);
  for (size_t i = 0; i < s.len; i++) lan_buf_printf(j->out, "%02x", (unsigned char)s.ptr[i]);
  lan_buf_add_char(j->out, '"');
}

void json_entry(json *j, const char *key, const char *text) {
  json_key(j, key);
  json_string(j, lan_str_of(text));
}

void json_end(json *j) {
  lan_buf_add_char(j->out, '\n');
  j->comma = false;
}
