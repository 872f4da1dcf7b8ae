#include "data/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "data/set.h"

/* ---- what the sources share ---- */

bool data_exists(const char *path) {
  struct stat st;
  return path && stat(path, &st) == 0;
}

const char *data_path(data_set *set, const char *folder, const char *name) {
  size_t n = strlen(folder), m = strlen(name);
  char *path = lan_arena_alloc(&set->arena, n + m + 2, 1);
  if (!path) return NULL;
  memcpy(path, folder, n);
  path[n] = '/';
  memcpy(path + n + 1, name, m + 1);
  return path;
}

static uint64_t class_key(lan_str name) { return lan_hash(name.ptr, name.len, 0); }

static lan_status add_class(data_set *set, lan_str name, uint32_t *label, lan_error *err) {
  if (set->classes.len >= DATA_CLASSES_MOST) {
    return lan_fail(err, LAN_ELIMIT,
                    "there are more than %d classes; if the label is a quantity, it is no class",
                    DATA_CLASSES_MOST);
  }
  char *copy = lan_arena_copy(&set->arena, name.ptr, name.len);
  uint32_t *slot = copy ? lan_map_put(&set->class_of, class_key(name)) : NULL;
  if (!slot || !VEC_PUSH(&set->classes, copy)) return lan_fail_memory(err, name.len);
  *slot = *label = (uint32_t)set->classes.len - 1;
  return LAN_OK;
}

lan_status data_class(data_set *set, lan_str name, const char *shown, uint32_t *label,
                      lan_error *err) {
  uint32_t found = lan_map_get(&set->class_of, class_key(name));
  if (found != LAN_MAP_NONE) {
    if (!lan_str_equal(lan_str_of(set->classes.data[found]), name)) {
      return lan_fail(err, LAN_EFORMAT,
                      "%s: the classes '%s' and '%.*s' cannot be told apart; rename one", shown,
                      set->classes.data[found], (int)name.len, name.ptr);
    }
    *label = found;
    return LAN_OK;
  }
  if (set->classes_fixed) {
    return lan_fail(err, LAN_EFORMAT, "%s: '%.*s' is none of the %zu known classes (%s, ...)",
                    shown, (int)name.len, name.ptr, set->classes.len, set->classes.data[0]);
  }
  return add_class(set, name, label, err);
}

lan_status data_add(data_set *set, data_member example, lan_error *err) {
  if (set->examples.len >= UINT32_MAX / 2) {
    return lan_fail(err, LAN_ELIMIT, "%s holds more than 2 billion examples", set->source);
  }
  return VEC_PUSH(&set->examples, example) ? LAN_OK : lan_fail_memory(err, 0);
}

/* ---- classes in order ---- */

typedef struct class_rank {
  const char *name;
  uint32_t label;
} class_rank;

static int by_name(const void *a, const void *b) {
  return strcmp(((const class_rank *)a)->name, ((const class_rank *)b)->name);
}

static int by_value(const void *a, const void *b) {
  long x = strtol(((const class_rank *)a)->name, NULL, 10);
  long y = strtol(((const class_rank *)b)->name, NULL, 10);
  return x != y ? (x > y) - (x < y) : by_name(a, b);
}

static bool is_whole_number(const char *s) {
  size_t sign = s[0] == '-', n = strlen(s) - sign;
  return n >= 1 && n <= 9 && strspn(s + sign, "0123456789") == n;
}

/* Sources add classes as they meet them. */
static lan_status sort_classes(data_set *set, lan_error *err) {
  size_t n = set->classes.len;
  if (set->classes_fixed) return LAN_OK;
  class_rank *ranks = lan_alloc_array(n, sizeof *ranks);
  uint32_t *label = lan_alloc_array(n, sizeof *label);
  bool numbers = true;
  if (!ranks || !label) {
    free(ranks);
    free(label);
    return lan_fail_memory(err, n * sizeof *ranks);
  }
  for (uint32_t i = 0; i < n; i++) {
    ranks[i] = (class_rank){set->classes.data[i], i};
    numbers = numbers && is_whole_number(ranks[i].name);
  }
  qsort(ranks, n, sizeof *ranks, numbers ? by_value : by_name);
  for (uint32_t i = 0; i < n; i++) {
    label[ranks[i].label] = i;
    set->classes.data[i] = ranks[i].name;
    *lan_map_put(&set->class_of, class_key(lan_str_of(ranks[i].name))) = i; /* it is in there */
  }
  for (size_t i = 0; i < set->examples.len; i++) {
    set->examples.data[i].label = label[set->examples.data[i].label];
  }
  free(ranks);
  free(label);
  return LAN_OK;
}

