/* What base/ asks of an operating system, where there is none: one thread, and the host's clock. */
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "wasm/host.h"

size_t lan_cpu_count(void) { return 1; }

lan_status lan_pool_new(size_t n_threads, lan_pool **pool, lan_error *err) {
  (void)n_threads;
  (void)err;
  *pool = NULL; /* a loop */
  return LAN_OK;
}

void lan_pool_free(lan_pool *pool) { (void)pool; }

size_t lan_pool_size(const lan_pool *pool) {
  (void)pool;
  return 1;
}

void lan_pool_run(lan_pool *pool, size_t n, void (*task)(void *ctx, size_t i, size_t worker),
                  void *ctx) {
  (void)pool;
  for (size_t i = 0; i < n; i++) task(ctx, i, 0);
}

/* There are no files: what reads them (net/safetensors.c) reads bytes here. */
lan_status lan_file_read_part(const lan_file *f, uint64_t offset, void *out, size_t len,
                              const char *shown, lan_error *err) {
  (void)f;
  (void)offset;
  (void)out;
  (void)len;
  return lan_fail(err, LAN_EIO, "%s: there are no files here", shown);
}

void lan_file_close(lan_file *f) { (void)f; }

int64_t lan_clock_unix_ms(void) { return (int64_t)host_now(); }
uint64_t lan_clock_ns(void) { return (uint64_t)(host_now() * 1e6); }

int getentropy(void *to, size_t n) {
  host_random(to, n);
  return 0;
}
