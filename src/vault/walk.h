/* Finding the files of a vault. */
#ifndef VAULT_WALK_H
#define VAULT_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/thread.h"
#include "lantoa/status.h"

typedef enum walk_kind {
  WALK_NOTE,      /* .md */
  WALK_CANVAS,    /* .canvas */
  WALK_ATTACHMENT /* anything else that a link may mean; pictures, PDFs, sound */
} walk_kind;

typedef struct walk_file {
  lan_str path; /* relative to the root, bytes as on disk, NUL-terminated */
  uint64_t size;
  int64_t mtime_ns;
  walk_kind kind;
} walk_file;

/* What was passed over, and why: for `doctor` and for exit code 3. */
typedef struct walk_skip {
  lan_str path;
  lan_str reason; /* "is a symbolic link", "permission denied", "is no regular file", ... */
} walk_skip;

typedef struct walk_result {
  walk_file *files; /* sorted by path, byte order */
  uint32_t n_files;
  walk_skip *skips;
  uint32_t n_skips;
  lan_arena arenas[64]; /* one a worker */
} walk_result;

typedef struct walk_options {
  const char *const *excludes; /* as userIgnoreFilters */
  size_t n_excludes;
  bool ignore_app_json; /* do not read .obsidian/app.json */
} walk_options;

/* Walks the vault. Names that begin with '.' and `.trash` are left out; symbolic links are not
 * followed and are told as skips, as are FIFOs and devices; so is a folder that cannot be read (the
 * walk goes on). userIgnoreFilters of .obsidian/app.json and options->excludes leave out what
 * begins with the filter (a folder ends with '/'), or matches it if it is /a regular expression/
 * (POSIX extended; a broken one is told as a skip and ignored); a broken app.json likewise.
 * LAN_ENOTFOUND or LAN_EIO only when the root itself cannot be opened. */
lan_status walk_vault(const char *root, const walk_options *options, lan_pool *pool,
                      walk_result *out, lan_error *err);
void walk_free(walk_result *r);

/* The vault around `start` (a folder or file): the nearest folder upwards that holds `.obsidian`,
 * else LAN_ENOTFOUND with a message that says to give --vault. */
lan_status walk_find_vault(const char *start, lan_buf *out, lan_error *err);

#endif
