/* How long each value is needed and where it lies: values whose times do not overlap share memory. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/plan.h"

/* ---- times ---- */

static void later(uint32_t *time, uint32_t t) { *time = t > *time ? t : *time; }
static void sooner(uint32_t *time, uint32_t t) { *time = t < *time ? t : *time; }

static void find_times(lan_net_plan *plan) {
  uint32_t n = (uint32_t)plan->steps.len;
  for (size_t i = 0; i < plan->values.len; i++) plan->values.data[i].grad_born = NET_NOWHERE;
  for (uint32_t t = 0; t < n; t++) {
    plan_step *step = &plan->steps.data[t];
    uint32_t back = 2 * n - 1 - t;
    plan_value *out = &plan->values.data[step->out];
    out->born = t;
    later(&out->dies, step->backward && step->kernel->keep_out ? back : t);
    out->grad_dies = back;
    for (size_t k = 0; k < step->n_in; k++) {
      plan_value *in = &plan->values.data[step->in[k]];
      bool kept = step->backward && (step->kernel->keep_in >> k & 1U);
      later(&in->dies, kept ? back : t);
      if (step->backward) sooner(&in->grad_born, back);
    }
  }
  for (size_t i = 0; plan->options.keep_all && i < plan->values.len; i++) {
    plan_value *v = &plan->values.data[i];
    v->born = v->grad_born = 0;
    v->dies = v->grad_dies = 2 * n;
  }
}

/* In the order of the backward pass: who is first to give a gradient, and who adds to it. */
static lan_status find_additions(lan_net_plan *plan, lan_error *err) {
  bool *started = lan_alloc_zeroed(plan->values.len, sizeof *started);
  if (!started) return lan_fail_memory(err, plan->values.len);
  for (size_t t = plan->steps.len; t-- > 0;) {
    plan_step *step = &plan->steps.data[t];
    if (!step->backward) continue;
    for (size_t k = 0; k < step->n_in; k++) {
      if (!plan->values.data[step->in[k]].learns) continue;
      bool first = !started[step->in[k]];
      started[step->in[k]] = true;
      step->add[k] = !first;
      if (first && !step->kernel->adds) step->zero |= 1U << k;
    }
  }
  free(started);
  return LAN_OK;
}

/* ---- runs ---- */

static bool batched(const lan_net_plan *plan, lan_var node) {
  lan_shape s = plan->net->nodes.data[node].shape;
  return s.rank > 0 && s.dims[0] == LAN_BATCH;
}

static lan_shape shape_on(const lan_net_plan *plan, lan_var node, uint32_t rows) {
  lan_shape s = plan->net->nodes.data[node].shape;
  if (s.rank > 0 && s.dims[0] == LAN_BATCH) s.dims[0] = rows;
  return s;
}

static uint32_t first_row(const lan_net_plan *plan, uint32_t shard) {
  return (uint32_t)((uint64_t)plan->options.batch * shard / plan->n_shards);
}

