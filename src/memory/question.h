/* Recall by question: notes that hold its words or are named in it, and activation that flows on from them along
 * links and mentions, gated by how much of the question the two notes explain together.
 *
 *     score(d) = own . n(d) + max(0, bias + max over notes s tied to d of (via . n(s) + tie . t(s, d)))
 *
 * n are features of a note and the question, t of two notes and the question: docs/scoring.md. The weights
 * are learnt from questions whose answers are known (question_learn.h). */
#ifndef MEMORY_QUESTION_H
#define MEMORY_QUESTION_H

#include "base/hash.h"
#include "memory/score.h"

typedef enum question_own {
  OWN_TEXT,        /* square root of BM25, as a share of the best note's */
  OWN_COVER,       /* words of the question that it holds, by idf, as a share of all */
  OWN_TITLE,       /* words of its title that the question holds, as a share of its title */
  OWN_TITLE_COVER, /* the same as a share of the question */
  OWN_NAMED,       /* 1: the question names its title or an alias, word for word */
  OWN_NAMED_RARE,  /* the same, weighed by what the name's words tell: 1 at an idf of 12 */
  OWN_KNOWN,       /* ln(1 + links to it and mentions of it) / 5 */
  OWNS
} question_own;

typedef enum question_tie {
  TIE_LINK,      /* 1: one links to the other, embeds or names it */
  TIE_LINK_RARE, /* the same, less for a note that many name: 1 / log2(2 + how many) */
  TIE_LINK_COVER, /* the same as TIE_LINK, times the share of the question that the two hold together */
  TIE_LINK_TITLES,  /* the same with the words of their titles */
  TIE_NAMED,        /* 1: the question names both */
  TIE_NAMED_COVER,  /* the same, times the share that they hold together */
  TIE_NAMED_TITLES, /* the same with the words of their titles */
  TIE_TO_NAMED,     /* 1: the one that is linked to or named is named in the question */
  TIE_MUTUAL,       /* 1: both link to or name each other */
  TIES
} question_tie;

enum { QUESTION_NUMBERS = 2 * OWNS + TIES + 1 };

typedef struct question_weights {
  float own[OWNS], via[OWNS], tie[TIES], bias;
  /* What the weights were learnt from, as a bowl about them: to move them by d costs half the sum of squares of sure d.
   * All 0: nothing is known of it. */
  float sure[QUESTION_NUMBERS][QUESTION_NUMBERS];
} question_weights;

/* A word of the question, or a way in which it may be written. */
typedef struct question_word {
  uint64_t hash;
  uint32_t group; /* of the ways to write one word; 0 .. 63 */
} question_word;

enum { QUESTION_WORDS = 64 };

typedef struct question_note {
  uint32_t note;
  uint64_t holds, titled; /* groups of words: of it, of its title */
  float own[OWNS];
} question_note;

typedef struct question_pair {
  uint32_t a, b; /* numbers of notes in `notes` */
  float tie[TIES];
} question_pair;

/* A note with a picture that shows what a word of the question means. */
typedef struct question_picture {
  uint32_t note, group;
} question_picture;

/* What was asked, and scratch memory; zero-initialise. */
typedef struct question {
  VEC(question_word) words;
  VEC(uint64_t) spoken; /* all words in order, each ideograph one: for names */
  VEC(question_picture) pictures;
  uint32_t n_groups;
  float share[QUESTION_WORDS]; /* of each group in the question's idf */
  VEC(question_note) notes;    /* candidates */
  VEC(question_pair) pairs;
  VEC(uint32_t) best; /* by note: the pair that it scores by + 1, or 0 */
} question;

void question_reset(question *q);
void question_free(question *q);

/* Finds the candidates of a question whose words are in q and cue (as BM25 terms), and all their features;
 * the notes that activation starts from become the cue's nodes. */
lan_status question_candidates(score_state *st, score_cue *cue, question *q, lan_error *err);

/* Finds for each candidate the tie that it scores by: q->best. */
lan_status question_tie_best(question *q, const question_weights *w, lan_error *err);

/* The note over whose tie `note` scores; UINT32_MAX: by itself alone. */
uint32_t question_tied_to(const question *q, uint32_t note);

/* The score of candidate i, and its parts, which add up to it. */
double question_score(const question *q, const question_weights *w, uint32_t i,
                      float signals[LAN_SIGNALS]);

#endif
