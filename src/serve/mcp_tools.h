/* The tools that assistants are given: thin translations of the memory's calls. */
#ifndef SERVE_MCP_TOOLS_H
#define SERVE_MCP_TOOLS_H

#include <jansson.h>

#include "base/json.h"
#include "serve/mcp.h"

/* Said beside what notes say. */
extern const char mcp_data[];

/* Their descriptions, by name, as objects in a list. */
void mcp_tools_list(const mcp *m, json_writer *j);
bool mcp_tool_known(const mcp *m, const char *name);

/* Appends what the tool gives, a JSON object by its output schema. `arguments` may be NULL. A failure is for the
 * assistant to read. */
lan_status mcp_tool_call(mcp *m, const char *name, json_t *arguments, lan_buf *out, lan_error *err);

#endif