/* ---- who is held back ---- */

/* Parts of 1 that depend on the example's hash and the seed alone. */
static double place_of(uint64_t hash, uint64_t seed) {
  return (double)(lan_hash_mix(hash ^ lan_hash_mix(seed + 1)) >> 11) * 0x1p-53;
}

static void hold_back(data_set *set, const data_options *o) {
  data_member *e = set->examples.data;
  for (size_t i = 0; i < set->examples.len; i++) {
    if (e[i].origin == DATA_VALIDATION) return; /* the source has its own */
  }
  for (size_t i = 0; i < set->examples.len; i++) {
    if (e[i].origin == DATA_TRAIN && place_of(e[i].hash, o->split_seed) < o->validation) {
      e[i].origin = DATA_VALIDATION;
    }
  }
}

/* Examples by split, without those that are known to be broken. */
static void list_splits(data_set *set) {
  uint32_t *at = set->order;
  for (int s = 0; s < DATA_SPLITS; s++) {
    uint32_t *first = at;
    for (uint32_t i = 0; i < set->examples.len; i++) {
      if (set->examples.data[i].origin == (data_split)s && !data_is_broken(set, i)) *at++ = i;
    }
    set->split[s] = first;
    set->info.count[s] = (uint32_t)(at - first);
  }
}

static lan_status split(data_set *set, const data_options *o, lan_error *err) {
  set->order = lan_alloc_array(set->examples.len, sizeof *set->order);
  if (!set->order) return lan_fail_memory(err, set->examples.len * sizeof *set->order);
  hold_back(set, o);
  list_splits(set);
  return LAN_OK;
}

/* ---- opening ---- */

static lan_status check_options(const data_options *o, lan_error *err) {
  if (!(o->validation >= 0 && o->validation <= 0.9)) {
    return lan_fail(err, LAN_ERANGE, "the part held back for validation is 0 .. 0.9, not %g",
                    o->validation);
  }
  if (o->height > DATA_SIDE_MOST || o->width > DATA_SIDE_MOST) {
    return lan_fail(err, LAN_ERANGE, "pictures are kept at a size of at most %d x %d, not %u x %u",
                    DATA_SIDE_MOST, DATA_SIDE_MOST, o->width, o->height);
  }
  if ((o->height == 0) != (o->width == 0)) {
    return lan_fail(err, LAN_EINVAL, "both height and width of pictures are wanted, or neither");
  }
  if (o->channels != 0 && o->channels != 1 && o->channels != 3) {
    return lan_fail(err, LAN_ERANGE, "a picture has 1 or 3 channels, not %u", o->channels);
  }
  if ((o->mean == NULL) != (o->std == NULL)) {
    return lan_fail(err, LAN_EINVAL, "both mean and standard deviation are wanted, or neither");
  }
  for (uint32_t i = 0; o->std && i < o->n_stats; i++) {
    bool finite = o->mean[i] - o->mean[i] == 0 && o->std[i] - o->std[i] == 0;
    if (!finite || o->std[i] <= 0) {
      return lan_fail(err, LAN_ERANGE, "mean %g and standard deviation %g are none",
                      (double)o->mean[i], (double)o->std[i]);
    }
  }
  return LAN_OK;
}

static lan_status fix_classes(data_set *set, const data_options *o, lan_error *err) {
  lan_status s = LAN_OK;
  for (uint32_t i = 0; o->classes && s == LAN_OK && i < o->n_classes; i++) {
    uint32_t label;
    s = data_class(set, lan_str_of(o->classes[i]), "the given classes", &label, err);
    if (s == LAN_OK && label != i) {
      s = lan_fail(err, LAN_EINVAL, "the class '%s' is given twice", o->classes[i]);
    }
  }
  set->classes_fixed = o->classes && o->n_classes;
  return s;
}

