/* Questions that a vault asks itself, to learn recall from where nobody has asked any: a heading or first sentence of a
 * note is the question, the note is what is wanted, and those words are taken out of it. */
#ifndef MEMORY_PSEUDO_H
#define MEMORY_PSEUDO_H

#include "memory/question_learn.h"

/* Appends examples: at most `most` notes, and at most a quarter of all, each asked for once, in a vault without what is
 * asked. `seed` chooses them. What asks nothing that the title does not say is left out, as are very short and very
 * long questions. */
lan_status pseudo_gather(lan_memory *m, uint64_t seed, size_t most, question_examples *out,
                         lan_error *err);

#endif
