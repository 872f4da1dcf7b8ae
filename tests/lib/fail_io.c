#include "lib/fail_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { ALL_UP_TO = 300 };

static atomic_bool armed;
static atomic_size_t calls, failing;
static fail_io_kind kind;

typedef enum what { OPENS, READS, WRITES, OTHERS } what;

/* Whether this call is the one, for calls that the kind of failure can befall. */
static bool fails_now(what w) {
  if (!atomic_load(&armed)) return false;
  if (kind == FAIL_IO_FULL && w != WRITES) return false;
  if (kind >= FAIL_IO_INTERRUPT && w != READS && w != WRITES) return false;
  return atomic_fetch_add(&calls, 1) + 1 == atomic_load(&failing);
}

static int refuse(void) {
  errno = kind == FAIL_IO_FULL ? ENOSPC : kind == FAIL_IO_INTERRUPT ? EINTR : EIO;
  return -1;
}

/* For calls that move n bytes: 0 if it goes on with *n, else it has failed. */
static int hurt(what w, size_t *n) {
  if (!fails_now(w)) return 0;
  if (kind != FAIL_IO_SHORT) return refuse();
  *n -= *n / 2;
  return 0;
}

void fail_io_off(void) { atomic_store(&armed, false); }

/* ---- what the linker leads here ---- */

/* The names with 64 are those that a build with 64-bit file offsets uses. */
#define WRAP(type, name, parameters, arguments, w) \
  type __real_##name parameters;                   \
  type __wrap_##name parameters;                   \
  type __wrap_##name parameters { return fails_now(w) ? refuse() : __real_##name arguments; }
#define WRAP_MOVE(name, parameters, arguments, w) \
  ssize_t __real_##name parameters;               \
  ssize_t __wrap_##name parameters;               \
  ssize_t __wrap_##name parameters { return hurt(w, &n) ? -1 : __real_##name arguments; }

WRAP(int, open, (const char *path, int flags, mode_t mode), (path, flags, mode), OPENS)
WRAP(int, open64, (const char *path, int flags, mode_t mode), (path, flags, mode), OPENS)
WRAP(int, openat, (int dir, const char *path, int flags, mode_t mode), (dir, path, flags, mode),
     OPENS)
WRAP(int, openat64, (int dir, const char *path, int flags, mode_t mode), (dir, path, flags, mode),
     OPENS)
WRAP(int, mkostemp, (char *name, int flags), (name, flags), OPENS)
WRAP(int, mkostemp64, (char *name, int flags), (name, flags), OPENS)
WRAP(int, fstat, (int fd, struct stat *st), (fd, st), OTHERS)
WRAP(int, fstat64, (int fd, struct stat *st), (fd, st), OTHERS)
WRAP(int, fstatat, (int dir, const char *path, struct stat *st, int flags), (dir, path, st, flags),
     OTHERS)
WRAP(int, fstatat64, (int dir, const char *path, struct stat *st, int flags),
     (dir, path, st, flags), OTHERS)
WRAP(int, fsync, (int fd), (fd), OTHERS)
WRAP(int, rename, (const char *from, const char *to), (from, to), OTHERS)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), OTHERS)
WRAP_MOVE(read, (int fd, void *p, size_t n), (fd, p, n), READS)
WRAP_MOVE(pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), READS)
WRAP_MOVE(pread64, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), READS)
WRAP_MOVE(write, (int fd, const void *p, size_t n), (fd, p, n), WRITES)
WRAP_MOVE(pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), WRITES)
WRAP_MOVE(pwrite64, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), WRITES)

/* The file is closed all the same: the descriptor would be lost otherwise. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
  bool fails = fails_now(OTHERS);
  int result = __real_close(fd);
  return fails ? refuse() : result;
}

struct dirent *__real_readdir(DIR *dir);
struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir) {
  return fails_now(OTHERS) && refuse() ? NULL : __real_readdir(dir);
}
struct dirent *__wrap_readdir64(DIR *dir) {
  return fails_now(OTHERS) && refuse() ? NULL : __real_readdir64(dir);
}

/* ---- SQLite ---- */

static int sqlite_open(const char *path, int flags, int mode) {
  return fails_now(OPENS) ? refuse() : __real_open(path, flags, (mode_t)mode);
}

void fail_io_in_sqlite(void) {
  const struct {
    const char *name;
    sqlite3_syscall_ptr call;
  } led[] = {{"open", (sqlite3_syscall_ptr)sqlite_open},
             {"read", (sqlite3_syscall_ptr)__wrap_read},
             {"pread", (sqlite3_syscall_ptr)__wrap_pread},
             {"pread64", (sqlite3_syscall_ptr)__wrap_pread},
             {"write", (sqlite3_syscall_ptr)__wrap_write},
             {"pwrite", (sqlite3_syscall_ptr)__wrap_pwrite},
             {"pwrite64", (sqlite3_syscall_ptr)__wrap_pwrite},
             {"fstat", (sqlite3_syscall_ptr)__wrap_fstat}};
  sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
  assert_non_null(vfs);
  for (size_t i = 0; i < sizeof led / sizeof *led; i++) {
    int code = vfs->xSetSystemCall(vfs, led[i].name, led[i].call);
    assert_true(code == SQLITE_OK || code == SQLITE_NOTFOUND);
  }
}

/* ---- the loop ---- */

static bool run_with(const char *name, size_t at, fail_io_body body, void *ctx) {
  lan_error err;
  memset(&err, 0, sizeof err);
  atomic_store(&calls, 0);
  atomic_store(&failing, at);
  atomic_store(&armed, true);
  lan_status s = body(ctx, &err);
  fail_io_off();
  bool reached = atomic_load(&calls) >= at, harmless = kind >= FAIL_IO_INTERRUPT;
  if (s != LAN_OK && (!reached || harmless || err.status != s || !err.message[0])) {
    fail_msg("%s, failure %d of call %zu: %s \"%s\"", name, (int)kind, at, lan_status_name(s),
             err.message);
  }
  return reached;
}

void fail_io_each(const char *name, fail_io_body body, void *ctx) {
  for (int k = 0; k < FAIL_IO_KINDS; k++) {
    kind = (fail_io_kind)k;
    size_t n = 1;
    while (run_with(name, n, body, ctx)) n += n < ALL_UP_TO ? 1 : n / 16;
  }
}
