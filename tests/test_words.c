/* Words: tables of cases, and random text against a plain cutter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/vec.h"
#include "text/unicode.h"
#include "text/words.h"

enum { WORD_MOST = 64 };

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((seed >> 32) * n >> 32);
}

/* ---- cases ---- */

/* Appends "word|word|..." and checks what must hold of every word. */
typedef struct listing {
  const char *text;
  lan_buf words;
  uint32_t last_start;
  size_t most;
} listing;

static lan_str folded_of(const listing *l, const text_word *w, lan_buf *folded, bool strip) {
  lan_buf plain = {0}; /* the typographic apostrophe counts as the plain one */
  for (uint32_t i = w->start; i < w->end;) {
    uint32_t cp;
    size_t len = lan_utf8_decode(l->text + i, w->end - i, &cp);
    if (cp == 0x2019) {
      lan_buf_add_char(&plain, '\'');
    } else {
      lan_buf_add(&plain, l->text + i, len);
    }
    i += (uint32_t)len;
  }
  (strip ? text_strip : text_fold)(folded, plain.data, plain.len);
  lan_buf_free(&plain);
  return lan_buf_str(folded);
}

static bool list_word(void *ctx, const text_word *w) {
  listing *l = ctx;
  lan_buf folded = {0}, stripped = {0};
  lan_str right = folded_of(l, w, &folded, false), base = folded_of(l, w, &stripped, true);
  assert_true(w->start < w->end && w->start >= l->last_start);
  assert_true(lan_str_equal(right, (lan_str){w->folded, w->folded_len}));
  assert_true(w->hash == lan_hash(right.ptr, right.len, 0));
  assert_true(w->base_hash == lan_hash(base.ptr, base.len, 0));
  l->last_start = w->start;
  if (l->words.len) lan_buf_add_char(&l->words, '|');
  lan_buf_add(&l->words, w->folded, w->folded_len);
  lan_buf_free(&folded);
  lan_buf_free(&stripped);
  return --l->most > 0;
}

static void expect(const char *text, text_cut cut, size_t most, const char *words) {
  listing l = {text, {0}, 0, most};
  text_words(text, strlen(text), cut, list_word, &l);
  assert_string_equal(l.words.data ? l.words.data : "", words);
  lan_buf_free(&l.words);
}

static void words_of_scripts_with_spaces(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"", ""},
      {" .,;!\n\t", ""},
      {"Hello, World!", "hello|world"},
      {"don't o\xE2\x80\x99"
       "clock 'quoted' rock'n'roll dogs' 'tis x'",
       "don't|o'clock|quoted|rock'n'roll|dogs|tis|x"},
      {"a'1 a''b", "a|1|a|b"},
      {"snake_case kebab-case C++ Node.js 3.14", "snake|case|kebab|case|c|node|js|3|14"},
      {"Cà phê sữa ĐÁ", "cà|phê|sữa|đá"},
      {"ca\xCC\x80 phe\xCC\x82", "cà|phê"},
      {"phê\xCC\x81 E\xCC\x82\xCC\xA3", "phế|ệ"},
      {"Straße ΣΊΣΥΦΟΣ Москва", "straße|σίσυφοσ|москва"},
      {"שָׁלוֹם مرحبا हिन्दी 한국어", "שָׁלוֹם|مرحبا|हिन्दी|한국어"},
      {"\xCC\x81x \xCC\x81", "x"},
      {"x\xFFy\xC3", "x|y"},
      {"١٢٣ ４２ Ⅳ", "١٢٣|４２|ⅳ"},
      {"☕coffee🙂tea", "coffee|tea"},
      {"\xE2\x84\xAA", "k"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    expect(cases[i].text, TEXT_CUT_BIGRAMS, SIZE_MAX, cases[i].words);
    expect(cases[i].text, TEXT_CUT_SINGLES, SIZE_MAX, cases[i].words);
  }
}

