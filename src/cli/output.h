/* What goes to standard output: gathered in a buffer, painted for terminals, written whole. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

typedef struct output {
  lan_buf buf;
  bool color;
  size_t width; /* columns of the terminal; 0: no terminal, lines as long as they like */
  bool failed;  /* standard output took no more, and that was said */
  bool closed;  /* its reader has had enough: no error */
} output;

/* Finds out about the terminal. `color`: a color_when. */
void output_init(output *o, int color);
void output_free(output *o);

/* Writes what is in the buffer; false when standard output takes no more (said once). */
bool output_flush(output *o);

typedef enum style {
  STYLE_PLAIN,
  STYLE_STRONG, /* titles */
  STYLE_FAINT,  /* folders, places */
  STYLE_BAR,
  STYLE_MARK, /* → ← ↔ */
  STYLE_REASON,
  STYLE_HIT, /* the linked words in a sentence */
  STYLE_TROUBLE
} style;

/* Sets the style of what follows, on terminals that show colours. */
void output_style(output *o, style s);

/* Text of notes, made safe: control characters become pictures, what is not UTF-8 and what turns
 * the direction of writing round becomes U+FFFD. At most `most` columns, cut with "…" (0: all).
 * Returns the columns that it takes. */
size_t output_text(output *o, lan_str text, size_t most);

/* The same in a style, for NUL-terminated strings, uncut. */
size_t output_styled(output *o, style s, const char *text);

/* A whole text in lines of the terminal's width, each after the first `indent` columns in; bytes
 * mark_start .. mark_end in STYLE_HIT. `column`: where the cursor stands. */
void output_wrapped(output *o, lan_str text, size_t mark_start, size_t mark_end, size_t column,
                    size_t indent);

void output_spaces(output *o, size_t n);
/* Text, uncut, and spaces up to so many columns and one more. */
void output_column(output *o, const char *text, size_t columns);

/* A bar of 8 columns, full at 1. */
void output_bar(output *o, double share);

/* 12345 as "12,345". */
void output_number(output *o, size_t n);
/* "1 note", "12,345 notes" */
void output_count(output *o, size_t n, const char *one, const char *many);

/* Appends `text` made safe for a terminal, as output_text does. */
void output_safe(lan_buf *out, lan_str text);

/* The columns that output_text takes, uncut. */
size_t output_width(lan_str text);

/* The columns that a code point takes on a terminal: 0, 1 or 2. */
size_t output_columns(uint32_t cp);

#endif
