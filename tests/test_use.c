/* What is done with the memory: opens and feedback are kept, told, forgotten, taken elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/str.h"
#include "lantoa/memory.h"
#include "lib/scratch.h"

static char vault[512], cache[512], data[512];

static void write_note(const char *name, const char *text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", vault, name);
  scratch_write(path, text, strlen(text));
}

static int set_up(void **state) {
  if (scratch_setup(state) != 0) return -1;
  const char *folder = *state;
  snprintf(vault, sizeof vault, "%s/vault", folder);
  snprintf(cache, sizeof cache, "%s/cache", folder);
  snprintf(data, sizeof data, "%s/data", folder);
  if (mkdir(vault, 0700) != 0 || mkdir(scratch_path(state, "vault/sub"), 0700) != 0) return -1;
  write_note("a.md", "To [[b]].");
  write_note("b.md", "Beta.");
  write_note("c.md", "Gamma.");
  write_note("sub/d.canvas", "{}");
  return 0;
}

static lan_memory *open_in(const char *data_dir, int bare) {
  lan_memory *m = NULL;
  lan_error err;
  lan_memory_options o = {
      .cache_dir = cache, .data_dir = data_dir, .n_threads = 1, .bare = bare, .source = "test"};
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

/* ---- history as text ---- */

static char told[1000];

static int tell(void *ctx, const lan_event *e) {
  char line[200];
  (void)ctx;
  if (e->kind == LAN_EVENT_OPENED) {
    snprintf(line, sizeof line, "%d %s<%s %s;", (int)e->unix_ms, e->note, e->other, e->source);
  } else {
    snprintf(line, sizeof line, "%s:%s %s;", e->note, e->other, lan_verdict_name(e->verdict));
  }
  strcat(told, line);
  return 0;
}

static void holds(lan_memory *m, const lan_span *span, size_t limit, const char *wanted) {
  told[0] = '\0';
  assert_int_equal(lan_memory_history(m, span, limit, tell, NULL, NULL), LAN_OK);
  assert_string_equal(told, wanted);
}

static uint32_t note_called(const lan_memory *m, const char *name) {
  uint32_t note = UINT32_MAX;
  assert_int_equal(lan_memory_find(m, name, &note, NULL), LAN_OK);
  return note;
}

/* ---- tests ---- */

static void opens_and_feedback_are_kept(void **state) {
  (void)state;
  lan_memory *m = open_in(data, 0);
  uint32_t a = note_called(m, "a"), b = note_called(m, "b"), d = note_called(m, "d");
  lan_error err;
  int changed = 9;
  assert_int_equal(lan_memory_opened(m, UINT32_MAX, a, 10, NULL), LAN_OK);
  assert_int_equal(lan_memory_opened(m, a, b, 20, NULL), LAN_OK);
  assert_int_equal(lan_memory_opened_path(m, "b.md", "sub/d.canvas", 30, NULL), LAN_OK);
  assert_int_equal(lan_memory_opened(m, a, 99, 0, &err), LAN_ERANGE);
  assert_int_equal(lan_memory_opened(m, 99, a, 0, &err), LAN_ERANGE);
  assert_int_equal(lan_memory_opened(m, a, b, -1, &err), LAN_ERANGE);
  assert_int_equal(lan_memory_opened(m, a, b, INT64_MAX, &err), LAN_ERANGE);
  assert_int_equal(lan_memory_describe(m).opens, 3);
  holds(m, NULL, 0, "30 sub/d.canvas<b.md test;20 b.md<a.md test;10 a.md< test;");
  assert_int_equal(lan_memory_feedback(m, a, d, LAN_VERDICT_NONE, &changed, NULL), LAN_OK);
  assert_int_equal(changed, 0);
  assert_int_equal(lan_memory_feedback(m, a, d, LAN_VERDICT_GOOD, &changed, NULL), LAN_OK);
  assert_int_equal(changed, 1);
  assert_int_equal(lan_memory_feedback(m, a, b, LAN_VERDICT_HIDDEN, NULL, NULL), LAN_OK);
  assert_int_equal(lan_memory_feedback(m, a, b, (lan_verdict)2, NULL, &err), LAN_EINVAL);
  assert_int_equal(lan_memory_feedback(m, a, 99, LAN_VERDICT_BAD, NULL, &err), LAN_ERANGE);
  assert_int_equal(lan_memory_describe(m).feedbacks, 1);
  assert_int_equal(lan_memory_describe(m).hidden, 1);
  lan_memory_close(m);
  m = open_in(data, 0);
  assert_int_equal(lan_memory_describe(m).opens, 3);
  holds(m, &(lan_span){.note = "a.md", .until_ms = 1000}, 0, "20 b.md<a.md test;10 a.md< test;");
  holds(m, &(lan_span){.since_ms = 20, .until_ms = 30}, 0, "20 b.md<a.md test;");
  holds(m, &(lan_span){.until_ms = 1000}, 1, "30 sub/d.canvas<b.md test;");
  assert_int_equal(lan_memory_feedback(m, a, b, LAN_VERDICT_NONE, &changed, NULL), LAN_OK);
  assert_int_equal(changed, 1);
  holds(m, NULL, 1, "a.md:sub/d.canvas good;"); /* what was taken back is not told */
  lan_memory_close(m);
}

