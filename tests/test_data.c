/* Data sets from folders, idx and CSV files that the tests write themselves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/str.h"
#include "data/data.h"
#include "lib/pictures.h"
#include "lib/scratch.h"

static data_set *open_well(const char *path, const data_options *o) {
  data_set *set = NULL;
  lan_error err;
  if (data_open(path, o, &set, &err) != LAN_OK) fail_msg("%s", err.message);
  return set;
}

static void refuse(const char *path, const data_options *o, lan_status status, const char *says) {
  data_set *set = (data_set *)&set;
  lan_error err;
  lan_status s = data_open(path, o, &set, &err);
  if (s != status || !strstr(err.message, says)) {
    fail_msg("%s: %s \"%s\", not %s \"%s\"", path, lan_status_name(s), s ? err.message : "",
             lan_status_name(status), says);
  }
  assert_ptr_equal(set, &set); /* untouched */
}

/* ---- folders ---- */

static void make_folder(void **state, const char *name) {
  assert_int_equal(mkdir(scratch_path(state, name), 0700), 0);
}

/* One colour, so that it can be told from any other. */
static void make_picture(void **state, const char *name, uint32_t w, uint32_t h, int r, int g,
                         int b) {
  uint8_t *rgb = malloc((size_t)w * h * 3);
  for (size_t i = 0; i < (size_t)w * h * 3; i++)
    rgb[i] = (uint8_t)(i % 3 == 0 ? r : i % 3 == 1 ? g : b);
  pictures_write(scratch_path(state, name),
                 pictures_png(rgb, (size_t)w * h * 3, w, h, 2, 8, false, NULL, 0));
  free(rgb);
}

static void folders_are_classes(void **state) {
  make_folder(state, "d");
  make_folder(state, "d/dog");
  make_folder(state, "d/cat");
  make_folder(state, "d/cat/more");
  make_folder(state, "d/.hidden");
  make_picture(state, "d/dog/a.png", 6, 4, 10, 20, 30);
  make_picture(state, "d/cat/b.png", 6, 4, 50, 60, 70);
  make_picture(state, "d/cat/more/c", 6, 4, 90, 80, 70);
  make_picture(state, "d/.hidden/d.png", 6, 4, 0, 0, 0);
  make_picture(state, "d/cat/.e.png", 6, 4, 0, 0, 0);
  data_set *set = open_well(scratch_path(state, "d"), NULL);
  const data_info *i = data_describe(set);
  assert_int_equal(i->kind, DATA_FOLDER);
  assert_int_equal(i->channels, 3);
  assert_int_equal(i->height, 4);
  assert_int_equal(i->width, 6);
  assert_int_equal(i->n_classes, 2);
  assert_string_equal(i->classes[0], "cat");
  assert_string_equal(i->classes[1], "dog");
  assert_int_equal(data_find_class(set, "dog"), 1);
  assert_int_equal(data_find_class(set, "cow"), UINT32_MAX);
  assert_int_equal(i->count[DATA_TRAIN], 3);
  assert_int_equal(i->count[DATA_VALIDATION] + i->count[DATA_TEST], 0);
  assert_true(i->decoded);
  assert_true(fabsf(i->mean[0] - 50.0f / 255) < 1e-6f && fabsf(i->mean[1] - 160.0f / 765) < 1e-6f);
  assert_true(fabsf(i->std[0] - sqrtf(3200.0f / 3) / 255) < 1e-6f);
  assert_int_equal(data_warning_count(set), 0);

  float x[3 * 4 * 6];
  uint32_t label;
  char name[300];
  data_name(set, DATA_TRAIN, 2, name, sizeof name);
  assert_string_equal(name, scratch_path(state, "d/dog/a.png"));
  assert_int_equal(data_example(set, DATA_TRAIN, 2, x, &label, NULL), LAN_OK);
  assert_int_equal(label, 1);
  for (int k = 0; k < 72; k++) {
    int c = k / 24;
    assert_true(fabsf(x[k] - ((float)(10 * c + 10) / 255 - i->mean[c]) / i->std[c]) < 1e-5f);
  }
  lan_error err;
  assert_int_equal(data_example(set, DATA_TEST, 0, x, &label, &err), LAN_ERANGE);
  data_name(set, DATA_TEST, 0, name, sizeof name);
  assert_string_equal(name, "");
  data_close(set);
}

