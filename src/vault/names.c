#include "vault/names.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "text/unicode.h"

typedef struct name_entry {
  lan_str path;   /* folded, without ".md" */
  size_t length;  /* of the path as it is */
  lan_str actual; /* the path as it is */
  uint64_t key;   /* hash of the last part of `path` */
  uint32_t file;
} name_entry;

struct names {
  name_entry *entries; /* by key, then the shortest path, then byte order */
  uint32_t n;
  lan_map first; /* key -> the first entry with it */
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

static uint64_t key_of(lan_str folded) {
  lan_str name = last_part(folded);
  return lan_hash(name.ptr, name.len, 0);
}

static int by_key(const void *a, const void *b) {
  const name_entry *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  if (x->length != y->length) return x->length < y->length ? -1 : 1;
  return lan_str_compare(x->actual, y->actual);
}

static lan_status add_entries(names *n, const lan_str *paths, lan_error *err) {
  lan_buf folded = {0};
  lan_status s = LAN_OK;
  for (uint32_t i = 0; s == LAN_OK && i < n->n; i++) {
    lan_buf_clear(&folded);
    text_fold(&folded, paths[i].ptr, paths[i].len);
    lan_str f = without_md(lan_buf_str(&folded));
    char *copy = lan_arena_copy(&n->arena, f.ptr, f.len);
    if (!copy || folded.failed) s = lan_fail_memory(err, f.len);
    n->entries[i] = (name_entry){{copy, f.len}, paths[i].len, paths[i], key_of(f), i};
  }
  lan_buf_free(&folded);
  return s;
}

lan_status names_new(const lan_str *paths, uint32_t n, names **out, lan_error *err) {
  names *x = lan_alloc_zeroed(1, sizeof *x);
  lan_status s = LAN_OK;
  if (!x || !(x->entries = lan_alloc_array(n, sizeof *x->entries)) ||
      !lan_map_reserve(&x->first, n)) {
    s = lan_fail_memory(err, n * sizeof *x->entries);
  } else {
    x->n = n;
    s = add_entries(x, paths, err);
  }
  if (s != LAN_OK) {
    names_free(x);
    return s;
  }
  if (n) qsort(x->entries, n, sizeof *x->entries, by_key);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t *slot = lan_map_put(&x->first, x->entries[i].key); /* there is room */
    if (*slot == LAN_MAP_NONE) *slot = i;
  }
  *out = x;
  return LAN_OK;
}

void names_free(names *x) {
  if (!x) return;
  free(x->entries);
  lan_map_free(&x->first);
  lan_arena_free(&x->arena);
  free(x);
}

/* ---- resolving ---- */

static bool ends_with(lan_str path, lan_str tail) {
  if (tail.len > path.len) return false;
  size_t before = path.len - tail.len;
  if (before && path.ptr[before - 1] != '/') return false;
  return tail.len == 0 || memcmp(path.ptr + before, tail.ptr, tail.len) == 0;
}

/* Whether `path` is folder + target. */
static bool stands_in(lan_str path, lan_str folder, lan_str target) {
  return path.len == folder.len + target.len &&
         (folder.len == 0 || memcmp(path.ptr, folder.ptr, folder.len) == 0) &&
         (target.len == 0 || memcmp(path.ptr + folder.len, target.ptr, target.len) == 0);
}

/* Entries with the last part of `target`: their range. */
static uint32_t candidates(const names *x, lan_str target, uint32_t *first) {
  uint64_t key = key_of(target);
  *first = lan_map_get(&x->first, key);
  if (*first == LAN_MAP_NONE) return 0;
  uint32_t end = *first;
  while (end < x->n && x->entries[end].key == key) end++;
  return end - *first;
}

static uint32_t exact(const names *x, lan_str path) {
  uint32_t first, n = candidates(x, path, &first);
  for (uint32_t i = first; i < first + n; i++) {
    if (lan_str_equal(x->entries[i].path, path)) return x->entries[i].file;
  }
  return NAMES_NONE;
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

static uint32_t nearest(const names *x, lan_str folder, lan_str target, uint32_t *n_candidates) {
  uint32_t first, n = candidates(x, target, &first), best = NAMES_NONE, fitting = 0;
  for (uint32_t i = first; i < first + n; i++) {
    const name_entry *e = &x->entries[i];
    if (!ends_with(e->path, target)) continue;
    if (e->path.len == target.len) { /* the exact path in the vault */
      *n_candidates = 1;
      return e->file;
    }
    fitting++;
    if (best == NAMES_NONE) best = e->file;
  }
  for (uint32_t i = first; fitting > 1 && i < first + n; i++) {
    if (stands_in(x->entries[i].path, folder, target)) {
      best = x->entries[i].file;
      break;
    }
  }
  *n_candidates = fitting;
  return best;
}

uint32_t names_resolve(const names *x, lan_str source, lan_str target, uint32_t *n_candidates) {
  uint32_t ignored, found = NAMES_NONE;
  lan_buf folded = {0}, path = {0};
  if (!n_candidates) n_candidates = &ignored;
  *n_candidates = 0;
  text_fold(&folded, target.ptr, target.len);
  size_t folded_target = folded.len;
  lan_str folder = folder_of(source);
  text_fold(&folded, folder.ptr, folder.len); /* behind the target */
  lan_str t = without_md((lan_str){folded.data, folded_target});
  lan_str f = {folded.data + folded_target, folded.len - folded_target};
  if (folded.failed || t.len == 0) goto cleanup;
  if (is_relative(t)) {
    if (normalise(f, t, &path)) found = exact(x, without_md(lan_buf_str(&path)));
    *n_candidates = found != NAMES_NONE;
    goto cleanup;
  }
  if (t.ptr[0] == '/') t.ptr++, t.len--;
  found = nearest(x, f, t, n_candidates);
cleanup:
  lan_buf_free(&folded);
  lan_buf_free(&path);
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
