/* The server's own limits, in one process: clients that are slow, silent, too many or too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "serve/http.h"

enum { PATIENCE_MS = 60, BODY_MOST = 100 };

typedef struct world {
  struct event_base *base;
  http_server *server;
  int checked, answered;
} world;

static int check(void *ctx, const http_head *head, size_t *most, http_reply *r) {
  world *w = ctx;
  (void)r;
  w->checked++;
  *most = lan_str_equal(head->path, LAN_STR("/body")) ? BODY_MOST : 0;
  return 0;
}

static void answer(void *ctx, const http_request *q, http_reply *r) {
  world *w = ctx;
  w->answered++;
  r->stream = lan_str_equal(q->head.path, LAN_STR("/events"));
  lan_buf_printf(&r->body, "%zu", q->body.len);
}

static void refuse(void *ctx, int status, const char *why, http_reply *r) {
  (void)ctx;
  r->status = status;
  lan_buf_add_str(&r->body, why);
}

static int set_up(void **state) {
  static world w;
  w = (world){.base = event_base_new()};
  http_place place = {.address = "127.0.0.1", .patience_ms = PATIENCE_MS};
  http_calls calls = {&w, check, answer, refuse};
  lan_error err;
  if (http_server_new(w.base, &place, &calls, &w.server, &err) != LAN_OK)
    fail_msg("%s", err.message);
  *state = &w;
  return 0;
}

static int tear_down(void **state) {
  world *w = *state;
  http_server_free(w->server);
  event_base_free(w->base);
  return 0;
}

static int call(const world *w) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(http_server_port(w->server))};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  assert_true(fcntl(fd, F_SETFL, O_NONBLOCK) >= 0);
  return fd;
}

static void say(int fd, const char *text) {
  assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Has the server work until the client has `wanted` in what it read, or the connection ends. */
static void hear(world *w, int fd, const char *wanted, lan_buf *heard) {
  char part[4096];
  uint64_t began = lan_clock_ns();
  while (!heard->data || !strstr(heard->data, wanted)) {
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    ssize_t n = recv(fd, part, sizeof part, 0);
    if (n > 0) lan_buf_add(heard, part, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return;
    if (lan_clock_ns() - began > 20000000000u) fail_msg("nothing came: \"%s\"", wanted);
  }
}

static void expect(world *w, int fd, const char *wanted) {
  lan_buf heard = {0};
  hear(w, fd, wanted, &heard);
  if (!heard.data || !strstr(heard.data, wanted)) {
    fail_msg("\"%s\" is not in \"%s\"", wanted, heard.data ? heard.data : "");
  }
  lan_buf_free(&heard);
}

static void slow_heads_are_refused(void **state) {
  world *w = *state;
  int fd = call(w);
  uint64_t began = lan_clock_ns();
  say(fd, "GET / HTTP/1.1\r\nHost: x\r\n");
  /* Further bytes do not buy further time. */
  lan_buf heard = {0};
  for (int i = 0; !heard.data; i++) {
    char part[512];
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    if (i % 1000 == 0) (void)!send(fd, "A", 1, MSG_NOSIGNAL);
    ssize_t n = recv(fd, part, sizeof part, 0);
    if (n > 0) lan_buf_add(&heard, part, (size_t)n);
    if (lan_clock_ns() - began > 20000000000u) fail_msg("it waits for ever");
  }
  assert_non_null(strstr(heard.data, "HTTP/1.1 408 "));
  assert_true(lan_clock_ns() - began >= (uint64_t)PATIENCE_MS * 900000u);
  assert_int_equal(w->checked, 0);
  lan_buf_free(&heard);
  close(fd);
}

static void silent_connections_are_closed(void **state) {
  world *w = *state;
  int fd = call(w);
  lan_buf heard = {0};
  hear(w, fd, "anything", &heard); /* until it ends */
  assert_int_equal(heard.len, 0);
  lan_buf_free(&heard);
  close(fd);
}

static void one_connection_many_requests(void **state) {
  world *w = *state;
  int fd = call(w);
  for (int i = 0; i < 3; i++) {
    say(fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab");
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    say(fd, "c");
    expect(w, fd, "\r\n\r\n3");
  }
  say(fd,
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(w, fd, "Connection: close");
  assert_int_equal(w->answered, 5);
  close(fd);
}

static void giant_bodies_are_not_read(void **state) {
  world *w = *state;
  int fd = call(w);
  say(fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n");
  expect(w, fd, "HTTP/1.1 413 ");
  close(fd);
  fd = call(w);
  say(fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
  expect(w, fd, "HTTP/1.1 100 Continue");
  close(fd);
  assert_int_equal(w->answered, 0);
}

static void the_oldest_silent_one_gives_way(void **state) {
  world *w = *state;
  int fds[HTTP_CONNECTIONS_MOST + 10];
  size_t n = sizeof fds / sizeof *fds;
  for (size_t i = 0; i < n; i++) {
    fds[i] = call(w);
    event_base_loop(w->base, EVLOOP_NONBLOCK);
  }
  say(fds[n - 1], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(w, fds[n - 1], "HTTP/1.1 200 ");
  expect(w, fds[0], "HTTP/1.1 503 ");
  for (size_t i = 0; i < n; i++) close(fds[i]);
}

static void events_reach_all_streams(void **state) {
  world *w = *state;
  int fds[HTTP_STREAMS_MOST + 1];
  for (size_t i = 0; i < HTTP_STREAMS_MOST; i++) {
    fds[i] = call(w);
    say(fds[i], "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(w, fds[i], "\r\n\r\n");
  }
  fds[HTTP_STREAMS_MOST] = call(w);
  say(fds[HTTP_STREAMS_MOST], "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(w, fds[HTTP_STREAMS_MOST], "HTTP/1.1 503 ");
  http_broadcast(w->server, "changed", LAN_STR("{}"));
  for (size_t i = 0; i < HTTP_STREAMS_MOST; i++) expect(w, fds[i], "event: changed\ndata: {}\n\n");
  for (size_t i = 0; i <= HTTP_STREAMS_MOST; i++) close(fds[i]);
}

static void queries_are_decoded(void **state) {
  (void)state;
  static const struct {
    const char *query, *key, *value; /* NULL: there is none */
  } cases[] = {{"q=a+b%21", "q", "a b!"}, {"n=3&q=c%C3%A0", "q", "cà"},
               {"qq=1&q=2", "q", "2"},    {"q=%zz", "q", NULL},
               {"q=%0", "q", NULL},       {"q=%00", "q", NULL},
               {"q", "q", NULL},          {"", "q", NULL},
               {"q=", "q", ""},           {"q=1&q=2", "q", "1"},
               {"a=q=1", "q", NULL}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lan_buf out = {0};
    bool found = http_query_get(lan_str_of(cases[i].query), cases[i].key, &out);
    assert_int_equal(found, cases[i].value != NULL);
    if (found) assert_string_equal(out.data ? out.data : "", cases[i].value);
    lan_buf_free(&out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(slow_heads_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(silent_connections_are_closed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(one_connection_many_requests, set_up, tear_down),
      cmocka_unit_test_setup_teardown(giant_bodies_are_not_read, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_oldest_silent_one_gives_way, set_up, tear_down),
      cmocka_unit_test_setup_teardown(events_reach_all_streams, set_up, tear_down),
      cmocka_unit_test(queries_are_decoded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
