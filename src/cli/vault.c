/* Opening the vault for a subcommand, with progress and a way to stop. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/cli.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

bool cli_was_interrupted(void) { return interrupted; }

int cli_exit_of(lan_status status) {
  switch (status) {
    case LAN_OK: return EXIT_FOUND;
    case LAN_ENOTFOUND:
    case LAN_EAMBIGUOUS:
    case LAN_EINVAL:
    case LAN_ERANGE: return EXIT_USAGE;
    case LAN_ECANCELED: return EXIT_STOPPED;
    default: return EXIT_FAILED;
  }
}

enum { QUIET_MS = 300, REDRAW_MS = 50, BAR = 24 };

typedef struct progress {
  uint64_t started, drawn;
  bool shown, terminal;
} progress;

static const char *phase_name(lan_phase phase) {
  switch (phase) {
    case LAN_PHASE_WALK: return "finding notes";
    case LAN_PHASE_READ: return "reading notes";
    case LAN_PHASE_LINK: return "finding ties";
    case LAN_PHASE_BUILD: return "building";
    case LAN_PHASE_SAVE: return "saving";
  }
  return "";
}

static int on_progress(void *ctx, lan_phase phase, size_t done, size_t total) {
  progress *p = ctx;
  uint64_t now = lan_clock_ns();
  bool late = now - p->started > QUIET_MS * 1000000ull;
  if (!p->terminal || !late || now - p->drawn < REDRAW_MS * 1000000ull) return interrupted;
  p->drawn = now;
  p->shown = true;
  fprintf(stderr, "\r\033[K%-14s", phase_name(phase));
  if (total) {
    size_t filled = done * BAR / total;
    for (size_t i = 0; i < BAR; i++) fputs(i < filled ? "█" : "░", stderr);
    fprintf(stderr, " %zu of %zu", done, total);
  }
  return interrupted;
}

static progress state;

static const char *choose_vault(const cli_options *o, char *found, size_t size, lan_error *err) {
  const char *from_environment = getenv("LANTOA_VAULT");
  if (o->vault) return o->vault;
  if (from_environment && *from_environment) return from_environment;
  return lan_memory_find_vault(".", found, size, err) == LAN_OK ? found : NULL;
}

lan_memory *cli_open(const cli_options *o, bool save, int *exit_code) {
  char found[4096];
  lan_error err = {0};
  const char *vault = choose_vault(o, found, sizeof found, &err);
  if (!vault) {
    cli_error("%s", err.message);
    *exit_code = EXIT_USAGE;
    return NULL;
  }
  struct sigaction stop = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGINT, &stop, NULL);
  state = (progress){.started = lan_clock_ns(), .terminal = isatty(STDERR_FILENO) && !o->quiet};
  lan_memory_options options = {.cache_dir = o->cache_dir,
                                .excludes = o->excludes.data,
                                .n_excludes = o->excludes.len,
                                .no_cache = o->no_cache,
                                .save = save,
                                .rebuild = o->rebuild,
                                .progress = on_progress,
                                .progress_ctx = &state};
  lan_memory *m = NULL;
  lan_status s = lan_memory_open(vault, &options, &m, &err);
  if (state.shown) fputs("\r\033[K", stderr);
  state.shown = false;
  if (s == LAN_OK) return m;
  cli_error("%s", err.message);
  *exit_code = s == LAN_ENOTFOUND ? EXIT_FAILED : cli_exit_of(s);
  return NULL;
}

int cli_close(lan_memory *m, const cli_options *o, int code) {
  lan_memory_report r = lan_memory_describe(m);
  if (state.shown) fputs("\r\033[K", stderr);
  if (r.cache_trouble && !o->quiet) cli_error("warning: %s", r.cache_trouble);
  if (r.skipped && !o->quiet) {
    cli_error("warning: %zu file%s could not be read; see: lantoa doctor", r.skipped,
              r.skipped == 1 ? "" : "s");
  }
  if (r.skipped && code == EXIT_FOUND) code = EXIT_PARTIAL;
  lan_memory_close(m);
  return code;
}
