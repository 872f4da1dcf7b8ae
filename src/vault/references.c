/* [text][label], [label][] and [label], whose targets stand elsewhere: "[label]: target.md". */
#include <stdlib.h>

#include "text/unicode.h"
#include "vault/parse.h"

enum { LABEL_MOST = 999 /* bytes, as in CommonMark */, OPEN_MOST = 32 };

/* Labels are the same if they are when folded and with runs of white space as one space. */
static uint64_t label_key(facts *f, lan_str label, lan_buf *folded) {
  label = lan_str_trim(label);
  lan_buf_clear(folded);
  text_fold(folded, label.ptr, label.len);
  if (folded->failed) {
    f->failed = true;
    return 0;
  }
  size_t n = 0;
  for (size_t i = 0; i < folded->len; i++) {
    char c = folded->data[i];
    bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (space && n && folded->data[n - 1] == ' ') continue;
    folded->data[n++] = space ? ' ' : c;
  }
  return lan_hash(folded->data, n, 0);
}

void parse_add_definition(facts *f, lan_str label, lan_str target, lan_str subpath) {
  struct parse_scratch *x = f->scratch;
  lan_buf folded = {0};
  if (label.len > LABEL_MOST) return;
  uint32_t *slot = lan_map_put(&x->labels, label_key(f, label, &folded));
  if (!slot) {
    f->failed = true;
  } else if (*slot == LAN_MAP_NONE) { /* the first definition counts */
    *slot = (uint32_t)x->definitions.len;
    if (!VEC_PUSH(&x->definitions, (parse_definition){target, subpath})) f->failed = true;
  }
  lan_buf_free(&folded);
}

/* ---- uses ---- */

typedef struct search {
  facts *f;
  lan_str text;
  uint32_t pos, open[OPEN_MOST], n_open;
  parse_lines lines;
  lan_buf folded;
} search;

static const parse_definition *look_up(search *s, lan_str label) {
  struct parse_scratch *x = s->f->scratch;
  if (label.len == 0 || label.len > LABEL_MOST) return NULL;
  uint32_t i = lan_map_get(&x->labels, label_key(s->f, label, &s->folded));
  return i == LAN_MAP_NONE ? NULL : &x->definitions.data[i];
}

/* At the ']' of "[text]": where the second label ends, if it has one. */
static uint32_t second_label(const search *s, lan_str *label) {
  uint32_t i = s->pos + 2;
  while (i < s->text.len && i - s->pos < LABEL_MOST && !strchr("[]\n", s->text.ptr[i])) i++;
  if (i >= s->text.len || s->text.ptr[i] != ']') return UINT32_MAX;
  *label = (lan_str){s->text.ptr + s->pos + 2, i - s->pos - 2};
  return i;
}

static void at_close(search *s) {
  if (s->n_open == 0) return;
  uint32_t open = s->open[--s->n_open], end = s->pos;
  char next = s->pos + 1 < s->text.len ? s->text.ptr[s->pos + 1] : '\n';
  lan_str shown = {s->text.ptr + open + 1, s->pos - open - 1}, label = shown;
  if (next == '(' || next == ':') return;
  if (next == '[') {
    lan_str second;
    uint32_t i = second_label(s, &second);
    if (i != UINT32_MAX) {
      end = i;
      if (second.len) label = second;
    }
  }
  const parse_definition *d = look_up(s, label);
  if (!d) return;
  facts_link link = {.target = d->target, .subpath = d->subpath, .shown = lan_str_trim(shown)};
  link.from = (lan_str){"", 0};
  link.kind = FACTS_LINK_MARKDOWN;
  link.embed = open > s->f->body && s->text.ptr[open - 1] == '!';
  link.start = open - link.embed;
  link.end = end + 1;
  link.line = parse_line(&s->lines, link.start);
  if (link.embed) link.shown = parse_without_size(link.shown);
  PARSE_PUSH(s->f, links, link);
  s->pos = end;
}

static void at_open(search *s) {
  if (s->n_open == OPEN_MOST) { /* the outermost is given up */
    memmove(s->open, s->open + 1, (OPEN_MOST - 1) * sizeof *s->open);
    s->n_open--;
  }
  s->open[s->n_open++] = s->pos;
}

static int by_start(const void *a, const void *b) {
  const facts_link *x = a, *y = b;
  return (x->start > y->start) - (x->start < y->start);
}

void parse_references(facts *f) {
  struct parse_scratch *x = f->scratch;
  if (x->definitions.len == 0) return;
  search s = {.f = f, .text = f->text, .pos = f->body, .lines = parse_lines_of(f->text)};
  size_t found = f->links.len, code = 0, link = 0;
  for (; s.pos < f->text.len; s.pos++) {
    /* what is code or a link already is passed over */
    while (code < x->code.len && x->code.data[code].end <= s.pos) code++;
    while (link < found && f->links.data[link].end <= s.pos) link++;
    if (code < x->code.len && x->code.data[code].start <= s.pos) {
      s.pos = x->code.data[code].end - 1;
    } else if (link < found && f->links.data[link].start <= s.pos && link < found &&
               f->links.data[link].start >= f->body) {
      s.pos = f->links.data[link].end - 1;
    } else if (s.text.ptr[s.pos] == '\\') {
      s.pos++;
    } else if (s.text.ptr[s.pos] == '[') {
      at_open(&s);
    } else if (s.text.ptr[s.pos] == ']') {
      at_close(&s);
    }
  }
  lan_buf_free(&s.folded);
  if (f->links.len > found) qsort(f->links.data, f->links.len, sizeof *f->links.data, by_start);
}
