/* UTF-8 that was read as Windows-1252 (or 1254) and written as UTF-8 again ("mojibake"). */
#include "vault/parse.h"

/* What Windows-1252 has at 0x80 .. 0x9F (the WHATWG Encoding Standard's index); 0: nothing. */
static const uint16_t HIGH[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                  0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* Windows-1254 (Turkish) differs from 1252 in six letters, and does the same damage. */
static const struct {
  uint16_t cp;
  uint8_t byte;
} TURKISH[6] = {{0x11E, 0xD0}, {0x130, 0xDD}, {0x15E, 0xDE},
                {0x11F, 0xF0}, {0x131, 0xFD}, {0x15F, 0xFE}};

/* The byte that was read as `cp`, or -1. */
static int byte_of(uint32_t cp) {
  if (cp < 0x100) return (int)cp; /* also 0x80 .. 0x9F: some readers keep the unassigned ones */
  for (int i = 0; i < 32; i++) {
    if (HIGH[i] == cp) return 0x80 + i;
  }
  for (size_t i = 0; i < 6; i++) {
    if (TURKISH[i].cp == cp) return TURKISH[i].byte;
  }
  return -1;
}

static size_t sequence_length(int lead) {
  if (lead >= 0xC3 && lead <= 0xDF) return 2;
  if (lead >= 0xE1 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/* The next byte that is not ASCII, or n. */
static size_t next_high(const char *s, size_t n, size_t i) {
  for (uint64_t word; i + 8 <= n; i += 8) {
    memcpy(&word, s + i, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (i < n && (unsigned char)s[i] < 0x80) i++;
  return i;
}

/* Whether the character at i may begin a damaged one: À .. ô or a Turkish letter, C3 to C5 in
 * UTF-8, and behind it a sign that no text has there but a damaged one. Quick, as the text of many
 * languages is full of the former. */
static bool may_begin(const char *s, size_t n, size_t i) {
  if ((unsigned char)s[i] < 0xC3 || (unsigned char)s[i] > 0xC5 || n - i < 3) return false;
  switch ((unsigned char)s[i + 2]) { /* how U+0080 .. U+00BF and those of HIGH begin */
    case 0xC2:
    case 0xC5:
    case 0xC6:
    case 0xCB:
    case 0xE2: return true;
    default: return false;
  }
}

/* A damaged character at i: the bytes of its sequence. Some may have been lost on the way, which
 * shows in that an ordinary character follows too early; *complete tells. Returns how many code
 * points make it up, 0 if there is none here. */
static size_t sequence_at(const char *s, size_t n, size_t i, char out[4], size_t *consumed,
                          bool *complete) {
  uint32_t cp;
  size_t at = i + lan_utf8_decode(s + i, n - i, &cp);
  int lead = cp < 0x80 ? -1 : byte_of(cp);
  size_t want = lead < 0 ? 0 : sequence_length(lead), got = 1;
  if (want == 0) return 0;
  out[0] = (char)lead;
  while (got < want && at < n) {
    size_t len = lan_utf8_decode(s + at, n - at, &cp);
    int b = byte_of(cp);
    if (b < 0x80 || b > 0xBF) break;
    out[got++] = (char)b;
    at += len;
  }
  *consumed = at - i;
  *complete = got == want;
  return got;
}

typedef struct tally {
  size_t whole;  /* sequences that make a character */
  size_t broken; /* leads that do not, as in ordinary Western text */
} tally;

/* Whether there may be 3 places or more that may_begin lets pass; most text has none. A loop without
 * branches, which compilers make SIMD of. */
static bool is_suspect(const char *s, size_t n) {
  size_t found = 0;
  while (n > 2 && found < 3) {
    size_t step = n - 2 < 128 ? n - 2 : 128;
    unsigned char here = 0;
    for (size_t i = 0; i < step; i++) {
      unsigned char a = (unsigned char)(s[i] - 0xC3), b = (unsigned char)s[i + 2];
      unsigned char follows = ((b & 0xF0u) == 0xC0) | (b == 0xE2);
      here = (unsigned char)(here + ((a < 3) & follows));
    }
    found += here;
    s += step;
    n -= step;
  }
  return found >= 3;
}

static tally count_sequences(const char *s, size_t n) {
  tally t = {0, 0};
  for (size_t i = next_high(s, n, 0); i < n; i = next_high(s, n, i)) {
    unsigned char c = (unsigned char)s[i];
    if (!may_begin(s, n, i)) {
      t.broken += c == 0xC3;
      i += c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
      continue;
    }
    uint32_t cp;
    char bytes[4];
    size_t consumed = 0;
    bool complete = false;
    size_t got = sequence_at(s, n, i, bytes, &consumed, &complete);
    if (got && complete && lan_utf8_decode(bytes, got, &cp) == got) {
      t.whole++;
      i += consumed;
    } else {
      t.broken += got == 1;
      i += got ? consumed : lan_utf8_decode(s + i, n - i, &cp);
    }
  }
  return t;
}

bool facts_mend_mojibake(const char *s, size_t n, lan_buf *out) {
  if (!is_suspect(s, n)) return false;
  tally t = count_sequences(s, n);
  /* Real text has a pair like "Ã©" by chance at most; damaged text has little else. */
  if (t.whole < 3 || t.whole < 2 * t.broken) return false;
  for (size_t i = 0; i < n;) {
    char bytes[4];
    size_t consumed = 0;
    bool complete = false;
    uint32_t cp;
    size_t got = (unsigned char)s[i] < 0x80 ? 0 : sequence_at(s, n, i, bytes, &consumed, &complete);
    if (got && complete && lan_utf8_decode(bytes, got, &cp) == got) {
      lan_buf_add(out, bytes, got);
      i += consumed;
    } else if (got > 1) { /* bytes of it were lost */
      lan_buf_add(out, "\xEF\xBF\xBD", 3);
      i += consumed;
    } else {
      size_t len = lan_utf8_decode(s + i, n - i, &cp);
      lan_buf_add(out, s + i, len);
      i += len;
    }
  }
  return true;
}

/* ---- a note's damage ---- */

/* UTF-16 with its mark, as some editors on Windows save; surrogates without a partner become
 * U+FFFD. */
static bool mend_utf16(const char *s, size_t n, lan_buf *out) {
  if (n < 2 || n % 2) return false;
  unsigned first = (unsigned char)s[0], second = (unsigned char)s[1];
  bool little = first == 0xFF && second == 0xFE;
  if (!little && !(first == 0xFE && second == 0xFF)) return false;
  uint32_t high = 0;
  for (size_t i = 2; i < n; i += 2) {
    uint32_t a = (unsigned char)s[i], b = (unsigned char)s[i + 1],
             cp = little ? b << 8 | a : a << 8 | b;
    char bytes[4];
    if (cp >= 0xD800 && cp < 0xDC00 && i + 2 < n) {
      if (high) lan_buf_add_str(out, "\xEF\xBF\xBD");
      high = cp;
      continue;
    }
    bool low = cp >= 0xDC00 && cp < 0xE000;
    if (high && low) cp = 0x10000 + ((high - 0xD800) << 10) + (cp - 0xDC00);
    if (high && !low) lan_buf_add_str(out, "\xEF\xBF\xBD");
    if (cp >= 0xD800 && cp < 0xE000) cp = 0xFFFD;
    high = 0;
    lan_buf_add(out, bytes, lan_utf8_encode(cp, bytes));
  }
  return true;
}

static void take_mended(facts *f, lan_buf *mended, uint32_t damage, const char *message) {
  f->damage |= damage;
  parse_problem(f, 1, "%s", message);
  f->text = parse_copy(f, mended->data ? mended->data : "", mended->len);
}

static void tell_nul(facts *f) {
  const char *nul = f->text.len ? memchr(f->text.ptr, '\0', f->text.len) : NULL;
  if (!nul) return;
  f->damage |= FACTS_DAMAGE_NUL;
  parse_problem(f, facts_line(f->text, (size_t)(nul - f->text.ptr)),
                "holds NUL bytes: the file may have been cut off by a crash; restore it from a "
                "backup or delete them");
}

void parse_damage(facts *f) {
  lan_str t = f->text;
  lan_buf mended = {0};
  if (mend_utf16(t.ptr, t.len, &mended)) {
    take_mended(f, &mended, FACTS_DAMAGE_UTF8,
                "is UTF-16, which other programs do not read as a note; save it as UTF-8");
  } else {
    size_t good = lan_utf8_valid(t.ptr, t.len);
    if (good < t.len) {
      f->damage |= FACTS_DAMAGE_UTF8;
      parse_problem(f, facts_line(t, good), "is not UTF-8 here (byte %zu); save the file as UTF-8",
                    good);
    } else if (facts_mend_mojibake(t.ptr, t.len, &mended)) {
      take_mended(f, &mended, FACTS_DAMAGE_MOJIBAKE,
                  "was UTF-8, read as Windows-1252 and saved again (it is read here as if mended); "
                  "convert it back, e.g. with iconv -f UTF-8 -t WINDOWS-1252");
    }
  }
  tell_nul(f);
  f->failed |= mended.failed;
  lan_buf_free(&mended);
}
