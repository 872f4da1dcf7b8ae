/* What is on photographs: the likeliest class of each, by a model that lantoa net train made.
 *
 *      cc photos.c $(pkg-config --cflags --libs lantoa) -o photos
 *      ./photos cats.safetensors *.jpg
 */
#include <stdio.h>
#include <stdlib.h>

#include "lantoa/train.h"

int main(int argc, char **argv) {
  lan_error err = {0};
  lan_model *model = NULL;
  if (argc < 3) return puts("usage: photos MODEL PICTURE ..."), 2;
  if (lan_model_open(argv[1], &model, &err) != LAN_OK)
    return fprintf(stderr, "%s\n", err.message), 1;
  const lan_model_info *info = lan_model_describe(model);
  float *p = malloc(info->n_classes * sizeof *p);
  int failed = p == NULL;
  for (int i = 2; i < argc && p; i++) {
    if (lan_model_predict(model, argv[i], p, &err) != LAN_OK) {
      fprintf(stderr, "%s\n", err.message); /* it names the file */
      failed = 1;
      continue;
    }
    unsigned best = 0;
    for (unsigned c = 1; c < info->n_classes; c++) best = p[c] > p[best] ? c : best;
    printf("%s: %s, %.1f %%\n", argv[i], info->classes[best], 100 * (double)p[best]);
  }
  free(p);
  lan_model_free(model);
  return failed;
}
