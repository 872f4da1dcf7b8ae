/* From what a person calls a note to the note. */
#include <stdlib.h>

#include "base/error.h"
#include "memory/memory_internal.h"
#include "text/unicode.h"

enum { OFFER_MOST = 5 };

/* How well a note's names fit, best first. */
typedef enum fit { FIT_TITLE, FIT_ALIAS, FIT_PATH_END, FIT_PLAIN, FIT_PART, FIT_NONE } fit;

typedef struct wanted {
  lan_str folded, plain; /* plain: without accents */
} wanted;

static lan_str without_md(lan_str s) {
  if (s.len > 3 && memcmp(s.ptr + s.len - 3, ".md", 3) == 0) s.len -= 3;
  return s;
}

static bool ends_path(lan_str path, lan_str tail) {
  if (tail.len >= path.len) return lan_str_equal(path, tail);
  size_t before = path.len - tail.len;
  return path.ptr[before - 1] == '/' && memcmp(path.ptr + before, tail.ptr, tail.len) == 0;
}

static bool holds(lan_str s, lan_str part) {
  return part.len > 0 && s.len >= part.len && memmem(s.ptr, s.len, part.ptr, part.len) != NULL;
}

static lan_str folded_into(lan_buf *b, lan_str s) {
  lan_buf_clear(b);
  text_fold(b, s.ptr, s.len);
  return lan_buf_str(b);
}

static lan_str plain_into(lan_buf *b, lan_str s) {
  lan_buf_clear(b);
  text_strip(b, s.ptr, s.len);
  return lan_buf_str(b);
}

static fit fit_of(const catalog_note *n, const wanted *w, lan_buf *b) {
  lan_str title = folded_into(b, n->title);
  if (lan_str_equal(title, w->folded)) return FIT_TITLE;
  bool part = holds(title, w->folded);
  for (uint32_t a = 0; a < n->n_aliases; a++) {
    lan_str alias = folded_into(b, n->aliases[a]);
    if (lan_str_equal(alias, w->folded)) return FIT_ALIAS;
    part |= holds(alias, w->folded);
  }
  if (ends_path(without_md(folded_into(b, n->path)), w->folded)) return FIT_PATH_END;
  lan_str plain = plain_into(b, n->title);
  if (lan_str_equal(plain, w->plain)) return FIT_PLAIN;
  part |= holds(plain, w->plain);
  for (uint32_t a = 0; a < n->n_aliases; a++) {
    if (lan_str_equal(plain_into(b, n->aliases[a]), w->plain)) return FIT_PLAIN;
  }
  return part ? FIT_PART : FIT_NONE;
}

/* ---- offers ---- */

typedef struct offers {
  uint32_t notes[OFFER_MOST];
  uint32_t distances[OFFER_MOST];
  size_t n, more; /* more: that did not fit in */
} offers;

static void offer(offers *o, uint32_t note, uint32_t distance) {
  size_t i = o->n < OFFER_MOST ? o->n++ : OFFER_MOST;
  if (i == OFFER_MOST) {
    o->more++;
    if (o->distances[OFFER_MOST - 1] <= distance) return;
    i = OFFER_MOST - 1;
  }
  for (; i > 0 && o->distances[i - 1] > distance; i--) {
    o->notes[i] = o->notes[i - 1];
    o->distances[i] = o->distances[i - 1];
  }
  o->notes[i] = note;
  o->distances[i] = distance;
}

static void list_offers(const lan_memory *m, const offers *o, lan_buf *out) {
  for (size_t i = 0; i < o->n; i++) {
    lan_str path = m->index.cat.notes[o->notes[i]].path;
    lan_buf_add_str(out, i ? ", \"" : "\"");
    lan_utf8_scrub(out, path.ptr, path.len);
    lan_buf_add_char(out, '"');
  }
  if (o->more) lan_buf_printf(out, " and %zu more", o->more);
}

