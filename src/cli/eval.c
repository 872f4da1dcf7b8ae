/* lantoa eval */
#include "base/json.h"
#include "cli/session.h"

static void show_json(lan_buf *out, const lan_ranking_quality *r, size_t hidden) {
  for (size_t i = 0; i < LAN_RANKINGS; i++) {
    json_writer j = {out, false};
    jw_open(&j, '{');
    jw_entry(&j, "ranking", r[i].name);
    jw_key(&j, "hidden");
    jw_count(&j, hidden);
    const struct {
      const char *key;
      double value;
    } numbers[] = {
        {"mrr", r[i].mrr}, {"hits1", r[i].hits1}, {"hits5", r[i].hits5}, {"hits10", r[i].hits10}};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
      jw_key(&j, numbers[k].key);
      jw_number(&j, numbers[k].value);
    }
    jw_close(&j, '}');
    jw_end(&j);
  }
}

static void show(output *o, const lan_ranking_quality *r, size_t hidden) {
  static const char *const names[LAN_RANKINGS] = {"Lantoa", "PageRank from the note", "Adamic-Adar",
                                                  "words in common"};
  output_count(o, hidden, "link was hidden; its", "links were hidden; their");
  lan_buf_printf(&o->buf, " %s among the first\n\n", hidden == 1 ? "target is" : "targets are");
  lan_buf_printf(&o->buf, "%-24s     1       5      10   mean of 1 / rank\n", "");
  for (size_t i = 0; i < LAN_RANKINGS; i++) {
    if (i == 0) output_style(o, STYLE_STRONG);
    lan_buf_printf(&o->buf, "%-24s %4.1f %%  %4.1f %%  %4.1f %%  %.3f\n", names[i],
                   100 * r[i].hits1, 100 * r[i].hits5, 100 * r[i].hits10, r[i].mrr);
    if (i == 0) output_style(o, STYLE_PLAIN);
  }
}

static cli_exit run(cli *c) {
  session s;
  lan_error err = {0};
  lan_ranking_quality r[LAN_RANKINGS];
  size_t hidden;
  if (c->opt.words.len) c->opt.vault = c->opt.words.data[0];
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  session_clear_progress(&s);
  uint64_t seed = c->opt.given & TAKES(OPTION_SEED) ? c->opt.seed : 1;
  lan_status status = lan_memory_evaluate(s.memory, seed, r, &hidden, &err);
  if (status == LAN_OK) {
    if (c->opt.json) {
      show_json(&c->out.buf, r, hidden);
    } else {
      show(&c->out, r, hidden);
    }
    return session_close(&s, CLI_FOUND);
  }
  cli_complain("%s", err.message);
  session_close(&s, CLI_FOUND);
  return status == LAN_EINVAL ? CLI_NONE : cli_exit_of(status);
}

const command command_eval = {
    .name = "eval",
    .help =
        "usage: lantoa eval [VAULT] [OPTION ...]\n"
        "\n"
        "How well the memory knows your vault: hides a seventh of its links (at most one a\n"
        "note), asks each note what it calls to mind, and counts how often the hidden link's\n"
        "target comes back, beside the classic rankers. Notes are only read.\n"
        "\n"
        "  --seed N            hide other links (default 1)\n"
        "  --json              an object a ranking\n" HELP_VAULT HELP_COLOR
        "\n"
        "Exit: 0 done, 1 too few links, 2 usage, 4 cannot read.\n",
    .takes = TAKES_VAULT | TAKES(OPTION_JSON) | TAKES(OPTION_SEED),
    .most = 1,
    .run = run};
