/* What holds of the facts of any note. */
#ifndef FUZZ_VAULT_H
#define FUZZ_VAULT_H

#include "fuzz.h"
#include "vault/facts.h"

/* Positions are in the text, lines are lines of it, decoding what was encoded and encoding it again
 * gives the same bytes. */
static inline void check_facts(const facts *f) {
  FUZZ_CHECK(!f->failed && f->body <= f->text.len);
  uint32_t lines = facts_line(f->text, f->text.len);
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    FUZZ_CHECK(l->start <= l->end && l->end <= f->text.len);
    FUZZ_CHECK(l->line >= 1 && l->line <= lines && l->kind <= FACTS_LINK_CANVAS_EDGE);
    FUZZ_CHECK(l->target.len || l->subpath.len);
    FUZZ_CHECK(l->target.ptr && l->subpath.ptr && l->shown.ptr && l->from.ptr);
  }
  for (size_t i = 0; i < f->tags.len; i++) FUZZ_CHECK(f->tags.data[i].name.len > 0);
  for (size_t i = 0; i < f->headings.len; i++) {
    FUZZ_CHECK(f->headings.data[i].level >= 1 && f->headings.data[i].level <= 6);
    FUZZ_CHECK(f->headings.data[i].line <= lines);
  }
  for (size_t i = 0; i < f->problems.len; i++) FUZZ_CHECK(f->problems.data[i].line <= lines + 1);
  lan_buf bytes = {0}, again = {0};
  facts g = {0};
  FUZZ_CHECK(facts_encode(f, &bytes, NULL) == LAN_OK);
  FUZZ_CHECK(facts_decode(bytes.data, bytes.len, &g, NULL) == LAN_OK);
  FUZZ_CHECK(g.links.len == f->links.len && g.tags.len == f->tags.len);
  FUZZ_CHECK(facts_encode(&g, &again, NULL) == LAN_OK);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&bytes), lan_buf_str(&again)));
  facts_free(&g);
  lan_buf_free(&bytes);
  lan_buf_free(&again);
}

#endif
