/* JSON, written straight into a buffer: compact, in the order of the calls, so that the same answer
 * is the same bytes everywhere. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>

#include "base/str.h"

typedef struct json_writer {
  lan_buf *out;
  bool comma; /* something stands before at this depth */
} json_writer;

void jw_open(json_writer *j, char bracket);   /* '{' or '[' */
void jw_close(json_writer *j, char bracket);  /* '}' or ']' */
void jw_key(json_writer *j, const char *key); /* plain ASCII */

/* What is not UTF-8 becomes U+FFFD. */
void jw_string(json_writer *j, lan_str s);
void jw_number(json_writer *j, double v); /* 6 significant digits; null if not finite */
void jw_count(json_writer *j, size_t n);
void jw_integer(json_writer *j, int64_t n);
void jw_null(json_writer *j);
/* "key": [...] */
void jw_floats(json_writer *j, const char *key, const float *numbers, size_t n);
void jw_doubles(json_writer *j, const char *key, const double *numbers, size_t n);

/* A value that is JSON already. */
void jw_raw(json_writer *j, lan_str value);
void jw_bool(json_writer *j, bool v);

/* "key": "...", and for bytes that are not UTF-8 also "key_bytes_hex": "c3..." with what they are.
 * NULL becomes null. */
void jw_bytes(json_writer *j, const char *key, const char *bytes);
void jw_entry(json_writer *j, const char *key, const char *text);

/* Ends the record: a newline. */
void jw_end(json_writer *j);

#endif
