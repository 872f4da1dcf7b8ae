/* Several threads on one shard, so that the prediction of a single row is quicker: they go through the steps
 * together, wait for each other after each, and share the work of those kernels that can be split. Each value is
 * computed as one thread would, so that results are the same. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "net/plan.h"

/* Floating-point operations of kernels that can be split below which it is quicker alone; some 50 us, about
 * what it takes to wake a thread. */
#define LEAST_WORK 1e7

static double work_of(const lan_net_plan *plan) {
  double work = 0;
  for (size_t i = 0; i < plan->steps.len; i++) {
    const plan_step *step = &plan->steps.data[i];
    const net_run *run = &plan->runs[i];
    const net_op *op = step->nodes[0]->op;
    if (!step->kernel->splits || !op->flops) continue;
    work += op->flops(run->in_shape, run->out_shape);
  }
  return work;
}

static lan_status make_runs(lan_net_plan *plan, lan_error *err) {
  size_t n = plan->steps.len, bytes = plan->scratch_bytes;
  plan->team_runs = lan_alloc_array(plan->team * n, sizeof *plan->team_runs);
  plan->team_scratch = aligned_alloc(64, plan->team * bytes + 64);
  if (!plan->team_runs || !plan->team_scratch) return lan_fail_memory(err, plan->team * bytes);
  plan->bytes += plan->team * bytes + 64;
  for (uint32_t m = 0; m < plan->team; m++) {
    net_run *runs = plan->team_runs + m * n;
    memcpy(runs, plan->runs, n * sizeof *runs);
    for (size_t i = 0; i < n; i++) {
      runs[i].member = m;
      runs[i].members = plan->team;
      if (runs[i].scratch) runs[i].scratch = plan->team_scratch + m * bytes;
    }
  }
  return LAN_OK;
}

lan_status plan_make_team(lan_net_plan *plan, size_t threads, lan_error *err) {
  plan->team = 1;
  if (plan->options.training || plan->n_shards > 1 || threads < 2) return LAN_OK;
  if (work_of(plan) < LEAST_WORK) return LAN_OK;
  plan->team = threads < LAN_BARRIER_MOST ? (uint32_t)threads : LAN_BARRIER_MOST;
  lan_status status = make_runs(plan, err);
  if (status == LAN_OK) status = lan_pool_new(plan->team, &plan->pool, err);
  return status;
}

static void run_member(void *ctx, size_t member, size_t worker) {
  (void)worker;
  lan_net_plan *plan = ctx;
  const plan_program *p = &plan->forward;
  for (size_t i = 0; i < p->calls.len; i++) {
    plan_call call = p->calls.data[i];
    const net_kernel *kernel = plan->steps.data[call.step].kernel;
    bool next = i + 1 < p->calls.len && plan->steps.data[p->calls.data[i + 1].step].kernel->splits;
    if (kernel->splits || member == 0) {
      kernel->forward(&plan->team_runs[member * plan->steps.len + call.step], call.phase);
    }
    if (kernel->splits || next) lan_barrier_wait(&plan->barrier, (unsigned)member, plan->team);
  }
}

/* The pool has as many threads as there are members, so that each takes one of them. */
void plan_forward_as_team(lan_net_plan *plan) {
  lan_pool_run(plan->pool, plan->team, run_member, plan);
}
