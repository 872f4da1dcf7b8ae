/* The server at work: the memory kept warm and up to date while it answers. */
#ifndef SERVE_SERVE_H
#define SERVE_SERVE_H

#include <stdbool.h>

#include "base/str.h"
#include "lantoa/memory.h"
#include "lantoa/train.h"

typedef struct serve_options {
  lan_memory *memory;  /* stays the caller's */
  lan_model *model;    /* that recognises pictures, or NULL */
  const char *address; /* numeric; NULL: 127.0.0.1 */
  uint16_t port;       /* 0: any that is free */
  const char *socket;  /* a unix socket instead, or NULL */
  const char *token;
  bool allow_feedback; /* by assistants */
  size_t n_threads;    /* that answer; 0: one a processor, but at most 8 */
  /* Called once it listens; `port` is 0 for a unix socket. */
  void (*ready)(void *ctx, uint16_t port);
  /* Called when the vault could not be read for a change, or cannot be watched: the server goes on. */
  void (*trouble)(void *ctx, const char *message);
  void *ctx;
} serve_options;

/* Answers until SIGINT or SIGTERM: LAN_OK then. LAN_EBUSY, LAN_EINVAL: it cannot listen there. LAN_EIO, LAN_ENOMEM. */
lan_status serve_run(const serve_options *options, lan_error *err);

/* The token that who asks must know: 256 random bits in hex, in a file that only the user can read, made when there is
 * none, below $XDG_STATE_HOME/lantoa (~/.local/state/lantoa). Appended to `token`. LAN_EIO; LAN_ECORRUPT: the file holds
 * something else, or others can read it. */
lan_status serve_token(lan_buf *token, lan_error *err);

#endif
