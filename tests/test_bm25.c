/* BM25: against the formula summed up plainly, changes against a fresh build, damaged blocks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "text/bm25.h"

enum { DOCS = 60, TERMS = 90, MOST = 24 };

static const bm25_params USUAL = {1.2f, 0.75f};

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((seed >> 32) * n >> 32);
}

/* ---- documents ---- */

typedef struct document {
  bm25_term terms[MOST];
  uint32_t n, length;
} document;

typedef struct corpus {
  document docs[DOCS];
} corpus;

static uint64_t hash_of(uint32_t term) { return lan_hash(&term, sizeof term, 7); }

/* Every third term is an accented form of a plain one; some forms have several. */
static uint64_t base_of(uint32_t term) { return hash_of(term % 3 ? term : term / 9 * 9 + 1); }

static document random_document(void) {
  document d = {.n = random_below(MOST), .length = 0};
  uint32_t step = 1 + random_below(5), term = random_below(TERMS);
  for (uint32_t i = 0; i < d.n; i++) {
    term = (term + step) % TERMS;
    d.terms[i] = (bm25_term){hash_of(term), base_of(term), 1 + random_below(3) * random_below(200)};
    for (uint32_t k = 0; k < i; k++) {
      if (d.terms[k].hash == d.terms[i].hash) d.n = i; /* distinct ones only */
    }
  }
  for (uint32_t i = 0; i < d.n; i++) d.length += d.terms[i].count;
  return d;
}

static bm25_doc content_of(const document *d) { return (bm25_doc){d->terms, d->n, d->length}; }

static corpus random_corpus(uint64_t from) {
  corpus c;
  seed = from;
  for (uint32_t d = 0; d < DOCS; d++) c.docs[d] = random_document();
  return c;
}

static bm25_index *build(const corpus *c, size_t n_workers, bool backwards) {
  bm25_builder *b;
  bm25_index *index;
  assert_int_equal(bm25_builder_new(n_workers, &b, NULL), LAN_OK);
  for (uint32_t i = 0; i < DOCS; i++) {
    uint32_t d = backwards ? DOCS - 1 - i : i;
    bm25_doc content = content_of(&c->docs[d]);
    if (d % 7 == 3 && c->docs[d].length == 0) continue; /* not added is the same as empty */
    assert_int_equal(bm25_builder_add(b, i * 5 % n_workers, d, &content, NULL), LAN_OK);
  }
  assert_int_equal(bm25_builder_finish(b, DOCS, &index, NULL), LAN_OK);
  bm25_builder_free(b);
  return index;
}

/* ---- the formula ---- */

static uint32_t plain_count(const document *d, uint64_t hash) {
  for (uint32_t i = 0; i < d->n; i++) {
    if (d->terms[i].hash == hash) return d->terms[i].count;
  }
  return 0;
}

static double plain_idf(const corpus *c, uint64_t hash, uint32_t *df) {
  double n = 0;
  *df = 0;
  for (uint32_t d = 0; d < DOCS; d++) {
    n += c->docs[d].length > 0;
    *df += plain_count(&c->docs[d], hash) > 0;
  }
  return log(1 + (n - *df + 0.5) / (*df + 0.5));
}

static double plain_score(const corpus *c, const bm25_query_term *q, uint32_t doc) {
  double total = 0, n = 0;
  uint32_t df;
  for (uint32_t d = 0; d < DOCS; d++) {
    total += c->docs[d].length;
    n += c->docs[d].length > 0;
  }
  double tf = plain_count(&c->docs[doc], q->hash), k1 = (double)USUAL.k1, b = (double)USUAL.b;
  double norm = k1 * (1 - b + b * c->docs[doc].length / (total / n));
  return (double)q->weight * plain_idf(c, q->hash, &df) * tf * (k1 + 1) / (tf + norm);
}

typedef struct answer {
  float scores[DOCS];
  uint32_t touched[DOCS + 1], n_touched;
} answer;

