/* lantoa simulate */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/lines.h"
#include "cli/nearest.h"
#include "cli/simulate_learn.h"
#include "graph/edgelist.h"
#include "lantoa/spread.h"
#include "text/unicode.h"

enum { OFFERS = 3, FLUSH_AT = 1 << 16 };

static const size_t FILE_MOST = (size_t)1 << 32;

/* ---- the model ---- */

/* A setting that the model does not have is a mistake, not a thing to pass over. */
static bool settings_fit(const options *o) {
  static const option_id linear_only[] = {OPTION_RETENTION, OPTION_DECAY, OPTION_SUPPRESS};
  bool actr = o->preset == LAN_PRESET_ACTR, heat = o->preset == LAN_PRESET_HEAT;
  for (size_t i = 0; i < 3 && (actr || heat); i++) {
    if (!(o->given & TAKES(linear_only[i]))) continue;
    cli_complain("%s has no meaning in --preset %s", options_name(linear_only[i]),
                 actr ? "actr" : "heat");
    return false;
  }
  if (actr && (o->given & TAKES(OPTION_TIME))) {
    cli_complain("--time has no meaning in --preset actr: it takes one step");
    return false;
  }
  return true;
}

static lan_spread_model model_of(const options *o) {
  bool chosen = (o->given & TAKES(OPTION_PRESET)) != 0;
  lan_spread_model m = lan_spread_preset(chosen ? (lan_preset)o->preset : LAN_PRESET_SPREADR);
  if (o->given & TAKES(OPTION_RETENTION)) m.retention = o->retention;
  if (o->given & TAKES(OPTION_DECAY)) m.decay = 1 - o->decay; /* spreadr's is what is lost */
  if (o->given & TAKES(OPTION_SUPPRESS)) m.suppress = o->suppress;
  if (o->given & TAKES(OPTION_TIME)) m.steps = (uint32_t)o->time;
  return m;
}

/* ---- the words to start from ---- */

typedef VEC(lan_cue) cue_list;

static void offer_near(const edgelist *e, lan_str plain, lan_buf *out) {
  uint32_t nodes[OFFERS], far[OFFERS], most = nearest_limit(plain.len);
  size_t n = 0;
  lan_buf name = {0};
  for (uint32_t i = 0; i < e->graph.n_nodes; i++) {
    lan_buf_clear(&name);
    text_strip(&name, e->names[i].ptr, e->names[i].len);
    uint32_t d = nearest_distance(plain, lan_buf_str(&name), most);
    if (d > most || (n == OFFERS && far[n - 1] <= d)) continue;
    size_t k = n < OFFERS ? n++ : OFFERS - 1;
    for (; k > 0 && far[k - 1] > d; k--) far[k] = far[k - 1], nodes[k] = nodes[k - 1];
    far[k] = d;
    nodes[k] = i;
  }
  for (size_t i = 0; i < n; i++) {
    lan_str s = e->names[nodes[i]];
    lan_buf_printf(out, "%s\"%.*s\"", i == 0 ? "" : i + 1 < n ? ", " : " or ", (int)s.len, s.ptr);
  }
  lan_buf_free(&name);
}

static lan_status no_such_node(const edgelist *e, lan_str word, lan_error *err) {
  lan_buf plain = {0}, offers = {0};
  text_strip(&plain, word.ptr, word.len);
  if (plain.len < 64) offer_near(e, lan_buf_str(&plain), &offers);
  lan_fail(err, LAN_ENOTFOUND, "the graph has no node \"%.*s\"%s%s", (int)word.len, word.ptr,
           offers.len ? "; did you mean " : "", offers.len ? offers.data : "");
  lan_buf_free(&plain);
  lan_buf_free(&offers);
  return LAN_ENOTFOUND;
}

