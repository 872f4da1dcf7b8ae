/* simulate: spreading activation over any network, step by step, as CSV. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"
#include "graph/edgelist.h"
#include "lantoa/spread.h"
#include "text/unicode.h"

enum { FILE_MOST = 1 << 30, DEFAULT_ACTIVATION = 100 };

static int fail(lan_status s, const lan_error *err) {
  cli_error("%s", err->message);
  return s == LAN_EFORMAT ? EXIT_USAGE : s == LAN_ENOTFOUND ? EXIT_FAILED : cli_exit_of(s);
}

static lan_status read_edges(const cli_options *o, lan_buf *text, edgelist *e, lan_error *err) {
  const char *path = o->words.data[0];
  lan_status s = LAN_OK;
  if (strcmp(path, "-") == 0) {
    char piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof piece, stdin)) > 0;) lan_buf_add(text, piece, n);
  } else {
    s = lan_file_read(path, FILE_MOST, text, err);
  }
  edgelist_options options = {o->undirected};
  if (s == LAN_OK)
    s = edgelist_parse(text->data ? text->data : "", text->len, path, &options, e, err);
  return s;
}

static bool set_model(const cli_options *o, lan_spread_model *m) {
  const char *preset = o->preset ? o->preset : "spreadr";
  static const struct {
    const char *name;
    lan_preset preset;
  } presets[] = {{"spreadr", LAN_PRESET_SPREADR},
                 {"ppr", LAN_PRESET_PPR},
                 {"actr", LAN_PRESET_ACTR},
                 {"heat", LAN_PRESET_HEAT}};
  for (size_t i = 0; i < 4; i++) {
    if (strcmp(presets[i].name, preset) != 0) continue;
    *m = lan_spread_preset(presets[i].preset);
    if (o->retention >= 0) m->retention = o->retention;
    if (o->decay >= 0) m->decay = 1 - o->decay; /* spreadr's decay is the share that is lost */
    if (o->suppress >= 0) m->suppress = o->suppress;
    if (o->time > 0) m->steps = (uint32_t)o->time;
    return true;
  }
  cli_error("--preset takes spreadr, ppr, actr or heat, not \"%s\"", preset);
  return false;
}

/* The node of a name: as it is, else the only one that is the same but for case and accents'
 * encoding. */
static uint32_t find_node(const edgelist *e, lan_str name) {
  uint32_t node = edgelist_find(e, name);
  lan_buf want = {0}, have = {0};
  text_fold(&want, name.ptr, name.len);
  for (uint32_t i = 0; node == UINT32_MAX && i < e->graph.n_nodes; i++) {
    lan_buf_clear(&have);
    text_fold(&have, e->names[i].ptr, e->names[i].len);
    if (lan_str_equal(lan_buf_str(&want), lan_buf_str(&have))) node = i;
  }
  lan_buf_free(&want);
  lan_buf_free(&have);
  return node;
}

/* "word" or "word=50". */
static bool parse_cue(const edgelist *e, const char *text, lan_cue *cue) {
  lan_str name = lan_str_of(text);
  const char *equals = strrchr(text, '=');
  cue->activation = DEFAULT_ACTIVATION;
  cue->node = find_node(e, name);
  if (cue->node == UINT32_MAX && equals) {
    char *end;
    name.len = (size_t)(equals - text);
    cue->activation = strtof(equals + 1, &end);
    if (*end || end == equals + 1) {
      cli_error("--from %s: a number is wanted after the =", text);
      return false;
    }
    cue->node = find_node(e, name);
  }
  if (cue->node != UINT32_MAX) return true;
  cli_error("the network has no node \"%.*s\"", (int)name.len, name.ptr);
  return false;
}

typedef struct series {
  const edgelist *e;
  bool json;
  lan_activation *sorted;
} series;

static int by_node(const void *a, const void *b) {
  const lan_activation *x = a, *y = b;
  return (x->node > y->node) - (x->node < y->node);
}

static void put_csv(lan_str s) {
  bool quote = s.len && (memchr(s.ptr, ',', s.len) || memchr(s.ptr, '"', s.len) ||
                         memchr(s.ptr, '\n', s.len));
  if (quote) putchar('"');
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] == '"') putchar('"');
    putchar(s.ptr[i]);
  }
  if (quote) putchar('"');
}

static int print_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  series *s = ctx;
  if (n) memcpy(s->sorted, a, n * sizeof *a);
  if (n) qsort(s->sorted, n, sizeof *a, by_node);
  for (size_t i = 0; i < n; i++) {
    lan_str name = s->e->names[s->sorted[i].node];
    if (s->json) {
      char *copy = strndup(name.ptr, name.len);
      cli_json_print(json_pack("{s:I, s:o, s:f}", "time", (json_int_t)t, "node",
                               cli_json_text(copy ? copy : ""), "activation",
                               s->sorted[i].activation));
      free(copy);
    } else {
      printf("%u,", t);
      put_csv(name);
      printf(",%.10g\n", s->sorted[i].activation);
    }
  }
  return ferror(stdout);
}

static int spread(const cli_options *o, const edgelist *e, const lan_spread_model *model,
                  const lan_cue *cues) {
  lan_spreader *spreader = NULL;
  lan_error err;
  series out = {e, o->json, malloc(((size_t)e->graph.n_nodes + 1) * sizeof(lan_activation))};
  lan_status s = lan_spreader_new(&e->graph, &spreader, &err);
  if (s == LAN_OK && !out.sorted) {
    cli_error("out of memory");
    lan_spreader_free(spreader);
    return EXIT_FAILED;
  }
  if (s == LAN_OK && !o->json) puts("time,node,activation");
  if (s == LAN_OK) {
    s = lan_spread_steps(spreader, model, cues, o->from.len, print_step, &out, &err);
  }
  lan_spreader_free(spreader);
  free(out.sorted);
  return s == LAN_OK || s == LAN_ECANCELED ? EXIT_FOUND : fail(s, &err);
}

int cmd_simulate(cli_options *o) {
  lan_buf text = {0};
  edgelist e = {0};
  lan_spread_model model;
  lan_error err;
  int code = EXIT_USAGE;
  if (o->from.len == 0) {
    cli_error("simulate needs a place to start: --from WORD");
    return EXIT_USAGE;
  }
  lan_cue *cues = calloc(o->from.len, sizeof *cues);
  lan_status s = cues ? read_edges(o, &text, &e, &err) : LAN_ENOMEM;
  if (!cues) cli_error("out of memory");
  bool good = s == LAN_OK && set_model(o, &model);
  if (cues && s != LAN_OK) code = fail(s, &err);
  for (size_t i = 0; good && i < o->from.len; i++) good = parse_cue(&e, o->from.data[i], &cues[i]);
  if (good) code = spread(o, &e, &model, cues);
  free(cues);
  edgelist_free(&e);
  lan_buf_free(&text);
  return code;
}