static answer ask(bm25_index *index, const bm25_query_term *q, size_t n) {
  answer a = {.n_touched = 77};
  bool seen[DOCS] = {false};
  assert_int_equal(bm25_score(index, USUAL, q, n, a.scores, a.touched, &a.n_touched), LAN_OK);
  for (uint32_t i = 0; i < a.n_touched; i++) {
    assert_false(seen[a.touched[i]]);
    seen[a.touched[i]] = true;
  }
  for (uint32_t d = 0; d < DOCS; d++) assert_int_equal(seen[d], a.scores[d] > 0);
  return a;
}

static size_t random_query(bm25_query_term *q) {
  size_t n = random_below(9);
  for (size_t i = 0; i < n; i++) {
    q[i] = (bm25_query_term){hash_of(random_below(TERMS + 5)), 0.5f + (float)random_below(3)};
  }
  return n;
}

static void assert_near(double a, double b) {
  if (fabs(a - b) > 1e-5 * (1 + fabs(b))) fail_msg("%.9g is not %.9g", a, b);
}

static void scores_are_the_formula(void **state) {
  (void)state;
  for (uint64_t round = 1; round < 20; round++) {
    corpus c = random_corpus(round);
    bm25_index *index = build(&c, 2, false);
    assert_int_equal(bm25_n_docs(index), DOCS);
    for (uint32_t t = 0; t < TERMS + 5; t++) {
      uint32_t df;
      assert_near(bm25_idf(index, hash_of(t)), plain_idf(&c, hash_of(t), &df));
      assert_int_equal(bm25_doc_frequency(index, hash_of(t)), df);
    }
    for (int k = 0; k < 20; k++) {
      bm25_query_term q[9];
      size_t n = random_query(q);
      answer a = ask(index, q, n);
      for (uint32_t d = 0; d < DOCS; d++) {
        float parts[9], sum = 0;
        double right = 0;
        assert_int_equal(bm25_doc_length(index, d), c.docs[d].length);
        bm25_explain(index, USUAL, q, n, d, parts);
        for (size_t i = 0; i < n; i++) {
          assert_near((double)parts[i], plain_score(&c, &q[i], d));
          right += plain_score(&c, &q[i], d);
          sum += parts[i];
        }
        assert_near((double)a.scores[d], right);
        assert_true(a.scores[d] == sum); /* to the bit */
      }
    }
    bm25_free(index);
  }
}

/* By hand: 3 documents of 2, 4 and 6 words; the word once in the first, 3 times in the last. */
static void a_case_by_hand(void **state) {
  (void)state;
  corpus c = {.docs = {{{{1, 1, 1}, {2, 2, 1}}, 2, 2},
                       {{{2, 2, 4}}, 1, 4},
                       {{{1, 1, 3}, {3, 3, 3}}, 2, 6}}};
  bm25_index *index = build(&c, 1, false);
  bm25_query_term q = {1, 1.0f};
  answer a = ask(index, &q, 1);
  assert_near(bm25_idf(index, 1), log(1.6));
  assert_near((double)a.scores[0], log(1.6) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 0.5)));
  assert_near((double)a.scores[2], log(1.6) * 3 * 2.2 / (3 + 1.2 * (0.25 + 0.75 * 1.5)));
  assert_near(bm25_idf(index, 99), log(1 + 3.5 / 0.5));
  bm25_free(index);
}

static void parameters_may_change_between_queries(void **state) {
  (void)state;
  corpus c = random_corpus(5);
  bm25_index *index = build(&c, 1, false);
  bm25_query_term q = {c.docs[0].terms[0].hash, 1.0f};
  answer first = ask(index, &q, 1), other = {.n_touched = 0};
  bm25_params flat = {0.0f, 0.0f};
  assert_int_equal(bm25_score(index, flat, &q, 1, other.scores, other.touched, &other.n_touched),
                   LAN_OK);
  for (uint32_t i = 0; i < other.n_touched; i++) {
    assert_near((double)other.scores[other.touched[i]], bm25_idf(index, q.hash));
  }
  answer again = ask(index, &q, 1);
  assert_memory_equal(first.scores, again.scores, sizeof first.scores);
  bm25_free(index);
}

