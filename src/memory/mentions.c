#include "memory/mentions.h"

#include <stdlib.h>

#include "base/error.h"
#include "text/unicode.h"
#include "text/words.h"

/* ---- names ---- */

bool mention_possible(lan_str s) {
  size_t characters = 0, letters = 0;
  for (size_t i = 0; i < s.len && (characters < 2 || letters < 1);) {
    uint32_t cp;
    i += lan_utf8_decode(s.ptr + i, s.len - i, &cp);
    text_class c = text_class_of(cp);
    characters += c != TEXT_MARK;
    letters += c == TEXT_LETTER || c == TEXT_IDEOGRAPH;
  }
  return characters >= 2 && letters >= 1;
}

lan_str mention_bare(lan_str title) {
  size_t at = title.len;
  if (at == 0 || title.ptr[at - 1] != ')') return title;
  while (at > 0 && title.ptr[at - 1] != '(') at--;
  if (at < 3 || title.ptr[at - 2] != ' ') return title; /* no bracket, or nothing before it */
  for (at -= 2; at > 0 && title.ptr[at - 1] == ' ';) at--;
  return at ? (lan_str){title.ptr, at} : title;
}

/* Folded, with runs of white space as one space: what phrase matching holds equal is equal here. */
static uint64_t key_of(lan_str phrase, lan_buf *folded) {
  lan_buf_clear(folded);
  text_fold(folded, phrase.ptr, phrase.len);
  if (folded->failed) return 0;
  size_t n = 0;
  bool space = true;
  for (size_t i = 0; i < folded->len;) {
    uint32_t cp;
    size_t len = lan_utf8_decode(folded->data + i, folded->len - i, &cp);
    bool is_space = text_is_space(cp);
    if (is_space && !space) folded->data[n++] = ' ';
    if (cp == 0x2019) { /* a curled apostrophe is the plain one, as in words */
      folded->data[n++] = '\'';
    } else if (!is_space) {
      memmove(folded->data + n, folded->data + i, len);
      n += len;
    }
    space = is_space;
    i += len;
  }
  if (n && folded->data[n - 1] == ' ') n--;
  return lan_hash(folded->data, n, 0);
}

static bool take_first(void *ctx, const text_word *w) {
  *(uint64_t *)ctx = w->hash;
  return false;
}

static lan_status add_phrase(mention_names *m, lan_str phrase, uint32_t note, lan_buf *folded,
                             lan_error *err) {
  if (!mention_possible(phrase)) return LAN_OK;
  uint32_t p = m->n;
  m->phrases[p] = phrase;
  m->notes[p] = note;
  m->keys[p] = key_of(phrase, folded);
  m->first_word[p] = 0;
  text_words(phrase.ptr, phrase.len, TEXT_CUT_SINGLES, take_first, &m->first_word[p]);
  uint32_t *first = lan_map_put(&m->first, m->keys[p]);
  if (!first || folded->failed) return lan_fail_memory(err, 0);
  m->next_same[p] = *first; /* LAN_MAP_NONE is UINT32_MAX */
  *first = p;
  m->n++;
  return LAN_OK;
}

lan_status mention_names_new(const catalog *c, mention_names *out, lan_error *err) {
  size_t n = c->n_notes;
  for (uint32_t i = 0; i < c->n_notes; i++) n += 1 + (size_t)c->notes[i].n_aliases;
  if (n >= UINT32_MAX) return lan_fail(err, LAN_ELIMIT, "more than 4 billion titles and aliases");
  mention_names m = {lan_alloc_array(n, sizeof(lan_str)),
                     lan_alloc_array(n, sizeof(uint32_t)),
                     lan_alloc_array(n, sizeof(uint64_t)),
                     lan_alloc_array(n, sizeof(uint64_t)),
                     lan_alloc_array(n, sizeof(uint32_t)),
                     {0},
                     0};
  lan_buf folded = {0};
  lan_status s = LAN_OK;
  if (!m.phrases || !m.notes || !m.keys || !m.first_word || !m.next_same ||
      !lan_map_reserve(&m.first, n)) {
    s = lan_fail_memory(err, n * 40);
  }
  for (uint32_t i = 0; s == LAN_OK && i < c->n_notes; i++) {
    const catalog_note *note = &c->notes[i];
    lan_str bare = mention_bare(note->title);
    s = add_phrase(&m, note->title, i, &folded, err);
    if (s == LAN_OK && bare.len < note->title.len) s = add_phrase(&m, bare, i, &folded, err);
    for (uint32_t a = 0; s == LAN_OK && a < note->n_aliases; a++) {
      s = add_phrase(&m, note->aliases[a], i, &folded, err);
    }
  }
  lan_buf_free(&folded);
  if (s != LAN_OK) {
    mention_names_free(&m);
    return s;
  }
  *out = m;
  return LAN_OK;
}

void mention_names_free(mention_names *names) {
  free(names->phrases);
  free(names->notes);
  free(names->keys);
  free(names->first_word);
  free(names->next_same);
  lan_map_free(&names->first);
  *names = (mention_names){0};
}

lan_status mention_matcher(const mention_names *names, const lan_map *words, phrase_set **set,
                           lan_error *err) {
  if (!words) return phrase_set_new(names->phrases, names->n, set, err);
  lan_str *some = lan_alloc_zeroed(names->n, sizeof *some);
  if (!some) return lan_fail_memory(err, names->n * sizeof *some);
  for (uint32_t p = 0; p < names->n; p++) {
    if (lan_map_get(words, names->first_word[p]) != LAN_MAP_NONE) some[p] = names->phrases[p];
  }
  lan_status s = phrase_set_new(some, names->n, set, err);
  free(some);
  return s;
}

/* ---- scanning ---- */

typedef struct word_collector {
  lan_map *words;
  bool failed;
} word_collector;

static bool collect_word(void *ctx, const text_word *w) {
  word_collector *c = ctx;
  uint32_t *slot = lan_map_put(c->words, w->hash);
  if (!slot) {
    c->failed = true;
    return false;
  }
  *slot = 1;
  return true;
}

lan_status mention_words(const char *text, size_t n, lan_map *words, lan_error *err) {
  word_collector c = {words, false};
  text_words(text, n, TEXT_CUT_SINGLES, collect_word, &c);
  return c.failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static void collect_match(void *ctx, const phrase_match *m) {
  mention_scan *scan = ctx;
  if (!VEC_PUSH(&scan->found, scan->names->keys[m->phrase])) scan->failed = true;
}

lan_status mention_scan_text(mention_scan *scan, const mention_names *names, const phrase_set *set,
                             const char *text, size_t n, lan_error *err) {
  scan->names = names;
  lan_status s = phrase_scan(set, text, n, &scan->scratch, collect_match, scan);
  return s != LAN_OK || scan->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static int by_key(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

lan_status mention_scan_take(mention_scan *scan, mention_list *out, lan_error *err) {
  size_t n = scan->found.len;
  uint64_t *keys = scan->found.data;
  if (n) qsort(keys, n, sizeof *keys, by_key);
  for (size_t i = 0, run; i < n; i += run) {
    run = 1;
    while (i + run < n && keys[i + run] == keys[i]) run++;
    if (!VEC_PUSH(out, (mention){keys[i], (uint32_t)run})) return lan_fail_memory(err, 0);
  }
  scan->found.len = 0;
  return LAN_OK;
}

void mention_scan_free(mention_scan *scan) {
  phrase_scratch_free(&scan->scratch);
  VEC_FREE(&scan->found);
}
