/* related and recall: the ranked answer. */
#include "cli/cli.h"

typedef enum what { ASK_RELATED, ASK_RECALL } what;

typedef struct asking {
  lan_memory *m;
  const cli_options *o;
  what what;
  bool found, failed; /* something, in some answer */
} asking;

/* ---- JSON ---- */

static const char *linked_name(int linked) {
  static const char *const names[] = {"no", "out", "in", "both"};
  return names[linked & 3];
}

json_t *cli_path_json(const lan_path *p) {
  json_t *hops = json_array();
  for (size_t i = 0; i < p->n_hops; i++) {
    json_t *hop = json_object();
    json_object_set_new(hop, "by", json_string(lan_hop_name(p->hops[i].kind)));
    json_object_set_new(hop, "name", cli_json_text(p->hops[i].name));
    if (p->hops[i].path) cli_json_set_path(hop, p->hops[i].path);
    json_array_append_new(hops, hop);
  }
  return json_pack("{s:o, s:o}", "share", cli_json_number(p->share), "hops", hops);
}

static json_t *sentence_json(const lan_sentence *s) {
  json_t *v = json_object();
  cli_json_set_path(v, s->path);
  json_object_set_new(v, "line", json_integer(s->line));
  json_object_set_new(v, "text", cli_json_text(s->text));
  json_object_set_new(v, "mark",
                      json_pack("[I,I]", (json_int_t)s->mark_start, (json_int_t)s->mark_end));
  return v;
}

static json_t *texts_json(const char *const *texts, size_t n) {
  json_t *list = json_array();
  for (size_t i = 0; i < n; i++) json_array_append_new(list, cli_json_text(texts[i]));
  return list;
}

static void add_why(json_t *v, const lan_why *why) {
  json_t *paths = json_array(), *sentences = json_array();
  for (size_t i = 0; i < why->n_paths; i++)
    json_array_append_new(paths, cli_path_json(&why->paths[i]));
  for (size_t i = 0; i < why->n_sentences; i++) {
    json_array_append_new(sentences, sentence_json(&why->sentences[i]));
  }
  json_object_set_new(v, "reason", cli_json_text(why->reason));
  json_object_set_new(v, "paths", paths);
  json_object_set_new(v, "sentences", sentences);
  json_object_set_new(v, "words", texts_json(why->words, why->n_words));
  json_object_set_new(v, "tags", texts_json(why->tags, why->n_tags));
}

static json_t *result_json(const asking *a, const lan_result *r, const lan_why *why) {
  lan_note note = lan_memory_note(a->m, r->note);
  json_t *v = json_object(), *signals = json_object();
  cli_json_set_path(v, note.path);
  json_object_set_new(v, "title", cli_json_text(note.title));
  json_object_set_new(v, "score", cli_json_number(r->score));
  if (a->what == ASK_RELATED) json_object_set_new(v, "linked", json_string(linked_name(r->linked)));
  for (size_t s = 0; s < LAN_SIGNALS; s++) {
    if (r->signals[s] == 0) continue;
    json_object_set_new(signals, lan_signal_name((lan_signal)s),
                        cli_json_number((double)r->signals[s]));
  }
  json_object_set_new(v, "signals", signals);
  if (why) add_why(v, why);
  return v;
}

/* ---- for people ---- */

void cli_put_path(const lan_path *p, const char *indent) {
  fputs(indent, stdout);
  for (size_t i = 0; i < p->n_hops; i++) {
    if (i) fputs(" → ", stdout);
    cli_put(STYLE_PLAIN, p->hops[i].name);
  }
  printf("  %.0f %%\n", p->share * 100);
}

static void put_folder(const char *path, size_t columns) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) : 0;
  if (n == 0 || n >= sizeof folder) return;
  memcpy(folder, path, n);
  folder[n] = '\0';
  fputs("  ", stdout);
  cli_put_cut(STYLE_DIM, folder, columns);
}

static void put_signals(const lan_result *r) {
  fputs("      score", stdout);
  for (size_t s = 0; s < LAN_SIGNALS; s++) {
    if (r->signals[s] == 0) continue;
    printf(" %s %.2f", lan_signal_name((lan_signal)s), (double)r->signals[s]);
  }
  putchar('\n');
}

static void put_why(const lan_result *r, const lan_why *why) {
  for (size_t i = 0; i < why->n_sentences; i++) cli_put_sentence(&why->sentences[i], "      ");
  for (size_t i = 0; i < why->n_paths; i++) cli_put_path(&why->paths[i], "      ");
  if (why->n_words) {
    fputs("      words:", stdout);
    for (size_t i = 0; i < why->n_words; i++) {
      fputs(i ? ", " : " ", stdout);
      cli_put(STYLE_PLAIN, why->words[i]);
    }
    putchar('\n');
  }
  if (why->n_tags) {
    fputs("      tags:", stdout);
    for (size_t i = 0; i < why->n_tags; i++) {
      fputs(" #", stdout);
      cli_put(STYLE_PLAIN, why->tags[i]);
    }
    putchar('\n');
  }
  put_signals(r);
}

