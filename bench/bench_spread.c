/* Spreading over whole graphs beside the machine's memory.
 *
 * usage: bench_spread [SCALE EDGES [OUT.bin]]   default: 1, 10 and 100 million edges
 *
 * Prints, for an R-MAT graph: the time to build it and to plan, one step in bytes that must move per second,
 * the share of what the machine reads (measured in the same run with the same threads), and personalised
 * PageRank to a residual of 1e-10 in double precision. With OUT.bin the edges are written as uint32 from,
 * uint32 to, float weight, for peers.py, and the PageRank vector to OUT.bin.ppr. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/thread.h"
#include "lantoa/spread.h"
#include "rmat.h"

static double seconds_since(uint64_t start) { return (double)(lan_clock_ns() - start) * 1e-9; }

/* ---- the machine: reading an array that is far larger than the caches, on all threads ---- */

enum { PARTS = 64 };

typedef struct reading {
  const double *a;
  size_t n;
  double sums[PARTS];
} reading;

static void read_part(void *ctx, size_t i, size_t worker) {
  reading *r = ctx;
  size_t start = r->n / PARTS * i, end = start + r->n / PARTS;
  double s[8] = {0};
  (void)worker;
  for (size_t k = start; k + 8 <= end; k += 8) {
    for (size_t j = 0; j < 8; j++) s[j] += r->a[k + j];
  }
  r->sums[i] = s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

static double read_bandwidth(lan_pool *pool, size_t bytes) {
  reading r = {.n = bytes / sizeof(double)};
  double *a = malloc(bytes), best = 0;
  if (!a) return 0;
  for (size_t i = 0; i < r.n; i++) a[i] = (double)i;
  r.a = a;
  for (int k = 0; k < 5; k++) {
    uint64_t start = lan_clock_ns();
    lan_pool_run(pool, PARTS, read_part, &r);
    double rate = (double)bytes / seconds_since(start);
    if (rate > best) best = rate;
  }
  free(a);
  return best;
}

/* ---- one graph ---- */

static double time_steps(const lan_graph *g, double *plan_seconds, double *bytes) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  lan_spread_plan *plan;
  double *a = malloc(g->n_nodes * sizeof *a), best = HUGE_VAL;
  m.steps = 1;
  m.tolerance = 0;
  uint64_t start = lan_clock_ns();
  if (!a || lan_spread_plan_new(g, &m, 0, &plan, NULL) != LAN_OK) exit(1);
  *plan_seconds = seconds_since(start);
  *bytes = lan_spread_plan_bytes(plan);
  lan_spread_plan_free(plan);
  m.steps = 11; /* the difference of eleven steps and one is ten steps */
  double first = HUGE_VAL;
  lan_spread_plan *eleven;
  if (lan_spread_plan_new(g, &m, 0, &eleven, NULL) != LAN_OK) exit(1);
  m.steps = 1;
  if (lan_spread_plan_new(g, &m, 0, &plan, NULL) != LAN_OK) exit(1);
  for (int k = 0; k < 5; k++) {
    for (uint32_t v = 0; v < g->n_nodes; v++) a[v] = 1.0 / g->n_nodes;
    start = lan_clock_ns();
    if (lan_spread_plan_run(plan, a, NULL, NULL) != LAN_OK) exit(1);
    double t = seconds_since(start);
    if (t < first) first = t;
    for (uint32_t v = 0; v < g->n_nodes; v++) a[v] = 1.0 / g->n_nodes;
    start = lan_clock_ns();
    if (lan_spread_plan_run(eleven, a, NULL, NULL) != LAN_OK) exit(1);
    t = seconds_since(start);
    if (t < best) best = t;
  }
  lan_spread_plan_free(plan);
  lan_spread_plan_free(eleven);
  free(a);
  return (best - first) / 10;
}

static void personalised(const lan_graph *g, const char *out) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  lan_spread_plan *plan;
  uint32_t steps, cue = 0;
  double *a = calloc(g->n_nodes, sizeof *a);
  m.tolerance = 1e-10;
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    if (g->offsets[v + 1] - g->offsets[v] > g->offsets[cue + 1] - g->offsets[cue]) cue = v;
  }
  uint64_t start = lan_clock_ns();
  if (!a || lan_spread_plan_new(g, &m, 0, &plan, NULL) != LAN_OK) exit(1);
  double planned = seconds_since(start);
  a[cue] = 1;
  start = lan_clock_ns();
  if (lan_spread_plan_run(plan, a, &steps, NULL) != LAN_OK) exit(1);
  printf("  ppr_plan_s %.3f ppr_run_s %.3f ppr_steps %u cue %u\n", planned, seconds_since(start),
         steps, cue);
  if (out) {
    FILE *f = fopen(out, "wb");
    if (!f || fwrite(a, sizeof *a, g->n_nodes, f) != g->n_nodes || fclose(f) != 0) exit(1);
  }
  lan_spread_plan_free(plan);
  free(a);
}

static void write_edges(const lan_edge *e, size_t n, const char *path) {
  FILE *f = fopen(path, "wb");
  for (size_t i = 0; f && i < n; i++) {
    uint32_t row[3] = {e[i].from, e[i].to, 0};
    memcpy(&row[2], &e[i].weight, 4);
    if (fwrite(row, sizeof row, 1, f) != 1) exit(1);
  }
  if (!f || fclose(f) != 0) exit(1);
}

static void measure(lan_pool *pool, uint32_t scale, size_t n_edges, const char *out) {
  lan_graph g;
  lan_edge *edges = rmat_edges(scale, n_edges, 1);
  if (!edges) exit(1);
  if (out) write_edges(edges, n_edges, out);
  uint64_t start = lan_clock_ns();
  if (lan_graph_build((uint32_t)(1u << scale), edges, n_edges, &g, NULL) != LAN_OK) exit(1);
  double built = seconds_since(start), planned, bytes;
  free(edges);
  double step = time_steps(&g, &planned, &bytes), rate = bytes / step;
  double machine = read_bandwidth(pool, (size_t)512 << 20);
  printf("scale %u nodes %u edges %u threads %zu: build %.2f s, plan %.2f s, step %.2f ms\n", scale,
         g.n_nodes, g.n_edges, lan_pool_size(pool), built, planned, step * 1e3);
  printf("  edges_per_s %.3g GB_per_s %.2f machine_GB_per_s %.2f share %.0f%%\n", g.n_edges / step,
         rate * 1e-9, machine * 1e-9, 100 * rate / machine);
  char ppr[4096];
  if (out) snprintf(ppr, sizeof ppr, "%s.ppr", out);
  personalised(&g, out ? ppr : NULL);
  fflush(stdout);
  lan_graph_free(&g);
}

int main(int argc, char **argv) {
  lan_pool *pool;
  if (lan_pool_new(0, &pool, NULL) != LAN_OK) return 1;
  if (argc > 2) {
    measure(pool, (uint32_t)atoi(argv[1]), (size_t)atof(argv[2]), argc > 3 ? argv[3] : NULL);
  } else {
    measure(pool, 16, 1000000, NULL);
    measure(pool, 19, 10000000, NULL);
    measure(pool, 22, 100000000, NULL);
  }
  lan_pool_free(pool);
  return 0;
}
