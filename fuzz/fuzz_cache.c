/* The index cache: the input is the file, or, after the letter P, patches to a good one: four bytes
 * of offset, one of length, that many bytes; length 0 cuts the file there. Whatever comes of it:
 * right data or a refusal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "store/index_db.h"

enum { SMALL = 700, LARGE = 70000 };

static char path[64];
static uint8_t *good;
static size_t good_len;
static uint8_t small[SMALL], large[LARGE];

static void clean_up(void) { unlink(path); }

static void read_good(void) {
  FILE *f = fopen(path, "rb");
  FUZZ_CHECK(f && fseek(f, 0, SEEK_END) == 0);
  good_len = (size_t)ftell(f);
  good = malloc(good_len);
  rewind(f);
  FUZZ_CHECK(good && fread(good, 1, good_len, f) == good_len);
  fclose(f);
}

static void make_good(void) {
  index_writer *w;
  snprintf(path, sizeof path, "%s/lantoa-fuzz-%ld", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
           (long)getpid());
  atexit(clean_up);
  for (size_t i = 0; i < LARGE; i++) large[i] = (uint8_t)(i * i >> 3);
  for (size_t i = 0; i < SMALL; i++) small[i] = (uint8_t)i;
  FUZZ_CHECK(index_writer_new(path, "fuzz", &w, NULL) == LAN_OK);
  FUZZ_CHECK(index_writer_put(w, "small", (lan_str){(char *)small, SMALL}, NULL) == LAN_OK);
  FUZZ_CHECK(index_writer_put(w, "large", (lan_str){(char *)large, LARGE}, NULL) == LAN_OK);
  FUZZ_CHECK(index_writer_put(w, "empty", (lan_str){"", 0}, NULL) == LAN_OK);
  FUZZ_CHECK(index_writer_finish(w, NULL) == LAN_OK);
  read_good();
}

static void write_file(const uint8_t *data, size_t len) {
  FILE *f = fopen(path, "wb");
  FUZZ_CHECK(f && fwrite(data, 1, len, f) == len && fclose(f) == 0);
}

static void write_patched(const uint8_t *data, size_t size) {
  size_t len = good_len;
  uint8_t *copy = malloc(good_len);
  FUZZ_CHECK(copy);
  memcpy(copy, good, good_len);
  while (size >= 5) {
    size_t at = ((size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16) % good_len;
    size_t n = data[4];
    data += 5;
    size -= 5;
    if (n == 0) len = at;
    if (n > size) n = size;
    if (n > good_len - at) n = good_len - at;
    memcpy(copy + at, data, n);
    data += n;
    size -= n;
  }
  write_file(copy, len);
  free(copy);
}

static void expect(index_db *db, const char *name, const uint8_t *content, size_t content_len) {
  void *data;
  size_t len;
  lan_error err;
  lan_status s = index_db_section(db, name, &data, &len, &err);
  FUZZ_CHECK(s == LAN_OK || s == LAN_ECORRUPT || s == LAN_EIO || s == LAN_ENOMEM);
  if (s != LAN_OK) return;
  FUZZ_CHECK(len == content_len && memcmp(data, content, len) == 0);
  free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  index_db *db;
  lan_error err;
  if (!good) make_good();
  if (size && data[0] == 'P') {
    write_patched(data + 1, size - 1);
  } else {
    write_file(data, size);
  }
  if (index_db_open(path, "fuzz", &db, &err) != LAN_OK) return 0;
  expect(db, "small", small, SMALL);
  expect(db, "large", large, LARGE);
  expect(db, "empty", small, 0);
  index_db_close(db);
  return 0;
}
