#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#ifdef __linux__
#include <sys/mman.h>
#endif

static bool product(size_t n, size_t size, size_t *bytes) {
  if (size != 0 && n > SIZE_MAX / size) return false;
  *bytes = n * size;
  if (*bytes == 0) *bytes = 1;
  return true;
}

void *lan_alloc_array(size_t n, size_t size) {
  size_t bytes;
  return product(n, size, &bytes) ? malloc(bytes) : NULL;
}

void *lan_alloc_zeroed(size_t n, size_t size) {
  size_t bytes;
  return product(n, size, &bytes) ? calloc(1, bytes) : NULL;
}

void *lan_realloc_array(void *p, size_t n, size_t size) {
  size_t bytes;
  return product(n, size, &bytes) ? realloc(p, bytes) : NULL;
}

enum { HUGE_PAGE = 2 << 20 };

void *lan_alloc_huge(size_t n, size_t size) {
  if (size != 0 && n > (SIZE_MAX - HUGE_PAGE) / size) return NULL;
  if (n * size < HUGE_PAGE) return lan_alloc_array(n, size);
  size_t bytes = (n * size / HUGE_PAGE + 1) * HUGE_PAGE;
  void *p = aligned_alloc(HUGE_PAGE, bytes);
#ifdef __linux__
  if (p) madvise(p, bytes, MADV_HUGEPAGE); /* a hint: nothing is lost if it is refused */
#endif
  return p;
}

bool vec_reserve(void **data, size_t *cap, size_t len, size_t extra, size_t size) {
  if (extra <= *cap - len) return true;
  if (extra > SIZE_MAX - len) return false;
  size_t want = len + extra, grown = *cap + *cap / 2;
  if (grown < 8) grown = 8;
  if (grown < want) grown = want;
  void *p = lan_realloc_array(*data, grown, size);
  if (!p) return false;
  *data = p;
  *cap = grown;
  return true;
}

/* ---- arena ---- */

enum { ARENA_FIRST = 4096, ARENA_MOST = 1 << 20 };

typedef struct arena_block {
  struct arena_block *older;
  size_t size; /* of the bytes that follow */
  _Alignas(max_align_t) char bytes[];
} arena_block;

static bool arena_grow(lan_arena *arena, size_t need) {
  size_t size = arena->blocks ? arena->blocks->size * 2 : ARENA_FIRST;
  if (size > ARENA_MOST) size = ARENA_MOST;
  if (size < need) size = need;
  if (size > SIZE_MAX - sizeof(arena_block)) return false;
  arena_block *b = malloc(sizeof *b + size);
  if (!b) return false;
  b->older = arena->blocks;
  b->size = size;
  arena->blocks = b;
  arena->next = b->bytes;
  arena->left = size;
  return true;
}

void *lan_arena_alloc(lan_arena *arena, size_t n, size_t size) {
  size_t bytes;
  if (!product(n, size, &bytes) || bytes > SIZE_MAX - 15) return NULL;
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > arena->left && !arena_grow(arena, bytes)) return NULL;
  char *p = arena->next;
  arena->next += bytes;
  arena->left -= bytes;
  return p;
}

char *lan_arena_copy(lan_arena *arena, const char *bytes, size_t len) {
  if (len == SIZE_MAX) return NULL;
  char *p = lan_arena_alloc(arena, len + 1, 1);
  if (!p) return NULL;
  if (len) memcpy(p, bytes, len);
  p[len] = '\0';
  return p;
}

/* Keeps the newest block: it is the largest, so that reuse settles on one block. */
void lan_arena_reset(lan_arena *arena) {
  arena_block *keep = arena->blocks;
  if (!keep) return;
  for (arena_block *b = keep->older, *older; b; b = older) {
    older = b->older;
    free(b);
  }
  keep->older = NULL;
  arena->next = keep->bytes;
  arena->left = keep->size;
}

void lan_arena_free(lan_arena *arena) {
  lan_arena_reset(arena);
  free(arena->blocks);
  *arena = (lan_arena){0};
}
