/* lantoa status */
#include <sys/stat.h>

#include "base/json.h"
#include "cli/session.h"

static void show_json(lan_buf *out, const lan_memory_report *r) {
  const struct {
    const char *key;
    size_t n;
  } counts[] = {
      {"notes", r->notes},         {"canvases", r->canvases}, {"attachments", r->attachments},
      {"phantoms", r->phantoms},   {"tags", r->tags},         {"links", r->links},
      {"mentions", r->mentions},   {"words", r->words},       {"opens", r->opens},
      {"feedbacks", r->feedbacks}, {"hidden", r->hidden},     {"read_now", r->read_now},
      {"skipped", r->skipped}};
  json_writer j = {out, false};
  jw_open(&j, '{');
  jw_bytes(&j, "vault", r->vault);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    jw_key(&j, counts[i].key);
    jw_count(&j, counts[i].n);
  }
  jw_bytes(&j, "cache_file", r->cache_file);
  jw_bytes(&j, "data_file", r->data_file);
  jw_bytes(&j, "cache_trouble", r->cache_trouble);
  jw_key(&j, "seconds");
  jw_number(&j, r->seconds);
  jw_close(&j, '}');
  jw_end(&j);
}

static void show_label(output *o, const char *label) {
  output_style(o, STYLE_FAINT);
  lan_buf_printf(&o->buf, "%-9s", label);
  output_style(o, STYLE_PLAIN);
}

static void show_file(output *o, const char *label, const char *path) {
  struct stat st;
  show_label(o, label);
  if (!path) {
    lan_buf_add_str(&o->buf, "none\n");
    return;
  }
  output_text(o, lan_str_of(path), 0);
  output_style(o, STYLE_FAINT);
  if (stat(path, &st) != 0) {
    lan_buf_add_str(&o->buf, "  not there yet");
  } else if (st.st_size < 1000000) {
    lan_buf_printf(&o->buf, "  %.0f kB", (double)st.st_size / 1e3 + 0.5);
  } else {
    lan_buf_printf(&o->buf, "  %.1f MB", (double)st.st_size / 1e6);
  }
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, '\n');
}

static void also(output *o, size_t n, const char *one, const char *many) {
  if (n == 0) return;
  lan_buf_add_str(&o->buf, ", ");
  output_count(o, n, one, many);
}

static void show(output *o, const lan_memory_report *r) {
  show_label(o, "vault");
  output_styled(o, STYLE_STRONG, r->vault);
  lan_buf_add_char(&o->buf, '\n');
  show_label(o, "holds");
  output_count(o, r->notes, "note", "notes");
  also(o, r->canvases, "canvas", "canvases");
  also(o, r->attachments, "attachment", "attachments");
  also(o, r->words, "word", "words");
  lan_buf_add_char(&o->buf, '\n');
  show_label(o, "tied by");
  output_count(o, r->links, "link", "links");
  also(o, r->mentions, "mention", "mentions");
  also(o, r->tags, "tag", "tags");
  also(o, r->phantoms, "note linked to but not written", "notes linked to but not written");
  lan_buf_add_char(&o->buf, '\n');
  show_label(o, "told of");
  output_count(o, r->opens, "open", "opens");
  also(o, r->feedbacks, "word of feedback", "words of feedback");
  also(o, r->hidden, "hidden result", "hidden results");
  lan_buf_add_char(&o->buf, '\n');
  show_label(o, "read now");
  output_count(o, r->read_now, "note", "notes");
  lan_buf_printf(&o->buf, " in %.*f s\n", r->seconds < 1 ? 3 : 1, r->seconds);
  show_file(o, "index", r->cache_file);
  show_file(o, "memory", r->data_file);
}

static cli_exit run(cli *c) {
  session s;
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  if (c->opt.json) {
    show_json(&c->out.buf, &s.report);
  } else {
    show(&c->out, &s.report);
  }
  return session_close(&s, CLI_FOUND);
}

const command command_status = {
    .name = "status",
    .help =
        "usage: lantoa status [OPTION ...]\n"
        "\n"
        "What the memory of the vault holds, and where its files are. The index is a\n"
        "cache: it may be deleted at any time. The memory's own file is precious.\n"
        "\n"
        "  --json              a JSON object\n" HELP_COLOR HELP_VAULT "\n" HELP_EXIT,
    .takes = TAKES(OPTION_JSON) | TAKES_VAULT,
    .run = run};
