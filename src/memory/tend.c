/* Tending a vault: links that are missing, and what is wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "memory/memory_internal.h"
#include "memory/trace.h"
#include "text/unicode.h"

/* ---- suggestions ---- */

enum { PER_NOTE = 3 }; /* suggestions that one note may make, so that one does not fill the list */

typedef VEC(lan_suggestion) suggestion_list;

static int by_score(const void *a, const void *b) {
  const lan_suggestion *x = a, *y = b;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->to > y->to) - (x->to < y->to);
}

/* A mention is a link in all but form: it comes before what is only related. */
static double mention_bonus(const lan_memory *m, uint32_t from, uint32_t to) {
  return trace_has_edge(&m->index.net.graph, from, to, 1u << EDGE_MENTION) ? 1.0 : 0.0;
}

static lan_status suggest_from(lan_memory *m, uint32_t note, size_t most, suggestion_list *list,
                               lan_error *err) {
  lan_query q = {.limit = most, .linked = LAN_LINKED_NO};
  const lan_result *results;
  size_t n;
  lan_status s = lan_memory_related(m, note, &q, &results, &n, err);
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    double score = results[i].score + mention_bonus(m, note, results[i].note);
    lan_suggestion found = {note, results[i].note, score, {0}, ""};
    if (!VEC_PUSH(list, found)) s = lan_fail_memory(err, 0);
  }
  return s;
}

static lan_status complete(lan_memory *m, lan_suggestion *s, lan_error *err) {
  bool found = false;
  s->sentence = (lan_sentence){m->index.cat.notes[s->from].path.ptr, 0, "", 0, 0};
  s->reason = "related";
  if (mention_bonus(m, s->from, s->to) == 0) return LAN_OK;
  s->reason = "named without a link";
  return trace_mention(m, s->from, s->to, &s->sentence, &found, err);
}

lan_status lan_memory_suggest(lan_memory *m, uint32_t note, size_t limit,
                              const lan_suggestion **suggestions, size_t *n, lan_error *err) {
  suggestion_list list = {0};
  lan_status s = LAN_OK;
  uint32_t first = note == UINT32_MAX ? 0 : note,
           end = note == UINT32_MAX ? lan_memory_size(m) : note + 1;
  if (note != UINT32_MAX && note >= lan_memory_size(m)) {
    return lan_fail(err, LAN_ERANGE, "there is no note %u", note);
  }
  for (uint32_t i = first; s == LAN_OK && i < end; i++) {
    s = suggest_from(m, i, note == UINT32_MAX ? PER_NOTE : limit, &list, err);
    if (s == LAN_OK && i % 256 == 0 && m->options.progress &&
        m->options.progress(m->options.progress_ctx, LAN_PHASE_LINK, i, end)) {
      s = lan_fail(err, LAN_ECANCELED, "stopped");
    }
  }
  memory_new_answer(m);
  if (list.len) qsort(list.data, list.len, sizeof *list.data, by_score);
  *n = list.len < limit ? list.len : limit;
  lan_suggestion *kept = lan_arena_alloc(&m->answer, *n, sizeof *kept);
  if (s == LAN_OK && !kept) s = lan_fail_memory(err, 0);
  for (size_t i = 0; s == LAN_OK && i < *n; i++) {
    kept[i] = list.data[i];
    s = complete(m, &kept[i], err);
  }
  VEC_FREE(&list);
  *suggestions = kept;
  return s;
}

/* ---- defects ---- */

const char *lan_defect_name(lan_defect_kind kind) {
  static const char *const defects[LAN_DEFECTS] = {[LAN_DEFECT_BROKEN_LINK] = "broken-link",
                                                   [LAN_DEFECT_AMBIGUOUS_LINK] = "ambiguous-link",
                                                   [LAN_DEFECT_ORPHAN] = "orphan",
                                                   [LAN_DEFECT_DAMAGED_TEXT] = "damaged-text",
                                                   [LAN_DEFECT_NEAR_DUPLICATE] = "near-duplicate",
                                                   [LAN_DEFECT_FORMAT] = "format",
                                                   [LAN_DEFECT_SKIPPED] = "skipped"};
  return kind < LAN_DEFECTS ? defects[kind] : "unknown";
}

typedef struct examination {
  lan_memory *m;
  const names *files;
  VEC(lan_defect) defects;
  lan_error *err;
  bool failed;
} examination;

