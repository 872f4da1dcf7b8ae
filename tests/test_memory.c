/* The memory as its users see it: opening, asking, reasons, changes laid over the index. */
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lantoa/memory.h"
#include "lib/scratch.h"

static char vault[512], cache[512], data[512];

static lan_memory_options places(void) {
  return (lan_memory_options){.cache_dir = cache, .data_dir = data, .n_threads = 2};
}

static lan_memory *open_vault(const lan_memory_options *options) {
  lan_memory *m = NULL;
  lan_error err;
  if (lan_memory_open(vault, options, &m, &err) != LAN_OK) fail_msg("%s", err.message);
  return m;
}

static void write_note(const char *name, const char *text) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", vault, name);
  scratch_write(path, text, strlen(text));
}

static const char *const NOTES[][2] = {
    {"Cà phê.md",
     "---\naliases: [coffee]\n---\n# Cà phê\n[[Quán]] mở từ sáng. #đồ-uống Gặp bạn bè ở đó.\n"},
    {"Quán.md", "Quán bán [[Cà phê]] và [[Trà sữa]]. Bạn bè hay ghé.\n"},
    {"Trà sữa.md", "Trà sữa ngọt. #đồ-uống\n"},
    {"Bạn bè.md", "Bạn bè rủ nhau uống cà phê buổi sáng.\n"},
    {"Buổi sáng.md", "Buổi sáng pha [[Cà phê|một ly]].\n"},
    {"Nhân sự.md", "Hồ sơ nhân sự, [[Tuyển dụng]].\n"},
    {"Tuyển dụng.md", "Tuyển dụng cho [[Quán]]. Drinking coffee at work.\n"},
    {"Khác.md", "Một ghi chú không liên quan.\n"},
};

static int set_up(void **state) {
  if (scratch_setup(state) != 0) return -1;
  const char *folder = *state;
  snprintf(vault, sizeof vault, "%s/vault", folder);
  snprintf(cache, sizeof cache, "%s/cache", folder);
  snprintf(data, sizeof data, "%s/data", folder);
  if (mkdir(vault, 0700) != 0) return -1;
  for (size_t i = 0; i < sizeof NOTES / sizeof *NOTES; i++) write_note(NOTES[i][0], NOTES[i][1]);
  return 0;
}

static uint32_t note_called(const lan_memory *m, const char *name) {
  uint32_t note = UINT32_MAX;
  lan_error err;
  if (lan_memory_find(m, name, &note, &err) != LAN_OK) fail_msg("%s", err.message);
  return note;
}

/* The rank of a note in an answer, from 1; 0 if it is not there. */
static size_t rank_of(const lan_memory *m, const lan_result *r, size_t n, const char *title) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(lan_memory_note(m, r[i].note).title, title) == 0) return i + 1;
  }
  return 0;
}

/* The activity's node with a title; NULL if it is not told. */
static const lan_active_node *active(const lan_activity *a, const char *name) {
  for (size_t i = 0; i < a->n_nodes; i++) {
    if (strcmp(a->nodes[i].name, name) == 0) return &a->nodes[i];
  }
  return NULL;
}

