#include "text/bm25.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "text/bm25_format.h"

/* A document that was laid over the base; its terms are sorted by hash. */
typedef struct overlay_doc {
  uint32_t doc, length;
  bm25_term *terms;
  uint32_t n_terms;
} overlay_doc;

struct bm25_index {
  char *owned; /* the block, if it is ours */
  lan_str block;
  const bm25_header *h;
  const uint32_t *lengths, *frequencies, *accented;
  const uint64_t *hashes, *offsets, *bases;
  const unsigned char *postings;

  VEC(overlay_doc) overlay;
  /* NULL as long as nothing is laid over: */
  uint32_t *laid_over; /* by document: 1 + its place in the overlay */
  atomic_uint
      *still_in; /* by term: 1 + the base's documents that still hold it; 0: not counted. Whoever
                          * asks counts, and all come to the same number */
  uint64_t total_length;
  uint32_t n_living;

  float *norms; /* by document, for `norms_for`: k1 * (1 - b + b * |d| / avg) */
  bm25_params norms_for;
};

/* ---- opening ---- */

static bool offsets_rise(const uint64_t *offsets, uint32_t n, uint64_t end) {
  bool good = offsets[0] == 0 && offsets[n] == end;
  for (uint32_t i = 0; i < n; i++) good &= offsets[i] <= offsets[i + 1];
  return good;
}

static bool terms_in_order(const bm25_index *x) {
  bool good = true;
  for (uint32_t i = 0; i < x->h->n_terms; i++) good &= x->frequencies[i] <= x->h->n_docs;
  for (uint32_t i = 1; i < x->h->n_terms; i++) good &= x->hashes[i - 1] < x->hashes[i];
  for (uint32_t i = 0; i < x->h->n_accented; i++) good &= x->accented[i] < x->h->n_terms;
  return good;
}

static bool lengths_add_up(const bm25_index *x) {
  uint64_t total = 0;
  uint32_t living = 0;
  for (uint32_t d = 0; d < x->h->n_docs; d++) {
    total += x->lengths[d];
    living += x->lengths[d] > 0;
  }
  return total == x->h->total_length && living == x->h->n_living;
}

static bool place_arrays(bm25_index *x, const char *bytes, size_t len) {
  const bm25_header *h = (const void *)bytes;
  if (len < sizeof *h || memcmp(h->magic, "lanbm25\1", 8) != 0) return false;
  if (h->n_bytes > len || h->n_accented > h->n_terms || h->n_docs > UINT32_MAX / 2) return false;
  bm25_layout l = bm25_layout_of(h);
  if (l.end != len) return false;
  x->h = h;
  x->lengths = (const void *)(bytes + l.lengths);
  x->hashes = (const void *)(bytes + l.hashes);
  x->frequencies = (const void *)(bytes + l.frequencies);
  x->offsets = (const void *)(bytes + l.offsets);
  x->bases = (const void *)(bytes + l.bases);
  x->accented = (const void *)(bytes + l.accented);
  x->postings = (const void *)(bytes + l.postings);
  x->total_length = h->total_length;
  x->n_living = h->n_living;
  return offsets_rise(x->offsets, h->n_terms, h->n_bytes) && terms_in_order(x) && lengths_add_up(x);
}

lan_status bm25_open(const void *bytes, size_t len, bm25_index **index, lan_error *err) {
  bm25_index *x = lan_alloc_zeroed(1, sizeof *x);
  if (!x) return lan_fail_memory(err, sizeof *x);
  x->block = (lan_str){bytes, len};
  if ((uintptr_t)bytes % 8 != 0 || !place_arrays(x, bytes, len)) {
    free(x);
    return lan_fail(err, LAN_ECORRUPT, "the word index is damaged");
  }
  *index = x;
  return LAN_OK;
}

lan_status bm25_adopt(char *block, size_t len, bm25_index **index, lan_error *err) {
  lan_status s = bm25_open(block, len, index, err);
  if (s == LAN_OK) {
    (*index)->owned = block;
  } else {
    free(block);
  }
  return s;
}

lan_str bm25_bytes(const bm25_index *x) { return x->block; }

void bm25_free(bm25_index *x) {
  if (!x) return;
  for (size_t i = 0; i < x->overlay.len; i++) free(x->overlay.data[i].terms);
  VEC_FREE(&x->overlay);
  free(x->laid_over);
  free(x->still_in);
  free(x->norms);
  free(x->owned);
  free(x);
}

/* ---- laying documents over ---- */

