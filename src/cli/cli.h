/* What every subcommand shares: its entry in the table, exit codes, complaints. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "cli/options.h"
#include "cli/output.h"
#include "lantoa/status.h"

typedef enum cli_exit {
  CLI_FOUND = 0,
  CLI_NONE = 1,     /* nothing found */
  CLI_USAGE = 2,    /* the command line makes no sense */
  CLI_PARTIAL = 3,  /* answered, but some queries or files could not be */
  CLI_BROKEN = 4,   /* reading or writing failed, or a file is corrupt */
  CLI_STOPPED = 130 /* by SIGINT; 143 by SIGTERM */
} cli_exit;

typedef struct cli {
  const struct command *command;
  options opt;
  output out;
} cli;

typedef struct command {
  const char *name;
  const char *help;           /* its page: fits 80 columns and 24 lines where it can */
  uint64_t takes, takes_more; /* options, as TAKES and TAKES_MORE bits */
  size_t least, most;         /* words that it wants without --stdin */
  const char *missing;        /* what to say when there are fewer */
  cli_exit (*run)(cli *c);
  const struct command *const *commands; /* of a group; they are called "group command" */
} command;

/* Every subcommand, ended by one without a name. */
extern const command *const cli_commands[];
extern const command command_doctor, command_eval, command_export, command_feedback, command_forget,
    command_help, command_history, command_import, command_index, command_learn, command_mcp,
    command_net, command_opened, command_path, command_recall, command_related, command_serve,
    command_simulate, command_status, command_suggest;
/* Those of lantoa net. */
extern const command command_net_check, command_net_eval, command_net_explain, command_net_export,
    command_net_predict, command_net_show, command_net_train;

/* The command called `name`, of a group or (NULL) of all, or NULL after complaining. */
const command *cli_command(const command *group, const char *name);

/* The page of all commands. */
extern const char cli_help[];

/* One line on standard error: "lantoa: ...", control characters made visible. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a failed call means for the exit code. */
cli_exit cli_exit_of(lan_status status);

/* Whether SIGINT or SIGTERM came. A second one ends the process at once. */
bool cli_stopped(void);

/* Lines that several pages share. */
#define HELP_STDIN_0 \
  "  -0, --null          paths only, each ended by NUL; with --stdin, lines are too\n"
#define HELP_COLOR "  --color WHEN        auto, always or never; NO_COLOR is respected\n"
#define HELP_VAULT                                                                  \
  "  --vault DIR         the vault; else $LANTOA_VAULT, else upwards from here\n"   \
  "  --exclude PATTERN   leave out paths that begin so or match /regex/ (repeat)\n" \
  "  --cache-dir DIR     keep the index there; --no-cache: keep none\n"             \
  "  -q, --quiet         no progress and no warnings\n"
#define HELP_EXIT "Exit: 0 found, 1 nothing found, 2 usage, 3 partial, 4 I/O or corrupt.\n"

#endif
