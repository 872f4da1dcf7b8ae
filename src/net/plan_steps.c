/* From nodes to steps: what is wanted, what can be fused, which kernel does it, in which layout. */
#include <string.h>

#include "base/error.h"
#include "net/plan.h"

/* What is known of each node while steps are made. */
typedef struct node_state {
  bool wanted;  /* an output or the loss comes from it */
  bool to_loss; /* the loss comes from it */
  bool learns;  /* something that learns goes into it */
  bool kept;    /* an output or the loss: its value must exist */
  bool done;    /* a step covers it */
  uint32_t uses;
  lan_var user;      /* the last node that uses it */
  uint32_t value[2]; /* by layout, or NET_NOWHERE */
} node_state;

typedef struct group {
  lan_var nodes[4];
  uint8_t n_nodes;
} group;

typedef struct maker {
  lan_net_plan *plan;
  const lan_net *net;
  node_state *state;
  VEC(group) groups; /* in the order of their last nodes */
} maker;

static const net_node *node_at(const maker *m, lan_var i) { return &m->net->nodes.data[i]; }

static bool is_source(const net_node *node) { return !node->op->kernel.forward; }

static void find_wanted(maker *m) {
  const lan_net *net = m->net;
  for (size_t i = 0; i < net->outputs.len; i++) {
    m->state[net->outputs.data[i].node].wanted = m->state[net->outputs.data[i].node].kept = true;
  }
  if (net->loss != LAN_NONE) {
    m->state[net->loss].wanted = m->state[net->loss].to_loss = m->state[net->loss].kept = true;
  }
  for (size_t i = net->nodes.len; i-- > 0;) {
    node_state *s = &m->state[i];
    if (!s->wanted) continue;
    const net_node *node = &net->nodes.data[i];
    for (size_t k = 0; k < node->n_in; k++) {
      node_state *in = &m->state[node->in[k]];
      in->wanted = true;
      in->to_loss = in->to_loss || s->to_loss;
      in->uses++;
      in->user = (lan_var)i;
    }
  }
}

static void find_learning(maker *m) {
  const lan_net_plan_options *options = &m->plan->options;
  for (size_t i = 0; i < m->net->nodes.len; i++) {
    const net_node *node = &m->net->nodes.data[i];
    node_state *s = &m->state[i];
    if (!options->training || !s->to_loss) continue;
    if (node->op == net_ops[0]) s->learns = options->input_gradients;
    if (node->op == net_ops[1]) s->learns = m->net->parameters.data[node->number].learns;
    for (size_t k = 0; k < node->n_in; k++) s->learns = s->learns || m->state[node->in[k]].learns;
  }
}

/* ---- grouping ---- */

static bool is_value_of(const net_node *user, lan_var value) {
  for (size_t k = 0; k < user->n_values; k++) {
    if (user->in[k] == value) return true;
  }
  return false;
}

/* The longest chain from `first` whose inner values nobody else uses. */
static void find_chain(const maker *m, lan_var first, group *g) {
  g->nodes[0] = first;
  g->n_nodes = 1;
  size_t inputs = node_at(m, first)->n_in;
  while (g->n_nodes < 4) {
    lan_var last = g->nodes[g->n_nodes - 1];
    const node_state *s = &m->state[last];
    if (s->uses != 1 || s->kept || m->state[s->user].done) return;
    const net_node *next = node_at(m, s->user);
    inputs += next->n_in - 1U;
    if (!is_value_of(next, last) || inputs > NET_INPUTS) return;
    g->nodes[g->n_nodes++] = s->user;
  }
}

/* Inputs of the group from outside, in the order of its nodes. */
static uint8_t outside_inputs(const maker *m, const group *g, lan_var in[NET_INPUTS]) {
  uint8_t n = 0;
  for (size_t j = 0; j < g->n_nodes; j++) {
    const net_node *node = node_at(m, g->nodes[j]);
    for (size_t k = 0; k < node->n_in; k++) {
      if (j == 0 || node->in[k] != g->nodes[j - 1]) in[n++] = node->in[k];
    }
  }
  return n;
}

