#include "train/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "data/loader.h"
#include "net/net_internal.h"
#include "train/describe.h"

enum { CLASSES_MOST = 65536, EVALUATION_BATCH = 256 };

/* ---- making ---- */

static char *copy_text(const char *text, size_t n) {
  char *copy = lan_alloc_array(n + 1, 1);
  if (!copy) return NULL;
  memcpy(copy, text, n);
  copy[n] = '\0';
  return copy;
}

static lan_status copy_classes(lan_model *m, const char *const *classes, uint32_t n,
                               lan_error *err) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (strchr(classes[i], '\n')) {
      return lan_fail(err, LAN_EINVAL, "a class's name must not hold a newline: '%s'", classes[i]);
    }
    bytes += strlen(classes[i]) + 1;
  }
  m->class_text = lan_alloc_array(bytes, 1);
  m->classes = lan_alloc_array(n, sizeof *m->classes);
  if (!m->class_text || !m->classes) return lan_fail_memory(err, bytes);
  char *at = m->class_text;
  for (uint32_t i = 0; i < n; i++) {
    size_t len = strlen(classes[i]) + 1;
    memcpy(at, classes[i], len);
    m->classes[i] = at;
    at += len;
  }
  m->info.classes = m->classes;
  m->info.n_classes = n;
  return LAN_OK;
}

static lan_status copy_description(lan_model *m, const char *model, lan_shape example,
                                   lan_error *err) {
  lan_buf text = {0};
  if (!describe_preset(model, example, &text)) lan_buf_add_str(&text, model);
  if (!text.failed && !strchr(text.data, '(')) {
    lan_buf_free(&text);
    return lan_fail(err, LAN_ENOTFOUND,
                    "there is no model '%s': use mlp, lenet, resnet20, cnn or a file with a "
                    "description",
                    model);
  }
  m->description = text.failed ? NULL : copy_text(text.data, text.len);
  lan_buf_free(&text);
  m->info.description = m->description;
  return m->description ? LAN_OK : lan_fail_memory(err, 0);
}

static lan_status build(lan_model *m, uint64_t seed, float smoothing, size_t values_most,
                        lan_error *err) {
  const lan_model_info *i = &m->info;
  lan_status status = lan_net_new(seed, &m->net, err);
  if (status != LAN_OK) return status;
  m->net->values_most = values_most;
  lan_var x = lan_net_input(m->net, "x", LAN_SHAPE(LAN_BATCH, i->channels, i->height, i->width));
  lan_var t = lan_net_input(m->net, "t", LAN_SHAPE(LAN_BATCH, i->n_classes));
  lan_var y;
  status = lan_net_status(m->net, err);
  if (status != LAN_OK) return status;
  status = describe_build(m->net, lan_str_of(m->description), x, i->n_classes, &y, err);
  if (status != LAN_OK) return status;
  lan_shape logits = lan_net_shape(m->net, y);
  if (logits.rank != 2 || logits.dims[0] != LAN_BATCH || logits.dims[1] != i->n_classes) {
    return lan_fail(err, LAN_EFORMAT,
                    "the last line of the model's description must give (batch, %u), a value a "
                    "class, but gives %u dimensions, the last of %u",
                    i->n_classes, logits.rank, logits.rank ? logits.dims[logits.rank - 1] : 0);
  }
  lan_net_output(m->net, "y", lan_net_softmax(m->net, y));
  lan_net_loss(m->net, lan_net_cross_entropy(m->net, y, t, smoothing));
  return lan_net_status(m->net, err);
}

/* Examples are as they are until training measures them. */
static lan_status make_stats(lan_model *m, lan_error *err) {
  m->n_stats = m->info.channels;
  m->mean = lan_alloc_zeroed(m->n_stats, sizeof *m->mean);
  m->std = lan_alloc_array(m->n_stats, sizeof *m->std);
  if (!m->mean || !m->std) return lan_fail_memory(err, m->n_stats * sizeof *m->std);
  for (uint32_t i = 0; i < m->n_stats; i++) m->std[i] = 1;
  return LAN_OK;
}

