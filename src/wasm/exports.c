/* The memory as a WebAssembly module, for Obsidian. The host writes what it hands in to the place that `input` gives, as
 * numbers and strings of base/pack.h, and calls one of the functions below; each returns a lan_status. What it answers,
 * or the message of its error, is then `output_size` bytes at `output`. plugin/src/core/core.ts is the other side. */
#include <stdlib.h>

#include "answer/answer.h"
#include "base/error.h"
#include "base/pack.h"
#include "memory/handed.h"
#include "vault/cached.h"
#include "wasm/host.h"

enum { DEEP = 1000 /* results among which one is looked for, to be explained */ };

static struct {
  lan_memory *memory;
  lan_buf in, out;
  lan_buf events; /* as handed in */
} core;

/* ---- what the memory stands on ---- */

static lan_status read_note(const note_source *source, const catalog_note *note, lan_buf *out,
                            lan_error *err) {
  (void)source;
  uint32_t n = host_note_size(note->path.ptr, note->path.len);
  if (n == UINT32_MAX) return lan_fail(err, LAN_ENOTFOUND, "%s was not handed in", note->path.ptr);
  char *to = lan_buf_extend(out, n);
  if (!to) return lan_fail_memory(err, n);
  host_note_copy(to);
  return LAN_OK;
}

static lan_status parse_note(const note_source *source, const catalog_note *note, lan_str bytes,
                             facts *out, lan_error *err) {
  (void)source;
  (void)note;
  return facts_from_cache(bytes.ptr, bytes.len, out, err);
}

static const note_source SOURCE = {read_note, parse_note};

/* An event: kind (memory_event_kind), time, note, the other note, verdict + 2. */
static bool next_event(unpack *u, memory_event *e) {
  if (u->p == u->end) return false;
  *e = (memory_event){.kind = (int)unpack_number(u), .at_ms = (int64_t)unpack_number(u)};
  e->note = unpack_string(u);
  e->other = unpack_string(u);
  e->verdict = (int)unpack_number(u) + VERDICT_HIDDEN;
  u->bad |= (e->kind != MEMORY_OPENED && e->kind != MEMORY_VERDICT) || e->verdict > VERDICT_GOOD;
  return !u->bad;
}

static unpack events(void) {
  const char *p = core.events.data ? core.events.data : "";
  return (unpack){p, p + core.events.len, false};
}

static lan_status each_event(void *ctx, memory_event_fn fn, void *fn_ctx, lan_error *err) {
  (void)ctx;
  (void)err;
  unpack u = events();
  for (memory_event e; next_event(&u, &e) && fn(fn_ctx, &e);) continue;
  return LAN_OK;
}

static lan_status each_picture(void *ctx, memory_picture_fn fn, void *fn_ctx, lan_error *err) {
  (void)ctx;
  (void)fn;
  (void)fn_ctx;
  (void)err;
  return LAN_OK; /* none was looked at */
}

/* ---- what comes in and goes out ---- */

WASM_EXPORT("input") char *wasm_input(uint32_t n) {
  lan_buf_clear(&core.in);
  core.in.failed = false;
  return lan_buf_extend(&core.in, n);
}

WASM_EXPORT("output") const char *wasm_output(void) { return core.out.data; }
WASM_EXPORT("output_size") uint32_t wasm_output_size(void) { return (uint32_t)core.out.len; }

static unpack input(void) {
  lan_buf_clear(&core.out);
  core.out.failed = false;
  return (unpack){core.in.data, core.in.data + core.in.len, false};
}

static lan_status done(lan_status s, const lan_error *err) {
  if (s == LAN_OK && !core.out.failed) return LAN_OK;
  lan_buf_clear(&core.out);
  lan_buf_add_str(&core.out, s == LAN_OK ? "out of memory" : err->message);
  return s == LAN_OK ? LAN_ENOMEM : s;
}

static lan_status no_input(lan_error *err) {
  return lan_fail(err, LAN_EFORMAT, "what was handed in is cut off or damaged");
}

/* ---- what there is to know ---- */

WASM_EXPORT("start") lan_status wasm_start(void) {
  memory_records records = {&core, each_event, each_picture};
  lan_error err;
  return done(handed_new(&SOURCE, &records, &core.memory, &err), &err);
}

/* How many, then of each file: its kind (walk_kind) and path. */
WASM_EXPORT("index") lan_status wasm_index(void) {
  unpack u = input();
  lan_error err;
  uint32_t n = unpack_count(&u, 2);
  handed_file *files = lan_alloc_array(n, sizeof *files);
  if (!files) return done(lan_fail_memory(&err, n * sizeof *files), &err);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t kind = unpack_number(&u);
    u.bad |= kind > WALK_ATTACHMENT;
    files[i] = (handed_file){unpack_string(&u), u.bad ? WALK_NOTE : (walk_kind)kind};
  }
  lan_status s = u.bad ? no_input(&err) : handed_index(core.memory, files, n, &err);
  free(files);
  return done(s, &err);
}