static bool ask_providers(const maker *m, const group *g, const net_layout *layouts,
                          net_offer *offer) {
  const lan_net_plan_options *o = &m->plan->options;
  if (o->reference_only || o->keep_all || o->frozen) return false;
  net_chain chain = {
      .net = m->net, .n_nodes = g->n_nodes, .rows = m->plan->rows, .training = o->training != 0};
  for (size_t j = 0; j < g->n_nodes; j++) chain.nodes[j] = node_at(m, g->nodes[j]);
  if (layouts) memcpy(chain.in, layouts, sizeof chain.in);
  for (size_t i = 0; net_providers[i]; i++) {
    *offer = (net_offer){.n_nodes = 1};
    if (net_providers[i]->offer(&chain, offer)) return true;
  }
  return false;
}

static bool make_groups(maker *m) {
  for (size_t i = 0; i < m->net->nodes.len; i++) {
    node_state *s = &m->state[i];
    if (!s->wanted || s->done || is_source(&m->net->nodes.data[i])) continue;
    group g;
    net_offer offer;
    find_chain(m, (lan_var)i, &g);
    g.n_nodes = ask_providers(m, &g, NULL, &offer) ? offer.n_nodes : 1;
    for (size_t j = 0; j < g.n_nodes; j++) m->state[g.nodes[j]].done = true;
    if (!VEC_PUSH(&m->groups, g)) return false;
    /* Its place is that of its last node, when all inputs are there. */
    size_t at = m->groups.len - 1;
    for (; at > 0; at--) {
      const group *before = &m->groups.data[at - 1];
      if (before->nodes[before->n_nodes - 1] < g.nodes[g.n_nodes - 1]) break;
      m->groups.data[at] = *before;
    }
    m->groups.data[at] = g;
  }
  return true;
}

/* ---- values and steps ---- */

static bool add_value(maker *m, lan_var node, net_layout layout, plan_home home, uint32_t step) {
  m->state[node].value[layout] = (uint32_t)m->plan->values.len;
  return VEC_PUSH(&m->plan->values, (plan_value){.node = node,
                                                 .layout = layout,
                                                 .home = home,
                                                 .step = step,
                                                 .learns = m->state[node].learns});
}

static bool add_sources(maker *m) {
  for (size_t i = 0; i < m->net->nodes.len; i++) {
    const net_node *node = &m->net->nodes.data[i];
    if (!m->state[i].wanted || !is_source(node)) continue;
    plan_home home = node->op == net_ops[0] ? HOME_INPUT : HOME_PARAMETER;
    if (!add_value(m, (lan_var)i, NET_PLAIN, home, NET_NOWHERE)) return false;
  }
  return true;
}

/* Channel c of picture n at place p of `places`: n, c / 16, p, c % 16. */
static void reorder(const net_run *run, const float *from, float *to, bool to_blocks, bool add) {
  lan_shape s = run->out_shape;
  size_t channels = s.dims[1], places = net_shape_count(s, 0) / ((size_t)s.dims[0] * channels);
  for (size_t n = 0; n < s.dims[0]; n++) {
    for (size_t c = 0; c < channels; c++) {
      size_t plain = (n * channels + c) * places;
      size_t blocked = (n * channels + c / 16 * 16) * places + c % 16;
      for (size_t p = 0; p < places; p++) {
        const float *x = to_blocks ? &from[plain + p] : &from[blocked + 16 * p];
        float *y = to_blocks ? &to[blocked + 16 * p] : &to[plain + p];
        *y = add ? *y + *x : *x;
      }
    }
  }
}

static void to_blocks_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  reorder(run, run->in[0], run->out, true, false);
}
static void to_blocks_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (run->din[0]) reorder(run, run->dout, run->din[0], false, run->add[0]);
}
static void to_plain_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  reorder(run, run->in[0], run->out, false, false);
}
static void to_plain_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  if (run->din[0]) reorder(run, run->dout, run->din[0], true, run->add[0]);
}

static const net_kernel REORDER[] = {
    [NET_PLAIN] = {.name = "reorder",
                   .adds = true,
                   .forward = to_plain_forward,
                   .backward = to_plain_backward},
    [NET_C16] = {.name = "reorder",
                 .adds = true,
                 .forward = to_blocks_forward,
                 .backward = to_blocks_backward},
};

/* The value of `node` in `layout`, reordered if it only exists in the other; `learns`: its gradient is
 * wanted of this use. */
