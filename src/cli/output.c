#include "cli/output.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/cli.h"
#include "text/unicode.h"

enum { WIDTH_LEAST = 30, BAR_COLUMNS = 8 };

/* ---- the terminal ---- */

static bool wants_color(int color) {
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  if (color != COLOR_AUTO) return color == COLOR_ALWAYS;
  return isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

void output_init(output *o, int color) {
  struct winsize size;
  o->color = wants_color(color);
  if (isatty(STDOUT_FILENO)) {
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    o->width = known ? size.ws_col : 80;
    if (o->width < WIDTH_LEAST) o->width = WIDTH_LEAST;
  }
  /* Only for wcwidth: numbers and messages stay as they are. */
  if (!setlocale(LC_CTYPE, "C.UTF-8")) setlocale(LC_CTYPE, "");
}

void output_free(output *o) { lan_buf_free(&o->buf); }

bool output_flush(output *o) {
  size_t done = 0;
  if (o->buf.failed && !o->failed) {
    cli_complain("out of memory");
    o->failed = true;
  }
  while (done < o->buf.len && !o->failed && !o->closed) {
    ssize_t n = write(STDOUT_FILENO, o->buf.data + done, o->buf.len - done);
    if (n >= 0) {
      done += (size_t)n;
    } else if (errno == EPIPE) {
      o->closed = true;
    } else if (errno != EINTR) {
      cli_complain("cannot write to standard output: %s", strerror(errno));
      o->failed = true;
    }
  }
  lan_buf_clear(&o->buf);
  return !o->failed && !o->closed;
}

void output_style(output *o, style s) {
  static const char *const codes[] = {
      [STYLE_PLAIN] = "\033[0m",  [STYLE_STRONG] = "\033[1m",  [STYLE_FAINT] = "\033[2m",
      [STYLE_BAR] = "\033[33m",   [STYLE_MARK] = "\033[36m",   [STYLE_REASON] = "\033[36m",
      [STYLE_HIT] = "\033[1;33m", [STYLE_TROUBLE] = "\033[31m"};
  if (o->color) lan_buf_add_str(&o->buf, codes[s]);
}

/* ---- columns ---- */

size_t output_columns(uint32_t cp) {
  if (cp < 0x300) return 1;
  int n = wcwidth((wchar_t)cp);
  if (n >= 0) return (size_t)n;
  return text_class_of(cp) == TEXT_MARK ? 0 : 1; /* unassigned, or no UTF-8 locale */
}

static bool turns_direction(uint32_t cp) {
  return (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* What a terminal may be shown in place of a code point of a note. */
static uint32_t safe_code(uint32_t cp) {
  if (cp == '\n' || cp == '\t' || cp == '\r' || cp == 0x2028 || cp == 0x2029) return ' ';
  if (cp < 0x20) return 0x2400 + cp;
  if (cp == 0x7f) return 0x2421;
  if ((cp >= 0x80 && cp < 0xa0) || turns_direction(cp)) return 0xfffd;
  return cp;
}

static void add_code(lan_buf *out, uint32_t cp) {
  char bytes[4];
  lan_buf_add(out, bytes, lan_utf8_encode(cp, bytes));
}

void output_safe(lan_buf *out, lan_str text) {
  for (size_t i = 0; i < text.len;) {
    uint32_t cp;
    i += lan_utf8_decode(text.ptr + i, text.len - i, &cp);
    add_code(out, safe_code(cp));
  }
}

size_t output_width(lan_str text) {
  size_t n = 0;
  for (size_t i = 0; i < text.len;) {
    uint32_t cp;
    i += lan_utf8_decode(text.ptr + i, text.len - i, &cp);
    n += output_columns(safe_code(cp));
  }
  return n;
}

size_t output_text(output *o, lan_str text, size_t most) {
  bool cut = most && output_width(text) > most;
  size_t room = cut ? most - 1 : SIZE_MAX, n = 0;
  for (size_t i = 0; i < text.len;) {
    uint32_t cp;
    i += lan_utf8_decode(text.ptr + i, text.len - i, &cp);
    cp = safe_code(cp);
    size_t w = output_columns(cp);
    if (n + w > room) break;
    n += w;
    add_code(&o->buf, cp);
  }
  if (cut) lan_buf_add_str(&o->buf, "…");
  return n + cut;
}

size_t output_styled(output *o, style s, const char *text) {
  output_style(o, s);
  size_t n = output_text(o, lan_str_of(text), 0);
  output_style(o, STYLE_PLAIN);
  return n;
}

/* The end of the piece that begins at `i` and is not broken: a word with the spaces before it, or
 * one character of a script without spaces. */
static size_t piece_end(lan_str text, size_t i) {
  bool in_word = false;
  while (i < text.len) {
    uint32_t cp;
    size_t took = lan_utf8_decode(text.ptr + i, text.len - i, &cp);
    bool space = safe_code(cp) == ' ', wide = output_columns(cp) == 2;
    if (in_word && (space || wide)) return i;
    i += took;
    if (wide) return i;
    in_word |= !space;
  }
  return i;
}

void output_wrapped(output *o, lan_str text, size_t mark_start, size_t mark_end, size_t column,
                    size_t indent) {
  for (size_t i = 0; i < text.len;) {
    size_t end = piece_end(text, i);
    size_t w = output_width((lan_str){text.ptr + i, end - i});
    if (o->width && column + w > o->width && column > indent) {
      lan_buf_add_char(&o->buf, '\n');
      output_spaces(o, indent);
      column = indent;
      while (i < end && text.ptr[i] == ' ') i++, w--;
    }
    column += w;
    while (i < end) {
      uint32_t cp;
      if (i == mark_start && mark_start < mark_end) output_style(o, STYLE_HIT);
      i += lan_utf8_decode(text.ptr + i, text.len - i, &cp);
      add_code(&o->buf, safe_code(cp));
      if (i == mark_end && mark_start < mark_end) output_style(o, STYLE_PLAIN);
    }
  }
}

/* ---- small things ---- */

void output_spaces(output *o, size_t n) {
  for (; n > 0; n--) lan_buf_add_char(&o->buf, ' ');
}

void output_column(output *o, const char *text, size_t columns) {
  size_t n = output_text(o, lan_str_of(text), 0);
  output_spaces(o, n < columns ? columns - n : 0);
  output_spaces(o, 1);
}

void output_bar(output *o, double share) {
  static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(share > 0)) share = 0;
  if (share > 1) share = 1;
  size_t eighths = (size_t)(share * BAR_COLUMNS * 8 + 0.5), full = eighths / 8;
  if (eighths == 0) eighths = 1;
  output_style(o, STYLE_BAR);
  for (size_t i = 0; i < full; i++) lan_buf_add_str(&o->buf, "█");
  lan_buf_add_str(&o->buf, parts[eighths % 8]);
  output_style(o, STYLE_PLAIN);
  output_spaces(o, BAR_COLUMNS - full - (eighths % 8 != 0));
}

void output_number(output *o, size_t n) {
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%zu", n);
  for (int i = 0; i < len; i++) {
    if (i > 0 && (len - i) % 3 == 0) lan_buf_add_char(&o->buf, ',');
    lan_buf_add_char(&o->buf, digits[i]);
  }
}

void output_count(output *o, size_t n, const char *one, const char *many) {
  output_number(o, n);
  lan_buf_printf(&o->buf, " %s", n == 1 ? one : many);
}
