#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "text/fold.h"

typedef struct record {
  int32_t lower;
  uint16_t decomposition, plain;
  uint8_t class, flags, ccc;
} record;

#include "unicode_tables.h"

/* Unstable: NFC may change it, or what is before it. Hard: so it or its lower case is, or its
 * accent is not simply dropped. */
enum { FLAG_EMOJI = 1, FLAG_SPACE = 2, FLAG_UNSTABLE = 4, FLAG_HARD = 8 };

static const record *record_of(uint32_t cp) {
  if (cp > 0x10FFFF) cp = 0;
  return &RECORDS[STAGE2[STAGE1[cp >> 7]][cp & 127]];
}

text_class text_class_of(uint32_t cp) { return (text_class)record_of(cp)->class; }

uint32_t text_lower_of(uint32_t cp) { return (uint32_t)((int32_t)cp + record_of(cp)->lower); }

bool text_is_emoji(uint32_t cp) { return record_of(cp)->flags & FLAG_EMOJI; }

bool text_is_space(uint32_t cp) { return record_of(cp)->flags & FLAG_SPACE; }

fold_letter fold_look(uint32_t cp) {
  const record *r = record_of(cp);
  uint32_t lower = (uint32_t)((int32_t)cp + r->lower);
  return (fold_letter){lower, r->plain ? r->plain : lower, r->class, !(r->flags & FLAG_HARD)};
}

/* ---- NFC on code points (Unicode Standard Annex 15) ---- */

enum {
  HANGUL_S = 0xAC00,
  HANGUL_L = 0x1100,
  HANGUL_V = 0x1161,
  HANGUL_T = 0x11A7,
  HANGUL_NV = 21,
  HANGUL_NT = 28,
  HANGUL_N = 11172
};

static size_t decompose_one(uint32_t cp, uint32_t *out) {
  if (cp - HANGUL_S < HANGUL_N) {
    uint32_t s = cp - HANGUL_S, t = s % HANGUL_NT;
    out[0] = HANGUL_L + s / (HANGUL_NV * HANGUL_NT);
    out[1] = HANGUL_V + s % (HANGUL_NV * HANGUL_NT) / HANGUL_NT;
    out[2] = HANGUL_T + t;
    return t ? 3 : 2;
  }
  uint16_t at = record_of(cp)->decomposition;
  if (at == 0) {
    out[0] = cp;
    return 1;
  }
  const uint32_t *sequence = &SEQUENCES[at - 1];
  for (uint32_t i = 0; i < sequence[0]; i++) out[i] = sequence[1 + i];
  return sequence[0];
}

static uint32_t compose_pair(uint32_t first, uint32_t second) {
  if (first - HANGUL_L < 19 && second - HANGUL_V < HANGUL_NV) {
    return HANGUL_S + ((first - HANGUL_L) * HANGUL_NV + second - HANGUL_V) * HANGUL_NT;
  }
  if (first - HANGUL_S < HANGUL_N && (first - HANGUL_S) % HANGUL_NT == 0 &&
      second - HANGUL_T - 1 < HANGUL_NT - 1) {
    return first + second - HANGUL_T;
  }
  size_t low = 0, high = sizeof PAIRS / sizeof *PAIRS;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    const uint32_t *p = PAIRS[mid];
    if (p[0] == first && p[1] == second) return p[2];
    if (p[0] < first || (p[0] == first && p[1] < second)) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return 0;
}

enum { MARKS_SORTED_IN_PLACE = 24 };

/* A long run of marks, which only hostile text has: a counting sort. */
static bool sort_many_marks(uint32_t *cps, size_t n) {
  uint32_t *copy = lan_alloc_array(n, sizeof *copy);
  size_t place[256] = {0}, sum = 0;
  if (!copy) return false;
  memcpy(copy, cps, n * sizeof *cps);
  for (size_t i = 0; i < n; i++) place[record_of(cps[i])->ccc]++;
  for (size_t ccc = 0; ccc < 256; ccc++) {
    size_t here = place[ccc];
    place[ccc] = sum;
    sum += here;
  }
  for (size_t i = 0; i < n; i++) cps[place[record_of(copy[i])->ccc]++] = copy[i];
  free(copy);
  return true;
}

