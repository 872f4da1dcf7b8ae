/* Who may ask, and the way of a request to its route and back. */
#include "serve/api.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/thread.h"
#include "serve/api_internal.h"
#include "serve/page.h"

/* ---- errors ---- */

void api_fail(http_reply *reply, int status, const char *message) {
  lan_buf_clear(&reply->body);
  json_writer j = {&reply->body, false};
  jw_open(&j, '{');
  jw_key(&j, "error");
  jw_open(&j, '{');
  jw_key(&j, "status");
  jw_integer(&j, status);
  jw_entry(&j, "message", message);
  jw_close(&j, '}');
  jw_close(&j, '}');
  jw_end(&j);
  reply->status = status;
}

static int status_of(lan_status s) {
  switch (s) {
    case LAN_OK: return 200;
    case LAN_ENOTFOUND: return 404;
    case LAN_EAMBIGUOUS: return 409;
    case LAN_EINVAL:
    case LAN_ERANGE:
    case LAN_EFORMAT: return 400;
    case LAN_ELIMIT: return 413;
    case LAN_EBUSY:
    case LAN_ENOMEM: return 503;
    default: return 500;
  }
}

/* ---- who may ask ---- */

/* Equal, in a time that tells nothing about where they differ. */
static bool is_token(const char *token, lan_str given) {
  size_t n = strlen(token);
  unsigned differ = given.len != n;
  for (size_t i = 0; i < n; i++) {
    differ |= (unsigned char)token[i] ^ (unsigned char)(given.len == n ? given.ptr[i] : 0);
  }
  return differ == 0;
}

static bool has_token(const api *a, const http_head *head) {
  lan_str v = head->fields[HTTP_AUTHORIZATION];
  static const char bearer[] = "Bearer ";
  size_t n = sizeof bearer - 1;
  if (v.len < n || !http_same((lan_str){v.ptr, n}, bearer)) return false;
  return is_token(a->options.token, (lan_str){v.ptr + n, v.len - n});
}

/* An address in numbers, an IPv6 one in brackets. */
static bool is_address(lan_str name) {
  char text[64];
  unsigned char bytes[16];
  bool brackets = name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
  if (brackets) name = (lan_str){name.ptr + 1, name.len - 2};
  if (name.len >= sizeof text) return false;
  memcpy(text, name.ptr, name.len);
  text[name.len] = '\0';
  return inet_pton(brackets ? AF_INET6 : AF_INET, text, bytes) == 1;
}

/* "name", "name:port", "[address]:port" of this server. Another name that leads here would be another site's, which has
 * its own say about where it leads; an address in numbers leads where it says. */
static bool is_ours(const api *a, lan_str host) {
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  char port[8];
  int n = snprintf(port, sizeof port, ":%u", a->port);
  bool named = host.len > (size_t)n && memcmp(host.ptr + host.len - n, port, (size_t)n) == 0;
  if (named) host.len -= (size_t)n;
  if (!named && a->port != 0 && a->port != 80) return false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (http_same(host, names[i])) return true;
  }
  return a->options.for_others && is_address(host);
}

static bool is_our_origin(const api *a, lan_str origin) {
  static const char scheme[] = "http://";
  size_t n = sizeof scheme - 1;
  return origin.len > n && memcmp(origin.ptr, scheme, n) == 0 &&
         is_ours(a, (lan_str){origin.ptr + n, origin.len - n});
}

/* Pages of other sites may not ask, whatever they know. */
static int check_site(const api *a, const http_head *head, http_reply *r) {
  lan_str origin = head->fields[HTTP_ORIGIN], site = head->fields[HTTP_SEC_FETCH_SITE];
  if (!is_ours(a, head->fields[HTTP_HOST])) {
    api_fail(r, 421, "this server does not go by the name in Host");
  } else if (origin.ptr && !is_our_origin(a, origin)) {
    api_fail(r, 403, "pages of other origins may not ask");
  } else if (http_same(site, "cross-site") && !page_find(head->path)) {
    api_fail(r, 403, "pages of other sites may not ask");
  }
  return r->status;
}

/* ---- routes ---- */

static const api_route *find_route(const http_head *head, bool *known) {
  *known = false;
  for (size_t i = 0; i < api_n_routes; i++) {
    const api_route *r = &api_routes[i];
    if (!lan_str_equal(head->path, lan_str_of(r->path))) continue;
    *known = true;
    if (lan_str_equal(head->method, lan_str_of(r->method))) return r;
  }
  return NULL;
}

static bool is_json(lan_str type) {
  const char *end = type.len ? memchr(type.ptr, ';', type.len) : NULL;
  lan_str name = {type.ptr, end ? (size_t)(end - type.ptr) : type.len};
  return http_same(lan_str_trim(name), "application/json");
}

