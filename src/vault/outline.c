/* The block structure of a part of a note without md4c: what is code, what a heading. It looks at one line after the
 * other, behind the signs of quotes and lists, and knows of CommonMark what decides that. */
#include "vault/parse.h"

#define NONE UINT32_MAX
enum {
  TICKS_MOST = 32, /* of a code span, as in md4c */
  LISTS_MOST = 16  /* in each other */
};

typedef struct outline {
  facts *f;
  const char *s;
  uint32_t block;   /* where the paragraph that we are in begins; NONE: in none */
  bool one_line;    /* it has no more yet */
  uint32_t columns; /* of the table that it is, each line by itself; 0: it is none */
  bool html;        /* up to the next blank line */
  char fence;       /* the sign of the block of code that we are in; 0: in none */
  uint32_t fence_length, fence_start,
      fence_end;                       /* fence_end: of the last line with text; NONE: none yet */
  uint32_t fence_quotes, fence_column; /* of the quotes and the list that it stands in */
  uint32_t lists[LISTS_MOST], n_lists; /* where the content of list items begins: columns */
} outline;

/* A line behind the signs of quotes and lists. */
typedef struct outline_line {
  uint32_t start, text, end; /* text: behind the signs and blanks */
  uint32_t quotes;
  bool item; /* a list item begins here */
} outline_line;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

static void add_code(outline *o, uint32_t start, uint32_t end, bool block) {
  struct parse_scratch *x = o->f->scratch;
  if (end <= start || (x->code.len && start < x->code.data[x->code.len - 1].end)) return;
  if (!VEC_PUSH(&x->code, (parse_range){start, end, block})) o->f->failed = true;
}

/* ---- code spans ---- */

static uint32_t ticks_at(const outline *o, uint32_t i, uint32_t end) {
  uint32_t n = 0;
  while (i + n < end && o->s[i + n] == '`') n++;
  return n;
}

static uint32_t find_ticks(const outline *o, uint32_t i, uint32_t end, uint32_t n) {
  while (i < end) {
    const char *p = memchr(o->s + i, '`', end - i);
    if (!p) return NONE;
    i = (uint32_t)(p - o->s);
    uint32_t found = ticks_at(o, i, end);
    if (found == n) return i;
    i += found;
  }
  return NONE;
}

/* A block of text: `code` in it. Runs of ticks that nothing ends are remembered, so that it is read once a
 * length at most. */
static void read_spans(outline *o, uint32_t start, uint32_t end) {
  bool endless[TICKS_MOST + 1] = {false};
  for (uint32_t i = start; i < end;) {
    if (o->s[i] == '\\') {
      i += 2;
      continue;
    }
    uint32_t n = ticks_at(o, i, end);
    if (n == 0) {
      i++;
      continue;
    }
    uint32_t close = n > TICKS_MOST || endless[n] ? NONE : find_ticks(o, i + n, end, n);
    if (close == NONE && n <= TICKS_MOST) endless[n] = true;
    if (close != NONE) add_code(o, i + n, close, false);
    i = close == NONE ? i + n : close + n;
  }
}

/* Where the cells end that a row may have: behind those of the line that made the table there is nothing. */
static uint32_t cells_end(const outline *o, uint32_t start, uint32_t end, uint32_t columns) {
  uint32_t cells = 0, i = start;
  while (i < end && (is_blank(o->s[i]) || o->s[i] == '>')) i++;
  if (i < end && o->s[i] == '|') i++;
  for (uint32_t n; i < end && cells < columns; i++) {
    if (o->s[i] == '|') cells++;
    if (o->s[i] == '\\') i++;
    if (o->s[i] != '`') continue;
    n = ticks_at(o, i, end);
    uint32_t close = n > TICKS_MOST ? NONE : find_ticks(o, i + n, end, n);
    i = close == NONE ? i + n - 1 : close + n - 1;
  }
  return i < end ? i : end;
}

static void read_row(outline *o, uint32_t start, uint32_t end) {
  read_spans(o, start, cells_end(o, start, end, o->columns));
}

static void end_block(outline *o, uint32_t end) {
  if (o->block != NONE && o->columns) read_row(o, o->block, end);
  if (o->block != NONE && !o->columns) read_spans(o, o->block, end);
  o->block = NONE;
  o->columns = 0;
  o->html = false;
}

/* ---- headings ---- */

