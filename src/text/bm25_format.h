/* The block of bytes that a base index is: a header, then arrays, all in this machine's byte order.
 *
 *   lengths     n_docs uint32      words of each document
 *   hashes      n_terms uint64     increasing
 *   frequencies n_terms uint32     documents that hold the term
 *   offsets     n_terms+1 uint64   of its postings in the last array
 *   bases       n_accented uint64  hash of the accent-stripped form, increasing
 *   accented    n_accented uint32  the term
 *   postings    n_bytes            by term: (document - the one before) * 2 + (count is 1), then
 * the count if it is not 1; numbers in 7-bit groups, low first
 */
#ifndef TEXT_BM25_FORMAT_H
#define TEXT_BM25_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

typedef struct bm25_header {
  char magic[8]; /* "lanbm25\1" */
  uint64_t n_bytes, total_length;
  uint32_t n_docs, n_terms, n_accented, n_living; /* living: length > 0 */
} bm25_header;

/* Where the arrays lie in the block, from the counts of a header (n_bytes < 2^63). */
typedef struct bm25_layout {
  uint64_t lengths, hashes, frequencies, offsets, bases, accented, postings, end;
} bm25_layout;

static inline uint64_t bm25_aligned(uint64_t n) { return (n + 7) & ~(uint64_t)7; }

static inline bm25_layout bm25_layout_of(const bm25_header *h) {
  bm25_layout l;
  uint64_t n_docs = h->n_docs, n_terms = h->n_terms, n_accented = h->n_accented;
  l.lengths = bm25_aligned(sizeof *h);
  l.hashes = bm25_aligned(l.lengths + n_docs * 4);
  l.frequencies = l.hashes + n_terms * 8;
  l.offsets = bm25_aligned(l.frequencies + n_terms * 4);
  l.bases = l.offsets + (n_terms + 1) * 8;
  l.accented = l.bases + n_accented * 8;
  l.postings = bm25_aligned(l.accented + n_accented * 4);
  l.end = l.postings + h->n_bytes;
  return l;
}

/* 1 to 5 bytes; returns how many. */
static inline size_t bm25_put_number(unsigned char *p, uint32_t v) {
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) p[n++] = (unsigned char)(v | 0x80);
  p[n++] = (unsigned char)v;
  return n;
}

static inline size_t bm25_number_size(uint32_t v) {
  return v < 1u << 7 ? 1 : v < 1u << 14 ? 2 : v < 1u << 21 ? 3 : v < 1u << 28 ? 4 : 5;
}

/* An index that owns its block (freed also on failure). */
struct bm25_index;
lan_status bm25_adopt(char *block, size_t len, struct bm25_index **index, lan_error *err);

#endif
