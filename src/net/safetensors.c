#include "net/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/vec.h"

struct safetensors {
  lan_arena arena; /* names, texts, what messages call the file */
  const char *shown;
  VEC(safetensors_tensor) tensors;
  VEC(safetensors_text) texts;
  uint32_t *by_name; /* numbers of tensors, sorted by name */
  /* One of the two: */
  lan_file file;
  const char *bytes;
  uint64_t size;
};

static const struct {
  const char *spelling;
  uint32_t size;
  safetensors_type type;
} TYPES[] = {{"F32", 4, SAFETENSORS_F32},      {"F16", 2, SAFETENSORS_F16},
             {"BF16", 2, SAFETENSORS_BF16},    {"U8", 1, SAFETENSORS_U8},
             {"I64", 8, SAFETENSORS_I64},      {"F64", 8, SAFETENSORS_OTHER},
             {"BOOL", 1, SAFETENSORS_OTHER},   {"I8", 1, SAFETENSORS_OTHER},
             {"I16", 2, SAFETENSORS_OTHER},    {"U16", 2, SAFETENSORS_OTHER},
             {"I32", 4, SAFETENSORS_OTHER},    {"U32", 4, SAFETENSORS_OTHER},
             {"U64", 8, SAFETENSORS_OTHER},    {"F8_E4M3", 1, SAFETENSORS_OTHER},
             {"F8_E5M2", 1, SAFETENSORS_OTHER}};

static lan_status read_part(const safetensors *st, uint64_t offset, void *out, size_t len,
                            lan_error *err) {
  if (!st->bytes) return lan_file_read_part(&st->file, offset, out, len, st->shown, err);
  if (len) memcpy(out, st->bytes + offset, len);
  return LAN_OK;
}

/* ---- the header: as much of JSON as it can hold, read without recursion ---- */

typedef struct reader {
  safetensors *st;
  const char *start, *p, *end;
  uint64_t data_start, data_size; /* of the tensors' bytes in the file */
  lan_buf text;                   /* the last string read */
  lan_error *err;
} reader;

static lan_status fail_at(const reader *r, const char *what) {
  return lan_fail(r->err, LAN_EFORMAT, "%s: no safetensors file: %s at byte %zu of its header",
                  r->st->shown, what, (size_t)(r->p - r->start));
}

/* Names come from the file: short, and without what a terminal would obey. */
static const char *name_for_people(const char *name, char out[64]) {
  size_t n = 0, len = strlen(name);
  uint32_t cp;
  for (size_t i = 0, took; i < len; i += took) {
    took = lan_utf8_decode(name + i, len - i, &cp);
    if (n + took > 60) {
      memcpy(out + n, "...", 3);
      n += 3;
      break;
    }
    bool plain = cp >= 0x20 && (cp < 0x7F || cp > 0x9F);
    if (plain) memcpy(out + n, name + i, took);
    if (!plain) out[n] = '?';
    n += plain ? took : 1;
  }
  out[n] = '\0';
  return out;
}

static lan_status fail_tensor(const reader *r, const safetensors_tensor *t, const char *what) {
  char name[64];
  return lan_fail(r->err, LAN_EFORMAT, "%s: no safetensors file: tensor %s: %s", r->st->shown,
                  name_for_people(t->name, name), what);
}

static void skip_space(reader *r) {
  while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')) r->p++;
}

/* White space, then `c` if it is there. */
static bool take(reader *r, char c) {
  skip_space(r);
  if (r->p == r->end || *r->p != c) return false;
  r->p++;
  return true;
}

static bool take_hex4(reader *r, uint32_t *out) {
  uint32_t v = 0;
  if (r->end - r->p < 4) return false;
  for (int i = 0; i < 4; i++) {
    char c = *r->p++;
    uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                            : 16;
    if (digit == 16) return false;
    v = v << 4 | digit;
  }
  *out = v;
  return true;
}

