/* The training loop, and what it keeps so that it can go on after a kill. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "data/loader.h"
#include "train/log.h"
#include "train/model.h"
#include "train/schedule.h"

enum { PLATEAU_PATIENCE = 3 };

/* What a checkpoint holds besides parameters: all that the coming steps depend on. */
typedef struct progress {
  uint32_t epoch, batch; /* the next batch */
  uint64_t step;         /* made so far */
  uint64_t seen, right;  /* of this epoch */
  double loss_sum;
  uint32_t best_epoch; /* counted from 1; 0: none */
  double best_accuracy, best_loss;
  uint32_t stale; /* epochs since the best, or since the last cut of the rate */
  double cut;     /* what the plateau schedule leaves of the rate */
  uint32_t done;  /* training has ended */
} progress;

typedef struct fit {
  lan_train_options o;
  data_set *set;
  lan_model *model;
  loader *batches;
  lan_net_plan *plan;
  lan_optimizer *optimizer;
  float *best; /* the parameters of the best epoch, one after the other */
  progress at;
  char options_text[512];  /* what must be the same to go on */
  uint64_t started, saved; /* clock */
  uint64_t examples;       /* since `started` */
  train_log *log;          /* NULL: none */
  lan_error *err;
} fit;

/* ---- options ---- */

static lan_train_options with_defaults(const lan_train_options *given) {
  lan_train_options o = given ? *given : (lan_train_options){0};
  lan_optimizer_options *opt = &o.optimizer;
  if (opt->kind == LAN_SGD && opt->rate == 0 && opt->momentum == 0) {
    *opt = (lan_optimizer_options){
        .kind = LAN_ADAMW, .weight_decay = opt->weight_decay, .clip = opt->clip};
    if (opt->weight_decay == 0) opt->weight_decay = 0.01F;
  }
  if (opt->rate == 0) opt->rate = opt->kind == LAN_SGD ? 0.05F : 0.002F;
  if (o.epochs == 0) o.epochs = 12;
  if (o.batch == 0) o.batch = 128;
  if (o.checkpoint_seconds <= 0) o.checkpoint_seconds = 30;
  return o;
}

static lan_status check_options(const lan_train_options *o, lan_error *err) {
  if (o->warmup >= 0 && o->warmup <= 1e6) return LAN_OK;
  return lan_fail(err, LAN_ERANGE, "the rate warms up over 0 .. 1,000,000 epochs, not %g",
                  o->warmup);
}

static void describe_options(fit *f) {
  const lan_train_options *o = &f->o;
  const lan_optimizer_options *p = &o->optimizer;
  snprintf(f->options_text, sizeof f->options_text,
           "epochs %u batch %u optimizer %d rate %a momentum %a nesterov %d decay %a clip %a "
           "schedule %d warmup %a smoothing %a mixup %a flip %d shift %u jitter %a erase %a "
           "validation %a patience %u seed %llu examples %u",
           o->epochs, o->batch, (int)p->kind, (double)p->rate, (double)p->momentum, p->nesterov,
           (double)p->weight_decay, (double)p->clip, (int)o->schedule, o->warmup,
           (double)o->smoothing, (double)o->mixup, o->flip, o->shift, (double)o->jitter,
           (double)o->erase, o->validation, o->patience, (unsigned long long)o->seed,
           data_describe(f->set)->count[DATA_TRAIN]);
}

/* From a path, or from what the caller holds. */
static lan_status open_data(fit *f, const char *path, const lan_examples *examples) {
  data_arrays arrays;
  data_options d = {.validation = f->o.validation,
                    .height = f->o.side,
                    .width = f->o.side,
                    .label = f->o.label,
                    .n_threads = f->o.threads};
  lan_status status = examples ? model_arrays(examples, &arrays, f->err) : LAN_OK;
  if (status != LAN_OK) return status;
  status = examples ? data_open_arrays(&arrays, &d, &f->set, f->err)
                    : data_open(path, &d, &f->set, f->err);
  if (status != LAN_OK) return status;
  for (size_t i = 0; f->o.warning && i < data_warning_count(f->set); i++) {
    f->o.warning(f->o.ctx, data_warning(f->set, i));
  }
  uint32_t n = data_describe(f->set)->count[DATA_TRAIN];
  if (n == 0) return lan_fail(f->err, LAN_EINVAL, "%s holds no example to train on", path);
  if (f->o.batch > n) f->o.batch = n;
  return LAN_OK;
}

