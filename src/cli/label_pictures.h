/* Labelling the vault's pictures by a model. */
#ifndef CLI_LABEL_PICTURES_H
#define CLI_LABEL_PICTURES_H

#include "cli/session.h"

typedef struct labelled_pictures {
  size_t all, now,
      broken; /* that there are; that were looked at now; of these, that cannot be read */
} labelled_pictures;

/* Looks at the pictures that the model at `model` has not seen as they are. What was done stays if it is stopped
 * (LAN_ECANCELED). */
lan_status label_pictures(session *s, const char *model, labelled_pictures *done, lan_error *err);

#endif
