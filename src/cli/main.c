/* lantoa: finds the subcommand in the table, and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/nearest.h"

const command *const cli_commands[] = {
    &command_related, &command_recall, &command_path,   &command_suggest,  &command_doctor,
    &command_index,   &command_status, &command_opened, &command_feedback, &command_history,
    &command_forget,  &command_export, &command_import, &command_simulate, &command_learn,
    &command_serve,   &command_mcp,     &command_eval,     &command_net,    &command_help,     NULL};

const char cli_help[] =
    "lantoa: the associative memory for a folder of Markdown notes\n"
    "\n"
    "usage: lantoa COMMAND [OPTION ...] [WORD ...]\n"
    "Ask\n"
    "  related NOTE      what opening a note calls to mind, best first, with reasons\n"
    "  recall TEXT       what a phrase or a question calls to mind\n"
    "  path NOTE NOTE    how activation flows from one note to another\n"
    "Tend\n"
    "  suggest, doctor   links that are missing; broken links, orphans, damaged text\n"
    "  index, status     read the vault now; what the memory holds, and where\n"
    "Teach\n"
    "  opened NOTE       a note was opened: what is used comes up sooner\n"
    "  feedback NOTE NOTE  a result belongs, does not, or is not to be shown again\n"
    "  history, forget, export, import  what the memory was told\n"
    "Learn\n"
    "  learn, eval       tune the memory to your own vault; how well it does\n"
    "  serve, mcp        a page to see it spread, and JSON; tools for an AI assistant\n"
    "  simulate EDGES    spread activation over any edge list, step by step\n"
    "  net COMMAND       neural networks: see lantoa help net\n"
    "  help [COMMAND]    this page, or a command's own\n"
    "\n"
    "The vault is --vault DIR, else $LANTOA_VAULT, else the folder from here upwards\n"
    "that holds .obsidian. Notes are read, never written; nothing leaves the machine.\n" HELP_EXIT;

/* ---- what every subcommand shares ---- */

void cli_complain(const char *format, ...) {
  char message[2048];
  lan_buf line = {0};
  va_list args;
  va_start(args, format);
  int n = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  lan_buf_add_str(&line, "lantoa: ");
  if (n > 0) output_safe(&line, lan_str_of(message));
  lan_buf_add_char(&line, '\n');
  const char *text = line.failed ? "lantoa: out of memory\n" : line.data;
  ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
  (void)ignored; /* there is nobody left to tell */
  lan_buf_free(&line);
}

cli_exit cli_exit_of(lan_status status) {
  switch (status) {
    case LAN_OK: return CLI_FOUND;
    case LAN_ENOTFOUND: return CLI_NONE;
    case LAN_EINVAL:
    case LAN_ERANGE:
    case LAN_EAMBIGUOUS: return CLI_USAGE;
    case LAN_ECANCELED: return CLI_STOPPED;
    case LAN_ENOMEM:
    case LAN_EIO:
    case LAN_EFORMAT:
    case LAN_ELIMIT:
    case LAN_ECORRUPT:
    case LAN_EBUSY: return CLI_BROKEN;
  }
  return CLI_BROKEN;
}

/* What a command is called within its group. */
static const char *own_name(const command *group, const command *cmd) {
  return group ? cmd->name + strlen(group->name) + 1 : cmd->name;
}

const command *cli_command(const command *group, const char *name) {
  const command *const *all = group ? group->commands : cli_commands;
  const char *names[32], *of = group ? group->name : "", *space = group ? " " : "";
  size_t n = 0;
  for (size_t i = 0; all[i]; i++) {
    if (strcmp(own_name(group, all[i]), name) == 0) return all[i];
    if (n < sizeof names / sizeof *names) names[n++] = own_name(group, all[i]);
  }
  const char *near = nearest(name, names, n);
  if (near) {
    cli_complain("there is no command %s%s%s; did you mean %s?", of, space, name, near);
  } else {
    cli_complain("there is no command %s%s%s; see: lantoa help%s%s", of, space, name, space, of);
  }
  return NULL;
}

/* ---- signals and descriptors ---- */

static volatile sig_atomic_t stopped;

static void on_stop(int signal_number) { stopped = signal_number; }

bool cli_stopped(void) { return stopped != 0; }

/* The first SIGINT is obeyed where work can stop cleanly, the second at once. Reads are interrupted
 * by it. A SIGINT that is ignored (a background job) stays so. */
static void catch_stops(void) {
  static const int signals[] = {SIGINT, SIGTERM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction now, then = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&then.sa_mask);
    if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
      sigaction(signals[i], &then, NULL);
    }
  }
}

/* A descriptor 0, 1 or 2 that is closed would be given to the next file that is opened, and the
 * index then hold our output. It is opened the wrong way round, so that using it still fails. */
static bool fill_descriptors(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) return false;
  }
  return true;
}

/* ---- running ---- */

static bool count_words(const cli *c) {
  const command *cmd = c->command;
  size_t n = c->opt.words.len;
  if (c->opt.from_stdin) return true;
  if (n < cmd->least) {
    cli_complain("%s", cmd->missing);
    return false;
  }
  if (n > cmd->most) {
    cli_complain("%s wants no \"%s\"; see: lantoa help %s", cmd->name, c->opt.words.data[cmd->most],
                 cmd->name);
    return false;
  }
  return true;
}

static cli_exit run(cli *c) {
  if (c->opt.help) {
    lan_buf_add_str(&c->out.buf, c->command ? c->command->help : cli_help);
    return CLI_FOUND;
  }
  if (c->opt.version) {
    lan_buf_printf(&c->out.buf, "lantoa %s\n", lan_version());
    return CLI_FOUND;
  }
  if (!c->command) {
    cli_complain("what shall it do? See: lantoa help");
    return CLI_USAGE;
  }
  if (!count_words(c)) return CLI_USAGE;
  return c->command->run(c);
}

/* A group's name is taken out of the line, and the next word is its command. False after complaining. */
static bool find_command(int *argc, char **argv, int *at, const command **found) {
  *at = options_find_command(*argc, argv);
  if (*at == 0) return true;
  const command *cmd = cli_command(NULL, argv[*at]);
  if (!cmd) return false;
  *found = cmd;
  if (!cmd->commands) return true;
  memmove(argv + *at, argv + *at + 1,
          (size_t)(*argc - *at) * sizeof *argv); /* the final NULL too */
  --*argc;
  *at = options_find_command(*argc, argv);
  if (*at > 0) *found = cli_command(cmd, argv[*at]);
  return *found != NULL;
}

int main(int argc, char **argv) {
  cli c = {0};
  cli_exit code = CLI_USAGE;
  if (!fill_descriptors()) return CLI_BROKEN;
  catch_stops();
  int at;
  bool known = find_command(&argc, argv, &at, &c.command);
  if (known && options_read(c.command, argc, argv, at, &c.opt)) {
    output_init(&c.out, c.opt.color);
    code = run(&c);
    output_flush(&c.out);
    if (c.out.failed) code = CLI_BROKEN;
  }
  output_free(&c.out);
  options_free(&c.opt);
  return code == CLI_STOPPED ? 128 + (int)stopped : (int)code;
}