static void bare_memories_know_paths(void **state) {
  static const char *const none[] = {"x.md",  "a",      "sub",           "",
                                     "/a.md", "./a.md", "sub//d.canvas", "sub/../a.md",
                                     "p.png", ".x/a.md"};
  lan_memory *m = open_in(data, 1);
  lan_error err;
  write_note("p.png", "no note");
  assert_int_equal(lan_memory_size(m), 0);
  assert_int_equal(lan_memory_opened_path(m, NULL, "a.md", 5, NULL), LAN_OK);
  for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
    assert_int_equal(lan_memory_opened_path(m, NULL, none[i], 5, &err), LAN_ENOTFOUND);
    assert_int_equal(lan_memory_opened_path(m, none[i], "a.md", 5, &err), LAN_ENOTFOUND);
  }
  holds(m, NULL, 0, "5 a.md< test;");
  const lan_result *r;
  size_t n = 9;
  assert_int_equal(lan_memory_recall(m, "beta", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 0);
  assert_int_equal(lan_memory_related(m, 0, NULL, &r, &n, NULL), LAN_ERANGE);
  assert_int_equal(access(scratch_path(state, "cache"), F_OK),
                   0);                                         /* its place, and nothing in it */
  assert_int_equal(lan_memory_refresh(m, NULL, NULL), LAN_OK); /* now it is a whole one */
  assert_int_equal(lan_memory_size(m), 4);
  assert_int_equal(lan_memory_related(m, note_called(m, "a"), NULL, &r, &n, NULL), LAN_OK);
  assert_true(n > 0);
  assert_int_equal(lan_memory_refresh(m, NULL, NULL), LAN_OK);
  lan_memory_close(m);
}