lan_status model_make(const char *model, lan_shape example, const char *const *classes,
                      uint32_t n_classes, uint64_t seed, float smoothing, size_t values_most,
                      lan_model **out, lan_error *err) {
  if (example.rank != 3 || !example.dims[0] || !example.dims[1] || !example.dims[2]) {
    return lan_fail(err, LAN_EINVAL, "an example must have channels, height and width");
  }
  if (n_classes < 2 || n_classes > CLASSES_MOST) {
    return lan_fail(err, LAN_ERANGE, "%u classes: a classifier needs 2 to %d", n_classes,
                    CLASSES_MOST);
  }
  lan_model *m = lan_alloc_zeroed(1, sizeof *m);
  if (!m) return lan_fail_memory(err, sizeof *m);
  m->info.channels = example.dims[0];
  m->info.height = example.dims[1];
  m->info.width = example.dims[2];
  lan_status status = copy_classes(m, classes, n_classes, err);
  if (status == LAN_OK) status = copy_description(m, model, example, err);
  if (status == LAN_OK) status = build(m, seed, smoothing, values_most, err);
  if (status == LAN_OK) status = make_stats(m, err);
  if (status != LAN_OK) {
    lan_model_free(m);
    return status;
  }
  *out = m;
  return LAN_OK;
}

lan_status lan_model_new(const char *model, lan_shape example, const char *const *classes,
                         uint32_t n_classes, uint64_t seed, lan_model **out, lan_error *err) {
  return model_make(model, example, classes, n_classes, seed, 0, 0, out, err);
}

void lan_model_free(lan_model *m) {
  if (!m) return;
  lan_net_plan_free(m->one);
  lan_net_free(m->net);
  free(m->description);
  free(m->class_text);
  free(m->classes);
  free(m->mean);
  free(m->std);
  free(m);
}

const lan_model_info *lan_model_describe(const lan_model *m) { return &m->info; }
lan_net *lan_model_net(lan_model *m) { return m->net; }

lan_status model_set_stats(lan_model *m, const float *mean, const float *std, uint32_t n,
                           lan_error *err) {
  float *copies[2] = {lan_alloc_array(n, sizeof(float)), lan_alloc_array(n, sizeof(float))};
  if (!copies[0] || !copies[1]) {
    free(copies[0]);
    free(copies[1]);
    return lan_fail_memory(err, n * sizeof(float));
  }
  memcpy(copies[0], mean, n * sizeof(float));
  memcpy(copies[1], std, n * sizeof(float));
  free(m->mean);
  free(m->std);
  m->mean = copies[0];
  m->std = copies[1];
  m->n_stats = n;
  return LAN_OK;
}

/* ---- writing ---- */

static void add_tensor(model_file *f, const char *prefix, const char *name, lan_shape shape,
                       const float *values) {
  size_t i = f->n_tensors++;
  snprintf(f->names[i], sizeof f->names[i], "%s%s", prefix, name);
  for (uint32_t k = 0; k < shape.rank; k++) f->shapes[i][k] = shape.dims[k];
  f->tensors[i] = (safetensors_source){.name = f->names[i],
                                       .type = SAFETENSORS_F32,
                                       .rank = shape.rank,
                                       .shape = f->shapes[i],
                                       .data = values};
}

void model_file_add(model_file *f, const char *prefix, const lan_parameter *p,
                    const float *values) {
  add_tensor(f, prefix, p->name, p->shape, values);
}

void model_file_text(model_file *f, const char *key, const char *text) {
  f->texts[f->n_texts++] = (safetensors_text){key, text};
}

