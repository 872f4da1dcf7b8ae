/* What is in memory.db: events come back as they were told, once; what is forgotten is gone. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "lib/scratch.h"
#include "store/memory_db.h"

static memory_db *open_db(void **state) {
  memory_db *db = NULL;
  lan_error err;
  if (memory_db_open(scratch_path(state, "memory.db"), &db, &err) != LAN_OK) {
    fail_msg("%s", err.message);
  }
  return db;
}

static memory_event opened(int64_t at_ms, const char *note, const char *from) {
  return (memory_event){MEMORY_OPENED,    at_ms,           lan_str_of(note),
                        lan_str_of(from), LAN_STR("test"), 0};
}

static memory_event said(int64_t at_ms, const char *note, const char *related, int verdict) {
  return (memory_event){MEMORY_VERDICT,      at_ms,   lan_str_of(note),
                        lan_str_of(related), {"", 0}, verdict};
}

static void add(memory_db *db, int64_t at_ms, const char *note, const char *from) {
  memory_event e = opened(at_ms, note, from);
  assert_int_equal(memory_db_add_open(db, &e, NULL), LAN_OK);
}

static bool say(memory_db *db, int64_t at_ms, const char *note, const char *related, int verdict) {
  memory_event e = said(at_ms, note, related, verdict);
  bool changed = false;
  assert_int_equal(memory_db_set_verdict(db, &e, &changed, NULL), LAN_OK);
  return changed;
}

static bool merge(memory_db *db, memory_event e) {
  bool added = false;
  assert_int_equal(memory_db_merge(db, &e, &added, NULL), LAN_OK);
  return added;
}

/* ---- events as text: "5 a<b", "6 a:b=-1" ---- */

typedef struct listing {
  char text[512];
  size_t n, most;
} listing;

static bool list(void *ctx, const memory_event *e) {
  listing *l = ctx;
  char line[100];
  if (e->kind == MEMORY_OPENED) {
    assert_true(lan_str_equal(e->source, LAN_STR("test")));
    snprintf(line, sizeof line, "%d %.*s<%.*s", (int)e->at_ms, (int)e->note.len, e->note.ptr,
             (int)e->other.len, e->other.ptr);
  } else {
    snprintf(line, sizeof line, "%d %.*s:%.*s=%d", (int)e->at_ms, (int)e->note.len, e->note.ptr,
             (int)e->other.len, e->other.ptr, e->verdict);
  }
  if (l->n++) strcat(l->text, ", ");
  strcat(l->text, line);
  return l->n != l->most;
}

static void holds_in(memory_db *db, int kinds, memory_span span, memory_sequence sequence,
                     uint64_t most, const char *wanted) {
  listing l = {"", 0, 0};
  assert_int_equal(memory_db_each(db, kinds, &span, sequence, most, list, &l, NULL), LAN_OK);
  assert_string_equal(l.text, wanted);
}

static void holds(memory_db *db, const char *wanted) {
  holds_in(db, MEMORY_OPENED | MEMORY_VERDICT, MEMORY_EVER, MEMORY_OLDEST_FIRST, 0, wanted);
}

static memory_span span(const char *note, int64_t since, int64_t until) {
  return (memory_span){note ? lan_str_of(note) : (lan_str){NULL, 0}, since, until};
}

/* ---- tests ---- */

