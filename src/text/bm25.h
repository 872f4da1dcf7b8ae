/* BM25 over documents, with a compact inverted index that takes small changes without a rebuild.
 *
 *   score(q, d) = sum over t in q of  weight_t * idf(t) * tf*(k1+1) / (tf + k1*(1 - b + b*|d|/avg))
 *   idf(t)      = ln(1 + (N - df + 0.5) / (df + 0.5))
 *
 * Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", eq. 3.15
 * with the idf of Lucene, which is never negative. N, df and avg count the documents that are
 * alive, so an index with changes laid over it scores exactly as one that is built afresh.
 *
 * A base index is one block of bytes (bm25_bytes) that can be stored and opened again in place.
 * Terms are the 64-bit word hashes of text/words.h. */
#ifndef TEXT_BM25_H
#define TEXT_BM25_H

#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct bm25_term {
  uint64_t hash, base_hash; /* of text_word */
  uint32_t count;           /* tf, >= 1 */
} bm25_term;

/* A document as the builder wants it: distinct terms in any order. */
typedef struct bm25_doc {
  const bm25_term *terms;
  uint32_t n_terms;
  uint32_t length; /* words in it, repeats counted; 0 for a document that is not there */
} bm25_doc;

/* Counts words into distinct terms: begin, add text any number of times (each with a whole-number
 * weight, e.g. a title counted 3 times), then read. Reusable; zero-initialise; no allocation once
 * warm. */
typedef struct bm25_counter {
  bm25_term *terms;
  uint32_t n_terms, cap;
  uint32_t length;
  uint32_t *slots; /* a hash table of term numbers + 1 */
  uint32_t n_slots;
  bool failed; /* memory was short */
} bm25_counter;
void bm25_counter_begin(bm25_counter *c);
void bm25_counter_add(bm25_counter *c, const char *text, size_t n, uint32_t weight);
void bm25_counter_free(bm25_counter *c);

typedef struct bm25_index bm25_index;

/* Builds an index from documents that several workers add at once: worker w (0 .. n_workers-1)
 * calls bm25_builder_add from one thread at a time, each document number once, in any order. Terms
 * are interned per worker, so the builder holds about 8 bytes a posting. The bytes of the result do
 * not depend on the number of workers, on who added what, or on the order. */
typedef struct bm25_builder bm25_builder;
lan_status bm25_builder_new(size_t n_workers, bm25_builder **builder, lan_error *err);
lan_status bm25_builder_add(bm25_builder *builder, size_t worker, uint32_t doc,
                            const bm25_doc *content, lan_error *err);
/* Documents 0 .. n_docs-1; those never added are not there, nor are added ones from n_docs on. The
 * builder is left to be freed. */
lan_status bm25_builder_finish(bm25_builder *builder, uint32_t n_docs, bm25_index **index,
                               lan_error *err);
void bm25_builder_free(bm25_builder *builder);

/* Opens a block that bm25_bytes gave, at an address that is a multiple of 8; the bytes are borrowed
 * and must outlive the index. Every offset and length is checked: LAN_ECORRUPT, never a read outside
 * the block, also later, when damaged postings just end early. */
lan_status bm25_open(const void *bytes, size_t len, bm25_index **index, lan_error *err);
/* The base index as one block (valid while the index lives); changes laid over it are not in it. */
lan_str bm25_bytes(const bm25_index *index);
void bm25_free(bm25_index *index);

/* Lays a new version of a document over the base; doc < bm25_n_docs (else LAN_ERANGE). With length
 * 0 it is removed, whatever its terms. Meant for some hundreds of documents: queries look at each. */
lan_status bm25_replace(bm25_index *index, uint32_t doc, const bm25_doc *content, lan_error *err);

uint32_t bm25_n_docs(const bm25_index *index);
uint32_t bm25_doc_length(const bm25_index *index, uint32_t doc);
/* Living documents that hold the term, and its idf. 0 documents: idf of df = 0. */
uint32_t bm25_doc_frequency(const bm25_index *index, uint64_t hash);
double bm25_idf(const bm25_index *index, uint64_t hash);
double bm25_idf_of(const bm25_index *index, uint32_t frequency);

typedef struct bm25_query_term {
  uint64_t hash;
  float weight; /* > 0; e.g. the count in the query */
} bm25_query_term;

typedef struct bm25_params {
  float k1, b; /* usually 1.2 and 0.75 */
} bm25_params;

/* Works out what scoring needs to know of documents, after opening or a change: LAN_ENOMEM. From then on, until
 * the next change, several threads may ask the index at once. bm25_score does it by itself where one thread asks. */
lan_status bm25_prepare(bm25_index *index, bm25_params params);

/* Adds each query term's contribution to scores[doc] (n_docs floats that the caller zeroed), and
 * appends each document that went from 0 to more to touched[] (room for n_docs + 1), their number to
 * *n_touched. LAN_ENOMEM: see bm25_prepare. */
lan_status bm25_score(bm25_index *index, bm25_params params, const bm25_query_term *terms, size_t n,
                      float *scores, uint32_t *touched, uint32_t *n_touched);

/* The score of one document, by the same formula (for explanations): contributions[i] of terms[i].
 */
void bm25_explain(const bm25_index *index, bm25_params params, const bm25_query_term *terms,
                  size_t n, uint32_t doc, float *contributions);

/* Accent-insensitive second chance: the accented terms in the index whose accent-stripped form has
 * this hash (of text_word.base_hash), most frequent first, at most `max` and at most 16. Returns how
 * many. */
size_t bm25_variants(const bm25_index *index, uint64_t base_hash, uint64_t *hashes, size_t max);

#endif
