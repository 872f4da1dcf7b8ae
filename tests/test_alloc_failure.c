/* Every module with memory running out at each allocation in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/thread.h"
#include "base/vec.h"
#include "data/loader.h"
#include "graph/edgelist.h"
#include "image/resize.h"
#include "lantoa/memory.h"
#include "lantoa/spread.h"
#include "lantoa/train.h"
#include "lib/fail_alloc.h"
#include "lib/handed_notes.h"
#include "lib/pictures.h"
#include "lib/scratch.h"
#include "net/check_cases.h"
#include "net/safetensors.h"
#include "store/index_db.h"
#include "store/memory_db.h"
#include "text/bm25.h"
#include "text/phrase.h"
#include "text/words.h"
#include "vault/facts.h"
#include "vault/names.h"
#include "vault/walk.h"

static const char NOTE[] =
    "---\n"
    "aliases: [Café, \"quán [[Trà sữa]]\"]\n"
    "tags:\n  - đồ-uống\n  - sáng\n"
    "---\n"
    "# Cà phê buổi sáng\n\n"
    "Uống với [[Bạn bè|bạn]] ở [quán](Qu%C3%A1n.md#Giờ), ![[ly.png|200]] #sáng/sớm ^ý\n\n"
    "- [x] rang `[[không phải]]`\n\n```\n[[code]]\n```\nhttps://example.org/ và **Trà sữa**.\n";

static const char CANVAS[] =
    "{\"nodes\":[{\"id\":\"a\",\"type\":\"file\",\"file\":\"Cà phê.md\",\"x\":0,\"y\":0},"
    "{\"id\":\"b\",\"type\":\"file\",\"file\":\"Trà sữa.md\",\"x\":1,\"y\":0},"
    "{\"id\":\"c\",\"type\":\"text\",\"text\":\"xem [[Bạn bè]] #sáng\",\"x\":1,\"y\":0}],"
    "\"edges\":[{\"id\":\"e\",\"fromNode\":\"a\",\"toNode\":\"b\",\"label\":\"hay\"}]}";

/* ---- base ---- */

static lan_status base_strings(void *ctx, lan_error *err) {
  (void)ctx;
  lan_buf b = {0};
  lan_arena a = {0};
  lan_map m = {0};
  VEC(int) v = {0};
  bool ok = true;
  for (int i = 0; i < 2000; i++) lan_buf_printf(&b, "%d ", i);
  for (size_t i = 0; ok && i < 60; i++) ok = lan_arena_alloc(&a, 100 * i, 1) != NULL;
  for (uint32_t i = 0; ok && i < 100; i++) {
    uint32_t *slot = lan_map_put(&m, i);
    ok = slot != NULL;
    if (slot) *slot = i;
  }
  for (int i = 0; ok && i < 100; i++) ok = VEC_PUSH(&v, i);
  ok = ok && !b.failed;
  lan_buf_free(&b);
  lan_arena_free(&a);
  lan_map_free(&m);
  VEC_FREE(&v);
  return ok ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status base_files(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "file");
  lan_buf b = {0};
  lan_status s = lan_file_write(path, "lan tỏa", 9, err);
  if (s == LAN_OK) s = lan_file_read(path, 100, &b, err);
  if (s == LAN_OK) assert_string_equal(b.data, "lan tỏa");
  if (s == LAN_OK) s = lan_dir_make(scratch_path(ctx, "a/b"), err);
  lan_buf_clear(&b);
  if (s == LAN_OK) s = lan_dir_cache(&b, err);
  lan_buf_free(&b);
  return s;
}

static lan_status base_pool(void *ctx, lan_error *err) {
  (void)ctx;
  lan_pool *pool;
  lan_status s = lan_pool_new(2, &pool, err);
  if (s == LAN_OK) lan_pool_free(pool);
  return s;
}

static void base(void **state) {
  assert_true(fail_alloc_each("strings", base_strings, state) > 20);
  fail_alloc_each("files", base_files, state);
  assert_true(fail_alloc_each("pool", base_pool, state) >= 1);
}

/* ---- text ---- */

