/* memory.db: what the user taught the memory. Precious: WAL mode with synchronous=FULL, a commit
 * before an acknowledgement, migrations step by step inside one transaction, never deleted or put
 * aside by the program: a damaged file is an error that names it and says how to restore (`lantoa
 * import`).
 *
 * Notes are known by their paths, the bytes on disk relative to the vault: rows of notes that were moved or
 * removed stay, and do no harm. Times are milliseconds since 1970. A handle belongs to one thread at a time;
 * any number of processes may have the file open, and wait for each other's writes for some seconds
 * (LAN_EBUSY after that). */
#ifndef STORE_MEMORY_DB_H
#define STORE_MEMORY_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct memory_db memory_db;

/* Opens or makes it, and migrates it to this version's schema. LAN_ECORRUPT: damaged; LAN_EFORMAT:
 * made by a newer version, or not a memory of Lantoa's. */
lan_status memory_db_open(const char *path, memory_db **db, lan_error *err);
void memory_db_close(memory_db *db);

/* For a process that appends one event and ends: closing leaves the log of changes beside the file, for the next one to go
 * on with or to fold in, which saves most of the time that the disk takes. What is committed is safe there. */
void memory_db_leave_log(memory_db *db);

/* The schema's version, as PRAGMA user_version. */
lan_status memory_db_version(memory_db *db, int *version, lan_error *err);

/* Reads the whole file: LAN_ECORRUPT if anything is wrong with it. */
lan_status memory_db_check(memory_db *db, lan_error *err);

typedef struct memory_db_counts {
  uint64_t opens, feedbacks, hidden, weights; /* feedbacks: good or bad */
} memory_db_counts;
lan_status memory_db_count(memory_db *db, memory_db_counts *counts, lan_error *err);

/* ---- several changes at once ---- */

/* Between these, changes are one: all are there or none, also after a power loss. */
lan_status memory_db_begin(memory_db *db, lan_error *err);
/* Between this and the end, what is read is of one moment. */
lan_status memory_db_begin_reading(memory_db *db, lan_error *err);
/* Commits if `so_far` is LAN_OK, else undoes all; returns what came of it. */
lan_status memory_db_end(memory_db *db, lan_status so_far, lan_error *err);

/* ---- opens and verdicts ---- */

typedef enum memory_event_kind { MEMORY_OPENED = 1, MEMORY_VERDICT = 2 } memory_event_kind;

enum { VERDICT_HIDDEN = -2, VERDICT_BAD = -1, VERDICT_NONE = 0, VERDICT_GOOD = 1 };

typedef struct memory_event {
  int kind; /* memory_event_kind */
  int64_t at_ms;
  lan_str note;   /* what was opened, or what the verdict's result was shown for */
  lan_str other;  /* where it was opened from, "" for nowhere; or the result */
  lan_str source; /* of an open: by which face ("cli", "plugin", ...) */
  int verdict;    /* of a verdict */
} memory_event;

/* Appends an open. It is on the disk on return. If the very same note was opened from the same one in the same
 * millisecond, it counts as opened a millisecond later. */
lan_status memory_db_add_open(memory_db *db, const memory_event *open, lan_error *err);

/* What the user says of `other` as a result for `note`, from now on; VERDICT_NONE takes it back (*changed false:
 * there was nothing to take back). */
lan_status memory_db_set_verdict(memory_db *db, const memory_event *verdict, bool *changed,
                                 lan_error *err);

/* Takes in an event from elsewhere: an open that is there already, or a verdict that is no newer than the one
 * that is there, changes nothing (*added false). */
lan_status memory_db_merge(memory_db *db, const memory_event *event, bool *added, lan_error *err);

/* Which events are meant. */
typedef struct memory_span {
  lan_str note;               /* those in which it occurs; ptr NULL: of all notes */
  int64_t since_ms, until_ms; /* from since_ms on, until before until_ms */
} memory_span;

#define MEMORY_EVER ((memory_span){{NULL, 0}, INT64_MIN, INT64_MAX})

/* Takes one event; its strings live until it returns. False stops. */
typedef bool (*memory_event_fn)(void *ctx, const memory_event *event);

/* Goes through the events of `kinds` (memory_event_kind, or both) within the span, the newest first, or the
 * oldest; at most `most` of them (0: all). Verdicts that were taken back are among them. */
typedef enum memory_sequence { MEMORY_NEWEST_FIRST, MEMORY_OLDEST_FIRST } memory_sequence;
lan_status memory_db_each(memory_db *db, int kinds, const memory_span *span,
                          memory_sequence sequence, uint64_t most, memory_event_fn fn, void *ctx,
                          lan_error *err);

/* Removes the events within the span, from the disk too. Where the span's note is only what another one was
 * opened from, that is removed from the open, and the open stays. MEMORY_EVER removes what was learnt and what
 * pictures were taken for too. *n: how
 * many events were changed or removed. */
lan_status memory_db_forget(memory_db *db, const memory_span *span, uint64_t *n, lan_error *err);

/* ---- pictures ---- */

/* What a model took a picture for, as its file was then. */
typedef struct memory_picture {
  lan_str path;
  int64_t size, mtime_ns;
  lan_str model;  /* a name that tells models apart */
  lan_str labels; /* lines: a probability, a tab, a label */
} memory_picture;

/* Replaces what was known of the picture. */
lan_status memory_db_put_picture(memory_db *db, const memory_picture *picture, lan_error *err);
/* Goes through all in the order of their paths; fn's strings live until it returns, false stops. */
typedef bool (*memory_picture_fn)(void *ctx, const memory_picture *p);
lan_status memory_db_each_picture(memory_db *db, memory_picture_fn fn, void *ctx,
                                  lan_error *err);

/* ---- learnt weights and settings ---- */

/* Replaces the weights `name` whole. */
lan_status memory_db_put_weights(memory_db *db, const char *name, lan_str data, int64_t at_ms,
                                 lan_error *err);
/* The same for weights from elsewhere, if they are newer than those that are there (*added). */
lan_status memory_db_merge_weights(memory_db *db, const char *name, lan_str data, int64_t at_ms,
                                   bool *added, lan_error *err);
/* Appends them to `out`. LAN_ENOTFOUND: there are none; LAN_ECORRUPT: they fail their checksum. *at_ms may be
 * NULL. */
lan_status memory_db_get_weights(memory_db *db, const char *name, lan_buf *out, int64_t *at_ms,
                                 lan_error *err);
lan_status memory_db_drop_weights(memory_db *db, const char *name, lan_error *err);

/* The names of all weights, each ended by NUL. */
lan_status memory_db_weight_names(memory_db *db, lan_buf *out, lan_error *err);

lan_status memory_db_put_setting(memory_db *db, const char *name, const char *value,
                                 lan_error *err);
/* Appends the value; LAN_ENOTFOUND. */
lan_status memory_db_get_setting(memory_db *db, const char *name, lan_buf *out, lan_error *err);

#endif
