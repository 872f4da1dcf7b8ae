/* What the files of the API share. */
#ifndef SERVE_API_INTERNAL_H
#define SERVE_API_INTERNAL_H

#include <jansson.h>

#include "base/json.h"
#include "serve/api.h"
#include "serve/mcp.h"

/* Answers that were given and still hold, for a minute at most. */
#define KEPT_NS UINT64_C(60000000000)
enum { KEPT_ANSWERS = 16384, KEPT_WAYS = 4, KEPT_BYTES = 8 << 10 };

typedef struct kept_answer {
  uint64_t key; /* hash of the request */
  lan_buf request, body;
} kept_answer;

struct api {
  api_options options;
  uint16_t port;
  mcp mcp;
  kept_answer *kept; /* KEPT_ANSWERS of them, KEPT_WAYS places for each hash */
  uint64_t kept_since;
  uint32_t turn; /* which of the places is taken next */
};

/* One request on its way. */
typedef struct api_call {
  api *a;
  const http_request *request;
  json_t *body; /* of a POST, an object; else NULL */
  http_reply *reply;
  json_writer json; /* into reply->body */
  lan_error err;
} api_call;

typedef struct api_route {
  const char *method, *path;
  size_t body_most;
  bool keep;    /* the answer holds until the memory changes */
  bool changes; /* the memory */
  bool raw;     /* the body is not read as JSON here */
  lan_status (*answer)(api_call *c);
} api_route;

extern const api_route api_routes[];
extern const size_t api_n_routes;

/* Makes `reply` a JSON error. */
void api_fail(http_reply *reply, int status, const char *message);

#endif
