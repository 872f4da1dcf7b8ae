/* Front matter without its YAML: where it stands, and what its values mean. */
#include "text/unicode.h"
#include "vault/parse.h"

lan_str parse_line_at(lan_str text, size_t i) {
  const char *end = i < text.len ? memchr(text.ptr + i, '\n', text.len - i) : NULL;
  return (lan_str){text.ptr + i, end ? (size_t)(end - text.ptr) - i : text.len - i};
}

static bool is_fence(lan_str line, const char *fence) {
  while (line.len && (line.ptr[line.len - 1] == '\r' || line.ptr[line.len - 1] == ' ' ||
                      line.ptr[line.len - 1] == '\t')) {
    line.len--;
  }
  return line.len == 3 && memcmp(line.ptr, fence, 3) == 0;
}

bool parse_find_yaml(const facts *f, size_t *start, size_t *end, size_t *body) {
  lan_str t = f->text;
  size_t i = t.len >= 3 && memcmp(t.ptr, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  lan_str first = parse_line_at(t, i);
  if (!is_fence(first, "---") || i + first.len >= t.len) return false;
  *start = i + first.len + 1;
  for (size_t at = *start; at < t.len;) {
    lan_str line = parse_line_at(t, at);
    if (is_fence(line, "---") || is_fence(line, "...")) {
      *end = at;
      *body = at + line.len + (at + line.len < t.len);
      return true;
    }
    at += line.len + 1;
  }
  return false;
}

/* ---- properties ---- */

parse_property parse_property_named(facts *f, lan_str key) {
  lan_buf folded = {0};
  text_fold(&folded, key.ptr, key.len);
  lan_str k = lan_buf_str(&folded);
  parse_property p = PROPERTY_OTHER;
  if (lan_str_equal(k, LAN_STR("tags")) || lan_str_equal(k, LAN_STR("tag"))) p = PROPERTY_TAGS;
  if (lan_str_equal(k, LAN_STR("aliases")) || lan_str_equal(k, LAN_STR("alias"))) {
    p = PROPERTY_ALIASES;
  }
  f->failed |= folded.failed;
  lan_buf_free(&folded);
  return p;
}

/* "a, b c" as a string is a list: of tags by commas and spaces, of aliases by commas. */
static void add_listed(facts *f, lan_str value, uint32_t line, parse_property p) {
  for (size_t i = 0; i < value.len;) {
    size_t end = i;
    while (end < value.len && value.ptr[end] != ',' && value.ptr[end] != '\n' &&
           !(p == PROPERTY_TAGS && (value.ptr[end] == ' ' || value.ptr[end] == '\t'))) {
      end++;
    }
    lan_str part = lan_str_trim((lan_str){value.ptr + i, end - i});
    if (p == PROPERTY_TAGS && part.len && part.ptr[0] == '#') part.ptr++, part.len--;
    if (part.len && p == PROPERTY_TAGS) PARSE_PUSH(f, tags, (facts_tag){part, line});
    if (part.len && p == PROPERTY_ALIASES) PARSE_PUSH(f, aliases, part);
    i = end + 1;
  }
}

void parse_property_value(facts *f, parse_property p, lan_str value, uint32_t line, bool in_list) {
  if (p == PROPERTY_OTHER) return;
  if (p == PROPERTY_ALIASES && in_list) {
    lan_str alias = lan_str_trim(value);
    if (alias.len) PARSE_PUSH(f, aliases, alias);
  } else {
    add_listed(f, value, line, p);
  }
}

/* ---- broken front matter ---- */

static lan_str unquoted(lan_str s) {
  s = lan_str_trim(s);
  bool quoted = s.len >= 2 && (s.ptr[0] == '"' || s.ptr[0] == '\'') && s.ptr[s.len - 1] == s.ptr[0];
  return quoted ? (lan_str){s.ptr + 1, s.len - 2} : s;
}

static void take_listed(facts *f, parse_property p, lan_str item, uint32_t line) {
  item = unquoted(item);
  if (item.len) parse_property_value(f, p, item, line, true);
}

/* "[a, b" up to the first ']'. */
static void take_flow_list(facts *f, parse_property p, lan_str list, uint32_t line) {
  size_t start = 1;
  for (size_t i = 1; i <= list.len; i++) {
    bool end = i == list.len || list.ptr[i] == ']';
    if (!end && list.ptr[i] != ',') continue;
    take_listed(f, p, (lan_str){list.ptr + start, i - start}, line);
    if (end) break;
    start = i + 1;
  }
}

/* Of "key: value"; 0: it is none. "key:value" is a text, to YAML. */
static size_t key_length(lan_str text) {
  const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
  size_t n = colon ? (size_t)(colon - text.ptr) : 0;
  bool apart = colon && (n + 1 == text.len || colon[1] == ' ' || colon[1] == '\t');
  return apart ? n : 0;
}

void parse_loose_properties(facts *f, size_t start, size_t end) {
  parse_property p = PROPERTY_OTHER; /* whose list may go on */
  uint32_t number = facts_line(f->text, start);
  for (lan_str line; start < end; start += line.len + 1, number++) {
    line = parse_line_at(f->text, start);
    lan_str text = lan_str_trim(line);
    parse_links_in(f, text, (uint32_t)start, (uint32_t)(start + line.len), number,
                   FACTS_LINK_PROPERTY);
    if (text.len && text.ptr[0] == '-' && (text.len == 1 || text.ptr[1] == ' ')) {
      take_listed(f, p, (lan_str){text.ptr + 1, text.len - 1}, number);
      continue;
    }
    size_t n = key_length(text);
    if (n == 0 || text.ptr != line.ptr) continue; /* of a value, or of a map below */
    p = parse_property_named(f, unquoted((lan_str){text.ptr, n}));
    lan_str value = lan_str_trim((lan_str){text.ptr + n + 1, text.len - n - 1});
    if (value.len && value.ptr[0] == '[') {
      take_flow_list(f, p, value, number);
    } else if (value.len) {
      parse_property_value(f, p, unquoted(value), number, false);
    }
  }
}
