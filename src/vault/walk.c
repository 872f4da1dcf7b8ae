#include "vault/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "vault/ignore.h"

/* A note of the folder that is being read, or an entry of a type that readdir did not tell: the
 * file system is asked about it. */
typedef struct walk_pending {
  uint32_t name;     /* where its path is in walker.names */
  uint32_t name_len; /* of the path */
  mode_t mode;
  int error;
  uint64_t size;
  int64_t mtime_ns;
} walk_pending;

typedef struct walker {
  walk_result *out;
  ignore *ignore;
  int root_fd;
  VEC(lan_str) folders; /* still to read; "" is the root, others end with '/' */
  lan_buf path;
  lan_buf names; /* paths of what is pending, NUL-terminated */
  VEC(walk_pending) pending;
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

static lan_status add_file(walker *w, lan_str path, uint64_t size, int64_t mtime_ns,
                           lan_error *err) {
  if (ignore_matches(w->ignore, path.ptr)) return LAN_OK;
  walk_file f = {.path = path, .kind = kind_of(path)};
  f.path.ptr = lan_arena_copy(&w->out->arena, path.ptr, path.len);
  if (f.kind != WALK_ATTACHMENT) {
    f.size = size;
    f.mtime_ns = mtime_ns;
  }
  return f.path.ptr && VEC_PUSH(&w->out->files, f) ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status add_folder(walker *w, lan_str path, lan_error *err) {
  char *copy = lan_arena_alloc(&w->out->arena, path.len + 2, 1);
  if (!copy) return lan_fail_memory(err, path.len);
  memcpy(copy, path.ptr, path.len);
  memcpy(copy + path.len, "/", 2);
  if (ignore_matches(w->ignore, copy)) return LAN_OK;
  return VEC_PUSH(&w->folders, (lan_str){copy, path.len + 1}) ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status add_by_type(walker *w, lan_str path, mode_t type, const walk_pending *p,
                              lan_error *err) {
  switch (type) {
    case S_IFREG: return add_file(w, path, p ? p->size : 0, p ? p->mtime_ns : 0, err);
    case S_IFDIR: return add_folder(w, path, err);
    case S_IFLNK:
      return walk_add_skip(w->out, path.ptr, "is a symbolic link; links are not followed", false,
                           err);
    default: return walk_add_skip(w->out, path.ptr, "is no regular file", false, err);
  }
}

/* ---- asking for sizes and times ---- */

typedef struct stat_job {
  walker *w;
  int fd;
  size_t folder_len; /* of the path before the name */
  size_t first, end;
} stat_job;

static void *ask(void *ctx) {
  const stat_job *job = ctx;
  for (size_t i = job->first; i < job->end; i++) {
    walk_pending *p = &job->w->pending.data[i];
    struct stat st;
    const char *name = job->w->names.data + p->name + job->folder_len;
    p->error = fstatat(job->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
    if (p->error) continue;
    p->mode = st.st_mode & (mode_t)S_IFMT;
    p->size = (uint64_t)st.st_size;
    p->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
  }
  return NULL;
}

enum { SHARED_FROM = 512 /* entries that are worth a second thread: about half a millisecond */ };

/* The system spends a microsecond on each; for many, two threads halve that. The pool is not used,
 * since a walk may itself be one of its tasks. */
static void ask_all(walker *w, int fd, size_t folder_len) {
  size_t n = w->pending.len;
  stat_job mine = {w, fd, folder_len, 0, n}, other = mine;
  pthread_t thread;
  bool shared = n >= SHARED_FROM;
  if (shared) {
    mine.end = other.first = n / 2;
    shared = pthread_create(&thread, NULL, ask, &other) == 0;
    if (!shared) mine.end = n;
  }
  ask(&mine);
  if (shared) pthread_join(thread, NULL);
}

static lan_status add_pending(walker *w, int fd, size_t folder_len, lan_error *err) {
  lan_status s = LAN_OK;
  ask_all(w, fd, folder_len);
  for (size_t i = 0; s == LAN_OK && i < w->pending.len; i++) {
    const walk_pending *p = &w->pending.data[i];
    lan_str path = {w->names.data + p->name, p->name_len};
    if (p->error == ENOENT) continue; /* gone meanwhile */
    s = p->error ? skip_errno(w, path.ptr, p->error, err) : add_by_type(w, path, p->mode, p, err);
  }
  return s;
}

/* One entry of a folder; w->path is its path. The type that readdir tells spares a stat for all but
 * notes, whose version is asked for. */
static lan_status add_entry(walker *w, unsigned char type, lan_error *err) {
  lan_str path = lan_buf_str(&w->path);
  bool known = type != DT_UNKNOWN && (type != DT_REG || kind_of(path) == WALK_ATTACHMENT);
  if (!known) {
    walk_pending p = {.name = (uint32_t)w->names.len, .name_len = (uint32_t)path.len};
    lan_buf_add(&w->names, path.ptr, path.len + 1);
    if (w->names.len > UINT32_MAX)
      return lan_fail(err, LAN_ELIMIT, "a folder of over 4 GB of names");
    return !w->names.failed && VEC_PUSH(&w->pending, p) ? LAN_OK : lan_fail_memory(err, 0);
  }
  return add_by_type(w, path, (mode_t)DTTOIF(type), NULL, err);
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
  lan_buf_clear(&w->names);
  w->pending.len = 0;
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
    s = w->path.failed ? lan_fail_memory(err, 0) : add_entry(w, d->d_type, err);
  }
  if (s == LAN_OK) s = add_pending(w, dirfd(dir), folder.len, err);
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
  VEC_FREE(&w.pending);
  lan_buf_free(&w.names);
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

/* No part of it is empty or begins with '.'. */
static bool is_plain_path(const char *path) {
  for (const char *at = path;; at++) {
    if (*at == '\0' || *at == '/' || *at == '.') return false;
    at = strchr(at, '/');
    if (!at) return true;
  }
}

bool walk_has_note(int root_fd, const char *path) {
  struct stat st;
  return is_plain_path(path) && kind_of(lan_str_of(path)) != WALK_ATTACHMENT &&
         fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
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
