/* lantoa net eval */
#include <stdlib.h>

#include "cli/net_report.h"

static cli_exit run(cli *c) {
  lan_model *model = NULL;
  lan_error err = {0};
  lan_evaluation e = {0};
  lan_status status = lan_model_open(c->opt.words.data[0], &model, &err);
  if (status == LAN_OK) {
    status = lan_model_evaluate(model, c->opt.words.data[1], (uint32_t)c->opt.threads, &e, &err);
  }
  if (status == LAN_OK) {
    if (c->opt.json) {
      net_report_json(&c->out.buf, lan_model_describe(model), &e);
    } else {
      net_report_text(&c->out, lan_model_describe(model), &e);
    }
    free(e.confusion);
  }
  lan_model_free(model);
  if (status == LAN_OK) return CLI_FOUND;
  cli_complain("%s", err.message);
  return cli_exit_of(status);
}

const command command_net_eval = {
    .name = "net eval",
    .help =
        "usage: lantoa net eval MODEL DATA [OPTION ...]\n"
        "\n"
        "How many examples of DATA the model gets right: its test examples if it has any\n"
        "apart, else all. For each class precision (of those that were guessed to be of\n"
        "it, how many are) and recall (of those that are of it, how many were guessed).\n"
        "\n"
        "  --threads N         default: one a processor\n"
        "  --json              accuracy, loss, and per class the guesses\n" HELP_COLOR
        "\n"
        "Exit: 0 done, 2 usage, 4 a file cannot be read or is no model.\n",
    .takes = TAKES(OPTION_JSON) | TAKES(OPTION_THREADS),
    .least = 2,
    .most = 2,
    .missing = "net eval wants a model and data, as lantoa net eval cats.safetensors photos/",
    .run = run};
