/* Base: errors, memory, strings, hashing, threads, files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/vec.h"

static void error_messages_are_cut_between_characters(void **state) {
  (void)state;
  char long_text[2 * LAN_ERROR_MAX];
  for (size_t shift = 0; shift < 3; shift++) {
    size_t n = 0;
    for (size_t i = 0; i < shift; i++) long_text[n++] = 'a';
    while (n + 3 < sizeof long_text) {
      memcpy(long_text + n, "ệ", 3);
      n += 3;
    }
    long_text[n] = '\0';
    lan_error err;
    assert_int_equal(lan_fail(&err, LAN_EIO, "%s", long_text), LAN_EIO);
    size_t len = strlen(err.message);
    assert_true(len > LAN_ERROR_MAX - 5);
    assert_int_equal(lan_utf8_valid(err.message, len), len);
  }
  lan_error err;
  lan_fail(&err, LAN_EINVAL, "two\nlines");
  assert_string_equal(err.message, "two lines");
  assert_int_equal(lan_fail(NULL, LAN_EINVAL, "x"), LAN_EINVAL);
}

static void sizes_that_overflow_are_refused(void **state) {
  (void)state;
  assert_null(lan_alloc_array(SIZE_MAX / 2, 3));
  assert_null(lan_alloc_zeroed(SIZE_MAX, 2));
  VEC(uint64_t) v = {0};
  assert_false(VEC_RESERVE(&v, SIZE_MAX / 4));
  for (uint64_t i = 0; i < 1000; i++) assert_true(VEC_PUSH(&v, i * i));
  for (uint64_t i = 0; i < 1000; i++) assert_int_equal(v.data[i], i * i);
  VEC_FREE(&v);
}

static void arenas_align_and_reuse(void **state) {
  (void)state;
  lan_arena a = {0};
  for (int round = 0; round < 3; round++) {
    for (size_t i = 1; i < 5000; i += 7) {
      char *p = lan_arena_alloc(&a, i, 1);
      assert_non_null(p);
      assert_int_equal((uintptr_t)p % 16, 0);
      memset(p, 1, i);
    }
    lan_arena_reset(&a);
  }
  assert_string_equal(lan_arena_copy(&a, "lan toả!", 9), "lan toả");
  assert_null(lan_arena_alloc(&a, SIZE_MAX, 1));
  lan_arena_free(&a);
}

static void utf8_round_trips_and_refuses(void **state) {
  (void)state;
  for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
    if (cp >= 0xD800 && cp <= 0xDFFF) continue;
    char s[4];
    uint32_t back;
    size_t n = lan_utf8_encode(cp, s);
    assert_int_equal(lan_utf8_decode(s, n, &back), n);
    assert_int_equal(back, cp);
    if (n > 1) {
      assert_int_equal(lan_utf8_decode(s, n - 1, &back), 1);
      assert_int_equal(back, 0xFFFD);
    }
  }
  static const char *bad[] = {"\x80",         "\xC0\x80",         "\xE0\x80\x80",
                              "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(lan_utf8_valid(bad[i], strlen(bad[i])), 0);
  }
  lan_buf b = {0};
  lan_utf8_scrub(&b, "a\xFFn\xC3", 4);
  assert_string_equal(b.data, "a\xEF\xBF\xBDn\xEF\xBF\xBD");
  lan_buf_free(&b);
}

static void strings_compare_trim_and_print(void **state) {
  (void)state;
  assert_true(lan_str_compare(LAN_STR("a"), LAN_STR("ab")) < 0);
  assert_true(lan_str_compare(LAN_STR("b"), LAN_STR("ab")) > 0);
  assert_true(lan_str_equal(lan_str_trim(LAN_STR(" \t x y\n")), LAN_STR("x y")));
  assert_int_equal(lan_str_trim(LAN_STR("  ")).len, 0);
  lan_buf b = {0};
  for (int i = 0; i < 100; i++) lan_buf_printf(&b, "%d,", i);
  assert_int_equal(b.len, 290);
  lan_buf_clear(&b);
  assert_string_equal(b.data, "");
  lan_buf_free(&b);
}

static void hashes_spread_and_stay(void **state) {
  (void)state;
  /* Stored in files: these values must never change. */
  assert_int_equal(lan_hash("", 0, 0), lan_hash(NULL, 0, 0));
  assert_int_not_equal(lan_hash("", 0, 0), 0); /* 0 stands for a file that cannot be read */
  unsigned char bytes[100];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
  assert_true(lan_hash(bytes, 41, 3) == 0xe3c8128b8ab13355u);
  assert_true(lan_hash(bytes, 5, 0) == 0xcd1e270c57578c60u);
  VEC(uint64_t) seen = {0};
  for (size_t n = 0; n <= sizeof bytes; n++) {
    uint64_t h = lan_hash(bytes, n, 0);
    for (size_t i = 0; i < seen.len; i++) assert_int_not_equal(seen.data[i], h);
    assert_true(VEC_PUSH(&seen, h));
    for (size_t bit = 0; bit < 8 * n; bit++) { /* each bit matters */
      bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
      assert_int_not_equal(lan_hash(bytes, n, 0), h);
      bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
  }
  VEC_FREE(&seen);
  assert_int_not_equal(lan_hash("ab", 2, 0), lan_hash("ab", 2, 1));
}

