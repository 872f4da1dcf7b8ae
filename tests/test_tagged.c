/* Spreads over tags are remembered by the tags, and answers are the same as without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/str.h"
#include "lantoa/memory.h"
#include "lib/scratch.h"
#include "memory/memory_internal.h"
#include "memory/tagged.h"

enum { NOTES = 900, ASKED = 40 }; /* more than are told apart by their activation alone */

static char vault[512];

/* All carry #note, most a second tag, some one of their own. */
static void write_note(unsigned i, const char *more) {
  char path[1024], text[200];
  snprintf(path, sizeof path, "%s/%u.md", vault, i);
  int n = snprintf(text, sizeof text, "#note %s %s [[%u]] word%u %s", i % 7 ? "#common" : "",
                   i % 5 ? "" : "#fifth", i * 13 % NOTES, i % 11, more);
  scratch_write(path, text, (size_t)n);
}

static int set_up(void **state) {
  if (scratch_setup(state) != 0) return -1;
  snprintf(vault, sizeof vault, "%s/vault", (char *)*state);
  if (mkdir(vault, 0700) != 0) return -1;
  for (unsigned i = 0; i < NOTES; i++) write_note(i, "");
  return 0;
}

static lan_memory *open_memory(void **state) {
  lan_memory *m = NULL;
  lan_error err;
  lan_memory_options o = {.no_cache = 1, .data_dir = scratch_path(state, "data"), .n_threads = 1};
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

static void add_answer(lan_memory *m, uint32_t note, lan_buf *out) {
  const lan_result *r;
  size_t n;
  lan_query q = {.limit = 30};
  assert_int_equal(lan_memory_related(m, note, &q, &r, &n, NULL), LAN_OK);
  assert_true(n > 10);
  for (size_t i = 0; i < n; i++) lan_buf_printf(out, "%u %.17g\n", r[i].note, r[i].score);
}

static size_t remembered(const lan_memory *m) {
  size_t n = 0;
  for (size_t i = 0; i < TAGGED_MOST; i++) n += m->score.memo.all[i].used > 0;
  return n;
}

/* One after the other, and each as the first question of all. */
static void expect_the_same(void **state, lan_memory *m) {
  lan_buf warm[ASKED] = {{0}};
  for (uint32_t i = 0; i < ASKED; i++) add_answer(m, i * 22, &warm[i]);
  for (uint32_t i = 0; i < ASKED; i++) {
    if (i % 8 == 0) { /* opening takes a while */
      lan_memory *fresh = open_memory(state);
      lan_buf cold = {0};
      add_answer(fresh, i * 22, &cold);
      assert_string_equal(warm[i].data, cold.data);
      lan_buf_free(&cold);
      lan_memory_close(fresh);
    }
    lan_buf_free(&warm[i]);
  }
}

static void answers_are_the_same(void **state) {
  lan_memory *m = open_memory(state);
  expect_the_same(state, m);
  assert_int_equal(remembered(m), 4); /* combinations of tags */
  expect_the_same(state, m);
  assert_int_equal(remembered(m), 4);
  lan_memory_close(m);
}

static void a_changed_tag_is_forgotten(void **state) {
  lan_memory *m = open_memory(state);
  size_t changed = 0;
  expect_the_same(state, m);
  for (unsigned i = 0; i < 20; i++) write_note(i * 22, i % 2 ? "#fifth" : "#new");
  assert_int_equal(lan_memory_refresh(m, &changed, NULL), LAN_OK);
  assert_int_equal(changed, 20);
  assert_int_equal(remembered(m), 0);
  expect_the_same(state, m);
  lan_memory_close(m);
}

static void the_one_unused_for_longest_gives_way(void **state) {
  static tagged_memo memo;
  (void)state;
  for (uint32_t i = 0; i < TAGGED_MOST + 10; i++) {
    lan_cue tags[2] = {{i, 0.5f}, {i + 1, 0.5f}};
    assert_null(tagged_find(&memo, tags, 2));
    tagged_notes *t = tagged_add(&memo, tags, 2, 10);
    assert_non_null(t);
    t->feature[3] = (float)i;
    const tagged_notes *first = tagged_find(&memo, (lan_cue[2]){{0, 0.5f}, {1, 0.5f}}, 2);
    assert_non_null(first); /* used again and again */
    assert_true(first->feature[3] == 0);
    assert_ptr_equal(tagged_find(&memo, tags, 2), t);
  }
  assert_null(tagged_find(&memo, (lan_cue[2]){{1, 0.5f}, {2, 0.5f}}, 2));
  assert_null(tagged_find(&memo, (lan_cue[2]){{0, 0.5f}, {1, 0.4f}}, 2));
  assert_null(tagged_find(&memo, (lan_cue[1]){{0, 0.5f}}, 1));
  assert_null(tagged_find(&memo, NULL, 0));
  tagged_free(&memo);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(answers_are_the_same, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(a_changed_tag_is_forgotten, set_up, scratch_teardown),
      cmocka_unit_test(the_one_unused_for_longest_gives_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
