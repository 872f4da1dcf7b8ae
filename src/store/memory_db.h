/* memory.db: what the user taught the memory. Precious: WAL mode with synchronous=FULL, a commit
 * before an acknowledgement, migrations step by step inside one transaction, never deleted or put
 * aside by the program: a damaged file is an error that names it and says how to restore (`lantoa
 * import`). */
#ifndef STORE_MEMORY_DB_H
#define STORE_MEMORY_DB_H

#include "base/str.h"
#include "lantoa/status.h"

typedef struct memory_db memory_db;

/* Opens or makes it, and migrates it to this version's schema. LAN_ECORRUPT: damaged; LAN_EFORMAT:
 * made by a newer version, or not a memory of Lantoa's. */
lan_status memory_db_open(const char *path, memory_db **db, lan_error *err);
void memory_db_close(memory_db *db);

/* The schema's version, as PRAGMA user_version. */
lan_status memory_db_version(memory_db *db, int *version, lan_error *err);

typedef struct memory_db_counts {
  uint64_t opens, feedbacks, weights;
} memory_db_counts;
lan_status memory_db_count(memory_db *db, memory_db_counts *counts, lan_error *err);

#endif
