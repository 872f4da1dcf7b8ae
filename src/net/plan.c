#include "net/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- making ---- */

static bool has_batch(const lan_net *net) {
  for (size_t i = 0; i < net->nodes.len; i++) {
    lan_shape s = net->nodes.data[i].shape;
    if (net->nodes.data[i].op == net_ops[0] && s.rank && s.dims[0] == LAN_BATCH) return true;
  }
  return false;
}

/* Two shards even on one thread, so that one and two threads give the same results. */
static uint32_t shards_for(const lan_net *net, const lan_net_plan_options *o, size_t threads) {
  uint32_t n = o->shards;
  if (o->keep_all) return 1;
  if (n == 0) n = o->training ? 2 : 1;
  if (o->shards == 0 && threads > n) n = (uint32_t)threads;
  if (n > o->batch) n = o->batch;
  return has_batch(net) ? n : 1;
}

static lan_status check_net(const lan_net *net, const lan_net_plan_options *o, lan_error *err) {
  if (net->error.status != LAN_OK) return lan_net_status(net, err);
  if (net->loss == LAN_NONE && net->outputs.len == 0) {
    return lan_fail(
        err, LAN_EINVAL,
        "the net has neither an output nor a loss: name one (lan_net_output, lan_net_loss)");
  }
  if (o->training && net->loss == LAN_NONE) {
    return lan_fail(err, LAN_EINVAL,
                    "a net without a loss cannot be trained: lan_net_loss names it");
  }
  for (size_t i = 0; i < net->nodes.len; i++) {
    lan_shape s = net->nodes.data[i].shape;
    if (net_shape_count(s, 1) > ((size_t)1 << 34) / o->batch) {
      return lan_fail(err, LAN_ELIMIT, "layer '%s': a batch of %u takes too much memory",
                      net->nodes.data[i].name, o->batch);
    }
  }
  return LAN_OK;
}

static bool add_call(plan_program *p, uint32_t step, uint32_t phase) {
  if (phase > 0 && !VEC_PUSH(&p->segments, p->calls.len)) return false;
  return VEC_PUSH(&p->calls, (plan_call){step, phase});
}

static bool make_programs(lan_net_plan *plan) {
  uint32_t n = (uint32_t)plan->steps.len;
  if (!VEC_PUSH(&plan->forward.segments, 0) || !VEC_PUSH(&plan->backward.segments, 0)) return false;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t phases = plan->steps.data[i].kernel->forward_phases;
    for (uint32_t p = 0; p < (phases ? phases : 1); p++) {
      if (!add_call(&plan->forward, i, p)) return false;
    }
  }
  for (uint32_t i = n; i-- > 0;) {
    if (!plan->steps.data[i].backward) continue;
    uint32_t phases = plan->steps.data[i].kernel->backward_phases;
    for (uint32_t p = 0; p < (phases ? phases : 1); p++) {
      if (!add_call(&plan->backward, i, p)) return false;
    }
  }
  return VEC_PUSH(&plan->forward.segments, plan->forward.calls.len) &&
         VEC_PUSH(&plan->backward.segments, plan->backward.calls.len);
}

static lan_status make_plan(lan_net_plan *plan, lan_error *err) {
  const lan_net *net = plan->net;
  plan->gradient_at = lan_alloc_zeroed(net->parameters.len, sizeof *plan->gradient_at);
  plan->output_value = lan_alloc_zeroed(net->outputs.len, sizeof *plan->output_value);
  if (!plan->gradient_at || !plan->output_value) return lan_fail_memory(err, 0);
  size_t threads = plan->options.threads ? plan->options.threads : lan_cpu_count();
  plan->n_shards = shards_for(net, &plan->options, threads);
  plan->rows = (plan->options.batch + plan->n_shards - 1) / plan->n_shards;
  size_t wanted = threads;
  if (threads > plan->n_shards) threads = plan->n_shards;
  lan_status status = threads > 1 ? lan_pool_new(threads, &plan->pool, err) : LAN_OK;
  if (status == LAN_OK) status = plan_make_steps(plan, err);
  if (status == LAN_OK && plan->options.training && !plan->values.data[plan->loss].learns) {
    status = lan_fail(err, LAN_EINVAL, "the loss depends on no parameter that learns");
  }
  if (status == LAN_OK) status = plan_lay_out(plan, err);
  if (status == LAN_OK) status = plan_make_team(plan, wanted, err);
  if (status == LAN_OK && !make_programs(plan)) status = lan_fail_memory(err, 0);
  return status;
}

