#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"

/* Reads to the end of `fd`. A file may grow or shrink meanwhile: what counts is what read() gives.
 */
static lan_status read_all(int fd, const char *shown, size_t max, lan_buf *out, lan_error *err) {
  struct stat st;
  if (fstat(fd, &st) != 0) return lan_fail_errno(err, "cannot read", shown);
  if (!S_ISREG(st.st_mode)) return lan_fail(err, LAN_EIO, "%s is no regular file", shown);
  if (st.st_size > 0 && (uint64_t)st.st_size > max) {
    return lan_fail(err, LAN_ELIMIT, "%s holds %lld bytes; at most %zu are read", shown,
                    (long long)st.st_size, max);
  }
  size_t room = (size_t)st.st_size + 1, had = out->len;
  for (;;) {
    if (!vec_reserve((void **)&out->data, &out->cap, out->len, room + 1, 1)) {
      return lan_fail_memory(err, room);
    }
    ssize_t got = read(fd, out->data + out->len, room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return lan_fail_errno(err, "cannot read", shown);
    out->len += (size_t)got;
    out->data[out->len] = '\0';
    if (got == 0) return LAN_OK;
    if (out->len - had > max) {
      return lan_fail(err, LAN_ELIMIT, "%s holds more than %zu bytes", shown, max);
    }
    room = (size_t)got < room ? room - (size_t)got : 65536;
  }
}

/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
enum { TO_READ = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* Opens what lies below dir_fd, folder by folder, through no symbolic link: a name that was one of the vault's
 * cannot be made to lead out of it. */
static int open_below(int dir_fd, const char *name) {
  char part[256];
  int dir = dir_fd;
  for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
    size_t n = (size_t)(slash - name);
    bool odd =
        n == 0 || n >= sizeof part || (name[0] == '.' && (n == 1 || (n == 2 && name[1] == '.')));
    int next = -1;
    if (odd) {
      errno = ENOENT;
    } else {
      memcpy(part, name, n);
      part[n] = '\0';
      next = openat(dir, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    int failed = errno;
    if (dir != dir_fd) close(dir);
    errno = failed;
    if (next < 0) return -1;
    dir = next;
  }
  int fd = openat(dir, name, TO_READ | O_NOFOLLOW), failed = errno;
  if (dir != dir_fd) close(dir);
  errno = failed;
  return fd;
}

/* Reads and closes it. */
static lan_status read_opened(int fd, const char *shown, size_t max, lan_buf *out, lan_error *err) {
  if (fd < 0) return lan_fail_errno(err, "cannot open", shown);
  size_t had = out->len;
  lan_status s = read_all(fd, shown, max, out, err);
  close(fd);
  if (s != LAN_OK && out->data) {
    out->len = had;
    out->data[had] = '\0';
  }
  return s;
}

lan_status lan_file_read_at(int dir_fd, const char *name, const char *shown, size_t max,
                            lan_buf *out, lan_error *err) {
  return read_opened(openat(dir_fd, name, TO_READ), shown, max, out, err);
}

lan_status lan_file_read_below(int dir_fd, const char *name, const char *shown, size_t max,
                               lan_buf *out, lan_error *err) {
  return read_opened(open_below(dir_fd, name), shown, max, out, err);
}

lan_status lan_file_read(const char *path, size_t max, lan_buf *out, lan_error *err) {
  return lan_file_read_at(AT_FDCWD, path, path, max, out, err);
}

static lan_status write_all(int fd, const char *bytes, size_t len, const char *path,
                            lan_error *err) {
  while (len > 0) {
    ssize_t n = write(fd, bytes, len);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return lan_fail_errno(err, "cannot write", path);
    bytes += n;
    len -= (size_t)n;
  }
  return LAN_OK;
}

/* Makes a rename durable: the folder's own entry must reach the disk too. */
static lan_status sync_parent(const char *path, lan_error *err) {
  const char *slash = strrchr(path, '/');
  lan_buf dir = {0};
  lan_buf_add(&dir, slash ? path : ".", slash ? (size_t)(slash - path) + 1 : 1);
  if (dir.failed) return lan_fail_memory(err, 0);
  int fd = open(dir.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  lan_status s = LAN_OK;
  if (fd < 0 || fsync(fd) != 0) s = lan_fail_errno(err, "cannot sync the folder of", path);
  if (fd >= 0) close(fd);
  lan_buf_free(&dir);
  return s;
}

/* A new file with a name of its own. Unlike mkostemp's, others may read it if the umask lets them, as
 * files that a person asked for. */
static int create_beside(const char *path, lan_buf *temp) {
  int fd = -1;
  uint64_t seed = lan_clock_ns() ^ (uint64_t)getpid() << 32;
  for (int tries = 0; fd < 0 && tries < 100; tries++) {
    lan_buf_clear(temp);
    lan_buf_printf(temp, "%s.%08x", path, (unsigned)(lan_hash_mix(++seed) >> 32));
    if (temp->failed) return -1;
    fd = open(temp->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) break;
  }
  return fd;
}

lan_status lan_file_begin(const char *path, lan_file_writer *w, lan_error *err) {
  lan_buf temp = {0};
  int fd = create_beside(path, &temp);
  if (temp.failed) return lan_fail_memory(err, 0);
  if (fd < 0) {
    lan_status s = lan_fail_errno(err, "cannot create a file beside", path);
    lan_buf_free(&temp);
    return s;
  }
  *w = (lan_file_writer){path, temp, fd};
  return LAN_OK;
}

lan_status lan_file_add(lan_file_writer *w, const void *bytes, size_t len, lan_error *err) {
  return write_all(w->fd, bytes, len, w->path, err);
}

void lan_file_abandon(lan_file_writer *w) {
  close(w->fd);
  unlink(w->temp.data);
  lan_buf_free(&w->temp);
}

lan_status lan_file_finish(lan_file_writer *w, lan_error *err) {
  lan_status s = LAN_OK;
  if (fsync(w->fd) != 0) s = lan_fail_errno(err, "cannot sync", w->path);
  if (close(w->fd) != 0 && s == LAN_OK) s = lan_fail_errno(err, "cannot write", w->path);
  if (s == LAN_OK && rename(w->temp.data, w->path) != 0) {
    s = lan_fail_errno(err, "cannot replace", w->path);
  }
  if (s == LAN_OK) {
    s = sync_parent(w->path, err);
  } else {
    unlink(w->temp.data);
  }
  lan_buf_free(&w->temp);
  return s;
}

lan_status lan_file_write(const char *path, const void *bytes, size_t len, lan_error *err) {
  lan_file_writer w;
  lan_status s = lan_file_begin(path, &w, err);
  if (s != LAN_OK) return s;
  s = lan_file_add(&w, bytes, len, err);
  if (s == LAN_OK) return lan_file_finish(&w, err);
  lan_file_abandon(&w);
  return s;
}

lan_status lan_file_append(const char *path, const void *bytes, size_t len, lan_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  if (fd < 0) return lan_fail_errno(err, "cannot open", path);
  struct stat st;
  lan_status s = LAN_OK;
  if (fstat(fd, &st) != 0) {
    s = lan_fail_errno(err, "cannot write", path);
  } else if (!S_ISREG(st.st_mode)) {
    s = lan_fail(err, LAN_EIO, "%s is no regular file", path);
  } else {
    s = write_all(fd, bytes, len, path, err);
    /* What was said stays said if even this fails: there is nothing more to be done. */
    if (s != LAN_OK && ftruncate(fd, st.st_size) != 0) errno = 0;
  }
  if (close(fd) != 0 && s == LAN_OK) s = lan_fail_errno(err, "cannot write", path);
  return s;
}

lan_status lan_file_create(const char *path, lan_error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST) return lan_fail(err, LAN_EBUSY, "%s is there already", path);
  if (fd < 0) return lan_fail_errno(err, "cannot create", path);
  close(fd);
  return LAN_OK;
}

void lan_host_name(char out[64]) {
  if (gethostname(out, 64) != 0) out[0] = '\0';
  out[63] = '\0'; /* a longer one may have been cut without it */
}

lan_status lan_file_open(const char *path, lan_file *f, lan_error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0) return lan_fail_errno(err, "cannot open", path);
  struct stat st;
  lan_status s = LAN_OK;
  if (fstat(fd, &st) != 0) {
    s = lan_fail_errno(err, "cannot read", path);
  } else if (!S_ISREG(st.st_mode)) {
    s = lan_fail(err, LAN_EIO, "%s is no regular file", path);
  }
  if (s == LAN_OK) {
    *f = (lan_file){fd, (uint64_t)st.st_size};
  } else {
    close(fd);
  }
  return s;
}

lan_status lan_file_read_part(const lan_file *f, uint64_t offset, void *out, size_t len,
                              const char *shown, lan_error *err) {
  char *to = out;
  while (len > 0) {
    ssize_t got = offset <= INT64_MAX ? pread(f->fd, to, len, (off_t)offset) : 0;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return lan_fail_errno(err, "cannot read", shown);
    if (got == 0) return lan_fail(err, LAN_EIO, "%s ends too early; was it cut?", shown);
    to += got;
    offset += (uint64_t)got;
    len -= (size_t)got;
  }
  return LAN_OK;
}

void lan_file_close(lan_file *f) { close(f->fd); }

lan_status lan_dir_make(const char *path, lan_error *err) {
  lan_buf part = {0};
  lan_buf_add_str(&part, path);
  if (part.failed) return lan_fail_memory(err, 0);
  lan_status s = LAN_OK;
  for (size_t i = 1; s == LAN_OK && i <= part.len; i++) {
    if (i < part.len && part.data[i] != '/') continue;
    char kept = part.data[i];
    part.data[i] = '\0';
    if (mkdir(part.data, 0700) != 0 && errno != EEXIST) {
      s = lan_fail_errno(err, "cannot make the folder", part.data);
    }
    part.data[i] = kept;
  }
  struct stat st;
  if (s == LAN_OK && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))) {
    s = lan_fail(err, LAN_EIO, "%s is in the way: a folder is wanted there", path);
  }
  lan_buf_free(&part);
  return s;
}

static lan_status xdg_folder(const char *variable, const char *below_home, lan_buf *out,
                             lan_error *err) {
  const char *dir = getenv(variable), *home = getenv("HOME");
  if (dir && dir[0] == '/') {
    lan_buf_printf(out, "%s/lantoa", dir);
  } else if (home && home[0] == '/') {
    lan_buf_printf(out, "%s/%s/lantoa", home, below_home);
  } else {
    return lan_fail(err, LAN_ENOTFOUND, "set HOME or %s to an absolute path", variable);
  }
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

lan_status lan_dir_cache(lan_buf *out, lan_error *err) {
  return xdg_folder("XDG_CACHE_HOME", ".cache", out, err);
}

lan_status lan_dir_data(lan_buf *out, lan_error *err) {
  return xdg_folder("XDG_DATA_HOME", ".local/share", out, err);
}

lan_status lan_dir_state(lan_buf *out, lan_error *err) {
  return xdg_folder("XDG_STATE_HOME", ".local/state", out, err);
}

uint64_t lan_clock_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int64_t lan_clock_unix_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
