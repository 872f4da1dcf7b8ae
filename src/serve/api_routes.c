/* The addresses of the API, each with what it answers: docs/api.md is their reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/lesson.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/vec.h"
#include "serve/api_internal.h"

enum {
  RESULTS = 10,
  RESULTS_MOST = 200,
  ACTIVE_MOST = 200,
  FOUND = 12,
  FOUND_MOST = 50,
  EVENTS = 20,
  EVENTS_MOST = 1000,
  LABELS_MOST = 1000,
  DEEP = 1000, /* results among which one is looked for, to be explained */
  SMALL_BODY = 64 << 10,
  PICTURE_BODY = 24 << 20
};

/* ---- what is asked ---- */

static bool get_text(api_call *c, const char *key, lan_buf *out) {
  if (!c->body) return http_query_get(c->request->head.query, key, out);
  json_t *v = json_object_get(c->body, key);
  const char *text = json_string_value(v);
  if (!text || strlen(text) != json_string_length(v)) return false;
  lan_buf_add(out, text, strlen(text));
  return true;
}

/* LAN_EINVAL, naming the key, if there is none. */
static lan_status text_of(api_call *c, const char *key, lan_buf *out) {
  if (get_text(c, key, out) && out->len) {
    return out->failed ? lan_fail_memory(&c->err, 0) : LAN_OK;
  }
  return lan_fail(&c->err, LAN_EINVAL, "'%s' is missing: a text that is not empty", key);
}

/* A whole number from `least` to `most`; `usual` if it is not given. */
static lan_status number_of(api_call *c, const char *key, size_t least, size_t most, size_t usual,
                            size_t *out) {
  lan_buf text = {0};
  json_t *v = json_object_get(c->body, key);
  double n = -1;
  *out = usual;
  bool given = c->body ? v != NULL : http_query_get(c->request->head.query, key, &text);
  if (!given && !text.len) return LAN_OK;
  if (c->body && json_is_integer(v)) n = (double)json_integer_value(v);
  if (!c->body && text.len && !lan_str_number(lan_buf_str(&text), &n)) n = -1;
  lan_buf_free(&text);
  if (!(n >= (double)least && n <= (double)most) || n != floor(n)) {
    return lan_fail(&c->err, LAN_EINVAL, "'%s' is a whole number from %zu to %zu", key, least,
                    most);
  }
  *out = (size_t)n;
  return LAN_OK;
}

static lan_status note_of(api_call *c, const char *key, uint32_t *note) {
  lan_buf name = {0};
  lan_status s = text_of(c, key, &name);
  if (s == LAN_OK) s = lan_memory_find(c->memory, name.data, note, &c->err);
  lan_buf_free(&name);
  return s;
}

/* ---- cues ---- */

typedef VEC(lan_label) label_list;

/* [{"name": "cat", "probability": 0.9}, ...] */
static lan_status read_labels(api_call *c, json_t *list, label_list *out) {
  size_t i;
  json_t *v;
  json_array_foreach(list, i, v) {
    const char *name = json_string_value(json_object_get(v, "name"));
    json_t *p = json_object_get(v, "probability");
    if (!name || !json_is_number(p) || i >= LABELS_MOST) {
      return lan_fail(&c->err, LAN_EINVAL,
                      "'labels' is a list of at most %d objects with name and probability",
                      LABELS_MOST);
    }
    lan_label l = {name, (float)json_number_value(p)};
    if (!VEC_PUSH(out, l)) return lan_fail_memory(&c->err, 0);
  }
  return LAN_OK;
}

