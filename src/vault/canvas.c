/* JSON Canvas 1.0 (jsoncanvas.org). */
#include <jansson.h>

#include "base/error.h"
#include "base/hash.h"
#include "vault/parse.h"

static lan_str string_of(facts *f, json_t *object, const char *key) {
  json_t *v = json_object_get(object, key);
  if (!json_is_string(v)) return (lan_str){"", 0};
  return parse_copy(f, json_string_value(v), json_string_length(v));
}

static bool is(json_t *object, const char *key, const char *value) {
  const char *s = json_string_value(json_object_get(object, key));
  return s && strcmp(s, value) == 0;
}

static void read_node(facts *f, json_t *node, lan_map *file_nodes, size_t number) {
  if (is(node, "type", "file")) {
    lan_str file = string_of(f, node, "file"), id = string_of(f, node, "id");
    parse_canvas_link(f, (lan_str){"", 0}, file, string_of(f, node, "subpath"), FACTS_LINK_CANVAS);
    uint32_t *slot = lan_map_put(file_nodes, lan_hash(id.ptr, id.len, 0));
    if (slot) {
      *slot = (uint32_t)number;
    } else {
      f->failed = true;
    }
  } else if (is(node, "type", "text")) {
    parse_canvas_text(f, string_of(f, node, "text"), facts_parse_note);
  } else if (is(node, "type", "group")) {
    parse_canvas_words(f, string_of(f, node, "label"), FACTS_PROSE);
  } else if (is(node, "type", "link")) {
    parse_canvas_words(f, string_of(f, node, "url"), FACTS_CODE);
  }
}

static lan_str file_of(facts *f, json_t *nodes, const lan_map *file_nodes, json_t *edge,
                       const char *key) {
  json_t *id = json_object_get(edge, key);
  if (!json_is_string(id)) return (lan_str){"", 0};
  uint64_t hash = lan_hash(json_string_value(id), json_string_length(id), 0);
  uint32_t i = lan_map_get(file_nodes, hash);
  if (i == LAN_MAP_NONE) return (lan_str){"", 0};
  return string_of(f, json_array_get(nodes, i), "file");
}

static void read_canvas(facts *f, json_t *root) {
  json_t *nodes = json_object_get(root, "nodes"), *edges = json_object_get(root, "edges");
  lan_map file_nodes = {0};
  size_t i;
  json_t *item;
  json_array_foreach(nodes, i, item) read_node(f, item, &file_nodes, i);
  json_array_foreach(edges, i, item) {
    lan_str from = file_of(f, nodes, &file_nodes, item, "fromNode");
    lan_str to = file_of(f, nodes, &file_nodes, item, "toNode");
    if (from.len) parse_canvas_link(f, from, to, (lan_str){"", 0}, FACTS_LINK_CANVAS_EDGE);
    parse_canvas_words(f, string_of(f, item, "label"), FACTS_PROSE);
  }
  lan_map_free(&file_nodes);
}

lan_status facts_parse_canvas(const char *bytes, size_t n, facts *out, lan_error *err) {
  if (n > FACTS_FILE_MAX) {
    return lan_fail(err, LAN_ELIMIT, "a canvas of %zu bytes; at most %d are read", n,
                    FACTS_FILE_MAX);
  }
  out->text = (lan_str){bytes, n};
  parse_damage(out);
  lan_str json = out->text;
  if (json.len >= 3 && memcmp(json.ptr, "\xEF\xBB\xBF", 3) == 0) json.ptr += 3, json.len -= 3;
  if (lan_str_trim(json).len == 0) return LAN_OK; /* a new canvas is an empty file */
  lan_buf scrubbed = {0};
  if (out->damage & FACTS_DAMAGE_UTF8) { /* jansson would refuse the whole */
    lan_utf8_scrub(&scrubbed, json.ptr, json.len);
    out->failed |= scrubbed.failed;
    json = lan_buf_str(&scrubbed);
  }
  json_error_t e;
  json_t *root = json_loadb(json.ptr ? json.ptr : "", json.len, JSON_ALLOW_NUL, &e);
  if (!root && json_error_code(&e) == json_error_out_of_memory) out->failed = true;
  if (!root) {
    uint32_t line = e.line > 0 ? (uint32_t)e.line : 1;
    parse_problem(out, line, "is no JSON canvas (%s); open it in Obsidian and save it again",
                  e.text);
  } else if (!json_is_object(root)) {
    parse_problem(out, 1, "is no JSON canvas: an object with nodes and edges is wanted");
  } else {
    read_canvas(out, root);
  }
  json_decref(root);
  lan_buf_free(&scrubbed);
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}