static void what_is_forgotten_is_not_told(void **state) {
  (void)state;
  lan_memory *m = open_in(data, 1);
  size_t n;
  for (int i = 1; i <= 3; i++) {
    assert_int_equal(lan_memory_opened_path(m, "b.md", "a.md", 10 * i, NULL), LAN_OK);
  }
  assert_int_equal(lan_memory_forget(m, &(lan_span){.since_ms = 30}, &n, NULL), LAN_OK);
  assert_int_equal(n, 1);
  assert_int_equal(lan_memory_forget(m, &(lan_span){.note = "b.md", .until_ms = 20}, &n, NULL),
                   LAN_OK);
  assert_int_equal(n, 1);
  holds(m, NULL, 0, "20 a.md<b.md test;10 a.md< test;");
  assert_int_equal(lan_memory_forget(m, NULL, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  assert_int_equal(lan_memory_describe(m).opens, 0);
  holds(m, NULL, 0, "");
  lan_memory_close(m);
}

/* ---- export and import ---- */

static int gather(void *ctx, const char *line, size_t len) {
  assert_int_equal(line[len - 1], '\n');
  lan_buf_add(ctx, line, len);
  return 0;
}

static lan_buf export_of(lan_memory *m) {
  lan_buf b = {0};
  assert_int_equal(lan_memory_export(m, gather, &b, NULL), LAN_OK);
  return b;
}

static int stop(void *ctx, const char *line, size_t len) {
  (void)line, (void)len;
  return --*(int *)ctx == 0;
}

static void a_memory_goes_elsewhere(void **state) {
  lan_memory *m = open_in(data, 0), *other = open_in(scratch_path(state, "other"), 1);
  lan_import done;
  write_note("q\"\\\x01\xff.md", "odd");
  assert_int_equal(lan_memory_opened_path(m, "a.md", "q\"\\\x01\xff.md", 10, NULL), LAN_OK);
  assert_int_equal(lan_memory_opened_path(m, NULL, "b.md", 20, NULL), LAN_OK);
  uint32_t a = note_called(m, "a"), b = note_called(m, "b");
  assert_int_equal(lan_memory_feedback(m, a, b, LAN_VERDICT_BAD, NULL, NULL), LAN_OK);
  assert_int_equal(lan_memory_feedback(m, b, a, LAN_VERDICT_GOOD, NULL, NULL), LAN_OK);
  assert_int_equal(lan_memory_feedback(m, b, a, LAN_VERDICT_NONE, NULL, NULL), LAN_OK);
  lan_buf first = export_of(m);
  assert_non_null(strstr(first.data,
                         "{\"type\":\"lantoa-memory\",\"version\":1}\n"
                         "{\"type\":\"opened\",\"at_ms\":10,\"note\":\"q\\\"\\\\\\u0001"
                         "\xef\xbf\xbd.md\",\"note_bytes_hex\":\"71225c01ff2e6d64\","
                         "\"from\":\"a.md\",\"source\":\"test\"}\n"));
  assert_int_equal(lan_memory_opened_path(other, NULL, "c.md", 15, NULL), LAN_OK);
  for (int again = 0; again < 2; again++) {
    assert_int_equal(lan_memory_import(other, first.data, first.len, &done, NULL), LAN_OK);
    assert_int_equal(done.opens, again ? 0 : 2);
    assert_int_equal(done.feedbacks, again ? 0 : 2);
    assert_int_equal(done.known, again ? 4 : 0);
    holds(other, &(lan_span){.until_ms = 1000}, 0,
          "20 b.md< test;15 c.md< test;10 q\"\\\x01\xff.md<a.md test;");
    assert_int_equal(lan_memory_describe(other).opens, 3);
    assert_int_equal(lan_memory_describe(other).feedbacks, 1);
  }
  lan_buf second = export_of(other); /* and back: both hold the same */
  assert_int_equal(lan_memory_import(m, second.data, second.len, &done, NULL), LAN_OK);
  assert_int_equal(done.opens, 1);
  lan_buf third = export_of(m);
  assert_true(lan_str_equal(lan_buf_str(&second), lan_buf_str(&third)));
  int left = 2;
  assert_int_equal(lan_memory_export(m, stop, &left, NULL), LAN_ECANCELED);
  lan_buf_free(&first);
  lan_buf_free(&second);
  lan_buf_free(&third);
  lan_memory_close(m);
  lan_memory_close(other);
}

static void weights_go_along(void **state) {
  lan_memory *m = open_in(data, 1), *other = open_in(scratch_path(state, "other"), 1);
  static const char line[] =
      "{\"type\":\"weights\",\"name\":\"scoring\",\"at_ms\":5,\"data\":\"AAECA/8=\"}\n";
  lan_import done;
  assert_int_equal(lan_memory_import(m, line, sizeof line - 1, &done, NULL), LAN_OK);
  assert_int_equal(done.weights, 1);
  lan_buf b = export_of(m);
  assert_non_null(strstr(b.data, line));
  assert_int_equal(lan_memory_import(other, b.data, b.len, &done, NULL), LAN_OK);
  assert_int_equal(done.weights, 1);
  assert_int_equal(lan_memory_import(other, b.data, b.len, &done, NULL), LAN_OK);
  assert_int_equal(done.weights, 0);
  lan_buf_free(&b);
  lan_memory_close(m);
  lan_memory_close(other);
}

static void wrong_lines_are_named(void **state) {
  (void)state;
  static const struct {
    const char *line, *says;
  } cases[] = {
      {"{\"type\":\"opened\"", "no JSON"},
      {"[1]", "no JSON object"},
      {"nothing", "no JSON"},
      {"{\"at_ms\":1}", "it has no \"type\""},
      {"{\"type\":\"closed\"}", "knows no type \"closed\""},
      {"{\"type\":\"lantoa-memory\",\"version\":2}", "another version"},
      {"{\"type\":\"opened\",\"note\":\"a\"}", "\"at_ms\""},
      {"{\"type\":\"opened\",\"at_ms\":1.5,\"note\":\"a\"}", "\"at_ms\""},
      {"{\"type\":\"opened\",\"at_ms\":-1,\"note\":\"a\"}", "\"at_ms\""},
      {"{\"type\":\"opened\",\"at_ms\":99999999999999999,\"note\":\"a\"}", "\"at_ms\""},
      {"{\"type\":\"opened\",\"at_ms\":1}", "it has no \"note\""},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"\"}", "it has no \"note\""},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":5}", "no text: \"note\""},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a\\u0000b\"}", "no JSON"},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a\",\"note\":\"b\"}", "no JSON"},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"\xff\"}", "no JSON"},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a\",\"note_bytes_hex\":\"6\"}", "hexadecimal"},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a\",\"note_bytes_hex\":\"00\"}", "hexadecimal"},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a\",\"note_bytes_hex\":\"6g\"}", "hexadecimal"},
      {"{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a\",\"source\":[]}", "\"source\""},
      {"{\"type\":\"feedback\",\"at_ms\":1,\"note\":\"a\",\"verdict\":\"good\"}", "\"related\""},
      {"{\"type\":\"feedback\",\"at_ms\":1,\"note\":\"a\",\"related\":\"b\"}", "\"verdict\""},
      {"{\"type\":\"feedback\",\"at_ms\":1,\"note\":\"a\",\"related\":\"b\",\"verdict\":\"x\"}",
       "\"verdict\""},
      {"{\"type\":\"weights\",\"at_ms\":1,\"data\":\"\"}", "\"name\""},
      {"{\"type\":\"weights\",\"name\":\"w\",\"at_ms\":1,\"data\":\"A\"}", "base64"},
  };
  lan_memory *m = open_in(data, 1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lan_buf b = {0};
    lan_error err;
    lan_buf_add_str(&b, "{\"type\":\"opened\",\"at_ms\":1,\"note\":\"a.md\",\"new\":[{}]}\r\n\n");
    lan_buf_add_str(&b, cases[i].line);
    assert_int_equal(lan_memory_import(m, b.data, b.len, NULL, &err), LAN_EFORMAT);
    if (!strstr(err.message, cases[i].says) || !strstr(err.message, "line 3: ") ||
        !strstr(err.message, "nothing was imported")) {
      fail_msg("%s: %s", cases[i].line, err.message);
    }
    holds(m, NULL, 0, "");
    lan_buf_free(&b);
  }
  assert_int_equal(lan_memory_import(m, "", 0, NULL, NULL), LAN_OK);
  lan_memory_close(m);
}

