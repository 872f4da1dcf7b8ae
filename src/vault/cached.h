/* What a note says, from what an application knows of it already: Obsidian's metadata cache tells the blocks of a note
 * and the values of its front matter, so that neither md4c nor LibYAML is needed. What stands in the blocks is read
 * by the same scanner as in files. */
#ifndef VAULT_CACHED_H
#define VAULT_CACHED_H

#include "vault/facts.h"

/* `bytes`, in numbers and strings of base/pack.h:
 *
 *     note:    0, text, properties, blocks
 *       properties: how many + 1, then of each: use (cached_use), key, value; 0: none, or they cannot be read
 *       blocks:     how many + 1, then of each: kind (cached_block), start, end; 0: they are not known
 *     canvas:  1, how many, then of each item: kind (cached_item), and two or three strings
 *
 * Places are counted as in UTF-16, in rising order; what is out of order or outside of the text is passed over.
 * LAN_EFORMAT: the bytes are cut off or no such thing; else as facts_parse_note. */
lan_status facts_from_cache(const char *bytes, size_t n, facts *out, lan_error *err);

/* How a value of front matter is meant. */
typedef enum cached_use {
  CACHED_WHOLE,  /* the value of its key */
  CACHED_LISTED, /* one of the list that its key has */
  CACHED_WITHIN  /* deeper: links in it count, nothing else */
} cached_use;

/* Obsidian's types of sections. */
typedef enum cached_block {
  CACHED_ANY, /* paragraph, list, blockquote, callout, code, math, comment, and what is not known */
  CACHED_HEADING,
  CACHED_TABLE,
  CACHED_HTML
} cached_block;

typedef enum cached_item {
  CACHED_FILE,  /* file, subpath */
  CACHED_TEXT,  /* Markdown, "" */
  CACHED_LABEL, /* words, "" */
  CACHED_URL,   /* address, "" */
  CACHED_ARROW  /* from file, to file */
} cached_item;

#endif