static void opens_are_kept_in_order(void **state) {
  memory_db *db = open_db(state);
  add(db, 10, "a", "");
  add(db, 30, "b", "a");
  add(db, 20, "c", "b"); /* a clock that went back */
  add(db, 30, "b", "a"); /* the same millisecond */
  memory_db_close(db);
  db = open_db(state);
  holds(db, "10 a<, 20 c<b, 30 b<a, 31 b<a");
  enum { BOTH = MEMORY_OPENED | MEMORY_VERDICT };
  assert_true(say(db, 25, "a", "c", VERDICT_GOOD));
  holds_in(db, BOTH, MEMORY_EVER, MEMORY_NEWEST_FIRST, 3, "31 b<a, 30 b<a, 25 a:c=1");
  holds_in(db, MEMORY_OPENED, MEMORY_EVER, MEMORY_NEWEST_FIRST, 1, "31 b<a");
  holds_in(db, MEMORY_VERDICT, MEMORY_EVER, MEMORY_NEWEST_FIRST, 0, "25 a:c=1");
  holds_in(db, BOTH, span("c", INT64_MIN, INT64_MAX), MEMORY_OLDEST_FIRST, 0, "20 c<b, 25 a:c=1");
  holds_in(db, BOTH, span(NULL, 20, 30), MEMORY_OLDEST_FIRST, 0, "20 c<b, 25 a:c=1");
  holds_in(db, BOTH, span("", 0, 15), MEMORY_OLDEST_FIRST, 0, "10 a<"); /* from nowhere */
  listing first = {"", 0, 1};
  memory_span ever = MEMORY_EVER;
  assert_int_equal(memory_db_each(db, BOTH, &ever, MEMORY_OLDEST_FIRST, 0, list, &first, NULL),
                   LAN_OK);
  assert_string_equal(first.text, "10 a<"); /* stopped */
  memory_db_counts c;
  assert_int_equal(memory_db_count(db, &c, NULL), LAN_OK);
  assert_int_equal(c.opens, 4);
  assert_int_equal(c.feedbacks, 1);
  memory_db_close(db);
}

static void paths_are_bytes(void **state) {
  memory_db *db = open_db(state);
  static const char odd[] = "t\xffhư mục/\xc3(.md";
  memory_event e = opened(5, odd, "");
  assert_int_equal(memory_db_add_open(db, &e, NULL), LAN_OK);
  holds_in(db, MEMORY_OPENED, span(odd, 0, 9), MEMORY_OLDEST_FIRST, 0, "5 t\xffhư mục/\xc3(.md<");
  memory_db_close(db);
}

static void the_last_word_counts(void **state) {
  memory_db *db = open_db(state);
  assert_false(say(db, 5, "a", "b", VERDICT_NONE)); /* nothing to take back */
  holds(db, "");
  assert_true(say(db, 10, "a", "b", VERDICT_GOOD));
  assert_true(say(db, 20, "a", "b", VERDICT_BAD));
  assert_true(say(db, 15, "a", "b", VERDICT_HIDDEN)); /* a clock that went back */
  holds(db, "21 a:b=-2");
  memory_db_counts c;
  assert_int_equal(memory_db_count(db, &c, NULL), LAN_OK);
  assert_int_equal(c.hidden, 1);
  assert_int_equal(c.feedbacks, 0);
  assert_true(say(db, 30, "a", "b", VERDICT_NONE));
  assert_true(say(db, 30, "b", "a", VERDICT_GOOD)); /* the other way round is another pair */
  holds(db, "30 a:b=0, 30 b:a=1");
  memory_db_close(db);
}

static void merging_counts_once(void **state) {
  memory_db *db = open_db(state);
  add(db, 10, "a", "");
  assert_false(merge(db, opened(10, "a", "")));
  assert_true(merge(db, opened(10, "a", "b")));
  assert_true(merge(db, opened(11, "a", "")));
  assert_false(merge(db, opened(11, "a", "")));
  assert_true(merge(db, said(20, "a", "b", VERDICT_BAD)));
  assert_false(merge(db, said(20, "a", "b", VERDICT_BAD)));
  assert_false(merge(db, said(19, "a", "b", VERDICT_HIDDEN)));
  assert_false(merge(db, said(20, "a", "b", VERDICT_GOOD))); /* equally old: the lower one */
  assert_true(merge(db, said(20, "a", "b", VERDICT_HIDDEN)));
  assert_true(merge(db, said(21, "a", "b", VERDICT_GOOD)));
  holds(db, "10 a<, 10 a<b, 11 a<, 21 a:b=1");
  memory_db_close(db);
}

static void changes_together_or_not_at_all(void **state) {
  memory_db *db = open_db(state);
  assert_int_equal(memory_db_begin(db, NULL), LAN_OK);
  add(db, 1, "a", "");
  assert_int_equal(memory_db_end(db, LAN_EFORMAT, NULL), LAN_EFORMAT);
  holds(db, "");
  assert_int_equal(memory_db_begin(db, NULL), LAN_OK);
  add(db, 1, "a", "");
  add(db, 2, "b", "");
  assert_int_equal(memory_db_end(db, LAN_OK, NULL), LAN_OK);
  holds(db, "1 a<, 2 b<");
  memory_db_close(db);
}

