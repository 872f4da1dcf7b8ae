/* Data sets of files that a fuzz target has written, in a folder of its own in memory. */
#ifndef FUZZ_DATA_H
#define FUZZ_DATA_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/loader.h"
#include "fuzz.h"

static char fuzz_data_folder[64];

static void fuzz_data_clean_up(void) {
  char command[100];
  snprintf(command, sizeof command, "rm -rf %s", fuzz_data_folder);
  if (system(command) != 0) perror(fuzz_data_folder);
}

static const char *fuzz_data_path(const char *name) {
  static char path[100];
  if (!fuzz_data_folder[0]) {
    snprintf(fuzz_data_folder, sizeof fuzz_data_folder, "%s/lantoa-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    FUZZ_CHECK(mkdtemp(fuzz_data_folder));
    atexit(fuzz_data_clean_up);
  }
  snprintf(path, sizeof path, "%s%s", fuzz_data_folder, name);
  return path;
}

static void fuzz_data_write(const char *name, const uint8_t *data, size_t size) {
  int fd = open(fuzz_data_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

static void fuzz_data_take(const data_set *set) {
  const data_info *i = data_describe(set);
  loader *l;
  loader_batch b;
  size_t n = (size_t)i->channels * i->height * i->width;
  uint32_t seen = 0;
  if (i->count[DATA_TRAIN] == 0) return;
  loader_options o = {.batch = 7, .shuffle = true, .mixup = 1};
  FUZZ_CHECK(loader_new(set, &o, &l, NULL) == LAN_OK);
  while (loader_take(l, &b, NULL) == LAN_OK && b.n && seen < 100) {
    for (size_t k = 0; k < b.n * n; k++) FUZZ_CHECK(b.x[k] - b.x[k] == 0); /* finite */
    for (uint32_t k = 0; k < b.n; k++) FUZZ_CHECK(b.label[k] < i->n_classes);
    seen += b.n;
  }
  loader_free(l);
}

static void fuzz_data_open(const char *name, const char *label) {
  data_set *set;
  lan_error err;
  data_options o = {.memory = 1 << 20, .validation = 0.25, .label = label};
  lan_status s = data_open(fuzz_data_path(name), &o, &set, &err);
  if (s != LAN_OK) {
    FUZZ_CHECK(err.message[0]);
    return;
  }
  const data_info *i = data_describe(set);
  FUZZ_CHECK(i->n_classes >= 2 && i->decoded);
  FUZZ_CHECK(i->count[DATA_TRAIN] + i->count[DATA_VALIDATION] + i->count[DATA_TEST] > 0);
  for (uint32_t c = 0; c < i->n_classes; c++) FUZZ_CHECK(data_find_class(set, i->classes[c]) == c);
  fuzz_data_take(set);
  data_close(set);
}

#endif
