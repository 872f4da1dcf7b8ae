#include "memory/model.h"
#include "memory/score_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/unicode.h"

/* The part of the answer that each feature counts to. */
static const lan_signal SIGNALS[FEATURES] = {[FEATURE_LINK_OUT] = LAN_SIGNAL_LINK,
                                             [FEATURE_LINK_IN] = LAN_SIGNAL_LINK,
                                             [FEATURE_OUT_OUT] = LAN_SIGNAL_PATH,
                                             [FEATURE_OUT_IN] = LAN_SIGNAL_COUPLED,
                                             [FEATURE_IN_OUT] = LAN_SIGNAL_COCITED,
                                             [FEATURE_WALK] = LAN_SIGNAL_PATH,
                                             [FEATURE_TEXT] = LAN_SIGNAL_TEXT,
                                             [FEATURE_TEXT_OUT] = LAN_SIGNAL_NEIGHBOR,
                                             [FEATURE_MENTION_OUT] = LAN_SIGNAL_MENTION,
                                             [FEATURE_MENTION_IN] = LAN_SIGNAL_MENTION,
                                             [FEATURE_TITLE] = LAN_SIGNAL_TITLE,
                                             [FEATURE_TITLE_IN_CUE] = LAN_SIGNAL_TITLE,
                                             [FEATURE_TAG] = LAN_SIGNAL_TAG,
                                             [FEATURE_FOLDER] = LAN_SIGNAL_FOLDER,
                                             [FEATURE_SIBLING_OUT] = LAN_SIGNAL_FOLDER,
                                             [FEATURE_POPULAR] = LAN_SIGNAL_POPULAR,
                                             [FEATURE_ALIKE_OUT] = LAN_SIGNAL_NEIGHBOR,
                                             [FEATURE_OUT_IN_OUT] = LAN_SIGNAL_COUPLED,
                                             [FEATURE_PATH] = LAN_SIGNAL_FOLDER,
                                             [FEATURE_CHILD] = LAN_SIGNAL_FOLDER,
                                             [FEATURE_DEGREE] = LAN_SIGNAL_POPULAR,
                                             [FEATURE_OPENED_AFTER] = LAN_SIGNAL_USE,
                                             [FEATURE_OPENED_BEFORE] = LAN_SIGNAL_USE,
                                             [FEATURE_HABIT] = LAN_SIGNAL_USE,
                                             [FEATURE_VERDICT] = LAN_SIGNAL_USE,
                                             [FEATURE_AGAIN] = LAN_SIGNAL_USE,
                                             [FEATURE_CHOSEN] = LAN_SIGNAL_USE,
                                             [FEATURE_ALIKE_AFTER] = LAN_SIGNAL_USE,
                                             [FEATURE_TRAIL] = LAN_SIGNAL_USE,
                                             [FEATURE_TRAIL_AFTER] = LAN_SIGNAL_USE,
                                             [FEATURE_TRAIL_DEPTH] = LAN_SIGNAL_USE,
                                             [FEATURE_FLOW_1] = LAN_SIGNAL_PATH,
                                             [FEATURE_FLOW_2] = LAN_SIGNAL_PATH,
                                             [FEATURE_FLOW_3] = LAN_SIGNAL_PATH};

enum { KEPT_LEAST = 300 }; /* candidates whose titles are compared */

static const model_net *net_for(const score_state *st, const score_cue *cue) {
  return cue->is_text ? &st->model->words : &st->model->note;
}

/* ---- cues ---- */

void score_cue_reset(score_cue *cue) {
  cue->nodes.len = cue->words.len = cue->title.len = 0;
  lan_map_free(&cue->in_text);
  cue->note = UINT32_MAX;
  cue->is_text = false;
}

void score_cue_free(score_cue *cue) {
  VEC_FREE(&cue->nodes);
  VEC_FREE(&cue->words);
  VEC_FREE(&cue->title);
  lan_map_free(&cue->in_text);
}

/* ---- state ---- */

/* One pass over the graph for what every question needs of each note. */
static void survey_notes(score_state *st) {
  const lan_graph *g = &st->index->net.graph;
  for (uint32_t v = 0; v < st->index->cat.n_notes; v++) {
    st->folder[v] = UINT32_MAX;
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      switch (g->types[e]) {
        case EDGE_LINK:
        case EDGE_EMBED: st->links_out[v]++; break;
        case EDGE_LINK_BACK:
        case EDGE_EMBED_BACK: st->links_in[v]++; break;
        case EDGE_MENTION_BACK: st->mentioned[v]++; break;
        case EDGE_FOLDER: st->folder[v] = g->targets[e]; break;
        default: break;
      }
    }
  }
}