static lan_status recognise(api_call *c, lan_str text, label_list *out) {
  lan_model *model = c->a->options.model;
  lan_buf bytes = {0};
  if (!model) {
    return lan_fail(&c->err, LAN_EINVAL,
                    "no model sees pictures here; start it as: lantoa serve --model FILE");
  }
  const lan_model_info *info = lan_model_describe(model);
  float *p = lan_alloc_zeroed(info->n_classes, sizeof *p);
  lan_status s = LAN_OK;
  if (!p || !VEC_RESERVE(out, info->n_classes)) s = lan_fail_memory(&c->err, 0);
  if (s == LAN_OK && !base64_decode(text, &bytes)) {
    s = lan_fail(&c->err, LAN_EFORMAT, "'image' is not base64");
  }
  if (s == LAN_OK && bytes.failed) s = lan_fail_memory(&c->err, 0);
  if (s == LAN_OK) {
    pthread_mutex_lock(&c->a->model_lock); /* a model predicts for one at a time */
    s = lan_model_predict_bytes(model, bytes.data ? bytes.data : "", bytes.len, "the picture", p,
                                &c->err);
    pthread_mutex_unlock(&c->a->model_lock);
  }
  if (s == LAN_OK) {
    answer_labels(info, p, out->data);
    out->len = info->n_classes;
  }
  free(p);
  lan_buf_free(&bytes);
  return s;
}

static int by_probability(const void *a, const void *b) {
  float x = ((const lan_label *)a)->probability, y = ((const lan_label *)b)->probability;
  return (x < y) - (x > y);
}

/* "labels": what the picture is taken for, those that call something to mind. */
static void tell_labels(api_call *c, label_list *labels) {
  json_writer *j = &c->json;
  if (labels->len) qsort(labels->data, labels->len, sizeof *labels->data, by_probability);
  jw_key(j, "labels");
  jw_open(j, '[');
  for (size_t i = 0; i < labels->len && labels->data[i].probability > 0; i++) {
    jw_open(j, '{');
    jw_entry(j, "name", labels->data[i].name);
    jw_key(j, "probability");
    jw_number(j, (double)labels->data[i].probability);
    jw_close(j, '}');
  }
  jw_close(j, ']');
}

typedef struct found {
  const lan_result *results;
  size_t n;
} found;

static lan_status ask_question(api_call *c, const lan_query *q, found *f) {
  lan_buf text = {0};
  lan_status s = text_of(c, "q", &text);
  if (s == LAN_OK) {
    s = lan_memory_recall(c->memory, text.data, q, &f->results, &f->n, &c->err);
  }
  if (s == LAN_OK) jw_entry(&c->json, "q", text.data);
  lan_buf_free(&text);
  return s;
}

static lan_status ask_labels(api_call *c, const lan_query *q, found *f) {
  json_t *image = json_object_get(c->body, "image"), *given = json_object_get(c->body, "labels");
  label_list labels = {0};
  lan_str text = {json_string_value(image), json_string_length(image)};
  lan_status s = text.ptr ? recognise(c, text, &labels)
                 : json_is_array(given)
                     ? read_labels(c, given, &labels)
                     : lan_fail(&c->err, LAN_EINVAL, "send 'image' (base64) or 'labels'");
  if (s == LAN_OK) {
    s = lan_memory_recall_labels(c->memory, labels.data, labels.len, q, &f->results, &f->n,
                                 &c->err);
  }
  if (s == LAN_OK) tell_labels(c, &labels);
  VEC_FREE(&labels);
  return s;
}

static lan_status ask_note(api_call *c, const lan_query *q, found *f) {
  lan_memory *m = c->memory;
  uint32_t note;
  lan_status s = note_of(c, "note", &note);
  if (s == LAN_OK) s = lan_memory_related(m, note, q, &f->results, &f->n, &c->err);
  if (s == LAN_OK) jw_bytes(&c->json, "note", lan_memory_note(m, note).path);
  return s;
}

/* By what is given: a note, a question, a picture or labels. */
static lan_status ask(api_call *c, const lan_query *q, found *f) {
  lan_buf scratch = {0};
  if (json_object_get(c->body, "image") || json_object_get(c->body, "labels")) {
    return ask_labels(c, q, f);
  }
  bool note = get_text(c, "note", &scratch);
  lan_buf_free(&scratch);
  return note ? ask_note(c, q, f) : ask_question(c, q, f);
}