static void train_val_and_test_are_splits(void **state) {
  make_folder(state, "d");
  static const char *const parts[] = {"train", "val", "test"};
  char name[64];
  for (int p = 0; p < 3; p++) {
    snprintf(name, sizeof name, "d/%s", parts[p]);
    make_folder(state, name);
    for (int c = 0; c < 2; c++) {
      snprintf(name, sizeof name, "d/%s/%s", parts[p], c ? "nine" : "ten");
      make_folder(state, name);
      for (int k = 0; k <= p; k++) {
        snprintf(name, sizeof name, "d/%s/%s/%d.png", parts[p], c ? "nine" : "ten", k);
        make_picture(state, name, 5, 5, p, c, k);
      }
    }
  }
  data_set *set = open_well(scratch_path(state, "d"), &(data_options){.validation = 0.5});
  const data_info *i = data_describe(set);
  assert_int_equal(i->count[DATA_TRAIN], 2);
  assert_int_equal(i->count[DATA_VALIDATION], 4);
  assert_int_equal(i->count[DATA_TEST], 6);
  assert_string_equal(i->classes[0], "nine");
  data_close(set);
  make_folder(state, "d/test/eleven");
  refuse(scratch_path(state, "d"), NULL, LAN_EFORMAT, "'eleven' is none of the 2 known classes");
}

static void make_many(void **state, int from, int to) {
  for (int k = from; k < to; k++) {
    char name[64];
    snprintf(name, sizeof name, "m/%s/%03d.png", k % 2 ? "odd" : "even", k);
    make_picture(state, name, 4, 4, k, k, k);
  }
}

/* Adding some leaves the others where they are. */
static void who_is_held_back_stays_held_back(void **state) {
  enum { FEW = 100, MORE = 150 };
  char before[FEW] = {0}, name[300];
  make_folder(state, "m");
  make_folder(state, "m/odd");
  make_folder(state, "m/even");
  make_many(state, 0, FEW);
  data_options o = {.validation = 0.3};
  for (int round = 0; round < 2; round++) {
    data_set *set = open_well(scratch_path(state, "m"), &o);
    const data_info *i = data_describe(set);
    uint32_t n = i->count[DATA_VALIDATION];
    assert_true(n > (round ? 28 : 18) && n < (round ? 62 : 43));
    assert_int_equal(n + i->count[DATA_TRAIN], round ? MORE : FEW);
    int kept = 0;
    for (uint32_t k = 0; k < n; k++) {
      data_name(set, DATA_VALIDATION, k, name, sizeof name);
      int number = atoi(strrchr(name, '/') + 1);
      if (number >= FEW) continue;
      if (round == 0) before[number] = 1;
      kept += before[number];
    }
    int held = 0;
    for (int k = 0; k < FEW; k++) held += before[k];
    assert_int_equal(kept, held);
    data_close(set);
    make_many(state, FEW, MORE);
  }
  /* Another seed holds others back. */
  o.split_seed = 1;
  data_set *set = open_well(scratch_path(state, "m"), &o);
  int same = 0, n = (int)data_describe(set)->count[DATA_VALIDATION];
  for (int k = 0; k < n; k++) {
    data_name(set, DATA_VALIDATION, (uint32_t)k, name, sizeof name);
    int number = atoi(strrchr(name, '/') + 1);
    same += number < FEW && before[number];
  }
  assert_true(same < n * 2 / 3);
  data_close(set);
}

