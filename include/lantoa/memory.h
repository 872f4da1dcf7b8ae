/** The memory of a vault: open a folder of Markdown notes and ask what a note, or a phrase, calls to
 *  mind.
 *
 *      lan_memory *m;
 *      lan_error err;
 *      uint32_t note;
 *      const lan_result *r;
 *      size_t n;
 *      if (lan_memory_open("/home/me/notes", NULL, &m, &err) != LAN_OK) return puts(err.message), 1;
 *      lan_memory_find(m, "cà phê", &note, &err);
 *      lan_memory_related(m, note, NULL, &r, &n, &err);
 *      for (size_t i = 0; i < n; i++)
 *        printf("%.3f %s\n", r[i].score, lan_memory_note(m, r[i].note).path);
 *      lan_memory_close(m);
 *
 *  Notes are read, never written. What was read is kept in a cache outside the vault and brought up
 * to date at each opening; the cache may be deleted at any time. A memory belongs to one thread at
 * a time; see lan_memory_share for several that ask.
 *
 *  Notes have numbers 0 .. lan_memory_size - 1, in byte order of their paths; a number holds until
 *  the next lan_memory_refresh. Strings are UTF-8 except paths, which are the bytes on disk. */
#ifndef LANTOA_MEMORY_H
#define LANTOA_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lan_memory lan_memory;

/* ---- opening ---- */

typedef enum lan_phase {
  LAN_PHASE_WALK,  /**< finding files; total unknown (0) */
  LAN_PHASE_READ,  /**< reading and parsing notes */
  LAN_PHASE_LINK,  /**< finding mentions, resolving links */
  LAN_PHASE_BUILD, /**< building the graph and the word index */
  LAN_PHASE_SAVE   /**< writing the cache */
} lan_phase;

typedef struct lan_memory_options {
  const char
      *cache_dir; /**< where index caches live; NULL: $XDG_CACHE_HOME/lantoa or ~/.cache/lantoa */
  const char
      *data_dir; /**< where memory.db lives; NULL: $XDG_DATA_HOME/lantoa or ~/.local/share/lantoa */
  const char *const
      *excludes; /**< further userIgnoreFilters: a path's beginning, or /regular expression/ */
  size_t n_excludes;
  const char *weights; /**< a file of weights to score with; NULL: what this vault has learnt, else
                            those that came with the program */
  size_t n_threads;    /**< for indexing; 0: one a processor */
  int no_cache;        /**< neither read nor write the cache */
  int save;            /**< write the cache even if little has changed (`lantoa index`) */
  int rebuild;         /**< read every note anew */
  /** Read no notes: the memory seems to have none until lan_memory_refresh. For what is told by paths
   *  (lan_memory_opened_path, lan_memory_history, ...), and takes a few milliseconds then. */
  int bare;
  const char *source; /**< who records opens ("cli", "plugin", ...); NULL: "" */
  /** Called now and then from the calling thread; nonzero stops with LAN_ECANCELED, the cache being
   * as it was. May be NULL. */
  int (*progress)(void *ctx, lan_phase phase, size_t done, size_t total);
  void *progress_ctx;
} lan_memory_options;

/** Opens the vault at `vault` (any folder), reading what changed since the last time. `options` may
 * be NULL. A broken note, an unreadable folder or a damaged cache is no error: see
 * lan_memory_report. LAN_ENOTFOUND, LAN_EIO: the folder itself cannot be read. LAN_ENOMEM,
 * LAN_ECANCELED. */
LAN_API lan_status lan_memory_open(const char *vault, const lan_memory_options *options,
                                   lan_memory **memory, lan_error *err);
LAN_API void lan_memory_close(lan_memory *memory);

/** Finds the vault around a folder or file: the nearest folder upwards that holds `.obsidian`.
 * `path` receives a NUL-terminated path; LAN_ERANGE if it does not fit. */