lan_status lan_net_plan_new(lan_net *net, const lan_net_plan_options *options, lan_net_plan **out,
                            lan_error *err) {
  lan_net_plan_options o = options ? *options : (lan_net_plan_options){0};
  if (o.batch == 0) o.batch = 1;
  lan_status status = check_net(net, &o, err);
  if (status != LAN_OK) return status;
  lan_net_plan *plan = lan_alloc_zeroed(1, sizeof *plan);
  if (!plan) return lan_fail_memory(err, sizeof *plan);
  plan->net = net;
  plan->options = o;
  plan->one = 1;
  plan->clock =
      (net_clock){.seed = net->seed, .training = o.training != 0, .frozen = o.training && o.frozen};
  status = make_plan(plan, err);
  if (status != LAN_OK) {
    lan_net_plan_free(plan);
    return status;
  }
  *out = plan;
  return LAN_OK;
}

static void free_program(plan_program *p) {
  VEC_FREE(&p->calls);
  VEC_FREE(&p->segments);
}

void lan_net_plan_free(lan_net_plan *plan) {
  if (!plan) return;
  lan_pool_free(plan->pool);
  for (size_t i = 0; plan->runs && i < plan->n_shards * plan->steps.len; i++) {
    const net_kernel *kernel = plan->steps.data[i % plan->steps.len].kernel;
    if (kernel->release && plan->runs[i].state) kernel->release(plan->runs[i].state);
  }
  for (size_t i = 0; i < plan->values.len; i++) {
    plan_value *v = &plan->values.data[i];
    if (v->home != HOME_PARAMETER) free(v->base);
    free(v->grad_base);
  }
  free(plan->runs);
  free(plan->team_runs);
  free(plan->team_scratch);
  free(plan->arena);
  free(plan->shared);
  free(plan->gradients);
  free(plan->gradient_at);
  free(plan->output_value);
  free_program(&plan->forward);
  free_program(&plan->backward);
  VEC_FREE(&plan->values);
  VEC_FREE(&plan->steps);
  free(plan);
}

/* ---- running ---- */

static void zero_gradients(const net_run *run, uint32_t which) {
  for (uint32_t k = 0; which >> k; k++) {
    if (which >> k & 1U) {
      memset(run->din[k], 0, net_shape_count(run->in_shape[k], 0) * sizeof(float));
    }
  }
}

static void run_segment(void *ctx, size_t shard, size_t worker) {
  (void)worker;
  const lan_net_plan *plan = ctx;
  const plan_program *p = plan->running;
  for (size_t i = p->segments.data[plan->segment]; i < p->segments.data[plan->segment + 1]; i++) {
    plan_call call = p->calls.data[i];
    const plan_step *step = &plan->steps.data[call.step];
    const net_run *run = &plan->runs[shard * plan->steps.len + call.step];
    if (p == &plan->forward) {
      step->kernel->forward(run, call.phase);
    } else {
      if (call.phase == 0) zero_gradients(run, step->zero);
      step->kernel->backward(run, call.phase);
    }
  }
}

static void run_program(lan_net_plan *plan, const plan_program *program) {
  plan->running = program;
  for (plan->segment = 0; plan->segment + 1 < program->segments.len; plan->segment++) {
    lan_pool_run(plan->pool, plan->n_shards, run_segment, plan);
  }
}

/* Kernels that keep parameters in other orders take them over again, if they may have changed. */
static void refresh(lan_net_plan *plan) {
  uint64_t changes = atomic_load(&plan->net->changes);
  if (plan->refreshed && plan->clock.changes == changes) return;
  plan->clock.changes = changes;
  plan->refreshed = true;
  for (size_t i = 0; i < plan->n_shards * plan->steps.len; i++) {
    const net_kernel *kernel = plan->steps.data[i % plan->steps.len].kernel;
    if (kernel->refresh) kernel->refresh(&plan->runs[i]);
  }
}

void lan_net_forward(lan_net_plan *plan, double *loss) {
  if (plan->clock.training) {
    plan->clock.step++;
    plan->clock.changes++;  /* they do between any two steps */
    net_changed(plan->net); /* running statistics */
  } else {
    refresh(plan);
  }
  if (plan->team > 1) {
    plan_forward_as_team(plan);
  } else {
    run_program(plan, &plan->forward);
  }
  if (!loss || plan->loss == NET_NOWHERE) return;
  *loss = 0;
  const plan_step *last = &plan->steps.data[plan->values.data[plan->loss].step];
  for (uint32_t s = 0; s < plan->n_shards; s++) {
    *loss += (double)*plan->runs[s * plan->steps.len + (size_t)(last - plan->steps.data)].out;
  }
}

void lan_net_backward(lan_net_plan *plan) {
  if (plan->options.training) run_program(plan, &plan->backward);
}

/* ---- looking ---- */

