/* memory.db as JSON Lines:
 *
 *     {"type":"lantoa-memory","version":1}
 *     {"type":"opened","at_ms":1767225600000,"note":"b.md","from":"a.md","source":"cli"}
 *     {"type":"feedback","at_ms":1767225600000,"note":"a.md","related":"b.md","verdict":"good"}
 *     {"type":"weights","name":"scoring","at_ms":1767225600000,"data":"...base64..."}
 *
 * Events come first, the oldest foremost. A path that is not UTF-8 is followed by its bytes, as "note_bytes_hex". */
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "memory/memory_internal.h"
#include "memory/remember.h"

typedef struct exporter {
  int (*write)(void *ctx, const char *line, size_t len);
  void *ctx;
  lan_buf line;
  bool stopped;
} exporter;

static void begin_line(exporter *x, const char *type) {
  lan_buf_clear(&x->line);
  lan_buf_printf(&x->line, "{\"type\":\"%s\"", type);
}

static bool end_line(exporter *x) {
  lan_buf_add_str(&x->line, "}\n");
  if (x->line.failed) return false;
  x->stopped = x->write(x->ctx, x->line.data, x->line.len) != 0;
  return !x->stopped;
}

static void put_time(exporter *x, int64_t at_ms) {
  lan_buf_printf(&x->line, ",\"at_ms\":%lld", (long long)at_ms);
}

static void put_text(exporter *x, const char *key, lan_str text) {
  lan_buf *out = &x->line;
  lan_buf_printf(out, ",\"%s\":\"", key);
  while (text.len > 0) {
    uint32_t c;
    size_t len = lan_utf8_decode(text.ptr, text.len, &c);
    char utf8[4];
    if (c < 0x20 || c == 0x7f) {
      lan_buf_printf(out, "\\u%04x", c);
    } else {
      if (c == '"' || c == '\\') lan_buf_add_char(out, '\\');
      lan_buf_add(out, utf8, lan_utf8_encode(c, utf8)); /* U+FFFD for what is not UTF-8 */
    }
    text = (lan_str){text.ptr + len, text.len - len};
  }
  lan_buf_add_char(out, '"');
}

static void put_path(exporter *x, const char *key, lan_str path) {
  put_text(x, key, path);
  if (lan_utf8_valid(path.ptr, path.len) == path.len) return;
  lan_buf_printf(&x->line, ",\"%s_bytes_hex\":\"", key);
  for (size_t i = 0; i < path.len; i++) {
    lan_buf_printf(&x->line, "%02x", (unsigned)(unsigned char)path.ptr[i]);
  }
  lan_buf_add_char(&x->line, '"');
}

static bool export_event(void *ctx, const memory_event *e) {
  exporter *x = ctx;
  bool opened = e->kind == MEMORY_OPENED;
  begin_line(x, opened ? "opened" : "feedback");
  put_time(x, e->at_ms);
  put_path(x, "note", e->note);
  if (opened) {
    if (e->other.len) put_path(x, "from", e->other);
    if (e->source.len) put_text(x, "source", e->source);
  } else {
    put_path(x, "related", e->other);
    put_text(x, "verdict", lan_str_of(lan_verdict_name((lan_verdict)e->verdict)));
  }
  return end_line(x);
}

static lan_status export_one_weights(exporter *x, memory_db *db, const char *name, lan_error *err) {
  lan_buf data = {0};
  int64_t at_ms = 0;
  lan_status s = memory_db_get_weights(db, name, &data, &at_ms, err);
  if (s == LAN_OK) {
    begin_line(x, "weights");
    put_text(x, "name", lan_str_of(name));
    put_time(x, at_ms);
    lan_buf_add_str(&x->line, ",\"data\":\"");
    base64_encode(lan_buf_str(&data), &x->line);
    lan_buf_add_char(&x->line, '"');
    end_line(x);
  }
  lan_buf_free(&data);
  return s;
}

static lan_status export_weights(exporter *x, memory_db *db, lan_error *err) {
  lan_buf list = {0};
  lan_status s = memory_db_weight_names(db, &list, err);
  for (size_t at = 0; s == LAN_OK && at < list.len && !x->stopped && !x->line.failed;) {
    s = export_one_weights(x, db, list.data + at, err);
    at += strlen(list.data + at) + 1;
  }
  lan_buf_free(&list);
  return s;
}

static bool export_header(exporter *x) {
  begin_line(x, "lantoa-memory");
  lan_buf_printf(&x->line, ",\"version\":%d", REMEMBER_EXPORT_VERSION);
  return end_line(x);
}

static lan_status export_all(exporter *x, memory_db *db, lan_error *err) {
  memory_span ever = MEMORY_EVER;
  lan_status s = memory_db_check(db, err);
  if (s != LAN_OK || !export_header(x)) return s;
  s = memory_db_each(db, MEMORY_OPENED | MEMORY_VERDICT, &ever, MEMORY_OLDEST_FIRST, 0,
                     export_event, x, err);
  if (s == LAN_OK && !x->stopped && !x->line.failed) s = export_weights(x, db, err);
  return s;
}

lan_status lan_memory_export(lan_memory *m, int (*write)(void *ctx, const char *line, size_t len),
                             void *ctx, lan_error *err) {
  memory_db *db;
  exporter x = {.write = write, .ctx = ctx};
  lan_status s = memory_own_db(m, &db, err);
  if (s == LAN_OK) s = memory_db_begin_reading(db, err);
  if (s != LAN_OK) return s;
  s = memory_db_end(db, export_all(&x, db, err), err);
  if (s == LAN_OK && x.line.failed) s = lan_fail_memory(err, 0);
  if (s == LAN_OK && x.stopped) s = lan_fail(err, LAN_ECANCELED, "stopped");
  lan_buf_free(&x.line);
  return s;
}
