/* lantoa mcp */
#include <string.h>

#include "cli/lines.h"
#include "cli/session.h"
#include "serve/mcp.h"

static cli_exit run(cli *c) {
  session s;
  lines in = {.end = '\n'};
  char *line;
  lines_got got = LINES_DONE;
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  session_clear_progress(&s);
  mcp m = {s.memory, c->opt.allow_feedback, false};
  while (!cli_stopped() && (got = lines_next(&in, &line)) < LINES_DONE) {
    if (got == LINES_BAD) line = "";
    mcp_answer(&m, line, strlen(line), NULL, &c->out.buf);
    session_clear_progress(&s);
    if (!output_flush(&c->out)) break;
  }
  lines_free(&in);
  return session_close(&s, got == LINES_FAILED ? CLI_BROKEN : CLI_FOUND);
}

const command command_mcp = {
    .name = "mcp",
    .help =
        "usage: lantoa mcp [OPTION ...]\n"
        "\n"
        "Serves the memory to an AI assistant by the Model Context Protocol, on standard input\n"
        "and output; the assistant starts it. It gives tools: recall, related, explain,\n"
        "read_note, status. Notes are only read, and nothing leaves this machine but what the\n"
        "assistant asks for.\n"
        "\n"
        "  --allow-feedback    the assistant may record what you say of results\n" HELP_VAULT
            HELP_COLOR
        "\n"
        "Exit: 0 at the end of input, 2 usage, 4 the vault cannot be read.\n",
    .takes = TAKES_VAULT | TAKES(OPTION_ALLOW_FEEDBACK),
    .run = run};
