/* Conductances of edges that learn, for spreading activation: what leaves a node is shared out among its edges by
 * their conductance, more or less (the fan effect: Anderson 1974; fan 1: a random walk, 0: raw weights).
 *
 *     w[e] = weights[e] exp(theta[type(e)] + phi . features[e])
 *     y[e] = decay w[e] / (sum of w over the sender's edges)^fan
 *
 * Inputs: theta (types), phi (features; left out if there are none), form (2): fan and ln decay. With W the
 * sender's sum and g[e] = dy[e] y[e]:
 *
 *     d ln w[e] = g[e] - fan (w[e] / W) (sum of g over the sender's edges)
 *     d fan = - sum of g[e] ln W        d ln decay = sum of g[e] */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/ops.h"

enum { THETA, TYPES_MOST = 256 };

static size_t phi_of(const net_node *node) { return node->edges->n_features ? 1 : 0; }

static lan_status check_traits(const lan_edges *e, lan_error *err) {
  if (!e) return lan_fail(err, LAN_EINVAL, "its edges are missing: lan_net_conductance takes them");
  if (e->n_types < 1 || e->n_types > TYPES_MOST) {
    return lan_fail(err, LAN_ERANGE, "its edges have %u types: they must have 1 to %d", e->n_types,
                    TYPES_MOST);
  }
  if (e->n_edges && (!e->from || (e->n_features && !e->features))) {
    return lan_fail(err, LAN_EINVAL, "its %u edges have no %s", e->n_edges,
                    e->from ? "features" : "ends");
  }
  for (uint32_t i = 0; i < e->n_edges; i++) {
    uint32_t type = e->types ? e->types[i] : 0;
    if (e->from[i] >= e->n_senders || type >= e->n_types) {
      return lan_fail(err, LAN_ERANGE,
                      "edge %u is of type %u and goes from %u: there are %u and %u", i, type,
                      e->from[i], e->n_types, e->n_senders);
    }
    if (e->weights && !(e->weights[i] > 0 && e->weights[i] < INFINITY)) {
      return lan_fail(err, LAN_ERANGE, "edge %u has the weight %g: it must be above 0", i,
                      (double)e->weights[i]);
    }
  }
  return LAN_OK;
}

static lan_status conductance_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_status status = check_traits(node->edges, err);
  if (status != LAN_OK) return status;
  size_t n_in = 2 + phi_of(node);
  if (node->n_values != n_in) {
    return lan_fail(err, LAN_EINVAL, "it takes theta, %sfan and decay",
                    n_in > 2 ? "phi, " : "(its edges have no features) ");
  }
  const lan_shape wanted[] = {LAN_SHAPE(node->edges->n_types), LAN_SHAPE(node->edges->n_features)};
  for (size_t i = 0; i < n_in; i++) {
    lan_shape want = i + 1 == n_in ? LAN_SHAPE(2) : wanted[i], have = net_in(net, node, i);
    char a[NET_SHAPE_TEXT], b[NET_SHAPE_TEXT];
    if (net_shape_equal(have, want) && have.dims[0] != LAN_BATCH) continue;
    return lan_fail(err, LAN_EINVAL, "input %zu must be %s, not %s", i + 1, net_shape_text(want, a),
                    net_shape_text(have, b));
  }
  node->shape = LAN_SHAPE(node->edges->n_edges);
  return LAN_OK;
}

static double conductance_flops(const lan_shape *in, lan_shape out) {
  return (6.0 + 2.0 * in[1].dims[0]) * out.dims[0];
}

/* Kept for the backward pass: w of each edge, W of each sender. */
static void conductance_sizes(const net_run *run, net_sizes *sizes) {
  const lan_edges *e = run->nodes[0]->edges;
  sizes->saved = ((size_t)e->n_edges + e->n_senders) * sizeof(double);
  sizes->scratch = (size_t)e->n_senders * sizeof(double);
}

static void weigh(const lan_edges *e, const float *theta, const float *phi, double *w,
                  double *sums) {
  memset(sums, 0, e->n_senders * sizeof *sums);
  for (uint32_t i = 0; i < e->n_edges; i++) {
    double ln = (double)theta[e->types ? e->types[i] : 0];
    for (uint32_t k = 0; k < e->n_features; k++) {
      ln += (double)(phi[k] * e->features[(size_t)i * e->n_features + k]);
    }
    w[i] = exp(ln) * (e->weights ? (double)e->weights[i] : 1);
    sums[e->from[i]] += w[i];
  }
}

static void conductance_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  const net_node *node = run->nodes[0];
  const lan_edges *e = node->edges;
  const float *form = run->in[1 + phi_of(node)];
  double *w = run->saved, *sums = w + e->n_edges, *scale = run->scratch;
  weigh(e, run->in[THETA], run->in[1], w, sums);
  for (uint32_t s = 0; s < e->n_senders; s++) {
    scale[s] = sums[s] > 0 ? exp((double)form[1] - (double)form[0] * log(sums[s])) : 0;
  }
  for (uint32_t i = 0; i < e->n_edges; i++) run->out[i] = (float)(w[i] * scale[e->from[i]]);
}

static void give(float *to, double value) {
  if (to) *to += (float)value;
}

static void conductance_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  const net_node *node = run->nodes[0];
  const lan_edges *e = node->edges;
  size_t has_phi = phi_of(node);
  const double *w = run->saved, *sums = w + e->n_edges;
  double *of_sender = run->scratch, d_fan = 0, d_decay = 0, theta[TYPES_MOST] = {0};
  float *d_theta = run->din[THETA], *d_phi = has_phi ? run->din[1] : NULL;
  float *d_form = run->din[1 + has_phi];
  double fan = (double)run->in[1 + has_phi][0];
  memset(of_sender, 0, e->n_senders * sizeof *of_sender);
  for (uint32_t i = 0; i < e->n_edges; i++) {
    of_sender[e->from[i]] += (double)run->dout[i] * (double)run->out[i];
  }
  for (uint32_t s = 0; s < e->n_senders; s++) {
    d_decay += of_sender[s];
    if (sums[s] > 0) d_fan -= of_sender[s] * log(sums[s]);
  }
  for (uint32_t i = 0; i < e->n_edges; i++) {
    uint32_t s = e->from[i];
    double g = (double)run->dout[i] * (double)run->out[i];
    if (sums[s] > 0) g -= fan * (w[i] / sums[s]) * of_sender[s];
    theta[e->types ? e->types[i] : 0] += g;
    for (uint32_t k = 0; d_phi && k < e->n_features; k++) {
      d_phi[k] += (float)(g * (double)e->features[(size_t)i * e->n_features + k]);
    }
  }
  for (uint32_t k = 0; d_theta && k < e->n_types; k++) give(&d_theta[k], theta[k]);
  if (!d_form) return;
  give(&d_form[0], d_fan);
  give(&d_form[1], d_decay);
}

const net_op op_conductance = {
    .kind = "conductance",
    .least_in = 2,
    .most_in = 3,
    .infer = conductance_infer,
    .flops = conductance_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << 0 | 1U << 1 | 1U << 2,
               .keep_out = true,
               .sizes = conductance_sizes,
               .forward = conductance_forward,
               .backward = conductance_backward},
};
