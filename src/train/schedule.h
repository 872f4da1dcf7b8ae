/* How the learning rate changes while training goes on. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include "lantoa/train.h"

/* The rate of step `step` of `steps` in all, 0 .. steps - 1, the largest being `rate`, after so many steps of
 * warm-up (0: none; ONE_CYCLE: its usual one). PLATEAU is constant here: its cuts depend on validation. */
double schedule_rate(lan_schedule_kind kind, double rate, uint64_t warmup, uint64_t step,
                     uint64_t steps);

#endif
