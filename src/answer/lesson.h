/* The learning room's lessons as JSON: a network that learns, and a small memory that is touched. */
#ifndef ANSWER_LESSON_H
#define ANSWER_LESSON_H

#include "base/json.h"
#include "train/classroom.h"

/* {"points": [[x, y, kind], ...], "side": 24, "hidden": H, "throws": [{...}, ...]}; see docs/api.md. */
lan_status answer_lesson(const classroom_options *options, json_writer *j, lan_error *err);

/* Spreads activation from one of a few words that call each other to mind: {"steps": 3, "nodes": [...],
 * "edges": [...]} as "activity" has it, all of the words. `cue` counts from 0. LAN_ERANGE: there is no such
 * word. */
lan_status answer_words(uint32_t cue, int vietnamese, json_writer *j, lan_error *err);

#endif