static lan_status read_source(data_set *set, const data_options *o, const char *path,
                              lan_error *err) {
  struct stat st;
  if (stat(path, &st) != 0) return lan_fail_errno(err, "cannot open", path);
  if (data_is_idx(path)) return data_read_idx(set, o, path, err);
  if (!S_ISDIR(st.st_mode)) return data_read_table(set, o, path, err);
  const char *train = data_path(set, path, "train.csv");
  if (!train) return lan_fail_memory(err, 0);
  return data_exists(train) ? data_read_table(set, o, path, err) : data_read_folder(set, path, err);
}

static lan_status check_contents(data_set *set, lan_error *err) {
  if (set->examples.len == 0) {
    return lan_fail(
        err, LAN_EFORMAT,
        "%s holds no examples; wanted is a folder that has a folder of pictures for each "
        "class, idx files, or a CSV file",
        set->source);
  }
  if (set->classes.len < 2) {
    return lan_fail(err, LAN_EFORMAT, "%s has one class only ('%s'); at least two are told apart",
                    set->source, set->classes.data[0]);
  }
  return LAN_OK;
}

/* All broken: what is wrong with the first says most. */
static lan_status check_splits(const data_set *set, lan_error *err) {
  const uint32_t *n = set->info.count;
  if (n[DATA_TRAIN] + n[DATA_VALIDATION] + n[DATA_TEST] == 0) {
    return lan_fail(err, LAN_EFORMAT, "none of the %zu pictures of %s can be read: %s",
                    set->examples.len, set->source, data_warning(set, 0));
  }
  return LAN_OK;
}

static lan_status new_trouble(data_set *set, lan_error *err) {
  data_trouble *t = lan_alloc_zeroed(1, sizeof *t);
  if (!t) return lan_fail_memory(err, sizeof *t);
  pthread_mutex_init(&t->lock, NULL);
  set->trouble = t;
  return LAN_OK;
}

static lan_status open_set(data_set *set, const char *path, const data_arrays *arrays,
                           const data_options *o, lan_error *err) {
  lan_status s = check_options(o, err);
  if (s == LAN_OK) s = new_trouble(set, err);
  set->source = lan_arena_copy(&set->arena, path, strlen(path));
  if (s == LAN_OK && !set->source) s = lan_fail_memory(err, 0);
  if (s == LAN_OK) s = fix_classes(set, o, err);
  if (s == LAN_OK) s = arrays ? data_read_arrays(set, arrays, err) : read_source(set, o, path, err);
  if (s == LAN_OK) s = check_contents(set, err);
  if (s == LAN_OK) s = sort_classes(set, err);
  if (s == LAN_OK) s = split(set, o, err);
  if (s == LAN_OK && set->info.kind == DATA_FOLDER) {
    s = data_decode_all(set, o, err);
    if (s == LAN_OK) list_splits(set);
  }
  if (s == LAN_OK) s = check_splits(set, err);
  if (s == LAN_OK) s = data_measure(set, o, err);
  set->info.classes = set->classes.data;
  set->info.n_classes = (uint32_t)set->classes.len;
  return s;
}

static lan_status open_either(const char *path, const data_arrays *arrays,
                              const data_options *options, data_set **out, lan_error *err) {
  data_options o = options ? *options : (data_options){0};
  if (o.memory == 0) o.memory = (size_t)1 << 30;
  data_set *set = lan_alloc_zeroed(1, sizeof *set);
  if (!set) return lan_fail_memory(err, sizeof *set);
  set->fit = o.fit;
  set->wish = (picture_wish){.file_bytes = o.file_bytes, .pixels = o.pixels};
  lan_status s = open_set(set, path, arrays, &o, err);
  if (s != LAN_OK) {
    data_close(set);
    return s;
  }
  *out = set;
  return LAN_OK;
}

lan_status data_open(const char *path, const data_options *options, data_set **out,
                     lan_error *err) {
  return open_either(path, NULL, options, out, err);
}

