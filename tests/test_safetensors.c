/* Model files: what is written is read again, by others too; what is refused and how it is named. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "lib/scratch.h"
#include "net/safetensors.h"

/* ---- files made by hand ---- */

/* The header's length, the header, `n_data` bytes 1, 2, 3, ...; on the heap and of the exact size. */
static unsigned char *make_file(const char *header, size_t len, size_t n_data, size_t *n) {
  unsigned char *file = malloc(8 + len + n_data);
  assert_non_null(file);
  for (int i = 0; i < 8; i++) file[i] = (unsigned char)((uint64_t)len >> (8 * i));
  memcpy(file + 8, header, len);
  for (size_t i = 0; i < n_data; i++) file[8 + len + i] = (unsigned char)(i + 1);
  *n = 8 + len + n_data;
  return file;
}

/* What the file holds in words: "a F32[2,3] b U8[] | key=text". */
static void describe(const safetensors *st, lan_buf *out) {
  for (size_t i = 0; i < safetensors_count(st); i++) {
    const safetensors_tensor *t = safetensors_at(st, i);
    assert_ptr_equal(safetensors_find(st, t->name), t);
    lan_buf_printf(out, "%s%s %s[", i ? " " : "", t->name, t->spelling);
    for (uint32_t d = 0; d < t->rank; d++) {
      lan_buf_printf(out, "%s%" PRIu64, d ? "," : "", t->shape[d]);
    }
    lan_buf_add_char(out, ']');
  }
  const char *text = safetensors_metadata(st, "key");
  if (text) lan_buf_printf(out, " | %s", text);
}

typedef struct sample {
  const char *header;
  size_t n_data;
  const char *meaning; /* or part of the message */
} sample;

#define T(name, type, shape, from, to) \
  "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"

static const sample good[] = {
    {"{}", 0, ""},
    {"{ }   ", 0, ""},
    {"{" T("a", "F32", "[2,3]", "0", "24") "}", 24, "a F32[2,3]"},
    {"{" T("a", "F32", "[]", "0", "4") "}", 4, "a F32[]"},
    {"{" T("a", "F32", "[0]", "0", "0") "}", 0, "a F32[0]"},
    {"{" T("a", "F32", "[0,18446744073709551615,3]", "0", "0") "}", 0,
     "a F32[0,18446744073709551615,3]"},
    {"{" T("b", "U8", "[2]", "4", "6") "," T("a", "F32", "[1]", "0", "4") "}", 6,
     "b U8[2] a F32[1]"},
    {"{" T("b", "U8", "[2]", "0", "2") "," T("c", "U8", "[0]", "2", "2") "," T("a", "BF16", "[1]",
                                                                               "2", "4") "}",
     4, "b U8[2] c U8[0] a BF16[1]"},
    {"{\"__metadata__\":{\"key\":\"cà phê \\u0103\\ud83d\\ude00\\n\\\"\\\\\\/\"}}", 0,
     " | cà phê ă😀\n\"\\/"},
    {"{\"__metadata__\":{}}", 0, ""},
    {"{\"__metadata__\":{\"x\":\"1\",\"key\":\"2\"}," T("m", "I64", "[1]", "0", "8") "}", 8,
     "m I64[1] | 2"},
    {"{\n\t\"a\" : {\r\"data_offsets\" : [ 0 , 2 ] , \"shape\" : [ 1 , 1 ] , \"dtype\" : \"F16\" } "
     "}\n",
     2, "a F16[1,1]"},
    {"{" T("", "F64", "[1]", "0", "8") "}", 8, " F64[1]"},
    {"{" T("a", "F8_E4M3", "[3]", "0", "3") "}", 3, "a F8_E4M3[3]"},
};

static void headers_mean_what_they_say(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    size_t n;
    unsigned char *file = make_file(good[i].header, strlen(good[i].header), good[i].n_data, &n);
    safetensors *st;
    lan_error err;
    lan_buf got = {0};
    lan_status s = safetensors_open_bytes(file, n, "m", &st, &err);
    if (s != LAN_OK) fail_msg("%s: %s", good[i].header, err.message);
    lan_buf_add_str(&got, "");
    describe(st, &got);
    assert_string_equal(got.data, good[i].meaning);
    assert_null(safetensors_find(st, "nobody"));
    assert_null(safetensors_metadata(st, "nobody"));
    lan_buf_free(&got);
    safetensors_close(st);
    free(file);
  }
}

