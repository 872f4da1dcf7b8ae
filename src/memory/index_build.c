/* Building an index from all the files of a vault. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pack.h"
#include "memory/index.h"
#include "memory/reader.h"

enum { PROGRESS_STEP = 256 }; /* notes between two calls of the progress function */

static void put_mentions(lan_buf *out, const mention_list *mentions) {
  pack_number(out, mentions->len);
  for (size_t i = 0; i < mentions->len; i++) {
    pack_fixed(out, mentions->data[i].key);
    pack_number(out, mentions->data[i].count);
  }
}

/* Where a note's parts lie in the buffers of the worker that made them. */
typedef struct draft {
  size_t facts, facts_len, prose, prose_len, mentions, mentions_len;
  size_t reader, scanner; /* workers */
  uint64_t hash;
  uint32_t n_aliases;
  lan_status status;
  lan_error *error; /* on the heap; NULL if all went well */
} draft;

typedef struct build_worker {
  reader reader;
  mention_scan scan;
  mention_list mentions;
  lan_buf facts, prose, mention_rows;
  lan_error error;
} build_worker;

struct build;

/* What is done for one note; a failure is the note's. */
typedef lan_status (*build_step)(struct build *b, build_worker *w, size_t worker, uint32_t note);

typedef struct build {
  index_job *job;
  memory_index *out;
  draft *drafts;
  build_worker *workers;
  size_t n_workers, first; /* first: of the notes that a run works on */
  build_step step;
  bm25_builder *words;
  mention_names names;
  phrase_set *set;
  struct {
    lan_status status;
    lan_error error;
  } part[2]; /* the network and the words, built side by side */
} build;

/* A note that cannot be read counts as an empty one, and is told. */
static void note_failure(draft *d, lan_status status, const lan_error *error) {
  d->status = status;
  d->error = malloc(sizeof *d->error);
  if (d->error) *d->error = *error;
}

static lan_status draft_note(build *b, build_worker *w, size_t worker, uint32_t note) {
  draft *d = &b->drafts[note];
  const catalog_note *n = &b->out->cat.notes[note];
  bm25_doc doc;
  d->reader = worker;
  lan_status s = reader_read(&w->reader, b->job->source, n, &w->error);
  if (s == LAN_OK) s = reader_hide(&w->reader, b->job->source, n, note, b->job->hidden, &w->error);
  if (s != LAN_OK) return s;
  d->hash = w->reader.hash;
  s = reader_words(&w->reader, n, &doc, &w->error);
  if (s == LAN_OK) s = bm25_builder_add(b->words, worker, note, &doc, &w->error);
  if (s != LAN_OK) return s;
  const facts *f = &w->reader.facts;
  d->n_aliases = (uint32_t)f->aliases.len;
  d->facts = w->facts.len;
  s = facts_encode(f, &w->facts, &w->error);
  d->facts_len = w->facts.len - d->facts;
  d->prose = w->prose.len;
  for (size_t i = 0; i < f->pieces.len; i++) {
    if (reader_is_prose(&f->pieces.data[i])) pack_string(&w->prose, f->pieces.data[i].text);
  }
  d->prose_len = w->prose.len - d->prose;
  return w->prose.failed ? lan_fail_memory(&w->error, 0) : s;
}

static lan_status scan_note(build *b, build_worker *w, size_t worker, uint32_t note) {
  draft *d = &b->drafts[note];
  lan_buf *prose = &b->workers[d->reader].prose;
  unpack u = {prose->data, prose->data, false};
  if (prose->data) {
    u.p += d->prose;
    u.end = u.p + d->prose_len;
  }
  while (u.p < u.end) {
    lan_str piece = unpack_string(&u);
    lan_status s = mention_scan_text(&w->scan, &b->names, b->set, piece.ptr, piece.len, &w->error);
    if (s != LAN_OK) return s;
  }
  w->mentions.len = 0;
  lan_status s = mention_scan_take(&w->scan, &w->mentions, &w->error);
  if (s != LAN_OK) return s;
  d->scanner = worker;
  d->mentions = w->mention_rows.len;
  put_mentions(&w->mention_rows, &w->mentions);
  d->mentions_len = w->mention_rows.len - d->mentions;
  return w->mention_rows.failed ? lan_fail_memory(&w->error, 0) : LAN_OK;
}

