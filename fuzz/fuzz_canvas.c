/* Any bytes as a canvas. */
#include "vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  facts f = {0};
  FUZZ_CHECK(facts_parse_canvas((const char *)data, size, &f, NULL) == LAN_OK);
  check_facts(&f);
  for (size_t i = 0; i < f.links.len; i++) {
    FUZZ_CHECK((f.links.data[i].kind == FACTS_LINK_CANVAS_EDGE) == (f.links.data[i].from.len > 0));
  }
  facts_free(&f);
  return 0;
}
