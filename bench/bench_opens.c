/* How well a memory foresees what is opened. usage: bench_opens VAULT [tell] < OPENS
 *
 * A line of OPENS is a time in ms, the path of the note that was left, that of the note that was opened, with tabs
 * between. Each is asked for as of its time: what memory.db knows of later opens does not count. With
 * `tell` the memory is told of each afterwards, and learns from it at once. Prints the mean of
 * 1 / rank of the opened note, and how often it was among the first 10. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lantoa/memory.h"

enum { LIMIT = 200 };

static void fail(const char *message) {
  fprintf(stderr, "bench_opens: %s\n", message);
  exit(1);
}

static size_t rank_of(const lan_result *r, size_t n, uint32_t note) {
  for (size_t i = 0; i < n; i++) {
    if (r[i].note == note) return i + 1;
  }
  return 0;
}

/* The rank of what was opened; 0: not found. */
static size_t ask(lan_memory *m, char *line, int tell) {
  lan_error err;
  char *rest = NULL, *time = strtok_r(line, "\t\n", &rest), *left = strtok_r(NULL, "\t\n", &rest);
  char *opened = strtok_r(NULL, "\t\n", &rest);
  lan_query q = {LIMIT, LAN_LINKED_YES, time ? strtoll(time, NULL, 10) : 0};
  uint32_t from, note;
  const lan_result *r;
  size_t n;
  if (!opened) fail("a line is no open: time, left, opened, with tabs between");
  if (lan_memory_find(m, left, &from, &err) != LAN_OK ||
      lan_memory_find(m, opened, &note, &err) != LAN_OK ||
      lan_memory_related(m, from, &q, &r, &n, &err) != LAN_OK) {
    fail(err.message);
  }
  size_t rank = rank_of(r, n, note);
  if (tell && lan_memory_opened(m, from, note, q.at_ms, &err) != LAN_OK) fail(err.message);
  return rank;
}

int main(int argc, char **argv) {
  lan_memory *m;
  lan_error err;
  char *line = NULL;
  size_t size = 0, n = 0, hits = 0;
  double sum = 0;
  if (argc < 2) fail("usage: bench_opens VAULT [tell] < OPENS");
  if (lan_memory_open(argv[1], NULL, &m, &err) != LAN_OK) fail(err.message);
  while (getline(&line, &size, stdin) > 0) {
    size_t rank = ask(m, line, argc > 2);
    n++;
    hits += rank > 0 && rank <= 10;
    if (rank) sum += 1 / (double)rank;
  }
  free(line);
  lan_memory_close(m);
  printf("%.4f %.3f %zu\n", sum / (double)(n ? n : 1), (double)hits / (double)(n ? n : 1), n);
  return 0;
}
