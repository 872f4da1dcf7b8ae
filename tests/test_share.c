/* Several handles of one memory: they answer as it does, at the same time, and follow its changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/str.h"
#include "lantoa/memory.h"
#include "lib/scratch.h"

enum { NOTES = 80, HANDLES = 4 };

static const char *const WORDS[] = {"cà phê", "sữa",    "mưa",     "bạn bè", "neuron",
                                    "weight", "spread", "tea",     "rain",   "buổi sáng",
                                    "graph",  "memory", "bảo hiểm"};
enum { N_WORDS = sizeof WORDS / sizeof *WORDS };

static char vault[512], cache[512], data[512];
static int digits = 17; /* of scores: to the last bit */

static void write_note(unsigned number, uint64_t seed) {
  char path[1024], text[2000];
  size_t at = 0;
  snprintf(path, sizeof path, "%s/%s%u %s.md", vault, number % 3 ? "" : "sub/", number,
           WORDS[number % N_WORDS]);
  for (int i = 0; i < 30; i++) {
    uint64_t r = scratch_random(&seed);
    unsigned kind = (unsigned)(r >> 32) % 16, to = (unsigned)(r >> 8) % NOTES;
    char *end = text + at;
    size_t room = sizeof text - at;
    at += (size_t)(kind < 3    ? snprintf(end, room, "[[%u %s]] ", to, WORDS[to % N_WORDS])
                   : kind == 3 ? snprintf(end, room, "#tag%u ", to % 5)
                               : snprintf(end, room, "%s ", WORDS[r % N_WORDS]));
  }
  scratch_write(path, text, at);
}

static int set_up(void **state) {
  digits = 17;
  if (scratch_setup(state) != 0) return -1;
  snprintf(vault, sizeof vault, "%s/vault", (char *)*state);
  snprintf(cache, sizeof cache, "%s/cache", (char *)*state);
  snprintf(data, sizeof data, "%s/data", (char *)*state);
  if (mkdir(vault, 0700) != 0 || mkdir(scratch_path(state, "vault/sub"), 0700) != 0) return -1;
  for (unsigned i = 0; i < NOTES; i++) write_note(i, i + 1);
  return 0;
}

