/* Phrases: tables of cases, random texts against trying every phrase at every place, time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/vec.h"
#include "text/phrase.h"
#include "text/unicode.h"
#include "text/words.h"

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((seed >> 32) * n >> 32);
}

typedef VEC(phrase_match) matches;

static void keep_match(void *ctx, const phrase_match *m) {
  matches *all = ctx;
  assert_true(VEC_PUSH(all, *m));
}

/* ---- cases ---- */

typedef struct sample {
  const char *phrases; /* between bars */
  const char *text, *found;
} sample;

static uint32_t split(const char *s, lan_str *phrases) {
  uint32_t n = 0;
  for (const char *end; *s; s = *end ? end + 1 : end) {
    end = strchr(s, '|');
    if (!end) end = s + strlen(s);
    phrases[n++] = (lan_str){s, (size_t)(end - s)};
  }
  return n;
}

static void check_sample(const sample *c) {
  lan_str phrases[16];
  phrase_set *set;
  phrase_scratch scratch = {0};
  matches all = {0};
  lan_buf found = {0};
  assert_int_equal(phrase_set_new(phrases, split(c->phrases, phrases), &set, NULL), LAN_OK);
  assert_int_equal(phrase_scan(set, c->text, strlen(c->text), &scratch, keep_match, &all), LAN_OK);
  for (size_t i = 0; i < all.len; i++) {
    phrase_match m = all.data[i];
    lan_buf_printf(&found, "%s%u:", i ? "|" : "", m.phrase);
    lan_buf_add(&found, c->text + m.start, m.end - m.start);
  }
  assert_string_equal(found.data ? found.data : "", c->found);
  lan_buf_free(&found);
  VEC_FREE(&all);
  phrase_scratch_free(&scratch);
  phrase_set_free(set);
}

