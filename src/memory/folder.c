/* Notes that are files of a folder. */
#include "base/file.h"
#include "memory/source.h"

static lan_status read_file(const note_source *source, const catalog_note *note, lan_buf *out,
                            lan_error *err) {
  const folder_source *folder = (const folder_source *)(const void *)source;
  const char *path = note->path.ptr;
  return lan_file_read_below(folder->root_fd, path, path, FACTS_FILE_MAX, out, err);
}

static lan_status parse_file(const note_source *source, const catalog_note *note, lan_str bytes,
                             facts *out, lan_error *err) {
  (void)source;
  return note->kind == WALK_CANVAS ? facts_parse_canvas(bytes.ptr, bytes.len, out, err)
                                   : facts_parse_note(bytes.ptr, bytes.len, out, err);
}

folder_source folder_source_of(int root_fd) {
  return (folder_source){{read_file, parse_file}, root_fd};
}
