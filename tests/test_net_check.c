/* Every operation's gradients against central differences, with every kernel of this build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lantoa/net.h"
#include "net/op.h"

typedef struct seen {
  size_t results, most;
  char kinds[64][32];
  size_t n_kinds;
} seen;

static int show(void *ctx, const lan_net_check_result *r) {
  seen *s = ctx;
  s->results++;
  printf("%-22s %-26s %-12s %.1e  %s%s\n", r->kind, r->name, r->kernel, r->error,
         r->worst ? r->worst : "", r->passed ? "" : "  WRONG");
  if (s->n_kinds == 0 || strcmp(s->kinds[s->n_kinds - 1], r->kind) != 0) {
    assert_true(s->n_kinds < 64 && strlen(r->kind) < sizeof s->kinds[0]);
    strcpy(s->kinds[s->n_kinds++], r->kind);
  }
  return s->most && s->results >= s->most;
}

static void gradients_are_right(void **state) {
  (void)state;
  lan_error err = {0};
  seen s = {0};
  if (lan_net_check(NULL, show, &s, &err) != LAN_OK) fail_msg("%s", err.message);
  size_t kinds = 0;
  while (net_ops[kinds + 2]) kinds++;
  assert_int_equal(s.n_kinds, kinds);
  assert_true(s.results > 3 * kinds);
}

static void one_kind_is_checked(void **state) {
  (void)state;
  lan_error err = {0};
  seen s = {0};
  assert_int_equal(lan_net_check("huber", show, &s, &err), LAN_OK);
  assert_int_equal(s.n_kinds, 1);
  assert_string_equal(s.kinds[0], "huber");
  assert_int_equal(lan_net_check("hubber", show, &s, &err), LAN_ENOTFOUND);
  assert_non_null(strstr(err.message, "'hubber'"));
  assert_int_equal(lan_net_check("input", show, &s, &err), LAN_ENOTFOUND);
}

static void a_check_can_be_stopped(void **state) {
  (void)state;
  seen s = {.most = 3};
  assert_int_equal(lan_net_check(NULL, show, &s, NULL), LAN_ECANCELED);
  assert_int_equal(s.results, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients_are_right),
      cmocka_unit_test(one_kind_is_checked),
      cmocka_unit_test(a_check_can_be_stopped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
