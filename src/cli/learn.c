/* lantoa learn */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/session.h"

static int on_progress(void *ctx, double done) {
  const bool *shown = ctx;
  if (*shown) fprintf(stderr, "\r\033[Klearning %.0f %%", 100 * done);
  return cli_stopped();
}

static void show_recall_json(json_writer *j, const lan_learn_report *r) {
  const struct {
    const char *key;
    double value;
  } numbers[] = {{"mrr_before", r->recall_mrr_before},
                 {"mrr_after", r->recall_mrr_after},
                 {"hits5_before", r->recall_hits5_before},
                 {"hits5_after", r->recall_hits5_after}};
  jw_key(j, "recall");
  jw_open(j, '{');
  jw_key(j, "examples");
  jw_count(j, r->questions);
  jw_key(j, "held_back");
  jw_count(j, r->questions_held_back);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    jw_key(j, numbers[i].key);
    jw_number(j, numbers[i].value);
  }
  jw_key(j, "kept");
  jw_bool(j, r->recall_kept != 0);
  jw_close(j, '}');
}

static void show_json(lan_buf *out, const lan_learn_report *r) {
  json_writer j = {out, false};
  jw_open(&j, '{');
  jw_key(&j, "examples");
  jw_count(&j, r->examples);
  jw_key(&j, "held_back");
  jw_count(&j, r->held_back);
  jw_key(&j, "opens");
  jw_count(&j, r->opens);
  const struct {
    const char *key;
    double value;
  } numbers[] = {{"mrr_before", r->mrr_before},
                 {"mrr_after", r->mrr_after},
                 {"hits10_before", r->hits10_before},
                 {"hits10_after", r->hits10_after},
                 {"seconds", r->seconds}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    jw_key(&j, numbers[i].key);
    jw_number(&j, numbers[i].value);
  }
  jw_key(&j, "kept");
  jw_bool(&j, r->kept != 0);
  show_recall_json(&j, r);
  jw_close(&j, '}');
  jw_end(&j);
}

static void show(output *o, const lan_learn_report *r) {
  output_count(o, r->examples, "example", "examples");
  lan_buf_printf(&o->buf, " to learn from (hidden links");
  if (r->opens) {
    lan_buf_printf(&o->buf, ", and in all ");
    output_count(o, r->opens, "note opened from another", "notes opened from others");
  }
  lan_buf_printf(&o->buf, "), ");
  output_number(o, r->held_back);
  lan_buf_printf(&o->buf, " held back; %.1f s\n", r->seconds);
  if (r->kept) {
    lan_buf_printf(
        &o->buf,
        "among the first 10: %.1f %% of those held back before, %.1f %% now (mean of 1 / rank "
        "%.3f, now %.3f)\nThe new weights are kept.\n",
        100 * r->hits10_before, 100 * r->hits10_after, r->mrr_before, r->mrr_after);
  } else {
    lan_buf_printf(&o->buf,
                   "The present weights stay: nothing better was found for what was held back "
                   "(mean of 1 / rank %.3f).\n",
                   r->mrr_before);
  }
}

static void show_recall(output *o, const lan_learn_report *r) {
  if (r->questions + r->questions_held_back == 0) return;
  output_count(o, r->questions, "heading or first sentence", "headings and first sentences");
  lan_buf_printf(&o->buf, " as questions for their notes, ");
  output_number(o, r->questions_held_back);
  lan_buf_printf(&o->buf, " held back\n");
  if (r->recall_kept) {
    lan_buf_printf(&o->buf,
                   "among the first 5: %.1f %% of those held back before, %.1f %% now (mean of 1 / "
                   "rank %.3f, now %.3f)\nThe new weights of recall are kept.\n",
                   100 * r->recall_hits5_before, 100 * r->recall_hits5_after, r->recall_mrr_before,
                   r->recall_mrr_after);
  } else {
    lan_buf_printf(&o->buf,
                   "The present weights of recall stay: nothing better was found (mean of 1 / rank "
                   "%.3f).\n",
                   r->recall_mrr_before);
  }
}

static cli_exit run(cli *c) {
  session s;
  lan_error err = {0};
  lan_learn_report r;
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  session_clear_progress(&s);
  bool shown = !c->opt.quiet && isatty(STDERR_FILENO);
  lan_learn_options o = {.seed = c->opt.seed, .progress = on_progress, .progress_ctx = &shown};
  lan_status status = lan_memory_learn(s.memory, &o, &r, &err);
  if (shown) fputs("\r\033[K", stderr);
  if (status == LAN_OK) {
    if (c->opt.json) {
      show_json(&c->out.buf, &r);
    } else {
      if (r.examples + r.held_back) show(&c->out, &r);
      show_recall(&c->out, &r);
    }
    return session_close(&s, CLI_FOUND);
  }
  if (status != LAN_ECANCELED) cli_complain("%s", err.message);
  session_close(&s, CLI_FOUND);
  return status == LAN_ECANCELED ? CLI_STOPPED
         : status == LAN_EINVAL  ? CLI_NONE
                                 : cli_exit_of(status);
}

const command command_learn = {
    .name = "learn",
    .help =
        "usage: lantoa learn [OPTION ...]\n"
        "\n"
        "Tunes the memory to your own vault and to what you opened in it: links are hidden, the\n"
        "memory tries to bring them back, and to foresee what was opened next; headings and first\n"
        "sentences are asked for as questions, without them in their notes. The error moves its\n"
        "weights by backpropagation. The new weights are kept only if they do better on links,\n"
        "opens and questions that were held back from learning. Notes are only read.\n"
        "\n"
        "  --seed N            hide other links\n"
        "  --json              the figures\n" HELP_VAULT HELP_COLOR
        "\n"
        "Exit: 0 done, 1 too little to learn from, 2 usage, 4 cannot read or write.\n",
    .takes = TAKES_VAULT | TAKES(OPTION_JSON) | TAKES(OPTION_SEED),
    .run = run};
