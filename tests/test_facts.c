/* Facts as bytes: round trips, and damage to every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vault/facts.h"

static const char NOTE[] =
    "---\ntags: [x, y]\naliases: [one, two]\nup: \"[[p]]\"\nbad: *z\n---\n"
    "# H\n[[a#b|c]] ![[i.png]] [m](n%20o.md#h) #t\n- [ ] do ^id\n";

static void encode_note(lan_buf *out) {
  facts f = {0};
  assert_int_equal(facts_parse_note(NOTE, sizeof NOTE - 1, &f, NULL), LAN_OK);
  assert_int_equal(facts_encode(&f, out, NULL), LAN_OK);
  facts_free(&f);
}

static void what_is_decoded_is_what_was_encoded(void **state) {
  (void)state;
  facts f = {0}, g = {0};
  lan_buf bytes = {0}, again = {0};
  assert_int_equal(facts_parse_note(NOTE, sizeof NOTE - 1, &f, NULL), LAN_OK);
  encode_note(&bytes);
  assert_int_equal(facts_decode(bytes.data, bytes.len, &g, NULL), LAN_OK);
  assert_int_equal(g.links.len, f.links.len);
  for (size_t i = 0; i < f.links.len; i++) {
    const facts_link *a = &f.links.data[i], *b = &g.links.data[i];
    assert_true(lan_str_equal(a->target, b->target) && lan_str_equal(a->subpath, b->subpath));
    assert_true(lan_str_equal(a->from, b->from));
    assert_true(a->line == b->line && a->kind == b->kind && a->embed == b->embed);
  }
  assert_int_equal(g.tags.len, f.tags.len);
  for (size_t i = 0; i < f.tags.len; i++) {
    assert_true(lan_str_equal(f.tags.data[i].name, g.tags.data[i].name));
  }
  assert_int_equal(g.aliases.len, 2);
  assert_int_equal(g.problems.len, 1);
  assert_true(lan_str_equal(f.problems.data[0].message, g.problems.data[0].message));
  assert_int_equal(facts_encode(&g, &again, NULL), LAN_OK);
  assert_true(lan_str_equal(lan_buf_str(&bytes), lan_buf_str(&again)));
  lan_buf_free(&bytes);
  lan_buf_free(&again);
  facts_free(&f);
  facts_free(&g);
}

static void check_inside(lan_str s, const char *bytes, size_t n) {
  assert_true(s.len == 0 || (s.ptr >= bytes && s.ptr + s.len <= bytes + n));
}

/* Whatever the bytes, decoding refuses them or gives strings inside them. */
static void decode_any(const char *bytes, size_t n) {
  char *copy = malloc(n ? n : 1);
  assert_non_null(copy);
  memcpy(copy, bytes, n);
  facts f = {0};
  lan_error err;
  lan_status s = facts_decode(copy, n, &f, &err);
  assert_true(s == LAN_OK || s == LAN_ECORRUPT);
  for (size_t i = 0; i < f.links.len; i++) {
    check_inside(f.links.data[i].target, copy, n);
    check_inside(f.links.data[i].subpath, copy, n);
    assert_true(f.links.data[i].kind <= FACTS_LINK_CANVAS_EDGE);
  }
  for (size_t i = 0; i < f.aliases.len; i++) check_inside(f.aliases.data[i], copy, n);
  if (s != LAN_OK) assert_int_equal(f.links.len + f.tags.len + f.aliases.len, 0);
  facts_free(&f);
  free(copy);
}

static void every_changed_byte_and_every_cut_is_survived(void **state) {
  (void)state;
  lan_buf bytes = {0};
  encode_note(&bytes);
  for (size_t i = 0; i < bytes.len; i++) {
    char was = bytes.data[i];
    for (unsigned v = 0; v < 256; v++) {
      bytes.data[i] = (char)v;
      decode_any(bytes.data, bytes.len);
    }
    bytes.data[i] = was;
    decode_any(bytes.data, i);
  }
  lan_buf_add_char(&bytes, 0);
  facts f = {0};
  assert_int_equal(facts_decode(bytes.data, bytes.len, &f, NULL), LAN_ECORRUPT);
  facts_free(&f);
  lan_buf_free(&bytes);
}

static void lines_are_counted(void **state) {
  (void)state;
  lan_str t = LAN_STR("a\nb\n\nc");
  assert_int_equal(facts_line(t, 0), 1);
  assert_int_equal(facts_line(t, 1), 1);
  assert_int_equal(facts_line(t, 2), 2);
  assert_int_equal(facts_line(t, 5), 4);
  assert_int_equal(facts_line(t, 500), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_decoded_is_what_was_encoded),
      cmocka_unit_test(every_changed_byte_and_every_cut_is_survived),
      cmocka_unit_test(lines_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
