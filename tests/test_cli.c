/* The command's small parts: text on terminals, JSON, near misses, records from standard input. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/lines.h"
#include "cli/nearest.h"
#include "cli/output.h"
#include "cli/when.h"

/* What main.c gives the other files. */
void cli_complain(const char *format, ...) { (void)format; }
bool cli_stopped(void) { return false; }

static const char *text_of(output *o) { return o->buf.data ? o->buf.data : ""; }

static void cuts_text_to_columns(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t most;
    const char *shown;
    size_t columns;
  } cases[] = {
      {"cà phê", 0, "cà phê", 6},
      {"cà phê", 6, "cà phê", 6},
      {"cà phê", 5, "cà p…", 5},
      {"ca\xcc\x80 phe\xcc\x82", 5, "ca\xcc\x80 p…", 5}, /* NFD */
      {"咖啡店", 6, "咖啡店", 6},
      {"咖啡店", 5, "咖啡…", 5},
      {"咖啡店", 4, "咖…", 3},
      {"a\tb\nc", 0, "a b c", 5},
      {"\x1b[31mred\x07\x7f", 0, "␛[31mred␇␡", 10},
      {"x\xc2\x9by", 0, "x\xef\xbf\xbdy", 3},           /* C1: a terminal's CSI */
      {"x\xe2\x80\xaey", 0, "x\xef\xbf\xbdy", 3},       /* right-to-left override */
      {"\xff\xc3(", 0, "\xef\xbf\xbd\xef\xbf\xbd(", 3}, /* not UTF-8 */
      {"", 1, "", 0},
      {"ab", 1, "…", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    output o = {0};
    output_init(&o, COLOR_NEVER);
    size_t n = output_text(&o, lan_str_of(cases[i].text), cases[i].most);
    assert_string_equal(text_of(&o), cases[i].shown);
    assert_int_equal(n, cases[i].columns);
    output_free(&o);
  }
}

static void wraps_between_words(void **state) {
  (void)state;
  output o = {0};
  output_init(&o, COLOR_NEVER);
  o.width = 12;
  output_wrapped(&o, LAN_STR("một hai ba bốn 咖啡店咖啡"), 0, 0, 2, 2);
  assert_string_equal(text_of(&o), "một hai ba\n  bốn 咖啡店\n  咖啡");
  lan_buf_clear(&o.buf);
  output_wrapped(&o, LAN_STR("a-word-that-has-no-room then"), 0, 0, 2, 2);
  assert_string_equal(text_of(&o), "a-word-that-has-no-room\n  then");
  lan_buf_clear(&o.buf);
  o.width = 0;
  output_wrapped(&o, LAN_STR("một hai ba bốn năm sáu bảy"), 0, 0, 2, 2);
  assert_string_equal(text_of(&o), "một hai ba bốn năm sáu bảy");
  output_free(&o);
}

static void lights_what_is_marked(void **state) {
  (void)state;
  output o = {0};
  output_init(&o, COLOR_ALWAYS);
  output_wrapped(&o, LAN_STR("ra quán"), 3, 8, 0, 0);
  assert_string_equal(text_of(&o), "ra \033[1;33mquán\033[0m");
  lan_buf_clear(&o.buf);
  output_wrapped(&o, LAN_STR("ra quán"), 0, 0, 0, 0);
  assert_string_equal(text_of(&o), "ra quán");
  output_free(&o);
}

static void draws_bars_and_numbers(void **state) {
  (void)state;
  static const struct {
    double share;
    const char *bar;
  } bars[] = {{1, "████████"}, {0.5, "████    "}, {0.0625, "▌       "}, {0.0001, "▏       "},
              {2, "████████"}, {-1, "▏       "},  {NAN, "▏       "},    {0.99, "███████▉"}};
  output o = {0};
  for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
    lan_buf_clear(&o.buf);
    output_bar(&o, bars[i].share);
    assert_string_equal(text_of(&o), bars[i].bar);
  }
  lan_buf_clear(&o.buf);
  output_count(&o, 1, "note", "notes");
  lan_buf_add_char(&o.buf, ' ');
  output_number(&o, 999);
  lan_buf_add_char(&o.buf, ' ');
  output_count(&o, 1234567, "note", "notes");
  assert_string_equal(text_of(&o), "1 note 999 1,234,567 notes");
  output_free(&o);
}

static void writes_json(void **state) {
  (void)state;
  lan_buf b = {0};
  json_writer j = {&b, false};
  jw_open(&j, '{');
  jw_entry(&j, "text", "a\"\\\n\x01\x7f é");
  jw_bytes(&j, "path", "caf\xe9");
  jw_bytes(&j, "none", NULL);
  jw_key(&j, "list");
  jw_open(&j, '[');
  jw_number(&j, 1.0 / 3);
  jw_number(&j, 1e-9);
  jw_number(&j, NAN);
  jw_count(&j, 7);
  jw_open(&j, '{');
  jw_close(&j, '}');
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
  jw_open(&j, '[');
  jw_close(&j, ']');
  assert_string_equal(
      b.data,
      "{\"text\":\"a\\\"\\\\\\n\\u0001\\u007f é\",\"path\":\"caf\xef\xbf\xbd\","
      "\"path_bytes_hex\":\"636166e9\",\"none\":null,\"list\":[0.333333,1e-09,null,7,{}]}\n[]");
  lan_buf_free(&b);
}