/* After a backslash. */
static lan_status read_escape(reader *r) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  const char *at = r->p < r->end && *r->p ? strchr(letters, *r->p) : NULL;
  if (at) {
    r->p++;
    lan_buf_add_char(&r->text, meant[at - letters]);
    return LAN_OK;
  }
  uint32_t cp, low;
  if (r->p == r->end || *r->p++ != 'u' || !take_hex4(r, &cp)) return fail_at(r, "a bad escape");
  if (cp >= 0xD800 && cp < 0xDC00) {
    if (r->end - r->p < 6 || *r->p++ != '\\' || *r->p++ != 'u' || !take_hex4(r, &low) ||
        low < 0xDC00 || low > 0xDFFF) {
      return fail_at(r, "half a surrogate pair");
    }
    cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
  }
  if (cp >= 0xD800 && cp < 0xE000) return fail_at(r, "half a surrogate pair");
  if (cp == 0) return fail_at(r, "the character U+0000 in a text");
  char bytes[4];
  lan_buf_add(&r->text, bytes, lan_utf8_encode(cp, bytes));
  return LAN_OK;
}

/* A string into r->text. That it is UTF-8 was checked before, for the whole header. */
static lan_status read_string(reader *r) {
  if (!take(r, '"')) return fail_at(r, "a string is wanted");
  lan_buf_clear(&r->text);
  lan_buf_add_str(&r->text, "");
  for (;;) {
    const char *from = r->p;
    while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20) r->p++;
    lan_buf_add(&r->text, from, (size_t)(r->p - from));
    if (r->p == r->end || (unsigned char)*r->p < 0x20) return fail_at(r, "a string has no end");
    if (*r->p++ == '"') return r->text.failed ? lan_fail_memory(r->err, 0) : LAN_OK;
    lan_status s = read_escape(r);
    if (s != LAN_OK) return s;
  }
}

/* The last string, kept. */
static lan_status keep_string(reader *r, const char **out) {
  *out = lan_arena_copy(&r->st->arena, r->text.data, r->text.len);
  return *out ? LAN_OK : lan_fail_memory(r->err, r->text.len);
}

static lan_status read_colon(reader *r) {
  return take(r, ':') ? LAN_OK : fail_at(r, "':' is wanted");
}

static lan_status read_number(reader *r, uint64_t *out) {
  uint64_t v = 0;
  skip_space(r);
  const char *from = r->p;
  for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
    uint64_t digit = (uint64_t)(*r->p - '0');
    if (v > (UINT64_MAX - digit) / 10) return fail_at(r, "a number that is too large");
    v = v * 10 + digit;
  }
  if (r->p == from) return fail_at(r, "a whole number is wanted");
  if (*from == '0' && r->p - from > 1) return fail_at(r, "a number that begins with 0");
  if (r->p < r->end && (*r->p == '.' || *r->p == 'e' || *r->p == 'E')) {
    return fail_at(r, "a whole number is wanted");
  }
  *out = v;
  return LAN_OK;
}

/* "[1, 2, 3]" of at most `most` numbers. */
static lan_status read_numbers(reader *r, uint64_t *out, uint32_t most, uint32_t *n) {
  *n = 0;
  if (!take(r, '[')) return fail_at(r, "a list of numbers is wanted");
  if (take(r, ']')) return LAN_OK;
  do {
    if (*n == most) return fail_at(r, "a list of too many numbers");
    lan_status s = read_number(r, &out[(*n)++]);
    if (s != LAN_OK) return s;
  } while (take(r, ','));
  return take(r, ']') ? LAN_OK : fail_at(r, "',' or ']' is wanted");
}

/* The size of its element, or 0 when the format knows no such type. */
static uint32_t read_type(const reader *r, safetensors_tensor *t) {
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
    if (strcmp(TYPES[i].spelling, r->text.data) != 0) continue;
    t->type = TYPES[i].type;
    t->spelling = TYPES[i].spelling;
    return TYPES[i].size;
  }
  return 0;
}

typedef struct claim { /* what the header says of a tensor */
  uint32_t element_size, n_offsets;
  uint64_t offsets[2];
  bool has_type, has_shape, has_offsets;
} claim;

