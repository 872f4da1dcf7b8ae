/* What a net is made of: nodes in the order in which they were made, so that each comes after its
 * inputs. Inputs and parameters are nodes too; every operation (net/op.h) is described by a table. */
#ifndef NET_NET_INTERNAL_H
#define NET_NET_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "lantoa/net.h"

enum {
  NET_INPUTS = 16,    /* of a node, its parameters included */
  NET_ATTRIBUTES = 8, /* of a node */
  NET_PARAMETERS = 6, /* that a layer makes */
  NET_NAME_MAX = 200, /* bytes of a name, its NUL included */
};

typedef struct net_op net_op;

typedef struct net_node {
  const net_op *op;
  char *name;             /* of the layer; unique in the net */
  lan_var in[NET_INPUTS]; /* values, then parameters */
  uint8_t n_in, n_values; /* all of them; those that are no parameters of the layer's own */
  lan_shape shape;        /* of the output; dims[0] may be LAN_BATCH */
  double attribute[NET_ATTRIBUTES];
  const lan_edges *edges; /* of propagate */
  uint32_t number;        /* of a parameter's node: which parameter; else: which node */
} net_node;

typedef struct net_parameter {
  char *name;
  lan_var node;
  lan_shape shape;
  size_t count;
  float *values;
  bool learns, decays; /* decays: weight decay is for it */
} net_parameter;

typedef struct net_output {
  char *name;
  lan_var node;
} net_output;

struct lan_net {
  uint64_t seed;
  lan_arena arena; /* names */
  VEC(net_node) nodes;
  VEC(net_parameter) parameters;
  VEC(net_output) outputs;
  lan_var loss;
  atomic_ulong
      changes; /* rises when parameters may have changed: plans keep them in other orders */
  /* Numbers in all parameters, and how many may be; 0: any. For descriptions of strangers, which could ask for
   * more memory than there is. */
  size_t n_values, values_most;
  lan_error error; /* the first one while building */
};

/* Values in a shape with LAN_BATCH taken as `rows`. Sizes were checked when the node was made. */
size_t net_shape_count(lan_shape shape, uint32_t rows);
/* "(batch, 3, 32, 32)" for messages. */
enum { NET_SHAPE_TEXT = 80 };
const char *net_shape_text(lan_shape shape, char text[NET_SHAPE_TEXT]);
bool net_shape_equal(lan_shape a, lan_shape b);

/* Adds a node of `op`: checks, infers the shape, makes parameters (or takes those of `like`, if not
 * LAN_NONE). `attributes` has all of the op's, in its order. */
lan_var net_add(lan_net *net, const net_op *op, const char *name, const lan_var *inputs,
                size_t n_inputs, const double *attributes, const lan_edges *edges, lan_var like);

/* To be called when values of parameters change, or may. */
static inline void net_changed(lan_net *net) { atomic_fetch_add(&net->changes, 1); }

/* Keeps the first error of building; returns LAN_NONE. */
lan_var net_fail(lan_net *net, lan_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