lan_status data_open_arrays(const data_arrays *arrays, const data_options *options, data_set **out,
                            lan_error *err) {
  return open_either("the examples", arrays, options, out, err);
}

void data_close(data_set *set) {
  if (!set) return;
  if (set->trouble) {
    for (size_t i = 0; i < set->trouble->warnings.len; i++) {
      free(set->trouble->warnings.data[i].text);
    }
    VEC_FREE(&set->trouble->warnings);
    free(set->trouble->broken);
    pthread_mutex_destroy(&set->trouble->lock);
    free(set->trouble);
  }
  VEC_FREE(&set->examples);
  VEC_FREE(&set->classes);
  VEC_FREE(&set->values);
  lan_map_free(&set->class_of);
  lan_arena_free(&set->arena);
  free(set->order);
  free(set->pixels);
  free(set->stats);
  free(set);
}

/* ---- asking ---- */

const data_info *data_describe(const data_set *set) { return &set->info; }

size_t data_warning_count(const data_set *set) {
  pthread_mutex_lock(&set->trouble->lock);
  size_t n = set->trouble->warnings.len;
  pthread_mutex_unlock(&set->trouble->lock);
  return n;
}

const char *data_warning(const data_set *set, size_t i) {
  const data_trouble *t = set->trouble;
  pthread_mutex_lock(&set->trouble->lock);
  const char *text = i < t->warnings.len ? t->warnings.data[i].text : NULL;
  pthread_mutex_unlock(&set->trouble->lock);
  return text;
}

static lan_status check_index(const data_set *set, data_split split, uint32_t i, lan_error *err) {
  static const char *const names[] = {"training", "validation", "test"};
  if ((unsigned)split < DATA_SPLITS && i < set->info.count[split]) return LAN_OK;
  if ((unsigned)split >= DATA_SPLITS)
    return lan_fail(err, LAN_EINVAL, "there is no split %d", (int)split);
  return lan_fail(err, LAN_ERANGE, "there is no %s example %u; there are %u", names[split], i,
                  set->info.count[split]);
}

void data_row(const data_set *set, uint32_t e, float *x) {
  const float *v = set->values.data + (size_t)e * set->size;
  for (size_t c = 0; c < set->size; c++) x[c] = (v[c] - set->info.mean[c]) / set->info.std[c];
}

lan_status data_example(const data_set *set, data_split split, uint32_t i, float *x,
                        uint32_t *label, lan_error *err) {
  lan_status s = check_index(set, split, i, err);
  if (s != LAN_OK) return s;
  uint32_t e = set->split[split][i];
  if (set->info.kind == DATA_TABLE) {
    data_row(set, e, x);
  } else {
    data_scratch scratch;
    const uint8_t *planes;
    s = data_scratch_new(set, &scratch, err);
    if (s != LAN_OK) return s;
    s = data_planes(set, e, &scratch, &planes, err);
    if (s == LAN_OK) planes_normalise(planes, data_shape(set), set->info.mean, set->info.std, x);
    data_scratch_free(&scratch);
  }
  if (s == LAN_OK) *label = set->examples.data[e].label;
  return s;
}

void data_name(const data_set *set, data_split split, uint32_t i, char *name, size_t size) {
  if (size == 0) return;
  name[0] = '\0';
  if (check_index(set, split, i, NULL) != LAN_OK) return;
  const data_member *e = &set->examples.data[set->split[split][i]];
  const char *source = split == DATA_TEST && set->test_source ? set->test_source : set->source;
  const char *base = strrchr(source, '/');
  base = base && base[1] ? base + 1 : source;
  switch (set->info.kind) {
    case DATA_FOLDER: snprintf(name, size, "%s", e->path); break;
    case DATA_IDX: snprintf(name, size, "%s #%u", base, e->number); break;
    default: snprintf(name, size, "%s:%u", base, e->number); break;
  }
}

uint32_t data_find_class(const data_set *set, const char *name) {
  uint32_t label = lan_map_get(&set->class_of, class_key(lan_str_of(name)));
  bool found = label != LAN_MAP_NONE && strcmp(set->classes.data[label], name) == 0;
  return found ? label : UINT32_MAX;
}
