/* From a link's text to the file that it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "vault/names.h"

static const char *const PATHS[] = {
    "Note.md",
    "a/Note.md",
    "a/b/Note.md",
    "a/Other.md",
    "b/Other.md",
    "long folder/Third.md",
    "z/Third.md",
    "y/Third.md",
    "C\xC3\xA0 ph\xC3\xAA.md", /* NFC */
    "d/Tra\xCC\x80 s\xC6\xB0\xCC\x83"
    "a.md", /* NFD */
    "pic.png",
    "a/board.canvas",
    "File",
    "File.md",
    "e/v1.2.md",
    "e/UPPER.MD",
    "f/no\xC2\xA0"
    "break.md",
    "bad\xFF.md",
};
enum { N = sizeof PATHS / sizeof *PATHS };

static names *make(void) {
  static lan_str paths[N];
  names *x = NULL;
  for (size_t i = 0; i < N; i++) paths[i] = lan_str_of(PATHS[i]);
  assert_int_equal(names_new(paths, N, &x, NULL), LAN_OK);
  return x;
}

static void links_resolve_by_obsidians_rules(void **state) {
  (void)state;
  static const struct {
    const char *source, *target, *wanted;
    uint32_t candidates;
  } cases[] = {
      {"a/Other.md", "Note", "Note.md", 1}, /* the exact path comes first */
      {"a/Other.md", "note", "Note.md", 1}, /* in any case */
      {"x.md", "a/Note", "a/Note.md", 1},
      {"x.md", "b/Note", "a/b/Note.md", 1}, /* the end of a path */
      {"x.md", "/a/Note", "a/Note.md", 1},
      {"x.md", "ote", NULL, 0}, /* at a folder's border */
      {"x.md", "c/Note", NULL, 0},
      {"b/x.md", "Other", "b/Other.md", 2}, /* the own folder */
      {"c/x.md", "Other", "a/Other.md", 2}, /* ties in byte order */
      {"x.md", "Third", "y/Third.md", 3},   /* the shortest path */
      {"long folder/x.md", "Third", "long folder/Third.md", 3},
      {"a/b/x.md", "../Note", "a/Note.md", 1},
      {"a/b/x.md", "./Note", "a/b/Note.md", 1},
      {"a/b/x.md", "../../Note", "Note.md", 1},
      {"a/x.md", "../../Note", NULL, 0}, /* out of the vault */
      {"a/x.md", "../b/./Other", "b/Other.md", 1},
      {"x.md", "./Other", NULL, 0},
      {"x.md", "Note.md", "Note.md", 1},
      {"x.md", "ca\xCC\x80 ph\xC3\xAA", "C\xC3\xA0 ph\xC3\xAA.md", 1}, /* Unicode's forms are one */
      {"x.md",
       "Tr\xC3\xA0 S\xE1\xBB\xAF"
       "a",
       "d/Tra\xCC\x80 s\xC6\xB0\xCC\x83"
       "a.md",
       1},
      {"x.md", "pic.png", "pic.png", 1},
      {"x.md", "pic", NULL, 0},
      {"x.md", "board.canvas", "a/board.canvas", 1},
      {"x.md", "board", NULL, 0},
      {"x.md", "File", "File.md", 2}, /* a note before a file without an ending */
      {"x.md", "v1.2", "e/v1.2.md", 1},
      {"x.md", "upper", "e/UPPER.MD", 1},
      {"x.md", "no break",
       "f/no\xC2\xA0"
       "break.md",
       1},
      {"x.md", "bad\xFF", "bad\xFF.md", 1},
      {"x.md", "", NULL, 0},
      {"x.md", "/", NULL, 0},
      {"x.md", "..", NULL, 0},
      {"x.md", "../", NULL, 0},
      {"x.md", "a/", NULL, 0},
      {"", "Note", "Note.md", 1},
  };
  names *x = make();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint32_t n = 77;
    uint32_t got = names_resolve(x, lan_str_of(cases[i].source), lan_str_of(cases[i].target), &n);
    const char *path = got == NAMES_NONE ? NULL : PATHS[got];
    if ((path == NULL) != (cases[i].wanted == NULL) ||
        (path && strcmp(path, cases[i].wanted) != 0)) {
      print_error("[[%s]] in %s: %s\n", cases[i].target, cases[i].source, path ? path : "none");
      fail();
    }
    if (n != cases[i].candidates) print_error("[[%s]]: %u candidates\n", cases[i].target, n);
    assert_int_equal(n, cases[i].candidates);
    assert_int_equal(
        names_resolve(x, lan_str_of(cases[i].source), lan_str_of(cases[i].target), NULL), got);
  }
  names_free(x);
}

static void twins_are_ambiguous(void **state) {
  (void)state;
  lan_str paths[] = {LAN_STR("\xC3\xA0.md"), LAN_STR("a\xCC\x80.md")};
  names *x = NULL;
  uint32_t n = 0;
  assert_int_equal(names_new(paths, 2, &x, NULL), LAN_OK);
  assert_int_equal(names_resolve(x, LAN_STR("x.md"), LAN_STR("\xC3\xA0"), &n), 0);
  assert_int_equal(n, 2);
  names_free(x);
}

static void an_empty_vault_has_no_names(void **state) {
  (void)state;
  names *x = NULL;
  assert_int_equal(names_new(NULL, 0, &x, NULL), LAN_OK);
  assert_int_equal(names_resolve(x, LAN_STR("a.md"), LAN_STR("b"), NULL), NAMES_NONE);
  names_free(x);
  names_free(NULL);
}

static void titles(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"a/b/Note.md", "Note"}, {"x.MD", "x"},
                                         {"a/b.canvas", "b"},     {"pic.png", "pic.png"},
                                         {".md", ".md"},          {"v1.2.md", "v1.2"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(lan_str_equal(names_title(lan_str_of(cases[i][0])), lan_str_of(cases[i][1])));
  }
}

/* Ten thousand files of one name, ten thousand links that fit none of them: one look-up each. */
static void many_files_of_one_name_cost_no_more(void **state) {
  (void)state;
  enum { MANY = 20000 };
  lan_arena arena = {0};
  lan_str *paths = lan_alloc_array(MANY, sizeof *paths);
  assert_non_null(paths);
  for (size_t i = 0; i < MANY; i++) {
    char s[64];
    int n = snprintf(s, sizeof s, "folder %zu/README.md", i);
    paths[i] = (lan_str){lan_arena_copy(&arena, s, (size_t)n), (size_t)n};
  }
  names *x = NULL;
  assert_int_equal(names_new(paths, MANY, &x, NULL), LAN_OK);
  uint64_t start = lan_clock_ns();
  uint32_t n;
  for (size_t i = 0; i < MANY; i++) {
    assert_int_equal(names_resolve(x, paths[i], LAN_STR("none/README"), &n), NAMES_NONE);
    assert_int_equal(names_resolve(x, paths[i], LAN_STR("README"), &n), i);
    assert_int_equal(n, MANY);
  }
  assert_true(lan_clock_ns() - start < 2000000000u);
  names_free(x);
  free(paths);
  lan_arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(links_resolve_by_obsidians_rules),    cmocka_unit_test(twins_are_ambiguous),
      cmocka_unit_test(an_empty_vault_has_no_names),         cmocka_unit_test(titles),
      cmocka_unit_test(many_files_of_one_name_cost_no_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
