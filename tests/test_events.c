/* Event logs: checksums against published ones, and the bytes of a log read by TensorFlow's rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/pack.h"
#include "lib/scratch.h"
#include "net/events.h"

/* RFC 3720, appendix B.4, and the check value of the catalogues of such checksums. */
static void checksums_are_those_published(void **state) {
  (void)state;
  unsigned char bytes[32];
  memset(bytes, 0, 32);
  assert_int_equal(events_crc32c(bytes, 32), 0x8A9136AA);
  memset(bytes, 0xFF, 32);
  assert_int_equal(events_crc32c(bytes, 32), 0x62A8AB43);
  for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
  assert_int_equal(events_crc32c(bytes, 32), 0x46DD794E);
  for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)(31 - i);
  assert_int_equal(events_crc32c(bytes, 32), 0x113FDB5C);
  assert_int_equal(events_crc32c("123456789", 9), 0xE3069283);
  assert_int_equal(events_crc32c("", 0), 0);
}

/* ---- a reader of its own ---- */

static uint32_t fixed32(const unsigned char *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void check_crc(const unsigned char *bytes, size_t n, const unsigned char *stored) {
  uint32_t masked = fixed32(stored) - 0xA282EAD8u;
  assert_int_equal(masked << 15 | masked >> 17, events_crc32c(bytes, n));
}

typedef struct event {
  double wall_time;
  int64_t step;
  lan_str version, tag;
  float value;
} event;

static double get_double(unpack *u) {
  uint64_t bits = unpack_fixed(u);
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

static void read_value(lan_str bytes, event *e) {
  unpack u = {bytes.ptr, bytes.ptr + bytes.len, false};
  assert_int_equal(unpack_number(&u), 1 << 3 | 2);
  e->tag = unpack_string(&u);
  assert_int_equal(unpack_number(&u), 2 << 3 | 5);
  assert_int_equal(u.end - u.p, 4);
  uint32_t bits = fixed32((const unsigned char *)u.p);
  memcpy(&e->value, &bits, sizeof bits);
}

static event read_event(const unsigned char *bytes, size_t n) {
  event e = {0};
  unpack u = {(const char *)bytes, (const char *)bytes + n, false};
  while (u.p < u.end) {
    switch (unpack_number(&u)) {
      case 1 << 3 | 1: e.wall_time = get_double(&u); break;
      case 2 << 3 | 0: e.step = (int64_t)unpack_number(&u); break;
      case 3 << 3 | 2: e.version = unpack_string(&u); break;
      case 5 << 3 | 2: {
        lan_str summary = unpack_string(&u);
        unpack inner = {summary.ptr, summary.ptr + summary.len, false};
        assert_int_equal(unpack_number(&inner), 1 << 3 | 2);
        read_value(unpack_string(&inner), &e);
        assert_ptr_equal(inner.p, inner.end);
        break;
      }
      default: fail_msg("an unknown field");
    }
  }
  assert_false(u.bad);
  return e;
}

/* The records of a log, each checked. */
static size_t read_log(const unsigned char *p, size_t n, event *out, size_t most) {
  size_t count = 0;
  for (size_t at = 0; at < n; count++) {
    assert_true(n - at > 16 && count < most);
    size_t len = fixed32(p + at);
    assert_int_equal(fixed32(p + at + 4), 0);
    assert_true(len <= n - at - 16);
    check_crc(p + at, 8, p + at + 8);
    check_crc(p + at + 12, len, p + at + 12 + len);
    out[count] = read_event(p + at + 12, len);
    at += 16 + len;
  }
  return count;
}

static void a_log_is_read_again(void **state) {
  events *e;
  event found[8];
  size_t n;
  double before = (double)lan_clock_unix_ms() / 1000;
  assert_int_equal(events_open(scratch_path(state, "runs/1"), &e, NULL), LAN_OK);
  events_add(e, 1, "loss/training", 0.25f);
  events_add(e, 300, "độ chính xác", -1e-30f);
  assert_int_equal(events_flush(e, NULL), LAN_OK);
  events_add(e, INT64_MAX, "loss/training", 3);
  assert_int_equal(events_flush(e, NULL), LAN_OK);
  assert_int_equal(events_flush(e, NULL), LAN_OK);
  events_add(e, 4, "lost", 3);
  unsigned char *bytes = scratch_read(events_path(e), &n);
  events_close(e);
  assert_int_equal(read_log(bytes, n, found, 8), 4);
  assert_true(lan_str_equal(found[0].version, LAN_STR("brain.Event:2")));
  assert_true(found[0].wall_time >= before && found[0].wall_time < before + 60);
  assert_true(lan_str_equal(found[1].tag, LAN_STR("loss/training")));
  assert_true(found[1].step == 1 && found[1].value == 0.25f && found[1].wall_time >= before);
  assert_true(lan_str_equal(found[2].tag, LAN_STR("độ chính xác")));
  assert_true(found[2].step == 300 && found[2].value == -1e-30f);
  assert_true(found[3].step == INT64_MAX && found[3].value == 3);
  free(bytes);
}

/* All bytes but for the time: 24 of length and version, as TensorFlow writes them. */
static void a_record_is_as_tensorflow_writes_it(void **state) {
  events *e;
  size_t n;
  assert_int_equal(events_open(scratch_path(state, "runs"), &e, NULL), LAN_OK);
  unsigned char *bytes = scratch_read(events_path(e), &n);
  events_close(e);
  static const unsigned char length[] = {24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22, 9};
  assert_int_equal(n, 8 + 4 + 24 + 4);
  assert_memory_equal(bytes, length, sizeof length);
  assert_memory_equal(bytes + 12 + 9,
                      "\x1A\x0D"
                      "brain.Event:2",
                      15);
  free(bytes);
}

static void each_run_has_a_file_of_its_own(void **state) {
  events *a, *b;
  const char *folder = scratch_path(state, "runs");
  assert_int_equal(events_open(folder, &a, NULL), LAN_OK);
  assert_int_equal(events_open(folder, &b, NULL), LAN_OK);
  assert_string_not_equal(events_path(a), events_path(b));
  assert_true(strcmp(events_path(a), events_path(b)) < 0); /* read in this order */
  assert_non_null(strstr(events_path(a), "/events.out.tfevents."));
  assert_int_equal(scratch_count(folder), 2);
  events_close(a);
  events_close(b);

  lan_error err;
  scratch_write(scratch_path(state, "file"), "", 0);
  assert_int_equal(events_open(scratch_path(state, "file"), &a, &err), LAN_EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(checksums_are_those_published),
      TEST(a_log_is_read_again),
      TEST(a_record_is_as_tensorflow_writes_it),
      TEST(each_run_has_a_file_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
