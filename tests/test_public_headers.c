/* A program that sees nothing but include/lantoa and the shared library. That each header stands
 * alone, in C and in C++, is tested beside it in meson.build. */
#include <lantoa/graph.h>
#include <lantoa/memory.h>
#include <lantoa/spread.h>
#include <lantoa/status.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void spreads(void **state) {
  (void)state;
  const lan_edge edges[] = {{0, 1, 1, 0}, {0, 2, 3, 0}};
  lan_graph graph;
  lan_error err;
  assert_int_equal(lan_graph_build(3, edges, 2, &graph, &err), LAN_OK);
  lan_spreader *spreader;
  assert_int_equal(lan_spreader_new(&graph, &spreader, &err), LAN_OK);
  lan_spread_model model = lan_spread_preset(LAN_PRESET_SPREADR);
  model.steps = 1;
  const lan_activation *out;
  size_t n;
  lan_cue cue = {0, 1};
  assert_int_equal(lan_spread(spreader, &model, &cue, 1, &out, &n, NULL, &err), LAN_OK);
  lan_activation top[3];
  assert_int_equal(lan_spread_top(out, n, NULL, 0, top, 3), 3);
  assert_int_equal(top[0].node, 0);
  assert_true(fabs(top[0].activation - 0.5) < 1e-9);
  assert_int_equal(top[1].node, 2);
  assert_true(fabs(top[1].activation - 0.375) < 1e-9);
  lan_spreader_free(spreader);
  lan_graph_free(&graph);
}

static void names_things(void **state) {
  (void)state;
  assert_string_equal(lan_status_name(LAN_ENOTFOUND), "ENOTFOUND");
  assert_string_equal(lan_signal_name(LAN_SIGNAL_LINK), "link");
  assert_string_equal(lan_hop_name(LAN_HOP_LINKED_FROM), "linked-from");
  assert_string_equal(lan_defect_name(LAN_DEFECT_BROKEN_LINK), "broken-link");
  assert_string_equal(lan_version(), LAN_VERSION);
}

static void opens_nothing(void **state) {
  (void)state;
  lan_memory *memory = NULL;
  lan_error err;
  assert_int_equal(lan_memory_open("/nowhere/at/all", NULL, &memory, &err), LAN_ENOTFOUND);
  assert_non_null(strstr(err.message, "/nowhere/at/all"));
  assert_null(memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(spreads), cmocka_unit_test(names_things),
                                     cmocka_unit_test(opens_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