static void words_of_scripts_without_spaces(void **state) {
  (void)state;
  static const struct {
    const char *text, *pairs, *singles;
  } cases[] = {
      {"我喜欢咖啡", "我喜|喜欢|欢咖|咖啡", "我|喜|欢|咖|啡"},
      {"茶", "茶", "茶"},
      {"茶, 咖啡", "茶|咖啡", "茶|咖|啡"},
      {"iPhone手机case", "iphone|手机|case", "iphone|手|机|case"},
      {"a茶b", "a|茶|b", "a|茶|b"},
      {"か\xE3\x82\x99くせい", "がく|くせ|せい", "が|く|せ|い"},
      {"コーヒー", "コー|ーヒ|ヒー", "コ|ー|ヒ|ー"},
      {"กาแฟ", "กา|าแ|แฟ", "ก|า|แ|ฟ"},
      {"ก็ดี", "ก็ดี", "ก็|ดี"},
      {"第3章", "第|3|章", "第|3|章"},
      {"中'文", "中|文", "中|文"},
      {"中\xFF文", "中|文", "中|文"},
      {"\xF0\xA0\x80\x80\xEF\xA4\x80", "\xF0\xA0\x80\x80豈", "\xF0\xA0\x80\x80|豈"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    expect(cases[i].text, TEXT_CUT_BIGRAMS, SIZE_MAX, cases[i].pairs);
    expect(cases[i].text, TEXT_CUT_SINGLES, SIZE_MAX, cases[i].singles);
  }
}

static void a_false_stops(void **state) {
  (void)state;
  expect("a b c", TEXT_CUT_BIGRAMS, 2, "a|b");
  expect("à b c", TEXT_CUT_BIGRAMS, 1, "à");
  expect("中文字典", TEXT_CUT_BIGRAMS, 2, "中文|文字");
  expect("a 中文", TEXT_CUT_SINGLES, 2, "a|中");
}

static bool take_first(void *ctx, const text_word *w) {
  *(text_word *)ctx = *w;
  return false;
}

static bool take_last(void *ctx, const text_word *w) {
  *(text_word *)ctx = *w;
  return true;
}

static void long_words_are_cut_and_the_rest_dropped(void **state) {
  (void)state;
  static const char *const units[] = {"a", "à", "a\xCC\x80", "đ", "9", "क", "\xE1\xBE\x82"};
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    size_t one = strlen(units[u]), per = units[u][0] == 'a' && one == 3 ? 2 : 1;
    for (size_t n = 60; n < 70; n++) {
      lan_buf b = {0};
      for (size_t i = 0; i < n; i++) lan_buf_add(&b, units[u], one);
      lan_buf_add_str(&b, " z");
      text_word first, last;
      text_words(b.data, b.len, TEXT_CUT_BIGRAMS, take_first, &first);
      text_words(b.data, b.len, TEXT_CUT_BIGRAMS, take_last, &last);
      size_t kept = n * per < WORD_MOST ? n : WORD_MOST / per;
      assert_int_equal(first.start, 0);
      assert_int_equal(first.end, kept * one);
      assert_int_equal(last.start, b.len - 1);
      lan_buf_free(&b);
    }
  }
}

static void spellings_of_one_word_are_one(void **state) {
  (void)state;
  static const char *const same[][2] = {{"Việt", "VIE\xCC\xA3\xCC\x82T"},
                                        {"phở", "pho\xCC\x9B\xCC\x89"},
                                        {"Å", "A\xCC\x8A"},
                                        {"\xE2\x84\xAB", "å"},
                                        {"가", "\xE1\x84\x80\xE1\x85\xA1"},
                                        {"が", "か\xE3\x82\x99"}};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    text_word a, b;
    text_words(same[i][0], strlen(same[i][0]), TEXT_CUT_SINGLES, take_first, &a);
    text_words(same[i][1], strlen(same[i][1]), TEXT_CUT_SINGLES, take_first, &b);
    assert_true(a.hash == b.hash && a.base_hash == b.base_hash);
  }
  text_word a, b;
  text_words("phê", strlen("phê"), TEXT_CUT_SINGLES, take_first, &a);
  text_words("phe", 3, TEXT_CUT_SINGLES, take_first, &b);
  assert_true(a.hash != b.hash && a.base_hash == b.hash && b.base_hash == b.hash);
}

/* ---- a plain cutter ---- */

typedef struct range {
  uint32_t start, end;
} range;

typedef VEC(range) ranges;

static text_class class_at(const char *s, size_t n, size_t i, size_t *len, uint32_t *cp) {
  *len = 0;
  *cp = 0;
  if (i >= n) return TEXT_OTHER;
  *len = lan_utf8_decode(s + i, n - i, cp);
  return text_class_of(*cp);
}

static bool in_word(const char *s, size_t n, size_t i, size_t *len) {
  uint32_t cp;
  size_t next;
  text_class c = class_at(s, n, i, len, &cp);
  if (c == TEXT_LETTER || c == TEXT_DIGIT || c == TEXT_MARK) return true;
  return (cp == '\'' || cp == 0x2019) && class_at(s, n, i + *len, &next, &cp) == TEXT_LETTER;
}

static size_t plain_word(const char *s, size_t n, size_t i, ranges *out) {
  size_t start = i, end = i, len, count = 0;
  while (i < n && in_word(s, n, i, &len)) {
    i += len;
    if (count++ < WORD_MOST) end = i;
  }
  assert_true(VEC_PUSH(out, (range){(uint32_t)start, (uint32_t)end}));
  return i;
}

static size_t plain_ideographs(const char *s, size_t n, size_t i, text_cut cut, ranges *out) {
  ranges singles = {0};
  size_t len;
  uint32_t cp;
  while (i < n && class_at(s, n, i, &len, &cp) == TEXT_IDEOGRAPH) {
    size_t start = i;
    i += len;
    while (i < n && class_at(s, n, i, &len, &cp) == TEXT_MARK) i += len;
    assert_true(VEC_PUSH(&singles, (range){(uint32_t)start, (uint32_t)i}));
  }
  bool pairs = cut == TEXT_CUT_BIGRAMS && singles.len > 1;
  for (size_t k = 0; k + pairs < singles.len; k++) {
    range r = {singles.data[k].start, singles.data[k + pairs].end};
    assert_true(VEC_PUSH(out, r));
  }
  VEC_FREE(&singles);
  return i;
}

