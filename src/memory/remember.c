/* What is done with the memory: opens, feedback, history, forgetting. */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "memory/memory_internal.h"
#include "memory/remember.h"

bool remember_time_fits(int64_t unix_ms) { return unix_ms >= 0 && unix_ms <= REMEMBER_LAST_MS; }

static lan_status each_event(void *db, memory_event_fn fn, void *ctx, lan_error *err) {
  memory_span ever = MEMORY_EVER;
  return memory_db_each(db, MEMORY_OPENED | MEMORY_VERDICT, &ever, MEMORY_OLDEST_FIRST, 0, fn, ctx,
                        err);
}

static lan_status each_picture(void *db, memory_picture_fn fn, void *ctx, lan_error *err) {
  return memory_db_each_picture(db, fn, ctx, err);
}

memory_records remember_records(memory_db *db) {
  return (memory_records){db, each_event, each_picture};
}

/* ---- weights ---- */

static uint64_t hash_of(const lan_buf *bytes) { return lan_hash(bytes->data, bytes->len, 0); }

lan_status memory_keep_weights(lan_memory *m, const score_model *model, lan_error *err) {
  memory_db *db = NULL;
  lan_buf bytes = {0};
  lan_status s = model_encode(model, &bytes, err);
  if (s == LAN_OK) s = memory_db_to_change(m, &db, err);
  if (s == LAN_OK) {
    s = memory_db_put_weights(db, MEMORY_WEIGHTS, lan_buf_str(&bytes), lan_clock_unix_ms(), err);
  }
  if (s == LAN_OK) {
    m->model = *model;
    m->own_weights = hash_of(&bytes);
    m->online = (online){0};
  }
  lan_buf_free(&bytes);
  return s;
}

void memory_follow_weights(lan_memory *m) {
  lan_buf bytes = {0};
  score_model model;
  if (m->options.weights) return;
  lan_status s = memory_db_get_weights(m->db, MEMORY_WEIGHTS, &bytes, NULL, NULL);
  uint64_t own = s == LAN_OK ? hash_of(&bytes) : 0;
  bool changed = (s == LAN_OK || s == LAN_ENOTFOUND) && own != m->own_weights;
  if (changed && model_shipped(&model, NULL) == LAN_OK &&
      (s != LAN_OK || model_decode(lan_buf_str(&bytes), m->data_file, &model, NULL) == LAN_OK)) {
    m->model = model;
    m->own_weights = own;
    m->online = (online){0};
  }
  lan_buf_free(&bytes);
}

/* What fails here is no harm to the open, which is kept. */
static void learn_at_once(lan_memory *m, const habit *open) {
  score_model better;
  if (m->options.bare || m->options.weights) return;
  memory_follow_weights(m); /* what another process learnt is not to be lost */
  if (memory_learn_open(m, open, &better)) (void)memory_keep_weights(m, &better, NULL);
}

/* ---- opens ---- */

static lan_status add_open(lan_memory *m, const char *from, const char *note, int64_t unix_ms,
                           lan_error *err) {
  memory_db *db;
  memory_event e = {.kind = MEMORY_OPENED,
                    .at_ms = unix_ms ? unix_ms : lan_clock_unix_ms(),
                    .note = lan_str_of(note),
                    .other = lan_str_of(from),
                    .source = lan_str_of(m->options.source ? m->options.source : "")};
  if (!remember_time_fits(e.at_ms)) {
    return lan_fail(err, LAN_ERANGE, "a time lies between the years 1970 and 9999");
  }
  habit h = {*from ? catalog_find(&m->index.cat, lan_str_of(from)) : UINT32_MAX,
             catalog_find(&m->index.cat, lan_str_of(note)), e.at_ms};
  bool known = h.note != UINT32_MAX && (h.from != UINT32_MAX || !*from);
  lan_status s = memory_db_to_change(m, &db, err);
  if (s == LAN_OK && known) learn_at_once(m, &h); /* before anybody knows of it */
  if (s == LAN_OK) s = memory_db_add_open(db, &e, err);
  if (s != LAN_OK) return s;
  m->counts.opens++;
  if (m->options.bare) memory_db_leave_log(db);
  if (known) (void)habits_add(&m->habits, h, NULL); /* else it is read again when wanted */
  return LAN_OK;
}

static lan_status check_note(const lan_memory *m, uint32_t note, lan_error *err) {
  if (note < m->index.cat.n_notes) return LAN_OK;
  return lan_fail(err, LAN_ERANGE, "there is no note %u; the vault has %u", note,
                  m->index.cat.n_notes);
}

lan_status lan_memory_opened(lan_memory *m, uint32_t from, uint32_t note, int64_t unix_ms,
                             lan_error *err) {
  const catalog_note *notes = m->index.cat.notes;
  lan_status s = check_note(m, note, err);
  if (s == LAN_OK && from != UINT32_MAX) s = check_note(m, from, err);
  if (s != LAN_OK) return s;
  return add_open(m, from == UINT32_MAX ? "" : notes[from].path.ptr, notes[note].path.ptr, unix_ms,
                  err);
}

