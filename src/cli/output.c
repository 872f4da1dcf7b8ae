/* What people and programs see. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/cli.h"

static struct {
  bool colours;
  size_t width;
} output;

void cli_output_init(void) {
  struct winsize w;
  bool terminal = isatty(STDOUT_FILENO);
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  output.colours = terminal && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
  output.width = 80;
  if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 20) {
    output.width = w.ws_col;
  }
}

bool cli_colours(void) { return output.colours; }
size_t cli_width(void) { return output.width; }

void cli_error(const char *format, ...) {
  char message[LAN_ERROR_MAX + 256];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  for (char *p = message; *p; p++) {
    if ((unsigned char)*p < 0x20 || *p == 0x7F)
      *p = '?'; /* nothing of a note drives the terminal */
  }
  fprintf(stderr, "lantoa: %s\n", message);
}

/* ---- text ---- */

static const char *colour_of(cli_style style) {
  switch (style) {
    case STYLE_TITLE: return "\033[1m";
    case STYLE_DIM: return "\033[2m";
    case STYLE_BAR: return "\033[36m";
    case STYLE_MARK: return "\033[33m";
    case STYLE_PATH: return "\033[34m";
    case STYLE_GOOD: return "\033[32m";
    case STYLE_BAD: return "\033[31m";
    case STYLE_PLAIN: break;
  }
  return "";
}

static size_t width_of(uint32_t cp) {
  int w = wcwidth((wchar_t)cp);
  return w < 0 ? 1 : (size_t)w;
}

static bool is_control(uint32_t cp) {
  return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (cp >= 0x202A && cp <= 0x202E) ||
         (cp >= 0x2066 && cp <= 0x2069); /* also what turns the direction of writing */
}

size_t cli_columns(const char *text) {
  size_t columns = 0;
  for (size_t i = 0, n = strlen(text); i < n;) {
    uint32_t cp;
    i += lan_utf8_decode(text + i, n - i, &cp);
    columns += is_control(cp) ? 1 : width_of(cp);
  }
  return columns;
}

static void put_limited(const char *text, size_t n, size_t columns) {
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    size_t len = lan_utf8_decode(text + i, n - i, &cp), w = is_control(cp) ? 1 : width_of(cp);
    if (w > columns) return;
    columns -= w;
    if (is_control(cp) || (len == 1 && cp == 0xFFFD)) {
      fputs("\xEF\xBF\xBD", stdout);
    } else {
      fwrite(text + i, 1, len, stdout);
    }
    i += len;
  }
}

static void begin(cli_style style) {
  if (output.colours) fputs(colour_of(style), stdout);
}

static void end(cli_style style) {
  if (output.colours && style != STYLE_PLAIN) fputs("\033[0m", stdout);
}

void cli_put(cli_style style, const char *text) {
  begin(style);
  put_limited(text, strlen(text), SIZE_MAX);
  end(style);
}

void cli_put_cut(cli_style style, const char *text, size_t columns) {
  bool fits = cli_columns(text) <= columns;
  begin(style);
  put_limited(text, strlen(text), fits ? SIZE_MAX : columns ? columns - 1 : 0);
  if (!fits && columns) fputs("…", stdout);
  end(style);
}

void cli_put_bar(double share) {
  static const char *const parts[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  int eighths = (int)lround((share < 0 ? 0 : share > 1 ? 1 : share) * 80);
  begin(STYLE_BAR);
  for (int i = 0; i < 10; i++, eighths -= 8) {
    fputs(eighths >= 8 ? "█" : eighths > 0 ? parts[eighths] : " ", stdout);
  }
  end(STYLE_BAR);
}

void cli_put_sentence(const lan_sentence *s, const char *indent) {
  size_t n = strlen(s->text);
  fputs(indent, stdout);
  fputs("“", stdout);
  put_limited(s->text, s->mark_start, SIZE_MAX);
  begin(STYLE_MARK);
  put_limited(s->text + s->mark_start, s->mark_end - s->mark_start, SIZE_MAX);
  end(STYLE_MARK);
  put_limited(s->text + s->mark_end, n - s->mark_end, SIZE_MAX);
  fputs("” ", stdout);
  begin(STYLE_DIM);
  put_limited(s->path, strlen(s->path), SIZE_MAX);
  printf(":%u", s->line);
  end(STYLE_DIM);
  putchar('\n');
}

int cli_finish(int code) {
  if (fflush(stdout) != 0 || ferror(stdout)) {
    cli_error("cannot write the output: is the disk full?");
    return EXIT_FAILED;
  }
  return code;
}

/* ---- JSON ---- */

json_t *cli_json_text(const char *text) {
  size_t n = strlen(text);
  if (lan_utf8_valid(text, n) == n) return json_stringn_nocheck(text, n);
  lan_buf b = {0};
  lan_utf8_scrub(&b, text, n);
  json_t *v = json_stringn_nocheck(b.data ? b.data : "", b.len);
  lan_buf_free(&b);
  return v;
}

void cli_json_set_path(json_t *object, const char *path) {
  json_object_set_new_nocheck(object, "path", cli_json_text(path));
  size_t n = strlen(path);
  if (lan_utf8_valid(path, n) == n) return;
  lan_buf hex = {0};
  for (size_t i = 0; i < n; i++) lan_buf_printf(&hex, "%02x", (unsigned char)path[i]);
  json_object_set_new_nocheck(object, "path_hex", json_string(hex.data ? hex.data : ""));
  lan_buf_free(&hex);
}

json_t *cli_json_number(double v) {
  char text[40];
  snprintf(text, sizeof text, "%.6g", v);
  return json_real(strtod(text, NULL));
}

void cli_json_print(json_t *value) {
  json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6) | JSON_ENCODE_ANY);
  putchar('\n');
  fflush(stdout);
  json_decref(value);
}

/* ---- input ---- */

char *cli_next_line(const cli_options *o) {
  static char *line;
  static size_t size;
  int ending = o->zero ? '\0' : '\n';
  ssize_t n = getdelim(&line, &size, ending, stdin);
  if (n < 0) {
    free(line);
    line = NULL;
    size = 0;
    return NULL;
  }
  if (n > 0 && line[n - 1] == (char)ending) line[--n] = '\0';
  if (!o->zero && n > 0 && line[n - 1] == '\r') line[n - 1] = '\0';
  return line;
}
