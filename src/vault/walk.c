#include "vault/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "vault/ignore.h"

typedef struct walker {
  walk_result *out;
  ignore *ignore;
  int root_fd;
  VEC(lan_str) folders; /* still to read; "" is the root, others end with '/' */
  lan_buf path;
} walker;

lan_status walk_add_skip(walk_result *walk, const char *path, const char *reason, bool failed,
                         lan_error *err) {
  lan_str p = lan_str_of(path), r = lan_str_of(reason);
  p.ptr = lan_arena_copy(&walk->arena, p.ptr, p.len);
  r.ptr = lan_arena_copy(&walk->arena, r.ptr, r.len);
  if (!p.ptr || !r.ptr || !VEC_PUSH(&walk->skips, (walk_skip){p, r, failed})) {
    return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

static lan_status skip_errno(walker *w, const char *path, int error, lan_error *err) {
  char reason[160];
  snprintf(reason, sizeof reason, "cannot be read: %s", strerror(error));
  return walk_add_skip(w->out, path, reason, true, err);
}

static bool ends_in(lan_str s, const char *ending) {
  size_t n = strlen(ending);
  if (s.len <= n) return false;
  for (size_t i = 0; i < n; i++) {
    if ((s.ptr[s.len - n + i] | (ending[i] == '.' ? 0 : 0x20)) != ending[i]) return false;
  }
  return true;
}

static walk_kind kind_of(lan_str path) {
  return ends_in(path, ".md")       ? WALK_NOTE
         : ends_in(path, ".canvas") ? WALK_CANVAS
                                    : WALK_ATTACHMENT;
}

static lan_status add_file(walker *w, const struct stat *st, lan_error *err) {
  walk_file f = {.path = {w->path.data, w->path.len}};
  f.kind = kind_of(f.path);
  if (ignore_matches(w->ignore, w->path.data)) return LAN_OK;
  f.path.ptr = lan_arena_copy(&w->out->arena, w->path.data, w->path.len);
  if (f.kind != WALK_ATTACHMENT) {
    f.size = (uint64_t)st->st_size;
    f.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
  }
  return f.path.ptr && VEC_PUSH(&w->out->files, f) ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status add_folder(walker *w, lan_error *err) {
  lan_buf_add_char(&w->path, '/');
  if (w->path.failed) return lan_fail_memory(err, 0);
  if (ignore_matches(w->ignore, w->path.data)) return LAN_OK;
  char *copy = lan_arena_copy(&w->out->arena, w->path.data, w->path.len);
  if (!copy || !VEC_PUSH(&w->folders, (lan_str){copy, w->path.len})) return lan_fail_memory(err, 0);
  return LAN_OK;
}

/* One entry of the folder that `fd` is; w->path is its path. The type that readdir tells spares a
 * stat for all but notes, whose version it asks for. */
static lan_status add_entry(walker *w, int fd, const struct dirent *d, lan_error *err) {
  struct stat st = {0};
  unsigned char type = d->d_type;
  bool note = type == DT_REG && kind_of(lan_buf_str(&w->path)) != WALK_ATTACHMENT;
  if (type == DT_UNKNOWN || note) {
    if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return LAN_OK; /* gone meanwhile */
      return skip_errno(w, w->path.data, errno, err);
    }
    type = S_ISREG(st.st_mode)   ? DT_REG
           : S_ISDIR(st.st_mode) ? DT_DIR
           : S_ISLNK(st.st_mode) ? DT_LNK
                                 : DT_FIFO;
  }
  switch (type) {
    case DT_REG: return add_file(w, &st, err);
    case DT_DIR: return add_folder(w, err);
    case DT_LNK:
      return walk_add_skip(w->out, w->path.data, "is a symbolic link; links are not followed",
                           false, err);
    default: return walk_add_skip(w->out, w->path.data, "is no regular file", false, err);
  }
}

static lan_status read_folder(walker *w, lan_str folder, lan_error *err) {
  const char *name = folder.len ? folder.ptr : ".";
  int fd = openat(w->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (!dir) {
    int error = errno;
    if (fd >= 0) close(fd);
    return skip_errno(w, name, error, err);
  }
  lan_status s = LAN_OK;
  while (s == LAN_OK) {
    errno = 0;
    const struct dirent *d = readdir(dir);
    if (!d) {
      if (errno) s = skip_errno(w, name, errno, err);
      break;
    }
    if (d->d_name[0] == '.') continue;
    lan_buf_clear(&w->path);
    lan_buf_add(&w->path, folder.ptr, folder.len);
    lan_buf_add_str(&w->path, d->d_name);
    s = w->path.failed ? lan_fail_memory(err, 0) : add_entry(w, dirfd(dir), d, err);
  }
  closedir(dir);
  return s;
}

static int by_path(const void *a, const void *b) {
  return lan_str_compare(((const walk_file *)a)->path, ((const walk_file *)b)->path);
}

lan_status walk_vault(const char *root, const char *const *excludes, size_t n_excludes,
                      walk_result *out, lan_error *err) {
  walk_result result = {0};
  walker w = {.out = &result};
  w.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (w.root_fd < 0) return lan_fail_errno(err, "cannot open the vault", root);
  lan_status s = ignore_new(w.root_fd, excludes, n_excludes, &result, &w.ignore, err);
  if (s == LAN_OK && !VEC_PUSH(&w.folders, (lan_str){"", 0})) s = lan_fail_memory(err, 0);
  while (s == LAN_OK && w.folders.len) s = read_folder(&w, w.folders.data[--w.folders.len], err);
  if (result.files.len) qsort(result.files.data, result.files.len, sizeof(walk_file), by_path);
  if (s == LAN_OK && result.files.len >= UINT32_MAX / 2) {
    s = lan_fail(err, LAN_ELIMIT, "the vault %s holds more than 2 billion files", root);
  }
  close(w.root_fd);
  ignore_free(w.ignore);
  VEC_FREE(&w.folders);
  lan_buf_free(&w.path);
  if (s != LAN_OK) {
    walk_free(&result);
    return s;
  }
  *out = result;
  return LAN_OK;
}

void walk_free(walk_result *r) {
  VEC_FREE(&r->files);
  VEC_FREE(&r->skips);
  lan_arena_free(&r->arena);
  *r = (walk_result){0};
}

static bool holds_obsidian(const char *folder) {
  lan_buf b = {0};
  struct stat st;
  lan_buf_printf(&b, "%s/.obsidian", folder);
  bool found = !b.failed && stat(b.data, &st) == 0 && S_ISDIR(st.st_mode);
  lan_buf_free(&b);
  return found;
}

lan_status walk_find_vault(const char *start, lan_buf *out, lan_error *err) {
  char *path = realpath(start, NULL);
  if (!path) return lan_fail_errno(err, "cannot open", start);
  for (;;) {
    if (holds_obsidian(path)) {
      lan_buf_add_str(out, path);
      free(path);
      return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
    }
    char *slash = strrchr(path, '/');
    if (!slash || path[1] == '\0') break;
    slash[slash == path] = '\0';
  }
  free(path);
  return lan_fail(
      err, LAN_ENOTFOUND,
      "no vault around %s (no folder above it holds .obsidian); name one with --vault DIR", start);
}
