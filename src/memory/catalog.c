#include "memory/catalog.h"

#include <string.h>

#include "base/error.h"
#include "base/pack.h"
#include "vault/names.h"

static lan_status copy_string(lan_arena *arena, lan_str s, lan_str *out, lan_error *err) {
  char *p = lan_arena_copy(arena, s.ptr, s.len);
  if (!p) return lan_fail_memory(err, s.len);
  *out = (lan_str){p, s.len};
  return LAN_OK;
}

/* The title as shown: scrubbed to valid UTF-8 only where the path is not. */
static lan_status copy_title(lan_arena *arena, lan_str path, lan_str *out, lan_error *err) {
  lan_str title = names_title(path);
  if (lan_utf8_valid(title.ptr, title.len) == title.len) {
    return copy_string(arena, title, out, err);
  }
  lan_buf clean = {0};
  lan_utf8_scrub(&clean, title.ptr, title.len);
  lan_status s =
      clean.failed ? lan_fail_memory(err, 0) : copy_string(arena, lan_buf_str(&clean), out, err);
  lan_buf_free(&clean);
  return s;
}

static lan_status add_note(catalog *c, lan_str path, lan_error *err) {
  catalog_note *n = &c->notes[c->n_notes];
  *n = (catalog_note){0};
  lan_status s = copy_string(&c->arena, path, &n->path, err);
  if (s == LAN_OK) s = copy_title(&c->arena, path, &n->title, err);
  if (s == LAN_OK) c->n_notes++;
  return s;
}

static lan_status make_room(catalog *c, size_t notes, size_t attachments, lan_error *err) {
  c->notes = lan_arena_alloc(&c->arena, notes, sizeof *c->notes);
  c->attachments = lan_arena_alloc(&c->arena, attachments, sizeof *c->attachments);
  if (!c->notes || !c->attachments) return lan_fail_memory(err, notes * sizeof *c->notes);
  return LAN_OK;
}

lan_status catalog_from_walk(const walk_result *walk, catalog *out, lan_error *err) {
  catalog c = {0};
  size_t notes = 0;
  for (size_t i = 0; i < walk->files.len; i++) notes += walk->files.data[i].kind != WALK_ATTACHMENT;
  lan_status s = make_room(&c, notes, walk->files.len - notes, err);
  for (size_t i = 0; s == LAN_OK && i < walk->files.len; i++) {
    const walk_file *f = &walk->files.data[i];
    if (f->kind == WALK_ATTACHMENT) {
      s = copy_string(&c.arena, f->path, &c.attachments[c.n_attachments], err);
      if (s == LAN_OK) c.n_attachments++;
      continue;
    }
    s = add_note(&c, f->path, err);
    if (s != LAN_OK) break;
    catalog_note *n = &c.notes[c.n_notes - 1];
    n->size = f->size;
    n->mtime_ns = f->mtime_ns;
    n->kind = f->kind;
  }
  if (s != LAN_OK) {
    catalog_free(&c);
    return s;
  }
  *out = c;
  return LAN_OK;
}

lan_status catalog_set_aliases(catalog *c, uint32_t note, const lan_str *aliases, uint32_t n,
                               lan_error *err) {
  catalog_note *to = &c->notes[note];
  lan_str *copies = lan_arena_alloc(&c->arena, n, sizeof *copies);
  if (!copies) return lan_fail_memory(err, n * sizeof *copies);
  for (uint32_t i = 0; i < n; i++) {
    lan_status s = copy_string(&c->arena, aliases[i], &copies[i], err);
    if (s != LAN_OK) return s;
  }
  to->aliases = copies;
  to->n_aliases = n;
  return LAN_OK;
}

void catalog_free(catalog *c) {
  lan_arena_free(&c->arena);
  *c = (catalog){0};
}