static bool value_in(maker *m, lan_var node, net_layout layout, bool learns, uint32_t *value) {
  node_state *s = &m->state[node];
  if (s->value[layout] == NET_NOWHERE) {
    plan_step step = {.kernel = &REORDER[layout], .n_nodes = 1, .n_in = 1, .backward = learns};
    step.nodes[0] = node_at(m, node);
    step.in[0] = s->value[1 - (int)layout];
    step.out = (uint32_t)m->plan->values.len;
    if (!add_value(m, node, layout, HOME_ARENA, (uint32_t)m->plan->steps.len)) return false;
    m->plan->values.data[step.out].learns = learns;
    if (!VEC_PUSH(&m->plan->steps, step)) return false;
  }
  *value = s->value[layout];
  return true;
}

static net_layout layout_of(const maker *m, lan_var node) {
  return m->state[node].value[NET_PLAIN] != NET_NOWHERE ? NET_PLAIN : NET_C16;
}

/* The reference kernel of one node, in the layout that its inputs have in common if it takes any. */
static void offer_reference(const net_node *node, const net_layout *layouts, net_offer *offer) {
  *offer = (net_offer){.kernel = &node->op->kernel, .n_nodes = 1};
  if (!node->op->kernel.any_layout) return;
  for (size_t k = 0; k < node->n_in; k++) {
    if (layouts[k] != layouts[0]) return;
  }
  for (size_t k = 0; k < node->n_in; k++) offer->in[k] = layouts[0];
  offer->out = layouts[0];
}

static lan_status add_step(maker *m, const group *g, lan_error *err) {
  lan_var in[NET_INPUTS];
  net_layout layouts[NET_INPUTS] = {0};
  plan_step step = {.n_nodes = g->n_nodes, .n_in = outside_inputs(m, g, in)};
  for (size_t k = 0; k < step.n_in; k++) layouts[k] = layout_of(m, in[k]);
  net_offer offer;
  if (!ask_providers(m, g, layouts, &offer))
    offer_reference(node_at(m, g->nodes[0]), layouts, &offer);
  if (offer.n_nodes != g->n_nodes) {
    return lan_fail(err, LAN_EINVAL, "layer '%s': its kernel changed its mind",
                    node_at(m, g->nodes[0])->name);
  }
  step.kernel = offer.kernel;
  for (size_t j = 0; j < g->n_nodes; j++) step.nodes[j] = node_at(m, g->nodes[j]);
  for (size_t k = 0; k < step.n_in; k++) {
    if (!value_in(m, in[k], offer.in[k], m->state[in[k]].learns, &step.in[k]))
      return lan_fail_memory(err, 0);
  }
  lan_var last = g->nodes[g->n_nodes - 1];
  step.out = (uint32_t)m->plan->values.len;
  step.backward = m->state[last].learns;
  if (!add_value(m, last, offer.out, HOME_ARENA, (uint32_t)m->plan->steps.len) ||
      !VEC_PUSH(&m->plan->steps, step)) {
    return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

/* Outputs are kept whole and plain. A value that is fed or is a parameter is its own output. */
static bool keep_outputs(maker *m) {
  lan_net_plan *plan = m->plan;
  for (size_t i = 0; i < m->net->outputs.len; i++) {
    uint32_t value;
    if (!value_in(m, m->net->outputs.data[i].node, NET_PLAIN, false, &value)) return false;
    plan->output_value[i] = value;
    if (plan->values.data[value].home == HOME_ARENA) plan->values.data[value].home = HOME_OUTPUT;
  }
  plan->loss = m->net->loss == LAN_NONE ? NET_NOWHERE : m->state[m->net->loss].value[NET_PLAIN];
  return true;
}

static lan_status make(maker *m, lan_error *err) {
  find_wanted(m);
  find_learning(m);
  if (!make_groups(m) || !add_sources(m)) return lan_fail_memory(err, 0);
  for (size_t i = 0; i < m->groups.len; i++) {
    lan_status status = add_step(m, &m->groups.data[i], err);
    if (status != LAN_OK) return status;
  }
  return keep_outputs(m) ? LAN_OK : lan_fail_memory(err, 0);
}

lan_status plan_make_steps(lan_net_plan *plan, lan_error *err) {
  maker m = {.plan = plan, .net = plan->net};
  size_t n = plan->net->nodes.len;
  m.state = lan_alloc_zeroed(n, sizeof *m.state);
  if (!m.state) return lan_fail_memory(err, n * sizeof *m.state);
  for (size_t i = 0; i < n; i++) m.state[i].value[0] = m.state[i].value[1] = NET_NOWHERE;
  lan_status status = make(&m, err);
  VEC_FREE(&m.groups);
  free(m.state);
  return status;
}
