/* memory.db: precious. Nothing is lost, and damage is said, never mended by forgetting. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "lib/scratch.h"
#include "store/memory_db.h"

static void run_sql(const char *path, const char *statements) {
  sqlite3 *db;
  char *message = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 10000);
  if (sqlite3_exec(db, statements, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Opens, counts, closes. */
static lan_status look(const char *path, memory_db_counts *counts, lan_error *err) {
  memory_db *db;
  int version = 0;
  lan_status s = memory_db_open(path, &db, err);
  if (s != LAN_OK) return s;
  s = memory_db_version(db, &version, err);
  if (s == LAN_OK && version != 3) s = LAN_EINVAL;
  if (s == LAN_OK) s = memory_db_check(db, err);
  if (s == LAN_OK) s = memory_db_count(db, counts, err);
  memory_db_close(db);
  return s;
}

static void fill(const char *path) {
  run_sql(path,
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
          " INSERT INTO opens(at_ms, note, source) SELECT 1700000000000 + i,"
          " CAST('folder/note ' || i AS BLOB), 'cli' FROM n;"
          "INSERT INTO verdicts(at_ms, note, related, verdict) VALUES(1, x'61', x'62', 1),"
          " (2, x'61', x'63', -1);"
          "INSERT INTO weights VALUES('scoring', 3, 4, zeroblob(20000));");
}

static void a_new_memory_is_made_and_kept(void **state) {
  const char *path = scratch_path(state, "memory.db");
  memory_db_counts c = {9, 9, 9, 9};
  lan_error err;
  struct stat st;
  assert_int_equal(look(path, &c, &err), LAN_OK);
  assert_int_equal(c.opens + c.feedbacks + c.weights, 0);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  fill(path);
  assert_int_equal(look(path, &c, &err), LAN_OK);
  assert_int_equal(c.opens, 3000);
  assert_int_equal(c.feedbacks, 2);
  assert_int_equal(c.weights, 1);
  assert_int_equal(scratch_count(*state), 1); /* the log was folded in */
  assert_int_equal(
      memory_db_open(scratch_path(state, "no/such/folder.db"), &(memory_db *){0}, &err),
      LAN_ENOTFOUND);
}

static void commits_are_synced(void **state) {
  const char *path = scratch_path(state, "memory.db");
  memory_db *db;
  assert_int_equal(memory_db_open(path, &db, NULL), LAN_OK);
  memory_db_close(db);
  size_t len;
  unsigned char *bytes = scratch_read(path, &len);
  assert_int_equal(bytes[18], 2); /* WAL, for writing */
  assert_int_equal(bytes[19], 2); /* and for reading */
  assert_memory_equal(bytes + 68, "LanM", 4);
  free(bytes);
}