static void cut_plainly(const char *s, size_t n, text_cut cut, ranges *out) {
  for (size_t i = 0, len; i < n;) {
    uint32_t cp;
    text_class c = class_at(s, n, i, &len, &cp);
    if (c == TEXT_LETTER || c == TEXT_DIGIT) {
      i = plain_word(s, n, i, out);
    } else if (c == TEXT_IDEOGRAPH) {
      i = plain_ideographs(s, n, i, cut, out);
    } else {
      i += len;
    }
  }
}

typedef struct comparison {
  const ranges *right;
  size_t at;
} comparison;

static bool compare_word(void *ctx, const text_word *w) {
  comparison *c = ctx;
  assert_true(c->at < c->right->len);
  assert_int_equal(w->start, c->right->data[c->at].start);
  assert_int_equal(w->end, c->right->data[c->at].end);
  c->at++;
  return true;
}

static size_t random_piece(char *s) {
  static const char *const pieces[] = {"a",
                                       "B",
                                       "z9",
                                       "'",
                                       "\xE2\x80\x99",
                                       " ",
                                       "_",
                                       "-",
                                       "à",
                                       "Đ",
                                       "ệ",
                                       "\xCC\x81",
                                       "\xCC\xA3",
                                       "中",
                                       "文",
                                       "か",
                                       "\xE3\x82\x99",
                                       "ก",
                                       "\xE0\xB9\x87",
                                       "\xF0\xA0\x80\x80",
                                       "한",
                                       "क",
                                       "\xE0\xA5\x8D",
                                       "\xFF",
                                       "\xC3",
                                       "\xE4\xB8",
                                       "☕",
                                       "\xEF\xB8\x8F",
                                       "ß",
                                       "٣",
                                       "abcdefghijklmnopqrstuvwxyz"};
  const char *p = pieces[random_below(sizeof pieces / sizeof *pieces)];
  memcpy(s, p, strlen(p));
  return strlen(p);
}

static void random_text_is_cut_as_plainly(void **state) {
  (void)state;
  seed = 3;
  for (int round = 0; round < 40000; round++) {
    char s[1600];
    size_t n = 0, most = 1 + random_below(round % 8 ? 12 : 60);
    for (size_t i = 0; i < most; i++) n += random_piece(s + n);
    for (int cut = 0; cut < 2; cut++) {
      ranges right = {0};
      cut_plainly(s, n, (text_cut)cut, &right);
      comparison c = {&right, 0};
      text_words(s, n, (text_cut)cut, compare_word, &c);
      assert_int_equal(c.at, right.len);
      VEC_FREE(&right);
    }
    if (round % 8) { /* no word of these is cut, so that folding the source is folding the word */
      listing l = {s, {0}, 0, SIZE_MAX};
      text_words(s, n, TEXT_CUT_BIGRAMS, list_word, &l);
      lan_buf_free(&l.words);
    }
  }
}

/* ---- time ---- */

static bool count_bytes(void *ctx, const text_word *w) {
  *(size_t *)ctx += w->end - w->start;
  return true;
}

static double seconds(const char *s, size_t n, text_cut cut) {
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    struct timespec a, b;
    size_t sum = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    text_words(s, n, cut, count_bytes, &sum);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double t = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
    if (t < best) best = t;
  }
  return best;
}

static void cutting_is_linear(void **state) {
  (void)state;
  static const char *const units[] = {
      "a", "'", "a'", "à", "\xCC\x81", "中", "\xE3\x82\x99", "\xFF", "a\xCC\x81"};
  static const char *const heads[] = {"", "x", "中", "à"};
  enum { SMALL = 8000 };
  for (size_t u = 0; u < sizeof units / sizeof *units * 4; u++) {
    lan_buf b = {0};
    const char *unit = units[u / 4], *head = heads[u % 4];
    lan_buf_add_str(&b, head);
    for (size_t i = 0; i < 16 * SMALL; i++) lan_buf_add_str(&b, unit);
    for (int cut = 0; cut < 2; cut++) {
      double t = seconds(b.data, strlen(head) + SMALL * strlen(unit), (text_cut)cut);
      double long_t = seconds(b.data, b.len, (text_cut)cut);
      if (long_t > 0.02 && long_t > t * 90) fail_msg("'%s%s': %g s, %g s", head, unit, t, long_t);
    }
    lan_buf_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_of_scripts_with_spaces),
      cmocka_unit_test(words_of_scripts_without_spaces),
      cmocka_unit_test(a_false_stops),
      cmocka_unit_test(long_words_are_cut_and_the_rest_dropped),
      cmocka_unit_test(spellings_of_one_word_are_one),
      cmocka_unit_test(random_text_is_cut_as_plainly),
      cmocka_unit_test(cutting_is_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
