#include "serve/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

enum {
  HEAD_MS = 10000,    /* for a head, from its first byte or from connecting */
  BODY_TIMES = 3,     /* so many times as long for a body */
  IDLE_SECONDS = 75,  /* between requests */
  WRITE_SECONDS = 30, /* without taking a byte */
  LINGER_SECONDS =
      2, /* for the client to take the last answer, while what it still sends is thrown away */
  BEAT_SECONDS = 15,     /* a sign of life on streams */
  OUTPUT_MOST = 4 << 20, /* that wait for a slow client before it may ask again */
  STREAM_MOST = 64 << 10,
  BACKLOG = 512
};

typedef enum stage {
  STAGE_HEAD,
  STAGE_BODY,
  STAGE_WAITING, /* for an answer that was postponed */
  STAGE_STREAM,
  STAGE_CLOSING,
  STAGE_LINGERING,
  STAGE_BROKEN /* memory is short: to be closed */
} stage;

typedef struct connection {
  http_server *server;
  struct connection *prev, *next; /* the one that was silent for longest comes first */
  struct bufferevent *bev;
  struct event *timer;
  stage stage;
  bool begun; /* part of a head is here */
  bool ended; /* the client sends no more */
  http_request request;
  lan_buf head; /* that request.head looks into */
  http_later *later;
} connection;

/* It has the head and the body, so that the connection may go. */
struct http_later {
  connection *c; /* NULL: it is gone */
  http_request request;
  lan_buf head, body;
};

struct http_server {
  struct event_base *base;
  http_calls calls;
  struct evconnlistener *listener;
  struct event *beat;
  char *path; /* of the unix socket */
  uint16_t port;
  long patience_ms;
  size_t n, streams;
  connection first; /* of the ring of connections; no connection itself */
};

/* ---- the ring ---- */

static void leave(connection *c) {
  c->prev->next = c->next;
  c->next->prev = c->prev;
}

static void join(http_server *s, connection *c) {
  c->prev = s->first.prev;
  c->next = &s->first;
  c->prev->next = c->next->prev = c;
}

static void finish(connection *c) {
  leave(c);
  if (c->later) c->later->c = NULL;
  c->server->n--;
  c->server->streams -= c->stage == STAGE_STREAM;
  event_free(c->timer);
  bufferevent_free(c->bev);
  lan_buf_free(&c->head);
  free(c);
}

static void wait_for(connection *c, long seconds) {
  struct timeval t = {seconds, 0};
  evtimer_add(c->timer, &t);
}

static void wait_patiently(connection *c, long times) {
  long ms = c->server->patience_ms * times;
  struct timeval t = {ms / 1000, ms % 1000 * 1000};
  evtimer_add(c->timer, &t);
}

/* ---- writing ---- */

static const char *phrase(int status) {
  static const struct {
    int status;
    const char *phrase;
  } phrases[] = {{200, "OK"},
                 {202, "Accepted"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {411, "Length Required"},
                 {413, "Content Too Large"},
                 {415, "Unsupported Media Type"},
                 {421, "Misdirected Request"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {501, "Not Implemented"},
                 {503, "Service Unavailable"},
                 {505, "HTTP Version Not Supported"}};
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
    if (phrases[i].status == status) return phrases[i].phrase;
  }
  return "Unknown";
}

static void forget_body(const void *data, size_t len, void *ctx) {
  (void)len, (void)ctx;
  free((void *)(uintptr_t)data);
}

/* No page of another site may show, frame or read what is sent; nothing but what the server sends runs. */
static const char SAFETY[] =
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

/* Sends the reply and frees its body. */
static void send_reply(connection *c, http_reply *r, bool last) {
  struct evbuffer *out = bufferevent_get_output(c->bev);
  if (r->body.failed) {
    lan_buf_free(&r->body);
    *r = (http_reply){.status = 503};
    last = true;
  }
  size_t len = r->lasting ? r->lasting_len : r->body.len;
  evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n%s%s", r->status, phrase(r->status), SAFETY,
                      r->headers ? r->headers : "Cache-Control: no-store\r\n");
  if (!r->stream) evbuffer_add_printf(out, "Content-Length: %zu\r\n", len);
  if (r->stream || len) {
    evbuffer_add_printf(out, "Content-Type: %s\r\n", r->type ? r->type : "application/json");
  }
  if (last && !r->stream) evbuffer_add_printf(out, "Connection: close\r\n");
  evbuffer_add_printf(out, "\r\n");
  bool head_only = lan_str_equal(c->request.head.method, LAN_STR("HEAD"));
  if (r->lasting && !head_only) {
    evbuffer_add_reference(out, r->lasting, r->lasting_len, NULL, NULL);
  } else if (r->body.len && !r->stream && !head_only) {
    if (evbuffer_add_reference(out, r->body.data, r->body.len, forget_body, NULL) == 0) {
      r->body = (lan_buf){0};
    }
  }
  lan_buf_free(&r->body);
}