static const plan_value *find_input(const lan_net_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->values.len; i++) {
    const plan_value *v = &plan->values.data[i];
    const net_node *node = &plan->net->nodes.data[v->node];
    if (v->home == HOME_INPUT && strcmp(node->name, name) == 0) return v;
  }
  return NULL;
}

float *lan_net_plan_input(lan_net_plan *plan, const char *name) {
  const plan_value *v = find_input(plan, name);
  return v ? v->base : NULL;
}

const float *lan_net_plan_output(const lan_net_plan *plan, const char *name) {
  for (size_t i = 0; i < plan->net->outputs.len; i++) {
    if (strcmp(plan->net->outputs.data[i].name, name) == 0) {
      return plan->values.data[plan->output_value[i]].base;
    }
  }
  return NULL;
}

void lan_net_plan_gradient(const lan_net_plan *plan, size_t i, float *out) {
  size_t n = plan->net->parameters.data[i].count;
  for (size_t k = 0; k < n; k++) {
    out[k] = 0;
    for (uint32_t s = 0; plan->options.training && s < plan->n_shards; s++) {
      out[k] += plan_gradient(plan, s, i)[k];
    }
  }
}

lan_status lan_net_plan_input_gradient(const lan_net_plan *plan, const char *name, float *out,
                                       lan_error *err) {
  const plan_value *v = find_input(plan, name);
  if (!v) return lan_fail(err, LAN_ENOTFOUND, "the net has no input '%s'", name);
  if (!v->grad_base) {
    return lan_fail(err, LAN_EINVAL,
                    "the plan has no gradient of input '%s': ask for input_gradients", name);
  }
  lan_shape shape = plan->net->nodes.data[v->node].shape;
  size_t n = net_shape_count(shape, plan->options.batch), stride = net_aligned(n * 4) / 4;
  bool whole = shape.rank && shape.dims[0] == LAN_BATCH;
  for (size_t k = 0; k < n; k++) {
    out[k] = v->grad_base[k];
    for (uint32_t s = 1; !whole && s < plan->n_shards; s++) out[k] += v->grad_base[s * stride + k];
  }
  return LAN_OK;
}

static const plan_value *find_value(const lan_net_plan *plan, lan_var layer, lan_error *err) {
  if (!plan->options.keep_all) {
    lan_fail(err, LAN_EINVAL, "the plan does not keep the values of layers: ask for keep_all");
    return NULL;
  }
  for (size_t i = 0; i < plan->values.len; i++) {
    if (plan->values.data[i].node == layer) return &plan->values.data[i];
  }
  bool known = layer >= 0 && (size_t)layer < plan->net->nodes.len;
  lan_fail(err, LAN_ENOTFOUND, "neither the loss nor an output comes from layer '%s'",
           known ? plan->net->nodes.data[layer].name : "?");
  return NULL;
}

lan_status lan_net_plan_value(const lan_net_plan *plan, lan_var layer, float *out, lan_error *err) {
  const plan_value *v = find_value(plan, layer, err);
  if (!v) return plan->options.keep_all ? LAN_ENOTFOUND : LAN_EINVAL;
  lan_shape shape = plan->net->nodes.data[layer].shape;
  memcpy(out, plan_value_at(plan, (uint32_t)(v - plan->values.data), 0),
         net_shape_count(shape, plan->options.batch) * sizeof *out);
  return LAN_OK;
}

lan_status lan_net_plan_value_gradient(const lan_net_plan *plan, lan_var layer, float *out,
                                       lan_error *err) {
  const plan_value *v = find_value(plan, layer, err);
  if (!v) return plan->options.keep_all ? LAN_ENOTFOUND : LAN_EINVAL;
  const float *gradient = plan_gradient_at(plan, (uint32_t)(v - plan->values.data), 0);
  if (!gradient) {
    return lan_fail(err, LAN_ENOTFOUND, "nothing that learns wants the gradient of layer '%s'",
                    plan->net->nodes.data[layer].name);
  }
  lan_shape shape = plan->net->nodes.data[layer].shape;
  memcpy(out, gradient, net_shape_count(shape, plan->options.batch) * sizeof *out);
  return LAN_OK;
}

size_t lan_net_plan_bytes(const lan_net_plan *plan) { return plan->bytes; }

const char *lan_net_plan_kernel(const lan_net_plan *plan, size_t i, const char **layer) {
  if (i >= plan->steps.len) return NULL;
  const plan_step *step = &plan->steps.data[i];
  if (layer) *layer = step->nodes[0]->name;
  return step->kernel->name;
}

uint64_t lan_net_plan_clock(const lan_net_plan *plan) { return plan->clock.step; }
void lan_net_plan_set_clock(lan_net_plan *plan, uint64_t clock) { plan->clock.step = clock; }
