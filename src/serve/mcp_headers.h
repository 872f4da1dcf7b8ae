/* What the headers of an HTTP request repeat of a message of the Model Context Protocol, for those who read only headers. */
#ifndef SERVE_MCP_HEADERS_H
#define SERVE_MCP_HEADERS_H

#include <jansson.h>

#include "serve/mcp.h"

#define MCP_STATELESS "2026-07-28"
#define MCP_META_VERSION "io.modelcontextprotocol/protocolVersion"

/* Whether they say what the message says. From 2026-07-28 on they have to be there. */
bool mcp_headers_fit(const mcp_headers *h, json_t *message);

#endif
