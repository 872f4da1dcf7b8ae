/* A vault of a few notes in the test's own folder. */
#ifndef LIB_SMALL_VAULT_H
#define LIB_SMALL_VAULT_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lantoa/memory.h"
#include "lib/scratch.h"

static inline void write_note(void **state, const char *name, const char *text) {
  char path[1100];
  snprintf(path, sizeof path, "%s/vault", (const char *)*state);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/vault/%s", (const char *)*state, name);
  scratch_write(path, text, strlen(text));
}

static inline lan_memory *open_vault(void **state) {
  static char vault[1100], data[1100];
  snprintf(vault, sizeof vault, "%s/vault", (const char *)*state);
  snprintf(data, sizeof data, "%s/data", (const char *)*state);
  lan_memory_options o = {.no_cache = 1, .data_dir = data, .n_threads = 1};
  lan_memory *m = NULL;
  lan_error err = {0};
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

#endif
