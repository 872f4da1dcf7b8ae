/* What is in memory.db: opens, verdicts, weights, settings. */
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/memory_db_internal.h"

enum { TRIES = 1000 }; /* milliseconds that an open may be moved on by */

static lan_status check(const memory_db *db, int code, lan_error *err) {
  return memory_db_advise(db, sql_check(db->sql, code, &MEMORY_DB_KIND, db->path, err), err);
}

static lan_status exec(memory_db *db, const char *statements, lan_error *err) {
  return memory_db_advise(db, sql_exec(db->sql, statements, &MEMORY_DB_KIND, db->path, err), err);
}

/* ---- statements ---- */

static int bind_bytes(sqlite3_stmt *st, int at, lan_str s) {
  return sqlite3_bind_blob64(st, at, s.len ? s.ptr : "", s.len, SQLITE_STATIC);
}

static int bind_text(sqlite3_stmt *st, int at, lan_str s) {
  return sqlite3_bind_text64(st, at, s.len ? s.ptr : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
}

/* Runs a statement without rows to its end; *changed: whether it changed any. */
static int run(memory_db *db, sqlite3_stmt *st, uint64_t *n_changed) {
  int code = sqlite3_step(st);
  if (n_changed) *n_changed = code == SQLITE_DONE ? (uint64_t)sqlite3_changes64(db->sql) : 0;
  return code;
}

/* The blob or text of a column, living until the next step. False: SQLite has no memory to hand it out. */
static bool column(sqlite3_stmt *st, int i, lan_str *out) {
  const char *p = sqlite3_column_blob(st, i);
  int len = sqlite3_column_bytes(st, i);
  *out = p ? (lan_str){p, (size_t)len} : (lan_str){"", 0};
  return p || sqlite3_errcode(sqlite3_db_handle(st)) != SQLITE_NOMEM;
}

/* ---- several changes at once ---- */

lan_status memory_db_begin(memory_db *db, lan_error *err) {
  return exec(db, "BEGIN IMMEDIATE", err);
}

lan_status memory_db_begin_reading(memory_db *db, lan_error *err) { return exec(db, "BEGIN", err); }

lan_status memory_db_end(memory_db *db, lan_status so_far, lan_error *err) {
  lan_status s = so_far == LAN_OK ? exec(db, "COMMIT", err) : so_far;
  if (!sqlite3_get_autocommit(db->sql)) sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
  return s;
}

/* ---- opens and verdicts ---- */

#define KEPT_VERDICT \
  "INSERT INTO verdicts(at_ms, note, related, verdict) SELECT ?1, ?2, ?3, ?4 WHERE "

static const char *const STATEMENT[STATEMENTS] = {
    [STATEMENT_ADD_OPEN] =
        "INSERT INTO opens(at_ms, note, from_note, source) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
        " (SELECT 1 FROM opens WHERE at_ms=?1 AND note=?2 AND from_note=?3)",
    /* The user's word counts, whatever the clock says. */
    [STATEMENT_SET_VERDICT] = KEPT_VERDICT
    "?4<>0 OR EXISTS (SELECT 1 FROM verdicts WHERE note=?2 AND related=?3)"
    " ON CONFLICT(note, related) DO UPDATE SET verdict=excluded.verdict,"
    " at_ms=max(excluded.at_ms, at_ms + 1)",
    /* Of two that are equally old the same one wins, whichever came first. */
    [STATEMENT_MERGE_VERDICT] = KEPT_VERDICT
    "1 ON CONFLICT(note, related) DO UPDATE SET verdict=excluded.verdict,"
    " at_ms=excluded.at_ms WHERE excluded.at_ms > at_ms"
    " OR (excluded.at_ms = at_ms AND excluded.verdict < verdict)",
};

static lan_status run_event(memory_db *db, memory_statement which, const memory_event *e,
                            int64_t at_ms, uint64_t *n_changed, lan_error *err) {
  sqlite3_stmt **st = &db->prepared[which];
  int code = SQLITE_OK;
  if (!*st) {
    code = sqlite3_prepare_v3(db->sql, STATEMENT[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
  }
  if (code == SQLITE_OK) code = sqlite3_bind_int64(*st, 1, at_ms);
  if (code == SQLITE_OK) code = bind_bytes(*st, 2, e->note);
  if (code == SQLITE_OK) code = bind_bytes(*st, 3, e->other);
  if (code == SQLITE_OK) {
    code = which == STATEMENT_ADD_OPEN ? bind_text(*st, 4, e->source)
                                       : sqlite3_bind_int(*st, 4, e->verdict);
  }
  if (code == SQLITE_OK) code = run(db, *st, n_changed);
  lan_status s = check(db, code, err);
  sqlite3_reset(*st);
  return s;
}

lan_status memory_db_add_open(memory_db *db, const memory_event *open, lan_error *err) {
  for (int64_t late = 0; late < TRIES; late++) {
    uint64_t n = 0;
    lan_status s = run_event(db, STATEMENT_ADD_OPEN, open, open->at_ms + late, &n, err);
    if (s != LAN_OK || n > 0) return s;
  }
  return lan_fail(err, LAN_ELIMIT, "a note was opened %d times within a second", TRIES);
}

lan_status memory_db_set_verdict(memory_db *db, const memory_event *verdict, bool *changed,
                                 lan_error *err) {
  uint64_t n = 0;
  lan_status s = run_event(db, STATEMENT_SET_VERDICT, verdict, verdict->at_ms, &n, err);
  if (s == LAN_OK) *changed = n > 0;
  return s;
}

lan_status memory_db_merge(memory_db *db, const memory_event *event, bool *added, lan_error *err) {
  uint64_t n = 0;
  memory_statement which =
      event->kind == MEMORY_OPENED ? STATEMENT_ADD_OPEN : STATEMENT_MERGE_VERDICT;
  lan_status s = run_event(db, which, event, event->at_ms, &n, err);
  if (s == LAN_OK) *added = n > 0;
  return s;
}

/* ---- going through events ---- */

#define OF_OPENS \
  "SELECT 1 AS kind, at_ms, note, from_note AS other, source, 0 AS verdict, id FROM opens"
#define OF_VERDICTS \
  "SELECT 2 AS kind, at_ms, note, related AS other, '' AS source, verdict, 0 AS id FROM verdicts"
#define IN_SPAN " at_ms>=?1 AND at_ms<?2 AND (?3 IS NULL OR note=?3 OR other=?3)"

static void query_of(int kinds, memory_sequence sequence, char *out, size_t size) {
  const char *from = kinds == MEMORY_OPENED    ? OF_OPENS
                     : kinds == MEMORY_VERDICT ? OF_VERDICTS
                                               : OF_OPENS " UNION ALL " OF_VERDICTS;
  const char *way = sequence == MEMORY_NEWEST_FIRST ? "DESC" : "ASC";
  snprintf(out, size,
           "SELECT * FROM (%s) WHERE" IN_SPAN " ORDER BY at_ms %s, id %s, note, other LIMIT ?4",
           from, way, way);
}

static int bind_span(sqlite3_stmt *st, const memory_span *span) {
  int code = sqlite3_bind_int64(st, 1, span->since_ms);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 2, span->until_ms);
  if (code == SQLITE_OK && span->note.ptr) code = bind_bytes(st, 3, span->note);
  return code;
}

static bool read_event(sqlite3_stmt *st, memory_event *e) {
  e->kind = sqlite3_column_int(st, 0);
  e->at_ms = sqlite3_column_int64(st, 1);
  e->verdict = sqlite3_column_int(st, 5);
  return column(st, 2, &e->note) && column(st, 3, &e->other) && column(st, 4, &e->source);
}

lan_status memory_db_each(memory_db *db, int kinds, const memory_span *span,
                          memory_sequence sequence, uint64_t most, memory_event_fn fn, void *ctx,
                          lan_error *err) {
  char query[512];
  sqlite3_stmt *st = NULL;
  memory_event e;
  query_of(kinds, sequence, query, sizeof query);
  int code = sqlite3_prepare_v2(db->sql, query, -1, &st, NULL);
  if (code == SQLITE_OK) code = bind_span(st, span);
  int64_t limit = most == 0 || most > INT64_MAX ? -1 : (int64_t)most;
  if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 4, limit);
  if (code == SQLITE_OK) code = sqlite3_step(st);
  while (code == SQLITE_ROW) {
    code = read_event(st, &e) ? SQLITE_OK : SQLITE_NOMEM;
    if (code == SQLITE_NOMEM || !fn(ctx, &e)) break;
    code = sqlite3_step(st);
  }
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  return s;
}

/* ---- forgetting ---- */

static lan_status forget_in(memory_db *db, const char *statement, const memory_span *span,
                            uint64_t *n, lan_error *err) {
  sqlite3_stmt *st = NULL;
  uint64_t changed = 0;
  int code = sqlite3_prepare_v2(db->sql, statement, -1, &st, NULL);
  if (code == SQLITE_OK) code = bind_span(st, span);
  if (code == SQLITE_OK) code = run(db, st, &changed);
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  *n += changed;
  return s;
}

static bool is_ever(const memory_span *span) {
  return !span->note.ptr && span->since_ms == INT64_MIN && span->until_ms == INT64_MAX;
}

lan_status memory_db_forget(memory_db *db, const memory_span *span, uint64_t *n, lan_error *err) {
#define IN_TIME " WHERE at_ms>=?1 AND at_ms<?2 AND "
  static const char *const statements[] = {
      "UPDATE opens SET from_note=x''" IN_TIME "from_note=?3 AND note<>?3",
      "DELETE FROM opens" IN_TIME "(?3 IS NULL OR note=?3)",
      "DELETE FROM verdicts" IN_TIME "(?3 IS NULL OR note=?3 OR related=?3)"};
  uint64_t changed = 0;
  lan_status s = memory_db_begin(db, err);
  if (s != LAN_OK) return s;
  for (size_t i = 0; s == LAN_OK && i < sizeof statements / sizeof *statements; i++) {
    s = forget_in(db, statements[i], span, &changed, err);
  }
  if (s == LAN_OK && is_ever(span)) s = exec(db, "DELETE FROM weights;DELETE FROM pictures", err);
  s = memory_db_end(db, s, err);
  if (s != LAN_OK) return s;
  /* The log of changes still holds what was there. Where another process is reading it, that one clears it when
   * it closes the file. */
  sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  *n = changed;
  return LAN_OK;
}

/* ---- weights ---- */

static int64_t sum_of(lan_str data) { return (int64_t)lan_hash(data.ptr, data.len, 0); }

static lan_status put_weights(memory_db *db, const char *condition, const char *name, lan_str data,
                              int64_t at_ms, uint64_t *n_changed, lan_error *err) {
  char statement[256];
  sqlite3_stmt *st = NULL;
  snprintf(statement, sizeof statement,
           "INSERT INTO weights(name, at_ms, sum, data) VALUES(?1, ?2, ?3, ?4)"
           " ON CONFLICT(name) DO UPDATE SET at_ms=excluded.at_ms, sum=excluded.sum,"
           " data=excluded.data%s",
           condition);
  int code = sqlite3_prepare_v2(db->sql, statement, -1, &st, NULL);
  if (code == SQLITE_OK) code = bind_text(st, 1, lan_str_of(name));
  if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 2, at_ms);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 3, sum_of(data));
  if (code == SQLITE_OK) code = bind_bytes(st, 4, data);
  if (code == SQLITE_OK) code = run(db, st, n_changed);
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  return s;
}