static int by_hash(const void *a, const void *b) {
  const bm25_term *x = a, *y = b;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

/* NULL: the base's version holds. */
static const overlay_doc *overlay_of(const bm25_index *x, uint32_t doc) {
  uint32_t at = x->laid_over ? x->laid_over[doc] : 0;
  return at ? &x->overlay.data[at - 1] : NULL;
}

uint32_t bm25_doc_length(const bm25_index *x, uint32_t doc) {
  const overlay_doc *o = overlay_of(x, doc);
  return o ? o->length : x->lengths[doc];
}

/* Room for the document in the overlay; NULL when memory is short. */
static overlay_doc *overlay_place(bm25_index *x, uint32_t doc) {
  if (!x->laid_over) x->laid_over = lan_alloc_zeroed(x->h->n_docs, sizeof *x->laid_over);
  if (!x->still_in) x->still_in = lan_alloc_zeroed(x->h->n_terms, sizeof *x->still_in);
  if (!x->laid_over || !x->still_in) return NULL;
  uint32_t at = x->laid_over[doc];
  if (at) return &x->overlay.data[at - 1];
  return VEC_RESERVE(&x->overlay, 1) ? &x->overlay.data[x->overlay.len] : NULL;
}

lan_status bm25_replace(bm25_index *x, uint32_t doc, const bm25_doc *content, lan_error *err) {
  if (doc >= x->h->n_docs) return lan_fail(err, LAN_ERANGE, "no document %u", doc);
  uint32_t n = content->length ? content->n_terms : 0, old_length = bm25_doc_length(x, doc);
  bm25_term *terms = lan_alloc_array(n, sizeof *terms);
  overlay_doc *o = terms ? overlay_place(x, doc) : NULL;
  if (!o) {
    free(terms);
    return lan_fail_memory(err, n * sizeof *terms);
  }
  if (n) {
    memcpy(terms, content->terms, n * sizeof *terms);
    qsort(terms, n, sizeof *terms, by_hash);
  }
  if (x->laid_over[doc]) {
    free(o->terms);
  } else {
    x->laid_over[doc] = (uint32_t)++x->overlay.len;
  }
  *o = (overlay_doc){doc, content->length, terms, n};
  memset(x->still_in, 0, x->h->n_terms * sizeof *x->still_in);
  x->total_length += (uint64_t)content->length - old_length;
  x->n_living += content->length > 0;
  x->n_living -= old_length > 0;
  free(x->norms);
  x->norms = NULL;
  return LAN_OK;
}

/* ---- postings ---- */

typedef struct cursor {
  const unsigned char *p, *end;
  uint32_t next, n_docs; /* next: the document after the last one */
  uint32_t doc, count;
} cursor;

/* A number that was cut off ends where the postings do. */
static inline uint32_t take_number(cursor *c) {
  uint32_t v = *c->p++;
  if (v < 0x80) return v;
  v &= 0x7F;
  for (unsigned shift = 7; shift < 32 && c->p < c->end; shift += 7) {
    uint32_t byte = *c->p++;
    v |= (byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return v;
}

/* Damaged postings end early; a document outside is never told. */
static inline bool next_posting(cursor *c) {
  if (c->p >= c->end) return false;
  uint32_t code = take_number(c);
  uint32_t step = code >> 1;
  if (step == 0 || step > c->n_docs - c->next) return false;
  c->next += step;
  c->doc = c->next - 1;
  c->count = 1;
  if (!(code & 1)) {
    if (c->p >= c->end) return false;
    c->count = take_number(c);
  }
  return true;
}

/* The term's number, or UINT32_MAX. Hashes are spread evenly, so that interpolation finds the place
 * in two or three steps; after a few it is halved, so that no table makes it slow. */
static uint32_t find_term(const bm25_index *x, uint64_t hash) {
  uint32_t low = 0, high = x->h->n_terms;
  for (int step = 0; low < high; step++) {
    uint64_t first = x->hashes[low], last = x->hashes[high - 1];
    if (hash < first || hash > last) return UINT32_MAX;
    uint32_t mid = low + (high - low) / 2;
    if (step < 4 && last > first) {
      double share = (double)(hash - first) / (double)(last - first);
      mid = low + (uint32_t)(share * (double)(high - 1 - low));
    }
    if (x->hashes[mid] == hash) return mid;
    if (x->hashes[mid] < hash) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return UINT32_MAX;
}

static cursor postings_of(const bm25_index *x, uint32_t term) {
  return (cursor){
      x->postings + x->offsets[term], x->postings + x->offsets[term + 1], 0, x->h->n_docs, 0, 0};
}

static const bm25_term *overlay_term(const overlay_doc *o, uint64_t hash) {
  bm25_term key = {hash, 0, 0};
  return o->n_terms ? bsearch(&key, o->terms, o->n_terms, sizeof key, by_hash) : NULL;
}

/* The base's documents that hold the term and are not laid over. */
static uint32_t still_in(const bm25_index *x, uint32_t term) {
  uint32_t known = atomic_load_explicit(&x->still_in[term], memory_order_relaxed);
  if (known) return known - 1;
  uint32_t df = x->frequencies[term];
  for (cursor c = postings_of(x, term); next_posting(&c);) df -= x->laid_over[c.doc] && df > 0;
  atomic_store_explicit(&x->still_in[term], df + 1, memory_order_relaxed);
  return df;
}

static uint32_t frequency_of(const bm25_index *x, uint64_t hash, uint32_t term) {
  uint32_t df = term == UINT32_MAX ? 0 : x->frequencies[term];
  if (x->overlay.len == 0) return df;
  if (term != UINT32_MAX) df = still_in(x, term);
  for (size_t i = 0; i < x->overlay.len; i++) df += overlay_term(&x->overlay.data[i], hash) != NULL;
  return df;
}

uint32_t bm25_n_docs(const bm25_index *x) { return x->h->n_docs; }

uint32_t bm25_doc_frequency(const bm25_index *x, uint64_t hash) {
  return frequency_of(x, hash, find_term(x, hash));
}

double bm25_idf_of(const bm25_index *x, uint32_t df) {
  double n = x->n_living > df ? x->n_living : df;
  return log(1.0 + (n - df + 0.5) / (df + 0.5));
}

double bm25_idf(const bm25_index *x, uint64_t hash) {
  return bm25_idf_of(x, bm25_doc_frequency(x, hash));
}

/* ---- scoring ---- */

static float norm_of(const bm25_index *x, bm25_params p, uint32_t length) {
  double average = x->n_living ? (double)x->total_length / x->n_living : 1.0;
  double share = (double)length / average;
  return (float)((double)p.k1 * (1.0 - (double)p.b + (double)p.b * share));
}

static float saturated(uint32_t count, float norm, float k1) {
  float tf = (float)count;
  return tf * (k1 + 1.0f) / (tf + norm);
}

static bool find_norms(bm25_index *x, bm25_params p) {
  if (x->norms && x->norms_for.k1 == p.k1 && x->norms_for.b == p.b) return true;
  size_t n = x->h->n_docs;
  if (!x->norms) x->norms = lan_alloc_array(n, sizeof *x->norms);
  if (!x->norms) return false;
  for (uint32_t d = 0; d < n; d++) x->norms[d] = norm_of(x, p, bm25_doc_length(x, d));
  x->norms_for = p;
  return true;
}

typedef struct sums {
  const bm25_index *x;
  float weight; /* of the term, with its idf */
  float *scores;
  uint32_t *touched, n_touched;
} sums;

/* Only what is more than nothing, as damaged counts may be 0: a document is touched once. */
static inline void add_score(sums *s, uint32_t doc, uint32_t count) {
  float score = s->weight * saturated(count, s->x->norms[doc], s->x->norms_for.k1);
  uint32_t before; /* its bits: nothing is negative, or -0 */
  if (!(score > 0)) return;
  memcpy(&before, &s->scores[doc], sizeof before);
  s->touched[s->n_touched] = doc;
  s->n_touched += before == 0;
  s->scores[doc] += score;
}

/* next_posting without a branch on whether there is a count, which nobody could foretell. */
static inline bool next_posting_fast(cursor *c) {
  if (c->p >= c->end) return false;
  uint32_t code = take_number(c), step = code >> 1, more = ~code & 1;
  if (step == 0 || step > c->n_docs - c->next) return false;
  c->next += step;
  c->doc = c->next - 1;
  if (c->p == c->end) {
    c->count = 1;
    return !more;
  }
  uint32_t count = *c->p;
  if ((count & (0u - more)) >= 0x80) {
    count = take_number(c);
  } else {
    c->p += more;
  }
  c->count = more ? count : 1;
  return true;
}

/* The hot loop. */
static void score_postings(sums *all, cursor c) {
  sums s = *all; /* a copy that need not be in memory */
  const uint32_t *laid_over = s.x->laid_over;
  while (next_posting_fast(&c)) {
    if (laid_over && laid_over[c.doc]) continue;
    add_score(&s, c.doc, c.count);
  }
  *all = s;
}

lan_status bm25_prepare(bm25_index *x, bm25_params p) {
  return find_norms(x, p) ? LAN_OK : LAN_ENOMEM;
}

lan_status bm25_score(bm25_index *x, bm25_params p, const bm25_query_term *terms, size_t n,
                      float *scores, uint32_t *touched, uint32_t *n_touched) {
  if (!find_norms(x, p)) return LAN_ENOMEM;
  sums s = {x, 0, scores, touched, 0};
  for (size_t i = 0; i < n; i++) {
    uint32_t term = find_term(x, terms[i].hash);
    s.weight = terms[i].weight * (float)bm25_idf_of(x, frequency_of(x, terms[i].hash, term));
    if (term != UINT32_MAX) score_postings(&s, postings_of(x, term));
    for (size_t k = 0; k < x->overlay.len; k++) {
      const overlay_doc *o = &x->overlay.data[k];
      const bm25_term *t = overlay_term(o, terms[i].hash);
      if (t) add_score(&s, o->doc, t->count);
    }
  }
  *n_touched = s.n_touched;
  return LAN_OK;
}

/* How often the document holds the term. */
static uint32_t count_in(const bm25_index *x, uint64_t hash, uint32_t term, uint32_t doc) {
  const overlay_doc *o = overlay_of(x, doc);
  if (o) {
    const bm25_term *t = overlay_term(o, hash);
    return t ? t->count : 0;
  }
  if (term == UINT32_MAX) return 0;
  for (cursor c = postings_of(x, term); next_posting(&c) && c.doc <= doc;) {
    if (c.doc == doc) return c.count;
  }
  return 0;
}

void bm25_explain(const bm25_index *x, bm25_params p, const bm25_query_term *terms, size_t n,
                  uint32_t doc, float *contributions) {
  float norm = norm_of(x, p, bm25_doc_length(x, doc));
  for (size_t i = 0; i < n; i++) {
    uint32_t term = find_term(x, terms[i].hash);
    uint32_t count = count_in(x, terms[i].hash, term, doc);
    float idf = count ? (float)bm25_idf_of(x, frequency_of(x, terms[i].hash, term)) : 0;
    contributions[i] = count ? terms[i].weight * idf * saturated(count, norm, p.k1) : 0;
  }
}

/* ---- the accent-insensitive second chance ---- */

enum { VARIANTS_MOST = 16 };

typedef struct variant {
  uint64_t hash;
  uint32_t frequency;
} variant;

/* Keeps `best` sorted by frequency, the largest first; equal ones by hash. */
static size_t keep_variant(variant *best, size_t n, size_t max, variant v) {
  size_t i = n;
  while (i > 0 && (best[i - 1].frequency < v.frequency ||
                   (best[i - 1].frequency == v.frequency && best[i - 1].hash > v.hash))) {
    i--;
  }
  if (i == max) return n;
  size_t moved = (n < max ? n : max - 1) - i;
  memmove(best + i + 1, best + i, moved * sizeof *best);
  best[i] = v;
  return n < max ? n + 1 : n;
}

/* The first of the accented terms with at least this plain form. */
static uint32_t find_base(const bm25_index *x, uint64_t base_hash) {
  uint32_t low = 0, high = x->h->n_accented;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (x->bases[mid] < base_hash) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

/* Whether the base or a document laid over before holds it. */
static bool is_known_before(const bm25_index *x, size_t overlay, uint64_t hash) {
  for (size_t k = 0; k < overlay; k++) {
    if (overlay_term(&x->overlay.data[k], hash)) return true;
  }
  return find_term(x, hash) != UINT32_MAX;
}

size_t bm25_variants(const bm25_index *x, uint64_t base_hash, uint64_t *hashes, size_t max) {
  variant best[VARIANTS_MOST];
  size_t n = 0;
  if (max > VARIANTS_MOST) max = VARIANTS_MOST;
  if (max == 0) return 0;
  for (uint32_t i = find_base(x, base_hash); i < x->h->n_accented; i++) {
    if (x->bases[i] != base_hash) break;
    uint32_t term = x->accented[i], df = frequency_of(x, x->hashes[term], term);
    if (df) n = keep_variant(best, n, max, (variant){x->hashes[term], df});
  }
  for (size_t k = 0; k < x->overlay.len; k++) {
    const overlay_doc *o = &x->overlay.data[k];
    for (uint32_t t = 0; t < o->n_terms; t++) {
      uint64_t hash = o->terms[t].hash;
      if (o->terms[t].base_hash != base_hash || hash == base_hash) continue;
      if (is_known_before(x, k, hash)) continue;
      n = keep_variant(best, n, max, (variant){hash, frequency_of(x, hash, UINT32_MAX)});
    }
  }
  for (size_t i = 0; i < n; i++) hashes[i] = best[i].hash;
  return n;
}
