/* Any bytes as front matter: the facts hold together, and the body is always read. */
#include "vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lan_buf note = {0};
  lan_buf_add_str(&note, "---\n");
  lan_buf_add(&note, data, size);
  lan_buf_add_str(&note, "\n---\n[[the body]]\n");
  facts f = {0};
  FUZZ_CHECK(facts_parse_note(note.data, note.len, &f, NULL) == LAN_OK);
  check_facts(&f);
  FUZZ_CHECK(f.body >= 8);
  for (size_t i = 0; i < f.links.len; i++) {
    const facts_link *l = &f.links.data[i];
    FUZZ_CHECK(l->kind != FACTS_LINK_PROPERTY || l->end <= f.body);
  }
  facts_free(&f);
  lan_buf_free(&note);
  return 0;
}