static int check_page(const http_head *head, http_reply *r) {
  bool reads =
      lan_str_equal(head->method, LAN_STR("GET")) || lan_str_equal(head->method, LAN_STR("HEAD"));
  if (reads) return 0;
  api_fail(r, 405, "this can only be read");
  r->headers = "Allow: GET, HEAD\r\n";
  return r->status;
}

static int check_route(const api *a, const http_head *head, size_t *most, http_reply *r) {
  bool known;
  const api_route *route = find_route(head, &known);
  if (!has_token(a, head)) {
    api_fail(r, 401, "open the page by the address that lantoa serve prints: it holds the token");
    r->headers = "WWW-Authenticate: Bearer realm=\"lantoa\"\r\nCache-Control: no-store\r\n";
  } else if (!known) {
    api_fail(r, 404, "there is nothing at this address; see docs/api.md");
  } else if (!route) {
    api_fail(r, 405, "this address takes another method");
  } else if (route->body_most && !is_json(head->fields[HTTP_CONTENT_TYPE])) {
    api_fail(r, 415, "send JSON, with Content-Type: application/json");
  } else if (route->body_most && !head->fields[HTTP_CONTENT_LENGTH].ptr) {
    api_fail(r, 411, "send the body's length as Content-Length");
  } else {
    *most = route->body_most;
  }
  return r->status;
}

static int check(void *ctx, const http_head *head, size_t *most, http_reply *r) {
  api *a = ctx;
  if (check_site(a, head, r)) return r->status;
  return page_find(head->path) ? check_page(head, r) : check_route(a, head, most, r);
}

static void refuse(void *ctx, int status, const char *why, http_reply *r) {
  (void)ctx;
  api_fail(r, status, why);
}

/* ---- answers that are kept ---- */

/* Path and query lie one behind the other in the head. */
static lan_str whole_target(const http_head *head) {
  return (lan_str){head->path.ptr, (size_t)(head->query.ptr + head->query.len - head->path.ptr)};
}

/* The first of the places where the answer may be. */
static kept_answer *places_for(api *a, lan_str target, uint64_t *key) {
  *key = lan_hash(target.ptr, target.len, 0);
  return &a->kept[lan_hash_mix(*key) % (KEPT_ANSWERS / KEPT_WAYS) * KEPT_WAYS];
}

static bool answer_again(api *a, const http_head *head, http_reply *r) {
  uint64_t key;
  lan_str target = whole_target(head);
  const kept_answer *k = places_for(a, target, &key), *end = k + KEPT_WAYS;
  for (; k < end; k++) {
    if (k->key != key || !k->body.len || !lan_str_equal(lan_buf_str(&k->request), target)) continue;
    lan_buf_add(&r->body, k->body.data, k->body.len);
    return true;
  }
  return false;
}

static void keep(api *a, const http_head *head, const lan_buf *body) {
  uint64_t key;
  lan_str target = whole_target(head);
  kept_answer *k = places_for(a, target, &key) + a->turn++ % KEPT_WAYS;
  if (body->failed || body->len + target.len > KEPT_BYTES) return;
  lan_buf_free(&k->request);
  lan_buf_free(&k->body);
  lan_buf_add(&k->request, target.ptr, target.len);
  lan_buf_add(&k->body, body->data, body->len);
  if (k->request.failed || k->body.failed) lan_buf_free(&k->body);
  k->key = key;
}

void api_changed(api *a) {
  a->changes++;
  for (size_t i = 0; i < KEPT_ANSWERS; i++) {
    lan_buf_free(&a->kept[i].request);
    lan_buf_free(&a->kept[i].body);
  }
}

/* ---- answering: what asks the memory does so on one of the threads ---- */

typedef struct api_job {
  job job;
  http_later *later; /* the request; NULL: work(ctx) instead */
  const api_route *route;
  uint64_t changes; /* that the memory had seen when it was asked */
  http_reply reply;
  void (*work)(void *ctx), (*done)(void *ctx);
  void *ctx;
} api_job;

static void send_page(const page_file *page, http_reply *r) {
  r->type = page->type;
  r->lasting = page->bytes;
  r->lasting_len = page->n;
  r->headers = "Cache-Control: no-cache\r\n";
}

static lan_status read_body(api_call *c) {
  json_error_t e;
  lan_str b = c->request->body;
  c->body = json_loadb(b.ptr, b.len, JSON_REJECT_DUPLICATES, &e);
  if (json_is_object(c->body)) return LAN_OK;
  return lan_fail(&c->err, LAN_EFORMAT, "the body is not one JSON object: %s",
                  c->body ? "it is something else" : e.text);
}

static void call_route(const api_route *route, api_call *c) {
  bool json = route->body_most && route->way != API_ASSISTS;
  lan_status s = json ? read_body(c) : LAN_OK;
  if (s == LAN_OK) s = route->answer(c);
  json_decref(c->body);
  if (s != LAN_OK) api_fail(c->reply, status_of(s), c->err.message);
}