static lan_status text_search(void *ctx, lan_error *err) {
  (void)ctx;
  static const char *const docs[] = {"cà phê buổi sáng", "trà sữa buổi chiều", "咖啡 和 茶"};
  bm25_builder *builder = NULL;
  bm25_index *index = NULL, *opened = NULL;
  bm25_counter counter = {0};
  lan_status s = bm25_builder_new(1, &builder, err);
  for (uint32_t d = 0; s == LAN_OK && d < 3; d++) {
    bm25_counter_begin(&counter);
    bm25_counter_add(&counter, docs[d], strlen(docs[d]), 1);
    bm25_doc doc = {counter.terms, counter.n_terms, counter.length};
    s = counter.failed ? lan_fail_memory(err, 0) : bm25_builder_add(builder, 0, d, &doc, err);
  }
  if (s == LAN_OK) s = bm25_builder_finish(builder, 3, &index, err);
  bm25_builder_free(builder);
  if (s == LAN_OK) {
    lan_str block = bm25_bytes(index);
    s = bm25_open(block.ptr, block.len, &opened, err);
  }
  if (s == LAN_OK) {
    bm25_term term = {5, 5, 1};
    bm25_doc doc = {&term, 1, 1};
    s = bm25_replace(opened, 1, &doc, err);
  }
  if (s == LAN_OK) {
    float scores[3] = {0};
    uint32_t touched[3], n;
    bm25_query_term q = {5, 1.0f};
    s = bm25_score(opened, (bm25_params){1.2f, 0.75f}, &q, 1, scores, touched, &n);
    if (s == LAN_OK) assert_true(n == 1 && touched[0] == 1);
    if (s != LAN_OK) lan_fail(err, s, "scoring");
  }
  bm25_counter_free(&counter);
  bm25_free(opened);
  bm25_free(index);
  return s;
}

static void count_match(void *ctx, const phrase_match *m) {
  (void)m;
  ++*(int *)ctx;
}

static lan_status text_phrases(void *ctx, lan_error *err) {
  (void)ctx;
  const lan_str phrases[] = {LAN_STR("cà phê"), LAN_STR("C++"), LAN_STR("咖啡")};
  static const char text[] = "C++ và Cà Phê, 咖啡";
  phrase_set *set = NULL;
  phrase_scratch scratch = {0};
  int n = 0;
  lan_status s = phrase_set_new(phrases, 3, &set, err);
  if (s == LAN_OK) {
    s = phrase_scan(set, text, sizeof text - 1, &scratch, count_match, &n);
    if (s == LAN_OK) assert_int_equal(n, 3);
    if (s != LAN_OK) lan_fail(err, s, "scanning");
    phrase_set_free(set);
  }
  phrase_scratch_free(&scratch);
  return s;
}

static void text(void **state) {
  assert_true(fail_alloc_each("bm25", text_search, state) > 5);
  assert_true(fail_alloc_each("phrases", text_phrases, state) > 2);
}

/* ---- graph, spread ---- */

static lan_status graph_lists(void *ctx, lan_error *err) {
  (void)ctx;
  static const char list[] = "from,to,weight\ncà phê,trà,1\n\"trà, sữa\",cà phê,2\n";
  edgelist e;
  edgelist_options o = {1};
  lan_status s = edgelist_parse(list, sizeof list - 1, "list.csv", &o, &e, err);
  if (s != LAN_OK) return s;
  assert_int_equal(e.graph.n_nodes, 3);
  assert_int_equal(e.graph.n_edges, 4);
  lan_graph turned;
  s = lan_graph_transpose(&e.graph, &turned, err);
  if (s == LAN_OK) lan_graph_free(&turned);
  edgelist_free(&e);
  return s;
}

static int every_step(void *ctx, uint32_t t, const lan_activation *a, size_t n) {
  (void)ctx, (void)t, (void)a, (void)n;
  return 0;
}

static lan_status spread_from(const lan_graph *g, lan_spreader *sp, lan_error *err) {
  lan_spread_model m = lan_spread_preset(LAN_PRESET_MEMORY);
  lan_cue cue = {0, 1.0f};
  const lan_activation *all;
  const lan_route *routes;
  size_t n, n_routes, offsets[] = {0, 1}, counts[1];
  lan_activation top[4];
  lan_status s = lan_spread(sp, &m, &cue, 1, &all, &n, NULL, err);
  if (s == LAN_OK) assert_true(n >= 1);
  if (s == LAN_OK) s = lan_spread_steps(sp, &m, &cue, 1, every_step, NULL, err);
  if (s == LAN_OK) {
    s = lan_spread_routes(sp, &m, &cue, 1, 2, 3, 0, &routes, &n_routes, err);
    if (s == LAN_OK) assert_true(n_routes > 0);
  }
  if (s == LAN_OK) s = lan_spread_batch(g, &m, &cue, offsets, 1, 4, top, counts, 2, err);
  return s;
}

