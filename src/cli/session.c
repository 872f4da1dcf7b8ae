#include "cli/session.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

/* ---- progress: a line on standard error that is rewritten, only if the work takes a while ---- */

enum { BAR = 24 };

static const uint64_t PATIENCE_NS = 300000000, REDRAW_NS = 50000000;

static void draw(progress *p, lan_phase phase, size_t done, size_t total) {
  static const char *const names[] = {[LAN_PHASE_WALK] = "Finding notes",
                                      [LAN_PHASE_READ] = "Reading notes",
                                      [LAN_PHASE_LINK] = "Linking",
                                      [LAN_PHASE_BUILD] = "Connecting",
                                      [LAN_PHASE_SAVE] = "Saving"};
  output line = {0};
  lan_buf_printf(&line.buf, "\r\033[K%-14s", names[phase]);
  if (total > 0) {
    if (done > total) done = total;
    size_t full = (size_t)((double)done / (double)total * BAR);
    for (size_t i = 0; i < BAR; i++) lan_buf_add_str(&line.buf, i < full ? "█" : "░");
    lan_buf_add_char(&line.buf, ' ');
    output_number(&line, done);
    lan_buf_add_str(&line.buf, " of ");
    output_number(&line, total);
  } else if (done > 0) {
    output_number(&line, done);
  }
  if (!line.buf.failed && write(STDERR_FILENO, line.buf.data, line.buf.len) > 0) p->shown = true;
  output_free(&line);
}

static int on_progress(void *ctx, lan_phase phase, size_t done, size_t total) {
  progress *p = ctx;
  uint64_t now = lan_clock_ns();
  if (cli_stopped()) return 1;
  if (p->wanted && now - p->started > PATIENCE_NS && now - p->drawn > REDRAW_NS) {
    draw(p, phase, done, total);
    p->drawn = now;
  }
  return 0;
}

void session_clear_progress(session *s) {
  progress *p = &s->progress;
  if (p->shown && write(STDERR_FILENO, "\r\033[K", 4) > 0) p->shown = false;
}

/* ---- opening ---- */

static lan_status find_vault(const options *o, char *path, size_t size, const char **vault,
                             lan_error *err) {
  const char *named = getenv("LANTOA_VAULT");
  *vault = o->vault ? o->vault : named && *named ? named : NULL;
  if (*vault) return LAN_OK;
  lan_status s = lan_memory_find_vault(".", path, size, err);
  if (s == LAN_ENOTFOUND) {
    lan_fail(err, LAN_EINVAL,
             "no vault here: no folder from here upwards holds .obsidian; "
             "name one with --vault DIR or LANTOA_VAULT");
    return LAN_EINVAL;
  }
  *vault = path;
  return s;
}

cli_exit session_open(session *s, cli *c, session_how how) {
  const options *o = &c->opt;
  char path[PATH_MAX];
  const char *vault;
  lan_error err;
  *s = (session){.c = c};
  s->progress = (progress){.wanted = !o->quiet && isatty(STDERR_FILENO), .started = lan_clock_ns()};
  lan_status status = find_vault(o, path, sizeof path, &vault, &err);
  lan_memory_options mo = {.cache_dir = o->cache_dir,
                           .excludes = o->excludes.data,
                           .n_excludes = o->excludes.len,
                           .no_cache = o->no_cache,
                           .save = how == SESSION_SAVE || how == SESSION_REBUILD,
                           .rebuild = how == SESSION_REBUILD,
                           .bare = how == SESSION_BARE,
                           .source = "cli",
                           .weights = o->weights,
                           .progress = on_progress,
                           .progress_ctx = &s->progress};
  if (status == LAN_OK) {
    status = lan_memory_open(vault, &mo, &s->memory, &err);
    session_clear_progress(s);
    if (status == LAN_ENOTFOUND) status = LAN_EIO;
  }
  if (status != LAN_OK) {
    if (status != LAN_ECANCELED) cli_complain("%s", err.message);
    return cli_exit_of(status);
  }
  s->report = lan_memory_describe(s->memory);
  if (s->report.cache_trouble && !o->quiet) {
    cli_complain("%s; answers are right without it, only slower", s->report.cache_trouble);
  }
  return CLI_FOUND;
}

