/* The sentence around a link, as plain text. */
#include "text/unicode.h"
#include "vault/facts.h"
#include "vault/parse.h"

enum { REACH = 600 }; /* bytes looked at on each side */

static bool is_list_mark(const char *s, size_t n) {
  if (n >= 2 && (s[0] == '-' || s[0] == '*' || s[0] == '+') && s[1] == ' ') return true;
  size_t i = 0;
  while (i < n && s[i] >= '0' && s[i] <= '9') i++;
  return i > 0 && i + 1 < n && (s[i] == '.' || s[i] == ')') && s[i + 1] == ' ';
}

/* Whether a line begins a block of its own: a blank one, a heading, a list item, a table row, a
 * quote, a fence. */
static bool begins_block(lan_str text, size_t i) {
  while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t')) i++;
  if (i >= text.len || text.ptr[i] == '\n' || text.ptr[i] == '\r') return true;
  char c = text.ptr[i];
  return c == '#' || c == '|' || c == '>' || c == '`' || c == '~' ||
         is_list_mark(text.ptr + i, text.len - i);
}

/* Whether the line that ends at `newline` is a block of its own: a heading, a table's row, a fence,
 * a rule, a blank one. Looks back `REACH` bytes at most. */
static bool ends_block(lan_str text, size_t newline) {
  size_t floor = newline > REACH ? newline - REACH : 0, i = newline;
  while (i > floor && text.ptr[i - 1] != '\n') i--;
  while (i < newline && (text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\r')) i++;
  if (i >= newline) return true;
  char c = text.ptr[i];
  bool thrice = newline - i >= 3 && text.ptr[i + 1] == c && text.ptr[i + 2] == c;
  return c == '|' || (c == '#' && newline - i >= 2 && strchr("# ", text.ptr[i + 1])) ||
         (thrice && c && strchr("`~-*_=", c));
}

static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

/* A "." that ends no sentence: "e.g. this", "J. Smith". */
static bool is_abbreviation(lan_str text, size_t i, size_t end) {
  size_t before = i >= 2 ? (unsigned char)text.ptr[i - 2] : ' ';
  bool initial = i >= 1 && text.ptr[i - 1] >= 'A' && text.ptr[i - 1] <= 'Z' && before < 0x80 &&
                 !is_letter((char)before) && !(before >= '0' && before <= '9');
  while (end < text.len && text.ptr[end] == ' ') end++;
  if (end >= text.len || text.ptr[end] == '\n') return false;
  uint32_t cp;
  lan_utf8_decode(text.ptr + end, text.len - end, &cp);
  bool latin = cp < 0x250 || (cp >= 0x1E00 && cp < 0x1F00);
  return initial || (latin && text_class_of(cp) == TEXT_LETTER && text_lower_of(cp) == cp);
}

/* The length of a sentence's end at i ("." and the like with what closes it), 0 if there is none.
 */
static size_t stop_at(lan_str text, size_t i) {
  uint32_t cp;
  size_t len = lan_utf8_decode(text.ptr + i, text.len - i, &cp);
  if (cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F) return len;
  if (cp != '.' && cp != '!' && cp != '?' && cp != 0x2026) return 0;
  size_t end = i + len;
  while (end < text.len && strchr("\"')*_", text.ptr[end]) && text.ptr[end]) end++;
  bool space = end >= text.len || text.ptr[end] == ' ' || text.ptr[end] == '\n' ||
               text.ptr[end] == '\r' || text.ptr[end] == '\t';
  if (space && cp == '.' && end == i + len && is_abbreviation(text, i, end)) return 0;
  return space ? end - i : 0;
}

static size_t sentence_start(lan_str text, size_t start) {
  size_t i = start, floor = start > REACH ? start - REACH : 0;
  while (i > floor) {
    if (text.ptr[i - 1] == '\n' && (begins_block(text, i) || ends_block(text, i - 1))) break;
    size_t stop = ((unsigned char)text.ptr[i - 1] & 0xC0u) == 0x80u ? 0 : stop_at(text, i - 1);
    if (stop && i - 1 + stop <= start) {
      i = i - 1 + stop;
      break;
    }
    i--;
  }
  while (i < start && ((unsigned char)text.ptr[i] & 0xC0u) == 0x80u) i++;
  return i;
}

static size_t sentence_end(lan_str text, size_t end) {
  size_t i = end, ceiling = text.len - end > REACH ? end + REACH : text.len;
  while (i < ceiling) {
    if (text.ptr[i] == '\n' && (begins_block(text, i + 1) || ends_block(text, i))) break;
    size_t stop = stop_at(text, i);
    if (stop) return i + stop;
    i++;
  }
  while (i < text.len && i > end && ((unsigned char)text.ptr[i] & 0xC0u) == 0x80u) i--;
  return i;
}

/* ---- plain text ---- */

typedef struct plain {
  lan_buf *out;
  bool space; /* the last thing written was white space */
} plain;

static void put(plain *p, const char *s, size_t n) {
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    size_t len = lan_utf8_decode(s + i, n - i, &cp);
    if (text_is_space(cp) || cp < 0x20 || cp == 0x7F) {
      if (!p->space) lan_buf_add_char(p->out, ' ');
      p->space = true;
    } else if (len == 1 && cp == 0xFFFD) {
      lan_buf_add(p->out, "\xEF\xBF\xBD", 3);
      p->space = false;
    } else {
      lan_buf_add(p->out, s + i, len);
      p->space = false;
    }
    i += len;
  }
}

static size_t find_end(const char *s, size_t n, size_t i, const char *close) {
  size_t len = strlen(close);
  for (; i + len <= n && s[i] != '\n'; i++) {
    if (memcmp(s + i, close, len) == 0) return i;
  }
  return SIZE_MAX;
}

/* A link at i is written as its shown text; returns how much of the source it takes, 0 if there is
 * none. */
static size_t put_link(plain *p, const char *s, size_t n, size_t i) {
  size_t open = i + (s[i] == '!');
  if (open + 1 < n && s[open] == '[' && s[open + 1] == '[') {
    size_t close = find_end(s, n, open + 2, "]]");
    if (close == SIZE_MAX) return 0;
    facts_link link = {0};
    parse_wikilink((lan_str){s + open + 2, close - open - 2}, false, &link);
    lan_str shown = link.shown.len ? link.shown : link.target.len ? link.target : link.subpath;
    put(p, shown.ptr, shown.len);
    return close + 2 - i;
  }
  if (open < n && s[open] == '[') {
    size_t middle = find_end(s, n, open + 1, "](");
    size_t close = middle == SIZE_MAX ? SIZE_MAX : find_end(s, n, middle + 2, ")");
    if (close == SIZE_MAX) return 0;
    put(p, s + open + 1, middle - open - 1);
    return close + 1 - i;
  }
  return 0;
}

static void skip_block_mark(const char *s, size_t n, size_t *i) {
  while (*i < n && (s[*i] == ' ' || s[*i] == '\t' || s[*i] == '>' || s[*i] == '#')) (*i)++;
  if (is_list_mark(s + *i, n - *i)) {
    while (*i < n && s[*i] != ' ') (*i)++;
    while (*i < n && s[*i] == ' ') (*i)++;
  }
  if (*i + 3 < n && s[*i] == '[' && s[*i + 2] == ']' && s[*i + 3] == ' ') *i += 4; /* a task */
}

typedef struct mark {
  size_t start, end;         /* in the source */
  size_t out_start, out_end; /* in the plain text */
} mark;

/* ==highlight==, ~~struck~~, %%comment%%. */
static bool is_pair(const char *s, size_t n, size_t i) {
  return i + 1 < n && s[i] == s[i + 1] && (s[i] == '=' || s[i] == '~' || s[i] == '%');
}

static void put_plain(plain *p, const char *s, size_t n, mark *m) {
  size_t i = 0;
  skip_block_mark(s, n, &i);
  m->out_start = m->out_end = SIZE_MAX;
  while (i < n) {
    if (i >= m->start && m->out_start == SIZE_MAX) m->out_start = p->out->len;
    if (i >= m->end && m->out_end == SIZE_MAX) m->out_end = p->out->len;
    size_t taken =
        s[i] == '[' || (s[i] == '!' && i + 1 < n && s[i + 1] == '[') ? put_link(p, s, n, i) : 0;
    if (taken) {
      i += taken;
    } else if (s[i] == '*' || s[i] == '`' || s[i] == '|' || is_pair(s, n, i)) {
      if (s[i] == '|') put(p, " ", 1);
      i += is_pair(s, n, i) ? 2 : 1;
    } else if (s[i] == '\\' && i + 1 < n) {
      i++;
      put(p, s + i, 1);
      i++;
    } else {
      uint32_t cp;
      size_t len = lan_utf8_decode(s + i, n - i, &cp);
      put(p, s + i, len);
      i += len;
    }
  }
  if (m->out_start == SIZE_MAX) m->out_start = p->out->len;
  if (m->out_end == SIZE_MAX) m->out_end = p->out->len;
}

/* Moves to the beginning of a character, backwards. */
static size_t character_start(const char *s, size_t i) {
  while (i > 0 && ((unsigned char)s[i] & 0xC0u) == 0x80u) i--;
  return i;
}

/* Keeps about `max` bytes around the mark. */
static void shorten(const lan_buf *in, mark *m, size_t max, lan_buf *out) {
  size_t start = 0, end = in->len;
  if (end > max) {
    size_t middle = (m->out_start + m->out_end) / 2;
    start = middle > max / 2 ? middle - max / 2 : 0;
    if (start > m->out_start) start = m->out_start;
    if (start + max < in->len) {
      end = character_start(in->data, start + max);
    } else {
      start = in->len - max > m->out_start ? m->out_start : in->len - max;
    }
    start = character_start(in->data, start);
  }
  size_t shift = out->len;
  if (start > 0) lan_buf_add_str(out, "…");
  size_t lead = out->len - shift;
  if (end > start) lan_buf_add(out, in->data + start, end - start);
  if (end < in->len) lan_buf_add_str(out, "…");
  m->out_end = (m->out_end > end ? end : m->out_end) - start + lead;
  m->out_start = m->out_start - start + lead;
}

void facts_sentence(lan_str text, uint32_t start, uint32_t end, size_t max, lan_buf *out,
                    size_t *mark_start, size_t *mark_end) {
  if (end > text.len) end = (uint32_t)text.len;
  if (start > end) start = end;
  size_t from = sentence_start(text, start), to = sentence_end(text, end);
  while (from < start && (text.ptr[from] == ' ' || text.ptr[from] == '\n')) from++;
  lan_buf whole = {0};
  plain p = {&whole, true};
  mark m = {start - from, end - from, 0, 0};
  put_plain(&p, text.ptr + from, to - from, &m);
  while (whole.len && whole.data[whole.len - 1] == ' ') whole.len--;
  if (m.out_end > whole.len) m.out_end = whole.len;
  if (m.out_start > m.out_end) m.out_start = m.out_end;
  shorten(&whole, &m, max, out);
  out->failed |= whole.failed;
  lan_buf_free(&whole);
  *mark_start = m.out_start;
  *mark_end = m.out_end;
}
