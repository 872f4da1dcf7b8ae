#include "train/schedule.h"

#include <math.h>

#define PI 3.14159265358979323846

/* From `a` to `b` along half a cosine, p from 0 to 1. */
static double half_cosine(double a, double b, double p) {
  return b + (a - b) / 2 * (1 + cos(PI * p));
}

/* As PyTorch's OneCycleLR with div_factor 25, final_div_factor 1e4, and pct_start * steps = `rising`. */
static double one_cycle(double rate, double rising, double step, double steps) {
  double top = rising - 1, last = steps - 1, low = rate / 25;
  if (top > 0 && step <= top) return half_cosine(low, rate, step / top);
  if (last <= top) return rate;
  if (top < 0) top = 0;
  return half_cosine(rate, low / 1e4, (step - top) / (last - top));
}

double schedule_rate(lan_schedule_kind kind, double rate, uint64_t warmup, uint64_t step,
                     uint64_t steps) {
  if (kind == LAN_ONE_CYCLE) {
    double rising = warmup ? (double)warmup : 0.3 * (double)steps;
    return one_cycle(rate, rising, (double)step, (double)steps);
  }
  if (step < warmup) return rate * (double)(step + 1) / (double)warmup;
  double done = steps > warmup ? (double)(step - warmup) / (double)(steps - warmup) : 0;
  switch (kind) {
    case LAN_COSINE: return half_cosine(rate, 0, done);
    case LAN_STEPS: return done < 0.5 ? rate : done < 0.75 ? rate / 10 : rate / 100;
    case LAN_ONE_CYCLE:
    case LAN_PLATEAU:
    case LAN_CONSTANT: break;
  }
  return rate;
}
