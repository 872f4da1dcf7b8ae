/* lantoa recall */
#include <stdio.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "base/alloc.h"
#include "base/error.h"
#include "cli/queries.h"
#include "cli/show.h"
#include "lantoa/train.h"

/* Writes what was found for `q`. */
static lan_status show(session *s, const query *q, const lan_result *results, const size_t *found,
                       lan_error *err) {
  const options *o = &s->c->opt;
  lan_status status;
  if (!o->json) {
    if (!o->null && (*found > 0 || o->from_stdin)) {
      output_styled(&s->c->out, STYLE_STRONG, q->text);
      lan_buf_add_char(&s->c->out.buf, '\n');
    }
    return show_results(s, results, *found, err);
  }
  json_writer j = {&s->c->out.buf, false};
  jw_open(&j, '{');
  jw_bytes(&j, "query", q->text);
  status = answer_results(s->memory, &j, results, *found, o->why ? ANSWER_WHY : ANSWER_BARE, err);
  if (status == LAN_OK && o->activity) status = answer_activity(s->memory, &j, o->activity, err);
  jw_close(&j, '}');
  jw_end(&j);
  return status;
}

static lan_status ask(session *s, const query *q, size_t *found, lan_error *err) {
  lan_query how = {.limit = s->c->opt.limit};
  const lan_result *results = NULL;
  lan_status status = lan_memory_recall(s->memory, q->text, &how, &results, found, err);
  return status == LAN_OK ? show(s, q, results, found, err) : status;
}

/* ---- a picture ---- */

/* What the model takes the picture for, as labels. */
static lan_status look(const options *o, lan_model *model, float *probabilities, lan_label *labels,
                       lan_error *err) {
  lan_status status = lan_model_predict(model, o->image, probabilities, err);
  if (status == LAN_OK) answer_labels(lan_model_describe(model), probabilities, labels);
  return status;
}

/* The most probable label, for people: "cat 93 %". */
static void name_guess(const lan_label *labels, size_t n, char *text, size_t size) {
  size_t best = 0;
  for (size_t i = 1; i < n; i++) best = labels[i].probability > labels[best].probability ? i : best;
  snprintf(text, size, "%s %.0f %%", labels[best].name, 100 * (double)labels[best].probability);
}

static cli_exit answer_picture(cli *c, const lan_label *labels, size_t n) {
  session s;
  lan_error err = {0};
  lan_query how = {.limit = c->opt.limit};
  const lan_result *results = NULL;
  size_t found = 0;
  char guess[256];
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  session_clear_progress(&s);
  name_guess(labels, n, guess, sizeof guess);
  query q = {.text = guess};
  lan_status status = lan_memory_recall_labels(s.memory, labels, n, &how, &results, &found, &err);
  if (status == LAN_OK) status = show(&s, &q, results, &found, &err);
  if (status != LAN_OK) cli_complain("%s", err.message);
  if (status == LAN_OK && found == 0) cli_complain("nothing comes to mind for %s", guess);
  return session_close(&s, status != LAN_OK ? cli_exit_of(status) : found ? CLI_FOUND : CLI_NONE);
}

static cli_exit run_picture(cli *c) {
  lan_model *model = NULL;
  lan_error err = {0};
  if (!c->opt.model || c->opt.words.len || c->opt.from_stdin) {
    cli_complain(c->opt.model ? "recall takes words or --image, not both"
                              : "recall --image wants --model FILE, from lantoa net train");
    return CLI_USAGE;
  }
  lan_status status = lan_model_open(c->opt.model, &model, &err);
  size_t n = status == LAN_OK ? lan_model_describe(model)->n_classes : 0;
  float *probabilities = lan_alloc_zeroed(n, sizeof *probabilities);
  lan_label *labels = lan_alloc_zeroed(n, sizeof *labels);
  if (status == LAN_OK && (!probabilities || !labels)) status = lan_fail_memory(&err, 0);
  if (status == LAN_OK) status = look(&c->opt, model, probabilities, labels, &err);
  cli_exit code = CLI_BROKEN;
  if (status == LAN_OK) {
    code = answer_picture(c, labels, n);
  } else {
    cli_complain("%s", err.message);
    code = cli_exit_of(status);
  }
  free(probabilities);
  free(labels);
  lan_model_free(model);
  return code;
}

static const query_kind kind = {
    .subject = "query", .list = "related", .ask = ask, .nothing = "nothing comes to mind for"};

static cli_exit run(cli *c) {
  if (c->opt.image) return run_picture(c);
  if (c->opt.words.len || c->opt.from_stdin) return queries_run(c, &kind);
  cli_complain("recall wants words: lantoa recall \"what I am thinking of\"");
  return CLI_USAGE;
}

const command command_recall = {
    .name = "recall",
    .help =
        "usage: lantoa recall [OPTION ...] TEXT ...\n"
        "       lantoa recall --stdin [OPTION ...]\n"
        "       lantoa recall --image FILE --model MODEL [OPTION ...]\n"
        "\n"
        "What a phrase or a question calls to mind: the notes that hold its words, and\n"
        "those that activation reaches from them. Accents may be left out.\n"
        "\n"
        "  -n, --limit N       at most N results (10)\n"
        "  --image FILE        a picture: its labels are what is asked for\n"
        "  --model MODEL       that knows them, from lantoa net train\n"
        "  --why               unfold: paths, sentences, words and tags in common, score\n"
        "  --json              a JSON object a query; reasons with --why\n"
        "  --activity N        with --json: how activation spread, over at most N nodes\n"
        "  --stdin             texts from standard input, one a line\n" HELP_STDIN_0 HELP_COLOR
            HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_ACTIVITY) | TAKES(OPTION_LIMIT) | TAKES(OPTION_WHY) | TAKES(OPTION_JSON) |
             TAKES(OPTION_STDIN) | TAKES(OPTION_NULL) | TAKES(OPTION_IMAGE) | TAKES(OPTION_MODEL) |
             TAKES_VAULT,
    .most = SIZE_MAX,
    .run = run};