/* The node whose name is the same but for case and the encoding of accents. */
static lan_status find_folded(const edgelist *e, lan_str word, uint32_t *node, lan_error *err) {
  lan_buf want = {0}, name = {0};
  uint32_t found = UINT32_MAX, other = UINT32_MAX;
  text_fold(&want, word.ptr, word.len);
  for (uint32_t i = 0; i < e->graph.n_nodes && other == UINT32_MAX; i++) {
    lan_buf_clear(&name);
    text_fold(&name, e->names[i].ptr, e->names[i].len);
    if (!lan_str_equal(lan_buf_str(&name), lan_buf_str(&want))) continue;
    *(found == UINT32_MAX ? &found : &other) = i;
  }
  bool failed = want.failed || name.failed;
  lan_buf_free(&want);
  lan_buf_free(&name);
  if (failed) return lan_fail_memory(err, 0);
  if (other != UINT32_MAX) {
    lan_str a = e->names[found], b = e->names[other];
    return lan_fail(err, LAN_EAMBIGUOUS, "\"%.*s\" could be \"%.*s\" or \"%.*s\"; write it so",
                    (int)word.len, word.ptr, (int)a.len, a.ptr, (int)b.len, b.ptr);
  }
  if (found == UINT32_MAX) return LAN_ENOTFOUND;
  *node = found;
  return LAN_OK;
}

static lan_status find_node(const edgelist *e, lan_str word, uint32_t *node, lan_error *err) {
  uint32_t exact = edgelist_find(e, word);
  if (exact == UINT32_MAX) return find_folded(e, word, node, err);
  *node = exact;
  return LAN_OK;
}

/* "WORD" or "WORD=ACTIVATION"; a name may itself hold a "=". */
static lan_status cue_of(const edgelist *e, const char *from, lan_cue *cue, lan_error *err) {
  lan_str word = lan_str_of(from);
  const char *equals = strrchr(from, '=');
  cue->activation = 1;
  lan_status s = find_node(e, word, &cue->node, err);
  if (s == LAN_ENOTFOUND && equals) {
    char *end;
    float v = strtof(equals + 1, &end);
    if (equals[1] == '\0' || *end != '\0' || !(v >= 0 && v <= 1e30f)) {
      return lan_fail(err, LAN_EINVAL, "--from WORD=ACTIVATION: \"%s\" is no number from 0",
                      equals + 1);
    }
    cue->activation = v;
    word.len = (size_t)(equals - from);
    s = find_node(e, word, &cue->node, err);
  }
  return s == LAN_ENOTFOUND ? no_such_node(e, word, err) : s;
}

static lan_status read_cues(const edgelist *e, const word_list *from, cue_list *cues,
                            lan_error *err) {
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < from->len; i++) {
    lan_cue cue;
    s = cue_of(e, from->data[i], &cue, err);
    if (s == LAN_OK && !VEC_PUSH(cues, cue)) s = lan_fail_memory(err, 0);
  }
  return s;
}

/* ---- the time series ---- */

typedef struct series {
  cli *c;
  const edgelist *edges;
  VEC(lan_activation) sorted;
  size_t rows;
  bool no_memory;
} series;

static int by_node(const void *a, const void *b) {
  const lan_activation *x = a, *y = b;
  return (x->node > y->node) - (x->node < y->node);
}

static void add_field(lan_buf *out, lan_str s) {
  bool quote = s.len == 0;
  for (size_t i = 0; i < s.len && !quote; i++) quote = strchr(",\"\r\n", s.ptr[i]) != NULL;
  if (!quote) {
    lan_buf_add(out, s.ptr, s.len);
    return;
  }
  lan_buf_add_char(out, '"');
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] == '"') lan_buf_add_char(out, '"');
    lan_buf_add_char(out, s.ptr[i]);
  }
  lan_buf_add_char(out, '"');
}

static void write_csv(series *w, uint32_t t) {
  lan_buf *out = &w->c->out.buf;
  for (size_t i = 0; i < w->sorted.len; i++) {
    const lan_activation *a = &w->sorted.data[i];
    lan_buf_printf(out, "%u,", t);
    add_field(out, w->edges->names[a->node]);
    lan_buf_printf(out, ",%.9g\n", a->activation);
    if (out->len > FLUSH_AT && !output_flush(&w->c->out)) return;
  }
}

