/* The index cache: what is read is what was written, whatever happens to the file. */
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

#include "base/file.h"
#include "lib/scratch.h"
#include "store/index_db.h"

static const char IDENTITY[] = "lantoa index 1\n/home/me/notes\n";

static const struct {
  const char *name;
  size_t len;
} SECTIONS[] = {{"catalog", 5000}, {"graph.targets", 2600003}, {"empty", 0}, {"words", 1u << 20}};

enum { N_SECTIONS = sizeof SECTIONS / sizeof *SECTIONS, LONGEST = 2600003 };

/* What section `i` holds in version `v`. */
static void content(unsigned char *out, size_t i, uint64_t v) {
  scratch_fill(out, SECTIONS[i].len, v * 1000 + i);
}

static lan_status write_version(const char *path, uint64_t v, lan_error *err) {
  index_writer *w;
  unsigned char *bytes = malloc(LONGEST + 8);
  lan_status s = index_writer_new(path, IDENTITY, &w, err);
  for (size_t i = 0; s == LAN_OK && i < N_SECTIONS; i++) {
    content(bytes, i, v);
    s = index_writer_put(w, SECTIONS[i].name, (lan_str){(char *)bytes, SECTIONS[i].len}, err);
    if (s != LAN_OK) index_writer_abandon(w);
  }
  free(bytes);
  return s == LAN_OK ? index_writer_finish(w, err) : s;
}

static size_t n_wrong; /* answers that were neither right nor refused */

/* Reads everything. *v is the version that was found, all sections agreeing. */
static lan_status read_version(const char *path, uint64_t n_versions, uint64_t *v, lan_error *err) {
  static unsigned char expected[LONGEST + 8];
  index_db *db;
  lan_status s = index_db_open(path, IDENTITY, &db, err);
  if (s != LAN_OK) return s;
  uint64_t found = 0;
  for (size_t i = 0; s == LAN_OK && i < N_SECTIONS; i++) {
    void *data;
    size_t len;
    s = index_db_section(db, SECTIONS[i].name, &data, &len, err);
    if (s != LAN_OK) break;
    uint64_t which = 0;
    for (uint64_t k = 1; which == 0 && k <= n_versions; k++) {
      content(expected, i, k);
      if (len == SECTIONS[i].len && memcmp(data, expected, len) == 0) which = k;
    }
    if (SECTIONS[i].len == 0) which = found;
    if (i > 0 && which != found) n_wrong++;
    if (which == 0) n_wrong++;
    if ((uintptr_t)data % 64 != 0) n_wrong++;
    found = which;
    free(data);
  }
  index_db_close(db);
  if (s == LAN_OK) *v = found;
  return s;
}

static void what_was_written_is_read(void **state) {
  const char *path = scratch_path(state, "index.db");
  lan_error err;
  uint64_t v = 0;
  index_db *db;
  void *data;
  size_t len;
  struct stat st;
  assert_int_equal(read_version(path, 1, &v, &err), LAN_ENOTFOUND);
  for (uint64_t k = 1; k <= 3; k++) {
    assert_int_equal(write_version(path, k, &err), LAN_OK);
    assert_int_equal(read_version(path, 3, &v, &err), LAN_OK);
    assert_int_equal(v, k);
  }
  assert_int_equal(n_wrong, 0);
  assert_int_equal(scratch_count(*state), 1);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600); /* it holds what notes say */
  assert_int_equal(index_db_open(path, "lantoa index 2", &db, &err), LAN_ENOTFOUND);
  assert_int_equal(index_db_open(path, IDENTITY, &db, &err), LAN_OK);
  assert_int_equal(index_db_section(db, "no such", &data, &len, &err), LAN_ECORRUPT);
  index_db_close(db);
}

static void reader_keeps_its_state_while_another_is_written(void **state) {
  const char *path = scratch_path(state, "index.db");
  index_db *db;
  void *data;
  size_t len;
  static unsigned char expected[LONGEST + 8];
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  assert_int_equal(index_db_open(path, IDENTITY, &db, NULL), LAN_OK);
  assert_int_equal(write_version(path, 2, NULL), LAN_OK);
  assert_int_equal(index_db_section(db, SECTIONS[1].name, &data, &len, NULL), LAN_OK);
  content(expected, 1, 1);
  assert_memory_equal(data, expected, SECTIONS[1].len);
  free(data);
  index_db_close(db);
}

