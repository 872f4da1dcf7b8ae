/* What the files of the API share. */
#ifndef SERVE_API_INTERNAL_H
#define SERVE_API_INTERNAL_H

#include <jansson.h>
#include <pthread.h>

#include "base/json.h"
#include "serve/api.h"
#include "serve/mcp.h"
#include "serve/workers.h"

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
  workers *workers;
  size_t n_handles;
  lan_memory *handles[WORKERS_MOST]; /* of the memory, one a thread */
  pthread_mutex_t model_lock;        /* of options.model */
  /* The event loop's: */
  kept_answer *kept; /* KEPT_ANSWERS of them, KEPT_WAYS places for each hash */
  uint64_t kept_since;
  uint64_t changes; /* of the memory, counted */
  uint32_t turn;    /* which of the places is taken next */
};

/* One request on its way, on one of the threads. */
typedef struct api_call {
  api *a;
  lan_memory *memory; /* to ask; of a route that is alone, to change */
  const http_request *request;
  json_t *body; /* of a POST, an object; else NULL */
  http_reply *reply;
  json_writer json; /* into reply->body */
  lan_error err;
} api_call;

typedef enum api_way {
  API_AT_ONCE, /* in the event loop, without the memory */
  API_ASKS,
  API_KEEPS,   /* asks; the answer holds until the memory changes */
  API_CHANGES, /* the memory: while nobody asks */
  API_ASSISTS  /* an assistant: changes it if that is allowed */
} api_way;

typedef struct api_route {
  const char *method, *path;
  size_t body_most;
  api_way way;
  lan_status (*answer)(api_call *c);
} api_route;

extern const api_route api_routes[];
extern const size_t api_n_routes;

/* Makes `reply` a JSON error. */
void api_fail(http_reply *reply, int status, const char *message);

#endif
