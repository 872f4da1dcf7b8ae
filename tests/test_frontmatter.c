/* Front matter: YAML and one-line JSON, and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "vault/facts.h"

/* Property links, tags and aliases as one line; "problem@line" for each problem. */
static void describe(const facts *f, lan_buf *b) {
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    lan_buf_printf(b, "%s(%.*s)@%u ", l->kind == FACTS_LINK_PROPERTY ? "prop" : "body",
                   (int)l->target.len, l->target.ptr, l->line);
  }
  for (size_t i = 0; i < f->tags.len; i++) {
    lan_buf_printf(b, "tag(%.*s) ", (int)f->tags.data[i].name.len, f->tags.data[i].name.ptr);
  }
  for (size_t i = 0; i < f->aliases.len; i++) {
    lan_buf_printf(b, "alias(%.*s) ", (int)f->aliases.data[i].len, f->aliases.data[i].ptr);
  }
  for (size_t i = 0; i < f->problems.len; i++) {
    assert_true(f->problems.data[i].message.len > 0);
    lan_buf_printf(b, "problem@%u ", f->problems.data[i].line);
  }
  if (b->len) b->data[--b->len] = '\0';
}

static void expect(const char *note, const char *wanted) {
  facts f = {0};
  lan_buf got = {0};
  assert_int_equal(facts_parse_note(note, strlen(note), &f, NULL), LAN_OK);
  describe(&f, &got);
  if (strcmp(got.data ? got.data : "", wanted) != 0) print_error("in: %s\n", note);
  assert_string_equal(got.data ? got.data : "", wanted);
  lan_buf_free(&got);
  facts_free(&f);
}

typedef struct rule {
  const char *note, *wanted;
} rule;

static void expect_all(const rule *rules, size_t n) {
  for (size_t i = 0; i < n; i++) expect(rules[i].note, rules[i].wanted);
}
#define EXPECT_ALL(rules) expect_all((rules), sizeof(rules) / sizeof *(rules))

static void tags_and_aliases(void **state) {
  (void)state;
  static const rule rules[] = {
      {"---\ntags: [a, b/c]\naliases: [x y, z]\n---\n", "tag(a) tag(b/c) alias(x y) alias(z)"},
      {"---\ntags:\n  - a\n  - '#b'\nalias:\n  - \"x, y\"\n---\n", "tag(a) tag(b) alias(x, y)"},
      {"---\ntags: a, b c\naliases: x y, z\n---\n", "tag(a) tag(b) tag(c) alias(x y) alias(z)"},
      {"---\ntag: one\nalias: two\nTAGS: three\n---\n", "tag(one) tag(three) alias(two)"},
      {"---\ntags:\naliases: null\n---\n", ""},
      {"---\ntags: ~\naliases: \"null\"\n---\n", "alias(null)"},
      {"---\ntags: [2024]\nother: [a]\n---\n", "tag(2024)"},
      {"---\ntags: {a: b}\nx: {tags: [no], aliases: no}\n---\n", ""},
      {"---\n- tags: a\n---\n", ""},
      {"---\r\ntags: [a]\r\n---\r\n#b", "tag(a) tag(b)"},
      {"\xEF\xBB\xBF---\ntags: a\n---\n", "tag(a)"},
      {"---  \ntags: a\n---\t\n", "tag(a)"},
      {"---\n{\"tags\": [\"a\"], \"aliases\": \"x\", \"n\": {\"l\": \"[[b]]\"}}\n---\n",
       "prop(b)@2 tag(a) alias(x)"},
      {"---\naliases: [l\xC3\xA0n, \xE7\x8C\xAB]\n---\n", "alias(l\xC3\xA0n) alias(\xE7\x8C\xAB)"},
  };
  EXPECT_ALL(rules);
}

static void links_in_properties(void **state) {
  (void)state;
  static const rule rules[] = {
      {"---\nup: \"[[a]]\"\nrelated:\n  - \"[[b|x]]\"\n  - '[[c#d]] and [[e]]'\n---\n[[f]]",
       "prop(a)@2 prop(b)@4 prop(c)@5 prop(e)@5 body(f)@7"},
      {"---\nup: [[a]]\n---\n", ""}, /* a list in a list, to YAML and to Obsidian */
      {"---\nx: {y: {z: [\"[[deep]]\"]}}\n---\n", "prop(deep)@2"},
      {"---\n\"[[key]]\": \"[[a]]\"\nb: {\"[[key]]\": \"[[c]]\"}\n---\n", "prop(a)@2 prop(c)@3"},
      {"---\nx: \"[[a\\nb]] [[c]] [[ [[d]]\"\n---\n", "prop(c)@2 prop(d)@2"},
      {"---\nx: |\n  [[a]]\n  text\n---\n", "prop(a)@2"},
  };
  EXPECT_ALL(rules);
}

