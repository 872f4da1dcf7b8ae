/* Learns digits from MNIST's files (or whatever has their names and format), and says how well.
 *
 *      cc mnist.c $(pkg-config --cflags --libs lantoa) -o mnist
 *      ./mnist /usr/share/datasets/fashion-mnist digits.safetensors
 */
#include <stdio.h>
#include <stdlib.h>

#include "lantoa/train.h"

static int on_progress(void *ctx, const lan_epoch *e) {
  (void)ctx;
  if (e->ended)
    printf("epoch %u: loss %.4f, held back %.2f %% right\n", e->epoch, e->loss,
           100 * e->validation_accuracy);
  return 0;
}

int main(int argc, char **argv) {
  lan_error err = {0};
  lan_model *model = NULL;
  lan_evaluation e;
  lan_train_options options = {.model = "lenet",
                               .epochs = 5,
                               .shift = 2,
                               .validation = 0.1,
                               .seed = 1,
                               .progress = on_progress};
  if (argc != 3) return puts("usage: mnist FOLDER MODEL"), 2;
  lan_status status = lan_train(argv[1], &options, &model, &err);
  if (status == LAN_OK) status = lan_model_evaluate(model, argv[1], 0, &e, &err);
  if (status == LAN_OK) {
    printf("%zu of %zu right\n", e.n_right, e.n_examples);
    free(e.confusion);
    status = lan_model_save(model, argv[2], &err);
  }
  lan_model_free(model);
  if (status != LAN_OK) fprintf(stderr, "%s\n", err.message);
  return status != LAN_OK;
}
