/* Links, tags, tasks, block ids and the text between them, in one pass over what is not code. */
#include "text/unicode.h"
#include "vault/parse.h"

enum { BRACKETS_MOST = 32 };
#define NONE UINT32_MAX

/* The first place behind `from` where something ends, or that there is none before `until`.
 * Remembered, so that a thousand beginnings without an end cost one search. */
typedef struct ending {
  uint32_t from, until, at;
} ending;

typedef struct scanner {
  facts *f;
  lan_str text;
  const char *s;         /* of the text */
  uint32_t limit;        /* end of the stretch without code that is scanned */
  uint32_t pos;          /* may go over the limit, behind a comment that holds code */
  uint32_t flushed;      /* the text before is in a piece, or is markup */
  facts_piece_kind kind; /* of the text at pos */
  parse_lines lines;
  size_t code;  /* the first stretch of code that ends behind pos */
  size_t block; /* the first block of code that begins behind what was searched for formulas */
  ending link, formula, formulas;
  uint32_t brackets[BRACKETS_MOST]; /* '[' that may begin a Markdown link */
  uint32_t n_brackets;
  bool no_script_end, no_style_end; /* from here on */
} scanner;

static bool at(const scanner *sc, uint32_t i, char c) { return i < sc->limit && sc->s[i] == c; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* What may be scanned as one: the text up to the limit. */
static lan_str scanned(const scanner *sc) { return (lan_str){sc->s, sc->limit}; }

static void add_piece(scanner *sc, uint32_t start, uint32_t end, facts_piece_kind kind) {
  if (end <= start) return;
  PARSE_PUSH(sc->f, pieces, (facts_piece){{sc->s + start, end - start}, kind});
}

/* The text up to `end` becomes a piece; what follows begins at `next`. */
static void flush(scanner *sc, uint32_t end, uint32_t next) {
  add_piece(sc, sc->flushed, end, sc->kind);
  sc->flushed = next;
}

static void skip(scanner *sc, uint32_t start, uint32_t end) {
  flush(sc, start, end);
  sc->pos = end;
}

/* Whether the search that was remembered answers one from `from` on. */
static bool knows(const ending *e, uint32_t from) {
  return from >= e->from && from <= e->until && (e->at == NONE || e->at >= from);
}

/* ---- [[wikilinks]] ---- */

/* The "]]" on this line that is not in code: [[a|`b`]] is a link. */
static uint32_t find_link_end(scanner *sc, uint32_t from) {
  if (knows(&sc->link, from)) return sc->link.at;
  const struct parse_scratch *x = sc->f->scratch;
  uint32_t i = from, end = (uint32_t)sc->text.len;
  size_t code = sc->code;
  for (; i + 1 < end && sc->s[i] != '\n' && !(sc->s[i] == ']' && sc->s[i + 1] == ']'); i++) {
    while (code < x->code.len && x->code.data[code].end <= i) code++;
    if (code < x->code.len && x->code.data[code].start <= i) i = x->code.data[code].end - 1;
  }
  bool found = i + 1 < end && sc->s[i] == ']';
  sc->link = (ending){from, i, found ? i : NONE};
  return sc->link.at;
}

static void add_wikilink(scanner *sc, uint32_t start, uint32_t open, uint32_t close) {
  facts_link link = {.start = start, .end = close + 2, .kind = FACTS_LINK_WIKI};
  link.embed = start < open;
  parse_wikilink((lan_str){sc->s + open + 2, close - open - 2}, link.embed, &link);
  link.from = (lan_str){"", 0};
  link.line = parse_line(&sc->lines, start);
  if (link.target.len || link.subpath.len) PARSE_PUSH(sc->f, links, link);
  skip(sc, start, close + 2);
  lan_str words = link.shown.len ? link.shown : link.target;
  if (words.len) PARSE_PUSH(sc->f, pieces, (facts_piece){words, FACTS_LINKED});
}

/* At "[[". The last "[[" before the end is what opens the link. */
static bool scan_wikilink(scanner *sc) {
  uint32_t open = sc->pos, close = find_link_end(sc, open + 2);
  if (close == NONE || close <= open + 2) return false;
  for (uint32_t i = open + 1; i + 1 < close; i++) {
    if (sc->s[i] == '[' && sc->s[i + 1] == '[') open = i;
  }
  if (close <= open + 2) return false;
  bool embed = open > sc->flushed && sc->s[open - 1] == '!' &&
               !(open > sc->flushed + 1 && sc->s[open - 2] == '\\');
  add_wikilink(sc, open - embed, open, close);
  return true;
}

/* ---- [shown](target) ---- */

static void push_bracket(scanner *sc) {
  if (sc->n_brackets == BRACKETS_MOST) { /* the outermost is given up */
    memmove(sc->brackets, sc->brackets + 1, (BRACKETS_MOST - 1) * sizeof *sc->brackets);
    sc->n_brackets--;
  }
  sc->brackets[sc->n_brackets++] = sc->pos;
}

/* At "](": the link that the last open "[" began. */
static bool scan_markdown_link(scanner *sc) {
  if (sc->n_brackets == 0) return false;
  uint32_t open = sc->brackets[--sc->n_brackets], i = sc->pos + 2;
  lan_str destination;
  while (at(sc, i, ' ')) i++;
  if (at(sc, i, '[') && at(sc, i + 1, '[')) return false; /* [shown]([[target]]): as [[target]] */
  i = parse_destination(scanned(sc), i, &destination);
  if (i != NONE) i = parse_link_end(scanned(sc), i);
  if (i == NONE) return false;
  facts_link link = {.kind = FACTS_LINK_MARKDOWN, .end = i + 1, .from = {"", 0}};
  link.embed = open > sc->f->body && sc->s[open - 1] == '!';
  link.start = open - link.embed;
  link.shown = lan_str_trim((lan_str){sc->s + open + 1, sc->pos - open - 1});
  if (link.embed) link.shown = parse_without_size(link.shown);
  bool local = parse_local_target(sc->f, destination, &link.target, &link.subpath);
  if (local) {
    link.line = parse_line(&sc->lines, link.start);
    PARSE_PUSH(sc->f, links, link);
  }
  if (open >= sc->flushed) { /* the shown text is one piece, the destination none */
    flush(sc, link.start, sc->pos);
    add_piece(sc, open + 1, sc->pos, local ? FACTS_LINKED : sc->kind);
    sc->flushed = i + 1;
    sc->pos = i + 1;
  } else {
    skip(sc, sc->pos, i + 1);
  }
  return true;
}

/* "[label]: target" at the beginning of a line. */
static bool scan_definition(scanner *sc, uint32_t line_start) {
  uint32_t i = line_start;
  while (i - line_start < 3 && at(sc, i, ' ')) i++;
  if (!at(sc, i, '[') || at(sc, i + 1, '[') || at(sc, i + 1, '^')) return false;
  uint32_t label = i + 1;
  while (i < sc->limit && sc->s[i] != ']' && sc->s[i] != '\n') i++;
  if (!at(sc, i, ']') || !at(sc, i + 1, ':')) return false;
  lan_str destination, target, subpath, name = {sc->s + label, i - label};
  i += 2;
  while (at(sc, i, ' ') || at(sc, i, '\t')) i++;
  i = parse_destination(scanned(sc), i, &destination);
  if (i == NONE) return false;
  if (parse_local_target(sc->f, destination, &target, &subpath)) {
    parse_add_definition(sc->f, name, target, subpath);
  }
  skip(sc, line_start, parse_title_end(scanned(sc), i));
  return true;
}

/* ---- tasks, tags, block ids, addresses ---- */

/* "- [x] text": at the bracket. */
static void scan_task(scanner *sc) {
  uint32_t i = sc->pos, floor = sc->f->body;
  if (!at(sc, i + 2, ']') || i + 3 >= sc->limit || !is_blank(sc->s[i + 3])) return;
  if (i < floor + 2 || sc->s[i - 1] != ' ') return;
  i -= 2;
  if (sc->s[i] == '.' || sc->s[i] == ')') {
    if (i == floor || !is_digit(sc->s[i - 1])) return;
    while (i > floor && is_digit(sc->s[i - 1])) i--;
  } else if (sc->s[i] != '-' && sc->s[i] != '*' && sc->s[i] != '+') {
    return;
  }
  while (i > floor && (sc->s[i - 1] == ' ' || sc->s[i - 1] == '\t' || sc->s[i - 1] == '>')) i--;
  if (i > floor && sc->s[i - 1] != '\n') return;
  const char *p = sc->s + sc->pos + 3;
  const char *end = memchr(p, '\n', sc->text.len - sc->pos - 3);
  lan_str text = {p, (size_t)((end ? end : sc->s + sc->text.len) - p)};
  uint32_t line = parse_line(&sc->lines, sc->pos);
  PARSE_PUSH(sc->f, tasks, (facts_task){lan_str_trim(text), line, sc->s[sc->pos + 1]});
}

static bool is_tag_sign(uint32_t cp) {
  if (cp < 0x80)
    return is_letter((char)cp) || is_digit((char)cp) || cp == '_' || cp == '-' || cp == '/';
  return text_class_of(cp) != TEXT_OTHER || text_is_emoji(cp);
}

/* Whether a word may begin here: behind white space or an opening sign. */
static bool starts_word(const scanner *sc, uint32_t i) {
  if (i == sc->f->body) return true;
  char c = sc->s[i - 1];
  if ((unsigned char)c < 0x80) return is_blank(c) || c == '(' || c == ',' || c == ';' || c == '|';
  uint32_t start = i - 1, cp;
  while (start > sc->f->body && i - start < 4 && ((unsigned char)sc->s[start] & 0xC0u) == 0x80u) {
    start--;
  }
  return lan_utf8_decode(sc->s + start, i - start, &cp) == i - start && text_is_space(cp);
}

static bool scan_tag(scanner *sc) {
  if (!starts_word(sc, sc->pos)) return false;
  uint32_t start = sc->pos + 1, i = start;
  bool digits_only = true;
  while (i < sc->limit) {
    uint32_t cp;
    size_t len = lan_utf8_decode(sc->s + i, sc->limit - i, &cp);
    if (!is_tag_sign(cp)) break;
    digits_only &= (cp >= '0' && cp <= '9') || cp == '/';
    i += (uint32_t)len;
  }
  lan_str name = {sc->s + start, i - start};
  while (name.len && name.ptr[name.len - 1] == '/') name.len--;
  if (name.len == 0 || digits_only) return false;
  PARSE_PUSH(sc->f, tags, (facts_tag){name, parse_line(&sc->lines, sc->pos)});
  sc->pos = i;
  return true;
}

/* "^id" at the end of a line. */
static bool scan_block_id(scanner *sc) {
  uint32_t start = sc->pos + 1, i = start;
  if (sc->pos > sc->f->body && !is_blank(sc->s[sc->pos - 1])) return false;
  while (i < sc->limit && (is_digit(sc->s[i]) || sc->s[i] == '-' || is_letter(sc->s[i]))) i++;
  uint32_t end = i;
  while (at(sc, i, ' ') || at(sc, i, '\t') || at(sc, i, '\r')) i++;
  if (end == start || (i < sc->text.len && sc->s[i] != '\n')) return false;
  PARSE_PUSH(sc->f, block_ids, (lan_str){sc->s + start, end - start});
  skip(sc, sc->pos, end);
  return true;
}

static bool ends_address(char c) {
  return (unsigned char)c <= ' ' || (c && strchr("<>\"()[]|`", c));
}

/* Addresses are no words: "https://..." is left out up to white space or a bracket. */
static bool scan_address(scanner *sc) {
  if (!at(sc, sc->pos + 1, '/') || !at(sc, sc->pos + 2, '/')) return false;
  uint32_t start = sc->pos, i = sc->pos + 3;
  while (start > sc->flushed && (is_letter(sc->s[start - 1]) || is_digit(sc->s[start - 1])))
    start--;
  if (start == sc->pos) return false;
  while (i < sc->limit && !ends_address(sc->s[i])) i++;
  skip(sc, start, i);
  return true;
}

/* ---- HTML ---- */

/* Where `end` begins at or behind `from`, in any case; NONE if nowhere. `end` is lower case and
 * begins with a sign. */
static uint32_t find_end(const scanner *sc, uint32_t from, const char *end) {
  size_t len = strlen(end);
  const char *p = sc->s + from, *last = sc->s + sc->text.len;
  while ((size_t)(last - p) >= len && (p = memchr(p, end[0], (size_t)(last - p)))) {
    size_t i = 1;
    while (i < len && p + i < last && (is_letter(p[i]) ? (char)(p[i] | 32) : p[i]) == end[i]) i++;
    if (i == len) return (uint32_t)(p - sc->s);
    p++;
  }
  return NONE;
}

static bool begins(const scanner *sc, uint32_t i, const char *word) {
  for (; *word; word++, i++) {
    if (i >= sc->limit || (is_letter(sc->s[i]) ? (sc->s[i] | 32) : sc->s[i]) != *word) return false;
  }
  return true;
}

/* A script or style with what is in it: no text, no links. (A comment is text: it may hold links, as one in %% does.) */
static bool skip_to(scanner *sc, const char *end, bool *nowhere) {
  uint32_t i = *nowhere ? NONE : find_end(sc, sc->pos + 4, end);
  *nowhere = i == NONE;
  if (i == NONE) return false;
  skip(sc, sc->pos, i + (uint32_t)strlen(end));
  return true;
}

/* <tag ...> is no text; what is between tags is. */
static bool scan_html(scanner *sc) {
  uint32_t i = sc->pos + 1;
  if (begins(sc, i, "script") && skip_to(sc, "</script>", &sc->no_script_end)) return true;
  if (begins(sc, i, "style") && skip_to(sc, "</style>", &sc->no_style_end)) return true;
  if (at(sc, i, '/')) i++;
  if (i >= sc->limit || !is_letter(sc->s[i])) return false;
  for (; i < sc->limit; i++) {
    if (sc->s[i] == '>') {
      skip(sc, sc->pos, i + 1);
      return true;
    }
    if (sc->s[i] == '<' || ((sc->s[i] == '\n' || sc->s[i] == '[') && at(sc, i + 1, sc->s[i])))
      break;
  }
  return false;
}

/* ---- mathematics ---- */

static bool skip_formula(scanner *sc, uint32_t start, uint32_t end, uint32_t next) {
  flush(sc, sc->pos, next);
  add_piece(sc, start, end, FACTS_CODE);
  sc->pos = next;
  return true;
}

static bool is_blank_line(const scanner *sc, uint32_t newline) {
  uint32_t i = newline + 1;
  while (i < sc->text.len && (sc->s[i] == ' ' || sc->s[i] == '\t' || sc->s[i] == '\r')) i++;
  return i >= sc->text.len || sc->s[i] == '\n';
}

/* The "$" that can end $...$: not behind white space, not before a digit (so that prices are none),
 * in the same paragraph. */
static uint32_t find_formula_end(scanner *sc, uint32_t from) {
  if (knows(&sc->formula, from)) return sc->formula.at;
  uint32_t i = from;
  for (; i < sc->limit; i++) {
    if (sc->s[i] == '\n' && is_blank_line(sc, i)) break;
    if (sc->s[i] == '\\')
      i++;
    else if (sc->s[i] == '$' && !is_blank(sc->s[i - 1]) &&
             !(i + 1 < sc->limit && is_digit(sc->s[i + 1])))
      break;
  }
  bool found = i < sc->limit && sc->s[i] == '$';
  sc->formula = (ending){from, i, found ? i : NONE};
  return sc->formula.at;
}

/* The next "$$" before the next block of code. */
static uint32_t find_formulas_end(scanner *sc, uint32_t from) {
  if (knows(&sc->formulas, from)) return sc->formulas.at;
  const struct parse_scratch *x = sc->f->scratch;
  const parse_range *code = x->code.data;
  while (sc->block < x->code.len && !(code[sc->block].block && code[sc->block].start >= from)) {
    sc->block++;
  }
  uint32_t end = sc->block < x->code.len ? code[sc->block].start : (uint32_t)sc->text.len;
  const char *p = from < end ? memmem(sc->s + from, end - from, "$$", 2) : NULL;
  sc->formulas = (ending){from, p ? (uint32_t)(p - sc->s) : end, p ? (uint32_t)(p - sc->s) : NONE};
  return sc->formulas.at;
}

static bool begins_line(const scanner *sc, uint32_t i) {
  while (i > sc->flushed && (sc->s[i - 1] == ' ' || sc->s[i - 1] == '\t' || sc->s[i - 1] == '>'))
    i--;
  return i == sc->f->body || sc->s[i - 1] == '\n';
}

static bool scan_formula(scanner *sc) {
  uint32_t pos = sc->pos, end;
  if (!at(sc, pos + 1, '$')) {
    if (pos + 1 >= sc->limit || is_blank(sc->s[pos + 1])) return false;
    end = find_formula_end(sc, pos + 1);
    return end != NONE && end > pos + 1 && skip_formula(sc, pos + 1, end, end + 1);
  }
  end = find_formulas_end(sc, pos + 2);
  bool in_line = !begins_line(sc, pos);
  for (uint32_t i = pos + 2; in_line && end != NONE && i < end; i++) {
    if (sc->s[i] == '\n' && is_blank_line(sc, i)) end = NONE;
  }
  if (end != NONE) return skip_formula(sc, pos + 2, end, end + 2);
  sc->pos = pos + 2; /* text, both of it */
  return true;
}

/* ---- the pass ---- */

static bool scan_open(scanner *sc) {
  if (at(sc, sc->pos + 1, '[') && scan_wikilink(sc)) return true;
  scan_task(sc);
  push_bracket(sc);
  return false;
}

static bool scan_close(scanner *sc) {
  if (at(sc, sc->pos + 1, '(')) return scan_markdown_link(sc);
  if (sc->n_brackets) sc->n_brackets--;
  return false;
}

static bool scan_newline(scanner *sc) {
  if (at(sc, sc->pos + 1, '\n') || at(sc, sc->pos + 1, '\r')) sc->n_brackets = 0;
  return scan_definition(sc, sc->pos + 1);
}

static bool scan_sign(scanner *sc) {
  switch (sc->s[sc->pos]) {
    case '[': return scan_open(sc);
    case ']': return scan_close(sc);
    case '#': return scan_tag(sc);
    case '^': return scan_block_id(sc);
    case ':': return scan_address(sc);
    case '<': return scan_html(sc);
    case '$': return scan_formula(sc);
    case '\n': return scan_newline(sc);
    case '\\':
      sc->pos += sc->pos + 1 < sc->limit && sc->s[sc->pos + 1] != '\n' ? 2 : 1;
      return true;
    default: return false;
  }
}

/* The bytes that scan_sign looks at. */
static const bool is_sign[256] = {
    ['['] = true, [']'] = true, ['#'] = true,  ['^'] = true, [':'] = true,
    ['<'] = true, ['$'] = true, ['\\'] = true, ['\n'] = true};

static void scan_stretch(scanner *sc, uint32_t limit) {
  sc->limit = limit;
  sc->formula = (ending){1, 0, NONE};
  while (sc->pos < limit) {
    if (!is_sign[(unsigned char)sc->s[sc->pos]] || !scan_sign(sc)) sc->pos++;
  }
  if (sc->flushed < limit) flush(sc, limit, limit);
  if (sc->flushed > sc->pos) sc->pos = sc->flushed;
}

/* The text up to `end`, with code in it. Brackets may open before a code span and close behind. */
static void scan_part(scanner *sc, uint32_t end, facts_piece_kind kind) {
  const struct parse_scratch *x = sc->f->scratch;
  sc->kind = kind;
  sc->n_brackets = 0;
  while (sc->pos < end) {
    while (sc->code < x->code.len && x->code.data[sc->code].end <= sc->pos) sc->code++;
    const parse_range *code = sc->code < x->code.len ? &x->code.data[sc->code] : NULL;
    if (!code || code->start >= end) {
      scan_stretch(sc, end);
      continue;
    }
    if (sc->pos < code->start) scan_stretch(sc, code->start);
    if (sc->pos >= code->end) continue; /* a comment or formula went on behind it */
    add_piece(sc, sc->pos, code->end, FACTS_CODE);
    sc->pos = sc->flushed = code->end;
    if (code->block) sc->n_brackets = 0;
  }
}

void parse_inline(facts *f) {
  struct parse_scratch *x = f->scratch;
  scanner sc = {.f = f, .text = f->text, .s = f->text.ptr, .pos = f->body, .flushed = f->body};
  uint32_t end = (uint32_t)f->text.len;
  sc.lines = parse_lines_of(f->text);
  sc.link = sc.formulas = (ending){1, 0, NONE};
  sc.limit = end;
  scan_definition(&sc, sc.pos);
  for (size_t i = 0; i < x->headings.len; i++) {
    const parse_range *h = &x->headings.data[i];
    if (h->start < sc.pos) continue;
    scan_part(&sc, h->start, FACTS_PROSE);
    scan_part(&sc, h->end, FACTS_HEADING);
  }
  scan_part(&sc, end, FACTS_PROSE);
  parse_references(f);
}
