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

/* Counts lines up to positions that rise; going back costs a count from the beginning. */
typedef struct parse_lines {
  lan_str text;
  uint32_t position, line;
} parse_lines;

/* What reading one note needs and the next can use again. */
struct parse_scratch {
  lan_buf masked; /* the text as md4c sees it */
  parse_lines lines;
  VEC(parse_range) code;
  VEC(parse_range) headings;
  VEC(parse_definition) definitions;
  lan_map labels; /* hash of a definition's label -> its place in `definitions` */
};

/* Has the scratch memory at hand, empty. */
void parse_begin(facts *f);

/* Looks for damage, tells it in problems, and mends what can be mended: f->text may change. */
void parse_damage(facts *f);

/* Front matter at the beginning of the text; sets f->body. */
void parse_frontmatter(facts *f);
/* Where its YAML stands between the fences, and the text after it; false if the note has none. */
bool parse_find_yaml(const facts *f, size_t *start, size_t *end, size_t *body);

typedef enum parse_property { PROPERTY_OTHER, PROPERTY_TAGS, PROPERTY_ALIASES } parse_property;
parse_property parse_property_named(facts *f, lan_str key);
/* Takes in a value of tags or aliases, or one of their list; `value` lives as long as the facts. */
void parse_property_value(facts *f, parse_property p, lan_str value, uint32_t line, bool in_list);
/* Front matter that is no YAML, line by line: "key: value", "key: [a, b]", and "- a" below a key; links in it count. */
void parse_loose_properties(facts *f, size_t start, size_t end);

/* Block structure by md4c, to f->headings and to the scratch's `code` and `headings`. */
void parse_blocks(facts *f);

/* The same without md4c, for applications that know the blocks of a note themselves (outline.c). A part of the text
 * of one kind; parts come in their order, and lie apart. */
typedef enum parse_part_kind {
  PARSE_PART_ANY, /* text, lists, quotes, what is not known: searched for blocks within */
  PARSE_PART_HEADING,
  PARSE_PART_TABLE, /* each line is a block */
  PARSE_PART_HTML   /* holds no code */
} parse_part_kind;
void parse_outline_begin(facts *f);
void parse_outline_part(facts *f, uint32_t start, uint32_t end, parse_part_kind kind);

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

/* ---- canvases ---- */

/* Their strings live as long as the facts. */
void parse_canvas_link(facts *f, lan_str from, lan_str file, lan_str subpath, facts_link_kind kind);
void parse_canvas_words(facts *f, lan_str text, facts_piece_kind kind);
/* A text node, which `parse` reads as a note. */
typedef lan_status (*parse_note_fn)(const char *bytes, size_t n, facts *out, lan_error *err);
void parse_canvas_text(facts *f, lan_str text, parse_note_fn parse);

/* ---- helpers ---- */

/* The line that begins at i, without its end. */
lan_str parse_line_at(lan_str text, size_t i);

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
