/* Mentions: where a note's prose names another note's title or alias. */
#ifndef MEMORY_MENTIONS_H
#define MEMORY_MENTIONS_H

#include "base/hash.h"
#include "base/vec.h"
#include "memory/catalog.h"
#include "text/phrase.h"

/* How often a note names a phrase. The key is the hash of the folded phrase, so that it holds
 * whatever numbers the notes of that name have. */
typedef struct mention {
  uint64_t key;
  uint32_t count;
} mention;

typedef VEC(mention) mention_list;

/* Every title (also bare) and alias that can be mentioned. */
typedef struct mention_names {
  lan_str *phrases;     /* in the catalog's memory */
  uint32_t *notes;      /* phrase -> the note of that name */
  uint64_t *keys;       /* phrase -> its key */
  uint64_t *first_word; /* phrase -> hash of its first word */
  uint32_t *next_same;  /* phrase -> another phrase with its key, or UINT32_MAX */
  lan_map first;        /* key -> a phrase */
  uint32_t n;
} mention_names;

/* At least two characters, one of them a letter: what has less would be found everywhere. */
bool mention_possible(lan_str name);

/* A title without what stands in brackets at its end, to tell it from others: "Mercury (planet)" is called
 * "Mercury". */
lan_str mention_bare(lan_str title);

lan_status mention_names_new(const catalog *c, mention_names *out, lan_error *err);
void mention_names_free(mention_names *names);

/* A matcher for all phrases, or (words not NULL) for those whose first word is a key of `words`: a
 * text can mention no others. Numbers in its matches are phrase numbers either way. */
lan_status mention_matcher(const mention_names *names, const lan_map *words, phrase_set **set,
                           lan_error *err);

/* The words of a text, as keys for mention_matcher. */
lan_status mention_words(const char *text, size_t n, lan_map *words, lan_error *err);

/* Counts mentions: scan any number of texts, then take the result, sorted by key. Zero-initialise.
 */
typedef struct mention_scan {
  phrase_scratch scratch;
  VEC(uint64_t) found;
  const mention_names *names;
  bool failed;
} mention_scan;
lan_status mention_scan_text(mention_scan *scan, const mention_names *names, const phrase_set *set,
                             const char *text, size_t n, lan_error *err);
lan_status mention_scan_take(mention_scan *scan, mention_list *out, lan_error *err);
void mention_scan_free(mention_scan *scan);

#endif
