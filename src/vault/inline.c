/* Links, tags, block ids and the text between them, in one pass over what is not code. */
#include <stdlib.h>

#include "text/unicode.h"
#include "vault/parse.h"

enum { BRACKETS_MOST = 32, PARENTHESES_MOST = 32 };

typedef struct scanner {
  facts *f;
  const char *s;
  uint32_t n;             /* end of what is scanned */
  uint32_t pos, flushed;  /* text before `flushed` is in a piece, or is markup */
  facts_piece_kind kind;  /* of the text at pos */
  uint32_t line, line_at; /* the line of the position line_at */
  uint32_t close_at;      /* the first "]]" at or after close_from on its line, or UINT32_MAX */
  uint32_t close_from, close_until;
  uint32_t brackets[BRACKETS_MOST]; /* '[' that may begin a Markdown link */
  uint32_t n_brackets;
} scanner;

static void add_piece(scanner *sc, uint32_t start, uint32_t end, facts_piece_kind kind) {
  if (end <= start) return;
  PARSE_PUSH(sc->f, pieces, (facts_piece){{sc->s + start, end - start}, kind});
}

/* The text up to `end` becomes a piece; what follows begins at `next`. */
static void flush(scanner *sc, uint32_t end, uint32_t next) {
  add_piece(sc, sc->flushed, end, sc->kind);
  sc->flushed = next;
}

static uint32_t line_of(scanner *sc, uint32_t position) {
  const char *p = sc->s + sc->line_at, *end = sc->s + position;
  if (position < sc->line_at) return facts_line((lan_str){sc->s, sc->n}, position);
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    sc->line++;
    p++;
  }
  sc->line_at = position;
  return sc->line;
}

/* ---- [[wikilinks]] ---- */

/* The first "]]" at or after `from` and before the next newline. Remembered, so that many "[["
 * without an end cost one search. */
static uint32_t find_close(scanner *sc, uint32_t from) {
  if (from >= sc->close_from && from <= sc->close_until) {
    if (sc->close_at == UINT32_MAX || sc->close_at >= from) return sc->close_at;
  }
  uint32_t i = from;
  while (i + 1 < sc->n && sc->s[i] != '\n' && !(sc->s[i] == ']' && sc->s[i + 1] == ']')) i++;
  bool found = i + 1 < sc->n && sc->s[i] == ']';
  while (found && i + 2 < sc->n && sc->s[i + 2] == ']') i++; /* [[a]]] ends at the last two */
  sc->close_from = from;
  sc->close_until = i;
  sc->close_at = found ? i : UINT32_MAX;
  return sc->close_at;
}

