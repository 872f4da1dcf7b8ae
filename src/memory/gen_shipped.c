/* While building: a file's bytes as a C array. */
#include <stdio.h>

int main(int argc, char **argv) {
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f) return 1;
  printf("static const unsigned char SHIPPED[] = {");
  for (int c, n = 0; (c = fgetc(f)) != EOF; n++) printf("%s%d,", n % 24 ? "" : "\n", c);
  printf("\n};\n");
  return ferror(f) ? 1 : fclose(f);
}
