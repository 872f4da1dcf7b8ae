/* idx files, as MNIST's are: two zero bytes, the type of the numbers, how many dimensions, each of them in 4
 * bytes (big-endian), the numbers. Plain or compressed by gzip. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <zlib.h>

#include "base/error.h"
#include "base/file.h"
#include "data/set.h"

enum { BYTES = 0x08, DIMENSIONS_MOST = 4, GZIP_GAIN_MOST = 1032 };

typedef struct idx_file {
  lan_buf file;
  size_t n_dims;
  uint32_t dim[DIMENSIONS_MOST];
  uint8_t *unpacked; /* NULL: it is plain */
  const uint8_t *data;
  size_t len;
} idx_file;

static void idx_free(idx_file *f) {
  lan_buf_free(&f->file);
  free(f->unpacked);
  *f = (idx_file){0};
}

static uint32_t big_endian(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_gzip(const uint8_t *p, size_t n) { return n >= 2 && p[0] == 0x1F && p[1] == 0x8B; }

static lan_status cut_short(const char *path, lan_error *err) {
  return lan_fail(err, LAN_EFORMAT,
                  "%s is cut short: it holds less than its beginning says; get it anew", path);
}

/* The beginning: its size in *size, the size of what follows in *len. */
static lan_status read_header(idx_file *f, const uint8_t *p, size_t n, const char *path,
                              size_t *size, size_t *len, lan_error *err) {
  if (n < 4 || p[0] || p[1]) return lan_fail(err, LAN_EFORMAT, "%s is no idx file", path);
  if (p[2] != BYTES) {
    return lan_fail(err, LAN_EFORMAT, "%s holds numbers of type 0x%02x; bytes (0x08) are wanted",
                    path, p[2]);
  }
  f->n_dims = p[3];
  if (f->n_dims < 1 || f->n_dims > DIMENSIONS_MOST) {
    return lan_fail(err, LAN_EFORMAT, "%s has %zu dimensions; 1 to %d are wanted", path, f->n_dims,
                    DIMENSIONS_MOST);
  }
  *size = 4 + 4 * f->n_dims;
  *len = 1;
  if (n < *size) return cut_short(path, err);
  for (size_t i = 0; i < f->n_dims; i++) {
    f->dim[i] = big_endian(p + 4 + 4 * i);
    if (__builtin_mul_overflow(*len, (size_t)f->dim[i], len)) {
      return lan_fail(err, LAN_ELIMIT, "%s claims more than 2^64 bytes", path);
    }
  }
  return LAN_OK;
}

/* Unpacks exactly n bytes. False: there are fewer, or they are damaged. */
static bool inflate_bytes(z_stream *z, uint8_t *out, size_t n) {
  while (n) {
    uInt step = n < (1u << 30) ? (uInt)n : 1u << 30;
    z->next_out = out;
    z->avail_out = step;
    int code = inflate(z, Z_SYNC_FLUSH);
    size_t got = step - z->avail_out;
    out += got;
    n -= got;
    if (n && (code != Z_OK || got == 0)) return false;
  }
  return true;
}

static lan_status check_claim(const char *path, size_t len, size_t most, lan_error *err) {
  if (len <= most) return LAN_OK;
  return lan_fail(err, LAN_ELIMIT, "%s claims to hold %zu bytes; at most %zu are kept in memory",
                  path, len, most);
}

static lan_status unpack(idx_file *f, z_stream *z, const char *path, size_t most, lan_error *err) {
  uint8_t header[4 + 4 * DIMENSIONS_MOST];
  size_t size = 0, len = 0;
  z->next_in = (Bytef *)f->file.data;
  z->avail_in = (uInt)f->file.len;
  if (!inflate_bytes(z, header, 8)) return lan_fail(err, LAN_EFORMAT, "%s is no idx file", path);
  size_t dims = header[3] <= DIMENSIONS_MOST ? header[3] : 1;
  if (dims > 1 && !inflate_bytes(z, header + 8, 4 * (dims - 1))) return cut_short(path, err);
  lan_status s = read_header(f, header, sizeof header, path, &size, &len, err);
  if (s == LAN_OK) s = check_claim(path, len, most, err);
  if (s != LAN_OK) return s;
  if (len / GZIP_GAIN_MOST > f->file.len) return cut_short(path, err); /* before it is allocated */
  f->unpacked = lan_alloc_array(len, 1);
  if (!f->unpacked) return lan_fail_memory(err, len);
  if (!inflate_bytes(z, f->unpacked, len)) return cut_short(path, err);
  f->data = f->unpacked;
  f->len = len;
  return LAN_OK;
}

static lan_status read_packed(idx_file *f, const char *path, size_t most, lan_error *err) {
  z_stream z = {0};
  if (f->file.len > UINT32_MAX / 2) return check_claim(path, f->file.len, UINT32_MAX / 2, err);
  if (inflateInit2(&z, 15 + 16) != Z_OK) return lan_fail_memory(err, 0);
  lan_status s = unpack(f, &z, path, most, err);
  inflateEnd(&z);
  return s;
}

static lan_status idx_read(idx_file *f, const char *path, size_t most, lan_error *err) {
  size_t size = 0, len = 0;
  lan_status s = lan_file_read(path, most, &f->file, err);
  if (s != LAN_OK) return s;
  const uint8_t *p = (const uint8_t *)f->file.data;
  if (is_gzip(p, f->file.len)) return read_packed(f, path, most, err);
  s = read_header(f, p, f->file.len, path, &size, &len, err);
  if (s == LAN_OK && f->file.len - size < len) s = cut_short(path, err);
  if (s != LAN_OK) return s;
  f->data = p + size;
  f->len = len;
  return LAN_OK;
}

/* ---- which files belong together ---- */

static const char *const usual_names[] = {"train-images-idx3-ubyte.gz", "train-images-idx3-ubyte",
                                          "train-images.idx3-ubyte.gz", "train-images.idx3-ubyte"};

/* Whether a file begins like one of ours, unpacked where need be. */
static bool begins_like_idx(const char *path) {
  uint8_t begin[4] = {0};
  gzFile gz = gzopen(path, "rb"); /* reads plain files, too */
  if (!gz) return false;
  int n = gzread(gz, begin, 4);
  gzclose(gz);
  return n == 4 && begin[0] == 0 && begin[1] == 0 && begin[2] >= 0x08 && begin[2] <= 0x0E &&
         begin[3] >= 1 && begin[3] <= 8;
}

bool data_is_idx(const char *path) {
  struct stat st;
  bool found = false;
  if (stat(path, &st) != 0) return false;
  if (S_ISREG(st.st_mode)) return begins_like_idx(path);
  for (size_t i = 0; !found && i < sizeof usual_names / sizeof *usual_names; i++) {
    lan_buf name = {0};
    lan_buf_printf(&name, "%s/%s", path, usual_names[i]);
    found = !name.failed && data_exists(name.data);
    lan_buf_free(&name);
  }
  return found;
}

/* `path` with the last `from` in its file's name replaced; NULL if there is none (or no memory). */
static const char *renamed(data_set *set, const char *path, const char *from, const char *to) {
  const char *base = strrchr(path, '/'), *at = NULL;
  for (const char *p = base ? base : path; (p = strstr(p, from)); p++) at = p;
  if (!at) return NULL;
  size_t head = (size_t)(at - path), n = strlen(to), tail = strlen(at + strlen(from)) + 1;
  char *copy = lan_arena_alloc(&set->arena, head + n + tail, 1);
  if (!copy) return NULL;
  memcpy(copy, path, head);
  memcpy(copy + head, to, n);
  memcpy(copy + head + n, at + strlen(from), tail);
  return copy;
}

/* That file, or with .gz added or taken off; NULL if there is none. */
static const char *with_or_without_gz(data_set *set, const char *path) {
  if (!path || data_exists(path)) return path;
  size_t n = strlen(path);
  bool packed = n > 3 && strcmp(path + n - 3, ".gz") == 0;
  char *other = lan_arena_alloc(&set->arena, n + 4, 1);
  if (!other) return NULL;
  memcpy(other, path, n);
  memcpy(other + (packed ? n - 3 : n), packed ? "" : ".gz", packed ? 1 : 4);
  return data_exists(other) ? other : NULL;
}

static const char *labels_of(data_set *set, const char *images) {
  const char *path = renamed(set, images, "images", "labels");
  const char *of_one = path ? renamed(set, path, "idx3", "idx1") : NULL;
  const char *found = with_or_without_gz(set, of_one);
  return found ? found : with_or_without_gz(set, path);
}

static const char *test_of(data_set *set, const char *images) {
  const char *found = with_or_without_gz(set, renamed(set, images, "train", "t10k"));
  return found ? found : with_or_without_gz(set, renamed(set, images, "train", "test"));
}

/* ---- examples ---- */

typedef struct idx_pair {
  const char *path;
  idx_file images, labels;
} idx_pair;

static uint32_t channels_of(const idx_file *f) { return f->n_dims == 4 ? f->dim[3] : 1; }

static lan_status check_pair(const idx_pair *p, const char *labels, lan_error *err) {
  const idx_file *f = &p->images;
  if (f->n_dims < 3 || (channels_of(f) != 1 && channels_of(f) != 3)) {
    return lan_fail(
        err, LAN_EFORMAT,
        "%s holds no pictures: number, height and width are wanted, and 1 or 3 channels", p->path);
  }
  if (f->dim[1] < 1 || f->dim[2] < 1 || f->dim[1] > DATA_SIDE_MOST || f->dim[2] > DATA_SIDE_MOST) {
    return lan_fail(err, LAN_ERANGE, "%s holds pictures of %u x %u; 1 to %d are wanted", p->path,
                    f->dim[2], f->dim[1], DATA_SIDE_MOST);
  }
  if (p->labels.n_dims != 1 || p->labels.dim[0] != f->dim[0]) {
    return lan_fail(err, LAN_EFORMAT,
                    "%s holds %u pictures, and %s %u labels: they do not belong together", p->path,
                    f->dim[0], labels, p->labels.dim[0]);
  }
  return LAN_OK;
}

static lan_status read_pair(data_set *set, const char *path, size_t most, idx_pair *p,
                            lan_error *err) {
  p->path = path;
  lan_status s = idx_read(&p->images, path, most, err);
  if (s != LAN_OK) return s;
  const char *labels = labels_of(set, path);
  if (!labels) {
    return lan_fail(
        err, LAN_ENOTFOUND,
        "no labels beside %s: a file of the same name with \"labels\" for \"images\" is wanted",
        path);
  }
  s = idx_read(&p->labels, labels, most, err);
  return s == LAN_OK ? check_pair(p, labels, err) : s;
}

/* Labels are numbers from 0 on; all below the largest are classes. */
static lan_status add_classes(data_set *set, const idx_pair *p, lan_error *err) {
  uint32_t most = 0;
  lan_status s = LAN_OK;
  for (size_t i = 0; i < p->labels.len; i++) {
    if (p->labels.data[i] > most) most = p->labels.data[i];
  }
  for (uint32_t i = 0; s == LAN_OK && p->labels.len && i <= most; i++) {
    char name[16];
    uint32_t ignored;
    snprintf(name, sizeof name, "%u", i);
    s = data_class(set, lan_str_of(name), p->path, &ignored, err);
  }
  return s;
}

static lan_status add_examples(data_set *set, const idx_pair *p, data_split origin, uint8_t *planes,
                               lan_error *err) {
  const idx_file *f = &p->images;
  uint32_t channels = channels_of(f);
  size_t size = (size_t)f->dim[1] * f->dim[2] * channels;
  resizer r = {0};
  lan_status s = add_classes(set, p, err);
  for (uint32_t i = 0; s == LAN_OK && i < f->dim[0]; i++, planes += set->size) {
    const uint8_t *pixels = f->data + i * size;
    char name[16];
    data_member m = {.number = i, .origin = origin, .hash = lan_hash(pixels, size, 0)};
    picture view = {f->dim[2], f->dim[1], channels, (uint8_t *)pixels}; /* is only read */
    snprintf(name, sizeof name, "%u", p->labels.data[i]);
    s = data_class(set, lan_str_of(name), p->path, &m.label, err);
    if (s == LAN_OK) s = data_add(set, m, err);
    if (s == LAN_OK && !picture_fit(&view, set->fit, set->info.channels, set->info.height,
                                    set->info.width, &r, planes)) {
      s = lan_fail_memory(err, 0);
    }
  }
  resizer_free(&r);
  return s;
}

static lan_status take_pairs(data_set *set, const data_options *o, const idx_pair *train,
                             const idx_pair *test, lan_error *err) {
  data_info *i = &set->info;
  const idx_file *f = &train->images;
  if (test->path && (test->images.dim[1] != f->dim[1] || test->images.dim[2] != f->dim[2] ||
                     channels_of(&test->images) != channels_of(f))) {
    return lan_fail(err, LAN_EFORMAT, "%s and %s hold pictures of different sizes", train->path,
                    test->path);
  }
  i->height = o->height ? o->height : f->dim[1];
  i->width = o->width ? o->width : f->dim[2];
  i->channels = o->channels ? o->channels : channels_of(f);
  i->decoded = true;
  set->size = (size_t)i->channels * i->height * i->width;
  size_t n = (size_t)f->dim[0] + (test->path ? test->images.dim[0] : 0);
  if (n > o->memory / set->size) {
    return lan_fail(err, LAN_ELIMIT, "the %zu pictures of %s take more than %zu bytes of memory", n,
                    set->source, o->memory);
  }
  set->pixels = lan_alloc_huge(n, set->size);
  if (!set->pixels) return lan_fail_memory(err, n * set->size);
  lan_status s = add_examples(set, train, DATA_TRAIN, set->pixels, err);
  if (s == LAN_OK && test->path) {
    s = add_examples(set, test, DATA_TEST, set->pixels + f->dim[0] * set->size, err);
  }
  return s;
}

static const char *images_in(data_set *set, const char *path) {
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
    return lan_arena_copy(&set->arena, path, strlen(path));
  const char *found = NULL;
  for (size_t i = 0; !found && i < sizeof usual_names / sizeof *usual_names; i++) {
    const char *name = data_path(set, path, usual_names[i]);
    if (name && data_exists(name)) found = name;
  }
  return found;
}

lan_status data_read_idx(data_set *set, const data_options *o, const char *path, lan_error *err) {
  idx_pair train = {0}, test = {0};
  set->info.kind = DATA_IDX;
  const char *images = images_in(set, path);
  if (!images) return lan_fail_memory(err, 0);
  set->source = images;
  set->test_source = test_of(set, images);
  lan_status s = read_pair(set, images, o->memory, &train, err);
  if (s == LAN_OK && set->test_source) {
    s = read_pair(set, set->test_source, o->memory, &test, err);
  }
  if (s == LAN_OK) s = take_pairs(set, o, &train, &test, err);
  idx_free(&train.images);
  idx_free(&train.labels);
  idx_free(&test.images);
  idx_free(&test.labels);
  return s;
}
