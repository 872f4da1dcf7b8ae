/* A vault opened for one run of the command: where it is, progress, how its notes are named. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli.h"
#include "lantoa/memory.h"

typedef struct progress {
  bool shown, wanted;
  uint64_t started, drawn; /* lan_clock_ns */
} progress;

typedef struct session {
  cli *c;
  lan_memory *memory;
  lan_memory_report report;
  progress progress;
} session;

typedef enum session_how {
  SESSION_BARE,   /* reads no notes; session_path reads them if it must */
  SESSION_ASK,    /* bring the index up to date if need be */
  SESSION_SAVE,   /* and write it in any case */
  SESSION_REBUILD /* from nothing */
} session_how;

/* Opens the vault that the options, the environment or the current folder name. CLI_FOUND, or what
 * to exit with after complaining. */
cli_exit session_open(session *s, cli *c, session_how how);

/* Closes it; `code` becomes CLI_PARTIAL if files of the vault could not be read. */
cli_exit session_close(session *s, cli_exit code);

/* Takes the progress bar off the terminal; to be called after what may take a while. */
void session_clear_progress(session *s);

/* The note that a person means: a file in or below the current folder (for names typed as
 * arguments, or that begin with "/", "./" or "../"), else as lan_memory_find. */
lan_status session_find(session *s, const char *name, bool typed, uint32_t *note, lan_error *err);

/* The same as a path within the vault, into `path` (cleared first). A bare session reads the index only if `name` is no
 * file of the vault. */
lan_status session_path(session *s, const char *name, bool typed, lan_buf *path, lan_error *err);

#endif
