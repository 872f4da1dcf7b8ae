/* Recall by question: two notes that answer together, true parts of scores, and learning from answers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/scratch.h"
#include "memory/question_learn.h"

static char vault[512];

static void write_note(const char *name, const char *text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.md", vault, name);
  scratch_write(path, text, strlen(text));
}

/* Films and who made them: what is asked stands in two notes, of which the second is not named. */
enum { FILMS = 12 };
static const char *const FIRST[] = {"Lan",  "Minh", "Hoa",  "Quân", "Thảo", "Vinh",
                                    "Ngọc", "Sơn",  "Hạnh", "Bảo",  "Yến",  "Đức"};
static const char *const TOWNS[] = {"Huế", "Đà Lạt", "Hội An", "Cần Thơ"};

static int set_up(void **state) {
  char name[128], text[512];
  if (scratch_setup(state) != 0) return -1;
  snprintf(vault, sizeof vault, "%s/vault", (const char *)*state);
  if (mkdir(vault, 0700) != 0) return -1;
  for (size_t i = 0; i < FILMS; i++) {
    snprintf(name, sizeof name, "Chuyện %s (phim)", FIRST[i]);
    snprintf(text, sizeof text, "Chuyện %s là một bộ phim của đạo diễn %s Trần, quay mùa mưa.",
             FIRST[i], FIRST[(i + 5) % FILMS]);
    write_note(name, text);
    snprintf(name, sizeof name, "%s Trần", FIRST[i]);
    snprintf(text, sizeof text, "%s Trần là đạo diễn, sinh ra ở %s.", FIRST[i], TOWNS[i % 4]);
    write_note(name, text);
    snprintf(name, sizeof name, "Bài %zu", i);
    snprintf(text, sizeof text,
             "Đạo diễn sinh ra ở đâu thì phim hay ở đó, người ta nói lần thứ %zu.", i);
    write_note(name, text);
  }
  write_note("Mercury (planet)", "The planet nearest to the sun.");
  return 0;
}

static lan_memory *open_vault(void) {
  lan_memory *m = NULL;
  lan_error err;
  lan_memory_options o = {.no_cache = 1, .data_dir = vault, .n_threads = 2};
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

static size_t rank_of(const lan_memory *m, const lan_result *r, size_t n, const char *title) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(lan_memory_note(m, r[i].note).title, title) == 0) return i + 1;
  }
  return 0;
}

static size_t ask(lan_memory *m, const char *text, const lan_result **r) {
  size_t n = 0;
  lan_error err;
  lan_query q = {.limit = 50};
  if (lan_memory_recall(m, text, &q, r, &n, &err) != LAN_OK) fail_msg("%s", err.message);
  return n;
}

static void two_notes_answer_together(void **state) {
  (void)state;
  lan_memory *m = open_vault();
  const lan_result *r;
  for (size_t i = 0; i < FILMS; i++) {
    char text[256], film[128], maker[128];
    snprintf(text, sizeof text, "Đạo diễn phim Chuyện %s sinh ra ở đâu?", FIRST[i]);
    snprintf(film, sizeof film, "Chuyện %s (phim)", FIRST[i]);
    snprintf(maker, sizeof maker, "%s Trần", FIRST[(i + 5) % FILMS]);
    size_t n = ask(m, text, &r);
    assert_in_range(rank_of(m, r, n, film), 1, 2);
    assert_in_range(rank_of(m, r, n, maker), 1, 2);
  }
  lan_memory_close(m);
}

static void names_count_without_their_brackets(void **state) {
  (void)state;
  lan_memory *m = open_vault();
  const lan_result *r;
  size_t n = ask(m, "how far away is mercury", &r);
  assert_int_equal(rank_of(m, r, n, "Mercury (planet)"), 1);
  assert_true(r[0].signals[LAN_SIGNAL_TITLE] > 0);
  assert_int_equal(ask(m, "", &r), 0);
  assert_int_equal(ask(m, "?! ...", &r), 0);
  assert_int_equal(ask(m, "zzyzx", &r), 0);
  lan_memory_close(m);
}

static void parts_add_up_to_the_score(void **state) {
  (void)state;
  lan_memory *m = open_vault();
  const lan_result *r;
  size_t n = ask(m, "Đạo diễn phim Chuyện Lan sinh ra ở đâu?", &r);
  assert_true(n > 5);
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t s = 0; s < LAN_SIGNALS; s++) sum += (double)r[i].signals[s];
    assert_true(fabs(sum - r[i].score) < 1e-6);
    assert_true(i == 0 || r[i].score <= r[i - 1].score);
  }
  lan_memory_close(m);
}

