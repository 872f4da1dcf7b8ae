/* JSON, written straight into a buffer: compact, in the order of the calls, so that the same answer
 * is the same bytes everywhere. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>

#include "base/str.h"

typedef struct json {
  lan_buf *out;
  bool comma; /* something stands before at this depth */
} json;

void json_open(json *j, char bracket);   /* '{' or '[' */
void json_close(json *j, char bracket);  /* '}' or ']' */
void json_key(json *j, const char *key); /* plain ASCII */

/* What is not UTF-8 becomes U+FFFD. */
void json_string(json *j, lan_str s);
void json_number(json *j, double v); /* 6 significant digits; null if not finite */
void json_count(json *j, size_t n);
void json_integer(json *j, int64_t n);
void json_null(json *j);
void json_bool(json *j, bool v);

/* "key": "...", and for bytes that are not UTF-8 also "key_bytes_hex": "c3..." with what they are.
 * NULL becomes null. */
void json_bytes(json *j, const char *key, const char *bytes);
void json_entry(json *j, const char *key, const char *text);

/* Ends the record: a newline. */
void json_end(json *j);

#endif
