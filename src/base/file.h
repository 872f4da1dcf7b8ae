/* Reading and writing whole files, folders of the XDG specification, clocks. */
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

/* Replaces `path` whole or not at all, even at a power loss: temporary file in the same folder,
 * fsync, rename, fsync of the folder. */
lan_status lan_file_write(const char *path, const void *bytes, size_t len, lan_error *err);

/* mkdir -p with mode 0700 for the folders that it makes. */
lan_status lan_dir_make(const char *path, lan_error *err);

/* $XDG_CACHE_HOME/lantoa or ~/.cache/lantoa; $XDG_DATA_HOME/lantoa or ~/.local/share/lantoa.
 * Relative values are ignored, as the specification says. */
lan_status lan_dir_cache(lan_buf *out, lan_error *err);
lan_status lan_dir_data(lan_buf *out, lan_error *err);

uint64_t lan_clock_ns(void);     /* monotonic, for durations */
int64_t lan_clock_unix_ms(void); /* wall clock */

#endif
