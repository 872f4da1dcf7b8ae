/* Notes by the beginning of a name, while it is typed. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "memory/memory_internal.h"
#include "text/unicode.h"

/* How a name holds what was typed, best first. */
typedef enum place { PLACE_WHOLE, PLACE_START, PLACE_WORD, PLACE_INSIDE, PLACES } place;

enum { PLAIN = PLACES, ALIAS = 2 * PLACES }; /* added: accents were left out; it is an alias */

typedef struct typed {
  lan_str folded, plain; /* plain: without accents */
  lan_buf name;          /* scratch */
} typed;

static bool starts_word(lan_str s, size_t at) {
  uint32_t cp;
  size_t back = at - 1;
  while (back > 0 && ((unsigned char)s.ptr[back] & 0xC0) == 0x80) back--;
  lan_utf8_decode(s.ptr + back, at - back, &cp);
  text_class c = text_class_of(cp);
  return c == TEXT_OTHER || c == TEXT_IDEOGRAPH;
}

static place place_in(lan_str name, lan_str text) {
  place best = PLACES;
  for (size_t from = 0; from + text.len <= name.len && best > PLACE_WORD;) {
    const char *p = memmem(name.ptr + from, name.len - from, text.ptr, text.len);
    if (!p) break;
    size_t at = (size_t)(p - name.ptr);
    best = at == 0                 ? (name.len == text.len ? PLACE_WHOLE : PLACE_START)
           : starts_word(name, at) ? PLACE_WORD
                                   : PLACE_INSIDE;
    from = at + 1;
  }
  return best;
}

/* The lower the better; UINT32_MAX: the name does not hold it. */
static uint32_t rank_name(typed *t, lan_str name) {
  lan_buf_clear(&t->name);
  text_fold(&t->name, name.ptr, name.len);
  uint32_t p = place_in(lan_buf_str(&t->name), t->folded);
  if (p < PLACES) return p;
  lan_buf_clear(&t->name);
  text_strip(&t->name, name.ptr, name.len);
  p = place_in(lan_buf_str(&t->name), t->plain);
  return p < PLACES ? PLAIN + p : UINT32_MAX;
}

static uint32_t rank_note(typed *t, const catalog_note *n) {
  uint32_t best = rank_name(t, n->title);
  for (uint32_t a = 0; a < n->n_aliases && best >= ALIAS; a++) {
    uint32_t alias = rank_name(t, n->aliases[a]);
    if (alias != UINT32_MAX && ALIAS + alias < best) best = ALIAS + alias;
  }
  return best;
}

/* The best of those seen, in order; of equals the shorter title, then the first path. */
typedef struct found {
  const catalog *cat;
  uint32_t *notes, *ranks;
  size_t n, most;
} found;

static bool is_before(const found *f, uint32_t rank, uint32_t note, size_t i) {
  if (rank != f->ranks[i]) return rank < f->ranks[i];
  return f->cat->notes[note].title.len < f->cat->notes[f->notes[i]].title.len;
}

static void put(found *f, uint32_t note, uint32_t rank) {
  size_t i = f->n;
  if (i == f->most && !is_before(f, rank, note, i - 1)) return;
  if (i == f->most) i--;
  for (; i > 0 && is_before(f, rank, note, i - 1); i--) {
    f->notes[i] = f->notes[i - 1];
    f->ranks[i] = f->ranks[i - 1];
  }
  f->notes[i] = note;
  f->ranks[i] = rank;
  if (f->n < f->most) f->n++;
}

/* The lower the more links to it. */
static uint32_t rank_linked(const lan_graph *g, uint32_t note) {
  uint32_t links = 0;
  for (uint32_t e = g->offsets[note]; e < g->offsets[note + 1]; e++) {
    links += g->types[e] == EDGE_LINK_BACK || g->types[e] == EDGE_EMBED_BACK;
  }
  return UINT32_MAX - 1 - links;
}

lan_status lan_memory_search(lan_memory *m, const char *text, size_t limit, uint32_t *notes,
                             size_t *n, lan_error *err) {
  lan_str s = lan_str_trim(lan_str_of(text));
  lan_buf folded = {0}, plain = {0};
  found f = {&m->index.cat, notes, lan_alloc_array(limit, sizeof(uint32_t)), 0, limit};
  *n = 0;
  text_fold(&folded, s.ptr, s.len);
  text_strip(&plain, s.ptr, s.len);
  typed t = {lan_buf_str(&folded), lan_buf_str(&plain), {0}};
  bool wanted = limit && (t.plain.len || !s.len);
  for (uint32_t i = 0; f.ranks && wanted && i < f.cat->n_notes; i++) {
    uint32_t rank = s.len ? rank_note(&t, &f.cat->notes[i]) : rank_linked(&m->index.net.graph, i);
    if (rank != UINT32_MAX) put(&f, i, rank);
  }
  bool failed = !f.ranks || folded.failed || plain.failed || t.name.failed;
  free(f.ranks);
  lan_buf_free(&folded);
  lan_buf_free(&plain);
  lan_buf_free(&t.name);
  if (failed) return lan_fail_memory(err, 0);
  *n = f.n;
  return LAN_OK;
}
