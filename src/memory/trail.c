#include "memory/trail.h"

enum {
  BACK_MOST = 3,      /* notes of the trail that are continued */
  OCCASIONS_MOST = 64, /* of each, the latest */
  BRANCHES_MOST = 2,  /* opens that follow one */
  STEPS = 3
};

trail trail_to(const habits *h, uint32_t cue, int64_t now_ms) {
  trail t = {.n = 0};
  for (uint32_t note = cue; t.n < TRAIL_MOST;) {
    size_t n;
    const habit *opens = habits_of(h, note, &n);
    n = habits_before(opens, n, now_ms);
    if (n == 0 || now_ms - opens[n - 1].at_ms > TRAIL_PAUSE_MS) break;
    note = opens[n - 1].from;
    now_ms = opens[n - 1].at_ms;
    if (note == UINT32_MAX) break;
    t.notes[t.n++] = note;
  }
  return t;
}

typedef struct walk {
  const habits *h;
  int64_t now_ms;
  float worth;
  bool (*found)(void *ctx, uint32_t note, float worth);
  void *ctx;
} walk;

/* What was opened from `note` soon after a time. */
static const habit *opened_next(const walk *w, uint32_t note, int64_t ms, size_t *n) {
  size_t all;
  const habit *opens = habits_from(w->h, note, &all);
  size_t first = habits_before(opens, all, ms + 1), last = habits_before(opens, all, ms + TRAIL_PAUSE_MS);
  size_t known = habits_before(opens, all, w->now_ms);
  if (last > known) last = known;
  if (last > first + BRANCHES_MOST) last = first + BRANCHES_MOST;
  *n = last > first ? last - first : 0;
  return opens + first;
}

static bool go_on(const walk *w, const habit *open, int step) {
  size_t n;
  const habit *next = opened_next(w, open->note, open->at_ms, &n);
  for (size_t i = 0; i < n; i++) {
    if (!w->found(w->ctx, next[i].note, w->worth)) return false;
    if (step < STEPS && !go_on(w, &next[i], step + 1)) return false; /* STEPS deep at most */
  }
  return true;
}

bool trail_continued(const habits *h, const trail *t, int64_t now_ms,
                     bool (*found)(void *ctx, uint32_t note, float worth), void *ctx) {
  for (size_t back = 0; back < t->n && back < BACK_MOST; back++) {
    walk w = {h, now_ms, 1.0f / (float)(1 + back), found, ctx};
    size_t n;
    const habit *opens = habits_from(h, t->notes[back], &n);
    n = habits_before(opens, n, now_ms);
    for (size_t i = n > OCCASIONS_MOST ? n - OCCASIONS_MOST : 0; i < n; i++) {
      if (!go_on(&w, &opens[i], 2)) return false;
    }
  }
  return true;
}
