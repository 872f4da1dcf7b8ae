/* Filters that leave files out of a vault. */
#ifndef VAULT_IGNORE_H
#define VAULT_IGNORE_H

#include "vault/walk.h"

typedef struct ignore ignore;

/* From the caller's filters and those of .obsidian/app.json. Trouble goes to walk's skips. */
lan_status ignore_new(int root_fd, const char *const *excludes, size_t n_excludes,
                      walk_result *walk, ignore **out, lan_error *err);
void ignore_free(ignore *ig);

/* `path` is NUL-terminated; a folder's ends with '/'. */
bool ignore_matches(const ignore *ig, const char *path);

/* Records a skip; in walk.c. */
lan_status walk_add_skip(walk_result *walk, const char *path, const char *reason, bool failed,
                         lan_error *err);

#endif