static void base64_as_in_its_rfc(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"", ""},
                                         {"f", "Zg=="},
                                         {"fo", "Zm8="},
                                         {"foo", "Zm9v"},
                                         {"foob", "Zm9vYg=="},
                                         {"fooba", "Zm9vYmE="},
                                         {"foobar", "Zm9vYmFy"}};
  static const char *const wrong[] = {
      "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9"};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    lan_buf text = {0}, bytes = {0};
    base64_encode(lan_str_of(pairs[i][0]), &text);
    assert_true(lan_str_equal(lan_buf_str(&text), lan_str_of(pairs[i][1])));
    assert_true(base64_decode(lan_str_of(pairs[i][1]), &bytes));
    assert_true(lan_str_equal(lan_buf_str(&bytes), lan_str_of(pairs[i][0])));
    lan_buf_free(&text);
    lan_buf_free(&bytes);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    lan_buf bytes = {0};
    assert_false(base64_decode(lan_str_of(wrong[i]), &bytes));
    lan_buf_free(&bytes);
  }
}

static void a_damaged_memory_is_told_and_left_alone(void **state) {
  lan_memory *m = open_in(data, 0); /* a bare one would leave its log beside the file */
  assert_int_equal(lan_memory_opened_path(m, NULL, "a.md", 5, NULL), LAN_OK);
  char path[1024];
  snprintf(path, sizeof path, "%s", lan_memory_describe(m).data_file);
  lan_memory_close(m);
  size_t len, len_after;
  unsigned char *whole = scratch_read(path, &len), *hurt = malloc(len);
  memcpy(hurt, whole, len);
  memset(hurt + 4096, 0x5a, 4096);
  scratch_write(path, hurt, len);
  lan_memory_options o = {.cache_dir = cache, .data_dir = data, .n_threads = 1};
  lan_error err;
  for (int bare = 0; bare < 2; bare++) {
    o.bare = bare;
    lan_status s = lan_memory_open(vault, &o, &m, &err);
    if (s == LAN_OK) {
      s = lan_memory_opened_path(m, NULL, "a.md", 6, &err);
      lan_memory_close(m);
    }
    assert_int_equal(s, LAN_ECORRUPT);
    assert_non_null(strstr(err.message, "lantoa import"));
    assert_non_null(strstr(err.message, path));
    unsigned char *after = scratch_read(path, &len_after);
    assert_int_equal(len, len_after);
    assert_memory_equal(hurt, after, len);
    free(after);
  }
  free(whole);
  free(hurt);
  (void)state;
}

