/* From documents to the block of a base index. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "text/bm25.h"
#include "text/bm25_format.h"
#include "text/words.h"

/* ---- counting the words of one document ---- */

static bool counter_grow(bm25_counter *c) {
  uint32_t n = c->n_slots ? c->n_slots * 2 : 1024;
  uint32_t *slots = lan_alloc_zeroed(n, sizeof *slots);
  if (!slots) return false;
  for (uint32_t t = 0; t < c->n_terms; t++) {
    uint32_t i = (uint32_t)c->terms[t].hash & (n - 1);
    while (slots[i]) i = (i + 1) & (n - 1);
    slots[i] = t + 1;
  }
  free(c->slots);
  c->slots = slots;
  c->n_slots = n;
  return true;
}

static bool counter_room(bm25_counter *c) {
  if (c->n_terms + 1 > c->n_slots / 2 && !counter_grow(c)) return false;
  if (c->n_terms < c->cap) return true;
  uint32_t cap = c->cap ? c->cap * 2 : 512;
  bm25_term *terms = lan_realloc_array(c->terms, cap, sizeof *terms);
  if (!terms) return false;
  c->terms = terms;
  c->cap = cap;
  return true;
}

void bm25_counter_begin(bm25_counter *c) {
  for (uint32_t t = 0; t < c->n_terms; t++) { /* only the slots in use need clearing */
    uint32_t i = (uint32_t)c->terms[t].hash & (c->n_slots - 1);
    while (c->slots[i]) {
      c->slots[i] = 0;
      i = (i + 1) & (c->n_slots - 1);
    }
  }
  c->n_terms = 0;
  c->length = 0;
  c->failed = false;
}

typedef struct adding {
  bm25_counter *counter;
  uint32_t weight;
} adding;

static bool count_word(void *ctx, const text_word *w) {
  adding *a = ctx;
  bm25_counter *c = a->counter;
  if (!counter_room(c)) {
    c->failed = true;
    return false;
  }
  c->length += a->weight;
  uint32_t i = (uint32_t)w->hash & (c->n_slots - 1);
  while (c->slots[i] && c->terms[c->slots[i] - 1].hash != w->hash) i = (i + 1) & (c->n_slots - 1);
  if (c->slots[i] == 0) {
    c->terms[c->n_terms] = (bm25_term){w->hash, w->base_hash, 0};
    c->slots[i] = ++c->n_terms;
  }
  c->terms[c->slots[i] - 1].count += a->weight;
  return true;
}

void bm25_counter_add(bm25_counter *c, const char *text, size_t n, uint32_t weight) {
  adding a = {c, weight};
  if (!c->failed) text_words(text, n, TEXT_CUT_BIGRAMS, count_word, &a);
}

void bm25_counter_free(bm25_counter *c) {
  free(c->terms);
  free(c->slots);
  *c = (bm25_counter){0};
}

/* ---- collecting documents ---- */

typedef struct posting {
  uint32_t term, count; /* term: the worker's number for it */
} posting;

typedef struct term_key {
  uint64_t hash, base_hash;
  uint32_t worker, local;
} term_key;

typedef struct added_doc {
  uint32_t doc, length, n_postings;
  size_t first;
} added_doc;

typedef struct shard {
  lan_map numbers; /* hash -> local number */
  VEC(term_key) terms;
  VEC(posting) postings;
  VEC(added_doc) docs;
  uint32_t *global; /* local number -> the index's */
} shard;

struct bm25_builder {
  size_t n_shards;
  shard *shards;
};

lan_status bm25_builder_new(size_t n_workers, bm25_builder **builder, lan_error *err) {
  bm25_builder *b = lan_alloc_zeroed(1, sizeof *b);
  if (b) b->shards = lan_alloc_zeroed(n_workers, sizeof *b->shards);
  if (!b || !b->shards) {
    free(b);
    return lan_fail_memory(err, n_workers * sizeof(shard));
  }
  b->n_shards = n_workers;
  *builder = b;
  return LAN_OK;
}

void bm25_builder_free(bm25_builder *b) {
  if (!b) return;
  for (size_t w = 0; w < b->n_shards; w++) {
    shard *s = &b->shards[w];
    lan_map_free(&s->numbers);
    VEC_FREE(&s->terms);
    VEC_FREE(&s->postings);
    VEC_FREE(&s->docs);
    free(s->global);
  }
  free(b->shards);
  free(b);
}

