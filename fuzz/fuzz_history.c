/* Logs of trainings: what is kept is a log that reads the same again. */
#include "fuzz.h"
#include "net/history.h"

static const char *const columns[] = {"loss", "accuracy"};

static lan_status parse(const uint8_t *data, size_t n, uint32_t keep, size_t *kept, history **h) {
  return history_parse((const char *)data, n, "input", columns, 2, keep, kept, h, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  history *h, *again;
  size_t kept, kept_again;
  uint32_t keep = size % 3 ? UINT32_MAX : 2;
  if (parse(data, size, keep, &kept, &h) != LAN_OK) return 0;
  FUZZ_CHECK(kept <= size && (kept == 0 || data[kept - 1] == '\n'));
  FUZZ_CHECK(parse(data, kept, UINT32_MAX, &kept_again, &again) == LAN_OK);
  FUZZ_CHECK(kept_again == kept && history_rows(again) == history_rows(h));
  for (size_t i = 0; i < history_rows(h); i++) {
    FUZZ_CHECK(history_epochs(h)[i] <= keep && history_epochs(again)[i] == history_epochs(h)[i]);
  }
  history_close(h);
  history_close(again);
  return 0;
}
