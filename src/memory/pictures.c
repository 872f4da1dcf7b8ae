#include "memory/pictures.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "memory/memory_internal.h"
#include "text/unicode.h"
#include "text/words.h"

static const size_t PICTURE_MOST = (size_t)256 << 20; /* bytes of a file */

static const float SURE = 0.5F; /* less probable labels are not what a picture shows */

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

static uint64_t path_key(lan_str path) { return lan_hash(path.ptr, path.len, 0); }

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
    if (!(p >= (double)SURE && p <= 1)) continue;
    show_in(r, note, path, (float)p, (lan_str){tab + 1, (size_t)(stop - tab - 1)});
  }
}

static void map_attachments(reading *r) {
  const network *net = &r->m->index.net;
  for (uint32_t i = 0; !r->failed && i < net->things.len; i++) {
    const network_thing *t = &net->things.data[i];
    if (t->kind != NODE_ATTACHMENT) continue;
    uint32_t *node = lan_map_put(&r->node_of, path_key(t->name));
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
  uint32_t node = lan_map_get(&r->node_of, path_key(p->path));
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
  lan_status s = m->db ? memory_db_each_picture(m->db, take_picture, &r, err) : LAN_OK;
  if (s == LAN_OK && r.failed) s = lan_fail_memory(err, 0);
  lan_map_free(&r.node_of);
  m->pictures.known = s == LAN_OK;
  return s;
}

/* ---- labelling them ---- */

/* Whether it is a file of a kind that a model can look at. */
static bool is_picture(lan_str path) {
  static const char *const endings[] = {".jpg", ".jpeg", ".png", ".webp"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t n = strlen(endings[i]);
    if (path.len <= n) continue;
    size_t same = 0;
    for (const char *p = path.ptr + path.len - n; same < n; same++) {
      char c = p[same] >= 'A' && p[same] <= 'Z' ? (char)(p[same] + 32) : p[same];
      if (c != endings[i][same]) break;
    }
    if (same == n) return true;
  }
  return false;
}

static bool look_at_file(const lan_memory *m, const char *path, int64_t *size, int64_t *mtime_ns) {
  struct stat st;
  if (fstatat(m->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
    return false;
  *size = st.st_size;
  *mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
  return true;
}

typedef struct checking {
  const lan_memory *m;
  const char *model;
  lan_map labelled; /* hash of the path of those that need no other look */
  bool failed;
} checking;

static bool check_picture(void *ctx, const memory_picture *p) {
  checking *c = ctx;
  int64_t size, mtime_ns;
  if (!lan_str_equal(p->model, lan_str_of(c->model))) return true;
  char *path = malloc(p->path.len + 1);
  c->failed = !path;
  if (!path) return false;
  memcpy(path, p->path.ptr, p->path.len);
  path[p->path.len] = '\0';
  bool same =
      look_at_file(c->m, path, &size, &mtime_ns) && size == p->size && mtime_ns == p->mtime_ns;
  uint32_t *slot = same ? lan_map_put(&c->labelled, path_key(p->path)) : NULL;
  c->failed = same && !slot;
  if (slot) *slot = 1;
  free(path);
  return !c->failed;
}

lan_status lan_memory_pictures(lan_memory *m, const char *model, const lan_picture **found,
                               size_t *n, lan_error *err) {
  memory_db *db = NULL;
  checking c = {.m = m, .model = model};
  const network *net = &m->index.net;
  memory_new_answer(m);
  lan_status s = memory_own_db(m, &db, err);
  if (s == LAN_OK) s = memory_db_each_picture(db, check_picture, &c, err);
  lan_picture *all = lan_arena_alloc(&m->answer, net->things.len, sizeof *all);
  if (s == LAN_OK && (c.failed || !all)) s = lan_fail_memory(err, 0);
  *n = 0;
  for (size_t i = 0; s == LAN_OK && i < net->things.len; i++) {
    const network_thing *t = &net->things.data[i];
    if (t->kind != NODE_ATTACHMENT || !is_picture(t->name)) continue;
    int labelled = lan_map_get(&c.labelled, path_key(t->name)) != LAN_MAP_NONE;
    all[(*n)++] = (lan_picture){t->name.ptr, labelled};
  }
  *found = all;
  lan_map_free(&c.labelled);
  return s;
}

lan_status lan_memory_read_picture(lan_memory *m, const char *path, const char **bytes, size_t *n,
                                   lan_error *err) {
  lan_buf_clear(&m->file);
  lan_status s = lan_file_read_below(m->root_fd, path, path, PICTURE_MOST, &m->file, err);
  if (s != LAN_OK) return s;
  *bytes = m->file.data ? m->file.data : "";
  *n = m->file.len;
  return LAN_OK;
}

lan_status lan_memory_label_picture(lan_memory *m, const char *path, const char *model,
                                    const lan_label *labels, size_t n_labels, lan_error *err) {
  memory_db *db = NULL;
  memory_picture p = {.path = lan_str_of(path), .model = lan_str_of(model)};
  lan_buf lines = {0};
  lan_status s = memory_own_db(m, &db, err);
  if (s != LAN_OK) return s;
  if (!look_at_file(m, path, &p.size, &p.mtime_ns)) {
    return lan_fail(err, LAN_ENOTFOUND, "there is no picture %s any more", path);
  }
  for (size_t i = 0; i < n_labels; i++) {
    if (labels[i].probability < SURE || strpbrk(labels[i].name, "\t\n")) continue;
    lan_buf_add_number(&lines, (double)labels[i].probability, 4);
    lan_buf_printf(&lines, "\t%s\n", labels[i].name);
  }
  p.labels = lan_buf_str(&lines);
  s = lines.failed ? lan_fail_memory(err, 0) : memory_db_put_picture(db, &p, err);
  lan_buf_free(&lines);
  m->pictures.known = false;
  return s;
}
