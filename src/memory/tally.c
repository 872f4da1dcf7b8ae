#include "memory/tally.h"

#include <string.h>

#include "base/error.h"
#include "memory/network.h"

void tally_free(tally *t) {
  free(t->opened);
  free(t->left);
  free(t->at_hand);
  *t = (tally){0};
}

static lan_status make_room(tally *t, uint32_t n_notes, lan_error *err) {
  tally_free(t);
  t->opened = lan_alloc_zeroed(n_notes, sizeof *t->opened);
  t->left = lan_alloc_zeroed(n_notes, sizeof *t->left);
  t->at_hand = lan_alloc_zeroed(n_notes, sizeof *t->at_hand);
  if (!t->opened || !t->left || !t->at_hand) {
    tally_free(t);
    return lan_fail_memory(err, n_notes * 3 * sizeof *t->left);
  }
  t->n_notes = n_notes;
  return LAN_OK;
}

static void start_again(tally *t, uint32_t revision) {
  memset(t->opened, 0, t->n_notes * sizeof *t->opened);
  memset(t->left, 0, t->n_notes * sizeof *t->left);
  memset(t->at_hand, 0, t->n_notes * sizeof *t->at_hand);
  t->counted = 0;
  t->revision = revision;
}

static void count(tally *t, const lan_graph *g, const habit *open) {
  if (open->from == UINT32_MAX || open->from == open->note) return;
  t->opened[open->note]++;
  t->left[open->from]++;
  for (uint32_t e = g->offsets[open->from]; e < g->offsets[open->from + 1]; e++) {
    bool link = g->types[e] == EDGE_LINK || g->types[e] == EDGE_EMBED;
    if (link && g->targets[e] < t->n_notes) t->at_hand[g->targets[e]]++;
  }
}

lan_status tally_until(tally *t, const habits *h, const lan_graph *g, uint32_t n_notes,
                       int64_t now_ms, lan_error *err) {
  const habit_list *opens = &h->by_time;
  lan_status s = t->n_notes == n_notes && t->opened ? LAN_OK : make_room(t, n_notes, err);
  if (s != LAN_OK) return s;
  bool later = t->counted > 0 && t->counted <= opens->len &&
               opens->data[t->counted - 1].at_ms >= now_ms;
  if (t->revision != h->revision || t->counted > opens->len || later) start_again(t, h->revision);
  while (t->counted < opens->len && opens->data[t->counted].at_ms < now_ms) {
    count(t, g, &opens->data[t->counted++]);
  }
  return LAN_OK;
}

/* As if each note had been at hand 8 times, and opened a fifth of a time, before. */
double tally_chosen(const tally *t, uint32_t note) {
  return ((double)t->opened[note] + 8 * TALLY_UNKNOWN) / ((double)t->at_hand[note] + 8);
}
