/* Facts as bytes for the index cache. */
#include "base/error.h"
#include "base/pack.h"
#include "vault/facts.h"

static void pack_link(lan_buf *b, const facts_link *l) {
  pack_string(b, l->target);
  pack_string(b, l->subpath);
  pack_string(b, l->from);
  pack_number(b, l->line);
  pack_number(b, (uint64_t)l->kind << 1 | l->embed);
}

lan_status facts_encode(const facts *f, lan_buf *out, lan_error *err) {
  pack_number(out, f->damage);
  pack_number(out, f->links.len);
  for (size_t i = 0; i < f->links.len; i++) pack_link(out, &f->links.data[i]);
  pack_number(out, f->tags.len);
  for (size_t i = 0; i < f->tags.len; i++) {
    pack_string(out, f->tags.data[i].name);
    pack_number(out, f->tags.data[i].line);
  }
  pack_number(out, f->aliases.len);
  for (size_t i = 0; i < f->aliases.len; i++) pack_string(out, f->aliases.data[i]);
  pack_number(out, f->problems.len);
  for (size_t i = 0; i < f->problems.len; i++) {
    pack_number(out, f->problems.data[i].line);
    pack_string(out, f->problems.data[i].message);
  }
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

/* A number that fits 32 bits, as lines do. */
static uint32_t unpack_small(unpack *u) {
  uint64_t v = unpack_number(u);
  if (v > UINT32_MAX) u->bad = true;
  return (uint32_t)v;
}

static facts_link unpack_link(unpack *u) {
  facts_link l = {0};
  l.target = unpack_string(u);
  l.subpath = unpack_string(u);
  l.from = unpack_string(u);
  l.shown = (lan_str){"", 0};
  l.line = unpack_small(u);
  uint64_t kind = unpack_number(u);
  if (kind >> 1 > FACTS_LINK_CANVAS_EDGE) u->bad = true;
  l.kind = (facts_link_kind)(kind >> 1 & 7);
  l.embed = kind & 1;
  return l;
}

lan_status facts_decode(const char *bytes, size_t n, facts *out, lan_error *err) {
  unpack u = {bytes, bytes + n, false};
  facts_reset(out);
  out->damage = unpack_small(&u);
  bool room = true;
  for (uint32_t i = unpack_count(&u, 5); i > 0 && room; i--) {
    room = VEC_PUSH(&out->links, unpack_link(&u));
  }
  for (uint32_t i = unpack_count(&u, 2); i > 0 && room; i--) {
    facts_tag t = {unpack_string(&u), 0};
    t.line = unpack_small(&u);
    room = VEC_PUSH(&out->tags, t);
  }
  for (uint32_t i = unpack_count(&u, 1); i > 0 && room; i--) {
    room = VEC_PUSH(&out->aliases, unpack_string(&u));
  }
  for (uint32_t i = unpack_count(&u, 2); i > 0 && room; i--) {
    facts_problem p = {unpack_small(&u), {"", 0}};
    p.message = unpack_string(&u);
    room = VEC_PUSH(&out->problems, p);
  }
  bool damaged = u.bad || u.p != u.end;
  if (!room || damaged) facts_reset(out);
  if (!room) return lan_fail_memory(err, 0);
  if (damaged) {
    return lan_fail(err, LAN_ECORRUPT, "a note's facts in the index cache are damaged");
  }
  return LAN_OK;
}
