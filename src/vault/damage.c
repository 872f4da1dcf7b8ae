/* UTF-8 that was read as Windows-1252 (or 1254) and written as UTF-8 again ("mojibake"). */
#include "vault/facts.h"

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

static tally count_sequences(const char *s, size_t n) {
  tally t = {0, 0};
  for (size_t i = 0; i < n;) {
    if ((unsigned char)s[i] < 0x80) {
      i++;
      continue;
    }
    char bytes[4];
    size_t consumed = 0;
    bool complete = false;
    size_t got = sequence_at(s, n, i, bytes, &consumed, &complete);
    uint32_t cp;
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
