#include "net/fast/level.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(level)                            \
  extern const lanes16_kernels lanes16_##level;   \
  extern const winograd_kernels winograd_##level; \
  extern const direct_kernels direct_##level
DECLARE(avx512);
DECLARE(avx2);

static bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}

/* The best first; the last is none. */
static const struct {
  fast_level level;
  bool (*has)(void);
} levels[] = {{{"avx512", &lanes16_avx512, &winograd_avx512, &direct_avx512}, has_avx512},
              {{"avx2", &lanes16_avx2, &winograd_avx2, &direct_avx2}, has_avx2},
              {{"none", NULL, NULL, NULL}, NULL}};

static _Atomic(const fast_level *) now;

static const fast_level *best(const char *most) {
  size_t n = sizeof levels / sizeof *levels, i = 0;
  for (size_t k = 0; most && k < n; k++) {
    if (strcmp(levels[k].level.name, most) == 0) i = k;
  }
  while (levels[i].has && !levels[i].has()) i++;
  return &levels[i].level;
}

void fast_choose(const char *most) { atomic_store(&now, best(most)); }

const fast_level *fast_now(void) {
  const fast_level *level = atomic_load_explicit(&now, memory_order_acquire);
  if (!level) {
    level = best(getenv("LANTOA_CPU"));
    atomic_store(&now, level);
  }
  return level->lanes ? level : NULL;
}
