/* A memory whose notes an application hands in: asked, changed, and taught. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/handed_notes.h"
#include "memory/memory_internal.h"

static const memory_records NOTHING = {NULL, NULL, NULL};

static lan_memory *open_notes(const handed_notes *h, const memory_records *records) {
  lan_memory *m = NULL;
  lan_error err;
  if (handed_new(&h->source, records, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  if (handed_notes_index(h, m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

/* An answer as text: paths, scores, reasons. */
static void answer(lan_memory *m, const char *path, lan_buf *out) {
  const lan_result *r;
  size_t n;
  uint32_t note = handed_find(m, lan_str_of(path));
  assert_int_not_equal(note, UINT32_MAX);
  assert_int_equal(lan_memory_related(m, note, NULL, &r, &n, NULL), LAN_OK);
  lan_buf_clear(out);
  for (size_t i = 0; i < n; i++) {
    const char *reason;
    assert_int_equal(lan_memory_reason(m, i, &reason, NULL), LAN_OK);
    lan_buf_printf(out, "%s %.5f %s\n", lan_memory_note(m, r[i].note).path, r[i].score, reason);
  }
}

static void notes_are_asked(void **state) {
  (void)state;
  handed_notes h = handed_notes_new();
  lan_memory *m = open_notes(&h, &NOTHING);
  const lan_result *r;
  const lan_why *why;
  size_t n;
  lan_buf out = {0};
  assert_int_equal(lan_memory_size(m), 6);
  answer(m, "Cà phê.md", &out);
  assert_memory_equal(out.data, "Quán.md ", strlen("Quán.md "));
  assert_non_null(strstr(out.data, "linked with Cà phê both ways"));
  assert_non_null(strstr(out.data, "Bạn bè.md"));
  assert_int_equal(lan_memory_recall(m, "ai uong tra sua", NULL, &r, &n, NULL), LAN_OK);
  assert_string_equal(lan_memory_note(m, r[0].note).path, "Trà sữa.md");
  assert_int_equal(
      lan_memory_related(m, handed_find(m, lan_str_of("Cà phê.md")), NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(lan_memory_why(m, 0, &why, NULL), LAN_OK);
  assert_true(why->n_sentences > 0);
  assert_string_equal(why->sentences[0].text, "Quán mở từ sáng.");
  lan_buf_free(&out);
  handed_free(m);
}

/* Laid over the index, changes give what a fresh index gives. */
static void changed_notes_are_read_anew(void **state) {
  (void)state;
  handed_notes h = handed_notes_new();
  lan_memory *m = open_notes(&h, &NOTHING);
  lan_buf changed = {0}, fresh = {0};
  lan_str path = lan_str_of("Khác/Gạo.md");
  bool done = false;
  h.notes[5].text = "Nấu cơm ở [[Quán]], uống [[Trà sữa]]. #đồ-uống";
  assert_int_equal(handed_change(m, &path, 1, &done, NULL), LAN_OK);
  assert_true(done);
  lan_memory *other = open_notes(&h, &NOTHING);
  for (size_t i = 0; i < h.n; i++) {
    answer(m, h.notes[i].path, &changed);
    answer(other, h.notes[i].path, &fresh);
    assert_string_equal(changed.data, fresh.data);
  }
  assert_non_null(strstr(fresh.data, "linked from Gạo"));
  lan_buf_free(&changed);
  lan_buf_free(&fresh);
  handed_free(other);
  handed_free(m);
}

static void what_touches_others_takes_an_index(void **state) {
  (void)state;
  handed_notes h = handed_notes_new();
  lan_memory *m = open_notes(&h, &NOTHING);
  lan_str alias = lan_str_of("Khác/Nhân sự.md"), unknown = lan_str_of("Mới.md");
  bool done = true;
  h.notes[4].alias = "nhân viên";
  assert_int_equal(handed_change(m, &alias, 1, &done, NULL), LAN_OK);
  assert_false(done);
  assert_int_equal(handed_change(m, &unknown, 1, &done, NULL), LAN_OK);
  assert_false(done);
  h.notes[h.n++] = (handed_note){"Mới.md", "Mới có [[Quán]].", NULL};
  assert_int_equal(handed_notes_index(&h, m, NULL), LAN_OK);
  assert_int_not_equal(handed_find(m, unknown), UINT32_MAX);
  handed_file twice[] = {{alias, WALK_NOTE}, {alias, WALK_NOTE}};
  assert_int_equal(handed_index(m, twice, 2, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_size(m), 7);
  handed_free(m);
}

typedef struct kept {
  memory_event events[2];
  size_t n;
} kept;

static lan_status each_event(void *ctx, memory_event_fn fn, void *fn_ctx, lan_error *err) {
  const kept *k = ctx;
  (void)err;
  for (size_t i = 0; i < k->n && fn(fn_ctx, &k->events[i]); i++) continue;
  return LAN_OK;
}

static lan_status no_pictures(void *ctx, memory_picture_fn fn, void *fn_ctx, lan_error *err) {
  (void)ctx;
  (void)fn;
  (void)fn_ctx;
  (void)err;
  return LAN_OK;
}

static void what_the_application_remembers_counts(void **state) {
  (void)state;
  handed_notes h = handed_notes_new();
  kept k = {{{.kind = MEMORY_OPENED,
              .at_ms = 1000,
              .note = LAN_STR("Khác/Gạo.md"),
              .other = LAN_STR("Cà phê.md")},
             {.kind = MEMORY_VERDICT,
              .at_ms = 2000,
              .note = LAN_STR("Cà phê.md"),
              .other = LAN_STR("Quán.md"),
              .verdict = VERDICT_HIDDEN}},
            0};
  memory_records records = {&k, each_event, no_pictures};
  lan_memory *m = open_notes(&h, &records);
  lan_buf out = {0};
  answer(m, "Cà phê.md", &out);
  assert_null(strstr(out.data, "opened"));
  assert_non_null(strstr(out.data, "Quán.md"));
  k.n = 2;
  handed_remember(m, k.n);
  answer(m, "Cà phê.md", &out);
  assert_non_null(strstr(out.data, "opened from Cà phê before"));
  assert_null(strstr(out.data, "Quán.md"));
  lan_buf_free(&out);
  handed_free(m);
}

/* Weights that opens lead to score from then on, may be kept and given again, and be taken back. */
static void opens_are_learnt_from(void **state) {
  (void)state;
  handed_notes h = handed_notes_new();
  lan_memory *m = open_notes(&h, &NOTHING);
  lan_str from = lan_str_of("Cà phê.md"), note = lan_str_of("Bạn bè.md");
  lan_buf before = {0}, after = {0}, again = {0}, weights = {0};
  answer(m, "Cà phê.md", &before);
  assert_memory_not_equal(before.data, "Bạn bè.md", strlen("Bạn bè.md"));
  for (int64_t i = 0; i < 2000 && weights.len == 0; i++) {
    assert_int_equal(handed_learn(m, from, note, 1000 + i, &weights, NULL), LAN_OK);
  }
  assert_true(weights.len > 1000);
  answer(m, "Cà phê.md", &after);
  assert_string_not_equal(before.data, after.data);
  assert_int_equal(handed_weights(m, (lan_str){"", 0}, NULL), LAN_OK);
  answer(m, "Cà phê.md", &again);
  assert_string_equal(before.data, again.data);
  assert_int_equal(handed_weights(m, lan_buf_str(&weights), NULL), LAN_OK);
  answer(m, "Cà phê.md", &again);
  assert_string_equal(after.data, again.data);
  assert_int_equal(handed_weights(m, LAN_STR("no weights"), NULL), LAN_EFORMAT);
  lan_buf_free(&before);
  lan_buf_free(&after);
  lan_buf_free(&again);
  lan_buf_free(&weights);
  handed_free(m);
}

/* Where all was forgotten, learning does not go on from it. */
static void what_is_forgotten_is_not_learnt_from(void **state) {
  (void)state;
  handed_notes h = handed_notes_new();
  lan_memory *m = open_notes(&h, &NOTHING);
  lan_buf weights = {0};
  lan_str from = lan_str_of("Cà phê.md"), note = lan_str_of("Bạn bè.md");
  assert_int_equal(handed_learn(m, from, note, 1000, &weights, NULL), LAN_OK);
  handed_remember(m, 1);
  assert_int_equal(m->online.steps, 1);
  handed_remember(m, 0);
  assert_int_equal(m->online.steps, 0);
  lan_buf_free(&weights);
  handed_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(notes_are_asked),
      cmocka_unit_test(changed_notes_are_read_anew),
      cmocka_unit_test(what_touches_others_takes_an_index),
      cmocka_unit_test(what_the_application_remembers_counts),
      cmocka_unit_test(opens_are_learnt_from),
      cmocka_unit_test(what_is_forgotten_is_not_learnt_from),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
