/* lantoa help */
#include "cli/cli.h"

static cli_exit run(cli *c) {
  const char *page = cli_help;
  if (c->opt.words.len > 0) {
    const command *cmd = cli_command(c->opt.words.data[0]);
    if (!cmd) return CLI_USAGE;
    page = cmd->help;
  }
  lan_buf_add_str(&c->out.buf, page);
  return CLI_FOUND;
}

const command command_help = {
    .name = "help",
    .help =
        "usage: lantoa help [COMMAND]\n"
        "\n"
        "The list of commands, or the page of one. The manual has more: man lantoa.\n",
    .most = 1,
    .run = run};
