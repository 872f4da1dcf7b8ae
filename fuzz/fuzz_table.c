/* CSV files; the first byte chooses where the label is taken from. */
#include "fuzz.h"
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const labels[] = {NULL, "1", "kind", "2"};
  if (size < 1) return 0;
  fuzz_data_write("/a.csv", data + 1, size - 1);
  fuzz_data_open("/a.csv", labels[data[0] % 4]);
  return 0;
}
