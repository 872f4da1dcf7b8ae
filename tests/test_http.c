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
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "serve/http.h"
#include "serve/workers.h"

enum { PATIENCE_MS = 60, BODY_MOST = 100, LARGE = 64 << 10 };

typedef struct world {
  struct event_base *base;
  http_server *server;
  int checked, answered;
  http_later *later[4]; /* requests for /later */
  size_t n_later;
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
  if (lan_str_equal(q->head.path, LAN_STR("/later")) && w->n_later < 4) {
    w->later[w->n_later] = http_postpone(q);
    assert_non_null(w->later[w->n_later++]);
    return;
  }
  r->stream = lan_str_equal(q->head.path, LAN_STR("/events"));
  lan_buf_printf(&r->body, "%zu", q->body.len);
  bool large = lan_str_equal(q->head.path, LAN_STR("/large"));
  for (size_t i = 0; large && i < LARGE; i++) lan_buf_add_char(&r->body, 'x');
}

static void refuse(void *ctx, int status, const char *why, http_reply *r) {
  (void)ctx;
  r->status = status;
  lan_buf_add_str(&r->body, why);
}

static int set_up_with(void **state, long patience_ms) {
  static world w;
  w = (world){.base = event_base_new()};
  http_place place = {.address = "127.0.0.1", .patience_ms = patience_ms};
  http_calls calls = {&w, check, answer, refuse};
  lan_error err;
  if (http_server_new(w.base, &place, &calls, &w.server, &err) != LAN_OK)
    fail_msg("%s", err.message);
  *state = &w;
  return 0;
}

static int set_up(void **state) { return set_up_with(state, PATIENCE_MS); }
static int set_up_patient(void **state) { return set_up_with(state, 0); }

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

