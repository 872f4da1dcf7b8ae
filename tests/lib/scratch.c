#include "lib/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void insist(bool holds, const char *what) {
  if (holds) return;
  perror(what);
  abort();
}

int scratch_setup(void **state) {
  const char *tmp = getenv("TMPDIR");
  char path[4096];
  snprintf(path, sizeof path, "%s/lantoa-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
  insist(mkdtemp(path) != NULL, path);
  *state = strdup(path);
  return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st, (void)kind, (void)at;
  return remove(path);
}

int scratch_teardown(void **state) {
  int failed = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return failed;
}

const char *scratch_path(void **state, const char *name) {
  static char paths[8][4096];
  static unsigned next;
  char *p = paths[next++ % 8];
  snprintf(p, sizeof paths[0], "%s/%s", (const char *)*state, name);
  return p;
}

void scratch_write(const char *path, const void *bytes, size_t len) {
  FILE *f = fopen(path, "wb");
  insist(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0, path);
}

unsigned char *scratch_read(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  insist(f && fseek(f, 0, SEEK_END) == 0, path);
  *len = (size_t)ftell(f);
  rewind(f);
  unsigned char *bytes = malloc(*len + 1);
  insist(bytes && fread(bytes, 1, *len, f) == *len, path);
  fclose(f);
  return bytes;
}

size_t scratch_count(const char *folder) {
  DIR *d = opendir(folder);
  insist(d != NULL, folder);
  size_t n = 0;
  while (readdir(d)) n++;
  closedir(d);
  return n - 2;
}

uint64_t scratch_random(uint64_t *seed) {
  uint64_t x = *seed += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void scratch_fill(void *bytes, size_t len, uint64_t seed) {
  unsigned char *p = bytes;
  for (size_t i = 0; i < len; i += 8) {
    uint64_t x = scratch_random(&seed);
    memcpy(p + i, &x, len - i < 8 ? len - i : 8);
  }
}

int scratch_fork(int (*body)(void *ctx), void *ctx) {
  fflush(NULL);
  int pid = fork();
  insist(pid >= 0, "fork");
  if (pid == 0) _exit(body(ctx));
  return pid;
}

int scratch_wait(int pid) {
  int status = 0;
  insist(waitpid(pid, &status, 0) == pid, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool scratch_drop_root(void) {
  if (geteuid() != 0) return true;
  return setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0;
}
