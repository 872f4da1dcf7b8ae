/* Files and folders with each system call failing in turn: what was there stays, what is said is
 * true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "data/data.h"
#include "lantoa/memory.h"
#include "lib/fail_io.h"
#include "lib/pictures.h"
#include "lib/scratch.h"
#include "net/safetensors.h"
#include "store/index_db.h"
#include "store/memory_db.h"
#include "vault/walk.h"

enum { LONG = 300000 };

static unsigned char old_bytes[LONG], new_bytes[LONG];

/* ---- base ---- */

static lan_status write_file(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "file");
  scratch_write(path, old_bytes, LONG);
  lan_status s = lan_file_write(path, new_bytes, LONG, err);
  fail_io_off();
  size_t len;
  unsigned char *found = scratch_read(path, &len);
  assert_int_equal(len, LONG);
  bool is_old = memcmp(found, old_bytes, LONG) == 0, is_new = memcmp(found, new_bytes, LONG) == 0;
  assert_true(is_new || (is_old && s != LAN_OK));
  assert_int_equal(scratch_count(*(void **)ctx), 1); /* nothing is left beside it */
  free(found);
  return s;
}

static lan_status read_file(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "file");
  lan_buf b = {0};
  lan_buf_add_str(&b, "kept");
  lan_status s = lan_file_read(path, LONG, &b, err);
  fail_io_off();
  if (s == LAN_OK) {
    assert_int_equal(b.len, 4 + LONG);
    assert_memory_equal(b.data + 4, new_bytes, LONG);
  } else {
    assert_string_equal(b.data, "kept");
  }
  lan_buf_free(&b);
  return s;
}

static lan_status make_folders(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "a/b/c");
  rmdir(path);
  rmdir(scratch_path(ctx, "a/b"));
  rmdir(scratch_path(ctx, "a"));
  lan_status s = lan_dir_make(path, err);
  fail_io_off();
  struct stat st;
  if (s == LAN_OK) assert_true(stat(path, &st) == 0 && S_ISDIR(st.st_mode));
  return s;
}

/* What was there stays in front; what is added is added whole or not at all, where nothing else fails. */
static lan_status append_file(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "log");
  scratch_write(path, old_bytes, LONG);
  lan_status s = lan_file_append(path, new_bytes, LONG, err);
  fail_io_off();
  size_t len;
  unsigned char *found = scratch_read(path, &len);
  assert_true(len == 2 * LONG || (len == LONG && s != LAN_OK));
  assert_memory_equal(found, old_bytes, LONG);
  if (len > LONG) assert_memory_equal(found + LONG, new_bytes, LONG);
  free(found);
  unlink(path);
  return s;
}

static lan_status read_part(void *ctx, lan_error *err) {
  lan_file f;
  static unsigned char part[1000];
  lan_status s = lan_file_open(scratch_path(ctx, "file"), &f, err);
  if (s != LAN_OK) return s;
  assert_int_equal(f.size, LONG);
  s = lan_file_read_part(&f, 777, part, sizeof part, "file", err);
  if (s == LAN_OK) assert_memory_equal(part, new_bytes + 777, sizeof part);
  fail_io_off();
  lan_file_close(&f);
  return s;
}

static void files(void **state) {
  fail_io_each("writing", write_file, state);
  fail_io_each("appending", append_file, state);
  scratch_write(scratch_path(state, "file"), new_bytes, LONG);
  fail_io_each("reading", read_file, state);
  fail_io_each("reading a part", read_part, state);
  fail_io_each("folders", make_folders, state);
}

/* ---- vault ---- */

static void make_vault(void **state) {
  static const char coffee[] = "Uống với [[Trà sữa]] ở [[b/Quán]] #sáng";
  assert_int_equal(mkdir(scratch_path(state, "vault"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "vault/.obsidian"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "vault/b"), 0700), 0);
  scratch_write(scratch_path(state, "vault/.obsidian/app.json"), "{\"userIgnoreFilters\":[\"x/\"]}",
                28);
  scratch_write(scratch_path(state, "vault/Cà phê.md"), coffee, sizeof coffee - 1);
  scratch_write(scratch_path(state, "vault/Trà sữa.md"), "[[Cà phê]] và trà #sáng", 29);
  scratch_write(scratch_path(state, "vault/b/Quán.md"), "một quán", 9);
}

