/* What was opened, and after what; and what was said of results: memory.db's events as scoring wants them.
 *
 * An open's weight falls with its age as in ACT-R's base-level learning (Anderson and Schooler 1991; decay 0.5):
 * (1 + age in days)^-0.5. */
#ifndef MEMORY_HABITS_H
#define MEMORY_HABITS_H

#include "base/hash.h"
#include "base/vec.h"
#include "lantoa/memory.h"
#include "memory/catalog.h"
#include "store/memory_db.h"

typedef struct habit {
  uint32_t from, note; /* from UINT32_MAX: from nowhere */
  int64_t at_ms;
} habit;

typedef VEC(habit) habit_list;

typedef struct habits {
  bool read;          /* memory.db's events are here; zero-initialise */
  habit_list by_from; /* in order of (from, at_ms) */
  habit_list by_note; /* in order of (note, at_ms) */
  habit_list by_time; /* in order of (at_ms, note, from) */
  uint32_t revision;  /* another one when by_time no longer begins as it did */
  lan_map verdicts;   /* note and result -> lan_verdict + 3 */
} habits;

/* Where what is remembered is read from: memory.db (remember.c), or what an application keeps. */
typedef struct memory_records {
  void *ctx; /* of the two functions; NULL: nothing is remembered */
  /* Goes through all opens and verdicts, the oldest first. */
  lan_status (*each_event)(void *ctx, memory_event_fn fn, void *fn_ctx, lan_error *err);
  /* Goes through what pictures were taken for. */
  lan_status (*each_picture)(void *ctx, memory_picture_fn fn, void *fn_ctx, lan_error *err);
} memory_records;

/* Reads them anew; events of notes that are no more are passed over. */
lan_status habits_read(habits *h, const memory_records *records, const catalog *cat,
                       lan_error *err);
void habits_free(habits *h);

/* Takes in one more open, if they were read. */
lan_status habits_add(habits *h, habit open, lan_error *err);

/* The opens from a note, and of a note, in order of time. */
const habit *habits_from(const habits *h, uint32_t note, size_t *n);
const habit *habits_of(const habits *h, uint32_t note, size_t *n);

/* How many of n opens in order of time were before one. */
size_t habits_before(const habit *opens, size_t n, int64_t ms);

lan_verdict habits_verdict(const habits *h, uint32_t note, uint32_t related);

/* The weight of an open at a time; 0 if it was not yet. */
double habit_weight(const habit *h, int64_t now_ms);

#endif
