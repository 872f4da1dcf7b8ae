/* What must hold of any note's facts. */
#ifndef FUZZ_FACTS_H
#define FUZZ_FACTS_H

#include "fuzz.h"
#include "vault/facts.h"

static inline void check_encoding(const facts *f) {
  facts back = {0};
  lan_buf b = {0}, again = {0};
  FUZZ_CHECK(facts_encode(f, &b, NULL) == LAN_OK);
  FUZZ_CHECK(facts_decode(b.data, b.len, &back, NULL) == LAN_OK);
  FUZZ_CHECK(back.links.len == f->links.len && back.tags.len == f->tags.len);
  FUZZ_CHECK(back.aliases.len == f->aliases.len && back.damage == f->damage);
  FUZZ_CHECK(facts_encode(&back, &again, NULL) == LAN_OK);
  FUZZ_CHECK(lan_str_equal(lan_buf_str(&b), lan_buf_str(&again)));
  facts_free(&back);
  lan_buf_free(&b);
  lan_buf_free(&again);
}

static inline void check_facts(const facts *f) {
  lan_buf sentence = {0};
  FUZZ_CHECK(f->body <= f->text.len);
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    size_t from = 0, to = 0;
    FUZZ_CHECK(l->start <= l->end && l->end <= f->text.len && l->line >= 1);
    FUZZ_CHECK(l->target.len || l->subpath.len || l->kind >= FACTS_LINK_PROPERTY);
    if (i > 64) continue;
    lan_buf_clear(&sentence);
    facts_sentence(f->text, l->start, l->end, 240, &sentence, &from, &to);
    FUZZ_CHECK(from <= to && to <= sentence.len);
    FUZZ_CHECK(!sentence.len || !memchr(sentence.data, '\n', sentence.len));
  }
  for (size_t i = 0; i < f->tags.len; i++) FUZZ_CHECK(f->tags.data[i].name.len > 0);
  for (size_t i = 0; i < f->headings.len; i++) {
    FUZZ_CHECK(f->headings.data[i].level >= 1 && f->headings.data[i].level <= 6);
  }
  lan_buf_free(&sentence);
  check_encoding(f);
}

#endif
