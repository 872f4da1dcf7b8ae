/** Spreading activation over a weighted graph.
 *
 *  Activation leaves the cues and flows along edges, split among a node's edges by conductance (the
 *  fan effect), fading at each step (Collins and Loftus 1975, "A spreading-activation theory of
 *  semantic processing"). One step, from a[t] to a[t+1], with dec = decay, ret = retention:
 *
 *      w'_e     = type_gain[type(e)] * w_e                        conductance of an edge
 *      p_e      = w'_e / (sum of w' over the sender's edges)^fan  fan 1: a random walk; 0: raw weights
 *      f_j      = ret * a[t]_j + (1 - ret) * sum over e: i -> j of p_e * a[t]_i
 *      a[t+1]_j = restart * a[0]_j + (1 - restart) * dec * f_j
 *
 *  and then a[t+1]_j < suppress becomes 0. What a node with no edges would send is lost; with
 *  restart > 0 it returns to the cues; else with sinks_keep it stays where it is. The classic models
 *  are settings of it (lan_spread_preset), tested against their sources:
 *
 *  - PPR: personalised PageRank (Page et al. 1999; Jeh and Widom 2003): restart 0.15.
 *  - SPREADR: Siew 2019, "spreadr: An R package to simulate spreading activation in a network",
 *    Behavior Research Methods 51: retention 0.5, sinks_keep; its decay d is 1 - decay here; its
 *    suppress and time are ours. (It loses what a node would send to itself; here that arrives.)
 *  - ACTR: ACT-R's fan (Anderson 1974; Anderson and Reder 1999): one step, the edge i -> j gives
 *    W_i * (S - ln(fan_i)), W_i the cue's share of the attention, fan_i the number of the sender's
 *    edges; below 0 counts as 0. (The ACT-R software counts an association of each chunk with
 *    itself: give nodes an edge to themselves for its numbers.)
 *  - HEAT: heat kernel PageRank (Chung 2007, eq. 1): sum over k of e^-t t^k / k! * (a[0] P^k).
 *  - MEMORY: what Lantoa's own memory uses: 3 steps, fan 1, decay 0.6. */
#ifndef LANTOA_SPREAD_H
#define LANTOA_SPREAD_H

#include "lantoa/graph.h"
#include "lantoa/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lan_preset {
  LAN_PRESET_MEMORY,
  LAN_PRESET_PPR,
  LAN_PRESET_SPREADR,
  LAN_PRESET_ACTR,
  LAN_PRESET_HEAT
} lan_preset;

typedef enum lan_spread_rule {
  LAN_RULE_LINEAR, /**< the formula above */
  LAN_RULE_ACTR,   /**< one step of W_i * (S - ln fan_i) */
  LAN_RULE_HEAT    /**< powers of the walk, weighted by e^-t t^k / k! */
} lan_spread_rule;

typedef struct lan_spread_model {
  lan_spread_rule rule;
  uint32_t steps;   /**< 1 .. 10000; with `tolerance` > 0 the most that are made */
  double fan;       /**< 0 .. 1 */
  double decay;     /**< 0 .. 1: the share that is left after a step */
  double retention; /**< 0 .. 1: the share that a node keeps back from its neighbours */
  double restart;   /**< 0 .. 1, 1 excluded */
  double suppress;  /**< >= 0: activation below it becomes 0 at the end of each step */
  double threshold; /**< >= 0: push threshold of the sparse frontier. A node whose activation this
                       step is below it does not pass it on; 0 is exact */
  int sinks_keep;   /**< not 0: a node with no edges keeps what it would send, if restart is 0 */
  double
      tolerance; /**< >= 0: stop when the L1 change of a step falls below it; 0: make all steps */
  double actr_s; /**< RULE_ACTR: S, > 0 */
  double heat_t; /**< RULE_HEAT: t, > 0 */
  float type_gain[LAN_EDGE_TYPES]; /**< >= 0; 0 leaves edges of that type out */
} lan_spread_model;

/** The settings of a classic model; every type_gain is 1. */
LAN_API lan_spread_model lan_spread_preset(lan_preset preset);

typedef struct lan_cue {
  uint32_t node;
  float activation; /**< finite, >= 0 */
} lan_cue;

/** Activation that reached a node; in results ordered by activation, largest first, then by node.
 */
typedef struct lan_activation {
  uint32_t node;
  double activation;
} lan_activation;

