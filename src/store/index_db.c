/* How a wrong answer is ruled out. The file is not synced: a killed process loses nothing, because
 * the kernel has what was written, but a power loss may leave any part of a new file empty or old,
 * and a sync would cost more than the whole index is worth: it can be made again. So all that is
 * read is checked against one row, the directory, which holds the identity and each section's
 * checksum, under a checksum of its own. A file is never changed once it has its name: it is read
 * without locks, and also in a folder that cannot be written.
 *
 * Pages are read with pread, not mapped: a mapping is hardly faster (8.5 against 9 ms for 30 MB)
 * and kills the process when the file is cut under it. Pages of 64 KB, because sections are read
 * whole; in pieces of 256 KB, which are hashed while they are in the second-level cache. */
#include "store/index_db.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pack.h"
#include "base/vec.h"
#include "store/sql.h"

#define APPLICATION "1281453641" /* "LanI" */
#define FORMAT "1"               /* of the tables; what they hold is the identity's matter */

enum {
  CHUNK = 1 << 20, /* bytes of a section in a row: SQLite copies a row once more in memory */
  PIECE = 256 << 10,
  HUGE_PAGE = 2 << 20,
  NAME_MAX_LEN = 31,
  TRIES = 8
};

static const sql_kind READER = {"the index cache", 1281453641,
                                "PRAGMA cell_size_check=ON;PRAGMA mmap_size=0;"
                                "PRAGMA cache_size=-4096"};

static const sql_kind WRITER = {"the index cache", 1281453641,
                                "PRAGMA page_size=65536;PRAGMA auto_vacuum=NONE;"
                                "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;"
                                "PRAGMA locking_mode=EXCLUSIVE;PRAGMA secure_delete=OFF;"
                                "PRAGMA cache_size=-4096;PRAGMA temp_store=MEMORY"};

static const char SCHEMA[] =
    "CREATE TABLE directory(id INTEGER PRIMARY KEY, data BLOB);"
    "CREATE TABLE section(id INTEGER PRIMARY KEY, data BLOB);";

/* ---- the directory ---- */

typedef struct section {
  char name[NAME_MAX_LEN + 1];
  uint64_t len, sum;
} section;

typedef VEC(section) directory;

/* The chunks of section `i` are the rows from here. */
static int64_t first_row(size_t i) { return (int64_t)((uint64_t)i << 24); }

static uint64_t section_seed(const section *e) {
  return lan_hash(e->name, strlen(e->name), e->len);
}

static void directory_encode(const directory *d, const char *identity, lan_buf *out) {
  lan_buf body = {0};
  pack_string(&body, lan_str_of(identity));
  pack_number(&body, d->len);
  for (size_t i = 0; i < d->len; i++) {
    pack_string(&body, lan_str_of(d->data[i].name));
    pack_number(&body, d->data[i].len);
    pack_fixed(&body, d->data[i].sum);
  }
  pack_fixed(out, lan_hash(body.data, body.len, 0));
  lan_buf_add(out, body.data, body.len);
  out->failed |= body.failed;
  lan_buf_free(&body);
}

struct index_db {
  sqlite3 *sql;
  char *path;
  directory dir;
};

static lan_status check(const index_db *db, int code, lan_error *err) {
  return sql_check(db->sql, code, &READER, db->path, err);
}

/* A value that SQLite has no memory to hand out looks like an empty one. */
static lan_status damaged(const index_db *db, const char *what, lan_error *err) {
  if (sqlite3_errcode(db->sql) == SQLITE_NOMEM) return lan_fail_memory(err, 0);
  return lan_fail(err, LAN_ECORRUPT, "the index cache %s is damaged: %s", db->path, what);
}

