/* Any bytes as the cache's facts: refused, or facts that encode to themselves. */
#include "fuzz.h"
#include "vault/facts.h"

static void check_inside(lan_str s, const uint8_t *data, size_t size) {
  const char *bytes = (const char *)data;
  FUZZ_CHECK(s.len == 0 || (s.ptr >= bytes && s.ptr + s.len <= bytes + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  facts f = {0}, g = {0};
  lan_buf once = {0}, twice = {0};
  lan_status s = facts_decode((const char *)data, size, &f, NULL);
  FUZZ_CHECK(s == LAN_OK || s == LAN_ECORRUPT);
  for (size_t i = 0; i < f.links.len; i++) {
    check_inside(f.links.data[i].target, data, size);
    check_inside(f.links.data[i].subpath, data, size);
    check_inside(f.links.data[i].from, data, size);
    FUZZ_CHECK(f.links.data[i].kind <= FACTS_LINK_CANVAS_EDGE);
  }
  for (size_t i = 0; i < f.tags.len; i++) check_inside(f.tags.data[i].name, data, size);
  for (size_t i = 0; i < f.aliases.len; i++) check_inside(f.aliases.data[i], data, size);
  for (size_t i = 0; i < f.problems.len; i++) check_inside(f.problems.data[i].message, data, size);
  if (s == LAN_OK) {
    FUZZ_CHECK(facts_encode(&f, &once, NULL) == LAN_OK);
    FUZZ_CHECK(facts_decode(once.data, once.len, &g, NULL) == LAN_OK);
    FUZZ_CHECK(facts_encode(&g, &twice, NULL) == LAN_OK);
    FUZZ_CHECK(lan_str_equal(lan_buf_str(&once), lan_buf_str(&twice)));
  }
  facts_free(&f);
  facts_free(&g);
  lan_buf_free(&once);
  lan_buf_free(&twice);
  return 0;
}
