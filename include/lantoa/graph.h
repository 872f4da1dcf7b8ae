/** Directed graphs with typed, weighted edges, in compressed sparse rows (CSR).
 *
 *  Node and edge numbers are `uint32_t`; a graph has at most 2^32 - 2 of each. Edges are stored by
 *  sender, sorted by (target, type) within a sender, so the same edges in any order give the same
 *  bytes. A graph never changes once built and may be read by any number of threads. */
#ifndef LANTOA_GRAPH_H
#define LANTOA_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  LAN_EDGE_TYPES = 16 /**< edge types are 0 .. 15; their meaning is the caller's */
};

/** The arrays are open for reading so that kernels and bindings need no accessor in a hot loop. */
typedef struct lan_graph {
  uint32_t n_nodes;
  uint32_t n_edges;
  const uint32_t *offsets; /**< n_nodes + 1: edges of node i are offsets[i] .. offsets[i+1] - 1 */
  const uint32_t *targets; /**< n_edges, each < n_nodes */
  const float *weights;    /**< n_edges, finite and >= 0; NULL means every weight is 1 */
  const uint8_t *types;    /**< n_edges, each < LAN_EDGE_TYPES; NULL means every type is 0 */
  void *owned;             /**< what lan_graph_free frees; NULL if the arrays are borrowed */
} lan_graph;

typedef struct lan_edge {
  uint32_t from, to;
  float weight;
  uint8_t type;
} lan_edge;

/** Builds a graph from edges in any order; edges with the same (from, to, type) are merged and
 * their weights added. `graph` is the caller's struct, freed with lan_graph_free. LAN_ERANGE: a
 * node >= n_nodes, a type >= LAN_EDGE_TYPES, a weight negative or not finite. LAN_ELIMIT: more than
 * 2^32 - 2 nodes or edges. Cost O(nodes + edges). */
LAN_API lan_status lan_graph_build(uint32_t n_nodes, const lan_edge *edges, size_t n_edges,
                                   lan_graph *graph, lan_error *err);

/** The same graph with every edge turned round. O(nodes + edges). */
LAN_API lan_status lan_graph_transpose(const lan_graph *graph, lan_graph *out, lan_error *err);

/** Checks every promise of the struct's comments on arrays that came from elsewhere.
 *  LAN_ECORRUPT names the first that is broken. O(nodes + edges). */
LAN_API lan_status lan_graph_validate(const lan_graph *graph, lan_error *err);

/** Frees what lan_graph_build and lan_graph_transpose allocated, and zeroes the struct.
 *  Harmless on a zeroed struct and on borrowed arrays. */
LAN_API void lan_graph_free(lan_graph *graph);

#ifdef __cplusplus
}
#endif
#endif
