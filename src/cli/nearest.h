/* Near misses: what may have been meant. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Insertions, deletions, replacements and swaps of neighbours that make `a` of `b` (optimal string
 * alignment, in bytes), or `most` + 1 if more than `most` or if one is longer than 63 bytes. */
uint32_t nearest_distance(lan_str a, lan_str b, uint32_t most);

/* How far a near miss may be off. */
uint32_t nearest_limit(size_t len);

/* The name closest to `typed`, or NULL if none is near. */
const char *nearest(const char *typed, const char *const *names, size_t n);

#endif
