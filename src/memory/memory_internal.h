/* The memory's insides, shared by the files of this folder. */
#ifndef MEMORY_INTERNAL_H
#define MEMORY_INTERNAL_H

#include "base/alloc.h"
#include "base/thread.h"
#include "base/vec.h"
#include "lantoa/memory.h"
#include "lantoa/spread.h"
#include "memory/habits.h"
#include "memory/index.h"
#include "memory/model.h"
#include "memory/online.h"
#include "memory/pictures.h"
#include "memory/question.h"
#include "memory/reader.h"
#include "memory/score.h"
#include "store/memory_db.h"
#include "vault/watch.h"

struct lan_memory {
  char *vault;      /* real path */
  char *cache_file; /* NULL: no cache */
  char *data_file;
  lan_memory_options options; /* as given; excludes are copied into `lasting` */
  int root_fd; /* -1: it is no folder of its own */
  folder_source folder;
  const note_source *source; /* of notes: `folder`, or another's */
  watch *watch; /* of the vault's folders; made when first wanted */
  lan_pool *pool;
  lan_arena lasting; /* what lives as long as the memory */
  memory_db *db;     /* NULL: it could not be opened; see memory_own_db */
  memory_db_counts counts;
  memory_records records;
  habits habits;     /* of memory.db, read when first wanted */
  pictures pictures; /* likewise */

  lan_memory *of;           /* a handle of that memory (share.c); NULL: it is one itself */
  struct memory_lock *lock; /* of one that has handles */
  uint32_t version;         /* of the index: another number after each change */
  memory_index index;
  names *files;         /* of index.cat; made when first wanted */
  score_state score;    /* scratch memory of scoring, made for this index */
  score_model model;    /* that scores */
  uint64_t own_weights; /* hash of those of memory.db that it is made of; 0: none */
  online online;        /* what the opens since have made of it */
  reader_hidden hidden; /* what this memory does not see (hide.h) */
  lan_arena skip_arena;
  skip_list skips;
  char *cache_trouble;
  size_t read_now;
  double seconds;

  /* The last answer. */
  lan_arena answer;
  score_cue cue;     /* what it was asked for */
  question question; /* the same of a question */
  VEC(lan_result) results;
  reader reader;
  lan_buf file; /* of lan_memory_read */
};

/* Takes over an index that notes were read into: everything that was made for the one before dies. */
lan_status memory_use_index(lan_memory *m, memory_index *index, lan_error *err);

/* Frees all that a memory has, however it was made, but for what was opened for it (open.c). */
void memory_release(lan_memory *m);

/* Forgets the last answer: everything in `answer` dies. */
void memory_new_answer(lan_memory *m);

/* The files that links may mean. */
lan_status memory_files(lan_memory *m, const names **files, lan_error *err);

/* share.c: gives back what a handle has of its memory; nothing for a memory itself. */
void memory_unshare(lan_memory *m);
void memory_lock_free(struct memory_lock *lock);
/* LAN_EINVAL: it is a handle, and what is asked for would change the memory. */
lan_status memory_check_own(const lan_memory *m, lan_error *err);

/* memory.db, which is tried again if it could not be opened before. LAN_ENOTFOUND or LAN_EIO: it has no place. */
lan_status memory_own_db(lan_memory *m, memory_db **db, lan_error *err);

/* Reads and parses a note into m->reader. */
lan_status memory_read(lan_memory *m, uint32_t note, lan_error *err);

/* The name of a vault's own weights in memory.db. */
#define MEMORY_WEIGHTS "score"
/* Keeps them there, and scores with them from now on. */
lan_status memory_keep_weights(lan_memory *m, const score_model *model, lan_error *err);
/* Scores with those that are there now, which others may have changed; damaged ones change nothing. m->db is open. */
void memory_follow_weights(lan_memory *m);

/* The weights move by what was opened, as it was to be foreseen before anybody knew of it. True: *better foresee better than
 * the present ones, and are to take their place. */
bool memory_learn_open(lan_memory *m, const habit *open, score_model *better);

/* memory_own_db to change it: LAN_EINVAL, this is a handle. */
lan_status memory_db_to_change(lan_memory *m, memory_db **db, lan_error *err);

/* Reads what memory.db knows of use, unless that is done or there is nothing. */
lan_status memory_know_habits(lan_memory *m, lan_error *err);
/* Has it at hand for scoring, as of now. */
lan_status memory_use_habits(lan_memory *m, lan_error *err);

/* Makes a note the cue: m->cue. */
lan_status memory_cue(lan_memory *m, uint32_t note, lan_error *err);

#endif