static void phrases_are_found(void **state) {
  (void)state;
  static const sample cases[] = {
      {"cà phê|quán cà phê|trà sữa", "Ở quán cà phê có cà phê và Trà Sữa.",
       "1:quán cà phê|0:cà phê|2:Trà Sữa"},
      {"cà phê", "ca\xCC\x80 phe\xCC\x82, **CÀ  PHÊ** càphê cà-phê, [[cà\nphê]] cà phêx",
       "0:ca\xCC\x80 phe\xCC\x82|0:CÀ  PHÊ|0:cà\nphê"},
      {"ca\xCC\x80 phe\xCC\x82", "cà phê ca phe", "0:cà phê"},
      {"咖啡|喜欢", "我喜欢咖啡。咖 啡", "1:喜欢|0:咖啡"},
      {"咖啡 豆", "咖啡豆 咖啡 豆 咖啡\xE3\x80\x80豆", "0:咖啡 豆|0:咖啡\xE3\x80\x80豆"},
      {"กาแฟ", "ดื่มกาแฟร้อน", "0:กาแฟ"},
      {"C|C++|C#", "C, C++; c#, C+ and C ++", "0:C|1:C++|2:c#|0:C|0:C"},
      {"C++", "C C+ c++ xC++ C++11", "0:c++|0:C++"},
      {"Node.js", "node js, node.js, Node .js, node.jsx, Node.JS.", "0:node.js|0:Node.JS"},
      {"O'Reilly", "o'reilly O\xE2\x80\x99Reilly O Reilly oreilly",
       "0:o'reilly|0:O\xE2\x80\x99Reilly"},
      {"☕ Coffee|Tea 🍵", "coffee ☕ coffee ☕coffee tea tea 🍵 🍵", "0:☕ coffee|1:tea 🍵"},
      {"#tag|(old) news", "tag #tag old news (old) news", "0:#tag|1:(old) news"},
      {"a!|!b", "a!b !b", "0:a!|1:!b"},
      {"a b c d|b c", "a b c x a b c d b c", "1:b c|0:a b c d|1:b c"},
      {"a|a a a b", "a a a a a b", "0:a|0:a|1:a a a b"},
      {"a b|b c d", "a b c d", "0:a b"},
      {"c|b c|a b c", "x a b c b c c", "2:a b c|1:b c|0:c"},
      {"x y|X  Y|x y", "x y", "0:x y"},
      {"a ≠ b", "a ≠ b a =\xCC\xB8 b a = b", "0:a ≠ b|0:a =\xCC\xB8 b"},
      {"a =\xCC\xB8 b", "a ≠ b", "0:a ≠ b"},
      {"  spaced out \t", "spaced out, xspaced out", "0:spaced out"},
      {"2024-01-02", "on 2024-01-02: 2024-01-020 2024 01 02", "0:2024-01-02"},
      {"snake_case", "snake_case snake case", "0:snake_case"},
      {"a\xFF"
       "b",
       "a\xFF"
       "b a\xFE"
       "b ab",
       "0:a\xFF"
       "b"},
      {"--|☕|...| ", "-- ☕ ... ", ""},
      {"", "text", ""},
      {"text", "", ""},
      {"text", " , ", ""},
      {"a", "a", "0:a"},
      {"İstanbul", "istanbul İSTANBUL", "0:istanbul|0:İSTANBUL"},
      {"がく", "か\xE3\x82\x99く", "0:か\xE3\x82\x99く"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_sample(&cases[i]);
}

static void no_phrases_at_all(void **state) {
  (void)state;
  phrase_set *set;
  phrase_scratch scratch = {0};
  matches all = {0};
  lan_str empty = {0};
  for (uint32_t n = 0; n < 2; n++) {
    assert_int_equal(phrase_set_new(&empty, n, &set, NULL), LAN_OK);
    assert_int_equal(phrase_scan(set, "a b", 3, &scratch, keep_match, &all), LAN_OK);
    assert_int_equal(phrase_scan(set, NULL, 0, &scratch, keep_match, &all), LAN_OK);
    phrase_set_free(set);
  }
  phrase_set_free(NULL);
  assert_int_equal(all.len, 0);
  phrase_scratch_free(&scratch);
}

static void a_phrase_may_be_long(void **state) {
  (void)state;
  lan_buf b = {0};
  for (int i = 0; i < 5000; i++) lan_buf_printf(&b, "w%d ", i);
  phrase_set *set;
  phrase_scratch scratch = {0};
  matches all = {0};
  lan_str phrase = lan_buf_str(&b);
  assert_int_equal(phrase_set_new(&phrase, 1, &set, NULL), LAN_OK);
  assert_int_equal(phrase_scan(set, b.data, b.len, &scratch, keep_match, &all), LAN_OK);
  assert_int_equal(all.len, 1);
  assert_int_equal(all.data[0].end, b.len - 1);
  VEC_FREE(&all);
  phrase_scratch_free(&scratch);
  phrase_set_free(set);
  lan_buf_free(&b);
}

/* ---- every phrase at every place ---- */

typedef struct piece {
  uint64_t hash;
  uint32_t start, end;
  bool spaced, word;
} piece;

typedef struct pieces {
  piece all[256];
  size_t n;
} pieces;

static bool add_word(void *ctx, const text_word *w) {
  pieces *p = ctx;
  p->all[p->n++] = (piece){w->hash, w->start, w->end, false, true};
  return true;
}

/* Words as they are cut; between them each letter by itself. (No marks in these texts.) */
static void cut(const char *s, size_t n, pieces *out) {
  pieces words = {.n = 0};
  text_words(s, n, TEXT_CUT_SINGLES, add_word, &words);
  out->n = 0;
  size_t w = 0;
  bool spaced = false;
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    size_t len = lan_utf8_decode(s + i, n - i, &cp);
    piece p = {cp | 1ull << 40, (uint32_t)i, (uint32_t)(i + len), spaced, false};
    if (w < words.n && words.all[w].start == i) {
      p = words.all[w++];
      p.spaced = spaced;
    } else if (text_is_space(cp)) {
      spaced = true;
      i += len;
      continue;
    }
    out->all[out->n++] = p;
    spaced = false;
    i = p.end;
  }
}

static bool stands_at(const pieces *phrase, const pieces *text, size_t at) {
  bool word = false;
  if (at + phrase->n > text->n) return false;
  for (size_t k = 0; k < phrase->n; k++) {
    const piece *a = &phrase->all[k], *b = &text->all[at + k];
    if (a->hash != b->hash || (k && a->spaced != b->spaced)) return false;
    word |= a->word;
  }
  return word;
}

static void find_plainly(const pieces *phrases, uint32_t n, const pieces *text, matches *out) {
  for (size_t i = 0; i < text->n;) {
    size_t longest = 0;
    phrase_match m = {0};
    for (uint32_t p = 0; p < n; p++) {
      if (phrases[p].n <= longest || !stands_at(&phrases[p], text, i)) continue;
      longest = phrases[p].n;
      m = (phrase_match){p, text->all[i].start, text->all[i + longest - 1].end};
    }
    if (longest) assert_true(VEC_PUSH(out, m));
    i += longest ? longest : 1;
  }
}

static size_t random_text(char *s, uint32_t most) {
  static const char *const parts[] = {"a", "b", "A",  "c",  " ", " ",    "  ", "\n",      ".",
                                      "+", "é", "中", "文", "☕", "\xFF", "'",  "\xC2\xA0"};
  size_t n = 0;
  for (uint32_t i = random_below(most + 1); i > 0; i--) {
    const char *p = parts[random_below(sizeof parts / sizeof *parts)];
    memcpy(s + n, p, strlen(p));
    n += strlen(p);
  }
  return n;
}

static void random_texts_as_found_plainly(void **state) {
  (void)state;
  enum { PHRASES = 12 };
  static pieces phrase_pieces[PHRASES], text_pieces;
  seed = 4;
  phrase_scratch scratch = {0};
  for (int round = 0; round < 3000; round++) {
    char bytes[PHRASES][64], text[400];
    lan_str phrases[PHRASES];
    uint32_t n = 1 + random_below(PHRASES);
    for (uint32_t p = 0; p < n; p++) {
      phrases[p] = (lan_str){bytes[p], random_text(bytes[p], 1 + random_below(10))};
      cut(phrases[p].ptr, phrases[p].len, &phrase_pieces[p]);
    }
    phrase_set *set;
    assert_int_equal(phrase_set_new(phrases, n, &set, NULL), LAN_OK);
    for (int t = 0; t < 8; t++) {
      size_t len = random_text(text, 100);
      matches right = {0}, found = {0};
      cut(text, len, &text_pieces);
      find_plainly(phrase_pieces, n, &text_pieces, &right);
      assert_int_equal(phrase_scan(set, text, len, &scratch, keep_match, &found), LAN_OK);
      assert_int_equal(found.len, right.len);
      if (right.len) assert_memory_equal(found.data, right.data, right.len * sizeof *right.data);
      VEC_FREE(&right);
      VEC_FREE(&found);
    }
    phrase_set_free(set);
  }
  phrase_scratch_free(&scratch);
}

/* ---- time ---- */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void count_match(void *ctx, const phrase_match *m) { *(size_t *)ctx += m->end - m->start; }

/* Builds from `n` phrases that `make` writes, and scans a text of `n` units; the seconds of both. */
static double hostile_seconds(uint32_t n, void (*make)(lan_buf *, uint32_t), const char *unit) {
  lan_buf bytes = {0}, text = {0};
  size_t *ends = calloc(n, sizeof *ends), sum = 0;
  lan_str *phrases = calloc(n, sizeof *phrases);
  assert_true(ends && phrases);
  for (uint32_t i = 0; i < n; i++) {
    make(&bytes, i);
    ends[i] = bytes.len;
  }
  for (uint32_t i = 0; i < n; i++) {
    size_t from = i ? ends[i - 1] : 0;
    phrases[i] = (lan_str){bytes.data + from, ends[i] - from};
  }
  for (uint32_t i = 0; i < 16 * n; i++) lan_buf_add_str(&text, unit);
  phrase_set *set;
  phrase_scratch scratch = {0};
  double t = now();
  assert_int_equal(phrase_set_new(phrases, n, &set, NULL), LAN_OK);
  assert_int_equal(phrase_scan(set, text.data, text.len, &scratch, count_match, &sum), LAN_OK);
  t = now() - t;
  phrase_scratch_free(&scratch);
  phrase_set_free(set);
  lan_buf_free(&text);
  lan_buf_free(&bytes);
  free(ends);
  free(phrases);
  return t;
}

static void all_alike(lan_buf *b, uint32_t i) {
  (void)i;
  lan_buf_add_str(b, "read me");
}

static void ever_more_signs(lan_buf *b, uint32_t i) {
  lan_buf_add_char(b, 'a');
  for (uint32_t k = 0; k < i % 50; k++) lan_buf_add_char(b, k & i ? '!' : '?');
  lan_buf_printf(b, "%u", i);
}

static void ever_more_words(lan_buf *b, uint32_t i) {
  for (uint32_t k = 0; k < i % 100; k++) lan_buf_add_str(b, "a ");
  lan_buf_add_str(b, "b");
}

static void one_word_and_another(lan_buf *b, uint32_t i) { lan_buf_printf(b, "a a a a a%u", i); }

static void hostile_titles_take_linear_time(void **state) {
  (void)state;
  static const struct {
    void (*make)(lan_buf *, uint32_t);
    const char *unit;
  } cases[] = {{all_alike, "read me "},  {ever_more_signs, "a!"},      {ever_more_words, "a "},
               {ever_more_words, "a b"}, {one_word_and_another, "a "}, {ever_more_signs, "!?"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double t = 1e9, long_t = 1e9;
    for (int k = 0; k < 3; k++) {
      double a = hostile_seconds(1500, cases[i].make, cases[i].unit);
      double b = hostile_seconds(16 * 1500, cases[i].make, cases[i].unit);
      if (a < t) t = a;
      if (b < long_t) long_t = b;
    }
    if (long_t > 0.02 && long_t > t * 90) fail_msg("case %zu: %g s, then %g s", i, t, long_t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(phrases_are_found),
      cmocka_unit_test(no_phrases_at_all),
      cmocka_unit_test(a_phrase_may_be_long),
      cmocka_unit_test(random_texts_as_found_plainly),
      cmocka_unit_test(hostile_titles_take_linear_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
