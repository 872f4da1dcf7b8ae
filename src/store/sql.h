/* What the two databases share: opening files that may be damaged or hostile, and turning SQLite's
 * codes into ours. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct sql_kind {
  const char *what;     /* for messages: "the index cache" */
  int application_id;   /* PRAGMA application_id, which file(1) and we know it by */
  const char *settings; /* PRAGMAs of every connection; page_size counts for a new file only */
} sql_kind;

enum { SQL_BUSY_MS = 5000 }; /* how long another process's lock is waited for */

/* A connection on which nothing is run that a crafted file brings along (triggers, views). `name`
 * is the path, or a URI as `flags` say. */
lan_status sql_connect(const sql_kind *kind, const char *name, int flags, const char *path,
                       sqlite3 **db, lan_error *err);
/* An empty file that exists. */
lan_status sql_open_new(const sql_kind *kind, const char *path, sqlite3 **db, lan_error *err);
/* A file that nobody changes, read without locks. */
lan_status sql_open_immutable(const sql_kind *kind, const char *path, sqlite3 **db, lan_error *err);

/* The status that a result code of SQLite's means, with a message; LAN_OK for those of success. */
lan_status sql_check(sqlite3 *db, int code, const sql_kind *kind, const char *path, lan_error *err);

lan_status sql_exec(sqlite3 *db, const char *statements, const sql_kind *kind, const char *path,
                    lan_error *err);
/* The first column of the first row; 0 if there is none. */
lan_status sql_number(sqlite3 *db, const char *query, const sql_kind *kind, const char *path,
                      int64_t *number, lan_error *err);
/* The statements that made the tables, in the order in which they were made, each followed by ";".
 */
lan_status sql_schema(sqlite3 *db, const sql_kind *kind, const char *path, lan_buf *out,
                      lan_error *err);

#endif
