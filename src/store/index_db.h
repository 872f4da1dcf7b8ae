/* The index cache: what was read from a vault, kept in SQLite so that the next process starts warm.
 *
 * It can be deleted at any time. Whatever is wrong with the file (cut, overwritten, of another
 * version, not SQLite at all), opening puts it aside as "index.db.corrupt" (one is kept) and gives
 * an empty cache. Every blob carries a checksum that is verified when it is read. WAL mode: one
 * process writes, others read what was there before; a kill or a full disk leaves the last
 * committed state. */
#ifndef STORE_INDEX_DB_H
#define STORE_INDEX_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct index_db index_db;

/* Opens or makes the cache at `path`. `identity` is compared to what the cache was made for (the
 * vault's real path, the format version, the options); another one empties it. *fresh tells that it
 * is empty. */
lan_status index_db_open(const char *path, const char *identity, index_db **db, bool *fresh,
                         lan_error *err);
void index_db_close(index_db *db);

typedef struct index_note {
  lan_str path;
  uint64_t size;
  int64_t mtime_ns;
  uint64_t hash;      /* of the bytes */
  lan_str facts;      /* facts_encode */
  int64_t generation; /* the one in which the row was written */
} index_note;

/* One write transaction; LAN_EBUSY when another process writes and does not finish in time: the
 * caller goes on without saving. */
lan_status index_db_begin(index_db *db, lan_error *err);
lan_status index_db_commit(index_db *db, lan_error *err);
void index_db_rollback(index_db *db);

/* Within a transaction. */
lan_status index_db_put_note(index_db *db, const index_note *note, lan_error *err);
lan_status index_db_delete_note(index_db *db, lan_str path, lan_error *err);
lan_status index_db_clear(index_db *db, lan_error *err);
lan_status index_db_put_section(index_db *db, const char *name, lan_str data, lan_error *err);
lan_status index_db_set_generation(index_db *db, int64_t generation, lan_error *err);

/* Reading; each sees one consistent state if called between index_db_read_begin and _end.
 * LAN_ECORRUPT when a checksum fails or SQLite finds damage: the caller calls index_db_discard,
 * opens again and rebuilds. */
lan_status index_db_read_begin(index_db *db, lan_error *err);
void index_db_read_end(index_db *db);
lan_status index_db_generation(index_db *db, int64_t *generation, lan_error *err); /* 0: empty */
/* The section in memory aligned to 64 bytes, freed with free(); LAN_ENOTFOUND if there is none. */
lan_status index_db_section(index_db *db, const char *name, void **data, size_t *len,
                            lan_error *err);
/* Rows with generation > `since`, in byte order of their paths; the note's strings die when `row`
 * returns; a status other than LAN_OK from it ends the reading with that status. */
lan_status index_db_notes(index_db *db, int64_t since,
                          lan_status (*row)(void *ctx, const index_note *n), void *ctx,
                          lan_error *err);
/* One row; *found false if there is none. Facts are appended to `facts`. */
lan_status index_db_note(index_db *db, lan_str path, index_note *note, lan_buf *facts, bool *found,
                         lan_error *err);

/* Puts the file at `path` aside; the handle must be closed. */
void index_db_discard(const char *path);

#endif
