#include "memory/handed.h"

#include <stdlib.h>

#include "base/error.h"
#include "memory/memory_internal.h"

lan_status handed_new(const note_source *source, const memory_records *records, lan_memory **memory,
                      lan_error *err) {
  lan_memory *m = lan_alloc_zeroed(1, sizeof *m);
  if (!m) return lan_fail_memory(err, sizeof *m);
  m->root_fd = -1;
  m->source = source;
  m->records = *records;
  lan_status s = model_shipped(&m->model, err);
  if (s == LAN_OK) s = handed_index(m, NULL, 0, err);
  if (s != LAN_OK) {
    handed_free(m);
    return s;
  }
  *memory = m;
  return LAN_OK;
}

void handed_free(lan_memory *m) {
  if (!m) return;
  memory_release(m);
  free(m);
}

/* ---- all notes ---- */

static int by_path(const void *a, const void *b) {
  const handed_file *x = a, *y = b;
  return lan_str_compare(x->path, y->path);
}

static lan_status make_catalog(handed_file *files, size_t n, catalog *cat, lan_error *err) {
  walk_result walk = {0};
  lan_status s = VEC_RESERVE(&walk.files, n) ? LAN_OK : lan_fail_memory(err, n * sizeof *files);
  if (s == LAN_OK && n) qsort(files, n, sizeof *files, by_path);
  for (size_t i = 0; s == LAN_OK && i < n; i++) {
    if (i && lan_str_equal(files[i].path, files[i - 1].path)) {
      s = lan_fail(err, LAN_EINVAL, "a file was handed in twice");
    }
    walk.files.data[walk.files.len++] = (walk_file){.path = files[i].path, .kind = files[i].kind};
  }
  if (s == LAN_OK) s = catalog_from_walk(&walk, cat, err);
  VEC_FREE(&walk.files);
  return s;
}

static index_job job_of(lan_memory *m) {
  return (index_job){.source = m->source, .skip_arena = &m->skip_arena, .skips = &m->skips};
}

lan_status handed_index(lan_memory *m, handed_file *files, size_t n, lan_error *err) {
  catalog cat = {0};
  memory_index index = {0};
  index_job job = job_of(m);
  memory_new_answer(m);
  m->skips.len = 0;
  lan_arena_reset(&m->skip_arena);
  lan_status s = make_catalog(files, n, &cat, err);
  if (s == LAN_OK) s = index_build(&job, &cat, &index, err);
  return s == LAN_OK ? memory_use_index(m, &index, err) : s;
}

/* ---- some notes ---- */

static bool find_notes(const lan_memory *m, const lan_str *paths, size_t n, uint32_t *notes) {
  for (size_t i = 0; i < n; i++) {
    notes[i] = catalog_find(&m->index.cat, paths[i]);
    if (notes[i] == UINT32_MAX) return false;
  }
  return true;
}

lan_status handed_change(lan_memory *m, const lan_str *paths, size_t n, bool *done,
                         lan_error *err) {
  uint32_t *notes = lan_alloc_array(n, sizeof *notes);
  index_job job = job_of(m);
  memory_index *index = &m->index;
  lan_status s = notes ? LAN_OK : lan_fail_memory(err, n * sizeof *notes);
  memory_new_answer(m);
  *done = s == LAN_OK && find_notes(m, paths, n, notes);
  if (*done) s = index_patch(&job, index, &index->cat, notes, n, done, err);
  free(notes);
  if (s != LAN_OK || !*done) return s;
  score_state_free(&m->score);
  return score_state_init(&m->score, index, &m->model, err);
}

uint32_t handed_find(const lan_memory *m, lan_str path) {
  return catalog_find(&m->index.cat, path);
}

lan_status handed_learn(lan_memory *m, lan_str from, lan_str note, int64_t unix_ms,
                        lan_buf *weights, lan_error *err) {
  habit open = {handed_find(m, from), handed_find(m, note), unix_ms};
  score_model better;
  if (open.note == UINT32_MAX || !memory_learn_open(m, &open, &better)) return LAN_OK;
  lan_status s = model_encode(&better, weights, err);
  if (s != LAN_OK) return s;
  m->model = better;
  m->online = (online){0};
  return LAN_OK;
}

lan_status handed_weights(lan_memory *m, lan_str bytes, lan_error *err) {
  m->online = (online){0};
  if (bytes.len == 0) return model_shipped(&m->model, err);
  return model_decode(bytes, "the weights that were handed in", &m->model, err);
}

void handed_remember(lan_memory *m, size_t n_events) {
  if (n_events == 0) m->online = (online){0};
  m->counts = (memory_db_counts){.opens = n_events};
  m->habits.read = false;
}
