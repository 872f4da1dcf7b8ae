/* Pictures: the last byte chooses what is wished for. Whatever comes of it is a picture of the size that it
 * says, or a refusal. */
#include <string.h>

#include "fuzz.h"
#include "image/picture.h"
#include "image/resize.h"

static void check(const picture *p, const picture_wish *wish) {
  static uint8_t planes[3 * 9 * 7];
  static resizer r;
  uint64_t sum = 0;
  FUZZ_CHECK(p->width > 0 && p->height > 0 && (p->channels == 1 || p->channels == 3));
  FUZZ_CHECK(wish->channels == 0 || p->channels == wish->channels);
  FUZZ_CHECK((uint64_t)p->width * p->height <= wish->pixels);
  for (size_t i = 0; i < (size_t)p->width * p->height * p->channels; i++) sum += p->pixels[i];
  FUZZ_CHECK(picture_fit(p, sum % 2 ? PICTURE_FIT_COVER : PICTURE_FIT_SQUASH, 3, 7, 9, &r, planes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  picture p;
  lan_error err;
  unsigned choice = size ? data[size - 1] : 0;
  picture_wish wish = {.width = choice % 4 * 8,
                       .height = choice / 4 % 4 * 8,
                       .channels = choice / 16 % 3 == 2 ? 3 : choice / 16 % 3,
                       .pixels = 1 << 20};
  lan_status s = picture_decode(data, size, "input", &wish, &p, &err);
  if (s == LAN_OK) {
    check(&p, &wish);
    picture_free(&p);
  } else {
    FUZZ_CHECK(s == LAN_EFORMAT || s == LAN_ELIMIT || s == LAN_ENOMEM);
    FUZZ_CHECK(strncmp(err.message, "input ", 6) == 0 || s == LAN_ENOMEM);
  }
  return 0;
}
