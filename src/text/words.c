#include "text/words.h"

#include "base/hash.h"
#include "text/fold.h"
#include "text/unicode.h"

enum {
  WORD_MOST = 64,                  /* code points of a word */
  FOLDED_MOST = WORD_MOST * 4 * 4, /* code points of a folded one */
  FOLDED_BYTES = FOLDED_MOST * 4
};

typedef struct cutter {
  const char *s;
  size_t n;
  bool (*word)(void *ctx, const text_word *w);
  void *ctx;
  char folded[FOLDED_BYTES], stripped[FOLDED_BYTES * 2];
} cutter;

static bool is_ascii_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

static bool emit(cutter *c, size_t start, size_t end, size_t folded_len, uint64_t base_hash) {
  text_word w = {.hash = lan_hash(c->folded, folded_len, 0),
                 .start = (uint32_t)start,
                 .end = (uint32_t)end,
                 .folded = c->folded,
                 .folded_len = (uint32_t)folded_len};
  w.base_hash = base_hash ? base_hash : w.hash;
  return c->word(c->ctx, &w);
}

/* Folds the code points of a word that is not plain ASCII. */
static bool emit_folded(cutter *c, size_t start, size_t end, const uint32_t *cps, size_t n,
                        bool stable) {
  uint32_t scratch[WORD_MOST * 4], out[FOLDED_MOST];
  if (stable) {
    for (size_t i = 0; i < n; i++) {
      out[i] = text_lower_of(cps[i]);
      stable &= fold_is_stable(out[i]);
    }
  }
  size_t len = stable ? n : fold_lower_nfc(cps, n, scratch, out);
  size_t bytes = 0, base = 0;
  for (size_t i = 0; i < len; i++) {
    uint32_t parts[8];
    size_t n_parts = fold_strip(out[i], parts);
    bytes += lan_utf8_encode(out[i], c->folded + bytes);
    for (size_t k = 0; k < n_parts; k++) base += lan_utf8_encode(parts[k], c->stripped + base);
  }
  return emit(c, start, end, bytes, lan_hash(c->stripped, base, 0));
}

static size_t decode_at(const cutter *c, size_t i, uint32_t *cp) {
  return lan_utf8_decode(c->s + i, c->n - i, cp);
}

static bool is_apostrophe(uint32_t cp) { return cp == '\'' || cp == 0x2019; }

/* An apostrophe belongs to the word if a letter follows. */
static bool letter_follows(const cutter *c, size_t i) {
  uint32_t cp;
  if (i >= c->n) return false;
  decode_at(c, i, &cp);
  return text_class_of(cp) == TEXT_LETTER;
}

/* A word of a script with spaces, beginning at `start`; returns where it ends, SIZE_MAX to stop. */
static size_t cut_word(cutter *c, size_t start) {
  uint32_t cps[WORD_MOST];
  size_t n = 0, i = start, end = start;
  bool stable = true, ascii = true;
  while (i < c->n) {
    uint32_t cp;
    size_t len = decode_at(c, i, &cp);
    if (is_apostrophe(cp) && n > 0 && letter_follows(c, i + len)) {
      cp = '\'';
    } else {
      text_class class = text_class_of(cp);
      if (class != TEXT_LETTER && class != TEXT_DIGIT && class != TEXT_MARK) break;
    }
    i += len;
    if (n == WORD_MOST) continue;
    cps[n++] = cp;
    end = i;
    ascii &= cp < 0x80;
    stable &= cp < 0x80 || fold_is_stable(cp);
  }
  bool go_on;
  if (ascii) {
    for (size_t k = 0; k < n; k++) c->folded[k] = ascii_lower((char)cps[k]);
    go_on = emit(c, start, end, n, 0);
  } else {
    go_on = emit_folded(c, start, end, cps, n, stable);
  }
  return go_on ? i : SIZE_MAX;
}

/* The common case, plain ASCII: no decoding. Falls back to cut_word at the first other letter. */
static size_t cut_ascii(cutter *c, size_t start) {
  size_t i = start;
  while (i < c->n && is_ascii_word((unsigned char)c->s[i])) {
    if (i - start == WORD_MOST) return cut_word(c, start);
    c->folded[i - start] = ascii_lower(c->s[i]);
    i++;
  }
  if (i < c->n && ((unsigned char)c->s[i] >= 0x80 || c->s[i] == '\'')) return cut_word(c, start);
  return emit(c, start, i, i - start, 0) ? i : SIZE_MAX;
}

/* One ideograph with its marks: appends its code points. */
static size_t take_ideograph(const cutter *c, size_t i, uint32_t *cps, size_t *n, bool *stable) {
  uint32_t cp;
  size_t len = decode_at(c, i, &cp);
  do {
    if (*n < WORD_MOST) {
      cps[(*n)++] = cp;
      *stable &= fold_is_stable(cp);
    }
    i += len;
    if (i >= c->n) break;
    len = decode_at(c, i, &cp);
  } while (text_class_of(cp) == TEXT_MARK);
  return i;
}

static bool is_ideograph_at(const cutter *c, size_t i) {
  uint32_t cp;
  if (i >= c->n || (unsigned char)c->s[i] < 0x80) return false;
  decode_at(c, i, &cp);
  return text_class_of(cp) == TEXT_IDEOGRAPH;
}

/* A run of ideographs, in singles or in overlapping pairs. */
static size_t cut_ideographs(cutter *c, size_t start, text_cut cut) {
  for (size_t i = start; is_ideograph_at(c, i);) {
    uint32_t cps[WORD_MOST];
    size_t n = 0;
    bool stable = true;
    size_t next = take_ideograph(c, i, cps, &n, &stable), end = next;
    bool follows = is_ideograph_at(c, next);
    if (cut == TEXT_CUT_BIGRAMS && follows) end = take_ideograph(c, next, cps, &n, &stable);
    bool last_of_run = cut == TEXT_CUT_BIGRAMS && !follows && i != start;
    if (!last_of_run && !emit_folded(c, i, end, cps, n, stable)) return SIZE_MAX;
    i = next;
    if (!follows) return i;
  }
  return start;
}

void text_words(const char *s, size_t n, text_cut cut, bool (*word)(void *ctx, const text_word *w),
                void *ctx) {
  cutter c;
  c.s = s;
  c.n = n;
  c.word = word;
  c.ctx = ctx;
  for (size_t i = 0; i < n && i != SIZE_MAX;) {
    unsigned char first = (unsigned char)s[i];
    if (first < 0x80) {
      i = is_ascii_word(first) ? cut_ascii(&c, i) : i + 1;
      continue;
    }
    uint32_t cp;
    size_t len = lan_utf8_decode(s + i, n - i, &cp);
    switch (text_class_of(cp)) {
      case TEXT_LETTER:
      case TEXT_DIGIT: i = cut_word(&c, i); break;
      case TEXT_IDEOGRAPH: i = cut_ideographs(&c, i, cut); break;
      case TEXT_OTHER:
      case TEXT_MARK: i += len; break;
    }
  }
}
