#include "vault/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "vault/parse.h"

void facts_reset(facts *f) {
  f->text = (lan_str){"", 0};
  f->links.len = f->tags.len = f->aliases.len = f->headings.len = 0;
  f->block_ids.len = f->tasks.len = f->pieces.len = f->problems.len = 0;
  f->damage = f->body = 0;
  f->failed = false;
  lan_arena_reset(&f->arena);
}

static void free_scratch(struct parse_scratch *x) {
  if (!x) return;
  lan_buf_free(&x->masked);
  VEC_FREE(&x->code);
  VEC_FREE(&x->headings);
  VEC_FREE(&x->definitions);
  lan_map_free(&x->labels);
  free(x);
}

void facts_free(facts *f) {
  VEC_FREE(&f->links);
  VEC_FREE(&f->tags);
  VEC_FREE(&f->aliases);
  VEC_FREE(&f->headings);
  VEC_FREE(&f->block_ids);
  VEC_FREE(&f->tasks);
  VEC_FREE(&f->pieces);
  VEC_FREE(&f->problems);
  free_scratch(f->scratch);
  lan_arena_free(&f->arena);
  *f = (facts){0};
}

lan_str parse_copy(facts *f, const char *s, size_t n) {
  char *p = lan_arena_copy(&f->arena, s, n);
  if (!p) f->failed = true;
  return p ? (lan_str){p, n} : (lan_str){"", 0};
}

void parse_problem(facts *f, uint32_t line, const char *format, ...) {
  char message[512];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  PARSE_PUSH(f, problems, (facts_problem){line, parse_copy(f, message, strlen(message))});
}

uint32_t parse_line(parse_lines *l, uint32_t position) {
  if (position < l->position) *l = parse_lines_of(l->text);
  const char *p = l->text.ptr + l->position, *end = l->text.ptr + position;
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    l->line++;
    p++;
  }
  l->position = position;
  return l->line;
}

uint32_t facts_line(lan_str text, size_t position) {
  uint32_t line = 1;
  const char *p = text.ptr, *end = text.ptr + (position < text.len ? position : text.len);
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    line++;
    p++;
  }
  return line;
}

void parse_begin(facts *f) {
  if (!f->scratch) f->scratch = lan_alloc_zeroed(1, sizeof *f->scratch);
  if (!f->scratch) {
    f->failed = true;
  } else if (f->scratch->definitions.len) {
    f->scratch->definitions.len = 0;
    lan_map_free(&f->scratch->labels);
  }
}
