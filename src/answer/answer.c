#include "answer/answer.h"

void answer_path(json_writer *j, const lan_path *path) {
  jw_open(j, '{');
  jw_key(j, "share");
  jw_number(j, path->share);
  jw_key(j, "hops");
  jw_open(j, '[');
  for (size_t i = 0; i < path->n_hops; i++) {
    const lan_hop *hop = &path->hops[i];
    jw_open(j, '{');
    jw_entry(j, "kind", lan_hop_name(hop->kind));
    jw_entry(j, "name", hop->name);
    if (hop->path) jw_bytes(j, "path", hop->path);
    jw_close(j, '}');
  }
  jw_close(j, ']');
  jw_close(j, '}');
}

void answer_sentence(json_writer *j, const lan_sentence *sentence) {
  jw_open(j, '{');
  jw_bytes(j, "path", sentence->path);
  jw_key(j, "line");
  jw_count(j, sentence->line);
  jw_entry(j, "text", sentence->text);
  jw_key(j, "mark");
  jw_open(j, '[');
  jw_count(j, sentence->mark_start);
  jw_count(j, sentence->mark_end);
  jw_close(j, ']');
  jw_close(j, '}');
}

static void add_names(json_writer *j, const char *key, const char *const *names, size_t n) {
  jw_key(j, key);
  jw_open(j, '[');
  for (size_t i = 0; i < n; i++) jw_string(j, lan_str_of(names[i]));
  jw_close(j, ']');
}

/* ---- results ---- */

static lan_status add_reason(lan_memory *m, json_writer *j, size_t i, lan_error *err) {
  const char *reason;
  lan_status s = lan_memory_reason(m, i, &reason, err);
  if (s == LAN_OK) jw_entry(j, "reason", reason ? reason : "");
  return s;
}

static lan_status add_why(lan_memory *m, json_writer *j, size_t i, lan_error *err) {
  const lan_why *why;
  lan_status s = lan_memory_why(m, i, &why, err);
  if (s != LAN_OK) return s;
  jw_entry(j, "reason", why->reason ? why->reason : "");
  jw_key(j, "paths");
  jw_open(j, '[');
  for (size_t p = 0; p < why->n_paths; p++) answer_path(j, &why->paths[p]);
  jw_close(j, ']');
  jw_key(j, "sentences");
  jw_open(j, '[');
  for (size_t p = 0; p < why->n_sentences; p++) answer_sentence(j, &why->sentences[p]);
  jw_close(j, ']');
  add_names(j, "words", why->words, why->n_words);
  add_names(j, "tags", why->tags, why->n_tags);
  return LAN_OK;
}

void answer_signals(json_writer *j, const lan_result *r) {
  jw_key(j, "signals");
  jw_open(j, '{');
  for (int k = 0; k < LAN_SIGNALS; k++) {
    if (r->signals[k] == 0) continue;
    jw_key(j, lan_signal_name((lan_signal)k));
    jw_number(j, (double)r->signals[k]);
  }
  jw_close(j, '}');
}

lan_status answer_result(lan_memory *m, json_writer *j, const lan_result *results, size_t i,
                         answer_detail detail, lan_error *err) {
  static const char *const linked[] = {"no", "out", "in", "both"};
  const lan_result *r = &results[i];
  lan_note note = lan_memory_note(m, r->note);
  lan_status s = LAN_OK;
  jw_open(j, '{');
  jw_bytes(j, "path", note.path);
  jw_entry(j, "title", note.title);
  jw_key(j, "score");
  jw_number(j, r->score);
  jw_entry(j, "linked", linked[r->linked & 3]);
  if (detail != ANSWER_BRIEF) answer_signals(j, r);
  if (detail == ANSWER_BRIEF || detail == ANSWER_LIST) s = add_reason(m, j, i, err);
  if (detail == ANSWER_WHY) s = add_why(m, j, i, err);
  jw_close(j, '}');
  return s;
}

lan_status answer_results(lan_memory *m, json_writer *j, const lan_result *results, size_t n,
                          answer_detail detail, lan_error *err) {
  lan_status s = LAN_OK;
  jw_key(j, "related");
  jw_open(j, '[');
  for (size_t i = 0; s == LAN_OK && i < n; i++) s = answer_result(m, j, results, i, detail, err);
  jw_close(j, ']');
  return s;
}

/* ---- activity ---- */

static void add_node(json_writer *j, const lan_activity *a, const lan_active_node *node) {
  jw_open(j, '{');
  jw_entry(j, "kind", lan_node_name(node->kind));
  jw_entry(j, "name", node->name);
  jw_bytes(j, "path", node->path);
  jw_key(j, "cue");
  jw_bool(j, node->cue != 0);
  jw_doubles(j, "activation", node->activation, a->steps + 1);
  jw_close(j, '}');
}

static void add_edge(json_writer *j, const lan_activity *a, const lan_active_edge *edge) {
  jw_open(j, '{');
  jw_key(j, "from");
  jw_count(j, edge->from);
  jw_key(j, "to");
  jw_count(j, edge->to);
  jw_entry(j, "kind", lan_hop_name(edge->kind));
  jw_doubles(j, "flow", edge->flow, a->steps);
  jw_close(j, '}');
}

lan_status answer_activity(lan_memory *m, json_writer *j, size_t most, lan_error *err) {
  const lan_activity *a;
  lan_status s = lan_memory_activity(m, most, &a, err);
  if (s != LAN_OK) return s;
  jw_key(j, "activity");
  jw_open(j, '{');
  jw_key(j, "steps");
  jw_count(j, a->steps);
  jw_key(j, "nodes");
  jw_open(j, '[');
  for (size_t i = 0; i < a->n_nodes; i++) add_node(j, a, &a->nodes[i]);
  jw_close(j, ']');
  jw_key(j, "edges");
  jw_open(j, '[');
  for (size_t i = 0; i < a->n_edges; i++) add_edge(j, a, &a->edges[i]);
  jw_close(j, ']');
  jw_close(j, '}');
  return LAN_OK;
}

/* ---- use ---- */

void answer_event(json_writer *j, const lan_event *e) {
  bool opened = e->kind == LAN_EVENT_OPENED;
  jw_open(j, '{');
  jw_entry(j, "event", opened ? "opened" : lan_verdict_name(e->verdict));
  jw_key(j, "at_ms");
  jw_integer(j, e->unix_ms);
  jw_bytes(j, "note", e->note);
  jw_bytes(j, opened ? "from" : "related", e->other[0] ? e->other : NULL);
  if (opened) jw_entry(j, "source", e->source);
  jw_close(j, '}');
}

/* ---- pictures ---- */

void answer_labels(const lan_model_info *info, const float *probabilities, lan_label *labels) {
  for (uint32_t i = 0; i < info->n_classes; i++) {
    float p = probabilities[i];
    labels[i] = (lan_label){info->classes[i], p < 0.05f ? 0 : p > 1 ? 1 : p};
  }
}