LAN_API lan_status lan_memory_find_vault(const char *start, char *path, size_t size,
                                         lan_error *err);

/** Brings an open memory up to date with the vault. *changed (may be NULL): notes read anew or
 * gone. LAN_ELIMIT: that is done, but a new folder cannot be watched (lan_memory_watch). */
LAN_API lan_status lan_memory_refresh(lan_memory *memory, size_t *changed, lan_error *err);

/** A descriptor that becomes readable when something in the vault's folders changes, for an event loop;
 *  lan_memory_refresh makes it quiet again. It stays the memory's. LAN_ELIMIT: the system lets a user watch
 *  only so many folders. LAN_EIO. */
LAN_API lan_status lan_memory_watch(lan_memory *memory, int *descriptor, lan_error *err);

/** Another handle of an open memory, for another thread to ask with: handles may be asked at the same time, each by one
 *  thread at a time, and answer as the memory does. Meanwhile the memory itself must be left alone: while it is
 *  refreshed, taught or asked no handle may be in use. Afterwards each handle wants lan_memory_follow before it is used.
 *  A handle only asks: what would change the memory is LAN_EINVAL. It takes scratch memory of its own, some 1000 bytes a
 *  note once it is warm, and is closed (lan_memory_close) before the memory is. LAN_ENOMEM, and as
 *  lan_memory_follow. */
LAN_API lan_status lan_memory_share(lan_memory *memory, lan_memory **handle, lan_error *err);

/** Has a handle know what its memory now knows; costs next to nothing if that did not change. Nothing for a memory
 *  itself. LAN_ENOMEM; LAN_EIO, LAN_ECORRUPT: memory.db cannot be read. */
LAN_API lan_status lan_memory_follow(lan_memory *handle, lan_error *err);

/** What opening did, for `status` and for exit codes. Paths live as long as the memory. */
typedef struct lan_memory_report {
  const char *vault;      /**< absolute path */
  const char *cache_file; /**< index.db; NULL with no_cache */
  const char *data_file;  /**< memory.db */
  size_t notes, canvases, attachments, phantoms, tags, links, mentions, words;
  size_t opens, feedbacks;   /**< in memory.db: notes opened; results that belong or do not */
  size_t hidden;             /**< results that are not to be shown again */
  size_t read_now;           /**< notes read in this opening */
  size_t skipped;            /**< files or folders that could not be read; doctor names them */
  const char *cache_trouble; /**< why the cache could not be used or written; NULL if all is well */
  double seconds;            /**< that opening took */
} lan_memory_report;
LAN_API lan_memory_report lan_memory_describe(const lan_memory *memory);

/* ---- notes ---- */

typedef struct lan_note {
  const char *path;  /**< relative to the vault, NUL-terminated; "" for a number outside */
  const char *title; /**< file name without folder and extension, NUL-terminated, valid UTF-8 */
} lan_note;

LAN_API uint32_t lan_memory_size(const lan_memory *memory);
LAN_API lan_note lan_memory_note(const lan_memory *memory, uint32_t note);

/** The bytes of a note's file as they are now, at most `most` of them; *whole is how many there are. They belong to
 *  the memory until its next call. No symbolic link is followed. LAN_ERANGE: no such note. LAN_ENOTFOUND,
 *  LAN_EIO: the file is gone or cannot be read. */
LAN_API lan_status lan_memory_read(lan_memory *memory, uint32_t note, size_t most,
                                   const char **bytes, size_t *n, size_t *whole, lan_error *err);

/** The note that `name` means: its path (with or without ".md"), its title, an alias, else an
 *  unambiguous ending of a path, title without accents, or part of a title. Case and accents'
 * encoding do not matter. LAN_ENOTFOUND: the message offers what may have been meant;
 * LAN_EAMBIGUOUS: it lists the paths to choose from. */
LAN_API lan_status lan_memory_find(const lan_memory *memory, const char *name, uint32_t *note,
                                   lan_error *err);

