#include "memory/pictures.h"

#include <string.h>

#include "base/error.h"
#include "memory/memory_internal.h"
#include "text/unicode.h"
#include "text/words.h"

void pictures_free(pictures *p) {
  lan_arena_free(&p->arena);
  VEC_FREE(&p->shown);
  VEC_FREE(&p->words);
  VEC_FREE(&p->meant);
  *p = (pictures){0};
}

const picture_shown *pictures_meant_in(const pictures *p, uint32_t note) {
  for (size_t i = 0; i < p->meant.len; i++) {
    const picture_shown *s = &p->shown.data[p->meant.data[i]];
    if (s->note == note) return s;
  }
  return NULL;
}

/* ---- knowing them ---- */

typedef struct reading {
  lan_memory *m;
  lan_map node_of; /* hash of an attachment's path -> node; made for the first picture */
  bool mapped, failed;
} reading;

/* Of the label that was added last. */
static bool add_word(void *ctx, const text_word *w) {
  reading *r = ctx;
  pictures *p = &r->m->pictures;
  r->failed = !VEC_PUSH(&p->words, (picture_word){w->hash, (uint32_t)p->shown.len - 1});
  return !r->failed;
}

static void show_in(reading *r, uint32_t note, const char *path, float probability, lan_str name) {
  pictures *p = &r->m->pictures;
  lan_buf folded = {0};
  text_fold(&folded, name.ptr, name.len);
  const char *label = lan_arena_copy(&p->arena, folded.data ? folded.data : "", folded.len);
  picture_shown s = {.note = note, .path = path, .probability = probability};
  s.label = (lan_str){label, folded.len};
  s.name = lan_arena_copy(&p->arena, name.ptr, name.len);
  r->failed = folded.failed || !label || !s.name || !VEC_PUSH(&p->shown, s);
  lan_buf_free(&folded);
  if (!r->failed) text_words(s.name, name.len, TEXT_CUT_BIGRAMS, add_word, r);
}

/* Lines of a probability, a tab and a label; others, from who knows where, are passed over. */
static void take_labels(reading *r, uint32_t note, const char *path, lan_str labels) {
  const char *end = labels.ptr + labels.len;
  for (const char *line = labels.ptr, *next; !r->failed && line < end; line = next) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    next = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    const char *tab = memchr(line, '\t', (size_t)(stop - line));
    double p;
    if (!tab || !lan_str_number((lan_str){line, (size_t)(tab - line)}, &p)) continue;
    if (!(p >= (double)PICTURES_SURE && p <= 1)) continue;
    show_in(r, note, path, (float)p, (lan_str){tab + 1, (size_t)(stop - tab - 1)});
  }
}

static void map_attachments(reading *r) {
  const network *net = &r->m->index.net;
  for (uint32_t i = 0; !r->failed && i < net->things.len; i++) {
    const network_thing *t = &net->things.data[i];
    if (t->kind != NODE_ATTACHMENT) continue;
    uint32_t *node = lan_map_put(&r->node_of, pictures_key(t->name));
    r->failed = !node;
    if (node) *node = net->n_notes + i;
  }
  r->mapped = true;
}

static bool take_picture(void *ctx, const memory_picture *p) {
  reading *r = ctx;
  const lan_graph *g = &r->m->index.net.graph;
  if (!r->mapped) map_attachments(r);
  if (r->failed) return false;
  uint32_t node = lan_map_get(&r->node_of, pictures_key(p->path));
  if (node == LAN_MAP_NONE) return true; /* it is gone, or nothing shows it any more */
  const char *path = lan_arena_copy(&r->m->pictures.arena, p->path.ptr, p->path.len);
  r->failed = !path;
  uint32_t last = UINT32_MAX;
  for (uint32_t e = g->offsets[node]; !r->failed && e < g->offsets[node + 1]; e++) {
    bool shows = g->types[e] == EDGE_EMBED_BACK || g->types[e] == EDGE_LINK_BACK;
    if (!shows || g->targets[e] == last || g->targets[e] >= r->m->index.net.n_notes) continue;
    last = g->targets[e];
    take_labels(r, last, path, p->labels);
  }
  return !r->failed;
}

lan_status pictures_know(lan_memory *m, lan_error *err) {
  reading r = {.m = m};
  if (m->pictures.known) return LAN_OK;
  pictures_free(&m->pictures);
  lan_status s = LAN_OK;
  if (m->records.ctx) s = m->records.each_picture(m->records.ctx, take_picture, &r, err);
  if (s == LAN_OK && r.failed) s = lan_fail_memory(err, 0);
  lan_map_free(&r.node_of);
  m->pictures.known = s == LAN_OK;
  return s;
}