static lan_status make_model(fit *f) {
  const data_info *i = data_describe(f->set);
  const char *model = f->o.model ? f->o.model : i->kind == DATA_TABLE ? "mlp" : "cnn";
  lan_status status = model_make(model, LAN_SHAPE(i->channels, i->height, i->width), i->classes,
                                 i->n_classes, f->o.seed, f->o.smoothing, 0, &f->model, f->err);
  return status == LAN_OK ? model_set_stats(f->model, i->mean, i->std, i->n_stats, f->err) : status;
}

static size_t count_parameters(const lan_net *net) {
  size_t n = 0;
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) n += lan_net_parameter_at(net, i).count;
  return n;
}

static lan_status make_ready(fit *f) {
  const lan_train_options *o = &f->o;
  bool pictures = data_describe(f->set)->kind != DATA_TABLE;
  loader_options l = {.split = DATA_TRAIN,
                      .batch = o->batch,
                      .shuffle = true,
                      .drop_last = true,
                      .mixup = o->mixup,
                      .seed = o->seed,
                      .n_threads = 1};
  if (pictures) {
    l.augment = (augment_options){.flip = o->flip != 0,
                                  .pad = o->shift,
                                  .brightness = o->jitter,
                                  .contrast = o->jitter,
                                  .saturation = o->jitter,
                                  .erase = o->erase};
  }
  lan_net_plan_options p = {.batch = o->batch, .training = 1, .threads = o->threads, .shards = 2};
  f->best = lan_alloc_zeroed(count_parameters(f->model->net), sizeof *f->best);
  if (!f->best) return lan_fail_memory(f->err, 0);
  lan_status status = loader_new(f->set, &l, &f->batches, f->err);
  if (status == LAN_OK) status = lan_net_plan_new(f->model->net, &p, &f->plan, f->err);
  if (status == LAN_OK) status = lan_optimizer_new(f->plan, &o->optimizer, &f->optimizer, f->err);
  return status;
}

/* ---- checkpoints ---- */

static const char *const PREFIXES[] = {"best.", "state0.", "state1."};
enum { BEST = 0, STATE0, STATE1, ARRAYS };

typedef struct array_of {
  fit *f;
  int which;
} array_of;

static float *array_at(void *ctx, size_t i) {
  array_of *a = ctx;
  if (a->which != BEST) return lan_optimizer_state(a->f->optimizer, i, a->which - STATE0);
  size_t at = 0;
  for (size_t k = 0; k < i; k++) at += lan_net_parameter_at(a->f->model->net, k).count;
  return a->f->best + at;
}

static lan_status write_checkpoint(fit *f) {
  const progress *a = &f->at;
  model_file file;
  char text[512], clock[32];
  if (!f->o.checkpoint) return LAN_OK;
  lan_status status = model_file_begin(f->model, 1 + ARRAYS, &file, f->err);
  if (status != LAN_OK) return status;
  for (int which = 0; which < ARRAYS; which++) {
    for (size_t i = 0; i < lan_net_n_parameters(f->model->net); i++) {
      float *values = array_at(&(array_of){f, which}, i);
      lan_parameter p = lan_net_parameter_at(f->model->net, i);
      if (values) model_file_add(&file, PREFIXES[which], &p, values);
    }
  }
  snprintf(text, sizeof text, "%u %u %llu %llu %llu %a %u %a %a %u %a %u", a->epoch, a->batch,
           (unsigned long long)a->step, (unsigned long long)a->seen, (unsigned long long)a->right,
           a->loss_sum, a->best_epoch, a->best_accuracy, a->best_loss, a->stale, a->cut, a->done);
  snprintf(clock, sizeof clock, "%llu", (unsigned long long)lan_net_plan_clock(f->plan));
  model_file_text(&file, "lantoa.progress", text);
  model_file_text(&file, "lantoa.clock", clock);
  model_file_text(&file, "lantoa.options", f->options_text);
  status = safetensors_write(f->o.checkpoint, file.tensors, file.n_tensors, file.texts,
                             file.n_texts, f->err);
  model_file_end(&file);
  f->saved = lan_clock_ns();
  return status;
}