static void activation_is_told_step_by_step(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_activity *a;
  const lan_result *r;
  size_t n;
  assert_int_equal(lan_memory_activity(m, 0, &a, NULL), LAN_OK);
  assert_int_equal(a->n_nodes, 0); /* nothing was asked */
  assert_int_equal(lan_memory_related(m, note_called(m, "Buổi sáng"), NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(lan_memory_activity(m, 0, &a, NULL), LAN_OK);
  const lan_active_node *cue = active(a, "Buổi sáng"), *near = active(a, "Cà phê"),
                        *far = active(a, "Quán");
  assert_true(cue && cue->cue && near && !near->cue && far);
  assert_true(cue->activation[0] == 1 && near->activation[0] == 0 && near->activation[1] > 0);
  assert_true(far->activation[1] == 0 && far->activation[2] > 0);
  /* What went over the edges into a node is what came to be there, if all its neighbours are told. */
  for (size_t i = 0; i < a->n_nodes; i++) {
    double in = a->nodes[i].activation[0];
    for (uint32_t t = 0; t < a->steps; t++) {
      for (size_t e = 0; e < a->n_edges; e++) in += a->edges[e].to == i ? a->edges[e].flow[t] : 0;
      assert_true(fabs(in - a->nodes[i].activation[t + 1]) < 1e-6);
    }
  }
  assert_int_equal(lan_memory_activity(m, 3, &a, NULL), LAN_OK);
  assert_int_equal(a->n_nodes, 3);
  assert_true(a->nodes[0].cue);
  lan_memory_close(m);
}

typedef struct told {
  double score, activation, share; /* share: of the first path */
  size_t n_paths;
} told;

/* What is told of `name` as a result for `cue`, in a vault opened anew. */
static told tell_about(const char *cue, const char *name) {
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_activity *a;
  const lan_result *r;
  const lan_why *why;
  size_t n;
  assert_int_equal(lan_memory_related(m, note_called(m, cue), NULL, &r, &n, NULL), LAN_OK);
  size_t rank = rank_of(m, r, n, name);
  assert_true(rank > 0);
  assert_int_equal(lan_memory_why(m, rank - 1, &why, NULL), LAN_OK);
  told t = {.score = r[rank - 1].score, .n_paths = why->n_paths, .share = why->paths[0].share};
  assert_int_equal(lan_memory_activity(m, 0, &a, NULL), LAN_OK);
  const lan_active_node *node = active(a, name);
  assert_non_null(node);
  t.activation = node->activation[a->steps];
  lan_memory_close(m);
  return t;
}

/* A path's share is what is missing of the activation without it; the link goes elsewhere instead, so that nothing
 * else changes at its source. */
static void without_its_first_path_a_note_is_less_active_as_said(void **state) {
  (void)state;
  const char *const folders[] = {"một", "hai", "ba", "bốn"};
  char path[600];
  for (size_t i = 0; i < 4; i++) { /* apart, so that no folder ties them */
    snprintf(path, sizeof path, "%s/%s", vault, folders[i]);
    assert_int_equal(mkdir(path, 0700), 0);
  }
  write_note("một/Suối.md", "[[Sông]] [[Kênh]]\n");
  write_note("hai/Sông.md", "[[Vịnh]]\n");
  write_note("ba/Kênh.md", "[[Vịnh]] [[Đê]] [[Đập]]\n");
  write_note("bốn/Vịnh.md", "Nơi nước dừng lại.\n");
  told before = tell_about("Suối", "Vịnh");
  assert_int_equal(before.n_paths, 2);
  assert_true(before.share > 0.5 && before.share < 1);
  write_note("hai/Sông.md", "[[Ruộng]]\n");
  told after = tell_about("Suối", "Vịnh");
  assert_int_equal(after.n_paths, 1);
  assert_true(fabs(after.share - 1) < 1e-9);
  assert_true(fabs(after.activation - before.activation * (1 - before.share)) < 1e-9);
  assert_true(after.score < before.score);
}

static void a_note_wakes_what_is_tied_to_it(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_result *r;
  size_t n;
  assert_int_equal(lan_memory_related(m, note_called(m, "cà phê"), NULL, &r, &n, NULL), LAN_OK);
  size_t unrelated = rank_of(m, r, n, "Khác");
  if (unrelated == 0) unrelated = n + 1;
  assert_in_range(rank_of(m, r, n, "Quán"), 1, unrelated - 1);
  assert_in_range(rank_of(m, r, n, "Bạn bè"), 1, unrelated - 1);
  assert_in_range(rank_of(m, r, n, "Buổi sáng"), 1, unrelated - 1);
  assert_in_range(rank_of(m, r, n, "Trà sữa"), 1, unrelated - 1);
  assert_int_equal(rank_of(m, r, n, "Cà phê"), 0);
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t s = 0; s < LAN_SIGNALS; s++) sum += (double)r[i].signals[s];
    assert_true(fabs(sum - r[i].score) < 1e-4); /* the parts add up */
    assert_true(i == 0 || r[i - 1].score >= r[i].score);
  }
  lan_memory_close(m);
}

