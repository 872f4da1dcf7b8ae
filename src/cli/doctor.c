/* lantoa doctor */
#include <stdio.h>

#include "base/json.h"
#include "cli/session.h"

enum { EACH = 10 };

static const char *title_of(lan_defect_kind kind) {
  static const char *const titles[LAN_DEFECTS] = {
      [LAN_DEFECT_BROKEN_LINK] = "Broken links",
      [LAN_DEFECT_AMBIGUOUS_LINK] = "Ambiguous links",
      [LAN_DEFECT_ORPHAN] = "Orphans",
      [LAN_DEFECT_DAMAGED_TEXT] = "Damaged text",
      [LAN_DEFECT_NEAR_DUPLICATE] = "Nearly the same title",
      [LAN_DEFECT_FORMAT] = "Unreadable front matter or canvas",
      [LAN_DEFECT_SKIPPED] = "Files and folders not read"};
  return titles[kind];
}

/* The defects of one kind stand together. */
static size_t count_kind(const lan_defect *d, size_t n) {
  size_t same = 1;
  while (same < n && d[same].kind == d->kind) same++;
  return same;
}

static void show_defect(output *o, const lan_defect *d) {
  char line[16] = "";
  if (d->line > 0) snprintf(line, sizeof line, ":%u", d->line);
  output_spaces(o, 2);
  size_t column = 2 + output_text(o, lan_str_of(d->path), 0);
  column += output_text(o, lan_str_of(line), 0);
  if (*d->message) {
    lan_buf_add_str(&o->buf, ":");
    output_style(o, STYLE_FAINT);
    lan_buf_add_char(&o->buf, ' ');
    output_wrapped(o, lan_str_of(d->message), 0, 0, column + 2, 6);
    output_style(o, STYLE_PLAIN);
  }
  lan_buf_add_char(&o->buf, '\n');
}

static bool show(cli *c, const lan_defect *d, size_t n) {
  output *o = &c->out;
  size_t each = c->opt.limit ? c->opt.limit : EACH;
  for (size_t i = 0, same; i < n; i += same) {
    same = count_kind(&d[i], n - i);
    if (i > 0) lan_buf_add_char(&o->buf, '\n');
    output_styled(o, STYLE_STRONG, title_of(d[i].kind));
    lan_buf_add_str(&o->buf, " (");
    output_number(o, same);
    lan_buf_add_str(&o->buf, ")\n");
    for (size_t k = 0; k < same && k < each; k++) show_defect(o, &d[i + k]);
    if (same > each) {
      output_style(o, STYLE_FAINT);
      lan_buf_add_str(&o->buf, "  and ");
      output_number(o, same - each);
      lan_buf_printf(&o->buf, " more; all with -n %zu\n", same);
      output_style(o, STYLE_PLAIN);
    }
    if (!output_flush(o)) return false;
  }
  return true;
}

static void show_json(cli *c, const session *s, const lan_defect *d, size_t n) {
  json_writer j = {&c->out.buf, false};
  jw_open(&j, '{');
  jw_bytes(&j, "vault", s->report.vault);
  jw_key(&j, "counts");
  jw_open(&j, '{');
  for (size_t i = 0, same; i < n; i += same) {
    same = count_kind(&d[i], n - i);
    jw_key(&j, lan_defect_name(d[i].kind));
    jw_count(&j, same);
  }
  jw_close(&j, '}');
  jw_key(&j, "defects");
  jw_open(&j, '[');
  for (size_t i = 0, k = 0; i < n; i++, k++) {
    if (i > 0 && d[i].kind != d[i - 1].kind) k = 0;
    if (c->opt.limit && k >= c->opt.limit) continue;
    jw_open(&j, '{');
    jw_entry(&j, "kind", lan_defect_name(d[i].kind));
    jw_bytes(&j, "path", d[i].path);
    if (d[i].line > 0) {
      jw_key(&j, "line");
      jw_count(&j, d[i].line);
    }
    jw_entry(&j, "message", d[i].message);
    jw_close(&j, '}');
  }
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

static cli_exit run(cli *c) {
  session s;
  lan_error err;
  const lan_defect *defects = NULL;
  size_t n = 0;
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  lan_status status = lan_memory_doctor(s.memory, &defects, &n, &err);
  session_clear_progress(&s);
  if (status != LAN_OK) {
    if (status != LAN_ECANCELED) cli_complain("%s", err.message);
    code = cli_exit_of(status);
  } else {
    code = n > 0 ? CLI_FOUND : CLI_NONE;
    if (c->opt.json) {
      show_json(c, &s, defects, n);
    } else if (n > 0) {
      show(c, defects, n);
    } else if (!c->opt.quiet) {
      lan_buf_add_str(&c->out.buf, "Nothing is wrong with the vault.\n");
    }
  }
  /* Files that could not be read are what it was asked for: they do not make the answer partial. */
  lan_memory_close(s.memory);
  return code;
}

const command command_doctor = {
    .name = "doctor",
    .help =
        "usage: lantoa doctor [OPTION ...]\n"
        "\n"
        "What is wrong with the vault: broken and ambiguous links, orphans, damaged\n"
        "text, nearly the same titles, front matter and canvases that cannot be read,\n"
        "files that were not read. Nothing is changed.\n"
        "\n"
        "  -n, --limit N       at most N of each kind (10; with --json all)\n"
        "  --json              a JSON object\n" HELP_COLOR HELP_VAULT
        "\n"
        "Exit: 0 something is wrong, 1 nothing is, 2 usage, 4 I/O or corrupt.\n",
    .takes = TAKES(OPTION_LIMIT) | TAKES(OPTION_JSON) | TAKES_VAULT,
    .run = run};