static void close_when_sent(connection *c) {
  c->stage = STAGE_CLOSING;
  bufferevent_disable(c->bev, EV_READ);
  wait_for(c, WRITE_SECONDS);
}

/* Closing with bytes unread would take back what was sent (RFC 9112, 9.6). */
static void linger(connection *c) {
  c->stage = STAGE_LINGERING;
  shutdown(bufferevent_getfd(c->bev), SHUT_WR);
  wait_for(c, LINGER_SECONDS);
  evbuffer_drain(bufferevent_get_input(c->bev), SIZE_MAX);
  bufferevent_setwatermark(c->bev, EV_READ, 0, HTTP_HEAD_MOST);
  bufferevent_enable(c->bev, EV_READ);
}

static void refuse(connection *c, int status, const char *why) {
  http_reply r = {0};
  c->server->calls.refuse(c->server->calls.ctx, status, why, &r);
  send_reply(c, &r, true);
  close_when_sent(c);
}

/* ---- reading: each of these says whether there is more to do now ---- */

static void expect_head(connection *c) {
  c->stage = STAGE_HEAD;
  c->begun = false;
  lan_buf_clear(&c->head);
  c->request = (http_request){.from = c};
  bufferevent_setwatermark(c->bev, EV_READ, 0, HTTP_HEAD_MOST + 1);
  leave(c);
  join(c->server, c);
  wait_for(c, IDLE_SECONDS);
}

static bool become_stream(connection *c) {
  http_server *s = c->server;
  c->stage = STAGE_STREAM;
  s->streams++;
  evtimer_del(c->timer);
  bufferevent_setwatermark(c->bev, EV_READ, 0, 1024); /* nothing that a client says here matters */
  return false;
}

/* Sends it; what is next may be read then. */
static bool give_answer(connection *c, http_reply *r) {
  bool last = c->request.head.last, stream = r->stream;
  if (stream && c->server->streams >= HTTP_STREAMS_MOST) {
    lan_buf_free(&r->body);
    refuse(c, 503, "too many streams of events are open");
    return false;
  }
  send_reply(c, r, last);
  if (stream) return become_stream(c);
  if (last) {
    close_when_sent(c);
    return false;
  }
  expect_head(c);
  return true;
}

static bool answer(connection *c) {
  http_reply r = {.status = 200};
  c->server->calls.answer(c->server->calls.ctx, &c->request, &r);
  if (c->later) {
    c->stage = STAGE_WAITING;
    evtimer_del(c->timer);
    return false;
  }
  return give_answer(c, &r);
}

http_later *http_postpone(const http_request *r) {
  connection *c = r->from;
  http_later *later = calloc(1, sizeof *later);
  if (!later) return NULL;
  lan_buf_add(&later->body, r->body.ptr, r->body.len);
  if (later->body.failed) {
    free(later);
    return NULL;
  }
  later->c = c;
  later->request = *r;
  later->request.body = (lan_str){later->body.data ? later->body.data : "", later->body.len};
  later->head = c->head; /* which request.head looks into */
  c->head = (lan_buf){0};
  return c->later = later;
}

const http_request *http_postponed(const http_later *later) { return &later->request; }

