/* Descriptions of models; the first byte chooses the example's size. What can be read is a net of at most a
 * million parameters. */
#include "fuzz.h"
#include "net/net_internal.h"
#include "train/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint32_t sides[] = {1, 8, 28, 33};
  lan_net *net;
  lan_error err = {0};
  lan_var y = LAN_NONE;
  if (size < 1) return 0;
  uint32_t side = sides[data[0] % 4];
  FUZZ_CHECK(lan_net_new(1, &net, &err) == LAN_OK);
  net->values_most = 1000000;
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 3, side, side));
  lan_status s = describe_build(net, (lan_str){(const char *)data + 1, size - 1}, x, 10, &y, &err);
  FUZZ_CHECK(s == LAN_OK ? y >= 0 : err.message[0] != '\0');
  if (s == LAN_OK) FUZZ_CHECK(lan_net_shape(net, y).rank <= LAN_MAX_RANK);
  lan_net_free(net);
  return 0;
}
