#include "answer/answer.h"

void answer_path(json *j, const lan_path *path) {
  json_open(j, '{');
  json_key(j, "share");
  json_number(j, path->share);
  json_key(j, "hops");
  json_open(j, '[');
  for (size_t i = 0; i < path->n_hops; i++) {
    const lan_hop *hop = &path->hops[i];
    json_open(j, '{');
    json_entry(j, "kind", lan_hop_name(hop->kind));
    json_entry(j, "name", hop->name);
    if (hop->path) json_bytes(j, "path", hop->path);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_close(j, '}');
}

void answer_sentence(json *j, const lan_sentence *sentence) {
  json_open(j, '{');
  json_bytes(j, "path", sentence->path);
  json_key(j, "line");
  json_count(j, sentence->line);
  json_entry(j, "text", sentence->text);
  json_key(j, "mark");
  json_open(j, '[');
  json_count(j, sentence->mark_start);
  json_count(j, sentence->mark_end);
  json_close(j, ']');
  json_close(j, '}');
}

static void add_names(json *j, const char *key, const char *const *names, size_t n) {
  json_key(j, key);
  json_open(j, '[');
  for (size_t i = 0; i < n; i++) json_string(j, lan_str_of(names[i]));
  json_close(j, ']');
}

static void add_numbers(json *j, const char *key, const double *numbers, size_t n) {
  json_key(j, key);
  json_open(j, '[');
  for (size_t i = 0; i < n; i++) json_number(j, numbers[i]);
  json_close(j, ']');
}

/* ---- results ---- */

static lan_status add_reason(lan_memory *m, json *j, size_t i, lan_error *err) {
  const char *reason;
  lan_status s = lan_memory_reason(m, i, &reason, err);
  if (s == LAN_OK) json_entry(j, "reason", reason ? reason : "");
  return s;
}

static lan_status add_why(lan_memory *m, json *j, size_t i, lan_error *err) {
  const lan_why *why;
  lan_status s = lan_memory_why(m, i, &why, err);
  if (s != LAN_OK) return s;
  json_entry(j, "reason", why->reason ? why->reason : "");
  json_key(j, "paths");
  json_open(j, '[');
  for (size_t p = 0; p < why->n_paths; p++) answer_path(j, &why->paths[p]);
  json_close(j, ']');
  json_key(j, "sentences");
  json_open(j, '[');
  for (size_t p = 0; p < why->n_sentences; p++) answer_sentence(j, &why->sentences[p]);
  json_close(j, ']');
  add_names(j, "words", why->words, why->n_words);
  add_names(j, "tags", why->tags, why->n_tags);
  return LAN_OK;
}

lan_status answer_result(lan_memory *m, json *j, const lan_result *results, size_t i,
                         answer_detail detail, lan_error *err) {
  static const char *const linked[] = {"no", "out", "in", "both"};
  const lan_result *r = &results[i];
  lan_note note = lan_memory_note(m, r->note);
  lan_status s = LAN_OK;
  json_open(j, '{');
  json_bytes(j, "path", note.path);
  json_entry(j, "title", note.title);
  json_key(j, "score");
  json_number(j, r->score);
  json_entry(j, "linked", linked[r->linked & 3]);
  json_key(j, "signals");
  json_open(j, '{');
  for (int k = 0; k < LAN_SIGNALS; k++) {
    if (r->signals[k] == 0) continue;
    json_key(j, lan_signal_name((lan_signal)k));
    json_number(j, (double)r->signals[k]);
  }
  json_close(j, '}');
  if (detail == ANSWER_REASON) s = add_reason(m, j, i, err);
  if (detail == ANSWER_WHY) s = add_why(m, j, i, err);
  json_close(j, '}');
  return s;
}

lan_status answer_results(lan_memory *m, json *j, const lan_result *results, size_t n,
                          answer_detail detail, lan_error *err) {
  lan_status s = LAN_OK;
  json_key(j, "related");
  json_open(j, '[');
  for (size_t i = 0; s == LAN_OK && i < n; i++) s = answer_result(m, j, results, i, detail, err);
  json_close(j, ']');
  return s;
}

/* ---- activity ---- */

static void add_node(json *j, const lan_activity *a, const lan_active_node *node) {
  json_open(j, '{');
  json_entry(j, "kind", lan_node_name(node->kind));
  json_entry(j, "name", node->name);
  json_bytes(j, "path", node->path);
  json_key(j, "cue");
  json_bool(j, node->cue != 0);
  add_numbers(j, "activation", node->activation, a->steps + 1);
  json_close(j, '}');
}

static void add_edge(json *j, const lan_activity *a, const lan_active_edge *edge) {
  json_open(j, '{');
  json_key(j, "from");
  json_count(j, edge->from);
  json_key(j, "to");
  json_count(j, edge->to);
  json_entry(j, "kind", lan_hop_name(edge->kind));
  add_numbers(j, "flow", edge->flow, a->steps);
  json_close(j, '}');
}

lan_status answer_activity(lan_memory *m, json *j, size_t most, lan_error *err) {
  const lan_activity *a;
  lan_status s = lan_memory_activity(m, most, &a, err);
  if (s != LAN_OK) return s;
  json_key(j, "activity");
  json_open(j, '{');
  json_key(j, "steps");
  json_count(j, a->steps);
  json_key(j, "nodes");
  json_open(j, '[');
  for (size_t i = 0; i < a->n_nodes; i++) add_node(j, a, &a->nodes[i]);
  json_close(j, ']');
  json_key(j, "edges");
  json_open(j, '[');
  for (size_t i = 0; i < a->n_edges; i++) add_edge(j, a, &a->edges[i]);
  json_close(j, ']');
  json_close(j, '}');
  return LAN_OK;
}
