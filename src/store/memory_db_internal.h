/* Shared by the files of memory.db: memory_db.c opens and migrates, memory_rows.c reads and writes. */
#ifndef STORE_MEMORY_DB_INTERNAL_H
#define STORE_MEMORY_DB_INTERNAL_H

#include <stdbool.h>

#include "store/memory_db.h"
#include "store/sql.h"

typedef enum memory_statement {
  STATEMENT_ADD_OPEN,
  STATEMENT_SET_VERDICT,
  STATEMENT_MERGE_VERDICT,
  STATEMENTS
} memory_statement;

struct memory_db {
  sqlite3 *sql;
  char *path;
  bool writable;
  sqlite3_stmt
      *prepared[STATEMENTS]; /* those that are run again and again, once they were wanted */
};

extern const sql_kind MEMORY_DB_KIND;

/* Says how to get out of it, if the status is that of a damaged file. */
lan_status memory_db_advise(const memory_db *db, lan_status s, lan_error *err);

#endif
