/* The trail: by way of which notes the user came to the cue, lately. What is thought of next depends on it. */
#ifndef MEMORY_TRAIL_H
#define MEMORY_TRAIL_H

#include "memory/habits.h"

enum { TRAIL_MOST = 6 };

#define TRAIL_PAUSE_MS INT64_C(1800000) /* after half an hour something else begins */

typedef struct trail {
  uint32_t notes[TRAIL_MOST]; /* the last one first; without the cue */
  size_t n;
} trail;

/* Follows the latest opens before `now_ms` backwards: of the cue, of the note that it was opened from, ... */
trail trail_to(const habits *h, uint32_t cue, int64_t now_ms);

/* Calls found(ctx, note, worth) for what was opened two or three steps after a note of the trail before `now_ms`,
 * on other occasions; worth is 1 for each of them, less for notes that lie further back. False: it was false. */
bool trail_continued(const habits *h, const trail *t, int64_t now_ms,
                     bool (*found)(void *ctx, uint32_t note, float worth), void *ctx);

#endif
