/* Notes as an application's cache tells them: the same facts as from the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/pack.h"
#include "vault/cached.h"

/* Links, tags, aliases, and the words of the text by kind, without signs and white space around code: those are no
 * words, and not told alike. */
static void describe(const facts *f, lan_buf *b) {
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    lan_buf_printf(b, "link(%.*s|%.*s@%u) ", (int)l->target.len, l->target.ptr, (int)l->shown.len,
                   l->shown.ptr, l->line);
  }
  for (size_t i = 0; i < f->tags.len; i++) {
    lan_buf_printf(b, "tag(%.*s) ", (int)f->tags.data[i].name.len, f->tags.data[i].name.ptr);
  }
  for (size_t i = 0; i < f->aliases.len; i++) {
    lan_buf_printf(b, "alias(%.*s) ", (int)f->aliases.data[i].len, f->aliases.data[i].ptr);
  }
  int kind = -1;
  for (size_t i = 0; i < f->pieces.len; i++) {
    const facts_piece *p = &f->pieces.data[i];
    for (size_t k = 0; k < p->text.len; k++) {
      char c = p->text.ptr[k];
      if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c & 0x80)) continue;
      if (kind != (int)p->kind) lan_buf_printf(b, " %d:", kind = (int)p->kind);
      lan_buf_add_char(b, c);
    }
  }
}

static lan_buf packed(const char *note, size_t n) {
  lan_buf b = {0};
  pack_number(&b, 0);
  pack_string(&b, (lan_str){note, n});
  return b;
}

static void expect_same(const char *note, const lan_buf *cached) {
  facts file = {0}, cache = {0};
  lan_buf wanted = {0}, got = {0};
  lan_error err;
  assert_int_equal(facts_parse_note(note, strlen(note), &file, NULL), LAN_OK);
  if (facts_from_cache(cached->data, cached->len, &cache, &err) != LAN_OK)
    fail_msg("%s", err.message);
  describe(&file, &wanted);
  describe(&cache, &got);
  if (strcmp(wanted.data ? wanted.data : "", got.data ? got.data : "") != 0)
    print_error("in: %s\n", note);
  assert_string_equal(got.data ? got.data : "", wanted.data ? wanted.data : "");
  facts_free(&file);
  facts_free(&cache);
  lan_buf_free(&wanted);
  lan_buf_free(&got);
}

/* Nothing is known but the text: blocks are found as md4c finds them. */
static void blocks_are_found_as_in_files(void **state) {
  (void)state;
  static const char *const notes[] = {
      "",
      "a `b [[c]]` [[d]] ``e ` f`` g",
      "a \\`b [[c]]` d `e",
      "a `b\nc [[d]]` e\n\nf `g\n\nh [[i]]` j",
      "# A <b@c.de>\n\n## <f@g.hi>\nj",
      "# A `b` [[c]] #\n## d\n\ne\n===\nf [[g]]\n---\nh",
      "```js\nlet [[a]]\n```\n[[b]]",
      "```\n[[a]]\n\n[[b]]\n````\n[[c]]\n",
      "~~~ [[x]]\n[[a]]\n```\n[[b]]\n~~~\n[[c]]",
      "``` a`b\n[[c]]\n",
      "```\n[[never]] ended",
      "- a\n  ```\n  [[b]]\n  ```\n- [[c]]",
      "- ```\n  [[a]]\n  ```\n  [[b]]",
      "1. a\n   - b\n     ```\n     [[c]]\n\n     d\n     ```\n   - [[e]]",
      "- a\n  ```\n  [[b]]\n[[c]] has left the list",
      "\t- a\n\t\t```\n\t\t[[b]]\n\t\t```\n\t- [[c]]",
      "> a\n> ```\n> [[b]]\n> ```\n> [[c]]",
      "> ```\n> [[a]]\n[[b]] has left the quote",
      "> - a `b\n>   c [[d]]` e\n> - `f\n> - [[g]]` h",
      "> [!note] t\n> `a [[b]]` c",
      "| a | b |\n|---|:-:|\n| `c` | `d` | `e [[f]]` |\n| \\| `g` | `h [[i]] | j` | `k` |\n",
      "| a | b |\n| - | - |\n| `c` | `d` | `e` |\n",
      "> | a |\n> | --- |\n> | `b` | `c`\n> \n> `d`",
      "| a `b` | c |\n| --- | --- |\n| `d | e` |\n| f ` | [[g]] ` h |\n\ni ` j [[k]] ` l",
      "a `b\n| x | y |\n|---|---|\n| c` | `d |\n",
      "<div>\n`a [[b]]`\n</div>\n\n`c [[d]]`",
      "<b>a</b> `b [[c]]`",
      "<b>\n`a [[b]]`\n\n`c`",
      "- <div>\n  `a`\n- `b [[c]]` d",
      "***\na `b\n***\nc` d\n- - -\n`e [[f]]`",
      "- **a:**\n    -\n- `b` c",
      "a\n    - ## b `c`\n        - `d [[e]]`\n",
      "a\r\n```\r\n[[b]]\r\n```\r\n`c [[d]]`\r\n",
      "Cà phê `sữa [[đá]]` ☕ 🎉 `𝒳 [[y]]` z",
      "[a]: b.md\n`c` [d][a]",
      "Há»c há»i vÃ  cÃ  phÃª `x [[y]]` [[Há»c]]",
  };
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
    lan_buf b = packed(notes[i], strlen(notes[i]));
    pack_number(&b, 0);
    pack_number(&b, 0);
    expect_same(notes[i], &b);
    lan_buf_free(&b);
  }
}

