/* Batches: the same bytes whatever made them, each example once, positions that can be gone back to. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "data/loader.h"
#include "lib/pictures.h"
#include "lib/scratch.h"

enum { PICTURES = 50, CLASSES = 3 };

static data_set *open_well(const char *path, const data_options *o) {
  data_set *set = NULL;
  lan_error err;
  if (data_open(path, o, &set, &err) != LAN_OK) fail_msg("%s", err.message);
  return set;
}

static loader *new_loader(const data_set *set, loader_options o) {
  loader *l;
  lan_error err;
  if (loader_new(set, &o, &l, &err) != LAN_OK) fail_msg("%s", err.message);
  return l;
}

static const char *make_pictures(void **state) {
  char name[64];
  assert_int_equal(mkdir(scratch_path(state, "p"), 0700), 0);
  for (int c = 0; c < CLASSES; c++) {
    snprintf(name, sizeof name, "p/%c", 'a' + c);
    assert_int_equal(mkdir(scratch_path(state, name), 0700), 0);
  }
  for (int i = 0; i < PICTURES; i++) {
    uint8_t *rgb = pictures_pixels(12, 10, (uint32_t)i);
    snprintf(name, sizeof name, "p/%c/%02d.png", 'a' + i % CLASSES, i);
    pictures_write(scratch_path(state, name), pictures_png(rgb, 360, 12, 10, 2, 8, false, NULL, 0));
    free(rgb);
  }
  return scratch_path(state, "p");
}

/* n rows: number, number; its class is the number modulo 3. */
static const char *make_table(void **state, int n) {
  lan_buf text = {0};
  const char *path = scratch_path(state, "t.csv");
  for (int i = 0; i < n; i++) lan_buf_printf(&text, "%d,%d,%d\n", i, -i, i % CLASSES);
  scratch_write(path, text.data, text.len);
  lan_buf_free(&text);
  return path;
}

/* One hash of all batches from where the loader is to the epoch's end. */
static uint64_t hash_rest(loader *l) {
  loader_info info = loader_describe(l);
  size_t input = (size_t)info.channels * info.height * info.width;
  uint64_t hash = 0;
  for (;;) {
    loader_batch b;
    assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
    if (b.n == 0) return hash;
    hash = lan_hash(b.x, b.n * input * sizeof *b.x, hash);
    hash = lan_hash(b.target, (size_t)b.n * info.n_classes * sizeof *b.target, hash);
    hash = lan_hash(b.label, b.n * sizeof *b.label, hash);
    hash = lan_hash(b.index, b.n * sizeof *b.index, hash);
  }
}

static const augment_options everything = {.flip = true,
                                           .pad = 2,
                                           .brightness = 0.3f,
                                           .contrast = 0.3f,
                                           .saturation = 0.3f,
                                           .cutout = 3,
                                           .erase = 0.5f};

static void threads_do_not_change_a_bit(void **state) {
  const char *path = make_pictures(state);
  for (int decoded = 0; decoded < 2; decoded++) {
    data_set *set = open_well(path, &(data_options){.memory = decoded ? 0 : 100});
    assert_int_equal(data_describe(set)->decoded, decoded);
    for (int crop = 0; crop < 2; crop++) {
      loader_options o = {.batch = 8,
                          .shuffle = true,
                          .seed = 5,
                          .augment = everything,
                          .mixup = 0.4f,
                          .cutmix = 1};
      if (crop) o.augment.scale_from = 0.3f;
      uint64_t first[3] = {0};
      for (uint32_t threads = 0; threads <= 3; threads++) {
        o.n_threads = threads;
        o.ahead = threads == 3 ? 9 : 0;
        loader *l = new_loader(set, o);
        for (uint32_t epoch = 0; epoch < 3; epoch++) {
          assert_int_equal(loader_seek(l, epoch, 0, NULL), LAN_OK);
          uint64_t hash = hash_rest(l);
          if (threads == 0) first[epoch] = hash;
          assert_true(hash == first[epoch]);
        }
        assert_true(first[0] != first[1] && first[1] != first[2]);
        loader_free(l);
      }
    }
    data_close(set);
  }
}

