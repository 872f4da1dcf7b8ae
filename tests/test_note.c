/* Markdown notes: Obsidian's rules for links, tags, headings and the like, one case a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "vault/facts.h"

static void add(lan_buf *b, const char *name, lan_str s) {
  lan_buf_printf(b, "%s(%.*s) ", name, (int)s.len, s.ptr);
}

/* Facts as one line: [wiki|md|prop] target # subpath | shown, "!" for an embed. */
static void describe(const facts *f, lan_buf *b) {
  static const char *const kinds[] = {"wiki", "md", "prop", "canvas", "edge"};
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    lan_buf_printf(b, "%s%s(%.*s", l->embed ? "!" : "", kinds[l->kind], (int)l->target.len,
                   l->target.ptr);
    if (l->subpath.len) lan_buf_printf(b, "#%.*s", (int)l->subpath.len, l->subpath.ptr);
    if (l->shown.len) lan_buf_printf(b, "|%.*s", (int)l->shown.len, l->shown.ptr);
    lan_buf_add_str(b, ") ");
  }
  for (size_t i = 0; i < f->tags.len; i++) add(b, "tag", f->tags.data[i].name);
  for (size_t i = 0; i < f->aliases.len; i++) add(b, "alias", f->aliases.data[i]);
  for (size_t i = 0; i < f->headings.len; i++) {
    lan_buf_printf(b, "h%u", f->headings.data[i].level);
    add(b, "", f->headings.data[i].text);
  }
  for (size_t i = 0; i < f->block_ids.len; i++) add(b, "id", f->block_ids.data[i]);
  for (size_t i = 0; i < f->tasks.len; i++) {
    lan_buf_printf(b, "task%c", f->tasks.data[i].state);
    add(b, "", f->tasks.data[i].text);
  }
  if (b->len && b->data[b->len - 1] == ' ') b->data[--b->len] = '\0';
}

static void expect(const char *note, size_t n, const char *wanted) {
  facts f = {0};
  lan_buf got = {0};
  char *copy = malloc(n ? n : 1); /* of its own size, so that reading over the end is seen */
  assert_non_null(copy);
  memcpy(copy, note, n);
  assert_int_equal(facts_parse_note(copy, n, &f, NULL), LAN_OK);
  describe(&f, &got);
  if (strcmp(got.data ? got.data : "", wanted) != 0) print_error("in: %s\n", note);
  assert_string_equal(got.data ? got.data : "", wanted);
  lan_buf_free(&got);
  facts_free(&f);
  free(copy);
}

typedef struct rule {
  const char *note, *wanted;
} rule;

static void expect_all(const rule *rules, size_t n) {
  for (size_t i = 0; i < n; i++) expect(rules[i].note, strlen(rules[i].note), rules[i].wanted);
}
#define EXPECT_ALL(rules) expect_all((rules), sizeof(rules) / sizeof *(rules))

static void wikilinks(void **state) {
  (void)state;
  static const rule rules[] = {
      {"[[a]]", "wiki(a)"},
      {"x [[ a b ]] y", "wiki(a b)"},
      {"[[a|shown]] [[a|]]", "wiki(a|shown) wiki(a)"},
      {"[[a#H#Sub|s]] [[a#^b1]]", "wiki(a#H#Sub|s) wiki(a#^b1)"},
      {"[[#H]]", "wiki(#H)"},
      {"[[a|b#c]]", "wiki(a|b#c)"},
      {"| [[a\\|b]] | [[c\\|d]] |\n|-|-|\n| [[e\\|f]] | x |", "wiki(a|b) wiki(c|d) wiki(e|f)"},
      {"![[p.png|200]] ![[p.png|200x100]] ![[p.png|cat|50]] ![[p.png|cat]]",
       "!wiki(p.png) !wiki(p.png) !wiki(p.png|cat) !wiki(p.png|cat)"},
      {"[[a|200]]", "wiki(a|200)"},
      {"![[n#^b]]", "!wiki(n#^b)"},
      {"[[a\nb]]", ""},
      {"[[a]b]]", "wiki(a]b)"},
      {"[[a]]b]]", "wiki(a)"},
      {"[see [[a]]]", "wiki(a)"},
      {"[[a]][[b]]", "wiki(a) wiki(b)"},
      {"[[x [[a]]", "wiki(a)"},
      {"[[[a]]]", "wiki(a)"},
      {"[[]] [[ ]] [[|x]]", ""},
      {"\\[[a]]", ""},
      {"\\![[a]]", "wiki(a)"},
      {"[[a|`code`]] [[b#`c`]]", "wiki(a|`code`) wiki(b#`c`)"},
      {"%% [[a]] %%\n%%\n[[b]]\n%%", "wiki(a) wiki(b)"},
      {"    [[indented]]\n\n\t- [[x]]", "wiki(indented) wiki(x)"},
      {"<div>[[a]]</div>\n\n<b>[[c]]</b>", "wiki(a) wiki(c)"},
      {"> [[q]]\n> - [[r]]", "wiki(q) wiki(r)"},
      {"[[b\xC3\xA0i h\xC3\xA1t]] [[\xE7\x8C\xAB]]",
       "wiki(b\xC3\xA0i h\xC3\xA1t) wiki(\xE7\x8C\xAB)"},
      {"[[../y]] [[./z]] [[/w]] [[a/b.md]]", "wiki(../y) wiki(./z) wiki(/w) wiki(a/b.md)"},
      {"# [[h]] x\r\n[[a]]\r\n", "wiki(h) wiki(a) h1([[h]] x)"},
      {"[Features]([[Feature]])", "wiki(Feature)"},
  };
  EXPECT_ALL(rules);
}