static lan_status tell(const index_job *job, lan_phase phase, size_t done, size_t total,
                       lan_error *err) {
  if (!job->progress || job->progress(job->progress_ctx, phase, done, total) == 0) return LAN_OK;
  return lan_fail(err, LAN_ECANCELED, "stopped");
}

static void note_task(void *ctx, size_t i, size_t worker) {
  build *b = ctx;
  build_worker *w = &b->workers[worker];
  uint32_t note = (uint32_t)(b->first + i);
  lan_status s = b->step(b, w, worker, note);
  if (s != LAN_OK) note_failure(&b->drafts[note], s, &w->error);
}

/* Does a step for each note, telling how far it is. */
static lan_status for_each_note(build *b, lan_phase phase, build_step step, lan_error *err) {
  size_t n = b->out->cat.n_notes;
  lan_status s = tell(b->job, phase, 0, n, err);
  b->step = step;
  for (b->first = 0; s == LAN_OK && b->first < n;) {
    size_t count = n - b->first < PROGRESS_STEP ? n - b->first : PROGRESS_STEP;
    lan_pool_run(b->job->pool, count, note_task, b);
    b->first += count;
    s = tell(b->job, phase, b->first, n, err);
  }
  return s;
}

/* Files that could not be read become skips; anything else that failed ends the building. */
static lan_status collect_failures(build *b, lan_error *err) {
  for (uint32_t i = 0; i < b->out->cat.n_notes; i++) {
    draft *d = &b->drafts[i];
    if (d->status == LAN_OK) continue;
    const char *message = d->error ? d->error->message : "out of memory";
    bool of_the_file =
        d->status == LAN_EIO || d->status == LAN_ENOTFOUND || d->status == LAN_ELIMIT;
    if (!of_the_file) return lan_fail(err, d->status, "%s", message);
    lan_status s = index_add_skip(b->job->skips, b->job->skip_arena, b->out->cat.notes[i].path,
                                  lan_str_of(message), true, err);
    if (s != LAN_OK) return s;
    d->status = LAN_OK; /* told once */
  }
  return LAN_OK;
}

static lan_str part_of(const lan_buf *b, size_t start, size_t len) {
  return len ? (lan_str){b->data + start, len} : (lan_str){"", 0};
}

static lan_status decode_facts(build *b, uint32_t note, facts *f, lan_error *err) {
  const draft *d = &b->drafts[note];
  facts_reset(f);
  if (d->facts_len == 0) return LAN_OK;
  lan_str bytes = part_of(&b->workers[d->reader].facts, d->facts, d->facts_len);
  return facts_decode(bytes.ptr, bytes.len, f, err);
}

static lan_status collect_aliases(build *b, lan_error *err) {
  facts f = {0};
  lan_status s = LAN_OK;
  for (uint32_t i = 0; s == LAN_OK && i < b->out->cat.n_notes; i++) {
    b->out->cat.notes[i].hash = b->drafts[i].hash;
    if (b->drafts[i].n_aliases == 0) continue;
    s = decode_facts(b, i, &f, err);
    if (s == LAN_OK)
      s = catalog_set_aliases(&b->out->cat, i, f.aliases.data, (uint32_t)f.aliases.len, err);
  }
  facts_free(&f);
  return s;
}

static lan_status mentions_of(build *b, uint32_t note, mention_list *out, lan_error *err) {
  const draft *d = &b->drafts[note];
  out->len = 0;
  lan_str bytes = part_of(&b->workers[d->scanner].mention_rows, d->mentions, d->mentions_len);
  unpack u = {bytes.ptr, bytes.ptr + bytes.len, false};
  uint32_t n = bytes.len ? unpack_count(&u, 9) : 0;
  if (!VEC_RESERVE(out, n)) return lan_fail_memory(err, n * sizeof(mention));
  for (uint32_t i = 0; i < n; i++) {
    uint64_t key = unpack_fixed(&u);
    out->data[out->len++] = (mention){key, (uint32_t)unpack_number(&u)};
  }
  return LAN_OK;
}

