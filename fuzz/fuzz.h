/* The one function of a fuzz target: libFuzzer calls it, or fuzz/driver.c. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks that hold in every build. */
#define FUZZ_CHECK(holds)           \
  do {                              \
    if (!(holds)) __builtin_trap(); \
  } while (0)

#endif