/* ---- what use does to the ranking ---- */

static int set_up_ranking(void **state) {
  char name[32], text[128];
  if (set_up(state) != 0) return -1;
  for (int i = 0; i < 12; i++) {
    snprintf(name, sizeof name, "note %c.md", 'A' + i);
    snprintf(text, sizeof text, "One of the notes on %s. [[note A]] and [[note B]].",
             i % 2 ? "tea" : "rain");
    write_note(name, text);
  }
  return 0;
}

static size_t ask(lan_memory *m, uint32_t cue, const lan_result **r) {
  size_t n = 0;
  lan_query q = {.limit = 50};
  lan_error err;
  if (lan_memory_related(m, cue, &q, r, &n, &err) != LAN_OK) fail_msg("%s", err.message);
  return n;
}

/* From 1; 0: it is not there. */
static size_t rank_for(lan_memory *m, uint32_t cue, uint32_t note, double *use) {
  const lan_result *r;
  size_t n = ask(m, cue, &r);
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t s = 0; s < LAN_SIGNALS; s++) sum += (double)r[i].signals[s];
    assert_true(sum - r[i].score < 1e-4 && r[i].score - sum < 1e-4);
    if (r[i].note != note) continue;
    if (use) *use = (double)r[i].signals[LAN_SIGNAL_USE];
    return i + 1;
  }
  return 0;
}

static void what_was_opened_after_a_note_comes_up(void **state) {
  (void)state;
  lan_memory *m = open_in(data, 0);
  uint32_t cue = note_called(m, "note C"), far = note_called(m, "c"),
           other = note_called(m, "note L");
  const int64_t day = 86400000;
  double use = 9;
  size_t before = rank_for(m, cue, other, &use), fresh = rank_for(m, cue, far, NULL);
  assert_true(before > 1 && use == 0);
  const int64_t lately = (int64_t)time(NULL) * 1000 - 60000;
  for (int i = 0; i < 5; i++) {
    assert_int_equal(lan_memory_opened(m, cue, other, lately + i, NULL), LAN_OK);
  }
  assert_true(rank_for(m, cue, other, &use) < before && use > 0);
  /* What is only near by in the vault comes up too, with its reason. */
  size_t far_before = rank_for(m, cue, far, NULL);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(lan_memory_opened(m, cue, far, lately + 9 + i, NULL), LAN_OK);
  }
  size_t rank = rank_for(m, cue, far, &use);
  const char *reason = NULL;
  assert_true(rank > 0 && (far_before == 0 || rank < far_before) && use > 0);
  assert_int_equal(lan_memory_reason(m, rank - 1, &reason, NULL), LAN_OK);
  assert_string_equal(reason, "opened from note C before");
  lan_memory_close(m);
  m = open_in(data, 0); /* it is in memory.db */
  assert_int_equal(rank_for(m, cue, far, NULL), rank);
  /* What is old says less than what is new. */
  assert_int_equal(lan_memory_forget(m, NULL, NULL, NULL), LAN_OK);
  assert_int_equal(rank_for(m, cue, far, NULL), fresh);
  int64_t now = 20000 * day;
  double old_use, new_use;
  assert_int_equal(lan_memory_opened(m, cue, far, now - 400 * day, NULL), LAN_OK);
  assert_int_equal(lan_memory_opened(m, cue, other, now - 1 * day, NULL), LAN_OK);
  (void)rank_for(m, cue, far, &old_use);
  (void)rank_for(m, cue, other, &new_use);
  assert_true(old_use > 0 && new_use > old_use);
  lan_memory_close(m);
}

static double use_at(lan_memory *m, uint32_t cue, uint32_t note, int64_t at_ms) {
  const lan_result *r;
  size_t n;
  lan_query q = {.limit = 50, .at_ms = at_ms};
  assert_int_equal(lan_memory_related(m, cue, &q, &r, &n, NULL), LAN_OK);
  for (size_t i = 0; i < n; i++) {
    if (r[i].note == note) return (double)r[i].signals[LAN_SIGNAL_USE];
  }
  fail_msg("it is not there");
  return 0;
}

