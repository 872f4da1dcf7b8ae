#include "lib/fail_alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { ALL_UP_TO = 400 };

static atomic_bool armed, forever;
static atomic_size_t calls, failing;

static bool fails_now(void) {
  if (!atomic_load(&armed)) return false;
  size_t n = atomic_fetch_add(&calls, 1) + 1, at = atomic_load(&failing);
  bool fails = n == at || (atomic_load(&forever) && n > at);
  if (fails) errno = ENOMEM;
  return fails;
}

void fail_alloc_off(void) { atomic_store(&armed, false); }

/* ---- what the linker leads here ---- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
int __real_posix_memalign(void **p, size_t alignment, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
int __wrap_posix_memalign(void **p, size_t alignment, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t n) { return fails_now() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t n, size_t size) { return fails_now() ? NULL : __real_calloc(n, size); }
void *__wrap_realloc(void *p, size_t n) { return fails_now() ? NULL : __real_realloc(p, n); }
void *__wrap_aligned_alloc(size_t alignment, size_t n) {
  return fails_now() ? NULL : __real_aligned_alloc(alignment, n);
}
int __wrap_posix_memalign(void **p, size_t alignment, size_t n) {
  return fails_now() ? ENOMEM : __real_posix_memalign(p, alignment, n);
}
char *__wrap_strdup(const char *s) { return fails_now() ? NULL : __real_strdup(s); }
char *__wrap_strndup(const char *s, size_t n) { return fails_now() ? NULL : __real_strndup(s, n); }

/* ---- SQLite ---- */

static sqlite3_mem_methods sqlite_own;

static void *sqlite_malloc(int n) { return fails_now() ? NULL : sqlite_own.xMalloc(n); }
static void *sqlite_realloc(void *p, int n) {
  return fails_now() ? NULL : sqlite_own.xRealloc(p, n);
}

void fail_alloc_in_sqlite(void) {
  assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_own), SQLITE_OK);
  sqlite3_mem_methods methods = sqlite_own;
  methods.xMalloc = sqlite_malloc;
  methods.xRealloc = sqlite_realloc;
  assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
  assert_int_equal(sqlite3_initialize(), SQLITE_OK);
}

/* ---- the loop ---- */

static bool run_with(const char *name, size_t at, bool and_on, fail_body body, void *ctx) {
  lan_error err;
  memset(&err, 0, sizeof err);
  atomic_store(&calls, 0);
  atomic_store(&failing, at);
  atomic_store(&forever, and_on);
  atomic_store(&armed, true);
  lan_status s = body(ctx, &err);
  atomic_store(&armed, false);
  bool reached = atomic_load(&calls) >= at;
  if (s == LAN_OK) return reached;
  if (!reached || s != LAN_ENOMEM || err.status != s || !err.message[0]) {
    fail_msg("%s, allocation %zu%s: %s \"%s\"", name, at, and_on ? " and on" : "",
             lan_status_name(s), err.message);
  }
  return true;
}

size_t fail_alloc_each(const char *name, fail_body body, void *ctx) {
  size_t n = 1;
  while (run_with(name, n, false, body, ctx)) {
    run_with(name, n, true, body, ctx);
    n += n < ALL_UP_TO ? 1 : n / 16;
  }
  return n - 1;
}

size_t fail_alloc_count(void (*what)(void *ctx), void *ctx) {
  atomic_store(&calls, 0);
  atomic_store(&failing, 0); /* the first is number 1 */
  atomic_store(&forever, false);
  atomic_store(&armed, true);
  what(ctx);
  atomic_store(&armed, false);
  return atomic_load(&calls);
}