static void markdown_links(void **state) {
  (void)state;
  static const rule rules[] = {
      {"[s](a.md)", "md(a.md|s)"},
      {"[s](a%20b.md#H%20x)", "md(a b.md#H x|s)"},
      {"[s](<a b.md>) [t](<c.md> \"title\")", "md(a b.md|s) md(c.md|t)"},
      {"[s](a.md \"title\") [t](b.md 'x') [u](c.md (y))", "md(a.md|s) md(b.md|t) md(c.md|u)"},
      {"[s](a(1).md) [t](b\\(2.md)", "md(a(1).md|s) md(b(2.md|t)"},
      {"[s](http://x.y/a.md) [t](mailto:a@b) [u](obsidian://open?x) [v](//host/a)", ""},
      {"[s](#H)", "md(#H|s)"},
      {"![alt](p.png) ![alt|100](q.png) ![300](r.png) ![x](http://a/b.png)",
       "!md(p.png|alt) !md(q.png|alt) !md(r.png)"},
      {"[![i](p.png)](n.md)", "!md(p.png|i) md(n.md|![i](p.png))"},
      {"[`code`](a.md) [a `b` c](d.md)", "md(a.md|`code`) md(d.md|a `b` c)"},
      {"[two\nlines](a.md)", "md(a.md|two\nlines)"},
      {"[not\n\na link](a.md)", ""},
      {"[a [b] c](d.md)", "md(d.md|a [b] c)"},
      {"[s]() [t](a b.md) [u](a.md", ""},
      {"\\[s](a.md)", ""},
      {"[100%](50%25.md) [x](%zz.md)", "md(50%.md|100%) md(%zz.md|x)"},
      {"[s](a%00b.md)", "md(a%00b.md|s)"},
      {"[text][l] [l][] [l] [none]\n\n[l]: a.md \"t\"", "md(a.md|text) md(a.md|l) md(a.md|l)"},
      {"[A  b]\n\n[a b]: <x y.md>\n[a b]: z.md", "md(x y.md|A  b)"},
      {"![i][p] `[p]`\n\n[p]: p.png", "!md(p.png|i)"},
      {"[u]\n\n[u]: https://x.y\n[^1]: note", ""},
  };
  EXPECT_ALL(rules);
}

static void what_holds_no_links(void **state) {
  (void)state;
  static const rule rules[] = {
      {"`[[a]] #b`", ""},
      {"``[[a]] ` #b`` [[c]]", "wiki(c)"},
      {"` [[a]]\n\n` [[b]]", "wiki(a) wiki(b)"},
      {"```\n[[a]] #b\n\n# c\n```\n[[d]]", "wiki(d)"},
      {"~~~js [[x]]\n[[a]]\n~~~\n[[d]]", "wiki(d)"},
      {"````\n```\n[[a]]\n````\n[[d]]", "wiki(d)"},
      {"- item\n  ```\n  [[a]]\n  ```\n- [[b]]", "wiki(b)"},
      {"> ```\n> [[a]]\n> ```\n[[b]]", "wiki(b)"},
      {"```\n[[unclosed]]\n", ""},
      {"$[[a]]$ [[b]]", "wiki(b)"},
      {"$$\n[[a]] #t\n\n[[b]]\n$$\n[[c]]", "wiki(c)"},
      {"costs $5 or [[a]] at $6", "wiki(a)"},
      {"$ [[a]] $ and \\$[[b]]$", "wiki(a) wiki(b)"},
      {"a $$ [[x]]\n\n[[y]] $$", "wiki(x) wiki(y)"},
      {"$x$ [[a]] $y$", "wiki(a)"},
      {"<!-- [[a]] #t --> [[b]]", "wiki(a) wiki(b) tag(t)"},
      {"<!--\n[[a]]\n\n`[[c]]`\n-->\n[[b]]", "wiki(a) wiki(c) wiki(b)"},
      {"<!-- [[a]]", "wiki(a)"},
      {"<style>\n#id { }\n\n[[a]]</style> <script>[[b]]</SCRIPT> #c", "tag(c)"},
      {"<span style=\"color: #fff\">x</span> <a href=\"[x](y.md)\">", ""},
  };
  EXPECT_ALL(rules);
}

