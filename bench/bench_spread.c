/* Spreading over whole graphs beside the machine's memory.
 *
 * usage: bench_spread [SCALE EDGES [OUT.bin]]   default: 1, 10 and 100 million edges
 *
 * Prints, for an R-MAT graph: the time to build it and to plan; one step in bytes per second, and the
 * share of what the machine reads, measured between the steps with the same threads, the best of
 * each. Counted are 8 bytes an edge, a number and a weight of 4 bytes each, and each node's value read
 * and written; the plan's encoding moves about 6.5 of the 8. What bounds it at 100 million edges is
 * less these streams than the values of senders with few edges: a sixth of the edges fetches nearly each
 * its own cache line, and took two fifths of the time when one segment held them all.
 *
 * Then personalised PageRank to a residual of 1e-10 in double precision, the best of three. With
 * OUT.bin the edges are written as uint32 from, uint32 to, float weight, for peers.py, and the
 * PageRank vector to OUT.bin.ppr. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/thread.h"
#include "lantoa/spread.h"
#include "rmat.h"

static double seconds_since(uint64_t start) { return (double)(lan_clock_ns() - start) * 1e-9; }

/* ---- the machine: reading an array that is far larger than the caches, on all threads ---- */

enum { PARTS = 64, ROUNDS = 9 };

typedef struct memory {
  double *a, *b, *c;
  size_t n;
  double sums[PARTS];
} memory;

static void read_part(void *ctx, size_t i, size_t worker) {
  memory *m = ctx;
  size_t start = m->n / PARTS * i, end = start + m->n / PARTS;
  double s[8] = {0};
  (void)worker;
  for (size_t k = start; k + 8 <= end; k += 8) {
    for (size_t j = 0; j < 8; j++) s[j] += m->a[k + j];
  }
  m->sums[i] = s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

static void triad_part(void *ctx, size_t i, size_t worker) {
  memory *m = ctx;
  size_t start = m->n / 3 / PARTS * i, end = start + m->n / 3 / PARTS;
  (void)worker;
  for (size_t k = start; k < end; k++) m->c[k] = m->a[k] + 3 * m->b[k];
}

static void memory_init(memory *m, size_t bytes) {
  m->n = bytes / sizeof(double);
  m->a = lan_alloc_huge(m->n, sizeof(double));
  if (!m->a) exit(1);
  for (size_t i = 0; i < m->n; i++) m->a[i] = (double)i;
  m->b = m->a + m->n / 3;
  m->c = m->b + m->n / 3;
}

static void keep_better(double *best, double rate) {
  if (rate > *best) *best = rate;
}

/* ---- one graph ---- */

typedef struct timing {
  double plan, step; /* seconds */
  double bytes;      /* a step */
  double read, triad;
} timing;

static double time_run(lan_spread_plan *plan, double *a, uint32_t n) {
  for (uint32_t v = 0; v < n; v++) a[v] = 1.0 / n;
  uint64_t start = lan_clock_ns();
  if (lan_spread_plan_run(plan, a, NULL, NULL) != LAN_OK) exit(1);
  return seconds_since(start);
}

static lan_spread_plan *make_plan(const lan_graph *g, uint32_t steps) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  lan_spread_plan *plan;
  m.steps = steps;
  m.tolerance = 0;
  if (lan_spread_plan_new(g, &m, 0, &plan, NULL) != LAN_OK) exit(1);
  return plan;
}

/* The difference of runs of few and of many steps is steps without beginning and end. */
static timing time_steps(const lan_graph *g, lan_pool *pool) {
  enum { FEW = 2 };
  uint32_t many = g->n_edges < 4000000 ? 202 : 22;
  timing t = {0};
  memory m = {0};
  double *a = malloc(g->n_nodes * sizeof *a), few_best = HUGE_VAL, many_best = HUGE_VAL;
  if (!a) exit(1);
  memory_init(&m, (size_t)512 << 20);
  uint64_t start = lan_clock_ns();
  lan_spread_plan *few = make_plan(g, FEW);
  t.plan = seconds_since(start);
  lan_spread_plan *longer = make_plan(g, many);
  for (int k = 0; k < ROUNDS; k++) {
    start = lan_clock_ns();
    lan_pool_run(pool, PARTS, read_part, &m);
    keep_better(&t.read, (double)m.n * 8 / seconds_since(start));
    start = lan_clock_ns();
    lan_pool_run(pool, PARTS, triad_part, &m);
    keep_better(&t.triad, (double)m.n * 8 / seconds_since(start));
    few_best = fmin(few_best, time_run(few, a, g->n_nodes));
    many_best = fmin(many_best, time_run(longer, a, g->n_nodes));
  }
  t.step = (many_best - few_best) / (many - FEW);
  t.bytes = lan_spread_plan_bytes(few);
  lan_spread_plan_free(few);
  lan_spread_plan_free(longer);
  free(m.a);
  free(a);
  return t;
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
  double planned = HUGE_VAL, ran = HUGE_VAL;
  if (!a) exit(1);
  for (int k = 0; k < 3; k++) {
    uint64_t start = lan_clock_ns();
    if (lan_spread_plan_new(g, &m, 0, &plan, NULL) != LAN_OK) exit(1);
    planned = fmin(planned, seconds_since(start));
    memset(a, 0, g->n_nodes * sizeof *a);
    a[cue] = 1;
    start = lan_clock_ns();
    if (lan_spread_plan_run(plan, a, &steps, NULL) != LAN_OK) exit(1);
    ran = fmin(ran, seconds_since(start));
    lan_spread_plan_free(plan);
  }
  printf("  ppr_plan_s %.4f ppr_run_s %.4f ppr_steps %u cue %u\n", planned, ran, steps, cue);
  if (out) {
    FILE *f = fopen(out, "wb");
    if (!f || fwrite(a, sizeof *a, g->n_nodes, f) != g->n_nodes || fclose(f) != 0) exit(1);
  }
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
  double built = seconds_since(start);
  free(edges);
  timing t = time_steps(&g, pool);
  double rate = t.bytes / t.step;
  printf("scale %u nodes %u edges %u threads %zu: build %.2f s, plan %.3f s, step %.3f ms\n", scale,
         g.n_nodes, g.n_edges, lan_pool_size(pool), built, t.plan, t.step * 1e3);
  printf("  edges_per_s %.3g GB_per_s %.2f machine reads %.2f triad %.2f share %.0f%%\n",
         g.n_edges / t.step, rate * 1e-9, t.read * 1e-9, t.triad * 1e-9, 100 * rate / t.read);
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
