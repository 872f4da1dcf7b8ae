#include "cli/use.h"

#include <string.h>

#include "base/file.h"
#include "cli/when.h"

const char *use_name(const cli *c, lan_buf *out) {
  lan_buf_clear(out);
  for (size_t i = 0; i < c->opt.words.len; i++) {
    if (i > 0) lan_buf_add_char(out, ' ');
    lan_buf_add_str(out, c->opt.words.data[i]);
  }
  if (!out->failed) return out->data ? out->data : "";
  cli_complain("out of memory");
  return NULL;
}

cli_exit use_failed(lan_status status, const lan_error *err) {
  if (status != LAN_ECANCELED) cli_complain("%s", err->message);
  return cli_exit_of(status);
}

static bool read_time(const char *option, const char *text, int64_t *ms) {
  if (!text || when_read(text, lan_clock_unix_ms(), ms)) return true;
  cli_complain(
      "%s is a date (2026-11-23), a date and time (2026-11-23T14:30) or a while ago (30m, 2h, 3d, "
      "1w), not \"%s\"",
      option, text);
  return false;
}

static int found_one(void *ctx, const lan_event *event) {
  (void)event;
  *(bool *)ctx = true;
  return 1;
}

static bool is_remembered(session *s, const char *path) {
  bool found = false;
  lan_span span = {.note = path};
  return lan_memory_history(s->memory, &span, 1, found_one, &found, NULL) == LAN_OK && found;
}

static cli_exit find_note(session *s, lan_buf *path, lan_span *span) {
  lan_error err;
  lan_buf name = {0};
  const char *words = use_name(s->c, &name);
  if (!words) return CLI_BROKEN;
  lan_status status = session_path(s, words, true, path, &err);
  span->note = path->data;
  if (status == LAN_ENOTFOUND && is_remembered(s, words)) {
    lan_buf_clear(path);
    lan_buf_add_str(path, words);
    span->note = path->data;
    status = LAN_OK;
  }
  lan_buf_free(&name);
  return status == LAN_OK ? CLI_FOUND : use_failed(status, &err);
}

cli_exit use_span(session *s, lan_buf *path, lan_span *span) {
  const options *o = &s->c->opt;
  *span = (lan_span){0};
  if (!read_time("--since", o->since, &span->since_ms) ||
      !read_time("--until", o->until, &span->until_ms)) {
    return CLI_USAGE;
  }
  return o->words.len ? find_note(s, path, span) : CLI_FOUND;
}
