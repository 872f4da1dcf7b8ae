/* lantoa forget */
#include <unistd.h>

#include "cli/use.h"

/* Whether the options make sense together; false after complaining. */
static bool is_clear(const options *o) {
  bool some = o->words.len || o->since || o->until;
  if (o->all && some) cli_complain("forget --all wants no note and no time");
  if (!o->all && !some) cli_complain("forget what? A note, --since, --until or --all");
  return o->all != some;
}

/* Asks on the terminal. */
static cli_exit ask(const session *s) {
  char answer[16] = "";
  size_t n = 0;
  if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
    cli_complain("forget --all wants --yes where nobody can be asked");
    return CLI_USAGE;
  }
  output o = {0};
  lan_buf_add_str(&o.buf, "Forget all that was opened (");
  output_number(&o, s->report.opens);
  lan_buf_add_str(&o.buf, ") and said (");
  output_number(&o, s->report.feedbacks + s->report.hidden);
  lan_buf_add_str(&o.buf, "), and what was learnt from it? [y/N] ");
  bool asked = !o.buf.failed && write(STDERR_FILENO, o.buf.data, o.buf.len) > 0;
  output_free(&o);
  while (asked && n < sizeof answer - 1 && read(STDIN_FILENO, answer + n, 1) == 1) {
    if (answer[n++] == '\n') break;
  }
  if (cli_stopped()) return CLI_STOPPED;
  return answer[0] == 'y' || answer[0] == 'Y' ? CLI_FOUND : CLI_NONE;
}

static cli_exit forget(session *s, const lan_span *span) {
  output *o = &s->c->out;
  lan_error err;
  size_t n = 0;
  lan_status status = lan_memory_forget(s->memory, span, &n, &err);
  if (status != LAN_OK) return use_failed(status, &err);
  if (n == 0) {
    if (!s->c->opt.quiet) cli_complain("there was nothing to forget");
    return CLI_NONE;
  }
  if (!s->c->opt.quiet) {
    lan_buf_add_str(&o->buf, "Forgot ");
    output_count(o, n, "event", "events");
    lan_buf_add_str(&o->buf, ".\n");
  }
  return CLI_FOUND;
}

static cli_exit run(cli *c) {
  session s;
  lan_span span;
  lan_buf path = {0};
  if (!is_clear(&c->opt)) return CLI_USAGE;
  cli_exit code = session_open(&s, c, SESSION_BARE);
  if (code != CLI_FOUND) return code;
  code = use_span(&s, &path, &span);
  if (code == CLI_FOUND && c->opt.all && !c->opt.yes) code = ask(&s);
  if (code == CLI_FOUND) code = forget(&s, &span);
  lan_buf_free(&path);
  lan_memory_close(s.memory);
  return code;
}

const command command_forget = {
    .name = "forget",
    .help =
        "usage: lantoa forget [OPTION ...] [NOTE]\n"
        "\n"
        "Forgets for good what was opened and said: of one note, of a span of time, or\n"
        "all. What would go is what lantoa history shows for the same note and time.\n"
        "\n"
        "  --since TIME        from then on: 2026-11-23, 2026-11-23T14:30, or 30m, 2h, 3d\n"
        "                      or 1w ago\n"
        "  --until TIME        before then\n"
        "  --all               everything, with what was learnt; asks first\n"
        "  -y, --yes           does not ask\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_SINCE) | TAKES(OPTION_UNTIL) | TAKES(OPTION_ALL) | TAKES(OPTION_YES) |
             TAKES_VAULT,
    .most = SIZE_MAX,
    .run = run};
