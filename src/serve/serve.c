#include "serve/serve.h"

#include <event2/event.h>
#include <signal.h>

#include "base/error.h"
#include "base/file.h"
#include "serve/api.h"
#include "serve/http.h"

/* `changed` fires once, and is added again after the refresh that makes it quiet. Several files that are saved together are read together; but never later than a change may show. */
enum { SETTLE_MS = 60, POLL_SECONDS = 2 };

typedef struct serving {
  const serve_options *options;
  struct event_base *base;
  struct event *changed, *refresh, *stops[2];
  api *api;
  http_server *server;
  /* of the last refresh: */
  lan_status refreshed;
  size_t n_changed;
  lan_error err;
} serving;

static void on_stop(evutil_socket_t fd, short what, void *ctx) {
  serving *s = ctx;
  (void)fd, (void)what;
  event_base_loopexit(s->base, NULL);
}

static void on_changed(evutil_socket_t fd, short what, void *ctx) {
  serving *s = ctx;
  struct timeval soon = {0, SETTLE_MS * 1000};
  (void)fd, (void)what;
  event_add(s->refresh, &soon);
}

/* On one of the threads, while nothing is asked. */
static void refresh(void *ctx) {
  serving *s = ctx;
  s->refreshed = lan_memory_refresh(s->options->memory, &s->n_changed, &s->err);
}

static void after_refresh(void *ctx) {
  serving *s = ctx;
  struct timeval later = {POLL_SECONDS, 0};
  if (s->refreshed != LAN_OK) {
    s->options->trouble(s->options->ctx, s->err.message);
    s->n_changed = 1; /* some of it may have been done */
  }
  if (s->n_changed > 0) {
    api_changed(s->api);
    http_broadcast(s->server, "changed", LAN_STR("{}"));
  }
  if (s->changed) {
    event_add(s->changed, NULL);
  } else {
    event_add(s->refresh, &later);
  }
}

static void on_refresh(evutil_socket_t fd, short what, void *ctx) {
  serving *s = ctx;
  struct timeval later = {POLL_SECONDS, 0};
  (void)fd, (void)what;
  s->n_changed = 0;
  if (api_alone(s->api, refresh, after_refresh, s) != LAN_OK) event_add(s->refresh, &later);
}

/* Where folders cannot be watched, looking now and then must do. */
static lan_status watch_vault(serving *s, lan_error *err) {
  int fd = -1;
  lan_error why;
  struct timeval later = {POLL_SECONDS, 0};
  s->refresh = evtimer_new(s->base, on_refresh, s);
  if (!s->refresh) return lan_fail_memory(err, 0);
  if (lan_memory_watch(s->options->memory, &fd, &why) != LAN_OK) {
    s->options->trouble(s->options->ctx, why.message);
    return event_add(s->refresh, &later) == 0 ? LAN_OK : lan_fail_memory(err, 0);
  }
  s->changed = event_new(s->base, fd, EV_READ, on_changed, s);
  bool added = s->changed && event_add(s->changed, NULL) == 0;
  return added ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status start(serving *s, lan_error *err) {
  const serve_options *o = s->options;
  api_options ao = {.memory = o->memory,
                    .n_threads = o->n_threads,
                    .model = o->model,
                    .token = o->token,
                    .for_others = o->address != NULL,
                    .allow_feedback = o->allow_feedback};
  s->base = event_base_new();
  if (!s->base) return lan_fail_memory(err, 0);
  s->stops[0] = evsignal_new(s->base, SIGINT, on_stop, s);
  s->stops[1] = evsignal_new(s->base, SIGTERM, on_stop, s);
  if (!s->stops[0] || !s->stops[1] || event_add(s->stops[0], NULL) ||
      event_add(s->stops[1], NULL)) {
    return lan_fail_memory(err, 0);
  }
  lan_status status = api_new(s->base, &ao, &s->api, err);
  if (status != LAN_OK) return status;
  http_calls calls = api_calls(s->api);
  http_place place = {o->address ? o->address : "127.0.0.1", o->port, o->socket, 0};
  status = http_server_new(s->base, &place, &calls, &s->server, err);
  if (status == LAN_OK) api_set_port(s->api, http_server_port(s->server));
  return status == LAN_OK ? watch_vault(s, err) : status;
}

static void stop(serving *s) {
  struct event *events[] = {s->changed, s->refresh, s->stops[0], s->stops[1]};
  api_free(s->api);
  http_server_free(s->server);
  for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
    if (events[i]) event_free(events[i]);
  }
  if (s->base) event_base_free(s->base);
  libevent_global_shutdown();
}

lan_status serve_run(const serve_options *options, lan_error *err) {
  serving s = {.options = options};
  signal(SIGPIPE, SIG_IGN);
  lan_status status = start(&s, err);
  if (status == LAN_OK) {
    options->ready(options->ctx, http_server_port(s.server));
    if (event_base_dispatch(s.base) < 0) {
      status = lan_fail(err, LAN_EIO, "the event loop failed; see: lantoa help serve");
    }
  }
  stop(&s);
  return status;
}