static void report(examination *x, lan_defect_kind kind, const char *path, uint32_t line,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

static void report(examination *x, lan_defect_kind kind, const char *path, uint32_t line,
                   const char *format, ...) {
  char message[600];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  size_t len = n < 0 ? 0 : (size_t)n < sizeof message ? (size_t)n : sizeof message - 1;
  char *copy = lan_arena_copy(&x->m->answer, message, len);
  if (!copy || !VEC_PUSH(&x->defects, (lan_defect){kind, path, line, copy})) x->failed = true;
}

static void examine_link(examination *x, const catalog_note *n, const facts_link *l) {
  uint32_t candidates = 0;
  if (l->target.len == 0 || l->kind == FACTS_LINK_CANVAS_EDGE) return;
  uint32_t to = names_resolve(x->files, n->path, l->target, &candidates);
  int len = l->target.len > 200 ? 200 : (int)l->target.len;
  if (to == NAMES_NONE) {
    report(x, LAN_DEFECT_BROKEN_LINK, n->path.ptr, l->line, "no file is called \"%.*s\"", len,
           l->target.ptr);
  } else if (candidates > 1) {
    const catalog *c = &x->m->index.cat;
    lan_str path = to < c->n_notes ? c->notes[to].path : c->attachments[to - c->n_notes];
    report(x, LAN_DEFECT_AMBIGUOUS_LINK, n->path.ptr, l->line,
           "\"%.*s\" could mean %u files; it means %s. Write the path to be sure", len,
           l->target.ptr, candidates, path.ptr);
  }
}

static void examine_problems(examination *x, const catalog_note *n, const facts *f) {
  for (size_t i = 0; i < f->problems.len; i++) {
    const facts_problem *p = &f->problems.data[i];
    lan_defect_kind kind = i < (f->damage ? 2u : 0u) ? LAN_DEFECT_DAMAGED_TEXT : LAN_DEFECT_FORMAT;
    report(x, kind, n->path.ptr, p->line, "%.*s", (int)p->message.len, p->message.ptr);
  }
}

static bool has_links(const lan_memory *m, uint32_t note) {
  const lan_graph *g = &m->index.net.graph;
  for (uint32_t e = g->offsets[note]; e < g->offsets[note + 1]; e++) {
    if (g->types[e] <= EDGE_EMBED_BACK) return true;
  }
  return false;
}

static void examine_note(examination *x, uint32_t note) {
  const catalog_note *n = &x->m->index.cat.notes[note];
  if (memory_read(x->m, note, NULL) != LAN_OK) return; /* told as skipped */
  const facts *f = &x->m->reader.facts;
  for (size_t i = 0; i < f->links.len; i++) examine_link(x, n, &f->links.data[i]);
  examine_problems(x, n, f);
  if (!has_links(x->m, note)) {
    report(x, LAN_DEFECT_ORPHAN, n->path.ptr, 0,
           "nothing links to it, and it links to nothing; see: lantoa suggest \"%s\"", n->path.ptr);
  }
}

/* ---- near-duplicate titles ---- */

typedef struct title_key {
  uint64_t key;
  uint32_t note;
} title_key;

static int by_key(const void *a, const void *b) {
  const title_key *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->note > y->note) - (x->note < y->note);
}

/* Titles that differ only in case, accents, spaces and signs have one key; 0 if there is no letter.
 */
static uint64_t key_of(lan_str title, lan_buf *b) {
  lan_buf_clear(b);
  text_strip(b, title.ptr, title.len);
  size_t n = 0;
  for (size_t i = 0; i < b->len;) {
    uint32_t cp;
    size_t len = lan_utf8_decode(b->data + i, b->len - i, &cp);
    if (text_class_of(cp) != TEXT_OTHER) {
      memmove(b->data + n, b->data + i, len);
      n += len;
    }
    i += len;
  }
  return n ? lan_hash(b->data, n, 0) : 0;
}

static void find_near_duplicates(examination *x) {
  const catalog *c = &x->m->index.cat;
  title_key *keys = lan_alloc_array(c->n_notes, sizeof *keys);
  lan_buf b = {0};
  if (!keys) {
    x->failed = true;
    return;
  }
  for (uint32_t i = 0; i < c->n_notes; i++) keys[i] = (title_key){key_of(c->notes[i].title, &b), i};
  if (c->n_notes) qsort(keys, c->n_notes, sizeof *keys, by_key);
  for (uint32_t i = 1; i < c->n_notes; i++) {
    if (keys[i].key == 0 || keys[i].key != keys[i - 1].key) continue;
    report(x, LAN_DEFECT_NEAR_DUPLICATE, c->notes[keys[i].note].path.ptr, 0,
           "its title is nearly that of %s", c->notes[keys[i - 1].note].path.ptr);
  }
  lan_buf_free(&b);
  free(keys);
}

static int by_place(const void *a, const void *b) {
  const lan_defect *x = a, *y = b;
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  int order = strcmp(x->path, y->path);
  if (order) return order;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  return strcmp(x->message, y->message);
}

lan_status lan_memory_doctor(lan_memory *m, const lan_defect **defects, size_t *n, lan_error *err) {
  memory_new_answer(m);
  examination x = {.m = m, .err = err};
  lan_status s = memory_files(m, &x.files, err);
  for (uint32_t i = 0; s == LAN_OK && i < lan_memory_size(m); i++) {
    examine_note(&x, i);
    if (i % 256 == 0 && m->options.progress &&
        m->options.progress(m->options.progress_ctx, LAN_PHASE_READ, i, lan_memory_size(m))) {
      s = lan_fail(err, LAN_ECANCELED, "stopped");
    }
  }
  if (s == LAN_OK) find_near_duplicates(&x);
  for (size_t i = 0; s == LAN_OK && i < m->skips.len; i++) {
    const index_skip *k = &m->skips.data[i];
    report(&x, LAN_DEFECT_SKIPPED, k->path.ptr, 0, "%s", k->reason.ptr);
  }
  if (s == LAN_OK && x.failed) s = lan_fail_memory(err, 0);
  if (x.defects.len) qsort(x.defects.data, x.defects.len, sizeof *x.defects.data, by_place);
  lan_defect *all = lan_arena_alloc(&m->answer, x.defects.len, sizeof *all);
  if (s == LAN_OK && !all) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) {
    if (x.defects.len) memcpy(all, x.defects.data, x.defects.len * sizeof *all);
    *defects = all;
    *n = x.defects.len;
  }
  VEC_FREE(&x.defects);
  return s;
}
