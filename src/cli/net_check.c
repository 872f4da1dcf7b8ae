/* lantoa net check */
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "lantoa/net.h"

enum { KIND_COLUMNS = 20, CASE_COLUMNS = 26, KERNEL_COLUMNS = 12 };

typedef struct report {
  cli *c;
  size_t done, wrong;
} report;

static void write_line(output *o, const lan_net_check_result *r) {
  output_column(o, r->kind, KIND_COLUMNS);
  output_column(o, r->name, CASE_COLUMNS);
  output_column(o, r->kernel, KERNEL_COLUMNS);
  lan_buf_printf(&o->buf, "%.1e  ", r->error);
  output_styled(o, r->passed ? STYLE_FAINT : STYLE_TROUBLE, r->passed ? "right" : "WRONG");
  if (!r->passed && r->worst) {
    lan_buf_add_str(&o->buf, ": ");
    output_text(o, lan_str_of(r->worst), 0);
  }
  lan_buf_add_char(&o->buf, '\n');
}

static void write_json(lan_buf *out, const lan_net_check_result *r) {
  json_writer j = {out, false};
  jw_open(&j, '{');
  jw_entry(&j, "kind", r->kind);
  jw_entry(&j, "case", r->name);
  jw_entry(&j, "kernel", r->kernel);
  jw_bytes(&j, "worst", r->worst);
  jw_key(&j, "error");
  jw_number(&j, r->error);
  jw_key(&j, "passed");
  jw_bool(&j, r->passed);
  jw_close(&j, '}');
  jw_end(&j);
}

static int on_result(void *ctx, const lan_net_check_result *result) {
  report *r = ctx;
  r->done++;
  r->wrong += !result->passed;
  if (r->c->opt.json) {
    write_json(&r->c->out.buf, result);
  } else {
    write_line(&r->c->out, result);
  }
  return !output_flush(&r->c->out) || cli_stopped();
}

static cli_exit run(cli *c) {
  report r = {.c = c};
  lan_error err = {0};
  const char *kind = c->opt.words.len ? c->opt.words.data[0] : NULL;
  lan_status s = lan_net_check(kind, on_result, &r, &err);
  if (s == LAN_ECANCELED) return cli_stopped() ? CLI_STOPPED : CLI_FOUND; /* or no more is wanted */
  if (s == LAN_OK || r.wrong) {
    if (!c->opt.json && s == LAN_OK) {
      output_count(&c->out, r.done, "check, all right", "checks, all right");
      lan_buf_add_char(&c->out.buf, '\n');
    }
    if (r.wrong) cli_complain("%s", err.message);
    return r.wrong ? CLI_NONE : CLI_FOUND;
  }
  cli_complain("%s", err.message);
  return s == LAN_ENOTFOUND ? CLI_USAGE : cli_exit_of(s);
}

const command command_net_check = {
    .name = "net check",
    .help =
        "usage: lantoa net check [KIND] [OPTION ...]\n"
        "\n"
        "Checks the gradients of every kind of layer (or of one, as conv2d) against\n"
        "central differences, on small nets, with the portable kernels and with the fast\n"
        "ones of this build. Each line names the layer, what was tried, the kernel, and\n"
        "||a - b|| / max(||a||, ||b||) of the gradient that is furthest off; more than\n"
        "0.001 is wrong.\n"
        "\n"
        "  --json              a JSON object a check\n" HELP_COLOR
        "\n"
        "Exit: 0 all are right, 1 some are wrong, 2 usage, 4 out of memory.\n",
    .takes = TAKES(OPTION_JSON),
    .most = 1,
    .run = run};