lan_status memory_db_put_weights(memory_db *db, const char *name, lan_str data, int64_t at_ms,
                                 lan_error *err) {
  return put_weights(db, "", name, data, at_ms, NULL, err);
}

lan_status memory_db_merge_weights(memory_db *db, const char *name, lan_str data, int64_t at_ms,
                                   bool *added, lan_error *err) {
  uint64_t n = 0;
  lan_status s =
      put_weights(db, " WHERE excluded.at_ms > weights.at_ms", name, data, at_ms, &n, err);
  if (s == LAN_OK) *added = n > 0;
  return s;
}

/* Prepares `query`, binds `name` to it, and takes its first row: LAN_ENOTFOUND if there is none. */
static lan_status first_row(memory_db *db, const char *query, const char *name, sqlite3_stmt **st,
                            lan_error *err) {
  int code = sqlite3_prepare_v2(db->sql, query, -1, st, NULL);
  if (code == SQLITE_OK) code = bind_text(*st, 1, lan_str_of(name));
  if (code == SQLITE_OK) code = sqlite3_step(*st);
  if (code != SQLITE_DONE) return check(db, code, err);
  return lan_fail(err, LAN_ENOTFOUND, "the memory %s holds no \"%s\"", db->path, name);
}

lan_status memory_db_get_weights(memory_db *db, const char *name, lan_buf *out, int64_t *at_ms,
                                 lan_error *err) {
  sqlite3_stmt *st = NULL;
  lan_str data = {"", 0};
  size_t had = out->len;
  lan_status s =
      first_row(db, "SELECT data, sum, at_ms FROM weights WHERE name=?1", name, &st, err);
  if (s == LAN_OK && !column(st, 0, &data)) s = lan_fail_memory(err, 0);
  if (s == LAN_OK && sum_of(data) != sqlite3_column_int64(st, 1)) {
    lan_fail(err, LAN_ECORRUPT, "the memory %s is damaged: the weights \"%s\" fail their checksum",
             db->path, name);
    s = memory_db_advise(db, LAN_ECORRUPT, err);
  }
  if (s == LAN_OK) {
    lan_buf_add(out, data.ptr, data.len);
    if (out->failed) s = lan_fail_memory(err, data.len);
  }
  if (s == LAN_OK && at_ms) *at_ms = sqlite3_column_int64(st, 2);
  if (s != LAN_OK) out->len = had;
  sqlite3_finalize(st);
  return s;
}

