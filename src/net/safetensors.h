/* Tensors and text in one file: reading and writing safetensors.
 *
 * A file is a number of 8 bytes (little-endian), a JSON object of that length and the tensors' bytes.
 * The object tells of each tensor its type, its shape and where its bytes are, counted from the
 * object's end; under "__metadata__" it holds texts by name. Nothing in it is executed. What is read
 * is checked as a whole before any tensor's memory is asked for: the tensors' bytes must fill the file
 * without a gap, an overlap or a remainder, so that no claim outgrows the file.
 * Format: https://github.com/huggingface/safetensors, "Format". */
#ifndef NET_SAFETENSORS_H
#define NET_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "lantoa/status.h"

enum {
  SAFETENSORS_RANK_MAX = 8,
  SAFETENSORS_HEADER_MAX = 100000000 /* bytes; the limit of the reference implementation */
};

typedef enum safetensors_type {
  SAFETENSORS_F32,
  SAFETENSORS_F16,
  SAFETENSORS_BF16,
  SAFETENSORS_U8,
  SAFETENSORS_I64,
  SAFETENSORS_OTHER /* known to the format, not read here */
} safetensors_type;

typedef struct safetensors_tensor {
  const char *name; /* UTF-8 */
  safetensors_type type;
  uint32_t rank; /* 0: a single number */
  uint64_t shape[SAFETENSORS_RANK_MAX];
  uint64_t n_elements, n_bytes;
  uint64_t offset;      /* in the file */
  const char *spelling; /* of the type, in the file: "F32" */
} safetensors_tensor;

typedef struct safetensors safetensors; /* an open file */

/* LAN_EFORMAT or LAN_ELIMIT with a message that says what is wrong; else as lan_file_read does. */
lan_status safetensors_open(const char *path, safetensors **out, lan_error *err);
/* The same for bytes in memory, which must live as long; `shown` is their name in messages. */
lan_status safetensors_open_bytes(const void *bytes, size_t len, const char *shown,
                                  safetensors **out, lan_error *err);
void safetensors_close(safetensors *st); /* NULL is fine */

size_t safetensors_count(const safetensors *st);
/* In the order of the header; i < count. */
const safetensors_tensor *safetensors_at(const safetensors *st, size_t i);
const safetensors_tensor *safetensors_find(const safetensors *st, const char *name); /* or NULL */
/* The text of that name in "__metadata__", or NULL. */
const char *safetensors_metadata(const safetensors *st, const char *key);

/* Copies the tensor's n_elements numbers to `out`. LAN_EFORMAT when it is of another type. On failure
 * what `out` holds is undefined. */
lan_status safetensors_read_floats(const safetensors *st, const safetensors_tensor *t, float *out,
                                   lan_error *err); /* F32, F16, BF16 */
lan_status safetensors_read_bytes(const safetensors *st, const safetensors_tensor *t, uint8_t *out,
                                  lan_error *err); /* U8 */
lan_status safetensors_read_integers(const safetensors *st, const safetensors_tensor *t,
                                     int64_t *out, lan_error *err); /* I64 */

/* ---- writing ---- */

typedef struct safetensors_source {
  const char *name;      /* UTF-8, not empty, not "__metadata__", each one once */
  safetensors_type type; /* F32, U8 or I64 */
  uint32_t rank;
  const uint64_t *shape;
  const void *data; /* floats, bytes or 64-bit integers, row by row; NULL only if there are none */
} safetensors_source;

typedef struct safetensors_text {
  const char *key, *text; /* UTF-8; each key once */
} safetensors_text;

/* Replaces `path` whole or not at all. The header lists the tensors in the given order; their bytes lie
 * in that order too, but for wider types coming first, so that all are aligned. LAN_EINVAL for a name
 * that is not allowed. */
lan_status safetensors_write(const char *path, const safetensors_source *tensors, size_t n_tensors,
                             const safetensors_text *texts, size_t n_texts, lan_error *err);

/* The same, appended to `out`. */
lan_status safetensors_encode(const safetensors_source *tensors, size_t n_tensors,
                              const safetensors_text *texts, size_t n_texts, lan_buf *out,
                              lan_error *err);

#endif
