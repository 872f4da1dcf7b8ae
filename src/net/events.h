/* A training as TensorBoard reads it: scalars by tag and step, in an event log.
 *
 * A log is a file of records: the length of the data (8 bytes), its checksum, the data, its checksum.
 * The data is an Event in protocol buffers. Each run adds a file of its own to the folder, so that a
 * training that was resumed goes on beside what it wrote before; TensorBoard reads all of them.
 * Format: TensorFlow, core/lib/io/record_writer.h and core/util/event.proto. */
#ifndef NET_EVENTS_H
#define NET_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "lantoa/status.h"

typedef struct events events;

/* Makes the folder where needed, and a new log in it. */
lan_status events_open(const char *folder, events **out, lan_error *err);
/* One number of `tag` ("loss/training"), UTF-8. It is written by the next flush; memory that was short
 * is told by that, too. */
void events_add(events *e, int64_t step, const char *tag, float value);
/* What was added since the last one, at the end of the log; the system has it when it returns. */
lan_status events_flush(events *e, lan_error *err);
const char *events_path(const events *e);
/* What was not flushed is lost; NULL is fine. */
void events_close(events *e);

/* CRC-32C (Castagnoli, RFC 3720 appendix B.4) of the bytes. */
uint32_t events_crc32c(const void *bytes, size_t n);

#endif