static void where_it_begins_and_ends(void **state) {
  (void)state;
  static const rule rules[] = {
      {"\n---\ntags: a\n---\n", ""},
      {"text\n---\ntags: a\n---\n", ""},
      {"---\ntags: a\n", ""},
      {"---\n---\n#b", "tag(b)"},
      {"---", ""},
      {"---\n", ""},
      {"----\ntags: a\n----\n", ""},
      {"---\ntags: a\n---", "tag(a)"},
      {"---\ntags: a\n---x\ntags: b\n---\n", "tag(a) tag(b) problem@4"},
  };
  EXPECT_ALL(rules);
}

static void wrong_yaml_is_told_and_the_body_read(void **state) {
  (void)state;
  static const rule rules[] = {
      {"---\ntags: [a\n---\n[[b]]", "body(b)@4 tag(a) problem@3"},
      {"---\na: b\n\tc: d\n---\n[[b]]", "body(b)@5 problem@3"},
      {"---\ntags: *x\naliases: y\n---\n[[b]]", "body(b)@5 alias(y) problem@2"},
      {"---\na: &x [1]\nb: *x\ntags: t\n---\n", "tag(t) problem@2"},
      {"---\nt: a: b\n---\n#c", "tag(c) problem@2"},
      /* line by line then, also behind what is wrong */
      {"---\nt: a: b\ntags: x, 'y'\naliases: [\"p q\", r] s\n---\n",
       "tag(x) tag('y') alias(p q) alias(r) problem@2"},
      {"---\nt: a: b\ntags:x\naliases:[y]\n---\n", "problem@2"},
      {"---\naliases:[x]\n---\n", ""},
      {"---\ntags:\n  - a\n  - \"#b\"\nup: \"[[u]]\"\nt: a: b\nin:\n  tags: no\n---\n",
       "prop(u)@5 tag(a) tag(b) problem@6"},
      {"---\nt: \"open\n---\n#c", "tag(c) problem@3"},
  };
  EXPECT_ALL(rules);
  static const char damaged[] = "---\nt\xFF: [\"[[a]]\"]\n---\n[[b]]";
  facts f = {0};
  assert_int_equal(facts_parse_note(damaged, sizeof damaged - 1, &f, NULL), LAN_OK);
  assert_int_equal(f.links.len, 2);
  facts_free(&f);
}

static void hostile_yaml_is_bounded(void **state) {
  (void)state;
  static const char *const units[] = {"[",   "{",   "- ",   "? ",    "a: ",  "&a ", "*a ",
                                      "!a ", "\"",  "'",    "a:\n ", "{a: ", "[a,", "#",
                                      "| ",  ">\n", "%A\n", ",",     "\t"};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    lan_buf note = {0};
    lan_buf_add_str(&note, "---\ntags: ");
    for (int k = 0; k < 20000; k++) lan_buf_add_str(&note, units[i]);
    lan_buf_add_str(&note, "\n---\n[[b]]");
    facts f = {0};
    uint64_t start = lan_clock_ns();
    assert_int_equal(facts_parse_note(note.data, note.len, &f, NULL), LAN_OK);
    double ms = (double)(lan_clock_ns() - start) / 1e6;
    if (ms > 5000) print_error("%s: %.0f ms\n", units[i], ms);
    assert_true(ms <= 5000);
    assert_int_equal(f.links.len, 1);
    facts_free(&f);
    lan_buf_free(&note);
  }
}

static void a_megabyte_of_it_is_not_read(void **state) {
  (void)state;
  lan_buf note = {0};
  lan_buf_add_str(&note, "---\ntags: a\n");
  while (note.len <= 2 << 20) lan_buf_add_str(&note, "k: 0123456789012345678901234567890\n");
  lan_buf_add_str(&note, "---\n[[b]]");
  facts f = {0};
  assert_int_equal(facts_parse_note(note.data, note.len, &f, NULL), LAN_OK);
  assert_int_equal(f.tags.len, 0);
  assert_int_equal(f.links.len, 1);
  assert_int_equal(f.problems.len, 1);
  facts_free(&f);
  lan_buf_free(&note);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tags_and_aliases),
      cmocka_unit_test(links_in_properties),
      cmocka_unit_test(where_it_begins_and_ends),
      cmocka_unit_test(wrong_yaml_is_told_and_the_body_read),
      cmocka_unit_test(hostile_yaml_is_bounded),
      cmocka_unit_test(a_megabyte_of_it_is_not_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
