/* The block structure of a note, by md4c: what is code, what a heading, what a task. */
#include <md4c.h>

#include "vault/parse.h"

typedef struct blocks {
  facts *f;
  parse_ranges *ranges;
  const char *base;
  size_t size;
  unsigned heading;              /* level of the heading that we are in; 0: none */
  uint32_t text_start, text_end; /* of it */
} blocks;

/* md4c hands out pointers into its input, but for a few constant strings. */
static bool position_of(const blocks *b, const MD_CHAR *text, MD_SIZE size, uint32_t *start) {
  if (text < b->base || text + size > b->base + b->size) return false;
  *start = (uint32_t)(text - b->f->text.ptr);
  return true;
}

static void add_range(blocks *b, parse_range r) {
  parse_range *last = b->ranges->len ? &b->ranges->data[b->ranges->len - 1] : NULL;
  if (r.end <= r.start) return;
  if (last && r.start < last->end) return; /* out of order: nothing that md4c does, but harmless */
  if (last && r.start == last->end && last->heading == r.heading) {
    last->end = r.end;
  } else if (!VEC_PUSH(b->ranges, r)) {
    b->f->failed = true;
  }
}

static void add_task(blocks *b, const MD_BLOCK_LI_DETAIL *li) {
  facts *f = b->f;
  uint32_t mark = (uint32_t)(b->base - f->text.ptr) + li->task_mark_offset;
  uint32_t start = mark + 2; /* after the "]" */
  if (start > f->text.len) return;
  const char *p = f->text.ptr + start;
  const char *end = memchr(p, '\n', f->text.len - start);
  lan_str text = {p, end ? (size_t)(end - p) : f->text.len - start};
  PARSE_PUSH(f, tasks,
             (facts_task){lan_str_trim(text), facts_line(f->text, mark), (char)li->task_mark});
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx) {
  blocks *b = ctx;
  if (type == MD_BLOCK_H) {
    b->heading = ((MD_BLOCK_H_DETAIL *)detail)->level;
    b->text_start = UINT32_MAX;
    b->text_end = 0;
  } else if (type == MD_BLOCK_LI && ((MD_BLOCK_LI_DETAIL *)detail)->is_task) {
    add_task(b, detail);
  }
  return b->f->failed;
}

/* A heading's text is what stands on its lines: md4c tells the text in links, not where they lead.
 */
static void widen_to_lines(const blocks *b, uint32_t *start, uint32_t *end) {
  lan_str t = b->f->text;
  while (*start > b->f->body && t.ptr[*start - 1] != '\n') (*start)--;
  while (*start < *end && (t.ptr[*start] == '#' || t.ptr[*start] == ' ')) (*start)++;
  while (*end < t.len && t.ptr[*end] != '\n' && t.ptr[*end] != '\r') (*end)++;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ctx) {
  blocks *b = ctx;
  (void)detail;
  if (type != MD_BLOCK_H) return b->f->failed;
  if (b->text_start < b->text_end) {
    facts *f = b->f;
    widen_to_lines(b, &b->text_start, &b->text_end);
    lan_str text = {f->text.ptr + b->text_start, b->text_end - b->text_start};
    uint32_t line = facts_line(f->text, b->text_start);
    PARSE_PUSH(f, headings, (facts_heading){lan_str_trim(text), line, b->heading});
    add_range(b, (parse_range){b->text_start, b->text_end, true});
  }
  b->heading = 0;
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
  uint32_t start;
  if (!position_of(b, text, size, &start)) return 0;
  uint32_t end = start + size;
  if (b->heading) {
    if (start < b->text_start) b->text_start = start;
    if (end > b->text_end) b->text_end = end;
    if (type != MD_TEXT_CODE) return 0;
  }
  if (type == MD_TEXT_CODE || type == MD_TEXT_LATEXMATH) {
    if (!b->heading) add_range(b, (parse_range){start, end, false});
  }
  return b->f->failed;
}

void parse_blocks(facts *f, parse_ranges *ranges) {
  blocks b = {
      .f = f, .ranges = ranges, .base = f->text.ptr + f->body, .size = f->text.len - f->body};
  MD_PARSER parser = {
      .flags = MD_FLAG_TABLES | MD_FLAG_TASKLISTS | MD_FLAG_STRIKETHROUGH | MD_FLAG_LATEXMATHSPANS |
               MD_FLAG_NOINDENTEDCODEBLOCKS, /* in Obsidian indented text and HTML hold links */
      .enter_block = enter_block,
      .leave_block = leave_block,
      .enter_span = no_span,
      .leave_span = no_span,
      .text = on_text};
  if (md_parse(b.base, (MD_SIZE)b.size, &parser, &b) == -1) f->failed = true;
}
