#include "memory/reader.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

enum { TITLE_WEIGHT = 3, ALIAS_WEIGHT = 1, TAG_WEIGHT = 1 };

lan_status reader_read(reader *r, int root_fd, const catalog_note *note, lan_error *err) {
  lan_buf_clear(&r->bytes);
  facts_reset(&r->facts);
  const char *path = note->path.ptr;
  lan_status s = lan_file_read_at(root_fd, path, path, FACTS_FILE_MAX, &r->bytes, err);
  if (s != LAN_OK) return s;
  const char *bytes = r->bytes.data ? r->bytes.data : "";
  size_t n = r->bytes.len;
  r->hash = lan_hash(bytes, n, 0);
  return note->kind == WALK_CANVAS ? facts_parse_canvas(bytes, n, &r->facts, err)
                                   : facts_parse_note(bytes, n, &r->facts, err);
}

lan_status reader_words(reader *r, const catalog_note *note, bm25_doc *doc, lan_error *err) {
  const facts *f = &r->facts;
  bm25_counter *c = &r->counter;
  bm25_counter_begin(c);
  bm25_counter_add(c, note->title.ptr, note->title.len, TITLE_WEIGHT);
  for (size_t i = 0; i < f->aliases.len; i++) {
    bm25_counter_add(c, f->aliases.data[i].ptr, f->aliases.data[i].len, ALIAS_WEIGHT);
  }
  for (size_t i = 0; i < f->tags.len; i++) {
    bm25_counter_add(c, f->tags.data[i].name.ptr, f->tags.data[i].name.len, TAG_WEIGHT);
  }
  for (size_t i = 0; i < f->pieces.len; i++) {
    bm25_counter_add(c, f->pieces.data[i].text.ptr, f->pieces.data[i].text.len, 1);
  }
  if (c->failed) return lan_fail_memory(err, 0);
  *doc = (bm25_doc){c->terms, c->n_terms, c->length};
  return LAN_OK;
}

bool reader_is_prose(const facts_piece *piece) {
  return piece->kind == FACTS_PROSE || piece->kind == FACTS_HEADING;
}

void reader_free(reader *r) {
  lan_buf_free(&r->bytes);
  facts_free(&r->facts);
  bm25_counter_free(&r->counter);
}