static lan_status bad_checkpoint(fit *f, const char *what) {
  return lan_fail(f->err, LAN_EINVAL, "cannot go on from %s: %s; remove it to begin anew",
                  f->o.checkpoint, what);
}

static lan_status take_checkpoint(fit *f, const safetensors *st) {
  const char *model = safetensors_metadata(st, "lantoa.model");
  const char *text = safetensors_metadata(st, "lantoa.progress");
  const char *clock = safetensors_metadata(st, "lantoa.clock");
  const char *options = safetensors_metadata(st, "lantoa.options");
  progress a;
  unsigned long long step, seen, right;
  if (!model || !text || !clock || !options) return bad_checkpoint(f, "it is no checkpoint");
  if (strcmp(options, f->options_text) != 0 || strcmp(model, f->model->description) != 0) {
    return bad_checkpoint(f, "it was made with other options, another model or other data");
  }
  if (sscanf(text, "%u %u %llu %llu %llu %la %u %la %la %u %la %u", &a.epoch, &a.batch, &step,
             &seen, &right, &a.loss_sum, &a.best_epoch, &a.best_accuracy, &a.best_loss, &a.stale,
             &a.cut, &a.done) != 12) {
    return bad_checkpoint(f, "its progress cannot be read");
  }
  a.step = step;
  a.seen = seen;
  a.right = right;
  lan_status status = model_read(f->model, st, f->o.checkpoint, "", NULL, NULL, f->err);
  for (int which = 0; status == LAN_OK && which < ARRAYS; which++) {
    status = model_read(f->model, st, f->o.checkpoint, PREFIXES[which], array_at,
                        &(array_of){f, which}, f->err);
  }
  if (status != LAN_OK) return status;
  f->at = a;
  lan_optimizer_set_steps(f->optimizer, a.step);
  lan_net_plan_set_clock(f->plan, strtoull(clock, NULL, 10));
  return loader_seek(f->batches, a.epoch, a.batch, f->err);
}

static lan_status resume(fit *f) {
  safetensors *st = NULL;
  lan_error why = {0};
  if (!f->o.resume || !f->o.checkpoint) return LAN_OK;
  lan_status status = safetensors_open(f->o.checkpoint, &st, &why);
  if (status == LAN_ENOTFOUND) return LAN_OK; /* nothing to go on from */
  if (status != LAN_OK) return bad_checkpoint(f, why.message);
  status = take_checkpoint(f, st);
  safetensors_close(st);
  return status;
}

/* ---- steps ---- */

/* Which layer's value is the first that is not finite. */
static const char *first_not_finite(fit *f, lan_net_plan *plan) {
  lan_net *net = f->model->net;
  for (lan_var v = 0; (size_t)v < lan_net_n_layers(net); v++) {
    lan_layer layer = lan_net_layer_at(net, v);
    size_t n = 1;
    for (uint32_t k = 0; k < layer.shape.rank; k++) {
      n *= k == 0 && layer.shape.dims[0] == LAN_BATCH ? f->o.batch : layer.shape.dims[k];
    }
    float *values = lan_alloc_array(n, sizeof *values);
    bool finite = true;
    if (values && lan_net_plan_value(plan, v, values, NULL) == LAN_OK) {
      for (size_t i = 0; i < n; i++) finite = finite && isfinite(values[i]);
    }
    free(values);
    if (!finite) return layer.name;
  }
  return NULL;
}

static lan_status not_finite(fit *f) {
  lan_net_plan_options o = {.batch = f->o.batch, .training = 1, .threads = 1, .keep_all = 1};
  lan_net_plan *plan = NULL;
  const char *layer = NULL;
  if (lan_net_plan_new(f->model->net, &o, &plan, NULL) == LAN_OK) {
    const lan_model_info *i = &f->model->info;
    size_t n = (size_t)f->o.batch * i->channels * i->height * i->width;
    memcpy(lan_net_plan_input(plan, "x"), lan_net_plan_input(f->plan, "x"), n * sizeof(float));
    memcpy(lan_net_plan_input(plan, "t"), lan_net_plan_input(f->plan, "t"),
           (size_t)f->o.batch * i->n_classes * sizeof(float));
    lan_net_forward(plan, NULL);
    layer = first_not_finite(f, plan);
  }
  lan_net_plan_free(plan);
  return lan_fail(
      f->err, LAN_ERANGE,
      "epoch %u, batch %u: the loss is not a finite number any more, first at layer '%s'; try "
      "a smaller --rate than %g",
      f->at.epoch + 1, f->at.batch + 1, layer ? layer : "loss", (double)f->o.optimizer.rate);
}

