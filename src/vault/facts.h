/* What one note says: links, tags, aliases, headings and plain text. */
#ifndef VAULT_FACTS_H
#define VAULT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"
#include "lantoa/status.h"

typedef enum facts_link_kind {
  FACTS_LINK_WIKI,       /* [[target]] */
  FACTS_LINK_MARKDOWN,   /* [shown](target.md) */
  FACTS_LINK_PROPERTY,   /* in front matter */
  FACTS_LINK_CANVAS,     /* a file node of a canvas: the canvas links to it */
  FACTS_LINK_CANVAS_EDGE /* an arrow of a canvas from one file node to another: `from` is set */
} facts_link_kind;

typedef struct facts_link {
  lan_str target;  /* as written, percent-decoded, without '#...' and '|...', trimmed; may be empty
                      for a  link into the note itself. Never a URL */
  lan_str subpath; /* "Heading#Sub" or "^block"; empty if none */
  lan_str shown;   /* the shown text; empty if none (also for an image size) */
  lan_str from;    /* FACTS_LINK_CANVAS_EDGE: the sending file's path; else empty */
  uint32_t start, end; /* byte range of the markup in the file */
  uint32_t sentence_start,
      sentence_end; /* byte range of the sentence around it, within its block */
  uint32_t line;    /* from 1 */
  facts_link_kind kind;
  bool embed; /* ![[...]] or ![](...) */
} facts_link;

typedef struct facts_tag {
  lan_str name; /* without '#', as written */
  uint32_t line;
} facts_tag;

typedef struct facts_heading {
  lan_str text;         /* plain */
  uint32_t line, level; /* level 1 .. 6 */
} facts_heading;

typedef struct facts_task {
  lan_str text; /* plain */
  uint32_t line;
  char state; /* ' ' open, 'x' done, others as written */
} facts_task;

/* The note's text without markup, in pieces; pieces follow each other in the file. */
typedef enum facts_piece_kind {
  FACTS_PROSE, /* paragraphs, list items, table cells, quotes; one piece ends at a block's end */
  FACTS_HEADING,
  FACTS_LINKED, /* the shown text of a link (or its target's last part): words count, mentions do
                   not */
  FACTS_CODE    /* code, mathematics, HTML: words count, mentions do not */
} facts_piece_kind;

typedef struct facts_piece {
  lan_str text;
  uint32_t source; /* where it begins in the file (exactly, when text is a plain run of the file) */
  facts_piece_kind kind;
} facts_piece;

/* A defect that `lantoa doctor` reports; the rest of the note is still read. */
typedef struct facts_problem {
  uint32_t line;
  lan_str message; /* what is wrong and how to mend it */
} facts_problem;

enum {
  FACTS_DAMAGE_MOJIBAKE = 1, /* UTF-8 that was read as Windows-1252 and written as UTF-8 again */
  FACTS_DAMAGE_NUL = 2,
  FACTS_DAMAGE_UTF8 = 4 /* bytes that are not UTF-8 */
};

typedef struct facts {
  facts_link *links;
  facts_tag *tags; /* front matter's first; repeats are kept */
  lan_str *aliases;
  facts_heading *headings;
  lan_str *block_ids;
  facts_task *tasks;
  facts_piece *pieces;
  facts_problem *problems;
  uint32_t n_links, n_tags, n_aliases, n_headings, n_block_ids, n_tasks, n_pieces, n_problems;
  uint32_t damage;          /* FACTS_DAMAGE_... */
  uint32_t frontmatter_end; /* byte at which the body begins */
  lan_arena arena; /* owns everything above; strings may also point into the parsed bytes */
} facts;

enum { FACTS_FILE_MAX = 64 << 20 }; /* bytes of the largest note that is read */

/* Reads a Markdown note. `bytes` must outlive `out`; positions count in `bytes`, also when damaged
 * text was mended for reading. `shown` is the path for messages. Never fails on what the note
 * holds: defects go to out->problems. Zero-initialised `out`, or one that was reset by facts_reset
 * (keeps memory). LAN_ENOMEM, LAN_ELIMIT (over FACTS_FILE_MAX). Linear time on any input. */
lan_status facts_parse_note(const char *bytes, size_t n, const char *shown, facts *out,
                            lan_error *err);

/* Reads a JSON Canvas 1.0 file: file nodes and edges become links, text nodes are parsed as notes'
 * text, group labels and link nodes' words count. A file that is no canvas gives one problem and no
 * links. */
lan_status facts_parse_canvas(const char *bytes, size_t n, const char *shown, facts *out,
                              lan_error *err);

void facts_reset(facts *f);
void facts_free(facts *f);

/* Plain text of a byte range of a note, for showing a sentence: markup removed, [[a|b]] shown as b,
 * white space runs made one space, at most `max` bytes with "…" where it was cut (around
 * `keep_start .. keep_end`, positions in the file, which stays in). Sets the range of the shown
 * link in the output. */
void facts_sentence(const char *bytes, size_t n, uint32_t start, uint32_t end, uint32_t keep_start,
                    uint32_t keep_end, size_t max, lan_buf *out, size_t *mark_start,
                    size_t *mark_end);

/* Facts as bytes for the index cache, without the pieces of text (words are indexed elsewhere).
 * Decoding checks everything: LAN_ECORRUPT, never a read outside. Strings point into `bytes`. */
lan_status facts_encode(const facts *f, lan_buf *out, lan_error *err);
lan_status facts_decode(const char *bytes, size_t n, facts *out, lan_error *err);

/* Mends UTF-8 that was read as Windows-1252 (lost bytes become U+FFFD); false if `s` is not damaged
 * so. "Há»c há»i" becomes "Học hỏi". */
bool facts_mend_mojibake(const char *s, size_t n, lan_buf *out);

#endif
