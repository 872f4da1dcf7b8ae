/* Hiding links, to learn from them and to find out how well they come back: a note's link is taken out of
 * its text, and everything that was made from the text is made anew, as if it had never been written. */
#ifndef MEMORY_HIDE_H
#define MEMORY_HIDE_H

#include "memory/memory_internal.h"

typedef struct hidden_links {
  uint32_t *target; /* by note: the note whose link is hidden, or UINT32_MAX */
  size_t n;         /* how many notes hide one */
} hidden_links;

/* Chooses links at random: at most one a note, never a note's only link, never one that the target
 * links back; `share` of all, at least `least` and at most `most`. `but` (may be NULL): not those. */
lan_status hide_choose(const memory_index *index, uint64_t seed, double share, size_t least,
                       size_t most, const hidden_links *but, hidden_links *out, lan_error *err);
void hide_free(hidden_links *h);

/* The memory as it would be without those links, or (hide_open_parts) those parts of notes; shares the folder and the threads of `m`, which must
 * outlive it, and keeps no cache. `h` must live as long. */
lan_status hide_open(lan_memory *m, const hidden_links *h, lan_memory **shadow, lan_error *err);
lan_status hide_open_parts(lan_memory *m, const reader_part *parts, lan_memory **shadow,
                           lan_error *err);
void hide_close(lan_memory *shadow);

#endif