static void write_json(series *w, uint32_t t) {
  json_writer j = {&w->c->out.buf, false};
  jw_open(&j, '{');
  jw_key(&j, "time");
  jw_count(&j, t);
  jw_key(&j, "active");
  jw_open(&j, '[');
  for (size_t i = 0; i < w->sorted.len; i++) {
    jw_open(&j, '{');
    jw_key(&j, "node");
    jw_string(&j, w->edges->names[w->sorted.data[i].node]);
    jw_key(&j, "activation");
    jw_number(&j, w->sorted.data[i].activation);
    jw_close(&j, '}');
  }
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

/* With -n the most active, the most active first; else all, in the order of the file. */
static int on_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  series *w = ctx;
  const options *o = &w->c->opt;
  w->sorted.len = 0;
  if (t == 0 && !o->include_t0) return 0;
  if (!VEC_RESERVE(&w->sorted, n + 1)) {
    w->no_memory = true;
    return 1;
  }
  if (o->limit) {
    w->sorted.len = lan_spread_top(a, n, NULL, 0, w->sorted.data, o->limit < n ? o->limit : n);
  } else if (n > 0) {
    memcpy(w->sorted.data, a, n * sizeof *a);
    w->sorted.len = n;
    qsort(w->sorted.data, n, sizeof *a, by_node);
  }
  w->rows += w->sorted.len;
  if (o->json) {
    write_json(w, t);
  } else {
    write_csv(w, t);
  }
  return !output_flush(&w->c->out) || cli_stopped();
}

/* The graph and the model to spread with. */
static lan_status prepare(const options *o, edgelist *e, lan_spread_model *model, lan_error *err) {
  lan_conductances learnt;
  lan_graph graph = {0};
  *model = model_of(o);
  if (!o->learnt) return LAN_OK;
  lan_status s = simulate_read_learnt(o->learnt, &learnt, err);
  if (s == LAN_OK) s = lan_conductances_apply(&e->graph, &learnt, &graph, model, err);
  if (s != LAN_OK) return s;
  lan_graph_free(&e->graph);
  e->graph = graph;
  return LAN_OK;
}

static lan_status simulate(cli *c, edgelist *e, size_t *rows, lan_error *err) {
  lan_spread_model model;
  lan_spreader *spreader = NULL;
  cue_list cues = {0};
  series w = {.c = c, .edges = e};
  lan_status s = prepare(&c->opt, e, &model, err);
  if (s == LAN_OK) s = read_cues(e, &c->opt.from, &cues, err);
  if (s == LAN_OK) s = lan_spreader_new(&e->graph, &spreader, err);
  if (s == LAN_OK) {
    if (!c->opt.json) lan_buf_add_str(&c->out.buf, "time,node,activation\n");
    s = lan_spread_steps(spreader, &model, cues.data, cues.len, on_step, &w, err);
  }
  if (w.no_memory) s = lan_fail_memory(err, 0);
  *rows = w.rows;
  lan_spreader_free(spreader);
  VEC_FREE(&cues);
  VEC_FREE(&w.sorted);
  return s;
}

static lan_status read_edges(const cli *c, edgelist *e, lan_error *err) {
  const char *path = c->opt.words.data[0];
  const char *shown = strcmp(path, "-") == 0 ? "standard input" : path;
  edgelist_options how = {.undirected = c->opt.undirected};
  lan_buf text = {0};
  lan_status s = LAN_OK;
  if (!lines_read_all(path, FILE_MOST, &text)) {
    s = cli_stopped() ? LAN_ECANCELED
                      : lan_fail(err, LAN_EIO, "cannot read %s: %s", shown, strerror(errno));
  }
  if (s == LAN_OK) s = edgelist_parse(text.data ? text.data : "", text.len, shown, &how, e, err);
  lan_buf_free(&text);
  return s;
}