/* From any batch on, in a loader that never saw what was before. */
static void positions_can_be_gone_back_to(void **state) {
  data_set *set = open_well(make_pictures(state), NULL);
  loader_options o = {
      .batch = 8, .shuffle = true, .seed = 5, .augment = everything, .mixup = 1, .n_threads = 2};
  loader *l = new_loader(set, o);
  uint32_t batches = loader_describe(l).n_batches, epoch, batch;
  assert_int_equal(batches, 7);
  for (uint32_t k = 0; k < batches; k++) {
    assert_int_equal(loader_seek(l, 4, 0, NULL), LAN_OK);
    for (uint32_t i = 0; i < k; i++) {
      loader_batch b;
      assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
    }
    loader_position(l, &epoch, &batch);
    assert_int_equal(epoch, 4);
    assert_int_equal(batch, k);
    uint64_t hash = hash_rest(l);
    loader_position(l, &epoch, &batch);
    assert_int_equal(batch, batches);
    o.n_threads = k % 3;
    loader *other = new_loader(set, o);
    assert_int_equal(loader_seek(other, 4, k, NULL), LAN_OK);
    assert_true(hash_rest(other) == hash);
    loader_free(other);
  }
  lan_error err;
  loader_batch b;
  assert_int_equal(loader_seek(l, 4, batches, &err), LAN_OK);
  assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
  assert_int_equal(b.n, 0);
  assert_int_equal(loader_seek(l, 4, batches + 1, &err), LAN_ERANGE);
  /* There and back, while threads are at it. */
  for (uint32_t i = 0; i < 200; i++) {
    assert_int_equal(loader_seek(l, i % 7, i % 5, &err), LAN_OK);
    if (i % 3) assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
  }
  loader_free(l);
  data_close(set);
}

static void each_example_comes_once_an_epoch(void **state) {
  enum { N = 100 };
  data_set *set = open_well(make_table(state, N), NULL);
  const data_info *i = data_describe(set);
  for (int shuffle = 0; shuffle < 2; shuffle++) {
    loader *l = new_loader(set, (loader_options){.batch = 7, .shuffle = shuffle, .n_threads = 1});
    assert_int_equal(loader_describe(l).n_batches, 15);
    int moved = 0;
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
      int seen[N] = {0}, n = 0;
      loader_batch b;
      assert_int_equal(loader_seek(l, epoch, 0, NULL), LAN_OK);
      while (loader_take(l, &b, NULL) == LAN_OK && b.n) {
        assert_true(b.n == 7 || n == 98);
        for (uint32_t k = 0; k < b.n; k++, n++) {
          int row = (int)lroundf(b.x[2 * k] * i->std[0] + i->mean[0]);
          assert_true(fabsf(b.x[2 * k] + b.x[2 * k + 1]) < 1e-5f);
          assert_int_equal(b.index[k], row);
          assert_int_equal(b.label[k], row % CLASSES);
          for (int c = 0; c < CLASSES; c++)
            assert_true(b.target[k * CLASSES + (uint32_t)c] == (c == row % CLASSES));
          seen[row]++;
          moved += row != n;
        }
      }
      for (int k = 0; k < N; k++) assert_int_equal(seen[k], 1);
    }
    assert_true(shuffle ? moved > 250 : moved == 0);
    loader_free(l);
  }
  loader *l = new_loader(set, (loader_options){.batch = 7, .drop_last = true});
  assert_int_equal(loader_describe(l).n_batches, 14);
  loader_free(l);
  data_close(set);
}

/* All orders of four come up equally often. */
static void shuffling_is_fair(void **state) {
  enum { EPOCHS = 24000 };
  data_set *set = open_well(make_table(state, 4), NULL);
  loader *l = new_loader(set, (loader_options){.batch = 4, .shuffle = true, .seed = 9});
  int count[256] = {0}, orders = 0;
  double chi = 0;
  for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
    loader_batch b;
    assert_int_equal(loader_seek(l, epoch, 0, NULL), LAN_OK);
    assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
    count[b.index[0] | b.index[1] << 2 | b.index[2] << 4 | b.index[3] << 6]++;
  }
  for (int k = 0; k < 256; k++) {
    orders += count[k] > 0;
    if (count[k]) chi += (count[k] - EPOCHS / 24.0) * (count[k] - EPOCHS / 24.0) / (EPOCHS / 24.0);
  }
  assert_int_equal(orders, 24);
  assert_true(chi < 50); /* 23 degrees of freedom: 0.1 % lie above */
  loader_free(l);
  data_close(set);
}

/* Inputs and targets are blended by one share, whose distribution is Beta's: mean 1/2, variance
 * 1 / (4 (2 alpha + 1)). */
