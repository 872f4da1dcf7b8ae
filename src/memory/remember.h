/* What events of memory.db must be, whoever tells them. */
#ifndef MEMORY_REMEMBER_H
#define MEMORY_REMEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "lantoa/memory.h"
#include "memory/habits.h"

#define REMEMBER_LAST_MS INT64_C(253402300799999) /* the end of the year 9999 */

enum { REMEMBER_EXPORT_VERSION = 1 };

bool remember_time_fits(int64_t unix_ms);

/* What memory.db remembers. */
memory_records remember_records(memory_db *db);

/* After a change: m->counts and the weights as they are now, and habits to be read again. A failure leaves the counts as
 * they were, since the change is made. */
void remember_count(lan_memory *m);

#endif
