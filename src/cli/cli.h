/* What the subcommands share: options, opening the vault, output. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"
#include "base/vec.h"
#include "lantoa/memory.h"

/* Exit codes. */
enum {
  EXIT_FOUND = 0,
  EXIT_NONE = 1,    /* nothing was found */
  EXIT_USAGE = 2,   /* the command line is wrong, or names what does not exist */
  EXIT_PARTIAL = 3, /* some of what was asked for, or some of the vault, could not be had */
  EXIT_FAILED = 4,  /* a file could not be read or written, or is damaged */
  EXIT_STOPPED = 130
};

typedef struct cli_options {
  bool json, from_stdin, why, quiet, no_cache, help, zero;
  size_t limit; /* 0: the subcommand's own */
  lan_linked linked;
  const char *vault, *cache_dir;
  VEC(const char *) excludes;
  VEC(const char *) words; /* what is no option */
  /* simulate */
  VEC(const char *) from;
  const char *preset;
  double retention, decay, suppress; /* negative: not given */
  long time;
  bool undirected, rebuild;
} cli_options;

typedef struct cli_command {
  const char *name, *arguments, *summary;
  const char *options; /* long names that it takes, each followed by a space */
  size_t words_least, words_most;
  int (*run)(cli_options *o);
  const char *more; /* the rest of its help */
} cli_command;

extern const cli_command cli_commands[];
const cli_command *cli_find_command(const char *name);

/* Parses what follows the subcommand. Says what is wrong and returns false. */
bool cli_parse(int argc, char **argv, const cli_command *command, cli_options *out);
void cli_options_free(cli_options *o);
void cli_print_help(const cli_command *command); /* NULL: the general help */

/* ---- messages: one line on stderr ---- */

void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The exit code of a failure. */
int cli_exit_of(lan_status status);

/* ---- the vault ---- */

/* Opens the vault that the options name, showing progress; says what is wrong and returns NULL,
 * with the exit code. */
lan_memory *cli_open(const cli_options *o, bool save, int *exit_code);
/* EXIT_PARTIAL if files of the vault could not be read, else `code`. Warns once. */
int cli_close(lan_memory *m, const cli_options *o, int code);
bool cli_was_interrupted(void);

/* ---- output ---- */

typedef enum cli_style {
  STYLE_PLAIN,
  STYLE_TITLE,
  STYLE_DIM,
  STYLE_BAR,
  STYLE_MARK,
  STYLE_PATH,
  STYLE_GOOD,
  STYLE_BAD
} cli_style;

void cli_output_init(void);
bool cli_colours(void);
size_t cli_width(void); /* of the terminal; 80 if it is none */
/* Writes text of notes: control characters are shown, not sent. */
void cli_put(cli_style style, const char *text);
void cli_put_cut(cli_style style, const char *text, size_t columns); /* "…" where it was cut */
size_t cli_columns(const char *text);
void cli_put_bar(double share); /* 0 .. 1, ten columns */
/* "Cà phê → Buổi sáng → Bạn bè  42 %" */
void cli_put_path(const lan_path *path, const char *indent);
void cli_put_sentence(const lan_sentence *s, const char *indent);
/* Flushes and checks standard output. */
int cli_finish(int code);

json_t *cli_json_text(const char *text); /* invalid UTF-8 becomes U+FFFD */
void cli_json_set_path(json_t *object,
                       const char *path); /* "path", and "path_hex" if it is not UTF-8 */
json_t *cli_path_json(const lan_path *path);
json_t *cli_json_number(double v);  /* six significant digits */
void cli_json_print(json_t *value); /* one line; takes the reference */

/* Reads lines (or NUL-ended strings) of standard input, without their ends; NULL at the end. */
char *cli_next_line(const cli_options *o);

/* ---- the subcommands ---- */

int cmd_index(cli_options *o);
int cmd_related(cli_options *o);
int cmd_recall(cli_options *o);
int cmd_path(cli_options *o);
int cmd_simulate(cli_options *o);
int cmd_suggest(cli_options *o);
int cmd_doctor(cli_options *o);
int cmd_status(cli_options *o);

#endif
