#include "memory/pseudo.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "memory/hide.h"
#include "text/words.h"

enum { WORDS_LEAST = 3, TELLING_LEAST = 2, BYTES_MOST = 300, TITLE_MOST = 64 };

typedef struct chosen {
  uint32_t note;
  const char *text;
} chosen;

typedef struct choice {
  reader_part *parts; /* by note */
  VEC(chosen) questions;
  lan_arena arena;
} choice;

static void choice_free(choice *c) {
  free(c->parts);
  VEC_FREE(&c->questions);
  lan_arena_free(&c->arena);
}

/* ---- what a note may be asked for by ---- */

typedef struct counting {
  uint64_t title[TITLE_MOST];
  uint32_t n_title, words, telling; /* telling: not in the title */
} counting;

static bool note_title_word(void *ctx, const text_word *w) {
  counting *c = ctx;
  c->title[c->n_title++] = w->hash;
  return c->n_title < TITLE_MOST;
}

static bool count_word(void *ctx, const text_word *w) {
  counting *c = ctx;
  bool in_title = false;
  for (uint32_t i = 0; i < c->n_title; i++) in_title |= c->title[i] == w->hash;
  c->words++;
  c->telling += !in_title;
  return true;
}

/* Whether a part of the note's text asks for more than its title. */
static bool asks(const facts *f, lan_str title, lan_str text) {
  counting c = {0};
  if (text.len == 0 || text.len > BYTES_MOST) return false;
  if (text.ptr < f->text.ptr || text.ptr + text.len > f->text.ptr + f->text.len) return false;
  text_words(title.ptr, title.len, TEXT_CUT_BIGRAMS, note_title_word, &c);
  text_words(text.ptr, text.len, TEXT_CUT_BIGRAMS, count_word, &c);
  return c.words >= WORDS_LEAST && c.telling >= TELLING_LEAST;
}

/* Up to the first sign that ends a sentence, or all. */
static lan_str first_sentence(lan_str text) {
  static const char *const ends[] = {". ", "! ", "? ", "\n", "。", "！", "？", "…"};
  size_t least = text.len;
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    const char *at = memmem(text.ptr, least, ends[i], strlen(ends[i]));
    if (at) least = (size_t)(at - text.ptr);
  }
  return (lan_str){text.ptr, least};
}

static lan_str find_sentence(const facts *f, lan_str title) {
  for (size_t i = 0; i < f->pieces.len; i++) {
    if (f->pieces.data[i].kind != FACTS_PROSE) continue;
    lan_str s = first_sentence(f->pieces.data[i].text);
    if (asks(f, title, s)) return s;
  }
  return (lan_str){0};
}

/* One of the headings that ask, each as likely. */
static lan_str find_heading(const facts *f, lan_str title, lan_rng *rng) {
  lan_str found = {0};
  uint32_t n = 0;
  for (size_t i = 0; i < f->headings.len; i++) {
    lan_str text = f->headings.data[i].text;
    if (asks(f, title, text) && lan_rng_below(rng, ++n) == 0) found = text;
  }
  return found;
}

/* ---- all notes ---- */

static lan_status ask_for(lan_memory *m, uint32_t note, lan_rng *rng, choice *c, lan_error *err) {
  const facts *f = &m->reader.facts;
  lan_str title = m->index.cat.notes[note].title, text = {0};
  lan_status s = memory_read(m, note, err);
  if (s == LAN_EIO || s == LAN_ENOTFOUND || s == LAN_ELIMIT) return LAN_OK; /* gone meanwhile */
  if (s != LAN_OK) return s;
  bool heading = lan_rng_below(rng, 2) == 0;
  if (heading) text = find_heading(f, title, rng);
  if (!text.len) text = find_sentence(f, title);
  if (!text.len && !heading) text = find_heading(f, title, rng);
  if (!text.len) return LAN_OK;
  uint32_t start = (uint32_t)(text.ptr - f->text.ptr);
  char *copy = lan_arena_copy(&c->arena, text.ptr, text.len);
  if (!copy || !VEC_PUSH(&c->questions, (chosen){note, copy})) return lan_fail_memory(err, 0);
  c->parts[note] = (reader_part){start, start + (uint32_t)text.len};
  return LAN_OK;
}

static lan_status choose(lan_memory *m, uint64_t seed, size_t most, choice *c, lan_error *err) {
  uint32_t n = m->index.cat.n_notes;
  lan_rng rng = lan_rng_at(seed, 0x61736B, 0);
  uint32_t *order = lan_alloc_array(n, sizeof *order);
  c->parts = lan_alloc_zeroed(n, sizeof *c->parts);
  lan_status s = order && c->parts ? LAN_OK : lan_fail_memory(err, n * sizeof *c->parts);
  for (uint32_t i = 0; s == LAN_OK && i < n; i++) { /* Fisher and Yates, inside out */
    uint32_t k = lan_rng_below(&rng, i + 1);
    order[i] = order[k];
    order[k] = i;
  }
  if (most > n / 4) most = n / 4;
  for (uint32_t i = 0; s == LAN_OK && i < n && c->questions.len < most; i++) {
    if (m->index.cat.notes[order[i]].kind == WALK_CANVAS) continue;
    s = ask_for(m, order[i], &rng, c, err);
  }
  free(order);
  return s;
}

lan_status pseudo_gather(lan_memory *m, uint64_t seed, size_t most, question_examples *out,
                         lan_error *err) {
  choice c = {0};
  lan_memory *shadow = NULL;
  lan_status s = choose(m, seed, most, &c, err);
  if (s == LAN_OK && c.questions.len) s = hide_open_parts(m, c.parts, &shadow, err);
  for (size_t i = 0; s == LAN_OK && i < c.questions.len; i++) {
    const chosen *q = &c.questions.data[i];
    s = question_gather(shadow, q->text, &q->note, 1, out, err);
  }
  hide_close(shadow);
  choice_free(&c);
  return s;
}
