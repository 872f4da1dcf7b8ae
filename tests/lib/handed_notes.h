/* Notes in memory, as an application hands them in. */
#ifndef LIB_HANDED_NOTES_H
#define LIB_HANDED_NOTES_H

#include <string.h>

#include "base/error.h"
#include "base/pack.h"
#include "memory/handed.h"
#include "vault/cached.h"

typedef struct handed_note {
  const char *path, *text;
  const char *alias; /* NULL: none */
} handed_note;

typedef struct handed_notes {
  note_source source;
  handed_note notes[8];
  size_t n;
} handed_notes;

static inline lan_status handed_notes_read(const note_source *source, const catalog_note *note,
                                           lan_buf *out, lan_error *err) {
  const handed_notes *h = (const handed_notes *)(const void *)source;
  for (size_t i = 0; i < h->n; i++) {
    const handed_note *n = &h->notes[i];
    if (strcmp(n->path, note->path.ptr) != 0) continue;
    pack_number(out, 0);
    pack_string(out, lan_str_of(n->text));
    pack_number(out, n->alias ? 2 : 0);
    if (n->alias) {
      pack_number(out, CACHED_WHOLE);
      pack_string(out, lan_str_of("alias"));
      pack_string(out, lan_str_of(n->alias));
    }
    pack_number(out, 0);
    return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
  }
  return lan_fail(err, LAN_ENOTFOUND, "no %s", note->path.ptr);
}

static inline lan_status handed_notes_parse(const note_source *source, const catalog_note *note,
                                            lan_str bytes, facts *out, lan_error *err) {
  (void)source;
  (void)note;
  return facts_from_cache(bytes.ptr, bytes.len, out, err);
}

/* An application's notes; aliases are told where a text has front matter. */
static inline handed_notes handed_notes_new(void) {
  return (handed_notes){{handed_notes_read, handed_notes_parse},
                        {{"Cà phê.md", "[[Quán]] mở từ sáng. #đồ-uống Bạn bè ở đó.", NULL},
                         {"Quán.md", "Quán bán [[Cà phê]] và [[Trà sữa]].", NULL},
                         {"Trà sữa.md", "Trà sữa ngọt. #đồ-uống", NULL},
                         {"Bạn bè.md", "Bạn bè rủ nhau uống cà phê.", NULL},
                         {"Khác/Nhân sự.md", "---\nalias: x\n---\nHồ sơ của [[Quán]].", "người"},
                         {"Khác/Gạo.md", "Nấu cơm.", NULL}},
                        6};
}

static inline lan_status handed_notes_index(const handed_notes *h, lan_memory *m, lan_error *err) {
  handed_file files[9];
  for (size_t i = 0; i < h->n; i++)
    files[i] = (handed_file){lan_str_of(h->notes[i].path), WALK_NOTE};
  files[h->n] = (handed_file){lan_str_of("ly.png"), WALK_ATTACHMENT};
  return handed_index(m, files, h->n + 1, err);
}

#endif