lan_status bm25_builder_add(bm25_builder *b, size_t worker, uint32_t doc, const bm25_doc *content,
                            lan_error *err) {
  shard *s = &b->shards[worker];
  uint32_t n = content->length ? content->n_terms : 0;
  size_t first = s->postings.len;
  if (!VEC_RESERVE(&s->postings, n)) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < n; i++) {
    const bm25_term *t = &content->terms[i];
    uint32_t *number = lan_map_put(&s->numbers, t->hash);
    if (!number) return lan_fail_memory(err, 0);
    if (*number == LAN_MAP_NONE) {
      *number = (uint32_t)s->terms.len;
      term_key key = {t->hash, t->base_hash, (uint32_t)worker, *number};
      if (!VEC_PUSH(&s->terms, key)) return lan_fail_memory(err, 0);
    }
    s->postings.data[s->postings.len++] = (posting){*number, t->count};
  }
  added_doc d = {doc, content->length, n, first};
  return VEC_PUSH(&s->docs, d) ? LAN_OK : lan_fail_memory(err, 0);
}

/* ---- the block ---- */

/* What is known of the index while it is built. */
typedef struct assembly {
  bm25_builder *builder;
  uint32_t n_docs, n_terms, n_accented, n_living;
  uint64_t total_length;
  term_key *terms;          /* distinct, by hash */
  const added_doc **doc_of; /* document -> what was added, or NULL */
  uint32_t *worker_of;
  uint32_t *frequency, *last; /* by term; last: document + 1 of the latest posting */
  uint64_t *offset;           /* n_terms + 1 */
} assembly;

static int by_hash(const void *a, const void *b) {
  const term_key *x = a, *y = b;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Gives the terms of all workers one numbering, in the order of their hashes. */
static bool number_terms(assembly *a) {
  bm25_builder *b = a->builder;
  size_t n = 0;
  for (size_t w = 0; w < b->n_shards; w++) n += b->shards[w].terms.len;
  if (n >= UINT32_MAX || !(a->terms = lan_alloc_array(n, sizeof *a->terms))) return false;
  n = 0;
  for (size_t w = 0; w < b->n_shards; w++) {
    shard *s = &b->shards[w];
    if (!(s->global = lan_alloc_array(s->terms.len, sizeof *s->global))) return false;
    if (s->terms.len) memcpy(a->terms + n, s->terms.data, s->terms.len * sizeof *a->terms);
    n += s->terms.len;
  }
  if (n) qsort(a->terms, n, sizeof *a->terms, by_hash);
  for (size_t i = 0; i < n; i++) {
    term_key t = a->terms[i];
    if (a->n_terms == 0 || a->terms[a->n_terms - 1].hash != t.hash) a->terms[a->n_terms++] = t;
    b->shards[t.worker].global[t.local] = a->n_terms - 1;
  }
  for (uint32_t i = 0; i < a->n_terms; i++) {
    a->n_accented += a->terms[i].hash != a->terms[i].base_hash;
  }
  return true;
}

static bool find_docs(assembly *a) {
  a->doc_of = lan_alloc_zeroed(a->n_docs, sizeof *a->doc_of);
  a->worker_of = lan_alloc_zeroed(a->n_docs, sizeof *a->worker_of);
  if (!a->doc_of || !a->worker_of) return false;
  for (size_t w = 0; w < a->builder->n_shards; w++) {
    const shard *s = &a->builder->shards[w];
    for (size_t i = 0; i < s->docs.len; i++) {
      const added_doc *d = &s->docs.data[i];
      if (d->doc >= a->n_docs) continue;
      a->doc_of[d->doc] = d;
      a->worker_of[d->doc] = (uint32_t)w;
      a->total_length += d->length;
      a->n_living += d->length > 0;
    }
  }
  return true;
}

/* The number under which a posting is written: the step from the document before, and whether the
 * count is 1. */
static uint32_t step_code(const assembly *a, uint32_t term, uint32_t doc, uint32_t count) {
  return (doc + 1 - a->last[term]) << 1 | (count == 1);
}

/* Goes through all postings by document; `out` NULL: to measure. */
static void write_postings(assembly *a, unsigned char *out, uint64_t *cursor) {
  memset(a->last, 0, a->n_terms * sizeof *a->last);
  for (uint32_t doc = 0; doc < a->n_docs; doc++) {
    const added_doc *d = a->doc_of[doc];
    if (!d || d->n_postings == 0) continue;
    const shard *s = &a->builder->shards[a->worker_of[doc]];
    const posting *p = s->postings.data + d->first;
    for (uint32_t i = 0; i < d->n_postings; i++) {
      uint32_t term = s->global[p[i].term], code = step_code(a, term, doc, p[i].count);
      if (out) {
        cursor[term] += bm25_put_number(out + cursor[term], code);
        if (p[i].count != 1) cursor[term] += bm25_put_number(out + cursor[term], p[i].count);
      } else {
        cursor[term] += bm25_number_size(code);
        if (p[i].count != 1) cursor[term] += bm25_number_size(p[i].count);
        a->frequency[term]++;
      }
      a->last[term] = doc + 1;
    }
  }
}

static bool measure(assembly *a) {
  size_t n = a->n_terms;
  a->frequency = lan_alloc_zeroed(n, sizeof *a->frequency);
  a->last = lan_alloc_zeroed(n, sizeof *a->last);
  a->offset = lan_alloc_zeroed(n + 1, sizeof *a->offset);
  if (!a->frequency || !a->last || !a->offset) return false;
  write_postings(a, NULL, a->offset + 1);
  for (size_t i = 0; i < n; i++) a->offset[i + 1] += a->offset[i];
  return true;
}

static int by_base(const void *a, const void *b) {
  const term_key *x = a, *y = b;
  if (x->base_hash != y->base_hash) return x->base_hash < y->base_hash ? -1 : 1;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

/* The accented terms by their plain form. Terms' `local` is used for their number from here on. */
static void write_accented(assembly *a, uint64_t *bases, uint32_t *accented) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < a->n_terms; i++) {
    if (a->terms[i].hash == a->terms[i].base_hash) continue;
    a->terms[i].local = i;
    a->terms[n++] = a->terms[i];
  }
  if (n) qsort(a->terms, n, sizeof *a->terms, by_base);
  for (uint32_t i = 0; i < n; i++) {
    bases[i] = a->terms[i].base_hash;
    accented[i] = a->terms[i].local;
  }
}

