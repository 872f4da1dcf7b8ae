#include "serve/http_head.h"

#include <string.h>

enum { FIELDS_MOST = 64 };

static const char *const NAMES[HTTP_FIELDS] = {
    [HTTP_AUTHORIZATION] = "authorization",
    [HTTP_CONNECTION] = "connection",
    [HTTP_CONTENT_LENGTH] = "content-length",
    [HTTP_CONTENT_TYPE] = "content-type",
    [HTTP_EXPECT] = "expect",
    [HTTP_HOST] = "host",
    [HTTP_MCP_METHOD] = "mcp-method",
    [HTTP_MCP_NAME] = "mcp-name",
    [HTTP_MCP_PROTOCOL_VERSION] = "mcp-protocol-version",
    [HTTP_ORIGIN] = "origin",
    [HTTP_SEC_FETCH_SITE] = "sec-fetch-site",
    [HTTP_TRANSFER_ENCODING] = "transfer-encoding",
};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

bool http_same(lan_str a, const char *b) {
  size_t n = strlen(b);
  if (a.len != n) return false;
  for (size_t i = 0; i < n; i++) {
    if (lower(a.ptr[i]) != lower(b[i])) return false;
  }
  return true;
}

/* RFC 9110, 5.6.2 */
static bool is_token(lan_str s) {
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    bool word = (c >= '0' && c <= '9') || (lower((char)c) >= 'a' && lower((char)c) <= 'z');
    if (!word && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))) return false;
  }
  return s.len > 0;
}

/* Up to the next CR LF, which is passed over. A CR or LF by itself is none. */
static bool take_line(lan_str *rest, lan_str *line) {
  const char *end = memchr(rest->ptr, '\r', rest->len);
  size_t n = end ? (size_t)(end - rest->ptr) : 0;
  if (!end || n + 1 >= rest->len || end[1] != '\n' || memchr(rest->ptr, '\n', n)) return false;
  *line = (lan_str){rest->ptr, n};
  *rest = (lan_str){end + 2, rest->len - n - 2};
  return true;
}

static bool take_word(lan_str *rest, lan_str *word) {
  const char *end = memchr(rest->ptr, ' ', rest->len);
  if (!end) return false;
  *word = (lan_str){rest->ptr, (size_t)(end - rest->ptr)};
  *rest = (lan_str){end + 1, rest->len - word->len - 1};
  return true;
}

static int refuse(int status, const char *message, const char **why) {
  *why = message;
  return status;
}

static int read_request_line(lan_str line, http_head *head, const char **why) {
  lan_str target;
  if (!take_word(&line, &head->method) || !take_word(&line, &target) || !is_token(head->method)) {
    return refuse(400, "the request line is not METHOD TARGET HTTP/1.1", why);
  }
  bool old = lan_str_equal(line, LAN_STR("HTTP/1.0"));
  if (!old && !lan_str_equal(line, LAN_STR("HTTP/1.1"))) {
    return refuse(505, "only HTTP/1.1 is spoken here", why);
  }
  head->last = old;
  for (size_t i = 0; i < target.len; i++) {
    unsigned char c = (unsigned char)target.ptr[i];
    if (c <= ' ' || c >= 0x7F || c == '#')
      return refuse(400, "the target holds what must be encoded", why);
  }
  if (target.len == 0 || target.ptr[0] != '/') {
    return refuse(400, "the target is not a path of this server", why);
  }
  const char *mark = memchr(target.ptr, '?', target.len);
  size_t n = mark ? (size_t)(mark - target.ptr) : target.len;
  head->path = (lan_str){target.ptr, n};
  head->query = (lan_str){target.ptr + n + (mark != NULL), target.len - n - (mark != NULL)};
  return 0;
}

static lan_str trim(lan_str s) {
  while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = (lan_str){s.ptr + 1, s.len - 1};
  while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
  return s;
}

static int read_field(lan_str line, http_head *head, const char **why) {
  const char *colon = memchr(line.ptr, ':', line.len);
  lan_str name = {line.ptr, colon ? (size_t)(colon - line.ptr) : 0};
  if (!colon || !is_token(name)) return refuse(400, "a header line is not NAME: VALUE", why);
  lan_str value = trim((lan_str){colon + 1, line.len - name.len - 1});
  for (size_t i = 0; i < value.len; i++) {
    unsigned char c = (unsigned char)value.ptr[i];
    if ((c < ' ' && c != '\t') || c == 0x7F)
      return refuse(400, "a header holds a control character", why);
  }
  for (int f = 0; f < HTTP_FIELDS; f++) {
    if (!http_same(name, NAMES[f])) continue;
    if (head->fields[f].ptr) return refuse(400, "a header is given twice", why);
    head->fields[f] = value;
  }
  return 0;
}

static int read_length(http_head *head, const char **why) {
  lan_str s = head->fields[HTTP_CONTENT_LENGTH];
  if (!s.ptr) return 0;
  if (s.len == 0 || s.len > 18) return refuse(400, "Content-Length is no length", why);
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] < '0' || s.ptr[i] > '9') return refuse(400, "Content-Length is no length", why);
    head->length = head->length * 10 + (uint64_t)(s.ptr[i] - '0');
  }
  return 0;
}

int http_head_read(lan_str bytes, http_head *head, const char **why) {
  lan_str line;
  *head = (http_head){0};
  if (!take_line(&bytes, &line)) return refuse(400, "the request line does not end in CR LF", why);
  int status = read_request_line(line, head, why);
  for (size_t n = 0; status == 0; n++) {
    if (!take_line(&bytes, &line)) return refuse(400, "a header line does not end in CR LF", why);
    if (line.len == 0) break;
    if (n == FIELDS_MOST) return refuse(431, "there are more than 64 headers", why);
    status = read_field(line, head, why);
  }
  if (status == 0) status = read_length(head, why);
  if (status != 0) return status;
  if (head->fields[HTTP_TRANSFER_ENCODING].ptr) {
    return refuse(501, "send the body whole, with its Content-Length", why);
  }
  if (!head->fields[HTTP_HOST].ptr) return refuse(400, "there is no Host", why);
  if (http_same(head->fields[HTTP_CONNECTION], "close")) head->last = true;
  if (http_same(head->fields[HTTP_CONNECTION], "keep-alive")) head->last = false;
  return 0;
}

/* ---- queries ---- */

/* application/x-www-form-urlencoded: a '+' is a space, and stays one when percent signs are decoded. */
static bool decode(lan_str s, lan_buf *out) {
  lan_buf spaced = {0};
  lan_buf_add(&spaced, s.ptr, s.len);
  for (size_t i = 0; i < spaced.len; i++) {
    if (spaced.data[i] == '+') spaced.data[i] = ' ';
  }
  bool good = lan_percent_decode(lan_buf_str(&spaced), out);
  out->failed |= spaced.failed;
  lan_buf_free(&spaced);
  return good;
}

bool http_query_get(lan_str query, const char *key, lan_buf *out) {
  size_t n = strlen(key);
  while (query.len) {
    const char *end = memchr(query.ptr, '&', query.len);
    size_t len = end ? (size_t)(end - query.ptr) : query.len;
    if (len > n && query.ptr[n] == '=' && memcmp(query.ptr, key, n) == 0) {
      return decode((lan_str){query.ptr + n + 1, len - n - 1}, out);
    }
    size_t skip = end ? len + 1 : len;
    query = (lan_str){query.ptr + skip, query.len - skip};
  }
  return false;
}
