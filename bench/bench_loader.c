/* How long opening a data set and making its batches take. usage: bench_loader [PATH [BATCH]]; without a
 * path, of 10,000 pictures of 32 x 32 that it writes itself. Prints milliseconds a batch. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "data/loader.h"

static char folder[] = "/tmp/lantoa-bench-XXXXXX";

static bool write_file(const char *name, const void *header, size_t len, size_t n, int classes) {
  char path[100];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(header, 1, len, f) == len;
  for (size_t i = 0; ok && i < n; i++) ok = putc((int)(i * 2654435761u >> 16) % classes, f) != EOF;
  return f && fclose(f) == 0 && ok;
}

/* As idx files. */
static const char *make_set(void) {
  static char path[100];
  bool ok = mkdtemp(folder) != NULL;
  ok = ok && write_file("x-images", "\0\0\10\4\0\0\47\20\0\0\0\40\0\0\0\40\0\0\0\3", 20,
                        10000 * 32 * 32 * 3, 256);
  ok = ok && write_file("x-labels", "\0\0\10\1\0\0\47\20", 8, 10000, 10);
  snprintf(path, sizeof path, "%s/x-images", folder);
  return ok ? path : NULL;
}

static void remove_set(void) {
  char path[100];
  snprintf(path, sizeof path, "%s/x-images", folder);
  unlink(path);
  snprintf(path, sizeof path, "%s/x-labels", folder);
  unlink(path);
  rmdir(folder);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median over epochs of an epoch's time, by batch. */
static double measure(const data_set *set, loader_options o) {
  enum { EPOCHS = 5 };
  double ms[EPOCHS];
  loader *l;
  loader_batch b;
  lan_error err;
  if (loader_new(set, &o, &l, &err) != LAN_OK) {
    fprintf(stderr, "bench_loader: %s\n", err.message);
    exit(1);
  }
  for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
    uint64_t start = lan_clock_ns();
    loader_seek(l, epoch, 0, NULL);
    do {
      if (loader_take(l, &b, &err) != LAN_OK) exit(1);
    } while (b.n);
    ms[epoch] = (double)(lan_clock_ns() - start) * 1e-6 / loader_describe(l).n_batches;
  }
  loader_free(l);
  qsort(ms, EPOCHS, sizeof *ms, by_value);
  return ms[EPOCHS / 2];
}

static void measure_all(const data_set *set, uint32_t batch) {
  static const struct {
    const char *name;
    augment_options augment;
    float mixup;
  } cases[] = {{"plain", {0}, 0},
               {"flip, crop with padding", {.flip = true, .pad = 4}, 0},
               {"flip, crop, colours",
                {.flip = true, .pad = 4, .brightness = 0.4f, .contrast = 0.4f, .saturation = 0.4f},
                0},
               {"flip, resized crop", {.flip = true, .scale_from = 0.3f}, 0},
               {"flip, crop, mixup", {.flip = true, .pad = 4}, 0.2f}};
  bool table = data_describe(set)->kind == DATA_TABLE;
  printf("%-26s %10s %10s %10s\n", "ms a batch", "caller", "1 thread", "2 threads");
  for (size_t i = 0; i < (table ? 1 : sizeof cases / sizeof *cases); i++) {
    loader_options o = {
        .batch = batch, .shuffle = true, .augment = cases[i].augment, .mixup = cases[i].mixup};
    printf("%-26s", cases[i].name);
    for (o.n_threads = 0; o.n_threads <= 2; o.n_threads++) printf(" %10.3f", measure(set, o));
    printf("\n");
  }
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : make_set();
  data_set *set;
  lan_error err;
  uint64_t start = lan_clock_ns();
  lan_status s = path ? data_open(path, NULL, &set, &err) : LAN_EIO;
  if (argc < 2) remove_set();
  if (s != LAN_OK) {
    fprintf(stderr, "bench_loader: %s\n", path ? err.message : "cannot write to /tmp");
    return 1;
  }
  const data_info *i = data_describe(set);
  printf("%u training examples of %u x %u x %u opened in %.3f s, %s\n", i->count[DATA_TRAIN],
         i->channels, i->height, i->width, (double)(lan_clock_ns() - start) * 1e-9,
         i->decoded ? "in memory" : "decoded each time");
  measure_all(set, argc > 2 ? (uint32_t)atoi(argv[2]) : 128);
  data_close(set);
  return 0;
}