static lan_status section_decode(index_db *db, unpack *u, lan_error *err) {
  section e = {.name = ""};
  lan_str name = unpack_string(u);
  e.len = unpack_number(u);
  e.sum = unpack_fixed(u);
  if (u->bad || name.len > NAME_MAX_LEN || e.len > SIZE_MAX / 2) {
    return damaged(db, "its directory cannot be read", err);
  }
  memcpy(e.name, name.ptr, name.len);
  return VEC_PUSH(&db->dir, e) ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status directory_decode(index_db *db, lan_str data, const char *identity,
                                   lan_error *err) {
  unpack u = {data.ptr, data.ptr + data.len, false};
  uint64_t seal = unpack_fixed(&u);
  if (u.bad || lan_hash(u.p, (size_t)(u.end - u.p), 0) != seal) {
    return damaged(db, "its directory fails its checksum", err);
  }
  if (!lan_str_equal(unpack_string(&u), lan_str_of(identity))) {
    return lan_fail(err, LAN_ENOTFOUND, "%s was made for another vault, version or options",
                    db->path);
  }
  uint32_t n = unpack_count(&u, 10);
  lan_status s = u.bad ? damaged(db, "its directory cannot be read", err) : LAN_OK;
  for (uint32_t i = 0; s == LAN_OK && i < n; i++) s = section_decode(db, &u, err);
  return s;
}

static lan_status directory_load(index_db *db, const char *identity, lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(db->sql, "SELECT data FROM directory WHERE id=1", -1, &st, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(st);
  lan_status s = check(db, code, err);
  if (s == LAN_OK) {
    const char *p = code == SQLITE_ROW ? sqlite3_column_blob(st, 0) : NULL;
    size_t len = p ? (size_t)sqlite3_column_bytes(st, 0) : 0;
    s = directory_decode(db, (lan_str){p ? p : "", len}, identity, err);
  }
  sqlite3_finalize(st);
  return s;
}

/* ---- reading ---- */

/* The tables must be ours to the letter: nothing that somebody else declared is worked with. */
static lan_status check_tables(index_db *db, lan_error *err) {
  lan_buf b = {0};
  int64_t version = 0, application = 0;
  lan_status s = sql_schema(db->sql, &READER, db->path, &b, err);
  if (s == LAN_OK) {
    s = sql_number(db->sql, "PRAGMA user_version", &READER, db->path, &version, err);
  }
  if (s == LAN_OK) {
    s = sql_number(db->sql, "PRAGMA application_id", &READER, db->path, &application, err);
  }
  if (s == LAN_OK && (version != atoi(FORMAT) || application != READER.application_id ||
                      !lan_str_equal(lan_buf_str(&b), LAN_STR(SCHEMA)))) {
    s = damaged(db, "its tables are not this version's", err);
  }
  lan_buf_free(&b);
  return s;
}

static lan_status check_file(const char *path, lan_error *err) {
  struct stat st;
  if (stat(path, &st) != 0) return lan_fail_errno(err, "no index cache", path);
  if (S_ISREG(st.st_mode)) return LAN_OK;
  return lan_fail(err, LAN_ECORRUPT, "the index cache %s is no regular file", path);
}

lan_status index_db_open(const char *path, const char *identity, index_db **out, lan_error *err) {
  lan_status s = check_file(path, err);
  if (s != LAN_OK) return s;
  index_db *db = lan_alloc_zeroed(1, sizeof *db);
  if (!db) return lan_fail_memory(err, sizeof *db);
  db->path = strdup(path);
  if (!db->path) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) s = sql_open_immutable(&READER, path, &db->sql, err);
  if (s == LAN_OK) s = check_tables(db, err);
  if (s == LAN_OK) s = directory_load(db, identity, err);
  if (s == LAN_OK) {
    *out = db;
  } else {
    index_db_close(db);
  }
  return s;
}

void index_db_close(index_db *db) {
  if (!db) return;
  sqlite3_close(db->sql);
  VEC_FREE(&db->dir);
  free(db->path);
  free(db);
}

/* A large section is read once from end to end: huge pages save its thousands of page faults. */
static void *section_memory(size_t len) {
  void *p = NULL;
  bool large = len >= 2 * (size_t)HUGE_PAGE;
  if (posix_memalign(&p, large ? HUGE_PAGE : 64, len ? len : 1) != 0) return NULL;
  if (large) madvise(p, len, MADV_HUGEPAGE);
  return p;
}

static lan_status read_chunk(index_db *db, sqlite3_blob *blob, char *out, size_t len, uint64_t *sum,
                             lan_error *err) {
  if ((size_t)sqlite3_blob_bytes(blob) != len) return damaged(db, "a section is cut", err);
  for (size_t at = 0; at < len; at += PIECE) {
    size_t n = len - at < PIECE ? len - at : PIECE;
    int code = sqlite3_blob_read(blob, out + at, (int)n, (int)at);
    if (code != SQLITE_OK) return check(db, code, err);
    *sum = lan_hash(out + at, n, *sum);
  }
  return LAN_OK;
}

static lan_status read_section(index_db *db, const section *e, char *out, lan_error *err) {
  sqlite3_blob *blob = NULL;
  uint64_t sum = section_seed(e);
  lan_status s = LAN_OK;
  int64_t row = first_row((size_t)(e - db->dir.data));
  for (size_t at = 0; s == LAN_OK && at < e->len; at += CHUNK, row++) {
    int code = blob ? sqlite3_blob_reopen(blob, row)
                    : sqlite3_blob_open(db->sql, "main", "section", "data", row, 0, &blob);
    s = check(db, code, err);
    size_t len = e->len - at < CHUNK ? (size_t)e->len - at : CHUNK;
    if (s == LAN_OK) s = read_chunk(db, blob, out + at, len, &sum, err);
  }
  sqlite3_blob_close(blob);
  if (s == LAN_OK && sum != e->sum) s = damaged(db, "a section fails its checksum", err);
  return s;
}

/* What a crafted directory claims must at least fit into the file. */
static lan_status check_claim(index_db *db, const section *e, lan_error *err) {
  int64_t pages = 0, size = 0;
  lan_status s = sql_number(db->sql, "PRAGMA page_count", &READER, db->path, &pages, err);
  if (s == LAN_OK) s = sql_number(db->sql, "PRAGMA page_size", &READER, db->path, &size, err);
  if (s == LAN_OK && e->len / (uint64_t)(size > 0 ? size : 1) >= (uint64_t)pages) {
    s = damaged(db, "a section is larger than the file", err);
  }
  return s;
}

lan_status index_db_section(index_db *db, const char *name, void **data, size_t *len,
                            lan_error *err) {
  const section *e = NULL;
  for (size_t i = 0; !e && i < db->dir.len; i++) {
    if (strcmp(db->dir.data[i].name, name) == 0) e = &db->dir.data[i];
  }
  if (!e) return damaged(db, "a section is missing", err);
  lan_status s = check_claim(db, e, err);
  if (s != LAN_OK) return s;
  char *out = section_memory((size_t)e->len);
  if (!out) return lan_fail_memory(err, (size_t)e->len);
  s = read_section(db, e, out, err);
  if (s == LAN_OK) {
    *data = out;
    *len = (size_t)e->len;
  } else {
    free(out);
  }
  return s;
}

void index_db_discard(const char *path) {
  lan_buf b = {0};
  lan_buf_printf(&b, "%s.corrupt", path);
  if (!b.failed) unlink(b.data);
  if (b.failed || rename(path, b.data) != 0) unlink(path);
  lan_buf_free(&b);
}

/* ---- writing ---- */

struct index_writer {
  sqlite3 *sql;
  sqlite3_stmt *put;
  char *path, *identity, *temporary;
  int fd; /* of the temporary file; its lock says that the writer lives */
  directory dir;
};

static lan_status check_write(const index_writer *w, int code, lan_error *err) {
  lan_status s = sql_check(w->sql, code, &WRITER, w->path, err);
  /* A new file cannot be damaged: without a journal, a full disk may look like it. */
  return s == LAN_ECORRUPT ? lan_fail(err, LAN_EIO, "%s cannot be written", w->path) : s;
}

/* Killed writers leave their files behind, unlocked. A temporary file is locked as long as its
 * writer lives; one that vanished between its making and its locking was taken for a leftover. */
static void remove_leftover(int dir_fd, const char *name) {
  int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(dir_fd, name, 0);
  close(fd);
}

static void remove_leftovers(const index_writer *w) {
  const char *slash = strrchr(w->path, '/');
  const char *base = slash ? slash + 1 : w->path;
  lan_buf dir = {0}, prefix = {0};
  lan_buf_add(&dir, slash ? w->path : ".", slash ? (size_t)(slash - w->path) + 1 : 1);
  lan_buf_printf(&prefix, "%s.new.", base);
  DIR *d = dir.failed || prefix.failed ? NULL : opendir(dir.data);
  for (struct dirent *e; d && (e = readdir(d));) {
    if (strncmp(e->d_name, prefix.data, prefix.len) == 0) remove_leftover(dirfd(d), e->d_name);
  }
  if (d) closedir(d);
  lan_buf_free(&dir);
  lan_buf_free(&prefix);
}

static void drop_temporary(index_writer *w) {
  if (w->temporary) unlink(w->temporary);
  if (w->fd >= 0) close(w->fd);
  free(w->temporary);
  w->temporary = NULL;
  w->fd = -1;
}

/* A locked file of this writer's own, for nobody else to read. */
static lan_status make_temporary(index_writer *w, lan_error *err) {
  struct stat st;
  for (int i = 0; i < TRIES; i++) {
    lan_buf name = {0};
    lan_buf_printf(&name, "%s.new.XXXXXX", w->path);
    if (name.failed) return lan_fail_memory(err, 0);
    w->fd = mkostemp(name.data, O_CLOEXEC);
    if (w->fd < 0) {
      lan_status s = lan_fail_errno(err, "cannot write beside", w->path);
      lan_buf_free(&name);
      return s;
    }
    w->temporary = name.data;
    if (flock(w->fd, LOCK_EX | LOCK_NB) == 0 && fstat(w->fd, &st) == 0 && st.st_nlink > 0) {
      return LAN_OK;
    }
    drop_temporary(w);
  }
  return lan_fail(err, LAN_EBUSY, "cannot lock a file beside %s", w->path);
}

static lan_status make_tables(index_writer *w, lan_error *err) {
  int code = sqlite3_exec(w->sql,
                          "BEGIN;PRAGMA application_id=" APPLICATION ";PRAGMA user_version=" FORMAT,
                          NULL, NULL, NULL);
  if (code == SQLITE_OK) code = sqlite3_exec(w->sql, SCHEMA, NULL, NULL, NULL);
  if (code == SQLITE_OK) {
    code = sqlite3_prepare_v2(w->sql, "INSERT INTO section VALUES(?1,?2)", -1, &w->put, NULL);
  }
  return check_write(w, code, err);
}

lan_status index_writer_new(const char *path, const char *identity, index_writer **out,
                            lan_error *err) {
  index_writer *w = lan_alloc_zeroed(1, sizeof *w);
  if (!w) return lan_fail_memory(err, sizeof *w);
  w->fd = -1;
  w->path = strdup(path);
  w->identity = strdup(identity);
  lan_status s = w->path && w->identity ? LAN_OK : lan_fail_memory(err, 0);
  if (s == LAN_OK) remove_leftovers(w);
  if (s == LAN_OK) s = make_temporary(w, err);
  if (s == LAN_OK) s = sql_open_new(&WRITER, w->temporary, &w->sql, err);
  if (s == LAN_OK) s = make_tables(w, err);
  if (s == LAN_OK) {
    *out = w;
  } else {
    index_writer_abandon(w);
  }
  return s;
}

static lan_status put_row(index_writer *w, sqlite3_stmt *st, int64_t row, lan_str data,
                          lan_error *err) {
  int code = sqlite3_bind_int64(st, 1, row);
  if (code == SQLITE_OK) {
    code = sqlite3_bind_blob64(st, 2, data.len ? data.ptr : "", data.len, SQLITE_STATIC);
  }
  if (code == SQLITE_OK) code = sqlite3_step(st);
  lan_status s = check_write(w, code, err);
  sqlite3_reset(st);
  sqlite3_clear_bindings(st);
  return s;
}

lan_status index_writer_put(index_writer *w, const char *name, lan_str data, lan_error *err) {
  if (strlen(name) > NAME_MAX_LEN) return lan_fail(err, LAN_EINVAL, "section name too long");
  if (data.len / CHUNK >= (size_t)1 << 24) return lan_fail(err, LAN_ELIMIT, "section too large");
  section e = {.len = data.len};
  memcpy(e.name, name, strlen(name));
  e.sum = section_seed(&e);
  lan_status s = LAN_OK;
  int64_t row = first_row(w->dir.len);
  for (size_t at = 0; s == LAN_OK && at < data.len; at += CHUNK, row++) {
    lan_str chunk = {data.ptr + at, data.len - at < CHUNK ? data.len - at : CHUNK};
    for (size_t i = 0; i < chunk.len; i += PIECE) {
      e.sum = lan_hash(chunk.ptr + i, chunk.len - i < PIECE ? chunk.len - i : PIECE, e.sum);
    }
    s = put_row(w, w->put, row, chunk, err);
  }
  if (s == LAN_OK && !VEC_PUSH(&w->dir, e)) s = lan_fail_memory(err, 0);
  return s;
}

static lan_status put_directory(index_writer *w, lan_error *err) {
  lan_buf b = {0};
  sqlite3_stmt *st = NULL;
  directory_encode(&w->dir, w->identity, &b);
  lan_status s = b.failed ? lan_fail_memory(err, 0) : LAN_OK;
  if (s == LAN_OK) {
    s = check_write(
        w, sqlite3_prepare_v2(w->sql, "INSERT INTO directory VALUES(?1,?2)", -1, &st, NULL), err);
  }
  if (s == LAN_OK) s = put_row(w, st, 1, lan_buf_str(&b), err);
  sqlite3_finalize(st);
  lan_buf_free(&b);
  return s;
}

lan_status index_writer_finish(index_writer *w, lan_error *err) {
  lan_status s = put_directory(w, err);
  if (s == LAN_OK) s = check_write(w, sqlite3_exec(w->sql, "COMMIT", NULL, NULL, NULL), err);
  sqlite3_finalize(w->put);
  w->put = NULL;
  if (s == LAN_OK) {
    int code = sqlite3_close(w->sql);
    s = check_write(w, code, err);
    if (s == LAN_OK) w->sql = NULL;
  }
  if (s == LAN_OK && rename(w->temporary, w->path) != 0) {
    s = lan_fail_errno(err, "cannot replace", w->path);
  }
  if (s == LAN_OK) {
    free(w->temporary);
    w->temporary = NULL;
  }
  index_writer_abandon(w);
  return s;
}

void index_writer_abandon(index_writer *w) {
  if (!w) return;
  sqlite3_finalize(w->put);
  sqlite3_close(w->sql);
  drop_temporary(w);
  VEC_FREE(&w->dir);
  free(w->identity);
  free(w->path);
  free(w);
}
