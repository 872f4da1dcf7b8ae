/* Finding the files of a vault: what is taken, what is left out, and why. */
#include <errno.h>
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

#include "lib/scratch.h"
#include "vault/walk.h"

static void put(void **state, const char *name, const char *text) {
  scratch_write(scratch_path(state, name), text, strlen(text));
}

static void make_folder(void **state, const char *name) {
  assert_int_equal(mkdir(scratch_path(state, name), 0755), 0);
}

/* The paths, each with N, C or A for its kind. */
static void list(const walk_result *r, lan_buf *b) {
  for (size_t i = 0; i < r->files.len; i++) {
    const walk_file *f = &r->files.data[i];
    assert_int_equal(strlen(f->path.ptr), f->path.len);
    lan_buf_printf(b, "%c %s\n", "NCA"[f->kind], f -> path.ptr);
  }
}

static void expect(void **state, const char *const *excludes, size_t n, const char *wanted,
                   size_t skips) {
  walk_result r;
  lan_buf got = {0};
  assert_int_equal(walk_vault(*state, excludes, n, &r, NULL), LAN_OK);
  list(&r, &got);
  assert_string_equal(got.data ? got.data : "", wanted);
  assert_int_equal(r.skips.len, skips);
  lan_buf_free(&got);
  walk_free(&r);
}