static void abandoned_writer_leaves_nothing(void **state) {
  const char *path = scratch_path(state, "index.db");
  index_writer *w;
  uint64_t v;
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  assert_int_equal(index_writer_new(path, IDENTITY, &w, NULL), LAN_OK);
  assert_int_equal(index_writer_put(w, "words", LAN_STR("new"), NULL), LAN_OK);
  assert_int_equal(
      index_writer_put(w, "a name that is much longer than allowed", LAN_STR(""), NULL),
      LAN_EINVAL);
  index_writer_abandon(w);
  index_writer_abandon(NULL);
  assert_int_equal(scratch_count(*state), 1);
  assert_int_equal(read_version(path, 1, &v, NULL), LAN_OK);
  assert_int_equal(n_wrong, 0);
}

/* ---- damage ---- */

/* The file with `bytes` in it is read right, or refused. */
static bool refused(const char *path, const unsigned char *bytes, size_t len) {
  lan_error err;
  uint64_t v = 0;
  scratch_write(path, bytes, len);
  lan_status s = read_version(path, 1, &v, &err);
  if (s == LAN_OK && v != 1) n_wrong++;
  if (s != LAN_OK && s != LAN_ECORRUPT && s != LAN_ENOTFOUND) {
    fail_msg("%s: %s", lan_status_name(s), err.message);
  }
  return s != LAN_OK;
}

static void each_page_overwritten_is_noticed(void **state) {
  enum { PAGE = 65536 };
  const char *path = scratch_path(state, "index.db");
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  size_t len, n_refused = 0;
  unsigned char *whole = scratch_read(path, &len), *hurt = malloc(len);
  assert_int_equal(len % PAGE, 0);
  assert_true(len < LONGEST * 2);
  size_t n_pages = len / PAGE;
  for (size_t page = 0; page < n_pages; page++) {
    unsigned char *at = hurt + page * PAGE;
    for (int how = 0; how < 6; how++) {
      memcpy(hurt, whole, len);
      if (how == 0) memset(at, 0, PAGE);
      if (how == 1) memset(at, 0xFF, PAGE);
      if (how == 2) scratch_fill(at, PAGE, page);
      if (how == 3) memcpy(at, whole + (page + 1) % n_pages * PAGE, PAGE);
      if (how == 4) at[PAGE / 2] ^= 1;
      if (how == 5) memset(at + 512, 0xA5, 512); /* a torn sector */
      n_refused += refused(path, hurt, len);
    }
  }
  assert_int_equal(n_wrong, 0);
  assert_true(n_refused > n_pages * 5); /* the rest hit unused room */
  free(whole);
  free(hurt);
}

static void each_byte_of_the_first_pages_may_change(void **state) {
  const char *path = scratch_path(state, "index.db");
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  size_t len;
  unsigned char *whole = scratch_read(path, &len);
  for (size_t at = 0; at < 3 * 65536; at += at < 200 ? 1 : 911) {
    unsigned char was = whole[at];
    whole[at] ^= (unsigned char)(1u << at % 8);
    refused(path, whole, len);
    whole[at] = was;
  }
  assert_int_equal(n_wrong, 0);
  free(whole);
}

static void cut_at_any_length_is_noticed(void **state) {
  const char *path = scratch_path(state, "index.db");
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  size_t len;
  unsigned char *whole = scratch_read(path, &len);
  for (size_t cut = 0; cut < len; cut += cut < 130 ? 1 : 37777) {
    bool says_so = refused(path, whole, cut);
    if (cut <= len - 65536) assert_true(says_so); /* the last page's end may be unused room */
  }
  assert_false(refused(path, whole, len));
  assert_int_equal(n_wrong, 0);
  free(whole);
}

static void other_files_are_put_aside(void **state) {
  const char *path = scratch_path(state, "index.db");
  const char *aside = scratch_path(state, "index.db.corrupt");
  static unsigned char garbage[200000];
  lan_error err;
  uint64_t v = 0;
  scratch_fill(garbage, sizeof garbage, 1);
  for (int kind = 0; kind < 4; kind++) {
    if (kind == 0) scratch_write(path, garbage, sizeof garbage);
    if (kind == 1) assert_int_equal(mkdir(path, 0700), 0);
    if (kind == 2) assert_int_equal(mkfifo(path, 0600), 0);
    if (kind == 3) scratch_write(path, "SQLite format 3", 16);
    assert_int_equal(read_version(path, 1, &v, &err), LAN_ECORRUPT);
    index_db_discard(path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(aside, F_OK), 0);
    assert_int_equal(write_version(path, 1, &err), LAN_OK);
    assert_int_equal(read_version(path, 1, &v, &err), LAN_OK);
    assert_int_equal(unlink(path), 0);
    if (kind == 1) assert_int_equal(rmdir(aside), 0); /* a folder is never removed */
  }
  assert_int_equal(scratch_count(*state), 1);
}

