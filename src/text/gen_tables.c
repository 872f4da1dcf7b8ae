/* Writes the Unicode tables of unicode.c as C, from utf8proc's. Runs at build time only.
 *
 * Two stages: the block of 128 code points, then the code point in its block, lead to a property
 * record; equal blocks and equal records are stored once. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { BLOCK = 128, N_BLOCKS = 0x110000 / BLOCK, MOST = 65535 };

typedef struct record {
  int32_t lower;          /* what to add for the lower-case letter */
  uint16_t decomposition; /* 1 + index into the sequences; 0: none */
  uint16_t plain;         /* the lower-case letter without its accent; see plain_of */
  uint8_t class, flags, ccc;
} record;

static record records[MOST];
static size_t n_records;
static uint16_t blocks[N_BLOCKS][BLOCK], stage1[N_BLOCKS];
static size_t n_blocks;
static uint32_t sequences[MOST];
static size_t n_sequences;
static struct { uint32_t first, second, composed; } pairs[MOST];
static size_t n_pairs;
static uint8_t is_second[0x110000];

static int in(uint32_t cp, uint32_t low, uint32_t high) { return cp >= low && cp <= high; }

/* Scripts that put no spaces between words. */
static int unspaced(uint32_t cp) {
  return in(cp, 0x3400, 0x4DBF) || in(cp, 0x4E00, 0x9FFF) || in(cp, 0xF900, 0xFAFF) ||
         in(cp, 0x20000, 0x3FFFF) || in(cp, 0x3041, 0x30FF) || in(cp, 0x3100, 0x312F) ||
         in(cp, 0x31F0, 0x31FF) || in(cp, 0xFF66, 0xFF9D) || cp == 0x3005 || cp == 0x3007 ||
         in(cp, 0x0E00, 0x0EFF) || in(cp, 0x1780, 0x17FF) || in(cp, 0x1000, 0x109F);
}

/* 0 other, 1 letter, 2 digit, 3 mark, 4 ideograph: text_class. */
static uint8_t class_of(uint32_t cp, utf8proc_category_t c) {
  switch (c) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return unspaced(cp) ? 4 : 1;
    case UTF8PROC_CATEGORY_ND: return 2;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return 3;
    default: return 0;
  }
}

/* What a tag may hold besides letters: pictographs and the signs that join and colour them. */
static int emoji(uint32_t cp, const utf8proc_property_t *p) {
  if (cp < 0x80) return 0;
  return p->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC || in(cp, 0x1F1E6, 0x1F1FF) ||
         in(cp, 0x1F3FB, 0x1F3FF) || cp == 0xFE0F || cp == 0x200D || cp == 0x20E3;
}

static int space(uint32_t cp) {
  return in(cp, 9, 13) || cp == 32 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
         in(cp, 0x2000, 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F ||
         cp == 0x3000;
}

static size_t decompose(uint32_t cp, utf8proc_int32_t *out) {
  int last = 0;
  utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, out, 16,
                                               UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &last);
  return n < 0 || n > 16 ? 0 : (size_t)n;
}

