/* The parts of reading a note, shared by the files of this folder. */
#ifndef VAULT_PARSE_H
#define VAULT_PARSE_H

#include "base/hash.h"
#include "vault/facts.h"

/* A stretch of the text; a list of them is in order and without overlaps. */
typedef struct parse_range {
  uint32_t start, end;
  bool block; /* of code: a block, not a span in a line */
} parse_range;

/* "[label]: target" of a file of the vault. */
typedef struct parse_definition {
  lan_str target, subpath;
} parse_definition;

/* What reading one note needs and the next can use again. */
struct parse_scratch {
  lan_buf masked; /* the text as md4c sees it */
  VEC(parse_range) code;
  VEC(parse_range) headings;
  VEC(parse_definition) definitions;
  lan_map labels; /* hash of a definition's label -> its place in `definitions` */
};

/* Looks for damage, tells it in problems, and mends what can be mended: f->text may change. */
void parse_damage(facts *f);

/* Front matter at the beginning of the text; sets f->body. */
void parse_frontmatter(facts *f);

/* Block structure by md4c, to f->headings and to the scratch's `code` and `headings`. */
void parse_blocks(facts *f);

/* Everything else of the text from f->body on; needs parse_blocks. */
void parse_inline(facts *f);

/* [text][label], [label][] and [label] become links when a definition of the label was seen. */
void parse_add_definition(facts *f, lan_str label, lan_str target, lan_str subpath);
void parse_references(facts *f);

/* ---- links ---- */

/* Splits "path#sub|shown" (the inside of [[ ]]) into a link's fields. */
void parse_wikilink(lan_str inside, bool embed, facts_link *link);

/* Finds [[links]] in a property's string; positions are the given ones. */
void parse_links_in(facts *f, lan_str value, uint32_t start, uint32_t end, uint32_t line,
                    facts_link_kind kind);

/* The destination of a Markdown link at `i`, behind "(" or "]:": <...>, or up to white space with
 * balanced parentheses. Returns where it ends, UINT32_MAX if it is none. */
uint32_t parse_destination(lan_str text, uint32_t i, lan_str *destination);

/* Behind a destination: an optional title, then ")". Returns where that is, or UINT32_MAX. */
uint32_t parse_link_end(lan_str text, uint32_t i);
uint32_t parse_title_end(lan_str text, uint32_t i); /* behind the title; i if there is none */

/* The target and subpath of a destination; false when it is a URL or nothing. */
bool parse_local_target(facts *f, lan_str destination, lan_str *target, lan_str *subpath);

/* Takes an image's size, "200" or "alt|200x100", off its shown text. */
lan_str parse_without_size(lan_str shown);

/* ---- helpers ---- */

/* Counts lines up to positions that rise; going back costs a count from the beginning. */
typedef struct parse_lines {
  lan_str text;
  uint32_t position, line;
} parse_lines;

static inline parse_lines parse_lines_of(lan_str text) { return (parse_lines){text, 0, 1}; }
uint32_t parse_line(parse_lines *l, uint32_t position);

void parse_problem(facts *f, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
lan_str parse_copy(facts *f, const char *s, size_t n); /* "" and f->failed when memory is short */

#define PARSE_PUSH(f, list, ...)                                \
  do {                                                          \
    if (!VEC_PUSH(&(f)->list, __VA_ARGS__)) (f)->failed = true; \
  } while (0)

#endif
