#include "cli/simulate_learn.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

enum { FILE_MOST = 1 << 20 };

/* The numbers by the names that they have in JSON. */
typedef struct named_number {
  const char *name;
  double *value;
} named_number;

enum { NUMBERS = 6 };

static void name_numbers(lan_conductances *c, named_number out[NUMBERS]) {
  const named_number all[NUMBERS] = {{"there", &c->there},   {"back", &c->back},
                                     {"weight", &c->weight}, {"arrivals", &c->arrivals},
                                     {"fan", &c->fan},       {"decay", &c->decay}};
  memcpy(out, all, sizeof all);
}

/* ---- reading ---- */

lan_status simulate_read_learnt(const char *path, lan_conductances *out, lan_error *err) {
  lan_buf text = {0};
  json_error_t why;
  named_number numbers[NUMBERS];
  name_numbers(out, numbers);
  lan_status s = lan_file_read(path, FILE_MOST, &text, err);
  if (s != LAN_OK) return s;
  json_t *root = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &why);
  lan_buf_free(&text);
  if (!root) {
    return lan_fail(err, LAN_EFORMAT,
                    "%s:%d: %s; lantoa simulate --learn --json writes such a file", path, why.line,
                    why.text);
  }
  const json_t *object = json_object_get(root, "conductances");
  for (size_t i = 0; s == LAN_OK && i < NUMBERS; i++) {
    const json_t *v = json_object_get(object, numbers[i].name);
    if (json_is_number(v)) {
      *numbers[i].value = json_number_value(v);
    } else {
      s = lan_fail(err, LAN_EFORMAT,
                   "%s has no number conductances.%s; lantoa simulate --learn --json writes such a "
                   "file",
                   path, numbers[i].name);
    }
  }
  json_decref(root);
  return s;
}

/* ---- learning ---- */

static void show_quality(json_writer *j, const char *name, const lan_spread_quality *q) {
  jw_key(j, name);
  jw_open(j, '{');
  jw_key(j, "mrr");
  jw_number(j, q->mrr);
  jw_key(j, "hits10");
  jw_number(j, q->hits10);
  jw_close(j, '}');
}

static void show_json(lan_buf *out, lan_conductances *c, const lan_spread_learn_report *r) {
  json_writer j = {out, false};
  named_number numbers[NUMBERS];
  name_numbers(c, numbers);
  jw_open(&j, '{');
  jw_key(&j, "conductances");
  jw_open(&j, '{');
  for (size_t i = 0; i < NUMBERS; i++) {
    jw_key(&j, numbers[i].name);
    jw_number(&j, *numbers[i].value);
  }
  jw_close(&j, '}');
  jw_key(&j, "examples");
  jw_count(&j, r->examples);
  jw_key(&j, "held_back");
  jw_count(&j, r->held_back);
  show_quality(&j, "spreadr", &r->spreadr);
  show_quality(&j, "before", &r->before);
  show_quality(&j, "after", &r->after);
  jw_close(&j, '}');
  jw_end(&j);
}

static void show(output *o, const lan_conductances *c, const lan_spread_learn_report *r) {
  output_count(o, r->examples, "hidden edge", "hidden edges");
  lan_buf_add_str(&o->buf, " to learn from, ");
  output_number(o, r->held_back);
  lan_buf_add_str(&o->buf, " of other nodes held back\n");
  const struct {
    const char *name;
    const lan_spread_quality *q;
  } rows[] = {
      {"spreadr's numbers", &r->spreadr}, {"before learning", &r->before}, {"learnt", &r->after}};
  lan_buf_add_str(&o->buf, "where they led      mean of 1 / rank   among the first 10\n");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lan_buf_printf(&o->buf, "%-20s %15.4f %18.1f %%\n", rows[i].name, rows[i].q->mrr,
                   100 * rows[i].q->hits10);
  }
  lan_buf_printf(
      &o->buf,
      "conductance: weight^%.3f (1 + edges to the receiver)^%.3f; back %.3f times as much\n"
      "fan %.3f, decay %.3f\n",
      c->weight, c->arrivals, c->back / c->there, c->fan, c->decay);
}

static int on_progress(void *ctx, double done) {
  const bool *shown = ctx;
  if (*shown) fprintf(stderr, "\r\033[Klearning %.0f %%", 100 * done);
  return cli_stopped();
}

cli_exit simulate_learn(cli *c, const edgelist *e) {
  bool shown = !c->opt.quiet && isatty(STDERR_FILENO);
  lan_spread_learn_options o = {.seed = c->opt.given & TAKES(OPTION_SEED) ? c->opt.seed : 1,
                                .progress = on_progress,
                                .progress_ctx = &shown};
  lan_conductances learnt;
  lan_spread_learn_report report;
  lan_error err = {0};
  lan_status s = lan_spread_learn(&e->graph, &o, &learnt, &report, &err);
  if (shown) fputs("\r\033[K", stderr);
  if (s != LAN_OK) {
    if (s != LAN_ECANCELED) cli_complain("%s", err.message);
    return cli_exit_of(s);
  }
  if (c->opt.json) {
    show_json(&c->out.buf, &learnt, &report);
  } else {
    show(&c->out, &learnt, &report);
  }
  return CLI_FOUND;
}
