/* Single examples: made ready as those of training were, and what the model takes them for. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "image/augment.h"
#include "image/picture.h"
#include "train/model.h"

/* A picture's file, by its path or (bytes not NULL) as bytes. */
typedef struct source {
  const char *path; /* or what it is called in messages */
  const void *bytes;
  size_t len;
} source;

static lan_status make_example(const lan_model *m, const source *from, float *x, lan_error *err) {
  const lan_model_info *i = &m->info;
  if (!model_sees_pictures(m)) {
    return lan_fail(err, LAN_EINVAL, "%s: this model was trained on a table, not on pictures",
                    from->path);
  }
  picture p = {0};
  resizer r = {0};
  uint8_t *planes = lan_alloc_array((size_t)i->channels * i->height, i->width);
  if (!planes) return lan_fail_memory(err, 0);
  picture_wish wish = {.width = i->width, .height = i->height, .channels = i->channels};
  lan_status status = from->bytes
                          ? picture_decode(from->bytes, from->len, from->path, &wish, &p, err)
                          : picture_read(from->path, &wish, &p, err);
  if (status == LAN_OK &&
      !picture_fit(&p, PICTURE_FIT_COVER, i->channels, i->height, i->width, &r, planes)) {
    status = lan_fail_memory(err, 0);
  }
  if (status == LAN_OK) {
    planes_normalise(planes, (planes_shape){i->channels, i->height, i->width}, m->mean, m->std, x);
  }
  resizer_free(&r);
  picture_free(&p);
  free(planes);
  return status;
}

lan_status lan_model_example(const lan_model *m, const char *path, float *x, lan_error *err) {
  return make_example(m, &(source){path, NULL, 0}, x, err);
}

void lan_model_example_of(const lan_model *m, const float *numbers, float *x) {
  size_t plane = (size_t)m->info.height * m->info.width;
  for (size_t c = 0; c < m->info.channels; c++) {
    for (size_t i = c * plane; i < (c + 1) * plane; i++) {
      x[i] = (numbers[i] - m->mean[c]) / m->std[c];
    }
  }
}

static lan_status ready_for_one(lan_model *m, lan_error *err) {
  if (m->one) return LAN_OK;
  lan_net_plan_options options = {.batch = 1, .threads = 1};
  return lan_net_plan_new(m->net, &options, &m->one, err);
}

static void predict(lan_model *m, float *probabilities) {
  lan_net_forward(m->one, NULL);
  memcpy(probabilities, lan_net_plan_output(m->one, "y"),
         m->info.n_classes * sizeof *probabilities);
}

static lan_status predict_source(lan_model *m, const source *from, float *probabilities,
                                 lan_error *err) {
  lan_status status = ready_for_one(m, err);
  if (status == LAN_OK) status = make_example(m, from, lan_net_plan_input(m->one, "x"), err);
  if (status == LAN_OK) predict(m, probabilities);
  return status;
}

lan_status lan_model_predict(lan_model *m, const char *path, float *probabilities, lan_error *err) {
  return predict_source(m, &(source){path, NULL, 0}, probabilities, err);
}

lan_status lan_model_predict_bytes(lan_model *m, const void *bytes, size_t len, const char *shown,
                                   float *probabilities, lan_error *err) {
  return predict_source(m, &(source){shown, bytes, len}, probabilities, err);
}

lan_status lan_model_predict_of(lan_model *m, const float *numbers, float *probabilities,
                                lan_error *err) {
  lan_status status = ready_for_one(m, err);
  if (status != LAN_OK) return status;
  lan_model_example_of(m, numbers, lan_net_plan_input(m->one, "x"));
  predict(m, probabilities);
  return LAN_OK;
}