uint64_t score_name_hash(lan_str name) {
  lan_buf folded = {0};
  text_fold(&folded, name.ptr, name.len);
  uint64_t h = lan_hash(folded.data, folded.len, 0);
  lan_buf_free(&folded);
  return h;
}

static void survey_folders(score_state *st) {
  const network *net = &st->index->net;
  for (size_t i = 0; i < net->things.len; i++) {
    const network_thing *t = &net->things.data[i];
    score_folder *f = &st->folders[i];
    const char *at = t->name.ptr, *end = at + t->name.len;
    while (t->kind == NODE_FOLDER && at < end && f->n < SCORE_FOLDERS) {
      const char *stop = memchr(at, '/', (size_t)(end - at));
      if (!stop) stop = end;
      f->name[f->n++] = score_name_hash((lan_str){at, (size_t)(stop - at)});
      at = stop + 1;
    }
  }
}

lan_status score_state_init(score_state *st, const memory_index *index, const score_model *model,
                            lan_error *err) {
  size_t n = index->cat.n_notes;
  *st = (score_state){.index = index, .model = model};
  st->text = lan_alloc_zeroed(n, sizeof *st->text);
  st->touched = lan_alloc_zeroed(n + 1, sizeof *st->touched);
  st->slot = lan_alloc_zeroed(n, sizeof *st->slot);
  st->links_in = lan_alloc_zeroed(n, sizeof *st->links_in);
  st->links_out = lan_alloc_zeroed(n, sizeof *st->links_out);
  st->mentioned = lan_alloc_zeroed(n, sizeof *st->mentioned);
  st->folders = lan_alloc_zeroed(index->net.things.len, sizeof *st->folders);
  st->folder = lan_alloc_zeroed(n, sizeof *st->folder);
  st->titles = lan_alloc_zeroed(n, sizeof *st->titles);
  lan_status s = LAN_OK;
  if (!st->text || !st->touched || !st->slot || !st->links_in || !st->links_out || !st->mentioned ||
      !st->folders || !st->folder || !st->titles) {
    s = lan_fail_memory(err, n * 56);
  }
  if (s == LAN_OK) s = flow_state_init(&st->flow, &index->net.graph, err);
  if (s == LAN_OK) s = lan_spreader_new(&index->net.graph, &st->spreader, err);
  if (s != LAN_OK) {
    score_state_free(st);
    return s;
  }
  survey_notes(st);
  survey_folders(st);
  return LAN_OK;
}

void score_state_free(score_state *st) {
  lan_spreader_free(st->spreader);
  free(st->text);
  free(st->touched);
  free(st->slot);
  free(st->links_in);
  free(st->links_out);
  free(st->mentioned);
  free(st->folders);
  free(st->folder);
  free(st->titles);
  tally_free(&st->tally);
  lan_arena_free(&st->arena);
  lan_map_free(&st->names);
  VEC_FREE(&st->named);
  VEC_FREE(&st->candidates);
  VEC_FREE(&st->ranking);
  VEC_FREE(&st->out);
  VEC_FREE(&st->in);
  VEC_FREE(&st->similar);
  VEC_FREE(&st->siblings);
  VEC_FREE(&st->tagged);
  tagged_free(&st->memo);
  VEC_FREE(&st->beside);
  VEC_FREE(&st->reached);
  VEC_FREE(&st->mix);
  flow_state_free(&st->flow);
  *st = (score_state){0};
}

/* ---- candidates ---- */

float *score_feature_of(score_state *st, uint32_t note, score_feature f) {
  if (st->slot[note] == 0) {
    if (!VEC_RESERVE(&st->candidates, 1)) return NULL;
    score_candidate *c = &st->candidates.data[st->candidates.len++];
    memset(c, 0, sizeof *c);
    c->note = note;
    st->slot[note] = (uint32_t)st->candidates.len;
  }
  return &st->candidates.data[st->slot[note] - 1].features[f];
}