static double rate_now(const fit *f) {
  uint32_t batches = loader_describe(f->batches).n_batches;
  uint64_t steps = (uint64_t)f->o.epochs * batches, warmup = (uint64_t)(f->o.warmup * batches);
  double rate = (double)f->o.optimizer.rate;
  return f->at.cut * schedule_rate(f->o.schedule, rate, warmup, f->at.step, steps);
}

static void count_right(fit *f, const loader_batch *b) {
  const float *y = lan_net_plan_output(f->plan, "y");
  size_t n = f->model->info.n_classes;
  for (size_t r = 0; r < b->n; r++) {
    size_t best = 0;
    for (size_t c = 1; c < n; c++) best = y[r * n + c] > y[r * n + best] ? c : best;
    f->at.right += best == b->label[r];
  }
}

static lan_status one_batch(fit *f, const loader_batch *b) {
  const lan_model_info *i = &f->model->info;
  double loss = 0;
  memcpy(lan_net_plan_input(f->plan, "x"), b->x,
         (size_t)b->n * i->channels * i->height * i->width * sizeof(float));
  memcpy(lan_net_plan_input(f->plan, "t"), b->target, (size_t)b->n * i->n_classes * sizeof(float));
  lan_net_forward(f->plan, &loss);
  if (!isfinite(loss)) return not_finite(f);
  lan_net_backward(f->plan);
  lan_optimizer_step(f->optimizer, (float)rate_now(f), 0);
  count_right(f, b);
  f->at.loss_sum += loss * b->n;
  f->at.seen += b->n;
  f->at.step++;
  f->at.batch++;
  f->examples += b->n;
  return LAN_OK;
}

/* ---- epochs ---- */

static lan_epoch tell(const fit *f) {
  const progress *a = &f->at;
  double seconds = (double)(lan_clock_ns() - f->started) * 1e-9;
  double seen = a->seen ? (double)a->seen : 1;
  return (lan_epoch){.epoch = a->epoch + 1,
                     .epochs = f->o.epochs,
                     .batch = a->batch,
                     .batches = loader_describe(f->batches).n_batches,
                     .loss = a->loss_sum / seen,
                     .accuracy = (double)a->right / seen,
                     .validation_loss = (double)NAN,
                     .validation_accuracy = (double)NAN,
                     .rate = rate_now(f),
                     .seconds = seconds,
                     .per_second = seconds > 0 ? (double)f->examples / seconds : 0,
                     .best = a->best_epoch};
}

static void keep_best(fit *f) {
  for (size_t i = 0; i < lan_net_n_parameters(f->model->net); i++) {
    lan_parameter p = lan_net_parameter_at(f->model->net, i);
    memcpy(array_at(&(array_of){f, BEST}, i), p.values, p.count * sizeof *p.values);
  }
}

static void give_best(fit *f) {
  if (f->at.best_epoch == 0) return;
  for (size_t i = 0; i < lan_net_n_parameters(f->model->net); i++) {
    lan_parameter p = lan_net_parameter_at(f->model->net, i);
    memcpy(p.values, array_at(&(array_of){f, BEST}, i), p.count * sizeof *p.values);
  }
}

static void judge(fit *f, const lan_evaluation *e) {
  progress *a = &f->at;
  double accuracy = (double)e->n_right / (double)e->n_examples;
  bool better = a->best_epoch == 0 || accuracy > a->best_accuracy ||
                (accuracy == a->best_accuracy && e->loss < a->best_loss);
  a->stale = better ? 0 : a->stale + 1;
  if (better) {
    a->best_epoch = a->epoch + 1;
    a->best_accuracy = accuracy;
    a->best_loss = e->loss;
    keep_best(f);
  } else if (f->o.schedule == LAN_PLATEAU && a->stale % PLATEAU_PATIENCE == 0) {
    a->cut /= 10;
  }
}