/** A spreader holds what one thread needs to spread over one graph, so that spreading itself
 * allocates nothing once warm. The graph must outlive it. Cost of making one: O(nodes). */
typedef struct lan_spreader lan_spreader;
LAN_API lan_status lan_spreader_new(const lan_graph *graph, lan_spreader **spreader,
                                    lan_error *err);
LAN_API void lan_spreader_free(lan_spreader *spreader);

/** Spreads by sparse frontier: only nodes that hold activation are touched, so the cost is
 *  O(steps * edges of activated nodes), whatever the size of the graph. When an eighth of the nodes
 *  is active, a step goes through all of them instead, which is faster then.
 *
 *  cues      n_cues of them; duplicates add up
 *  *out      every node with activation > 0, unordered; valid until the next call on this spreader
 *  *error    if not NULL: a bound on the L1 distance to the exact result after as many steps: 0 if
 *            threshold is 0, infinite if both threshold and suppress are at work. With fan < 1 it
 *            takes a pass over the edges, once a model.
 *  LAN_ERANGE: a node outside the graph, or a setting outside its range, named in the message; or
 *  activation that outgrows a double, as fan < 1 allows. */
LAN_API lan_status lan_spread(lan_spreader *spreader, const lan_spread_model *model,
                              const lan_cue *cues, size_t n_cues, const lan_activation **out,
                              size_t *n_out, double *error, lan_error *err);

/** The same, telling the activation after each step: `step` is called with t = 0 (the cues) .. the
 *  last step; the array is valid during the call; returning nonzero stops with LAN_ECANCELED. For
 *  RULE_HEAT it is told the sum of the powers 0 .. t. */
LAN_API lan_status lan_spread_steps(lan_spreader *spreader, const lan_spread_model *model,
                                    const lan_cue *cues, size_t n_cues,
                                    int (*step)(void *ctx, uint32_t t, const lan_activation *a,
                                                size_t n),
                                    void *ctx, lan_error *err);

/** The `n` most active of a result, ordered, into `top` (room for n); returns how many there are.
 *  The nodes of `skip`, which must rise, are left out. O(n_all) at the best, O(n_all * (log n + log
 *  n_skip)) at the worst. */
LAN_API size_t lan_spread_top(const lan_activation *all, size_t n_all, const uint32_t *skip,
                              size_t n_skip, lan_activation *top, size_t n);

/** Spreads many cue sets over one graph on several threads (0: one a processor). Set i is
 *  cues[cue_offsets[i]] .. cues[cue_offsets[i+1]-1]; its `n_top` most active go to top[i * n_top
 * ..], the number of them to counts[i]. Results do not depend on the number of threads. */
LAN_API lan_status lan_spread_batch(const lan_graph *graph, const lan_spread_model *model,
                                    const lan_cue *cues, const size_t *cue_offsets, size_t n_sets,
                                    size_t n_top, lan_activation *top, size_t *counts,
                                    size_t n_threads, lan_error *err);

/** Dense spreading over the whole graph, for when most nodes hold activation (global PageRank, long
 *  walks): a plan made once rewrites the graph by receiver, orders nodes by degree and cuts it to
 *  the processor's caches; each step then streams it once, on all threads of the plan.
 *
 *  Only RULE_LINEAR and RULE_HEAT; LAN_EINVAL for RULE_ACTR or a threshold. Results are equal for
 *  any number of threads. Making it: O(nodes + edges); about 7 bytes an edge and 12 a node, and 12
 *  an edge and 5 a node more until it is made; a run takes up to 40 bytes a node. */
typedef struct lan_spread_plan lan_spread_plan;
LAN_API lan_status lan_spread_plan_new(const lan_graph *graph, const lan_spread_model *model,
                                       size_t n_threads, lan_spread_plan **plan, lan_error *err);
LAN_API void lan_spread_plan_free(lan_spread_plan *plan);
/** activation: n_nodes values, the cues on entry (a[0]) and a[T] on return, untouched on error;
 *  *steps (may be NULL) the steps made. Sums are kept in double; values are kept in single precision
 *  (about 7 digits) unless 0 < tolerance < 1e-6. One run at a time a plan. LAN_ERANGE: an activation
 *  that is negative or not finite, or that outgrows a double, as fan < 1 allows. */
LAN_API lan_status lan_spread_plan_run(lan_spread_plan *plan, double *activation, uint32_t *steps,
                                       lan_error *err);
/** The bytes of what one step reads and writes, plainly encoded: each edge's target (4 bytes) and
 *  conductance (4, if they differ) once, each node's activation read and written once. For benchmarks;
 *  the plan moves fewer, as most of its senders take 2 bytes. */
