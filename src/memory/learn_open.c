/* Learning from one open, in a memory wherever its notes come from. */
#include "memory/learn.h"
#include "memory/memory_internal.h"

bool memory_learn_open(lan_memory *m, const habit *open, score_model *better) {
  const score_state *st = &m->score;
  if (open->from == UINT32_MAX || open->from == open->note) return false;
  memory_new_answer(m);
  if (memory_cue(m, open->from, NULL) != LAN_OK || memory_use_habits(m, NULL) != LAN_OK)
    return false;
  m->score.now_ms = open->at_ms;
  if (score_candidates(&m->score, &m->cue, LEARN_CANDIDATES, NULL) != LAN_OK) return false;
  size_t n = st->candidates.len, wanted = 0;
  while (wanted < n && st->candidates.data[wanted].note != open->note) wanted++;
  online_verdict v = online_step(&m->online, &m->model.note, st->candidates.data, n, wanted);
  if (v == ONLINE_WORSE) m->online = (online){0};
  if (v != ONLINE_BETTER) return false;
  *better = m->model;
  better->note = m->online.net;
  return true;
}