static void add_heading(outline *o, uint32_t start, uint32_t end, uint32_t level) {
  facts *f = o->f;
  lan_str text = lan_str_trim((lan_str){o->s + start, end - start});
  if (text.len == 0) return;
  start = (uint32_t)(text.ptr - o->s);
  uint32_t line = parse_line(&f->scratch->lines, start);
  PARSE_PUSH(f, headings, (facts_heading){text, line, level});
  parse_range r = {start, start + (uint32_t)text.len, false};
  if (!VEC_PUSH(&f->scratch->headings, r)) f->failed = true;
  read_spans(o, start, start + (uint32_t)text.len);
}

/* Of "## text ##" at i; 0: it is none. */
static uint32_t heading_level(const outline *o, uint32_t i, uint32_t end) {
  uint32_t level = 0;
  while (i + level < end && o->s[i + level] == '#') level++;
  if (level > 6 || (i + level < end && !strchr(" \t\r", o->s[i + level]))) return 0;
  return level;
}

static void read_heading(outline *o, uint32_t i, uint32_t end, uint32_t level) {
  uint32_t last = end;
  i += level;
  while (last > i && strchr(" \t\r", o->s[last - 1]) && o->s[last - 1]) last--;
  uint32_t hashes = last;
  while (hashes > i && o->s[hashes - 1] == '#') hashes--;
  if (hashes > i && (o->s[hashes - 1] == ' ' || o->s[hashes - 1] == '\t')) last = hashes;
  add_heading(o, i, last, level);
}

/* ---- lines ---- */

/* How much of i .. end is the mark of a list item; 0: none. */
static uint32_t list_mark(const outline *o, uint32_t i, uint32_t end) {
  uint32_t n = 0;
  if (i < end && (o->s[i] == '-' || o->s[i] == '*' || o->s[i] == '+')) {
    n = 1;
  } else {
    while (n < 9 && i + n < end && is_digit(o->s[i + n])) n++;
    if (n == 0 || i + n >= end || (o->s[i + n] != '.' && o->s[i + n] != ')')) return 0;
    n++;
  }
  return i + n == end || is_blank(o->s[i + n]) ? n : 0;
}

/* "***", "- - -": a line of one sign, three times or more. */
static bool is_rule(const outline *o, uint32_t i, uint32_t end) {
  char sign = i < end ? o->s[i] : 0;
  uint32_t n = 0;
  if (sign != '-' && sign != '*' && sign != '_') return false;
  for (; i < end; i++) {
    if (o->s[i] == sign) {
      n++;
    } else if (!is_blank(o->s[i])) {
      return false;
    }
  }
  return n >= 3;
}

/* Passes signs of quotes, at most `most` of them, and blanks. */
static void pass_quotes(const outline *o, outline_line *l, uint32_t most) {
  for (; l->text < l->end; l->text++) {
    if (o->s[l->text] == '>' && l->quotes < most) {
      l->quotes++;
    } else if (!is_blank(o->s[l->text])) {
      break;
    }
  }
}

/* The column of a place in its line, tabs going to every fourth. */
static uint32_t column_of(const outline *o, uint32_t start, uint32_t i) {
  uint32_t column = 0;
  for (; start < i; start++) column += o->s[start] == '\t' ? 4 - column % 4 : 1;
  return column;
}

/* Items end where a line begins left of their content. */
static void leave_lists(outline *o, uint32_t column) {
  while (o->n_lists && o->lists[o->n_lists - 1] > column) o->n_lists--;
}

static void pass_signs(outline *o, outline_line *l) {
  pass_quotes(o, l, NONE);
  uint32_t column = column_of(o, l->start, l->text), from = l->text;
  if (l->text < l->end) leave_lists(o, column);
  for (uint32_t n, i = 0; i < LISTS_MOST && !is_rule(o, l->text, l->end); i++) {
    n = list_mark(o, l->text, l->end);
    if (n == 0) break;
    l->text += n;
    l->item = true;
    column += l->text - from + 1;
    from = l->text;
    if (o->n_lists < LISTS_MOST) o->lists[o->n_lists++] = column;
    pass_quotes(o, l, NONE);
  }
}

/* ---- fences ---- */

static void end_fence(outline *o, uint32_t end) {
  /* Without text in it, it is no code: nothing in it could be anything else. */
  if (o->fence_end != NONE) add_code(o, o->fence_start, end, true);
  o->fence = 0;
}

