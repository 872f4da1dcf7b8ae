#include "memory/habits.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

static const double DAY_MS = 86400000;

void habits_free(habits *h) {
  VEC_FREE(&h->by_from);
  VEC_FREE(&h->by_note);
  VEC_FREE(&h->by_time);
  lan_map_free(&h->verdicts);
  *h = (habits){.revision = h->revision + 1};
}

/* ---- order ---- */

static int compare_times(const habit *a, const habit *b) {
  return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

static int by_from(const void *a, const void *b) {
  const habit *x = a, *y = b;
  if (x->from != y->from) return x->from > y->from ? 1 : -1;
  int t = compare_times(x, y);
  return t ? t : (x->note > y->note) - (x->note < y->note);
}

static int by_note(const void *a, const void *b) {
  const habit *x = a, *y = b;
  if (x->note != y->note) return x->note > y->note ? 1 : -1;
  int t = compare_times(x, y);
  return t ? t : (x->from > y->from) - (x->from < y->from);
}

static int by_time(const void *a, const void *b) {
  const habit *x = a, *y = b;
  int t = compare_times(x, y);
  if (t) return t;
  return x->note != y->note ? (x->note > y->note) - (x->note < y->note)
                            : (x->from > y->from) - (x->from < y->from);
}

/* The first that is not before `key`. */
static size_t lower_bound(const habit_list *l, const habit *key,
                          int (*compare)(const void *, const void *)) {
  size_t low = 0, high = l->len;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (compare(&l->data[mid], key) < 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

static bool insert(habit_list *l, const habit *open, int (*compare)(const void *, const void *)) {
  size_t at = lower_bound(l, open, compare);
  if (!VEC_PUSH(l, *open)) return false;
  memmove(l->data + at + 1, l->data + at, (l->len - 1 - at) * sizeof *l->data);
  l->data[at] = *open;
  return true;
}

lan_status habits_add(habits *h, habit open, lan_error *err) {
  if (!h->read) return LAN_OK;
  if (h->by_time.len && by_time(&open, &h->by_time.data[h->by_time.len - 1]) < 0) h->revision++;
  if (insert(&h->by_from, &open, by_from) && insert(&h->by_note, &open, by_note) &&
      insert(&h->by_time, &open, by_time)) {
    return LAN_OK;
  }
  h->read = false; /* to be read again */
  return lan_fail_memory(err, 0);
}

/* ---- reading ---- */

typedef struct reading {
  habits *h;
  const catalog *cat;
  bool failed;
} reading;

static uint64_t pair_key(uint32_t note, uint32_t related) {
  return lan_hash_mix((uint64_t)note << 32 | related);
}

/* The oldest first, so that the last word on a pair stays. */
static bool take(void *ctx, const memory_event *e) {
  reading *r = ctx;
  uint32_t note = catalog_find(r->cat, e->note);
  uint32_t other = e->other.len ? catalog_find(r->cat, e->other) : UINT32_MAX;
  if (note == UINT32_MAX || (e->other.len && other == UINT32_MAX)) return true;
  if (e->kind == MEMORY_OPENED) {
    r->failed = !VEC_PUSH(&r->h->by_from, (habit){other, note, e->at_ms});
  } else {
    uint32_t *slot = lan_map_put(&r->h->verdicts, pair_key(note, other));
    r->failed = !slot;
    if (slot) *slot = (uint32_t)(e->verdict + 3);
  }
  return !r->failed;
}

static lan_status copy_sorted(habit_list *to, const habit_list *from,
                              int (*compare)(const void *, const void *), lan_error *err) {
  if (!VEC_RESERVE(to, from->len)) return lan_fail_memory(err, 0);
  to->len = from->len;
  if (from->len == 0) return LAN_OK;
  memcpy(to->data, from->data, from->len * sizeof *from->data);
  qsort(to->data, to->len, sizeof *to->data, compare);
  return LAN_OK;
}

lan_status habits_read(habits *h, const memory_records *records, const catalog *cat,
                       lan_error *err) {
  reading r = {h, cat, false};
  habits_free(h);
  lan_status s = records->each_event(records->ctx, take, &r, err);
  if (s == LAN_OK && r.failed) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) s = copy_sorted(&h->by_note, &h->by_from, by_note, err);
  if (s == LAN_OK) s = copy_sorted(&h->by_time, &h->by_from, by_time, err);
  if (s != LAN_OK) {
    habits_free(h);
    return s;
  }
  if (h->by_from.len) qsort(h->by_from.data, h->by_from.len, sizeof *h->by_from.data, by_from);
  h->read = true;
  return LAN_OK;
}

/* ---- asking ---- */

static const habit *range(const habit_list *l, const habit *first, const habit *last,
                          int (*compare)(const void *, const void *), size_t *n) {
  size_t begin = lower_bound(l, first, compare), end = lower_bound(l, last, compare);
  *n = end - begin;
  return *n ? l->data + begin : NULL;
}

const habit *habits_from(const habits *h, uint32_t note, size_t *n) {
  return range(&h->by_from, &(habit){note, 0, INT64_MIN}, &(habit){note + 1, 0, INT64_MIN}, by_from,
               n);
}

const habit *habits_of(const habits *h, uint32_t note, size_t *n) {
  return range(&h->by_note, &(habit){0, note, INT64_MIN}, &(habit){0, note + 1, INT64_MIN}, by_note,
               n);
}

size_t habits_before(const habit *opens, size_t n, int64_t ms) {
  size_t low = 0, high = n;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (opens[mid].at_ms < ms) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

lan_verdict habits_verdict(const habits *h, uint32_t note, uint32_t related) {
  uint32_t v = lan_map_get(&h->verdicts, pair_key(note, related));
  return v == LAN_MAP_NONE ? LAN_VERDICT_NONE : (lan_verdict)((int)v - 3);
}

double habit_weight(const habit *h, int64_t now_ms) {
  if (h->at_ms >= now_ms) return 0;
  return 1 / sqrt(1 + (double)(now_ms - h->at_ms) / DAY_MS);
}

/* ---- verdicts ---- */

const char *lan_verdict_name(lan_verdict verdict) {
  switch (verdict) {
    case LAN_VERDICT_HIDDEN: return "hidden";
    case LAN_VERDICT_BAD: return "bad";
    case LAN_VERDICT_NONE: return "none";
    case LAN_VERDICT_GOOD: return "good";
  }
  return "unknown";
}

int lan_verdict_named(const char *name, lan_verdict *verdict) {
  for (int v = LAN_VERDICT_HIDDEN; v <= LAN_VERDICT_GOOD; v++) {
    if (strcmp(name, lan_verdict_name((lan_verdict)v)) != 0) continue;
    *verdict = (lan_verdict)v;
    return 1;
  }
  return 0;
}
