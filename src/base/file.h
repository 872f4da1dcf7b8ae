/* Reading and writing files, folders of the XDG specification, the machine, clocks. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

/* Appends the file's bytes to `out`. LAN_ELIMIT when it holds more than `max` bytes, LAN_EIO when
 * it is not a regular file or cannot be read. Never blocks on a FIFO or device. */
lan_status lan_file_read(const char *path, size_t max, lan_buf *out, lan_error *err);
/* The same, `name` being relative to the open folder `dir_fd`; `shown` is the path for messages. */
lan_status lan_file_read_at(int dir_fd, const char *name, const char *shown, size_t max,
                            lan_buf *out, lan_error *err);
/* The same of what lies below that folder: no symbolic link is followed, and ".." leads nowhere. */
lan_status lan_file_read_below(int dir_fd, const char *name, const char *shown, size_t max,
                               lan_buf *out, lan_error *err);

/* Replaces `path` whole or not at all, even at a power loss: temporary file in the same folder,
 * fsync, rename, fsync of the folder. */
lan_status lan_file_write(const char *path, const void *bytes, size_t len, lan_error *err);

/* The same for what is written piece by piece, so that it need not be in memory as a whole: begin, any
 * number of add, then finish; or abandon, at any time and after a failed add. `path` stays the caller's
 * and must live as long. */
typedef struct lan_file_writer {
  const char *path;
  lan_buf temp; /* the path of the temporary file */
  int fd;
} lan_file_writer;

lan_status lan_file_begin(const char *path, lan_file_writer *w, lan_error *err);
lan_status lan_file_add(lan_file_writer *w, const void *bytes, size_t len, lan_error *err);
lan_status lan_file_finish(lan_file_writer *w, lan_error *err);
void lan_file_abandon(lan_file_writer *w);

/* Adds to the end of `path`, which is made if there is none; for logs. The system has the bytes when it
 * returns: they survive the end of the process, though perhaps not a power loss. When not all could be
 * written, the file is cut back to what it was. */
lan_status lan_file_append(const char *path, const void *bytes, size_t len, lan_error *err);

/* Makes an empty file; LAN_EBUSY when there is one. */
lan_status lan_file_create(const char *path, lan_error *err);

/* A file that is read here and there, without being in memory as a whole. */
typedef struct lan_file {
  int fd;
  uint64_t size; /* when it was opened */
} lan_file;

/* Fails as lan_file_read does. */
lan_status lan_file_open(const char *path, lan_file *f, lan_error *err);
/* The `len` bytes from `offset` on; LAN_EIO when the file ends before them. `shown` is the path for
 * messages. Safe from several threads. */
lan_status lan_file_read_part(const lan_file *f, uint64_t offset, void *out, size_t len,
                              const char *shown, lan_error *err);
void lan_file_close(lan_file *f);

/* mkdir -p with mode 0700 for the folders that it makes. */
lan_status lan_dir_make(const char *path, lan_error *err);

/* $XDG_CACHE_HOME/lantoa or ~/.cache/lantoa; $XDG_DATA_HOME/lantoa or ~/.local/share/lantoa;
 * $XDG_STATE_HOME/lantoa or ~/.local/state/lantoa.
 * Relative values are ignored, as the specification says. */
lan_status lan_dir_cache(lan_buf *out, lan_error *err);
lan_status lan_dir_data(lan_buf *out, lan_error *err);
lan_status lan_dir_state(lan_buf *out, lan_error *err);

/* The machine's name, or "". */
void lan_host_name(char out[64]);

uint64_t lan_clock_ns(void);     /* monotonic, for durations */
int64_t lan_clock_unix_ms(void); /* wall clock */

#endif
