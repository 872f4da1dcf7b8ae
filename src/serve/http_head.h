/* The head of an HTTP/1.1 request (RFC 9112), read strictly: what two readers could take for two things is
 * refused. */
#ifndef SERVE_HTTP_HEAD_H
#define SERVE_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef enum http_field {
  HTTP_AUTHORIZATION,
  HTTP_CONNECTION,
  HTTP_CONTENT_LENGTH,
  HTTP_CONTENT_TYPE,
  HTTP_EXPECT,
  HTTP_HOST,
  HTTP_MCP_METHOD,
  HTTP_MCP_NAME,
  HTTP_MCP_PROTOCOL_VERSION,
  HTTP_ORIGIN,
  HTTP_SEC_FETCH_SITE,
  HTTP_TRANSFER_ENCODING,
  HTTP_FIELDS
} http_field;

typedef struct http_head {
  lan_str method, path, query; /* path begins with '/'; both as they came, percent signs and all */
  lan_str fields[HTTP_FIELDS]; /* ptr NULL: not there. Only these are looked at */
  uint64_t length;             /* of the body */
  bool last;                   /* the client wants the connection closed after the answer */
} http_head;

/* Reads `bytes`, which end with the empty line. Returns 0, or the status to refuse it with; *why then says
 * what is wrong. Views into `bytes`. */
int http_head_read(lan_str bytes, http_head *head, const char **why);

/* Appends the value of `key` in a query, decoded. False: it is not there, or it is wrongly encoded or holds a NUL
 * byte. */
bool http_query_get(lan_str query, const char *key, lan_buf *out);

/* Equal but for the case of ASCII letters. */
bool http_same(lan_str a, const char *b);

#endif
