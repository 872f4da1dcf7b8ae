/* Edge lists and matrices. */
#include "fuzz.h"
#include "graph/edgelist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  edgelist e;
  edgelist_options o = {size % 2};
  if (edgelist_parse((const char *)data, size, "input", &o, &e, NULL) != LAN_OK) return 0;
  FUZZ_CHECK(lan_graph_validate(&e.graph, NULL) == LAN_OK);
  for (uint32_t i = 0; i < e.graph.n_nodes && i < 1000; i++) {
    FUZZ_CHECK(edgelist_find(&e, e.names[i]) == i);
  }
  edgelist_free(&e);
  return 0;
}