static lan_status read_field(reader *r, safetensors_tensor *t, claim *c) {
  lan_status s = read_string(r);
  if (s != LAN_OK) return s;
  bool is_type = strcmp(r->text.data, "dtype") == 0, is_shape = strcmp(r->text.data, "shape") == 0;
  bool is_offsets = strcmp(r->text.data, "data_offsets") == 0;
  if (!is_type && !is_shape && !is_offsets) {
    return fail_tensor(r, t, "dtype, shape and data_offsets are wanted, nothing else");
  }
  if ((is_type && c->has_type) || (is_shape && c->has_shape) || (is_offsets && c->has_offsets)) {
    return fail_tensor(r, t, "dtype, shape or data_offsets is there twice");
  }
  c->has_type |= is_type;
  c->has_shape |= is_shape;
  c->has_offsets |= is_offsets;
  s = read_colon(r);
  if (s != LAN_OK) return s;
  if (is_shape) return read_numbers(r, t->shape, SAFETENSORS_RANK_MAX, &t->rank);
  if (is_offsets) return read_numbers(r, c->offsets, 2, &c->n_offsets);
  s = read_string(r);
  if (s == LAN_OK && (c->element_size = read_type(r, t)) == 0) {
    s = fail_tensor(r, t, "its dtype is unknown");
  }
  return s;
}

static bool multiply(uint64_t *a, uint64_t b) {
  if (b && *a > UINT64_MAX / b) return false;
  *a *= b;
  return true;
}

/* What the header says, against itself and the size of the file. */
static lan_status check_claim(const reader *r, safetensors_tensor *t, const claim *c) {
  if (!c->has_type || !c->has_shape || c->n_offsets != 2) {
    return fail_tensor(r, t, "dtype, shape and two data_offsets are wanted");
  }
  t->n_elements = 1;
  bool fits = true, empty = false;
  for (uint32_t i = 0; i < t->rank; i++) empty |= t->shape[i] == 0;
  for (uint32_t i = 0; i < t->rank; i++)
    fits = fits && multiply(&t->n_elements, empty ? 0 : t->shape[i]);
  t->n_bytes = t->n_elements;
  fits = fits && multiply(&t->n_bytes, c->element_size);
  if (!fits || t->n_bytes > r->data_size || c->offsets[1] > r->data_size) {
    return fail_tensor(r, t, "it claims more bytes than the file has; was the file cut?");
  }
  if (c->offsets[0] > c->offsets[1] || c->offsets[1] - c->offsets[0] != t->n_bytes) {
    return fail_tensor(r, t, "its data_offsets do not fit its shape and dtype");
  }
  t->offset = r->data_start + c->offsets[0];
  return LAN_OK;
}

/* The name was read. */
static lan_status read_tensor(reader *r) {
  safetensors_tensor t = {0};
  claim c = {0};
  lan_status s = keep_string(r, &t.name);
  if (s != LAN_OK) return s;
  s = read_colon(r);
  if (s == LAN_OK && !take(r, '{')) s = fail_at(r, "an object is wanted");
  if (s == LAN_OK && !take(r, '}')) {
    do s = read_field(r, &t, &c);
    while (s == LAN_OK && take(r, ','));
    if (s == LAN_OK && !take(r, '}')) s = fail_at(r, "',' or '}' is wanted");
  }
  if (s == LAN_OK) s = check_claim(r, &t, &c);
  if (s == LAN_OK && r->st->tensors.len == UINT32_MAX) s = fail_at(r, "too many tensors");
  if (s == LAN_OK && !VEC_PUSH(&r->st->tensors, t)) s = lan_fail_memory(r->err, 0);
  return s;
}

static lan_status read_texts(reader *r) {
  lan_status s = read_colon(r);
  if (s == LAN_OK && !take(r, '{')) s = fail_at(r, "an object is wanted");
  if (s != LAN_OK || take(r, '}')) return s;
  do {
    safetensors_text pair;
    s = read_string(r);
    if (s == LAN_OK) s = keep_string(r, &pair.key);
    if (s == LAN_OK) s = read_colon(r);
    if (s == LAN_OK) s = read_string(r);
    if (s == LAN_OK) s = keep_string(r, &pair.text);
    if (s == LAN_OK && !VEC_PUSH(&r->st->texts, pair)) s = lan_fail_memory(r->err, 0);
  } while (s == LAN_OK && take(r, ','));
  if (s == LAN_OK && !take(r, '}')) s = fail_at(r, "',' or '}' is wanted");
  return s;
}

