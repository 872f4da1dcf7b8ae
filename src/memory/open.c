/* Opening a vault, and keeping up with it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "memory/cache.h"
#include "memory/memory_internal.h"
#include "memory/remember.h"

enum {
  PATCH_MOST = 32, /* changed notes that are laid over the cached index without writing it anew */
  WEIGHTS_MOST = 1 << 20, /* bytes of a file of weights */
  NOTE_MOST = 64 << 20
};

/* A file that was changed less than this before it was read may change again within the same time
 * stamp: FAT counts in two seconds. */
static const int64_t RACY_NS = 2000000000;

lan_status lan_memory_find_vault(const char *start, char *path, size_t size, lan_error *err) {
  lan_buf found = {0};
  lan_status s = walk_find_vault(start, &found, err);
  if (s == LAN_OK && found.len >= size) {
    s = lan_fail(err, LAN_ERANGE, "the vault's path is longer than %zu bytes", size - 1);
  }
  if (s == LAN_OK) memcpy(path, found.data, found.len + 1);
  lan_buf_free(&found);
  return s;
}

/* ---- one refresh ---- */

typedef struct refresh {
  lan_memory *m;
  const char *identity;
  walk_result walk;
  catalog now;
  memory_index loaded;
  lan_status walk_status, load_status;
  lan_error walk_error, load_error;
  VEC(uint32_t) changed;
  size_t n_cleared; /* time stamps in doubt that told the truth */
} refresh;

static void set_trouble(lan_memory *m, const char *message) {
  if (!m->cache_trouble) m->cache_trouble = strdup(message);
}

static lan_status tell(lan_memory *m, lan_phase phase, lan_error *err) {
  const lan_memory_options *o = &m->options;
  if (!o->progress || o->progress(o->progress_ctx, phase, 0, 0) == 0) return LAN_OK;
  return lan_fail(err, LAN_ECANCELED, "stopped");
}

/* Walking the vault waits for the disk, loading the cache for memory: side by side. */
static void walk_or_load(void *ctx, size_t i, size_t worker) {
  refresh *r = ctx;
  lan_memory *m = r->m;
  (void)worker;
  if (i == 0) {
    r->walk_status =
        walk_vault(m->vault, m->options.excludes, m->options.n_excludes, &r->walk, &r->walk_error);
    if (r->walk_status == LAN_OK) {
      r->walk_status = catalog_from_walk(&r->walk, &r->now, &r->walk_error);
    }
  } else if (m->cache_file && !m->options.rebuild) {
    r->load_status = cache_load(m->cache_file, r->identity, &r->loaded, &r->load_error);
  }
}

static bool same_content(lan_memory *m, const catalog_note *n) {
  lan_buf *b = &m->reader.bytes;
  lan_buf_clear(b);
  lan_status s = lan_file_read_below(m->root_fd, n->path.ptr, n->path.ptr, FACTS_FILE_MAX, b, NULL);
  return s == LAN_OK && lan_hash(b->data, b->len, 0) == n->hash;
}

