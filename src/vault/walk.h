/* Finding the files of a vault. */
#ifndef VAULT_WALK_H
#define VAULT_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"
#include "lantoa/status.h"

typedef enum walk_kind {
  WALK_NOTE,      /* .md */
  WALK_CANVAS,    /* .canvas */
  WALK_ATTACHMENT /* anything else that a link may mean: pictures, PDFs, sound */
} walk_kind;

typedef struct walk_file {
  lan_str path;     /* relative to the root, bytes as on disk, NUL-terminated */
  uint64_t size;    /* of notes and canvases; 0 for attachments */
  int64_t mtime_ns; /* likewise */
  walk_kind kind;
} walk_file;

/* What was passed over, and why: for `doctor`. */
typedef struct walk_skip {
  lan_str path;
  lan_str reason; /* "is a symbolic link; links are not followed", "cannot be read: ...", ... */
  bool failed;    /* it should have been read and could not */
} walk_skip;

typedef struct walk_result {
  VEC(walk_file) files; /* sorted by path, byte order */
  VEC(walk_skip) skips;
  lan_arena arena;
} walk_result;

/* Walks the vault. Names that begin with '.' are left out; symbolic links are not followed and are
 * told as skips, as are FIFOs and devices; so is a folder that cannot be read (the walk goes on).
 * `excludes` and userIgnoreFilters of .obsidian/app.json leave out what begins with the filter, or
 * matches it if it is /a regular expression/ (POSIX extended with \d and (?: ), case-insensitive; no
 * look-around, no \1, no repeats of thousands); a filter or an
 * app.json that cannot be read is told as a skip and does not count. LAN_ENOTFOUND or LAN_EIO only
 * when the root itself cannot be opened; LAN_ENOMEM. */
lan_status walk_vault(const char *root, const char *const *excludes, size_t n_excludes,
                      walk_result *out, lan_error *err);
void walk_free(walk_result *r);

/* Whether `path` is a note or canvas as a walk of the vault open at `root_fd` would name it; ignore filters are not
 * asked. */
bool walk_has_note(int root_fd, const char *path);

/* The vault around `start` (a folder or file): the nearest folder upwards that holds `.obsidian`,
 * else LAN_ENOTFOUND with a message that says to give --vault. */
lan_status walk_find_vault(const char *start, lan_buf *out, lan_error *err);

#endif
