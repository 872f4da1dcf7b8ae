/* A planned net: its steps in order, which values lie where, and when they may be overwritten. */
#ifndef NET_PLAN_H
#define NET_PLAN_H

#include "base/thread.h"
#include "net/op.h"

#define NET_NOWHERE UINT32_MAX /* no step, no value */

typedef enum plan_home {
  HOME_ARENA,     /* each shard's own, shared in time with others */
  HOME_INPUT,     /* the caller's whole batch */
  HOME_PARAMETER, /* the net's */
  HOME_OUTPUT     /* whole batch, kept */
} plan_home;

/* The output of a node in one layout. Times count the forward steps, then the backward ones. */
typedef struct plan_value {
  lan_var node;
  net_layout layout;
  plan_home home;
  bool learns;         /* a gradient is wanted */
  uint32_t step;       /* that makes it; NET_NOWHERE for inputs and parameters */
  uint32_t born, dies; /* of the value */
  uint32_t grad_born, grad_dies;
  size_t offset, grad_offset; /* bytes into a shard's arena */
  float *base, *grad_base;    /* of what is no arena's */
} plan_value;

typedef struct plan_step {
  const net_kernel *kernel;
  const net_node *nodes[4];
  uint8_t n_nodes, n_in;
  uint32_t in[NET_INPUTS], out; /* values */
  bool backward;                /* it has one */
  bool add[NET_INPUTS];
  uint32_t zero; /* bit i: the gradient of in[i] is zeroed first */
  net_sizes sizes;
  size_t saved_offset, shared_offset;
} plan_step;

typedef struct plan_call {
  uint32_t step, phase;
} plan_call;

/* Calls between two points where the shards wait for each other. */
typedef struct plan_program {
  VEC(plan_call) calls;
  VEC(size_t) segments; /* where each begins, and the end */
} plan_program;

struct lan_net_plan {
  lan_net *net;
  lan_net_plan_options options;
  lan_pool *pool;
  uint32_t n_shards, rows; /* rows of the largest shard */
  VEC(plan_value) values;
  VEC(plan_step) steps;
  net_run *runs; /* of step i on shard s: runs[s * steps.len + i] */
  /* A single shard of a plan for inference may have a team of threads: of step i for member m,
   * team_runs[m * steps.len + i]. */
  uint32_t team;
  net_run *team_runs;
  char *team_scratch;
  lan_barrier barrier;
  bool refreshed;
  plan_program forward, backward;
  net_clock clock;
  /* Memory. */
  size_t arena_bytes, scratch_bytes, shared_bytes, gradient_floats, bytes;
  char *arena; /* n_shards times arena_bytes + scratch_bytes */
  char *shared;
  float *gradients;            /* n_shards times gradient_floats */
  size_t *gradient_at;         /* of each parameter, in floats; the parameters' padded places */
  float one;                   /* the gradient of the loss by itself */
  float *loss_values;          /* a number for each shard, 16 floats apart */
  uint32_t loss;               /* value, or NET_NOWHERE */
  uint32_t *output_value;      /* of each of the net's outputs */
  const plan_program *running; /* for the pool's threads */
  size_t segment;
};

/* plan_steps.c: which kernels do which nodes, in which layouts. */
lan_status plan_make_steps(lan_net_plan *plan, lan_error *err);
/* plan_memory.c: how long each value is needed, where it lies, and the runs that point there. */
lan_status plan_lay_out(lan_net_plan *plan, lan_error *err);
/* plan_team.c: whether several threads shall share a single shard, and how they do. */
lan_status plan_make_team(lan_net_plan *plan, size_t threads, lan_error *err);
void plan_forward_as_team(lan_net_plan *plan);

/* Where a shard has a value, and the gradient of the loss by it (NULL: not wanted). */
float *plan_value_at(const lan_net_plan *plan, uint32_t value, uint32_t shard);
float *plan_gradient_at(const lan_net_plan *plan, uint32_t value, uint32_t shard);

/* The gradient that shard s holds for a parameter. */
static inline float *plan_gradient(const lan_net_plan *plan, uint32_t s, size_t parameter) {
  return plan->gradients + s * plan->gradient_floats + plan->gradient_at[parameter];
}

#endif