static lan_status walk(void *ctx, lan_error *err) {
  walk_result r = {0};
  lan_status s = walk_vault(scratch_path(ctx, "vault"), NULL, 0, &r, err);
  fail_io_off();
  if (s == LAN_OK && r.files.len != 3) {
    size_t n_failed = 0;
    for (size_t i = 0; i < r.skips.len; i++) n_failed += r.skips.data[i].failed;
    assert_true(n_failed > 0); /* what is missing is told */
  }
  walk_free(&r);
  return s;
}

static void walking(void **state) {
  make_vault(state);
  fail_io_each("walking", walk, state);
}

/* ---- store ---- */

static lan_status write_cache(const char *path, const unsigned char *bytes, lan_error *err) {
  index_writer *w;
  lan_status s = index_writer_new(path, "identity", &w, err);
  if (s != LAN_OK) return s;
  s = index_writer_put(w, "words", (lan_str){(const char *)bytes, LONG}, err);
  if (s == LAN_OK) return index_writer_finish(w, err);
  index_writer_abandon(w);
  return s;
}

/* Compares what is read to both states. */
static lan_status read_cache(const char *path, bool *is_new, lan_error *err) {
  index_db *db = NULL;
  void *data;
  size_t len;
  lan_status s = index_db_open(path, "identity", &db, err);
  if (s == LAN_OK) s = index_db_section(db, "words", &data, &len, err);
  fail_io_off();
  if (s == LAN_OK) {
    assert_int_equal(len, LONG);
    *is_new = memcmp(data, new_bytes, LONG) == 0;
    assert_true(*is_new || memcmp(data, old_bytes, LONG) == 0);
    free(data);
  }
  index_db_close(db);
  return s;
}

static lan_status replace_cache(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "index.db");
  bool is_new = false;
  lan_status s = write_cache(path, new_bytes, err);
  fail_io_off();
  assert_int_equal(read_cache(path, &is_new, NULL), LAN_OK);
  if (s == LAN_OK) assert_true(is_new);
  assert_int_equal(scratch_count(*(void **)ctx), 1);
  assert_int_equal(write_cache(path, old_bytes, NULL), LAN_OK);
  return s;
}

static lan_status use_cache(void *ctx, lan_error *err) {
  bool is_new;
  lan_status s = read_cache(scratch_path(ctx, "index.db"), &is_new, err);
  if (s == LAN_OK) assert_false(is_new);
  return s;
}

static lan_status use_memory_db(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "memory.db");
  memory_db *db;
  memory_db_counts c = {0, 0, 0, 0};
  lan_status s = memory_db_open(path, &db, err);
  if (s == LAN_OK) {
    s = memory_db_count(db, &c, err);
    if (s == LAN_OK) assert_int_equal(c.feedbacks, 2);
    fail_io_off();
    memory_db_close(db);
  }
  fail_io_off();
  assert_int_equal(memory_db_open(path, &db, NULL), LAN_OK); /* no harm was done */
  assert_int_equal(memory_db_count(db, &c, NULL), LAN_OK);
  assert_int_equal(c.feedbacks, 2);
  memory_db_close(db);
  return s;
}

/* What was acknowledged is there; what was not may be, whole. */
static lan_status add_open(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "opens.db");
  memory_event e = {MEMORY_OPENED, 1, LAN_STR("note"), LAN_STR(""), LAN_STR("test"), 0};
  memory_db *db;
  memory_db_counts c = {0, 0, 0, 0};
  static uint64_t had = 0;
  lan_status s = memory_db_open(path, &db, err);
  bool is_open = s == LAN_OK;
  if (s == LAN_OK) s = memory_db_add_open(db, &e, err);
  if (is_open) memory_db_close(db);
  fail_io_off();
  assert_int_equal(memory_db_open(path, &db, NULL), LAN_OK);
  assert_int_equal(memory_db_check(db, NULL), LAN_OK);
  assert_int_equal(memory_db_count(db, &c, NULL), LAN_OK);
  assert_true(c.opens == had + 1 || (c.opens == had && s != LAN_OK));
  had = c.opens;
  memory_db_close(db);
  return s;
}