static bool begin_fence(outline *o, const outline_line *l) {
  char sign = l->text < l->end ? o->s[l->text] : 0;
  uint32_t n = 0;
  if (sign != '`' && sign != '~') return false;
  while (l->text + n < l->end && o->s[l->text + n] == sign) n++;
  bool info_has_ticks =
      sign == '`' && memchr(o->s + l->text + n, '`', l->end - l->text - n) != NULL;
  if (n < 3 || info_has_ticks) return false;
  o->fence = sign;
  o->fence_length = n;
  o->fence_start = l->start;
  o->fence_end = NONE;
  o->fence_quotes = l->quotes;
  o->fence_column = o->n_lists ? o->lists[o->n_lists - 1] : 0;
  return true;
}

static bool closes_fence(const outline *o, const outline_line *l) {
  uint32_t i = l->text, n = 0;
  while (i < l->end && o->s[i] == o->fence) i++, n++;
  while (i < l->end && is_blank(o->s[i])) i++;
  return n >= o->fence_length && i == l->end;
}

/* A line while in a fence; false: it is not in it any more. */
static bool read_code_line(outline *o, uint32_t start, uint32_t end) {
  outline_line l = {start, start, end, 0, false};
  pass_quotes(o, &l, o->fence_quotes);
  bool blank = l.text == l.end;
  bool left = !blank && column_of(o, start, l.text) < o->fence_column;
  if (l.quotes < o->fence_quotes || left) {
    end_fence(o, o->fence_end == NONE ? start : o->fence_end);
    return false;
  }
  if (closes_fence(o, &l)) {
    end_fence(o, end);
  } else if (!blank) {
    o->fence_end = end;
  }
  return true;
}

/* ---- the pass ---- */

/* "| --- | :-: |" under a line of text makes a table of both, with so many columns; 0: it is none. As in md4c three signs are
 * the least in a cell. */
static uint32_t table_columns(const outline *o, uint32_t i, uint32_t end) {
  uint32_t columns = 0, signs = 0; /* signs: in the cell that we are in */
  bool bar = false;
  for (; i <= end; i++) {
    char c = i < end ? o->s[i] : '|';
    bar |= c == '|' && i < end;
    if (c == '-' || c == ':') {
      signs++;
    } else if (c == '|') {
      if (signs > 0 && signs < 3) return 0;
      columns += signs > 0;
      signs = 0;
    } else if (!is_blank(c)) {
      return 0;
    }
  }
  return bar ? columns : 0;
}

/* "===" or "---" under a line of text makes a heading of it. */
static uint32_t underline_level(const outline *o, const outline_line *l) {
  uint32_t i = l->text, end = l->end;
  while (end > i && is_blank(o->s[end - 1])) end--;
  char sign = i < end ? o->s[i] : 0;
  while (i < end && o->s[i] == sign) i++;
  if (i < end || (sign != '=' && sign != '-')) return 0;
  return sign == '=' ? 1 : 2;
}

/* Names of elements that begin a block of HTML (CommonMark 4.6), those that notes hold. */
static bool is_block_name(lan_str name) {
  static const char *const names[] = {
      "address",  "article",    "aside",   "blockquote", "body",  "caption", "center",
      "col",      "dd",         "details", "dialog",     "div",   "dl",      "dt",
      "fieldset", "figcaption", "figure",  "footer",     "form",  "h1",      "h2",
      "h3",       "h4",         "h5",      "h6",         "head",  "header",  "hr",
      "html",     "iframe",     "legend",  "li",         "link",  "main",    "menu",
      "nav",      "ol",         "option",  "p",          "param", "pre",     "script",
      "section",  "style",      "summary", "table",      "tbody", "td",      "textarea",
      "tfoot",    "th",         "thead",   "title",      "tr",    "track",   "ul"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t k = 0;
    while (k < name.len && names[i][k] && (name.ptr[k] | 32) == (names[i][k] | 32)) k++;
    if (k == name.len && !names[i][k]) return true;
  }
  return false;
}

/* A comment, an element of a block, or any tag that stands on the line by itself. */
static bool begins_html(const outline *o, const outline_line *l) {
  uint32_t i = l->text + 1, end = l->end;
  if (i >= end || o->s[i - 1] != '<') return false;
  if (o->s[i] == '!' || o->s[i] == '?') return true;
  if (o->s[i] == '/') i++;
  uint32_t name = i;
  while (i < end && (is_letter(o->s[i]) || is_digit(o->s[i]))) i++;
  if (i == name || (i < end && !is_blank(o->s[i]) && o->s[i] != '/' && o->s[i] != '>'))
    return false;
  if (is_block_name((lan_str){o->s + name, i - name})) return true;
  const char *close = memchr(o->s + i, '>', end - i);
  for (i = close ? (uint32_t)(close - o->s) + 1 : i; i < end && is_blank(o->s[i]);) i++;
  return close && i == end && o->block == NONE;
}

