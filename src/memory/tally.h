/* How often each note was opened, left and at hand, up to a time. A note is at hand when a note that links to it is
 * left: what is chosen then is chosen before all else that is linked there. */
#ifndef MEMORY_TALLY_H
#define MEMORY_TALLY_H

#include "lantoa/graph.h"
#include "memory/habits.h"

typedef struct tally { /* zero-initialise */
  uint32_t n_notes;
  uint32_t revision; /* of the habits that were counted */
  size_t counted;    /* opens of by_time that are in it */
  uint32_t *opened;  /* by note, from another note */
  uint32_t *left;    /* by note, for another one */
  uint32_t *at_hand; /* by note */
} tally;

/* Counts the opens before `now_ms`. Costs as much as there are opens and links of the notes left since the time of
 * the call before, and all of them where that was later. */
lan_status tally_until(tally *t, const habits *h, const lan_graph *g, uint32_t n_notes,
                       int64_t now_ms, lan_error *err);
void tally_free(tally *t);

/* How often it is opened where it is at hand; `TALLY_UNKNOWN` of a note of which nothing is known. */
double tally_chosen(const tally *t, uint32_t note);
#define TALLY_UNKNOWN 0.025

#endif