static void tags(void **state) {
  (void)state;
  static const rule rules[] = {
      {"#a #b-c_d #e/f/g", "tag(a) tag(b-c_d) tag(e/f/g)"},
      {"#1984 #y1984 #1/2 #2024-01", "tag(y1984) tag(2024-01)"},
      {"a#b x#c", ""},
      {"#h\xE1\xBB\x8D"
       "c #\xE7\x8C\xAB\xE3\x80\x82 #\xF0\x9F\x93\x9A",
       "tag(h\xE1\xBB\x8D"
       "c) tag(\xE7\x8C\xAB) tag(\xF0\x9F\x93\x9A)"},
      {"#a, #b. (#c) #d!", "tag(a) tag(b) tag(c) tag(d)"},
      {"\xE3\x80\x80#a", "tag(a)"},
      {"# not\n##no #yes", "tag(yes) h1(not)"},
      {"## a #b", "tag(b) h2(a #b)"},
      {"[[n#h]] [x](y#z) https://x.y/#a http://a #t", "wiki(n#h) md(y#z|x) tag(t)"},
      {"\\#a", ""},
      {"#a/ #/", "tag(a)"},
      {"- [ ] do #x", "tag(x) task (do #x)"},
  };
  EXPECT_ALL(rules);
}

static void headings_tasks_and_ids(void **state) {
  (void)state;
  static const rule rules[] = {
      {"# a\n###### b ##\n####### c", "h1(a) h6(b)"},
      {"a\n===\nb c\n---\n", "h1(a) h2(b c)"},
      {"# `code` and **bold** *x*", "h1(`code` and **bold** *x*)"},
      {"# [x](y.md)", "md(y.md|x) h1([x](y.md))"},
      {"#\n# \n", ""},
      {"- [ ] a\n* [x] b\n1. [/] c\n  - [-] d\n> - [>] e",
       "task (a) taskx(b) task/(c) task-(d) task>(e)"},
      {"[ ] no\na [x] no\n-[ ] no\n- [ab] no", ""},
      {"text ^id-1\n\n- item ^b2\n\n^c3", "id(id-1) id(b2) id(c3)"},
      {"x^2 and ^no here\na ^bad_id", ""},
      {"text ^id  \r\n", "id(id)"},
  };
  EXPECT_ALL(rules);
}

static void links_of_any_length(void **state) {
  (void)state;
  lan_buf note = {0};
  lan_buf_add_str(&note, "[[");
  for (int i = 0; i < 2000; i++) lan_buf_add_str(&note, "\xE1\xBB\x87");
  lan_buf_add_str(&note, "]]");
  facts f = {0};
  assert_int_equal(facts_parse_note(note.data, note.len, &f, NULL), LAN_OK);
  assert_int_equal(f.links.len, 1);
  assert_int_equal(f.links.data[0].target.len, 6000);
  facts_free(&f);
  lan_buf_free(&note);
}

static void positions_lines_and_pieces(void **state) {
  (void)state;
  static const char note[] = "# T\n\nsee [[a|b]] and `c`\n![x](y.png) end";
  facts f = {0};
  assert_int_equal(facts_parse_note(note, sizeof note - 1, &f, NULL), LAN_OK);
  assert_int_equal(f.links.len, 2);
  assert_int_equal(f.links.data[0].line, 3);
  assert_memory_equal(note + f.links.data[0].start, "[[a|b]]", 7);
  assert_int_equal(f.links.data[0].end - f.links.data[0].start, 7);
  assert_int_equal(f.links.data[1].line, 4);
  assert_memory_equal(note + f.links.data[1].start, "![x](y.png)", 11);
  static const struct {
    const char *text;
    facts_piece_kind kind;
  } wanted[] = {{"T", FACTS_HEADING}, {"b", FACTS_LINKED}, {"c", FACTS_CODE}, {"x", FACTS_LINKED}};
  size_t found = 0;
  for (size_t i = 0; i < f.pieces.len && found < 4; i++) {
    lan_str t = f.pieces.data[i].text;
    found += lan_str_equal(t, lan_str_of(wanted[found].text)) &&
             f.pieces.data[i].kind == wanted[found].kind;
  }
  assert_int_equal(found, 4);
  facts_free(&f);
}

