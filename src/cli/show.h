/* Answers of the memory, for people and as JSON. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/session.h"

/* The results of the last lan_memory_related or lan_memory_recall: one a paragraph, with reasons;
 * or their paths only (--null). */
lan_status show_results(session *s, const lan_result *results, size_t n, lan_error *err);

/* " 42%  Cà phê → Buổi sáng ← Bạn bè" and a newline. The cursor is at column `indent`. */
void show_path(output *o, const lan_path *path, size_t indent);

/* The sentence with its linked words lit, and where it stands. The cursor is at column `indent`. */
void show_sentence(output *o, const lan_sentence *sentence, size_t indent);

/* What stands before the last slash of a path. */
lan_str show_folder(const char *path);

/* Ends a record of --null: the path's bytes and a NUL. */
void show_path_null(output *o, const char *path);

/* "  1 ██████▍ " */
void show_rank(output *o, size_t rank, size_t n, double share);
/* The column after it. */
size_t show_rank_columns(size_t n);

#endif
