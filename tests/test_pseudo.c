/* Questions that a vault asks itself: what is asked is gone from its note, and what is learnt from them keeps to what the
 * weights were learnt from before. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/small_vault.h"
#include "memory/hide.h"
#include "memory/pseudo.h"

/* A memory without a part answers as a vault without it. */
static void parts_leave_no_trace(void **state) {
  static const char text[] = "# Alpha\nGreen rivers [[B]] flow. Beta.\n";
  write_note(state, "A.md", text);
  write_note(state, "B.md", "Rivers and rain\n");
  lan_memory *m = open_vault(state), *shadow = NULL;
  const char *from = strstr(text, "Green"), *to = strstr(text, " Beta");
  reader_part parts[2] = {{(uint32_t)(from - text), (uint32_t)(to - text)}, {0, 0}};
  lan_result before[8];
  const lan_result *r;
  size_t n, n_fresh;
  assert_int_equal(hide_open_parts(m, parts, &shadow, NULL), LAN_OK);
  assert_int_equal(lan_memory_recall(shadow, "green rivers flow", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 1); /* B alone holds a word of it */
  assert_int_equal(r[0].note, 1);
  memcpy(before, r, n * sizeof *r);
  hide_close(shadow);
  lan_memory_close(m);
  write_note(state, "A.md", "# Alpha\n Beta.\n");
  m = open_vault(state);
  assert_int_equal(lan_memory_recall(m, "green rivers flow", NULL, &r, &n_fresh, NULL), LAN_OK);
  assert_int_equal(n, n_fresh);
  for (size_t i = 0; i < n; i++) assert_true(before[i].score == r[i].score);
  lan_memory_close(m);
}

/* Forty notes with a first sentence that only the note's other text answers. */
static lan_memory *open_many(void **state) {
  char name[32], text[256];
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, "n%02d.md", i);
    snprintf(text, sizeof text,
             "The w%dx shines over w%dy today. More of w%dx, and w%dy, and w%dz of [[n%02d]].\n", i,
             i, i, i, i, (i + 1) % 40);
    write_note(state, name, text);
  }
  return open_vault(state);
}

static void a_note_is_asked_for_by_what_is_taken_from_it(void **state) {
  lan_memory *m = open_many(state);
  question_examples e = {0}, again = {0};
  assert_int_equal(pseudo_gather(m, 1, 100, &e, NULL), LAN_OK);
  assert_int_equal(e.len, 10); /* a quarter of the notes */
  for (size_t i = 0; i < e.len; i++) assert_int_equal(e.data[i].n_found, 1);
  assert_int_equal(pseudo_gather(m, 1, 4, &again, NULL), LAN_OK);
  assert_int_equal(again.len, 4);
  question_examples_free(&e);
  question_examples_free(&again);
  lan_memory_close(m);
}

static void titles_alone_ask_nothing(void **state) {
  char name[32];
  for (int i = 0; i < 20; i++) {
    snprintf(name, sizeof name, "green river %d.md", i);
    write_note(state, name, "# Green river\nGreen river green.\nShort one\n");
  }
  lan_memory *m = open_vault(state);
  question_examples e = {0};
  assert_int_equal(pseudo_gather(m, 1, 100, &e, NULL), LAN_OK);
  assert_int_equal(e.len, 0);
  lan_memory_close(m);
}

static double moved(const question_weights *a, const question_weights *b) {
  double sum = 0;
  for (size_t f = 0; f < OWNS; f++) {
    sum += fabs((double)(a->own[f] - b->own[f])) + fabs((double)(a->via[f] - b->via[f]));
  }
  return sum;
}

/* The surer the weights are, the less they move; learning again from what they were learnt from moves them little. */
static void learning_keeps_to_what_is_sure(void **state) {
  lan_memory *m = open_many(state);
  question_examples e = {0};
  question_weights w = m->model.question, free = w, held = w;
  question_learn_options o = {.seed = 1, .steps = 60, .rate = 0.02f, .decay = 1, .go_on = true};
  assert_int_equal(pseudo_gather(m, 1, 100, &e, NULL), LAN_OK);
  assert_true(w.sure[0][0] > 0); /* the weights that come with the program know */
  assert_int_equal(question_learn(&e, &o, &free, NULL, NULL), LAN_OK);
  o.decay = 1000;
  assert_int_equal(question_learn(&e, &o, &held, NULL, NULL), LAN_OK);
  assert_true(moved(&w, &free) > 0);
  assert_true(moved(&w, &held) < 0.5 * moved(&w, &free));
  question_examples_free(&e);
  lan_memory_close(m);
}

/* r' r is the curvature: moving along a direction in which no example's candidates differ costs next to nothing. */
static void what_no_question_tells_is_not_sure(void **state) {
  lan_memory *m = open_many(state);
  question_examples e = {0};
  question_weights w = m->model.question;
  assert_int_equal(pseudo_gather(m, 1, 100, &e, NULL), LAN_OK);
  assert_int_equal(question_be_sure(&e, &w, NULL), LAN_OK);
  double text = 0, pictured = 0;
  for (size_t k = 0; k < QUESTION_NUMBERS; k++) {
    text += pow((double)w.sure[k][OWN_TEXT], 2);
    pictured += pow((double)w.sure[k][OWN_NAMED], 2);
  }
  assert_true(text > 10 * pictured); /* no question here names a note */
  assert_true(pictured > 0);
  question_examples_free(&e);
  lan_memory_close(m);
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_SCRATCH(parts_leave_no_trace),
      IN_SCRATCH(a_note_is_asked_for_by_what_is_taken_from_it),
      IN_SCRATCH(titles_alone_ask_nothing),
      IN_SCRATCH(learning_keeps_to_what_is_sure),
      IN_SCRATCH(what_no_question_tells_is_not_sure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