/** The notes that `text` may be the beginning of a name of, best first, for a list that is shown while a person
 *  types: titles that are it, that begin with it, aliases that do, titles with a word that does, that hold
 *  it; case does not matter, nor do accents that are left out. For an empty text, to begin
 *  with, those that most link to. At most `limit` numbers into `notes`, which is the caller's; *n is how many. */
LAN_API lan_status lan_memory_search(lan_memory *memory, const char *text, size_t limit,
                                     uint32_t *notes, size_t *n, lan_error *err);

/* ---- recall ---- */

/** The parts of a score. Each is the contribution of one kind of connection, and they add up to the
 *  score exactly. What each measures, and its weight: docs/scoring.md. */
typedef enum lan_signal {
  LAN_SIGNAL_LINK,     /**< a link from one to the other */
  LAN_SIGNAL_PATH,     /**< activation over several links */
  LAN_SIGNAL_COCITED,  /**< other notes link to both */
  LAN_SIGNAL_COUPLED,  /**< both link to the same notes */
  LAN_SIGNAL_TEXT,     /**< words in common */
  LAN_SIGNAL_NEIGHBOR, /**< what notes with similar words link to, or are linked from */
  LAN_SIGNAL_MENTION,  /**< one names the other's title or alias without a link */
  LAN_SIGNAL_TITLE,    /**< words of the titles in common */
  LAN_SIGNAL_TAG,      /**< tags in common */
  LAN_SIGNAL_FOLDER,   /**< the same folder, or neighbours in a dated sequence */
  LAN_SIGNAL_POPULAR,  /**< linked to from many notes */
  LAN_SIGNAL_USE,      /**< opened after the cue, or often and lately; said to belong, or not to */
  LAN_SIGNALS
} lan_signal;

/** "link", "path", "cocited", ... Never NULL. */
LAN_API const char *lan_signal_name(lan_signal signal);

typedef enum lan_linked {
  LAN_LINKED_YES, /**< linked notes and others */
  LAN_LINKED_NO,  /**< only notes that the cue neither links to nor is linked from */
  LAN_LINKED_ONLY /**< only those */
} lan_linked;

enum {
  LAN_LINK_OUT = 1, /**< the cue links to it */
  LAN_LINK_IN = 2   /**< it links to the cue */
};

typedef struct lan_query {
  size_t limit;      /**< results at most; 0: 10 */
  lan_linked linked; /**< default: LAN_LINKED_YES */
  int64_t at_ms;     /**< asked then, in ms since 1970: what was opened later is not known; 0: now */
} lan_query;

typedef struct lan_result {
  uint32_t note;
  int linked;                 /**< LAN_LINK_OUT | LAN_LINK_IN */
  double score;               /**< > 0, comparable within one answer only */
  float signals[LAN_SIGNALS]; /**< adding up to score */
} lan_result;

/** What opening `note` calls to mind, best first. `query` may be NULL. *results belongs to the
 * memory and holds until its next call. *n may be 0. */
LAN_API lan_status lan_memory_related(lan_memory *memory, uint32_t note, const lan_query *query,
                                      const lan_result **results, size_t *n, lan_error *err);

/** What a phrase or question calls to mind: the notes whose words, titles or aliases it touches are
 * the cues, and activation spreads from them. Words without accents find accented ones where
 * nothing matches exactly ("ca phe" finds "cà phê"). */
LAN_API lan_status lan_memory_recall(lan_memory *memory, const char *text, const lan_query *query,
                                     const lan_result **results, size_t *n, lan_error *err);

/** What a picture is taken for, or any other label: see lan_model_predict. */
typedef struct lan_label {
  const char *name;
  float probability; /**< 0 .. 1 */
} lan_label;

/** What labels call to mind: the notes that a label names (by title or alias), the tags of its name and the
 *  notes that hold its words are the cues, each as much as the label is probable. LAN_ERANGE: a probability
 *  that is none. */
