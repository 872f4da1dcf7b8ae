/* The index of a vault in its cache file, and back. */
#ifndef MEMORY_CACHE_H
#define MEMORY_CACHE_H

#include "memory/index.h"
#include "store/index_db.h"

/* LAN_ENOTFOUND: there is none for this identity. LAN_ECORRUPT: it must be discarded. */
lan_status cache_load(const char *path, const char *identity, memory_index *out, lan_error *err);

/* Replaces the cache whole, or leaves it as it was. */
lan_status cache_save(const char *path, const char *identity, const memory_index *index,
                      lan_error *err);

#endif
