/* A small HTTP/1.1 server on libevent: one thread, keep-alive, server-sent events, and limits on everything that
 * a client can make large or slow. What is asked is answered by functions of the caller's, at once or later. */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include <event2/event.h>

#include "lantoa/status.h"
#include "serve/http_head.h"

enum {
  HTTP_HEAD_MOST = 16 << 10,
  HTTP_CONNECTIONS_MOST = 256, /* beyond it, the one that has been silent for longest has to go */
  HTTP_STREAMS_MOST = 32
};

typedef struct http_request {
  http_head head;
  lan_str body;            /* ptr is never NULL */
  struct connection *from; /* the server's own */
} http_request;

/* A request that is answered later. */
typedef struct http_later http_later;

typedef struct http_reply {
  int status;          /* 200, ... */
  const char *type;    /* of the body; NULL: application/json */
  const char *headers; /* further lines, each ended by CR LF; NULL: none */
  lan_buf body;        /* freed by the server */
  const void *lasting; /* instead of it: bytes that are never freed */
  size_t lasting_len;
  bool stream; /* the beginning of a stream of events: http_broadcast goes to it from then on */
} http_reply;

typedef struct http_calls {
  void *ctx;
  /* Before the body is read: 0 to go on, or a status, `reply` being filled in. *most: bytes that the body may have. */
  int (*check)(void *ctx, const http_head *head, size_t *most, http_reply *reply);
  /* Fills in `reply`, or calls http_postpone. */
  void (*answer)(void *ctx, const http_request *r, http_reply *reply);
  /* The reply to what the server itself refuses. */
  void (*refuse)(void *ctx, int status, const char *why, http_reply *reply);
} http_calls;

typedef struct http_server http_server;

typedef struct http_place {
  const char *address; /* numeric, IPv4 or IPv6 */
  uint16_t port;       /* 0: any that is free */
  const char *path;    /* a unix socket instead, to which only the user may connect; or NULL */
  long patience_ms;    /* for the head of a request, and three times as long for its body; 0: 10 seconds */
} http_place;

/* LAN_EBUSY: someone listens there. LAN_EIO, LAN_EINVAL. */
lan_status http_server_new(struct event_base *base, const http_place *place,
                           const http_calls *calls, http_server **server, lan_error *err);
void http_server_free(http_server *server);

uint16_t http_server_port(const http_server *server); /* 0: a unix socket */

/* To be called by `answer`: the request, which is then the caller's until http_answer, is answered later. NULL: memory
 * is short, and it is to be answered now. The connection waits meanwhile, or may be gone when the answer comes. */
http_later *http_postpone(const http_request *r);
const http_request *http_postponed(const http_later *later);

/* Answers and frees it, and the reply's body. From the event loop's thread, before the server is freed. No stream. */
void http_answer(http_later *later, http_reply *reply);

/* Sends an event to all streams. Streams that are too slow are closed. */
void http_broadcast(http_server *server, const char *event, lan_str data);

#endif
