/* The index of a vault: its catalog, network and words, made from its files. */
#ifndef MEMORY_INDEX_H
#define MEMORY_INDEX_H

#include "base/thread.h"
#include "lantoa/memory.h"
#include "memory/catalog.h"
#include "memory/network.h"
#include "memory/source.h"
#include "text/bm25.h"
#include "vault/walk.h"

/* A file or folder that was not read, and why. */
typedef struct index_skip {
  lan_str path, reason;
  bool failed; /* it should have been read */
} index_skip;

typedef VEC(index_skip) skip_list;

/* Appends a skip; its strings are copied into the arena. */
lan_status index_add_skip(skip_list *skips, lan_arena *arena, lan_str path, lan_str reason,
                          bool failed, lan_error *err);

typedef struct memory_index {
  catalog cat;
  network net;
  bm25_index *words;
  void *words_block; /* what `words` was opened in, if it was loaded */
} memory_index;

void index_free(memory_index *index);

/* What indexing needs to know, and what it may tell. */
typedef struct index_job {
  const note_source *source;
  lan_pool *pool;
  int (*progress)(void *ctx, lan_phase phase, size_t done, size_t total); /* may be NULL */
  void *progress_ctx;
  const struct reader_hidden *hidden; /* what to leave out; NULL: nothing */
  lan_arena *skip_arena;
  skip_list *skips; /* files that could not be read are appended */
} index_job;

/* Reads every note of `cat` (from a walk), which it takes over, also on failure. */
lan_status index_build(index_job *job, catalog *cat, memory_index *out, lan_error *err);

/* Reads the notes `changed` (with their new versions in `now`, of the same files) anew and changes
 * `index` in place. *done is false, and the index unchanged, when more than their own ties would
 * change (an alias, a canvas): then index_build is called for. */
lan_status index_patch(index_job *job, memory_index *index, const catalog *now,
                       const uint32_t *changed, size_t n_changed, bool *done, lan_error *err);

/* The files that links may mean: notes, then attachments. */
lan_status index_files(const catalog *cat, names **files, lan_error *err);

#endif
