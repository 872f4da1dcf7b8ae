/* oneDNN as it is used here: convolutions on one thread, and products of matrices. All that knows its
 * C API, which changes between major versions, is in onednn.c (version 2). */
#ifndef NET_FAST_ONEDNN_H
#define NET_FAST_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

/* oneDNN runs as many threads as OpenMP says, at making and at running; shards have one each. Around
 * each use: int was = fast_begin(); ... fast_end(was); */
int fast_begin(void);
void fast_end(int was);

typedef enum fast_way { FAST_FORWARD, FAST_BACK_DATA, FAST_BACK_WEIGHTS } fast_way;

typedef struct fast_conv_spec {
  uint32_t rows, channels, height, width;
  uint32_t filters, out_height, out_width;
  uint32_t size, stride, padding, groups;
  bool in_blocks, out_blocks; /* NET_C16 */
  bool bias;
  bool add, relu; /* forward: y = relu(conv(x) + y) */
} fast_conv_spec;

/* A convolution in one direction; weights are in an order of its own. */
typedef struct fast_conv fast_conv;

lan_status fast_conv_new(const fast_conv_spec *spec, fast_way way, fast_conv **conv,
                         lan_error *err);
void fast_conv_free(fast_conv *conv);
const char *fast_conv_name(const fast_conv *conv); /* what oneDNN calls the implementation */
size_t fast_conv_scratch(const fast_conv *conv);   /* bytes */
size_t fast_conv_packed(const fast_conv *conv);    /* bytes of weights in its order */

/* Plain weights (filters, channels / groups, size, size) into its order; of FAST_BACK_WEIGHTS the other
 * way round, from its order to plain. */
void fast_conv_reorder(fast_conv *conv, const float *from, float *to);
/* x, w, b, y: the input, packed weights, bias and output, or their gradients; which of them are written
 * is said by the direction. `b` may be NULL where there is none. */
void fast_conv_run(fast_conv *conv, const float *x, const float *w, const float *b, const float *y,
                   void *scratch);

/* c (m, n) = a b, or += with `add`; a (m, k), or (k, m) if `a_turned`; b (k, n), or (n, k) if `b_turned`. */
void fast_product(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a,
                  const float *b, bool add, float *c);

#endif
