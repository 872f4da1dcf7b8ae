/* The typical program: what does a note call to mind, and why?
 *
 *      cc related.c $(pkg-config --cflags --libs lantoa) -o related
 *      ./related ~/notes "cà phê"
 */
#include <stdio.h>

#include "lantoa/memory.h"

static int complain(const lan_error *err) {
  fprintf(stderr, "related: %s\n", err->message);
  return 1;
}

int main(int argc, char **argv) {
  lan_memory *memory;
  lan_error err;
  uint32_t note;
  const lan_result *results;
  size_t n;
  if (argc != 3) {
    fprintf(stderr, "usage: related VAULT NOTE\n");
    return 2;
  }
  if (lan_memory_open(argv[1], NULL, &memory, &err) != LAN_OK) return complain(&err);
  if (lan_memory_find(memory, argv[2], &note, &err) != LAN_OK ||
      lan_memory_related(memory, note, NULL, &results, &n, &err) != LAN_OK) {
    lan_memory_close(memory);
    return complain(&err);
  }
  for (size_t i = 0; i < n; i++) {
    const lan_why *why;
    printf("%6.3f  %s\n", results[i].score, lan_memory_note(memory, results[i].note).path);
    if (lan_memory_why(memory, i, &why, &err) == LAN_OK) printf("        %s\n", why->reason);
  }
  lan_memory_close(memory);
  return 0;
}