static bool can_read(lan_memory *m, const catalog_note *n) {
  int fd = openat(m->root_fd, n->path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

/* Compares the files on disk with those of `old` (of the same files); where size and time stamp
 * leave a doubt, the content decides. */
static lan_status find_changes(refresh *r, catalog *old, lan_error *err) {
  for (uint32_t i = 0; i < old->n_notes; i++) {
    catalog_note *was = &old->notes[i];
    const catalog_note *is = &r->now.notes[i];
    bool same = catalog_same_version(was, is);
    if (same && was->hash == 0) same = !can_read(r->m, was);
    if (same && was->racy) {
      same = same_content(r->m, was);
      if (same && !is->racy) {
        was->racy = false;
        r->n_cleared++;
      }
    }
    if (!same && !VEC_PUSH(&r->changed, i)) return lan_fail_memory(err, 0);
  }
  return LAN_OK;
}

static lan_status keep_walk_skips(refresh *r, lan_error *err) {
  lan_memory *m = r->m;
  lan_status s = LAN_OK;
  m->skips.len = 0;
  lan_arena_reset(&m->skip_arena);
  for (size_t i = 0; s == LAN_OK && i < r->walk.skips.len; i++) {
    const walk_skip *w = &r->walk.skips.data[i];
    s = index_add_skip(&m->skips, &m->skip_arena, w->path, w->reason, w->failed, err);
  }
  return s;
}

static index_job job_of(lan_memory *m) {
  return (index_job){.source = m->source,
                     .pool = m->pool,
                     .progress = m->options.progress,
                     .progress_ctx = m->options.progress_ctx,
                     .skip_arena = &m->skip_arena,
                     .skips = &m->skips};
}

static void save(refresh *r, const memory_index *index) {
  lan_error e;
  if (!r->m->cache_file) return;
  (void)tell(r->m, LAN_PHASE_SAVE, NULL); /* too late to stop */
  if (cache_save(r->m->cache_file, r->identity, index, &e) != LAN_OK) set_trouble(r->m, e.message);
}

static lan_status rebuild(refresh *r, lan_error *err) {
  lan_memory *m = r->m;
  memory_index index = {0};
  index_job job = job_of(m);
  lan_status s = index_build(&job, &r->now, &index, err);
  if (s != LAN_OK) return s;
  save(r, &index);
  m->read_now = index.cat.n_notes;
  return memory_use_index(m, &index, err);
}

/* Notes that the cache could not read and that still cannot be read. */
static lan_status tell_unread(refresh *r, lan_error *err) {
  lan_memory *m = r->m;
  lan_status s = LAN_OK;
  for (uint32_t i = 0; s == LAN_OK && i < m->index.cat.n_notes; i++) {
    const catalog_note *n = &m->index.cat.notes[i];
    lan_error e;
    if (n->hash != 0 || reader_read(&m->reader, m->source, n, &e) == LAN_OK) continue;
    s = index_add_skip(&m->skips, &m->skip_arena, n->path, lan_str_of(e.message), true, err);
  }
  return s;
}

/* Brings an index (what was loaded, or the open memory's own) up to date and into use; *done false:
 * it takes a rebuild. */
static lan_status patch(refresh *r, memory_index *index, bool *done, lan_error *err) {
  lan_memory *m = r->m;
  *done = false;
  if (!catalog_same_files(&index->cat, &r->now)) return LAN_OK;
  lan_status s = find_changes(r, &index->cat, err);
  if (s != LAN_OK) return s;
  bool save_it = r->changed.len > PATCH_MOST || (r->changed.len && m->options.save);
  if (save_it) return LAN_OK;
  index_job job = job_of(m);
  *done = true;
  if (r->changed.len) {
    m->version++;
    s = index_patch(&job, index, &r->now, r->changed.data, r->changed.len, done, err);
  } else if (r->n_cleared > PATCH_MOST) {
    save(r, index); /* else each opening would read them all to be sure */
  }
  if (s != LAN_OK || !*done) return s;
  m->read_now = r->changed.len;
  if (index != &m->index) {
    s = memory_use_index(m, index, err);
  } else if (r->changed.len) {
    score_state_free(&m->score);
    s = score_state_init(&m->score, &m->index, &m->model, err);
  }
  return s == LAN_OK ? tell_unread(r, err) : s;
}

static void mark_racy(refresh *r, int64_t started_ms) {
  for (uint32_t i = 0; i < r->now.n_notes; i++) {
    r->now.notes[i].racy = r->now.notes[i].mtime_ns > started_ms * 1000000 - RACY_NS;
  }
}

static lan_status identity_of(const lan_memory *m, lan_buf *out, lan_error *err) {
  lan_buf_printf(out, "lantoa index 4\n%s\n", m->vault);
  for (size_t i = 0; i < m->options.n_excludes; i++) {
    lan_buf_printf(out, "exclude %s\n", m->options.excludes[i]);
  }
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}

static lan_status read_state(refresh *r, bool own, lan_error *err) {
  lan_status s = tell(r->m, LAN_PHASE_WALK, err);
  if (s != LAN_OK) return s;
  int64_t started_ms = lan_clock_unix_ms();
  r->load_status = LAN_ENOTFOUND;
  lan_pool_run(r->m->pool, own ? 1 : 2, walk_or_load, r);
  if (r->load_status == LAN_ECORRUPT) {
    set_trouble(r->m, r->load_error.message);
    index_db_discard(r->m->cache_file);
  }
  if (r->walk_status != LAN_OK) return lan_fail(err, r->walk_status, "%s", r->walk_error.message);
  mark_racy(r, started_ms);
  return keep_walk_skips(r, err);
}

/* `own`: the memory is open already, so that its index is what changes are laid over. */
static lan_status refresh_memory(lan_memory *m, bool own, lan_error *err) {
  refresh r = {.m = m};
  lan_buf identity = {0};
  bool done = false;
  m->read_now = 0;
  lan_status s = identity_of(m, &identity, err);
  r.identity = identity.data;
  if (s == LAN_OK) s = read_state(&r, own, err);
  if (s == LAN_OK && (own || r.load_status == LAN_OK)) {
    s = patch(&r, own ? &m->index : &r.loaded, &done, err);
  }
  if (s == LAN_OK && !done) s = rebuild(&r, err);
  walk_free(&r.walk);
  catalog_free(&r.now);
  index_free(&r.loaded);
  VEC_FREE(&r.changed);
  lan_buf_free(&identity);
  return s;
}

lan_status lan_memory_refresh(lan_memory *m, size_t *changed, lan_error *err) {
  memory_new_answer(m);
  bool bare = m->options.bare != 0;
  lan_status s = memory_check_own(m, err);
  if (s == LAN_OK && !m->pool) s = lan_pool_new(m->options.n_threads, &m->pool, err);
  if (s != LAN_OK) return s;
  lan_status watching = m->watch ? watch_settle(m->watch, err) : LAN_OK;
  s = refresh_memory(m, !bare, err);
  if (s != LAN_OK) return s;
  m->options.bare = 0;
  if (m->db) remember_count(m); /* others may have recorded something */
  m->pictures.known = false;
  if (changed) *changed = m->read_now;
  return watching;
}

lan_status lan_memory_watch(lan_memory *m, int *descriptor, lan_error *err) {
  lan_status s = memory_check_own(m, err);
  if (s == LAN_OK && !m->watch) s = watch_new(m->vault, &m->watch, err);
  if (s == LAN_OK) *descriptor = watch_descriptor(m->watch);
  return s;
}

/* ---- opening and closing ---- */

static char *keep(lan_memory *m, const char *s) {
  return lan_arena_copy(&m->lasting, s, strlen(s));
}

/* Makes *s a copy; false: out of memory. */
static bool keep_option(lan_memory *m, const char **s) { return !*s || (*s = keep(m, *s)) != NULL; }

static lan_status copy_options(lan_memory *m, const lan_memory_options *options, lan_error *err) {
  lan_memory_options *o = &m->options;
  if (!options) return LAN_OK;
  *o = *options;
  if (!keep_option(m, &o->cache_dir) || !keep_option(m, &o->data_dir) ||
      !keep_option(m, &o->source)) {
    return lan_fail_memory(err, 0);
  }
  const char **copies = lan_arena_alloc(&m->lasting, options->n_excludes, sizeof *copies);
  if (!copies) return lan_fail_memory(err, 0);
  for (size_t i = 0; i < options->n_excludes; i++) {
    copies[i] = keep(m, options->excludes[i]);
    if (!copies[i]) return lan_fail_memory(err, 0);
  }
  m->options.excludes = copies;
  return LAN_OK;
}

static lan_status open_folder(lan_memory *m, const char *vault, lan_error *err) {
  m->vault = realpath(vault, NULL);
  if (!m->vault) return lan_fail_errno(err, "cannot open the vault", vault);
  m->root_fd = open(m->vault, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (m->root_fd < 0) return lan_fail_errno(err, "cannot open the vault", vault);
  m->folder = folder_source_of(m->root_fd);
  m->source = &m->folder.source;
  return LAN_OK;
}

/* Makes <base>/<vault's name>-<hash>/<file> and returns its path. */
static lan_status place_of(lan_memory *m, const char *dir, bool cache, const char *file, char **out,
                           lan_error *err) {
  lan_buf b = {0};
  lan_status s = LAN_OK;
  uint64_t h = lan_hash(m->vault, strlen(m->vault), 0);
  for (size_t i = 0; cache && i < m->options.n_excludes; i++) {
    h = lan_hash(m->options.excludes[i], strlen(m->options.excludes[i]), h);
  }
  if (dir) {
    lan_buf_add_str(&b, dir);
  } else {
    s = cache ? lan_dir_cache(&b, err) : lan_dir_data(&b, err);
  }
  const char *name = strrchr(m->vault, '/');
  lan_buf_printf(&b, "/%.80s-%016llx", name && name[1] ? name + 1 : "vault", (unsigned long long)h);
  if (s == LAN_OK && b.failed) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) s = lan_dir_make(b.data, err);
  lan_buf_printf(&b, "/%s", file);
  if (s == LAN_OK && (b.failed || !(*out = keep(m, b.data)))) s = lan_fail_memory(err, 0);
  lan_buf_free(&b);
  return s;
}

lan_status memory_own_db(lan_memory *m, memory_db **db, lan_error *err) {
  lan_status s = LAN_OK;
  if (!m->data_file) {
    s = place_of(m, m->options.data_dir, false, "memory.db", &m->data_file, err);
  }
  if (s == LAN_OK && !m->db) {
    s = memory_db_open(m->data_file, &m->db, err);
    if (s == LAN_OK) s = memory_db_count(m->db, &m->counts, err);
    if (m->db) m->records = remember_records(m->db);
  }
  if (s == LAN_OK) *db = m->db;
  return s;
}

lan_status memory_db_to_change(lan_memory *m, memory_db **db, lan_error *err) {
  lan_status s = memory_check_own(m, err);
  return s == LAN_OK ? memory_own_db(m, db, err) : s;
}

/* A cache that has no place is a pity, not an error. memory.db is made when there is a place for
 * it; whoever wants to write to it will hear why it cannot. */
static lan_status find_places(lan_memory *m, lan_error *err) {
  lan_error e;
  memory_db *db;
  lan_status s = LAN_OK;
  if (!m->options.no_cache) {
    s = place_of(m, m->options.cache_dir, true, "index.db", &m->cache_file, &e);
    if (s == LAN_ENOMEM) return lan_fail_memory(err, 0);
    if (s != LAN_OK) set_trouble(m, e.message);
  }
  s = memory_own_db(m, &db, &e);
  if (s == LAN_ECORRUPT || s == LAN_EFORMAT || s == LAN_ENOMEM) {
    return lan_fail(err, s, "%s", e.message);
  }
  bool found = s == LAN_OK;
  s = model_shipped(&m->model, err);
  if (s == LAN_OK && found) memory_follow_weights(m);
  return s;
}

/* What scores: the weights of a file, if asked for, else the vault's own, else those that came with the
 * program. */
static lan_status load_model(lan_memory *m, lan_error *err) {
  const char *file = m->options.weights;
  lan_buf bytes = {0};
  if (!file) return LAN_OK;
  lan_status s = lan_file_read(file, WEIGHTS_MOST, &bytes, err);
  if (s == LAN_OK) s = model_decode(lan_buf_str(&bytes), file, &m->model, err);
  lan_buf_free(&bytes);
  return s;
}

/* As if the vault held nothing. */
static lan_status open_bare(lan_memory *m, lan_error *err) {
  catalog none = {0};
  memory_index index = {0};
  index_job job = job_of(m);
  lan_status s = index_build(&job, &none, &index, err);
  return s == LAN_OK ? memory_use_index(m, &index, err) : s;
}

static lan_status open_whole(lan_memory *m, lan_error *err) {
  lan_status s = lan_pool_new(m->options.n_threads, &m->pool, err);
  return s == LAN_OK ? refresh_memory(m, false, err) : s;
}

lan_status lan_memory_open(const char *vault, const lan_memory_options *options,
                           lan_memory **memory, lan_error *err) {
  uint64_t started = lan_clock_ns();
  lan_memory *m = lan_alloc_zeroed(1, sizeof *m);
  if (!m) return lan_fail_memory(err, sizeof *m);
  m->root_fd = -1;
  lan_status s = copy_options(m, options, err);
  if (s == LAN_OK) s = open_folder(m, vault, err);
  if (s == LAN_OK) s = find_places(m, err);
  if (s == LAN_OK) s = load_model(m, err);
  if (s == LAN_OK) s = m->options.bare ? open_bare(m, err) : open_whole(m, err);
  if (s != LAN_OK) {
    lan_memory_close(m);
    return s;
  }
  m->seconds = (double)(lan_clock_ns() - started) * 1e-9;
  *memory = m;
  return LAN_OK;
}

void lan_memory_close(lan_memory *m) {
  if (!m) return;
  memory_unshare(m);
  memory_release(m);
  lan_pool_free(m->pool);
  watch_free(m->watch);
  memory_db_close(m->db);
  if (m->root_fd >= 0) close(m->root_fd);
  memory_lock_free(m->lock);
  free(m->cache_trouble);
  free(m->vault);
  free(m);
}

lan_status lan_memory_read(lan_memory *m, uint32_t note, size_t most, const char **bytes, size_t *n,
                           size_t *whole, lan_error *err) {
  if (note >= m->index.cat.n_notes) return lan_fail(err, LAN_ERANGE, "there is no note %u", note);
  const char *path = m->index.cat.notes[note].path.ptr;
  lan_buf_clear(&m->file);
  lan_status s = lan_file_read_below(m->root_fd, path, path, NOTE_MOST, &m->file, err);
  if (s != LAN_OK) return s;
  *bytes = m->file.data ? m->file.data : "";
  *whole = m->file.len;
  *n = *whole < most ? *whole : most;
  return LAN_OK;
}
