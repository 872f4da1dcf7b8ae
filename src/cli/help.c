/* lantoa help */
#include "cli/cli.h"

static cli_exit run(cli *c) {
  const char *page = cli_help;
  const command *cmd = NULL;
  for (size_t i = 0; i < c->opt.words.len; i++) {
    const char *word = c->opt.words.data[i];
    if (cmd && !cmd->commands) {
      cli_complain("help wants no \"%s\": %s has no commands of its own", word, cmd->name);
      return CLI_USAGE;
    }
    cmd = cli_command(cmd, word);
    if (!cmd) return CLI_USAGE;
    page = cmd->help;
  }
  lan_buf_add_str(&c->out.buf, page);
  return CLI_FOUND;
}

const command command_help = {
    .name = "help",
    .help =
        "usage: lantoa help [COMMAND [COMMAND]]\n"
        "\n"
        "The list of commands, or the page of one (lantoa help net check). The manual has\n"
        "more: man lantoa.\n",
    .most = 2,
    .run = run};
