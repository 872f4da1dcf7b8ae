#include "store/sql.h"

#include <string.h>

#include "base/error.h"

enum {
  BUSY_MS =
      2000 /* the longest commit, of the index of a vault of 100,000 notes, takes half of it */
};

static lan_status status_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return LAN_OK;
    case SQLITE_NOMEM: return LAN_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return LAN_EBUSY;
    case SQLITE_TOOBIG: return LAN_ELIMIT;
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_NOMEM) return LAN_ENOMEM;
      return code == SQLITE_IOERR_SHORT_READ ? LAN_ECORRUPT : LAN_EIO;
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return LAN_EIO;
    default: return LAN_ECORRUPT; /* our statements are right, so it is the file that is not */
  }
}

lan_status sql_check(sqlite3 *db, int code, const sql_kind *kind, const char *path,
                     lan_error *err) {
  lan_status s = status_of(code);
  if (s == LAN_OK) return s;
  if (s == LAN_ENOMEM) return lan_fail_memory(err, 0);
  const char *message = db && sqlite3_errcode(db) == code ? sqlite3_errmsg(db) : NULL;
  int system_error = db ? sqlite3_system_errno(db) : 0;
  if (!message) message = sqlite3_errstr(code);
  if (s == LAN_EIO && system_error) {
    return lan_fail(err, s, "%s %s: %s (%s)", kind->what, path, message, strerror(system_error));
  }
  return lan_fail(err, s, "%s %s: %s", kind->what, path, message);
}

lan_status sql_exec(sqlite3 *db, const char *statements, const sql_kind *kind, const char *path,
                    lan_error *err) {
  return sql_check(db, sqlite3_exec(db, statements, NULL, NULL, NULL), kind, path, err);
}

lan_status sql_number(sqlite3 *db, const char *query, const sql_kind *kind, const char *path,
                      int64_t *number, lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(db, query, -1, &st, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(st);
  lan_status s = sql_check(db, code, kind, path, err);
  if (s == LAN_OK) *number = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
  sqlite3_finalize(st);
  return s;
}

lan_status sql_schema(sqlite3 *db, const sql_kind *kind, const char *path, lan_buf *out,
                      lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(
      db, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid", -1, &st, NULL);
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(st);
    if (code != SQLITE_ROW) break;
    const void *text = sqlite3_column_text(st, 0);
    lan_buf_add(out, text, text ? (size_t)sqlite3_column_bytes(st, 0) : 0);
    lan_buf_add_char(out, ';');
  }
  lan_status s = sql_check(db, code, kind, path, err);
  if (s == LAN_OK && out->failed) s = lan_fail_memory(err, 0);
  sqlite3_finalize(st);
  return s;
}

/* Nothing that a crafted file brings along is run. */
static int distrust(sqlite3 *db) {
  static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                            SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DDL,
                            SQLITE_DBCONFIG_DQS_DML};
  int code = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  for (size_t i = 0; code == SQLITE_OK && i < sizeof off / sizeof *off; i++) {
    code = sqlite3_db_config(db, off[i], 0, NULL);
  }
  return code;
}

lan_status sql_connect(const sql_kind *kind, const char *name, int flags, const char *path,
                       sqlite3 **out, lan_error *err) {
  sqlite3 *db = NULL;
  int code = sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  if (code == SQLITE_OK) code = sqlite3_busy_timeout(db, SQL_BUSY_MS);
  if (code == SQLITE_OK) code = sqlite3_exec(db, kind->settings, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = distrust(db); /* after the settings: some of them would be refused */
  lan_status s = sql_check(db, code, kind, path, err);
  if (s == LAN_OK) {
    *out = db;
  } else {
    sqlite3_close(db);
  }
  return s;
}

lan_status sql_open_new(const sql_kind *kind, const char *path, sqlite3 **db, lan_error *err) {
  return sql_connect(kind, path, SQLITE_OPEN_READWRITE, path, db, err);
}

lan_status sql_open_immutable(const sql_kind *kind, const char *path, sqlite3 **db,
                              lan_error *err) {
  lan_buf name = {0};
  lan_buf_add_str(&name, "file:");
  for (const char *p = path; *p; p++) {
    if (strchr("%?#", *p)) {
      lan_buf_printf(&name, "%%%02X", (unsigned)(unsigned char)*p);
    } else {
      lan_buf_add_char(&name, *p);
    }
  }
  lan_buf_add_str(&name, "?immutable=1");
  lan_status s = name.failed ? lan_fail_memory(err, 0) : LAN_OK;
  if (s == LAN_OK) {
    s = sql_connect(kind, name.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, path, db, err);
  }
  lan_buf_free(&name);
  return s;
}
