/* Any bytes as what an application hands in; and any text as a note of which nothing else is known. */
#include "base/pack.h"
#include "vault.h"
#include "vault/cached.h"

static void read(const char *bytes, size_t n, bool must) {
  facts f = {0};
  lan_status s = facts_from_cache(bytes, n, &f, NULL);
  FUZZ_CHECK(s == LAN_OK || (!must && s == LAN_EFORMAT));
  if (s == LAN_OK) check_facts(&f);
  facts_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lan_buf text = {0};
  read((const char *)data, size, false);
  pack_number(&text, 0);
  pack_string(&text, (lan_str){(const char *)data, size});
  pack_number(&text, 0);
  pack_number(&text, 0);
  if (!text.failed) read(text.data, text.len, true);
  lan_buf_free(&text);
  return 0;
}