/* Words at which a product is 0 or hardly mixes: what came before and after them still counts. */
static void crafted_words_hide_nothing(void **state) {
  (void)state;
  static const uint64_t odd[] = {0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u,
                                 0x589965cc75374cc3u, 0};
  enum { MOST = 10, VALUES = 8 };
  for (size_t n = 2; n <= MOST; n++) {
    for (size_t i = 0; i < 2 * 5 * n * n; i++) {
      size_t at = i / 10 % n, varied = i / 10 / n;
      uint64_t words[MOST] = {0}, seen[VALUES];
      if (at == varied) continue;
      for (uint64_t v = 0; v < VALUES; v++) {
        words[at] = odd[i % 5] ^ (i / 5 % 2);
        words[varied] = v;
        seen[v] = lan_hash(words, 8 * n, 0);
        for (uint64_t u = 0; u < v; u++) assert_int_not_equal(seen[u], seen[v]);
      }
    }
  }
  const uint64_t one = odd[2] ^ 1, before[] = {one, one, 5}, after[] = {5, one, one};
  assert_int_not_equal(lan_hash(before, sizeof before, 0), lan_hash(after, sizeof after, 0));
}

static void maps_hold_what_was_put(void **state) {
  (void)state;
  lan_map m = {0};
  assert_int_equal(lan_map_get(&m, 5), LAN_MAP_NONE);
  for (uint32_t i = 0; i < 10000; i++) {
    uint32_t *slot = lan_map_put(&m, (uint64_t)i << 32);
    assert_int_equal(*slot, LAN_MAP_NONE);
    *slot = i;
  }
  for (uint32_t i = 0; i < 10000; i++) assert_int_equal(lan_map_get(&m, (uint64_t)i << 32), i);
  assert_int_equal(lan_map_get(&m, 1), LAN_MAP_NONE);
  assert_int_equal(m.len, 10000);
  lan_map_free(&m);
}

typedef struct tally {
  uint32_t *hits;
  size_t n_workers;
} tally;

static void count_hit(void *ctx, size_t i, size_t worker) {
  tally *t = ctx;
  if (worker < t->n_workers) t->hits[i]++;
}

static void pools_do_each_task_once(void **state) {
  (void)state;
  for (size_t threads = 1; threads <= 4; threads++) {
    lan_pool *pool;
    assert_int_equal(lan_pool_new(threads, &pool, NULL), LAN_OK);
    assert_int_equal(lan_pool_size(pool), threads);
    uint32_t hits[1000] = {0};
    tally t = {hits, threads};
    for (uint32_t run = 1; run <= 50; run++) {
      lan_pool_run(pool, 1000, count_hit, &t);
      for (size_t i = 0; i < 1000; i++) assert_int_equal(hits[i], run);
    }
    lan_pool_free(pool);
  }
  uint32_t one = 0;
  lan_pool_run(NULL, 1, count_hit, &(tally){&one, 1});
  assert_int_equal(one, 1);
  lan_pool_free(NULL);
}

static void files_are_replaced_whole(void **state) {
  (void)state;
  char dir[] = "/tmp/lantoa-base-XXXXXX";
  assert_non_null(mkdtemp(dir));
  char path[64], fifo[64], deep[64];
  snprintf(path, sizeof path, "%s/f", dir);
  snprintf(fifo, sizeof fifo, "%s/p", dir);
  snprintf(deep, sizeof deep, "%s/a/b/c", dir);
  lan_error err;
  assert_int_equal(lan_file_write(path, "hello", 5, &err), LAN_OK);
  assert_int_equal(lan_file_write(path, "xin chào", 9, &err), LAN_OK);
  lan_buf b = {0};
  assert_int_equal(lan_file_read(path, 100, &b, &err), LAN_OK);
  assert_string_equal(b.data, "xin chào");
  assert_int_equal(lan_file_read(path, 4, &b, &err), LAN_ELIMIT);
  assert_int_equal(b.len, 9); /* untouched on failure */
  assert_int_equal(mkfifo(fifo, 0600), 0);
  assert_int_equal(lan_file_read(fifo, 100, &b, &err), LAN_EIO);
  assert_int_equal(lan_file_read(dir, 100, &b, &err), LAN_EIO);
  assert_int_equal(lan_dir_make(deep, &err), LAN_OK);
  assert_int_equal(lan_dir_make(deep, &err), LAN_OK);
  assert_int_equal(lan_dir_make(path, &err), LAN_EIO);
  lan_buf_free(&b);
  char command[96];
  snprintf(command, sizeof command, "rm -r %s", dir);
  assert_int_equal(system(command), 0);
}