static void mixup_blends_by_beta(void **state) {
  enum { N = 64, EPOCHS = 4000 };
  data_set *set = open_well(make_table(state, N), NULL);
  const data_info *i = data_describe(set);
  static const float alphas[] = {0.2f, 1, 3};
  for (size_t a = 0; a < 3; a++) {
    loader *l = new_loader(set, (loader_options){.batch = N, .shuffle = true, .mixup = alphas[a]});
    double sum = 0, squares = 0, most = 0;
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
      loader_batch b;
      assert_int_equal(loader_seek(l, epoch, 0, NULL), LAN_OK);
      assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
      /* Rows k and N - 1 - k were r and s, and are share r + (1 - share) s and the other way round. */
      double share = -1;
      for (uint32_t k = 0; k < N; k++) {
        float total = 0, largest = 0;
        for (int c = 0; c < CLASSES; c++) {
          float t = b.target[k * CLASSES + (uint32_t)c];
          assert_true(t >= 0 && t <= 1.0001f);
          total += t;
          if (t > largest) largest = t;
        }
        assert_true(fabsf(total - 1) < 1e-5f);
        assert_true(b.target[k * CLASSES + b.label[k]] >= 0.4999f);
        assert_true(fabsf(b.target[k * CLASSES + b.label[k]] - largest) < 1e-5f);
        double own = b.index[k], other = b.index[N - 1 - k];
        double x = (double)(b.x[2 * k] * i->std[0] + i->mean[0]);
        if (fabs(own - other) < 10) continue;
        double part =
            (x - other) / (own - other); /* of the one that `index` names: at least half */
        assert_true(part > 0.499 && part < 1.001);
        assert_true(share < 0 || fabs(part - share) < 1e-3);
        share = part;
      }
      sum += share;
      squares += (share - 0.5) * (share - 0.5);
      if (share > most) most = share;
    }
    /* Of max(share, 1 - share) the spread around 1/2 is that of the share. */
    double variance = 1 / (4 * (2 * (double)alphas[a] + 1));
    assert_true(fabs(squares / EPOCHS - variance) < 0.06 * variance);
    assert_true(sum / EPOCHS > 0.5 && most > 0.9);
    loader_free(l);
  }
  data_close(set);
}

/* What is cut in is as much of the target as of the area. */
static void cutmix_blends_by_area(void **state) {
  data_set *set = open_well(make_pictures(state), NULL);
  loader *plain = new_loader(set, (loader_options){.batch = PICTURES});
  loader *l = new_loader(set, (loader_options){.batch = PICTURES, .cutmix = 1, .seed = 3});
  int cut = 0;
  for (uint32_t epoch = 0; epoch < 50; epoch++) {
    loader_batch a, b;
    assert_int_equal(loader_seek(plain, epoch, 0, NULL), LAN_OK);
    assert_int_equal(loader_seek(l, epoch, 0, NULL), LAN_OK);
    assert_int_equal(loader_take(plain, &a, NULL), LAN_OK);
    assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
    for (uint32_t k = 0; k < PICTURES; k++) {
      uint32_t other = PICTURES - 1 - k, own_label = a.label[k], other_label = a.label[other];
      const float *own = a.x + k * 360, *theirs = a.x + other * 360, *x = b.x + k * 360;
      int theirs_only = 0;
      for (int i = 0; i < 360; i++) {
        assert_true(x[i] == own[i] || x[i] == theirs[i]);
        if (i < 120)
          theirs_only += x[i] != own[i] || (x[i] == theirs[i] && x[i + 240] != own[i + 240]);
      }
      if (own_label == other_label) continue;
      float area = b.target[k * CLASSES + other_label];
      assert_true((float)theirs_only <= area * 120 + 0.01f);
      assert_true(fabsf(area + b.target[k * CLASSES + own_label] - 1) < 1e-5f);
      cut += theirs_only > 0;
    }
  }
  assert_true(cut > 500);
  loader_free(plain);
  loader_free(l);
  data_close(set);
}

/* A file that breaks after the set was opened is left out of its batch, and the rest goes on. */
static void broken_files_shorten_their_batch(void **state) {
  const char *path = make_pictures(state);
  data_set *set = open_well(path, &(data_options){.memory = 100});
  scratch_write(scratch_path(state, "p/a/00.png"), "x", 1);
  scratch_write(scratch_path(state, "p/b/04.png"), "", 0);
  uint64_t hash = 0;
  for (uint32_t threads = 0; threads < 3; threads++) {
    loader *l = new_loader(set, (loader_options){.batch = 6, .n_threads = threads, .mixup = 1});
    for (uint32_t epoch = 0; epoch < 2; epoch++) {
      uint32_t n = 0;
      loader_batch b;
      assert_int_equal(loader_seek(l, 0, 0, NULL), LAN_OK);
      while (loader_take(l, &b, NULL) == LAN_OK && b.n) n += b.n;
      assert_int_equal(n, PICTURES - 2);
    }
    assert_int_equal(loader_seek(l, 0, 0, NULL), LAN_OK);
    uint64_t again = hash_rest(l);
    if (threads == 0) hash = again;
    assert_true(again == hash);
    loader_free(l);
  }
  assert_int_equal(data_warning_count(set), 2);
  /* A batch of which nothing is left is no end. */
  for (int i = 0; i < PICTURES; i += CLASSES) {
    char name[32];
    snprintf(name, sizeof name, "p/a/%02d.png", i);
    scratch_write(scratch_path(state, name), "", 0);
  }
  loader *l = new_loader(set, (loader_options){.batch = 4});
  uint32_t n = 0;
  loader_batch b;
  while (loader_take(l, &b, NULL) == LAN_OK && b.n) n += b.n;
  assert_int_equal(n, PICTURES - 17 - 1);
  loader_free(l);
  data_close(set);
}

