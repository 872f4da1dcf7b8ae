/* Reading a graph from an edge list or a matrix in CSV or TSV. */
#ifndef GRAPH_EDGELIST_H
#define GRAPH_EDGELIST_H

#include "base/str.h"
#include "lantoa/graph.h"

/* A graph whose nodes have names. */
typedef struct edgelist {
  lan_graph graph;
  lan_str *names; /* n_nodes, in order of first appearance */
  struct edgelist_owned *owned;
} edgelist;

typedef struct edgelist_options {
  int undirected; /* each edge goes both ways */
} edgelist_options;

/* Parses `text`. An edge list has two or three columns, from, to and weight (1 if absent); a matrix
 * has names in its first row and first column and weights in its cells (rows send), empty or 0
 * meaning no edge. It is a matrix if its first row begins with an empty field or has more than
 * three. Separator: tab if the first line holds one, else semicolon if it holds more of them than of
 * commas, else comma; where the comma does not separate it may be the decimal point. Quotes as in
 * RFC 4180; a first row whose third column is no number, or that says from/to, source/target or
 * cue/response, is a header; lines that begin with # are comments; LF, CRLF, CR and a BOM are fine.
 * Edges given more than once add up. Errors (LAN_EFORMAT) name `shown` and the line, and say what
 * was expected. O(n). */
lan_status edgelist_parse(const char *text, size_t n, const char *shown,
                          const edgelist_options *options, edgelist *out, lan_error *err);
void edgelist_free(edgelist *e);
/* The node of a name, byte for byte; UINT32_MAX if there is none. */
uint32_t edgelist_find(const edgelist *e, lan_str name);

#endif
