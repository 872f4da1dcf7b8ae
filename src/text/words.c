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
  char folded[FOLDED_BYTES], stripped[FOLDED_BYTES];
} cutter;

/* ASCII letters and digits, lower-cased; 0 for all others. */
static const char LOWER[256] =
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "0123456789\0\0\0\0\0\0"
    "\0abcdefghijklmnopqrstuvwxyz\0\0\0\0\0"
    "\0abcdefghijklmnopqrstuvwxyz";

/* `base_len` 0: the word has no accents. */
static bool emit(cutter *c, size_t start, size_t end, const char *folded, size_t len,
                 size_t base_len) {
  text_word w = {.hash = lan_hash(folded, len, 0),
                 .start = (uint32_t)start,
                 .end = (uint32_t)end,
                 .folded = folded,
                 .folded_len = (uint32_t)len};
  w.base_hash = base_len ? lan_hash(c->stripped, base_len, 0) : w.hash;
  return c->word(c->ctx, &w);
}

/* The general way, for what NFC may change. */
static bool emit_folded(cutter *c, size_t start, size_t end, const uint32_t *cps, size_t n) {
  uint32_t scratch[WORD_MOST * 4], out[FOLDED_MOST];
  size_t len = fold_lower_nfc(cps, n, scratch, out), bytes = 0, base = 0;
  for (size_t i = 0; i < len; i++) {
    uint32_t parts[2];
    size_t n_parts = fold_strip(out[i], parts);
    bytes += lan_utf8_encode(out[i], c->folded + bytes);
    for (size_t k = 0; k < n_parts; k++) base += lan_utf8_encode(parts[k], c->stripped + base);
  }
  return emit(c, start, end, c->folded, bytes, base);
}

static size_t decode_at(const cutter *c, size_t i, uint32_t *cp) {
  return lan_utf8_decode(c->s + i, c->n - i, cp);
}

/* ---- scripts with spaces ---- */

/* The letter, digit, mark or inner apostrophe at `i`, to be followed by what is at the place that
 * this returns; 0: none of these. */
static size_t word_letter(const cutter *c, size_t i, uint32_t *cp, fold_letter *l) {
  size_t next = i + decode_at(c, i, cp);
  *l = fold_look(*cp);
  if (l->class == TEXT_LETTER || l->class == TEXT_DIGIT || l->class == TEXT_MARK) return next;
  if ((*cp != '\'' && *cp != 0x2019) || next >= c->n) return 0;
  uint32_t after;
  decode_at(c, next, &after);
  if (text_class_of(after) != TEXT_LETTER) return 0;
  *cp = l->lower = l->plain = '\'';
  return next;
}

/* A word is over at `i`, or cut there: where its run ends. */
static size_t end_of_run(const cutter *c, size_t i) {
  uint32_t cp;
  fold_letter l;
  for (size_t next; i < c->n && (next = word_letter(c, i, &cp, &l)); i = next) continue;
  return i;
}

static bool cut_hard_word(cutter *c, size_t start, size_t *end) {
  uint32_t cps[WORD_MOST];
  size_t n = 0, i = start;
  fold_letter l;
  for (size_t next; i < c->n && n < WORD_MOST; i = next, n++) {
    next = word_letter(c, i, &cps[n], &l);
    if (!next) break;
  }
  *end = end_of_run(c, i);
  return emit_folded(c, start, i, cps, n);
}

/* A word whose first `n` letters, ASCII, are in `folded` and go up to `i`. */
static bool cut_word(cutter *c, size_t start, size_t i, size_t n, size_t *end) {
  size_t len = n, base = n;
  bool accented = false;
  memcpy(c->stripped, c->folded, n);
  for (size_t next; i < c->n && n < WORD_MOST; i = next, n++) {
    unsigned char byte = (unsigned char)c->s[i];
    if (LOWER[byte]) {
      c->folded[len++] = c->stripped[base++] = LOWER[byte];
      next = i + 1;
      continue;
    }
    if (byte < 0x80 && byte != '\'') break;
    uint32_t cp;
    fold_letter l;
    next = word_letter(c, i, &cp, &l);
    if (!next) break;
    if (!l.simple) return cut_hard_word(c, start, end);
    len += lan_utf8_encode(l.lower, c->folded + len);
    base += lan_utf8_encode(l.plain, c->stripped + base);
    accented |= l.lower != l.plain;
  }
  *end = n < WORD_MOST ? i : end_of_run(c, i);
  return emit(c, start, i, c->folded, len, accented ? base : 0);
}