static void put_result(const asking *a, size_t rank, const lan_result *r, double best,
                       const char *reason, const lan_why *why) {
  static const char *const marks[] = {" ", "→", "←", "↔"};
  lan_note note = lan_memory_note(a->m, r->note);
  size_t room = cli_width() > 40 ? cli_width() - 20 : 20;
  printf("%3zu ", rank);
  cli_put_bar(r->score / best);
  putchar(' ');
  cli_put(STYLE_MARK, marks[r->linked & 3]);
  putchar(' ');
  cli_put_cut(STYLE_TITLE, note.title, room);
  size_t used = cli_columns(note.title);
  if (used + 6 < room) put_folder(note.path, room - used - 2);
  fputs("\n                 ", stdout);
  cli_put_cut(STYLE_DIM, reason, room);
  putchar('\n');
  if (why) put_why(r, why);
}

/* ---- one answer ---- */

static void complain(asking *a, const char *query, const lan_error *err) {
  a->failed = true;
  if (!a->o->json || !a->o->from_stdin) {
    cli_error("%s", err->message);
    return;
  }
  cli_json_print(json_pack("{s:o, s:o, s:[]}", a->what == ASK_RELATED ? "note" : "query",
                           cli_json_text(query), "error", cli_json_text(err->message), "related"));
}

static lan_status print_json(asking *a, const char *query, uint32_t note, const lan_result *r,
                             size_t n, lan_error *err) {
  json_t *list = json_array(), *answer = json_object();
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    const lan_why *why = NULL;
    if (a->o->why) s = lan_memory_why(a->m, i, &why, err);
    if (s == LAN_OK) json_array_append_new(list, result_json(a, &r[i], why));
  }
  const char *name = a->what == ASK_RELATED ? lan_memory_note(a->m, note).path : query;
  json_object_set_new(answer, a->what == ASK_RELATED ? "note" : "query", cli_json_text(name));
  json_object_set_new(answer, "related", list);
  if (s == LAN_OK) {
    cli_json_print(answer);
  } else {
    json_decref(answer);
  }
  return s;
}

static lan_status print_list(asking *a, const char *query, uint32_t note, const lan_result *r,
                             size_t n, lan_error *err) {
  cli_put(STYLE_TITLE, a->what == ASK_RELATED ? lan_memory_note(a->m, note).title : query);
  fputs(n ? "\n" : "  calls nothing to mind\n", stdout);
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    const lan_why *why = NULL;
    const char *reason = NULL;
    if (a->o->why) {
      s = lan_memory_why(a->m, i, &why, err);
      if (s == LAN_OK) reason = why->reason;
    } else {
      s = lan_memory_reason(a->m, i, &reason, err);
    }
    if (s == LAN_OK) put_result(a, i + 1, &r[i], r[0].score, reason, why);
  }
  return s;
}

static lan_status answer(asking *a, const char *query) {
  lan_query q = {a->o->limit, a->o->linked};
  const lan_result *r = NULL;
  size_t n = 0;
  uint32_t note = 0;
  lan_error err;
  lan_status s = LAN_OK;
  if (a->what == ASK_RELATED) {
    s = lan_memory_find(a->m, query, &note, &err);
    if (s == LAN_OK) s = lan_memory_related(a->m, note, &q, &r, &n, &err);
  } else {
    s = lan_memory_recall(a->m, query, &q, &r, &n, &err);
  }
  if (s == LAN_OK) {
    s = (a->o->json ? print_json : print_list)(a, query, note, r, n, &err);
  }
  if (s != LAN_OK) complain(a, query, &err);
  a->found |= n > 0;
  return s;
}

static int answer_all(asking *a) {
  char *line;
  while ((line = cli_next_line(a->o)) && !cli_was_interrupted() && !ferror(stdout)) {
    answer(a, line);
    fflush(stdout);
  }
  return a->failed ? EXIT_PARTIAL : a->found ? EXIT_FOUND : EXIT_NONE;
}

static int answer_one(asking *a) {
  lan_buf query = {0};
  for (size_t i = 0; i < a->o->words.len; i++) {
    if (i) lan_buf_add_char(&query, ' ');
    lan_buf_add_str(&query, a->o->words.data[i]);
  }
  lan_status s = query.failed ? LAN_ENOMEM : answer(a, query.data);
  lan_buf_free(&query);
  return s != LAN_OK ? cli_exit_of(s) : a->found ? EXIT_FOUND : EXIT_NONE;
}

static int run(cli_options *o, what w) {
  int code = EXIT_FAILED;
  lan_memory *m = cli_open(o, false, &code);
  if (!m) return code;
  asking a = {m, o, w, false, false};
  code = o->from_stdin ? answer_all(&a) : answer_one(&a);
  return cli_close(m, o, code);
}

int cmd_related(cli_options *o) { return run(o, ASK_RELATED); }
int cmd_recall(cli_options *o) { return run(o, ASK_RECALL); }
