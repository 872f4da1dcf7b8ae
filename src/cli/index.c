/* lantoa index */
#include "base/error.h"
#include "base/json.h"
#include "cli/label_pictures.h"

static void show_json(lan_buf *out, const lan_memory_report *r, const labelled_pictures *p) {
  json_writer j = {out, false};
  jw_open(&j, '{');
  jw_bytes(&j, "vault", r->vault);
  jw_key(&j, "notes");
  jw_count(&j, r->notes + r->canvases);
  jw_key(&j, "read_now");
  jw_count(&j, r->read_now);
  jw_key(&j, "skipped");
  jw_count(&j, r->skipped);
  jw_bytes(&j, "cache_file", r->cache_file);
  jw_key(&j, "seconds");
  jw_number(&j, r->seconds);
  if (p) {
    jw_key(&j, "pictures");
    jw_count(&j, p->all);
    jw_key(&j, "labelled_now");
    jw_count(&j, p->now);
  }
  jw_close(&j, '}');
  jw_end(&j);
}

static void show(output *o, const lan_memory_report *r, const labelled_pictures *p) {
  output_count(o, r->notes + r->canvases, "note", "notes");
  lan_buf_add_str(&o->buf, ", ");
  output_count(o, r->links, "link", "links");
  lan_buf_add_str(&o->buf, ", ");
  output_count(o, r->mentions, "mention", "mentions");
  lan_buf_add_str(&o->buf, "; ");
  output_number(o, r->read_now);
  lan_buf_printf(&o->buf, " read now, in %.*f s\n", r->seconds < 1 ? 3 : 1, r->seconds);
  if (!p) return;
  output_count(o, p->all, "picture", "pictures");
  lan_buf_add_str(&o->buf, "; ");
  output_number(o, p->now);
  lan_buf_add_str(&o->buf, " looked at now\n");
}

/* Trouble with the cache may be past (a damaged one was put aside and made anew) or last (no
 * space). Opening the vault once more tells. */
static bool is_kept(cli *c) {
  session again;
  bool quiet = c->opt.quiet;
  c->opt.quiet = true;
  cli_exit code = session_open(&again, c, SESSION_ASK);
  c->opt.quiet = quiet;
  if (code != CLI_FOUND) return false;
  bool kept = !again.report.cache_trouble && again.report.read_now == 0;
  lan_memory_close(again.memory);
  return kept;
}

static cli_exit run(cli *c) {
  session s;
  cli_exit code = session_open(&s, c, c->opt.rebuild ? SESSION_REBUILD : SESSION_SAVE);
  if (code != CLI_FOUND) return code;
  size_t notes = s.report.notes + s.report.canvases;
  bool trouble = s.report.cache_trouble != NULL;
  labelled_pictures pictures = {0}, *labelled = c->opt.image_model ? &pictures : NULL;
  lan_error err;
  lan_status status = labelled ? label_pictures(&s, c->opt.image_model, labelled, &err) : LAN_OK;
  if (status != LAN_OK) {
    if (status != LAN_ECANCELED) cli_complain("%s", err.message);
    return session_close(&s, cli_exit_of(status));
  }
  if (c->opt.json) {
    show_json(&c->out.buf, &s.report, labelled);
  } else if (notes > 0 && !c->opt.quiet) {
    show(&c->out, &s.report, labelled);
  } else if (notes == 0) {
    cli_complain("the vault %s holds no notes", s.report.vault);
  }
  code = pictures.broken ? CLI_PARTIAL : notes > 0 ? CLI_FOUND : CLI_NONE;
  code = session_close(&s, code);
  return trouble && !is_kept(c) ? CLI_BROKEN : code;
}

const command command_index = {
    .name = "index",
    .help =
        "usage: lantoa index [OPTION ...]\n"
        "\n"
        "Reads what changed in the vault and keeps the index, so that the next question\n"
        "is quick. Every other command does so too when it must.\n"
        "\n"
        "  --rebuild           read every note anew\n"
        "  --image-model MODEL look at the pictures that notes show: what MODEL, from\n"
        "                      lantoa net train, takes them for is what the notes hold\n"
        "  --json              a JSON object\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_REBUILD) | TAKES(OPTION_JSON) | TAKES_VAULT,
    .takes_more = TAKES_MORE(OPTION_IMAGE_MODEL),
    .run = run};
