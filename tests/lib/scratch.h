/* A folder of its own for each test, and damage to files. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cmocka fixtures: *state is the folder's path, without a slash at its end. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* <folder>/<name>; good until the 8th call after it. */
const char *scratch_path(void **state, const char *name);

void scratch_write(const char *path, const void *bytes, size_t len);
unsigned char *scratch_read(const char *path, size_t *len); /* malloc'ed */
size_t scratch_count(const char *folder);                   /* entries other than . and .. */

/* The same numbers in each run. */
uint64_t scratch_random(uint64_t *seed);
void scratch_fill(void *bytes, size_t len, uint64_t seed);

/* Forks; the child runs `body` and ends with its result, without cmocka's doings. */
int scratch_fork(int (*body)(void *ctx), void *ctx); /* the child's pid */
int scratch_wait(int pid);                           /* exit code, or 128 + signal */

/* In a child: gives up root's power to write everywhere. False: it cannot. */
bool scratch_drop_root(void);

#endif
