/* The log of a training: what is written, how it goes on, what is refused. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/scratch.h"
#include "net/history.h"

static const char *const columns[] = {"loss", "validation_loss"};

static history *opened(void **state, uint32_t keep) {
  history *h;
  lan_error err;
  lan_status s = history_open(scratch_path(state, "log.csv"), columns, 2, keep, &h, &err);
  if (s != LAN_OK) fail_msg("%s", err.message);
  return h;
}

static void assert_file(void **state, const char *wanted) {
  size_t n;
  unsigned char *found = scratch_read(scratch_path(state, "log.csv"), &n);
  if (n != strlen(wanted) || memcmp(found, wanted, n) != 0) {
    fail_msg("\"%.*s\" instead of \"%s\"", (int)n, found, wanted);
  }
  free(found);
}

static void three_epochs(void **state) {
  history *h = opened(state, 0);
  assert_int_equal(history_add(h, 1, (double[]){2.5, (double)NAN}, NULL), LAN_OK);
  assert_int_equal(history_add(h, 2, (double[]){0.1f, 1e-9}, NULL), LAN_OK);
  assert_int_equal(history_add(h, 3, (double[]){-(double)INFINITY, 1234567890123.0}, NULL), LAN_OK);
  history_close(h);
}

#define HEADER "epoch,loss,validation_loss\n"
#define ROW_1 "1,2.5,\n"
#define ROW_2 "2,0.100000001,1e-09\n"
#define ROW_3 "3,-inf,1.23456789e+12\n"

static void rows_are_there_at_once(void **state) {
  history *h = opened(state, 0);
  assert_file(state, HEADER);
  assert_int_equal(history_rows(h), 0);
  assert_int_equal(history_add(h, 1, (double[]){2.5, (double)NAN}, NULL), LAN_OK);
  assert_file(state, HEADER ROW_1);
  lan_error err;
  assert_int_equal(history_add(h, 1, (double[]){0, 0}, &err), LAN_EINVAL);
  assert_int_equal(history_rows(h), 1);
  history_close(h);
  three_epochs(state); /* anew */
  assert_file(state, HEADER ROW_1 ROW_2 ROW_3);
}

static void it_goes_on_after_the_epoch_that_was_kept(void **state) {
  three_epochs(state);
  history *h = opened(state, 2);
  assert_file(state, HEADER ROW_1 ROW_2);
  assert_int_equal(history_rows(h), 2);
  assert_true(history_epochs(h)[1] == 2);
  assert_true(history_column(h, 0)[0] == 2.5);
  assert_true(isnan(history_column(h, 1)[0]));
  assert_true((float)history_column(h, 0)[1] == 0.1f);
  assert_int_equal(history_add(h, 3, (double[]){1, 2}, NULL), LAN_OK);
  assert_true(history_column(h, 1)[2] == 2);
  history_close(h);
  assert_file(state, HEADER ROW_1 ROW_2 "3,1,2\n");
  h = opened(state, 100); /* more than there are */
  assert_int_equal(history_rows(h), 3);
  assert_true(history_epochs(h)[2] == 3);
  history_close(h);
  assert_file(state, HEADER ROW_1 ROW_2 "3,1,2\n");
}

/* A log that was cut anywhere, by a kill or a full disk: whole rows stay. */
static void torn_ends_are_cut_off(void **state) {
  static const char whole[] = HEADER ROW_1 ROW_2;
  for (size_t n = 0; n < sizeof whole; n++) {
    scratch_write(scratch_path(state, "log.csv"), whole, n);
    history *h = opened(state, 9);
    size_t header = strlen(HEADER), first = header + strlen(ROW_1);
    assert_int_equal(history_rows(h), (n >= first) + (n == sizeof whole - 1));
    assert_file(state, n == sizeof whole - 1 ? HEADER ROW_1 ROW_2
                       : n >= first          ? HEADER ROW_1
                                             : HEADER);
    history_close(h);
  }
}

static void other_line_ends_are_read(void **state) {
  static const char text[] = "epoch,loss,validation_loss\r\n1,1,2\r\n2,nan,\r\n";
  scratch_write(scratch_path(state, "log.csv"), text, sizeof text - 1);
  history *h = opened(state, 2);
  assert_int_equal(history_rows(h), 2);
  assert_true(isnan(history_column(h, 0)[1]));
  history_close(h);
  assert_file(state, text);
}

static void other_files_are_left_alone(void **state) {
  static const char *const bad[][2] = {
      {"epoch,loss\n1,2\n", "log.csv:1: no log of this training"},
      {"epoch,loss,validation_losses\n", ":1:"},
      {"epoch,loss,validation_loss", NULL},
      {"epoch,loss,validation_loss\r", ":1:"},
      {"my diary", ":1:"},
      {HEADER "1,2\n", ":2: no row"},
      {HEADER "1,2,3,4\n", ":2: no row"},
      {HEADER "1,2,3\n2,x,3\n", ":3: no row"},
      {HEADER "1,2,0x10\n", ":2: no row"},
      {HEADER "0,2,3\n", ":2: no row"},
      {HEADER "1.5,2,3\n", ":2: no row"},
      {HEADER ",2,3\n", ":2: no row"},
      {HEADER "\n", ":2: no row"},
      {HEADER "4294967296,2,3\n", ":2: no row"},
      {HEADER "2,2,3\n2,2,3\n", ":3: epochs must grow"},
      {HEADER "1,2,3\n\n2,2,3\n", ":3: no row"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *path = scratch_path(state, "log.csv");
    history *h = NULL;
    lan_error err;
    scratch_write(path, bad[i][0], strlen(bad[i][0]));
    lan_status s = history_open(path, columns, 2, 5, &h, &err);
    if (!bad[i][1]) {
      assert_int_equal(s, LAN_OK);
      history_close(h);
      continue;
    }
    if (s != LAN_EFORMAT || !strstr(err.message, bad[i][1])) {
      fail_msg("%s: said \"%s\"", bad[i][0], s == LAN_OK ? "" : err.message);
    }
    assert_null(h);
    assert_file(state, bad[i][0]);
  }
}

static void columns_are_plain_words(void **state) {
  const char *path = scratch_path(state, "log.csv");
  static const char *const wrong[] = {"", "a,b", "a b", "\"a\"", "độ lệch"};
  static const char *many[HISTORY_COLUMNS_MAX + 1];
  history *h;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(history_open(path, &wrong[i], 1, 0, &h, NULL), LAN_EINVAL);
  }
  for (size_t i = 0; i < HISTORY_COLUMNS_MAX + 1; i++) many[i] = "a";
  assert_int_equal(history_open(path, many, HISTORY_COLUMNS_MAX + 1, 0, &h, NULL), LAN_EINVAL);
  assert_int_equal(scratch_count(*state), 0);
}

static void numbers_do_not_follow_the_locale(void **state) {
  if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "vi_VN.UTF-8")) skip();
  three_epochs(state);
  history *h = opened(state, 2);
  double v = history_column(h, 0)[0];
  history_close(h);
  setlocale(LC_NUMERIC, "C");
  assert_true(v == 2.5);
  assert_file(state, HEADER ROW_1 ROW_2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(rows_are_there_at_once),
      TEST(it_goes_on_after_the_epoch_that_was_kept),
      TEST(torn_ends_are_cut_off),
      TEST(other_line_ends_are_read),
      TEST(other_files_are_left_alone),
      TEST(columns_are_plain_words),
      TEST(numbers_do_not_follow_the_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
