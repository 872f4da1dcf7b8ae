/* Folding, words, phrases and the word index on any bytes. What must hold: folding twice is folding
 * once, words are where and what the header says, no spelling hides a phrase from its own text, and
 * a block of an index is safe to use once it was accepted.
 *
 * The first byte is the length of a piece that serves as phrases, a line each. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "fuzz.h"
#include "text/bm25.h"
#include "text/phrase.h"
#include "text/unicode.h"
#include "text/words.h"

enum { PHRASES = 32, DOCS = 5 };

/* ---- folding ---- */

static void check_folding(lan_str s) {
  lan_buf folded = {0}, again = {0}, nfc = {0}, plain = {0}, plain_again = {0};
  text_fold(&folded, s.ptr, s.len);
  text_fold(&again, folded.data, folded.len);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&folded), lan_buf_str(&again)));
  text_nfc(&nfc, s.ptr, s.len);
  lan_buf_clear(&again);
  text_nfc(&again, nfc.data, nfc.len);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&nfc), lan_buf_str(&again)));
  lan_buf_clear(&again);
  text_fold(&again, nfc.data, nfc.len);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&folded), lan_buf_str(&again)));
  text_strip(&plain, s.ptr, s.len);
  text_strip(&plain_again, folded.data, folded.len);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&plain), lan_buf_str(&plain_again)));
  lan_buf_free(&folded);
  lan_buf_free(&again);
  lan_buf_free(&nfc);
  lan_buf_free(&plain);
  lan_buf_free(&plain_again);
}

/* ---- words ---- */

typedef struct word_check {
  lan_str text;
  text_cut cut;
  uint32_t start, end; /* of the word before */
  uint32_t n;
} word_check;

static bool check_word(void *ctx, const text_word *w) {
  word_check *c = ctx;
  lan_buf again = {0};
  FUZZ_CHECK(w->start < w->end && w->end <= c->text.len && w->folded_len > 0);
  FUZZ_CHECK(c->n == 0 || w->start > c->start);
  FUZZ_CHECK(c->cut == TEXT_CUT_BIGRAMS || w->start >= c->end);
  FUZZ_CHECK(w->hash == lan_hash(w->folded, w->folded_len, 0));
  text_fold(&again, w->folded, w->folded_len);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&again), (lan_str){w->folded, w->folded_len}));
  lan_buf_free(&again);
  c->start = w->start;
  c->end = w->end;
  c->n++;
  return true;
}

static uint32_t check_words(lan_str s, text_cut cut) {
  word_check c = {s, cut, 0, 0, 0};
  text_words(s.ptr, s.len, cut, check_word, &c);
  return c.n;
}

/* ---- phrases ---- */

typedef struct match_check {
  lan_str text;
  uint32_t n_phrases, n, end; /* end: of the match before */
  phrase_match first;
} match_check;

static void check_match(void *ctx, const phrase_match *m) {
  match_check *c = ctx;
  FUZZ_CHECK(m->phrase < c->n_phrases);
  FUZZ_CHECK(m->start < m->end && m->start >= c->end && m->end <= c->text.len);
  if (c->n++ == 0) c->first = *m;
  c->end = m->end;
}

static match_check scan(const phrase_set *set, uint32_t n_phrases, lan_str text) {
  match_check c = {text, n_phrases, 0, 0, {0}};
  phrase_scratch scratch = {0};
  FUZZ_CHECK(phrase_scan(set, text.ptr, text.len, &scratch, check_match, &c) == LAN_OK);
  phrase_scratch_free(&scratch);
  return c;
}

static void check_phrases(lan_str lines, lan_str text) {
  lan_str phrases[PHRASES] = {0};
  uint32_t n = 0;
  while (n < PHRASES && lines.len) {
    const char *end = memchr(lines.ptr, '\n', lines.len);
    size_t len = end ? (size_t)(end - lines.ptr) : lines.len;
    phrases[n++] = (lan_str){lines.ptr, len};
    lines = (lan_str){lines.ptr + len + (end != NULL), lines.len - len - (end != NULL)};
  }
  phrase_set *set;
  FUZZ_CHECK(phrase_set_new(phrases, n, &set, NULL) == LAN_OK);
  (void)scan(set, n, text);
  for (uint32_t p = 0; p < n; p++) { /* in itself it is all that is found, or its equal is */
    if (check_words(phrases[p], TEXT_CUT_SINGLES) == 0) continue;
    match_check c = scan(set, n, phrases[p]);
    FUZZ_CHECK(c.n == 1 && c.first.phrase <= p);
  }
  phrase_set_free(set);
}