static lan_status read_header(reader *r) {
  bool had_texts = false;
  lan_status s = LAN_OK;
  if (r->p == r->end || *r->p != '{') return fail_at(r, "'{' is wanted");
  r->p++;
  if (!take(r, '}')) {
    do {
      s = read_string(r);
      if (s != LAN_OK) return s;
      bool texts = strcmp(r->text.data, "__metadata__") == 0;
      if (texts && had_texts) return fail_at(r, "a second __metadata__");
      had_texts |= texts;
      s = texts ? read_texts(r) : read_tensor(r);
    } while (s == LAN_OK && take(r, ','));
    if (s == LAN_OK && !take(r, '}')) s = fail_at(r, "',' or '}' is wanted");
  }
  skip_space(r);
  if (s == LAN_OK && r->p != r->end) s = fail_at(r, "something after the end");
  return s;
}

/* ---- what holds between tensors ---- */

static int by_key(const void *a, const void *b) {
  return strcmp(((const safetensors_text *)a)->key, ((const safetensors_text *)b)->key);
}

/* A tensor's place among the others, to be sorted by either. */
typedef struct place {
  const safetensors_tensor *tensor;
  uint32_t number;
} place;

static int by_name(const void *a, const void *b) {
  return strcmp(((const place *)a)->tensor->name, ((const place *)b)->tensor->name);
}

static int by_offset(const void *a, const void *b) {
  const safetensors_tensor *x = ((const place *)a)->tensor, *y = ((const place *)b)->tensor;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  return (x->n_bytes > y->n_bytes) - (x->n_bytes < y->n_bytes); /* empty ones first */
}

/* The tensors' bytes are all the bytes there are, each once. */
static lan_status check_places(const reader *r, place *places, size_t n) {
  uint64_t at = r->data_start;
  if (n) qsort(places, n, sizeof *places, by_offset);
  for (size_t i = 0; i < n; i++) {
    const safetensors_tensor *t = places[i].tensor;
    if (t->offset < at) return fail_tensor(r, t, "its bytes are another tensor's, too");
    if (t->offset > at) return fail_tensor(r, t, "there are bytes before it that are no tensor's");
    at += t->n_bytes;
  }
  if (at == r->data_start + r->data_size) return LAN_OK;
  return lan_fail(r->err, LAN_EFORMAT,
                  "%s: no safetensors file: %" PRIu64 " bytes at its end are no tensor's",
                  r->st->shown, r->data_start + r->data_size - at);
}

static lan_status check_names(const reader *r, place *places, size_t n) {
  safetensors *st = r->st;
  if (n) qsort(places, n, sizeof *places, by_name);
  for (size_t i = 0; i < n; i++) {
    st->by_name[i] = places[i].number;
    if (i && by_name(&places[i - 1], &places[i]) == 0) {
      return fail_tensor(r, places[i].tensor, "the name is there twice");
    }
  }
  if (st->texts.len) qsort(st->texts.data, st->texts.len, sizeof *st->texts.data, by_key);
  for (size_t i = 1; i < st->texts.len; i++) {
    if (by_key(&st->texts.data[i - 1], &st->texts.data[i]) != 0) continue;
    char name[64];
    return lan_fail(r->err, LAN_EFORMAT, "%s: no safetensors file: two texts %s in __metadata__",
                    st->shown, name_for_people(st->texts.data[i].key, name));
  }
  return LAN_OK;
}

static lan_status check_all(const reader *r) {
  safetensors *st = r->st;
  size_t n = st->tensors.len;
  place *places = lan_alloc_array(n, sizeof *places);
  st->by_name = lan_alloc_array(n, sizeof *st->by_name);
  lan_status s = LAN_OK;
  if (!places || !st->by_name) {
    s = lan_fail_memory(r->err, n * sizeof *places);
  } else {
    for (size_t i = 0; i < n; i++) places[i] = (place){&st->tensors.data[i], (uint32_t)i};
    s = check_places(r, places, n);
    if (s == LAN_OK) s = check_names(r, places, n);
  }
  free(places);
  return s;
}

/* ---- opening ---- */

static lan_status read_length(const safetensors *st, uint64_t *len, lan_error *err) {
  unsigned char bytes[8];
  if (st->size < 8) {
    return lan_fail(err, LAN_EFORMAT,
                    "%s: no safetensors file: it holds %" PRIu64 " bytes, and 8 are the least",
                    st->shown, st->size);
  }
  lan_status s = read_part(st, 0, bytes, sizeof bytes, err);
  if (s != LAN_OK) return s;
  *len = 0;
  for (int i = 0; i < 8; i++) *len |= (uint64_t)bytes[i] << (8 * i);
  if (*len > st->size - 8) {
    return lan_fail(err, LAN_EFORMAT,
                    "%s: no safetensors file, or a cut one: it claims a header of %" PRIu64
                    " bytes and holds %" PRIu64,
                    st->shown, *len, st->size - 8);
  }
  if (*len > SAFETENSORS_HEADER_MAX) {
    return lan_fail(err, LAN_ELIMIT, "%s: a header of %" PRIu64 " bytes; at most %d are read",
                    st->shown, *len, SAFETENSORS_HEADER_MAX);
  }
  return LAN_OK;
}