lan_status model_file_begin(const lan_model *m, size_t sets, model_file *f, lan_error *err) {
  size_t n = lan_net_n_parameters(m->net);
  *f = (model_file){.most_tensors = sets * n + 2};
  f->tensors = lan_alloc_zeroed(f->most_tensors, sizeof *f->tensors);
  f->shapes = lan_alloc_zeroed(f->most_tensors, sizeof *f->shapes);
  f->names = lan_alloc_zeroed(f->most_tensors, sizeof *f->names);
  for (uint32_t i = 0; i < m->info.n_classes; i++) {
    lan_buf_printf(&f->classes, "%s%s", i ? "\n" : "", m->classes[i]);
  }
  lan_buf_printf(&f->example, "%u %u %u", m->info.channels, m->info.height, m->info.width);
  if (!f->tensors || !f->shapes || !f->names || f->classes.failed || f->example.failed) {
    model_file_end(f);
    return lan_fail_memory(err, 0);
  }
  for (size_t i = 0; i < n; i++) {
    lan_parameter p = lan_net_parameter_at(m->net, i);
    model_file_add(f, "", &p, p.values);
  }
  add_tensor(f, "", "lantoa.mean", LAN_SHAPE(m->n_stats), m->mean);
  add_tensor(f, "", "lantoa.std", LAN_SHAPE(m->n_stats), m->std);
  model_file_text(f, "lantoa.format", "1");
  model_file_text(f, "lantoa.model", m->description);
  model_file_text(f, "lantoa.classes", f->classes.data);
  model_file_text(f, "lantoa.example", f->example.data);
  return LAN_OK;
}

void model_file_end(model_file *f) {
  free(f->tensors);
  free(f->shapes);
  free(f->names);
  lan_buf_free(&f->classes);
  lan_buf_free(&f->example);
}

lan_status lan_model_save(const lan_model *m, const char *path, lan_error *err) {
  model_file f;
  lan_status status = model_file_begin(m, 1, &f, err);
  if (status != LAN_OK) return status;
  status = safetensors_write(path, f.tensors, f.n_tensors, f.texts, f.n_texts, err);
  model_file_end(&f);
  return status;
}

/* ---- reading ---- */

static lan_status no_model(const char *path, const char *what, lan_error *err) {
  return lan_fail(err, LAN_EFORMAT, "%s is no model of lantoa net train: %s", path, what);
}

static bool shapes_agree(const safetensors_tensor *t, lan_shape shape) {
  if (t->rank != shape.rank) return false;
  for (uint32_t k = 0; k < shape.rank; k++) {
    if (t->shape[k] != shape.dims[k]) return false;
  }
  return true;
}

lan_status model_read(lan_model *m, const safetensors *st, const char *path, const char *prefix,
                      float *(*to)(void *ctx, size_t i), void *ctx, lan_error *err) {
  for (size_t i = 0; i < lan_net_n_parameters(m->net); i++) {
    lan_parameter p = lan_net_parameter_at(m->net, i);
    float *values = to ? to(ctx, i) : p.values;
    char name[256], what[512];
    if (!values) continue;
    snprintf(name, sizeof name, "%s%s", prefix, p.name);
    const safetensors_tensor *t = safetensors_find(st, name);
    snprintf(what, sizeof what,
             "it has no parameter '%s' of the shape that its description asks for", name);
    if (!t || !shapes_agree(t, p.shape)) return no_model(path, what, err);
    lan_status status = safetensors_read_floats(st, t, values, err);
    if (status != LAN_OK) return status;
  }
  return LAN_OK;
}

static lan_status read_stats(lan_model *m, const safetensors *st, const char *path,
                             lan_error *err) {
  const safetensors_tensor *mean = safetensors_find(st, "lantoa.mean");
  const safetensors_tensor *std = safetensors_find(st, "lantoa.std");
  if (!mean || !std || mean->n_elements != m->info.channels ||
      std->n_elements != m->info.channels) {
    return no_model(path, "it does not say how examples are normalised", err);
  }
  lan_status status = safetensors_read_floats(st, mean, m->mean, err);
  if (status == LAN_OK) status = safetensors_read_floats(st, std, m->std, err);
  for (uint32_t i = 0; status == LAN_OK && i < m->n_stats; i++) {
    if (!isfinite(m->mean[i]) || !isfinite(m->std[i]) || m->std[i] <= 0) {
      return no_model(path, "what examples are normalised by is no mean and deviation", err);
    }
  }
  return status;
}