static void batches_can_be_copied_and_resized(void **state) {
  data_set *set = open_well(make_pictures(state), NULL);
  loader_options o = {.batch = 4, .height = 8, .width = 14, .n_threads = 1};
  loader *l = new_loader(set, o), *same = new_loader(set, o);
  float x[4 * 3 * 8 * 14], target[4 * CLASSES];
  uint32_t label[4], n, total = 0;
  loader_batch b;
  assert_int_equal(loader_describe(l).width, 14);
  do {
    assert_int_equal(loader_next(l, x, target, label, &n, NULL), LAN_OK);
    assert_int_equal(loader_take(same, &b, NULL), LAN_OK);
    assert_int_equal(n, b.n);
    if (n) {
      assert_memory_equal(x, b.x, n * 336 * sizeof(float));
      assert_memory_equal(target, b.target, n * CLASSES * sizeof(float));
      assert_memory_equal(label, b.label, n * sizeof *label);
    }
    total += n;
  } while (n);
  assert_int_equal(total, PICTURES);
  loader_free(l);
  loader_free(same);
  data_close(set);
}

static void senseless_options_are_refused(void **state) {
  data_set *pictures = open_well(make_pictures(state), NULL);
  data_set *table = open_well(make_table(state, 10), NULL);
  const struct {
    const data_set *set;
    loader_options o;
    lan_status status;
    const char *says;
  } cases[] = {
      {pictures, {.batch = 0}, LAN_ERANGE, "at least one"},
      {pictures, {.batch = 4, .split = DATA_TEST}, LAN_ENOTFOUND, "no examples"},
      {pictures, {.batch = 51, .drop_last = true}, LAN_ERANGE, "do not fill a batch of 51"},
      {pictures, {.batch = 4, .mixup = NAN}, LAN_ERANGE, "alpha"},
      {pictures, {.batch = 4, .cutmix = -1}, LAN_ERANGE, "alpha"},
      {pictures, {.batch = 4, .n_threads = 65}, LAN_ERANGE, "threads"},
      {pictures, {.batch = 4, .height = 5000}, LAN_ERANGE, "at most 4096"},
      {pictures, {.batch = 4, .augment = {.brightness = 2}}, LAN_ERANGE, "brightness"},
      {table, {.batch = 4, .augment = {.flip = true}}, LAN_EINVAL, "a table has no pictures"},
      {table, {.batch = 4, .cutmix = 1}, LAN_EINVAL, "a table has no pictures"},
      {table, {.batch = 4, .width = 9}, LAN_EINVAL, "a table has no pictures"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    loader *l = (loader *)&l;
    lan_error err;
    lan_status s = loader_new(cases[i].set, &cases[i].o, &l, &err);
    if (s != cases[i].status || !strstr(err.message, cases[i].says)) {
      fail_msg("case %zu: %s", i, s ? err.message : "accepted");
    }
    assert_ptr_equal(l, &l);
  }
  /* More than there are is one batch of all. */
  loader *l = new_loader(pictures, (loader_options){.batch = UINT32_MAX, .n_threads = 2});
  loader_batch b;
  assert_int_equal(loader_take(l, &b, NULL), LAN_OK);
  assert_int_equal(b.n, PICTURES);
  loader_free(l);
  data_close(pictures);
  data_close(table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(threads_do_not_change_a_bit),
      TEST(positions_can_be_gone_back_to),
      TEST(each_example_comes_once_an_epoch),
      TEST(shuffling_is_fair),
      TEST(mixup_blends_by_beta),
      TEST(cutmix_blends_by_area),
      TEST(broken_files_shorten_their_batch),
      TEST(batches_can_be_copied_and_resized),
      TEST(senseless_options_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