/* The common case, a word of ASCII: no decoding. */
static bool cut_ascii(cutter *c, size_t start, size_t *end) {
  const char *s = c->s + start;
  size_t left = c->n - start, n = 0, most = left < WORD_MOST ? left : WORD_MOST;
  for (char low; n < most && (low = LOWER[(unsigned char)s[n]]); n++) c->folded[n] = low;
  if (n < left && ((unsigned char)s[n] >= 0x80 || s[n] == '\'' || n == WORD_MOST)) {
    return cut_word(c, start, start + n, n, end);
  }
  *end = start + n;
  return emit(c, start, *end, c->folded, n, 0);
}

/* ---- scripts without spaces ---- */

/* An ideograph with its marks, and whether its bytes are their own folded form. */
typedef struct ideograph {
  size_t start, end;
  bool simple;
} ideograph;

static bool take_ideograph(const cutter *c, size_t i, ideograph *out) {
  uint32_t cp;
  if (i >= c->n || (unsigned char)c->s[i] < 0x80) return false;
  size_t len = decode_at(c, i, &cp);
  fold_letter l = fold_look(cp);
  if (l.class != TEXT_IDEOGRAPH) return false;
  *out = (ideograph){i, i + len, true};
  for (;;) {
    out->simple &= l.simple && l.lower == cp;
    if (out->end >= c->n || (unsigned char)c->s[out->end] < 0x80) return true;
    len = decode_at(c, out->end, &cp);
    l = fold_look(cp);
    if (l.class != TEXT_MARK) return true;
    out->end += len;
  }
}

/* What stands from `start` to `end`, in whole code points. */
static bool emit_ideographs(cutter *c, size_t start, size_t end, bool simple) {
  uint32_t cps[WORD_MOST];
  size_t n = 0;
  if (simple && end - start <= WORD_MOST) {
    return emit(c, start, end, c->s + start, end - start, 0);
  }
  for (size_t i = start; i < end && n < WORD_MOST; n++) i += decode_at(c, i, &cps[n]);
  return emit_folded(c, start, end, cps, n);
}

/* A run of ideographs, in singles or in overlapping pairs. */
static bool cut_ideographs(cutter *c, size_t start, text_cut cut, size_t *end) {
  ideograph now, next;
  bool go_on = true, more = take_ideograph(c, start, &now);
  for (bool first = true; go_on && more; first = false) {
    more = take_ideograph(c, now.end, &next);
    if (cut == TEXT_CUT_BIGRAMS && more) {
      go_on = emit_ideographs(c, now.start, next.end, now.simple && next.simple);
    } else if (cut == TEXT_CUT_SINGLES || first) {
      go_on = emit_ideographs(c, now.start, now.end, now.simple);
    }
    *end = now.end;
    if (more) now = next;
  }
  return go_on;
}

/* Cuts what begins at `i`; *i is then where to go on. False: enough. */
static bool cut_at(cutter *c, size_t *i, text_cut cut) {
  unsigned char byte = (unsigned char)c->s[*i];
  if (LOWER[byte]) return cut_ascii(c, *i, i);
  if (byte < 0x80) {
    ++*i;
    return true;
  }
  uint32_t cp;
  size_t len = decode_at(c, *i, &cp);
  switch (text_class_of(cp)) {
    case TEXT_LETTER:
    case TEXT_DIGIT: return cut_word(c, *i, *i, 0, i);
    case TEXT_IDEOGRAPH: return cut_ideographs(c, *i, cut, i);
    case TEXT_OTHER:
    case TEXT_MARK: break;
  }
  *i += len;
  return true;
}

void text_words(const char *s, size_t n, text_cut cut, bool (*word)(void *ctx, const text_word *w),
                void *ctx) {
  cutter c;
  c.s = s;
  c.n = n;
  c.word = word;
  c.ctx = ctx;
  for (size_t i = 0; i < n && cut_at(&c, &i, cut);) continue;
}
