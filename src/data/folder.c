/* A folder of pictures a class. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "data/set.h"

enum { DEPTH_MOST = 8 /* folders below a class's own */ };

typedef struct folder {
  const char *path;
  uint32_t label;
  int depth;
} folder;

typedef struct entry {
  const char *name; /* in the set's arena */
  bool is_folder, is_link;
} entry;

typedef VEC(entry) entry_list;

static int by_name(const void *a, const void *b) {
  return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static bool is_dots(const char *name) { return name[0] == '.'; }

/* What an entry is, a link being what it leads to. False: neither file nor folder. */
static bool look_at(int dir_fd, const struct dirent *d, entry *e) {
  struct stat st;
  e->is_link = d->d_type == DT_LNK;
  e->is_folder = d->d_type == DT_DIR;
  if (d->d_type == DT_DIR || d->d_type == DT_REG) return true;
  if (d->d_type == DT_UNKNOWN) {
    if (fstatat(dir_fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) return false;
    e->is_link = S_ISLNK(st.st_mode);
  }
  if (fstatat(dir_fd, d->d_name, &st, 0) != 0) return false;
  e->is_folder = S_ISDIR(st.st_mode);
  return e->is_folder || S_ISREG(st.st_mode);
}

/* The folder's entries by name, without hidden ones. */
static lan_status list(data_set *set, const char *path, entry_list *out, lan_error *err) {
  DIR *dir = opendir(path);
  if (!dir) return lan_fail_errno(err, "cannot read the folder", path);
  lan_status s = LAN_OK;
  out->len = 0;
  while (s == LAN_OK) {
    entry e;
    errno = 0;
    const struct dirent *d = readdir(dir);
    if (!d) {
      if (errno) s = lan_fail_errno(err, "cannot read the folder", path);
      break;
    }
    if (is_dots(d->d_name) || !look_at(dirfd(dir), d, &e)) continue;
    e.name = lan_arena_copy(&set->arena, d->d_name, strlen(d->d_name));
    if (!e.name || !VEC_PUSH(out, e)) s = lan_fail_memory(err, 0);
  }
  closedir(dir);
  if (s == LAN_OK && out->len) qsort(out->data, out->len, sizeof(entry), by_name);
  return s;
}

typedef struct reader {
  data_set *set;
  const char *base; /* the folder of the classes' folders */
  data_split origin;
  VEC(folder) open; /* still to read; the last comes first */
  entry_list entries;
  lan_error *err;
} reader;

static lan_status add_entry(reader *r, const folder *in, const entry *e) {
  const char *path = data_path(r->set, in->path, e->name);
  if (!path) return lan_fail_memory(r->err, 0);
  if (e->is_folder) {
    /* Links to folders may lead round in circles. */
    if (e->is_link || in->depth >= DEPTH_MOST) return LAN_OK;
    folder deeper = {path, in->label, in->depth + 1};
    return VEC_PUSH(&r->open, deeper) ? LAN_OK : lan_fail_memory(r->err, 0);
  }
  const char *relative = path + strlen(r->base) + 1;
  data_member m = {.path = path, .label = in->label, .origin = r->origin};
  m.hash = lan_hash(relative, strlen(relative), 0);
  return data_add(r->set, m, r->err);
}

static lan_status read_class(reader *r, const char *name) {
  folder f = {.path = data_path(r->set, r->base, name)};
  if (!f.path) return lan_fail_memory(r->err, 0);
  lan_status s = data_class(r->set, lan_str_of(name), r->base, &f.label, r->err);
  if (s == LAN_OK && !VEC_PUSH(&r->open, f)) s = lan_fail_memory(r->err, 0);
  while (s == LAN_OK && r->open.len) {
    f = r->open.data[--r->open.len];
    s = list(r->set, f.path, &r->entries, r->err);
    for (size_t i = 0; s == LAN_OK && i < r->entries.len; i++) {
      s = add_entry(r, &f, &r->entries.data[i]);
    }
  }
  return s;
}

/* The classes of one folder. */
static lan_status read_classes(data_set *set, const char *base, data_split origin, lan_error *err) {
  reader r = {.set = set, .base = base, .origin = origin, .err = err};
  entry_list classes = {0};
  lan_status s = list(set, base, &classes, err);
  for (size_t i = 0; s == LAN_OK && i < classes.len; i++) {
    if (classes.data[i].is_folder) s = read_class(&r, classes.data[i].name);
  }
  VEC_FREE(&classes);
  VEC_FREE(&r.entries);
  VEC_FREE(&r.open);
  return s;
}

static bool is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

lan_status data_read_folder(data_set *set, const char *path, lan_error *err) {
  static const struct {
    const char *name;
    data_split split;
  } parts[] = {{"train", DATA_TRAIN},
               {"val", DATA_VALIDATION},
               {"valid", DATA_VALIDATION},
               {"validation", DATA_VALIDATION},
               {"test", DATA_TEST}};
  lan_status s = LAN_OK;
  set->info.kind = DATA_FOLDER;
  const char *train = data_path(set, path, "train");
  if (!train) return lan_fail_memory(err, 0);
  if (!is_folder(train)) return read_classes(set, path, DATA_TRAIN, err);
  bool fixed = set->classes_fixed;
  for (size_t i = 0; s == LAN_OK && i < sizeof parts / sizeof *parts; i++) {
    const char *part = data_path(set, path, parts[i].name);
    if (!part) return lan_fail_memory(err, 0);
    if (is_folder(part)) s = read_classes(set, part, parts[i].split, err);
    set->classes_fixed = set->classes.len != 0; /* what train/ lacks cannot be learnt */
  }
  set->classes_fixed = fixed;
  return s;
}