LAN_API lan_status lan_memory_recall_labels(lan_memory *memory, const lan_label *labels,
                                            size_t n_labels, const lan_query *query,
                                            const lan_result **results, size_t *n, lan_error *err);

/* ---- pictures of the vault ---- */

/** A picture (JPEG, PNG, WebP) that notes show or link to. */
typedef struct lan_picture {
  const char *path; /**< relative to the vault */
  int labelled; /**< not 0: lan_memory_label_picture was told of it for this model, and it has not changed */
} lan_picture;

/** The pictures that notes show or link to. `model` names the model that is to look at them. Belongs to the memory
 *  until its next call for an answer. */
LAN_API lan_status lan_memory_pictures(lan_memory *memory, const char *model,
                                       const lan_picture **pictures, size_t *n, lan_error *err);

/** The bytes of such a picture; they belong to the memory until its next call. No symbolic link is followed. */
LAN_API lan_status lan_memory_read_picture(lan_memory *memory, const char *path, const char **bytes,
                                           size_t *n, lan_error *err);

/** Keeps what `model` takes a picture for in memory.db; labels of less than 0.5 are dropped, since that is not what it
 *  shows. Notes that show it then answer to the labels' words, and to pictures that are taken for the same. LAN_ENOTFOUND:
 *  the file is gone. */
LAN_API lan_status lan_memory_label_picture(lan_memory *memory, const char *path, const char *model,
                                            const lan_label *labels, size_t n_labels,
                                            lan_error *err);

/* ---- reasons ---- */

/** One hop of a path: how activation went from the node before to this one. */
typedef enum lan_hop_kind {
  LAN_HOP_START,
  LAN_HOP_LINK,        /**< the node before links to this one */
  LAN_HOP_LINKED_FROM, /**< this one links to the node before */
  LAN_HOP_EMBED,
  LAN_HOP_EMBEDDED_IN,
  LAN_HOP_MENTION,
  LAN_HOP_MENTIONED_IN,
  LAN_HOP_TAG,    /**< carries the tag (the node is a tag) */
  LAN_HOP_TAGGED, /**< from a tag to a note */
  LAN_HOP_FOLDER  /**< the node is a folder, or a note in it */
} lan_hop_kind;

LAN_API const char *lan_hop_name(lan_hop_kind kind); /**< "link", "linked-from", ... */

typedef struct lan_hop {
  lan_hop_kind kind;
  const char *name; /**< a note's title, a tag with '#', a folder with '/', a phantom's name */
  const char *path; /**< the note's path; NULL if the node is no note */
} lan_hop;

typedef struct lan_path {
  const lan_hop *hops; /**< n_hops >= 2, the first LAN_HOP_START */
  size_t n_hops;
  double share; /**< of the activation that reached the note over the graph, 0 .. 1 */
} lan_path;

/** A sentence that holds the connection. */
typedef struct lan_sentence {
  const char *path;            /**< of the note it stands in */
  uint32_t line;               /**< from 1 */
  const char *text;            /**< plain, at most about 240 bytes */
  size_t mark_start, mark_end; /**< the linked words in `text` (bytes) */
} lan_sentence;

typedef struct lan_why {
  const char *reason; /**< one short line for a person: "linked from Cà phê", "both linked from Buổi
                         sáng" */
  const lan_path *paths;
  size_t n_paths;
  const lan_sentence *sentences;
  size_t n_sentences;
  const char *const *words; /**< words in common, most telling first */
  size_t n_words;
  const char *const *tags; /**< in common, without '#' */
  size_t n_tags;
} lan_why;

/** The one-line reason for result `i` of the last answer (lan_why.reason), for little cost. */
LAN_API lan_status lan_memory_reason(lan_memory *memory, size_t i, const char **reason,
                                     lan_error *err);

/** The reasons for result `i` of the last lan_memory_related or lan_memory_recall. Belongs to the
 * memory and holds until its next call other than this one. LAN_ERANGE: there is no such result. */