/* In memory and decoded each time. */
static void broken_pictures_are_left_out_and_named(void **state) {
  make_folder(state, "b");
  make_folder(state, "b/x");
  make_folder(state, "b/y");
  for (int k = 0; k < 8; k++) {
    char name[32];
    snprintf(name, sizeof name, "b/%c/%d.png", k % 2 ? 'x' : 'y', k);
    make_picture(state, name, 8, 8, k * 30, 0, 0);
  }
  size_t len;
  unsigned char *bytes = scratch_read(scratch_path(state, "b/x/3.png"), &len);
  scratch_write(scratch_path(state, "b/x/3.png"), bytes, len - 40);
  free(bytes);
  scratch_write(scratch_path(state, "b/y/2.png"), "GIF89a", 6);
  data_set *set = open_well(scratch_path(state, "b"), NULL);
  assert_int_equal(data_describe(set)->count[DATA_TRAIN], 6);
  assert_int_equal(data_warning_count(set), 2);
  assert_non_null(strstr(data_warning(set, 0), "b/x/3.png is cut short"));
  assert_non_null(strstr(data_warning(set, 1), "b/y/2.png is a GIF"));
  assert_null(data_warning(set, 2));
  data_close(set);

  set = open_well(scratch_path(state, "b"), &(data_options){.memory = 100});
  const data_info *i = data_describe(set);
  float x[3 * 64];
  uint32_t label, broken = 0;
  assert_false(i->decoded);
  assert_int_equal(i->count[DATA_TRAIN], 8); /* nobody has looked yet, or it is named */
  for (uint32_t k = 0; k < 8; k++) {
    lan_error err;
    if (data_example(set, DATA_TRAIN, k, x, &label, &err) != LAN_OK) {
      assert_true(strstr(err.message, "3.png") || strstr(err.message, "2.png"));
      broken++;
    }
  }
  assert_int_equal(broken, 2);
  assert_int_equal(data_warning_count(set), 2);
  data_close(set);
  for (int k = 0; k < 8; k++) {
    char name[32];
    snprintf(name, sizeof name, "b/%c/%d.png", k % 2 ? 'x' : 'y', k);
    scratch_write(scratch_path(state, name), "", 0);
  }
  refuse(scratch_path(state, "b"), NULL, LAN_EFORMAT, "none of the 8 pictures of");
}

static void sizes_are_chosen_or_given(void **state) {
  make_folder(state, "s");
  make_folder(state, "s/a");
  make_folder(state, "s/b");
  uint8_t grey[30] = {1, 2, 3};
  pictures_write(scratch_path(state, "s/a/1.png"),
                 pictures_png(grey, 30, 6, 5, 0, 8, false, NULL, 0));
  pictures_write(scratch_path(state, "s/b/2.png"),
                 pictures_png(grey, 30, 6, 5, 0, 8, false, NULL, 0));
  data_set *set = open_well(scratch_path(state, "s"), NULL);
  assert_int_equal(data_describe(set)->channels, 1);
  assert_int_equal(data_describe(set)->width, 6);
  data_close(set);
  make_picture(state, "s/a/3.png", 9, 9, 1, 2, 3);
  set = open_well(scratch_path(state, "s"), NULL);
  assert_int_equal(data_describe(set)->channels, 3);
  assert_int_equal(data_describe(set)->width, 128);
  assert_int_equal(data_describe(set)->height, 128);
  data_close(set);
  data_options o = {.channels = 1, .height = 7, .width = 3, .fit = PICTURE_FIT_SQUASH};
  set = open_well(scratch_path(state, "s"), &o);
  assert_int_equal(data_describe(set)->channels, 1);
  assert_int_equal(data_describe(set)->height, 7);
  assert_int_equal(data_describe(set)->width, 3);
  data_close(set);
  float mean[3] = {0, 0.5f, 1}, std[3] = {1, 2, 3};
  o = (data_options){.mean = mean, .std = std, .n_stats = 3};
  set = open_well(scratch_path(state, "s"), &o);
  assert_memory_equal(data_describe(set)->std, std, sizeof std);
  data_close(set);
  o.n_stats = 2;
  refuse(scratch_path(state, "s"), &o, LAN_ERANGE, "2 means are given for the 3 channels");
  std[1] = 0;
  refuse(scratch_path(state, "s"), &o, LAN_ERANGE, "standard deviation");
  refuse(scratch_path(state, "s"), &(data_options){.height = 3}, LAN_EINVAL,
         "both height and width");
  refuse(scratch_path(state, "s"), &(data_options){.validation = 1}, LAN_ERANGE, "0 .. 0.9");
}

