/* A classifier of numbers that the program holds itself: is a point inside of a circle or outside?
 *
 *      cc ring.c $(pkg-config --cflags --libs lantoa) -o ring
 *      ./ring
 */
#include <stdio.h>
#include <stdlib.h>

#include "lantoa/train.h"

enum { POINTS = 1000 };

static const char *const classes[] = {"inside", "outside"};
static float points[POINTS][2];
static uint32_t labels[POINTS];

static float between(float low, float high) {
  return low + (high - low) * (float)rand() / (float)RAND_MAX;
}

static void draw_points(void) {
  srand(1);
  for (int i = 0; i < POINTS; i++) {
    float x = points[i][0] = between(-1, 1), y = points[i][1] = between(-1, 1);
    labels[i] = x * x + y * y > 0.5F;
  }
}

int main(void) {
  lan_error err = {0};
  lan_model *model = NULL;
  lan_evaluation e;
  float p[2];
  const float middle[2] = {0.1F, -0.2F}, corner[2] = {-0.9F, 0.8F};
  lan_examples examples = {
      LAN_SHAPE(2), POINTS, &points[0][0], labels, sizeof classes / sizeof *classes, classes};
  lan_train_options options = {.epochs = 40, .batch = 32, .validation = 0.1, .seed = 1};
  draw_points();
  if (lan_train_examples(&examples, &options, &model, &err) != LAN_OK ||
      lan_model_evaluate_examples(model, &examples, 0, &e, &err) != LAN_OK) {
    fprintf(stderr, "ring: %s\n", err.message);
    lan_model_free(model);
    return 1;
  }
  printf("%zu of %zu right\n", e.n_right, e.n_examples);
  free(e.confusion);
  if (lan_model_predict_of(model, middle, p, &err) == LAN_OK) printf("middle: inside %.3f\n", p[0]);
  if (lan_model_predict_of(model, corner, p, &err) == LAN_OK) printf("corner: inside %.3f\n", p[0]);
  lan_model_free(model);
  return 0;
}
