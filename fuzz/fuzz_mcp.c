/* Messages of the Model Context Protocol, to a memory of three notes. Each answer is one line of JSON. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "serve/mcp.h"

static char folder[] = "/tmp/lantoa-fuzz-XXXXXX";

static void write_note(const char *name, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  FUZZ_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void remove_all(void) {
  static const char *const names[] = {"a.md", "b.md", "c.md", ""};
  for (size_t i = 0; i < 4; i++) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    remove(path);
  }
}

static lan_memory *memory(void) {
  static lan_memory *m;
  lan_memory_options o = {.no_cache = 1, .data_dir = "/dev/null/nowhere", .n_threads = 1};
  if (m) return m;
  FUZZ_CHECK(mkdtemp(folder));
  atexit(remove_all);
  write_note("a.md", "To [[b]] and [[c]]. tea");
  write_note("b.md", "To [[a]]. rain");
  write_note("c.md", "Tea and rain.");
  FUZZ_CHECK(lan_memory_open(folder, &o, &m, NULL) == LAN_OK);
  return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mcp m = {memory(), size > 0 && data[0] == '1', false};
  lan_buf out = {0};
  size_t skip = size > 0;
  int code = mcp_answer(&m, (const char *)data + skip, size - skip, NULL, &out);
  FUZZ_CHECK(!out.failed);
  if (out.len) {
    json_t *answer = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK((code != 0) == (json_object_get(answer, "error") != NULL));
    FUZZ_CHECK(json_is_object(answer) && memchr(out.data, '\n', out.len) == out.data + out.len - 1);
    json_decref(answer);
  }
  lan_buf_free(&out);
  return 0;
}
