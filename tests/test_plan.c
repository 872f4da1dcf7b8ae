/* Plans against the frontier, on small graphs and on large ones with hubs; threads; limits. */
#include "spread_help.h"

/* The dense plan gives what the sparse frontier gives, for any number of threads to the last bit. */
static void plans_agree_with_the_frontier(void **state) {
  (void)state;
  for (uint64_t k = 1; k < 40; k++) {
    seed = k;
    lan_graph g = random_graph();
    lan_spread_model m = lan_spread_preset(k % 4 == 0   ? LAN_PRESET_HEAT
                                           : k % 4 == 1 ? LAN_PRESET_PPR
                                           : k % 4 == 2 ? LAN_PRESET_SPREADR
                                                        : LAN_PRESET_MEMORY);
    double want[RANDOM_NODES], got[3][RANDOM_NODES];
    uint32_t steps;
    m.type_gain[1] = 0;
    m.type_gain[2] = 0.5f;
    if (m.tolerance == 0) m.tolerance = k % 8 < 4 ? 1e-300 : 0; /* double, or single precision */
    double near = m.tolerance == 0 ? 1e-6 : 1e-12;
    spread_dense(&g, &m, &(lan_cue){3, 1}, 1, want);
    for (size_t threads = 1; threads <= 3; threads++) {
      lan_spread_plan *p;
      double *a = got[threads - 1];
      memset(a, 0, sizeof got[0]);
      a[3] = 1;
      assert_int_equal(lan_spread_plan_new(&g, &m, threads, &p, NULL), LAN_OK);
      assert_int_equal(lan_spread_plan_run(p, a, &steps, NULL), LAN_OK);
      assert_true(lan_spread_plan_bytes(p) > 0);
      lan_spread_plan_free(p);
      assert_memory_equal(a, got[0], sizeof got[0]);
    }
    for (uint32_t v = 0; v < RANDOM_NODES; v++) assert_near(got[0][v], want[v], near);
    lan_graph_free(&g);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plans_agree_with_the_frontier),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
