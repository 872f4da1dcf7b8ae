/* lantoa feedback */
#include "cli/use.h"

/* The one verdict that was given; false after complaining. */
static bool verdict_of(const options *o, lan_verdict *verdict) {
  const struct {
    bool given;
    lan_verdict verdict;
  } all[] = {{o->good, LAN_VERDICT_GOOD},
             {o->bad, LAN_VERDICT_BAD},
             {o->hide, LAN_VERDICT_HIDDEN},
             {o->undo, LAN_VERDICT_NONE}};
  int n = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (!all[i].given) continue;
    *verdict = all[i].verdict;
    n++;
  }
  if (n != 1) cli_complain("feedback wants one of --good, --bad, --hide and --undo");
  return n == 1;
}

static lan_status tell(session *s, lan_verdict verdict, int *changed, lan_error *err) {
  const word_list *words = &s->c->opt.words;
  uint32_t note, related;
  lan_status status = session_find(s, words->data[0], true, &note, err);
  if (status == LAN_OK) status = session_find(s, words->data[1], true, &related, err);
  if (status != LAN_OK) return status;
  return lan_memory_feedback(s->memory, note, related, verdict, changed, err);
}

static cli_exit run(cli *c) {
  session s;
  lan_error err;
  lan_verdict verdict;
  int changed = 0;
  if (!verdict_of(&c->opt, &verdict)) return CLI_USAGE;
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  lan_status status = tell(&s, verdict, &changed, &err);
  session_clear_progress(&s);
  if (status != LAN_OK) {
    code = use_failed(status, &err);
  } else if (!changed) {
    code = CLI_NONE;
    if (!c->opt.quiet) cli_complain("nothing was said of these two");
  }
  return session_close(&s, code);
}

const command command_feedback = {
    .name = "feedback",
    .help =
        "usage: lantoa feedback NOTE RELATED --good | --bad | --hide | --undo\n"
        "\n"
        "Tells the memory what RELATED is worth as a result for NOTE. The last word\n"
        "counts.\n"
        "\n"
        "  --good              it belongs: it comes up sooner\n"
        "  --bad               it does not: it comes up later\n"
        "  --hide              it is not to be shown for NOTE again\n"
        "  --undo              takes back what was said\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_GOOD) | TAKES(OPTION_BAD) | TAKES(OPTION_HIDE) | TAKES(OPTION_UNDO) |
             TAKES_VAULT,
    .least = 2,
    .most = 2,
    .missing = "feedback wants two notes: lantoa feedback NOTE RELATED --good",
    .run = run};
