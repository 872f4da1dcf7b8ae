/* The command line. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "cli/cli.h"

typedef enum kind { FLAG, TEXT, LIST, COUNT, NUMBER, LINKED } kind;

typedef struct option {
  const char *name;
  char letter;
  kind kind;
  const char *argument, *summary;
} option;

static const option OPTIONS[] = {
    {"vault", 0, TEXT, "DIR",
     "the vault; else the one around the current folder, or $LANTOA_VAULT"},
    {"limit", 'n', COUNT, "N", "at most N results"},
    {"why", 0, FLAG, NULL, "every reason: paths, sentences, words, tags, parts of the score"},
    {"linked", 0, LINKED, "yes|no|only", "with linked notes (yes), without them, or only them"},
    {"json", 0, FLAG, NULL, "exact output for programs"},
    {"stdin", 0, FLAG, NULL, "one query a line of standard input"},
    {"null", '0', FLAG, NULL, "queries of standard input end with a NUL byte, not a newline"},
    {"exclude", 0, LIST, "PATTERN",
     "leave out paths that begin so, or match /PATTERN/; repeatable"},
    {"cache-dir", 0, TEXT, "DIR", "where the cache is kept"},
    {"no-cache", 0, FLAG, NULL, "neither read nor write the cache"},
    {"rebuild", 0, FLAG, NULL, "read every note anew"},
    {"quiet", 'q', FLAG, NULL, "no progress and no warnings"},
    {"from", 0, LIST, "WORD", ""},
    {"preset", 0, TEXT, "NAME", ""},
    {"retention", 0, NUMBER, "R", ""},
    {"decay", 0, NUMBER, "D", ""},
    {"suppress", 0, NUMBER, "S", ""},
    {"time", 0, COUNT, "T", ""},
    {"undirected", 0, FLAG, NULL, ""},
    {"help", 'h', FLAG, NULL, "this help"},
    {NULL, 0, FLAG, NULL, NULL}};

static bool takes(const cli_command *c, const char *name) {
  size_t n = strlen(name);
  for (const char *p = c->options; (p = strstr(p, name)); p += n) {
    if ((p == c->options || p[-1] == ' ') && p[n] == ' ') return true;
  }
  return strcmp(name, "help") == 0;
}

static const option *find_long(const char *name, size_t n) {
  for (const option *o = OPTIONS; o->name; o++) {
    if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) return o;
  }
  return NULL;
}

static const option *find_letter(char letter) {
  for (const option *o = OPTIONS; o->name; o++) {
    if (o->letter == letter) return o;
  }
  return NULL;
}

static bool *flag_of(cli_options *o, const char *name) {
  const struct {
    const char *name;
    bool *flag;
  } flags[] = {{"json", &o->json},   {"stdin", &o->from_stdin},      {"why", &o->why},
               {"quiet", &o->quiet}, {"no-cache", &o->no_cache},     {"help", &o->help},
               {"null", &o->zero},   {"undirected", &o->undirected}, {"rebuild", &o->rebuild}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (strcmp(flags[i].name, name) == 0) return flags[i].flag;
  }
  return NULL;
}

static bool set_count(cli_options *o, const option *opt, const char *value) {
  char *end;
  errno = 0;
  long v = strtol(value, &end, 10);
  if (errno || *end || end == value || v < 1 || v > INT_MAX) {
    cli_error("--%s takes a whole number from 1 on, not \"%s\"", opt->name, value);
    return false;
  }
  if (strcmp(opt->name, "time") == 0) {
    o->time = v;
  } else {
    o->limit = (size_t)v;
  }
  return true;
}

static bool set_number(cli_options *o, const option *opt, const char *value) {
  char *end;
  double v = strtod(value, &end);
  if (*end || end == value || !(v >= 0)) {
    cli_error("--%s takes a number from 0 on, not \"%s\"", opt->name, value);
    return false;
  }
  if (strcmp(opt->name, "retention") == 0) o->retention = v;
  if (strcmp(opt->name, "decay") == 0) o->decay = v;
  if (strcmp(opt->name, "suppress") == 0) o->suppress = v;
  return true;
}

static bool set_linked(cli_options *o, const char *value) {
  static const char *const values[] = {
      [LAN_LINKED_YES] = "yes", [LAN_LINKED_NO] = "no", [LAN_LINKED_ONLY] = "only"};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(values[i], value) == 0) {
      o->linked = (lan_linked)i;
      return true;
    }
  }
  cli_error("--linked takes yes, no or only, not \"%s\"", value);
  return false;
}

static bool set_option(cli_options *o, const option *opt, const char *value) {
  switch (opt->kind) {
    case FLAG: *flag_of(o, opt->name) = true; return true;
    case COUNT: return set_count(o, opt, value);
    case NUMBER: return set_number(o, opt, value);
    case LINKED: return set_linked(o, value);
    case LIST:
      return strcmp(opt->name, "from") == 0 ? VEC_PUSH(&o->from, value)
                                            : VEC_PUSH(&o->excludes, value);
    case TEXT:
      if (strcmp(opt->name, "vault") == 0) o->vault = value;
      if (strcmp(opt->name, "cache-dir") == 0) o->cache_dir = value;
      if (strcmp(opt->name, "preset") == 0) o->preset = value;
      return true;
  }
  return false;
}

/* An option that is close to what was typed. */
static const char *nearest(const cli_command *c, const char *typed, size_t n) {
  for (size_t same = n; same > 1; same--) {
    for (const option *o = OPTIONS; o->name; o++) {
      if (takes(c, o->name) && strncmp(o->name, typed, same) == 0) return o->name;
    }
  }
  return NULL;
}

