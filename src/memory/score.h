/* Scoring: what a cue calls to mind, as a weighted sum of features of each candidate.
 *
 * Channels are short spreads of activation over one or two kinds of edges (lan_spread with fan 1),
 * each from the cue, from what the cue links to, or from notes with similar words. What every
 * feature means and what it weighs: docs/scoring.md and the table in score.c. */
#ifndef MEMORY_SCORE_H
#define MEMORY_SCORE_H

#include "base/hash.h"
#include "base/vec.h"
#include "lantoa/memory.h"
#include "lantoa/spread.h"
#include "memory/flow.h"
#include "memory/habits.h"
#include "memory/index.h"
#include "memory/tagged.h"
#include "memory/tally.h"
#include "memory/trail.h"

typedef enum score_feature {
  FEATURE_LINK_OUT,      /* the cue links to it */
  FEATURE_LINK_IN,       /* it links to the cue, which does not link to it */
  FEATURE_OUT_OUT,       /* what the cue's links link to */
  FEATURE_OUT_IN,        /* what links to the cue's links: coupled */
  FEATURE_IN_OUT,        /* what is linked beside the cue: cocited */
  FEATURE_WALK,          /* three steps, whichever way links point; of words as the cue only */
  FEATURE_TEXT,          /* words in common */
  FEATURE_TEXT_OUT,      /* what notes with similar words link to */
  FEATURE_MENTION_OUT,   /* the cue names it */
  FEATURE_MENTION_IN,    /* it names the cue */
  FEATURE_TITLE,         /* words that both titles hold */
  FEATURE_TITLE_IN_CUE,  /* its title's words in the cue's text */
  FEATURE_TAG,           /* tags in common */
  FEATURE_FOLDER,        /* the same folder, the smaller the more */
  FEATURE_SIBLING_OUT,   /* what notes close by in the folder link to */
  FEATURE_POPULAR,       /* how often it is linked to */
  FEATURE_ALIKE_OUT,     /* what notes like the cue link to */
  FEATURE_OUT_IN_OUT,    /* what notes that link to the same link to */
  FEATURE_PATH,          /* how near their folders are */
  FEATURE_CHILD,         /* it lies in a folder called as the cue */
  FEATURE_DEGREE,        /* how much it links to */
  FEATURE_OPENED_AFTER,  /* it was opened from the cue */
  FEATURE_OPENED_BEFORE, /* the cue was opened from it */
  FEATURE_HABIT,         /* how often and how lately it was opened */
  FEATURE_VERDICT,       /* 1: it was said to belong to the cue; -1: not to */
  FEATURE_AGAIN,         /* how lately it was opened from the cue */
  FEATURE_CHOSEN,        /* how often it is opened where it is linked */
  FEATURE_ALIKE_AFTER,   /* it was opened from notes like the cue */
  FEATURE_TRAIL,         /* the user just came by it */
  FEATURE_TRAIL_AFTER,   /* it was opened after notes by which the user just came */
  FEATURE_TRAIL_DEPTH,   /* how many these are: the same for all candidates */
  FEATURE_FLOW_1, /* what learnt conductances bring in one step, of a note as the cue (flow.h) */
  FEATURE_FLOW_2, /* in two */
  FEATURE_FLOW_3, /* in three */
  FEATURES
} score_feature;

/* How words are weighed. */
static const bm25_params SCORE_BM25 = {1.2f, 0.75f};

typedef VEC(lan_cue) score_vector; /* nodes with activation */

/* What is asked for. */
typedef struct score_cue {
  score_vector nodes; /* activations adding up to 1 */
  uint32_t note;      /* the note that is the cue, or UINT32_MAX: it is left out of the answer */
  VEC(bm25_query_term) words; /* of its text, the most telling ones */
  VEC(uint64_t) title;        /* hashes of its title's words */
  lan_map in_text;            /* hashes of all its words */
  bool is_text;               /* asked by words: other weights */
} score_cue;

void score_cue_reset(score_cue *cue);
void score_cue_free(score_cue *cue);

typedef struct score_model score_model; /* model.h */

typedef struct score_candidate {
  uint32_t note;
  int linked; /* LAN_LINK_OUT | LAN_LINK_IN */
  float features[FEATURES];
} score_candidate;

/* The words of a title, with their idf; made when first asked for. */
typedef struct score_title {
  uint64_t *words;
  float *idf;
  float idf_sum;
  uint32_t n;
  bool made;
} score_title;

enum {
  SCORE_FOLDERS = 16, /* of a path; what lies deeper counts as lying there */
  SCORE_LOGS = 512
};

/* The names of the folders down to one, as score_name_hash. */
typedef struct score_folder {
  uint64_t name[SCORE_FOLDERS];
  uint32_t n;
  uint32_t asked;    /* the question that the next two were found for */
  float near, below; /* PATH and CHILD of the notes in it */
} score_folder;

/* The hash of a title or folder's name without regard to case. */
uint64_t score_name_hash(lan_str name);

/* A note of a name, and the next of the same (UINT32_MAX: none). */
typedef struct score_name {
  uint32_t note, next;
} score_name;

/* Scratch memory for one index. */
typedef struct score_state {
  const memory_index *index;
  const score_model *model; /* that scores */
  const habits *habits;     /* NULL: of nothing that was opened is known */
  int64_t now_ms;           /* what is opened later is not known yet */
  tally tally;              /* of the habits up to then */
  bool no_trail;            /* asked by someone who did not come by way of notes */
  lan_spreader *spreader;
  float *text;       /* by note: BM25 of the cue; 0 between calls */
  uint32_t *touched; /* notes that have some */
  uint32_t n_touched;
  uint32_t *slot;                 /* by note: candidate number + 1; 0 between calls */
  uint32_t *links_in, *links_out; /* by note: notes that link to it, nodes that it links to */
  uint32_t *mentioned;            /* by note: notes that name it without a link */
  uint32_t *folder;               /* by note: its folder's node */
  score_folder *folders;          /* by thing; of folders only */
  uint32_t asked;                 /* counts questions */
  float logs[SCORE_LOGS];         /* ln(1 + n), once it was needed */
  score_title *titles;
  lan_arena arena; /* titles' words */
  bool has_names;  /* the next two are made */
  lan_map names;   /* a title's or alias's words -> the last of `named` of that name */
  VEC(score_name) named;
  VEC(score_candidate) candidates;
  VEC(lan_activation) ranking; /* to find the best of many */
  tagged_memo memo;            /* of spreads over tags */
  score_vector out, in, beside, similar, siblings, tagged, reached, mix;
  flow_state flow;
} score_state;

lan_status score_state_init(score_state *state, const memory_index *index, const score_model *model,
                            lan_error *err);
void score_state_free(score_state *state);

/* Makes the notes with the cue's words its nodes, the `most` best by BM25. */
lan_status score_seeds(score_state *state, score_cue *cue, size_t most, lan_error *err);

/* Makes the cue's activations add up to 1, if there are any. */
void score_normalise_cue(score_cue *cue);

/* Makes the candidates of a cue with all their features, into state->candidates: at least the `most` best,
 * and not many more. */
lan_status score_candidates(score_state *state, const score_cue *cue, size_t most, lan_error *err);

/* A note as a candidate; NULL: it is none. */
const score_candidate *score_candidate_of(const score_state *st, uint32_t note);

/* The candidate's score, and its parts. */
double score_sum(const score_state *st, const score_candidate *c, const score_cue *cue,
                 float signals[LAN_SIGNALS]);
double score_only(const score_state *st, const score_candidate *c, const score_cue *cue);

#endif
