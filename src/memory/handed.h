/* A memory whose notes an application hands in, and which remembers what the application keeps: no folder, no
 * files, no SQLite. What it is asked is what lantoa/memory.h has for asking and for reasons. */
#ifndef MEMORY_HANDED_H
#define MEMORY_HANDED_H

#include "lantoa/memory.h"
#include "memory/habits.h"
#include "memory/source.h"

/* An empty memory. The source must outlive it; so must what the records are read from. */
lan_status handed_new(const note_source *source, const memory_records *records, lan_memory **memory,
                      lan_error *err);
void handed_free(lan_memory *m);

typedef struct handed_file {
  lan_str path;
  walk_kind kind;
} handed_file;

/* Reads all the notes of these files, which are in any order (it is changed) and each there once: LAN_EINVAL. When memory
 * is short, here or below, all that can be done with the memory is to free it. */
lan_status handed_index(lan_memory *m, handed_file *files, size_t n, lan_error *err);

/* Notes have changed: reads these anew. *done is false, and nothing changed, when that is not enough (a note that is not
 * known, a canvas, other aliases): then handed_index is called for. */
lan_status handed_change(lan_memory *m, const lan_str *paths, size_t n, bool *done, lan_error *err);

/* The note at a path, or UINT32_MAX. */
uint32_t handed_find(const lan_memory *m, lan_str path);

/* Scores with these weights (as `lantoa learn` keeps them) from now on; no bytes: with those that came with the program.
 * LAN_EFORMAT. */
lan_status handed_weights(lan_memory *m, lan_str bytes, lan_error *err);

/* `note` was opened from `from` at a time, which the records need not tell yet: learns from it. Where that leads to better
 * weights, they are appended to `weights`, and score from now on. */
lan_status handed_learn(lan_memory *m, lan_str from, lan_str note, int64_t unix_ms,
                        lan_buf *weights, lan_error *err);

/* The records have changed: `n_events` of them there are now. Of none, all was forgotten: learning begins anew. */
void handed_remember(lan_memory *m, size_t n_events);

#endif