static bool unknown_option(const cli_command *c, const char *arg) {
  size_t n = strcspn(arg, "=");
  const char *near = n > 2 ? nearest(c, arg + 2, n - 2) : NULL;
  if (near) {
    cli_error("%s has no option \"%.*s\"; did you mean --%s?", c->name, (int)n, arg, near);
  } else {
    cli_error("%s has no option \"%.*s\"; see: lantoa help %s", c->name, (int)n, arg, c->name);
  }
  return false;
}

/* Reads the option at argv[*i]; `arg` begins with '-'. */
static bool parse_option(int argc, char **argv, int *i, const cli_command *c, cli_options *o) {
  const char *arg = argv[*i], *value = NULL;
  const option *opt;
  if (arg[1] == '-') {
    size_t n = strcspn(arg + 2, "=");
    opt = find_long(arg + 2, n);
    if (arg[2 + n] == '=') value = arg + 3 + n;
  } else {
    opt = find_letter(arg[1]);
    if (opt && arg[2]) value = arg + 2;
  }
  if (!opt || !takes(c, opt->name)) return unknown_option(c, arg);
  if (opt->kind == FLAG && value) {
    cli_error("--%s takes no value", opt->name);
    return false;
  }
  if (opt->kind != FLAG && !value) {
    if (*i + 1 >= argc) {
      cli_error("--%s needs a value: --%s %s", opt->name, opt->name, opt->argument);
      return false;
    }
    value = argv[++*i];
  }
  return set_option(o, opt, value);
}

static bool check_words(const cli_command *c, const cli_options *o) {
  size_t n = o->words.len;
  if (o->help) return true;
  bool needs =
      !o->from_stdin && (strcmp(c->name, "related") == 0 || strcmp(c->name, "recall") == 0);
  if (n < c->words_least || (needs && n == 0)) {
    cli_error("usage: lantoa %s %s; see: lantoa help %s", c->name, c->arguments, c->name);
    return false;
  }
  if (n > c->words_most) {
    cli_error("%s takes no more than %zu: put quotes around names with spaces, as in \"%s %s\"",
              c->name, c->words_most, o->words.data[0], o->words.data[1]);
    return false;
  }
  return true;
}

bool cli_parse(int argc, char **argv, const cli_command *c, cli_options *o) {
  *o = (cli_options){.retention = -1, .decay = -1, .suppress = -1};
  bool only_words = false;
  for (int i = 0; i < argc; i++) {
    if (!only_words && strcmp(argv[i], "--") == 0) {
      only_words = true;
    } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
      if (!parse_option(argc, argv, &i, c, o)) return false;
    } else if (!VEC_PUSH(&o->words, argv[i])) {
      cli_error("out of memory");
      return false;
    }
  }
  return check_words(c, o);
}

void cli_options_free(cli_options *o) {
  VEC_FREE(&o->excludes);
  VEC_FREE(&o->words);
  VEC_FREE(&o->from);
}

static void print_general_help(void) {
  printf(
      "lantoa %s: the associative memory of a folder of Markdown notes\n\n"
      "usage: lantoa COMMAND [OPTION ...]\n\n",
      lan_version());
  for (const cli_command *c = cli_commands; c->name; c++) {
    printf("  %-9s %-18s %s\n", c->name, c->arguments, c->summary);
  }
  printf(
      "\nlantoa help COMMAND tells more. Notes are read, never written; nothing leaves the "
      "machine.\n"
      "Exit codes: 0 found, 1 nothing found, 2 usage, 3 partly, 4 a file failed.\n");
}

void cli_print_help(const cli_command *c) {
  if (!c) {
    print_general_help();
    return;
  }
  printf("usage: lantoa %s %s [OPTION ...]\n%s\n\n%s", c->name, c->arguments, c->summary, c->more);
  for (const option *o = OPTIONS; o->name; o++) {
    char left[40];
    if (!takes(c, o->name) || !o->summary[0]) continue;
    snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
             o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name, o->argument ? " " : "",
             o->argument ? o->argument : "");
    printf("  %-26s %s\n", left, o->summary);
  }
}
