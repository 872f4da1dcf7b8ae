/* lantoa: finds the subcommand and runs it. */
#include <locale.h>
#include <signal.h>

#include "cli/cli.h"

#define COMMON "vault exclude cache-dir no-cache quiet json "

const cli_command cli_commands[] = {
    {"related", "NOTE", "what opening a note brings to mind, best first",
     COMMON "stdin limit why linked null ", 0, 1, cmd_related,
     "NOTE is a path, a title, an alias, or a part of one that fits only one note.\n"
     "--stdin takes one note a line; with --json each answer is one line.\n"},
    {"recall", "\"TEXT\"", "what a phrase or a question brings to mind",
     COMMON "stdin limit why linked null ", 0, SIZE_MAX, cmd_recall,
     "Words without accents find accented ones: lantoa recall \"ca phe\".\n"},
    {"path", "NOTE NOTE", "how activation flows from one note to another", COMMON "limit why ", 2,
     2, cmd_path, ""},
    {"suggest", "[NOTE]", "links that are missing", COMMON "limit ", 0, 1, cmd_suggest, ""},
    {"doctor", "", "broken and ambiguous links, orphans, damaged text, near-duplicate titles",
     COMMON "limit ", 0, 0, cmd_doctor,
     "Exits with 0 if something was found, with 1 if the vault is in order.\n"},
    {"index", "", "read the vault now and write the cache", COMMON "rebuild ", 0, 0, cmd_index,
     "Other commands read what has changed by themselves. --rebuild reads every note anew.\n"},
    {"status", "", "what is known of the vault, and where it is kept", COMMON, 0, 0, cmd_status,
     ""},
    {"simulate", "EDGES --from WORD", "spread activation over any network, as spreadr does",
     "from preset retention decay suppress time undirected json quiet limit ", 1, 1, cmd_simulate,
     "EDGES is an edge list (from, to, weight) or a matrix in CSV or TSV; \"-\" is standard "
     "input.\n"
     "Prints time, node and activation as CSV.\n"
     "  --from WORD[=ACTIVATION]  where activation starts; may be repeated (100 if not given)\n"
     "  --retention R  share that a node keeps (0.5)    --decay D     share that is lost (0)\n"
     "  --suppress S   below this activation is 0 (0)   --time T      steps (10)\n"
     "  --preset spreadr|ppr|actr|heat                  --undirected  edges go both ways\n"},
    {NULL, NULL, NULL, NULL, 0, 0, NULL, NULL}};

const cli_command *cli_find_command(const char *name) {
  for (const cli_command *c = cli_commands; c->name; c++) {
    if (strcmp(c->name, name) == 0) return c;
  }
  return NULL;
}

static int unknown_command(const char *name) {
  for (const cli_command *c = cli_commands; c->name; c++) {
    if (strncmp(c->name, name, 3) == 0) {
      cli_error("there is no command \"%s\"; did you mean \"%s\"? See: lantoa help", name, c->name);
      return EXIT_USAGE;
    }
  }
  cli_error("there is no command \"%s\"; see: lantoa help", name);
  return EXIT_USAGE;
}

static int help(int argc, char **argv) {
  const cli_command *c = argc > 0 ? cli_find_command(argv[0]) : NULL;
  if (argc > 0 && !c) return unknown_command(argv[0]);
  cli_print_help(c);
  return cli_finish(EXIT_FOUND);
}

int main(int argc, char **argv) {
  setlocale(LC_CTYPE, "");  /* for the width of characters */
  signal(SIGPIPE, SIG_DFL); /* `lantoa related x | head` ends quietly */
  cli_output_init();
  if (argc < 2) {
    cli_print_help(NULL);
    return cli_finish(EXIT_USAGE);
  }
  if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
    printf("lantoa %s\n", lan_version());
    return cli_finish(EXIT_FOUND);
  }
  if (strcmp(argv[1], "help") == 0) return help(argc - 2, argv + 2);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return help(0, NULL);
  const cli_command *command = cli_find_command(argv[1]);
  if (!command) return unknown_command(argv[1]);
  cli_options o;
  int code = EXIT_USAGE;
  if (cli_parse(argc - 2, argv + 2, command, &o)) {
    if (o.help) {
      cli_print_help(command);
      code = EXIT_FOUND;
    } else {
      code = command->run(&o);
    }
    code = cli_finish(code);
  }
  cli_options_free(&o);
  return code;
}
