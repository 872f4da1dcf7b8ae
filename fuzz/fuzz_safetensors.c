/* Model files: whatever is opened can be asked and read. */
#include <stdlib.h>

#include "fuzz.h"
#include "net/safetensors.h"

static void read_tensor(const safetensors *st, const safetensors_tensor *t, size_t file_size) {
  FUZZ_CHECK(t->n_bytes <= file_size && t->offset <= file_size - t->n_bytes);
  void *out = malloc(t->n_elements ? (size_t)t->n_elements * 8 : 1);
  if (!out) return;
  lan_status floats = safetensors_read_floats(st, t, out, NULL);
  lan_status bytes = safetensors_read_bytes(st, t, out, NULL);
  lan_status integers = safetensors_read_integers(st, t, out, NULL);
  FUZZ_CHECK((floats == LAN_OK) + (bytes == LAN_OK) + (integers == LAN_OK) ==
             (t->type != SAFETENSORS_OTHER));
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  safetensors *st = NULL;
  lan_error err;
  if (safetensors_open_bytes(data, size, "input", &st, &err) != LAN_OK) {
    FUZZ_CHECK(!st && err.message[0]);
    return 0;
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < safetensors_count(st); i++) {
    const safetensors_tensor *t = safetensors_at(st, i);
    FUZZ_CHECK(safetensors_find(st, t->name) == t);
    read_tensor(st, t, size);
    sum += t->n_bytes;
  }
  FUZZ_CHECK(sum < size);
  safetensors_metadata(st, "model");
  safetensors_close(st);
  return 0;
}
