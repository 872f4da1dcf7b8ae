/* From the text of a link to the file that it means, by Obsidian's rules. */
#ifndef VAULT_NAMES_H
#define VAULT_NAMES_H

#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

typedef struct names names;

#define NAMES_NONE UINT32_MAX

/* paths: every file of the vault that a link may mean (notes, canvases, attachments), relative, '/'
 * between folders; borrowed, they must outlive the result. Immutable, safe from several threads. */
lan_status names_new(const lan_str *paths, uint32_t n, names **out, lan_error *err);
void names_free(names *names);

/* The file that `target` (as in facts_link.target) means in the note at `source`, or NAMES_NONE:
 *  - compared folded (NFC, lower case), with or without ".md"; "/x" is from the vault's root;
 *    "./x" and "../x" are relative to the source's folder;
 *  - the exact path in the vault; else, for a target of any depth, files whose path ends with it at
 * a folder's border: the one in the source's own folder, else the shortest path, ties in
 *    lexicographic order.
 * *n_candidates (may be NULL): how many files it could have meant when no exact path decided (an
 * ambiguous link if > 1). */
uint32_t names_resolve(const names *names, lan_str source, lan_str target, uint32_t *n_candidates);

/* The files that carry the same folded file name (without ".md"), shortest path first; *n of them.
 */
const uint32_t *names_with_basename(const names *names, lan_str basename, uint32_t *n);

/* The file name without folder and without ".md" or ".canvas". */
lan_str names_title(lan_str path);

#endif