static void memory_is_used_again(void **state) {
  (void)state;
  facts f = {0};
  for (int i = 0; i < 3; i++) {
    facts_reset(&f);
    assert_int_equal(facts_parse_note("[l] #t\n\n[l]: a%20b.md", 20, &f, NULL), LAN_OK);
    assert_int_equal(f.links.len, 1);
    facts_reset(&f);
    assert_int_equal(facts_parse_note("[l]", 3, &f, NULL), LAN_OK); /* no definition is left over */
    assert_int_equal(f.links.len, 0);
  }
  facts_free(&f);
}

/* ---- damage ---- */

static void damaged_text_is_mended_and_told(void **state) {
  (void)state;
  static const struct {
    const char *note;
    size_t n;
    uint32_t damage;
    const char *target;
  } cases[] = {
      {"[[\xC3\xA0]]", 6, 0, "\xC3\xA0"},
      {"a\0[[b]]", 7, FACTS_DAMAGE_NUL, "b"},
      {"\xFF [[b\xE9]]", 8, FACTS_DAMAGE_UTF8, "b\xE9"},
      /* "[[tiếng việt]]": e with its marks was E1 BA BF and E1 BB 87 */
      {"[[ti\xC3\xA1\xC2\xBA\xC2\xBFng vi\xC3\xA1\xC2\xBB\xE2\x80\xA1t]] \xC3\x83\xC2\xA0", 30,
       FACTS_DAMAGE_MOJIBAKE, "ti\xE1\xBA\xBFng vi\xE1\xBB\x87t"},
      {"\xFF\xFE[\0[\0b\0]\0]\0", 12, FACTS_DAMAGE_UTF8, "b"},
      {"\xFE\xFF\0[\0[\xD8\x3D\xDC\xDA\0]\0]", 14, FACTS_DAMAGE_UTF8, "\xF0\x9F\x93\x9A"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    facts f = {0};
    assert_int_equal(facts_parse_note(cases[i].note, cases[i].n, &f, NULL), LAN_OK);
    assert_int_equal(f.damage, cases[i].damage);
    assert_int_equal(f.problems.len, cases[i].damage != 0);
    assert_int_equal(f.links.len, 1);
    assert_true(lan_str_equal(f.links.data[0].target, lan_str_of(cases[i].target)));
    facts_free(&f);
  }
}

static void sound_text_is_left_alone(void **state) {
  (void)state;
  static const char *const sound[] = {
      "Ti\xE1\xBA\xBFng Vi\xE1\xBB\x87t: \xC3\xA0 \xC3\xA1 \xC3\xA2",
      "caf\xC3\xA9 \xC3\x83\xC2\xA9", "\xE4\xB8\xAD\xE6\x96\x87",
      "\xC3\xA9\xC2\xAB \xC3\xA8\xC2\xBB", ""};
  for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
    lan_buf out = {0};
    assert_false(facts_mend_mojibake(sound[i], strlen(sound[i]), &out));
    lan_buf_free(&out);
  }
}

/* ---- sentences ---- */