static void finds_near_misses(void **state) {
  (void)state;
  static const char *const names[] = {"related", "recall", "path"};
  assert_string_equal(nearest("relatde", names, 3), "related");
  assert_string_equal(nearest("recal", names, 3), "recall");
  assert_string_equal(nearest("path", names, 3), "path");
  assert_null(nearest("xyzzyx", names, 3));
  assert_null(nearest("x", names, 0));
  assert_int_equal(nearest_distance(LAN_STR("ab"), LAN_STR("ba"), 3), 1);
  assert_int_equal(nearest_distance(LAN_STR("kitten"), LAN_STR("sitting"), 5), 3);
  assert_int_equal(nearest_distance(LAN_STR(""), LAN_STR("abc"), 5), 3);
  assert_int_equal(nearest_distance(LAN_STR("kitten"), LAN_STR("sitting"), 2), 3);
}

/* Feeds standard input with `n` bytes and reads records until the end. */
static size_t read_records(const char *bytes, size_t n, char end, char records[][80],
                           lines_got *got) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], bytes, n), n);
  close(ends[1]);
  assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  close(ends[0]);
  lines l = {.end = end};
  char *record;
  size_t count = 0;
  while ((got[count] = lines_next(&l, &record)) < LINES_DONE) {
    snprintf(records[count++], 80, "%s", record);
  }
  assert_int_equal(got[count], LINES_DONE);
  assert_int_equal(lines_next(&l, &record), LINES_DONE);
  lines_free(&l);
  return count;
}

static void reads_records(void **state) {
  (void)state;
  char r[8][80];
  lines_got got[8];
  assert_int_equal(read_records("a\n\nb c\r\nd", 9, '\n', r, got), 4);
  assert_string_equal(r[0], "a");
  assert_string_equal(r[1], "");
  assert_string_equal(r[2], "b c");
  assert_string_equal(r[3], "d");
  assert_int_equal(read_records("a\nb\0c\r\0", 7, '\0', r, got), 2);
  assert_string_equal(r[0], "a\nb");
  assert_string_equal(r[1], "c\r");
  assert_int_equal(read_records("a\0b\nc\n", 6, '\n', r, got), 2);
  assert_int_equal(got[0], LINES_BAD);
  assert_int_equal(got[1], LINES_RECORD);
  assert_int_equal(read_records("", 0, '\n', r, got), 0);
  assert_int_equal(read_records("\n", 1, '\n', r, got), 1);
}

/* ---- time ---- */

static void reads_points_of_time(void **state) {
  (void)state;
  static const int64_t now = 1767225600000; /* 2026-01-01 00:00 UTC */
  static const struct {
    const char *text;
    int64_t ms;
  } cases[] = {
      {"2026-01-01T00:00Z", now},
      {"2025-12-31T23:59:59Z", now - 1000},
      {"1970-01-01Z", 0},
      {"2024-02-29 12:30Z", 1709209800000},
      {"30m", now - 1800000},
      {"2h", now - 7200000},
      {"3d", now - 259200000},
      {"1w", now - 604800000},
      {"999999w", 0},
  };
  static const char *const wrong[] = {"",
                                      "x",
                                      "2026",
                                      "2026-1-1",
                                      "2026-13-01",
                                      "2025-02-29",
                                      "2026-04-31",
                                      "2026-01-00",
                                      "2026-01-01T",
                                      "2026-01-01T12",
                                      "2026-01-01T24:00",
                                      "12d3",
                                      "d",
                                      "1y",
                                      "1000000d",
                                      "1d ",
                                      "2026-01-01ZZ",
                                      "1969-12-31",
                                      "10000-01-01",
                                      "2026-01-01 1",
                                      "-1d",
                                      "2026-01-01T12:60"};
  int64_t ms = 7;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(when_read(cases[i].text, now, &ms));
    assert_int_equal(ms, cases[i].ms);
  }
  ms = 7;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    if (when_read(wrong[i], now, &ms)) fail_msg("%s", wrong[i]);
    assert_int_equal(ms, 7);
  }
  char shown[32];
  assert_true(when_read("2026-07-01 12:34", now, &ms)); /* local time, and back */
  when_show(ms, shown);
  assert_string_equal(shown, "2026-07-01 12:34:00");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_points_of_time),   cmocka_unit_test(cuts_text_to_columns),
      cmocka_unit_test(wraps_between_words),    cmocka_unit_test(lights_what_is_marked),
      cmocka_unit_test(draws_bars_and_numbers), cmocka_unit_test(writes_json),
      cmocka_unit_test(finds_near_misses),      cmocka_unit_test(reads_records)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
