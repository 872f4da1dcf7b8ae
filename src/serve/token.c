#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "serve/serve.h"

enum { RANDOM_BYTES = 32, TOKEN_LEN = 2 * RANDOM_BYTES };

static bool is_token(lan_str s) {
  return s.len == TOKEN_LEN && strspn(s.ptr, "0123456789abcdef") >= TOKEN_LEN;
}

static lan_status read_token(const char *path, lan_buf *token, lan_error *err) {
  struct stat st;
  lan_buf bytes = {0};
  lan_status s = lan_file_read(path, 4096, &bytes, err);
  if (s == LAN_OK && (stat(path, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 077))) {
    s = lan_fail(err, LAN_ECORRUPT, "%s can be read by others; remove it, and a new one is made",
                 path);
  }
  lan_str text = lan_str_trim(lan_buf_str(&bytes));
  if (s == LAN_OK && !is_token(text)) {
    s = lan_fail(err, LAN_ECORRUPT, "%s holds no token; remove it, and a new one is made", path);
  }
  if (s == LAN_OK) lan_buf_add(token, text.ptr, text.len);
  lan_buf_free(&bytes);
  return s;
}

static lan_status make_token(const char *path, lan_error *err) {
  unsigned char random[RANDOM_BYTES];
  lan_buf text = {0};
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
    return lan_fail_errno(err, "cannot get random bytes for", path);
  }
  for (size_t i = 0; i < sizeof random; i++) lan_buf_printf(&text, "%02x", random[i]);
  lan_buf_add_char(&text, '\n');
  lan_status s = text.failed ? lan_fail_memory(err, 0) : LAN_OK;
  /* 0600 from the beginning: lan_file_write keeps no one from reading. */
  int fd =
      s == LAN_OK ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
  if (s == LAN_OK && fd < 0 && errno != EEXIST) s = lan_fail_errno(err, "cannot make", path);
  if (fd >= 0) {
    bool written = write(fd, text.data, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    if (!written) s = lan_fail_errno(err, "cannot write", path);
    close(fd);
    if (!written) unlink(path);
  }
  lan_buf_free(&text);
  return s;
}

lan_status serve_token(lan_buf *token, lan_error *err) {
  lan_buf path = {0};
  lan_status s = lan_dir_state(&path, err);
  if (s == LAN_OK) s = lan_dir_make(path.data, err);
  if (s == LAN_OK) lan_buf_add_str(&path, "/token");
  if (s == LAN_OK && path.failed) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) {
    s = read_token(path.data, token, err);
    if (s == LAN_ENOTFOUND) {
      s = make_token(path.data, err);
      if (s == LAN_OK) s = read_token(path.data, token, err);
    }
  }
  lan_buf_free(&path);
  return s;
}
