#include "cli/example.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cli/nearest.h"

lan_status example_numbers(const lan_model_info *info, const char *text, float *out,
                           lan_error *err) {
  static const char between[] = ",; \t";
  uint32_t n = 0, most = info->channels;
  for (const char *at = text + strspn(text, " \t"); *at;) {
    char *end;
    double v = strtod(at, &end);
    bool whole = end != at && (*end == '\0' || strchr(between, *end));
    if (!whole || !isfinite(v) || fabs(v) > 3e38) {
      return lan_fail(err, LAN_EINVAL,
                      "'%.40s' is no number; a row for this model is %u of them, as 5.1,3.5,-1.4",
                      at, most);
    }
    if (n < most) out[n] = (float)v;
    n++;
    at = end + strspn(end, " \t");
    if (*at == ',' || *at == ';') at += 1 + strspn(at + 1, " \t");
  }
  if (n == most) return LAN_OK;
  return lan_fail(err, LAN_EINVAL, "'%.40s' holds %u numbers; a row for this model has %u", text, n,
                  most);
}

lan_status example_load(const lan_model *model, const char *word, float *x, lan_error *err) {
  const lan_model_info *info = lan_model_describe(model);
  if (!example_is_row(info)) return lan_model_example(model, word, x, err);
  float *row = lan_alloc_array(info->channels, sizeof *row);
  if (!row) return lan_fail_memory(err, info->channels * sizeof *row);
  lan_status status = example_numbers(info, word, row, err);
  if (status == LAN_OK) lan_model_example_of(model, row, x);
  free(row);
  return status;
}

lan_status example_class(const lan_model_info *info, const char *label, uint32_t *out,
                         lan_error *err) {
  for (uint32_t i = 0; i < info->n_classes; i++) {
    if (strcmp(info->classes[i], label) == 0) {
      *out = i;
      return LAN_OK;
    }
  }
  const char *near = nearest(label, info->classes, info->n_classes);
  return lan_fail(err, LAN_EINVAL, "the model knows no class '%.80s'%s%.80s%s", label,
                  near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