/* Also where so many notes are called to mind that only the best are looked at more closely. */
static void a_picture_counts_for_its_note_alone(void **state) {
  enum { MANY = 700 };
  (void)state;
  write_note("p.png", "no matter");
  write_note("Sọc.md", "![[p.png]]\n");
  for (int i = 0; i < MANY; i++) {
    char name[32];
    snprintf(name, sizeof name, "%d.md", i);
    write_note(name, "[[Sọc]] [[Quán]]\n");
  }
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_result *r;
  size_t n;
  lan_label is = {"zebra", 0.9f};
  assert_int_equal(lan_memory_label_picture(m, "p.png", "m1", &is, 1, NULL), LAN_OK);
  assert_int_equal(lan_memory_recall_labels(m, &is, 1, NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 10);
  size_t rank = rank_of(m, r, n, "Sọc");
  assert_int_not_equal(rank, 0);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(r[i].signals[LAN_SIGNAL_TEXT] > 0, i + 1 == rank);
  }
  lan_memory_close(m);
}

/* What a picture was taken for is what the notes that show it hold. */
static void pictures_wake_their_notes(void **state) {
  (void)state;
  write_note("ảnh 1.jpg", "no matter");
  write_note("ảnh 2.PNG", "no matter");
  write_note("Chiều.md", "![[ảnh 1.jpg]] ![[ảnh 2.PNG]]\n");
  write_note("Tối.md", "![](ảnh%202.PNG)\n");
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_picture *pictures;
  const lan_result *r;
  const char *reason, *bytes;
  size_t n;
  lan_label is[2] = {{"con mèo", 0.9f}, {"con chó", 0.1f}};
  assert_int_equal(lan_memory_pictures(m, "m1", &pictures, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  assert_true(!pictures[0].labelled && !pictures[1].labelled);
  assert_int_equal(lan_memory_read_picture(m, "ảnh 1.jpg", &bytes, &n, NULL), LAN_OK);
  assert_int_equal(n, strlen("no matter"));
  assert_int_equal(lan_memory_read_picture(m, "../cache", &bytes, &n, NULL), LAN_ENOTFOUND);
  assert_int_equal(lan_memory_label_picture(m, "ảnh 3.jpg", "m1", is, 2, NULL), LAN_ENOTFOUND);
  assert_int_equal(lan_memory_label_picture(m, "ảnh 2.PNG", "m1", is, 2, NULL), LAN_OK);
  assert_int_equal(lan_memory_recall(m, "mèo", NULL, &r, &n, NULL), LAN_OK);
  assert_true(n >= 2 && rank_of(m, r, n, "Chiều") <= 2 && rank_of(m, r, n, "Tối") <= 2);
  assert_int_equal(lan_memory_reason(m, 0, &reason, NULL), LAN_OK);
  assert_string_equal(reason, "ảnh 2.PNG shows con mèo");
  assert_int_equal(lan_memory_recall(m, "chó", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 0); /* 0.1 is not what it shows */
  lan_label seen = {"Con Mèo", 1};
  assert_int_equal(lan_memory_recall_labels(m, &seen, 1, NULL, &r, &n, NULL), LAN_OK);
  assert_true(rank_of(m, r, n, "Chiều") > 0 && rank_of(m, r, n, "Tối") > 0);
  lan_memory_close(m);

  m = open_vault(&o); /* it is kept, until the file or the model is another one */
  assert_int_equal(lan_memory_recall(m, "mèo", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  assert_int_equal(lan_memory_pictures(m, "m1", &pictures, &n, NULL), LAN_OK);
  assert_int_equal(pictures[0].labelled + pictures[1].labelled, 1);
  assert_int_equal(lan_memory_pictures(m, "m2", &pictures, &n, NULL), LAN_OK);
  assert_int_equal(pictures[0].labelled + pictures[1].labelled, 0);
  write_note("ảnh 2.PNG", "another one");
  assert_int_equal(lan_memory_pictures(m, "m1", &pictures, &n, NULL), LAN_OK);
  assert_int_equal(pictures[0].labelled + pictures[1].labelled, 0);
  assert_int_equal(lan_memory_forget(m, NULL, &n, NULL), LAN_OK);
  assert_int_equal(lan_memory_refresh(m, NULL, NULL), LAN_OK);
  assert_int_equal(lan_memory_recall(m, "mèo", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 0);
  lan_memory_close(m);
}

static void linked_notes_can_be_left_out(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_result *r;
  size_t n;
  uint32_t note = note_called(m, "Cà phê");
  lan_query no = {.linked = LAN_LINKED_NO}, only = {.linked = LAN_LINKED_ONLY};
  assert_int_equal(lan_memory_related(m, note, &no, &r, &n, NULL), LAN_OK);
  for (size_t i = 0; i < n; i++) assert_int_equal(r[i].linked, 0);
  assert_int_not_equal(rank_of(m, r, n, "Bạn bè"), 0);
  assert_int_equal(lan_memory_related(m, note, &only, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 2);
  assert_int_equal(r[rank_of(m, r, n, "Quán") - 1].linked, LAN_LINK_OUT | LAN_LINK_IN);
  assert_int_equal(r[rank_of(m, r, n, "Buổi sáng") - 1].linked, LAN_LINK_IN);
  lan_memory_close(m);
}

static void reasons_show_the_sentence(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_result *r;
  const lan_why *why;
  const char *reason;
  size_t n;
  assert_int_equal(lan_memory_related(m, note_called(m, "Cà phê"), NULL, &r, &n, NULL), LAN_OK);
  size_t i = rank_of(m, r, n, "Bạn bè") - 1;
  assert_int_equal(lan_memory_reason(m, i, &reason, NULL), LAN_OK);
  assert_string_equal(reason, "named in Cà phê");
  assert_int_equal(lan_memory_why(m, i, &why, NULL), LAN_OK);
  assert_true(why->n_paths > 0 && why->n_sentences > 0);
  assert_non_null(
      strstr(why->sentences[0].text, why->sentences[0].path[0] == 'C' ? "bạn bè" : "cà phê"));
  double shares = 0;
  for (size_t p = 0; p < why->n_paths; p++) shares += why->paths[p].share;
  assert_true(shares > 0 && shares <= 1 + 1e-9);
  assert_int_equal(lan_memory_why(m, n, &why, NULL), LAN_ERANGE);
  lan_memory_close(m);
}

static void words_without_accents_find_accented_ones(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_result *r;
  size_t n;
  assert_int_equal(lan_memory_recall(m, "ca phe", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(rank_of(m, r, n, "Cà phê"), 1);
  assert_int_equal(lan_memory_recall(m, "tra sua", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(rank_of(m, r, n, "Trà sữa"), 1);
  assert_int_equal(lan_memory_recall(m, "xyzzy", NULL, &r, &n, NULL), LAN_OK);
  assert_int_equal(n, 0);
  lan_memory_close(m);
}

static void names_are_found_in_every_way(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  uint32_t coffee = note_called(m, "Cà phê.md"), found;
  static const char *const ways[] = {"Cà phê", "CÀ PHÊ", "ca phe", "coffee",
                                     "Ca\xCC\x80 phe\xCC\x82"};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    assert_int_equal(note_called(m, ways[i]), coffee);
  }
  lan_error err;
  assert_int_equal(lan_memory_find(m, "Cà phe sữa", &found, &err), LAN_ENOTFOUND);
  assert_non_null(strstr(err.message, "did you mean"));
  assert_int_equal(lan_memory_find(m, "u", &found, &err), LAN_EAMBIGUOUS);
  assert_int_equal(lan_memory_find(m, "", &found, &err), LAN_ENOTFOUND);
  lan_memory_close(m);
}

/* The titles that a beginning finds, joined by commas. */
static void assert_search(lan_memory *m, const char *text, const char *wanted) {
  uint32_t notes[3];
  size_t n;
  char all[256] = "";
  assert_int_equal(lan_memory_search(m, text, 3, notes, &n, NULL), LAN_OK);
  for (size_t i = 0; i < n; i++) {
    size_t at = strlen(all);
    snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", lan_memory_note(m, notes[i]).title);
  }
  assert_string_equal(all, wanted);
}

static void names_are_offered_while_they_are_typed(void **state) {
  (void)state;
  write_note("Quán cà phê.md", "");
  write_note("Cà phê trứng.md", "");
  write_note("Mocha.md", "---\naliases: [cà phê sô-cô-la]\n---\n");
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  assert_search(m, "cà phê", "Cà phê, Cà phê trứng, Quán cà phê");
  assert_search(m, "CA PHE", "Cà phê, Cà phê trứng, Quán cà phê");
  assert_search(m, " phê t", "Cà phê trứng");
  assert_search(m, "sô-cô", "Mocha");
  assert_search(m, "cof", "Cà phê");
  assert_search(m, "à ph", "Cà phê, Quán cà phê, Cà phê trứng");
  assert_search(m, "khong co", "");
  assert_search(m, "\u0301", "");
  assert_search(m, "  ", "Quán, Cà phê, Trà sữa");
  lan_memory_close(m);
}

static void a_note_is_read_as_it_is_now(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  uint32_t tea = note_called(m, "Trà sữa");
  const char *bytes;
  size_t n, whole;
  char path[1024], outside[1024];
  write_note("Trà sữa.md", "0123456789");
  assert_int_equal(lan_memory_read(m, tea, 4, &bytes, &n, &whole, NULL), LAN_OK);
  assert_int_equal(n, 4);
  assert_int_equal(whole, 10);
  assert_memory_equal(bytes, "0123", 4);
  assert_int_equal(lan_memory_read(m, UINT32_MAX, 4, &bytes, &n, &whole, NULL), LAN_ERANGE);
  snprintf(path, sizeof path, "%s/Trà sữa.md", vault);
  snprintf(outside, sizeof outside, "%s/../outside", vault);
  scratch_write(outside, "secret", 6);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(lan_memory_read(m, tea, 4, &bytes, &n, &whole, NULL), LAN_ENOTFOUND);
  assert_int_equal(symlink(outside, path), 0);
  assert_int_equal(lan_memory_read(m, tea, 4, &bytes, &n, &whole, NULL), LAN_EIO);
  lan_memory_close(m);
}

static bool is_readable(int fd) {
  struct pollfd p = {fd, POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

static void changes_of_the_vault_are_told(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  char folder[1024];
  size_t changed;
  int fd, again;
  assert_int_equal(lan_memory_watch(m, &fd, NULL), LAN_OK);
  assert_int_equal(lan_memory_watch(m, &again, NULL), LAN_OK);
  assert_int_equal(fd, again);
  assert_false(is_readable(fd));
  snprintf(folder, sizeof folder, "%s/Mới", vault);
  assert_int_equal(mkdir(folder, 0700), 0);
  assert_true(is_readable(fd));
  assert_int_equal(lan_memory_refresh(m, &changed, NULL), LAN_OK);
  assert_false(is_readable(fd));
  for (int i = 0; i < 2; i++) { /* in a folder that was not there before; made, then changed */
    write_note("Mới/Trà đá.md", i ? "Trà đá, đá." : "Trà đá.");
    assert_true(is_readable(fd));
    assert_int_equal(lan_memory_refresh(m, &changed, NULL), LAN_OK);
    assert_true(changed >= 1); /* notes that were just written are read once more */
    assert_false(is_readable(fd));
  }
  note_called(m, "Trà đá");
  lan_memory_close(m);
}

/* Every answer of two memories, note by note. */
static void assert_same_answers(lan_memory *a, lan_memory *b) {
  lan_query q = {.limit = 100};
  assert_int_equal(lan_memory_size(a), lan_memory_size(b));
  for (uint32_t v = 0; v < lan_memory_size(a); v++) {
    const lan_result *x, *y;
    size_t n, k;
    assert_int_equal(lan_memory_related(a, v, &q, &x, &n, NULL), LAN_OK);
    assert_int_equal(lan_memory_related(b, v, &q, &y, &k, NULL), LAN_OK);
    assert_int_equal(n, k);
    for (size_t i = 0; i < n; i++) {
      assert_string_equal(lan_memory_note(a, x[i].note).path, lan_memory_note(b, y[i].note).path);
      assert_true(fabs(x[i].score - y[i].score) < 1e-5);
    }
  }
}

static void changes_laid_over_equal_a_fresh_index(void **state) {
  (void)state;
  lan_memory_options o = places(), fresh = places();
  fresh.no_cache = 1;
  lan_memory *m = open_vault(&o);
  static const char *const texts[] = {
      "Bạn bè nói về [[Nhân sự]] và [[Chưa có]], #mới, rồi trà sữa.\n",
      "---\naliases: [friends]\n---\nBạn bè.\n", /* an alias: takes a rebuild */
      "Bạn bè không nói gì.\n",
      "",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    size_t changed;
    write_note("Bạn bè.md", texts[i]);
    assert_int_equal(lan_memory_refresh(m, &changed, NULL), LAN_OK);
    assert_true(changed >= 1);
    lan_memory *again = open_vault(&o), *new_one = open_vault(&fresh);
    assert_same_answers(m, new_one);
    assert_same_answers(again, new_one);
    lan_memory_close(again);
    lan_memory_close(new_one);
  }
  write_note("Mới.md", "Một ghi chú mới về [[Cà phê]].\n");
  assert_int_equal(lan_memory_refresh(m, NULL, NULL), LAN_OK);
  assert_int_equal(lan_memory_size(m), sizeof NOTES / sizeof *NOTES + 1);
  lan_memory_close(m);
}

static void the_vault_is_looked_after(void **state) {
  (void)state;
  lan_memory_options o = places();
  write_note("Hỏng.md", "Há»c há»i mỗi ngày: lan truyá»n kÃ­ch hoáº¡t, trÃ­ nhá»›.\n");
  write_note("Vỡ.md", "Xem [[Không có đâu]].\n");
  lan_memory *m = open_vault(&o);
  const lan_defect *d;
  const lan_suggestion *s;
  size_t n, kinds[LAN_DEFECTS] = {0};
  assert_int_equal(lan_memory_doctor(m, &d, &n, NULL), LAN_OK);
  for (size_t i = 0; i < n; i++) kinds[d[i].kind]++;
  assert_int_equal(kinds[LAN_DEFECT_BROKEN_LINK], 1);
  assert_int_equal(kinds[LAN_DEFECT_DAMAGED_TEXT], 1);
  assert_true(kinds[LAN_DEFECT_ORPHAN] >= 1);
  assert_int_equal(lan_memory_suggest(m, UINT32_MAX, 5, &s, &n, NULL), LAN_OK);
  assert_true(n > 0);
  assert_string_equal(s[0].reason, "named without a link");
  assert_true(strlen(s[0].sentence.text) > 0);
  lan_memory_close(m);
}

static void paths_lead_from_note_to_note(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = open_vault(&o);
  const lan_path *p;
  size_t n;
  uint32_t from = note_called(m, "Buổi sáng"), to = note_called(m, "Trà sữa");
  assert_int_equal(lan_memory_paths(m, from, to, 3, &p, &n, NULL), LAN_OK);
  assert_true(n > 0);
  assert_string_equal(p[0].hops[0].name, "Buổi sáng");
  assert_string_equal(p[0].hops[p[0].n_hops - 1].name, "Trà sữa");
  for (size_t i = 1; i < n; i++) assert_true(p[i - 1].share >= p[i].share);
  lan_memory_close(m);
}

static int stop_at_once(void *ctx, lan_phase phase, size_t done, size_t total) {
  (void)ctx, (void)done, (void)total;
  return phase == LAN_PHASE_READ;
}

static void opening_can_be_stopped(void **state) {
  (void)state;
  lan_memory_options o = places();
  lan_memory *m = NULL;
  o.progress = stop_at_once;
  assert_int_equal(lan_memory_open(vault, &o, &m, NULL), LAN_ECANCELED);
  assert_null(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(without_its_first_path_a_note_is_less_active_as_said, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(activation_is_told_step_by_step, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(a_note_wakes_what_is_tied_to_it, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(pictures_wake_their_notes, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(a_picture_counts_for_its_note_alone, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(linked_notes_can_be_left_out, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(reasons_show_the_sentence, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(words_without_accents_find_accented_ones, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(names_are_offered_while_they_are_typed, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(a_note_is_read_as_it_is_now, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(changes_of_the_vault_are_told, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(names_are_found_in_every_way, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(changes_laid_over_equal_a_fresh_index, set_up,
                                      scratch_teardown),
      cmocka_unit_test_setup_teardown(the_vault_is_looked_after, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(paths_lead_from_note_to_note, set_up, scratch_teardown),
      cmocka_unit_test_setup_teardown(opening_can_be_stopped, set_up, scratch_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
