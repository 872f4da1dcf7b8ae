/* While building: files' bytes as C arrays: gen_bytes NAME FILE [NAME FILE ...] */
#include <stdio.h>

static int write_array(const char *name, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    perror(path);
    return 1;
  }
  printf("static const unsigned char %s[] = {", name);
  for (int c, n = 0; (c = getc(f)) != EOF; n++) printf("%s%d,", n % 24 ? "" : "\n", c);
  printf("\n};\n");
  int failed = ferror(f);
  return fclose(f) != 0 || failed;
}

int main(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (write_array(argv[i], argv[i + 1]) != 0) return 1;
  }
  return argc > 1 && argc % 2 ? 0 : 1;
}