static bool is_image_size(lan_str s) {
  bool digits = s.len > 0;
  for (size_t i = 0; i < s.len; i++)
    digits &= (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == 'x';
  return digits;
}

void parse_wikilink(lan_str inside, bool embed, facts_link *link) {
  const char *bar = inside.len ? memchr(inside.ptr, '|', inside.len) : NULL;
  lan_str path = inside, shown = {"", 0};
  if (bar) {
    path.len = (size_t)(bar - inside.ptr);
    shown = (lan_str){bar + 1, inside.len - path.len - 1};
    if (path.len && path.ptr[path.len - 1] == '\\') path.len--; /* \| in a table */
  }
  const char *hash = path.len ? memchr(path.ptr, '#', path.len) : NULL;
  link->subpath = (lan_str){"", 0};
  if (hash) {
    link->subpath = lan_str_trim((lan_str){hash + 1, path.len - (size_t)(hash - path.ptr) - 1});
    path.len = (size_t)(hash - path.ptr);
  }
  link->target = lan_str_trim(path);
  link->shown = lan_str_trim(shown);
  if (embed && is_image_size(link->shown)) link->shown.len = 0;
}

static void add_wikilink(scanner *sc, uint32_t start, uint32_t open, uint32_t close) {
  facts_link link = {.start = start, .end = close + 2, .kind = FACTS_LINK_WIKI};
  link.embed = start < open;
  parse_wikilink((lan_str){sc->s + open + 2, close - open - 2}, link.embed, &link);
  link.from = (lan_str){"", 0};
  link.line = line_of(sc, start);
  if (link.target.len || link.subpath.len) PARSE_PUSH(sc->f, links, link);
  flush(sc, start, close + 2);
  lan_str words = link.shown.len ? link.shown : link.target;
  if (words.len) PARSE_PUSH(sc->f, pieces, (facts_piece){words, FACTS_LINKED});
  sc->pos = close + 2;
}

static bool at(const scanner *sc, uint32_t i, char c) { return i < sc->n && sc->s[i] == c; }

/* At "[[". The last "[[" before the end is what opens the link. */
static bool scan_wikilink(scanner *sc) {
  uint32_t open = sc->pos, close = find_close(sc, open + 2);
  if (close == UINT32_MAX || close <= open + 2) return false;
  for (uint32_t i = open + 1; i + 1 < close; i++) {
    if (sc->s[i] == '[' && sc->s[i + 1] == '[') open = i;
  }
  while (at(sc, open + 2, '[')) open++;
  if (close <= open + 2) return false;
  uint32_t start = open > sc->flushed && sc->s[open - 1] == '!' ? open - 1 : open;
  add_wikilink(sc, start, open, close);
  return true;
}

/* ---- [shown](target) ---- */

static bool has_scheme(lan_str s) {
  size_t i = 0;
  while (i < s.len && ((s.ptr[i] | 32) >= 'a' && (s.ptr[i] | 32) <= 'z')) i++;
  if (i == 0) return false;
  while (i < s.len && (((s.ptr[i] | 32) >= 'a' && (s.ptr[i] | 32) <= 'z') ||
                       (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '+' || s.ptr[i] == '.' ||
                       s.ptr[i] == '-')) {
    i++;
  }
  return i < s.len && s.ptr[i] == ':';
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static lan_str percent_decoded(facts *f, lan_str s) {
  if (!s.len || !memchr(s.ptr, '%', s.len)) return s;
  char *out = lan_arena_copy(&f->arena, s.ptr, s.len);
  if (!out) {
    f->failed = true;
    return s;
  }
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    int high = s.ptr[i] == '%' && i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(s.ptr[i + 2]) : -1;
    if (low >= 0) {
      out[n++] = (char)(high * 16 + low);
      i += 2;
    } else {
      out[n++] = s.ptr[i];
    }
  }
  return (lan_str){out, n};
}

/* The destination at `i`, after "(": <...> or up to white space with balanced parentheses. Returns
 * where it ends (at the ")" or before a title), UINT32_MAX if it is none. */
static uint32_t destination(const scanner *sc, uint32_t i, lan_str *dest) {
  if (at(sc, i, '<')) {
    uint32_t start = ++i;
    while (i < sc->n && sc->s[i] != '>' && sc->s[i] != '\n' && sc->s[i] != '<') i++;
    if (!at(sc, i, '>')) return UINT32_MAX;
    *dest = (lan_str){sc->s + start, i - start};
    return i + 1;
  }
  uint32_t start = i, depth = 0;
  for (; i < sc->n; i++) {
    char c = sc->s[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') break;
    if (c == '(' && ++depth > PARENTHESES_MOST) return UINT32_MAX;
    if (c == ')' && depth-- == 0) break;
  }
  *dest = (lan_str){sc->s + start, i - start};
  return dest->len ? i : UINT32_MAX;
}

/* After the destination: an optional title, then ")". */
static uint32_t closing_parenthesis(const scanner *sc, uint32_t i) {
  while (at(sc, i, ' ') || at(sc, i, '\t')) i++;
  if (at(sc, i, '"') || at(sc, i, '\'')) {
    char quote = sc->s[i++];
    while (i < sc->n && sc->s[i] != quote && sc->s[i] != '\n') i++;
    if (!at(sc, i, quote)) return UINT32_MAX;
    i++;
  }
  while (at(sc, i, ' ') || at(sc, i, '\t')) i++;
  return at(sc, i, ')') ? i : UINT32_MAX;
}

/* A destination that means a file of the vault: its fields. */
static bool local_link(facts *f, lan_str dest, facts_link *link) {
  if (has_scheme(dest) || (dest.len > 1 && dest.ptr[0] == '/' && dest.ptr[1] == '/')) return false;
  const char *hash = dest.len ? memchr(dest.ptr, '#', dest.len) : NULL;
  link->subpath = (lan_str){"", 0};
  if (hash) {
    size_t before = (size_t)(hash - dest.ptr);
    link->subpath = percent_decoded(f, (lan_str){hash + 1, dest.len - before - 1});
    dest.len = before;
  }
  link->target = lan_str_trim(percent_decoded(f, dest));
  link->from = (lan_str){"", 0};
  return link->target.len || link->subpath.len;
}

/* At "](": the link that the last open "[" began. */
static bool scan_markdown_link(scanner *sc) {
  if (sc->n_brackets == 0) return false;
  uint32_t open = sc->brackets[--sc->n_brackets];
  lan_str dest;
  uint32_t i = sc->pos + 2;
  while (at(sc, i, ' ')) i++;
  i = destination(sc, i, &dest);
  if (i != UINT32_MAX) i = closing_parenthesis(sc, i);
  if (i == UINT32_MAX) return false;
  facts_link link = {.kind = FACTS_LINK_MARKDOWN, .end = i + 1};
  link.embed = open > 0 && sc->s[open - 1] == '!';
  link.start = link.embed ? open - 1 : open;
  link.shown = lan_str_trim((lan_str){sc->s + open + 1, sc->pos - open - 1});
  bool local = local_link(sc->f, dest, &link);
  if (local) {
    link.line = line_of(sc, link.start);
    PARSE_PUSH(sc->f, links, link);
  }
  if (open >= sc->flushed) { /* the shown text is one piece, the destination none */
    flush(sc, link.start, sc->pos);
    add_piece(sc, open + 1, sc->pos, local ? FACTS_LINKED : sc->kind);
  } else {
    flush(sc, sc->pos, i + 1);
  }
  sc->flushed = i + 1;
  sc->pos = i + 1;
  return true;
}

/* "[label]: target" at the beginning of a line. */
static bool scan_definition(scanner *sc, uint32_t line_start) {
  uint32_t i = line_start;
  while (i < sc->n && i - line_start < 3 && sc->s[i] == ' ') i++;
  if (!at(sc, i, '[') || at(sc, i + 1, '[') || at(sc, i + 1, '^')) return false;
  uint32_t label = i + 1;
  while (i < sc->n && sc->s[i] != ']' && sc->s[i] != '\n') i++;
  if (!at(sc, i, ']') || !at(sc, i + 1, ':')) return false;
  lan_str dest, shown = {sc->s + label, i - label};
  i += 2;
  while (at(sc, i, ' ') || at(sc, i, '\t')) i++;
  i = destination(sc, i, &dest);
  facts_link link = {.kind = FACTS_LINK_MARKDOWN, .start = line_start, .end = i, .shown = shown};
  if (i == UINT32_MAX || !local_link(sc->f, dest, &link)) return false;
  link.line = line_of(sc, line_start);
  PARSE_PUSH(sc->f, links, link);
  flush(sc, line_start, i);
  sc->pos = i;
  return true;
}

/* ---- tags, block ids, addresses ---- */

static bool is_tag_sign(uint32_t cp) {
  if (cp == '_' || cp == '-' || cp == '/') return true;
  text_class c = text_class_of(cp);
  return c != TEXT_OTHER || text_is_emoji(cp);
}

static bool starts_word(const scanner *sc, uint32_t i) {
  if (i == 0) return true;
  char c = sc->s[i - 1];
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' || c == ',' || c == ';';
}

static bool scan_tag(scanner *sc) {
  if (!starts_word(sc, sc->pos)) return false;
  uint32_t i = sc->pos + 1;
  bool digits_only = true;
  while (i < sc->n) {
    uint32_t cp;
    size_t len = lan_utf8_decode(sc->s + i, sc->n - i, &cp);
    if (!is_tag_sign(cp)) break;
    digits_only &= cp >= '0' && cp <= '9';
    i += (uint32_t)len;
  }
  if (i == sc->pos + 1 || digits_only) return false;
  lan_str name = {sc->s + sc->pos + 1, i - sc->pos - 1};
  PARSE_PUSH(sc->f, tags, (facts_tag){name, line_of(sc, sc->pos)});
  sc->pos = i;
  return true;
}

/* "^id" at the end of a line. */
static bool scan_block_id(scanner *sc) {
  if (sc->pos > 0 && !starts_word(sc, sc->pos)) return false;
  uint32_t i = sc->pos + 1;
  while (i < sc->n && ((sc->s[i] >= '0' && sc->s[i] <= '9') || sc->s[i] == '-' ||
                       ((sc->s[i] | 32) >= 'a' && (sc->s[i] | 32) <= 'z'))) {
    i++;
  }
  uint32_t end = i;
  while (at(sc, i, ' ') || at(sc, i, '\t') || at(sc, i, '\r')) i++;
  if (end == sc->pos + 1 || (i < sc->n && sc->s[i] != '\n')) return false;
  PARSE_PUSH(sc->f, block_ids, (lan_str){sc->s + sc->pos + 1, end - sc->pos - 1});
  flush(sc, sc->pos, end);
  sc->pos = end;
  return true;
}

/* Addresses are no words: "https://..." is skipped to the next white space or bracket. */
static bool scan_address(scanner *sc) {
  static const char *const schemes[] = {"http://", "https://"};
  for (size_t k = 0; k < 2; k++) {
    size_t len = strlen(schemes[k]);
    if (sc->n - sc->pos < len || memcmp(sc->s + sc->pos, schemes[k], len) != 0) continue;
    uint32_t i = sc->pos + (uint32_t)len;
    while (i < sc->n && (unsigned char)sc->s[i] > ' ' && !strchr("<>\"()[]", sc->s[i])) i++;
    flush(sc, sc->pos, i);
    sc->pos = i;
    return true;
  }
  return false;
}

/* ---- the pass ---- */

static void push_bracket(scanner *sc) {
  if (sc->n_brackets == BRACKETS_MOST) { /* the outermost is given up */
    memmove(sc->brackets, sc->brackets + 1, (BRACKETS_MOST - 1) * sizeof *sc->brackets);
    sc->n_brackets--;
  }
  sc->brackets[sc->n_brackets++] = sc->pos;
}

static bool scan_sign(scanner *sc) {
  char c = sc->s[sc->pos];
  switch (c) {
    case '[':
      if (at(sc, sc->pos + 1, '[') && scan_wikilink(sc)) return true;
      push_bracket(sc);
      return false;
    case ']':
      if (at(sc, sc->pos + 1, '(')) return scan_markdown_link(sc);
      if (sc->n_brackets) sc->n_brackets--;
      return false;
    case '#': return scan_tag(sc);
    case '^': return scan_block_id(sc);
    case 'h': return scan_address(sc);
    case '\\': sc->pos += sc->pos + 1 < sc->n && sc->s[sc->pos + 1] != '\n' ? 2 : 1; return true;
    case '\n':
      if (at(sc, sc->pos + 1, '\n')) sc->n_brackets = 0; /* a link does not go over a blank line */
      return scan_definition(sc, sc->pos + 1);
    default: return false;
  }
}

/* The bytes that scan_sign looks at. */
static const bool is_sign[256] = {['['] = true, [']'] = true,  ['#'] = true, ['^'] = true,
                                  ['h'] = true, ['\\'] = true, ['\n'] = true};

static void scan_stretch(scanner *sc, uint32_t end, facts_piece_kind kind) {
  sc->kind = kind;
  sc->n = end;
  sc->n_brackets = 0;
  sc->close_from = 1;
  sc->close_until = 0;
  sc->flushed = sc->pos;
  if (sc->pos == sc->f->body && !scan_definition(sc, sc->pos)) sc->pos = sc->f->body;
  while (sc->pos < end) {
    if (!is_sign[(unsigned char)sc->s[sc->pos]] || !scan_sign(sc)) sc->pos++;
  }
  if (sc->flushed < end) flush(sc, end, end);
  sc->pos = end;
}

void parse_inline(facts *f, const parse_ranges *ranges, uint32_t start, uint32_t end) {
  scanner sc = {.f = f, .s = f->text.ptr, .pos = start, .line_at = start};
  sc.line = facts_line(f->text, start);
  for (size_t i = 0; i < ranges->len; i++) {
    const parse_range *r = &ranges->data[i];
    if (r->start < sc.pos) continue;
    scan_stretch(&sc, r->start, FACTS_PROSE);
    if (r->heading) {
      scan_stretch(&sc, r->end, FACTS_HEADING);
    } else {
      add_piece(&sc, r->start, r->end, FACTS_CODE);
      sc.pos = r->end;
    }
  }
  scan_stretch(&sc, end, FACTS_PROSE);
}

void parse_links_in(facts *f, lan_str value, uint32_t start, uint32_t end, uint32_t line,
                    facts_link_kind kind) {
  for (size_t i = 0; i + 3 < value.len; i++) {
    if (value.ptr[i] != '[' || value.ptr[i + 1] != '[') continue;
    size_t open = i + 2, close = open;
    while (close + 1 < value.len && value.ptr[close] != '\n' &&
           !(value.ptr[close] == ']' && value.ptr[close + 1] == ']')) {
      if (value.ptr[close] == '[' && value.ptr[close + 1] == '[') open = close + 2;
      close++;
    }
    if (close + 1 >= value.len || value.ptr[close] == '\n') {
      i = close;
      continue;
    }
    facts_link link = {.start = start, .end = end, .line = line, .kind = kind};
    link.from = (lan_str){"", 0};
    link.embed = open > 2 && value.ptr[open - 3] == '!';
    if (close > open) parse_wikilink((lan_str){value.ptr + open, close - open}, link.embed, &link);
    if (close > open && (link.target.len || link.subpath.len)) PARSE_PUSH(f, links, link);
    i = close + 1;
  }
}
