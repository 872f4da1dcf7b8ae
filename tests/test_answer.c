/* What the faces share: answers as JSON. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "answer/lesson.h"

static json_t *parsed(lan_buf *b) {
  json_error_t e;
  json_t *v = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, &e);
  if (!v) fail_msg("%s at %d", e.text, e.position);
  lan_buf_free(b);
  return v;
}

static double number(const json_t *object, const char *key) {
  return json_number_value(json_object_get(object, key));
}

static void a_lesson_is_told_throw_by_throw(void **state) {
  (void)state;
  lan_buf b = {0};
  json_writer j = {&b, false};
  classroom_options o = {CLASSROOM_QUADRANTS, 1, 6, 50, 0.3F};
  assert_int_equal(answer_lesson(&o, &j, NULL), LAN_OK);
  json_t *lesson = parsed(&b), *throws = json_object_get(lesson, "throws");
  assert_int_equal(json_array_size(json_object_get(lesson, "points")), CLASSROOM_POINTS);
  assert_int_equal(json_array_size(throws), 51);
  const json_t *first = json_array_get(throws, 0), *last = json_array_get(throws, 50);
  assert_int_equal(json_array_size(json_object_get(last, "weights")), 25);
  assert_int_equal(json_array_size(json_object_get(last, "hidden")), 6);
  assert_int_equal(json_array_size(json_object_get(first, "field")),
                   CLASSROOM_SIDE * CLASSROOM_SIDE);
  assert_true(number(last, "loss") < number(first, "loss"));
  assert_null(json_object_get(first, "example"));
  json_decref(lesson);
}

static void a_lesson_that_cannot_be_given_says_why(void **state) {
  (void)state;
  lan_buf b = {0};
  json_writer j = {&b, false};
  lan_error err = {0};
  classroom_options o = {CLASSROOM_RING, 1, 0, 50, 0.3F};
  assert_int_equal(answer_lesson(&o, &j, &err), LAN_ERANGE);
  assert_int_equal(answer_words(1000, 1, &j, &err), LAN_ERANGE);
  lan_buf_free(&b);
}

static void a_word_wakes_what_it_is_tied_to(void **state) {
  (void)state;
  lan_buf b = {0};
  json_writer j = {&b, false};
  assert_int_equal(answer_words(0, 1, &j, NULL), LAN_OK);
  json_t *v = parsed(&b), *nodes = json_object_get(v, "nodes"),
         *edges = json_object_get(v, "edges");
  for (size_t i = 0; i < json_array_size(nodes); i++) {
    const json_t *told = json_object_get(json_array_get(nodes, i), "activation");
    double in = json_number_value(json_array_get(told, 0));
    assert_true(in == (i == 0));
    for (size_t t = 0; t < 3; t++) { /* what comes over the edges is what there is */
      for (size_t e = 0; e < json_array_size(edges); e++) {
        const json_t *edge = json_array_get(edges, e);
        if (number(edge, "to") != (double)i) continue;
        in += json_number_value(json_array_get(json_object_get(edge, "flow"), t));
      }
      assert_true(fabs(in - json_number_value(json_array_get(told, t + 1))) < 1e-4);
    }
  }
  assert_string_equal(json_string_value(json_object_get(json_array_get(nodes, 1), "name")),
                      "quán cà phê");
  json_decref(v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lesson_is_told_throw_by_throw),
      cmocka_unit_test(a_lesson_that_cannot_be_given_says_why),
      cmocka_unit_test(a_word_wakes_what_it_is_tied_to),
  };
  return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