static const sample bad[] = {
    {"", 0, "'{' is wanted at byte 0"},
    {" {}", 0, "'{' is wanted"},
    {"[]", 0, "'{' is wanted"},
    {"{", 0, "a string is wanted at byte 1"},
    {"{}x", 0, "something after the end at byte 2"},
    {"{,}", 0, "a string is wanted"},
    {"{\"a", 0, "a string has no end"},
    {"{\"a\n\":1}", 0, "a string has no end"},
    {"{\"a\\x\"}", 0, "a bad escape"},
    {"{\"a\\u12g4\"}", 0, "a bad escape"},
    {"{\"a\\u123", 0, "a bad escape"},
    {"{\"a\\ud800\"}", 0, "half a surrogate pair"},
    {"{\"a\\ud800\\u0041\"}", 0, "half a surrogate pair"},
    {"{\"a\\udc00\"}", 0, "half a surrogate pair"},
    {"{\"a\\u0000\"}", 0, "the character U+0000"},
    {"{\"\xff\"}", 0, "bytes that are no UTF-8 at byte 2"},
    {"{\"\xC0\x80\"}", 0, "bytes that are no UTF-8"},
    {"{\"a\"}", 0, "':' is wanted"},
    {"{\"a\":1}", 0, "an object is wanted"},
    {"{\"a\":{}}", 0, "dtype, shape and two data_offsets are wanted"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0, "dtype, shape and two data_offsets are wanted"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]}}", 4, "two data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4,8]}}", 4, "too many numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "is there twice"},
    {"{\"a\":{\"dtype\":\"F33\"}}", 0, "tensor a: its dtype is unknown"},
    {"{\"a\":{\"dtype\":32}}", 0, "a string is wanted"},
    {"{\"a\":{\"other\":32}}", 0, "nothing else"},
    {"{" T("a", "F32", "1", "0", "4") "}", 4, "a list of numbers is wanted"},
    {"{" T("a", "F32", "[1,]", "0", "4") "}", 4, "a whole number is wanted"},
    {"{" T("a", "F32", "[-1]", "0", "4") "}", 4, "a whole number is wanted"},
    {"{" T("a", "F32", "[1.0]", "0", "4") "}", 4, "a whole number is wanted"},
    {"{" T("a", "F32", "[1e0]", "0", "4") "}", 4, "a whole number is wanted"},
    {"{" T("a", "F32", "[01]", "0", "4") "}", 4, "a number that begins with 0"},
    {"{" T("a", "F32", "[1 1]", "0", "4") "}", 4, "',' or ']' is wanted"},
    {"{" T("a", "F32", "[18446744073709551616]", "0", "4") "}", 4, "a number that is too large"},
    {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4, "a list of too many numbers"},
    {"{" T("a", "F32", "[4294967296,4294967296]", "0", "0") "}", 0, "more bytes than the file has"},
    {"{" T("a", "F32", "[4611686018427387905]", "0", "4") "}", 4, "more bytes than the file has"},
    {"{" T("a", "F32", "[288230376151711744]", "0", "1152921504606846976") "}", 4,
     "more bytes than the file has"},
    {"{" T("a", "F32", "[2]", "0", "8") "}", 4, "more bytes than the file has"},
    {"{" T("a", "F32", "[1]", "4", "8") "}", 4, "more bytes than the file has"},
    {"{" T("a", "F32", "[1]", "18446744073709551612", "0") "}", 4, "do not fit its shape"},
    {"{" T("a", "F32", "[1]", "4", "0") "}", 4, "do not fit its shape"},
    {"{" T("a", "F32", "[1]", "0", "3") "}", 4, "do not fit its shape"},
    {"{" T("a", "F32", "[1]", "0", "4") "}", 5, "1 bytes at its end are no tensor's"},
    {"{" T("a", "F32", "[1]", "1", "5") "}", 5, "bytes before it that are no tensor's"},
    {"{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "2", "6") "}", 6,
     "another tensor's"},
    {"{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "0", "4") "}", 4,
     "another tensor's"},
    {"{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "5", "9") "}", 9, "no tensor's"},
    {"{" T("a", "U8", "[2]", "0", "2") "," T("b", "U8", "[0]", "1", "1") "}", 2,
     "another tensor's"},
    {"{" T("a", "F32", "[1]", "0", "4") "," T("a", "F32", "[1]", "4", "8") "}", 8,
     "tensor a: the name is there twice"},
    {"{" T("a", "F32", "[1]", "0", "4") "," T("\\u0061", "F32", "[1]", "4", "8") "}", 8, "twice"},
    {"{" T("a", "F32", "[1]", "0", "4") ",}", 4, "a string is wanted"},
    {"{" T("a", "F32", "[1]", "0", "4") " " T("b", "F32", "[1]", "4", "8") "}", 8, "',' or '}'"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "a string is wanted"},
    {"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "a string is wanted"},
    {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "two texts a in __metadata__"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "a second __metadata__"},
    {"{\"__metadata__\":[]}", 0, "an object is wanted"},
    {"{\"\\u001b[31m\\nred\":{\"dtype\":\"X\"}}", 0, "tensor ?[31m?red: its dtype is unknown"},
};

