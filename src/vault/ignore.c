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

static lan_status add_pattern(ignore *ig, const char *filter, size_t n, walk_result *walk,
                              const char *shown, lan_error *err) {
  char *expression = strndup(filter + 1, n - 2);
  if (!expression || !VEC_RESERVE(&ig->patterns, 1)) {
    free(expression);
    return lan_fail_memory(err, n);
  }
  regex_t *re = &ig->patterns.data[ig->patterns.len];
  int failed = regcomp(re, expression, REG_EXTENDED | REG_ICASE | REG_NOSUB);
  free(expression);
  if (!failed) {
    ig->patterns.len++;
    return LAN_OK;
  }
  char reason[256];
  snprintf(reason, sizeof reason, "the filter %.150s is no valid regular expression and is ignored",
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
