#include "net/events.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "net/proto.h"

/* event.proto and summary.proto */
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2 };
enum { FILES_MOST = 10000 };

struct events {
  lan_buf path;
  lan_buf waiting;               /* records */
  lan_buf event, summary, value; /* while one is made */
};

/* Bit by bit: a record has some ten bytes, and there are a few an epoch. */
uint32_t events_crc32c(const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  uint32_t crc = UINT32_MAX;
  while (n--) {
    crc ^= *p++;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82F63B78u & (0u - (crc & 1)));
  }
  return ~crc;
}

/* So that the checksum of data that holds checksums stays a good one. */
static void add_masked_crc(lan_buf *b, const void *bytes, size_t n) {
  uint32_t crc = events_crc32c(bytes, n);
  uint32_t masked = (crc >> 15 | crc << 17) + 0xA282EAD8u;
  char out[4];
  for (int i = 0; i < 4; i++) out[i] = (char)(unsigned char)(masked >> (8 * i));
  lan_buf_add(b, out, sizeof out);
}

static void add_record(events *e) {
  lan_buf *b = &e->waiting;
  size_t start = b->len;
  pack_fixed(b, e->event.len);
  if (b->failed || e->event.failed || e->summary.failed || e->value.failed) {
    b->failed = true;
    return;
  }
  add_masked_crc(b, b->data + start, 8);
  lan_buf_add(b, e->event.data, e->event.len);
  add_masked_crc(b, e->event.data, e->event.len);
}

static void begin_event(events *e) {
  lan_buf_clear(&e->event);
  proto_double(&e->event, EVENT_WALL_TIME, (double)lan_clock_unix_ms() / 1000);
}

void events_add(events *e, int64_t step, const char *tag, float value) {
  lan_buf_clear(&e->value);
  proto_string(&e->value, VALUE_TAG, tag);
  proto_float(&e->value, VALUE_SIMPLE, value);
  lan_buf_clear(&e->summary);
  proto_bytes(&e->summary, SUMMARY_VALUE, lan_buf_str(&e->value));
  begin_event(e);
  proto_number(&e->event, EVENT_STEP, (uint64_t)step);
  proto_bytes(&e->event, EVENT_SUMMARY, lan_buf_str(&e->summary));
  add_record(e);
}

lan_status events_flush(events *e, lan_error *err) {
  if (e->waiting.failed) return lan_fail_memory(err, 0);
  if (e->waiting.len == 0) return LAN_OK;
  lan_status s = lan_file_append(e->path.data, e->waiting.data, e->waiting.len, err);
  if (s == LAN_OK) lan_buf_clear(&e->waiting);
  return s;
}

const char *events_path(const events *e) { return e->path.data; }

void events_close(events *e) {
  if (!e) return;
  lan_buf_free(&e->path);
  lan_buf_free(&e->waiting);
  lan_buf_free(&e->event);
  lan_buf_free(&e->summary);
  lan_buf_free(&e->value);
  free(e);
}

/* "events.out.tfevents.<seconds>.<host>.<number>": TensorBoard looks for the third word, and reads the
 * files of a folder in the order of their names. */
static lan_status create_log(events *e, const char *folder, lan_error *err) {
  char host[64];
  lan_status s = LAN_EBUSY;
  lan_host_name(host);
  for (char *p = host; *p; p++) {
    bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
    if (!plain && *p != '.' && *p != '-') *p = '-';
  }
  for (int i = 0; s == LAN_EBUSY && i < FILES_MOST; i++) {
    lan_buf_clear(&e->path);
    lan_buf_printf(&e->path, "%s/events.out.tfevents.%010" PRId64 ".%s.%04d", folder,
                   lan_clock_unix_ms() / 1000, host[0] ? host : "localhost", i);
    s = e->path.failed ? lan_fail_memory(err, 0) : lan_file_create(e->path.data, err);
  }
  return s;
}

lan_status events_open(const char *folder, events **out, lan_error *err) {
  events *e = lan_alloc_zeroed(1, sizeof *e);
  if (!e) return lan_fail_memory(err, sizeof *e);
  lan_status s = lan_dir_make(folder, err);
  if (s == LAN_OK) s = create_log(e, folder, err);
  if (s == LAN_OK) {
    begin_event(e);
    proto_string(&e->event, EVENT_FILE_VERSION, "brain.Event:2");
    add_record(e);
    s = events_flush(e, err);
  }
  if (s == LAN_OK) {
    *out = e;
  } else {
    events_close(e);
  }
  return s;
}
