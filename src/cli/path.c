/* lantoa path */
#include "answer/answer.h"
#include "cli/queries.h"
#include "cli/show.h"

enum { PATHS = 5 };

static void show(output *o, const lan_note *from, const lan_note *to, const lan_path *paths,
                 size_t n) {
  output_styled(o, STYLE_STRONG, from->title);
  output_styled(o, STYLE_FAINT, " to ");
  output_styled(o, STYLE_STRONG, to->title);
  lan_buf_add_char(&o->buf, '\n');
  for (size_t i = 0; i < n; i++) {
    show_rank(o, i + 1, n, paths[i].share / paths[0].share);
    show_path(o, &paths[i], show_rank_columns(n));
  }
}

static void show_json(lan_buf *out, const lan_note *from, const lan_note *to, const lan_path *paths,
                      size_t n) {
  json_writer j = {out, false};
  jw_open(&j, '{');
  jw_bytes(&j, "from", from->path);
  jw_bytes(&j, "to", to->path);
  jw_key(&j, "paths");
  jw_open(&j, '[');
  for (size_t i = 0; i < n; i++) answer_path(&j, &paths[i]);
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

static lan_status ask(session *s, const query *q, size_t *found, lan_error *err) {
  const options *o = &s->c->opt;
  size_t limit = o->limit ? o->limit : PATHS;
  const lan_path *paths = NULL;
  uint32_t from, to;
  lan_status status = session_find(s, q->text, q->typed, &from, err);
  if (status == LAN_OK) status = session_find(s, q->second, q->typed, &to, err);
  if (status == LAN_OK) {
    status = lan_memory_paths(s->memory, from, to, limit, &paths, found, err);
  }
  if (status != LAN_OK) return status;
  lan_note a = lan_memory_note(s->memory, from), b = lan_memory_note(s->memory, to);
  if (o->json) {
    show_json(&s->c->out.buf, &a, &b, paths, *found);
  } else if (*found > 0 || o->from_stdin) {
    show(&s->c->out, &a, &b, paths, *found);
  }
  return LAN_OK;
}

static const query_kind kind = {.subject = "from",
                                .second_subject = "to",
                                .list = "paths",
                                .ask = ask,
                                .nothing = "no path of at most 4 steps leads there from"};

static cli_exit run(cli *c) { return queries_run(c, &kind); }

const command command_path = {
    .name = "path",
    .help =
        "usage: lantoa path [OPTION ...] NOTE NOTE\n"
        "       lantoa path --stdin [OPTION ...]\n"
        "\n"
        "How activation flows from the first note to the second: the strongest paths of\n"
        "at most 4 steps, each with its share of what arrives.\n"
        "\n"
        "  -n, --limit N       at most N paths (5)\n"
        "  --json              a JSON object a query\n"
        "  --stdin             pairs from standard input, one a line, a tab between\n"
        "  -0, --null          with --stdin, lines end in NUL\n" HELP_COLOR HELP_VAULT
        "\n"
        "Steps: → links to, ← is linked from, ⇢ names, ⇠ is named in, · through a tag\n"
        "or folder, ~ words in common.\n" HELP_EXIT,
    .takes = TAKES(OPTION_LIMIT) | TAKES(OPTION_JSON) | TAKES(OPTION_STDIN) | TAKES(OPTION_NULL) |
             TAKES_VAULT,
    .least = 2,
    .most = 2,
    .missing = "path wants two notes: lantoa path NOTE NOTE",
    .run = run};
