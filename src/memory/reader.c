#include "memory/reader.h"

#include "base/error.h"
#include "base/hash.h"

enum { TITLE_WEIGHT = 3, ALIAS_WEIGHT = 1, TAG_WEIGHT = 1 };

static lan_status parse(reader *r, const note_source *source, const catalog_note *note,
                        lan_error *err) {
  lan_str bytes = {r->bytes.data ? r->bytes.data : "", r->bytes.len};
  facts_reset(&r->facts);
  return source->parse(source, note, bytes, &r->facts, err);
}

lan_status reader_read(reader *r, const note_source *source, const catalog_note *note,
                       lan_error *err) {
  lan_buf_clear(&r->bytes);
  facts_reset(&r->facts);
  lan_status s = source->read(source, note, &r->bytes, err);
  if (s != LAN_OK) return s;
  r->hash = lan_hash(r->bytes.data ? r->bytes.data : "", r->bytes.len, 0);
  return parse(r, source, note, err);
}

static void leave_out_links(reader *r, const catalog_note *note, uint32_t target, const names *files) {
  const facts *f = &r->facts;
  size_t at = 0;
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    if (l->start < at || l->target.len == 0) continue;
    if (names_resolve(files, note->path, l->target, NULL) != target) continue;
    lan_buf_add(&r->other, f->text.ptr + at, l->start - at);
    at = l->end;
  }
  lan_buf_add(&r->other, f->text.ptr + at, f->text.len - at);
}

static void leave_out_part(reader *r, reader_part part) {
  lan_str text = r->facts.text;
  if (part.end > text.len) part = (reader_part){0}; /* it has changed meanwhile */
  lan_buf_add(&r->other, text.ptr, part.start);
  lan_buf_add(&r->other, text.ptr + part.end, text.len - part.end);
}

lan_status reader_hide(reader *r, const note_source *source, const catalog_note *note,
                       uint32_t number, const reader_hidden *hidden, lan_error *err) {
  if (!hidden || note->kind == WALK_CANVAS) return LAN_OK;
  bool part = hidden->parts && hidden->parts[number].end > hidden->parts[number].start;
  bool links = hidden->target && hidden->target[number] != UINT32_MAX;
  if (!part && !links) return LAN_OK;
  lan_buf_clear(&r->other);
  if (part) {
    leave_out_part(r, hidden->parts[number]);
  } else {
    leave_out_links(r, note, hidden->target[number], hidden->files);
  }
  if (r->other.failed) return lan_fail_memory(err, 0);
  lan_buf whole = r->bytes;
  r->bytes = r->other;
  r->other = whole;
  return parse(r, source, note, err);
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
  lan_buf_free(&r->other);
  facts_free(&r->facts);
  bm25_counter_free(&r->counter);
}
