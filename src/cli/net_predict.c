/* lantoa net predict */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/example.h"
#include "cli/lines.h"

enum { LABELS = 3 };

typedef struct predicting {
  cli *c;
  lan_model *model;
  float *probabilities;
  float *row; /* of a table; NULL: the model sees pictures */
  size_t failed;
} predicting;

/* The most probable class that is less probable than `below`, or equal and later than `after`. */
static size_t next_label(const predicting *p, uint32_t n, size_t last) {
  size_t best = n;
  for (size_t c = 0; c < n; c++) {
    float q = p->probabilities[c];
    bool open =
        last == n || q < p->probabilities[last] || (q == p->probabilities[last] && c > last);
    if (open && (best == n || q > p->probabilities[best])) best = c;
  }
  return best;
}

static void write_json(const predicting *p, const char *path) {
  const lan_model_info *info = lan_model_describe(p->model);
  size_t wanted = p->c->opt.limit ? p->c->opt.limit : LABELS, last = info->n_classes;
  json_writer j = {&p->c->out.buf, false};
  jw_open(&j, '{');
  jw_bytes(&j, p->row ? "row" : "file", path);
  jw_key(&j, "labels");
  jw_open(&j, '[');
  for (size_t k = 0; k < wanted && k < info->n_classes; k++) {
    last = next_label(p, info->n_classes, last);
    jw_open(&j, '{');
    jw_bytes(&j, "label", info->classes[last]);
    jw_key(&j, "probability");
    jw_number(&j, (double)p->probabilities[last]);
    jw_close(&j, '}');
  }
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

static void write_text(const predicting *p, const char *path) {
  const lan_model_info *info = lan_model_describe(p->model);
  size_t wanted = p->c->opt.limit ? p->c->opt.limit : LABELS, last = info->n_classes;
  output *o = &p->c->out;
  output_styled(o, STYLE_STRONG, path);
  lan_buf_add_char(&o->buf, '\n');
  for (size_t k = 0; k < wanted && k < info->n_classes; k++) {
    last = next_label(p, info->n_classes, last);
    lan_buf_add_str(&o->buf, "  ");
    output_bar(o, (double)p->probabilities[last]);
    lan_buf_printf(&o->buf, " %5.1f%%  ", 100 * (double)p->probabilities[last]);
    output_text(o, lan_str_of(info->classes[last]), 0);
    lan_buf_add_char(&o->buf, '\n');
  }
}

static lan_status ask(predicting *p, const char *example, lan_error *err) {
  if (!p->row) return lan_model_predict(p->model, example, p->probabilities, err);
  lan_status status = example_numbers(lan_model_describe(p->model), example, p->row, err);
  return status == LAN_OK ? lan_model_predict_of(p->model, p->row, p->probabilities, err) : status;
}

/* False: nobody reads any more. */
static bool predict(predicting *p, const char *path) {
  lan_error err = {0};
  if (ask(p, path, &err) != LAN_OK) {
    cli_complain("%s", err.message);
    p->failed++;
    return true;
  }
  if (p->c->opt.json) {
    write_json(p, path);
  } else {
    write_text(p, path);
  }
  return output_flush(&p->c->out) && !cli_stopped();
}

static void predict_lines(predicting *p) {
  lines in = {.end = p->c->opt.null ? '\0' : '\n'};
  char *record;
  for (lines_got got; (got = lines_next(&in, &record)) == LINES_RECORD || got == LINES_BAD;) {
    if (got == LINES_BAD) {
      cli_complain("a line from standard input is too long or holds a NUL");
      p->failed++;
    } else if (!predict(p, record)) {
      break;
    }
  }
  lines_free(&in);
}

static bool make_room(predicting *p) {
  const lan_model_info *info = lan_model_describe(p->model);
  p->probabilities = lan_alloc_array(info->n_classes, sizeof(float));
  if (example_is_row(info)) p->row = lan_alloc_array(info->channels, sizeof(float));
  bool made = p->probabilities && (p->row || !example_is_row(info));
  if (!made) cli_complain("out of memory");
  return made;
}

static cli_exit run(cli *c) {
  predicting p = {.c = c};
  lan_error err = {0};
  size_t n = c->opt.words.len;
  if (!c->opt.from_stdin && n < 2) {
    cli_complain("net predict wants an example after the model, or --stdin");
    return CLI_USAGE;
  }
  lan_status status = lan_model_open(c->opt.words.data[0], &p.model, &err);
  if (status != LAN_OK) {
    cli_complain("%s", err.message);
    return cli_exit_of(status);
  }
  bool done = make_room(&p);
  for (size_t i = 1; done && i < n && predict(&p, c->opt.words.data[i]); i++) {
  }
  if (done && c->opt.from_stdin) predict_lines(&p);
  free(p.probabilities);
  free(p.row);
  lan_model_free(p.model);
  if (cli_stopped()) return CLI_STOPPED;
  return !done ? CLI_BROKEN : p.failed ? CLI_PARTIAL : CLI_FOUND;
}

const command command_net_predict = {
    .name = "net predict",
    .help =
        "usage: lantoa net predict MODEL EXAMPLE ... [OPTION ...]\n"
        "\n"
        "What the model takes examples for: the most probable labels of each. An example\n"
        "is a picture's file; for a table's model a row of numbers, as 5.1,3.5,1.4,0.2\n"
        "(the table's columns without the label; after -- where it begins with a minus).\n"
        "\n"
        "  -n, --limit N       labels for each example (default 3)\n"
        "  --stdin             examples from standard input, one a line\n"
        "  -0, --null          with --stdin, each ends with NUL\n"
        "  --json              a JSON object an example\n" HELP_COLOR
        "\n"
        "Exit: 0 done, 2 usage, 3 some examples could not be read, 4 the model could not.\n",
    .takes = TAKES(OPTION_JSON) | TAKES(OPTION_LIMIT) | TAKES(OPTION_NULL) | TAKES(OPTION_STDIN),
    .least = 1,
    .most = SIZE_MAX,
    .missing =
        "net predict wants a model and examples, as lantoa net predict cats.safetensors cat.jpg",
    .run = run};
