/* Reads standard input: each line must be one JSON object without duplicate keys. Prints how many
 * there were. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char *line = NULL;
  size_t cap = 0;
  ssize_t len;
  int n = 0;
  while ((len = getline(&line, &cap, stdin)) > 0) {
    json_error_t e;
    json_t *object = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, &e);
    n++;
    if (!json_is_object(object)) {
      fprintf(stderr, "line %d is no JSON object: %s\n", n, e.text);
      return 1;
    }
    json_decref(object);
  }
  free(line);
  printf("%d\n", n);
  return 0;
}