/* ---- building ---- */

static void bytes_do_not_depend_on_workers_and_order(void **state) {
  (void)state;
  corpus c = random_corpus(6);
  bm25_index *one = build(&c, 1, false);
  for (size_t workers = 1; workers <= 4; workers++) {
    bm25_index *other = build(&c, workers, workers % 2);
    assert_true(lan_str_equal(bm25_bytes(one), bm25_bytes(other)));
    bm25_free(other);
  }
  bm25_free(one);
}

static void nothing_can_be_indexed(void **state) {
  (void)state;
  bm25_builder *b;
  bm25_index *index, *opened;
  bm25_query_term q = {1, 1.0f};
  uint32_t n_touched = 9;
  for (uint32_t n = 0; n < 3; n++) {
    float scores[3] = {0};
    uint32_t touched[3];
    uint64_t variants[4];
    assert_int_equal(bm25_builder_new(2, &b, NULL), LAN_OK);
    assert_int_equal(bm25_builder_finish(b, n, &index, NULL), LAN_OK);
    bm25_builder_free(b);
    lan_str bytes = bm25_bytes(index);
    assert_int_equal(bm25_open(bytes.ptr, bytes.len, &opened, NULL), LAN_OK);
    assert_int_equal(bm25_score(opened, USUAL, &q, 1, scores, touched, &n_touched), LAN_OK);
    assert_int_equal(n_touched, 0);
    assert_int_equal(bm25_doc_frequency(opened, 1), 0);
    assert_int_equal(bm25_variants(opened, 1, variants, 4), 0);
    assert_int_equal(bm25_replace(opened, n, &(bm25_doc){0}, NULL), LAN_ERANGE);
    bm25_free(opened);
    bm25_free(index);
  }
  bm25_free(NULL);
  bm25_builder_free(NULL);
}

static void documents_that_are_not_there_hold_nothing(void **state) {
  (void)state;
  corpus c = random_corpus(8), without = c;
  for (uint32_t d = 0; d < DOCS; d += 3) {
    c.docs[d].length = 0; /* with terms all the same */
    without.docs[d] = (document){.n = 0};
  }
  bm25_index *a = build(&c, 1, false), *b = build(&without, 1, false);
  assert_true(lan_str_equal(bm25_bytes(a), bm25_bytes(b)));
  bm25_free(a);
  bm25_free(b);
}

/* Gaps and counts whose numbers take 1 to 5 bytes. */
static void far_documents_and_large_counts(void **state) {
  (void)state;
  enum { FAR = 1 << 22 };
  static const uint32_t docs[] = {0, 62, 63, 64, 127, 8000, 16500, 2000000, FAR - 1};
  static const uint32_t counts[] = {1, 2, 127, 128, 16383, 16384, 2097151, 268435456, 400000000};
  bm25_builder *b;
  bm25_index *index;
  assert_int_equal(bm25_builder_new(1, &b, NULL), LAN_OK);
  for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
    bm25_term t = {42, 42, counts[i]};
    bm25_doc content = {&t, 1, counts[i]};
    assert_int_equal(bm25_builder_add(b, 0, docs[i], &content, NULL), LAN_OK);
  }
  assert_int_equal(bm25_builder_finish(b, FAR, &index, NULL), LAN_OK);
  assert_int_equal(bm25_doc_frequency(index, 42), sizeof docs / sizeof *docs);
  bm25_query_term q = {42, 1.0f};
  bm25_params no_norm = {1.0f, 0.0f};
  for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
    float part;
    double tf = counts[i];
    bm25_explain(index, no_norm, &q, 1, docs[i], &part);
    assert_near((double)part, bm25_idf(index, 42) * tf * 2 / (tf + 1));
  }
  bm25_free(index);
  bm25_builder_free(b);
}

/* ---- changes ---- */

