/* idx files: the input is the file of images, two bytes of its length before it, and the file of labels. */
#include "fuzz.h"
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  size_t images = (size_t)data[0] | (size_t)data[1] << 8;
  data += 2;
  size -= 2;
  if (images > size) images = size;
  fuzz_data_write("/a-images-idx3", data, images);
  fuzz_data_write("/a-labels-idx1", data + images, size - images);
  fuzz_data_open("/a-images-idx3", NULL);
  return 0;
}