/* ---- surroundings ---- */

static int use_read_only_folder(void *ctx) {
  const char *path = ctx;
  lan_error err;
  uint64_t v = 0;
  /* 77: nobody may not even look into the temporary folder. */
  if (!scratch_drop_root() || access(ctx, R_OK) != 0) return 77;
  if (read_version(path, 1, &v, &err) != LAN_OK || v != 1) return 1;
  return write_version(path, 2, &err) == LAN_EIO ? 0 : 2;
}

static void read_only_folder_can_be_read(void **state) {
  const char *path =
      scratch_path(state, "100%?#/index.db"); /* signs that mean something in a URI */
  const char *folder = scratch_path(state, "100%?#");
  assert_int_equal(mkdir(folder, 0755), 0);
  assert_int_equal(chmod(*state, 0755), 0);
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
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

static int write_with_little_room(void *ctx) {
  tight *t = ctx;
  lan_error err;
  signal(SIGXFSZ, SIG_IGN); /* write() then fails, as on a full disk */
  struct rlimit limit = {t->most, t->most};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 77;
  lan_status s = write_version(t->path, 2, &err);
  return s == LAN_OK ? 0 : s == LAN_EIO && strstr(err.message, "index") ? 1 : 2;
}

static void full_disk_leaves_the_old_state(void **state) {
  const char *path = scratch_path(state, "index.db");
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  for (rlim_t most = 0; most <= (rlim_t)st.st_size; most += 99991) {
    tight t = {path, most};
    uint64_t v = 0;
    int code = scratch_wait(scratch_fork(write_with_little_room, &t));
    if (code == 77) return;
    assert_int_equal(code, most < (rlim_t)st.st_size);
    assert_int_equal(read_version(path, 2, &v, NULL), LAN_OK);
    assert_int_equal(v, 1);
    assert_int_equal(scratch_count(*state), 1);
  }
}

typedef struct writing {
  const char *path;
  uint64_t first, n;
} writing;

static int write_on_and_on(void *ctx) {
  writing *w = ctx;
  for (uint64_t i = 0; i < w->n; i++) {
    if (write_version(w->path, w->first + i % 2, NULL) != LAN_OK) return 1;
  }
  return 0;
}

static void several_processes_do_not_mix(void **state) {
  const char *path = scratch_path(state, "index.db");
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  writing a = {path, 1, 15}, b = {path, 3, 15};
  int one = scratch_fork(write_on_and_on, &a), two = scratch_fork(write_on_and_on, &b);
  for (int i = 0; i < 30; i++) {
    uint64_t v = 0;
    lan_error err;
    lan_status s = read_version(path, 4, &v, &err);
    if (s != LAN_OK) fail_msg("%s", err.message);
  }
  assert_int_equal(scratch_wait(one), 0);
  assert_int_equal(scratch_wait(two), 0);
  assert_int_equal(n_wrong, 0);
  assert_int_equal(scratch_count(*state), 1);
}

static void killed_writers_leave_the_last_whole_state(void **state) {
  const char *path = scratch_path(state, "index.db");
  uint64_t seed = 7, v = 0, n_left = 0;
  assert_int_equal(write_version(path, 1, NULL), LAN_OK);
  for (int round = 0; round < 60; round++) {
    writing w = {path, 1, 1000};
    int pid = scratch_fork(write_on_and_on, &w);
    usleep((useconds_t)(scratch_random(&seed) % 20000));
    kill(pid, SIGKILL);
    assert_int_equal(scratch_wait(pid), 128 + SIGKILL);
    n_left += scratch_count(*state) > 1;
    lan_error err;
    lan_status s = read_version(path, 2, &v, &err);
    if (s != LAN_OK) fail_msg("%s", err.message);
    assert_true(scratch_count(*state) <= 2); /* each writer clears up after those before it */
  }
  assert_true(n_left > 0);
  assert_int_equal(write_version(path, 2, NULL), LAN_OK);
  assert_int_equal(scratch_count(*state), 1);
  assert_int_equal(n_wrong, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_was_written_is_read),
      TEST(reader_keeps_its_state_while_another_is_written),
      TEST(abandoned_writer_leaves_nothing),
      TEST(each_page_overwritten_is_noticed),
      TEST(each_byte_of_the_first_pages_may_change),
      TEST(cut_at_any_length_is_noticed),
      TEST(other_files_are_put_aside),
      TEST(read_only_folder_can_be_read),
      TEST(full_disk_leaves_the_old_state),
      TEST(several_processes_do_not_mix),
      TEST(killed_writers_leave_the_last_whole_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