/* The names between newlines; `text` is cut into them. */
static lan_status split_classes(char *text, const char ***classes, uint32_t *n, lan_error *err) {
  size_t count = 1;
  for (const char *p = text; *p; p++) count += *p == '\n';
  if (count > CLASSES_MOST)
    return lan_fail(err, LAN_ELIMIT, "a model has at most %d classes", CLASSES_MOST);
  *classes = lan_alloc_array(count, sizeof **classes);
  if (!*classes) return lan_fail_memory(err, count * sizeof **classes);
  *n = 0;
  for (char *at = text; at;) {
    char *stop = strchr(at, '\n');
    if (stop) *stop++ = '\0';
    (*classes)[(*n)++] = at;
    at = stop;
  }
  return LAN_OK;
}

static lan_status from_texts(const safetensors *st, const char *path, lan_model **out,
                             lan_error *err) {
  const char *format = safetensors_metadata(st, "lantoa.format");
  const char *model = safetensors_metadata(st, "lantoa.model");
  const char *names = safetensors_metadata(st, "lantoa.classes");
  const char *example = safetensors_metadata(st, "lantoa.example");
  if (!format || !model || !names || !example) return no_model(path, "it has no description", err);
  if (strcmp(format, "1") != 0) return no_model(path, "its format is of a later version", err);
  lan_shape shape = {.rank = 3};
  int end = 0;
  if (strlen(example) > 40 ||
      sscanf(example, "%9u %9u %9u%n", &shape.dims[0], &shape.dims[1], &shape.dims[2], &end) != 3 ||
      example[end]) {
    return no_model(path, "the size of its examples is not three numbers", err);
  }
  char *text = copy_text(names, strlen(names));
  const char **classes = NULL;
  uint32_t n = 0;
  lan_status status = text ? split_classes(text, &classes, &n, err) : lan_fail_memory(err, 0);
  size_t held = 1; /* no description may ask for more than the file holds */
  for (size_t i = 0; i < safetensors_count(st); i++) held += safetensors_at(st, i)->n_elements;
  if (status == LAN_OK) status = model_make(model, shape, classes, n, 0, 0, held, out, err);
  free(classes);
  free(text);
  return status;
}

lan_status model_open_from(const safetensors *st, const char *path, lan_model **out,
                           lan_error *err) {
  lan_model *m = NULL;
  lan_error why = {0};
  lan_status status = from_texts(st, path, &m, &why);
  if (status != LAN_OK) {
    if (status != LAN_ENOMEM) status = LAN_EFORMAT; /* it is the file that is wrong, not the call */
    return lan_fail(err, status, strstr(why.message, path) ? "%s%s" : "%s: %s",
                    strstr(why.message, path) ? "" : path, why.message);
  }
  status = read_stats(m, st, path, err);
  if (status == LAN_OK) status = model_read(m, st, path, "", NULL, NULL, err);
  if (status != LAN_OK) {
    lan_model_free(m);
    return status;
  }
  *out = m;
  return LAN_OK;
}

lan_status lan_model_open(const char *path, lan_model **out, lan_error *err) {
  safetensors *st = NULL;
  lan_status status = safetensors_open(path, &st, err);
  if (status != LAN_OK) return status;
  status = model_open_from(st, path, out, err);
  safetensors_close(st);
  return status;
}

/* ---- using ---- */

bool model_sees_pictures(const lan_model *m) { return m->info.height * m->info.width > 1; }

data_options model_data_options(const lan_model *m) {
  data_options o = {.classes = m->classes,
                    .n_classes = m->info.n_classes,
                    .mean = m->mean,
                    .std = m->std,
                    .n_stats = m->n_stats};
  if (model_sees_pictures(m)) {
    o.channels = m->info.channels;
    o.height = m->info.height;
    o.width = m->info.width;
  }
  return o;
}

/* ---- evaluating ---- */

static void count_batch(const float *y, const loader_batch *b, lan_evaluation *e) {
  size_t n = e->n_classes;
  for (size_t r = 0; r < b->n; r++) {
    const float *row = y + r * n;
    size_t best = 0;
    for (size_t c = 1; c < n; c++) best = row[c] > row[best] ? c : best;
    e->confusion[b->label[r] * n + best]++;
    e->n_right += best == b->label[r];
    e->loss -= log((double)row[b->label[r]] + 1e-30);
  }
  e->n_examples += b->n;
}