static lan_status read_all(safetensors *st, lan_error *err) {
  uint64_t len = 0;
  lan_status s = read_length(st, &len, err);
  if (s != LAN_OK) return s;
  char *header = lan_alloc_array((size_t)len, 1);
  if (!header) return lan_fail_memory(err, (size_t)len);
  reader r = {.st = st,
              .start = header,
              .p = header,
              .end = header + len,
              .data_start = 8 + len,
              .data_size = st->size - 8 - len,
              .err = err};
  s = read_part(st, 8, header, (size_t)len, err);
  if (s == LAN_OK) {
    r.p = header + lan_utf8_valid(header, (size_t)len);
    if (r.p != r.end) s = fail_at(&r, "bytes that are no UTF-8");
    r.p = header;
  }
  if (s == LAN_OK) s = read_header(&r);
  if (s == LAN_OK) s = check_all(&r);
  lan_buf_free(&r.text);
  free(header);
  return s;
}

static lan_status new_reader(const char *shown, safetensors **out, lan_error *err) {
  safetensors *st = lan_alloc_zeroed(1, sizeof *st);
  if (st) st->file.fd = -1;
  if (!st || !(st->shown = lan_arena_copy(&st->arena, shown, strlen(shown)))) {
    free(st);
    return lan_fail_memory(err, 0);
  }
  *out = st;
  return LAN_OK;
}

static lan_status finish_open(safetensors *st, safetensors **out, lan_error *err) {
  lan_status s = read_all(st, err);
  if (s == LAN_OK) {
    *out = st;
  } else {
    safetensors_close(st);
  }
  return s;
}

lan_status safetensors_open(const char *path, safetensors **out, lan_error *err) {
  safetensors *st = NULL;
  lan_status s = new_reader(path, &st, err);
  if (s != LAN_OK) return s;
  s = lan_file_open(path, &st->file, err);
  if (s != LAN_OK) {
    safetensors_close(st);
    return s;
  }
  st->size = st->file.size;
  return finish_open(st, out, err);
}

lan_status safetensors_open_bytes(const void *bytes, size_t len, const char *shown,
                                  safetensors **out, lan_error *err) {
  safetensors *st = NULL;
  lan_status s = new_reader(shown, &st, err);
  if (s != LAN_OK) return s;
  st->bytes = bytes ? bytes : "";
  st->size = len;
  return finish_open(st, out, err);
}

void safetensors_close(safetensors *st) {
  if (!st) return;
  if (st->file.fd >= 0) lan_file_close(&st->file);
  VEC_FREE(&st->tensors);
  VEC_FREE(&st->texts);
  free(st->by_name);
  lan_arena_free(&st->arena);
  free(st);
}

/* ---- asking ---- */

size_t safetensors_count(const safetensors *st) { return st->tensors.len; }

const safetensors_tensor *safetensors_at(const safetensors *st, size_t i) {
  return &st->tensors.data[i];
}

const safetensors_tensor *safetensors_find(const safetensors *st, const char *name) {
  size_t low = 0, high = st->tensors.len;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const safetensors_tensor *t = &st->tensors.data[st->by_name[middle]];
    int order = strcmp(name, t->name);
    if (order == 0) return t;
    if (order < 0) high = middle;
    if (order > 0) low = middle + 1;
  }
  return NULL;
}

const char *safetensors_metadata(const safetensors *st, const char *key) {
  safetensors_text wanted = {key, NULL}, *found = NULL;
  if (st->texts.len) {
    found = bsearch(&wanted, st->texts.data, st->texts.len, sizeof wanted, by_key);
  }
  return found ? found->text : NULL;
}

static lan_status fail_type(const safetensors *st, const safetensors_tensor *t, const char *wanted,
                            lan_error *err) {
  char name[64];
  return lan_fail(err, LAN_EFORMAT, "%s: tensor %s is of type %s; %s is wanted", st->shown,
                  name_for_people(t->name, name), t->spelling, wanted);
}

