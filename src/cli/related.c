/* lantoa related */
#include "answer/answer.h"
#include "cli/queries.h"
#include "cli/show.h"

static void show_cue(output *o, const lan_note *note) {
  output_styled(o, STYLE_STRONG, note->title);
  lan_buf_add_str(&o->buf, "  ");
  output_styled(o, STYLE_FAINT, note->path);
  lan_buf_add_char(&o->buf, '\n');
}

static lan_status ask(session *s, const query *q, size_t *found, lan_error *err) {
  const options *o = &s->c->opt;
  lan_query how = {.limit = o->limit, .linked = (lan_linked)o->linked};
  const lan_result *results = NULL;
  uint32_t number;
  lan_status status = session_find(s, q->text, q->typed, &number, err);
  if (status == LAN_OK) status = lan_memory_related(s->memory, number, &how, &results, found, err);
  if (status != LAN_OK) return status;
  lan_note note = lan_memory_note(s->memory, number);
  if (!o->json) {
    if (!o->null && (*found > 0 || o->from_stdin)) show_cue(&s->c->out, &note);
    return show_results(s, results, *found, err);
  }
  json_writer j = {&s->c->out.buf, false};
  jw_open(&j, '{');
  jw_bytes(&j, "note", note.path);
  jw_entry(&j, "title", note.title);
  status = answer_results(s->memory, &j, results, *found, o->why ? ANSWER_WHY : ANSWER_BARE, err);
  if (status == LAN_OK && o->activity) status = answer_activity(s->memory, &j, o->activity, err);
  jw_close(&j, '}');
  jw_end(&j);
  return status;
}

static const query_kind kind = {
    .subject = "note", .list = "related", .ask = ask, .nothing = "nothing is related to"};

static cli_exit run(cli *c) { return queries_run(c, &kind); }

const command command_related = {
    .name = "related",
    .help =
        "usage: lantoa related [OPTION ...] NOTE\n"
        "       lantoa related --stdin [OPTION ...]\n"
        "\n"
        "What opening a note calls to mind, best first, each with its reason. NOTE is a\n"
        "path, a title, an alias or part of one; accents may be left out.\n"
        "\n"
        "  -n, --limit N       at most N results (10)\n"
        "  --why               unfold: paths, sentences, words and tags in common, score\n"
        "  --linked WHICH      yes: linked notes and others (default), no: others, only\n"
        "  --json              a JSON object a query; reasons with --why\n"
        "  --activity N        with --json: how activation spread, over at most N nodes\n"
        "  --stdin             notes from standard input, one a line\n" HELP_STDIN_0 HELP_COLOR
            HELP_VAULT
        "\n"
        "Marks: → the note links there, ← is linked from there, ↔ both.\n" HELP_EXIT,
    .takes = TAKES(OPTION_ACTIVITY) | TAKES(OPTION_LIMIT) | TAKES(OPTION_WHY) |
             TAKES(OPTION_LINKED) | TAKES(OPTION_JSON) | TAKES(OPTION_STDIN) | TAKES(OPTION_NULL) |
             TAKES_VAULT,
    .least = 1,
    .most = SIZE_MAX,
    .missing = "related wants a note: lantoa related NOTE",
    .run = run};
