/* The block structure of a note, by md4c: what is code, what a heading. */
#include <md4c.h>

#include "vault/parse.h"

/* Links, emphasis and the like are none of md4c's business here (it knows no [[links]], and its
 * search for link references takes quadratic time on hostile text), so it reads a copy in which
 * the signs of those are letters. What begins a line stays, since it may be a list's or a rule's
 * sign. Bytes stay in their places: md4c's positions in the copy are positions in the text. */
static bool leads_line(char c) {
  return c == ' ' || c == '\t' || c == '>' || c == '*' || c == '-' || c == '+' || c == '_' ||
         c == '~' || c == '.' || c == ')' || (c >= '0' && c <= '9');
}

static void mask_sign(char *s, size_t n, char sign) {
  for (size_t i = 0; i < n; i++) s[i] = s[i] == sign ? 'x' : s[i];
}

static bool mask(facts *f, lan_buf *masked) {
  const char *text = f->text.ptr + f->body;
  size_t n = f->text.len - f->body;
  lan_buf_clear(masked);
  lan_buf_add(masked, text, n);
  if (masked->failed) return false;
  static const char signs[] = "[]*_&~"; /* and NUL, its end */
  for (size_t i = 0; i < sizeof signs; i++) mask_sign(masked->data, n, signs[i]);
  for (size_t i = 0; i < n;) {
    for (; i < n && leads_line(text[i]); i++) masked->data[i] = text[i];
    const char *line_end = i < n ? memchr(text + i, '\n', n - i) : NULL;
    if (!line_end) break;
    i = (size_t)(line_end - text) + 1;
  }
  return true;
}

/* ---- what md4c tells ---- */

#define OUTSIDE UINT32_MAX

typedef struct blocks {
  facts *f;
  struct parse_scratch *scratch;
  parse_lines lines;
  unsigned heading;    /* level of the heading that we are in; 0: none */
  bool in_code;        /* in a block of code */
  uint32_t start, end; /* of the text of the heading or block so far; OUTSIDE: none yet */
} blocks;

static void add_code(blocks *b, uint32_t start, uint32_t end, bool block) {
  struct parse_scratch *x = b->scratch;
  if (end <= start || (x->code.len && start < x->code.data[x->code.len - 1].end)) return;
  if (!VEC_PUSH(&x->code, (parse_range){start, end, block})) b->f->failed = true;
}

static uint32_t line_start(const facts *f, uint32_t i) {
  while (i > f->body && f->text.ptr[i - 1] != '\n') i--;
  return i;
}

static uint32_t line_end(const facts *f, uint32_t i) {
  const char *p = memchr(f->text.ptr + i, '\n', f->text.len - i);
  return p ? (uint32_t)(p - f->text.ptr) : (uint32_t)f->text.len;
}

static bool is_fence(const facts *f, uint32_t i) {
  const char *s = f->text.ptr;
  size_t n = f->text.len;
  while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '>')) i++;
  return i + 2 < n && (s[i] == '`' || s[i] == '~') && s[i + 1] == s[i] && s[i + 2] == s[i];
}

/* md4c tells the lines in a fence. With the fence's own lines they are what the scanner of inline
 * markup must not see: ```dataview [[x]]. */
static void end_code_block(blocks *b) {
  const facts *f = b->f;
  if (b->start == OUTSIDE) return;
  uint32_t start = line_start(f, b->start), end = line_end(f, b->end);
  uint32_t least = b->scratch->code.len ? b->scratch->code.data[b->scratch->code.len - 1].end : 0;
  while (start > f->body && start > least) { /* over the blank lines before the first text */
    start = line_start(f, start - 1);
    uint32_t i = start;
    while (f->text.ptr[i] == ' ' || f->text.ptr[i] == '\t' || f->text.ptr[i] == '>') i++;
    if (f->text.ptr[i] != '\n' && f->text.ptr[i] != '\r') break;
  }
  if (start < least) start = least;
  if (end < f->text.len && is_fence(f, end + 1)) end = line_end(f, end + 1);
  add_code(b, start, end, true);
}

/* A heading's text is what stands on its lines, without the # around it, but with the signs around
 * code and addresses, which md4c does not tell. */
static void end_heading(blocks *b) {
  facts *f = b->f;
  const char *s = f->text.ptr;
  if (b->start == OUTSIDE) return;
  while (b->start > f->body && s[b->start - 1] && strchr("` \\<", s[b->start - 1])) b->start--;
  while (b->end < f->text.len && s[b->end] && strchr("`> ", s[b->end])) b->end++;
  lan_str text = lan_str_trim((lan_str){s + b->start, b->end - b->start});
  uint32_t start = (uint32_t)(text.ptr - s);
  PARSE_PUSH(f, headings, (facts_heading){text, parse_line(&b->lines, start), b->heading});
  parse_range r = {start, start + (uint32_t)text.len, false};
  if (!VEC_PUSH(&b->scratch->headings, r)) f->failed = true;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx) {
  blocks *b = ctx;
  if (type == MD_BLOCK_H) b->heading = ((MD_BLOCK_H_DETAIL *)detail)->level;
  if (type == MD_BLOCK_CODE) b->in_code = true;
  if (type == MD_BLOCK_H || type == MD_BLOCK_CODE) b->start = b->end = OUTSIDE;
  return b->f->failed;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ctx) {
  blocks *b = ctx;
  (void)detail;
  if (type == MD_BLOCK_H) {
    end_heading(b);
    b->heading = 0;
  } else if (type == MD_BLOCK_CODE) {
    end_code_block(b);
    b->in_code = false;
  }
  return b->f->failed;
}

static int no_span(MD_SPANTYPE type, void *detail, void *ctx) {
  (void)type;
  (void)detail;
  (void)ctx;
  return 0;
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *ctx) {
  blocks *b = ctx;
  const lan_buf *masked = &b->scratch->masked;
  /* md4c also hands out constant strings: line ends and indentation */
  if (text < masked->data || text + size > masked->data + masked->len) return 0;
  uint32_t start = b->f->body + (uint32_t)(text - masked->data), end = start + size;
  if (b->heading || b->in_code) {
    if (b->start == OUTSIDE) b->start = start;
    b->end = end;
  }
  if (type == MD_TEXT_CODE && !b->in_code) add_code(b, start, end, false);
  return b->f->failed;
}

void parse_blocks(facts *f) {
  struct parse_scratch *x = f->scratch;
  blocks b = {.f = f, .scratch = x, .lines = parse_lines_of(f->text), .start = OUTSIDE};
  MD_PARSER parser = {
      /* indented text holds links: in Obsidian it is mostly outlines, rarely code */
      .flags = MD_FLAG_TABLES | MD_FLAG_NOINDENTEDCODEBLOCKS,
      .enter_block = enter_block,
      .leave_block = leave_block,
      .enter_span = no_span,
      .leave_span = no_span,
      .text = on_text};
  x->code.len = x->headings.len = 0;
  if (!mask(f, &x->masked) || md_parse(x->masked.data, (MD_SIZE)x->masked.len, &parser, &b) == -1) {
    f->failed = true;
  }
}