static void later_opens_change_nothing_about_then(void **state) {
  (void)state;
  lan_memory *m = open_in(data, 0);
  uint32_t cue = note_called(m, "note C"), alike = note_called(m, "note E"),
           note = note_called(m, "note L");
  const int64_t then = 1000000;
  lan_buf later = {0};
  assert_int_equal(lan_memory_opened(m, alike, note, then, NULL), LAN_OK);
  double use = use_at(m, cue, note, then + 1);
  assert_true(use > 0);
  lan_buf_add_str(&later, "{\"type\":\"lantoa-memory\",\"version\":1}\n");
  for (int i = 0; i < 300; i++) {
    lan_buf_printf(&later,
                   "{\"type\":\"opened\",\"at_ms\":%d,\"note\":\"note D.md\",\"from\":\"note "
                   "E.md\",\"source\":\"\"}\n",
                   (int)then + 100 + i);
  }
  assert_false(later.failed);
  assert_int_equal(lan_memory_import(m, later.data, later.len, NULL, NULL), LAN_OK);
  assert_true(use_at(m, cue, note, then + 1) == use);
  lan_buf_free(&later);
  lan_memory_close(m);
}

static void verdicts_move_results(void **state) {
  (void)state;
  lan_memory *m = open_in(data, 0);
  uint32_t cue = note_called(m, "note C"), note = note_called(m, "note L");
  double use;
  size_t before = rank_for(m, cue, note, NULL);
  assert_int_equal(lan_memory_feedback(m, cue, note, LAN_VERDICT_GOOD, NULL, NULL), LAN_OK);
  assert_true(rank_for(m, cue, note, &use) < before && use > 0);
  assert_int_equal(lan_memory_feedback(m, cue, note, LAN_VERDICT_BAD, NULL, NULL), LAN_OK);
  size_t bad = rank_for(m, cue, note, &use);
  assert_true(bad == 0 || (bad > before && use < 0));
  assert_int_equal(lan_memory_feedback(m, cue, note, LAN_VERDICT_HIDDEN, NULL, NULL), LAN_OK);
  assert_int_equal(rank_for(m, cue, note, NULL), 0);
  assert_true(rank_for(m, note_called(m, "note D"), note, NULL) > 0); /* hidden for one note only */
  lan_memory_close(m);
  m = open_in(data, 0);
  assert_int_equal(rank_for(m, cue, note, NULL), 0);
  assert_int_equal(lan_memory_feedback(m, cue, note, LAN_VERDICT_NONE, NULL, NULL), LAN_OK);
  assert_int_equal(rank_for(m, cue, note, NULL), before);
  lan_memory_close(m);
}

/* One goes on from a note to the same other one, time and again: learning finds that it is this that counts. */
static void opens_are_learnt_from(void **state) {
  (void)state;
  char from[32], to[32];
  lan_memory *m = open_in(data, 0);
  lan_learn_report r;
  lan_error err;
  for (int i = 0; i < 300; i++) {
    snprintf(from, sizeof from, "note %c", 'C' + i % 10);
    snprintf(to, sizeof to, "note %c", 'C' + (i + 3) % 10);
    assert_int_equal(
        lan_memory_opened(m, note_called(m, from), note_called(m, to), 1000000 + i, NULL), LAN_OK);
  }
  if (lan_memory_learn(m, NULL, &r, &err) != LAN_OK) fail_msg("%s", err.message);
  assert_int_equal(r.opens, 300);
  assert_true(r.mrr_after >= r.mrr_before);
  for (int i = 0; i < 10; i++) {
    snprintf(from, sizeof from, "note %c", 'C' + i);
    snprintf(to, sizeof to, "note %c", 'C' + (i + 3) % 10);
    assert_in_range(rank_for(m, note_called(m, from), note_called(m, to), NULL), 1, 2);
  }
  lan_memory_close(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(opens_and_feedback_are_kept),
      TEST(bare_memories_know_paths),
      TEST(what_is_forgotten_is_not_told),
      TEST(a_memory_goes_elsewhere),
      TEST(weights_go_along),
      TEST(wrong_lines_are_named),
      TEST(base64_as_in_its_rfc),
      TEST(a_damaged_memory_is_told_and_left_alone),
      cmocka_unit_test_setup_teardown(what_was_opened_after_a_note_comes_up, set_up_ranking,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(later_opens_change_nothing_about_then, set_up_ranking,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(verdicts_move_results, set_up_ranking, scratch_teardown),
      cmocka_unit_test_setup_teardown(opens_are_learnt_from, set_up_ranking, scratch_teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