static void same_answers(bm25_index *a, bm25_index *b) {
  for (uint32_t d = 0; d < DOCS; d++) {
    assert_int_equal(bm25_doc_length(a, d), bm25_doc_length(b, d));
  }
  for (uint32_t t = 0; t < TERMS; t++) {
    uint64_t x[16], y[16];
    assert_int_equal(bm25_doc_frequency(a, hash_of(t)), bm25_doc_frequency(b, hash_of(t)));
    assert_true(bm25_idf(a, hash_of(t)) == bm25_idf(b, hash_of(t)));
    for (size_t max = 0; max <= 17; max += 1 + max * 2) {
      size_t n = bm25_variants(a, hash_of(t), x, max < 16 ? max : 16);
      assert_int_equal(bm25_variants(b, hash_of(t), y, max), n);
      if (n) assert_memory_equal(x, y, n * sizeof *x);
    }
  }
  for (int k = 0; k < 30; k++) {
    bm25_query_term q[9];
    size_t n = random_query(q);
    answer x = ask(a, q, n), y = ask(b, q, n);
    assert_memory_equal(x.scores, y.scores, sizeof x.scores);
    for (uint32_t d = 0; d < DOCS; d++) {
      float u[9], v[9];
      bm25_explain(a, USUAL, q, n, d, u);
      bm25_explain(b, USUAL, q, n, d, v);
      if (n) assert_memory_equal(u, v, n * sizeof *u);
    }
  }
}

static void changes_answer_as_a_fresh_build(void **state) {
  (void)state;
  for (uint64_t round = 1; round < 12; round++) {
    corpus c = random_corpus(round * 100);
    bm25_index *changed = build(&c, 2, false), *opened;
    lan_str bytes = bm25_bytes(changed);
    assert_int_equal(bm25_open(bytes.ptr, bytes.len, &opened, NULL), LAN_OK);
    for (uint32_t step = 0; step < 3 * round; step++) {
      uint32_t d = random_below(DOCS);
      c.docs[d] = random_document();
      if (step % 4 == 1) c.docs[d] = (document){.n = 0};
      bm25_doc content = content_of(&c.docs[d]);
      assert_int_equal(bm25_replace(changed, d, &content, NULL), LAN_OK);
      assert_int_equal(bm25_replace(opened, d, &content, NULL), LAN_OK);
      if (step % 5) continue;
      bm25_index *fresh = build(&c, 1, false);
      same_answers(changed, fresh);
      same_answers(opened, fresh);
      bm25_free(fresh);
    }
    bm25_free(opened);
    bm25_free(changed);
  }
}

static void all_documents_may_go_and_come(void **state) {
  (void)state;
  corpus c = random_corpus(9), none = {.docs = {{.n = 0}}};
  bm25_index *index = build(&c, 1, false), *empty = build(&none, 1, false);
  for (uint32_t d = 0; d < DOCS; d++) {
    bm25_doc content = {c.docs[d].terms, c.docs[d].n, 0};
    assert_int_equal(bm25_replace(index, d, &content, NULL), LAN_OK);
  }
  same_answers(index, empty);
  for (uint32_t d = 0; d < DOCS; d++) {
    bm25_doc content = content_of(&c.docs[d]);
    assert_int_equal(bm25_replace(index, d, &content, NULL), LAN_OK);
    assert_int_equal(bm25_replace(empty, d, &content, NULL), LAN_OK);
  }
  bm25_index *fresh = build(&c, 1, false);
  same_answers(index, fresh);
  same_answers(empty, fresh);
  bm25_free(fresh);
  bm25_free(empty);
  bm25_free(index);
}

static void variants_most_frequent_first(void **state) {
  (void)state;
  bm25_builder *b;
  bm25_index *index;
  assert_int_equal(bm25_builder_new(1, &b, NULL), LAN_OK);
  for (uint32_t d = 0; d < 40; d++) { /* term 100 + i is in the documents up to i */
    bm25_term terms[41];
    uint32_t n = 0;
    terms[n++] = (bm25_term){7, 7, 1};
    for (uint32_t i = d; i < 40; i++) terms[n++] = (bm25_term){100 + i, 7, 1};
    bm25_doc content = {terms, n, n};
    assert_int_equal(bm25_builder_add(b, 0, d, &content, NULL), LAN_OK);
  }
  assert_int_equal(bm25_builder_finish(b, 40, &index, NULL), LAN_OK);
  uint64_t hashes[40];
  assert_int_equal(bm25_variants(index, 7, hashes, 40), 16);
  for (uint32_t i = 0; i < 16; i++) assert_int_equal(hashes[i], 139 - i);
  assert_int_equal(bm25_variants(index, 7, hashes, 3), 3);
  assert_int_equal(bm25_variants(index, 8, hashes, 3), 0);
  assert_int_equal(bm25_variants(index, 139, hashes, 3), 0);
  bm25_free(index);
  bm25_builder_free(b);
}

