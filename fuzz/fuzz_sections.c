/* The sections of the index cache, as if their checksums were right: the first byte says which
 * decoder reads the rest. What is accepted must be safe to use, and come out of encoding as it was
 * decoded. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "memory/catalog.h"
#include "memory/network.h"
#include "text/bm25.h"

static void read_catalog(lan_str bytes) {
  catalog c = {0}, again = {0};
  lan_buf b = {0};
  if (catalog_decode(bytes, &c, NULL) != LAN_OK) return;
  for (uint32_t i = 0; i < c.n_notes; i++) {
    FUZZ_CHECK(c.notes[i].path.ptr[c.notes[i].path.len] == '\0');
    FUZZ_CHECK(c.notes[i].title.ptr[c.notes[i].title.len] == '\0');
    catalog_find(&c, c.notes[i].path);
  }
  FUZZ_CHECK(catalog_encode(&c, &b, NULL) == LAN_OK);
  FUZZ_CHECK(catalog_decode(lan_buf_str(&b), &again, NULL) == LAN_OK);
  FUZZ_CHECK(catalog_same_files(&c, &again));
  catalog_free(&c);
  catalog_free(&again);
  lan_buf_free(&b);
}

static void read_things(lan_str bytes) {
  network net = {0}, again = {0};
  lan_buf b = {0}, b_again = {0};
  if (network_decode_things(bytes, &net, NULL) == LAN_OK) {
    FUZZ_CHECK(network_encode_things(&net, &b, NULL) == LAN_OK);
    FUZZ_CHECK(network_decode_things(lan_buf_str(&b), &again, NULL) == LAN_OK);
    FUZZ_CHECK(network_encode_things(&again, &b_again, NULL) == LAN_OK);
    FUZZ_CHECK(lan_str_equal(lan_buf_str(&b), lan_buf_str(&b_again)));
  }
  network_free(&net);
  network_free(&again);
  lan_buf_free(&b);
  lan_buf_free(&b_again);
}

static void ask(bm25_index *index) {
  uint32_t n = bm25_n_docs(index), n_touched = 0;
  if (n > 1u << 16) return;
  float *scores = calloc(n + 1, sizeof *scores);
  uint32_t *touched = calloc(n + 1, sizeof *touched);
  FUZZ_CHECK(scores && touched);
  uint64_t variants[16];
  bm25_query_term terms[2] = {{1, 1.0f}, {0x0101010101010101u, 2.0f}};
  bm25_params params = {1.2f, 0.75f};
  (void)bm25_score(index, params, terms, 2, scores, touched, &n_touched);
  FUZZ_CHECK(n_touched <= n);
  for (uint32_t d = 0; d < n && d < 64; d++) {
    float parts[2];
    (void)bm25_doc_length(index, d);
    bm25_explain(index, params, terms, 2, d, parts);
  }
  FUZZ_CHECK(bm25_variants(index, 1, variants, 16) <= 16);
  free(scores);
  free(touched);
}

static void read_words(lan_str bytes) {
  bm25_index *index = NULL;
  void *block = NULL;
  FUZZ_CHECK(posix_memalign(&block, 64, bytes.len ? bytes.len : 1) == 0);
  if (bytes.len) memcpy(block, bytes.ptr, bytes.len);
  if (bm25_open(block, bytes.len, &index, NULL) == LAN_OK) {
    ask(index);
    bm25_free(index);
  }
  free(block);
}

/* Small numbers, four bits each, so that graphs that hold together are common. */
static void read_graph(lan_str bytes) {
  enum { MOST = 64 };
  uint32_t offsets[MOST + 1] = {0}, targets[16 * MOST] = {0};
  float weights[16 * MOST] = {0};
  uint8_t types[16 * MOST] = {0};
  if (bytes.len < 2) return;
  uint32_t n_nodes = (uint8_t)bytes.ptr[0] % MOST, n_edges = 0;
  for (uint32_t i = 0; i < n_nodes && i + 1 < bytes.len; i++) {
    n_edges += (uint8_t)bytes.ptr[i + 1] & 15;
    offsets[i + 1] = n_edges;
  }
  for (uint32_t e = 0; e < n_edges; e++) {
    uint8_t c = (uint8_t)bytes.ptr[(n_nodes + e + 1) % bytes.len];
    targets[e] = c % (MOST + 1);
    weights[e] = (float)c - 8.0f;
    types[e] = c;
  }
  lan_graph g = {n_nodes, n_edges, offsets, targets, weights, types, NULL};
  if (lan_graph_validate(&g, NULL) != LAN_OK) return;
  for (uint32_t e = 0; e < n_edges; e++) FUZZ_CHECK(targets[e] < n_nodes && weights[e] >= 0.0f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  lan_str rest = {(const char *)data + 1, size - 1};
  switch (data[0] % 4) {
    case 0: read_catalog(rest); break;
    case 1: read_things(rest); break;
    case 2: read_words(rest); break;
    default: read_graph(rest); break;
  }
  return 0;
}
