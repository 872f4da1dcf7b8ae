/* Knowing that something in a vault's folders has changed: Linux's inotify. What changed is then found by a
 * walk. */
#ifndef VAULT_WATCH_H
#define VAULT_WATCH_H

#include "lantoa/status.h"

typedef struct watch watch;

/* Watches the folders of the vault, all that a walk goes into. LAN_ELIMIT: there are more folders than
 * fs.inotify.max_user_watches; LAN_EIO. */
lan_status watch_new(const char *root, watch **w, lan_error *err);
void watch_free(watch *w);

/* Readable when something has changed; stays the watch's. */
int watch_descriptor(const watch *w);

/* Makes it quiet again, and watches folders that are new; to be called before the walk that looks. */
lan_status watch_settle(watch *w, lan_error *err);

#endif