/* What is said to come over a tie is what is missing without it; the next best tie then counts. */
static void a_score_without_its_tie_falls_as_said(void **state) {
  (void)state;
  lan_memory *m = open_vault();
  const question_weights *w = &m->model.question;
  const lan_result *r;
  ask(m, "Đạo diễn phim Chuyện Lan sinh ra ở đâu?", &r);
  question *q = &m->question;
  size_t tied = 0;
  for (uint32_t i = 0; i < q->notes.len; i++) {
    float before[LAN_SIGNALS], after[LAN_SIGNALS];
    double score = question_score(q, w, i, before);
    for (size_t left = q->pairs.len + 1; q->best.data[i]; left--) {
      assert_true(left > 0); /* each round takes one away */
      q->pairs.data[q->best.data[i] - 1] = q->pairs.data[--q->pairs.len];
      assert_int_equal(question_tie_best(q, w, NULL), LAN_OK);
      double less = question_score(q, w, i, after);
      double said = (double)before[LAN_SIGNAL_PATH] - (double)after[LAN_SIGNAL_PATH];
      assert_true(said >= 0 && fabs(score - less - said) < 1e-5);
      memcpy(before, after, sizeof before);
      score = less;
      tied++;
    }
    assert_true(before[LAN_SIGNAL_PATH] == 0);
  }
  assert_true(tied > 10);
  lan_memory_close(m);
}

/* From no weights to those that bring up both notes, on questions that were not learnt from. */
/* An answer depends on what is asked, not on what was asked before. */
static void answers_do_not_depend_on_those_before(void **state) {
  (void)state;
  lan_memory *m = open_vault();
  const lan_result *r;
  lan_result first[50];
  lan_error err;
  size_t n_related, n = ask(m, "Chuyện Lan đạo diễn sinh ra ở đâu", &r);
  assert_true(n > 3);
  memcpy(first, r, n * sizeof *r);
  for (uint32_t note = 0; note < lan_memory_size(m); note++) {
    assert_int_equal(lan_memory_related(m, note, NULL, &r, &n_related, &err), LAN_OK);
    assert_int_equal(ask(m, "Chuyện Lan đạo diễn sinh ra ở đâu", &r), n);
    for (size_t i = 0; i < n; i++) {
      assert_int_equal(r[i].note, first[i].note);
      assert_true(r[i].score == first[i].score);
    }
  }
  lan_memory_close(m);
}

static void it_is_learnt_from_answers(void **state) {
  (void)state;
  lan_memory *m = open_vault();
  question_examples examples = {0};
  question_weights w = {.bias = 0};
  question_learn_options o = {.seed = 1, .steps = 200, .rate = 0.05f, .decay = 0.02f};
  double loss;
  const lan_result *r;
  m->model.question = w;
  assert_int_equal(question_learn(&examples, &o, &w, &loss, NULL), LAN_EINVAL);
  for (size_t i = 0; i < FILMS / 2; i++) {
    char text[256], film[128], maker[128];
    uint32_t wanted[2];
    snprintf(text, sizeof text, "Đạo diễn phim Chuyện %s sinh ra ở đâu?", FIRST[i]);
    snprintf(film, sizeof film, "Chuyện %s (phim)", FIRST[i]);
    snprintf(maker, sizeof maker, "%s Trần", FIRST[(i + 5) % FILMS]);
    assert_int_equal(lan_memory_find(m, film, &wanted[0], NULL), LAN_OK);
    assert_int_equal(lan_memory_find(m, maker, &wanted[1], NULL), LAN_OK);
    assert_int_equal(question_gather(m, text, wanted, 2, &examples, NULL), LAN_OK);
    assert_int_equal(examples.data[i].n_found, 2);
  }
  assert_int_equal(question_learn(&examples, &o, &w, &loss, NULL), LAN_OK);
  assert_true(loss < 1); /* two equal among all: ln 2 */
  m->model.question = w;
  for (size_t i = FILMS / 2; i < FILMS; i++) {
    char text[256], maker[128];
    snprintf(text, sizeof text, "Đạo diễn phim Chuyện %s sinh ra ở đâu?", FIRST[i]);
    snprintf(maker, sizeof maker, "%s Trần", FIRST[(i + 5) % FILMS]);
    size_t n = ask(m, text, &r);
    assert_in_range(rank_of(m, r, n, maker), 1, 2);
  }
  question_examples_free(&examples);
  lan_memory_close(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(two_notes_answer_together, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(names_count_without_their_brackets, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(parts_add_up_to_the_score, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(a_score_without_its_tie_falls_as_said, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(answers_do_not_depend_on_those_before, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(it_is_learnt_from_answers, set_up, scratch_teardown),
  };
  return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