static void other_versions_and_programs_are_refused(void **state) {
  static const struct {
    const char *sql, *told;
    lan_status status;
  } cases[] = {
      {"PRAGMA user_version=99", "newer", LAN_EFORMAT},
      {"PRAGMA user_version=-1", "newer", LAN_EFORMAT},
      {"PRAGMA application_id=5", "another program", LAN_EFORMAT},
      {"DROP TABLE verdicts", "as they were made", LAN_ECORRUPT},
      {"CREATE TRIGGER t AFTER INSERT ON opens BEGIN DELETE FROM opens; END", "as they were made",
       LAN_ECORRUPT},
      {"DROP TABLE opens; CREATE VIEW opens AS SELECT 1", "as they were made", LAN_ECORRUPT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[32];
    snprintf(name, sizeof name, "memory%zu.db", i);
    const char *path = scratch_path(state, name);
    memory_db_counts c;
    lan_error err;
    assert_int_equal(look(path, &c, &err), LAN_OK);
    run_sql(path, cases[i].sql);
    size_t len, len_after;
    unsigned char *before = scratch_read(path, &len);
    assert_int_equal(look(path, &c, &err), cases[i].status);
    assert_non_null(strstr(err.message, cases[i].told));
    assert_non_null(strstr(err.message, name));
    unsigned char *after = scratch_read(path, &len_after);
    assert_int_equal(len, len_after); /* left as it was */
    assert_memory_equal(before, after, len);
    free(before);
    free(after);
  }
}

static void what_is_no_file_is_refused(void **state) {
  const char *path = scratch_path(state, "memory.db");
  memory_db_counts c;
  lan_error err;
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(look(path, &c, &err), LAN_EFORMAT);
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(look(path, &c, &err), LAN_EFORMAT);
  assert_int_equal(unlink(path), 0);
  static unsigned char garbage[9000];
  scratch_fill(garbage, sizeof garbage, 3);
  scratch_write(path, garbage, sizeof garbage);
  assert_int_equal(look(path, &c, &err), LAN_ECORRUPT);
  assert_non_null(strstr(err.message, "lantoa import"));
  scratch_write(path, "", 0); /* killed before anything was written to it */
  assert_int_equal(look(path, &c, &err), LAN_OK);
}

/* ---- damage ---- */

static size_t n_wrong;

static bool refused(const char *path, const unsigned char *bytes, size_t len) {
  memory_db_counts c = {0, 0, 0, 0};
  lan_error err;
  scratch_write(path, bytes, len);
  lan_status s = look(path, &c, &err);
  if (s == LAN_OK && (c.opens != 3000 || c.feedbacks != 2 || c.weights != 1)) n_wrong++;
  if (s != LAN_OK && s != LAN_ECORRUPT && s != LAN_EFORMAT) {
    fail_msg("%s: %s", lan_status_name(s), err.message);
  }
  return s != LAN_OK;
}

static void each_page_overwritten_is_noticed(void **state) {
  enum { PAGE = 4096 };
  const char *path = scratch_path(state, "memory.db");
  memory_db_counts c;
  assert_int_equal(look(path, &c, NULL), LAN_OK);
  fill(path);
  size_t len;
  unsigned char *whole = scratch_read(path, &len), *hurt = malloc(len);
  size_t n_pages = len / PAGE;
  assert_true(n_pages > 20);
  for (size_t page = 0; page < n_pages; page++) {
    unsigned char *at = hurt + page * PAGE;
    for (int how = 0; how < 4; how++) {
      memcpy(hurt, whole, len);
      if (how == 0) memset(at, 0, PAGE);
      if (how == 1) memset(at, 0xFF, PAGE);
      if (how == 2) scratch_fill(at, PAGE, page);
      if (how == 3) memcpy(at, whole + (page + 1) % n_pages * PAGE, PAGE);
      refused(path, hurt, len);
    }
  }
  for (size_t cut = 1; cut < len; cut += cut < 130 ? 1 : 1777) {
    bool says_so = refused(path, whole, cut);
    if (cut <= len - PAGE) assert_true(says_so); /* the last page's end may be unused room */
  }
  assert_int_equal(n_wrong, 0);
  free(whole);
  free(hurt);
}

/* ---- surroundings ---- */

static int use_read_only_folder(void *ctx) {
  memory_db_counts c;
  /* 77: nobody may not even look into the temporary folder. */
  if (!scratch_drop_root() || access(ctx, R_OK) != 0) return 77;
  if (look(ctx, &c, NULL) != LAN_OK) return 1;
  return c.opens == 3000 ? 0 : 2;
}

static void read_only_folder_can_be_read(void **state) {
  const char *path = scratch_path(state, "ro?/memory.db"), *folder = scratch_path(state, "ro?");
  memory_db_counts c;
  assert_int_equal(mkdir(folder, 0755), 0);
  assert_int_equal(chmod(*state, 0755), 0);
  assert_int_equal(look(path, &c, NULL), LAN_OK);
  fill(path);
  assert_int_equal(chmod(path, 0444), 0);
  assert_int_equal(chmod(folder, 0555), 0);
  int code = scratch_wait(scratch_fork(use_read_only_folder, (void *)(uintptr_t)path));
  assert_int_equal(chmod(folder, 0755), 0);
  if (code != 77) assert_int_equal(code, 0);
}

typedef struct tight {
  const char *path;
  rlim_t most;
} tight;

static int make_with_little_room(void *ctx) {
  tight *t = ctx;
  memory_db_counts c;
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {t->most, t->most};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 77;
  lan_status s = look(t->path, &c, NULL);
  return s == LAN_OK ? 0 : s == LAN_EIO ? 1 : 2;
}

static void full_disk_is_said_and_mended_later(void **state) {
  for (rlim_t most = 0; most < 100000; most += 3001) {
    char name[32];
    snprintf(name, sizeof name, "memory%u.db", (unsigned)most);
    tight t = {scratch_path(state, name), most};
    memory_db_counts c;
    int code = scratch_wait(scratch_fork(make_with_little_room, &t));
    if (code == 77) return;
    assert_true(code == 0 || code == 1);
    if (most < 4096) assert_int_equal(code, 1);
    assert_int_equal(look(t.path, &c, NULL), LAN_OK);
  }
}

static int open_and_look(void *ctx) {
  memory_db_counts c;
  return look(ctx, &c, NULL) == LAN_OK ? 0 : 1;
}

static void processes_that_meet_at_the_making_agree(void **state) {
  for (int round = 0; round < 5; round++) {
    char name[32];
    snprintf(name, sizeof name, "memory%d.db", round);
    const char *path = scratch_path(state, name);
    int pids[6];
    for (int i = 0; i < 6; i++) pids[i] = scratch_fork(open_and_look, (void *)(uintptr_t)path);
    for (int i = 0; i < 6; i++) assert_int_equal(scratch_wait(pids[i]), 0);
  }
}

static int open_on_and_on(void *ctx) {
  for (;;) {
    if (open_and_look(ctx) != 0) return 1;
    unlink(ctx);
  }
}

static void killed_while_it_is_made(void **state) {
  const char *path = scratch_path(state, "memory.db");
  uint64_t seed = 11;
  for (int round = 0; round < 60; round++) {
    int pid = scratch_fork(open_on_and_on, (void *)(uintptr_t)path);
    usleep((useconds_t)(scratch_random(&seed) % 15000));
    kill(pid, SIGKILL);
    assert_int_equal(scratch_wait(pid), 128 + SIGKILL);
    memory_db_counts c;
    lan_error err;
    lan_status s = look(path, &c, &err);
    if (s != LAN_OK) fail_msg("%s", err.message);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_new_memory_is_made_and_kept),
      TEST(commits_are_synced),
      TEST(other_versions_and_programs_are_refused),
      TEST(what_is_no_file_is_refused),
      TEST(each_page_overwritten_is_noticed),
      TEST(read_only_folder_can_be_read),
      TEST(full_disk_is_said_and_mended_later),
      TEST(processes_that_meet_at_the_making_agree),
      TEST(killed_while_it_is_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
