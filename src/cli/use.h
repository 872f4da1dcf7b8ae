/* Shared by the commands about what is done with the memory. */
#ifndef CLI_USE_H
#define CLI_USE_H

#include "cli/session.h"

/* The words of the command line as one name; NULL: out of memory, which was said. */
const char *use_name(const cli *c, lan_buf *out);

/* The span that NOTE, --since and --until say; `path` keeps its note's path. A name that no note has any more may be the path
 * of one that is remembered. CLI_FOUND, or what to exit with after complaining. */
cli_exit use_span(session *s, lan_buf *path, lan_span *span);

/* Complains, and says what to exit with. */
cli_exit use_failed(lan_status status, const lan_error *err);

#endif
