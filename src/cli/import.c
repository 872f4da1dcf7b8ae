/* lantoa import */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "cli/lines.h"
#include "cli/use.h"

enum { FILE_MOST = 1 << 30 };

static lan_status read_all(const char *path, lan_buf *bytes, lan_error *err) {
  const char *shown = strcmp(path, "-") == 0 ? "standard input" : path;
  if (lines_read_all(path, FILE_MOST, bytes)) return LAN_OK;
  if (cli_stopped()) return lan_fail(err, LAN_ECANCELED, "stopped");
  return lan_fail(err, LAN_EIO, "cannot read %s: %s", shown, strerror(errno));
}

static void show(output *o, const lan_import *done) {
  lan_buf_add_str(&o->buf, "Took in ");
  output_count(o, done->opens, "open", "opens");
  lan_buf_add_str(&o->buf, " and ");
  output_count(o, done->feedbacks, "word of feedback", "words of feedback");
  if (done->weights) {
    lan_buf_add_str(&o->buf, ", ");
    output_count(o, done->weights, "set of weights", "sets of weights");
  }
  lan_buf_add_str(&o->buf, "; ");
  output_number(o, done->known);
  lan_buf_add_str(&o->buf, done->known == 1 ? " was known.\n" : " were known.\n");
}

static cli_exit run(cli *c) {
  session s;
  lan_error err;
  lan_import done = {0};
  lan_buf bytes = {0};
  cli_exit code = session_open(&s, c, SESSION_BARE);
  if (code != CLI_FOUND) return code;
  lan_status status = read_all(c->opt.words.data[0], &bytes, &err);
  if (status == LAN_OK) {
    status = lan_memory_import(s.memory, bytes.data ? bytes.data : "", bytes.len, &done, &err);
  }
  if (status != LAN_OK) {
    code = use_failed(status, &err);
  } else if (!c->opt.quiet) {
    show(&c->out, &done);
  }
  lan_buf_free(&bytes);
  lan_memory_close(s.memory);
  return code;
}

const command command_import = {
    .name = "import",
    .help =
        "usage: lantoa import [OPTION ...] FILE\n"
        "\n"
        "Merges what lantoa export wrote (\"-\": standard input). What is there already is\n"
        "not counted twice; of feedback on the same two notes, and of what was learnt,\n"
        "the newest stays. A file that cannot be read as a whole changes nothing.\n"
        "\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES_VAULT,
    .least = 1,
    .most = 1,
    .missing = "import wants a file: lantoa import FILE",
    .run = run};
