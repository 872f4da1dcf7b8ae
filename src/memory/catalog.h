/* The files of a vault as the memory knows them: notes by number, their names and versions. */
#ifndef MEMORY_CATALOG_H
#define MEMORY_CATALOG_H

#include "base/alloc.h"
#include "base/str.h"
#include "lantoa/status.h"
#include "vault/walk.h"

typedef struct catalog_note {
  lan_str path;  /* NUL-terminated */
  lan_str title; /* NUL-terminated valid UTF-8 */
  uint64_t size;
  int64_t mtime_ns;
  uint64_t hash; /* of the bytes that were read; 0 if it could not be read */
  walk_kind kind;
  bool racy; /* changed so shortly before it was read that its time stamp may not tell a later
                change */
  lan_str *aliases;
  uint32_t n_aliases;
} catalog_note;

typedef struct catalog {
  catalog_note *notes; /* notes and canvases in byte order of their paths */
  uint32_t n_notes;
  lan_str *attachments; /* in byte order */
  uint32_t n_attachments;
  lan_arena arena;
} catalog;

/* Takes the files of a walk; hashes and aliases are still to come. Strings are copied. */
lan_status catalog_from_walk(const walk_result *walk, catalog *out, lan_error *err);
/* Copies `n` aliases for the note. */
lan_status catalog_set_aliases(catalog *c, uint32_t note, const lan_str *aliases, uint32_t n,
                               lan_error *err);
void catalog_free(catalog *c);

/* The note of a path, or UINT32_MAX. O(log n). */
uint32_t catalog_find(const catalog *c, lan_str path);

/* Whether both have the same files (versions may differ). */
bool catalog_same_files(const catalog *a, const catalog *b);
bool catalog_same_version(const catalog_note *a, const catalog_note *b);

/* For the index cache. Decoded strings are copied; LAN_ECORRUPT. */
lan_status catalog_encode(const catalog *c, lan_buf *out, lan_error *err);
lan_status catalog_decode(lan_str bytes, catalog *out, lan_error *err);

#endif
