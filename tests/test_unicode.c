/* Unicode: the tables against utf8proc for every code point, folding against its definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <utf8proc.h>

#include <cmocka.h>

#include "text/unicode.h"

enum { CP_END = 0x110000 };

static bool is_surrogate(uint32_t cp) { return cp >= 0xD800 && cp <= 0xDFFF; }

static uint64_t seed;

static uint32_t random_below(uint32_t n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((seed >> 32) * n >> 32);
}

/* ---- the tables ---- */

static text_class class_by_category(utf8proc_category_t c) {
  if (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) return TEXT_LETTER;
  if (c >= UTF8PROC_CATEGORY_MN && c <= UTF8PROC_CATEGORY_ME) return TEXT_MARK;
  if (c == UTF8PROC_CATEGORY_ND) return TEXT_DIGIT;
  return c == UTF8PROC_CATEGORY_NL ? TEXT_LETTER : TEXT_OTHER;
}

static bool is_white(uint32_t cp, utf8proc_category_t c) {
  return (cp >= 9 && cp <= 13) || cp == 0x85 || c == UTF8PROC_CATEGORY_ZS ||
         c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

static void tables_agree_with_utf8proc(void **state) {
  (void)state;
  for (uint32_t cp = 0; cp < CP_END; cp++) {
    if (is_surrogate(cp)) continue;
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    text_class class = text_class_of(cp), expected = class_by_category(c);
    if (class == TEXT_IDEOGRAPH) class = TEXT_LETTER;
    if (class != expected) fail_msg("class of U+%04X", cp);
    if (text_lower_of(cp) != (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp)) {
      fail_msg("lower case of U+%04X", cp);
    }
    if (text_is_space(cp) != is_white(cp, c)) fail_msg("white space U+%04X", cp);
  }
}

static void beyond_unicode_is_nothing(void **state) {
  (void)state;
  static const uint32_t cps[] = {0xD800, 0xDFFF, 0x110000, 0x7FFFFFFF, UINT32_MAX};
  for (size_t i = 0; i < sizeof cps / sizeof *cps; i++) {
    assert_int_equal(text_class_of(cps[i]), TEXT_OTHER);
    assert_int_equal(text_lower_of(cps[i]), cps[i]);
    assert_false(text_is_emoji(cps[i]) || text_is_space(cps[i]));
  }
}

static void scripts_without_spaces(void **state) {
  (void)state;
  static const uint32_t yes[] = {0x4E2D, 0x3042, 0x30AB,  0xFF76, 0x0E01, 0x0E81,
                                 0x1780, 0x1000, 0x20000, 0x3005, 0x3007, 0x30FC};
  static const uint32_t no[] = {'a', 0x1EBF, 0x0416, 0x05D0, 0x0627, 0x0915, 0xAC00, 0x10A0};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    assert_int_equal(text_class_of(yes[i]), TEXT_IDEOGRAPH);
  }
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
    assert_int_equal(text_class_of(no[i]), TEXT_LETTER);
  }
}

