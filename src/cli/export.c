/* lantoa export */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/use.h"

static int to_output(void *ctx, const char *line, size_t len) {
  output *o = ctx;
  lan_buf_add(&o->buf, line, len);
  return !output_flush(o) || cli_stopped();
}

typedef struct to_file {
  lan_file_writer writer;
  lan_status status;
  lan_error err;
} to_file;

static int add_to_file(void *ctx, const char *line, size_t len) {
  to_file *f = ctx;
  f->status = lan_file_add(&f->writer, line, len, &f->err);
  return f->status != LAN_OK || cli_stopped();
}

/* The file is there whole, or as it was before. */
static lan_status export_to(session *s, const char *path, lan_error *err) {
  to_file f = {.status = LAN_OK};
  lan_status status = lan_file_begin(path, &f.writer, err);
  if (status == LAN_ENOTFOUND) return LAN_EIO; /* there is no such folder */
  if (status != LAN_OK) return status;
  status = lan_memory_export(s->memory, add_to_file, &f, err);
  if (f.status != LAN_OK) status = lan_fail(err, f.status, "%s", f.err.message);
  if (status == LAN_OK) return lan_file_finish(&f.writer, err);
  lan_file_abandon(&f.writer);
  return status;
}

static cli_exit run(cli *c) {
  session s;
  lan_error err;
  const char *path = c->opt.words.len ? c->opt.words.data[0] : "-";
  cli_exit code = session_open(&s, c, SESSION_BARE);
  if (code != CLI_FOUND) return code;
  lan_status status = strcmp(path, "-") == 0 ? lan_memory_export(s.memory, to_output, &c->out, &err)
                                             : export_to(&s, path, &err);
  if (status == LAN_ECANCELED && !cli_stopped()) {
    code =
        c->out.closed ? CLI_FOUND : CLI_BROKEN; /* it was said that nothing more can be written */
  } else if (status != LAN_OK) {
    code = use_failed(status, &err);
  }
  lan_memory_close(s.memory);
  return code;
}

const command command_export = {
    .name = "export",
    .help =
        "usage: lantoa export [OPTION ...] [FILE]\n"
        "\n"
        "What the memory was taught, as JSON Lines: what was opened, what was said of\n"
        "results, what was learnt. For a backup, or for another machine: see lantoa\n"
        "import. Without FILE, or with \"-\", to standard output.\n"
        "\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES_VAULT,
    .most = 1,
    .run = run};