LAN_API lan_status lan_memory_why(lan_memory *memory, size_t i, const lan_why **why,
                                  lan_error *err);

/** How activation flows from one note to another: the strongest paths of at most 4 hops over links,
 * mentions, tags and folders. *n is 0 when they are not connected. Belongs to the memory until its
 * next call. */
LAN_API lan_status lan_memory_paths(lan_memory *memory, uint32_t from, uint32_t to, size_t limit,
                                    const lan_path **paths, size_t *n, lan_error *err);

/* ---- how activation spread ---- */

typedef enum lan_node_kind {
  LAN_NODE_NOTE,
  LAN_NODE_ATTACHMENT,
  LAN_NODE_PHANTOM, /**< linked to, but there is no such note */
  LAN_NODE_TAG,
  LAN_NODE_FOLDER
} lan_node_kind;

LAN_API const char *lan_node_name(lan_node_kind kind); /**< "note", "attachment", "phantom", ... */

typedef struct lan_active_node {
  lan_node_kind kind;
  const char *name; /**< as lan_hop.name */
  const char *path; /**< the note's path; NULL if the node is no note */
  uint32_t note;    /**< UINT32_MAX if the node is no note */
  int cue;          /**< not 0: activation started here */
  const double *
      activation; /**< steps + 1 values that never fall: all that has reached it after 0 .. steps */
} lan_active_node;

typedef struct lan_active_edge {
  uint32_t from, to; /**< numbers in lan_activity.nodes */
  lan_hop_kind kind;
  const double *flow; /**< steps values: what went over it in step 1 .. steps */
} lan_active_edge;

typedef struct lan_activity {
  uint32_t steps;
  const lan_active_node *nodes; /**< the cues, the results, then what else is most active */
  size_t n_nodes;
  const lan_active_edge *edges; /**< those between the nodes over which something went */
  size_t n_edges;
} lan_activity;

/** How activation spread from what was last asked for (lan_memory_related, lan_memory_recall and the
 *  like), step by step over links, embeds, mentions, tags and folders, with decay and fan as lan_memory_paths
 *  counts them: the part of the network with the `most` (0: 60) nodes that matter. The whole network is
 *  weighed, only this part is told. Empty if nothing was asked or found. Holds until the memory's next call
 *  for an answer. */
LAN_API lan_status lan_memory_activity(lan_memory *memory, size_t most,
                                       const lan_activity **activity, lan_error *err);

/* ---- tending the vault ---- */

/** Links that are missing: pairs of unlinked notes, best first, mentions with their sentence
 * foremost. */
typedef struct lan_suggestion {
  uint32_t from, to;
  double score;
  lan_sentence sentence; /**< where `to` is named in `from`; text "" if it is not */
  const char *reason;
} lan_suggestion;

/** `note`: for this one only, or UINT32_MAX for the whole vault. */
LAN_API lan_status lan_memory_suggest(lan_memory *memory, uint32_t note, size_t limit,
                                      const lan_suggestion **suggestions, size_t *n,
                                      lan_error *err);

typedef enum lan_defect_kind {
  LAN_DEFECT_BROKEN_LINK,    /**< no such note */
  LAN_DEFECT_AMBIGUOUS_LINK, /**< several notes it could mean */
  LAN_DEFECT_ORPHAN,         /**< no link in or out */
  LAN_DEFECT_DAMAGED_TEXT,   /**< wrong encoding, NULs */
  LAN_DEFECT_NEAR_DUPLICATE, /**< two notes with nearly the same title */
  LAN_DEFECT_FORMAT,         /**< front matter or canvas that cannot be read */
  LAN_DEFECT_SKIPPED,        /**< a file or folder that could not be read */
  LAN_DEFECTS
} lan_defect_kind;

LAN_API const char *lan_defect_name(lan_defect_kind kind); /**< "broken-link", ... */