cli_exit session_close(session *s, cli_exit code) {
  size_t skipped = s->report.skipped;
  lan_memory_close(s->memory);
  s->memory = NULL;
  if (skipped == 0 || code > CLI_NONE) return code;
  if (!s->c->opt.quiet) {
    cli_complain("%zu %s could not be read; lantoa doctor names %s", skipped,
                 skipped == 1 ? "file or folder" : "files or folders",
                 skipped == 1 ? "it" : "them");
  }
  return CLI_PARTIAL;
}

/* ---- naming notes ---- */

static bool starts(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

/* The path within the vault of a file that `name` is on disk; false if it is none. */
static bool file_in_vault(const session *s, const char *name, char *path) {
  struct stat st;
  size_t root = strlen(s->report.vault);
  if (stat(name, &st) != 0 || !S_ISREG(st.st_mode) || !realpath(name, path)) return false;
  if (root == 1) root = 0; /* the vault is "/" */
  if (strncmp(path, s->report.vault, root) != 0 || path[root] != '/') return false;
  memmove(path, path + root + 1, strlen(path + root + 1) + 1);
  return true;
}

lan_status session_find(session *s, const char *name, bool typed, uint32_t *note, lan_error *err) {
  char path[PATH_MAX];
  if ((typed || starts(name, "/") || starts(name, "./") || starts(name, "../")) &&
      file_in_vault(s, name, path) && lan_memory_find(s->memory, path, note, NULL) == LAN_OK &&
      strcmp(lan_memory_note(s->memory, *note).path, path) == 0) {
    return LAN_OK;
  }
  if (lan_memory_size(s->memory) == 0) {
    return lan_fail(err, LAN_ENOTFOUND, "the vault %s holds no notes", s->report.vault);
  }
  return lan_memory_find(s->memory, name, note, err);
}

static bool is_note(const char *path) {
  size_t len = strlen(path);
  return (len > 3 && strcmp(path + len - 3, ".md") == 0) ||
         (len > 7 && strcmp(path + len - 7, ".canvas") == 0);
}

/* Whether <vault>/<path><ending> is the file of a note. */
static bool is_in_vault(const session *s, const char *path, const char *ending, lan_buf *out) {
  struct stat st;
  lan_buf_clear(out);
  lan_buf_printf(out, "%s/%s%s", s->report.vault, path, ending);
  bool found =
      !out->failed && is_note(out->data) && stat(out->data, &st) == 0 && S_ISREG(st.st_mode);
  lan_buf_clear(out);
  lan_buf_printf(out, "%s%s", path, ending);
  return found && !out->failed;
}

static lan_status path_in_index(session *s, const char *name, bool typed, lan_buf *path,
                                lan_error *err) {
  uint32_t note;
  lan_status status = LAN_OK;
  if (lan_memory_size(s->memory) == 0) {
    status = lan_memory_refresh(s->memory, NULL, err);
    session_clear_progress(s);
    s->report = lan_memory_describe(s->memory);
  }
  if (status == LAN_OK) status = session_find(s, name, typed, &note, err);
  if (status != LAN_OK) return status;
  lan_buf_clear(path);
  lan_buf_add_str(path, lan_memory_note(s->memory, note).path);
  return path->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

lan_status session_path(session *s, const char *name, bool typed, lan_buf *path, lan_error *err) {
  char file[PATH_MAX];
  if ((typed || starts(name, "/") || starts(name, "./") || starts(name, "../")) &&
      file_in_vault(s, name, file) && is_note(file)) {
    lan_buf_clear(path);
    lan_buf_add_str(path, file);
    return path->failed ? lan_fail_memory(err, 0) : LAN_OK;
  }
  if (is_in_vault(s, name, "", path) || is_in_vault(s, name, ".md", path)) return LAN_OK;
  return path_in_index(s, name, typed, path, err);
}