/* Whether the bytes stand anywhere in the folder's files. */
static bool on_disk(void **state, const char *wanted) {
  static const char *const names[] = {"memory.db", "memory.db-wal"};
  bool found = false;
  for (size_t i = 0; i < 2; i++) {
    const char *path = scratch_path(state, names[i]);
    if (access(path, F_OK) != 0) continue;
    size_t len;
    unsigned char *bytes = scratch_read(path, &len);
    found |= memmem(bytes, len, wanted, strlen(wanted)) != NULL;
    free(bytes);
  }
  return found;
}

static void what_is_forgotten_is_gone(void **state) {
  memory_db *db = open_db(state);
  memory_span s;
  uint64_t n = 0;
  add(db, 1, "secret note", "");
  add(db, 2, "b", "secret note");
  add(db, 3, "c", "b");
  say(db, 4, "b", "secret note", VERDICT_GOOD);
  say(db, 5, "b", "c", VERDICT_GOOD);
  assert_true(on_disk(state, "secret note"));
  s = span("secret note", 2, INT64_MAX);
  assert_int_equal(memory_db_forget(db, &s, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  holds(db, "1 secret note<, 2 b<, 3 c<b, 5 b:c=1");
  s = span("secret note", INT64_MIN, INT64_MAX);
  assert_int_equal(memory_db_forget(db, &s, &n, NULL), LAN_OK);
  assert_int_equal(n, 1);
  assert_false(on_disk(state, "secret note"));
  holds(db, "2 b<, 3 c<b, 5 b:c=1");
  assert_int_equal(memory_db_put_weights(db, "scoring", LAN_STR("learnt"), 7, NULL), LAN_OK);
  s = span(NULL, 3, 5);
  assert_int_equal(memory_db_forget(db, &s, &n, NULL), LAN_OK);
  assert_int_equal(n, 1);
  holds(db, "2 b<, 5 b:c=1");
  s = MEMORY_EVER;
  assert_int_equal(memory_db_forget(db, &s, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  holds(db, "");
  assert_false(on_disk(state, "learnt"));
  assert_int_equal(memory_db_forget(db, &s, &n, NULL), LAN_OK);
  assert_int_equal(n, 0);
  memory_db_close(db);
}

static void weights_and_settings(void **state) {
  memory_db *db = open_db(state);
  static char large[200000];
  lan_buf b = {0};
  lan_error err;
  int64_t at = 0;
  bool added;
  scratch_fill(large, sizeof large, 5);
  assert_int_equal(memory_db_get_weights(db, "scoring", &b, NULL, &err), LAN_ENOTFOUND);
  assert_int_equal(memory_db_put_weights(db, "scoring", LAN_STR("old"), 5, NULL), LAN_OK);
  assert_int_equal(memory_db_put_weights(db, "scoring", (lan_str){large, sizeof large}, 4, NULL),
                   LAN_OK);
  assert_int_equal(memory_db_get_weights(db, "scoring", &b, &at, NULL), LAN_OK);
  assert_int_equal(at, 4);
  assert_int_equal(b.len, sizeof large);
  assert_memory_equal(b.data, large, sizeof large);
  assert_int_equal(memory_db_merge_weights(db, "scoring", LAN_STR("x"), 4, &added, NULL), LAN_OK);
  assert_false(added);
  assert_int_equal(memory_db_merge_weights(db, "scoring", LAN_STR("x"), 6, &added, NULL), LAN_OK);
  assert_true(added);
  assert_int_equal(memory_db_merge_weights(db, "a", LAN_STR(""), 6, &added, NULL), LAN_OK);
  assert_true(added);
  lan_buf_clear(&b);
  assert_int_equal(memory_db_weight_names(db, &b, NULL), LAN_OK);
  assert_int_equal(b.len, 10);
  assert_memory_equal(b.data, "a\0scoring\0", 10);
  lan_buf_clear(&b);
  assert_int_equal(memory_db_get_weights(db, "scoring", &b, NULL, NULL), LAN_OK);
  assert_string_equal(b.data, "x");
  assert_int_equal(memory_db_drop_weights(db, "scoring", NULL), LAN_OK);
  assert_int_equal(memory_db_get_weights(db, "scoring", &b, NULL, NULL), LAN_ENOTFOUND);
  assert_int_equal(memory_db_get_setting(db, "language", &b, NULL), LAN_ENOTFOUND);
  assert_int_equal(memory_db_put_setting(db, "language", "en", NULL), LAN_OK);
  assert_int_equal(memory_db_put_setting(db, "language", "vi", NULL), LAN_OK);
  lan_buf_clear(&b);
  assert_int_equal(memory_db_get_setting(db, "language", &b, NULL), LAN_OK);
  assert_string_equal(b.data, "vi");
  lan_buf_free(&b);
  memory_db_close(db);
}

typedef struct picture_row {
  char text[200];
} picture_row;

static bool write_picture(void *ctx, const memory_picture *p) {
  picture_row *row = ctx;
  size_t len = strlen(row->text);
  snprintf(row->text + len, sizeof row->text - len, "%.*s %lld %lld %.*s: %.*s; ", (int)p->path.len,
           p->path.ptr, (long long)p->size, (long long)p->mtime_ns, (int)p->model.len, p->model.ptr,
           (int)p->labels.len, p->labels.ptr);
  return true;
}

static void pictures_are_known_by_their_paths(void **state) {
  memory_db *db = open_db(state);
  memory_picture cup = {lan_str_of("b.jpg"), 10, 5, lan_str_of("m1"), lan_str_of("0.9 cup")};
  memory_picture dog = {lan_str_of("a.png"), 11, 6, lan_str_of("m1"), lan_str_of("")};
  picture_row row = {""};
  uint64_t n;
  assert_int_equal(memory_db_put_picture(db, &cup, NULL), LAN_OK);
  assert_int_equal(memory_db_put_picture(db, &dog, NULL), LAN_OK);
  cup.model = lan_str_of("m2");
  assert_int_equal(memory_db_put_picture(db, &cup, NULL), LAN_OK);
  assert_int_equal(memory_db_each_picture(db, write_picture, &row, NULL), LAN_OK);
  assert_string_equal(row.text, "a.png 11 6 m1: ; b.jpg 10 5 m2: 0.9 cup; ");
  assert_int_equal(memory_db_forget(db, &MEMORY_EVER, &n, NULL), LAN_OK);
  row.text[0] = '\0';
  assert_int_equal(memory_db_each_picture(db, write_picture, &row, NULL), LAN_OK);
  assert_string_equal(row.text, "");
  memory_db_close(db);
}

static void run_sql(const char *path, const char *statements) {
  sqlite3 *db;
  char *message = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, statements, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void damaged_weights_are_told(void **state) {
  const char *path = scratch_path(state, "memory.db");
  lan_buf b = {0};
  lan_error err;
  memory_db *db = open_db(state);
  assert_int_equal(memory_db_put_weights(db, "scoring", LAN_STR("good"), 5, NULL), LAN_OK);
  memory_db_close(db);
  run_sql(path, "UPDATE weights SET data=x'626164'");
  db = open_db(state);
  assert_int_equal(memory_db_get_weights(db, "scoring", &b, NULL, &err), LAN_ECORRUPT);
  assert_non_null(strstr(err.message, "checksum"));
  assert_int_equal(b.len, 0);
  lan_buf_free(&b);
  memory_db_close(db);
}

/* The schema of the first version, as it was made then. */
static const char VERSION_1[] =
    "CREATE TABLE opens("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, note BLOB NOT NULL,"
    " from_note BLOB NOT NULL DEFAULT x'', source TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE feedback("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, note BLOB NOT NULL,"
    " related BLOB NOT NULL, verdict INTEGER NOT NULL CHECK (verdict IN (-1, 1))) STRICT;"
    "CREATE TABLE hidden("
    " note BLOB NOT NULL, related BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (note, related)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE weights("
    " name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, sum INTEGER NOT NULL, data BLOB NOT NULL)"
    " STRICT;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=1; PRAGMA application_id=1281453645;"
    "INSERT INTO opens(at_ms, note, source) VALUES(3, x'61', 'test');"
    "INSERT INTO feedback(at_ms, note, related, verdict) VALUES"
    " (5, x'61', x'62', 1), (4, x'61', x'62', -1), (1, x'61', x'63', 1);"
    "INSERT INTO hidden VALUES(x'61', x'63', 2);"
    "INSERT INTO meta VALUES('language', 'vi');";

static void the_version_before_is_carried_over(void **state) {
  run_sql(scratch_path(state, "memory.db"), VERSION_1);
  lan_buf b = {0};
  for (int again = 0; again < 2; again++) {
    memory_db *db = open_db(state);
    holds(db, "2 a:c=-2, 3 a<, 5 a:b=1");
    lan_buf_clear(&b);
    assert_int_equal(memory_db_get_setting(db, "language", &b, NULL), LAN_OK);
    assert_string_equal(b.data, "vi");
    memory_db_close(db);
  }
  lan_buf_free(&b);
}

/* ---- several processes ---- */

enum { EACH = 60 };

typedef struct writer {
  const char *path;
  int number;
} writer;

static int write_opens(void *ctx) {
  writer *w = ctx;
  for (int i = 0; i < EACH; i++) {
    memory_db *db;
    char note[32];
    snprintf(note, sizeof note, "%d", w->number);
    memory_event e = opened(i, note, "");
    if (memory_db_open(w->path, &db, NULL) != LAN_OK) return 1;
    if (memory_db_add_open(db, &e, NULL) != LAN_OK) return 2;
    memory_db_close(db);
  }
  return 0;
}

static void processes_write_side_by_side(void **state) {
  const char *path = scratch_path(state, "memory.db");
  writer writers[3];
  int pids[3];
  for (int i = 0; i < 3; i++) {
    writers[i] = (writer){path, i};
    pids[i] = scratch_fork(write_opens, &writers[i]);
  }
  for (int i = 0; i < 3; i++) assert_int_equal(scratch_wait(pids[i]), 0);
  memory_db *db = open_db(state);
  memory_db_counts c;
  assert_int_equal(memory_db_count(db, &c, NULL), LAN_OK);
  assert_int_equal(c.opens, 3 * EACH);
  assert_int_equal(memory_db_check(db, NULL), LAN_OK);
  memory_db_close(db);
}

/* What is acknowledged over the pipe is there after a kill. */
typedef struct killed {
  const char *path;
  int acknowledge;
} killed;

static int write_on_and_on(void *ctx) {
  killed *k = ctx;
  memory_db *db;
  if (memory_db_open(k->path, &db, NULL) != LAN_OK) return 1;
  for (int i = 0;; i++) {
    memory_event e = opened(i, "n", "");
    if (memory_db_add_open(db, &e, NULL) != LAN_OK) return 2;
    if (write(k->acknowledge, "x", 1) != 1) return 3;
  }
}

static void what_was_acknowledged_outlives_a_kill(void **state) {
  uint64_t seed = 3, had = 0;
  for (int round = 0; round < 15; round++) {
    int ends[2];
    char acknowledged[4096];
    assert_int_equal(pipe(ends), 0);
    killed k = {scratch_path(state, "memory.db"), ends[1]};
    int pid = scratch_fork(write_on_and_on, &k);
    close(ends[1]);
    usleep((useconds_t)(scratch_random(&seed) % 60000));
    kill(pid, SIGKILL);
    assert_int_equal(scratch_wait(pid), 128 + SIGKILL);
    ssize_t n = read(ends[0], acknowledged, sizeof acknowledged);
    close(ends[0]);
    memory_db *db = open_db(state);
    memory_db_counts c;
    assert_int_equal(memory_db_check(db, NULL), LAN_OK);
    assert_int_equal(memory_db_count(db, &c, NULL), LAN_OK);
    assert_true(n >= 0 && c.opens - had >= (uint64_t)n && c.opens - had <= (uint64_t)n + 1);
    had = c.opens;
    memory_db_close(db);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(opens_are_kept_in_order),        TEST(paths_are_bytes),
      TEST(the_last_word_counts),           TEST(merging_counts_once),
      TEST(changes_together_or_not_at_all), TEST(what_is_forgotten_is_gone),
      TEST(weights_and_settings),           TEST(pictures_are_known_by_their_paths),
      TEST(damaged_weights_are_told),       TEST(the_version_before_is_carried_over),
      TEST(processes_write_side_by_side),   TEST(what_was_acknowledged_outlives_a_kill),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
