/* How long a training step (forward, backward, update) or one prediction takes.
 *
 *     bench_net MODEL BATCH train|predict [THREADS [SECONDS [EXAMPLES]]]
 *
 * MODEL is mlp (784-256-10), lenet (LeNet-5 with ReLU and max pooling on 28 x 28) or resnet20 (He et al. 2015,
 * section 4.2, with projections). Of EXAMPLES, a file of floats as this machine has them, each
 * run takes the next; without it all take the same random numbers. Prints the median and the least time in
 * milliseconds, and the process's peak memory in MB; with SECONDS = 0 what the plan consists of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "lantoa/net.h"

static void give_up(const lan_error *err) {
  fprintf(stderr, "bench_net: %s\n", err->message);
  exit(1);
}

/* ---- models ---- */

static lan_var mlp(lan_net *net, uint32_t shape[3]) {
  memcpy(shape, (uint32_t[]){1, 28, 28}, 3 * sizeof *shape);
  lan_var x = lan_net_flatten(net, lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 1, 28, 28)));
  return lan_net_dense(net, lan_net_relu(net, lan_net_dense(net, x, 256)), 10);
}

static lan_var lenet(lan_net *net, uint32_t shape[3]) {
  memcpy(shape, (uint32_t[]){1, 28, 28}, 3 * sizeof *shape);
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 1, 28, 28));
  x = lan_net_relu(net, lan_net_conv2d(net, x, 6, 5, &(lan_conv_options){.padding = 2}));
  x = lan_net_max_pool(net, x, 2, 2, 0);
  x = lan_net_relu(net, lan_net_conv2d(net, x, 16, 5, NULL));
  x = lan_net_flatten(net, lan_net_max_pool(net, x, 2, 2, 0));
  x = lan_net_relu(net, lan_net_dense(net, x, 120));
  return lan_net_dense(net, lan_net_relu(net, lan_net_dense(net, x, 84)), 10);
}

static lan_var conv_norm(lan_net *net, lan_var x, uint32_t filters, uint32_t size,
                         uint32_t stride) {
  lan_conv_options o = {.stride = stride, .padding = size / 2, .no_bias = 1};
  return lan_net_batch_norm(net, lan_net_conv2d(net, x, filters, size, &o));
}

static lan_var resnet20(lan_net *net, uint32_t shape[3]) {
  memcpy(shape, (uint32_t[]){3, 32, 32}, 3 * sizeof *shape);
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 3, 32, 32));
  x = lan_net_relu(net, conv_norm(net, x, 16, 3, 1));
  for (uint32_t filters = 16; filters <= 64; filters *= 2) {
    for (uint32_t block = 0; block < 3; block++) {
      uint32_t stride = filters > 16 && block == 0 ? 2 : 1;
      lan_var y = lan_net_relu(net, conv_norm(net, x, filters, 3, stride));
      y = conv_norm(net, y, filters, 3, 1);
      x = lan_net_relu(net,
                       lan_net_add(net, y, stride == 2 ? conv_norm(net, x, filters, 1, 2) : x));
    }
  }
  return lan_net_dense(net, lan_net_global_pool(net, x), 10);
}

/* What predicts has no loss. */
static lan_net *build(const char *name, int training, uint32_t shape[3]) {
  static const struct {
    const char *name;
    lan_var (*build)(lan_net *net, uint32_t shape[3]);
  } models[] = {{"mlp", mlp}, {"lenet", lenet}, {"resnet20", resnet20}};
  lan_net *net;
  lan_error err;
  if (lan_net_new(1, &net, &err) != LAN_OK) give_up(&err);
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    if (strcmp(models[i].name, name) != 0) continue;
    lan_var y = models[i].build(net, shape);
    lan_net_output(net, "y", y);
    if (!training) return net;
    lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 10));
    lan_net_loss(net, lan_net_cross_entropy(net, y, t, 0));
    return net;
  }
  fprintf(stderr, "bench_net: there is no model '%s' (mlp, lenet, resnet20)\n", name);
  exit(2);
}

/* ---- measuring ---- */