static void notes_canvases_and_attachments(void **state) {
  make_folder(state, "b");
  make_folder(state, "b/c");
  make_folder(state, ".obsidian");
  make_folder(state, ".trash");
  put(state, "z.md", "12345");
  put(state, "b/x.MD", "");
  put(state, "b/c/pic.png", "png");
  put(state, "b/d.canvas", "{}");
  put(state, "b.md", "");
  put(state, "noending", "");
  put(state, ".hidden.md", "");
  put(state, ".obsidian/x.md", "");
  put(state, ".trash/y.md", "");
  expect(state, NULL, 0, "N b.md\nA b/c/pic.png\nC b/d.canvas\nN b/x.MD\nA noending\nN z.md\n", 0);
  walk_result r;
  struct stat st;
  assert_int_equal(walk_vault(*state, NULL, 0, &r, NULL), LAN_OK);
  assert_int_equal(stat(scratch_path(state, "z.md"), &st), 0);
  const walk_file *z = &r.files.data[5];
  assert_int_equal(z->size, 5);
  assert_int_equal(z->mtime_ns, (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
  walk_free(&r);
}

static void odd_names_are_bytes(void **state) {
  put(state, "bad\xFF.md", "");
  put(state, "\xC3\xA0.md", "");
  put(state, "a\xCC\x80.md", "");
  put(state, "new\nline.md", "");
  expect(state, NULL, 0, "N a\xCC\x80.md\nN bad\xFF.md\nN new\nline.md\nN \xC3\xA0.md\n", 0);
}

static void links_and_pipes_are_told(void **state) {
  put(state, "a.md", "");
  assert_int_equal(symlink("a.md", scratch_path(state, "link.md")), 0);
  assert_int_equal(symlink(".", scratch_path(state, "loop")), 0);
  assert_int_equal(symlink("/", scratch_path(state, "out")), 0);
  assert_int_equal(mkfifo(scratch_path(state, "pipe.md"), 0600), 0);
  walk_result r;
  assert_int_equal(walk_vault(*state, NULL, 0, &r, NULL), LAN_OK);
  assert_int_equal(r.files.len, 1);
  assert_int_equal(r.skips.len, 4);
  for (size_t i = 0; i < 4; i++) {
    bool pipe = strcmp(r.skips.data[i].path.ptr, "pipe.md") == 0;
    assert_non_null(strstr(r.skips.data[i].reason.ptr, pipe ? "regular" : "symbolic"));
    assert_false(r.skips.data[i].failed);
  }
  walk_free(&r);
}

static void filters_leave_out(void **state) {
  make_folder(state, ".obsidian");
  make_folder(state, "Templates");
  make_folder(state, "Keep");
  put(state, "Templates/t.md", "");
  put(state, "Keep/2024 x.md", "");
  put(state, "Keep/y.md", "");
  put(state, "a.md", "");
  static const char *const one[] = {"Keep/y"};
  static const char *const two[] = {"/[0-9]{4} /", "", "Temp"};
  static const char *const digits[] = {"/^keep\\/\\d+ (?:X|z)/"};
  expect(state, one, 1, "N Keep/2024 x.md\nN Templates/t.md\nN a.md\n", 0);
  expect(state, two, 3, "N Keep/y.md\nN a.md\n", 0);
  expect(state, digits, 1, "N Keep/y.md\nN Templates/t.md\nN a.md\n", 0);
  put(state, ".obsidian/app.json", "{\"userIgnoreFilters\": [\"Templates/\", 7, \"/y\\\\.md$/\"]}");
  expect(state, NULL, 0, "N Keep/2024 x.md\nN a.md\n", 0);
}

static void wrong_filters_are_told_and_do_not_count(void **state) {
  static const char *const bad[] = {"/(/", "/(a)\\1/", "/((a{1000}){1000}){1000}/", "/(?=x)a/"};
  make_folder(state, ".obsidian");
  put(state, "a.md", "");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect(state, bad + i, 1, "N a.md\n", 1);
  put(state, ".obsidian/app.json", "{\"userIgnoreFilters\": [");
  expect(state, NULL, 0, "N a.md\n", 1);
  put(state, ".obsidian/app.json", "[1]");
  expect(state, NULL, 0, "N a.md\n", 0);
}

static void an_unreadable_folder_is_told(void **state) {
  make_folder(state, "shut");
  put(state, "a.md", "");
  assert_int_equal(chmod(scratch_path(state, "shut"), 0), 0);
  if (access(scratch_path(state, "shut"), R_OK) == 0) { /* root reads everything */
    assert_int_equal(chmod(scratch_path(state, "shut"), 0755), 0);
    return;
  }
  expect(state, NULL, 0, "N a.md\n", 1);
  assert_int_equal(chmod(scratch_path(state, "shut"), 0755), 0);
}

/* A folder large enough for a second thread gives the same as a small one. */
static void large_folders(void **state) {
  enum { MANY = 1500 };
  char name[32];
  for (unsigned i = 0; i < MANY; i++) {
    snprintf(name, sizeof name, "n%04u.md", i);
    scratch_write(scratch_path(state, name), "0123456789", i % 10);
  }
  walk_result r;
  assert_int_equal(walk_vault(*state, NULL, 0, &r, NULL), LAN_OK);
  assert_int_equal(r.files.len, MANY);
  for (unsigned i = 0; i < MANY; i++) {
    snprintf(name, sizeof name, "n%04u.md", i);
    assert_string_equal(r.files.data[i].path.ptr, name);
    assert_int_equal(r.files.data[i].size, i % 10);
    assert_true(r.files.data[i].mtime_ns > 0);
  }
  walk_free(&r);
}

static void a_vault_that_is_not_there(void **state) {
  walk_result r;
  lan_error err;
  assert_int_equal(walk_vault(scratch_path(state, "none"), NULL, 0, &r, &err), LAN_ENOTFOUND);
  put(state, "file", "");
  assert_int_equal(walk_vault(scratch_path(state, "file"), NULL, 0, &r, &err), LAN_EIO);
}

static void the_vault_around(void **state) {
  lan_buf out = {0};
  lan_error err;
  make_folder(state, "v");
  make_folder(state, "v/.obsidian");
  make_folder(state, "v/a");
  put(state, "v/a/n.md", "");
  char *real = realpath(scratch_path(state, "v"), NULL);
  assert_non_null(real);
  static const char *const starts[] = {"v", "v/a", "v/a/n.md"};
  for (size_t i = 0; i < 3; i++) {
    lan_buf_clear(&out);
    assert_int_equal(walk_find_vault(scratch_path(state, starts[i]), &out, &err), LAN_OK);
    assert_string_equal(out.data, real);
  }
  assert_int_equal(walk_find_vault("/", &out, &err), LAN_ENOTFOUND);
  assert_non_null(strstr(err.message, "--vault"));
  free(real);
  lan_buf_free(&out);
}

#define WALK_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      WALK_TEST(notes_canvases_and_attachments),
      WALK_TEST(odd_names_are_bytes),
      WALK_TEST(links_and_pipes_are_told),
      WALK_TEST(filters_leave_out),
      WALK_TEST(wrong_filters_are_told_and_do_not_count),
      WALK_TEST(an_unreadable_folder_is_told),
      WALK_TEST(large_folders),
      WALK_TEST(a_vault_that_is_not_there),
      WALK_TEST(the_vault_around),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