static void add_property(lan_buf *b, cached_use use, const char *key, const char *value) {
  pack_number(b, use);
  pack_string(b, lan_str_of(key));
  pack_string(b, lan_str_of(value));
}

static void add_block(lan_buf *b, cached_block kind, uint64_t start, uint64_t end) {
  pack_number(b, kind);
  pack_number(b, start);
  pack_number(b, end);
}

static void front_matter_and_blocks_are_told(void **state) {
  (void)state;
  static const char note[] =
      "---\naliases: [Ly, x y]\ntags: a b\nup: \"[[U|u]]\"\nin: {k: [\"[[V]]\"]}\n---\n"
      "# 🎉 `h`\n\n`a [[b]]` [[c]]\n\n```\n[[d]]\n```\n";
  lan_buf b = packed(note, strlen(note));
  pack_number(&b, 7);
  add_property(&b, CACHED_LISTED, "aliases", "Ly");
  add_property(&b, CACHED_LISTED, "aliases", "x y");
  add_property(&b, CACHED_WHOLE, "tags", "a b");
  add_property(&b, CACHED_WHOLE, "up", "[[U|u]]");
  add_property(&b, CACHED_WITHIN, "in", "[[V]]");
  add_property(&b, CACHED_WITHIN, "aliases", "deep");
  pack_number(&b, 4);
  add_block(&b, CACHED_HEADING, 70, 78); /* the emoji counts two */
  add_block(&b, CACHED_ANY, 80, 95);
  add_block(&b, CACHED_ANY, 97, 110);
  expect_same(note, &b);
  lan_buf_free(&b);
}

/* Blocks are what the application says: this is no code to it. */
static void what_is_told_counts(void **state) {
  (void)state;
  static const char note[] = "<x>\n`a [[b]]`\n";
  facts f = {0};
  lan_buf b = packed(note, strlen(note));
  pack_number(&b, 0);
  pack_number(&b, 2);
  add_block(&b, CACHED_HTML, 0, 13);
  assert_int_equal(facts_from_cache(b.data, b.len, &f, NULL), LAN_OK);
  assert_int_equal(f.links.len, 1);
  facts_free(&f);
  lan_buf_free(&b);
}

static void canvases(void **state) {
  (void)state;
  static const struct {
    cached_item kind;
    const char *first, *second;
  } items[] = {{CACHED_FILE, "A.md", "#H"},    {CACHED_TEXT, "t [[b]] `[[c]]` #d", ""},
               {CACHED_LABEL, "label", ""},    {CACHED_URL, "https://e", ""},
               {CACHED_ARROW, "A.md", "B.md"}, {CACHED_LABEL, "", ""}};
  static const char json[] =
      "{\"nodes\":[{\"id\":\"1\",\"type\":\"file\",\"file\":\"A.md\",\"subpath\":\"#H\"},"
      "{\"id\":\"2\",\"type\":\"text\",\"text\":\"t [[b]] `[[c]]` #d\"},"
      "{\"id\":\"3\",\"type\":\"group\",\"label\":\"label\"},"
      "{\"id\":\"4\",\"type\":\"link\",\"url\":\"https://e\"},"
      "{\"id\":\"5\",\"type\":\"file\",\"file\":\"B.md\"}],"
      "\"edges\":[{\"fromNode\":\"1\",\"toNode\":\"5\"}]}";
  facts file = {0}, cache = {0};
  lan_buf b = {0}, wanted = {0}, got = {0};
  pack_number(&b, 1);
  pack_number(&b, 7);
  for (size_t i = 0; i < 6; i++) {
    if (i == 4) { /* the other file comes before the arrow */
      pack_number(&b, CACHED_FILE);
      pack_string(&b, lan_str_of("B.md"));
      pack_string(&b, lan_str_of(""));
    }
    pack_number(&b, items[i].kind);
    pack_string(&b, lan_str_of(items[i].first));
    pack_string(&b, lan_str_of(items[i].second));
  }
  assert_int_equal(facts_parse_canvas(json, sizeof json - 1, &file, NULL), LAN_OK);
  assert_int_equal(facts_from_cache(b.data, b.len, &cache, NULL), LAN_OK);
  describe(&file, &wanted);
  describe(&cache, &got);
  assert_string_equal(got.data, wanted.data);
  assert_non_null(strstr(got.data, "link(b|"));
  facts_free(&file);
  facts_free(&cache);
  lan_buf_free(&b);
  lan_buf_free(&wanted);
  lan_buf_free(&got);
}

