/* Examples that the caller holds in memory. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "data/set.h"

static lan_status check(const data_arrays *a, lan_error *err) {
  bool pictures = a->height > 1 || a->width > 1;
  if (a->n == 0) return lan_fail(err, LAN_EINVAL, "there are no examples");
  if (a->channels == 0 || a->height == 0 || a->width == 0) {
    return lan_fail(err, LAN_EINVAL, "an example of %u x %u x %u holds nothing", a->channels,
                    a->height, a->width);
  }
  if (pictures && a->channels != 1 && a->channels != 3) {
    return lan_fail(err, LAN_EINVAL, "a picture has 1 or 3 channels, not %u", a->channels);
  }
  if (a->height > DATA_SIDE_MOST || a->width > DATA_SIDE_MOST) {
    return lan_fail(err, LAN_ERANGE, "pictures are at most %d x %d", DATA_SIDE_MOST,
                    DATA_SIDE_MOST);
  }
  return LAN_OK;
}

/* The caller's order is kept, so that its labels stay what they are. */
static lan_status take_classes(data_set *set, const data_arrays *a, lan_error *err) {
  lan_status s = LAN_OK;
  if (set->classes_fixed && !a->classes && a->n_classes != set->classes.len) {
    return lan_fail(err, LAN_EINVAL, "the examples are of %u classes; the model knows %zu",
                    a->n_classes, set->classes.len);
  }
  for (uint32_t i = 0; s == LAN_OK && i < a->n_classes; i++) {
    char number[16];
    uint32_t label = i;
    snprintf(number, sizeof number, "%u", i);
    const char *name = a->classes ? a->classes[i] : number;
    if (a->classes || !set->classes_fixed) {
      s = data_class(set, lan_str_of(name), set->source, &label, err);
    }
    if (s == LAN_OK && label != i) {
      s = lan_fail(err, LAN_EINVAL, "the class '%s' is not at its place, or is given twice", name);
    }
  }
  set->classes_fixed = true;
  return s;
}

static lan_status wrong_value(size_t example, double v, lan_error *err) {
  if (!isfinite(v)) {
    return lan_fail(err, LAN_ERANGE, "example %zu holds what is no finite number", example);
  }
  return lan_fail(err, LAN_ERANGE,
                  "example %zu holds %g; a picture's values are between 0 and 1 (bytes / 255)",
                  example, v);
}

static lan_status take_planes(const float *v, size_t n, size_t example, uint8_t *out,
                              lan_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (!(v[i] >= 0 && v[i] <= 1)) return wrong_value(example, (double)v[i], err);
    out[i] = (uint8_t)(v[i] * 255 + 0.5F);
  }
  return LAN_OK;
}

static lan_status take_row(const float *v, size_t n, size_t example, float *out, lan_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(v[i])) return wrong_value(example, (double)v[i], err);
    out[i] = v[i];
  }
  return LAN_OK;
}

static lan_status take_examples(data_set *set, const data_arrays *a, lan_error *err) {
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < a->n; i++) {
    const float *v = a->values + i * set->size;
    uint32_t label = a->labels[i];
    data_member m = {.number = (uint32_t)i, .label = label, .origin = DATA_TRAIN};
    if (label >= a->n_classes) {
      return lan_fail(err, LAN_ERANGE, "example %zu has the label %u; there are %u classes", i,
                      label, a->n_classes);
    }
    m.hash = lan_hash(v, set->size * sizeof *v, label);
    s = set->pixels ? take_planes(v, set->size, i, set->pixels + i * set->size, err)
                    : take_row(v, set->size, i, set->values.data + i * set->size, err);
    if (s == LAN_OK) s = data_add(set, m, err);
  }
  return s;
}

lan_status data_read_arrays(data_set *set, const data_arrays *a, lan_error *err) {
  data_info *i = &set->info;
  lan_status s = check(a, err);
  if (s == LAN_OK) s = take_classes(set, a, err);
  if (s != LAN_OK) return s;
  i->channels = a->channels;
  i->height = a->height;
  i->width = a->width;
  i->decoded = true;
  i->kind = a->height > 1 || a->width > 1 ? DATA_IDX : DATA_TABLE;
  set->size = (size_t)a->channels * a->height * a->width;
  if (a->n > SIZE_MAX / sizeof(float) / set->size) return lan_fail_memory(err, SIZE_MAX);
  if (i->kind == DATA_IDX) {
    set->pixels = lan_alloc_huge(a->n, set->size);
  } else if (VEC_RESERVE(&set->values, a->n * set->size)) {
    set->values.len = a->n * set->size;
  }
  if (!set->pixels && set->values.len == 0) return lan_fail_memory(err, a->n * set->size);
  return take_examples(set, a, err);
}
