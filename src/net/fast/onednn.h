/* oneDNN as it is used here: products of matrices on one thread. */
#ifndef NET_FAST_ONEDNN_H
#define NET_FAST_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>

/* c (m, n) = a b, or += with `add`; a (m, k), or (k, m) if `a_turned`; b (k, n), or (n, k) if `b_turned`. */
void fast_product(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a,
                  const float *b, bool add, float *c);

#endif