static lan_status make_memory_db(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "new.db");
  memory_db *db;
  unlink(path);
  unlink(scratch_path(ctx, "new.db-wal"));
  unlink(scratch_path(ctx, "new.db-shm"));
  lan_status s = memory_db_open(path, &db, err);
  fail_io_off();
  if (s == LAN_OK) memory_db_close(db);
  assert_int_equal(memory_db_open(path, &db, NULL), LAN_OK);
  memory_db_close(db);
  return s;
}

static void stores(void **state) {
  assert_int_equal(write_cache(scratch_path(state, "index.db"), old_bytes, NULL), LAN_OK);
  fail_io_each("replacing the cache", replace_cache, state);
  fail_io_each("reading the cache", use_cache, state);
  const char *path = scratch_path(state, "memory.db");
  memory_db *db;
  sqlite3 *sql;
  assert_int_equal(memory_db_open(path, &db, NULL), LAN_OK);
  memory_db_close(db);
  assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
  assert_int_equal(sqlite3_exec(sql,
                                "INSERT INTO verdicts(at_ms, note, related, verdict) VALUES"
                                "(1, x'61', x'62', 1), (2, x'61', x'63', -1)",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  sqlite3_close(sql);
  fail_io_each("memory.db", use_memory_db, state);
  fail_io_each("making memory.db", make_memory_db, state);
  fail_io_each("an open", add_open, state);
}

/* ---- memory ---- */

static lan_status open_vault(void *ctx, const char *cache, lan_memory **m, lan_error *err) {
  lan_memory_options o = {
      .cache_dir = scratch_path(ctx, cache), .data_dir = scratch_path(ctx, "data"), .n_threads = 1};
  return lan_memory_open(scratch_path(ctx, "vault"), &o, m, err);
}

/* Right, or it says what is missing. */
static void check_memory(lan_memory *m) {
  lan_memory_report r = lan_memory_describe(m);
  if (r.skipped) return;
  assert_int_equal(lan_memory_size(m), 3);
  assert_int_equal(r.links, 3);
  assert_int_equal(r.tags, 1);
}

static lan_status open_cached(void *ctx, lan_error *err) {
  lan_memory *m;
  lan_status s = open_vault(ctx, "cache", &m, err);
  fail_io_off();
  if (s == LAN_OK) {
    check_memory(m);
    lan_memory_close(m);
  }
  /* Whatever the failing run left in the cache: the next answer is right. */
  assert_int_equal(open_vault(ctx, "cache", &m, NULL), LAN_OK);
  check_memory(m);
  assert_int_equal(lan_memory_describe(m).skipped, 0);
  lan_memory_close(m);
  return s;
}

static lan_status open_new(void *ctx, lan_error *err) {
  char command[5000];
  snprintf(command, sizeof command, "rm -rf %s", scratch_path(ctx, "cache"));
  assert_int_equal(system(command), 0);
  return open_cached(ctx, err);
}

static void memory(void **state) {
  make_vault(state);
  fail_io_each("a cached vault", open_cached, state);
  fail_io_each("a new vault", open_new, state);
}

/* ---- net's files ---- */

/* A model of two tensors whose every number is `value`. */
static lan_status write_model(const char *path, float value, lan_error *err) {
  const float values[2] = {value, value};
  static const uint64_t shape[1] = {2};
  const safetensors_source tensors[] = {{"a", SAFETENSORS_F32, 1, shape, values},
                                        {"b", SAFETENSORS_F32, 1, shape, values}};
  return safetensors_write(path, tensors, 2, NULL, 0, err);
}

static lan_status read_model(const char *path, float *value, lan_error *err) {
  safetensors *st;
  float found[2][2];
  lan_status s = safetensors_open(path, &st, err);
  if (s != LAN_OK) return s;
  for (size_t i = 0; s == LAN_OK && i < 2; i++) {
    s = safetensors_read_floats(st, safetensors_at(st, i), found[i], err);
  }
  fail_io_off();
  safetensors_close(st);
  if (s != LAN_OK) return s;
  *value = found[0][0];
  assert_true(found[0][1] == *value && found[1][0] == *value && found[1][1] == *value);
  return LAN_OK;
}

static lan_status replace_model(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "model");
  float value;
  lan_status s = write_model(path, 2, err);
  fail_io_off();
  assert_int_equal(read_model(path, &value, NULL), LAN_OK);
  assert_true(value == 2 || (value == 1 && s != LAN_OK));
  assert_int_equal(scratch_count(*(void **)ctx), 1);
  assert_int_equal(write_model(path, 1, NULL), LAN_OK);
  return s;
}

static lan_status use_model(void *ctx, lan_error *err) {
  float value;
  lan_status s = read_model(scratch_path(ctx, "model"), &value, err);
  if (s == LAN_OK) assert_true(value == 1);
  return s;
}

static void net_files(void **state) {
  assert_int_equal(write_model(scratch_path(state, "model"), 1, NULL), LAN_OK);
  fail_io_each("replacing a model", replace_model, state);
  fail_io_each("reading a model", use_model, state);
}

/* ---- data ---- */

/* What could not be read is left out and named, or it is an error. */
static lan_status open_pictures(void *ctx, lan_error *err) {
  data_set *set;
  data_options o = {.n_threads = 1};
  lan_status s = data_open(ctx, &o, &set, err);
  fail_io_off();
  if (s != LAN_OK) return s;
  assert_int_equal(data_describe(set)->count[DATA_TRAIN] + data_warning_count(set), 2);
  data_close(set);
  return s;
}

static lan_status open_file(void *ctx, lan_error *err) {
  data_set *set;
  lan_status s = data_open(ctx, NULL, &set, err);
  fail_io_off();
  if (s != LAN_OK) return s;
  assert_int_equal(data_describe(set)->count[DATA_TRAIN], 3);
  data_close(set);
  return s;
}

static void data(void **state) {
  static const char idx3[] = "\0\0\10\3\0\0\0\3\0\0\0\1\0\0\0\2abcdef";
  static const char idx1[] = "\0\0\10\1\0\0\0\3\0\1\0", csv[] = "p,kind\n1,a\n2,b\n3,a\n";
  char set[4096];
  uint8_t *p = pictures_pixels(8, 8, 1);
  snprintf(set, sizeof set, "%s/set", (const char *)*state);
  assert_int_equal(mkdir(set, 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "set/a"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "set/b"), 0700), 0);
  pictures_write(scratch_path(state, "set/a/1.webp"), pictures_webp(p, 8, 8, 3));
  pictures_write(scratch_path(state, "set/b/2.webp"), pictures_webp(p, 8, 8, 3));
  free(p);
  scratch_write(scratch_path(state, "x-images"), idx3, sizeof idx3 - 1);
  scratch_write(scratch_path(state, "x-labels"), idx1, sizeof idx1 - 1);
  scratch_write(scratch_path(state, "t.csv"), csv, sizeof csv - 1);
  fail_io_each("pictures", open_pictures, set);
  snprintf(set, sizeof set, "%s/x-images", (const char *)*state);
  fail_io_each("idx files", open_file, set);
  snprintf(set, sizeof set, "%s/t.csv", (const char *)*state);
  fail_io_each("a table", open_file, set);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  scratch_fill(old_bytes, LONG, 1);
  scratch_fill(new_bytes, LONG, 2);
  fail_io_in_sqlite();
  const struct CMUnitTest tests[] = {TEST(files),  TEST(walking), TEST(stores),
                                     TEST(memory), TEST(data),    TEST(net_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