const score_candidate *score_candidate_of(const score_state *st, uint32_t note) {
  return st->slot[note] ? &st->candidates.data[st->slot[note] - 1] : NULL;
}

void score_forget_candidates(score_state *st) {
  for (size_t i = 0; i < st->candidates.len; i++) st->slot[st->candidates.data[i].note] = 0;
  st->candidates.len = 0;
}

/* ---- all together ---- */

/* The cue is no answer to itself. */
static void leave_out(score_state *st, uint32_t note) {
  if (note == UINT32_MAX || st->slot[note] == 0) return;
  uint32_t at = st->slot[note] - 1;
  score_candidate *last = &st->candidates.data[--st->candidates.len];
  st->slot[last->note] = at + 1;
  st->candidates.data[at] = *last;
  st->slot[note] = 0;
}

/* A score's first bits as a number, which never falls where the score rises. */
enum { CLASS_BITS = 12, CLASSES = 1 << CLASS_BITS };

static uint32_t class_of(lan_activation scored) {
  float score = (float)scored.activation + 0.0f; /* from a float it came; -0 is 0 */
  uint32_t bits;
  memcpy(&bits, &score, sizeof bits);
  bits = bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
  return bits >> (32 - CLASS_BITS);
}

/* The `most` best of n > most into `best`, in any order: all of the best classes, and the best of the one where there are
 * too many. `all` is overwritten. */
static size_t best_of(lan_activation *all, size_t n, lan_activation *best, size_t most) {
  uint32_t count[CLASSES] = {0}, last = CLASSES;
  size_t found = 0, in_last = 0;
  for (size_t i = 0; i < n; i++) count[class_of(all[i])]++;
  for (size_t sum = 0; sum < most;) sum += count[--last];
  for (size_t i = 0; i < n; i++) {
    uint32_t class = class_of(all[i]);
    if (class > last) best[found++] = all[i];
    if (class == last) all[in_last++] = all[i];
  }
  return found + lan_spread_top(all, in_last, NULL, 0, best + found, most - found);
}

/* Keeps the best so far, whose titles are worth comparing. */
static lan_status prune(score_state *st, const score_cue *cue, size_t most, lan_error *err) {
  size_t keep = 2 * most > KEPT_LEAST ? 2 * most : KEPT_LEAST, n = st->candidates.len;
  if (n <= keep) return LAN_OK;
  st->ranking.len = 0;
  if (!VEC_RESERVE(&st->ranking, n + keep)) return lan_fail_memory(err, 0);
  for (uint32_t i = 0; i < n; i++) {
    st->ranking.data[i] = (lan_activation){i, score_only(st, &st->candidates.data[i], cue)};
  }
  lan_activation *top = st->ranking.data + n;
  keep = best_of(st->ranking.data, n, top, keep);
  for (size_t i = 0; i < n; i++) st->slot[st->candidates.data[i].note] = 0;
  for (size_t i = 0; i < keep; i++) st->slot[st->candidates.data[top[i].node].note] = 1;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    score_candidate *c = &st->candidates.data[i];
    if (!st->slot[c->note]) continue;
    st->candidates.data[kept++] = *c;
    st->slot[c->note] = (uint32_t)kept;
  }
  st->candidates.len = kept;
  return LAN_OK;
}

lan_status score_candidates(score_state *st, const score_cue *cue, size_t most, lan_error *err) {
  score_forget_candidates(st);
  lan_status s = score_spread_channels(st, cue, err);
  if (s == LAN_OK) s = score_use(st, cue, err);
  if (s != LAN_OK) return s;
  leave_out(st, cue->note);
  score_places(st, cue);
  s = prune(st, cue, most, err);
  return s == LAN_OK ? score_titles(st, cue, err) : s;
}

double score_only(const score_state *st, const score_candidate *c, const score_cue *cue) {
  return (double)model_score(net_for(st, cue), c->features);
}

double score_sum(const score_state *st, const score_candidate *c, const score_cue *cue,
                 float signals[LAN_SIGNALS]) {
  float parts[FEATURES];
  double sum = 0;
  model_parts(net_for(st, cue), c->features, parts);
  memset(signals, 0, LAN_SIGNALS * sizeof *signals);
  for (size_t f = 0; f < FEATURES; f++) {
    signals[SIGNALS[f]] += parts[f];
    sum += (double)parts[f];
  }
  return sum;
}
