#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"

/* Multiply-fold hashing as in wyhash and its kin: a 128-bit product of input and state, both halves
 * folded together. A product forgets the other factor where one is 0, and hardly mixes where one is
 * small, and whoever writes the input can choose words that make it so. Hence a step also takes along
 * the state and the word by themselves: neither is ever lost. Four lanes a round keep the multiplier
 * busy. Little-endian reads make the result the same on every machine. */

static const uint64_t K0 = 0xa0761d6478bd642fu, K1 = 0xe7037ed1a0b428dbu, K2 = 0x8ebc6af09c88c6e3u,
                      K3 = 0x589965cc75374cc3u;

static uint64_t fold_product(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  wide p = (wide)a * b;
  return (uint64_t)p ^ (uint64_t)(p >> 64);
#else
  uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
  uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
  uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
  uint64_t low = mid << 32 | (uint32_t)ll;
  return low ^ (hh + (lh >> 32) + (hl >> 32) + (mid >> 32));
#endif
}

static uint64_t read64(const unsigned char *p) {
  uint64_t v;
  memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

/* The last 0 to 7 bytes as a number. */
static uint64_t read_tail(const unsigned char *p, size_t n) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++) v |= (uint64_t)p[i] << (8 * i);
  return v;
}

static uint64_t add_word(uint64_t state, uint64_t word) {
  return (state << 29 | state >> 35) + fold_product(word ^ K2, state ^ K3) + 3 * word;
}

uint64_t lan_hash(const void *bytes, size_t len, uint64_t seed) {
  const unsigned char *p = bytes;
  size_t n = len;
  uint64_t a = seed ^ K1;
  if (n >= 32) {
    uint64_t b = a ^ K0, c = a ^ K2, d = a ^ K3;
    for (; n >= 32; n -= 32, p += 32) {
      a = add_word(a, read64(p));
      b = add_word(b, read64(p + 8));
      c = add_word(c, read64(p + 16));
      d = add_word(d, read64(p + 24));
    }
    a = add_word(add_word(add_word(a, b), c), d);
  }
  for (; n >= 8; n -= 8, p += 8) a = add_word(a, read64(p));
  if (n) a = add_word(a, read_tail(p, n));
  return fold_product(a ^ K2 ^ (uint64_t)len, K3);
}

/* ---- map ---- */

/* What a map's order of slots depends on. Were it known, names could be sought out that all want the
 * same slot, and each probe would walk past all of them. */
static uint64_t new_secret(void) {
  static _Thread_local uint64_t last;
  if (!last && getentropy(&last, sizeof last) != 0) {
    last = lan_clock_ns() ^ (uint64_t)(uintptr_t)&last;
  }
  last = add_word(last, K0);
  return last;
}

static size_t slot_of(const lan_map *m, uint64_t key) {
  size_t i = (size_t)fold_product(key ^ m->secret, m->secret | 1) & (m->cap - 1);
  while (m->values[i] != LAN_MAP_NONE && m->keys[i] != key) i = (i + 1) & (m->cap - 1);
  return i;
}

uint32_t lan_map_get(const lan_map *m, uint64_t key) {
  return m->cap ? m->values[slot_of(m, key)] : LAN_MAP_NONE;
}

static bool map_grow(lan_map *m, size_t cap) {
  lan_map bigger = {lan_alloc_array(cap, sizeof(uint64_t)), lan_alloc_array(cap, sizeof(uint32_t)),
                    cap, m->len, m->cap ? m->secret : new_secret()};
  if (!bigger.keys || !bigger.values) {
    lan_map_free(&bigger);
    return false;
  }
  memset(bigger.values, 0xFF, cap * sizeof(uint32_t));
  for (size_t i = 0; i < m->cap; i++) {
    if (m->values[i] == LAN_MAP_NONE) continue;
    size_t j = slot_of(&bigger, m->keys[i]);
    bigger.keys[j] = m->keys[i];
    bigger.values[j] = m->values[i];
  }
  lan_map_free(m);
  *m = bigger;
  return true;
}

bool lan_map_reserve(lan_map *m, size_t n) {
  if (n > SIZE_MAX / 4) return false;
  size_t cap = m->cap ? m->cap : 16;
  while (cap / 2 < n) cap *= 2; /* at most half full: probes stay short */
  return cap == m->cap || map_grow(m, cap);
}

uint32_t *lan_map_put(lan_map *m, uint64_t key) {
  if (!lan_map_reserve(m, m->len + 1)) return NULL;
  size_t i = slot_of(m, key);
  if (m->values[i] == LAN_MAP_NONE) {
    m->keys[i] = key;
    m->len++;
  }
  return &m->values[i];
}

void lan_map_free(lan_map *m) {
  free(m->keys);
  free(m->values);
  *m = (lan_map){0};
}