uint32_t catalog_find(const catalog *c, lan_str path) {
  uint32_t low = 0, high = c->n_notes;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int order = lan_str_compare(c->notes[mid].path, path);
    if (order == 0) return mid;
    if (order < 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return UINT32_MAX;
}

bool catalog_same_files(const catalog *a, const catalog *b) {
  if (a->n_notes != b->n_notes || a->n_attachments != b->n_attachments) return false;
  for (uint32_t i = 0; i < a->n_notes; i++) {
    if (!lan_str_equal(a->notes[i].path, b->notes[i].path)) return false;
  }
  for (uint32_t i = 0; i < a->n_attachments; i++) {
    if (!lan_str_equal(a->attachments[i], b->attachments[i])) return false;
  }
  return true;
}

bool catalog_same_version(const catalog_note *a, const catalog_note *b) {
  return a->size == b->size && a->mtime_ns == b->mtime_ns;
}

lan_status catalog_encode(const catalog *c, lan_buf *out, lan_error *err) {
  pack_number(out, c->n_notes);
  pack_number(out, c->n_attachments);
  for (uint32_t i = 0; i < c->n_notes; i++) {
    const catalog_note *n = &c->notes[i];
    pack_string(out, n->path);
    pack_number(out, n->size);
    pack_fixed(out, (uint64_t)n->mtime_ns);
    pack_fixed(out, n->hash);
    pack_number(out, (uint64_t)n->kind << 1 | (n->racy ? 1u : 0u));
    pack_number(out, n->n_aliases);
    for (uint32_t a = 0; a < n->n_aliases; a++) pack_string(out, n->aliases[a]);
  }
  for (uint32_t i = 0; i < c->n_attachments; i++) pack_string(out, c->attachments[i]);
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static lan_status decode_note(unpack *u, catalog *c, lan_error *err) {
  lan_status s = add_note(c, unpack_string(u), err);
  if (s != LAN_OK) return s;
  catalog_note *n = &c->notes[c->n_notes - 1];
  n->size = unpack_number(u);
  n->mtime_ns = (int64_t)unpack_fixed(u);
  n->hash = unpack_fixed(u);
  uint64_t kind = unpack_number(u);
  n->kind = kind >> 1 ? WALK_CANVAS : WALK_NOTE;
  n->racy = kind & 1;
  uint32_t n_aliases = unpack_count(u, 1);
  if (n_aliases == 0) return LAN_OK;
  n->aliases = lan_arena_alloc(&c->arena, n_aliases, sizeof *n->aliases);
  if (!n->aliases) return lan_fail_memory(err, n_aliases * sizeof *n->aliases);
  for (; n->n_aliases < n_aliases; n->n_aliases++) {
    s = copy_string(&c->arena, unpack_string(u), &n->aliases[n->n_aliases], err);
    if (s != LAN_OK) return s;
  }
  return LAN_OK;
}

lan_status catalog_decode(lan_str bytes, catalog *out, lan_error *err) {
  unpack u = {bytes.ptr, bytes.ptr + bytes.len, false};
  catalog c = {0};
  uint32_t n_notes = unpack_count(&u, 1);
  uint32_t n_attachments = unpack_count(&u, 1);
  lan_status s = make_room(&c, n_notes, n_attachments, err);
  while (s == LAN_OK && c.n_notes < n_notes) s = decode_note(&u, &c, err);
  while (s == LAN_OK && c.n_attachments < n_attachments) {
    s = copy_string(&c.arena, unpack_string(&u), &c.attachments[c.n_attachments], err);
    if (s == LAN_OK) c.n_attachments++;
  }
  for (uint32_t i = 1; s == LAN_OK && i < c.n_notes; i++) {
    if (lan_str_compare(c.notes[i - 1].path, c.notes[i].path) >= 0) u.bad = true;
  }
  if (s == LAN_OK && (u.bad || u.p != u.end)) {
    s = lan_fail(err, LAN_ECORRUPT, "the index cache's list of notes is damaged");
  }
  if (s != LAN_OK) {
    catalog_free(&c);
    return s;
  }
  *out = c;
  return LAN_OK;
}
