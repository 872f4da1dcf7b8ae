/* The opens of a memory in order of time: what was chosen of what was at hand, and the trail to a note. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "memory/network.h"
#include "memory/tally.h"
#include "memory/trail.h"

enum { A, B, C, D, E, NOTES };

static const int64_t MINUTE = 60000;

static void add(habits *h, uint32_t from, uint32_t note, int64_t minute) {
  assert_int_equal(habits_add(h, (habit){from, note, minute * MINUTE}, NULL), LAN_OK);
}

/* A links to B, C and D; B to C. */
static void link_notes(lan_graph *g) {
  const lan_edge edges[] = {{A, B, 1, EDGE_LINK}, {A, C, 1, EDGE_EMBED}, {A, D, 1, EDGE_LINK},
                            {B, C, 1, EDGE_LINK}, {B, A, 1, EDGE_LINK_BACK}};
  assert_int_equal(lan_graph_build(NOTES, edges, 5, g, NULL), LAN_OK);
}

static void assert_counts(const tally *t, uint32_t note, uint32_t opened, uint32_t left,
                          uint32_t at_hand) {
  assert_int_equal(t->opened[note], opened);
  assert_int_equal(t->left[note], left);
  assert_int_equal(t->at_hand[note], at_hand);
}

static void opens_are_counted_up_to_a_time(void **state) {
  (void)state;
  habits h = {.read = true};
  tally t = {0};
  lan_graph g;
  link_notes(&g);
  add(&h, A, B, 10);
  add(&h, B, C, 20);
  add(&h, A, C, 30);
  add(&h, UINT32_MAX, D, 40); /* from nowhere: nothing was at hand */
  assert_int_equal(tally_until(&t, &h, &g, NOTES, 25 * MINUTE, NULL), LAN_OK);
  assert_int_equal(t.counted, 2);
  assert_counts(&t, A, 0, 1, 0);
  assert_counts(&t, B, 1, 1, 1);
  assert_counts(&t, C, 1, 0, 2);
  assert_int_equal(tally_until(&t, &h, &g, NOTES, 50 * MINUTE, NULL), LAN_OK);
  assert_counts(&t, C, 2, 0, 3);
  assert_counts(&t, D, 0, 0, 2);
  assert_true(tally_chosen(&t, C) > tally_chosen(&t, B) && tally_chosen(&t, B) > tally_chosen(&t, D));
  assert_true(tally_chosen(&t, E) == TALLY_UNKNOWN);
  /* Back in time; and an open that is told late. */
  assert_int_equal(tally_until(&t, &h, &g, NOTES, 10 * MINUTE, NULL), LAN_OK);
  assert_counts(&t, B, 0, 0, 0);
  assert_int_equal(tally_until(&t, &h, &g, NOTES, 50 * MINUTE, NULL), LAN_OK);
  add(&h, A, D, 5);
  assert_int_equal(tally_until(&t, &h, &g, NOTES, 50 * MINUTE, NULL), LAN_OK);
  assert_counts(&t, D, 1, 0, 3);
  tally_free(&t);
  habits_free(&h);
  lan_graph_free(&g);
}

static void a_trail_is_followed_back(void **state) {
  (void)state;
  habits h = {.read = true};
  add(&h, E, D, 0);
  add(&h, A, B, 40);
  add(&h, B, C, 45);
  trail t = trail_to(&h, C, 46 * MINUTE);
  assert_int_equal(t.n, 2);
  assert_int_equal(t.notes[0], B);
  assert_int_equal(t.notes[1], A);
  assert_int_equal(trail_to(&h, C, 45 * MINUTE).n, 0); /* it was not opened yet */
  assert_int_equal(trail_to(&h, C, 76 * MINUTE).n, 0); /* after a pause */
  add(&h, C, B, 46);                                   /* round and round */
  add(&h, B, C, 47);
  assert_in_range(trail_to(&h, C, 48 * MINUTE).n, 3, TRAIL_MOST);
  habits_free(&h);
}

static float found[NOTES];

static bool find(void *ctx, uint32_t note, float worth) {
  (void)ctx;
  found[note] += worth;
  return true;
}

static void what_followed_a_trail_is_found(void **state) {
  (void)state;
  habits h = {.read = true};
  add(&h, A, B, 0); /* once A, B, D, E ... */
  add(&h, B, D, 1);
  add(&h, D, E, 2);
  add(&h, D, C, 90); /* later, something else */
  add(&h, A, C, 100); /* ... and now A, C: */
  trail t = trail_to(&h, C, 101 * MINUTE);
  assert_int_equal(t.n, 1);
  for (size_t i = 0; i < NOTES; i++) found[i] = 0;
  assert_true(trail_continued(&h, &t, 101 * MINUTE, find, NULL));
  assert_true(found[D] == 1 && found[E] == 1 && found[B] == 0 && found[C] == 0);
  for (size_t i = 0; i < NOTES; i++) found[i] = 0;
  assert_true(trail_continued(&h, &t, MINUTE, find, NULL)); /* before any of that */
  assert_true(found[D] == 0 && found[E] == 0);
  habits_free(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(opens_are_counted_up_to_a_time),
                                     cmocka_unit_test(a_trail_is_followed_back),
                                     cmocka_unit_test(what_followed_a_trail_is_found)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
