/* Reading a note's file: all the parsers, one after the other. */
#include "base/error.h"
#include "vault/parse.h"

lan_status facts_parse_note(const char *bytes, size_t n, facts *out, lan_error *err) {
  if (n > FACTS_FILE_MAX) {
    return lan_fail(err, LAN_ELIMIT, "a note of %zu bytes; at most %d are read", n, FACTS_FILE_MAX);
  }
  out->text = (lan_str){bytes, n};
  parse_begin(out);
  if (out->failed) return lan_fail_memory(err, sizeof *out->scratch);
  parse_damage(out);
  parse_frontmatter(out);
  parse_blocks(out);
  if (!out->failed) parse_inline(out);
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}
