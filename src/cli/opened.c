/* lantoa opened */
#include "cli/use.h"

static lan_status record(session *s, const char *name, lan_error *err) {
  const word_list *from = &s->c->opt.from;
  lan_buf note = {0}, origin = {0};
  lan_status status = session_path(s, name, true, &note, err);
  if (status == LAN_OK && from->len) {
    status = session_path(s, from->data[from->len - 1], true, &origin, err);
  }
  if (status == LAN_OK) {
    status = lan_memory_opened_path(s->memory, from->len ? origin.data : NULL, note.data, 0, err);
  }
  lan_buf_free(&note);
  lan_buf_free(&origin);
  return status;
}

static cli_exit run(cli *c) {
  session s;
  lan_error err;
  lan_buf words = {0};
  cli_exit code = session_open(&s, c, SESSION_BARE);
  if (code != CLI_FOUND) return code;
  const char *name = use_name(c, &words);
  lan_status status = name ? record(&s, name, &err) : LAN_OK;
  if (!name) code = CLI_BROKEN;
  if (status != LAN_OK) code = use_failed(status, &err);
  lan_buf_free(&words);
  lan_memory_close(s.memory);
  return code;
}

const command command_opened = {
    .name = "opened",
    .help =
        "usage: lantoa opened [OPTION ...] NOTE\n"
        "\n"
        "Tells the memory that NOTE was opened: what is opened often and lately comes up\n"
        "sooner, above all after the note that it was opened from. For editors and\n"
        "scripts; it takes a few milliseconds, and is on the disk when it returns.\n"
        "\n"
        "  --from NOTE         the note that it was opened from\n" HELP_COLOR HELP_VAULT
        "\n"
        "See also: lantoa history, lantoa forget.\n" HELP_EXIT,
    .takes = TAKES(OPTION_FROM) | TAKES_VAULT,
    .least = 1,
    .most = SIZE_MAX,
    .missing = "opened wants a note: lantoa opened NOTE",
    .run = run};
