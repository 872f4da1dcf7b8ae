#include "base/json.h"

#include <math.h>
#include <stdio.h>

static void begin_value(json_writer *j) {
  if (j->comma) lan_buf_add_char(j->out, ',');
  j->comma = true;
}

void jw_open(json_writer *j, char bracket) {
  begin_value(j);
  lan_buf_add_char(j->out, bracket);
  j->comma = false;
}

void jw_close(json_writer *j, char bracket) {
  lan_buf_add_char(j->out, bracket);
  j->comma = true;
}

void jw_key(json_writer *j, const char *key) {
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

void jw_string(json_writer *j, lan_str s) {
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

void jw_number(json_writer *j, double v) {
  char digits[32];
  if (!isfinite(v)) {
    jw_null(j);
    return;
  }
  begin_value(j);
  int n = snprintf(digits, sizeof digits, "%.6g", v);
  lan_buf_add(j->out, digits, (size_t)n);
}

void jw_count(json_writer *j, size_t n) {
  begin_value(j);
  lan_buf_printf(j->out, "%zu", n);
}

void jw_integer(json_writer *j, int64_t n) {
  begin_value(j);
  lan_buf_printf(j->out, "%lld", (long long)n);
}

void jw_null(json_writer *j) {
  begin_value(j);
  lan_buf_add_str(j->out, "null");
}

void jw_bool(json_writer *j, bool v) {
  begin_value(j);
  lan_buf_add_str(j->out, v ? "true" : "false");
}

void jw_bytes(json_writer *j, const char *key, const char *bytes) {
  jw_key(j, key);
  if (!bytes) {
    jw_null(j);
    return;
  }
  lan_str s = lan_str_of(bytes);
  jw_string(j, s);
  if (lan_utf8_valid(s.ptr, s.len) == s.len) return;
  lan_buf_printf(j->out, ",\"%s_bytes_hex\":\"", key);
  for (size_t i = 0; i < s.len; i++) lan_buf_printf(j->out, "%02x", (unsigned char)s.ptr[i]);
  lan_buf_add_char(j->out, '"');
}

void jw_entry(json_writer *j, const char *key, const char *text) {
  jw_key(j, key);
  jw_string(j, lan_str_of(text));
}

void jw_end(json_writer *j) {
  lan_buf_add_char(j->out, '\n');
  j->comma = false;
}

void jw_raw(json_writer *j, lan_str value) {
  begin_value(j);
  lan_buf_add(j->out, value.ptr, value.len);
}

void jw_floats(json_writer *j, const char *key, const float *numbers, size_t n) {
  jw_key(j, key);
  jw_open(j, '[');
  for (size_t i = 0; i < n; i++) jw_number(j, (double)numbers[i]);
  jw_close(j, ']');
}

void jw_doubles(json_writer *j, const char *key, const double *numbers, size_t n) {
  jw_key(j, key);
  jw_open(j, '[');
  for (size_t i = 0; i < n; i++) jw_number(j, numbers[i]);
  jw_close(j, ']');
}
