/* The heads of HTTP requests: what is read lies within them, and a query's values decode without a NUL byte. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "serve/http_head.h"

static void inside(lan_str part, const char *bytes, size_t size) {
  FUZZ_CHECK(!part.ptr || (part.ptr >= bytes && part.ptr + part.len <= bytes + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  /* A copy of its own, so that reading past its end is seen. */
  char *bytes = malloc(size ? size : 1);
  FUZZ_CHECK(bytes);
  if (size) memcpy(bytes, data, size);
  http_head head;
  const char *why = NULL;
  int status = http_head_read((lan_str){bytes, size}, &head, &why);
  FUZZ_CHECK(status == 0 || (status >= 400 && status < 600 && why));
  if (status == 0) {
    FUZZ_CHECK(head.path.len > 0 && head.path.ptr[0] == '/' && head.fields[HTTP_HOST].ptr);
    inside(head.method, bytes, size);
    inside(head.path, bytes, size);
    inside(head.query, bytes, size);
    for (int f = 0; f < HTTP_FIELDS; f++) inside(head.fields[f], bytes, size);
    lan_buf value = {0};
    if (http_query_get(head.query, "q", &value)) {
      FUZZ_CHECK(value.failed || value.len == 0 || memchr(value.data, 0, value.len) == NULL);
    }
    lan_buf_free(&value);
  }
  free(bytes);
  return 0;
}
