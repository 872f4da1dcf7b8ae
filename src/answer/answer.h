/* The memory's answers as JSON: what the command prints with --json, and what the servers send. */
#ifndef ANSWER_ANSWER_H
#define ANSWER_ANSWER_H

#include "base/json.h"
#include "lantoa/memory.h"
#include "lantoa/train.h"

typedef enum answer_detail {
  ANSWER_BARE,  /* path, title, score, linked, signals */
  ANSWER_BRIEF, /* a one-line reason instead of the signals */
  ANSWER_LIST,  /* both: for a list that a person reads */
  ANSWER_WHY    /* all, and paths, sentences, words, tags */
} answer_detail;

/* "related": [...], the results of the last lan_memory_related or lan_memory_recall. */
lan_status answer_results(lan_memory *m, json_writer *j, const lan_result *results, size_t n,
                          answer_detail detail, lan_error *err);
/* One of them, number `i`, as an object. */
lan_status answer_result(lan_memory *m, json_writer *j, const lan_result *results, size_t i,
                         answer_detail detail, lan_error *err);

/* "activity": {...}, how activation spread from what was last asked for. */
lan_status answer_activity(lan_memory *m, json_writer *j, size_t most, lan_error *err);

/* An event of the history as an object. */
void answer_event(json_writer *j, const lan_event *e);

/* What a model takes a picture for, as labels that lan_memory_recall_labels takes: n_classes of them. What is hardly
 * probable calls nothing to mind, and becomes 0. */
void answer_labels(const lan_model_info *info, const float *probabilities, lan_label *labels);

/* "signals": {...}, the parts of the score. */
void answer_signals(json_writer *j, const lan_result *result);
void answer_path(json_writer *j, const lan_path *path);
void answer_sentence(json_writer *j, const lan_sentence *sentence);

#endif
