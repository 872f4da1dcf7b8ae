/* A plan's insides: plan.c makes it, plan_run.c runs it, plan_kernel.c is the inner loop. */
#ifndef SPREAD_PLAN_INTERNAL_H
#define SPREAD_PLAN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "lantoa/spread.h"

enum { PLAN_LANES = 8 }; /* rows in a group */

/* Groups that follow each other, have equally long rows and edges from one segment of senders. */
typedef struct plan_band {
  uint32_t length, n_groups;
  uint32_t base; /* senders are numbered from here */
  bool narrow;   /* senders of 16 bits; else 32 */
} plan_band;

/* Some receivers, and the edges to them. A row is up to 64 edges to one receiver from one segment of
 * senders. Rows lie in groups of PLAN_LANES, about equally long, column by column: first the first
 * edge of each row, then the second of each (sliced ELLPACK; Kreutzer et al. 2014, "A unified sparse
 * matrix data format", SELL-C-sigma). So the inner loop has no branch that cannot be foretold, and
 * takes eight rows at a time. Short rows end with edges of weight 0, or from node `n`, which sends
 * nothing. */
typedef struct plan_chunk {
  uint32_t first, last; /* receivers first .. last - 1 */
  uint64_t *senders;    /* four or two in a word, the lowest bits first; a stretch of the plan's */
  float *weights;       /* the same; NULL: all 1 */
  uint16_t *receivers;  /* the same; PLAN_LANES a group; less `first` */
  plan_band *bands;     /* its own; by segment, then by falling length */
  size_t n_bands;
} plan_chunk;

/* Adds to sum[receiver - first] what the chunk's edges bring, `sent` being what each sender gives for
 * a unit of weight. */
void plan_add_single(const plan_chunk *c, const float *sent, double *sum);
void plan_add_double(const plan_chunk *c, const double *sent, double *sum);

/* Nodes are numbered by falling number of edges: `order` gives the node of each place. */
struct lan_spread_plan {
  lan_spread_model model;
  lan_pool *pool;
  uint32_t n, n_chunks, chunk_most; /* chunk_most: the most receivers in a chunk */
  uint64_t n_edges;
  bool weighted;
  uint32_t *order;
  double *rate; /* by place: 1 / divisor; 0: it has no edges */
  plan_chunk *chunks;
  uint64_t *senders; /* of all chunks, like the next two */
  float *weights;
  uint16_t *receivers;
};

#endif
