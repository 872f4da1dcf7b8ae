/* lantoa index --image-model: what a model takes the vault's pictures for. */
#include "cli/label_pictures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "lantoa/train.h"

static const size_t MODEL_MOST = (size_t)1 << 31;

typedef struct looking {
  session *s;
  lan_model *model;
  char name[17]; /* of the model: the hash of its file */
  float *probabilities;
  lan_label *labels;
} looking;

static lan_status name_model(looking *l, const char *path, lan_error *err) {
  lan_buf bytes = {0};
  lan_status status = lan_file_read(path, MODEL_MOST, &bytes, err);
  if (status == LAN_OK) {
    snprintf(l->name, sizeof l->name, "%016" PRIx64, lan_hash(bytes.data, bytes.len, 0));
  }
  lan_buf_free(&bytes);
  return status;
}

static lan_status begin(looking *l, const char *path, lan_error *err) {
  lan_status status = lan_model_open(path, &l->model, err);
  if (status == LAN_OK) status = name_model(l, path, err);
  if (status != LAN_OK) return status;
  size_t n = lan_model_describe(l->model)->n_classes;
  l->probabilities = lan_alloc_zeroed(n, sizeof *l->probabilities);
  l->labels = lan_alloc_zeroed(n, sizeof *l->labels);
  return l->probabilities && l->labels ? LAN_OK : lan_fail_memory(err, 0);
}

/* A picture that cannot be looked at is kept as one that shows nothing known, so that it is told once. */
static lan_status look(looking *l, const char *path, bool *broken, lan_error *err) {
  lan_memory *m = l->s->memory;
  const lan_model_info *info = lan_model_describe(l->model);
  const char *bytes;
  size_t n, n_labels = info->n_classes;
  lan_error trouble = {0};
  lan_status status = lan_memory_read_picture(m, path, &bytes, &n, &trouble);
  if (status == LAN_OK) {
    status = lan_model_predict_bytes(l->model, bytes, n, path, l->probabilities, &trouble);
  }
  if (status == LAN_ENOMEM) return lan_fail_memory(err, 0);
  *broken = status != LAN_OK;
  if (*broken) {
    session_clear_progress(l->s);
    cli_complain("%s", trouble.message);
    if (status == LAN_ENOTFOUND || status == LAN_EIO) return LAN_OK;
    n_labels = 0;
  } else {
    answer_labels(info, l->probabilities, l->labels);
  }
  return lan_memory_label_picture(m, path, l->name, l->labels, n_labels, err);
}

static lan_status look_at_all(looking *l, labelled_pictures *done, lan_error *err) {
  const lan_picture *pictures;
  bool shown = !l->s->c->opt.quiet && isatty(STDERR_FILENO);
  lan_status status = lan_memory_pictures(l->s->memory, l->name, &pictures, &done->all, err);
  for (size_t i = 0; status == LAN_OK && i < done->all; i++) {
    bool broken = false;
    if (pictures[i].labelled) continue;
    if (cli_stopped()) return lan_fail(err, LAN_ECANCELED, "stopped");
    if (shown) fprintf(stderr, "\r\033[Klooking at picture %zu of %zu", i + 1, done->all);
    status = look(l, pictures[i].path, &broken, err);
    done->now++;
    done->broken += broken;
  }
  if (shown) fputs("\r\033[K", stderr);
  return status;
}

lan_status label_pictures(session *s, const char *model, labelled_pictures *done, lan_error *err) {
  looking l = {.s = s};
  *done = (labelled_pictures){0};
  lan_status status = begin(&l, model, err);
  if (status == LAN_OK) status = look_at_all(&l, done, err);
  free(l.probabilities);
  free(l.labels);
  lan_model_free(l.model);
  return status;
}
