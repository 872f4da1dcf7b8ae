/* path: how activation flows from one note to another. */
#include "cli/cli.h"

static void print_json(const lan_memory *m, uint32_t from, uint32_t to, const lan_path *paths,
                       size_t n) {
  json_t *list = json_array();
  for (size_t i = 0; i < n; i++) json_array_append_new(list, cli_path_json(&paths[i]));
  cli_json_print(json_pack("{s:o, s:o, s:o}", "from", cli_json_text(lan_memory_note(m, from).path),
                           "to", cli_json_text(lan_memory_note(m, to).path), "paths", list));
}

static void print_paths(const lan_memory *m, uint32_t from, uint32_t to, const lan_path *paths,
                        size_t n) {
  if (n == 0) {
    cli_put(STYLE_TITLE, lan_memory_note(m, from).title);
    fputs(" and ", stdout);
    cli_put(STYLE_TITLE, lan_memory_note(m, to).title);
    puts(" are not connected within four steps");
  }
  for (size_t i = 0; i < n; i++) {
    cli_put_bar(paths[i].share / paths[0].share);
    cli_put_path(&paths[i], " ");
    for (size_t h = 1; h < paths[i].n_hops; h++) {
      printf("             %s ", lan_hop_name(paths[i].hops[h].kind));
      cli_put(STYLE_DIM, paths[i].hops[h].name);
      putchar('\n');
    }
  }
}

int cmd_path(cli_options *o) {
  int code = EXIT_FAILED;
  lan_memory *m = cli_open(o, false, &code);
  if (!m) return code;
  lan_error err;
  uint32_t from = 0, to = 0;
  const lan_path *paths = NULL;
  size_t n = 0;
  lan_status s = lan_memory_find(m, o->words.data[0], &from, &err);
  if (s == LAN_OK) s = lan_memory_find(m, o->words.data[1], &to, &err);
  if (s == LAN_OK) s = lan_memory_paths(m, from, to, o->limit ? o->limit : 5, &paths, &n, &err);
  if (s != LAN_OK) {
    cli_error("%s", err.message);
    return cli_close(m, o, cli_exit_of(s));
  }
  (o->json ? print_json : print_paths)(m, from, to, paths, n);
  return cli_close(m, o, n ? EXIT_FOUND : EXIT_NONE);
}