/* ---- answers ---- */

/* Which of the names is given; `usual` if none is, -1 if it is another. */
static int choice_of(api_call *c, const char *key, const char *const *names, int n, int usual) {
  lan_buf text = {0};
  int choice = get_text(c, key, &text) ? -1 : usual;
  for (int i = 0; i < n && text.data; i++) {
    if (strcmp(text.data, names[i]) == 0) choice = i;
  }
  lan_buf_free(&text);
  return choice;
}

static lan_status linked_of(api_call *c, lan_linked *linked) {
  static const char *const names[] = {"yes", "no", "only"};
  int i = choice_of(c, "linked", names, 3, LAN_LINKED_YES);
  *linked = (lan_linked)i;
  return i >= 0 ? LAN_OK : lan_fail(&c->err, LAN_EINVAL, "'linked' is yes, no or only");
}

static lan_status detail_of(api_call *c, answer_detail *detail) {
  static const char *const names[] = {"bare", "brief", "list", "why"};
  int i = choice_of(c, "detail", names, 4, ANSWER_LIST);
  *detail = (answer_detail)i;
  return i >= 0 ? LAN_OK : lan_fail(&c->err, LAN_EINVAL, "'detail' is bare, brief, list or why");
}

static lan_status answer_list(api_call *c) {
  lan_memory *m = c->memory;
  lan_query q = {0};
  answer_detail detail;
  found f = {0};
  size_t active = 0;
  lan_status s = number_of(c, "n", 1, RESULTS_MOST, RESULTS, &q.limit);
  if (s == LAN_OK) s = number_of(c, "activity", 0, ACTIVE_MOST, 0, &active);
  if (s == LAN_OK) s = linked_of(c, &q.linked);
  if (s == LAN_OK) s = detail_of(c, &detail);
  jw_open(&c->json, '{');
  if (s == LAN_OK) s = ask(c, &q, &f);
  if (s == LAN_OK) s = answer_results(m, &c->json, f.results, f.n, detail, &c->err);
  if (s == LAN_OK && active) s = answer_activity(m, &c->json, active, &c->err);
  jw_close(&c->json, '}');
  jw_end(&c->json);
  return s;
}

static lan_status explain(api_call *c) {
  lan_memory *m = c->memory;
  lan_query q = {.limit = DEEP};
  found f = {0};
  uint32_t wanted;
  size_t i = 0;
  lan_status s = note_of(c, "result", &wanted);
  if (s == LAN_OK) s = ask(c, &q, &f);
  if (s != LAN_OK) return s;
  while (i < f.n && f.results[i].note != wanted) i++;
  if (i == f.n) {
    return lan_fail(&c->err, LAN_ENOTFOUND, "%s is not called to mind by it",
                    lan_memory_note(m, wanted).path);
  }
  lan_buf_clear(c->json.out); /* what was asked for is not repeated */
  c->json = (json_writer){c->json.out, false};
  s = answer_result(m, &c->json, f.results, i, ANSWER_WHY, &c->err);
  jw_end(&c->json);
  return s;
}

static lan_status suggest(api_call *c) {
  lan_memory *m = c->memory;
  uint32_t notes[FOUND_MOST];
  size_t most, n = 0;
  lan_buf text = {0};
  lan_status s = number_of(c, "n", 1, FOUND_MOST, FOUND, &most);
  if (s == LAN_OK && !get_text(c, "q", &text)) {
    s = lan_fail(&c->err, LAN_EINVAL, "'q' is missing: what was typed; it may be empty");
  }
  if (s == LAN_OK && text.failed) s = lan_fail_memory(&c->err, 0);
  if (s == LAN_OK) s = lan_memory_search(m, text.len ? text.data : "", most, notes, &n, &c->err);
  lan_buf_free(&text);
  if (s != LAN_OK) return s;
  jw_open(&c->json, '{');
  jw_key(&c->json, "notes");
  jw_open(&c->json, '[');
  for (size_t i = 0; i < n; i++) {
    lan_note note = lan_memory_note(m, notes[i]);
    jw_open(&c->json, '{');
    jw_bytes(&c->json, "path", note.path);
    jw_entry(&c->json, "title", note.title);
    jw_close(&c->json, '}');
  }
  jw_close(&c->json, ']');
  jw_close(&c->json, '}');
  jw_end(&c->json);
  return LAN_OK;
}