static lan_status spread_all(void *ctx, lan_error *err) {
  const lan_graph *g = ctx;
  lan_spreader *sp;
  lan_spread_plan *plan;
  lan_status s = lan_spreader_new(g, &sp, err);
  if (s != LAN_OK) return s;
  s = spread_from(g, sp, err);
  lan_spreader_free(sp);
  lan_spread_model m = lan_spread_preset(LAN_PRESET_PPR);
  if (s == LAN_OK) s = lan_spread_plan_new(g, &m, 2, &plan, err);
  if (s == LAN_OK) {
    double a[4] = {1.0, 0, 0, 0};
    s = lan_spread_plan_run(plan, a, NULL, err);
    lan_spread_plan_free(plan);
  }
  return s;
}

/* The second call on a spreader allocates nothing. */
static lan_status spread_warm(void *ctx, lan_error *err) {
  const lan_activation *all;
  lan_activation top[2];
  size_t n;
  for (int preset = LAN_PRESET_MEMORY; preset <= LAN_PRESET_HEAT; preset++) {
    lan_spread_model m = lan_spread_preset((lan_preset)preset);
    lan_cue cue = {0, 1.0f};
    lan_status s = lan_spread(ctx, &m, &cue, 1, &all, &n, NULL, err);
    if (s == LAN_OK) s = lan_spread_steps(ctx, &m, &cue, 1, every_step, NULL, err);
    if (s != LAN_OK) return s;
    assert_true(lan_spread_top(all, n, NULL, 0, top, 2) > 0);
  }
  return LAN_OK;
}

static lan_status spread_learn(void *ctx, lan_error *err) {
  lan_conductances c;
  lan_spread_learn_options o = {.seed = 1, .threads = 1};
  return lan_spread_learn(ctx, &o, &c, NULL, err);
}

static void graph_and_spread(void **state) {
  static const lan_edge edges[] = {
      {0, 1, 1.0f, 0}, {1, 2, 1.0f, 1}, {2, 3, 2.0f, 0}, {0, 2, 1.0f, 0}};
  lan_graph g;
  assert_true(fail_alloc_each("lists", graph_lists, state) > 3);
  assert_int_equal(lan_graph_build(4, edges, 4, &g, NULL), LAN_OK);
  assert_true(fail_alloc_each("spread", spread_all, &g) > 5);
  lan_spreader *sp;
  assert_int_equal(lan_spreader_new(&g, &sp, NULL), LAN_OK);
  assert_int_equal(spread_warm(sp, NULL), LAN_OK);
  assert_int_equal(fail_alloc_each("warm spread", spread_warm, sp), 0);
  lan_spreader_free(sp);
  lan_graph_free(&g);

  lan_edge ring[60];
  for (uint32_t e = 0; e < 60; e++) ring[e] = (lan_edge){e / 3, (e / 3 + 1 + e % 3) % 20, 1, 0};
  assert_int_equal(lan_graph_build(20, ring, 60, &g, NULL), LAN_OK);
  assert_true(fail_alloc_each("learnt conductances", spread_learn, &g) > 30);
  lan_graph_free(&g);
}

/* ---- vault ---- */

static lan_status vault_note(void *ctx, lan_error *err) {
  (void)ctx;
  facts f = {0}, back = {0};
  lan_buf b = {0}, mended = {0};
  lan_status s = facts_parse_note(NOTE, sizeof NOTE - 1, &f, err);
  if (s == LAN_OK) assert_int_equal(f.aliases.len, 2);
  if (s == LAN_OK) s = facts_encode(&f, &b, err);
  if (s == LAN_OK) s = facts_decode(b.data, b.len, &back, err);
  if (s == LAN_OK) assert_int_equal(back.links.len, f.links.len);
  facts_free(&f);
  facts_free(&back);
  lan_buf_free(&b);
  lan_buf_free(&mended);
  return s;
}

static lan_status vault_canvas(void *ctx, lan_error *err) {
  (void)ctx;
  facts f = {0};
  lan_status s = facts_parse_canvas(CANVAS, sizeof CANVAS - 1, &f, err);
  if (s == LAN_OK) assert_true(f.links.len >= 3);
  facts_free(&f);
  return s;
}

