/* The Model Context Protocol (https://modelcontextprotocol.io): the memory as tools for assistants. Messages are JSON-RPC
 * 2.0, a line each; revisions 2025-06-18 and 2025-11-25 (with a handshake) and 2026-07-28 (without). What notes
 * say is handed over as data, and marked so. */
#ifndef SERVE_MCP_H
#define SERVE_MCP_H

#include <stdbool.h>

#include "base/str.h"
#include "lantoa/memory.h"

enum { MCP_LINE_MOST = 1 << 20 };

/* JSON-RPC's codes, and the protocol's. */
enum {
  MCP_PARSE_ERROR = -32700,
  MCP_INVALID_REQUEST = -32600,
  MCP_METHOD_NOT_FOUND = -32601,
  MCP_INVALID_PARAMS = -32602,
  MCP_UNSUPPORTED_VERSION = -32022,
  MCP_HEADER_MISMATCH = -32020,
  MCP_NO_RESOURCE = -32002 /* before 2026-07-28 */
};

typedef struct mcp {
  lan_memory *memory;
  bool allow_feedback; /* else nothing is ever changed */
  bool
      kept_fresh; /* the caller keeps the memory up to date; else each message that needs it does */
} mcp;

/* What the headers of an HTTP request repeat of its message; ptr NULL: they do not. */
typedef struct mcp_headers {
  lan_str version, method, name;
} mcp_headers;

/* Appends the answer to one message, newline included; nothing if it wants none. A failure is part of the answer. Returns
 * the status that goes with it over HTTP: 200, 202 (there is no answer), 400 or 404. When memory is short `out` is marked as
 * failed. `headers` is NULL where there are none. */
int mcp_answer(mcp *m, const char *line, size_t len, const mcp_headers *headers, lan_buf *out);

#endif