/* Learning starts from no node, and what was learnt leaves nothing to set. */
static bool what_is_wanted(const options *o) {
  const uint64_t settings = TAKES(OPTION_PRESET) | TAKES(OPTION_RETENTION) | TAKES(OPTION_DECAY) |
                            TAKES(OPTION_SUPPRESS) | TAKES(OPTION_TIME);
  const char *trouble = NULL;
  if (!o->learn && o->from.len == 0) {
    trouble = "simulate wants a node to start from: --from WORD";
  } else if (o->learn && (o->from.len || o->learnt)) {
    trouble = "simulate --learn goes without --from and --learnt";
  } else if ((o->learn || o->learnt) && ((o->given & settings) || o->undirected)) {
    trouble =
        "the model of --learn and --learnt is fixed: no other settings, and edges go both ways";
  }
  if (trouble) cli_complain("%s", trouble);
  return !trouble;
}

static cli_exit run(cli *c) {
  lan_error err = {0};
  edgelist e = {0};
  size_t rows = 0;
  if (!what_is_wanted(&c->opt) || !settings_fit(&c->opt)) return CLI_USAGE;
  lan_status s = read_edges(c, &e, &err);
  if (s == LAN_OK && c->opt.learn) {
    cli_exit code = simulate_learn(c, &e);
    edgelist_free(&e);
    return code;
  }
  if (s == LAN_OK) s = simulate(c, &e, &rows, &err);
  edgelist_free(&e);
  if (s == LAN_ECANCELED) return cli_stopped() ? CLI_STOPPED : CLI_FOUND; /* or no more is wanted */
  if (s != LAN_OK) {
    cli_complain("%s", err.message);
    return cli_exit_of(s);
  }
  if (rows > 0) return CLI_FOUND;
  if (!c->opt.quiet) cli_complain("nothing is active after the first step");
  return CLI_NONE;
}

const command command_simulate = {
    .name = "simulate",
    .help =
        "usage: lantoa simulate EDGES --from WORD[=ACTIVATION] [OPTION ...]\n"
        "       lantoa simulate EDGES --learn [--json > LEARNT]\n"
        "\n"
        "Spreads activation over the edges of a CSV or TSV file (from, to, weight; or a\n"
        "matrix with names; \"-\" is standard input) and prints who is how active at each\n"
        "time, as CSV: time,node,activation. Nodes without activation are left out.\n"
        "\n"
        "  --from WORD[=A]     a node that begins active, by A (1); repeatable\n"
        "  --undirected        edges go both ways\n"
        "  --preset MODEL      spreadr (default), ppr, actr, heat, or memory (Lantoa's)\n"
        "  --retention R       share that a node keeps at each step (spreadr: 0.5)\n"
        "  --decay D           share that is lost at each step (spreadr: 0)\n"
        "  --suppress S        activation below S becomes 0 (0)\n"
        "  --time T            steps (spreadr: 10)\n"
        "  --include-t0        also time 0, before the first step\n"
        "  --learn             learn by backpropagation how much edges conduct: some are\n"
        "                      hidden in turn; tells how well they come back\n"
        "  --seed N            that decides which (1)\n"
        "  --learnt LEARNT     spread with what --learn --json told\n"
        "  -n, --limit N       only the N most active of each time\n"
        "  --json              a JSON object a time\n"
        "\n" HELP_EXIT,
    .takes = TAKES(OPTION_FROM) | TAKES(OPTION_UNDIRECTED) | TAKES(OPTION_PRESET) |
             TAKES(OPTION_RETENTION) | TAKES(OPTION_DECAY) | TAKES(OPTION_SUPPRESS) |
             TAKES(OPTION_TIME) | TAKES(OPTION_INCLUDE_T0) | TAKES(OPTION_LIMIT) |
             TAKES(OPTION_JSON) | TAKES(OPTION_QUIET) | TAKES(OPTION_SEED),
    .takes_more = TAKES_MORE(OPTION_LEARN) | TAKES_MORE(OPTION_LEARNT),
    .least = 1,
    .most = 1,
    .missing = "simulate wants a file of edges: lantoa simulate EDGES --from WORD",
    .run = run};
