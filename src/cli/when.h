/* Points of time as people write them. */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lantoa/memory.h"
#include "lantoa/status.h"

/* "2026-11-23", "2026-11-23 14:30", "2026-11-23T14:30:05" (local time; with "Z" at its end UTC), or how long ago: "30m",
 * "2h", "3d", "1w". In milliseconds since 1970; false: it is none of these. */
bool when_read(const char *text, int64_t now_ms, int64_t *unix_ms);

/* "2026-11-23 14:30:05", local time. */
void when_show(int64_t unix_ms, char out[32]);

#endif
