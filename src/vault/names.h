/* From the text of a link to the file that it means, by Obsidian's rules. */
#ifndef VAULT_NAMES_H
#define VAULT_NAMES_H

#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct names names;

#define NAMES_NONE UINT32_MAX

/* paths: every file of the vault that a link may mean (notes, canvases, attachments), relative, '/'
 * between folders; their bytes are borrowed. Immutable, safe from several threads. */
lan_status names_new(const lan_str *paths, uint32_t n, names **out, lan_error *err);
void names_free(names *names);

/* The number of the file that `target` (as in facts_link.target) means in the note at `source`, or
 * NAMES_NONE. Compared folded (NFC, lower case), with or without ".md". "./x" and "../x" are
 * relative to the source's folder, "/x" is from the vault's root. Else the exact path in the vault;
 * else, of the files whose path ends with the target at a folder's border, the one in the source's
 * own folder, else the shortest path, ties in byte order, x.md before a file that is just "x".
 * No-break spaces are spaces. An end of a path is known by 32 folders at most, the whole path always.
 * One look-up, however many files have one name. An alias resolves nothing. *n_candidates
 * (may be NULL): how many files it could mean; a link with more than 1 is ambiguous. */
uint32_t names_resolve(const names *names, lan_str source, lan_str target, uint32_t *n_candidates);

/* The file name without folder and without ".md" or ".canvas". */
lan_str names_title(lan_str path);

#endif