/* ---- damage ---- */

/* Whatever is read, is inside, and said once. */
static void use(bm25_index *index, const corpus *c) {
  enum { ROOM = 4 * DOCS };
  uint32_t n_docs = bm25_n_docs(index), n_touched = 0, touched[ROOM];
  float scores[ROOM] = {0};
  uint64_t variants[16];
  assert_true(n_docs <= ROOM);
  bm25_query_term q[MOST * 4];
  size_t n = 0;
  for (uint32_t d = 0; d < 4; d++) {
    for (uint32_t i = 0; i < c->docs[d].n; i++)
      q[n++] = (bm25_query_term){c->docs[d].terms[i].hash, 1.0f};
  }
  assert_int_equal(bm25_score(index, USUAL, q, n, scores, touched, &n_touched), LAN_OK);
  assert_true(n_touched <= n_docs);
  for (uint32_t i = 0; i < n_touched; i++) {
    assert_true(touched[i] < n_docs && scores[touched[i]] > 0);
  }
  for (size_t i = 0; i < n; i++) (void)bm25_variants(index, base_of((uint32_t)i), variants, 16);
  for (uint32_t d = 0; d < n_docs; d += 7) {
    float parts[MOST * 4];
    bm25_explain(index, USUAL, q, n, d, parts);
  }
  if (n_docs) {
    bm25_doc content = content_of(&c->docs[1]);
    assert_int_equal(bm25_replace(index, n_docs - 1, &content, NULL), LAN_OK);
    (void)bm25_doc_frequency(index, q[0].hash);
  }
}

static uint64_t *copy_of(lan_str bytes) {
  uint64_t *copy = malloc(bytes.len); /* of the exact size, for the address sanitizer */
  assert_non_null(copy);
  memcpy(copy, bytes.ptr, bytes.len);
  return copy;
}

static size_t open_and_use(const void *bytes, size_t len, const corpus *c) {
  bm25_index *index;
  lan_error err;
  lan_status s = bm25_open(bytes, len, &index, &err);
  if (s != LAN_OK) {
    assert_int_equal(s, LAN_ECORRUPT);
    return 0;
  }
  use(index, c);
  bm25_free(index);
  return 1;
}

static void flipped_bytes_are_refused_or_harmless(void **state) {
  (void)state;
  corpus c = random_corpus(11);
  bm25_index *index = build(&c, 1, false);
  lan_str bytes = bm25_bytes(index);
  uint64_t *copy = copy_of(bytes);
  unsigned char *p = (unsigned char *)copy;
  static const unsigned char flips[] = {0x01, 0x80, 0xFF, 0x10};
  size_t opened = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    for (size_t f = 0; f < sizeof flips; f++) {
      p[i] ^= flips[f];
      opened += open_and_use(copy, bytes.len, &c);
      p[i] ^= flips[f];
    }
  }
  assert_true(opened > 0); /* postings are not checked on opening: that would cost a pass */
  seed = 12;
  for (int round = 0; round < 3000; round++) {
    memcpy(copy, bytes.ptr, bytes.len);
    size_t from = round % 2 ? 0 : bytes.len * 2 / 3; /* postings are at the end */
    for (uint32_t k = 1 + random_below(40); k > 0; k--) {
      p[from + random_below((uint32_t)(bytes.len - from))] = (unsigned char)random_below(256);
    }
    (void)open_and_use(copy, bytes.len, &c);
  }
  free(copy);
  bm25_free(index);
}