/* IEEE 754 binary16. */
static float from_half(uint32_t half) {
  uint32_t sign = half >> 15 << 31, exponent = half >> 10 & 31, fraction = half & 1023, bits;
  float small = (float)fraction * 0x1p-24f; /* what it is if the exponent is 0 */
  memcpy(&bits, &small, sizeof bits);
  if (exponent == 31) bits = 0x7F800000u | fraction << 13;
  if (exponent > 0 && exponent < 31) bits = (exponent + 112) << 23 | fraction << 13;
  bits |= sign;
  memcpy(&small, &bits, sizeof bits);
  return small;
}

static float from_bfloat(uint32_t half) {
  uint32_t bits = half << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

/* Little-endian numbers of `size` bytes to the machine's own order, and back. */
static void own_order(void *numbers, size_t n, size_t size) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  unsigned char *p = numbers;
  for (size_t i = 0; i < n; i++, p += size) {
    for (size_t k = 0; k < size / 2; k++) {
      unsigned char c = p[k];
      p[k] = p[size - 1 - k];
      p[size - 1 - k] = c;
    }
  }
#else
  (void)numbers, (void)n, (void)size;
#endif
}

static lan_status read_halves(const safetensors *st, const safetensors_tensor *t, float *out,
                              lan_error *err) {
  unsigned char part[8192];
  uint64_t done = 0;
  while (done < t->n_elements) {
    size_t n = sizeof part / 2;
    if (t->n_elements - done < n) n = (size_t)(t->n_elements - done);
    lan_status s = read_part(st, t->offset + 2 * done, part, 2 * n, err);
    if (s != LAN_OK) return s;
    for (size_t i = 0; i < n; i++) {
      uint32_t half = (uint32_t)part[2 * i] | (uint32_t)part[2 * i + 1] << 8;
      out[done + i] = t->type == SAFETENSORS_F16 ? from_half(half) : from_bfloat(half);
    }
    done += n;
  }
  return LAN_OK;
}

lan_status safetensors_read_floats(const safetensors *st, const safetensors_tensor *t, float *out,
                                   lan_error *err) {
  if (t->type == SAFETENSORS_F16 || t->type == SAFETENSORS_BF16) {
    return read_halves(st, t, out, err);
  }
  if (t->type != SAFETENSORS_F32) return fail_type(st, t, "F32, F16 or BF16", err);
  lan_status s = read_part(st, t->offset, out, (size_t)t->n_bytes, err);
  if (s == LAN_OK) own_order(out, (size_t)t->n_elements, sizeof *out);
  return s;
}

lan_status safetensors_read_bytes(const safetensors *st, const safetensors_tensor *t, uint8_t *out,
                                  lan_error *err) {
  if (t->type != SAFETENSORS_U8) return fail_type(st, t, "U8", err);
  return read_part(st, t->offset, out, (size_t)t->n_bytes, err);
}

lan_status safetensors_read_integers(const safetensors *st, const safetensors_tensor *t,
                                     int64_t *out, lan_error *err) {
  if (t->type != SAFETENSORS_I64) return fail_type(st, t, "I64", err);
  lan_status s = read_part(st, t->offset, out, (size_t)t->n_bytes, err);
  if (s == LAN_OK) own_order(out, (size_t)t->n_elements, sizeof *out);
  return s;
}

/* ---- writing ---- */

typedef struct writer {
  const safetensors_source *tensors;
  uint64_t *begins, *sizes; /* by tensor: its bytes */
  size_t n;
  lan_buf header;
} writer;

static size_t element_size(safetensors_type type) {
  return type == SAFETENSORS_I64 ? 8 : type == SAFETENSORS_F32 ? 4 : type == SAFETENSORS_U8 ? 1 : 0;
}