static void describe_run(lan_net_plan *plan, const plan_step *step, uint32_t shard, net_run *run) {
  run->shard = shard;
  run->n_shards = plan->n_shards;
  run->first_row = first_row(plan, shard);
  run->rows = first_row(plan, shard + 1) - run->first_row;
  run->all_rows = plan->options.batch;
  run->clock = &plan->clock;
  run->members = 1;
  run->n_nodes = step->n_nodes;
  run->n_in = step->n_in;
  memcpy(run->nodes, step->nodes, sizeof run->nodes);
  memcpy(run->add, step->add, sizeof run->add);
  for (size_t k = 0; k < step->n_in; k++) {
    const plan_value *in = &plan->values.data[step->in[k]];
    run->in_shape[k] = shape_on(plan, in->node, run->rows);
    run->wants[k] = step->backward && in->learns;
  }
  run->out_shape = shape_on(plan, plan->values.data[step->out].node, run->rows);
  run->batched = batched(plan, plan->values.data[step->out].node);
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static lan_status describe_runs(lan_net_plan *plan, lan_error *err) {
  size_t n = plan->steps.len;
  plan->runs = lan_alloc_zeroed(plan->n_shards * n, sizeof *plan->runs);
  if (!plan->runs) return lan_fail_memory(err, plan->n_shards * n * sizeof *plan->runs);
  for (uint32_t s = 0; s < plan->n_shards; s++) {
    for (size_t i = 0; i < n; i++) {
      plan_step *step = &plan->steps.data[i];
      net_run *run = &plan->runs[s * n + i];
      describe_run(plan, step, s, run);
      lan_status status = step->kernel->prepare ? step->kernel->prepare(run, err) : LAN_OK;
      if (status != LAN_OK) return status;
      net_sizes sizes = {0};
      if (step->kernel->sizes) step->kernel->sizes(run, &sizes);
      step->sizes.saved = larger(step->sizes.saved, net_aligned(sizes.saved));
      step->sizes.scratch = larger(step->sizes.scratch, net_aligned(sizes.scratch));
      step->sizes.shared = larger(step->sizes.shared, net_aligned(sizes.shared));
    }
  }
  return LAN_OK;
}

/* ---- places ---- */

typedef struct buffer {
  size_t bytes, offset;
  uint32_t born, dies;
  size_t *to; /* where the offset is told */
} buffer;

typedef VEC(buffer) buffers;

static int larger_first(const void *a, const void *b) {
  const buffer *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
  if (x->born != y->born) return x->born < y->born ? -1 : 1;
  return x->dies < y->dies ? -1 : x->dies > y->dies;
}

static int lower_first(const void *a, const void *b) {
  const buffer *const *x = a, *const *y = b;
  return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

/* The lowest gap that is free all the while; `busy` are those placed before, by offset. */
static size_t lowest_gap(const buffer *b, const buffer **busy, size_t n_busy) {
  size_t at = 0;
  for (size_t i = 0; i < n_busy; i++) {
    if (busy[i]->born > b->dies || b->born > busy[i]->dies) continue;
    if (busy[i]->offset >= at + b->bytes) return at;
    at = larger(at, busy[i]->offset + busy[i]->bytes);
  }
  return at;
}

/* Greedy by size (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net
 * inference", section 4): the largest first, each at the lowest place. Returns the bytes in all. */
static lan_status place(buffers *all, size_t *total, lan_error *err) {
  const buffer **busy = lan_alloc_array(all->len, sizeof(const buffer *));
  if (!busy) return lan_fail_memory(err, all->len * sizeof(const buffer *));
  if (all->len) qsort(all->data, all->len, sizeof *all->data, larger_first);
  *total = 0;
  for (size_t i = 0; i < all->len; i++) {
    buffer *b = &all->data[i];
    b->offset = lowest_gap(b, busy, i);
    *b->to = b->offset;
    *total = larger(*total, b->offset + b->bytes);
    busy[i] = b;
    qsort(busy, i + 1, sizeof(const buffer *), lower_first);
  }
  free(busy);
  return LAN_OK;
}

static bool collect(lan_net_plan *plan, buffers *all) {
  uint32_t n = (uint32_t)plan->steps.len;
  for (size_t i = 0; i < plan->values.len; i++) {
    plan_value *v = &plan->values.data[i];
    lan_shape shape = plan->net->nodes.data[v->node].shape;
    size_t bytes = net_aligned(net_shape_count(shape, plan->rows) * sizeof(float));
    if (v->home == HOME_ARENA && !VEC_PUSH(all, (buffer){bytes, 0, v->born, v->dies, &v->offset})) {
      return false;
    }
    bool gradient = v->learns && v->step != NET_NOWHERE && i != plan->loss;
    if (gradient &&
        !VEC_PUSH(all, (buffer){bytes, 0, v->grad_born, v->grad_dies, &v->grad_offset})) {
      return false;
    }
  }
  for (uint32_t t = 0; t < n; t++) {
    plan_step *step = &plan->steps.data[t];
    uint32_t dies = step->backward ? 2 * n - 1 - t : t;
    if (step->sizes.saved &&
        !VEC_PUSH(all, (buffer){step->sizes.saved, 0, t, dies, &step->saved_offset})) {
      return false;
    }
  }
  return true;
}

static void count_common(lan_net_plan *plan) {
  for (size_t i = 0; i < plan->steps.len; i++) {
    plan_step *step = &plan->steps.data[i];
    plan->scratch_bytes = larger(plan->scratch_bytes, step->sizes.scratch);
    step->shared_offset = plan->shared_bytes;
    plan->shared_bytes += step->sizes.shared;
  }
  for (size_t i = 0; i < plan->net->parameters.len; i++) {
    plan->gradient_at[i] = plan->gradient_floats;
    plan->gradient_floats +=
        net_aligned(plan->net->parameters.data[i].count * sizeof(float)) / sizeof(float);
  }
  if (!plan->options.training) plan->gradient_floats = 0;
}

/* Zeroed memory whose address is a multiple of 64. */
static void *lines(lan_net_plan *plan, size_t n, size_t bytes) {
  if (bytes == 0) bytes = 64;
  if (n > SIZE_MAX / 2 / bytes) return NULL;
  void *p = aligned_alloc(64, n * bytes);
  if (p) memset(p, 0, n * bytes);
  plan->bytes += n * bytes;
  return p;
}

/* Whole-batch arrays; of what has no batch each shard writes its own, and the first is shown. */
static lan_status give_homes(lan_net_plan *plan, lan_error *err) {
  for (size_t i = 0; i < plan->values.len; i++) {
    plan_value *v = &plan->values.data[i];
    const net_node *node = &plan->net->nodes.data[v->node];
    if (v->home == HOME_ARENA) continue;
    if (v->home == HOME_PARAMETER) {
      v->base = plan->net->parameters.data[node->number].values;
      continue;
    }
    size_t copies = v->home == HOME_OUTPUT && !batched(plan, v->node) ? plan->n_shards : 1;
    size_t bytes = net_aligned(net_shape_count(node->shape, plan->options.batch) * sizeof(float));
    v->base = lines(plan, copies, bytes);
    if (!v->base) return lan_fail_memory(err, copies * bytes);
    if (v->home == HOME_INPUT && v->learns) {
      copies = batched(plan, v->node) ? 1 : plan->n_shards;
      v->grad_base = lines(plan, copies, bytes);
      if (!v->grad_base) return lan_fail_memory(err, bytes);
    }
  }
  return LAN_OK;
}

/* Where a shard's part of a whole-batch array begins. */
static float *part(const lan_net_plan *plan, const plan_value *v, float *base, uint32_t shard,
                   bool copied) {
  lan_shape shape = plan->net->nodes.data[v->node].shape;
  if (batched(plan, v->node)) return base + first_row(plan, shard) * net_shape_count(shape, 1);
  if (!copied) return base;
  return base + shard * net_aligned(net_shape_count(shape, 1) * sizeof(float)) / sizeof(float);
}

static char *shard_arena(const lan_net_plan *plan, uint32_t shard) {
  return plan->arena + shard * (plan->arena_bytes + plan->scratch_bytes);
}

float *plan_value_at(const lan_net_plan *plan, uint32_t value, uint32_t shard) {
  const plan_value *v = &plan->values.data[value];
  if (v->home == HOME_ARENA) return (float *)(void *)(shard_arena(plan, shard) + v->offset);
  return part(plan, v, v->base, shard, v->home == HOME_OUTPUT);
}

float *plan_gradient_at(const lan_net_plan *plan, uint32_t value, uint32_t shard) {
  const plan_value *v = &plan->values.data[value];
  if (value == plan->loss) return (float *)&plan->one; /* read alone: nothing adds to it */
  if (!v->learns) return NULL;
  if (v->home == HOME_PARAMETER) {
    return plan_gradient(plan, shard, plan->net->nodes.data[v->node].number);
  }
  if (v->home == HOME_INPUT) return part(plan, v, v->grad_base, shard, true);
  return (float *)(void *)(shard_arena(plan, shard) + v->grad_offset);
}

static void point(lan_net_plan *plan) {
  size_t n = plan->steps.len;
  for (uint32_t s = 0; s < plan->n_shards; s++) {
    for (size_t i = 0; i < n; i++) {
      const plan_step *step = &plan->steps.data[i];
      net_run *run = &plan->runs[s * n + i];
      for (size_t k = 0; k < step->n_in; k++) {
        run->in[k] = plan_value_at(plan, step->in[k], s);
        run->din[k] = step->backward ? plan_gradient_at(plan, step->in[k], s) : NULL;
      }
      run->out = plan_value_at(plan, step->out, s);
      run->dout = step->backward ? plan_gradient_at(plan, step->out, s) : NULL;
      run->saved = step->sizes.saved ? shard_arena(plan, s) + step->saved_offset : NULL;
      run->scratch = step->sizes.scratch ? shard_arena(plan, s) + plan->arena_bytes : NULL;
      run->shared = step->sizes.shared ? plan->shared + step->shared_offset : NULL;
    }
  }
}

lan_status plan_lay_out(lan_net_plan *plan, lan_error *err) {
  find_times(plan);
  lan_status status = find_additions(plan, err);
  if (status == LAN_OK) status = describe_runs(plan, err);
  if (status != LAN_OK) return status;
  buffers all = {0};
  status = collect(plan, &all) ? place(&all, &plan->arena_bytes, err) : lan_fail_memory(err, 0);
  VEC_FREE(&all);
  if (status != LAN_OK) return status;
  count_common(plan);
  plan->arena = lines(plan, plan->n_shards, plan->arena_bytes + plan->scratch_bytes);
  plan->shared = lines(plan, 1, plan->shared_bytes);
  plan->gradients = lines(plan, plan->n_shards, plan->gradient_floats * sizeof(float));
  if (!plan->arena || !plan->shared || !plan->gradients) return lan_fail_memory(err, plan->bytes);
  status = give_homes(plan, err);
  if (status == LAN_OK) point(plan);
  return status;
}