static lan_memory *open_memory(void) {
  lan_memory *m = NULL;
  lan_error err;
  lan_memory_options o = {.cache_dir = cache, .data_dir = data, .n_threads = 1};
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

static lan_memory *share(lan_memory *m) {
  lan_memory *h = NULL;
  lan_error err;
  if (lan_memory_share(m, &h, &err) != LAN_OK) fail_msg("%s", err.message);
  return h;
}

/* ---- answers as text ---- */

static void add_results(lan_memory *m, const lan_result *r, size_t n, lan_buf *out) {
  const lan_why *why;
  for (size_t i = 0; i < n; i++) {
    if (lan_memory_why(m, i, &why, NULL) != LAN_OK) lan_buf_add_str(out, "failed");
    lan_buf_printf(out, " %s %.*g %s", lan_memory_note(m, r[i].note).path, digits, r[i].score,
                   why->reason);
    for (size_t k = 0; k < why->n_sentences; k++)
      lan_buf_printf(out, " %s", why->sentences[k].text);
  }
  lan_buf_add_str(out, "\n");
}

static void add_answers(lan_memory *m, lan_buf *out) {
  const lan_result *r;
  size_t n;
  for (uint32_t note = 0; note < lan_memory_size(m); note++) {
    if (lan_memory_related(m, note, NULL, &r, &n, NULL) != LAN_OK) lan_buf_add_str(out, "failed");
    add_results(m, r, n, out);
  }
  for (size_t i = 0; i < N_WORDS; i++) {
    if (lan_memory_recall(m, WORDS[i], NULL, &r, &n, NULL) != LAN_OK)
      lan_buf_add_str(out, "failed");
    add_results(m, r, n, out);
    lan_label label = {WORDS[i], 0.7f};
    if (lan_memory_recall_labels(m, &label, 1, NULL, &r, &n, NULL) != LAN_OK) {
      lan_buf_add_str(out, "failed");
    }
    add_results(m, r, n, out);
  }
}

typedef struct asking {
  lan_memory *handle;
  lan_buf answers;
  lan_status followed;
} asking;

static void *ask(void *ctx) {
  asking *a = ctx;
  a->followed = lan_memory_follow(a->handle, NULL);
  add_answers(a->handle, &a->answers);
  return NULL;
}

/* All handles at once, and then the memory. */
static void all_answer_alike(lan_memory *m, lan_memory *const handles[HANDLES]) {
  asking asked[HANDLES] = {{0}};
  pthread_t threads[HANDLES];
  lan_buf own = {0};
  for (size_t i = 0; i < HANDLES; i++) {
    asked[i].handle = handles[i];
    assert_int_equal(pthread_create(&threads[i], NULL, ask, &asked[i]), 0);
  }
  for (size_t i = 0; i < HANDLES; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  add_answers(m, &own);
  assert_null(strstr(own.data, "failed"));
  assert_true(own.len > 10000);
  for (size_t i = 0; i < HANDLES; i++) {
    assert_int_equal(asked[i].followed, LAN_OK);
    assert_string_equal(asked[i].answers.data, own.data);
    lan_buf_free(&asked[i].answers);
  }
  lan_buf_free(&own);
}

static void open_all(lan_memory **m, lan_memory *handles[HANDLES]) {
  *m = open_memory();
  for (size_t i = 0; i < HANDLES; i++) handles[i] = share(i % 2 ? handles[0] : *m);
}

static void close_all(lan_memory *m, lan_memory *handles[HANDLES]) {
  for (size_t i = 0; i < HANDLES; i++) lan_memory_close(handles[i]);
  lan_memory_close(m);
}

/* ---- tests ---- */

static void handles_answer_as_the_memory(void **state) {
  lan_memory *m, *handles[HANDLES];
  (void)state;
  open_all(&m, handles);
  all_answer_alike(m, handles);
  all_answer_alike(m, handles); /* warm */
  close_all(m, handles);
}

static void handles_follow_changes_of_notes(void **state) {
  lan_memory *m, *handles[HANDLES];
  size_t changed = 0;
  (void)state;
  open_all(&m, handles);
  all_answer_alike(m, handles);
  for (unsigned round = 0; round < 3; round++) { /* laid over the index that there is */
    for (unsigned i = round; i < 8; i++) write_note(i, 1000 + 10 * round + i);
    assert_int_equal(lan_memory_refresh(m, &changed, NULL), LAN_OK);
    assert_int_equal(changed, 8 - round);
    all_answer_alike(m, handles);
  }
  for (unsigned i = 0; i < 10; i++) write_note(NOTES + i, i + 1); /* an index of its own */
  assert_int_equal(lan_memory_refresh(m, &changed, NULL), LAN_OK);
  assert_int_equal(lan_memory_size(handles[0]), NOTES);
  all_answer_alike(m, handles);
  assert_int_equal(lan_memory_size(handles[0]), NOTES + 10);
  close_all(m, handles);
}

static void handles_follow_what_is_taught(void **state) {
  lan_memory *m, *handles[HANDLES];
  const lan_result *r;
  size_t n;
  (void)state;
  digits = 6; /* what was opened weighs less from moment to moment */
  open_all(&m, handles);
  for (uint32_t note = 0; note < 21; note += 7) {
    assert_int_equal(lan_memory_opened(m, note, 40 - note, 1000000 + note, NULL), LAN_OK);
    all_answer_alike(m, handles);
  }
  assert_int_equal(lan_memory_related(m, 3, NULL, &r, &n, NULL), LAN_OK);
  uint32_t first = r[0].note;
  assert_int_equal(lan_memory_feedback(m, 3, first, LAN_VERDICT_HIDDEN, NULL, NULL), LAN_OK);
  all_answer_alike(m, handles);
  assert_int_equal(lan_memory_related(handles[1], 3, NULL, &r, &n, NULL), LAN_OK);
  assert_int_not_equal(r[0].note, first);
  assert_int_equal(lan_memory_forget(m, NULL, NULL, NULL), LAN_OK);
  all_answer_alike(m, handles);
  close_all(m, handles);
}

static int count_events(void *ctx, const lan_event *e) {
  (void)e;
  ++*(int *)ctx;
  return 0;
}

static void handles_tell_what_there_is(void **state) {
  lan_memory *m = open_memory(), *h = share(m);
  uint32_t note, found[3];
  size_t n = 0;
  int events = 0;
  (void)state;
  assert_int_equal(lan_memory_opened(m, UINT32_MAX, 5, 0, NULL), LAN_OK);
  assert_int_equal(lan_memory_follow(h, NULL), LAN_OK);
  lan_memory_report a = lan_memory_describe(m), b = lan_memory_describe(h);
  assert_string_equal(a.vault, b.vault);
  assert_string_equal(a.data_file, b.data_file);
  assert_int_equal(a.notes, b.notes);
  assert_int_equal(a.links, b.links);
  assert_int_equal(b.opens, 1);
  assert_int_equal(lan_memory_history(h, NULL, 0, count_events, &events, NULL), LAN_OK);
  assert_int_equal(events, 1);
  assert_int_equal(lan_memory_find(h, "4 neuron", &note, NULL), LAN_OK);
  assert_int_equal(lan_memory_search(h, "neur", 3, found, &n, NULL), LAN_OK);
  assert_int_equal(n, 3);
  lan_memory_close(h);
  lan_memory_close(m);
}

static void handles_change_nothing(void **state) {
  lan_memory *m = open_memory(), *h = share(m);
  lan_error err;
  lan_label label = {"tea", 0.9f};
  int fd;
  (void)state;
  assert_int_equal(lan_memory_refresh(h, NULL, &err), LAN_EINVAL);
  assert_non_null(strstr(err.message, "lan_memory_share"));
  assert_int_equal(lan_memory_watch(h, &fd, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_opened(h, 1, 2, 0, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_feedback(h, 1, 2, LAN_VERDICT_GOOD, NULL, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_forget(h, NULL, NULL, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_import(h, "", 0, NULL, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_learn(h, NULL, NULL, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_label_picture(h, "x.png", "m", &label, 1, NULL), LAN_EINVAL);
  assert_int_equal(lan_memory_describe(m).opens, 0);
  assert_int_equal(lan_memory_follow(m, NULL), LAN_OK); /* a memory itself has nothing to follow */
  lan_memory_close(h);
  lan_memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(handles_answer_as_the_memory, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(handles_follow_changes_of_notes, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(handles_follow_what_is_taught, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(handles_tell_what_there_is, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(handles_change_nothing, set_up, scratch_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