static bool is_alone(const api *a, const api_route *route) {
  return route->way == API_CHANGES || (route->way == API_ASSISTS && a->options.allow_feedback);
}

static void work(void *ctx, job *j, size_t worker) {
  api *a = ctx;
  api_job *w = (api_job *)j;
  if (!w->later) {
    w->work(w->ctx);
    return;
  }
  w->reply.status = 200;
  api_call c = {.a = a,
                .memory = j->alone ? a->options.memory : a->handles[worker],
                .request = http_postponed(w->later),
                .reply = &w->reply,
                .json = {&w->reply.body, false}};
  lan_status s = lan_memory_follow(c.memory, &c.err);
  if (s == LAN_OK) {
    call_route(w->route, &c);
  } else {
    api_fail(c.reply, status_of(s), c.err.message);
  }
}

static void done(void *ctx, job *j) {
  api *a = ctx;
  api_job *w = (api_job *)j;
  if (!w->later) {
    w->done(w->ctx);
  } else {
    bool good = w->reply.status == 200;
    if (!w->reply.status) api_fail(&w->reply, 503, "the server is being stopped");
    if (w->job.alone) api_changed(a);
    if (good && w->route->way == API_KEEPS && w->changes == a->changes) {
      keep(a, &http_postponed(w->later)->head, &w->reply.body);
    }
    http_answer(w->later, &w->reply);
  }
  free(w);
}

/* Has a thread answer; false: memory is short. */
static bool postpone(api *a, const api_route *route, const http_request *request) {
  api_job *w = lan_alloc_zeroed(1, sizeof *w);
  if (w) w->later = http_postpone(request);
  if (!w || !w->later) {
    free(w);
    return false;
  }
  w->job.alone = is_alone(a, route);
  w->route = route;
  w->changes = a->changes;
  workers_add(a->workers, &w->job);
  return true;
}

lan_status api_alone(api *a, void (*what)(void *ctx), void (*then)(void *ctx), void *ctx) {
  api_job *w = lan_alloc_zeroed(1, sizeof *w);
  if (!w) return LAN_ENOMEM;
  w->job.alone = true;
  w->work = what;
  w->done = then;
  w->ctx = ctx;
  workers_add(a->workers, &w->job);
  return LAN_OK;
}

static void answer(void *ctx, const http_request *request, http_reply *r) {
  api *a = ctx;
  bool known;
  uint64_t now = lan_clock_ns();
  if (now - a->kept_since > KEPT_NS) { /* other processes teach the same memory */
    api_changed(a);
    a->kept_since = now;
  }
  const page_file *page = page_find(request->head.path);
  const api_route *route = page ? NULL : find_route(&request->head, &known);
  if (page) {
    send_page(page, r);
  } else if (route->way == API_AT_ONCE) {
    api_call c = {.a = a, .request = request, .reply = r, .json = {&r->body, false}};
    call_route(route, &c);
  } else if (route->way == API_KEEPS && answer_again(a, &request->head, r)) {
    return;
  } else if (!postpone(a, route, request)) {
    api_fail(r, 503, "memory is short; try again");
  }
}

http_calls api_calls(api *a) { return (http_calls){a, check, answer, refuse}; }

void api_set_port(api *a, uint16_t port) { a->port = port; }

/* Threads, if it is not said how many: each holds scratch memory. */
enum { ENOUGH = 8 };

static lan_status start_workers(api *a, struct event_base *base, lan_error *err) {
  size_t n = a->options.n_threads, cpus = lan_cpu_count();
  if (n == 0) n = cpus < ENOUGH ? cpus : ENOUGH;
  if (n > WORKERS_MOST) n = WORKERS_MOST;
  lan_status s = LAN_OK;
  while (s == LAN_OK && a->n_handles < n) {
    s = lan_memory_share(a->options.memory, &a->handles[a->n_handles], err);
    a->n_handles += s == LAN_OK;
  }
  return s == LAN_OK ? workers_new(base, n, work, done, a, &a->workers, err) : s;
}

lan_status api_new(struct event_base *base, const api_options *options, api **out, lan_error *err) {
  api *a = lan_alloc_zeroed(1, sizeof *a);
  if (a) a->kept = lan_alloc_zeroed(KEPT_ANSWERS, sizeof *a->kept);
  if (!a || !a->kept) {
    free(a);
    return lan_fail_memory(err, KEPT_ANSWERS * sizeof *a->kept);
  }
  a->options = *options;
  pthread_mutex_init(&a->model_lock, NULL);
  lan_status s = start_workers(a, base, err);
  if (s != LAN_OK) {
    api_free(a);
    return s;
  }
  *out = a;
  return LAN_OK;
}

void api_free(api *a) {
  if (!a) return;
  workers_free(a->workers);
  for (size_t i = 0; i < a->n_handles; i++) lan_memory_close(a->handles[i]);
  pthread_mutex_destroy(&a->model_lock);
  api_changed(a);
  free(a->kept);
  free(a);
}
