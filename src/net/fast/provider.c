#include <string.h>

#include "net/fast/fast.h"
#include "net/fast/level.h"

static bool offer(const net_chain *chain, net_offer *out) {
  static const struct {
    const char *kind;
    bool (*offer)(const net_chain *chain, net_offer *offer);
  } kinds[] = {{"conv2d", fast_offer_conv},
               {"dense", fast_offer_dense},
               {"reshape", fast_offer_dense},
               {"max_pool", fast_offer_pool},
               {"global_pool", fast_offer_pool}};
  if (!fast_now()) return false;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(chain->nodes[0]->op->kind, kinds[i].kind) == 0) {
      return kinds[i].offer(chain, out);
    }
  }
  return false;
}

const net_provider fast_provider = {.name = "fast", .offer = offer};
