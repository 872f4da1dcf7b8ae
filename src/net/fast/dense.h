/* Dense layers: dense.c, and dense_few.c for few rows in inference. */
#ifndef NET_FAST_DENSE_H
#define NET_FAST_DENSE_H

#include "net/op.h"

enum { DENSE_X, DENSE_W, DENSE_B }; /* inputs */
/* Up to so many rows weights are read as they are needed; more rows are multiplied all at once. */
enum { DENSE_FEW_ROWS = 4 };

typedef struct dense_view {
  size_t rows, units, features;
  bool relu;
  const float *bias; /* NULL: none */
} dense_view;

dense_view dense_look(const net_run *run);
/* One row after the other, the weights as they are. */
void dense_rows(const net_run *run);

/* Whether weights of inputs that are 0 are left out: in inference, with few rows. */
bool dense_few_pays(size_t rows, size_t units, size_t features);
lan_status dense_few_prepare(net_run *run, lan_error *err);
void dense_few_release(void *state);
void dense_few_sizes(const net_run *run, net_sizes *sizes);
void dense_few_refresh(const net_run *run);
void dense_few_forward(const net_run *run, uint32_t phase);

#endif