/* Levenshtein's distance in bytes, up to `most`. Both at most 63 bytes. */
static uint32_t distance(lan_str a, lan_str b, uint32_t most) {
  uint32_t row[64];
  if (a.len > 63 || b.len > 63) return most + 1;
  for (uint32_t j = 0; j <= b.len; j++) row[j] = j;
  for (uint32_t i = 1; i <= a.len; i++) {
    uint32_t corner = row[0], least = row[0] = i;
    for (uint32_t j = 1; j <= b.len; j++) {
      uint32_t cost = corner + (a.ptr[i - 1] != b.ptr[j - 1]), above = row[j];
      if (above + 1 < cost) cost = above + 1;
      if (row[j - 1] + 1 < cost) cost = row[j - 1] + 1;
      corner = above;
      row[j] = cost;
      if (cost < least) least = cost;
    }
    if (least > most) return most + 1;
  }
  return row[b.len];
}

static void offer_near(const lan_memory *m, const wanted *w, lan_buf *b, offers *o) {
  uint32_t most = (uint32_t)(w->plain.len / 3 + 1);
  for (uint32_t i = 0; i < m->index.cat.n_notes; i++) {
    uint32_t d = distance(plain_into(b, m->index.cat.notes[i].title), w->plain, most);
    if (d <= most) offer(o, i, d);
  }
}

static lan_status not_found(const lan_memory *m, const char *name, const wanted *w, lan_buf *b,
                            lan_error *err) {
  offers near = {0};
  lan_buf list = {0};
  offer_near(m, w, b, &near);
  near.more = 0;
  list_offers(m, &near, &list);
  if (near.n) {
    lan_fail(err, LAN_ENOTFOUND, "no note is called \"%s\"; did you mean %s?", name, list.data);
  } else {
    lan_fail(err, LAN_ENOTFOUND,
             "no note is called \"%s\"; search its text with: lantoa recall \"%s\"", name, name);
  }
  lan_buf_free(&list);
  return LAN_ENOTFOUND;
}

static lan_status ambiguous(const lan_memory *m, const char *name, const offers *o,
                            lan_error *err) {
  lan_buf list = {0};
  list_offers(m, o, &list);
  lan_fail(err, LAN_EAMBIGUOUS, "\"%s\" could be %s; give the path", name,
           list.data ? list.data : "several notes");
  lan_buf_free(&list);
  return LAN_EAMBIGUOUS;
}

/* ---- finding ---- */

static uint32_t by_path(const catalog *c, lan_str name) {
  uint32_t i = catalog_find(c, name);
  if (i != UINT32_MAX) return i;
  lan_buf path = {0};
  lan_buf_add(&path, name.ptr, name.len);
  lan_buf_add_str(&path, ".md");
  if (!path.failed) i = catalog_find(c, lan_buf_str(&path));
  lan_buf_free(&path);
  return i;
}

static lan_status find_by_fit(const lan_memory *m, const char *name, const wanted *w, lan_buf *b,
                              uint32_t *note, lan_error *err) {
  fit best = FIT_NONE;
  offers fitting = {0};
  for (uint32_t i = 0; i < m->index.cat.n_notes; i++) {
    fit f = fit_of(&m->index.cat.notes[i], w, b);
    if (f < best) {
      best = f;
      fitting = (offers){0};
    }
    if (f == best && f != FIT_NONE) offer(&fitting, i, (uint32_t)m->index.cat.notes[i].path.len);
  }
  if (b->failed) return lan_fail_memory(err, 0);
  if (best == FIT_NONE) return not_found(m, name, w, b, err);
  if (fitting.n > 1) return ambiguous(m, name, &fitting, err);
  *note = fitting.notes[0];
  return LAN_OK;
}

lan_status lan_memory_find(const lan_memory *m, const char *name, uint32_t *note, lan_error *err) {
  lan_str trimmed = lan_str_trim(lan_str_of(name));
  if (trimmed.len == 0) return lan_fail(err, LAN_ENOTFOUND, "a note's name is empty");
  uint32_t found = by_path(&m->index.cat, trimmed);
  if (found != UINT32_MAX) {
    *note = found;
    return LAN_OK;
  }
  lan_buf folded = {0}, plain = {0}, scratch = {0};
  text_fold(&folded, trimmed.ptr, trimmed.len);
  text_strip(&plain, trimmed.ptr, trimmed.len);
  wanted w = {without_md(lan_buf_str(&folded)), without_md(lan_buf_str(&plain))};
  lan_status s = folded.failed || plain.failed ? lan_fail_memory(err, 0)
                                               : find_by_fit(m, name, &w, &scratch, note, err);
  lan_buf_free(&folded);
  lan_buf_free(&plain);
  lan_buf_free(&scratch);
  return s;
}
