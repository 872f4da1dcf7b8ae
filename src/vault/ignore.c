#include "vault/ignore.h"

#include <jansson.h>
#include <regex.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/vec.h"

enum { APP_JSON_MOST = 4 << 20, FILTERS_MOST = 1000 };

struct ignore {
  VEC(char *) prefixes;
  VEC(regex_t) patterns;
};

void ignore_free(ignore *ig) {
  if (!ig) return;
  for (size_t i = 0; i < ig->prefixes.len; i++) free(ig->prefixes.data[i]);
  for (size_t i = 0; i < ig->patterns.len; i++) regfree(&ig->patterns.data[i]);
  VEC_FREE(&ig->prefixes);
  VEC_FREE(&ig->patterns);
  free(ig);
}

enum { REPEATS_MOST = 1000 };

/* Obsidian's patterns are JavaScript's; what POSIX writes otherwise is rewritten: \d, (?: and \/.
 * False: it holds what POSIX has not (look-around), or what could take very long or very much
 * memory to match (references back, large repeats in each other). */
static bool to_posix(lan_str pattern, lan_buf *out) {
  double repeats = 1;
  bool in_class = false;
  for (size_t i = 0; i < pattern.len; i++) {
    char c = pattern.ptr[i], next = i + 1 < pattern.len ? pattern.ptr[i + 1] : '\0';
    if (c == '\\' && next >= '1' && next <= '9') return false;
    if (c == '\\' && (next == 'd' || next == '/')) {
      lan_buf_add_str(out, next == '/' ? "/" : in_class ? "0-9" : "[0-9]");
      i++;
    } else if (c == '\\') {
      lan_buf_add(out, pattern.ptr + i, next ? 2 : 1);
      i++;
    } else if (c == '(' && next == '?' && !in_class) {
      if (i + 2 >= pattern.len || pattern.ptr[i + 2] != ':') return false;
      lan_buf_add_char(out, c);
      i += 2;
    } else {
      in_class = c == '[' || (in_class && c != ']');
      if (c == '{') repeats *= 1 + strtod(pattern.ptr + i + 1, NULL);
      if (c == ',' && next >= '0' && next <= '9') repeats *= 1 + strtod(pattern.ptr + i + 1, NULL);
      lan_buf_add_char(out, c);
    }
  }
  return repeats <= REPEATS_MOST;
}

static lan_status add_pattern(ignore *ig, const char *filter, size_t n, walk_result *walk,
                              const char *shown, lan_error *err) {
  lan_buf posix = {0};
  bool fits = to_posix((lan_str){filter + 1, n - 2}, &posix);
  if (posix.failed || !VEC_RESERVE(&ig->patterns, 1)) {
    lan_buf_free(&posix);
    return lan_fail_memory(err, n);
  }
  regex_t *re = &ig->patterns.data[ig->patterns.len];
  fits = fits && regcomp(re, posix.data, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0;
  lan_buf_free(&posix);
  if (fits) {
    ig->patterns.len++;
    return LAN_OK;
  }
  char reason[320];
  snprintf(reason, sizeof reason,
           "the filter %.150s is no regular expression of the kind that is read (POSIX extended, "
           "no look-around, no \\1, no large repeats) and is ignored",
           filter);
  return walk_add_skip(walk, shown, reason, false, err);
}

static lan_status add_filter(ignore *ig, const char *filter, walk_result *walk, const char *shown,
                             lan_error *err) {
  size_t n = strlen(filter);
  if (n == 0) return LAN_OK;
  if (n > 2 && filter[0] == '/' && filter[n - 1] == '/') {
    return add_pattern(ig, filter, n, walk, shown, err);
  }
  char *copy = strdup(filter);
  if (!copy || !VEC_PUSH(&ig->prefixes, copy)) {
    free(copy);
    return lan_fail_memory(err, n);
  }
  return LAN_OK;
}

static const char APP_JSON[] = ".obsidian/app.json";

static lan_status read_app_json(ignore *ig, int root_fd, walk_result *walk, lan_error *err) {
  lan_buf b = {0};
  lan_error e;
  lan_status s = lan_file_read_at(root_fd, APP_JSON, APP_JSON, APP_JSON_MOST, &b, &e);
  json_t *root = NULL;
  if (s == LAN_OK) {
    json_error_t je;
    root = json_loadb(b.data, b.len, 0, &je);
    if (!root) {
      char reason[256];
      snprintf(reason, sizeof reason, "line %d: %s; its filters are ignored", je.line, je.text);
      s = walk_add_skip(walk, APP_JSON, reason, true, err);
    }
    json_t *filters = json_object_get(root, "userIgnoreFilters");
    for (size_t i = 0; s == LAN_OK && i < json_array_size(filters) && i < FILTERS_MOST; i++) {
      const char *filter = json_string_value(json_array_get(filters, i));
      if (filter) s = add_filter(ig, filter, walk, APP_JSON, err);
    }
  } else if (s == LAN_ENOTFOUND) {
    s = LAN_OK;
  } else {
    s = s == LAN_ENOMEM ? lan_fail_memory(err, 0)
                        : walk_add_skip(walk, APP_JSON, e.message, true, err);
  }
  json_decref(root);
  lan_buf_free(&b);
  return s;
}

lan_status ignore_new(int root_fd, const char *const *excludes, size_t n_excludes,
                      walk_result *walk, ignore **out, lan_error *err) {
  ignore *ig = lan_alloc_zeroed(1, sizeof *ig);
  if (!ig) return lan_fail_memory(err, sizeof *ig);
  lan_status s = read_app_json(ig, root_fd, walk, err);
  for (size_t i = 0; s == LAN_OK && i < n_excludes; i++) {
    s = add_filter(ig, excludes[i], walk, "--exclude", err);
  }
  if (s != LAN_OK) {
    ignore_free(ig);
    return s;
  }
  *out = ig;
  return LAN_OK;
}

bool ignore_matches(const ignore *ig, const char *path) {
  for (size_t i = 0; i < ig->prefixes.len; i++) {
    if (strncmp(path, ig->prefixes.data[i], strlen(ig->prefixes.data[i])) == 0) return true;
  }
  for (size_t i = 0; i < ig->patterns.len; i++) {
    if (regexec(&ig->patterns.data[i], path, 0, NULL, 0) == 0) return true;
  }
  return false;
}
