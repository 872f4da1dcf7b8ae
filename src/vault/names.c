#include "vault/names.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "text/unicode.h"

/* Every end of a path that begins at a folder's border ("c", "b/c", "a/b/c" of a/b/c.md) is a key,
 * so that a link is one look-up, however many files have one name. */
typedef struct name_end {
  uint32_t best;  /* the file with the shortest path */
  uint32_t count; /* files whose path ends so */
  uint32_t whole; /* files whose path is this */
} name_end;

typedef struct name_entry {
  lan_str folded; /* without ".md" */
  lan_str path;
} name_entry;

enum { PARTS_MOST = 32 /* of a path's end, so that hostile depth costs no more */, SHORT = 256 };

struct names {
  name_entry *entries;
  uint32_t n;
  VEC(name_end) ends;
  lan_map keys; /* hash of an end -> its place in `ends` */
  lan_arena arena;
};

static lan_str without_md(lan_str s) {
  if (s.len > 3 && memcmp(s.ptr + s.len - 3, ".md", 3) == 0) s.len -= 3;
  return s;
}

static lan_str last_part(lan_str path) {
  size_t i = path.len;
  while (i > 0 && path.ptr[i - 1] != '/') i--;
  return (lan_str){path.ptr + i, path.len - i};
}

static lan_str folder_of(lan_str path) {
  while (path.len && path.ptr[path.len - 1] != '/') path.len--;
  return path; /* with its '/' */
}

static uint64_t key_of(lan_str folded) { return lan_hash(folded.ptr, folded.len, 0); }

/* No-break spaces are spaces to Obsidian. */
static void plain_spaces(lan_buf *b) {
  size_t n = 0;
  for (size_t i = 0; i < b->len; n++) {
    const char *s = b->data + i;
    bool short_one = b->len - i >= 2 && memcmp(s, "\xC2\xA0", 2) == 0;
    bool narrow = b->len - i >= 3 && memcmp(s, "\xE2\x80\xAF", 3) == 0;
    b->data[n] = short_one || narrow ? ' ' : *s;
    i += narrow ? 3 : short_one ? 2 : 1;
  }
  b->len = n;
}

/* The folded form of a name or path, in `small` if that is enough for it, else in `big`. */
static lan_str folded(lan_str s, char small[SHORT], lan_buf *big) {
  size_t i = 0;
  for (; i < s.len && i < SHORT && (unsigned char)s.ptr[i] < 0x80; i++) {
    char c = s.ptr[i];
    small[i] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
  }
  if (i == s.len) return (lan_str){small, s.len};
  lan_buf_clear(big);
  text_fold(big, s.ptr, s.len);
  if (!big->failed) plain_spaces(big);
  return lan_buf_str(big);
}

/* ---- making ---- */

static size_t name_length(const name_entry *e) {
  lan_str p = e->path;
  bool md = p.len > 3 && p.ptr[p.len - 3] == '.' && (p.ptr[p.len - 2] | 32) == 'm' &&
            (p.ptr[p.len - 1] | 32) == 'd';
  return p.len * 2 - (md ? 7 : 0); /* "x.md" is shorter than "x" by a half */
}

/* The shortest path; a note before a file without an ending; ties in byte order. */
static bool is_better(const name_entry *a, const name_entry *b) {
  size_t x = name_length(a), y = name_length(b);
  return x != y ? x < y : lan_str_compare(a->path, b->path) < 0;
}

static bool add_end(names *x, uint32_t file, lan_str end, bool whole) {
  uint32_t *slot = lan_map_put(&x->keys, key_of(end));
  if (!slot) return false;
  if (*slot == LAN_MAP_NONE) {
    *slot = (uint32_t)x->ends.len;
    return VEC_PUSH(&x->ends, (name_end){file, 1, whole});
  }
  name_end *e = &x->ends.data[*slot];
  if (is_better(&x->entries[file], &x->entries[e->best])) e->best = file;
  e->count++;
  e->whole += whole;
  return true;
}

static bool add_path(names *x, uint32_t file) {
  lan_str path = x->entries[file].folded;
  size_t parts = 0;
  for (size_t i = path.len; i > 0 && parts < PARTS_MOST; i--) {
    if (path.ptr[i - 1] != '/') continue;
    parts++;
    if (!add_end(x, file, (lan_str){path.ptr + i, path.len - i}, false)) return false;
  }
  return add_end(x, file, path, true);
}

