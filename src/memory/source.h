/* Where notes come from: files that are parsed (folder.c), or what an application hands in. */
#ifndef MEMORY_SOURCE_H
#define MEMORY_SOURCE_H

#include "memory/catalog.h"
#include "vault/facts.h"

typedef struct note_source note_source;

/* Both are called from several threads at once. */
struct note_source {
  /* Appends the note as the source keeps it; what it is is the source's own affair. LAN_ENOTFOUND, LAN_EIO,
   * LAN_ELIMIT: it cannot be read. */
  lan_status (*read)(const note_source *source, const catalog_note *note, lan_buf *out,
                     lan_error *err);
  /* What the note says, from what `read` gave; `out` is zeroed or was reset, and may point into `bytes`. */
  lan_status (*parse)(const note_source *source, const catalog_note *note, lan_str bytes,
                      facts *out, lan_error *err);
};

/* The files of an open folder. */
typedef struct folder_source {
  note_source source;
  int root_fd;
} folder_source;

folder_source folder_source_of(int root_fd);

#endif
