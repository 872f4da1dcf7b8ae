/* The network of a vault: notes and what ties them, as one typed, weighted graph.
 *
 * Every tie is two edges, there (an even type) and back (the odd type after it). Nodes 0 ..
 * n_notes-1 are the catalog's notes; after them come nodes that are named in notes but are none:
 * attachments, notes that do not exist yet (phantoms), tags and folders. */
#ifndef MEMORY_NETWORK_H
#define MEMORY_NETWORK_H

#include "base/hash.h"
#include "base/vec.h"
#include "lantoa/graph.h"
#include "memory/catalog.h"
#include "memory/mentions.h"
#include "vault/facts.h"
#include "vault/names.h"

enum network_edge {
  EDGE_LINK, /* [[...]], Markdown link, property, canvas */
  EDGE_LINK_BACK,
  EDGE_EMBED, /* ![[...]] */
  EDGE_EMBED_BACK,
  EDGE_MENTION, /* a title or alias in prose, without a link */
  EDGE_MENTION_BACK,
  EDGE_TAG, /* note -> tag */
  EDGE_TAG_BACK,
  EDGE_FOLDER, /* note -> its folder */
  EDGE_FOLDER_BACK,
  EDGE_KINDS
};

typedef enum network_kind {
  NODE_NOTE,
  NODE_ATTACHMENT,
  NODE_PHANTOM,
  NODE_TAG,
  NODE_FOLDER
} network_kind;

/* A node that is no note. */
typedef struct network_thing {
  network_kind kind;
  lan_str name; /* as first written; NUL-terminated */
} network_thing;

typedef VEC(network_thing) thing_list;

typedef struct network {
  lan_graph graph;
  uint32_t n_notes;
  thing_list things; /* node n_notes + i is things.data[i] */
  lan_arena arena;   /* things' names */
  void *owned[4];    /* graph arrays that were loaded or spliced; freed with free() */
} network;

static inline network_kind network_kind_of(const network *net, uint32_t node) {
  return node < net->n_notes ? NODE_NOTE : net->things.data[node - net->n_notes].kind;
}

typedef struct network_tie {
  uint32_t from, to;
  uint8_t type;
} network_tie;

/* Turns notes' facts into edges; things get their numbers in the order in which they are met. */
typedef struct network_builder {
  const catalog *cat;
  const names *files; /* notes, then attachments */
  const mention_names *mentions;
  network *net;     /* whose things grow */
  lan_map thing_of; /* hash of (kind, folded name) -> thing */
  VEC(lan_edge) edges;
  lan_buf scratch;
  VEC(network_tie) ties; /* scratch: of one note */
} network_builder;

lan_status network_builder_init(network_builder *b, const catalog *cat, const names *files,
                                const mention_names *mentions, network *net, lan_error *err);
/* Adds one note's ties, both ways. */
lan_status network_builder_add(network_builder *b, uint32_t note, const facts *f,
                               const mention *mentions, size_t n_mentions, lan_error *err);
void network_builder_free(network_builder *b);

/* The graph of all edges that were added; takes net's things as they are. */
lan_status network_finish(network_builder *b, lan_error *err);

/* Replaces the ties that `notes` make by those in `edges` (as network_builder_add gave for them;
 * they are sorted in place), leaving the ties that others make to them. The result is what
 * network_finish gives for all edges. Not for canvases, which tie notes other than themselves.
 * O(nodes + edges) copying. */
lan_status network_splice(network *net, const uint32_t *notes, size_t n_notes, lan_edge *edges,
                          size_t n_edges, lan_error *err);

void network_free(network *net);

/* For the index cache: the things; the graph's arrays are sections of their own. */
lan_status network_encode_things(const network *net, lan_buf *out, lan_error *err);
lan_status network_decode_things(lan_str bytes, network *net, lan_error *err);

#endif