static int by_string(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names can be told apart and put into the header. Sorts them. */
static lan_status check_keys(const char **keys, size_t n, lan_error *err) {
  char name[64];
  for (size_t i = 0; i < n; i++) {
    size_t len = strlen(keys[i]);
    if (len == 0 || lan_utf8_valid(keys[i], len) != len || strcmp(keys[i], "__metadata__") == 0) {
      return lan_fail(err, LAN_EINVAL, "\"%s\" can be no name in a safetensors file",
                      name_for_people(keys[i], name));
    }
  }
  if (n) qsort(keys, n, sizeof *keys, by_string);
  for (size_t i = 1; i < n; i++) {
    if (strcmp(keys[i - 1], keys[i]) != 0) continue;
    return lan_fail(err, LAN_EINVAL, "the name %s is given twice", name_for_people(keys[i], name));
  }
  return LAN_OK;
}

static lan_status check_sources(const writer *w, const safetensors_text *texts, size_t n_texts,
                                lan_error *err) {
  const char **keys = lan_alloc_array(w->n > n_texts ? w->n : n_texts, sizeof *keys);
  if (!keys) return lan_fail_memory(err, 0);
  for (size_t i = 0; i < w->n; i++) keys[i] = w->tensors[i].name;
  lan_status s = check_keys(keys, w->n, err);
  for (size_t i = 0; i < n_texts; i++) keys[i] = texts[i].key;
  if (s == LAN_OK) s = check_keys(keys, n_texts, err);
  for (size_t i = 0; s == LAN_OK && i < n_texts; i++) {
    size_t len = strlen(texts[i].text);
    if (lan_utf8_valid(texts[i].text, len) != len) {
      s = lan_fail(err, LAN_EINVAL, "the text %s is no UTF-8", texts[i].key);
    }
  }
  free(keys);
  return s;
}

/* Where each tensor's bytes go: wide types first. */
static lan_status place_tensors(writer *w, lan_error *err) {
  uint64_t at = 0;
  for (size_t i = 0; i < w->n; i++) {
    const safetensors_source *t = &w->tensors[i];
    w->sizes[i] = element_size(t->type);
    bool fits = t->rank <= SAFETENSORS_RANK_MAX && w->sizes[i] > 0;
    for (uint32_t d = 0; fits && d < t->rank; d++) fits = multiply(&w->sizes[i], t->shape[d]);
    if (!fits || w->sizes[i] > SIZE_MAX) {
      return lan_fail(err, LAN_EINVAL, "tensor %s has a shape or type that cannot be written",
                      t->name);
    }
  }
  for (size_t size = 8; size > 0; size /= 2) {
    for (size_t i = 0; i < w->n; i++) {
      if (element_size(w->tensors[i].type) != size) continue;
      if (w->sizes[i] > INT64_MAX - at) return lan_fail(err, LAN_EINVAL, "too many bytes");
      w->begins[i] = at;
      at += w->sizes[i];
    }
  }
  return LAN_OK;
}

static void put_string(lan_buf *b, const char *text) {
  lan_buf_add_char(b, '"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      lan_buf_add_char(b, '\\');
      lan_buf_add_char(b, *text);
    } else if (c == '\n') {
      lan_buf_add_str(b, "\\n");
    } else if (c < 0x20) {
      lan_buf_printf(b, "\\u%04x", c);
    } else {
      lan_buf_add_char(b, *text);
    }
  }
  lan_buf_add_char(b, '"');
}