/* NFC of a few code points; the length of the result. */
static size_t compose(const utf8proc_int32_t *in_cps, size_t n, utf8proc_int32_t *out) {
  memcpy(out, in_cps, n * sizeof *out);
  utf8proc_ssize_t len =
      utf8proc_normalize_utf32(out, (utf8proc_ssize_t)n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  return len < 0 ? 0 : (size_t)len;
}

static int hangul(uint32_t cp) { return in(cp, 0xAC00, 0xD7A3); }

/* Composition goes by pairs: the prefix, composed to one code point, and the last. */
static void find_pair(uint32_t cp) {
  utf8proc_int32_t d[16], prefix[16], whole[16];
  size_t n = decompose(cp, d);
  if (n < 2 || hangul(cp)) return;
  if (compose(d, n, whole) != 1 || (uint32_t)whole[0] != cp) return;
  if (compose(d, n - 1, prefix) != 1) return;
  pairs[n_pairs].first = (uint32_t)prefix[0];
  pairs[n_pairs].second = (uint32_t)d[n - 1];
  pairs[n_pairs++].composed = cp;
  is_second[d[n - 1]] = 1;
}

static uint16_t sequence_of(uint32_t cp) {
  utf8proc_int32_t d[16];
  size_t n = decompose(cp, d);
  if (hangul(cp) || n == 0 || (n == 1 && (uint32_t)d[0] == cp)) return 0;
  uint16_t at = (uint16_t)(n_sequences + 1);
  sequences[n_sequences++] = (uint32_t)n;
  for (size_t i = 0; i < n; i++) sequences[n_sequences++] = (uint32_t)d[i];
  return at;
}

/* Whether NFC text may not simply hold it: it combines with what is before, or is written
 * otherwise. */
static int unstable(uint32_t cp) {
  utf8proc_int32_t d[16], nfc[16];
  if (utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0) return 1;
  if (is_second[cp] || in(cp, 0x1161, 0x11C2)) return 1;
  return compose(d, decompose(cp, d), nfc) != 1 || (uint32_t)nfc[0] != cp;
}

static int is_accent(uint32_t cp) { return in(cp, 0x300, 0x36F); }

/* Latin, Greek and Cyrillic. */
static int european(uint32_t cp) { return cp < 0x530 || in(cp, 0x1E00, 0x1FFF); }

/* Letters whose stroke is no combining mark to Unicode. */
static uint32_t without_stroke(uint32_t cp) {
  switch (cp) {
    case 0x111: return 'd';
    case 0xF8: return 'o';
    case 0x142: return 'l';
    case 0x127: return 'h';
    case 0x131: return 'i';
    default: return cp;
  }
}

/* Letters that become two: fold_strip knows them. */
static int is_special(uint32_t cp) {
  return cp == 0xDF || cp == 0xE6 || cp == 0x1E3 || cp == 0x1FD || cp == 0x153;
}

/* A lower-case code point without its accent. 0: itself, unless it is an accent or special. */
static uint16_t plain_of(uint32_t cp) {
  utf8proc_int32_t d[16];
  size_t n = decompose(cp, d), kept = 0;
  if (!european(cp) || is_accent(cp) || is_special(cp)) return 0;
  uint32_t plain = 0;
  for (size_t i = 0; i < n; i++) {
    if (is_accent((uint32_t)d[i])) continue;
    plain = without_stroke((uint32_t)d[i]);
    kept++;
  }
  return kept == 1 && plain != cp ? (uint16_t)plain : 0;
}

static record record_of(uint32_t cp) {
  record r;
  memset(&r, 0, sizeof r);
  if (in(cp, 0xD800, 0xDFFF)) return r;
  const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)cp);
  r.lower = (int32_t)utf8proc_tolower((utf8proc_int32_t)cp) - (int32_t)cp;
  r.class = class_of(cp, (utf8proc_category_t)p->category);
  r.ccc = (uint8_t)p->combining_class;
  r.flags = (uint8_t)((emoji(cp, p) ? 1 : 0) | (space(cp) ? 2 : 0) | (unstable(cp) ? 4 : 0));
  uint32_t lower = (uint32_t)((int32_t)cp + r.lower);
  if (unstable(cp) || unstable(lower) || is_special(lower)) r.flags |= 8;
  r.plain = plain_of(lower);
  r.decomposition = sequence_of(cp);
  return r;
}

static uint16_t record_index(const record *r) {
  for (size_t i = n_records; i > 0; i--) { /* the latest are the likeliest */
    if (memcmp(&records[i - 1], r, sizeof *r) == 0) return (uint16_t)(i - 1);
  }
  if (n_records == MOST) exit(1);
  records[n_records] = *r;
  return (uint16_t)n_records++;
}

static uint16_t block_index(const uint16_t *block) {
  for (size_t i = 0; i < n_blocks; i++) {
    if (memcmp(blocks[i], block, sizeof blocks[i]) == 0) return (uint16_t)i;
  }
  memcpy(blocks[n_blocks], block, sizeof blocks[n_blocks]);
  return (uint16_t)n_blocks++;
}

static int by_pair(const void *a, const void *b) {
  const uint32_t *x = a, *y = b;
  if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
  return (x[1] > y[1]) - (x[1] < y[1]);
}

static void print_all(void) {
  printf("/* Written by gen_tables.c from utf8proc %s (Unicode %s). */\n", utf8proc_version(),
         utf8proc_unicode_version());
  printf("static const uint16_t STAGE1[%d] = {", N_BLOCKS);
  for (size_t i = 0; i < N_BLOCKS; i++) printf("%u,", stage1[i]);
  printf("};\nstatic const uint16_t STAGE2[%zu][%d] = {\n", n_blocks, BLOCK);
  for (size_t i = 0; i < n_blocks; i++) {
    printf("{");
    for (size_t j = 0; j < BLOCK; j++) printf("%u,", blocks[i][j]);
    printf("},\n");
  }
  printf("};\nstatic const record RECORDS[%zu] = {\n", n_records);
  for (size_t i = 0; i < n_records; i++) {
    const record *r = &records[i];
    printf("{%d,%u,%u,%u,%u,%u},\n", (int)r->lower, r->decomposition, r->plain, r->class, r->flags,
           r->ccc);
  }
  printf("};\nstatic const uint32_t SEQUENCES[%zu] = {", n_sequences);
  for (size_t i = 0; i < n_sequences; i++) printf("%u,", sequences[i]);
  printf("};\nstatic const uint32_t PAIRS[%zu][3] = {\n", n_pairs);
  for (size_t i = 0; i < n_pairs; i++) {
    printf("{%u,%u,%u},\n", pairs[i].first, pairs[i].second, pairs[i].composed);
  }
  printf("};\n");
}

int main(void) {
  for (uint32_t cp = 0; cp < 0x110000; cp++) {
    if (!in(cp, 0xD800, 0xDFFF)) find_pair(cp);
  }
  qsort(pairs, n_pairs, sizeof *pairs, by_pair);
  for (uint32_t b = 0; b < N_BLOCKS; b++) {
    uint16_t block[BLOCK];
    for (uint32_t i = 0; i < BLOCK; i++) {
      record r = record_of(b * BLOCK + i);
      block[i] = record_index(&r);
    }
    stage1[b] = block_index(block);
  }
  print_all();
  return 0;
}