static void cut_blocks_are_refused(void **state) {
  (void)state;
  corpus c = random_corpus(13);
  bm25_index *index = build(&c, 1, false), *opened;
  lan_str bytes = bm25_bytes(index);
  for (size_t len = 0; len < bytes.len; len++) {
    uint64_t *copy = copy_of((lan_str){bytes.ptr, len});
    assert_int_equal(bm25_open(copy, len, &opened, NULL), LAN_ECORRUPT);
    free(copy);
  }
  char *shifted = malloc(bytes.len + 1);
  assert_non_null(shifted);
  memcpy(shifted + 1, bytes.ptr, bytes.len);
  assert_int_equal(bm25_open(shifted + 1, bytes.len, &opened, NULL), LAN_ECORRUPT);
  free(shifted);
  bm25_free(index);
}

/* ---- counting words ---- */

static uint32_t counted(const bm25_counter *c, const char *word) {
  uint64_t hash = lan_hash(word, strlen(word), 0);
  for (uint32_t i = 0; i < c->n_terms; i++) {
    if (c->terms[i].hash == hash) return c->terms[i].count;
  }
  return 0;
}

static void counting_words(void **state) {
  (void)state;
  bm25_counter c = {0};
  for (int round = 0; round < 3; round++) {
    bm25_counter_begin(&c);
    bm25_counter_add(&c, "Trà sữa", strlen("Trà sữa"), 3);
    bm25_counter_add(&c, NULL, 0, 1);
    bm25_counter_add(&c, "trà, tra 中文 TRÀ", strlen("trà, tra 中文 TRÀ"), 1);
    assert_false(c.failed);
    assert_int_equal(c.length, 10);
    assert_int_equal(c.n_terms, 4);
    assert_int_equal(counted(&c, "trà"), 5);
    assert_int_equal(counted(&c, "sữa"), 3);
    assert_int_equal(counted(&c, "tra"), 1);
    assert_int_equal(counted(&c, "中文"), 1);
    for (uint32_t i = 0; i < c.n_terms; i++) {
      bool plain = c.terms[i].hash == c.terms[i].base_hash;
      assert_int_equal(plain, c.terms[i].hash == lan_hash("tra", 3, 0) ||
                                  c.terms[i].hash == lan_hash("中文", 6, 0));
    }
  }
  bm25_counter_free(&c);
}

static void counting_many_words(void **state) {
  (void)state;
  enum { MANY = 20000 };
  bm25_counter c = {0};
  lan_buf b = {0};
  for (uint32_t i = 0; i < MANY; i++) lan_buf_printf(&b, "w%u w%u ", i, i / 2);
  for (int round = 0; round < 2; round++) {
    bm25_counter_begin(&c);
    bm25_counter_add(&c, "few", 3, 1);
    bm25_counter_begin(&c);
    bm25_counter_add(&c, b.data, b.len, 1);
    assert_int_equal(c.n_terms, MANY);
    assert_int_equal(c.length, 2 * MANY);
    assert_int_equal(counted(&c, "w0"), 3);
    assert_int_equal(counted(&c, "w7"), 3);
    assert_int_equal(counted(&c, "w19999"), 1);
  }
  lan_buf_free(&b);
  bm25_counter_free(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scores_are_the_formula),
      cmocka_unit_test(a_case_by_hand),
      cmocka_unit_test(parameters_may_change_between_queries),
      cmocka_unit_test(bytes_do_not_depend_on_workers_and_order),
      cmocka_unit_test(nothing_can_be_indexed),
      cmocka_unit_test(documents_that_are_not_there_hold_nothing),
      cmocka_unit_test(far_documents_and_large_counts),
      cmocka_unit_test(changes_answer_as_a_fresh_build),
      cmocka_unit_test(all_documents_may_go_and_come),
      cmocka_unit_test(variants_most_frequent_first),
      cmocka_unit_test(flipped_bytes_are_refused_or_harmless),
      cmocka_unit_test(cut_blocks_are_refused),
      cmocka_unit_test(counting_words),
      cmocka_unit_test(counting_many_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
