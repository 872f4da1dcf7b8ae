/* index, status, suggest and doctor: tending the vault. */
#include "cli/cli.h"

/* ---- index, status ---- */

static json_t *report_json(const lan_memory_report *r) {
  const struct {
    const char *name;
    size_t value;
  } counts[] = {
      {"notes", r->notes},       {"canvases", r->canvases}, {"attachments", r->attachments},
      {"phantoms", r->phantoms}, {"tags", r->tags},         {"links", r->links},
      {"mentions", r->mentions}, {"words", r->words},       {"read_now", r->read_now},
      {"skipped", r->skipped}};
  json_t *v = json_object();
  json_object_set_new(v, "version", json_string(lan_version()));
  json_object_set_new(v, "vault", cli_json_text(r->vault));
  json_object_set_new(v, "cache", r->cache_file ? cli_json_text(r->cache_file) : json_null());
  json_object_set_new(v, "memory", r->data_file ? cli_json_text(r->data_file) : json_null());
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    json_object_set_new(v, counts[i].name, json_integer((json_int_t)counts[i].value));
  }
  json_object_set_new(v, "seconds", cli_json_number(r->seconds));
  if (r->cache_trouble) {
    json_object_set_new(v, "cache_trouble", cli_json_text(r->cache_trouble));
  }
  return v;
}

static void put_line(const char *name, const char *value) {
  printf("%-12s", name);
  cli_put(STYLE_PLAIN, value ? value : "none");
  putchar('\n');
}

static void print_report(const lan_memory_report *r) {
  put_line("vault", r->vault);
  put_line("cache", r->cache_file);
  put_line("memory", r->data_file);
  printf("%-12s%zu notes, %zu canvases, %zu attachments, %zu tags\n", "holds", r->notes,
         r->canvases, r->attachments, r->tags);
  printf("%-12s%zu links, %zu mentions without a link, %zu notes that do not exist yet\n", "ties",
         r->links, r->mentions, r->phantoms);
  printf("%-12s%zu\n", "words", r->words);
  printf("%-12s%zu notes read now, in %.2f s\n", "opened", r->read_now, r->seconds);
}

static int tell_report(cli_options *o, bool save) {
  int code = EXIT_FAILED;
  lan_memory *m = cli_open(o, save, &code);
  if (!m) return code;
  lan_memory_report r = lan_memory_describe(m);
  if (o->json) {
    cli_json_print(report_json(&r));
  } else if (save) {
    printf("%zu notes, %zu links, %zu mentions; %zu notes read in %.2f s\n", r.notes, r.links,
           r.mentions, r.read_now, r.seconds);
  } else {
    print_report(&r);
  }
  return cli_close(m, o, r.notes ? EXIT_FOUND : EXIT_NONE);
}

int cmd_index(cli_options *o) { return tell_report(o, true); }
int cmd_status(cli_options *o) { return tell_report(o, false); }

/* ---- suggest ---- */

static void print_suggestion_json(const lan_memory *m, const lan_suggestion *s) {
  json_t *v =
      json_pack("{s:o, s:o, s:o, s:o}", "from", cli_json_text(lan_memory_note(m, s->from).path),
                "to", cli_json_text(lan_memory_note(m, s->to).path), "score",
                cli_json_number(s->score), "reason", cli_json_text(s->reason));
  if (*s->sentence.text) {
    json_object_set_new(v, "line", json_integer(s->sentence.line));
    json_object_set_new(v, "sentence", cli_json_text(s->sentence.text));
  }
  cli_json_print(v);
}

static void print_suggestion(const lan_memory *m, const lan_suggestion *s) {
  cli_put(STYLE_TITLE, lan_memory_note(m, s->from).title);
  fputs(" → ", stdout);
  cli_put(STYLE_TITLE, lan_memory_note(m, s->to).title);
  fputs("  ", stdout);
  cli_put(STYLE_DIM, s->reason);
  putchar('\n');
  if (*s->sentence.text) cli_put_sentence(&s->sentence, "    ");
}

int cmd_suggest(cli_options *o) {
  int code = EXIT_FAILED;
  lan_memory *m = cli_open(o, false, &code);
  if (!m) return code;
  lan_error err;
  uint32_t note = UINT32_MAX;
  const lan_suggestion *list = NULL;
  size_t n = 0;
  lan_status s = o->words.len ? lan_memory_find(m, o->words.data[0], &note, &err) : LAN_OK;
  if (s == LAN_OK) s = lan_memory_suggest(m, note, o->limit ? o->limit : 20, &list, &n, &err);
  if (s != LAN_OK) {
    cli_error("%s", err.message);
    return cli_close(m, o, cli_exit_of(s));
  }
  for (size_t i = 0; i < n; i++) (o->json ? print_suggestion_json : print_suggestion)(m, &list[i]);
  if (n == 0 && !o->json) puts("no links are missing that can be seen from here");
  return cli_close(m, o, n ? EXIT_FOUND : EXIT_NONE);
}

/* ---- doctor ---- */

static void print_defect_json(const lan_defect *d) {
  json_t *v = json_object();
  json_object_set_new(v, "kind", json_string(lan_defect_name(d->kind)));
  cli_json_set_path(v, d->path);
  json_object_set_new(v, "line", json_integer(d->line));
  json_object_set_new(v, "message", cli_json_text(d->message));
  cli_json_print(v);
}

static void print_defect(const lan_defect *d) {
  fputs("  ", stdout);
  cli_put(STYLE_PATH, d->path);
  if (d->line) printf(":%u", d->line);
  fputs("  ", stdout);
  cli_put(STYLE_PLAIN, d->message);
  putchar('\n');
}

static void print_defects(const lan_defect *all, size_t n, size_t most) {
  for (size_t i = 0; i < n;) {
    size_t count = 0;
    while (i + count < n && all[i + count].kind == all[i].kind) count++;
    cli_put(STYLE_BAD, lan_defect_name(all[i].kind));
    printf(" (%zu)\n", count);
    for (size_t k = 0; k < count && k < most; k++) print_defect(&all[i + k]);
    if (count > most) printf("  and %zu more; -n %zu shows all\n", count - most, count);
    i += count;
  }
  if (n == 0) puts("the vault is in order");
}

int cmd_doctor(cli_options *o) {
  int code = EXIT_FAILED;
  lan_memory *m = cli_open(o, false, &code);
  if (!m) return code;
  lan_error err;
  const lan_defect *defects = NULL;
  size_t n = 0;
  lan_status s = lan_memory_doctor(m, &defects, &n, &err);
  if (s != LAN_OK) {
    cli_error("%s", err.message);
    return cli_close(m, o, cli_exit_of(s));
  }
  for (size_t i = 0; o->json && i < n; i++) print_defect_json(&defects[i]);
  if (!o->json) print_defects(defects, n, o->limit ? o->limit : 10);
  return cli_close(m, o, n ? EXIT_FOUND : EXIT_NONE);
}
