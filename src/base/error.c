#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

const char *lan_version(void) { return LAN_VERSION; }

const char *lan_status_name(lan_status status) {
  switch (status) {
    case LAN_OK: return "OK";
    case LAN_ENOMEM: return "ENOMEM";
    case LAN_EINVAL: return "EINVAL";
    case LAN_ERANGE: return "ERANGE";
    case LAN_EIO: return "EIO";
    case LAN_EFORMAT: return "EFORMAT";
    case LAN_ENOTFOUND: return "ENOTFOUND";
    case LAN_EAMBIGUOUS: return "EAMBIGUOUS";
    case LAN_ELIMIT: return "ELIMIT";
    case LAN_ECORRUPT: return "ECORRUPT";
    case LAN_EBUSY: return "EBUSY";
    case LAN_ECANCELED: return "ECANCELED";
  }
  return "unknown";
}

/* A message that was cut may end inside a character: drop that piece. */
static void drop_cut_character(char *message) {
  size_t n = strlen(message), i = n;
  while (i > 0 && n - i < 3 && ((unsigned char)message[i - 1] & 0xC0u) == 0x80u) i--;
  if (i > 0 && ((unsigned char)message[i - 1] & 0xC0u) == 0xC0u) {
    uint32_t cp;
    if (lan_utf8_decode(message + i - 1, n - i + 1, &cp) == 1) message[i - 1] = '\0';
  }
}

lan_status lan_fail(lan_error *err, lan_status status, const char *format, ...) {
  if (!err) return status;
  va_list args;
  va_start(args, format);
  int n = vsnprintf(err->message, sizeof err->message, format, args);
  va_end(args);
  if (n < 0) err->message[0] = '\0';
  if (n >= (int)sizeof err->message) drop_cut_character(err->message);
  for (char *p = err->message; *p; p++) {
    if (*p == '\n' || *p == '\r') *p = ' ';
  }
  err->status = status;
  return status;
}

lan_status lan_fail_memory(lan_error *err, size_t wanted) {
  if (wanted == 0) return lan_fail(err, LAN_ENOMEM, "out of memory");
  return lan_fail(err, LAN_ENOMEM, "out of memory (wanted %zu bytes)", wanted);
}

lan_status lan_fail_errno(lan_error *err, const char *what, const char *path) {
  int e = errno;
  lan_status status = e == ENOENT ? LAN_ENOTFOUND : e == ENOMEM ? LAN_ENOMEM : LAN_EIO;
  return lan_fail(err, status, "%s %s: %s", what, path, strerror(e));
}
