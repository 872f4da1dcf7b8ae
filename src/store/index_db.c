#include "store/index_db.h"

#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

enum { APPLICATION_ID = 0x6c616e69 /* "lani" */, MMAP_MOST = 1 << 30, ALIGNMENT = 64 };

struct index_db {
  sqlite3 *sql;
  char *path;
};

struct index_writer {
  sqlite3 *sql;
  sqlite3_stmt *put;
  char *path, *temporary;
};

/* SQLite's verdict as ours. */
static lan_status fail_sql(sqlite3 *sql, int rc, const char *path, lan_error *err) {
  lan_status s = LAN_EIO;
  switch (rc & 0xFF) {
    case SQLITE_NOMEM: s = LAN_ENOMEM; break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: s = LAN_EBUSY; break;
    case SQLITE_ROW: /* where there should be none */
    case SQLITE_DONE:
    case SQLITE_ERROR: /* our own statements are right: the schema is not ours */
    case SQLITE_MISMATCH:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: s = LAN_ECORRUPT; break;
    default: break;
  }
  return lan_fail(err, s, "the index cache %s: %s", path, sql ? sqlite3_errmsg(sql) : "no memory");
}

/* ---- reading ---- */

void index_db_close(index_db *db) {
  if (!db) return;
  sqlite3_close(db->sql);
  free(db->path);
  free(db);
}

static lan_status prepare(sqlite3 *sql, const char *path, const char *text, sqlite3_stmt **stmt,
                          lan_error *err) {
  int rc = sqlite3_prepare_v2(sql, text, -1, stmt, NULL);
  return rc == SQLITE_OK ? LAN_OK : fail_sql(sql, rc, path, err);
}

static lan_status check_identity(index_db *db, const char *identity, lan_error *err) {
  sqlite3_stmt *q = NULL;
  lan_status s =
      prepare(db->sql, db->path, "SELECT value FROM meta WHERE key = 'identity'", &q, err);
  if (s != LAN_OK) return s;
  int rc = sqlite3_step(q);
  if (rc != SQLITE_ROW) {
    s = fail_sql(db->sql, rc, db->path, err);
  } else {
    const unsigned char *value = sqlite3_column_text(q, 0);
    if (!value || strcmp((const char *)value, identity) != 0) {
      s = lan_fail(err, LAN_ENOTFOUND, "%s was made for another vault or version", db->path);
    }
  }
  sqlite3_finalize(q);
  return s;
}

lan_status index_db_open(const char *path, const char *identity, index_db **out, lan_error *err) {
  if (access(path, F_OK) != 0) return lan_fail_errno(err, "no index cache", path);
  index_db *db = lan_alloc_zeroed(1, sizeof *db);
  if (!db || !(db->path = strdup(path))) {
    free(db);
    return lan_fail_memory(err, sizeof *db);
  }
  int rc = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  lan_status s = rc == SQLITE_OK ? LAN_OK : fail_sql(db->sql, rc, path, err);
  if (s == LAN_OK) {
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA mmap_size = %d", MMAP_MOST);
    rc = sqlite3_exec(db->sql, pragma, NULL, NULL, NULL);
    if (rc != SQLITE_OK) s = fail_sql(db->sql, rc, path, err);
  }
  if (s == LAN_OK) s = check_identity(db, identity, err);
  if (s != LAN_OK) {
    index_db_close(db);
    return s;
  }
  *out = db;
  return LAN_OK;
}

static lan_status read_blob(index_db *db, sqlite3_int64 row, sqlite3_int64 checksum, void **data,
                            size_t *len, lan_error *err) {
  sqlite3_blob *blob = NULL;
  int rc = sqlite3_blob_open(db->sql, "main", "section", "data", row, 0, &blob);
  if (rc != SQLITE_OK) return fail_sql(db->sql, rc, db->path, err);
  size_t n = (size_t)sqlite3_blob_bytes(blob);
  void *p = aligned_alloc(ALIGNMENT, (n / ALIGNMENT + 1) * ALIGNMENT);
  lan_status s = p ? LAN_OK : lan_fail_memory(err, n);
  if (s == LAN_OK && n) {
    rc = sqlite3_blob_read(blob, p, (int)n, 0);
    if (rc != SQLITE_OK) s = fail_sql(db->sql, rc, db->path, err);
  }
  if (s == LAN_OK && (sqlite3_int64)lan_hash(p, n, 0) != checksum) {
    s = lan_fail(err, LAN_ECORRUPT, "the index cache %s is damaged (a checksum is wrong)",
                 db->path);
  }
  sqlite3_blob_close(blob);
  if (s != LAN_OK) {
    free(p);
    return s;
  }
  *data = p;
  *len = n;
  return LAN_OK;
}

lan_status index_db_section(index_db *db, const char *name, void **data, size_t *len,
                            lan_error *err) {
  sqlite3_stmt *q = NULL;
  lan_status s =
      prepare(db->sql, db->path, "SELECT rowid, checksum FROM section WHERE name = ?", &q, err);
  if (s != LAN_OK) return s;
  sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
  int rc = sqlite3_step(q);
  if (rc == SQLITE_ROW) {
    s = read_blob(db, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), data, len, err);
  } else {
    s = fail_sql(db->sql, rc, db->path, err);
  }
  sqlite3_finalize(q);
  return s;
}

