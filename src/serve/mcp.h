/* The Model Context Protocol (https://modelcontextprotocol.io): the memory as tools for assistants. Messages are JSON-RPC
 * 2.0, a line each; revisions 2025-06-18 and 2025-11-25 (with a handshake) and 2026-07-28 (without). What notes
 * say is handed over as data, and marked so. */
#ifndef SERVE_MCP_H
#define SERVE_MCP_H

#include <stdbool.h>

#include "base/str.h"
#include "lantoa/memory.h"

enum { MCP_LINE_MOST = 1 << 20 };

typedef struct mcp {
  lan_memory *memory;
  bool allow_feedback; /* else nothing is ever changed */
  bool kept_fresh;     /* the caller keeps the memory up to date; else each message that needs it does */
} mcp;

/* Appends the answer to one message, newline included; nothing if it wants none. A failure is part of the
 * answer; when memory is short `out` is marked as failed. */
void mcp_answer(mcp *m, const char *line, size_t len, lan_buf *out);

#endif
