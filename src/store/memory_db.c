#include "store/memory_db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

enum { APPLICATION_ID = 0x6c616e6d /* "lanm" */, BUSY_MS = 5000 };

struct memory_db {
  sqlite3 *sql;
  char *path;
};

/* Each step leads from the version that is its index to the next. Steps are never changed once
 * released. */
static const char *const MIGRATIONS[] = {
    /* notes are named by path: numbers are the index's, and change */
    "CREATE TABLE open (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, note BLOB NOT NULL,"
    "  origin BLOB, source TEXT NOT NULL);"
    "CREATE INDEX open_by_note ON open (note, at_ms);"
    "CREATE TABLE feedback (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, note BLOB NOT NULL,"
    "  related BLOB NOT NULL, verdict INTEGER NOT NULL CHECK (verdict IN (-1, 1)));"
    "CREATE TABLE hidden (note BLOB NOT NULL, related BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (note, related)) WITHOUT ROWID;"
    "CREATE TABLE weights (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, data BLOB NOT NULL);",
};

enum { VERSION = sizeof MIGRATIONS / sizeof *MIGRATIONS };

static lan_status fail_sql(memory_db *db, int rc, lan_error *err) {
  const char *message = db->sql ? sqlite3_errmsg(db->sql) : "no memory";
  switch (rc & 0xFF) {
    case SQLITE_NOMEM: return lan_fail_memory(err, 0);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return lan_fail(err, LAN_EBUSY, "%s is in use by another process: %s", db->path, message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return lan_fail(err, LAN_ECORRUPT,
                      "%s, which holds what the memory learnt, is damaged (%s); move it away, or "
                      "put a backup in its place",
                      db->path, message);
    default: return lan_fail(err, LAN_EIO, "%s: %s", db->path, message);
  }
}

static lan_status exec(memory_db *db, const char *sql, lan_error *err) {
  int rc = sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? LAN_OK : fail_sql(db, rc, err);
}

static lan_status number(memory_db *db, const char *sql, int64_t *out, lan_error *err) {
  sqlite3_stmt *q = NULL;
  int rc = sqlite3_prepare_v2(db->sql, sql, -1, &q, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_step(q);
  lan_status s = LAN_OK;
  if (rc == SQLITE_ROW) {
    *out = sqlite3_column_int64(q, 0);
  } else {
    s = fail_sql(db, rc, err);
  }
  sqlite3_finalize(q);
  return s;
}

static lan_status migrate(memory_db *db, lan_error *err) {
  int64_t version = 0, application = 0, tables = 0;
  lan_status s = number(db, "PRAGMA application_id", &application, err);
  if (s == LAN_OK) s = number(db, "PRAGMA user_version", &version, err);
  if (s == LAN_OK) s = number(db, "SELECT count(*) FROM sqlite_master", &tables, err);
  if (s != LAN_OK) return s;
  if (tables > 0 && application != APPLICATION_ID) {
    return lan_fail(err, LAN_EFORMAT, "%s is a database, but no memory of Lantoa's; move it away",
                    db->path);
  }
  if (version > VERSION) {
    return lan_fail(err, LAN_EFORMAT,
                    "%s was written by a newer Lantoa (version %lld); update this one", db->path,
                    (long long)version);
  }
  for (; s == LAN_OK && version < VERSION; version++) {
    char mark[96];
    s = exec(db, MIGRATIONS[version], err);
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, (int)version + 1);
    if (s == LAN_OK) s = exec(db, mark, err);
  }
  return s;
}

lan_status memory_db_open(const char *path, memory_db **out, lan_error *err) {
  memory_db *db = lan_alloc_zeroed(1, sizeof *db);
  if (!db || !(db->path = strdup(path))) {
    free(db);
    return lan_fail_memory(err, sizeof *db);
  }
  int rc = sqlite3_open_v2(path, &db->sql,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  lan_status s = rc == SQLITE_OK ? LAN_OK : fail_sql(db, rc, err);
  if (s == LAN_OK) sqlite3_busy_timeout(db->sql, BUSY_MS);
  if (s == LAN_OK) s = exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", err);
  int64_t version = 0;
  if (s == LAN_OK) s = number(db, "PRAGMA user_version", &version, err);
  if (s == LAN_OK &&
      version != VERSION) { /* looked at again inside: another process may be first */
    s = exec(db, "BEGIN IMMEDIATE", err);
    if (s == LAN_OK) s = migrate(db, err);
    if (s == LAN_OK) s = exec(db, "COMMIT", err);
    if (s != LAN_OK) sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
  }
  if (s != LAN_OK) {
    memory_db_close(db);
    return s;
  }
  *out = db;
  return LAN_OK;
}

void memory_db_close(memory_db *db) {
  if (!db) return;
  sqlite3_close(db->sql);
  free(db->path);
  free(db);
}

lan_status memory_db_version(memory_db *db, int *version, lan_error *err) {
  int64_t v = 0;
  lan_status s = number(db, "PRAGMA user_version", &v, err);
  if (s == LAN_OK) *version = (int)v;
  return s;
}

lan_status memory_db_count(memory_db *db, memory_db_counts *counts, lan_error *err) {
  int64_t opens = 0, feedbacks = 0, weights = 0;
  lan_status s = number(db, "SELECT count(*) FROM open", &opens, err);
  if (s == LAN_OK) s = number(db, "SELECT count(*) FROM feedback", &feedbacks, err);
  if (s == LAN_OK) s = number(db, "SELECT count(*) FROM weights", &weights, err);
  if (s == LAN_OK) {
    *counts = (memory_db_counts){(uint64_t)opens, (uint64_t)feedbacks, (uint64_t)weights};
  }
  return s;
}
