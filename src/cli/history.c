/* lantoa history */
#include "answer/answer.h"
#include "cli/use.h"
#include "cli/when.h"

enum { EVENTS = 20 };

typedef struct showing {
  cli *c;
  json_writer j;
  size_t n;
} showing;

static int show(void *ctx, const lan_event *e) {
  showing *w = ctx;
  output *o = &w->c->out;
  char time[32];
  bool opened = e->kind == LAN_EVENT_OPENED;
  const char *what = opened ? "opened" : lan_verdict_name(e->verdict);
  when_show(e->unix_ms, time);
  w->n++;
  output_styled(o, STYLE_FAINT, time);
  lan_buf_printf(&o->buf, "  %-6s  ", what);
  output_styled(o, STYLE_STRONG, e->note);
  if (e->other[0]) {
    output_styled(o, STYLE_MARK, opened ? " ← " : " → ");
    output_text(o, lan_str_of(e->other), 0);
  }
  lan_buf_add_char(&o->buf, '\n');
  return !output_flush(o) || cli_stopped();
}

static int show_json(void *ctx, const lan_event *e) {
  showing *w = ctx;
  w->n++;
  answer_event(&w->j, e);
  return cli_stopped();
}

static cli_exit tell(session *s, const lan_span *span) {
  cli *c = s->c;
  lan_error err;
  showing w = {.c = c, .j = {&c->out.buf, false}};
  size_t limit = c->opt.limit ? c->opt.limit : EVENTS;
  if (c->opt.json) {
    jw_open(&w.j, '{');
    jw_bytes(&w.j, "note", span->note);
    jw_key(&w.j, "history");
    jw_open(&w.j, '[');
  }
  lan_status status =
      lan_memory_history(s->memory, span, limit, c->opt.json ? show_json : show, &w, &err);
  if (status != LAN_OK) {
    c->out.buf.len = 0;
    return use_failed(status, &err);
  }
  if (c->opt.json) {
    jw_close(&w.j, ']');
    jw_close(&w.j, '}');
    jw_end(&w.j);
  } else if (w.n == 0 && !c->opt.quiet) {
    cli_complain("nothing was opened%s%s", span->note ? " there: " : "",
                 span->note ? span->note : "");
  }
  return cli_stopped() ? CLI_STOPPED : w.n > 0 ? CLI_FOUND : CLI_NONE;
}

static cli_exit run(cli *c) {
  session s;
  lan_span span;
  lan_buf path = {0};
  cli_exit code = session_open(&s, c, SESSION_BARE);
  if (code != CLI_FOUND) return code;
  code = use_span(&s, &path, &span);
  if (code == CLI_FOUND) code = tell(&s, &span);
  lan_buf_free(&path);
  lan_memory_close(s.memory);
  return code;
}

const command command_history = {
    .name = "history",
    .help =
        "usage: lantoa history [OPTION ...] [NOTE]\n"
        "\n"
        "What the memory was told, newest first: which notes were opened, and from where\n"
        "(opened, feedback). With NOTE, only that in which it occurs.\n"
        "\n"
        "  -n, --limit N       at most N events (20)\n"
        "  --since TIME        from then on: 2026-11-23, 2026-11-23T14:30, or 30m, 2h, 3d\n"
        "                      or 1w ago\n"
        "  --until TIME        before then\n"
        "  --json              a JSON object\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_LIMIT) | TAKES(OPTION_SINCE) | TAKES(OPTION_UNTIL) | TAKES(OPTION_JSON) |
             TAKES_VAULT,
    .most = SIZE_MAX,
    .run = run};
