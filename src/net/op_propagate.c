/* One step of spreading activation over edges with weights that may learn (Collins and Loftus 1975; as a
 * layer: the propagation of Scarselli et al. 2009, "The graph neural network model"):
 *
 *     y[b, j, :] = sum over edges e: i -> j of weights[e] x[b, i, :]
 *
 * Edges are taken in the caller's order, which is quickest when they are sorted by receiver. A node's
 * values lie together, so that an edge is one short vector operation: its features, or, when nodes have
 * one value each, those of WIDE rows of the batch, which are transposed for the purpose. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/lanes.h"
#include "net/ops.h"

enum { X, WEIGHTS, WIDE = 16 };

static lan_status check_edges(const lan_edges *edges, lan_error *err) {
  if (!edges)
    return lan_fail(err, LAN_EINVAL, "its edges are missing: lan_net_propagate takes them");
  if (edges->n_edges && (!edges->from || !edges->to)) {
    return lan_fail(err, LAN_EINVAL, "its %u edges have no ends", edges->n_edges);
  }
  for (uint32_t e = 0; e < edges->n_edges; e++) {
    if (edges->from[e] >= edges->n_senders || edges->to[e] >= edges->n_receivers) {
      return lan_fail(err, LAN_ERANGE,
                      "edge %u goes from %u to %u, but there are %u senders and %u receivers", e,
                      edges->from[e], edges->to[e], edges->n_senders, edges->n_receivers);
    }
  }
  return LAN_OK;
}

static lan_status propagate_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, X), w = net_in(net, node, WEIGHTS);
  char text[NET_SHAPE_TEXT];
  lan_status status = check_edges(node->edges, err);
  if (status != LAN_OK) return status;
  if (x.rank < 2 || x.rank > 3 || x.dims[1] != node->edges->n_senders) {
    return lan_fail(err, LAN_EINVAL,
                    "its input must be (batch, %u) or (batch, %u, features), not %s",
                    node->edges->n_senders, node->edges->n_senders, net_shape_text(x, text));
  }
  if (!net_shape_equal(w, LAN_SHAPE(node->edges->n_edges)) || w.dims[0] == LAN_BATCH) {
    return lan_fail(err, LAN_EINVAL, "its weights must be (%u), one for each edge, not %s",
                    node->edges->n_edges, net_shape_text(w, text));
  }
  node->shape = x;
  node->shape.dims[1] = node->edges->n_receivers;
  return LAN_OK;
}

static double propagate_flops(const lan_shape *in, lan_shape out) {
  return 2.0 * in[WEIGHTS].dims[0] * (out.rank > 2 ? out.dims[2] : 1);
}

static void propagate_sizes(const net_run *run, net_sizes *sizes) {
  if (run->out_shape.rank > 2) return;
  const lan_edges *edges = run->nodes[0]->edges;
  sizes->scratch =
      WIDE * (2 * (size_t)edges->n_senders + (size_t)edges->n_receivers) * sizeof(float);
}

/* y += the edges' shares of x, with `n` values a node. */
static void spread(const lan_edges *edges, const float *weights, size_t n, const float *x,
                   float *y) {
  for (uint32_t e = 0; e < edges->n_edges; e++) {
    lanes_add_scaled(n, weights[e], x + edges->from[e] * n, y + edges->to[e] * n);
  }
}

/* Against the edges; dx and dw may be NULL. */
static void spread_back(const lan_edges *edges, const float *weights, size_t n, const float *x,
                        const float *dy, float *dx, float *dw) {
  for (uint32_t e = 0; e < edges->n_edges; e++) {
    const float *d = dy + edges->to[e] * n;
    if (dx) lanes_add_scaled(n, weights[e], d, dx + edges->from[e] * n);
    if (dw) dw[e] += lanes_dot(n, d, x + edges->from[e] * n);
  }
}

/* Rows of the batch to columns and back. */
static void to_columns(const float *x, size_t nodes, size_t rows, float *to) {
  for (size_t i = 0; i < nodes; i++) {
    for (size_t r = 0; r < rows; r++) to[i * rows + r] = x[r * nodes + i];
  }
}

static void add_columns(const float *from, size_t nodes, size_t rows, float *x) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < nodes; i++) x[r * nodes + i] += from[i * rows + r];
  }
}

static void propagate_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  const lan_edges *edges = run->nodes[0]->edges;
  size_t rows = run->out_shape.dims[0], senders = edges->n_senders, receivers = edges->n_receivers;
  memset(run->out, 0, net_shape_count(run->out_shape, 0) * sizeof *run->out);
  if (run->out_shape.rank > 2) {
    size_t n = run->out_shape.dims[2];
    for (size_t r = 0; r < rows; r++) {
      spread(edges, run->in[WEIGHTS], n, run->in[X] + r * senders * n,
             run->out + r * receivers * n);
    }
    return;
  }
  float *x = run->scratch, *y = x + WIDE * senders;
  for (size_t r = 0; r < rows; r += WIDE) {
    size_t wide = rows - r < WIDE ? rows - r : WIDE;
    to_columns(run->in[X] + r * senders, senders, wide, x);
    memset(y, 0, wide * receivers * sizeof *y);
    spread(edges, run->in[WEIGHTS], wide, x, y);
    add_columns(y, receivers, wide, run->out + r * receivers);
  }
}

static void propagate_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  const lan_edges *edges = run->nodes[0]->edges;
  const float *weights = run->in[WEIGHTS];
  size_t rows = run->out_shape.dims[0], senders = edges->n_senders, receivers = edges->n_receivers;
  if (run->out_shape.rank > 2) {
    size_t n = run->out_shape.dims[2];
    for (size_t r = 0; r < rows; r++) {
      float *dx = run->din[X] ? run->din[X] + r * senders * n : NULL;
      spread_back(edges, weights, n, run->in[X] + r * senders * n, run->dout + r * receivers * n,
                  dx, run->din[WEIGHTS]);
    }
    return;
  }
  float *x = run->scratch, *dx = x + WIDE * senders, *dy = dx + WIDE * senders;
  for (size_t r = 0; r < rows; r += WIDE) {
    size_t wide = rows - r < WIDE ? rows - r : WIDE;
    to_columns(run->in[X] + r * senders, senders, wide, x);
    to_columns(run->dout + r * receivers, receivers, wide, dy);
    memset(dx, 0, wide * senders * sizeof *dx);
    spread_back(edges, weights, wide, x, dy, run->din[X] ? dx : NULL, run->din[WEIGHTS]);
    if (run->din[X]) add_columns(dx, senders, wide, run->din[X] + r * senders);
  }
}

const net_op op_propagate = {
    .kind = "propagate",
    .least_in = 2,
    .most_in = 2,
    .infer = propagate_infer,
    .flops = propagate_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << X | 1U << WEIGHTS,
               .sizes = propagate_sizes,
               .forward = propagate_forward,
               .backward = propagate_backward},
};