void http_answer(http_later *later, http_reply *reply) {
  connection *c = later->c;
  if (!c) {
    lan_buf_free(&reply->body);
  } else {
    c->later = NULL;
    c->head = later->head;
    later->head = (lan_buf){0};
    bool more = give_answer(c, reply);
    if (more && (c->ended || evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)) {
      bufferevent_trigger(c->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS); /* for what came meanwhile */
    }
  }
  lan_buf_free(&later->head);
  lan_buf_free(&later->body);
  free(later);
}

static bool check_head(connection *c) {
  const char *why = "";
  http_reply r = {0};
  size_t most = 0;
  http_head *head = &c->request.head;
  int status = http_head_read(lan_buf_str(&c->head), head, &why);
  if (status) {
    refuse(c, status, why);
    return false;
  }
  status = c->server->calls.check(c->server->calls.ctx, head, &most, &r);
  if (status == 0 && head->length > most) {
    refuse(c, 413, "the body is too large for what is asked");
    return false;
  }
  if (status == 0) {
    c->stage = STAGE_BODY;
    bufferevent_setwatermark(c->bev, EV_READ, 0, (size_t)head->length + HTTP_HEAD_MOST);
    if (http_same(head->fields[HTTP_EXPECT], "100-continue")) {
      evbuffer_add_printf(bufferevent_get_output(c->bev), "HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (head->length) wait_patiently(c, BODY_TIMES);
    return true;
  }
  /* A body that was not read would be taken for a request. */
  bool last = head->last || head->length > 0;
  send_reply(c, &r, last);
  if (last) {
    close_when_sent(c);
    return false;
  }
  expect_head(c);
  return true;
}

static bool read_head(connection *c) {
  struct evbuffer *in = bufferevent_get_input(c->bev);
  size_t there = evbuffer_get_length(in);
  if (there && !c->begun) {
    c->begun = true;
    wait_patiently(c, 1);
  }
  struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
  if (end.pos < 0 || end.pos + 4 > HTTP_HEAD_MOST) {
    if (there > HTTP_HEAD_MOST || end.pos >= 0) refuse(c, 431, "the headers are longer than 16 kB");
    return false;
  }
  size_t len = (size_t)end.pos + 4;
  const unsigned char *bytes = evbuffer_pullup(in, (ev_ssize_t)len);
  if (bytes) lan_buf_add(&c->head, bytes, len);
  if (!bytes || c->head.failed) {
    c->stage = STAGE_BROKEN;
    return false;
  }
  evbuffer_drain(in, len);
  return check_head(c);
}

static bool read_body(connection *c) {
  struct evbuffer *in = bufferevent_get_input(c->bev);
  size_t len = (size_t)c->request.head.length;
  if (evbuffer_get_length(in) < len) return false;
  unsigned char *bytes = len ? evbuffer_pullup(in, (ev_ssize_t)len) : NULL;
  if (len && !bytes) {
    c->stage = STAGE_BROKEN;
    return false;
  }
  c->request.body = (lan_str){len ? (const char *)bytes : "", len};
  bool more = answer(c); /* which frees nothing of the connection */
  evbuffer_drain(in, len);
  return more;
}

/* One that has said all it has to say may still want what was answered. */
static void end_well(connection *c) {
  if (c->stage != STAGE_BROKEN && evbuffer_get_length(bufferevent_get_output(c->bev)) > 0) {
    close_when_sent(c);
  } else {
    finish(c);
  }
}

static void on_read(struct bufferevent *bev, void *ctx) {
  connection *c = ctx;
  for (bool more = true; more;) {
    if (evbuffer_get_length(bufferevent_get_output(bev)) > OUTPUT_MOST) {
      bufferevent_disable(bev, EV_READ);
      return; /* until it is sent */
    }
    switch (c->stage) {
      case STAGE_HEAD:
        more = evbuffer_get_length(bufferevent_get_input(bev)) && read_head(c);
        break;
      case STAGE_BODY: more = read_body(c); break;
      case STAGE_WAITING:
      case STAGE_BROKEN: more = false; break;
      default:
        evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
        more = false;
        break;
    }
  }
  if (c->stage == STAGE_BROKEN || (c->ended && c->stage == STAGE_HEAD)) end_well(c);
}

static void on_written(struct bufferevent *bev, void *ctx) {
  connection *c = ctx;
  if (c->stage == STAGE_CLOSING) {
    linger(c);
  } else if (!(bufferevent_get_enabled(bev) & EV_READ)) {
    bufferevent_enable(bev, EV_READ);
    on_read(bev, c);
  }
}

static void on_event(struct bufferevent *bev, short what, void *ctx) {
  connection *c = ctx;
  if ((what & BEV_EVENT_EOF) && c->stage == STAGE_WAITING) {
    c->ended = true;
    bufferevent_disable(bev, EV_READ);
  } else if ((what & BEV_EVENT_EOF) && c->stage != STAGE_STREAM) {
    end_well(c);
  } else {
    finish(c);
  }
}

static void on_time(evutil_socket_t fd, short what, void *ctx) {
  connection *c = ctx;
  (void)fd, (void)what;
  if (c->stage == STAGE_BODY || (c->stage == STAGE_HEAD && c->begun)) {
    refuse(c, 408, "the request took too long to arrive");
  } else {
    finish(c);
  }
}

/* ---- connections ---- */

/* Told to one for which there is no room, if it can be told at once. */
static void turn_away(evutil_socket_t fd) {
  static const char full[] =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  (void)!send(fd, full, sizeof full - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The one that was silent for longest goes. */
static bool let_one_go(http_server *s) {
  for (connection *c = s->first.next; c != &s->first; c = c->next) {
    if (c->stage != STAGE_HEAD) continue;
    turn_away(bufferevent_getfd(c->bev));
    finish(c);
    return true;
  }
  return false;
}

static connection *connection_new(http_server *s, evutil_socket_t fd) {
  connection *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->server = s;
  c->bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
  c->timer = evtimer_new(s->base, on_time, c);
  if (c->bev && c->timer) return c;
  if (c->timer) event_free(c->timer);
  if (c->bev) {
    bufferevent_free(c->bev);
  } else {
    evutil_closesocket(fd);
  }
  free(c);
  return NULL;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len,
                      void *ctx) {
  http_server *s = ctx;
  (void)l, (void)from, (void)len;
  if (s->n >= HTTP_CONNECTIONS_MOST && !let_one_go(s)) {
    turn_away(fd);
    evutil_closesocket(fd);
    return;
  }
  connection *c = connection_new(s, fd);
  if (!c) return;
  struct timeval slow = {WRITE_SECONDS, 0};
  s->n++;
  join(s, c);
  bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
  bufferevent_set_timeouts(c->bev, NULL, &slow);
  expect_head(c);
  wait_patiently(c, 1);
  bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* Out of descriptors. */
static void on_accept_error(struct evconnlistener *l, void *ctx) {
  (void)l;
  let_one_go(ctx);
}

/* ---- streams ---- */

static void to_streams(http_server *s, const char *bytes, size_t len) {
  for (connection *c = s->first.next, *next; c != &s->first; c = next) {
    next = c->next;
    if (c->stage != STAGE_STREAM) continue;
    struct evbuffer *out = bufferevent_get_output(c->bev);
    if (evbuffer_get_length(out) + len > STREAM_MOST) {
      finish(c);
    } else {
      evbuffer_add(out, bytes, len);
    }
  }
}

void http_broadcast(http_server *s, const char *event, lan_str data) {
  lan_buf b = {0};
  lan_buf_printf(&b, "event: %s\ndata: ", event);
  lan_buf_add(&b, data.ptr, data.len);
  lan_buf_add_str(&b, "\n\n");
  if (!b.failed) to_streams(s, b.data, b.len);
  lan_buf_free(&b);
}

static void on_beat(evutil_socket_t fd, short what, void *ctx) {
  (void)fd, (void)what;
  to_streams(ctx, ":\n\n", 3);
}

/* ---- listening ---- */

typedef union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_un local;
} address;

static lan_status inet_address(const char *name, uint16_t port, address *a, socklen_t *len,
                               lan_error *err) {
  *a = (address){0};
  if (inet_pton(AF_INET, name, &a->v4.sin_addr) == 1) {
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons(port);
    *len = sizeof a->v4;
    return LAN_OK;
  }
  if (inet_pton(AF_INET6, name, &a->v6.sin6_addr) == 1) {
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons(port);
    *len = sizeof a->v6;
    return LAN_OK;
  }
  return lan_fail(err, LAN_EINVAL, "\"%s\" is no address: write it in numbers, as 127.0.0.1", name);
}

/* A socket that nobody listens on any more is taken over. */
static lan_status local_address(const char *path, address *a, socklen_t *len, lan_error *err) {
  *a = (address){0};
  if (strlen(path) >= sizeof a->local.sun_path) {
    return lan_fail(err, LAN_EINVAL, "the socket's path has more than %zu bytes",
                    sizeof a->local.sun_path - 1);
  }
  a->local.sun_family = AF_UNIX;
  memcpy(a->local.sun_path, path, strlen(path));
  *len = sizeof a->local;
  struct stat st;
  if (lstat(path, &st) != 0) return LAN_OK;
  if (!S_ISSOCK(st.st_mode)) return lan_fail(err, LAN_EINVAL, "%s is there and no socket", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool taken = fd >= 0 && connect(fd, &a->any, *len) == 0;
  if (fd >= 0) close(fd);
  if (taken) return lan_fail(err, LAN_EBUSY, "a server listens on %s already", path);
  unlink(path);
  return LAN_OK;
}

static lan_status listen_on(http_server *s, const address *a, socklen_t len, const char *shown,
                            lan_error *err) {
  address got;
  socklen_t got_len = sizeof got;
  mode_t before = umask(077); /* for the socket's file */
  errno = 0;
  s->listener = evconnlistener_new_bind(
      s->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
      BACKLOG, &a->any, (int)len);
  int failed = errno;
  umask(before);
  if (!s->listener && failed == EADDRINUSE) {
    return lan_fail(err, LAN_EBUSY, "%s is taken; choose another with --port N, or --port 0",
                    shown);
  }
  errno = failed;
  if (!s->listener) return lan_fail_errno(err, "cannot listen on", shown);
  evconnlistener_set_error_cb(s->listener, on_accept_error);
  if (getsockname(evconnlistener_get_fd(s->listener), &got.any, &got_len) == 0) {
    if (got.any.sa_family == AF_INET) s->port = ntohs(got.v4.sin_port);
    if (got.any.sa_family == AF_INET6) s->port = ntohs(got.v6.sin6_port);
  }
  return LAN_OK;
}

static lan_status start(http_server *s, const http_place *place, lan_error *err) {
  address a;
  socklen_t len = 0;
  char shown[128];
  const char *path = place->path;
  struct timeval often = {BEAT_SECONDS, 0};
  snprintf(shown, sizeof shown, "%s port %u", path ? "" : place->address, place->port);
  lan_status status = path ? local_address(path, &a, &len, err)
                           : inet_address(place->address, place->port, &a, &len, err);
  if (status == LAN_OK) status = listen_on(s, &a, len, path ? path : shown, err);
  if (status != LAN_OK) return status;
  if (path) s->path = strdup(path);
  s->beat = event_new(s->base, -1, EV_PERSIST, on_beat, s);
  if ((path && !s->path) || !s->beat || event_add(s->beat, &often) != 0) {
    return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

lan_status http_server_new(struct event_base *base, const http_place *place,
                           const http_calls *calls, http_server **out, lan_error *err) {
  http_server *s = calloc(1, sizeof *s);
  if (!s) return lan_fail_memory(err, sizeof *s);
  s->base = base;
  s->calls = *calls;
  s->patience_ms = place->patience_ms ? place->patience_ms : HEAD_MS;
  s->first.prev = s->first.next = &s->first;
  lan_status status = start(s, place, err);
  if (status != LAN_OK) {
    http_server_free(s);
    return status;
  }
  *out = s;
  return LAN_OK;
}

void http_server_free(http_server *s) {
  if (!s) return;
  while (s->first.next != &s->first) finish(s->first.next);
  if (s->beat) event_free(s->beat);
  if (s->listener) evconnlistener_free(s->listener);
  if (s->path) unlink(s->path);
  free(s->path);
  free(s);
}

uint16_t http_server_port(const http_server *s) { return s->port; }