static void an_empty_canvas_has_a_text(void **state) {
  (void)state;
  facts f = {0};
  assert_int_equal(facts_from_cache("\1\0", 2, &f, NULL), LAN_OK);
  assert_non_null(f.text.ptr);
  assert_int_equal(f.text.len, 0);
  facts_free(&f);
}

static void what_is_cut_off_is_refused(void **state) {
  (void)state;
  lan_buf b = packed("a `b` [[c]]", 11);
  pack_number(&b, 2);
  add_property(&b, CACHED_WHOLE, "k", "v");
  pack_number(&b, 2);
  add_block(&b, CACHED_ANY, 0, 11);
  for (size_t n = 0; n < b.len; n++) {
    facts f = {0};
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, b.data, n);
    assert_int_equal(facts_from_cache(copy, n, &f, NULL), LAN_EFORMAT);
    facts_free(&f);
    free(copy);
  }
  lan_buf_free(&b);
}

static void hostile_text_is_read_in_linear_time(void **state) {
  (void)state;
  static const char *const units[] = {"- ",      "> ",   "`",    "`` ` ", "\\`",     "# ",  "```\n",
                                      "- ```\n", "| ",   "|-\n", "<a ",   "<div>\n", "1. ", "\t",
                                      "a\n-\n",  "* * ", "==",   "$$",    "[",       "%%"};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    lan_buf note = {0};
    facts f = {0};
    while (note.len < 400000) lan_buf_add_str(&note, units[i]);
    lan_buf b = packed(note.data, note.len);
    pack_number(&b, 0);
    pack_number(&b, 0);
    uint64_t start = lan_clock_ns();
    assert_int_equal(facts_from_cache(b.data, b.len, &f, NULL), LAN_OK);
    double ms = (double)(lan_clock_ns() - start) / 1e6;
    if (ms > 5000) print_error("%s: %.0f ms\n", units[i], ms);
    assert_true(ms <= 5000);
    facts_free(&f);
    lan_buf_free(&b);
    lan_buf_free(&note);
  }
}

/* A line of many values, as a list that is written in one. */
static void a_long_list_is_read_in_linear_time(void **state) {
  (void)state;
  enum { VALUES = 60000 };
  lan_buf note = {0}, values = {0};
  facts f = {0};
  lan_buf_add_str(&note, "---\nl: [");
  pack_number(&values, VALUES + 1);
  for (uint32_t i = 0; i < VALUES; i++) {
    char value[16];
    int n = snprintf(value, sizeof value, "[[%05u]]", i);
    lan_buf_printf(&note, "\"%s\", ", value);
    pack_number(&values, CACHED_WITHIN);
    pack_string(&values, LAN_STR("l"));
    pack_string(&values, (lan_str){value, (size_t)n});
  }
  lan_buf_add_str(&note, "]\n---\n");
  lan_buf b = packed(note.data, note.len);
  lan_buf_add(&b, values.data, values.len);
  pack_number(&b, 0);
  uint64_t start = lan_clock_ns();
  assert_int_equal(facts_from_cache(b.data, b.len, &f, NULL), LAN_OK);
  assert_true((double)(lan_clock_ns() - start) / 1e6 <= 5000);
  assert_int_equal(f.links.len, VALUES);
  assert_int_equal(f.links.data[VALUES - 1].start, 4);
  assert_int_equal(f.links.data[VALUES - 1].line, 2);
  facts_free(&f);
  lan_buf_free(&b);
  lan_buf_free(&values);
  lan_buf_free(&note);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_found_as_in_files),
      cmocka_unit_test(front_matter_and_blocks_are_told),
      cmocka_unit_test(what_is_told_counts),
      cmocka_unit_test(canvases),
      cmocka_unit_test(an_empty_canvas_has_a_text),
      cmocka_unit_test(what_is_cut_off_is_refused),
      cmocka_unit_test(hostile_text_is_read_in_linear_time),
      cmocka_unit_test(a_long_list_is_read_in_linear_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
