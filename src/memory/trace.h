/* Tracing ties in the network: edges, nodes between, paths with their shares, the sentence of a
 * link. */
#ifndef MEMORY_TRACE_H
#define MEMORY_TRACE_H

#include "memory/memory_internal.h"

/* Whether `from` has an edge of one of the `types` (bits) to `to`. */
bool trace_has_edge(const lan_graph *g, uint32_t from, uint32_t to, unsigned types);

/* Of the nodes that `a` reaches by types_a and `b` by types_b the one with the fewest edges, which
 * says most; UINT32_MAX if there is none. */
uint32_t trace_between(const lan_graph *g, uint32_t a, uint32_t b, unsigned types_a,
                       unsigned types_b);

/* What an edge of a type is called. */
lan_hop_kind trace_hop(uint8_t type);

/* A node's name; a tag's gets its '#' (lives as long as the answer). */
const char *trace_name(lan_memory *m, uint32_t node);

/* How activation spreads over all kinds of ties. */
lan_spread_model trace_model(uint32_t steps);

/* The strongest paths from the cues to a node, over all kinds of ties; they live as long as the
 * answer. */
lan_status trace_paths(lan_memory *m, const lan_cue *cues, size_t n_cues, uint32_t to,
                       uint32_t steps, size_t limit, const lan_path **paths, size_t *n,
                       lan_error *err);

/* The sentence in which one hop of a path is said, if it is one that is said in a note. */
lan_status trace_sentence(lan_memory *m, const lan_hop *before, const lan_hop *hop,
                          lan_sentence *out, bool *found, lan_error *err);

/* The first sentence of `source` that names `target`'s title or an alias. */
lan_status trace_mention(lan_memory *m, uint32_t source, uint32_t target, lan_sentence *out,
                         bool *found, lan_error *err);

#endif
