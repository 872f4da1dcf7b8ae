#include "memory/cache.h"

#include <stdlib.h>

#include "base/error.h"

static const char CATALOG[] = "catalog", THINGS[] = "things", OFFSETS[] = "graph.offsets",
                  TARGETS[] = "graph.targets", WEIGHTS[] = "graph.weights", TYPES[] = "graph.types",
                  WORDS[] = "words";

static lan_status load_catalog(index_db *db, memory_index *out, lan_error *err) {
  void *data = NULL;
  size_t len = 0;
  lan_status s = index_db_section(db, CATALOG, &data, &len, err);
  if (s != LAN_OK) return s;
  s = catalog_decode((lan_str){data, len}, &out->cat, err);
  free(data);
  return s;
}

static lan_status load_things(index_db *db, memory_index *out, lan_error *err) {
  void *data = NULL;
  size_t len = 0;
  lan_status s = index_db_section(db, THINGS, &data, &len, err);
  if (s != LAN_OK) return s;
  s = network_decode_things((lan_str){data, len}, &out->net, err);
  free(data);
  return s;
}

/* What scoring takes for granted: it goes on from an edge to what its kind leads to. */
static bool can_be(const network *net, uint32_t from, uint32_t to, uint8_t type) {
  switch (type) {
    case EDGE_MENTION:
    case EDGE_MENTION_BACK: return from < net->n_notes && to < net->n_notes;
    case EDGE_FOLDER: return network_kind_of(net, to) == NODE_FOLDER;
    default: return type < EDGE_KINDS;
  }
}

static lan_status check_ties(const network *net, lan_error *err) {
  const lan_graph *g = &net->graph;
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      if (can_be(net, v, g->targets[e], g->types[e])) continue;
      return lan_fail(err, LAN_ECORRUPT, "the index cache's edge %u is of a kind that cannot be", e);
    }
  }
  return LAN_OK;
}

static lan_status load_graph(index_db *db, network *net, lan_error *err) {
  static const char *const sections[4] = {OFFSETS, TARGETS, WEIGHTS, TYPES};
  size_t len[4];
  for (size_t i = 0; i < 4; i++) {
    lan_status s = index_db_section(db, sections[i], &net->owned[i], &len[i], err);
    if (s != LAN_OK) return s;
  }
  size_t n_nodes = (size_t)net->n_notes + net->things.len, n_edges = len[3];
  if (len[0] != (n_nodes + 1) * sizeof(uint32_t) || len[1] != n_edges * sizeof(uint32_t) ||
      len[2] != n_edges * sizeof(float) || n_edges >= UINT32_MAX || n_nodes >= UINT32_MAX) {
    return lan_fail(err, LAN_ECORRUPT, "the index cache's graph has parts of unlike size");
  }
  net->graph = (lan_graph){(uint32_t)n_nodes, (uint32_t)n_edges, net->owned[0], net->owned[1],
                           net->owned[2],     net->owned[3],     NULL};
  lan_status s = lan_graph_validate(&net->graph, err);
  return s == LAN_OK ? check_ties(net, err) : s;
}

static lan_status load_words(index_db *db, memory_index *out, lan_error *err) {
  size_t len = 0;
  lan_status s = index_db_section(db, WORDS, &out->words_block, &len, err);
  if (s == LAN_OK) s = bm25_open(out->words_block, len, &out->words, err);
  if (s == LAN_OK &&
      (bm25_n_docs(out->words) != out->cat.n_notes || out->net.n_notes != out->cat.n_notes)) {
    s = lan_fail(err, LAN_ECORRUPT, "the index cache's parts do not belong together");
  }
  return s;
}

lan_status cache_load(const char *path, const char *identity, memory_index *out, lan_error *err) {
  memory_index index = {0};
  index_db *db = NULL;
  lan_status s = index_db_open(path, identity, &db, err);
  if (s == LAN_OK) s = load_catalog(db, &index, err);
  if (s == LAN_OK) s = load_things(db, &index, err);
  if (s == LAN_OK) s = load_graph(db, &index.net, err);
  if (s == LAN_OK) s = load_words(db, &index, err);
  index_db_close(db);
  if (s != LAN_OK) {
    index_free(&index);
    return s;
  }
  *out = index;
  return LAN_OK;
}

static lan_status put_catalog(index_writer *w, const catalog *cat, lan_error *err) {
  lan_buf b = {0};
  lan_status s = catalog_encode(cat, &b, err);
  if (s == LAN_OK) s = index_writer_put(w, CATALOG, lan_buf_str(&b), err);
  lan_buf_free(&b);
  return s;
}

static lan_status put_network(index_writer *w, const network *net, lan_error *err) {
  const lan_graph *g = &net->graph;
  lan_buf b = {0};
  lan_status s = network_encode_things(net, &b, err);
  if (s == LAN_OK) s = index_writer_put(w, THINGS, lan_buf_str(&b), err);
  lan_buf_free(&b);
  const struct {
    const char *name;
    const void *data;
    size_t len;
  } arrays[4] = {{OFFSETS, g->offsets, ((size_t)g->n_nodes + 1) * sizeof(uint32_t)},
                 {TARGETS, g->targets, (size_t)g->n_edges * sizeof(uint32_t)},
                 {WEIGHTS, g->weights, (size_t)g->n_edges * sizeof(float)},
                 {TYPES, g->types, g->n_edges}};
  for (size_t i = 0; s == LAN_OK && i < 4; i++) {
    s = index_writer_put(w, arrays[i].name, (lan_str){arrays[i].data, arrays[i].len}, err);
  }
  return s;
}

lan_status cache_save(const char *path, const char *identity, const memory_index *index,
                      lan_error *err) {
  index_writer *w = NULL;
  lan_status s = index_writer_new(path, identity, &w, err);
  if (s != LAN_OK) return s;
  s = put_catalog(w, &index->cat, err);
  if (s == LAN_OK) s = put_network(w, &index->net, err);
  if (s == LAN_OK) s = index_writer_put(w, WORDS, bm25_bytes(index->words), err);
  if (s == LAN_OK) return index_writer_finish(w, err);
  index_writer_abandon(w);
  return s;
}
