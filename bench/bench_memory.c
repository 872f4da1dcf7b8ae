/* Questions to an open memory. usage: bench_memory VAULT [QUESTIONS]; prints milliseconds. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "lantoa/memory.h"

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  lan_memory *m;
  lan_error err;
  size_t n = argc > 2 ? (size_t)atoi(argv[2]) : 1000;
  if (argc < 2 || lan_memory_open(argv[1], NULL, &m, &err) != LAN_OK) {
    fprintf(stderr, "bench_memory: %s\n", argc < 2 ? "usage: bench_memory VAULT" : err.message);
    return 1;
  }
  double *ms = calloc(n, sizeof *ms);
  for (size_t round = 0; ms && round < 2; round++) { /* the first round warms up */
    for (size_t i = 0; i < n; i++) {
      const lan_result *r;
      size_t found;
      uint32_t note = (uint32_t)(i * 2654435761u) % lan_memory_size(m);
      uint64_t start = lan_clock_ns();
      if (lan_memory_related(m, note, NULL, &r, &found, &err) != LAN_OK) return 1;
      ms[i] = (double)(lan_clock_ns() - start) * 1e-6;
    }
  }
  qsort(ms, n, sizeof *ms, by_value);
  printf("related, warm: median %.3f ms, 90 %% %.3f ms, 99 %% %.3f ms\n", ms[n / 2], ms[n * 9 / 10],
         ms[n * 99 / 100]);
  free(ms);
  lan_memory_close(m);
  return 0;
}