/* Further bytes do not buy a body further time either. */
static void slow_bodies_are_refused(void **state) {
  world *w = *state;
  int fd = call(w);
  uint64_t began = lan_clock_ns();
  say(fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  lan_buf heard = {0};
  for (int i = 0; !heard.data; i++) {
    char part[512];
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    if (i % 1000 == 0 && i < 50000) (void)!send(fd, "A", 1, MSG_NOSIGNAL);
    ssize_t n = recv(fd, part, sizeof part, 0);
    if (n > 0) lan_buf_add(&heard, part, (size_t)n);
    if (lan_clock_ns() - began > 20000000000u) fail_msg("it waits for ever");
  }
  assert_non_null(strstr(heard.data, "HTTP/1.1 408 "));
  assert_true(lan_clock_ns() - began >= (uint64_t)PATIENCE_MS * 2700000u);
  assert_int_equal(w->answered, 0);
  lan_buf_free(&heard);
  close(fd);
}

/* One that asks and asks, but takes no answer, is not read from any more; what waits for it is bounded. */
static void who_takes_no_answer_is_not_heard(void **state) {
  static const char ask[] = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";
  world *w = *state;
  int fd = call(w), calm = 0, answered = -1;
  while (calm < 100) { /* rounds in which nothing happens any more */
    while (send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) continue;
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    calm = w->answered == answered ? calm + 1 : 0;
    answered = w->answered;
  }
  assert_in_range(answered * LARGE, 4 << 20, 32 << 20); /* with what the system's buffers hold */
  int other = call(w);
  say(other, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(w, other, "\r\n\r\n0");
  close(other);
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

/* ---- answers that come later ---- */

/* Has the server work until so many requests wait. */
static void until_waiting(world *w, size_t n) {
  uint64_t began = lan_clock_ns();
  while (w->n_later < n) {
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    if (lan_clock_ns() - began > 20000000000u) fail_msg("no request came");
  }
}

static void answer_later(world *w, size_t i, const char *text) {
  http_reply r = {.status = 200};
  lan_buf_add_str(&r.body, text);
  http_answer(w->later[i], &r);
}

static void answers_may_come_later(void **state) {
  world *w = *state;
  int first = call(w), second = call(w);
  say(first, "GET /later?a=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  until_waiting(w, 1);
  say(second, "GET /later?a=2 HTTP/1.1\r\nHost: x\r\n\r\n");
  until_waiting(w, 2);
  const http_request *q = http_postponed(w->later[1]);
  assert_true(lan_str_equal(q->head.query, LAN_STR("a=2")));
  answer_later(w, 1, "two");
  expect(w, second, "\r\n\r\ntwo");
  say(second, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"); /* while the other waits */
  expect(w, second, "\r\n\r\n0");
  answer_later(w, 0, "one");
  expect(w, first, "\r\n\r\none");
  close(first);
  close(second);
}

/* What comes on a connection that waits is answered in its turn. */
static void requests_wait_for_those_before(void **state) {
  world *w = *state;
  lan_buf heard = {0};
  int fd = call(w);
  say(fd,
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  shutdown(fd, SHUT_WR); /* all that it has to say */
  until_waiting(w, 1);
  for (int i = 0; i < 20; i++) event_base_loop(w->base, EVLOOP_NONBLOCK);
  assert_int_equal(w->answered, 1);
  answer_later(w, 0, "first");
  until_waiting(w, 2);
  answer_later(w, 1, "third");
  hear(w, fd, "until it ends", &heard);
  const char *a = strstr(heard.data, "\r\n\r\nfirst"), *b = strstr(heard.data, "\r\n\r\n0");
  const char *c = strstr(heard.data, "\r\n\r\nthird");
  assert_true(a && b && c && a < b && b < c);
  lan_buf_free(&heard);
  close(fd);
}

static void a_client_may_leave_before_its_answer(void **state) {
  world *w = *state;
  struct linger at_once = {.l_onoff = 1};
  int gone = call(w), fd;
  say(gone, "POST /later HTTP/1.1\r\nHost: x\r\n\r\n");
  until_waiting(w, 1);
  setsockopt(gone, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(gone); /* reset */
  fd = call(w);
  say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(w, fd, "\r\n\r\n0");
  assert_int_equal(http_postponed(w->later[0])->body.len, 0);
  answer_later(w, 0, "to nobody");
  say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(w, fd, "\r\n\r\n0");
  close(fd);
}

/* ---- workers ---- */

enum { JOBS = 300, THREADS = 4 };

typedef struct working {
  struct event_base *base;
  atomic_int running, most, wrong, begun;
  int done;
} working;

typedef struct numbered {
  job job;
  int number, began; /* which of all it was to begin */
} numbered;

static void work(void *ctx, job *j, size_t worker) {
  working *w = ctx;
  numbered *n = (numbered *)j;
  n->began = atomic_fetch_add(&w->begun, 1);
  int running = atomic_fetch_add(&w->running, 1) + 1, most = atomic_load(&w->most);
  while (running > most && !atomic_compare_exchange_weak(&w->most, &most, running)) continue;
  if (worker >= THREADS || (j->alone && running != 1)) atomic_fetch_add(&w->wrong, 1);
  for (volatile int i = 0; i < 20000; i++) continue;
  if (j->alone && atomic_load(&w->running) != 1) atomic_fetch_add(&w->wrong, 1);
  atomic_fetch_sub(&w->running, 1);
}

static void done(void *ctx, job *j) {
  working *w = ctx;
  (void)j;
  if (++w->done == JOBS) event_base_loopbreak(w->base);
}

/* Each once; one that is alone after all before it and before all after it. */
static void jobs_are_done_in_their_order(void **state) {
  static numbered jobs[JOBS];
  working w = {.base = event_base_new()};
  workers *all = NULL;
  (void)state;
  assert_int_equal(workers_new(w.base, THREADS, work, done, &w, &all, NULL), LAN_OK);
  for (int i = 0; i < JOBS; i++) {
    jobs[i] = (numbered){.job.alone = i % 10 == 7, .number = i};
    workers_add(all, &jobs[i].job);
  }
  event_base_dispatch(w.base);
  assert_int_equal(w.done, JOBS);
  assert_int_equal(atomic_load(&w.wrong), 0);
  assert_in_range(atomic_load(&w.most), 1, THREADS);
  for (int i = 0; i < JOBS; i++) {
    if (jobs[i].job.alone) assert_int_equal(jobs[i].began, i);
  }
  workers_free(all);
  event_base_free(w.base);
}

/* All are handed back, also those that were not begun. */
static void workers_may_stop_early(void **state) {
  static numbered jobs[JOBS];
  working w = {.base = event_base_new()};
  workers *all = NULL;
  (void)state;
  assert_int_equal(workers_new(w.base, 2, work, done, &w, &all, NULL), LAN_OK);
  for (int i = 0; i < JOBS; i++) workers_add(all, &jobs[i].job);
  workers_free(all);
  assert_int_equal(w.done, JOBS);
  event_base_free(w.base);
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
      cmocka_unit_test_setup_teardown(slow_bodies_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(who_takes_no_answer_is_not_heard, set_up_patient, tear_down),
      cmocka_unit_test_setup_teardown(silent_connections_are_closed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(one_connection_many_requests, set_up_patient, tear_down),
      cmocka_unit_test_setup_teardown(giant_bodies_are_not_read, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_oldest_silent_one_gives_way, set_up_patient, tear_down),
      cmocka_unit_test_setup_teardown(events_reach_all_streams, set_up_patient, tear_down),
      cmocka_unit_test_setup_teardown(answers_may_come_later, set_up_patient, tear_down),
      cmocka_unit_test_setup_teardown(requests_wait_for_those_before, set_up_patient, tear_down),
      cmocka_unit_test_setup_teardown(a_client_may_leave_before_its_answer, set_up_patient,
                                      tear_down),
      cmocka_unit_test(jobs_are_done_in_their_order),
      cmocka_unit_test(workers_may_stop_early),
      cmocka_unit_test(queries_are_decoded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
