/* lantoa suggest */
#include "answer/answer.h"
#include "cli/queries.h"
#include "cli/show.h"

enum { SUGGESTIONS = 10 };

static void show_one(session *s, const lan_suggestion *g, size_t i, size_t n, double share) {
  output *o = &s->c->out;
  size_t indent = show_rank_columns(n);
  show_rank(o, i + 1, n, share);
  output_styled(o, STYLE_STRONG, lan_memory_note(s->memory, g->from).title);
  output_styled(o, STYLE_MARK, " → ");
  output_styled(o, STYLE_STRONG, lan_memory_note(s->memory, g->to).title);
  lan_buf_add_char(&o->buf, '\n');
  if (g->reason && *g->reason) {
    output_spaces(o, indent);
    output_style(o, STYLE_REASON);
    output_text(o, lan_str_of(g->reason), o->width > indent ? o->width - indent : 0);
    output_style(o, STYLE_PLAIN);
    lan_buf_add_char(&o->buf, '\n');
  }
  if (g->sentence.text && *g->sentence.text) {
    output_spaces(o, indent);
    show_sentence(o, &g->sentence, indent);
  }
}

/* `note`: the one that was asked about, or NULL. */
static void show_json(session *s, const char *note, const lan_suggestion *g, size_t n) {
  json_writer j = {&s->c->out.buf, false};
  jw_open(&j, '{');
  jw_bytes(&j, "note", note);
  jw_key(&j, "suggestions");
  jw_open(&j, '[');
  for (size_t i = 0; i < n; i++) {
    jw_open(&j, '{');
    jw_bytes(&j, "from", lan_memory_note(s->memory, g[i].from).path);
    jw_bytes(&j, "to", lan_memory_note(s->memory, g[i].to).path);
    jw_key(&j, "score");
    jw_number(&j, g[i].score);
    jw_entry(&j, "reason", g[i].reason ? g[i].reason : "");
    if (g[i].sentence.text && *g[i].sentence.text) {
      jw_key(&j, "sentence");
      answer_sentence(&j, &g[i].sentence);
    }
    jw_close(&j, '}');
  }
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

static lan_status ask(session *s, const query *q, size_t *found, lan_error *err) {
  const options *o = &s->c->opt;
  size_t limit = o->limit ? o->limit : SUGGESTIONS;
  const lan_suggestion *g = NULL;
  uint32_t note = UINT32_MAX;
  bool one = *q->text || o->from_stdin;
  lan_status status = one ? session_find(s, q->text, q->typed, &note, err) : LAN_OK;
  if (status == LAN_OK) status = lan_memory_suggest(s->memory, note, limit, &g, found, err);
  if (status != LAN_OK) return status;
  if (o->json) {
    show_json(s, one ? lan_memory_note(s->memory, note).path : NULL, g, *found);
    return LAN_OK;
  }
  for (size_t i = 0; i < *found; i++) show_one(s, &g[i], i, *found, g[i].score / g[0].score);
  return LAN_OK;
}

static const query_kind kind = {
    .subject = "note", .list = "suggestions", .ask = ask, .nothing = "no link is missing in"};

static cli_exit run(cli *c) { return queries_run(c, &kind); }

const command command_suggest = {
    .name = "suggest",
    .help =
        "usage: lantoa suggest [OPTION ...] [NOTE]\n"
        "       lantoa suggest --stdin [OPTION ...]\n"
        "\n"
        "Links that are missing, in the whole vault or from and to one note, best first:\n"
        "foremost where one note names another without a link, with the sentence.\n"
        "\n"
        "  -n, --limit N       at most N suggestions (10)\n"
        "  --json              a JSON object a query\n"
        "  --stdin             notes from standard input, one a line\n"
        "  -0, --null          with --stdin, lines end in NUL\n" HELP_COLOR HELP_VAULT
        "\n" HELP_EXIT,
    .takes = TAKES(OPTION_LIMIT) | TAKES(OPTION_JSON) | TAKES(OPTION_STDIN) | TAKES(OPTION_NULL) |
             TAKES_VAULT,
    .most = SIZE_MAX,
    .run = run};