static lan_status end_epoch(fit *f, int *stop) {
  lan_epoch told = tell(f);
  told.ended = 1;
  if (data_describe(f->set)->count[DATA_VALIDATION] > 0) {
    lan_evaluation e;
    lan_status status = model_count(f->model, f->set, DATA_VALIDATION, f->o.threads, &e, f->err);
    if (status != LAN_OK) return status;
    judge(f, &e);
    told.validation_loss = e.loss;
    told.validation_accuracy = (double)e.n_right / (double)e.n_examples;
    told.best = f->at.best_epoch;
    free(e.confusion);
  }
  if (f->log) {
    lan_status status = log_epoch(f->log, &told, f->err);
    if (status != LAN_OK) return status;
  }
  progress *a = &f->at;
  a->epoch++;
  a->batch = 0;
  a->seen = a->right = 0;
  a->loss_sum = 0;
  bool patient = f->o.patience == 0 || a->stale < f->o.patience;
  if (a->epoch >= f->o.epochs || !patient) a->done = 1;
  lan_status status = write_checkpoint(f);
  if (status == LAN_OK && f->o.progress) *stop = f->o.progress(f->o.ctx, &told);
  return status;
}

static lan_status run_epoch(fit *f, int *stop) {
  lan_status status = loader_seek(f->batches, f->at.epoch, f->at.batch, f->err);
  while (status == LAN_OK && !*stop) {
    loader_batch b;
    status = loader_take(f->batches, &b, f->err);
    if (status != LAN_OK) return status;
    if (b.n == 0) return end_epoch(f, stop);
    if (b.n < f->o.batch) { /* a picture broke since it was opened: its batch is passed over */
      f->at.batch++;
      continue;
    }
    status = one_batch(f, &b);
    if (status != LAN_OK) return status;
    double since = (double)(lan_clock_ns() - f->saved) * 1e-9;
    if (since > f->o.checkpoint_seconds) status = write_checkpoint(f);
    if (f->o.progress && status == LAN_OK) {
      lan_epoch told = tell(f);
      *stop = f->o.progress(f->o.ctx, &told);
    }
  }
  return status;
}

static lan_status run_all(fit *f) {
  int stop = 0;
  f->started = f->saved = lan_clock_ns();
  while (!f->at.done) {
    lan_status status = run_epoch(f, &stop);
    if (status != LAN_OK) return status;
    if (stop && !f->at.done) {
      status = write_checkpoint(f);
      return status == LAN_OK ? lan_fail(f->err, LAN_ECANCELED, "training was stopped") : status;
    }
  }
  give_best(f);
  return LAN_OK;
}

static lan_status train(const char *data, const lan_examples *examples,
                        const lan_train_options *options, lan_model **out, lan_error *err) {
  fit f = {.o = with_defaults(options), .err = err, .at = {.cut = 1}};
  lan_status status = check_options(&f.o, err);
  if (status == LAN_OK) status = open_data(&f, data, examples);
  if (status == LAN_OK) status = make_model(&f);
  if (status == LAN_OK) describe_options(&f);
  if (status == LAN_OK) status = make_ready(&f);
  if (status == LAN_OK) status = resume(&f);
  if (status == LAN_OK && f.o.log) status = log_open(f.o.log, f.at.epoch, &f.log, err);
  if (status == LAN_OK) status = run_all(&f);
  lan_optimizer_free(f.optimizer);
  lan_net_plan_free(f.plan);
  loader_free(f.batches);
  data_close(f.set);
  free(f.best);
  log_close(f.log);
  if (status == LAN_OK) {
    *out = f.model;
  } else {
    lan_model_free(f.model);
  }
  return status;
}

lan_status lan_train(const char *data, const lan_train_options *options, lan_model **out,
                     lan_error *err) {
  return train(data, NULL, options, out, err);
}

lan_status lan_train_examples(const lan_examples *examples, const lan_train_options *options,
                              lan_model **out, lan_error *err) {
  return train("the examples", examples, options, out, err);
}