/* ---- the index ---- */

static void ask(bm25_index *index, const bm25_counter *words, bool intact) {
  uint32_t n_docs = bm25_n_docs(index), n_touched = 0;
  if (n_docs > 1u << 16) return;
  float *scores = calloc(n_docs + 1, sizeof *scores);
  uint32_t *touched = calloc((size_t)n_docs + 1, sizeof *touched);
  bm25_query_term terms[16];
  size_t n = 0;
  for (; n < 16 && n < words->n_terms; n++) {
    terms[n] = (bm25_query_term){words->terms[n].hash, 1.0f + (float)n};
  }
  bm25_params params = {1.2f, 0.75f};
  FUZZ_CHECK(scores && touched);
  FUZZ_CHECK(bm25_score(index, params, terms, n, scores, touched, &n_touched) == LAN_OK);
  FUZZ_CHECK(n_touched <= n_docs);
  for (uint32_t i = 0; i < n_touched; i++) FUZZ_CHECK(scores[touched[i]] > 0);
  for (uint32_t d = 0; d < n_docs && d < 8; d++) {
    float parts[16], sum = 0;
    bm25_explain(index, params, terms, n, d, parts);
    for (size_t i = 0; i < n; i++) sum += parts[i];
    if (intact) FUZZ_CHECK(sum == scores[d]);
  }
  for (size_t i = 0; i < n; i++) {
    uint64_t variants[16];
    FUZZ_CHECK(bm25_variants(index, words->terms[i].base_hash, variants, 16) <= 16);
  }
  free(scores);
  free(touched);
}

static void check_block(const void *bytes, size_t len, const bm25_counter *words) {
  bm25_index *index;
  if (bm25_open(bytes, len, &index, NULL) != LAN_OK) return;
  bm25_doc doc = {words->terms, words->n_terms, words->length};
  ask(index, words, false);
  if (bm25_n_docs(index)) FUZZ_CHECK(bm25_replace(index, 0, &doc, NULL) == LAN_OK);
  ask(index, words, false);
  bm25_free(index);
}

/* A block of the text's own words, then the same with some of its bytes changed. */
static void check_index(lan_str text, lan_str damage) {
  bm25_counter c = {0};
  bm25_builder *b;
  bm25_index *index;
  FUZZ_CHECK(bm25_builder_new(2, &b, NULL) == LAN_OK);
  for (uint32_t d = 0; d < DOCS; d++) {
    size_t from = text.len * d / (DOCS + 1);
    bm25_counter_begin(&c);
    bm25_counter_add(&c, text.len ? text.ptr + from : NULL, text.len - from, 1 + d % 2);
    bm25_doc doc = {c.terms, c.n_terms, c.length};
    FUZZ_CHECK(!c.failed && bm25_builder_add(b, d % 2, d, &doc, NULL) == LAN_OK);
  }
  FUZZ_CHECK(bm25_builder_finish(b, DOCS, &index, NULL) == LAN_OK);
  bm25_builder_free(b);
  lan_str bytes = bm25_bytes(index);
  unsigned char *copy = malloc(bytes.len);
  FUZZ_CHECK(copy != NULL);
  memcpy(copy, bytes.ptr, bytes.len);
  ask(index, &c, true);
  bm25_free(index);
  for (size_t i = 0, at = 0, len = bytes.len; i + 1 < damage.len; i += 2) {
    at = (at + (unsigned char)damage.ptr[i] * 37u) % len;
    copy[len - 1 - at] ^= (unsigned char)damage.ptr[i + 1];
  }
  check_block(copy, bytes.len, &c);
  free(copy);
  bm25_counter_free(&c);
}

static void check_any_block(lan_str s) {
  bm25_counter none = {0};
  unsigned char *copy = malloc(s.len + 1); /* in a place as malloc gives it */
  FUZZ_CHECK(copy != NULL);
  if (s.len) memcpy(copy, s.ptr, s.len);
  check_block(copy, s.len, &none);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lan_str all = {(const char *)data, size}, lines = {0};
  if (size == 0) return 0;
  check_any_block(all);
  all = (lan_str){all.ptr + 1, size - 1};
  lines = (lan_str){all.ptr, data[0] < all.len ? data[0] : all.len};
  lan_str text = {all.ptr + lines.len, all.len - lines.len};
  check_folding(all);
  (void)check_words(all, TEXT_CUT_BIGRAMS);
  (void)check_words(all, TEXT_CUT_SINGLES);
  check_phrases(lines, text);
  check_index(text, lines);
  return 0;
}
