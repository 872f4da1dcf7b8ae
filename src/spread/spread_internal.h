/* A spreader's insides, shared by spread.c and routes.c. */
#ifndef SPREAD_INTERNAL_H
#define SPREAD_INTERNAL_H

#include "base/alloc.h"
#include "base/vec.h"
#include "lantoa/spread.h"

enum {
  SPREAD_HOPS_MOST = 8, /* of a route */
  SPREAD_VIEWS = 8      /* models that what was worked out is kept for */
};

typedef VEC(uint32_t) node_list;

/* See views.c. */
typedef struct spread_view {
  double fan;
  float type_gain[LAN_EDGE_TYPES];
  uint64_t used;    /* when last; 0: never */
  double *divisors; /* by node */
  double growth;    /* see spread.c; below 0: not known */
  size_t passed;    /* edges gone by so far */
  /* rows of the kinds that are gone along; NULL: not made */
  uint32_t *offsets, *targets;
  float *weights;
} spread_view;

/* Between calls `now`, `next`, `sum` and `best` are 0 and the lists of nodes empty. */
struct lan_spreader {
  const lan_graph *graph;
  double *now, *next; /* by node; 0 but for the nodes in the lists */
  bool all;           /* most of `now` holds something: `active` does not list it */
  double *sum;        /* RULE_HEAT: what has been added up */
  node_list active, touched, summed;
  VEC(lan_activation) out;
  spread_view views[SPREAD_VIEWS], *view; /* of the models used last, and of this call's */
  uint64_t calls;
  /* routes */
  lan_graph reverse; /* the graph turned round; made when first wanted */
  double *best[SPREAD_HOPS_MOST + 1];
  node_list reached[SPREAD_HOPS_MOST + 1];
  struct route_search *search;
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

/* To be called before spread_divisor_of; false when memory is short. */
bool spread_set_model(lan_spreader *s, const lan_spread_model *m);
/* spread_divisor of a node, worked out once a model. */
double spread_divisor_of(lan_spreader *s, const lan_spread_model *m, uint32_t node);

/* Adds to a node, putting it on the list when it had nothing; false when memory is short. */
static inline bool spread_add(double *values, node_list *list, uint32_t node, double amount) {
  if (values[node] == 0 && !VEC_PUSH(list, node)) return false;
  values[node] += amount;
  return true;
}
void spread_views_free(lan_spreader *s);

void spread_clear(double *values, node_list *list);

/* What is next becomes now; the list of what is touched is left empty. */
void spread_swap(lan_spreader *s);

lan_status spread_check(const lan_graph *g, const lan_spread_model *m, const lan_cue *cues,
                        size_t n_cues, lan_error *err);

void route_search_free(struct route_search *search);

#endif