/* How many, then the paths of notes that changed. Answers 1, or 0: `index` is called for. */
WASM_EXPORT("change") lan_status wasm_change(void) {
  unpack u = input();
  lan_error err;
  bool enough = false;
  uint32_t n = unpack_count(&u, 1);
  lan_str *paths = lan_alloc_array(n, sizeof *paths);
  if (!paths) return done(lan_fail_memory(&err, n * sizeof *paths), &err);
  for (uint32_t i = 0; i < n; i++) paths[i] = unpack_string(&u);
  lan_status s = u.bad ? no_input(&err) : handed_change(core.memory, paths, n, &enough, &err);
  free(paths);
  if (s == LAN_OK) lan_buf_add_char(&core.out, enough ? '1' : '0');
  return done(s, &err);
}

/* All events, the oldest first, instead of those before. */
WASM_EXPORT("remember") lan_status wasm_remember(void) {
  unpack u = input();
  lan_error err;
  memory_event e;
  size_t n = 0;
  while (next_event(&u, &e)) n++;
  if (u.bad) return done(no_input(&err), &err);
  lan_buf before = core.events;
  core.events = core.in;
  core.in = before;
  handed_remember(core.memory, n);
  return done(LAN_OK, &err);
}

/* Weights that were learnt, as one string; an empty one: those that came with the program. */
WASM_EXPORT("weights") lan_status wasm_weights(void) {
  unpack u = input();
  lan_error err;
  lan_str bytes = unpack_string(&u);
  lan_status s = u.bad ? no_input(&err) : handed_weights(core.memory, bytes, &err);
  return done(s, &err);
}

/* When (milliseconds since 1970), from where and what was opened, to be learnt from; it is told to `remember` as well. Answers
 * weights that are better than the present ones, or nothing. */
WASM_EXPORT("learn") lan_status wasm_learn(void) {
  unpack u = input();
  lan_error err;
  int64_t at_ms = (int64_t)unpack_number(&u);
  lan_str from = unpack_string(&u), note = unpack_string(&u);
  lan_status s =
      u.bad ? no_input(&err) : handed_learn(core.memory, from, note, at_ms, &core.out, &err);
  return done(s, &err);
}

/* ---- asking ---- */

static lan_status note_of(unpack *u, uint32_t *note, lan_error *err) {
  lan_str path = unpack_string(u);
  if (u->bad) return no_input(err);
  *note = handed_find(core.memory, path);
  if (*note != UINT32_MAX) return LAN_OK;
  return lan_fail(err, LAN_ENOTFOUND, "the memory does not know %.*s", (int)path.len, path.ptr);
}

static lan_status answer(const lan_result *results, size_t n, lan_error *err) {
  json_writer j = {&core.out, false};
  jw_open(&j, '{');
  lan_status s = answer_results(core.memory, &j, results, n, ANSWER_LIST, err);
  jw_close(&j, '}');
  return s;
}

static lan_status ask(unpack *u, lan_query q, const lan_result **results, size_t *n,
                      lan_error *err) {
  uint32_t note;
  lan_status s = note_of(u, &note, err);
  return s == LAN_OK ? lan_memory_related(core.memory, note, &q, results, n, err) : s;
}

/* How many results, which (lan_linked), the note's path. */
WASM_EXPORT("related") lan_status wasm_related(void) {
  unpack u = input();
  lan_error err;
  const lan_result *results;
  size_t n;
  lan_query q = {.limit = (size_t)unpack_number(&u)};
  uint64_t linked = unpack_number(&u);
  if (linked <= LAN_LINKED_ONLY) q.linked = (lan_linked)linked;
  lan_status s = ask(&u, q, &results, &n, &err);
  if (s == LAN_OK) s = answer(results, n, &err);
  return done(s, &err);
}

/* The paths of the result and of the note. */
WASM_EXPORT("explain") lan_status wasm_explain(void) {
  unpack u = input();
  lan_error err;
  const lan_result *results;
  uint32_t wanted = 0;
  size_t n = 0, i = 0;
  lan_status s = note_of(&u, &wanted, &err);
  if (s == LAN_OK) s = ask(&u, (lan_query){.limit = DEEP}, &results, &n, &err);
  if (s != LAN_OK) return done(s, &err);
  while (i < n && results[i].note != wanted) i++;
  json_writer j = {&core.out, false};
  s = i < n ? answer_result(core.memory, &j, results, i, ANSWER_WHY, &err)
            : lan_fail(&err, LAN_ENOTFOUND, "%s is not called to mind by it",
                       lan_memory_note(core.memory, wanted).path);
  return done(s, &err);
}

/* How many results, the question. */
WASM_EXPORT("recall") lan_status wasm_recall(void) {
  unpack u = input();
  lan_error err;
  const lan_result *results;
  size_t n;
  lan_buf question = {0};
  lan_query q = {.limit = (size_t)unpack_number(&u)};
  lan_str text = unpack_string(&u);
  lan_buf_add(&question, text.ptr, text.len);
  lan_buf_add_char(&question, '\0');
  lan_status s = u.bad ? no_input(&err)
                 : question.failed
                     ? lan_fail_memory(&err, text.len)
                     : lan_memory_recall(core.memory, question.data, &q, &results, &n, &err);
  lan_buf_free(&question);
  if (s == LAN_OK) s = answer(results, n, &err);
  return done(s, &err);
}
