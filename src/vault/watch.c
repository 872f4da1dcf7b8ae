#include "vault/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"

enum { DEPTH_MOST = 128 };

/* Reading a note changes nothing; saving one does, in whatever way an editor saves. */
static const uint32_t EVENTS = IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO |
                               IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR | IN_DONT_FOLLOW |
                               IN_EXCL_UNLINK;

struct watch {
  int fd;
  lan_buf path; /* the root's; while folders are added, the folder's */
};

static lan_status add_folder(watch *w, lan_error *err) {
  if (w->path.failed) return lan_fail_memory(err, 0);
  if (inotify_add_watch(w->fd, w->path.data, EVENTS) >= 0) return LAN_OK;
  /* Gone since, or not ours to see: the walk says so. */
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP) return LAN_OK;
  if (errno == ENOSPC) {
    return lan_fail(err, LAN_ELIMIT,
                    "too many folders to watch; raise fs.inotify.max_user_watches (sysctl)");
  }
  return lan_fail_errno(err, "cannot watch", w->path.data);
}

static bool is_folder(int dir, const struct dirent *e) {
  struct stat st;
  if (e->d_name[0] == '.') return false;
  if (e->d_type != DT_UNKNOWN) return e->d_type == DT_DIR;
  return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* The folder at w->path and all below. Watching one twice is watching it once. */
static lan_status add_folders(watch *w, int depth, lan_error *err) {
  lan_status s = add_folder(w, err);
  DIR *dir = s == LAN_OK && depth < DEPTH_MOST ? opendir(w->path.data) : NULL;
  size_t len = w->path.len;
  for (const struct dirent *e; s == LAN_OK && dir && (e = readdir(dir));) {
    if (!is_folder(dirfd(dir), e)) continue;
    lan_buf_printf(&w->path, "/%s", e->d_name);
    s = add_folders(w, depth + 1, err);
    if (w->path.failed) break;
    w->path.len = len;
    w->path.data[len] = '\0';
  }
  if (dir) closedir(dir);
  return s;
}

lan_status watch_new(const char *root, watch **out, lan_error *err) {
  watch *w = calloc(1, sizeof *w);
  if (!w) return lan_fail_memory(err, sizeof *w);
  w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  lan_buf_add_str(&w->path, root);
  lan_status s = w->fd < 0 ? lan_fail_errno(err, "cannot watch", root) : add_folders(w, 0, err);
  if (s != LAN_OK) {
    watch_free(w);
    return s;
  }
  *out = w;
  return LAN_OK;
}

void watch_free(watch *w) {
  if (!w) return;
  if (w->fd >= 0) close(w->fd);
  lan_buf_free(&w->path);
  free(w);
}

int watch_descriptor(const watch *w) { return w->fd; }

lan_status watch_settle(watch *w, lan_error *err) {
  char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
      __attribute__((aligned(__alignof__(struct inotify_event))));
  bool folders = false;
  for (ssize_t n; (n = read(w->fd, events, sizeof events)) > 0;) {
    for (const char *p = events; p < events + n;) {
      const struct inotify_event *e = (const void *)p;
      folders = folders || (e->mask & (IN_ISDIR | IN_Q_OVERFLOW));
      p += sizeof *e + e->len;
    }
  }
  return folders ? add_folders(w, 0, err) : LAN_OK;
}