static lan_status vault_files(void *ctx, lan_error *err) {
  walk_result r = {0};
  names *n = NULL;
  const lan_str paths[] = {LAN_STR("Cà phê.md"), LAN_STR("b/Cà phê.md"), LAN_STR("b/x.png")};
  lan_status s = walk_vault(scratch_path(ctx, "vault"), NULL, 0, &r, err);
  if (s == LAN_OK) assert_int_equal(r.files.len, 3);
  walk_free(&r);
  if (s == LAN_OK) s = names_new(paths, 3, &n, err);
  if (s == LAN_OK) {
    fail_alloc_off();
    assert_int_equal(names_resolve(n, LAN_STR("Khác.md"), LAN_STR("cà PHÊ"), NULL), 0);
    names_free(n);
  }
  return s;
}

static void make_vault(void **state) {
  assert_int_equal(mkdir(scratch_path(state, "vault"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "vault/.obsidian"), 0700), 0);
  scratch_write(scratch_path(state, "vault/.obsidian/app.json"), "{\"userIgnoreFilters\":[\"x/\"]}",
                28);
  scratch_write(scratch_path(state, "vault/Cà phê.md"), NOTE, sizeof NOTE - 1);
  scratch_write(scratch_path(state, "vault/Trà sữa.md"), "# Trà\n[[Cà phê]] và trà", 26);
  scratch_write(scratch_path(state, "vault/Bảng.canvas"), CANVAS, sizeof CANVAS - 1);
}

static void vault(void **state) {
  make_vault(state);
  assert_true(fail_alloc_each("note", vault_note, state) > 5);
  assert_true(fail_alloc_each("canvas", vault_canvas, state) > 5);
  assert_true(fail_alloc_each("files", vault_files, state) > 5);
}

/* ---- store ---- */

static lan_status store_cache(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "index.db");
  index_writer *w;
  index_db *db = NULL;
  void *data = NULL;
  size_t len;
  lan_status s = index_writer_new(path, "identity", &w, err);
  if (s != LAN_OK) return s;
  s = index_writer_put(w, "words", LAN_STR("some words"), err);
  if (s == LAN_OK) {
    s = index_writer_finish(w, err);
  } else {
    index_writer_abandon(w);
  }
  if (s == LAN_OK) s = index_db_open(path, "identity", &db, err);
  if (s == LAN_OK) s = index_db_section(db, "words", &data, &len, err);
  if (s == LAN_OK) assert_memory_equal(data, "some words", len);
  free(data);
  index_db_close(db);
  return s;
}

static lan_status store_memory(void *ctx, lan_error *err) {
  memory_db *db;
  memory_db_counts counts;
  lan_status s = memory_db_open(scratch_path(ctx, "memory.db"), &db, err);
  if (s != LAN_OK) return s;
  s = memory_db_count(db, &counts, err);
  if (s == LAN_OK) assert_int_equal(counts.opens, 0);
  memory_db_close(db);
  return s;
}

static bool pass_over(void *ctx, const memory_event *event) {
  (void)ctx, (void)event;
  return true;
}

static lan_status store_events(void *ctx, lan_error *err) {
  memory_db *db;
  memory_event open = {MEMORY_OPENED, 1, LAN_STR("a"), LAN_STR("b"), LAN_STR("test"), 0};
  memory_event said = {MEMORY_VERDICT, 1, LAN_STR("a"), LAN_STR("b"), LAN_STR(""), VERDICT_BAD};
  memory_span ever = MEMORY_EVER;
  lan_buf b = {0};
  uint64_t n;
  bool done;
  lan_status s = memory_db_open(scratch_path(ctx, "memory.db"), &db, err);
  if (s != LAN_OK) return s;
  s = memory_db_begin(db, err);
  if (s == LAN_OK) {
    s = memory_db_add_open(db, &open, err);
    if (s == LAN_OK) s = memory_db_merge(db, &said, &done, err);
    if (s == LAN_OK) s = memory_db_set_verdict(db, &said, &done, err);
    s = memory_db_end(db, s, err);
  }
  if (s == LAN_OK) {
    s = memory_db_each(db, MEMORY_OPENED | MEMORY_VERDICT, &ever, MEMORY_NEWEST_FIRST, 0, pass_over,
                       NULL, err);
  }
  if (s == LAN_OK) s = memory_db_put_weights(db, "w", LAN_STR("some weights"), 1, err);
  if (s == LAN_OK) s = memory_db_get_weights(db, "w", &b, NULL, err);
  if (s == LAN_OK) s = memory_db_put_setting(db, "s", "value", err);
  if (s == LAN_OK) s = memory_db_get_setting(db, "s", &b, err);
  if (s == LAN_OK) s = memory_db_weight_names(db, &b, err);
  if (s == LAN_OK) assert_memory_equal(b.data, "some weightsvaluew", 19);
  if (s == LAN_OK) s = memory_db_check(db, err);
  if (s == LAN_OK) s = memory_db_forget(db, &ever, &n, err);
  lan_buf_free(&b);
  memory_db_close(db);
  return s;
}

