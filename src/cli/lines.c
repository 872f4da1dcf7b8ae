#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/vec.h"
#include "cli/cli.h"

enum {
  CHUNK = 1 << 16,
  LINE_SHOWN = 64 /* bytes of a line that is too long */
};

/* Appends what there is; false at the end or on failure. */
static bool read_more(int fd, lan_buf *out) {
  if (!vec_reserve((void **)&out->data, &out->cap, out->len, CHUNK + 1, 1)) {
    errno = ENOMEM;
    return false;
  }
  ssize_t n;
  do {
    n = read(fd, out->data + out->len, CHUNK);
  } while (n < 0 && errno == EINTR && !cli_stopped());
  if (n > 0) out->len += (size_t)n;
  out->data[out->len] = '\0';
  if (n == 0) errno = 0;
  return n > 0;
}

static lines_got take_record(lines *l, size_t len, bool too_long, char **record) {
  char *s = l->buf.data + l->at;
  l->at += len + 1;
  too_long |= len > LINE_MOST;
  if (too_long) len = LINE_SHOWN;
  if (l->end == '\n' && len > 0 && s[len - 1] == '\r') len--;
  s[len] = '\0';
  *record = s;
  return too_long || memchr(s, '\0', len) ? LINES_BAD : LINES_RECORD;
}

/* Makes room by dropping what was read before. */
static void drop_taken(lines *l) {
  if (l->at == 0) return;
  memmove(l->buf.data, l->buf.data + l->at, l->buf.len - l->at);
  l->buf.len -= l->at;
  l->at = 0;
}

lines_got lines_next(lines *l, char **record) {
  bool too_long = false;
  size_t looked = 0; /* bytes after `at` that hold no end */
  for (;;) {
    size_t left = l->at < l->buf.len ? l->buf.len - l->at : 0;
    const char *end =
        left > looked ? memchr(l->buf.data + l->at + looked, l->end, left - looked) : NULL;
    if (end) return take_record(l, (size_t)(end - (l->buf.data + l->at)), too_long, record);
    if (l->finished) return left ? take_record(l, left, too_long, record) : LINES_DONE;
    if (l->at >= l->buf.len) l->at = l->buf.len; /* past the end by the missing newline */
    drop_taken(l);
    if (left > LINE_MOST) { /* keep its beginning only */
      l->buf.len = left = LINE_SHOWN;
      too_long = true;
    }
    looked = left;
    if (read_more(STDIN_FILENO, &l->buf)) continue;
    if (errno == EINTR) return LINES_DONE;
    if (errno != 0) return LINES_FAILED;
    l->finished = true;
  }
}

void lines_free(lines *l) { lan_buf_free(&l->buf); }

bool lines_read_all(const char *path, size_t max, lan_buf *out) {
  bool standard = path[0] == '-' && path[1] == '\0';
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return false;
  errno = 0;
  while (out->len <= max && read_more(fd, out)) continue;
  int failed = out->len > max ? EFBIG : errno;
  if (!standard) close(fd);
  errno = failed;
  return failed == 0;
}