static void odd_folders_are_refused(void **state) {
  make_folder(state, "e");
  refuse(scratch_path(state, "none"), NULL, LAN_ENOTFOUND, "none");
  refuse(scratch_path(state, "e"), NULL, LAN_EFORMAT, "holds no examples");
  make_folder(state, "e/one");
  make_picture(state, "e/one/a.png", 4, 4, 1, 2, 3);
  refuse(scratch_path(state, "e"), NULL, LAN_EFORMAT, "one class only ('one')");
  /* A link to a folder that holds it is not followed round and round. */
  make_folder(state, "e/two");
  make_picture(state, "e/two/b.png", 4, 4, 1, 2, 3);
  assert_int_equal(symlink("..", scratch_path(state, "e/two/up")), 0);
  assert_int_equal(symlink("b.png", scratch_path(state, "e/two/c.png")), 0);
  assert_int_equal(mkfifo(scratch_path(state, "e/two/pipe.png"), 0600), 0);
  data_set *set = open_well(scratch_path(state, "e"), NULL);
  assert_int_equal(data_describe(set)->count[DATA_TRAIN], 3);
  data_close(set);
}

static bool stop(void *ctx, size_t done, size_t of) {
  *(size_t *)ctx += 1;
  return done < of;
}

static void reading_can_be_stopped(void **state) {
  size_t calls = 0;
  make_folder(state, "m");
  make_folder(state, "m/odd");
  make_folder(state, "m/even");
  make_many(state, 0, 6);
  data_options o = {.progress = stop, .progress_ctx = &calls};
  refuse(scratch_path(state, "m"), &o, LAN_ECANCELED, "stopped");
  assert_int_equal(calls, 1);
}

/* ---- idx ---- */

static void put32(lan_buf *b, uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) lan_buf_add_char(b, (char)(v >> shift));
}

static void idx_header(lan_buf *b, int type, size_t n_dims, const uint32_t *dims) {
  lan_buf_add(b, "\0\0", 2);
  lan_buf_add_char(b, (char)type);
  lan_buf_add_char(b, (char)n_dims);
  for (size_t i = 0; i < n_dims; i++) put32(b, dims[i]);
}

static void write_idx(const char *path, lan_buf *b, bool packed) {
  if (packed) {
    gzFile gz = gzopen(path, "wb");
    assert_int_equal(gzwrite(gz, b->data, (unsigned)b->len), b->len);
    assert_int_equal(gzclose(gz), Z_OK);
  } else {
    scratch_write(path, b->data, b->len);
  }
  lan_buf_free(b);
}

/* n pictures of 3 x 2; pixel p of picture i is i + p, its label i % classes. */
static void write_pair(const char *images, const char *labels, uint32_t n, uint32_t classes,
                       bool packed) {
  lan_buf b = {0};
  idx_header(&b, 8, 3, (const uint32_t[]){n, 2, 3});
  for (uint32_t i = 0; i < n * 6; i++) lan_buf_add_char(&b, (char)(i / 6 + i % 6));
  write_idx(images, &b, packed);
  idx_header(&b, 8, 1, &n);
  for (uint32_t i = 0; i < n; i++) lan_buf_add_char(&b, (char)(i % classes));
  write_idx(labels, &b, packed);
}

static void idx_files_are_read(void **state) {
  for (int packed = 0; packed < 2; packed++) {
    const char *end = packed ? "ubyte.gz" : "ubyte";
    char folder[8], names[4][64], path[64];
    snprintf(folder, sizeof folder, "i%d", packed);
    make_folder(state, folder);
    for (int k = 0; k < 4; k++) {
      snprintf(names[k], sizeof names[k], "%s/%s-%s-%s", folder, k < 2 ? "train" : "t10k",
               k % 2 ? "labels-idx1" : "images-idx3", end);
    }
    write_pair(scratch_path(state, names[0]), scratch_path(state, names[1]), 60, 11, packed);
    write_pair(scratch_path(state, names[2]), scratch_path(state, names[3]), 5, 3, packed);
    for (int by_file = 0; by_file < 2; by_file++) {
      snprintf(path, sizeof path, "%s", by_file ? names[0] : folder);
      data_set *set = open_well(scratch_path(state, path), NULL);
      const data_info *i = data_describe(set);
      assert_int_equal(i->kind, DATA_IDX);
      assert_int_equal(i->channels, 1);
      assert_int_equal(i->height, 2);
      assert_int_equal(i->width, 3);
      assert_int_equal(i->n_classes, 11);
      assert_string_equal(i->classes[10], "10"); /* by value, not "1", "10", "2" */
      assert_string_equal(i->classes[2], "2");
      assert_int_equal(i->count[DATA_TRAIN], 60);
      assert_int_equal(i->count[DATA_TEST], 5);
      float x[6];
      uint32_t label;
      char name[64];
      assert_int_equal(data_example(set, DATA_TEST, 4, x, &label, NULL), LAN_OK);
      assert_int_equal(label, 1);
      for (int k = 0; k < 6; k++) {
        assert_true(fabsf(x[k] - ((float)(4 + k) / 255 - i->mean[0]) / i->std[0]) < 1e-5f);
      }
      data_name(set, DATA_TEST, 4, name, sizeof name);
      assert_string_equal(name,
                          packed ? "t10k-images-idx3-ubyte.gz #4" : "t10k-images-idx3-ubyte #4");
      data_close(set);
    }
    data_options o = {.channels = 3, .height = 8, .width = 8, .validation = 0.4};
    data_set *set = open_well(scratch_path(state, folder), &o);
    const data_info *i = data_describe(set);
    assert_int_equal(i->channels, 3);
    assert_true(i->count[DATA_VALIDATION] > 10 && i->count[DATA_VALIDATION] < 40);
    data_close(set);
    static const char *const known[] = {"0", "1", "2", "3"};
    refuse(scratch_path(state, folder), &(data_options){.classes = known, .n_classes = 4},
           LAN_EFORMAT, "'4' is none of the 4 known classes (0, ...)");
  }
}

