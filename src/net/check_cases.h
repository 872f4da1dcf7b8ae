/* Small nets that use every operation, in different shapes and with different options: what
 * lan_net_check and the tests of plans go through. */
#ifndef NET_CHECK_CASES_H
#define NET_CHECK_CASES_H

#include "net/plan.h"

/* Values for an input: differences that are taken of them must not cross the kink of a ReLU, or change
 * which value is the largest. */
typedef enum check_fill {
  CHECK_NORMAL,
  CHECK_SMALL,  /* within +-0.2 */
  CHECK_APART,  /* each at least 0.1 from each other, and 0.05 from 0 */
  CHECK_STEPS,  /* whole tenths */
  CHECK_SHARES, /* from 0 to 1 */
  CHECK_MASK,   /* 0 or 1; the last row all 0 */
  CHECK_INDICES /* 0 .. 4 */
} check_fill;

enum { CHECK_INPUTS = 9, CHECK_OPTIONS = 9 };

typedef struct check_input {
  const char *name;
  lan_var var;
  check_fill fill;
} check_input;

typedef struct check_net {
  lan_net *net;
  check_input inputs[CHECK_INPUTS];
  size_t n_inputs;
  lan_var
      y; /* what is checked; its loss is the mean squared error of "t", or itself if it is one */
  bool kinked; /* a ReLU takes computed values: parameters are such that these lie near +-1 */
  bool normed; /* by a batch norm */
} check_net;

typedef struct check_case {
  const char *kind; /* of the operation that is checked; NULL ends the list */
  const char *name;
  lan_var (*build)(check_net *c, const uint32_t *o);
  uint32_t o[CHECK_OPTIONS];
  uint32_t batch, shards; /* 0: 5 and 2 */
} check_case;

extern const check_case check_cases[];

/* Builds the case's net with its loss; `c->net` is to be freed whatever is returned. */
lan_status check_build(const check_case *which, check_net *c, lan_error *err);
/* The plan's options for it. */
lan_net_plan_options check_options(const check_case *which);
/* Fills parameters and inputs, the same each time. */
void check_fill_in(const check_net *c, lan_net_plan *plan);
/* Values of a fed input or an output of the whole batch. */
size_t check_count(const check_net *c, const check_case *which, lan_var value);

/* lan_net_check of these operations; the list ends with NULL. */
lan_status check_operations(const net_op *const *ops, const char *kind, lan_net_check_fn each,
                            void *ctx, lan_error *err);

#endif
