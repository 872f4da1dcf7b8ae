/* The parts of links: what [[...]] and the destinations of Markdown links say. */
#include "vault/parse.h"

enum { PARENTHESES_MOST = 32 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

static bool at(lan_str text, size_t i, char c) { return i < text.len && text.ptr[i] == c; }

/* ---- [[wikilinks]] ---- */

static bool is_size(lan_str s) {
  size_t i = 0;
  while (i < s.len && is_digit(s.ptr[i])) i++;
  if (i == 0 || i == s.len) return i > 0;
  if (s.ptr[i++] != 'x' || i == s.len) return false;
  while (i < s.len && is_digit(s.ptr[i])) i++;
  return i == s.len;
}

lan_str parse_without_size(lan_str shown) {
  size_t i = shown.len;
  while (i > 0 && shown.ptr[i - 1] != '|') i--;
  if (!is_size(lan_str_trim((lan_str){shown.ptr + i, shown.len - i}))) return shown;
  shown.len = i ? i - 1 : 0;
  if (shown.len && shown.ptr[shown.len - 1] == '\\') shown.len--; /* \| in a table */
  return lan_str_trim(shown);
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
  if (embed) link->shown = parse_without_size(link->shown);
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

/* ---- destinations ---- */

uint32_t parse_destination(lan_str t, uint32_t i, lan_str *destination) {
  if (at(t, i, '<')) {
    uint32_t start = ++i;
    while (i < t.len && t.ptr[i] != '>' && t.ptr[i] != '\n' && t.ptr[i] != '<') i++;
    if (!at(t, i, '>')) return UINT32_MAX;
    *destination = (lan_str){t.ptr + start, i - start};
    return i + 1;
  }
  uint32_t start = i, depth = 0;
  for (; i < t.len; i++) {
    char c = t.ptr[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') break;
    if (c == '\\' && (at(t, i + 1, '(') || at(t, i + 1, ')'))) {
      i++;
      continue;
    }
    if (c == '(' && ++depth > PARENTHESES_MOST) return UINT32_MAX;
    if (c == ')' && depth-- == 0) break;
  }
  *destination = (lan_str){t.ptr + start, i - start};
  return destination->len ? i : UINT32_MAX;
}

static uint32_t skip_blanks(lan_str t, uint32_t i) {
  while (at(t, i, ' ') || at(t, i, '\t')) i++;
  return i;
}

uint32_t parse_title_end(lan_str t, uint32_t i) {
  uint32_t from = i;
  i = skip_blanks(t, i);
  if (i == from || !(at(t, i, '"') || at(t, i, '\'') || at(t, i, '('))) return from;
  char quote = t.ptr[i] == '(' ? ')' : t.ptr[i];
  i++;
  while (i < t.len && t.ptr[i] != quote && t.ptr[i] != '\n') i++;
  return at(t, i, quote) ? i + 1 : from;
}

uint32_t parse_link_end(lan_str t, uint32_t i) {
  i = skip_blanks(t, parse_title_end(t, i));
  return at(t, i, ')') ? i : UINT32_MAX;
}

static bool has_scheme(lan_str s) {
  size_t i = 0;
  while (i < s.len && is_letter(s.ptr[i])) i++;
  if (i == 0) return false;
  while (i < s.len && (is_letter(s.ptr[i]) || is_digit(s.ptr[i]) || s.ptr[i] == '+' ||
                       s.ptr[i] == '.' || s.ptr[i] == '-')) {
    i++;
  }
  return at(s, i, ':');
}

static bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

/* %20 and \( say the characters that they stand for. */
static lan_str decoded(facts *f, lan_str s) {
  if (!s.len || (!memchr(s.ptr, '%', s.len) && !memchr(s.ptr, '\\', s.len))) return s;
  char *out = lan_arena_copy(&f->arena, s.ptr, s.len);
  if (!out) {
    f->failed = true;
    return s;
  }
  size_t n = 0;
  for (size_t i = 0; i < s.len; i++) {
    int high = s.ptr[i] == '%' && i + 2 < s.len ? lan_hex_digit(s.ptr[i + 1]) : -1;
    int low = high >= 0 ? lan_hex_digit(s.ptr[i + 2]) : -1;
    if (low >= 0 && high + low > 0) {
      out[n++] = (char)(high * 16 + low);
      i += 2;
    } else {
      if (s.ptr[i] == '\\' && i + 1 < s.len && is_punctuation(s.ptr[i + 1])) i++;
      out[n++] = s.ptr[i];
    }
  }
  return (lan_str){out, n};
}

bool parse_local_target(facts *f, lan_str d, lan_str *target, lan_str *subpath) {
  if (has_scheme(d) || (at(d, 0, '/') && at(d, 1, '/'))) return false;
  const char *hash = d.len ? memchr(d.ptr, '#', d.len) : NULL;
  *subpath = (lan_str){"", 0};
  if (hash) {
    size_t before = (size_t)(hash - d.ptr);
    *subpath = lan_str_trim(decoded(f, (lan_str){hash + 1, d.len - before - 1}));
    d.len = before;
  }
  *target = lan_str_trim(decoded(f, d));
  return target->len || subpath->len;
}
