/* Edge lists and matrices: whatever the bytes, a graph that keeps its promises or an error that names a line. */
#include <stdint.h>
#include <string.h>

#include "fuzz.h"
#include "graph/edgelist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lan_error err;
  for (int undirected = 0; undirected < 2; undirected++) {
    edgelist e = {0};
    edgelist_options options = {undirected};
    err.message[0] = '\0';
    lan_status s = edgelist_parse((const char *)data, size, "x", &options, &e, &err);
    if (s != LAN_OK) {
      FUZZ_CHECK(s == LAN_ENOMEM || strncmp(err.message, "x:", 2) == 0);
      continue;
    }
    FUZZ_CHECK(lan_graph_validate(&e.graph, &err) == LAN_OK);
    for (uint32_t i = 0; i < e.graph.n_nodes; i++) {
      FUZZ_CHECK(edgelist_find(&e, e.names[i]) == i);
    }
    edgelist_free(&e);
  }
  return 0;
}
