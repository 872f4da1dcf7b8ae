/* Messages of the Model Context Protocol, to a memory of three notes. Each answer is one line of JSON. After '2' stand the
 * lines of three headers first. */
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

static lan_str take_line(lan_str *text) {
  const char *end = text->len ? memchr(text->ptr, '\n', text->len) : NULL;
  lan_str line = {text->ptr, end ? (size_t)(end - text->ptr) : text->len};
  size_t taken = line.len + (end != NULL);
  *text = (lan_str){text->ptr + taken, text->len - taken};
  return line.len ? line : (lan_str){NULL, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mcp m = {memory(), size > 0 && data[0] == '1', false};
  lan_buf out = {0};
  size_t skip = size > 0;
  bool with_headers = size > 0 && data[0] == '2';
  lan_str text = {(const char *)data + skip, size - skip};
  mcp_headers headers = {0};
  if (with_headers) {
    headers.version = take_line(&text);
    headers.method = take_line(&text);
    headers.name = take_line(&text);
  }
  int status = mcp_answer(&m, text.ptr, text.len, with_headers ? &headers : NULL, &out);
  FUZZ_CHECK(!out.failed && (status == 202) == (out.len == 0));
  if (out.len) {
    json_t *answer = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(status == 200 || json_object_get(answer, "error"));
    FUZZ_CHECK(json_is_object(answer) && memchr(out.data, '\n', out.len) == out.data + out.len - 1);
    json_decref(answer);
  }
  lan_buf_free(&out);
  return 0;
}
