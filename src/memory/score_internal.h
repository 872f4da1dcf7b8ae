/* Shared by the files that score: score.c joins what channels.c and pair.c find. */
#ifndef MEMORY_SCORE_INTERNAL_H
#define MEMORY_SCORE_INTERNAL_H

#include "memory/score.h"

/* A candidate's feature, the note becoming a candidate if it was none; NULL: out of memory. */
float *score_feature_of(score_state *st, uint32_t note, score_feature f);

/* channels.c: the BM25 scores of all notes that hold words of the cue, as shares of the best one's, in st->text
 * until they are forgotten; st->similar are the strongest. */
lan_status score_compare_words(score_state *st, const score_cue *cue, lan_error *err);
void score_forget_words(score_state *st);
/* Those of the answer before: their slots are free again. */
void score_forget_candidates(score_state *st);

/* channels.c: features that activation brings; the notes that it reaches become candidates. */
lan_status score_spread_channels(score_state *st, const score_cue *cue, lan_error *err);

/* channels.c: what was reached (st->ranking) as a feature; and the `most` strongest of it, in order, after which
 * st->ranking is in no order. */
lan_status score_keep_ranking(score_state *st, score_feature f, lan_error *err);
lan_status score_take_strongest(score_state *st, size_t most, score_vector *to, lan_error *err);

/* flow.c: what learnt conductances bring, while the words' scores are there. */
lan_status score_flow(score_state *st, const score_cue *cue, lan_error *err);

/* use.c: what opens and feedback say; what was opened after the cue, or before it, becomes a candidate. */
lan_status score_use(score_state *st, const score_cue *cue, lan_error *err);

/* pair.c: what the cue and each candidate share, and what each candidate is. */
void score_places(score_state *st, const score_cue *cue);
lan_status score_titles(score_state *st, const score_cue *cue, lan_error *err);

#endif