/* Sorts a run of marks by combining class, equal ones staying in order. */
static void sort_marks(uint32_t *cps, size_t n) {
  if (n > MARKS_SORTED_IN_PLACE && sort_many_marks(cps, n)) return;
  for (size_t i = 1; i < n; i++) {
    uint32_t cp = cps[i];
    uint8_t ccc = record_of(cp)->ccc;
    size_t j = i;
    for (; j > 0 && record_of(cps[j - 1])->ccc > ccc; j--) cps[j] = cps[j - 1];
    cps[j] = cp;
  }
}

static void order_marks(uint32_t *cps, size_t n) {
  for (size_t i = 0; i < n;) {
    if (record_of(cps[i])->ccc == 0) {
      i++;
      continue;
    }
    size_t end = i;
    while (end < n && record_of(cps[end])->ccc != 0) end++;
    sort_marks(cps + i, end - i);
    i = end;
  }
}

static size_t compose_all(uint32_t *cps, size_t n) {
  size_t starter = SIZE_MAX, out = 0;
  int last = 0; /* the class of what stands between the starter and here; 0: nothing does */
  for (size_t i = 0; i < n; i++) {
    int ccc = record_of(cps[i])->ccc;
    if (starter != SIZE_MAX && (last == 0 || last < ccc)) {
      uint32_t c = compose_pair(cps[starter], cps[i]);
      if (c) {
        cps[starter] = c;
        continue;
      }
    }
    if (ccc == 0) {
      starter = out;
      last = 0;
    } else {
      last = ccc;
    }
    cps[out++] = cps[i];
  }
  return out;
}

/* NFC; `out` has room for 4n. Returns the length. */
static size_t fold_nfc(const uint32_t *in, size_t n, uint32_t *out) {
  size_t len = 0;
  for (size_t i = 0; i < n; i++) len += decompose_one(in[i], out + len);
  order_marks(out, len);
  return compose_all(out, len);
}

size_t fold_lower_nfc(const uint32_t *in, size_t n, uint32_t *scratch, uint32_t *out) {
  size_t len = fold_nfc(in, n, scratch);
  for (size_t i = 0; i < len; i++) scratch[i] = text_lower_of(scratch[i]);
  return fold_nfc(scratch, len, out);
}

/* The letters that become two, perhaps with an accent on top. */
static size_t strip_special(uint32_t cp, uint32_t *out) {
  out[0] = out[1] = cp;
  switch (cp) {
    case 0xDF: out[0] = out[1] = 's'; return 2;       /* ß */
    case 0xE6:                                        /* æ */
    case 0x1E3:                                       /* ǣ */
    case 0x1FD: out[0] = 'a', out[1] = 'e'; return 2; /* ǽ */
    case 0x153: out[0] = 'o', out[1] = 'e'; return 2; /* œ */
    default: return 1;
  }
}

size_t fold_strip(uint32_t cp, uint32_t *out) {
  if (cp >= 0x300 && cp <= 0x36F) return 0;
  const record *r = record_of(cp);
  if (r->plain == 0) return strip_special(cp, out);
  out[0] = r->plain;
  return 1;
}

/* ---- strings ---- */

typedef enum fold_what { FOLD_NFC, FOLD_LOWER } fold_what;

static void put_cp(lan_buf *out, uint32_t cp) {
  char bytes[4];
  lan_buf_add(out, bytes, lan_utf8_encode(cp, bytes));
}

/* Whether what is before can be folded apart from what begins with this code point. */
static bool begins_anew(uint32_t cp, fold_what what) {
  const record *r = record_of(cp);
  if (r->flags & FLAG_UNSTABLE) return false;
  return what == FOLD_NFC || !(record_of(text_lower_of(cp))->flags & FLAG_UNSTABLE);
}

