/* Having a model look at the pictures of the vault. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "memory/memory_internal.h"

static const size_t PICTURE_MOST = (size_t)256 << 20; /* bytes of a file */

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
  uint32_t *slot = same ? lan_map_put(&c->labelled, pictures_key(p->path)) : NULL;
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
    int labelled = lan_map_get(&c.labelled, pictures_key(t->name)) != LAN_MAP_NONE;
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
  lan_status s = memory_db_to_change(m, &db, err);
  if (s != LAN_OK) return s;
  if (!look_at_file(m, path, &p.size, &p.mtime_ns)) {
    return lan_fail(err, LAN_ENOTFOUND, "there is no picture %s any more", path);
  }
  for (size_t i = 0; i < n_labels; i++) {
    if (labels[i].probability < PICTURES_SURE || strpbrk(labels[i].name, "\t\n")) continue;
    lan_buf_add_number(&lines, (double)labels[i].probability, 4);
    lan_buf_printf(&lines, "\t%s\n", labels[i].name);
  }
  p.labels = lan_buf_str(&lines);
  s = lines.failed ? lan_fail_memory(err, 0) : memory_db_put_picture(db, &p, err);
  lan_buf_free(&lines);
  m->pictures.known = false;
  return s;
}
