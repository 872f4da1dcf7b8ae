/* Layers from text, and the texts of the models that are built in. */
#ifndef TRAIN_DESCRIBE_H
#define TRAIN_DESCRIBE_H

#include "base/str.h"
#include "lantoa/net.h"

/* Adds the layers that `text` names to a net whose input is `x`; *out is the last one's value. Each
 * line is `name = kind(inputs, attribute=number)`, empty, or a comment after '#'. LAN_EFORMAT names the line. */
lan_status describe_build(lan_net *net, lan_str text, lan_var x, uint32_t n_classes, lan_var *out,
                          lan_error *err);

/* The description of a preset for examples of this shape, appended to `out`; false: there is none
 * of that name. */
bool describe_preset(const char *name, lan_shape example, lan_buf *out);

#endif
