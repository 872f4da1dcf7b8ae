#include "memory/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "memory/reader.h"

void index_free(memory_index *index) {
  bm25_free(index->words);
  free(index->words_block);
  network_free(&index->net);
  catalog_free(&index->cat);
  *index = (memory_index){0};
}

lan_status index_add_skip(skip_list *skips, lan_arena *arena, lan_str path, lan_str reason,
                          bool failed, lan_error *err) {
  char *p = lan_arena_copy(arena, path.ptr, path.len);
  char *r = lan_arena_copy(arena, reason.ptr, reason.len);
  if (!p || !r) return lan_fail_memory(err, 0);
  index_skip skip = {{p, path.len}, {r, reason.len}, failed};
  return VEC_PUSH(skips, skip) ? LAN_OK : lan_fail_memory(err, 0);
}

lan_status index_files(const catalog *cat, names **files, lan_error *err) {
  size_t n = (size_t)cat->n_notes + cat->n_attachments;
  lan_str *paths = lan_alloc_array(n, sizeof *paths);
  if (!paths) return lan_fail_memory(err, n * sizeof *paths);
  for (uint32_t i = 0; i < cat->n_notes; i++) paths[i] = cat->notes[i].path;
  for (uint32_t i = 0; i < cat->n_attachments; i++) paths[cat->n_notes + i] = cat->attachments[i];
  lan_status s = names_new(paths, (uint32_t)n, files, err);
  free(paths);
  return s;
}

/* ---- patching ---- */

typedef struct patch {
  index_job *job;
  memory_index *index;
  reader reader;
  mention_names names;
  mention_scan scan;
  mention_list mentions;
  network_builder builder;
} patch;

/* What the note mentions: only phrases that begin with one of its words can be in it, so a matcher
 * for those few finds all that a matcher for all titles would. */
static lan_status patch_mentions(patch *p, lan_error *err) {
  const facts *f = &p->reader.facts;
  lan_map words = {0};
  phrase_set *set = NULL;
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < f->pieces.len; i++) {
    s = mention_words(f->pieces.data[i].text.ptr, f->pieces.data[i].text.len, &words, err);
  }
  if (s == LAN_OK) s = mention_matcher(&p->names, &words, &set, err);
  for (size_t i = 0; s == LAN_OK && i < f->pieces.len; i++) {
    if (!reader_is_prose(&f->pieces.data[i])) continue;
    s = mention_scan_text(&p->scan, &p->names, set, f->pieces.data[i].text.ptr,
                          f->pieces.data[i].text.len, err);
  }
  p->mentions.len = 0;
  if (s == LAN_OK) s = mention_scan_take(&p->scan, &p->mentions, err);
  phrase_set_free(set);
  lan_map_free(&words);
  return s;
}

static lan_status patch_note(patch *p, uint32_t note, const catalog_note *now, lan_error *err) {
  catalog_note *n = &p->index->cat.notes[note];
  bm25_doc doc;
  lan_status s = reader_words(&p->reader, n, &doc, err);
  if (s == LAN_OK) s = bm25_replace(p->index->words, note, &doc, err);
  if (s == LAN_OK) s = patch_mentions(p, err);
  if (s != LAN_OK) return s;
  n->size = now->size;
  n->mtime_ns = now->mtime_ns;
  n->racy = now->racy;
  n->hash = p->reader.hash;
  return network_builder_add(&p->builder, note, &p->reader.facts, p->mentions.data, p->mentions.len,
                             err);
}

static bool same_aliases(const catalog_note *n, const facts *f) {
  if (n->n_aliases != (uint32_t)f->aliases.len) return false;
  for (uint32_t i = 0; i < n->n_aliases; i++) {
    if (!lan_str_equal(n->aliases[i], f->aliases.data[i])) return false;
  }
  return true;
}

/* Whether all that can change are the notes' own ties. Reads the notes; a note that cannot be read
 * any more is left to a full build, which tells it. */
static bool can_patch(patch *p, const catalog *now, const uint32_t *changed, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const catalog_note *note = &now->notes[changed[i]];
    if (note->kind == WALK_CANVAS) return false;
    if (reader_read(&p->reader, p->job->source, note, NULL) != LAN_OK) return false;
    if (!same_aliases(&p->index->cat.notes[changed[i]], &p->reader.facts)) return false;
  }
  return true;
}

lan_status index_patch(index_job *job, memory_index *index, const catalog *now,
                       const uint32_t *changed, size_t n_changed, bool *done, lan_error *err) {
  patch p = {.job = job, .index = index};
  names *files = NULL;
  lan_status s = LAN_OK;
  *done = can_patch(&p, now, changed, n_changed);
  if (!*done) goto cleanup;
  s = index_files(&index->cat, &files, err);
  if (s == LAN_OK) s = mention_names_new(&index->cat, &p.names, err);
  if (s == LAN_OK) {
    s = network_builder_init(&p.builder, &index->cat, files, &p.names, &index->net, err);
  }
  for (size_t i = 0; s == LAN_OK && i < n_changed; i++) {
    const catalog_note *note = &now->notes[changed[i]];
    s = reader_read(&p.reader, job->source, note, err);
    if (s == LAN_OK) s = patch_note(&p, changed[i], note, err);
  }
  if (s == LAN_OK) {
    s = network_splice(&index->net, changed, n_changed, p.builder.edges.data, p.builder.edges.len,
                       err);
  }
cleanup:
  network_builder_free(&p.builder);
  mention_names_free(&p.names);
  mention_scan_free(&p.scan);
  VEC_FREE(&p.mentions);
  reader_free(&p.reader);
  names_free(files);
  return s;
}
