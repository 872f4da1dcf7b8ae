/* Merging what export.c wrote. Keys that are not known are passed over, types are not: a newer version may mean something
 * by them that must not be lost. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "memory/memory_internal.h"
#include "memory/remember.h"

enum {
  LINE_MOST = 16 << 20,
  PATH_MOST = 4096,
  NAME_MOST = 64 /* of weights and sources */
};

typedef struct importer {
  memory_db *db;
  lan_import done;
  lan_buf note, other, data;
  lan_error wrong; /* what is wrong with the line */
} importer;

static lan_status wrong(importer *m, const char *what, const char *which) {
  return lan_fail(&m->wrong, LAN_EFORMAT, "%s \"%s\"", what, strlen(which) < 200 ? which : "...");
}

static bool text_of(json_t *line, const char *key, lan_str *out) {
  json_t *v = json_object_get(line, key);
  *out = (lan_str){"", 0};
  if (!json_is_string(v)) return v == NULL || json_is_null(v);
  *out = (lan_str){json_string_value(v), json_string_length(v)};
  return true;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_hex(lan_str hex, lan_buf *out) {
  for (size_t i = 0; i + 1 < hex.len; i += 2) {
    int high = hex_digit(hex.ptr[i]), low = hex_digit(hex.ptr[i + 1]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    lan_buf_add_char(out, (char)(high << 4 | low));
  }
  return hex.len % 2 == 0;
}

/* A path, or nothing if it may be missing. */
static lan_status path_of(importer *m, json_t *line, const char *key, bool may_miss, lan_buf *out) {
  char hex_key[32];
  lan_str text, hex;
  lan_buf_clear(out);
  snprintf(hex_key, sizeof hex_key, "%s_bytes_hex", key);
  if (!text_of(line, key, &text)) return wrong(m, "this is no text:", key);
  if (!text_of(line, hex_key, &hex) || (hex.len && !decode_hex(hex, out))) {
    return wrong(m, "these are no bytes in hexadecimal:", hex_key);
  }
  if (hex.len == 0) lan_buf_add(out, text.ptr, text.len);
  if (out->failed) return LAN_ENOMEM;
  if (out->len == 0 && !may_miss) return wrong(m, "it has no", key);
  if (out->len >= PATH_MOST) return wrong(m, "this is too long:", key);
  return LAN_OK;
}

static lan_status time_of(importer *m, json_t *line, int64_t *at_ms) {
  json_t *v = json_object_get(line, "at_ms");
  if (!json_is_integer(v) || !remember_time_fits(json_integer_value(v))) {
    return wrong(m, "it has no time in milliseconds since 1970,", "at_ms");
  }
  *at_ms = json_integer_value(v);
  return LAN_OK;
}

static lan_status name_of(importer *m, json_t *line, const char *key, lan_str *out) {
  if (!text_of(line, key, out)) return wrong(m, "this is no text:", key);
  return out->len <= NAME_MOST ? LAN_OK : wrong(m, "this is too long:", key);
}

static lan_status merge(importer *m, const memory_event *e, size_t *count, lan_error *err) {
  bool added = false;
  lan_status s = memory_db_merge(m->db, e, &added, err);
  if (s == LAN_OK) ++*(added ? count : &m->done.known);
  return s;
}

static lan_status import_opened(importer *m, json_t *line, lan_error *err) {
  memory_event e = {.kind = MEMORY_OPENED};
  lan_status s = time_of(m, line, &e.at_ms);
  if (s == LAN_OK) s = path_of(m, line, "note", false, &m->note);
  if (s == LAN_OK) s = path_of(m, line, "from", true, &m->other);
  if (s == LAN_OK) s = name_of(m, line, "source", &e.source);
  if (s != LAN_OK) return s;
  e.note = lan_buf_str(&m->note);
  e.other = lan_buf_str(&m->other);
  return merge(m, &e, &m->done.opens, err);
}

static lan_status verdict_of(importer *m, json_t *line, int *verdict) {
  lan_str name;
  lan_verdict found = LAN_VERDICT_NONE;
  lan_status s = name_of(m, line, "verdict", &name);
  if (s == LAN_OK && !lan_verdict_named(name.ptr, &found)) {
    s = wrong(m, "it is not good, bad, hidden or none:", "verdict");
  }
  *verdict = found;
  return s;
}

static lan_status import_feedback(importer *m, json_t *line, lan_error *err) {
  memory_event e = {.kind = MEMORY_VERDICT};
  lan_status s = time_of(m, line, &e.at_ms);
  if (s == LAN_OK) s = path_of(m, line, "note", false, &m->note);
  if (s == LAN_OK) s = path_of(m, line, "related", false, &m->other);
  if (s == LAN_OK) s = verdict_of(m, line, &e.verdict);
  if (s != LAN_OK) return s;
  e.note = lan_buf_str(&m->note);
  e.other = lan_buf_str(&m->other);
  return merge(m, &e, &m->done.feedbacks, err);
}

static lan_status import_weights(importer *m, json_t *line, lan_error *err) {
  lan_str name, text;
  int64_t at_ms = 0;
  bool added = false;
  lan_status s = name_of(m, line, "name", &name);
  if (s == LAN_OK && name.len == 0) s = wrong(m, "it has no", "name");
  if (s == LAN_OK) s = time_of(m, line, &at_ms);
  if (s != LAN_OK) return s;
  lan_buf_clear(&m->data);
  if (!text_of(line, "data", &text) || !base64_decode(text, &m->data)) {
    return m->data.failed ? LAN_ENOMEM : wrong(m, "this is no base64:", "data");
  }
  s = memory_db_merge_weights(m->db, name.ptr, lan_buf_str(&m->data), at_ms, &added, err);
  if (s == LAN_OK) ++*(added ? &m->done.weights : &m->done.known);
  return s;
}

static lan_status import_object(importer *m, json_t *line, lan_error *err) {
  const char *type = json_string_value(json_object_get(line, "type"));
  if (!type) return wrong(m, "it has no", "type");
  if (strcmp(type, "opened") == 0) return import_opened(m, line, err);
  if (strcmp(type, "feedback") == 0) return import_feedback(m, line, err);
  if (strcmp(type, "weights") == 0) return import_weights(m, line, err);
  if (strcmp(type, "lantoa-memory") != 0) return wrong(m, "this version knows no type", type);
  json_t *version = json_object_get(line, "version");
  return json_is_integer(version) && json_integer_value(version) == REMEMBER_EXPORT_VERSION
             ? LAN_OK
             : wrong(m, "it was made by another version of Lantoa:", "version");
}

static lan_status import_line(importer *m, lan_str text, lan_error *err) {
  json_error_t e;
  if (text.len > LINE_MOST) return wrong(m, "it is too long for a", "line");
  json_t *line = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &e);
  if (!line) {
    if (json_error_code(&e) == json_error_out_of_memory) return LAN_ENOMEM;
    return wrong(m, "it is no JSON:", e.text);
  }
  lan_status s = json_is_object(line) ? import_object(m, line, err)
                                      : wrong(m, "it is no JSON object,", "{...}");
  json_decref(line);
  return s;
}

static lan_status import_lines(importer *m, lan_str bytes, lan_error *err) {
  size_t number = 0;
  while (bytes.len) {
    const char *end = memchr(bytes.ptr, '\n', bytes.len);
    size_t len = end ? (size_t)(end - bytes.ptr) : bytes.len;
    lan_str line = lan_str_trim((lan_str){bytes.ptr, len});
    bytes.ptr += len + (end != NULL);
    bytes.len -= len + (end != NULL);
    number++;
    if (line.len == 0) continue;
    m->wrong.message[0] = '\0';
    lan_status s = import_line(m, line, err);
    if (s == LAN_ENOMEM) return lan_fail_memory(err, 0);
    if (s == LAN_EFORMAT && m->wrong.message[0]) {
      return lan_fail(err, s, "line %zu: %s; nothing was imported", number, m->wrong.message);
    }
    if (s != LAN_OK) return s;
  }
  return LAN_OK;
}

lan_status lan_memory_import(lan_memory *memory, const char *bytes, size_t len, lan_import *done,
                             lan_error *err) {
  importer m = {.db = NULL};
  lan_status s = memory_db_to_change(memory, &m.db, err);
  if (s == LAN_OK) s = memory_db_begin(m.db, err);
  if (s != LAN_OK) return s;
  s = memory_db_end(m.db, import_lines(&m, (lan_str){bytes, len}, err), err);
  lan_buf_free(&m.note);
  lan_buf_free(&m.other);
  lan_buf_free(&m.data);
  if (s != LAN_OK) return s;
  remember_count(memory);
  if (done) *done = m.done;
  return LAN_OK;
}
