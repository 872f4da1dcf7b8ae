/* The index cache: what was made of a vault, kept in SQLite so that the next process starts warm.
 *
 * It can be deleted at any time. A new state is written to a file of its own, which then takes the
 * old one's name: a reader goes on with the file that it opened, a kill or a full disk leaves the
 * old state, and two writers do not meet (the last one's state stays). The file is not synced: what
 * a power loss may do to it shows in its checksums, and it is made again. */
#ifndef STORE_INDEX_DB_H
#define STORE_INDEX_DB_H

#include "base/str.h"
#include "lantoa/status.h"

typedef struct index_db index_db;

/* Opens the cache at `path` for reading. LAN_ENOTFOUND: there is none, or it was made for another
 * `identity` (the vault's real path, the format's version, the options). LAN_ECORRUPT: it is
 * damaged. */
lan_status index_db_open(const char *path, const char *identity, index_db **db, lan_error *err);
void index_db_close(index_db *db);

/* The section in memory aligned to 64 bytes, freed with free(). Its checksum is verified:
 * LAN_ECORRUPT. */
lan_status index_db_section(index_db *db, const char *name, void **data, size_t *len,
                            lan_error *err);

/* Writes a new state beside `path`: begin, put sections, then finish or abandon. */
typedef struct index_writer index_writer;
lan_status index_writer_new(const char *path, const char *identity, index_writer **writer,
                            lan_error *err);
lan_status index_writer_put(index_writer *writer, const char *name, lan_str data, lan_error *err);
/* The new state takes the old one's place. The writer is freed, also on failure. */
lan_status index_writer_finish(index_writer *writer, lan_error *err);
void index_writer_abandon(index_writer *writer);

/* Puts a damaged file aside as "<path>.corrupt"; one is kept. */
void index_db_discard(const char *path);

#endif