static void sentences_around_links(void **state) {
  (void)state;
  static const struct {
    const char *note, *sentence, *mark;
  } cases[] = {
      {"One. See [[a|the b]] now! Two.", "See the b now!", "the b"},
      {"# Head\nText [[a]]\n\nnext", "Text a", "a"},
      {"- one [[a]] x\n- two", "one a x", "a"},
      {"| p | [[a\\|b]] |\n| q |", "p b", "b"},
      {"- [ ] do [[a]]", "do a", "a"},
      {"> [!note] T\n> by [[a]]", "by a", "a"},
      {"\xE4\xB8\x80\xE3\x80\x82\xE4\xBA\x8C[[a]]\xE3\x80\x82\xE4\xB8\x89",
       "\xE4\xBA\x8C"
       "a\xE3\x80\x82",
       "a"},
      {"We met J. Smith, e.g. at [[a]], v.v. and so on. End",
       "We met J. Smith, e.g. at a, v.v. and so on.", "a"},
      {"It is 3.14 and [s](a.md) **bold** ==x== end.", "It is 3.14 and s bold x end.", "s"},
      {"line one\nline [[a]]\nthree", "line one line a three", "a"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    facts f = {0};
    lan_buf out = {0};
    size_t start, end;
    assert_int_equal(facts_parse_note(cases[i].note, strlen(cases[i].note), &f, NULL), LAN_OK);
    assert_int_equal(f.links.len, 1);
    facts_sentence(f.text, f.links.data[0].start, f.links.data[0].end, 200, &out, &start, &end);
    assert_string_equal(out.data, cases[i].sentence);
    assert_int_equal(end - start, strlen(cases[i].mark));
    assert_memory_equal(out.data + start, cases[i].mark, end - start);
    lan_buf_free(&out);
    facts_free(&f);
  }
}

static void long_sentences_are_cut_around_the_link(void **state) {
  (void)state;
  lan_buf note = {0}, out = {0};
  for (int i = 0; i < 3000; i++) lan_buf_add_str(&note, "\xE1\xBB\x87 ");
  size_t at = note.len, start, end;
  lan_buf_add_str(&note, "[[a]]");
  for (int i = 0; i < 3000; i++) lan_buf_add_str(&note, " \xE1\xBB\x87");
  facts_sentence(lan_buf_str(&note), (uint32_t)at, (uint32_t)at + 5, 100, &out, &start, &end);
  assert_true(out.len <= 110);
  assert_int_equal(lan_utf8_valid(out.data, out.len), out.len);
  assert_memory_equal(out.data + start, "a", end - start);
  lan_buf_free(&note);
  lan_buf_free(&out);
}

/* ---- hostile input ---- */

static double parse_ms(const char *unit, size_t times, const char *prefix) {
  lan_buf note = {0};
  lan_buf_add_str(&note, prefix);
  for (size_t i = 0; i < times; i++) lan_buf_add_str(&note, unit);
  facts f = {0};
  uint64_t start = lan_clock_ns();
  assert_int_equal(facts_parse_note(note.data, note.len, &f, NULL), LAN_OK);
  double ms = (double)(lan_clock_ns() - start) / 1e6;
  facts_free(&f);
  lan_buf_free(&note);
  return ms;
}

/* 50,000 of each; quadratic time would be minutes for some, so the bound can be wide. */
static void hostile_input_takes_linear_time(void **state) {
  (void)state;
  static const char *const units[] = {
      "[",        "[[",    "![[",     "[[a|",       "[a](",     "[a](<",     "]",         "]]",
      "`",        "``a`",  "```\n",   "$",          "$$",       "$a ",       "%%",        "<",
      "<a ",      "<!--",  "<style>", "*a_",        "> ",       "- ",        "- [ ] a\n", "# a\n",
      "a\n===\n", "|",     "|a|\n",   "a|b\n-|-\n", "[a]: b\n", "[a]: <b\n", "[a]\n",     "[a][a]",
      "#a ",      " ^a",   "\\",      "://",        "[a](b \"", "((((",      "[[ `a` ",   "\n",
      "\r\n",     "[[a]]", "<div>\n", "$$ `x` "};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    double ms = parse_ms(units[i], 50000, "");
    if (ms > 5000) print_error("%s: %.0f ms\n", units[i], ms);
    assert_true(ms <= 5000);
  }
  assert_true(parse_ms("[a] [b][] [c][a] ", 50000, "[a]: b\n[b]: c\n\n") <= 5000);
}

static void huge_notes_are_refused(void **state) {
  (void)state;
  facts f = {0};
  lan_error err;
  assert_int_equal(facts_parse_note("", (size_t)FACTS_FILE_MAX + 1, &f, &err), LAN_ELIMIT);
  facts_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wikilinks),
      cmocka_unit_test(markdown_links),
      cmocka_unit_test(what_holds_no_links),
      cmocka_unit_test(tags),
      cmocka_unit_test(headings_tasks_and_ids),
      cmocka_unit_test(links_of_any_length),
      cmocka_unit_test(positions_lines_and_pieces),
      cmocka_unit_test(memory_is_used_again),
      cmocka_unit_test(damaged_text_is_mended_and_told),
      cmocka_unit_test(sound_text_is_left_alone),
      cmocka_unit_test(sentences_around_links),
      cmocka_unit_test(long_sentences_are_cut_around_the_link),
      cmocka_unit_test(hostile_input_takes_linear_time),
      cmocka_unit_test(huge_notes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
