/* Any bytes as a note: facts that hold together, sentences around each link. */
#include "vault.h"

/* Pieces are in the text, in its order, and do not overlap (front matter and formulas aside, links'
 * shown text is inside the link). */
static void check_pieces(const facts *f) {
  for (size_t i = 0; i < f->pieces.len; i++) {
    lan_str p = f->pieces.data[i].text;
    FUZZ_CHECK(p.len > 0);
    FUZZ_CHECK(p.ptr >= f->text.ptr + f->body && p.ptr + p.len <= f->text.ptr + f->text.len);
    if (i == 0) continue;
    lan_str before = f->pieces.data[i - 1].text;
    FUZZ_CHECK(before.ptr + before.len <= p.ptr);
  }
}

static void check_sentence(lan_str text, uint32_t start, uint32_t end) {
  lan_buf out = {0};
  size_t mark_start, mark_end;
  facts_sentence(text, start, end, 80, &out, &mark_start, &mark_end);
  FUZZ_CHECK(mark_start <= mark_end && mark_end <= out.len && out.len <= 80 + 8);
  FUZZ_CHECK(lan_utf8_valid(out.data ? out.data : "", out.len) == out.len);
  lan_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  facts f = {0};
  FUZZ_CHECK(facts_parse_note((const char *)data, size, &f, NULL) == LAN_OK);
  check_facts(&f);
  check_pieces(&f);
  for (size_t i = 0; i < f.links.len; i++) {
    check_sentence(f.text, f.links.data[i].start, f.links.data[i].end);
  }
  if (size) check_sentence(f.text, data[0], (uint32_t)data[0] + data[size - 1]);
  size_t links = f.links.len, pieces = f.pieces.len;
  facts_reset(&f); /* memory that is used again changes nothing */
  FUZZ_CHECK(facts_parse_note((const char *)data, size, &f, NULL) == LAN_OK);
  FUZZ_CHECK(f.links.len == links && f.pieces.len == pieces);
  facts_free(&f);
  return 0;
}