typedef struct lan_defect {
  lan_defect_kind kind;
  const char *path;    /**< the file */
  uint32_t line;       /**< from 1; 0 if it concerns the whole file */
  const char *message; /**< what is wrong and how to mend it */
} lan_defect;

/** Everything that is wrong with the vault, by kind, then path and line. */
LAN_API lan_status lan_memory_doctor(lan_memory *memory, const lan_defect **defects, size_t *n,
                                     lan_error *err);

/* ---- use ---- */

/** What is done with the memory is kept in memory.db, and is on the disk when these functions return LAN_OK.
 *  What was opened comes up sooner, above all after the note that it was opened from; what is hidden never does.
 *  Notes are kept by their paths. LAN_EIO: memory.db cannot be written (a full disk, a read-only folder);
 *  LAN_EBUSY: another process has been writing for more than 5 seconds; LAN_ECORRUPT: memory.db is damaged.
 *  Nothing is changed then. */

/** `note` was opened at `unix_ms` (0: now), coming from `from` (UINT32_MAX: from nowhere). LAN_ERANGE: there is
 *  no such note, or the time lies before 1970 or after 9999. Takes as long as a question: the weights learn from it
 *  in small steps, which are kept once they have foreseen opens better (src/memory/online.h); not with
 *  lan_memory_options.bare or weights. */
LAN_API lan_status lan_memory_opened(lan_memory *memory, uint32_t from, uint32_t note,
                                     int64_t unix_ms, lan_error *err);
/** The same by path, as lan_note.path has it, also with `bare`; `from` may be NULL. LAN_ENOTFOUND: `note` or
 *  `from` is no file of the vault that a note may be. */
LAN_API lan_status lan_memory_opened_path(lan_memory *memory, const char *from, const char *note,
                                          int64_t unix_ms, lan_error *err);

typedef enum lan_verdict {
  LAN_VERDICT_HIDDEN = -2, /**< it is not to be shown again */
  LAN_VERDICT_BAD = -1,    /**< it does not belong */
  LAN_VERDICT_NONE = 0,    /**< nothing: takes back what was said */
  LAN_VERDICT_GOOD = 1     /**< it belongs */
} lan_verdict;

LAN_API const char *lan_verdict_name(lan_verdict verdict); /**< "hidden", "bad", "none", "good" */
/** The verdict of that name; 0 if there is none. */
LAN_API int lan_verdict_named(const char *name, lan_verdict *verdict);

/** What the user says of `related` as a result for `note`. The last word counts. *changed (may be NULL): 0 if there
 *  was nothing to take back. */
LAN_API lan_status lan_memory_feedback(lan_memory *memory, uint32_t note, uint32_t related,
                                       lan_verdict verdict, int *changed, lan_error *err);

typedef enum lan_event_kind { LAN_EVENT_OPENED, LAN_EVENT_FEEDBACK } lan_event_kind;

typedef struct lan_event {
  lan_event_kind kind;
  int64_t unix_ms;
  const char *note;    /**< the path of what was opened, or of what the result was shown for */
  const char *other;   /**< where it was opened from, "" for nowhere; or the result's path */
  const char *source;  /**< of an open: lan_memory_options.source */
  lan_verdict verdict; /**< of feedback; never LAN_VERDICT_NONE */
} lan_event;

/** Which events are meant; {0} is all of them. */
typedef struct lan_span {
  const char *note; /**< only those in which this path occurs; NULL: of all notes */
  int64_t since_ms; /**< from then on */
  int64_t until_ms; /**< before then; 0: without end */
} lan_span;

/** Calls each(ctx, event) for the events in the span, newest first, at most `limit` (0: all); it may not use the
 *  memory, and stops by returning nonzero. `span` may be NULL. */
LAN_API lan_status lan_memory_history(lan_memory *memory, const lan_span *span, size_t limit,
                                      int (*each)(void *ctx, const lan_event *event), void *ctx,
                                      lan_error *err);

