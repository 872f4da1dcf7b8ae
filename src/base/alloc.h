/* Allocation with overflow-checked sizes, and arenas for what lives and dies together. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* n * size bytes, or NULL when the product overflows or memory is short. n * size == 0 gives a
 * non-NULL pointer that may be freed. */
void *lan_alloc_array(size_t n, size_t size);
void *lan_alloc_zeroed(size_t n, size_t size);
/* Grows or shrinks; NULL on failure leaves `p` as it was. */
void *lan_realloc_array(void *p, size_t n, size_t size);

/* The same in huge pages where the system has them: for large arrays that are read here and there, which
 * would miss the page table's cache else. Freed with free(). */
void *lan_alloc_huge(size_t n, size_t size);

/* An arena: allocations are freed all at once. Zero-initialise before first use. Not thread-safe.
 */
typedef struct lan_arena {
  struct arena_block *blocks;
  char *next;
  size_t left;
} lan_arena;

/* Memory aligned for any type, or NULL. */
void *lan_arena_alloc(lan_arena *arena, size_t n, size_t size);
/* A NUL-terminated copy of `len` bytes, or NULL. */
char *lan_arena_copy(lan_arena *arena, const char *bytes, size_t len);
/* Keeps the largest block for reuse; all pointers into the arena die. */
void lan_arena_reset(lan_arena *arena);
void lan_arena_free(lan_arena *arena);

#endif
