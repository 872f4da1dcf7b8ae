/* What one note says: links, tags, aliases, headings and text. */
#ifndef VAULT_FACTS_H
#define VAULT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"
#include "lantoa/status.h"

typedef enum facts_link_kind {
  FACTS_LINK_WIKI,       /* [[target]] */
  FACTS_LINK_MARKDOWN,   /* [shown](target.md) */
  FACTS_LINK_PROPERTY,   /* in front matter */
  FACTS_LINK_CANVAS,     /* a file node of a canvas: the canvas links to it */
  FACTS_LINK_CANVAS_EDGE /* an arrow of a canvas from one file node to another: `from` is set */
} facts_link_kind;

typedef struct facts_link {
  lan_str target;  /* as written, percent-decoded, without '#...' and '|...', trimmed; empty for a
                      link into the note itself. Never a URL */
  lan_str subpath; /* "Heading#Sub" or "^block"; empty if none */
  lan_str shown;   /* the shown text; empty if none (also for an image's size) */
  lan_str from;    /* FACTS_LINK_CANVAS_EDGE: the sending file's path; else empty */
  uint32_t start, end; /* byte range of the markup in facts.text */
  uint32_t line;       /* from 1 */
  facts_link_kind kind;
  bool embed; /* ![[...]] or ![](...) */
} facts_link;

typedef struct facts_tag {
  lan_str name; /* without '#', as written */
  uint32_t line;
} facts_tag;

typedef struct facts_heading {
  lan_str text;         /* as written, without the signs around it */
  uint32_t line, level; /* level 1 .. 6 */
} facts_heading;

typedef struct facts_task {
  lan_str text;
  uint32_t line;
  char state; /* ' ' open, 'x' done, others as written */
} facts_task;

/* The note's text in pieces, in the order of the note, markup between them left out. */
typedef enum facts_piece_kind {
  FACTS_PROSE,
  FACTS_HEADING,
  FACTS_LINKED, /* the shown text of a link, or its target: words count, mentions do not */
  FACTS_CODE    /* code, mathematics: words count, mentions do not */
} facts_piece_kind;

typedef struct facts_piece {
  lan_str text; /* a run of facts.text, except in canvases */
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
  lan_str text; /* what was read: the file's bytes, or what damaged text was mended to. Positions
                   count in it */
  VEC(facts_link) links;
  VEC(facts_tag) tags; /* front matter's first; repeats are kept */
  VEC(lan_str) aliases;
  VEC(facts_heading) headings;
  VEC(lan_str) block_ids;
  VEC(facts_task) tasks;
  VEC(facts_piece) pieces;
  VEC(facts_problem) problems;
  uint32_t damage;               /* FACTS_DAMAGE_... */
  uint32_t body;                 /* where the text after the front matter begins */
  lan_arena arena;               /* for strings that do not stand so in the text */
  struct parse_scratch *scratch; /* memory that the next note can use again */
  bool failed;                   /* memory was short */
} facts;

enum { FACTS_FILE_MAX = 64 << 20 }; /* bytes of the largest note that is read */

/* Reads a Markdown note. `bytes` must outlive `out`. Never fails on what the note holds: defects go
 * to out->problems. `out` is zeroed, or was reset by facts_reset (which keeps memory). LAN_ENOMEM;
 * LAN_ELIMIT over FACTS_FILE_MAX. Linear time on any input. */
lan_status facts_parse_note(const char *bytes, size_t n, facts *out, lan_error *err);

/* Reads a JSON Canvas 1.0 file: file nodes and edges become links; text nodes are read as notes'
 * text, labels and addresses as words. A file that is no canvas gives one problem and no links. */
lan_status facts_parse_canvas(const char *bytes, size_t n, facts *out, lan_error *err);

void facts_reset(facts *f);
void facts_free(facts *f);

/* The sentence around start .. end of a text, as plain text on one line: it ends at . ! ? … 。！？
 * and at its block's borders; markup is removed, [[a|b]] shown as b, what is longer than `max`
 * bytes is cut with "…" around the part that start .. end is shown as: *mark_start .. *mark_end of
 * `out`. */
void facts_sentence(lan_str text, uint32_t start, uint32_t end, size_t max, lan_buf *out,
                    size_t *mark_start, size_t *mark_end);

/* The line of a position, from 1. */
uint32_t facts_line(lan_str text, size_t position);

/* What the index needs of the facts (links without positions, tags, aliases, problems, damage) as
 * bytes for its cache. Decoding checks everything: LAN_ECORRUPT, never a read outside. Decoded
 * strings point into `bytes`. */
lan_status facts_encode(const facts *f, lan_buf *out, lan_error *err);
lan_status facts_decode(const char *bytes, size_t n, facts *out, lan_error *err);

/* Mends UTF-8 that was read as Windows-1252 (bytes that were lost become U+FFFD); false if `s` is
 * not damaged so. "Há»c há»i" becomes "Học hỏi". */
bool facts_mend_mojibake(const char *s, size_t n, lan_buf *out);

#endif