static void put_tensor(lan_buf *b, const safetensors_source *t, uint64_t begin, uint64_t size) {
  const char *type = t->type == SAFETENSORS_F32 ? "F32" : t->type == SAFETENSORS_U8 ? "U8" : "I64";
  put_string(b, t->name);
  lan_buf_printf(b, ":{\"dtype\":\"%s\",\"shape\":[", type);
  for (uint32_t d = 0; d < t->rank; d++) lan_buf_printf(b, "%s%" PRIu64, d ? "," : "", t->shape[d]);
  lan_buf_printf(b, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", begin, begin + size);
}

/* The header with its length before it, padded so that the tensors begin at a multiple of 8. */
static lan_status make_header(writer *w, const safetensors_text *texts, size_t n_texts,
                              lan_error *err) {
  lan_buf *b = &w->header;
  lan_buf_add(b, "\0\0\0\0\0\0\0\0{", 9);
  if (n_texts) {
    lan_buf_add_str(b, "\"__metadata__\":{");
    for (size_t i = 0; i < n_texts; i++) {
      if (i) lan_buf_add_char(b, ',');
      put_string(b, texts[i].key);
      lan_buf_add_char(b, ':');
      put_string(b, texts[i].text);
    }
    lan_buf_add_char(b, '}');
  }
  for (size_t i = 0; i < w->n; i++) {
    if (i || n_texts) lan_buf_add_char(b, ',');
    put_tensor(b, &w->tensors[i], w->begins[i], w->sizes[i]);
  }
  lan_buf_add_char(b, '}');
  while (b->len % 8 && !b->failed) lan_buf_add_char(b, ' ');
  if (b->failed) return lan_fail_memory(err, 0);
  uint64_t len = b->len - 8;
  if (len > SAFETENSORS_HEADER_MAX) {
    return lan_fail(err, LAN_ELIMIT, "names and texts of %" PRIu64 " bytes; at most %d are written",
                    len, SAFETENSORS_HEADER_MAX);
  }
  for (int i = 0; i < 8; i++) b->data[i] = (char)(unsigned char)(len >> (8 * i));
  return LAN_OK;
}

/* Where a file's bytes go: to a file, or to memory. */
typedef struct sink {
  lan_file_writer *file;
  lan_buf *buf;
} sink;

static lan_status add_bytes(const sink *to, const void *bytes, size_t len, lan_error *err) {
  if (to->file) return lan_file_add(to->file, bytes, len, err);
  lan_buf_add(to->buf, bytes, len);
  return to->buf->failed ? lan_fail_memory(err, len) : LAN_OK;
}

static lan_status add_data(const sink *to, const safetensors_source *t, uint64_t size,
                           lan_error *err) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  unsigned char part[8192];
  lan_status s = LAN_OK;
  for (uint64_t done = 0; s == LAN_OK && done < size;) {
    size_t n = size - done < sizeof part ? (size_t)(size - done) : sizeof part;
    memcpy(part, (const char *)t->data + done, n);
    own_order(part, n / element_size(t->type), element_size(t->type));
    s = add_bytes(to, part, n, err);
    done += n;
  }
  return s;
#else
  return add_bytes(to, t->data, (size_t)size, err);
#endif
}

static lan_status add_all(const sink *to, const writer *w, lan_error *err) {
  lan_status s = add_bytes(to, w->header.data, w->header.len, err);
  for (size_t size = 8; size > 0; size /= 2) {
    for (size_t i = 0; s == LAN_OK && i < w->n; i++) {
      if (element_size(w->tensors[i].type) != size) continue;
      s = add_data(to, &w->tensors[i], w->sizes[i], err);
    }
  }
  return s;
}

static lan_status write_file(const char *path, const writer *w, lan_error *err) {
  lan_file_writer f;
  lan_status s = lan_file_begin(path, &f, err);
  if (s != LAN_OK) return s;
  s = add_all(&(sink){.file = &f}, w, err);
  if (s == LAN_OK) return lan_file_finish(&f, err);
  lan_file_abandon(&f);
  return s;
}

/* To `path`, or to `out` if that is NULL. */
static lan_status compose(const char *path, lan_buf *out, const safetensors_source *tensors,
                          size_t n_tensors, const safetensors_text *texts, size_t n_texts,
                          lan_error *err) {
  writer w = {.tensors = tensors, .n = n_tensors};
  w.begins = lan_alloc_array(n_tensors, sizeof *w.begins);
  w.sizes = lan_alloc_array(n_tensors, sizeof *w.sizes);
  lan_status s = w.begins && w.sizes ? LAN_OK : lan_fail_memory(err, 0);
  if (s == LAN_OK) s = check_sources(&w, texts, n_texts, err);
  if (s == LAN_OK) s = place_tensors(&w, err);
  if (s == LAN_OK) s = make_header(&w, texts, n_texts, err);
  if (s == LAN_OK) s = path ? write_file(path, &w, err) : add_all(&(sink){.buf = out}, &w, err);
  lan_buf_free(&w.header);
  free(w.begins);
  free(w.sizes);
  return s;
}

lan_status safetensors_write(const char *path, const safetensors_source *tensors, size_t n_tensors,
                             const safetensors_text *texts, size_t n_texts, lan_error *err) {
  return compose(path, NULL, tensors, n_tensors, texts, n_texts, err);
}

lan_status safetensors_encode(const safetensors_source *tensors, size_t n_tensors,
                              const safetensors_text *texts, size_t n_texts, lan_buf *out,
                              lan_error *err) {
  return compose(NULL, out, tensors, n_tensors, texts, n_texts, err);
}
