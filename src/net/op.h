/* Operations: how a layer checks its inputs, what parameters it has, and the kernels that compute it. */
#ifndef NET_OP_H
#define NET_OP_H

#include "net/net_internal.h"

/* How a value lies in memory. Where a kernel wants another layout than its input has, the plan puts a
 * reordering step between them. */
typedef enum net_layout {
  NET_PLAIN, /* row-major */
  NET_C16    /* (batch, channels / 16, height, width, 16); channels a multiple of 16 */
} net_layout;

/* What every run of a plan shares. */
typedef struct net_clock {
  uint64_t seed, step;
  bool training;
  bool frozen;      /* training, but dropout and batch norm do what they do in inference */
  uint64_t changes; /* differs whenever a parameter's values may have */
} net_clock;

/* One kernel on one shard: made once by the plan, so that stepping only follows pointers. */
typedef struct net_run {
  const net_node
      *nodes[4]; /* what the kernel computes: one operation, or several fused, in order */
  uint8_t n_nodes, n_in;
  lan_shape in_shape[NET_INPUTS]; /* of this shard: no LAN_BATCH is left */
  lan_shape out_shape;
  const float
      *in[NET_INPUTS]; /* values, then parameters; of fused nodes, what comes from outside */
  float *out;
  float *din[NET_INPUTS]; /* gradients to be added to, or NULL where none is wanted */
  bool wants[NET_INPUTS]; /* whether din[k] will be there: known to `prepare` */
  bool add[NET_INPUTS];   /* for kernels with `adds`: add to what is there, else overwrite */
  const float *dout;
  void *saved;   /* from forward to backward */
  void *scratch; /* for the time of a call */
  void *shared;  /* one for all shards */
  void *state;   /* what `prepare` made */
  uint32_t shard, n_shards;
  uint32_t first_row, rows, all_rows; /* of the batch: this shard's, and all */
  bool batched;                       /* the output has LAN_BATCH */
  uint32_t member, members; /* of the threads that share this shard's work; see `splits` */
  const net_clock *clock;
} net_run;

/* Bytes; all are aligned to 64. */
typedef struct net_sizes {
  size_t saved, scratch, shared;
} net_sizes;

/* Rounds up to whole cache lines. */
static inline size_t net_aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

typedef struct net_kernel {
  const char *name;
  /* A call is made for each phase in turn (0 counts as 1), on all shards before the next phase. */
  uint8_t forward_phases, backward_phases;
  bool adds; /* backward heeds run->add; else it always adds, and the plan zeroes what is first */
  bool any_layout;  /* works on whatever layout its inputs have in common, and keeps it */
  uint32_t keep_in; /* bit i: backward reads in[i] (parameters are always there) */
  bool keep_out;    /* backward reads out */
  /* In inference a shard may be worked on by several threads: forward is then called by each, with scratch
   * memory of its own but the same state, and does its part of the output. Others are called by the first. */
  bool splits;
  void (*sizes)(const net_run *run, net_sizes *sizes); /* may be NULL: nothing */
  /* Makes run->state when the plan is made; pointers to values are not set yet. May be NULL. */
  lan_status (*prepare)(net_run *run, lan_error *err);
  void (*release)(void *state);
  /* Inference: called before a forward pass if parameters may have changed since the last one. */
  void (*refresh)(const net_run *run);
  void (*forward)(const net_run *run, uint32_t phase);
  void (*backward)(const net_run *run, uint32_t phase);
} net_kernel;

typedef struct net_attribute {
  const char *name; /* NULL ends the list */
  double value;     /* when it is not given; NAN: must be given */
  double least, most;
  bool whole;
} net_attribute;

typedef enum net_init { NET_ZERO, NET_ONE, NET_UNIFORM, NET_NORMAL } net_init;

typedef struct net_parameter_spec {
  const char *name; /* after the layer's name and a dot */
  lan_shape shape;
  net_init init;
  double scale; /* of NET_UNIFORM: the bound; of NET_NORMAL: the standard deviation */
  bool frozen;  /* does not learn */
  bool no_decay;
} net_parameter_spec;

struct net_op {
  const char *kind;
  uint8_t least_in, most_in; /* values from other layers */
  net_attribute attributes[NET_ATTRIBUTES + 1];
  /* Checks the shapes of the inputs and sets node->shape. `err` gets what is wrong, without the
   * layer's name. */
  lan_status (*infer)(const lan_net *net, net_node *node, lan_error *err);
  size_t (*parameters)(const lan_net *net, const net_node *node,
                       net_parameter_spec specs[NET_PARAMETERS]); /* NULL: none */
  /* Floating-point operations of a forward pass, a multiply-add counting as two; NULL: one a value. */
  double (*flops)(const lan_shape *in, lan_shape out);
  net_kernel
      kernel; /* the reference: portable C, the oracle of the others; NULL names for inputs */
};

/* All kinds, NULL at the end; the first two are inputs and parameters. */
extern const net_op *const net_ops[];
const net_op *net_op_find(const char *kind); /* NULL: unknown */

/* The shape of value i of a node. */
static inline lan_shape net_in(const lan_net *net, const net_node *node, size_t i) {
  return net->nodes.data[node->in[i]].shape;
}

/* Kernels that are faster than the reference, where they are built in. */
typedef struct net_offer {
  const net_kernel *kernel; /* name, and all else as above */
  uint8_t n_nodes;          /* how many of the chain it covers, >= 1 */
  net_layout in[NET_INPUTS], out;
} net_offer;

typedef struct net_chain {
  const lan_net *net;
  /* Nodes of which each but the last has the next as its only use, so that only the last one's value
   * need exist. Element-wise ones and batch norm follow: conv -> batch_norm -> add -> relu. */
  const net_node *nodes[4];
  uint8_t n_nodes;
  uint32_t rows; /* of a shard */
  bool training;
  net_layout in[NET_INPUTS]; /* of what comes from outside, were all nodes taken */
} net_chain;

typedef struct net_provider {
  const char *name;
  /* Fills `offer` and returns true, or returns false: not mine. */
  bool (*offer)(const net_chain *chain, net_offer *offer);
} net_provider;

/* NULL at the end; tried in order. Which there are is decided when linking. */
extern const net_provider *const net_providers[];

#endif