lan_status memory_db_drop_weights(memory_db *db, const char *name, lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(db->sql, "DELETE FROM weights WHERE name=?1", -1, &st, NULL);
  if (code == SQLITE_OK) code = bind_text(st, 1, lan_str_of(name));
  if (code == SQLITE_OK) code = run(db, st, NULL);
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  return s;
}

lan_status memory_db_weight_names(memory_db *db, lan_buf *out, lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(db->sql, "SELECT name FROM weights ORDER BY name", -1, &st, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(st);
  for (; code == SQLITE_ROW; code = sqlite3_step(st)) {
    lan_str name;
    if (!column(st, 0, &name)) break;
    lan_buf_add(out, name.ptr, name.len);
    lan_buf_add_char(out, '\0');
  }
  lan_status s = check(db, code == SQLITE_ROW ? SQLITE_NOMEM : code, err);
  if (s == LAN_OK && out->failed) s = lan_fail_memory(err, 0);
  sqlite3_finalize(st);
  return s;
}

/* ---- settings ---- */

lan_status memory_db_put_setting(memory_db *db, const char *name, const char *value,
                                 lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(db->sql, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)",
                                -1, &st, NULL);
  if (code == SQLITE_OK) code = bind_text(st, 1, lan_str_of(name));
  if (code == SQLITE_OK) code = bind_text(st, 2, lan_str_of(value));
  if (code == SQLITE_OK) code = run(db, st, NULL);
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  return s;
}

