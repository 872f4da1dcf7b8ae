#include "serve/mcp_headers.h"

#include <string.h>

#include "base/base64.h"

static bool equal(lan_str header, json_t *value) {
  return header.ptr && json_is_string(value) &&
         lan_str_equal(header, (lan_str){json_string_value(value), json_string_length(value)});
}

/* What cannot stand in a header comes as =?base64?...?= */
static bool says(lan_str header, json_t *value) {
  static const char before[] = "=?base64?", after[] = "?=";
  size_t b = sizeof before - 1, a = sizeof after - 1;
  bool coded = header.len >= b + a && memcmp(header.ptr, before, b) == 0 &&
               memcmp(header.ptr + header.len - a, after, a) == 0;
  if (!coded) return equal(header, value);
  lan_buf text = {0};
  bool same = base64_decode((lan_str){header.ptr + b, header.len - b - a}, &text) && !text.failed &&
              equal(lan_buf_str(&text), value);
  lan_buf_free(&text);
  return same;
}

bool mcp_headers_fit(const mcp_headers *h, json_t *message) {
  static const char newest[] = MCP_STATELESS;
  json_t *params = json_object_get(message, "params");
  json_t *version = json_object_get(json_object_get(params, "_meta"), MCP_META_VERSION);
  json_t *name = json_object_get(params, "name");
  bool wanted = version || lan_str_equal(h->version, (lan_str){newest, sizeof newest - 1});
  if (!name) name = json_object_get(params, "uri");
  if (version && !equal(h->version, version)) return false;
  if ((wanted || h->method.ptr) && !equal(h->method, json_object_get(message, "method")))
    return false;
  return (!wanted && !h->name.ptr) || !name || says(h->name, name);
}