static void files_grow_and_are_read_in_parts(void **state) {
  (void)state;
  char dir[] = "/tmp/lantoa-base-XXXXXX", path[64], part[8] = "";
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/log", dir);
  lan_error err;
  lan_file f;
  lan_file_writer w;
  assert_int_equal(lan_file_open(path, &f, &err), LAN_ENOTFOUND);
  assert_int_equal(lan_file_append(path, "cà ", 4, &err), LAN_OK);
  assert_int_equal(lan_file_append(path, "phê", 4, &err), LAN_OK);
  assert_int_equal(lan_file_open(path, &f, &err), LAN_OK);
  assert_int_equal(f.size, 8);
  assert_int_equal(lan_file_read_part(&f, 4, part, 4, path, &err), LAN_OK);
  assert_string_equal(part, "phê");
  assert_int_equal(lan_file_read_part(&f, 5, part, 4, path, &err), LAN_EIO);
  assert_int_equal(lan_file_read_part(&f, UINT64_MAX, part, 1, path, &err), LAN_EIO);
  assert_int_equal(lan_file_read_part(&f, UINT64_MAX, part, 0, path, &err), LAN_OK);

  assert_int_equal(lan_file_begin(path, &w, &err), LAN_OK);
  assert_int_equal(lan_file_add(&w, "lost", 4, &err), LAN_OK);
  lan_file_abandon(&w);
  assert_int_equal(lan_file_begin(path, &w, &err), LAN_OK);
  assert_int_equal(lan_file_add(&w, "t", 1, &err), LAN_OK);
  assert_int_equal(lan_file_add(&w, "rà", 3, &err), LAN_OK);
  assert_int_equal(lan_file_finish(&w, &err), LAN_OK);
  assert_int_equal(lan_file_read_part(&f, 4, part, 4, path, &err), LAN_OK); /* the old file */
  lan_file_close(&f);
  lan_buf b = {0};
  assert_int_equal(lan_file_read(path, 100, &b, &err), LAN_OK);
  assert_string_equal(b.data, "trà");
  lan_buf_free(&b);

  assert_int_equal(lan_file_append(dir, "x", 1, &err), LAN_EIO);
  assert_int_equal(lan_file_open(dir, &f, &err), LAN_EIO);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(dir), 0); /* nothing is left in it */
}

static void xdg_folders_follow_the_specification(void **state) {
  (void)state;
  lan_buf b = {0};
  setenv("HOME", "/home/x", 1);
  setenv("XDG_CACHE_HOME", "/c", 1);
  assert_int_equal(lan_dir_cache(&b, NULL), LAN_OK);
  assert_string_equal(b.data, "/c/lantoa");
  lan_buf_clear(&b);
  setenv("XDG_CACHE_HOME", "relative", 1);
  assert_int_equal(lan_dir_cache(&b, NULL), LAN_OK);
  assert_string_equal(b.data, "/home/x/.cache/lantoa");
  unsetenv("HOME");
  unsetenv("XDG_DATA_HOME");
  assert_int_equal(lan_dir_data(&b, NULL), LAN_ENOTFOUND);
  lan_buf_free(&b);
}

/* The known answers of Random123's kat_vectors for philox4x32 with 10 rounds. */
static void random_numbers_are_those_of_philox(void **state) {
  (void)state;
  static const struct { uint32_t counter[4], key[2], out[4]; } known[] = {
      {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint32_t out[4];
    lan_philox(known[i].counter, known[i].key, out);
    assert_memory_equal(out, known[i].out, sizeof out);
  }
  lan_rng whole = lan_rng_at(7, 3, 0);
  double sum = 0, squares = 0;
  enum { DRAWS = 20000 };
  for (uint64_t i = 0; i < DRAWS; i++) {
    lan_rng here = lan_rng_at(7, 3, 2 * i); /* a normal draws two */
    float x = lan_rng_normal(&whole);
    assert_true(x == lan_rng_normal(&here));
    sum += (double)x;
    squares += (double)x * (double)x;
  }
  assert_true(fabs(sum / DRAWS) < 0.03);
  assert_true(fabs(squares / DRAWS - 1) < 0.05);
  uint32_t seen[6] = {0};
  for (int i = 0; i < 6000; i++) {
    assert_in_range(lan_rng_uniform(&whole) < 1.0F, 1, 1);
    seen[lan_rng_below(&whole, 6)]++;
  }
  for (int i = 0; i < 6; i++) assert_in_range(seen[i], 850, 1150);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_messages_are_cut_between_characters),
      cmocka_unit_test(sizes_that_overflow_are_refused),
      cmocka_unit_test(arenas_align_and_reuse),
      cmocka_unit_test(utf8_round_trips_and_refuses),
      cmocka_unit_test(strings_compare_trim_and_print),
      cmocka_unit_test(hashes_spread_and_stay),
      cmocka_unit_test(crafted_words_hide_nothing),
      cmocka_unit_test(maps_hold_what_was_put),
      cmocka_unit_test(random_numbers_are_those_of_philox),
      cmocka_unit_test(pools_do_each_task_once),
      cmocka_unit_test(files_are_replaced_whole),
      cmocka_unit_test(files_grow_and_are_read_in_parts),
      cmocka_unit_test(xdg_folders_follow_the_specification),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
