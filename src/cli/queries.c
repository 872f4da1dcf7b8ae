#include "cli/queries.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/lines.h"

typedef struct tally {
  size_t found, failed;
} tally;

/* The answer to a query that failed is empty and says why, so that lines stay in step. */
static void write_failure(session *s, const query_kind *kind, const query *q, const char *message) {
  if (!s->c->opt.json) {
    cli_complain("%s", message);
    return;
  }
  json_writer j = {&s->c->out.buf, false};
  jw_open(&j, '{');
  jw_bytes(&j, kind->subject, q->text);
  if (kind->second_subject) jw_bytes(&j, kind->second_subject, q->second ? q->second : "");
  jw_entry(&j, "error", message);
  jw_key(&j, kind->list);
  jw_open(&j, '[');
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

/* ---- standard input ---- */

static lan_status ask_line(session *s, const query_kind *kind, char *line, query *q, size_t *found,
                           lan_error *err) {
  *q = (query){line, NULL, false};
  if (kind->second_subject) {
    char *tab = strchr(line, '\t');
    if (!tab) {
      return lan_fail(err, LAN_EINVAL, "a line wants two notes with a tab between, not \"%s\"",
                      line);
    }
    *tab = '\0';
    q->second = tab + 1;
  }
  return kind->ask(s, q, found, err);
}

static lan_status answer_line(session *s, const query_kind *kind, lines_got got, char *record,
                              tally *t) {
  lan_error err = {0};
  query q = {record, NULL, false};
  size_t found = 0, mark = s->c->out.buf.len;
  lan_status status;
  if (got == LINES_BAD) {
    status = lan_fail(&err, LAN_EINVAL, "a line holds a NUL byte or more than %d bytes", LINE_MOST);
  } else {
    status = ask_line(s, kind, record, &q, &found, &err);
    session_clear_progress(s);
  }
  if (status != LAN_OK) {
    s->c->out.buf.len = mark;
    t->failed++;
    write_failure(s, kind, &q, err.message);
  }
  t->found += found;
  return status;
}

static cli_exit ask_lines(session *s, const query_kind *kind) {
  lines in = {.end = s->c->opt.null ? '\0' : '\n'};
  char *record;
  tally t = {0};
  lines_got got = LINES_DONE;
  while (!cli_stopped() && (got = lines_next(&in, &record)) < LINES_DONE) {
    lan_status status = answer_line(s, kind, got, record, &t);
    if (!output_flush(&s->c->out) || status == LAN_ECANCELED) break;
  }
  int error = errno;
  lines_free(&in);
  if (cli_stopped()) return CLI_STOPPED;
  if (got == LINES_FAILED) {
    cli_complain("cannot read standard input: %s", strerror(error));
    return CLI_BROKEN;
  }
  return t.failed ? CLI_PARTIAL : t.found ? CLI_FOUND : CLI_NONE;
}

/* ---- the command line ---- */

static cli_exit ask_once(session *s, const query_kind *kind, const query *q) {
  lan_error err = {0};
  size_t found = 0, mark = s->c->out.buf.len;
  lan_status status = kind->ask(s, q, &found, &err);
  session_clear_progress(s);
  if (status != LAN_OK) {
    s->c->out.buf.len = mark;
    if (status != LAN_ECANCELED) cli_complain("%s", err.message);
    return cli_exit_of(status);
  }
  if (found > 0) return CLI_FOUND;
  if (!s->c->opt.json && !s->c->opt.quiet) cli_complain("%s \"%s\"", kind->nothing, q->text);
  return CLI_NONE;
}

static cli_exit ask_words(session *s, const query_kind *kind) {
  const word_list *words = &s->c->opt.words;
  if (kind->second_subject) {
    return ask_once(s, kind, &(query){words->data[0], words->data[1], true});
  }
  lan_buf text = {0};
  for (size_t i = 0; i < words->len; i++) {
    if (i > 0) lan_buf_add_char(&text, ' ');
    lan_buf_add_str(&text, words->data[i]);
  }
  if (text.failed) {
    lan_buf_free(&text);
    cli_complain("out of memory");
    return CLI_BROKEN;
  }
  cli_exit code = ask_once(s, kind, &(query){text.data ? text.data : "", NULL, true});
  lan_buf_free(&text);
  return code;
}

cli_exit queries_run(cli *c, const query_kind *kind) {
  session s;
  if (c->opt.from_stdin && c->opt.words.len > 0) {
    cli_complain("with --stdin queries come from standard input, not from \"%s\"",
                 c->opt.words.data[0]);
    return CLI_USAGE;
  }
  if (c->opt.activity && !c->opt.json) {
    cli_complain("--activity is told with --json only");
    return CLI_USAGE;
  }
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  code = c->opt.from_stdin ? ask_lines(&s, kind) : ask_words(&s, kind);
  return session_close(&s, code);
}