static char *write_block(assembly *a, size_t *len) {
  bm25_header h = {"lanbm25\1", a->offset[a->n_terms], a->total_length, a->n_docs,
                   a->n_terms,  a->n_accented,         a->n_living};
  bm25_layout l = bm25_layout_of(&h);
  size_t end = (size_t)l.end;
  char *block = end == l.end ? lan_alloc_zeroed(end, 1) : NULL;
  if (!block) return NULL;
  memcpy(block, &h, sizeof h);
  uint32_t *lengths = (uint32_t *)(void *)(block + l.lengths);
  uint64_t *hashes = (uint64_t *)(void *)(block + l.hashes);
  for (uint32_t d = 0; d < a->n_docs; d++) lengths[d] = a->doc_of[d] ? a->doc_of[d]->length : 0;
  for (uint32_t i = 0; i < a->n_terms; i++) hashes[i] = a->terms[i].hash;
  memcpy(block + l.frequencies, a->frequency, a->n_terms * sizeof *a->frequency);
  memcpy(block + l.offsets, a->offset, ((size_t)a->n_terms + 1) * sizeof *a->offset);
  write_postings(a, (unsigned char *)block + l.postings, a->offset);
  write_accented(a, (uint64_t *)(void *)(block + l.bases),
                 (uint32_t *)(void *)(block + l.accented));
  *len = end;
  return block;
}

lan_status bm25_builder_finish(bm25_builder *b, uint32_t n_docs, bm25_index **index,
                               lan_error *err) {
  assembly a = {.builder = b, .n_docs = n_docs};
  size_t len = 0;
  char *block = NULL;
  if (n_docs < UINT32_MAX / 2 && number_terms(&a) && find_docs(&a) && measure(&a)) {
    block = write_block(&a, &len);
  }
  free(a.terms);
  free(a.doc_of);
  free(a.worker_of);
  free(a.frequency);
  free(a.last);
  free(a.offset);
  if (!block) return lan_fail_memory(err, 0);
  return bm25_adopt(block, len, index, err);
}
