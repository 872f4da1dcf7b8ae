/* An example as the command line gives it: a picture's path, or a row of numbers for a model of tables. */
#ifndef CLI_EXAMPLE_H
#define CLI_EXAMPLE_H

#include "lantoa/train.h"

/* Numbers "5.1,3.5,-1.4" for a model of tables, as many as it has columns; set apart by commas, semicolons
 * or blanks. */
lan_status example_numbers(const lan_model_info *info, const char *text, float *out,
                           lan_error *err);

/* Of a table: the examples are columns x 1 x 1. */
static inline int example_is_row(const lan_model_info *info) {
  return info->height == 1 && info->width == 1;
}

/* Makes `word` ready for input "x" of the model's net: channels x height x width floats. */
lan_status example_load(const lan_model *model, const char *word, float *x, lan_error *err);

/* The class called `label`, or LAN_ENOTFOUND with the one that was meant, if any is near. */
lan_status example_class(const lan_model_info *info, const char *label, uint32_t *out,
                         lan_error *err);

#endif