static void store(void **state) {
  assert_true(fail_alloc_each("cache", store_cache, state) > 20);
  assert_true(fail_alloc_each("memory.db", store_memory, state) > 20);
  assert_true(fail_alloc_each("events", store_events, state) > 50);
  /* No file was left over by a writer that ran out of memory. */
  assert_int_equal(store_cache(state, NULL), LAN_OK);
  assert_int_equal(scratch_count(*state), 2);
}

/* ---- memory ---- */

static lan_status ask(lan_memory *m, lan_error *err) {
  const lan_result *results;
  const lan_suggestion *suggestions;
  const lan_defect *defects;
  const lan_path *paths;
  const lan_why *why;
  const lan_activity *activity;
  const char *bytes;
  int fd;
  size_t n;
  uint32_t coffee, tea, found[2];
  lan_status s = lan_memory_find(m, "Cà phê", &coffee, err);
  if (s == LAN_OK) s = lan_memory_find(m, "tra sua", &tea, err);
  if (s == LAN_OK) s = lan_memory_related(m, coffee, NULL, &results, &n, err);
  if (s == LAN_OK) assert_true(n > 0);
  if (s == LAN_OK) s = lan_memory_why(m, 0, &why, err);
  const lan_picture *pictures;
  lan_label cup = {"ly cà phê", 0.9f};
  if (s == LAN_OK) s = lan_memory_pictures(m, "model", &pictures, &n, err);
  if (s == LAN_OK) {
    assert_int_equal(n, 1);
    s = lan_memory_label_picture(m, pictures[0].path, "model", &cup, 1, err);
  }
  if (s == LAN_OK) s = lan_memory_recall_labels(m, &cup, 1, NULL, &results, &n, err);
  if (s == LAN_OK) s = lan_memory_recall(m, "ca phe sáng", NULL, &results, &n, err);
  if (s == LAN_OK) assert_true(n > 0);
  if (s == LAN_OK) s = lan_memory_why(m, 0, &why, err);
  if (s == LAN_OK) s = lan_memory_activity(m, 5, &activity, err);
  if (s == LAN_OK) assert_true(activity->n_nodes == 5);
  if (s == LAN_OK) s = lan_memory_paths(m, coffee, tea, 3, &paths, &n, err);
  if (s == LAN_OK) assert_true(n > 0);
  if (s == LAN_OK) s = lan_memory_suggest(m, UINT32_MAX, 10, &suggestions, &n, err);
  if (s == LAN_OK) s = lan_memory_doctor(m, &defects, &n, err);
  if (s == LAN_OK) s = lan_memory_search(m, "ca ph", 2, found, &n, err);
  if (s == LAN_OK) assert_true(n > 0);
  if (s == LAN_OK) s = lan_memory_read(m, found[0], 10, &bytes, &n, &n, err);
  if (s == LAN_OK) s = lan_memory_watch(m, &fd, err);
  if (s == LAN_OK) s = lan_memory_refresh(m, NULL, err);
  return s;
}

/* Through a handle, before and after the memory changes. */
static lan_status ask_beside(lan_memory *m, lan_error *err) {
  const lan_result *results;
  lan_memory *h = NULL;
  size_t n;
  lan_status s = lan_memory_share(m, &h, err);
  if (s != LAN_OK) return s;
  if (s == LAN_OK) s = lan_memory_recall(h, "ca phe sáng", NULL, &results, &n, err);
  if (s == LAN_OK) s = lan_memory_opened(m, 0, 1, 0, err);
  if (s == LAN_OK) s = lan_memory_follow(h, err);
  if (s == LAN_OK) s = lan_memory_related(h, 0, NULL, &results, &n, err);
  if (s == LAN_OK) assert_true(n > 0);
  lan_memory_close(h);
  return s;
}

