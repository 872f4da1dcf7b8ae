#include "text/unicode.h"

#include <stdlib.h>

#include "base/vec.h"
#include "text/fold.h"

typedef struct record {
  int32_t lower;
  uint16_t decomposition;
  uint8_t class, flags, ccc;
} record;

#include "unicode_tables.h"

enum { FLAG_EMOJI = 1, FLAG_SPACE = 2, FLAG_UNSTABLE = 4 };

static const record *record_of(uint32_t cp) {
  if (cp > 0x10FFFF) cp = 0;
  return &RECORDS[STAGE2[STAGE1[cp >> 7]][cp & 127]];
}

text_class text_class_of(uint32_t cp) { return (text_class)record_of(cp)->class; }

uint32_t text_lower_of(uint32_t cp) { return (uint32_t)((int32_t)cp + record_of(cp)->lower); }

bool text_is_emoji(uint32_t cp) { return record_of(cp)->flags & FLAG_EMOJI; }

bool text_is_space(uint32_t cp) { return record_of(cp)->flags & FLAG_SPACE; }

bool fold_is_stable(uint32_t cp) { return !(record_of(cp)->flags & FLAG_UNSTABLE); }

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

static int by_ccc(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

enum { MARKS_SORTED_IN_PLACE = 24 };

/* Sorts a run of marks by combining class, equal ones staying in order. Long runs only occur in
 * hostile text: they are sorted by (class, place) packed in a key, so that they cost no more than n
 * log n. */
static void sort_marks(uint32_t *cps, size_t n) {
  if (n > MARKS_SORTED_IN_PLACE) {
    uint64_t *keys = lan_alloc_array(n, 2 * sizeof *keys);
    if (!keys) return; /* left unsorted: a spelling that nobody wrote is not recognised */
    for (size_t i = 0; i < n; i++) {
      keys[2 * i] = (uint64_t)record_of(cps[i])->ccc << 56 | i;
      keys[2 * i + 1] = cps[i];
    }
    qsort(keys, n, 2 * sizeof *keys, by_ccc);
    for (size_t i = 0; i < n; i++) cps[i] = (uint32_t)keys[2 * i + 1];
    free(keys);
    return;
  }
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

size_t fold_nfc(const uint32_t *in, size_t n, uint32_t *out) {
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

static bool is_accent(uint32_t cp) { return cp >= 0x300 && cp <= 0x36F; }

static bool is_european(uint32_t cp) { return cp < 0x530 || (cp >= 0x1E00 && cp <= 0x1FFF); }

/* Letters whose stroke or joining is no combining mark to Unicode. */
static size_t strip_special(uint32_t cp, uint32_t *out) {
  out[1] = 0;
  switch (cp) {
    case 0x111: out[0] = 'd'; return 1; /* đ */
    case 0xF8: out[0] = 'o'; return 1;  /* ø */
    case 0x142: out[0] = 'l'; return 1; /* ł */
    case 0x127: out[0] = 'h'; return 1; /* ħ */
    case 0x131: out[0] = 'i'; return 1; /* ı */
    case 0xDF: out[0] = out[1] = 's'; return 2;
    case 0xE6: out[0] = 'a', out[1] = 'e'; return 2;
    case 0x153: out[0] = 'o', out[1] = 'e'; return 2;
    default: out[0] = cp; return 1;
  }
}

size_t fold_strip(uint32_t cp, uint32_t *out) {
  if (cp < 0x80) {
    out[0] = cp;
    return 1;
  }
  if (is_accent(cp)) return 0;
  if (!is_european(cp)) {
    out[0] = cp;
    return 1;
  }
  uint32_t parts[4];
  size_t n = decompose_one(cp, parts), len = 0;
  for (size_t i = 0; i < n; i++) {
    if (!is_accent(parts[i])) len += strip_special(parts[i], out + len);
  }
  return len;
}

/* ---- strings ---- */

typedef enum fold_what { FOLD_NFC, FOLD_LOWER } fold_what;

static void put_cp(lan_buf *out, uint32_t cp) {
  char bytes[4];
  lan_buf_add(out, bytes, lan_utf8_encode(cp, bytes));
}

/* The general way, for valid text that NFC may change: decode, decompose, compose, encode. */
static void fold_slowly(lan_buf *out, const char *s, size_t n, fold_what what) {
  uint32_t *cps = lan_alloc_array(n, 21 * sizeof *cps); /* n in, 4n, and 16n for a second round */
  if (!cps) {
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
  free(cps);
}

/* Copies what NFC leaves as it is, lower-cased if wanted; returns where it met something else. */
static size_t fold_quickly(lan_buf *out, const char *s, size_t n, fold_what what) {
  size_t i = 0;
  while (i < n) {
    uint32_t cp;
    size_t len = lan_utf8_decode(s + i, n - i, &cp);
    if (len == 1 && cp == 0xFFFD) break;
    uint32_t to = what == FOLD_LOWER ? text_lower_of(cp) : cp;
    if (cp >= 0x80 && (!fold_is_stable(cp) || !fold_is_stable(to))) break;
    put_cp(out, to);
    i += len;
  }
  return i;
}

static void fold(lan_buf *out, const char *s, size_t n, fold_what what) {
  while (n > 0) {
    size_t start = out->len, good = lan_utf8_valid(s, n);
    if (fold_quickly(out, s, good, what) < good) {
      out->len = start;
      fold_slowly(out, s, good, what);
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
    uint32_t cp, parts[8];
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
