/* A spreader's insides, shared by spread.c and routes.c. */
#ifndef SPREAD_INTERNAL_H
#define SPREAD_INTERNAL_H

#include "base/alloc.h"
#include "base/vec.h"
#include "lantoa/spread.h"

typedef VEC(uint32_t) node_list;

struct lan_spreader {
  const lan_graph *graph;
  double *now, *next; /* by node; 0 but for the nodes in the lists */
  double *sum;        /* RULE_HEAT: what has been added up */
  node_list active, touched, summed;
  VEC(lan_activation) out;
  /* routes */
  lan_graph reverse; /* the graph turned round; made when first wanted */
  lan_arena arena;
  VEC(lan_route) routes;
};

/* What is left of the weights of an edge under the model. */
static inline double spread_weight(const lan_graph *g, const lan_spread_model *m, uint32_t e) {
  double w = g->weights ? (double)g->weights[e] : 1.0;
  return w * (double)m->type_gain[g->types ? g->types[e] : 0];
}

/* The sum of a sender's weights. */
double spread_strength(const lan_graph *g, const lan_spread_model *m, uint32_t node);

/* By what a sender's weights are divided: strength^fan; 0 if it has no edges. */
double spread_divisor(const lan_spread_model *m, double strength);

lan_status spread_check(const lan_graph *g, const lan_spread_model *m, const lan_cue *cues,
                        size_t n_cues, lan_error *err);

#endif