static void mistakes_are_named(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    size_t n;
    unsigned char *file = make_file(bad[i].header, strlen(bad[i].header), bad[i].n_data, &n);
    safetensors *st = (safetensors *)&n;
    lan_error err;
    assert_int_equal(safetensors_open_bytes(file, n, "m", &st, &err), LAN_EFORMAT);
    if (!strstr(err.message, bad[i].meaning)) {
      fail_msg("%s: said \"%s\", not \"%s\"", bad[i].header, err.message, bad[i].meaning);
    }
    assert_ptr_equal(st, &n); /* untouched */
    free(file);
  }
}

static void every_cut_is_noticed(void **state) {
  (void)state;
  static const char header[] = "{" T("a", "F32", "[2]", "0", "8") "}";
  size_t n;
  unsigned char *file = make_file(header, sizeof header - 1, 8, &n);
  for (size_t len = 0; len < n; len++) {
    safetensors *st;
    unsigned char *cut = malloc(len ? len : 1);
    assert_non_null(cut);
    memcpy(cut, file, len);
    assert_int_equal(safetensors_open_bytes(cut, len, "m", &st, NULL), LAN_EFORMAT);
    free(cut);
  }
  free(file);
}

/* Claims that would take all memory if they were believed. */
static void giant_claims_are_refused(void **state) {
  const char *path = scratch_path(state, "giant.safetensors");
  safetensors *st;
  lan_error err;
  unsigned char length[16] = {0, 0, 0, 0, 0, 0, 0, 0x10, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '};
  scratch_write(path, length, sizeof length);
  assert_int_equal(safetensors_open(path, &st, &err), LAN_EFORMAT);
  assert_non_null(strstr(err.message, "claims a header of 1152921504606846976 bytes and holds 8"));

  static const char header[] =
      "{" T("a", "F32", "[288230376151711744]", "0", "1152921504606846976") "}";
  size_t n;
  unsigned char *file = make_file(header, sizeof header - 1, 8, &n);
  scratch_write(path, file, n);
  free(file);
  assert_int_equal(safetensors_open(path, &st, &err), LAN_EFORMAT);
  assert_non_null(strstr(err.message, "tensor a: it claims more bytes than the file has"));

  size_t large = (size_t)SAFETENSORS_HEADER_MAX + 1;
  unsigned char *spaces = calloc(8 + large, 1);
  assert_non_null(spaces);
  for (int i = 0; i < 8; i++) spaces[i] = (unsigned char)((uint64_t)large >> (8 * i));
  assert_int_equal(safetensors_open_bytes(spaces, 8 + large, "m", &st, &err), LAN_ELIMIT);
  free(spaces);

  assert_int_equal(safetensors_open(scratch_path(state, "none"), &st, &err), LAN_ENOTFOUND);
  assert_int_equal(safetensors_open(*state, &st, &err), LAN_EIO); /* a folder */
}

/* ---- there and back ---- */

static void what_is_written_is_read(void **state) {
  const char *path = scratch_path(state, "m.safetensors");
  static const uint64_t shape[] = {2, 3}, three[] = {3}, none[] = {4, 0};
  static const float weights[6] = {1, -2.5f, 3e-39f, INFINITY, -0.0f, 16777217.0f};
  static const uint8_t bytes[3] = {0, 128, 255};
  static const int64_t steps[3] = {INT64_MIN, -1, INT64_MAX};
  const safetensors_source tensors[] = {{"lớp.\"1\"\\\n", SAFETENSORS_U8, 1, three, bytes},
                                        {"weights", SAFETENSORS_F32, 2, shape, weights},
                                        {"steps", SAFETENSORS_I64, 1, three, steps},
                                        {"empty", SAFETENSORS_F32, 2, none, NULL},
                                        {"one", SAFETENSORS_F32, 0, NULL, weights + 1}};
  const safetensors_text texts[] = {{"model", "input 1 28 28\nconv 8 3\t# \x01 \"cà phê\"\n"},
                                    {"labels", ""}};
  lan_error err;
  safetensors *st;
  assert_int_equal(safetensors_write(path, tensors, 5, texts, 2, &err), LAN_OK);
  assert_int_equal(safetensors_open(path, &st, &err), LAN_OK);
  lan_buf got = {0};
  describe(st, &got);
  assert_string_equal(got.data,
                      "lớp.\"1\"\\\n U8[3] weights F32[2,3] steps I64[3] empty F32[4,0] one F32[]");
  lan_buf_free(&got);
  assert_string_equal(safetensors_metadata(st, "model"), texts[0].text);
  assert_string_equal(safetensors_metadata(st, "labels"), "");

  float floats[6];
  uint8_t b[3];
  int64_t i[3];
  const safetensors_tensor *w = safetensors_find(st, "weights");
  assert_int_equal(w->offset % 8, 0);
  assert_int_equal(safetensors_read_floats(st, w, floats, &err), LAN_OK);
  assert_memory_equal(floats, weights, sizeof weights);
  assert_int_equal(safetensors_read_floats(st, safetensors_find(st, "empty"), NULL, &err), LAN_OK);
  assert_int_equal(safetensors_read_floats(st, safetensors_find(st, "one"), floats, &err), LAN_OK);
  assert_true(floats[0] == weights[1]);
  assert_int_equal(safetensors_read_bytes(st, safetensors_at(st, 0), b, &err), LAN_OK);
  assert_memory_equal(b, bytes, sizeof bytes);
  assert_int_equal(safetensors_read_integers(st, safetensors_find(st, "steps"), i, &err), LAN_OK);
  assert_memory_equal(i, steps, sizeof steps);
  assert_int_equal(safetensors_read_floats(st, safetensors_find(st, "steps"), floats, &err),
                   LAN_EFORMAT);
  assert_non_null(strstr(err.message, "tensor steps is of type I64; F32, F16 or BF16 is wanted"));
  assert_int_equal(safetensors_read_integers(st, w, i, NULL), LAN_EFORMAT);
  assert_int_equal(safetensors_read_bytes(st, w, b, NULL), LAN_EFORMAT);
  safetensors_close(st);
}

static void the_smallest_file_is_written(void **state) {
  const char *path = scratch_path(state, "m.safetensors");
  size_t n;
  assert_int_equal(safetensors_write(path, NULL, 0, NULL, 0, NULL), LAN_OK);
  unsigned char *bytes = scratch_read(path, &n);
  assert_int_equal(n, 16);
  assert_memory_equal(bytes, "\x08\0\0\0\0\0\0\0{}      ", 16);
  free(bytes);

  static const float two = 2;
  const safetensors_source t = {"a", SAFETENSORS_F32, 0, NULL, &two};
  const safetensors_text text = {"k", "v"};
  assert_int_equal(safetensors_write(path, &t, 1, &text, 1, NULL), LAN_OK);
  bytes = scratch_read(path, &n);
  static const char all[] =
      "\x50\0\0\0\0\0\0\0{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[],"
      "\"data_offsets\":[0,4]}}  \0\0\0\x40";
  assert_int_equal(n, sizeof all - 1);
  assert_memory_equal(bytes, all, n);
  free(bytes);
}

static void names_that_cannot_be_are_refused(void **state) {
  const char *path = scratch_path(state, "m.safetensors");
  static const uint64_t huge[] = {1ull << 40, 1ull << 40};
  static const float x[1] = {0};
  const safetensors_source twice[] = {{"a", SAFETENSORS_F32, 0, NULL, x},
                                      {"a", SAFETENSORS_F32, 0, NULL, x}};
  const safetensors_source wrong[] = {
      {"", SAFETENSORS_F32, 0, NULL, x},     {"__metadata__", SAFETENSORS_F32, 0, NULL, x},
      {"\xff", SAFETENSORS_F32, 0, NULL, x}, {"a", SAFETENSORS_F16, 0, NULL, x},
      {"a", SAFETENSORS_F32, 2, huge, x},    {"a", SAFETENSORS_F32, 9, huge, x}};
  const safetensors_text same[] = {{"k", "1"}, {"k", "2"}}, no_text = {"k", "\xff"};
  assert_int_equal(safetensors_write(path, twice, 2, NULL, 0, NULL), LAN_EINVAL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(safetensors_write(path, &wrong[i], 1, NULL, 0, NULL), LAN_EINVAL);
  }
  assert_int_equal(safetensors_write(path, NULL, 0, same, 2, NULL), LAN_EINVAL);
  assert_int_equal(safetensors_write(path, NULL, 0, &no_text, 1, NULL), LAN_EINVAL);
  assert_int_equal(scratch_count(*state), 0);
}

/* All the numbers of 16 bits there are, each against what its fields say. */
static void half_floats_are_exact(void **state) {
  (void)state;
  static const char half[] = "{" T("a", "F16", "[65536]", "0", "131072") "}",
                    brain[] = "{" T("a", "BF16", "[65536]", "0", "131072") "}";
  static float out[65536];
  for (int kind = 0; kind < 2; kind++) {
    size_t n, len = strlen(kind ? brain : half);
    unsigned char *file = make_file(kind ? brain : half, len, 131072, &n);
    for (size_t i = 0; i < 65536; i++) {
      file[8 + len + 2 * i] = (unsigned char)i;
      file[8 + len + 2 * i + 1] = (unsigned char)(i >> 8);
    }
    safetensors *st;
    assert_int_equal(safetensors_open_bytes(file, n, "m", &st, NULL), LAN_OK);
    assert_int_equal(safetensors_read_floats(st, safetensors_at(st, 0), out, NULL), LAN_OK);
    int bits = kind ? 7 : 10, exponents = kind ? 255 : 31, bias = kind ? 127 : 15;
    for (int i = 0; i < 65536; i++) {
      int exponent = i >> bits & exponents, fraction = i & ((1 << bits) - 1);
      double size = exponent ? ldexp((1 << bits) + fraction, exponent - bias - bits)
                             : ldexp(fraction, 1 - bias - bits);
      if (exponent == exponents) size = fraction ? (double)NAN : (double)INFINITY;
      if (isnan(size)) {
        assert_true(isnan(out[i]));
      } else {
        assert_true((double)out[i] == (i & 0x8000 ? -size : size));
        assert_int_equal(!!signbit(out[i]), i >> 15);
      }
    }
    safetensors_close(st);
    free(file);
  }
}

/* Ten thousand tensors with names that begin alike. */
static void many_tensors_are_found(void **state) {
  const char *path = scratch_path(state, "many");
  enum { N = 10000 };
  static char names[N][64];
  static float values[N];
  static safetensors_source tensors[N];
  for (int i = 0; i < N; i++) {
    snprintf(names[i], sizeof names[i], "network.layer.block.%d.weight", i * 7919 % N);
    values[i] = (float)i;
    tensors[i] = (safetensors_source){names[i], SAFETENSORS_F32, 0, NULL, &values[i]};
  }
  safetensors *st;
  assert_int_equal(safetensors_write(path, tensors, N, NULL, 0, NULL), LAN_OK);
  assert_int_equal(safetensors_open(path, &st, NULL), LAN_OK);
  for (int i = 0; i < N; i++) {
    float v;
    const safetensors_tensor *t = safetensors_find(st, names[i]);
    assert_ptr_equal(t, safetensors_at(st, (size_t)i));
    assert_int_equal(safetensors_read_floats(st, t, &v, NULL), LAN_OK);
    assert_true(v == values[i]);
  }
  safetensors_close(st);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(headers_mean_what_they_say),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(every_cut_is_noticed),
      cmocka_unit_test_setup_teardown(giant_claims_are_refused, scratch_setup, scratch_teardown),
      cmocka_unit_test_setup_teardown(what_is_written_is_read, scratch_setup, scratch_teardown),
      cmocka_unit_test_setup_teardown(the_smallest_file_is_written, scratch_setup,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(names_that_cannot_be_are_refused, scratch_setup,
                                      scratch_teardown),
      cmocka_unit_test(half_floats_are_exact),
      cmocka_unit_test_setup_teardown(many_tensors_are_found, scratch_setup, scratch_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