void index_db_discard(const char *path) {
  lan_buf aside = {0};
  lan_buf_printf(&aside, "%s.corrupt", path);
  if (aside.failed || rename(path, aside.data) != 0) unlink(path);
  lan_buf_free(&aside);
}

/* ---- writing ---- */

static const char SCHEMA[] =
    "PRAGMA page_size = 65536; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_spill = ON;"
    "BEGIN;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE section (name TEXT PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);";

void index_writer_abandon(index_writer *w) {
  if (!w) return;
  sqlite3_finalize(w->put);
  sqlite3_close(w->sql);
  if (w->temporary) unlink(w->temporary);
  free(w->temporary);
  free(w->path);
  free(w);
}

static lan_status put_identity(index_writer *w, const char *identity, lan_error *err) {
  sqlite3_stmt *q = NULL;
  lan_status s = prepare(w->sql, w->path, "INSERT INTO meta VALUES ('identity', ?)", &q, err);
  if (s != LAN_OK) return s;
  sqlite3_bind_text(q, 1, identity, -1, SQLITE_STATIC);
  int rc = sqlite3_step(q);
  if (rc != SQLITE_DONE) s = fail_sql(w->sql, rc, w->path, err);
  sqlite3_finalize(q);
  return s;
}

static lan_status writer_open(index_writer *w, const char *identity, lan_error *err) {
  int rc = sqlite3_open_v2(w->temporary, &w->sql,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK) rc = sqlite3_exec(w->sql, SCHEMA, NULL, NULL, NULL);
  if (rc != SQLITE_OK) {
    lan_status s = fail_sql(w->sql, rc, w->path, err);
    return s == LAN_ECORRUPT ? LAN_EIO : s; /* a new file cannot be damaged, but the disk be full */
  }
  lan_status s = put_identity(w, identity, err);
  if (s != LAN_OK) return s;
  return prepare(w->sql, w->path, "INSERT INTO section VALUES (?, ?, ?)", &w->put, err);
}

/* A file of this process's own. Those that killed writers left behind are removed when they are
 * old: nothing takes an hour to write. */
static char *temporary_name(const char *path) {
  lan_buf name = {0};
  char *result = NULL;
  lan_buf_printf(&name, "%s.new.%ld", path, (long)getpid());
  if (!name.failed) result = strdup(name.data);
  lan_buf_free(&name);
  return result;
}

enum { LEFTOVER_SECONDS = 3600 };

static void remove_leftovers(const char *path) {
  lan_buf pattern = {0};
  glob_t found;
  lan_buf_printf(&pattern, "%s.new.*", path);
  if (!pattern.failed && glob(pattern.data, GLOB_NOSORT, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; i++) {
      struct stat st;
      if (stat(found.gl_pathv[i], &st) == 0 && time(NULL) - st.st_mtime > LEFTOVER_SECONDS) {
        unlink(found.gl_pathv[i]);
      }
    }
    globfree(&found);
  }
  lan_buf_free(&pattern);
}

lan_status index_writer_new(const char *path, const char *identity, index_writer **out,
                            lan_error *err) {
  index_writer *w = lan_alloc_zeroed(1, sizeof *w);
  lan_status s = LAN_OK;
  if (!w || !(w->path = strdup(path)) || !(w->temporary = temporary_name(path))) {
    s = lan_fail_memory(err, sizeof *w);
  } else {
    unlink(w->temporary);
    remove_leftovers(path);
  }
  if (s == LAN_OK) s = writer_open(w, identity, err);
  if (s != LAN_OK) {
    index_writer_abandon(w);
    return s;
  }
  *out = w;
  return LAN_OK;
}

lan_status index_writer_put(index_writer *w, const char *name, lan_str data, lan_error *err) {
  sqlite3_reset(w->put);
  sqlite3_bind_text(w->put, 1, name, -1, SQLITE_STATIC);
  sqlite3_bind_int64(w->put, 2, (sqlite3_int64)lan_hash(data.ptr, data.len, 0));
  int rc = data.len ? sqlite3_bind_blob64(w->put, 3, data.ptr, data.len, SQLITE_STATIC)
                    : sqlite3_bind_zeroblob(w->put, 3, 0);
  if (rc == SQLITE_OK) rc = sqlite3_step(w->put);
  return rc == SQLITE_DONE ? LAN_OK : fail_sql(w->sql, rc, w->path, err);
}

lan_status index_writer_finish(index_writer *w, lan_error *err) {
  char pragma[64];
  snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; COMMIT", APPLICATION_ID);
  sqlite3_finalize(w->put);
  w->put = NULL;
  int rc = sqlite3_exec(w->sql, pragma, NULL, NULL, NULL);
  lan_status s = rc == SQLITE_OK ? LAN_OK : fail_sql(w->sql, rc, w->path, err);
  if (s == LAN_OK) {
    rc = sqlite3_close(w->sql);
    if (rc == SQLITE_OK) {
      w->sql = NULL;
    } else {
      s = fail_sql(w->sql, rc, w->path, err);
    }
  }
  if (s == LAN_OK && rename(w->temporary, w->path) != 0) {
    s = lan_fail_errno(err, "cannot replace", w->path);
  }
  index_writer_abandon(w);
  return s;
}