/** Removes the events in the span (NULL or {0}: all, and what was learnt from them) for good. Where the span's note is
 *  only what another was opened from, just that is forgotten. *n (may be NULL): how many events were changed or
 *  removed. */
LAN_API lan_status lan_memory_forget(lan_memory *memory, const lan_span *span, size_t *n,
                                     lan_error *err);

/** Calls write(ctx, line, len) with each line, newline included, of what memory.db holds, as JSON Lines; nonzero stops with
 *  LAN_ECANCELED. The same memory gives the same bytes. */
LAN_API lan_status lan_memory_export(lan_memory *memory,
                                     int (*write)(void *ctx, const char *line, size_t len),
                                     void *ctx, lan_error *err);

typedef struct lan_import {
  size_t opens, feedbacks, weights; /**< taken in */
  size_t known;                     /**< there already, or older than what is there */
} lan_import;

/** Merges what lan_memory_export wrote: an event that is there already is not counted twice; of feedback on one pair,
 *  and of weights, the newest stays. All or nothing: LAN_EFORMAT names the line that cannot be read. *done (may be
 *  NULL): what came of it. */
LAN_API lan_status lan_memory_import(lan_memory *memory, const char *bytes, size_t len,
                                     lan_import *done, lan_error *err);

/* ---- learning ---- */

typedef struct lan_learn_options {
  uint64_t seed;
  size_t examples; /**< hidden links to learn from, at most, and five times as many opens; 0: 2000 */
  /** Called now and then with what is done, 0 .. 1; nonzero stops with LAN_ECANCELED, nothing being
   * changed. May be NULL. */
  int (*progress)(void *ctx, double done);
  void *progress_ctx;
} lan_learn_options;

/** What learning came to, on links and opens that were held back from it. */
typedef struct lan_learn_report {
  size_t examples, held_back;
  size_t opens;                       /**< of both together: notes opened from another */
  double mrr_before, mrr_after;       /**< mean of 1 / rank of a hidden link's target */
  double hits10_before, hits10_after; /**< share of them among the first 10 */
  int kept;                           /**< not 0: the new weights are better, and are kept */
  size_t questions, questions_held_back; /**< headings and first sentences, their notes being wanted */
  double recall_mrr_before, recall_mrr_after;     /**< the same of the questions held back */
  double recall_hits5_before, recall_hits5_after; /**< share of them among the first 5 */
  int recall_kept; /**< not 0: the new weights of recall by question are better, and are kept */
  double seconds;
} lan_learn_report;

/** Tunes the weights to this vault and to what was opened in it: hides links and has them brought back, has
 *  what was opened be found before it was, takes headings and first sentences out of notes and asks for the notes by
 *  them, and moves the weights by backpropagation. The new weights, of related notes and of recall each, are kept in
 *  memory.db only if they do better than the present ones on what was held back. `options` may be NULL. LAN_EINVAL: the
 *  vault has too few links, opens and questions to learn from. */
LAN_API lan_status lan_memory_learn(lan_memory *memory, const lan_learn_options *options,
                                    lan_learn_report *report, lan_error *err);

/** How well hidden links come back: by Lantoa, and by what else there is. */
typedef struct lan_ranking_quality {
  const char *name; /**< "lantoa", "pagerank", "adamic-adar", "text" */
  double mrr, hits1, hits5, hits10;
} lan_ranking_quality;
enum { LAN_RANKINGS = 4 };

/** Hides links of the vault (at most one a note, a seventh of all, at most 1500; never those that are
 *  returned), ranks with each method, and compares. Nothing is changed. *n_hidden may be NULL.
 *  LAN_EINVAL: the vault has too few links. */
LAN_API lan_status lan_memory_evaluate(lan_memory *memory, uint64_t seed,
                                       lan_ranking_quality rankings[LAN_RANKINGS], size_t *n_hidden,
                                       lan_error *err);

#ifdef __cplusplus
}
#endif
#endif
