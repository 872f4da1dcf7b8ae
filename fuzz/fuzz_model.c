/* Model files, whole: what opens can be written again. */
#include <stdio.h>

#include "fuzz.h"
#include "net/safetensors.h"
#include "train/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  safetensors *st;
  lan_error err = {0};
  lan_model *m = NULL;
  model_file f;
  if (safetensors_open_bytes(data, size, "bytes", &st, &err) != LAN_OK) {
    FUZZ_CHECK(err.message[0]);
    return 0;
  }
  lan_status s = model_open_from(st, "bytes", &m, &err);
  safetensors_close(st);
  if (s != LAN_OK) {
    FUZZ_CHECK(err.message[0]);
    return 0;
  }
  FUZZ_CHECK(lan_model_describe(m)->n_classes >= 2);
  FUZZ_CHECK(model_file_begin(m, 1, &f, &err) == LAN_OK);
  model_file_end(&f);
  lan_model_free(m);
  return 0;
}