/* ---- state ---- */

static lan_status status(api_call *c) {
  lan_memory_report r = lan_memory_describe(c->memory);
  json_writer *j = &c->json;
  const struct {
    const char *key;
    size_t n;
  } counts[] = {{"notes", r.notes}, {"links", r.links},         {"tags", r.tags},
                {"opens", r.opens}, {"feedbacks", r.feedbacks}, {"skipped", r.skipped}};
  jw_open(j, '{');
  jw_bytes(j, "vault", r.vault);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    jw_key(j, counts[i].key);
    jw_count(j, counts[i].n);
  }
  jw_key(j, "sees_pictures");
  jw_bool(j, c->a->options.model != NULL);
  jw_entry(j, "version", lan_version());
  jw_close(j, '}');
  jw_end(j);
  return LAN_OK;
}

static int tell_event(void *ctx, const lan_event *e) {
  answer_event(ctx, e);
  return 0;
}

static lan_status history(api_call *c) {
  size_t most;
  lan_status s = number_of(c, "n", 1, EVENTS_MOST, EVENTS, &most);
  if (s != LAN_OK) return s;
  jw_open(&c->json, '{');
  jw_key(&c->json, "events");
  jw_open(&c->json, '[');
  s = lan_memory_history(c->memory, NULL, most, tell_event, &c->json, &c->err);
  jw_close(&c->json, ']');
  jw_close(&c->json, '}');
  jw_end(&c->json);
  return s;
}

static lan_status events(api_call *c) {
  c->reply->stream = true;
  c->reply->type = "text/event-stream";
  return LAN_OK;
}

/* ---- use ---- */

static void done(api_call *c, bool changed) {
  jw_open(&c->json, '{');
  jw_key(&c->json, "changed");
  jw_bool(&c->json, changed);
  jw_close(&c->json, '}');
  jw_end(&c->json);
}

static lan_status opened(api_call *c) {
  uint32_t note, from = UINT32_MAX;
  json_t *v = json_object_get(c->body, "from");
  lan_status s = note_of(c, "note", &note);
  if (s == LAN_OK && v && !json_is_null(v)) s = note_of(c, "from", &from);
  if (s == LAN_OK) s = lan_memory_opened(c->memory, from, note, 0, &c->err);
  if (s == LAN_OK) done(c, true);
  return s;
}

static lan_status feedback(api_call *c) {
  uint32_t note, other;
  int changed = 0;
  lan_buf said = {0};
  lan_verdict verdict = LAN_VERDICT_NONE;
  lan_status s = note_of(c, "note", &note);
  if (s == LAN_OK) s = note_of(c, "related", &other);
  if (s == LAN_OK) s = text_of(c, "verdict", &said);
  if (s == LAN_OK && !lan_verdict_named(said.data, &verdict)) {
    s = lan_fail(&c->err, LAN_EINVAL, "'verdict' is good, bad, hidden or none");
  }
  lan_buf_free(&said);
  if (s == LAN_OK) {
    s = lan_memory_feedback(c->memory, note, other, verdict, &changed, &c->err);
  }
  if (s == LAN_OK) done(c, changed != 0);
  return s;
}

/* ---- the learning room ---- */

