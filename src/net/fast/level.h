/* The files that compute (lanes16.c, winograd.c, direct.c) are compiled for several kinds of processors; which
 * of them run is decided when the program does. All lay out memory alike. */
#ifndef NET_FAST_LEVEL_H
#define NET_FAST_LEVEL_H

#include "net/fast/direct.h"
#include "net/fast/lanes16.h"
#include "net/fast/winograd.h"

typedef struct fast_level {
  const char *name; /* "avx512" */
  const lanes16_kernels *lanes;
  const winograd_kernels *winograd;
  const direct_kernels *direct;
} fast_level;

/* The best that this processor has, but none above the one that LANTOA_CPU names ("none": reference kernels
 * alone); NULL if there is none. */
const fast_level *fast_now(void);

/* For tests: as if LANTOA_CPU were `most` (NULL: not set). */
void fast_choose(const char *most);

static inline const lanes16_kernels *lanes16(void) { return fast_now()->lanes; }
static inline const winograd_kernels *winograd(void) { return fast_now()->winograd; }
static inline const direct_kernels *direct(void) { return fast_now()->direct; }

#endif