static lan_status count_all(lan_model *m, loader *l, lan_net_plan *plan, lan_evaluation *e,
                            lan_error *err) {
  size_t size = (size_t)m->info.channels * m->info.height * m->info.width;
  loader_batch b;
  for (;;) {
    lan_status status = loader_take(l, &b, err);
    if (status != LAN_OK || b.n == 0) return status;
    /* Rows past the last example hold an earlier batch's: nobody looks at them. */
    memcpy(lan_net_plan_input(plan, "x"), b.x, b.n * size * sizeof(float));
    lan_net_forward(plan, NULL);
    count_batch(lan_net_plan_output(plan, "y"), &b, e);
  }
}

lan_status model_count(lan_model *m, const data_set *set, data_split split, uint32_t threads,
                       lan_evaluation *out, lan_error *err) {
  loader_options options = {.split = split, .batch = EVALUATION_BATCH, .n_threads = 1};
  lan_net_plan_options plan_options = {.batch = EVALUATION_BATCH, .threads = threads, .shards = 2};
  lan_evaluation e = {.n_classes = m->info.n_classes};
  loader *l = NULL;
  lan_net_plan *plan = NULL;
  e.confusion = lan_alloc_zeroed((size_t)e.n_classes * e.n_classes, sizeof *e.confusion);
  lan_status status = e.confusion ? LAN_OK : lan_fail_memory(err, 0);
  if (status == LAN_OK) status = loader_new(set, &options, &l, err);
  if (status == LAN_OK) status = lan_net_plan_new(m->net, &plan_options, &plan, err);
  if (status == LAN_OK) status = count_all(m, l, plan, &e, err);
  lan_net_plan_free(plan);
  loader_free(l);
  if (status != LAN_OK) {
    free(e.confusion);
    return status;
  }
  if (e.n_examples) e.loss /= (double)e.n_examples;
  *out = e;
  return LAN_OK;
}

lan_status model_arrays(const lan_examples *e, data_arrays *out, lan_error *err) {
  const lan_shape *s = &e->shape;
  if (s->rank != 1 && s->rank != 3) {
    return lan_fail(err, LAN_EINVAL,
                    "examples are pictures of (channels, height, width), or rows of (columns), and "
                    "have no %u dimensions",
                    s->rank);
  }
  *out = (data_arrays){.channels = s->dims[0],
                       .height = s->rank == 3 ? s->dims[1] : 1,
                       .width = s->rank == 3 ? s->dims[2] : 1,
                       .n = e->count,
                       .values = e->values,
                       .labels = e->labels,
                       .n_classes = e->n_classes,
                       .classes = e->classes};
  return LAN_OK;
}

lan_status lan_model_evaluate_examples(lan_model *m, const lan_examples *examples, uint32_t threads,
                                       lan_evaluation *out, lan_error *err) {
  const lan_model_info *i = &m->info;
  data_options options = model_data_options(m);
  data_arrays a;
  data_set *set = NULL;
  lan_status status = model_arrays(examples, &a, err);
  if (status != LAN_OK) return status;
  if (a.channels != i->channels || a.height != i->height || a.width != i->width) {
    return lan_fail(err, LAN_EINVAL, "the examples are %u x %u x %u; the model takes %u x %u x %u",
                    a.channels, a.height, a.width, i->channels, i->height, i->width);
  }
  status = data_open_arrays(&a, &options, &set, err);
  if (status == LAN_OK) status = model_count(m, set, DATA_TRAIN, threads, out, err);
  data_close(set);
  return status;
}

lan_status lan_model_evaluate(lan_model *m, const char *path, uint32_t threads, lan_evaluation *out,
                              lan_error *err) {
  data_options options = model_data_options(m);
  data_set *set = NULL;
  lan_status status = data_open(path, &options, &set, err);
  if (status != LAN_OK) return status;
  bool has_test = data_describe(set)->count[DATA_TEST] > 0;
  status = model_count(m, set, has_test ? DATA_TEST : DATA_TRAIN, threads, out, err);
  data_close(set);
  return status;
}