static void emoji_and_what_joins_them(void **state) {
  (void)state;
  static const uint32_t yes[] = {0x1F600, 0x2615, 0x1F1FB, 0x1F3FD, 0xFE0F, 0x200D, 0x20E3, 0x2764};
  static const uint32_t no[] = {'#', '1', '*', 'a', 0xE9, 0x4E2D, ' ', 0x2014, 0x201C};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(text_is_emoji(yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(text_is_emoji(no[i]));
}

/* ---- folding ---- */

/* utf8proc's NFC, lower-cased after it if wanted, without looking for what is quick. */
static lan_buf by_definition(const char *s, size_t n, bool lower) {
  lan_buf in = {0}, out = {0};
  lan_buf_add(&in, s, n);
  for (int round = 0; round < (lower ? 2 : 1); round++) {
    utf8proc_uint8_t *nfc = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)(in.data ? in.data : ""), (utf8proc_ssize_t)in.len,
                     &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    assert_true(len >= 0);
    lan_buf_clear(&in);
    for (size_t i = 0; i < (size_t)len;) {
      uint32_t cp;
      char bytes[4];
      i += lan_utf8_decode((char *)nfc + i, (size_t)len - i, &cp);
      if (lower && round == 0) cp = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
      lan_buf_add(&in, bytes, lan_utf8_encode(cp, bytes));
    }
    free(nfc);
  }
  lan_buf_add(&out, in.data, in.len);
  lan_buf_free(&in);
  return out;
}

static void check_folding(const char *s, size_t n) {
  lan_buf nfc = {0}, folded = {0}, again = {0};
  lan_buf right_nfc = by_definition(s, n, false), right_folded = by_definition(s, n, true);
  text_nfc(&nfc, s, n);
  text_fold(&folded, s, n);
  text_fold(&again, folded.data, folded.len);
  if (!lan_str_equal(lan_buf_str(&nfc), lan_buf_str(&right_nfc))) fail_msg("NFC of '%s'", s);
  if (!lan_str_equal(lan_buf_str(&folded), lan_buf_str(&right_folded))) fail_msg("fold '%s'", s);
  if (!lan_str_equal(lan_buf_str(&folded), lan_buf_str(&again))) fail_msg("fold twice '%s'", s);
  lan_buf_free(&nfc);
  lan_buf_free(&folded);
  lan_buf_free(&again);
  lan_buf_free(&right_nfc);
  lan_buf_free(&right_folded);
}

static size_t put(char *s, size_t n, uint32_t cp) { return n + lan_utf8_encode(cp, s + n); }

/* Each alone, and between what may combine with it. */
static void every_code_point_folds_by_definition(void **state) {
  (void)state;
  for (uint32_t cp = 0; cp < CP_END; cp++) {
    if (is_surrogate(cp) || utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_CN) {
      continue;
    }
    char s[32];
    size_t n = put(s, 0, cp);
    n = put(s, n, 'E');
    n = put(s, n, cp);
    n = put(s, n, 0x301);
    n = put(s, n, 0x323);
    s[n] = '\0';
    check_folding(s, n);
    if (cp >= 0x4E00 && cp < 0x9FFF) cp += 16; /* these are all alike, */
    if (cp >= 0xAC00 && cp < 0xD7A0) cp += 12; /* and so are these */
    if (cp >= 0x17000) cp += 6;
  }
}

static uint32_t nasty_letter(void) {
  static const uint32_t cps[] = {
      'a',    'E',    'I',     ' ',     'd',     0x49,    0x130,  0x131,   0xC5,    0x212B, 0x212A,
      0x2126, 0x1E9E, 0xDF,    0x300,   0x301,   0x302,   0x306,  0x307,   0x309,   0x31B,  0x323,
      0x327,  0x328,  0x334,   0x340,   0x343,   0x344,   0x345,  0x110,   0x111,   0x1EA0, 0x1EC7,
      0x1EF8, 0x3A3,  0x3C2,   0x391,   0x1F80,  0x1F88,  0x413,  0x439,   0x5D0,   0x5B4,  0xFB1D,
      0x627,  0x653,  0x915,   0x93C,   0x958,   0xE01,   0xE38,  0xE48,   0x1100,  0x1161, 0x11A8,
      0xAC00, 0xAC01, 0x3046,  0x3099,  0x3094,  0x30AB,  0xF900, 0x2FA1D, 0x1F600, 0xFE0F, 0x200D,
      0x23A,  0x2C65, 0x10400, 0x1D15E, 0x110BA, 0x1134B, 0x13E,  0x1C4,   0x1C5,   0x226E, '<',
      0x338,  0x2000, 0x37E,   0x1FEF,  0x9BE,   0x9C7,   0xDDC,  0xDCF,   0xDCA};
  return cps[random_below(sizeof cps / sizeof *cps)];
}

static void random_strings_fold_by_definition(void **state) {
  (void)state;
  seed = 1;
  for (int round = 0; round < 60000; round++) {
    char s[200];
    size_t n = 0, most = 1 + random_below(round % 50 == 0 ? 40 : 9);
    for (size_t i = 0; i < most; i++) n = put(s, n, nasty_letter());
    s[n] = '\0';
    check_folding(s, n);
  }
}

static void a_long_text_folds_by_definition(void **state) {
  (void)state;
  lan_buf b = {0};
  seed = 2;
  for (int i = 0; i < 20000; i++) {
    char bytes[4];
    uint32_t cp = random_below(10) ? 'A' + random_below(26) : nasty_letter();
    lan_buf_add(&b, bytes, lan_utf8_encode(cp, bytes));
  }
  check_folding(b.data, b.len);
  lan_buf_free(&b);
}

static void invalid_bytes_stay(void **state) {
  (void)state;
  static const struct {
    const char *from, *to;
  } cases[] = {{"\xFF", "\xFF"},
               {"A\xC3(B", "a\xC3(b"},
               {"E\xCC\x81\xCC", "\xC3\xA9\xCC"},
               {"\xED\xA0\x80Z", "\xED\xA0\x80z"},
               {"A\xCC\x81\xFF\xCC\x81", "\xC3\xA1\xFF\xCC\x81"},
               {"\xF4\x90\x80\x80", "\xF4\x90\x80\x80"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lan_buf b = {0};
    text_fold(&b, cases[i].from, strlen(cases[i].from));
    assert_string_equal(b.data, cases[i].to);
    lan_buf_free(&b);
  }
}

static void folding_appends(void **state) {
  (void)state;
  lan_buf b = {0};
  text_fold(&b, NULL, 0);
  text_fold(&b, "\xC3\x89", 2);
  text_nfc(&b, "E\xCC\x81", 3);
  text_strip(&b, "\xC3\x89", 2);
  assert_string_equal(b.data, "\xC3\xA9\xC3\x89\x65");
  lan_buf_free(&b);
}

/* ---- without accents ---- */

static void stripping(void **state) {
  (void)state;
  static const struct {
    const char *from, *to;
  } cases[] = {{"cà phê Đà Nẵng", "ca phe da nang"},
               {"Quán CÀ PHÊ", "quan ca phe"},
               {"ăâêôơưđ áàảãạ ắằẳẵặ ấầẩẫậ éèẻẽẹ ếềểễệ íìỉĩị óòỏõọ ốồổỗộ ớờởỡợ úùủũụ ứừửữự ýỳỷỹỵ",
                "aaeooud aaaaa aaaaa aaaaa eeeee eeeee iiiii ooooo ooooo ooooo uuuuu uuuuu yyyyy"},
               {"e\xCC\x82\xCC\x81", "e"},
               {"Straße GROẞ", "strasse gross"},
               {"Ærø æ œuvre Œ ǽ ǣ", "aero ae oeuvre oe ae ae"},
               {"Łódź ħ Ħ ısı İ ǿ", "lodz h h isi i o"},
               {"Ελλάς ΐ Ή", "ελλας ι η"},
               {"Йод ёлка Ї", "иод елка і"},
               {"हिन्दी", "हिन्दी"},
               {"ภาษาไทย ก็", "ภาษาไทย ก็"},
               {"ガ か\xE3\x82\x99", "ガ が"},
               {"한글 中文", "한글 中文"},
               {"x\xFFÉ", "x\xFF\x65"},
               {"", ""}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lan_buf b = {0}, folded = {0}, again = {0};
    text_strip(&b, cases[i].from, strlen(cases[i].from));
    assert_string_equal(b.data ? b.data : "", cases[i].to);
    text_fold(&folded, cases[i].from, strlen(cases[i].from));
    text_strip(&again, folded.data, folded.len);
    assert_true(lan_str_equal(lan_buf_str(&b), lan_buf_str(&again)));
    lan_buf_free(&b);
    lan_buf_free(&folded);
    lan_buf_free(&again);
  }
}

/* By decomposition, for each letter of Latin, Greek and Cyrillic. */
static void stripping_drops_the_marks_only(void **state) {
  (void)state;
  for (uint32_t cp = 0x80; cp < 0x2000; cp++) {
    char s[4], expected[64];
    size_t n = lan_utf8_encode(cp, s), len = 0;
    bool ours = cp < 0x300 || (cp >= 0x370 && cp < 0x530) || cp >= 0x1E00;
    if (!ours || cp == 0xDF || cp == 0x1E9E || utf8proc_tolower((utf8proc_int32_t)cp) >= 0x2000) {
      continue;
    }
    utf8proc_int32_t d[8];
    utf8proc_int32_t lower = utf8proc_tolower((utf8proc_int32_t)cp);
    utf8proc_ssize_t parts = utf8proc_decompose_char(lower, d, 8, UTF8PROC_DECOMPOSE, NULL);
    for (utf8proc_ssize_t i = 0; i < parts; i++) {
      if (strchr("\xE6\x53\xF8", (int)(d[i] & 0xFF)) && d[i] >= 0x80) parts = 0; /* æ œ ø below */
      if (parts && (d[i] < 0x300 || d[i] > 0x36F)) len = put(expected, len, (uint32_t)d[i]);
    }
    if (parts <= 0 || cp == 0x110 || cp == 0x111 || cp == 0x126 || cp == 0x127 || cp == 0x131 ||
        cp == 0x141 || cp == 0x142) {
      continue;
    }
    lan_buf b = {0};
    text_strip(&b, s, n);
    if (b.len != len || memcmp(b.data, expected, len) != 0) fail_msg("strip U+%04X", cp);
    lan_buf_free(&b);
  }
}

/* ---- time ---- */

static double fold_seconds(const char *s, size_t n) {
  double best = 1e9;
  for (int i = 0; i < 3; i++) {
    struct timespec a, b;
    lan_buf out = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    text_fold(&out, s, n);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double t = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
    if (t < best) best = t;
    lan_buf_free(&out);
  }
  return best;
}

/* Sixteen times the text takes about sixteen times as long, not two hundred. */
static void folding_is_linear(void **state) {
  (void)state;
  static const char *const units[] = {"\xCC\x81", "\xCC\x81\xCC\xA3", "a\xCC\x81",
                                      "\xFF",     "\xE1\xBE\x82",     "\xE1\x84\x80\xE1\x85\xA1"};
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    lan_buf b = {0};
    size_t small = 6000, n = strlen(units[u]);
    for (size_t i = 0; i < 16 * small; i++) lan_buf_add(&b, units[u], n);
    double t = fold_seconds(b.data, small * n), long_t = fold_seconds(b.data, 16 * small * n);
    if (long_t > 0.02 && long_t > t * 90) fail_msg("unit %zu: %g s, then %g s", u, t, long_t);
    lan_buf_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_agree_with_utf8proc),
      cmocka_unit_test(beyond_unicode_is_nothing),
      cmocka_unit_test(scripts_without_spaces),
      cmocka_unit_test(emoji_and_what_joins_them),
      cmocka_unit_test(every_code_point_folds_by_definition),
      cmocka_unit_test(random_strings_fold_by_definition),
      cmocka_unit_test(a_long_text_folds_by_definition),
      cmocka_unit_test(invalid_bytes_stay),
      cmocka_unit_test(folding_appends),
      cmocka_unit_test(stripping),
      cmocka_unit_test(stripping_drops_the_marks_only),
      cmocka_unit_test(folding_is_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
