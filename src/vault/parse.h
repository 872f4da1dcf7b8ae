/* The parts of reading a note, shared by the files of this folder. */
#ifndef VAULT_PARSE_H
#define VAULT_PARSE_H

#include "vault/facts.h"

/* A stretch of the text that is not plain prose; stretches are in order and do not overlap. */
typedef struct parse_range {
  uint32_t start, end;
  bool heading; /* else code or mathematics */
} parse_range;

typedef VEC(parse_range) parse_ranges;

/* Block structure by md4c: headings and tasks go to `f`, code and headings to `ranges`. */
void parse_blocks(facts *f, parse_ranges *ranges);

/* Links, tags, block ids and pieces of text in text[start .. end). */
void parse_inline(facts *f, const parse_ranges *ranges, uint32_t start, uint32_t end);

/* Front matter at the beginning of the text; sets f->body. */
void parse_frontmatter(facts *f);

/* Finds [[links]] in a property's or canvas's string; positions are the given ones. */
void parse_links_in(facts *f, lan_str value, uint32_t start, uint32_t end, uint32_t line,
                    facts_link_kind kind);

/* Splits "path#sub|shown" (the inside of [[ ]]) into a link's fields. */
void parse_wikilink(lan_str inside, bool embed, facts_link *link);

void parse_problem(facts *f, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
lan_str parse_copy(facts *f, const char *s, size_t n); /* "" and f->failed when memory is short */

#define PARSE_PUSH(f, list, ...)                                \
  do {                                                          \
    if (!VEC_PUSH(&(f)->list, __VA_ARGS__)) (f)->failed = true; \
  } while (0)

#endif