static lan_status build_network(build *b, lan_error *err) {
  memory_index *out = b->out;
  network_builder nb = {0};
  names *files = NULL;
  facts f = {0};
  mention_list mentions = {0};
  lan_status s = index_files(&out->cat, &files, err);
  if (s == LAN_OK) s = network_builder_init(&nb, &out->cat, files, &b->names, &out->net, err);
  for (uint32_t i = 0; s == LAN_OK && i < out->cat.n_notes; i++) {
    s = decode_facts(b, i, &f, err);
    if (s == LAN_OK) s = mentions_of(b, i, &mentions, err);
    if (s == LAN_OK) s = network_builder_add(&nb, i, &f, mentions.data, mentions.len, err);
  }
  if (s == LAN_OK) s = network_finish(&nb, err);
  network_builder_free(&nb);
  facts_free(&f);
  VEC_FREE(&mentions);
  names_free(files);
  return s;
}

/* The network and the word index need nothing of each other. */
static void assemble_task(void *ctx, size_t i, size_t worker) {
  build *b = ctx;
  (void)worker;
  b->part[i].status = i == 0 ? build_network(b, &b->part[0].error)
                             : bm25_builder_finish(b->words, b->out->cat.n_notes, &b->out->words,
                                                   &b->part[1].error);
}

static lan_status assemble(build *b, lan_error *err) {
  lan_status s = tell(b->job, LAN_PHASE_BUILD, 0, 0, err);
  if (s != LAN_OK) return s;
  lan_pool_run(b->job->pool, 2, assemble_task, b);
  for (size_t i = 0; i < 2; i++) {
    if (b->part[i].status != LAN_OK) {
      return lan_fail(err, b->part[i].status, "%s", b->part[i].error.message);
    }
  }
  return LAN_OK;
}

static void build_cleanup(build *b) {
  for (size_t i = 0; b->workers && i < b->n_workers; i++) {
    build_worker *w = &b->workers[i];
    reader_free(&w->reader);
    mention_scan_free(&w->scan);
    VEC_FREE(&w->mentions);
    lan_buf_free(&w->facts);
    lan_buf_free(&w->prose);
    lan_buf_free(&w->mention_rows);
  }
  for (uint32_t i = 0; b->drafts && i < b->out->cat.n_notes; i++) free(b->drafts[i].error);
  free(b->workers);
  free(b->drafts);
  bm25_builder_free(b->words);
  phrase_set_free(b->set);
  mention_names_free(&b->names);
}

static lan_status build_init(build *b, lan_error *err) {
  b->n_workers = lan_pool_size(b->job->pool);
  b->drafts = lan_alloc_zeroed(b->out->cat.n_notes, sizeof *b->drafts);
  b->workers = lan_alloc_zeroed(b->n_workers, sizeof *b->workers);
  if (!b->drafts || !b->workers) return lan_fail_memory(err, 0);
  return bm25_builder_new(b->n_workers, &b->words, err);
}

lan_status index_build(index_job *job, catalog *cat, memory_index *out, lan_error *err) {
  memory_index fresh = {.cat = *cat};
  *cat = (catalog){0};
  build b = {.job = job, .out = &fresh};
  lan_status s = build_init(&b, err);
  if (s == LAN_OK) s = for_each_note(&b, LAN_PHASE_READ, draft_note, err);
  if (s == LAN_OK) s = collect_failures(&b, err);
  if (s == LAN_OK) s = collect_aliases(&b, err);
  if (s == LAN_OK) s = mention_names_new(&fresh.cat, &b.names, err);
  if (s == LAN_OK) s = mention_matcher(&b.names, NULL, &b.set, err);
  if (s == LAN_OK) s = for_each_note(&b, LAN_PHASE_LINK, scan_note, err);
  if (s == LAN_OK) s = collect_failures(&b, err);
  if (s == LAN_OK) s = assemble(&b, err);
  build_cleanup(&b);
  if (s != LAN_OK) {
    index_free(&fresh);
    return s;
  }
  *out = fresh;
  return LAN_OK;
}