static lan_status memory_whole(void *ctx, lan_error *err) {
  lan_memory *m;
  lan_memory_options o = {.cache_dir = scratch_path(ctx, "cache"),
                          .data_dir = scratch_path(ctx, "data"),
                          .n_threads = 1};
  lan_status s = lan_memory_open(scratch_path(ctx, "vault"), &o, &m, err);
  if (s != LAN_OK) return s;
  assert_int_equal(lan_memory_size(m), 3);
  s = ask(m, err);
  if (s == LAN_OK) s = ask_beside(m, err);
  lan_memory_close(m);
  return s;
}

static lan_status memory_anew(void *ctx, lan_error *err) {
  lan_memory *m;
  lan_memory_options o = {.no_cache = 1, .data_dir = scratch_path(ctx, "data"), .n_threads = 2};
  lan_status s = lan_memory_open(scratch_path(ctx, "vault"), &o, &m, err);
  if (s == LAN_OK) {
    assert_int_equal(lan_memory_size(m), 3);
    lan_memory_close(m);
  }
  return s;
}

static lan_status memory_handed(void *ctx, lan_error *err) {
  handed_notes h = handed_notes_new();
  memory_records nothing = {NULL, NULL, NULL};
  lan_memory *m = NULL;
  lan_str path = lan_str_of(h.notes[0].path);
  const lan_result *results;
  const lan_why *why;
  size_t n = 0;
  bool done = false;
  (void)ctx;
  lan_status s = handed_new(&h.source, &nothing, &m, err);
  if (s == LAN_OK) s = handed_notes_index(&h, m, err);
  h.notes[0].text = "Ở [[Quán]] và `nhà`.";
  if (s == LAN_OK) s = handed_change(m, &path, 1, &done, err);
  if (s == LAN_OK && !done) s = handed_notes_index(&h, m, err);
  if (s == LAN_OK) s = lan_memory_recall(m, "ca phe", NULL, &results, &n, err);
  if (s == LAN_OK) s = lan_memory_related(m, handed_find(m, path), NULL, &results, &n, err);
  if (s == LAN_OK) assert_true(n > 0);
  if (s == LAN_OK) s = lan_memory_why(m, 0, &why, err);
  handed_free(m);
  return s;
}

static void memory(void **state) {
  make_vault(state);
  scratch_write(scratch_path(state, "vault/ly.png"), "PNG", 3);
  assert_true(fail_alloc_each("a cached vault", memory_whole, state) > 100);
  assert_true(fail_alloc_each("a new vault", memory_anew, state) > 100);
  assert_true(fail_alloc_each("notes that are handed in", memory_handed, state) > 100);
}

/* ---- net's files ---- */

static lan_status model_file(void *ctx, lan_error *err) {
  const char *path = scratch_path(ctx, "m.safetensors");
  static const float weights[4] = {1, 2, 3, 4};
  static const uint64_t shape[2] = {2, 2};
  const safetensors_source tensors[] = {{"a", SAFETENSORS_F32, 2, shape, weights},
                                        {"b", SAFETENSORS_F32, 1, shape, weights}};
  const safetensors_text text = {"model", "dense 10"};
  safetensors *st;
  lan_status s = safetensors_write(path, tensors, 2, &text, 1, err);
  if (s == LAN_OK) s = safetensors_open(path, &st, err);
  if (s != LAN_OK) return s;
  assert_int_equal(safetensors_count(st), 2);
  assert_string_equal(safetensors_metadata(st, "model"), "dense 10");
  safetensors_close(st);
  return LAN_OK;
}

static void net_files(void **state) {
  assert_true(fail_alloc_each("a model file", model_file, state) > 8);
}

/* ---- image and data ---- */

static lan_status read_picture(void *ctx, lan_error *err) {
  picture p;
  resizer r = {0};
  uint8_t planes[3 * 5 * 4];
  lan_status s = picture_read(ctx, &(picture_wish){.channels = 3}, &p, err);
  if (s != LAN_OK) return s;
  bool fitted = picture_fit(&p, PICTURE_FIT_COVER, 3, 5, 4, &r, planes);
  picture_free(&p);
  resizer_free(&r);
  return fitted ? LAN_OK : lan_fail_memory(err, 0);
}