typedef struct examples {
  float *x; /* n times `each` */
  size_t n, each;
} examples;

static examples make_examples(const char *path, size_t each) {
  examples e = {.n = 1, .each = each};
  if (path) {
    lan_buf bytes = {0};
    lan_error err;
    if (lan_file_read(path, 1U << 30, &bytes, &err) != LAN_OK) give_up(&err);
    e.x = (float *)(void *)bytes.data;
    e.n = bytes.len / (each * sizeof *e.x);
  } else {
    uint32_t state = 1;
    e.x = malloc(each * sizeof *e.x);
    for (size_t i = 0; e.x && i < each; i++) {
      state = state * 1664525 + 1013904223;
      e.x[i] = (float)(state >> 8) * 0x1p-23F - 1;
    }
  }
  if (!e.x || e.n == 0) {
    fprintf(stderr, "bench_net: there are no examples\n");
    exit(1);
  }
  return e;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void show(const lan_net_plan *plan) {
  const char *layer, *kernel;
  for (size_t i = 0; (kernel = lan_net_plan_kernel(plan, i, &layer)); i++) {
    printf("%-16s %s\n", layer, kernel);
  }
  printf("%.1f MB\n", (double)lan_net_plan_bytes(plan) / 1e6);
}

static void measure(lan_net_plan *plan, lan_optimizer *optimizer, const examples *e,
                    double seconds) {
  enum { MOST = 100000, WARM = 5 };
  double *ms = malloc(MOST * sizeof *ms), loss;
  float *x = lan_net_plan_input(plan, "x");
  size_t n = 0;
  uint64_t end = 0;
  for (size_t i = 0; n < MOST && ms && (i <= WARM || lan_clock_ns() < end); i++) {
    uint64_t start = lan_clock_ns();
    if (i == WARM) end = start + (uint64_t)(seconds * 1e9);
    memcpy(x, e->x + i % e->n * e->each, e->each * sizeof *x);
    lan_net_forward(plan, &loss);
    if (optimizer) {
      lan_net_backward(plan);
      lan_optimizer_step(optimizer, 0.01F, 0);
    }
    if (i >= WARM) ms[n++] = (double)(lan_clock_ns() - start) / 1e6;
  }
  if (!ms) exit(1);
  qsort(ms, n, sizeof *ms, by_value);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%.5f %.5f %.1f\n", ms[n / 2], ms[0], (double)usage.ru_maxrss / 1024);
  free(ms);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(
        stderr,
        "usage: bench_net mlp|lenet|resnet20 BATCH train|predict [THREADS [SECONDS [EXAMPLES]]]\n");
    return 2;
  }
  uint32_t shape[3], batch = (uint32_t)atoi(argv[2]);
  int training = strcmp(argv[3], "train") == 0;
  double seconds = argc > 5 ? atof(argv[5]) : 2;
  lan_net *net = build(argv[1], training, shape);
  lan_net_plan_options options = {
      .batch = batch, .training = training, .threads = argc > 4 ? (uint32_t)atoi(argv[4]) : 2};
  lan_net_plan *plan;
  lan_optimizer *optimizer = NULL;
  lan_error err;
  if (lan_net_plan_new(net, &options, &plan, &err) != LAN_OK) give_up(&err);
  lan_optimizer_options sgd = {.kind = LAN_SGD, .rate = 0.01F, .momentum = 0.9F};
  if (training && lan_optimizer_new(plan, &sgd, &optimizer, &err) != LAN_OK) give_up(&err);
  float *t = lan_net_plan_input(plan, "t");
  for (uint32_t i = 0; t && i < batch; i++) t[i * 10 + i % 10] = 1;
  if (seconds > 0) {
    examples e =
        make_examples(argc > 6 ? argv[6] : NULL, (size_t)batch * shape[0] * shape[1] * shape[2]);
    measure(plan, optimizer, &e, seconds);
    free(e.x);
  } else {
    show(plan);
  }
  lan_optimizer_free(optimizer);
  lan_net_plan_free(plan);
  lan_net_free(net);
  return 0;
}