static lan_status words_lesson(api_call *c) {
  size_t cue;
  lan_buf language = {0};
  bool english =
      get_text(c, "language", &language) && language.data && strcmp(language.data, "en") == 0;
  lan_buf_free(&language);
  lan_status s = number_of(c, "word", 0, UINT32_MAX - 1, 0, &cue);
  return s == LAN_OK ? answer_words((uint32_t)cue, !english, &c->json, &c->err) : s;
}

static lan_status net_lesson(api_call *c) {
  static const char *const tasks[] = {"ring", "quadrants", "moons"};
  classroom_options o = {0};
  size_t seed = 1, hidden = 6, throws = 300;
  double rate = 0.3;
  lan_buf text = {0};
  int task = choice_of(c, "task", tasks, 3, 0);
  lan_status s =
      task < 0 ? lan_fail(&c->err, LAN_EINVAL, "'task' is ring, quadrants or moons") : LAN_OK;
  if (s == LAN_OK) s = number_of(c, "seed", 0, UINT32_MAX, seed, &seed);
  if (s == LAN_OK) s = number_of(c, "hidden", 1, CLASSROOM_HIDDEN_MOST, hidden, &hidden);
  if (s == LAN_OK) s = number_of(c, "throws", 1, 2000, throws, &throws);
  if (s == LAN_OK && get_text(c, "rate", &text) && !lan_str_number(lan_buf_str(&text), &rate)) {
    s = lan_fail(&c->err, LAN_EINVAL, "'rate' is a number");
  }
  lan_buf_free(&text);
  o.task = (classroom_task)task;
  o.seed = seed;
  o.hidden = (uint32_t)hidden;
  o.throws = (uint32_t)throws;
  o.rate = (float)rate;
  return s == LAN_OK ? answer_lesson(&o, &c->json, &c->err) : s;
}

static lan_status lesson(api_call *c) {
  lan_buf scratch = {0};
  bool words = get_text(c, "word", &scratch);
  lan_buf_free(&scratch);
  lan_status s = words ? words_lesson(c) : net_lesson(c);
  jw_end(&c->json);
  return s;
}

/* ---- assistants ---- */

static lan_status answer_assistant(api_call *c) {
  const lan_str *fields = c->request->head.fields;
  lan_str b = c->request->body;
  lan_buf *out = c->json.out;
  mcp_headers headers = {fields[HTTP_MCP_PROTOCOL_VERSION], fields[HTTP_MCP_METHOD],
                         fields[HTTP_MCP_NAME]};
  mcp m = {c->memory, c->a->options.allow_feedback, true};
  c->reply->status = mcp_answer(&m, b.ptr, b.len, &headers, out);
  return LAN_OK;
}

/* ---- the table ---- */

const api_route api_routes[] = {
    {"GET", "/api/v1/events", 0, API_AT_ONCE, events},
    {"GET", "/api/v1/explain", 0, API_KEEPS, explain},
    {"GET", "/api/v1/history", 0, API_ASKS, history},
    {"GET", "/api/v1/lesson", 0, API_KEEPS, lesson},
    {"GET", "/api/v1/recall", 0, API_KEEPS, answer_list},
    {"GET", "/api/v1/related", 0, API_KEEPS, answer_list},
    {"GET", "/api/v1/status", 0, API_ASKS, status},
    {"GET", "/api/v1/suggest", 0, API_KEEPS, suggest},
    {"POST", "/api/v1/explain", SMALL_BODY, API_ASKS, explain},
    {"POST", "/api/v1/feedback", SMALL_BODY, API_CHANGES, feedback},
    {"POST", "/api/v1/opened", SMALL_BODY, API_CHANGES, opened},
    {"POST", "/api/v1/recall", PICTURE_BODY, API_ASKS, answer_list},
    {"POST", "/mcp", MCP_LINE_MOST, API_ASSISTS, answer_assistant},
};

const size_t api_n_routes = sizeof api_routes / sizeof *api_routes;