static void make_pictures(void **state) {
  uint8_t *p = pictures_pixels(16, 12, 1);
  jpeg_kind inks = {.channels = 4, .orientation = 6}, grey = {.channels = 1};
  static const unsigned char interlaced[] = {
#include "lib/interlaced_png.h"
  };
  assert_int_equal(mkdir(scratch_path(state, "set"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "set/a"), 0700), 0);
  assert_int_equal(mkdir(scratch_path(state, "set/b"), 0700), 0);
  pictures_write(scratch_path(state, "set/a/inks"), pictures_jpeg(p, 8, 6, inks));
  pictures_write(scratch_path(state, "set/a/grey"), pictures_jpeg(p, 16, 12, grey));
  pictures_write(scratch_path(state, "set/b/png"),
                 pictures_png(p, 16 * 12 * 3, 16, 12, 2, 8, false, NULL, 0));
  pictures_write(scratch_path(state, "set/b/webp"), pictures_webp(p, 8, 6, 4));
  scratch_write(scratch_path(state, "set/b/interlaced"), interlaced, sizeof interlaced);
  scratch_write(scratch_path(state, "set/b/broken"), "GIF89a", 6);
  free(p);
}

static void image(void **state) {
  make_pictures(state);
  static const char *const files[] = {"set/a/inks", "set/a/grey", "set/b/png", "set/b/webp",
                                      "set/b/interlaced"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    assert_true(fail_alloc_each(files[i], read_picture, (void *)scratch_path(state, files[i])) > 5);
  }
}

typedef struct data_case {
  const char *path;
  size_t memory;
  uint32_t n_threads;
  bool table;
} data_case;

static lan_status take_batches(const data_set *set, const data_case *c, lan_error *err) {
  loader *l;
  loader_batch b;
  loader_options o = {.batch = 3, .shuffle = true, .mixup = 1, .n_threads = c->n_threads};
  if (!c->table) o.augment = (augment_options){.flip = true, .scale_from = 0.5f};
  lan_status s = loader_new(set, &o, &l, err);
  if (s != LAN_OK) return s;
  do {
    s = loader_take(l, &b, err);
  } while (s == LAN_OK && b.n);
  loader_free(l);
  return s;
}

static lan_status use_data(void *ctx, lan_error *err) {
  const data_case *c = ctx;
  data_set *set;
  data_options o = {
      .memory = c->memory, .validation = 0.2, .n_threads = 1, .height = 9, .width = 9};
  lan_status s = data_open(c->path, &o, &set, err);
  if (s != LAN_OK) return s;
  assert_int_equal(data_describe(set)->n_classes, 2);
  float *x = malloc(sizeof *x * 9 * 9 * 3);
  uint32_t label;
  s = x ? data_example(set, DATA_TRAIN, 0, x, &label, err) : lan_fail_memory(err, 0);
  free(x);
  if (s == LAN_OK) s = take_batches(set, c, err);
  data_close(set);
  return s;
}

