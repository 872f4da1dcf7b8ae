/* lantoa recall */
#include "cli/queries.h"
#include "cli/show.h"

static lan_status ask(session *s, const query *q, size_t *found, lan_error *err) {
  const options *o = &s->c->opt;
  lan_query how = {.limit = o->limit};
  const lan_result *results = NULL;
  lan_status status = lan_memory_recall(s->memory, q->text, &how, &results, found, err);
  if (status != LAN_OK) return status;
  if (!o->json) {
    if (!o->null && (*found > 0 || o->from_stdin)) {
      output_styled(&s->c->out, STYLE_STRONG, q->text);
      lan_buf_add_char(&s->c->out.buf, '\n');
    }
    return show_results(s, results, *found, err);
  }
  json j = {&s->c->out.buf, false};
  json_open(&j, '{');
  json_bytes(&j, "query", q->text);
  status = show_results_json(s, &j, results, *found, err);
  json_close(&j, '}');
  json_end(&j);
  return status;
}

static const query_kind kind = {
    .subject = "query", .list = "related", .ask = ask, .nothing = "nothing comes to mind for"};

static cli_exit run(cli *c) { return queries_run(c, &kind); }

const command command_recall = {
    .name = "recall",
    .help =
        "usage: lantoa recall [OPTION ...] TEXT ...\n"
        "       lantoa recall --stdin [OPTION ...]\n"
        "\n"
        "What a phrase or a question calls to mind: the notes that hold its words, and\n"
        "those that activation reaches from them. Accents may be left out.\n"
        "\n"
        "  -n, --limit N       at most N results (10)\n"
        "  --why               unfold: paths, sentences, words and tags in common, score\n"
        "  --json              a JSON object a query; reasons with --why\n"
        "  --stdin             texts from standard input, one a line\n" HELP_STDIN_0 HELP_COLOR
            HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_LIMIT) | TAKES(OPTION_WHY) | TAKES(OPTION_JSON) | TAKES(OPTION_STDIN) |
             TAKES(OPTION_NULL) | TAKES_VAULT,
    .least = 1,
    .most = SIZE_MAX,
    .missing = "recall wants words: lantoa recall \"what I am thinking of\"",
    .run = run};