static lan_status check_path(const lan_memory *m, const char *path, lan_error *err) {
  if (walk_has_note(m->root_fd, path)) return LAN_OK;
  return lan_fail(err, LAN_ENOTFOUND, "there is no note %s in %s", path, m->vault);
}

lan_status lan_memory_opened_path(lan_memory *m, const char *from, const char *note,
                                  int64_t unix_ms, lan_error *err) {
  lan_status s = check_path(m, note, err);
  if (s == LAN_OK && from) s = check_path(m, from, err);
  return s == LAN_OK ? add_open(m, from ? from : "", note, unix_ms, err) : s;
}

/* ---- feedback ---- */

void remember_count(lan_memory *m) {
  (void)memory_db_count(m->db, &m->counts, NULL);
  memory_follow_weights(m);
  m->habits.read = false;
}

lan_status lan_memory_feedback(lan_memory *m, uint32_t note, uint32_t related, lan_verdict verdict,
                               int *changed, lan_error *err) {
  memory_db *db;
  bool done = false;
  lan_status s = check_note(m, note, err);
  if (s == LAN_OK) s = check_note(m, related, err);
  if (s == LAN_OK && ((int)verdict < LAN_VERDICT_HIDDEN || (int)verdict > LAN_VERDICT_GOOD)) {
    s = lan_fail(err, LAN_EINVAL, "there is no verdict %d", (int)verdict);
  }
  if (s == LAN_OK) s = memory_db_to_change(m, &db, err);
  if (s != LAN_OK) return s;
  memory_event e = {.kind = MEMORY_VERDICT,
                    .at_ms = lan_clock_unix_ms(),
                    .note = m->index.cat.notes[note].path,
                    .other = m->index.cat.notes[related].path,
                    .verdict = (int)verdict};
  s = memory_db_set_verdict(db, &e, &done, err);
  if (s != LAN_OK) return s;
  if (changed) *changed = done;
  remember_count(m);
  return LAN_OK;
}

/* ---- history ---- */

static memory_span span_of(const lan_span *span) {
  memory_span out = MEMORY_EVER;
  if (!span) return out;
  if (span->note) out.note = lan_str_of(span->note);
  if (span->since_ms > 0) out.since_ms = span->since_ms;
  if (span->until_ms > 0) out.until_ms = span->until_ms;
  return out;
}

typedef struct telling {
  int (*each)(void *ctx, const lan_event *event);
  void *ctx;
  size_t left; /* events that are still wanted */
  lan_buf text;
} telling;

/* Ends with NUL what is not ended so; the pointers hold until the next event. */
static bool tell(void *ctx, const memory_event *e) {
  telling *t = ctx;
  if (e->kind == MEMORY_VERDICT && e->verdict == VERDICT_NONE) return true;
  lan_buf_clear(&t->text);
  lan_buf_add(&t->text, e->note.ptr, e->note.len);
  lan_buf_add_char(&t->text, '\0');
  size_t other = t->text.len;
  lan_buf_add(&t->text, e->other.ptr, e->other.len);
  lan_buf_add_char(&t->text, '\0');
  size_t source = t->text.len;
  lan_buf_add(&t->text, e->source.ptr, e->source.len);
  lan_buf_add_char(&t->text, '\0');
  if (t->text.failed) return false;
  lan_event told = {.kind = e->kind == MEMORY_OPENED ? LAN_EVENT_OPENED : LAN_EVENT_FEEDBACK,
                    .unix_ms = e->at_ms,
                    .note = t->text.data,
                    .other = t->text.data + other,
                    .source = t->text.data + source,
                    .verdict = (lan_verdict)e->verdict};
  return t->each(t->ctx, &told) == 0 && --t->left > 0;
}

lan_status lan_memory_history(lan_memory *m, const lan_span *span, size_t limit,
                              int (*each)(void *ctx, const lan_event *event), void *ctx,
                              lan_error *err) {
  memory_db *db;
  telling t = {.each = each, .ctx = ctx, .left = limit ? limit : SIZE_MAX};
  memory_span of = span_of(span);
  lan_status s = memory_own_db(m, &db, err);
  if (s == LAN_OK) {
    s = memory_db_each(db, MEMORY_OPENED | MEMORY_VERDICT, &of, MEMORY_NEWEST_FIRST, 0, tell, &t,
                       err);
  }
  if (s == LAN_OK && t.text.failed) s = lan_fail_memory(err, 0);
  lan_buf_free(&t.text);
  return s;
}

/* ---- forgetting ---- */

lan_status lan_memory_forget(lan_memory *m, const lan_span *span, size_t *n, lan_error *err) {
  memory_db *db;
  memory_span of = span_of(span);
  uint64_t changed = 0;
  lan_status s = memory_db_to_change(m, &db, err);
  if (s == LAN_OK) s = memory_db_forget(db, &of, &changed, err);
  if (s != LAN_OK) return s;
  m->online = (online){0};
  m->pictures.known = false;
  if (n) *n = (size_t)changed;
  remember_count(m);
  return LAN_OK;
}