enum {
  SHORT = 24,  /* bytes of a stretch that needs no allocation */
  CHUNK = 512, /* bytes that are appended at once */
};

/* The general way: decode, decompose, compose, encode. */
static void fold_slowly(lan_buf *out, const char *s, size_t n, fold_what what) {
  uint32_t few[SHORT * 21], *cps = few; /* n in, 4n, and 16n for a second round */
  if (n > SHORT && !(cps = lan_alloc_array(n, 21 * sizeof *cps))) {
    out->failed = true;
    return;
  }
  uint32_t *once = cps + n, *twice = once + 4 * n, *result = once;
  size_t len = 0;
  for (size_t i = 0; i < n;) i += lan_utf8_decode(s + i, n - i, &cps[len++]);
  if (what == FOLD_NFC) {
    len = fold_nfc(cps, len, once);
  } else {
    len = fold_lower_nfc(cps, len, once, twice);
    result = twice;
  }
  for (size_t i = 0; i < len; i++) put_cp(out, result[i]);
  if (cps != few) free(cps);
}

/* Copies what folds by itself, lower-cased if wanted. Returns where it met something else: the
 * beginning of the letter that this may combine with, or n. */
static size_t fold_quickly(lan_buf *out, const char *s, size_t n, fold_what what) {
  char chunk[CHUNK + 4];
  size_t len = 0, i = 0, last_len = 0, last = 0; /* of the last code point: in `chunk`, and at */
  while (i < n) {
    uint32_t cp = (unsigned char)s[i];
    size_t taken = 1;
    if (cp >= 0x80) {
      taken = lan_utf8_decode(s + i, n - i, &cp);
      if (!begins_anew(cp, what)) break;
    }
    if (len >= CHUNK) {
      lan_buf_add(out, chunk, len);
      len = 0;
    }
    last = i;
    last_len = lan_utf8_encode(what == FOLD_LOWER ? text_lower_of(cp) : cp, chunk + len);
    len += last_len;
    i += taken;
  }
  if (i == n) last_len = 0, last = n;
  lan_buf_add(out, chunk, len - last_len);
  return last;
}

/* The end of the stretch from 0 that must be folded as one. */
static size_t joined(const char *s, size_t n, fold_what what) {
  uint32_t cp;
  size_t i = lan_utf8_decode(s, n, &cp);
  while (i < n) {
    size_t len = lan_utf8_decode(s + i, n - i, &cp);
    if (begins_anew(cp, what)) break;
    i += len;
  }
  return i;
}

static void fold(lan_buf *out, const char *s, size_t n, fold_what what) {
  while (n > 0) {
    size_t good = lan_utf8_valid(s, n), i = 0;
    while ((i += fold_quickly(out, s + i, good - i, what)) < good) {
      size_t len = joined(s + i, good - i, what);
      fold_slowly(out, s + i, len, what);
      i += len;
    }
    s += good;
    n -= good;
    if (n > 0) { /* a byte that is no text stays what it is */
      lan_buf_add_char(out, *s++);
      n--;
    }
  }
}

void text_fold(lan_buf *out, const char *s, size_t n) { fold(out, s, n, FOLD_LOWER); }

void text_nfc(lan_buf *out, const char *s, size_t n) { fold(out, s, n, FOLD_NFC); }

void text_strip(lan_buf *out, const char *s, size_t n) {
  lan_buf folded = {0};
  text_fold(&folded, s, n);
  out->failed |= folded.failed;
  for (size_t i = 0; i < folded.len;) {
    uint32_t cp, parts[2];
    size_t len = lan_utf8_decode(folded.data + i, folded.len - i, &cp);
    if (len == 1 && cp == 0xFFFD) {
      lan_buf_add_char(out, folded.data[i]);
    } else {
      size_t n_parts = fold_strip(cp, parts);
      for (size_t k = 0; k < n_parts; k++) put_cp(out, parts[k]);
    }
    i += len;
  }
  lan_buf_free(&folded);
}
