#include "memory/trace.h"

#include <string.h>

#include "base/error.h"

enum { SENTENCE_MOST = 240 };

const char *lan_hop_name(lan_hop_kind kind) {
  static const char *const hops[] = {[LAN_HOP_START] = "start",
                                     [LAN_HOP_LINK] = "link",
                                     [LAN_HOP_LINKED_FROM] = "linked-from",
                                     [LAN_HOP_EMBED] = "embed",
                                     [LAN_HOP_EMBEDDED_IN] = "embedded-in",
                                     [LAN_HOP_MENTION] = "mention",
                                     [LAN_HOP_MENTIONED_IN] = "mentioned-in",
                                     [LAN_HOP_TAG] = "tag",
                                     [LAN_HOP_TAGGED] = "tagged",
                                     [LAN_HOP_FOLDER] = "folder"};
  return kind <= LAN_HOP_FOLDER ? hops[kind] : "unknown";
}

/* ---- edges ---- */

bool trace_has_edge(const lan_graph *g, uint32_t from, uint32_t to, unsigned types) {
  uint32_t low = g->offsets[from], high = g->offsets[from + 1];
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (g->targets[mid] < to) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  for (; low < g->offsets[from + 1] && g->targets[low] == to; low++) {
    if (types >> g->types[low] & 1) return true;
  }
  return false;
}

uint32_t trace_between(const lan_graph *g, uint32_t a, uint32_t b, unsigned types_a,
                       unsigned types_b) {
  uint32_t best = UINT32_MAX, least = UINT32_MAX;
  for (uint32_t e = g->offsets[b]; e < g->offsets[b + 1]; e++) {
    uint32_t x = g->targets[e], edges = g->offsets[x + 1] - g->offsets[x];
    if (!(types_b >> g->types[e] & 1) || x == a || edges >= least) continue;
    if (!trace_has_edge(g, a, x, types_a)) continue;
    best = x;
    least = edges;
  }
  return best;
}

/* ---- paths ---- */

lan_hop_kind trace_hop(uint8_t type) {
  switch (type) {
    case EDGE_LINK: return LAN_HOP_LINK;
    case EDGE_LINK_BACK: return LAN_HOP_LINKED_FROM;
    case EDGE_EMBED: return LAN_HOP_EMBED;
    case EDGE_EMBED_BACK: return LAN_HOP_EMBEDDED_IN;
    case EDGE_MENTION: return LAN_HOP_MENTION;
    case EDGE_MENTION_BACK: return LAN_HOP_MENTIONED_IN;
    case EDGE_TAG: return LAN_HOP_TAG;
    case EDGE_TAG_BACK: return LAN_HOP_TAGGED;
    default: return LAN_HOP_FOLDER;
  }
}

/* A tag's name gets its '#'. */
const char *trace_name(lan_memory *m, uint32_t node) {
  const network *net = &m->index.net;
  if (node < net->n_notes) return m->index.cat.notes[node].title.ptr;
  const network_thing *t = &net->things.data[node - net->n_notes];
  if (t->kind == NODE_FOLDER && t->name.len == 0) return "/";
  if (t->kind != NODE_TAG) return t->name.ptr;
  char *name = lan_arena_alloc(&m->answer, t->name.len + 2, 1);
  if (!name) return t->name.ptr;
  name[0] = '#';
  memcpy(name + 1, t->name.ptr, t->name.len + 1);
  return name;
}

static lan_status path_from_route(lan_memory *m, const lan_route *r, lan_path *path,
                                  lan_error *err) {
  lan_hop *hops = lan_arena_alloc(&m->answer, r->n_nodes, sizeof *hops);
  if (!hops) return lan_fail_memory(err, r->n_nodes * sizeof *hops);
  for (uint32_t i = 0; i < r->n_nodes; i++) {
    uint32_t node = r->nodes[i];
    hops[i].kind = i ? trace_hop(r->types[i - 1]) : LAN_HOP_START;
    hops[i].name = trace_name(m, node);
    hops[i].path = node < m->index.net.n_notes ? m->index.cat.notes[node].path.ptr : NULL;
  }
  *path = (lan_path){hops, r->n_nodes, r->share};
  return LAN_OK;
}

lan_spread_model trace_model(uint32_t steps) {
  lan_spread_model model = lan_spread_preset(LAN_PRESET_MEMORY);
  model.steps = steps;
  model.type_gain[EDGE_FOLDER] = model.type_gain[EDGE_FOLDER_BACK] = 0.1f; /* says the least */
  return model;
}

lan_status trace_paths(lan_memory *m, const lan_cue *cues, size_t n_cues, uint32_t to,
                       uint32_t steps, size_t limit, const lan_path **paths, size_t *n,
                       lan_error *err) {
  lan_spread_model model = trace_model(steps);
  const lan_route *routes = NULL;
  size_t n_routes = 0;
  lan_status s = lan_spread_routes(m->score.spreader, &model, cues, n_cues, to, limit, 0, &routes,
                                   &n_routes, err);
  if (s != LAN_OK) return s;
  lan_path *all = lan_arena_alloc(&m->answer, n_routes, sizeof *all);
  if (!all) return lan_fail_memory(err, n_routes * sizeof *all);
  for (size_t i = 0; s == LAN_OK && i < n_routes; i++) {
    s = path_from_route(m, &routes[i], &all[i], err);
  }
  *paths = all;
  *n = n_routes;
  return s;
}

