/* Filling a lan_error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

#include "lantoa/status.h"

/* Writes the message (cut at LAN_ERROR_MAX on a UTF-8 boundary, newlines made spaces) into `err`,
 * which may be NULL, and returns `status`: `return lan_fail(err, LAN_EIO, "cannot read %s", path)`.
 */
lan_status lan_fail(lan_error *err, lan_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "out of memory (wanted N bytes)"; N may be 0 for unknown. */
lan_status lan_fail_memory(lan_error *err, size_t wanted);

/* "`what` `path`: strerror(errno)", as LAN_EIO (LAN_ENOTFOUND for ENOENT). */
lan_status lan_fail_errno(lan_error *err, const char *what, const char *path);

#endif