static void data(void **state) {
  static const char idx3[] = "\0\0\10\3\0\0\0\3\0\0\0\1\0\0\0\2abcdef",
                    idx1[] = "\0\0\10\1\0\0\0\3\0\1\0";
  static const char csv[] = "\"p\",kind\n1,a\n2,b\n3.5,a\n4,b\n";
  make_pictures(state);
  scratch_write(scratch_path(state, "x-images"), idx3, sizeof idx3 - 1);
  scratch_write(scratch_path(state, "x-labels"), idx1, sizeof idx1 - 1);
  scratch_write(scratch_path(state, "t.csv"), csv, sizeof csv - 1);
  data_case cases[] = {{scratch_path(state, "set"), 0, 0, false},
                       {scratch_path(state, "set"), 10, 0, false},
                       {scratch_path(state, "set"), 10, 2, false},
                       {scratch_path(state, "x-images"), 0, 0, false},
                       {scratch_path(state, "t.csv"), 0, 2, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(fail_alloc_each("data", use_data, &cases[i]) > 10);
  }
}

/* ---- nets ---- */

/* Built, planned, trained for a step, on the net of a case of the gradient check. */
static lan_status train_case(void *ctx, lan_error *err) {
  const check_case *which = ctx;
  check_net c;
  lan_net_plan *plan = NULL;
  lan_optimizer *opt = NULL;
  lan_net_plan_options options = check_options(which);
  lan_optimizer_options adam = {.kind = LAN_ADAM, .rate = 0.1F};
  options.threads = which == check_cases ? 2 : 1;
  lan_status s = check_build(which, &c, err);
  if (s == LAN_OK) s = lan_net_plan_new(c.net, &options, &plan, err);
  if (s == LAN_OK) s = lan_optimizer_new(plan, &adam, &opt, err);
  if (s == LAN_OK) {
    double loss;
    check_fill_in(&c, plan);
    lan_net_forward(plan, &loss);
    lan_net_backward(plan);
    assert_true(lan_optimizer_step(opt, 0.1F, 1) >= 0 && loss >= 0);
  }
  lan_optimizer_free(opt);
  lan_net_plan_free(plan);
  lan_net_free(c.net);
  return s;
}

static int on_check(void *ctx, const lan_net_check_result *result) {
  (void)ctx;
  assert_true(result->passed);
  return 0;
}

static lan_status check_gradients(void *ctx, lan_error *err) {
  return lan_net_check("last", on_check, ctx, err);
}

static void nets(void **state) {
  for (const check_case *which = check_cases; which->kind; which++) {
    assert_true(fail_alloc_each(which->kind, train_case, (void *)(uintptr_t)which) > 20);
  }
  assert_true(fail_alloc_each("gradient check", check_gradients, state) > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

/* ---- train ---- */

typedef struct train_paths {
  const char *data, *model, *checkpoint, *log, *onnx;
} train_paths;

/* From memory, pictures and rows. */
static lan_status train_on_arrays(void *ctx, lan_error *err) {
  static const float values[8] = {0.1F, 0.9F, 0.2F, 0.8F, 0.3F, 0.7F, 0.4F, 0.6F};
  static const uint32_t labels[8] = {0, 1, 0, 1, 0, 1, 0, 1};
  const lan_examples *e = ctx;
  lan_examples all = {e->shape, e->count, values, labels, 2, NULL};
  lan_model *m = NULL;
  lan_evaluation result = {0};
  lan_train_options o = {.model = "f = reshape(x)\ny = dense(f, units=classes)\n",
                         .epochs = 1,
                         .batch = 2,
                         .threads = 1};
  lan_status s = lan_train_examples(&all, &o, &m, err);
  if (s == LAN_OK) s = lan_model_evaluate_examples(m, &all, 1, &result, err);
  free(result.confusion);
  lan_model_free(m);
  return s;
}

/* Trained, kept, opened and evaluated; with a checkpoint and a log on the way. */
static lan_status train_and_use(void *ctx, lan_error *err) {
  const train_paths *c = ctx;
  lan_model *made = NULL, *opened = NULL;
  lan_evaluation e = {0};
  lan_train_options o = {
      .model = "f = reshape(x)\nb = batch_norm(f)\ny = dense(b, units=classes)\n",
      .epochs = 2,
      .batch = 2,
      .threads = 1,
      .validation = 0.3,
      .checkpoint = c->checkpoint,
      .log = c->log};
  lan_status s = lan_train(c->data, &o, &made, err);
  if (s == LAN_OK) s = lan_model_save(made, c->model, err);
  if (s == LAN_OK) s = lan_model_open(c->model, &opened, err);
  if (s == LAN_OK) s = lan_model_evaluate(opened, c->data, 1, &e, err);
  if (s == LAN_OK) s = lan_model_predict_of(opened, &(float){3}, (float[2]){0}, err);
  if (s == LAN_OK) s = lan_model_export_onnx(opened, c->onnx, err);
  free(e.confusion);
  lan_model_free(made);
  lan_model_free(opened);
  return s;
}

static void train(void **state) {
  static const char csv[] = "p,kind\n1,a\n2,b\n3.5,a\n4,b\n5,a\n6,b\n7,b\n";
  train_paths c = {scratch_path(state, "t.csv"), scratch_path(state, "m"),
                   scratch_path(state, "m.checkpoint"), scratch_path(state, "log"),
                   scratch_path(state, "m.onnx")};
  scratch_write(c.data, csv, sizeof csv - 1);
  assert_true(fail_alloc_each("training", train_and_use, &c) > 50);
  lan_examples rows = {.shape = LAN_SHAPE(1), .count = 8};
  lan_examples pictures = {.shape = LAN_SHAPE(1, 1, 2), .count = 4};
  assert_true(fail_alloc_each("training on rows", train_on_arrays, &rows) > 30);
  assert_true(fail_alloc_each("training on pictures", train_on_arrays, &pictures) > 30);
}

int main(void) {
  fail_alloc_in_sqlite();
  const struct CMUnitTest tests[] = {
      TEST(base),  TEST(text), TEST(graph_and_spread), TEST(vault), TEST(store), TEST(memory),
      TEST(image), TEST(data), TEST(net_files),        TEST(nets),  TEST(train)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
