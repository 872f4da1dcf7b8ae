/* Reading one note: from where it is kept to facts, words and prose. */
#ifndef MEMORY_READER_H
#define MEMORY_READER_H

#include "memory/source.h"
#include "text/bm25.h"
#include "vault/names.h"

/* A part of a note's text, from `start` up to `end`; none if they are equal. */
typedef struct reader_part {
  uint32_t start, end;
} reader_part;

/* What is to be read as if it were not there: links, or parts of notes. */
typedef struct reader_hidden {
  const names *files;     /* what links may mean */
  const uint32_t *target; /* by note: the note whose links are hidden, or UINT32_MAX; NULL: no links */
  const reader_part *parts; /* by note; NULL: no parts */
} reader_hidden;

/* Scratch memory of one thread; zero-initialise. */
typedef struct reader {
  lan_buf bytes, other;
  facts facts; /* of the note that was read last; points into `bytes` */
  bm25_counter counter;
  uint64_t hash;
} reader;

/* Reads the note and parses it by its kind. Fails when it cannot be read. */
lan_status reader_read(reader *r, const note_source *source, const catalog_note *note,
                       lan_error *err);

/* Takes the hidden part, or the markup of all links to the hidden target, out of the note that was read, and parses
 * what is left. Nothing changes if `hidden` (may be NULL) hides none in it. For sources of plain texts only. */
lan_status reader_hide(reader *r, const note_source *source, const catalog_note *note,
                       uint32_t number, const reader_hidden *hidden, lan_error *err);

/* The words of the note that was read, for the word index; valid until the next call. The title
 * counts as TITLE_WEIGHT mentions of its words. */
lan_status reader_words(reader *r, const catalog_note *note, bm25_doc *doc, lan_error *err);

/* Whether mentions are looked for in a piece. */
bool reader_is_prose(const facts_piece *piece);

void reader_free(reader *r);

#endif
