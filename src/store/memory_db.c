#include "store/memory_db_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"

#define APPLICATION "1281453645" /* "LanM" */

/* A commit is on the disk before it is acknowledged. The log is folded in every 100 pages, so that whoever opens the file after
 * a process that left it has little to read. Old contents are overwritten when rows are
 * deleted: what somebody reads is private. */
const sql_kind MEMORY_DB_KIND = {"the memory", 1281453645,
                                 "PRAGMA synchronous=FULL;PRAGMA secure_delete=ON;"
                                 "PRAGMA cell_size_check=ON;PRAGMA foreign_keys=ON;"
                                 "PRAGMA journal_size_limit=1048576;"
                                 "PRAGMA wal_autocheckpoint=100"};

/* Step n leads from version n to n + 1. A step that was released is never changed: a change is a
 * new step at the end. Paths are the bytes on disk, relative to the vault; times are milliseconds
 * since 1970, UTC. */
static const char *const MIGRATIONS[] = {
    /* what was opened, coming from where ('' for nowhere), by which face ("cli", "plugin", ...) */
    "CREATE TABLE opens("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, note BLOB NOT NULL,"
    " from_note BLOB NOT NULL DEFAULT x'', source TEXT NOT NULL DEFAULT '') STRICT;"
    /* what the user said of a result: 1 it belongs, -1 it does not */
    "CREATE TABLE feedback("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, note BLOB NOT NULL,"
    " related BLOB NOT NULL, verdict INTEGER NOT NULL CHECK (verdict IN (-1, 1))) STRICT;"
    /* not to be shown for `note` again; '' as note: never */
    "CREATE TABLE hidden("
    " note BLOB NOT NULL, related BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (note, related)) STRICT, WITHOUT ROWID;"
    /* learnt weights, each a safetensors file; sum is the checksum of data */
    "CREATE TABLE weights("
    " name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, sum INTEGER NOT NULL, data BLOB NOT NULL)"
    " STRICT;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",

    /* One verdict a pair, the newest: 1 it belongs, -1 it does not, -2 it is not to be shown again, 0 what was
     * said is taken back (kept, so that an older verdict from elsewhere does not come back). */
    "CREATE TABLE verdicts("
    " note BLOB NOT NULL, related BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " verdict INTEGER NOT NULL CHECK (verdict BETWEEN -2 AND 1),"
    " PRIMARY KEY (note, related)) STRICT, WITHOUT ROWID;"
    "INSERT OR REPLACE INTO verdicts SELECT note, related, at_ms, verdict FROM feedback ORDER BY "
    "at_ms, id;"
    "INSERT OR REPLACE INTO verdicts SELECT note, related, at_ms, -2 FROM hidden;"
    "DROP TABLE feedback;"
    "DROP TABLE hidden;"
    "CREATE INDEX opens_at_ms ON opens(at_ms);",

    /* What a model took a picture of the vault for, as the file was then: lines of a probability, a tab and a label. */
    "CREATE TABLE pictures("
    " path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, model TEXT NOT NULL,"
    " labels TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};

enum { VERSION = sizeof MIGRATIONS / sizeof *MIGRATIONS };

enum {
  PAUSE_MS = 5,
  SMALLEST = 512 /* SQLite's smallest page */
};

static lan_status exec(memory_db *db, const char *statements, lan_error *err) {
  return sql_exec(db->sql, statements, &MEMORY_DB_KIND, db->path, err);
}

static lan_status number(memory_db *db, const char *query, int64_t *n, lan_error *err) {
  return sql_number(db->sql, query, &MEMORY_DB_KIND, db->path, n, err);
}

/* ---- opening ---- */

/* A new file is made by us, for nobody else to read; SQLite gives its companions the same mode. A
 * file that exists must not be opened here: closing it would drop the locks that another connection
 * of this process holds on it. */
static lan_status make_private(const char *path, lan_error *err) {
  struct stat st;
  if (stat(path, &st) == 0) {
    if (!S_ISREG(st.st_mode)) {
      return lan_fail(err, LAN_EFORMAT, "the memory %s is no regular file", path);
    }
    /* An empty file is one whose making was interrupted; SQLite would also take a stump for one. */
    if (st.st_size == 0 || st.st_size >= SMALLEST) return LAN_OK;
    return lan_fail(err, LAN_ECORRUPT, "the memory %s is cut", path);
  }
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return LAN_OK; /* another process was quicker */
  if (fd < 0) return lan_fail_errno(err, "cannot make the memory", path);
  close(fd);
  return LAN_OK;
}

/* Going over to WAL needs the file for itself, and SQLite does not wait for that. */
static lan_status enter_wal(memory_db *db, lan_error *err) {
  const struct timespec pause = {0, PAUSE_MS * 1000000};
  int code = SQLITE_BUSY;
  for (int waited = 0; waited < SQL_BUSY_MS; waited += PAUSE_MS) {
    code = sqlite3_exec(db->sql, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
    if ((code & 0xFF) != SQLITE_BUSY) break;
    nanosleep(&pause, NULL);
  }
  return sql_check(db->sql, code, &MEMORY_DB_KIND, db->path, err);
}

/* Where SQLite cannot make its companion files it can read a database only on the promise that
 * nobody changes it; and only if all that was written has reached the file itself. */
static lan_status connect_read_only(memory_db *db, lan_error *err) {
  lan_buf wal = {0};
  struct stat st;
  lan_buf_printf(&wal, "%s-wal", db->path);
  bool waiting = !wal.failed && stat(wal.data, &st) == 0 && st.st_size > 0;
  lan_buf_free(&wal);
  if (waiting) {
    return lan_fail(err, LAN_EIO, "the memory %s: cannot be read until its folder can be written",
                    db->path);
  }
  return sql_open_immutable(&MEMORY_DB_KIND, db->path, &db->sql, err);
}

/* A file of ours, or an empty one. */
static lan_status recognise(memory_db *db, lan_error *err) {
  int64_t id = 0, tables = 0;
  /* Tables first: they and the id are committed together, so that with tables seen the id is there too,
   * even if another process makes the file between the two looks. */
  lan_status s = number(db, "SELECT count(*) FROM sqlite_schema", &tables, err);
  if (s == LAN_OK) s = number(db, "PRAGMA application_id", &id, err);
  if (s == LAN_OK && id != MEMORY_DB_KIND.application_id && (id != 0 || tables != 0)) {
    s = lan_fail(err, LAN_EFORMAT, "the memory %s: the file belongs to another program", db->path);
  }
  return s;
}

static lan_status connect_writable(memory_db *db, lan_error *err) {
  lan_status s =
      sql_connect(&MEMORY_DB_KIND, db->path, SQLITE_OPEN_READWRITE, db->path, &db->sql, err);
  if (s == LAN_OK) s = recognise(db, err);
  db->writable = s == LAN_OK && sqlite3_db_readonly(db->sql, "main") == 0;
  return s == LAN_OK && db->writable ? enter_wal(db, err) : s;
}

static lan_status connect(memory_db *db, lan_error *err) {
  lan_status s = connect_writable(db, err);
  if (s != LAN_EIO) return s;
  sqlite3_close(db->sql);
  db->sql = NULL;
  db->writable = false;
  s = connect_read_only(db, err);
  return s == LAN_OK ? recognise(db, err) : s;
}

/* The version as it is inside of the write transaction: another process may have migrated. */
static lan_status climb(memory_db *db, lan_error *err) {
  int64_t version = 0;
  char statement[64];
  lan_status s = number(db, "PRAGMA user_version", &version, err);
  for (int64_t v = version; s == LAN_OK && v < VERSION; v++) s = exec(db, MIGRATIONS[v], err);
  if (s == LAN_OK && version < VERSION) {
    snprintf(statement, sizeof statement, "PRAGMA user_version=%d", VERSION);
    s = exec(db, statement, err);
    if (s == LAN_OK) s = exec(db, "PRAGMA application_id=" APPLICATION, err);
  }
  return s;
}

static lan_status migrate(memory_db *db, lan_error *err) {
  int64_t version = 0;
  lan_status s = number(db, "PRAGMA user_version", &version, err);
  if (s != LAN_OK || version == VERSION) return s;
  if (version > VERSION || version < 0) {
    return lan_fail(err, LAN_EFORMAT,
                    "the memory %s was made by a newer version of Lantoa (its schema is %lld, this "
                    "version knows %d): install that version",
                    db->path, (long long)version, VERSION);
  }
  if (!db->writable) {
    return lan_fail(err, LAN_EIO,
                    "the memory %s cannot be written, and needs to be brought up to date",
                    db->path);
  }
  s = exec(db, "BEGIN IMMEDIATE", err);
  if (s != LAN_OK) return s;
  s = climb(db, err);
  if (s == LAN_OK) s = exec(db, "COMMIT", err);
  if (!sqlite3_get_autocommit(db->sql)) sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
  return s;
}

/* The tables must be those that the migrations make, to the letter. */
static lan_status check_tables(memory_db *db, lan_error *err) {
  lan_buf is = {0}, wanted = {0};
  sqlite3 *model = NULL;
  lan_status s = sql_schema(db->sql, &MEMORY_DB_KIND, db->path, &is, err);
  int code = sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  for (int v = 0; code == SQLITE_OK && v < VERSION; v++) {
    code = sqlite3_exec(model, MIGRATIONS[v], NULL, NULL, NULL);
  }
  if (s == LAN_OK) s = sql_check(model, code, &MEMORY_DB_KIND, db->path, err);
  if (s == LAN_OK) s = sql_schema(model, &MEMORY_DB_KIND, db->path, &wanted, err);
  if (s == LAN_OK && !lan_str_equal(lan_buf_str(&is), lan_buf_str(&wanted))) {
    s = lan_fail(err, LAN_ECORRUPT, "the memory %s: its tables are not as they were made",
                 db->path);
  }
  sqlite3_close(model);
  lan_buf_free(&is);
  lan_buf_free(&wanted);
  return s;
}

static lan_status advise(const char *path, lan_status s, lan_error *err) {
  if (s != LAN_ECORRUPT || !err) return s;
  lan_error told = *err;
  return lan_fail(
      err, s,
      "%s. Nothing was changed. Move %s away and restore it from a backup, or import what "
      "was exported (lantoa import)",
      told.message, path);
}

lan_status memory_db_advise(const memory_db *db, lan_status s, lan_error *err) {
  return advise(db->path, s, err);
}

lan_status memory_db_open(const char *path, memory_db **out, lan_error *err) {
  memory_db *db = lan_alloc_zeroed(1, sizeof *db);
  if (!db) return lan_fail_memory(err, sizeof *db);
  db->path = strdup(path);
  lan_status s = db->path ? LAN_OK : lan_fail_memory(err, 0);
  if (s == LAN_OK) s = make_private(path, err);
  if (s == LAN_OK) s = connect(db, err);
  if (s == LAN_OK) s = migrate(db, err);
  if (s == LAN_OK) s = check_tables(db, err);
  if (s == LAN_OK) {
    *out = db;
    return s;
  }
  memory_db_close(db);
  return advise(path, s, err);
}

void memory_db_close(memory_db *db) {
  if (!db) return;
  for (size_t i = 0; i < STATEMENTS; i++) sqlite3_finalize(db->prepared[i]);
  sqlite3_close(db->sql);
  free(db->path);
  free(db);
}

void memory_db_leave_log(memory_db *db) {
  sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

lan_status memory_db_version(memory_db *db, int *version, lan_error *err) {
  int64_t n = 0;
  lan_status s = number(db, "PRAGMA user_version", &n, err);
  if (s == LAN_OK) *version = (int)n;
  return advise(db->path, s, err);
}

/* SQLite's own check: every page and row of every table. */
static lan_status check_all(memory_db *db, lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(db->sql, "PRAGMA integrity_check(1)", -1, &st, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(st);
  lan_status s = sql_check(db->sql, code, &MEMORY_DB_KIND, db->path, err);
  if (s == LAN_OK) {
    const char *told = (const char *)sqlite3_column_text(st, 0);
    if (!told) {
      s = lan_fail_memory(err, 0);
    } else if (strcmp(told, "ok") != 0) {
      s = lan_fail(err, LAN_ECORRUPT, "the memory %s is damaged: %s", db->path, told);
    }
  }
  sqlite3_finalize(st);
  return s;
}

lan_status memory_db_check(memory_db *db, lan_error *err) {
  return advise(db->path, check_all(db, err), err);
}

lan_status memory_db_count(memory_db *db, memory_db_counts *counts, lan_error *err) {
  static const char *const queries[4] = {
      "SELECT count(*) FROM opens", "SELECT count(*) FROM verdicts WHERE verdict IN (-1, 1)",
      "SELECT count(*) FROM verdicts WHERE verdict=-2", "SELECT count(*) FROM weights"};
  int64_t n[4] = {0, 0, 0, 0};
  lan_status s = LAN_OK;
  for (size_t i = 0; s == LAN_OK && i < 4; i++) s = number(db, queries[i], &n[i], err);
  if (s == LAN_OK) {
    *counts = (memory_db_counts){(uint64_t)n[0], (uint64_t)n[1], (uint64_t)n[2], (uint64_t)n[3]};
  }
  return advise(db->path, s, err);
}
