/* Writes the page's files as C: gen_page FILE ... > page_tables.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *type_of(const char *name) {
  const char *dot = strrchr(name, '.');
  if (dot && strcmp(dot, ".html") == 0) return "text/html; charset=utf-8";
  if (dot && strcmp(dot, ".css") == 0) return "text/css; charset=utf-8";
  if (dot && strcmp(dot, ".js") == 0) return "text/javascript; charset=utf-8";
  if (dot && strcmp(dot, ".svg") == 0) return "image/svg+xml";
  fprintf(stderr, "gen_page: what is %s?\n", name);
  exit(1);
}

static const char *base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void write_bytes(const char *path, int number) {
  FILE *f = fopen(path, "rb");
  int c, n = 0;
  if (!f) {
    perror(path);
    exit(1);
  }
  printf("static const unsigned char page_%d[] = {", number);
  for (; (c = getc(f)) != EOF; n++) printf("%s%d,", n % 24 ? "" : "\n", c);
  printf("\n};\n");
  fclose(f);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) write_bytes(argv[i], i);
  printf("static const page_file PAGE[] = {\n");
  for (int i = 1; i < argc; i++) {
    const char *name = base_of(argv[i]);
    const char *shown = strcmp(name, "index.html") == 0 ? "" : name;
    printf("    {\"/%s\", \"%s\", page_%d, sizeof page_%d},\n", shown, type_of(name), i, i);
  }
  printf("};\n");
  return 0;
}
