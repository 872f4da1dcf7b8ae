/* Notes as resources of the Model Context Protocol: lantoa://note/PATH, the path percent-encoded. */
#ifndef SERVE_MCP_RESOURCES_H
#define SERVE_MCP_RESOURCES_H

#include <jansson.h>

#include "base/json.h"
#include "serve/mcp.h"

/* "resources": [...], from where `cursor` (NULL: the beginning) says, and "nextCursor" if there are more. False: it is
 * no cursor. */
bool mcp_resources_list(mcp *m, const char *cursor, json_writer *j);

void mcp_resources_templates(json_writer *j);

/* "contents": [...]. LAN_ENOTFOUND: there is no such note. */
lan_status mcp_resources_read(mcp *m, const char *uri, json_writer *j, lan_error *err);

#endif
