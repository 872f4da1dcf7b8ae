/* A memory that has its index, wherever its notes come from. */
#include "memory/memory_internal.h"

void memory_new_answer(lan_memory *m) {
  lan_arena_reset(&m->answer);
  score_cue_reset(&m->cue);
  m->results.len = 0;
}

lan_status memory_files(lan_memory *m, const names **files, lan_error *err) {
  lan_status s = m->files ? LAN_OK : index_files(&m->index.cat, &m->files, err);
  *files = m->files;
  return s;
}

lan_status memory_read(lan_memory *m, uint32_t note, lan_error *err) {
  const catalog_note *n = &m->index.cat.notes[note];
  lan_status s = reader_read(&m->reader, m->source, n, err);
  if (s != LAN_OK || (!m->hidden.target && !m->hidden.parts)) return s;
  return reader_hide(&m->reader, m->source, n, note, &m->hidden, err);
}

lan_status memory_use_index(lan_memory *m, memory_index *index, lan_error *err) {
  score_state_free(&m->score);
  names_free(m->files);
  m->files = NULL;
  m->habits.read = m->pictures.known = false; /* notes have other numbers now */
  index_free(&m->index);
  m->index = *index;
  m->version++;
  *index = (memory_index){0};
  return score_state_init(&m->score, &m->index, &m->model, err);
}

void memory_release(lan_memory *m) {
  score_state_free(&m->score);
  score_cue_free(&m->cue);
  question_free(&m->question);
  habits_free(&m->habits);
  pictures_free(&m->pictures);
  names_free(m->files);
  index_free(&m->index);
  reader_free(&m->reader);
  lan_buf_free(&m->file);
  VEC_FREE(&m->results);
  VEC_FREE(&m->skips);
  lan_arena_free(&m->answer);
  lan_arena_free(&m->skip_arena);
  lan_arena_free(&m->lasting);
}

/* ---- what there is ---- */

uint32_t lan_memory_size(const lan_memory *m) { return m->index.cat.n_notes; }

lan_note lan_memory_note(const lan_memory *m, uint32_t note) {
  if (note >= m->index.cat.n_notes) return (lan_note){"", ""};
  const catalog_note *n = &m->index.cat.notes[note];
  return (lan_note){n->path.ptr, n->title.ptr};
}

static void count_things(const network *net, lan_memory_report *r) {
  for (size_t i = 0; i < net->things.len; i++) {
    r->phantoms += net->things.data[i].kind == NODE_PHANTOM;
    r->tags += net->things.data[i].kind == NODE_TAG;
  }
  for (uint32_t e = 0; e < net->graph.n_edges; e++) {
    uint8_t type = net->graph.types[e];
    r->links += type == EDGE_LINK || type == EDGE_EMBED;
    r->mentions += type == EDGE_MENTION;
  }
}

lan_memory_report lan_memory_describe(const lan_memory *m) {
  const catalog *c = &m->index.cat;
  lan_memory_report r = {.vault = m->vault,
                         .cache_file = m->cache_file,
                         .data_file = m->data_file,
                         .attachments = c->n_attachments,
                         .opens = (size_t)m->counts.opens,
                         .feedbacks = (size_t)m->counts.feedbacks,
                         .hidden = (size_t)m->counts.hidden,
                         .read_now = m->read_now,
                         .cache_trouble = m->cache_trouble,
                         .seconds = m->seconds};
  for (uint32_t i = 0; i < c->n_notes; i++) {
    r.notes += c->notes[i].kind == WALK_NOTE;
    r.canvases += c->notes[i].kind == WALK_CANVAS;
    r.words += bm25_doc_length(m->index.words, i);
  }
  for (size_t i = 0; i < m->skips.len; i++) r.skipped += m->skips.data[i].failed;
  count_things(&m->index.net, &r);
  return r;
}
