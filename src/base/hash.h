/* A fast 64-bit hash of bytes, and an open-addressing map from 64-bit keys to 32-bit values. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same bytes give the same hash on every machine and run: it is stored in files. Not for
 * secrets. */
uint64_t lan_hash(const void *bytes, size_t len, uint64_t seed);

/* Mixes one 64-bit value (a finaliser: every input bit reaches every output bit). */
static inline uint64_t lan_hash_mix(uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  x ^= x >> 32;
  return x;
}

#define LAN_MAP_NONE UINT32_MAX /* no value; not allowed as one */

typedef struct lan_map {
  uint64_t *keys;
  uint32_t *values; /* LAN_MAP_NONE: the slot is free */
  size_t cap, len;
  uint64_t secret; /* decides the slots */
} lan_map;

/* The value of `key`, or LAN_MAP_NONE. A zeroed map is empty. */
uint32_t lan_map_get(const lan_map *m, uint64_t key);
/* A place for `key`'s value: *slot is LAN_MAP_NONE if the key is new; the caller then writes a
 * value at once. NULL when memory is short. The pointer dies at the next insertion. */
uint32_t *lan_map_put(lan_map *m, uint64_t key);
bool lan_map_reserve(lan_map *m, size_t n);
void lan_map_free(lan_map *m);

#endif