static lan_status add_paths(names *x, const lan_str *paths, lan_error *err) {
  lan_buf big = {0};
  bool room = true;
  for (uint32_t i = 0; i < x->n && room; i++) {
    char small[SHORT];
    lan_str f = without_md(folded(paths[i], small, &big));
    char *copy = lan_arena_copy(&x->arena, f.ptr, f.len);
    x->entries[i] = (name_entry){{copy, f.len}, paths[i]};
    room = copy && !big.failed && add_path(x, i);
  }
  lan_buf_free(&big);
  return room ? LAN_OK : lan_fail_memory(err, 0);
}

lan_status names_new(const lan_str *paths, uint32_t n, names **out, lan_error *err) {
  names *x = lan_alloc_zeroed(1, sizeof *x);
  if (!x) return lan_fail_memory(err, sizeof *x);
  lan_status s = LAN_OK;
  x->n = n;
  x->entries = lan_alloc_array(n, sizeof *x->entries);
  if (!x->entries || !lan_map_reserve(&x->keys, (size_t)n * 2) || !VEC_RESERVE(&x->ends, n)) {
    s = lan_fail_memory(err, n * sizeof *x->entries);
  } else {
    s = add_paths(x, paths, err);
  }
  if (s != LAN_OK) {
    names_free(x);
    return s;
  }
  *out = x;
  return LAN_OK;
}

void names_free(names *x) {
  if (!x) return;
  free(x->entries);
  VEC_FREE(&x->ends);
  lan_map_free(&x->keys);
  lan_arena_free(&x->arena);
  free(x);
}

/* ---- resolving ---- */

static const name_end *find(const names *x, lan_str end) {
  uint32_t i = lan_map_get(&x->keys, key_of(end));
  return i == LAN_MAP_NONE ? NULL : &x->ends.data[i];
}

/* "./a", "../a", "a/../b" from a folder: a path from the root in `out`; false if it leads out of
 * it. */
static bool normalise(lan_str folder, lan_str target, lan_buf *out) {
  lan_buf_add(out, folder.ptr, folder.len);
  while (target.len) {
    size_t n = 0;
    while (n < target.len && target.ptr[n] != '/') n++;
    lan_str part = {target.ptr, n};
    if (lan_str_equal(part, LAN_STR(".."))) {
      if (out->len == 0) return false;
      do out->len--;
      while (out->len && out->data[out->len - 1] != '/');
    } else if (part.len && !lan_str_equal(part, LAN_STR("."))) {
      lan_buf_add(out, part.ptr, part.len);
      if (n < target.len) lan_buf_add_char(out, '/');
    }
    target.ptr += n < target.len ? n + 1 : n;
    target.len -= n < target.len ? n + 1 : n;
  }
  return !out->failed;
}

static bool is_relative(lan_str t) {
  return (t.len >= 2 && t.ptr[0] == '.' && t.ptr[1] == '/') ||
         (t.len >= 3 && memcmp(t.ptr, "../", 3) == 0);
}

/* The file that folder + target is, which may hold "." and ".."; NULL: none. */
static const name_end *find_from(const names *x, lan_str source, lan_str target) {
  char small[SHORT];
  lan_buf big = {0}, path = {0};
  lan_str folder = folder_of(source);
  const name_end *e = NULL;
  if (normalise(folded(folder, small, &big), target, &path)) {
    e = find(x, without_md(lan_buf_str(&path)));
    if (e && !e->whole) e = NULL;
  }
  lan_buf_free(&big);
  lan_buf_free(&path);
  return e;
}

uint32_t names_resolve(const names *x, lan_str source, lan_str target, uint32_t *n_candidates) {
  char small[SHORT];
  lan_buf big = {0};
  lan_str t = without_md(folded(target, small, &big));
  uint32_t found = NAMES_NONE, n = 0;
  if (t.len && is_relative(t)) {
    const name_end *e = find_from(x, source, t);
    if (e) found = e->best, n = e->whole;
  } else if (t.len) {
    if (t.ptr[0] == '/') t.ptr++, t.len--;
    const name_end *e = find(x, t);
    if (e) found = e->best, n = e->whole ? e->whole : e->count;
    if (e && !e->whole && e->count > 1) {
      const name_end *own = find_from(x, source, t);
      if (own) found = own->best;
    }
  }
  lan_buf_free(&big);
  if (n_candidates) *n_candidates = n;
  return found;
}

lan_str names_title(lan_str path) {
  lan_str name = last_part(path);
  static const char *const endings[] = {".md", ".canvas"};
  for (size_t k = 0; k < 2; k++) {
    size_t n = strlen(endings[k]);
    if (name.len <= n) continue;
    const char *tail = name.ptr + name.len - n;
    bool same = true;
    for (size_t i = 0; i < n; i++) same &= (tail[i] | 0x20) == (endings[k][i] | 0x20);
    if (same) return (lan_str){name.ptr, name.len - n};
  }
  return name;
}