/* ---- sentences ---- */

/* The sentence around start .. end of `in`. */
static lan_status sentence_at(lan_memory *m, uint32_t source, lan_str in, uint32_t start,
                              uint32_t end, uint32_t line, lan_sentence *out, lan_error *err) {
  lan_buf text = {0};
  size_t mark_start = 0, mark_end = 0;
  facts_sentence(in, start, end, SENTENCE_MOST, &text, &mark_start, &mark_end);
  char *copy =
      text.failed ? NULL : lan_arena_copy(&m->answer, text.data ? text.data : "", text.len);
  lan_buf_free(&text);
  if (!copy) return lan_fail_memory(err, 0);
  *out = (lan_sentence){m->index.cat.notes[source].path.ptr, line, copy, mark_start, mark_end};
  return LAN_OK;
}

static lan_status link_sentence(lan_memory *m, uint32_t source, const char *target_path,
                                const char *target_name, lan_sentence *out, bool *found,
                                lan_error *err) {
  const names *files;
  lan_status s = memory_files(m, &files, err);
  if (s == LAN_OK && memory_read(m, source, NULL) != LAN_OK) return LAN_OK; /* gone meanwhile */
  if (s != LAN_OK) return s;
  const facts *f = &m->reader.facts;
  uint32_t target = target_path ? catalog_find(&m->index.cat, lan_str_of(target_path)) : UINT32_MAX;
  for (size_t i = 0; i < f->links.len; i++) {
    const facts_link *l = &f->links.data[i];
    uint32_t to = names_resolve(files, m->index.cat.notes[source].path, l->target, NULL);
    bool same = target_path ? to == target
                            : to == NAMES_NONE && lan_str_equal(l->target, lan_str_of(target_name));
    if (!same || l->end <= l->start) continue;
    *found = true;
    lan_str in = f->text;
    if (l->kind != FACTS_LINK_PROPERTY) {
      return sentence_at(m, source, in, l->start, l->end, l->line, out, err);
    }
    in = (lan_str){in.ptr + l->start, l->end - l->start}; /* a property is its line */
    return sentence_at(m, source, in, 0, (uint32_t)in.len, l->line, out, err);
  }
  return LAN_OK;
}

typedef struct first_match {
  bool found;
  phrase_match match;
} first_match;

static void take_first(void *ctx, const phrase_match *match) {
  first_match *f = ctx;
  if (!f->found) *f = (first_match){true, *match};
}

lan_status trace_mention(lan_memory *m, uint32_t source, uint32_t target, lan_sentence *out,
                         bool *found, lan_error *err) {
  const catalog_note *t = &m->index.cat.notes[target];
  lan_str *phrases = lan_arena_alloc(&m->answer, (size_t)t->n_aliases + 2, sizeof *phrases);
  phrase_set *set = NULL;
  phrase_scratch scratch = {0};
  if (!phrases) return lan_fail_memory(err, 0);
  phrases[0] = t->title;
  phrases[1] = mention_bare(t->title);
  for (uint32_t a = 0; a < t->n_aliases; a++) phrases[a + 2] = t->aliases[a];
  if (memory_read(m, source, NULL) != LAN_OK) return LAN_OK;
  lan_status s = phrase_set_new(phrases, t->n_aliases + 2, &set, err);
  const facts *f = &m->reader.facts;
  for (size_t i = 0; s == LAN_OK && !*found && i < f->pieces.len; i++) {
    lan_str text = f->pieces.data[i].text;
    first_match first = {0};
    if (!reader_is_prose(&f->pieces.data[i])) continue;
    s = phrase_scan(set, text.ptr, text.len, &scratch, take_first, &first);
    bool inside = text.ptr >= f->text.ptr && text.ptr < f->text.ptr + f->text.len;
    if (s != LAN_OK || !first.found || !inside) continue;
    uint32_t start = (uint32_t)(text.ptr - f->text.ptr) + first.match.start;
    *found = true;
    s = sentence_at(m, source, f->text, start, start + (first.match.end - first.match.start),
                    facts_line(f->text, start), out, err);
  }
  phrase_set_free(set);
  phrase_scratch_free(&scratch);
  return s;
}

lan_status trace_sentence(lan_memory *m, const lan_hop *before, const lan_hop *hop,
                          lan_sentence *out, bool *found, lan_error *err) {
  bool back = hop->kind == LAN_HOP_LINKED_FROM || hop->kind == LAN_HOP_EMBEDDED_IN ||
              hop->kind == LAN_HOP_MENTIONED_IN;
  const lan_hop *source = back ? hop : before, *target = back ? before : hop;
  *found = false;
  if (!source->path) return LAN_OK;
  uint32_t note = catalog_find(&m->index.cat, lan_str_of(source->path));
  switch (hop->kind) {
    case LAN_HOP_LINK:
    case LAN_HOP_LINKED_FROM:
    case LAN_HOP_EMBED:
    case LAN_HOP_EMBEDDED_IN:
      return link_sentence(m, note, target->path, target->name, out, found, err);
    case LAN_HOP_MENTION:
    case LAN_HOP_MENTIONED_IN:
      return trace_mention(m, note, catalog_find(&m->index.cat, lan_str_of(target->path)), out,
                           found, err);
    default: return LAN_OK;
  }
}