lan_status memory_db_get_setting(memory_db *db, const char *name, lan_buf *out, lan_error *err) {
  sqlite3_stmt *st = NULL;
  lan_str value;
  lan_status s = first_row(db, "SELECT value FROM meta WHERE name=?1", name, &st, err);
  if (s == LAN_OK && !column(st, 0, &value)) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) {
    lan_buf_add(out, value.ptr, value.len);
    if (out->failed) s = lan_fail_memory(err, value.len);
  }
  sqlite3_finalize(st);
  return s;
}

/* ---- pictures ---- */

lan_status memory_db_put_picture(memory_db *db, const memory_picture *p, lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code =
      sqlite3_prepare_v2(db->sql,
                         "INSERT OR REPLACE INTO pictures(path, size, mtime_ns, model, labels)"
                         " VALUES(?1, ?2, ?3, ?4, ?5)",
                         -1, &st, NULL);
  if (code == SQLITE_OK) code = bind_bytes(st, 1, p->path);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 2, p->size);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(st, 3, p->mtime_ns);
  if (code == SQLITE_OK) code = bind_text(st, 4, p->model);
  if (code == SQLITE_OK) code = bind_text(st, 5, p->labels);
  if (code == SQLITE_OK) code = run(db, st, NULL);
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  return s;
}

lan_status memory_db_each_picture(memory_db *db, memory_picture_fn fn, void *ctx,
                                  lan_error *err) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(
      db->sql, "SELECT path, size, mtime_ns, model, labels FROM pictures ORDER BY path", -1, &st,
      NULL);
  if (code == SQLITE_OK) code = sqlite3_step(st);
  while (code == SQLITE_ROW) {
    memory_picture p = {.size = sqlite3_column_int64(st, 1),
                        .mtime_ns = sqlite3_column_int64(st, 2)};
    bool read = column(st, 0, &p.path) && column(st, 3, &p.model) && column(st, 4, &p.labels);
    if (!read) code = SQLITE_NOMEM;
    if (!read || !fn(ctx, &p)) break;
    code = sqlite3_step(st);
  }
  lan_status s = check(db, code, err);
  sqlite3_finalize(st);
  return s;
}