static void odd_idx_files_are_refused(void **state) {
  const char *images = scratch_path(state, "x-images-idx3"),
             *labels = scratch_path(state, "x-labels-idx1");
  lan_buf b = {0};
  write_pair(images, labels, 4, 2, false);
  data_close(open_well(images, NULL));
  refuse(images, &(data_options){.memory = 30}, LAN_ELIMIT, "");

  uint32_t three = 3;
  idx_header(&b, 8, 1, &three);
  lan_buf_add(&b, "\0\1\0", 3);
  write_idx(labels, &b, false);
  refuse(images, NULL, LAN_EFORMAT, "4 pictures, and ");
  unlink(labels);
  refuse(images, NULL, LAN_ENOTFOUND, "no labels beside");
  write_pair(images, labels, 4, 2, false);
  size_t len;
  unsigned char *whole = scratch_read(images, &len);
  for (size_t n = 4; n < len; n++) {
    scratch_write(images, whole, n);
    refuse(images, NULL, LAN_EFORMAT, "cut short");
  }
  unsigned char *longer = malloc(len + 3);
  memcpy(longer, whole, len);
  memcpy(longer + len, "abc", 3);
  scratch_write(images, longer, len + 3); /* what follows is let be */
  free(longer);
  const float zero = 0, one = 1;
  float x[6];
  uint32_t label;
  data_set *set = open_well(images, &(data_options){.mean = &zero, .std = &one, .n_stats = 1});
  assert_int_equal(data_example(set, DATA_TRAIN, 3, x, &label, NULL), LAN_OK);
  for (int i = 0; i < 6; i++) assert_int_equal(lroundf(x[i] * 255), 3 + i);
  data_close(set);
  whole[2] = 0x0D;
  scratch_write(images, whole, len);
  refuse(images, NULL, LAN_EFORMAT, "numbers of type 0x0d; bytes (0x08) are wanted");
  free(whole);

  for (int packed = 0; packed < 2; packed++) {
    idx_header(&b, 8, 3, (const uint32_t[]){4, 4097, 1});
    for (int i = 0; i < 4 * 4097; i++) lan_buf_add_char(&b, 'x');
    write_idx(images, &b, packed);
    refuse(images, NULL, LAN_ERANGE, "pictures of 1 x 4097");
    idx_header(&b, 8, 3, (const uint32_t[]){UINT32_MAX, UINT32_MAX, UINT32_MAX});
    write_idx(images, &b, packed);
    refuse(images, NULL, LAN_ELIMIT, "claims more than 2^64 bytes");
    idx_header(&b, 8, 3, (const uint32_t[]){1 << 20, 1 << 10, 1 << 10});
    write_idx(images, &b, packed);
    refuse(images, NULL, packed ? LAN_ELIMIT : LAN_EFORMAT, packed ? "at most" : "cut short");
    idx_header(&b, 8, 3, (const uint32_t[]){1000, 500, 500});
    write_idx(images, &b, packed);
    refuse(images, NULL, LAN_EFORMAT, "cut short"); /* before 250 MB are taken for it */
    idx_header(&b, 8, 9, (const uint32_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
    write_idx(images, &b, packed);
    refuse(images, NULL, LAN_EFORMAT, ""); /* no idx: not CSV either */
  }
}

static void idx_pictures_may_have_colours(void **state) {
  const char *images = scratch_path(state, "c-images"), *labels = scratch_path(state, "c-labels");
  lan_buf b = {0};
  uint32_t two = 2;
  idx_header(&b, 8, 4, (const uint32_t[]){2, 1, 2, 3});
  lan_buf_add(&b, "\1\2\3\4\5\6\7\10\11\12\13\14", 12);
  write_idx(images, &b, false);
  idx_header(&b, 8, 1, &two);
  lan_buf_add(&b, "\0\1", 2);
  write_idx(labels, &b, true);
  const float mean[3] = {0}, std[3] = {1, 1, 1};
  data_options o = {.mean = mean, .std = std, .n_stats = 3};
  data_set *set = open_well(images, &o);
  float x[6];
  uint32_t label;
  assert_int_equal(data_example(set, DATA_TRAIN, 1, x, &label, NULL), LAN_OK);
  static const float planes[] = {7, 10, 8, 11, 9, 12};
  for (int i = 0; i < 6; i++) assert_true(fabsf(x[i] * 255 - planes[i]) < 1e-3f);
  data_close(set);
}

/* ---- tables ---- */

typedef struct table {
  const char *text, *label;
  const char *classes; /* "a b" */
  const char *rows;    /* "1,2>a; 3,4>b" */
} table;

static const table tables[] = {
    {"1,2,a\n3,4,b\n", NULL, "a b", "1,2>a; 3,4>b"},
    {"1,2,b\n3,4,a", NULL, "a b", "1,2>b; 3,4>a"},
    {"x,y,z\n1,2,a\n3,4,b\n", NULL, "a b", "1,2>a; 3,4>b"},
    {"x,Label,z\n1,a,2\n3,b,4\n", NULL, "a b", "1,2>a; 3,4>b"},
    {"x,y,z\na,1,2\nb,3,4\n", "x", "a b", "1,2>a; 3,4>b"},
    {"a,1,2\nb,3,4\n", "1", "a b", "1,2>a; 3,4>b"},
    {"1,2,0\n3,4,1\n", NULL, "0 1", "1,2>0; 3,4>1"},
    {"1,10\n2,9\n3,-1\n", NULL, "-1 9 10", "1>10; 2>9; 3>-1"},
    {"1,10\n2,9\n3,x\n", NULL, "10 9 x", "1>10; 2>9; 3>x"},
    {"label,p\na,0.5\nb,-1e-3\n", NULL, "a b", "0.5>a; -0.001>b"},
    {"p;q;kind\n0,5;1.5;a\n2;3;b\n", NULL, "a b", "0.5,1.5>a; 2,3>b"},
    {"1\t2\ta b\n3\t4\tc\n", NULL, "a b c", "1,2>a b; 3,4>c"},
    {"\xEF\xBB\xBF"
     "1,a\r\n2,b\r\n\r\n",
     NULL, "a b", "1>a; 2>b"},
    {"\"x\",\"say \"\"y\"\"\"\n\"1\",\"a,b\"\n2,\"c\nd\"\n", NULL, "a,b c\nd", "1>a,b; 2>c\nd"},
    {" 1 , a \n 2 , b \n", NULL, "a b", "1>a; 2>b"},
    {"1e300,a\n", NULL, NULL, "a number is too large"},
    {"123456789012345678901234567890,a\n.25,b\n", NULL, "a b", "1.23457e+29>a; 0.25>b"},
    {"3.,a\n+4,b\n", NULL, "a b", "3>a; 4>b"},
    {"1,cà phê\n2,trà\n", NULL, "cà phê trà", "1>cà phê; 2>trà"},
    {"", NULL, NULL, "holds no examples"},
    {"a,b,c\n", NULL, NULL, "holds no examples"},
    {"1\n2\n", NULL, NULL, "t.csv:1: one column only"},
    {"1,a\n2,a\n", NULL, NULL, "one class only ('a')"},
    {"1,2,a\n3,b\n", NULL, NULL, "t.csv:2: 2 columns; the first row has 3"},
    {"p,q,r\n1,2,a\n3,z,b\n", NULL, NULL,
     "t.csv:3: column 2 (q): 'z' is no number (the label is taken from column 3)"},
    {"1,2,a\n3,z,b\n", NULL, NULL, "t.csv:2: column 2: 'z' is no number"},
    {"1,2,a\n3,,b\n", NULL, NULL, "t.csv:2: column 2 is empty"},
    {"p,q,r\n1,2,a\n3,,b\n", NULL, NULL, "t.csv:3: column 2 (q) is empty"},
    {"1,2,a\n3,4,\n", NULL, NULL, "t.csv:2: the label is empty"},
    {"1,a\n\"2\"x,b\n", NULL, NULL, "t.csv:2: text follows a closing quote"},
    {"1,a\n\"2,b\n", NULL, NULL, "t.csv:2: a quoted field has no end"},
    {"1,a\nnan,b\n", NULL, NULL, "'nan' is no number"},
    {"1,a\n0x10,b\n", NULL, NULL, "'0x10' is no number"},
    {"1,a\n1e999,b\n", NULL, NULL, "'1e999' is no number"},
    {"1,a\n--2,b\n", NULL, NULL, "'--2' is no number"},
    {"1,a\n1.2.3,b\n", NULL, NULL, "'1.2.3' is no number"},
    {"1,a\n-,b\n", NULL, NULL, "'-' is no number"},
    {"x,y\n1,a\n", "z", NULL, "has no column 'z'"},
    {"x,y\n1,a\n", "3", NULL, "has no column '3'"},
    {"\xFF\xFE"
     "1",
     NULL, NULL, "UTF-16"},
};

static void describe_rows(data_set *set, lan_buf *out) {
  const data_info *i = data_describe(set);
  float x[8];
  uint32_t label;
  for (uint32_t k = 0; k < i->count[DATA_TRAIN]; k++) {
    assert_int_equal(data_example(set, DATA_TRAIN, k, x, &label, NULL), LAN_OK);
    if (k) lan_buf_add_str(out, "; ");
    for (uint32_t c = 0; c < i->channels; c++) {
      double v = (double)x[c] * (double)i->std[c] + (double)i->mean[c];
      lan_buf_printf(out, "%s%g", c ? "," : "", round(v * 1e4) / 1e4);
    }
    lan_buf_printf(out, ">%s", i->classes[label]);
  }
}

static void tables_mean_what_they_say(void **state) {
  const char *path = scratch_path(state, "t.csv");
  const float mean[2] = {0}, std[2] = {1, 1};
  for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) {
    const table *t = &tables[k];
    data_options o = {.label = t->label};
    scratch_write(path, t->text, strlen(t->text));
    if (!t->classes) {
      lan_error err;
      data_set *set = NULL;
      lan_status s = data_open(path, &o, &set, &err);
      if (s == LAN_OK || !strstr(err.message, t->rows)) {
        fail_msg("%s: \"%s\", not \"%s\"", t->text, s ? err.message : "", t->rows);
      }
      continue;
    }
    data_set *set = open_well(path, &o);
    uint32_t columns = data_describe(set)->n_stats;
    data_close(set);
    o.mean = mean;
    o.std = std;
    o.n_stats = columns;
    set = open_well(path, &o);
    const data_info *i = data_describe(set);
    lan_buf got = {0};
    for (uint32_t c = 0; c < i->n_classes; c++) {
      lan_buf_printf(&got, "%s%s", c ? " " : "", i->classes[c]);
    }
    assert_string_equal(got.data, t->classes);
    lan_buf_clear(&got);
    describe_rows(set, &got);
    assert_string_equal(got.data, t->rows);
    lan_buf_free(&got);
    data_close(set);
  }
}

static void tables_are_normalised(void **state) {
  static const char text[] = "height,weight,kind\n1,5,a\n2,5,b\n6,5,a\n";
  const char *path = scratch_path(state, "t.csv");
  scratch_write(path, text, sizeof text - 1);
  data_set *set = open_well(path, NULL);
  const data_info *i = data_describe(set);
  assert_int_equal(i->kind, DATA_TABLE);
  assert_int_equal(i->channels, 2);
  assert_int_equal(i->n_stats, 2);
  assert_string_equal(i->columns[0], "height");
  assert_string_equal(i->columns[1], "weight");
  assert_true(fabsf(i->mean[0] - 3) < 1e-6f && fabsf(i->std[0] - sqrtf(14.0f / 3)) < 1e-6f);
  assert_true(i->mean[1] == 5 && i->std[1] == 1); /* all alike */
  char name[40];
  data_name(set, DATA_TRAIN, 1, name, sizeof name);
  assert_string_equal(name, "t.csv:3");
  data_close(set);
  refuse(path, &(data_options){.memory = 20}, LAN_ELIMIT, "");
}

static void a_folder_may_hold_tables(void **state) {
  make_folder(state, "t");
  scratch_write(scratch_path(state, "t/train.csv"), "p,kind\n1,a\n2,b\n", 15);
  scratch_write(scratch_path(state, "t/test.csv"), "p,kind\n3,b\n", 11);
  data_set *set = open_well(scratch_path(state, "t"), NULL);
  char name[40];
  assert_int_equal(data_describe(set)->count[DATA_TRAIN], 2);
  assert_int_equal(data_describe(set)->count[DATA_TEST], 1);
  data_name(set, DATA_TEST, 0, name, sizeof name);
  assert_string_equal(name, "test.csv:2");
  data_close(set);
  scratch_write(scratch_path(state, "t/test.csv"), "p,q,kind\n3,4,b\n", 15);
  refuse(scratch_path(state, "t"), NULL, LAN_EFORMAT, "does not have the columns of");
}

static void the_classes_of_a_model_are_kept(void **state) {
  static const char *const known[] = {"tea", "coffee", "cake"};
  data_options o = {.classes = known, .n_classes = 3};
  const char *path = scratch_path(state, "t.csv");
  scratch_write(path, "1,coffee\n2,tea\n", 15);
  data_set *set = open_well(path, &o);
  float x;
  uint32_t label;
  assert_int_equal(data_describe(set)->n_classes, 3);
  assert_string_equal(data_describe(set)->classes[0], "tea");
  assert_int_equal(data_example(set, DATA_TRAIN, 0, &x, &label, NULL), LAN_OK);
  assert_int_equal(label, 1);
  data_close(set);
  scratch_write(path, "1,coffee\n2,milk\n", 16);
  refuse(path, &o, LAN_EFORMAT, "t.csv:2: 'milk' is none of the 3 known classes");
}

static double seconds_for(const char *path) {
  struct timespec a, b;
  data_set *set;
  timespec_get(&a, TIME_UTC);
  if (data_open(path, NULL, &set, NULL) == LAN_OK) data_close(set);
  timespec_get(&b, TIME_UTC);
  return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
}

static void hostile_tables_take_linear_time(void **state) {
  static const char *const units[] = {"\"",    "\"\"",   ",",        "\n",     "\r", "1,a\n",
                                      "\"a\n", "1,2,3,", "\"\"\"\"", "1;2,3;", "9",  "1,\"a\"\n"};
  const char *path = scratch_path(state, "t.csv");
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    lan_buf text = {0};
    while (text.len < 500000) lan_buf_add_str(&text, units[i]);
    scratch_write(path, text.data, text.len);
    assert_true(seconds_for(path) < 5);
    lan_buf_free(&text);
  }
}

static void other_files_are_refused(void **state) {
  const char *path = scratch_path(state, "a.png");
  make_picture(state, "a.png", 40, 40, 1, 2, 3);
  refuse(path, NULL, LAN_EFORMAT, "is no data set");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(folders_are_classes),
      TEST(train_val_and_test_are_splits),
      TEST(who_is_held_back_stays_held_back),
      TEST(broken_pictures_are_left_out_and_named),
      TEST(sizes_are_chosen_or_given),
      TEST(odd_folders_are_refused),
      TEST(reading_can_be_stopped),
      TEST(idx_files_are_read),
      TEST(odd_idx_files_are_refused),
      TEST(idx_pictures_may_have_colours),
      TEST(tables_mean_what_they_say),
      TEST(tables_are_normalised),
      TEST(a_folder_may_hold_tables),
      TEST(the_classes_of_a_model_are_kept),
      TEST(hostile_tables_take_linear_time),
      TEST(other_files_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