LAN_API double lan_spread_plan_bytes(const lan_spread_plan *plan);

/** A route by which activation reached a node. */
typedef struct lan_route {
  uint32_t n_nodes;      /**< 2 .. model->steps + 1 */
  const uint32_t *nodes; /**< from a cue to the target, none twice */
  const uint8_t *types;  /**< n_nodes - 1: the type of the edge taken at each hop */
  double activation;     /**< what arrived by this route */
  double share; /**< of all that arrived at the target in steps 1 .. model->steps, 0 .. 1 */
} lan_route;

/** The strongest routes from the cues to `target`, strongest first. What arrives at a node over
 * steps 1 .. model->steps is the sum over all walks to it of the product of their conductances,
 * times decay at each hop; these are the walks without repetition that carried most, in exact
 * order.
 *
 *  Only RULE_LINEAR; retention, restart, suppress and threshold count as 0; at most 8 steps. A
 *  best-first search with an exact bound; it ends after `budget` partial routes (0: 100,000) with
 *  what it has. Cost O(steps * edges of activated nodes), and per partial route a logarithm. The
 *  routes live in the spreader until its next call for routes. The first call turns the graph round:
 *  O(edges). */
LAN_API lan_status lan_spread_routes(lan_spreader *spreader, const lan_spread_model *model,
                                     const lan_cue *cues, size_t n_cues, uint32_t target,
                                     size_t max_routes, size_t budget, const lan_route **routes,
                                     size_t *n_routes, lan_error *err);

/* ---- learnt conductances ---- */

/** How much an edge conducts, by what is known of it:
 *
 *      there or back * weight^w * (1 + edges that lead to its receiver)^a
 *
 *  where each edge of a graph conducts both ways: as it is given, and back. Then activation spreads in 3 steps by
 *  RULE_LINEAR with this fan and decay; what a node has received in all steps is what comes to mind. */
typedef struct lan_conductances {
  double there,
      back; /**< 0 .. 1e6: gains of edges as they are given, and of the same the other way */
  double weight, arrivals; /**< -100 .. 100: the powers w and a */
  double fan, decay;       /**< as in lan_spread_model */
} lan_conductances;

/** Before anything is learnt: 1, 0.3; 1, 0; 1, 0.6. */
LAN_API lan_conductances lan_conductances_plain(void);

/** The graph with conductances as weights, edges as given being of type 0, back of type 1, and the model to spread with.
 *  Edges to itself and edges of weight 0 are left out. LAN_ERANGE: a number outside its range. LAN_EINVAL: the graph has edges
 *  of several types. */
LAN_API lan_status lan_conductances_apply(const lan_graph *graph, const lan_conductances *c,
                                          lan_graph *out, lan_spread_model *model, lan_error *err);

typedef struct lan_spread_learn_options {
  uint64_t seed;    /**< decides, with the graph, what is learnt */
  uint32_t threads; /**< 0: one a processor */
  /** Told the share that is done; nonzero stops with LAN_ECANCELED. May be NULL. */
  int (*progress)(void *ctx, double done);
  void *progress_ctx;
} lan_spread_learn_options;

/** Of edges that were hidden in turn, with all that ties their ends directly: the mean of 1 / rank of where they led,
 *  among nodes that are no other direct neighbours, and the share among the first ten. */
typedef struct lan_spread_quality {
  double mrr, hits10;
} lan_spread_quality;

typedef struct lan_spread_learn_report {
  size_t examples; /**< hidden edges that were learnt from */
  size_t
      held_back; /**< hidden edges of other senders, one in five, on which the following was measured */
  lan_spread_quality spreadr, before, after; /**< PRESET_SPREADR; plain and learnt conductances */
} lan_spread_learn_report;

/** Learns conductances by backpropagation through three steps of spreading: of a sample of the edges, each is hidden, and
 *  where it led is to come first among what the cue does not lead to, over indirect paths (listwise cross-entropy, Adam).
 *  `options` and `report` may be NULL. Takes some 1.5 kB a node. LAN_EINVAL: too few edges, or of several types. LAN_ECANCELED. */
LAN_API lan_status lan_spread_learn(const lan_graph *graph, const lan_spread_learn_options *options,
                                    lan_conductances *out, lan_spread_learn_report *report,
                                    lan_error *err);

#ifdef __cplusplus
}
#endif
#endif
