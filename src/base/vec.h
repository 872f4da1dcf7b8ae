/* Typed growable arrays: `VEC(uint32_t) ids = {0}; if (!VEC_PUSH(&ids, 7)) goto cleanup;` */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"

#define VEC(T)       \
  struct {           \
    T *data;         \
    size_t len, cap; \
  }

/* Makes room for `extra` more elements; false when memory is short (the array is as it was). */
#define VEC_RESERVE(v, extra)                \
  ((v)->cap - (v)->len >= (size_t)(extra) || \
   vec_reserve((void **)&(v)->data, &(v)->cap, (v)->len, (extra), sizeof *(v)->data))

/* Appends one element (given as an expression); false when memory is short. */
#define VEC_PUSH(v, ...) (VEC_RESERVE(v, 1) ? ((v)->data[(v)->len++] = (__VA_ARGS__), true) : false)

#define VEC_FREE(v) (free((v)->data), (v)->data = NULL, (v)->len = (v)->cap = 0)

bool vec_reserve(void **data, size_t *cap, size_t len, size_t extra, size_t size);

#endif