/* What was a paragraph so far is a heading if the line at `start` underlines it, within the same quotes and lists. */
static bool read_underline(outline *o, uint32_t start, uint32_t end) {
  outline_line l = {start, start, end, 0, false};
  if (o->block == NONE || o->columns) return false;
  pass_quotes(o, &l, NONE);
  uint32_t level = underline_level(o, &l), block = o->block;
  bool left = o->n_lists && column_of(o, start, l.text) < o->lists[o->n_lists - 1];
  if (level == 0 || left) return false;
  o->block = NONE;
  add_heading(o, block, start, level);
  return true;
}

/* Whether a line is a heading or begins a block of code, as which it then is read. */
static bool read_sign(outline *o, const outline_line *l) {
  uint32_t level = heading_level(o, l->text, l->end);
  if (level) {
    end_block(o, l->start);
    read_heading(o, l->text, l->end, level);
    return true;
  }
  if (!begin_fence(o, l)) return false;
  end_block(o, l->start);
  return true;
}

static void read_line(outline *o, uint32_t start, uint32_t end) {
  outline_line l = {start, start, end, 0, false};
  if (read_underline(o, start, end)) return;
  pass_signs(o, &l);
  if (l.text == l.end || l.item) end_block(o, start);
  if (l.text == l.end || o->html || read_sign(o, &l)) return;
  if (is_rule(o, l.text, l.end)) end_block(o, start);
  if (begins_html(o, &l)) {
    end_block(o, start);
    o->html = true;
    return;
  }
  if (o->block != NONE && o->one_line) o->columns = table_columns(o, l.text, end);
  o->one_line = o->block == NONE;
  if (o->columns) read_row(o, o->block, start);
  if (o->columns || o->block == NONE) o->block = l.text;
}

static void read_lines(outline *o, uint32_t start, uint32_t end) {
  while (start < end) {
    const char *p = memchr(o->s + start, '\n', end - start);
    uint32_t stop = p ? (uint32_t)(p - o->s) : end;
    if (!o->fence || !read_code_line(o, start, stop)) read_line(o, start, stop);
    start = stop + 1;
  }
  if (o->fence) end_fence(o, o->fence_end == NONE ? end : o->fence_end);
  end_block(o, end);
}

/* The second line is the one that says how many columns there are. */
static void read_rows(outline *o, uint32_t start, uint32_t end) {
  o->columns = NONE;
  for (uint32_t line = 1; start < end; line++) {
    const char *p = memchr(o->s + start, '\n', end - start);
    uint32_t stop = p ? (uint32_t)(p - o->s) : end, columns = 0;
    if (line == 2) columns = table_columns(o, start, stop);
    if (columns) o->columns = columns;
    read_row(o, start, stop);
    start = stop + 1;
  }
}

static void read_heading_part(outline *o, uint32_t start, uint32_t end) {
  uint32_t i = start;
  while (i < end && is_blank(o->s[i])) i++;
  uint32_t level = heading_level(o, i, end);
  if (level) {
    read_heading(o, i, end, level);
    return;
  }
  const char *p = NULL; /* the line under it */
  for (uint32_t k = end; k > start && !p; k--) p = o->s[k - 1] == '\n' ? o->s + k - 1 : NULL;
  uint32_t stop = p ? (uint32_t)(p - o->s) : end;
  add_heading(o, start, stop, p && memchr(p, '=', (size_t)(o->s + end - p)) ? 1 : 2);
}

void parse_outline_begin(facts *f) {
  struct parse_scratch *x = f->scratch;
  x->code.len = x->headings.len = 0;
  x->lines = parse_lines_of(f->text);
}

void parse_outline_part(facts *f, uint32_t start, uint32_t end, parse_part_kind kind) {
  outline o = {.f = f, .s = f->text.ptr, .block = NONE};
  switch (kind) {
    case PARSE_PART_ANY: read_lines(&o, start, end); break;
    case PARSE_PART_HEADING: read_heading_part(&o, start, end); break;
    case PARSE_PART_TABLE: read_rows(&o, start, end); break;
    case PARSE_PART_HTML: break;
  }
}
