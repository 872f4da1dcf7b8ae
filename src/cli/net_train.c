/* lantoa net train */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "cli/lines.h"
#include "cli/net_report.h"

enum { DESCRIPTION_MOST = 1 << 20 };

/* ---- what each preset learns well with ---- */

typedef struct recipe {
  const char *model;
  uint32_t epochs, batch;
  lan_optimizer_options optimizer;
  int flip;
  uint32_t shift;
  float smoothing;
} recipe;

static const recipe recipes[] = {
    {"mlp", 20, 128, {.kind = LAN_ADAMW, .rate = 0.003F, .weight_decay = 0.01F}, 0, 0, 0},
    {"lenet", 15, 128, {.kind = LAN_ADAMW, .rate = 0.004F, .weight_decay = 0.02F}, 0, 2, 0},
    {"resnet20",
     40,
     64,
     {.kind = LAN_SGD, .rate = 0.1F, .momentum = 0.9F, .nesterov = 1, .weight_decay = 6e-4F},
     1,
     4,
     0.05F},
    {"cnn", 15, 128, {.kind = LAN_ADAMW, .rate = 0.005F, .weight_decay = 0.05F}, 1, 2, 0.05F},
};

static const recipe *recipe_for(const char *model) {
  for (size_t i = 0; model && i < sizeof recipes / sizeof *recipes; i++) {
    if (strcmp(recipes[i].model, model) == 0) return &recipes[i];
  }
  return &recipes[sizeof recipes / sizeof *recipes - 1];
}

static lan_train_options options_from(const options *o) {
  const recipe *r = recipe_for(o->model);
  lan_train_options t = {.model = o->model,
                         .epochs = r->epochs,
                         .optimizer = r->optimizer,
                         .flip = r->flip,
                         .shift = r->shift,
                         .smoothing = r->smoothing,
                         .batch = o->batch ? (uint32_t)o->batch : r->batch,
                         .mixup = (float)o->mixup,
                         .jitter = (float)o->jitter,
                         .erase = (float)o->erase,
                         .warmup = o->warmup,
                         .schedule = (lan_schedule_kind)o->schedule,
                         .validation = 0.1,
                         .patience = (uint32_t)o->patience,
                         .side = (uint32_t)o->side,
                         .seed = 1,
                         .label = o->label,
                         .log = o->log,
                         .checkpoint_seconds = o->checkpoint_every,
                         .threads = (uint32_t)o->threads,
                         .resume = o->resume};
  if (o->given & TAKES(OPTION_OPTIMIZER)) {
    t.optimizer = (lan_optimizer_options){.kind = (lan_optimizer_kind)o->optimizer,
                                          .momentum = o->optimizer == LAN_SGD ? 0.9F : 0,
                                          .rate = o->optimizer == LAN_SGD ? 0.05F : 0.002F};
  }
  if (o->given & TAKES(OPTION_RATE)) t.optimizer.rate = (float)o->rate;
  if (o->given & TAKES(OPTION_WEIGHT_DECAY)) t.optimizer.weight_decay = (float)o->weight_decay;
  if (o->given & TAKES(OPTION_CLIP)) t.optimizer.clip = (float)o->clip;
  if (o->given & TAKES(OPTION_EPOCHS)) t.epochs = (uint32_t)o->epochs;
  if (o->given & TAKES(OPTION_FLIP)) t.flip = o->flip;
  if (o->given & TAKES(OPTION_SHIFT)) t.shift = (uint32_t)o->shift;
  if (o->given & TAKES(OPTION_SMOOTHING)) t.smoothing = (float)o->smoothing;
  if (o->given & TAKES(OPTION_VALIDATION)) t.validation = o->validation;
  if (o->given & TAKES(OPTION_SEED)) t.seed = o->seed;
  return t;
}

/* ---- progress ---- */

typedef struct showing {
  bool quiet, terminal, drawn;
  uint64_t last;
} showing;

static void clear_line(showing *s) {
  if (s->drawn) fputs("\r\033[K", stderr);
  s->drawn = false;
}

static void draw(showing *s, const lan_epoch *e) {
  enum { CELLS = 20 };
  uint64_t now = lan_clock_ns();
  if (!s->terminal || now - s->last < 100000000) return;
  s->last = now;
  double done =
      ((double)(e->epoch - 1) + (double)e->batch / (double)e->batches) / (double)e->epochs;
  int cells = (int)(CELLS * (double)e->batch / (double)e->batches);
  double left = done > 0 ? e->seconds * (1 - done) / done : 0;
  fprintf(stderr, "\r\033[Kepoch %u/%u ", e->epoch, e->epochs);
  for (int i = 0; i < CELLS; i++) fputs(i < cells ? "━" : "─", stderr);
  fprintf(stderr, " loss %.4f  accuracy %.1f%%  %.0f/s  %.0f:%02.0f left", e->loss,
          100 * e->accuracy, e->per_second, floor(left / 60), floor(fmod(left, 60)));
  s->drawn = true;
}

static void write_epoch(showing *s, const lan_epoch *e) {
  clear_line(s);
  fprintf(stderr, "epoch %u/%u  loss %.4f  accuracy %.2f%%", e->epoch, e->epochs, e->loss,
          100 * e->accuracy);
  if (!isnan(e->validation_loss)) {
    fprintf(stderr, "  validation loss %.4f  accuracy %.2f%%%s", e->validation_loss,
            100 * e->validation_accuracy, e->best == e->epoch ? " *" : "");
  }
  fprintf(stderr, "  %.0f examples/s\n", e->per_second);
}

static int on_progress(void *ctx, const lan_epoch *e) {
  showing *s = ctx;
  if (!s->quiet && e->ended) write_epoch(s, e);
  if (!s->quiet && !e->ended) draw(s, e);
  return cli_stopped();
}

static void on_warning(void *ctx, const char *message) {
  const showing *s = ctx;
  if (!s->quiet) cli_complain("%s", message);
}

/* ---- the command ---- */

/* --model names a preset or a file with a description. */
static bool read_description(const char *model, lan_buf *text) {
  for (size_t i = 0; !model || lan_model_preset(i); i++) {
    if (!model || strcmp(model, lan_model_preset(i)) == 0) return true;
  }
  lan_error err = {0};
  if (lan_file_read(model, DESCRIPTION_MOST, text, &err) == LAN_OK && text->data) return true;
  cli_complain("there is no model '%s': use mlp, lenet, resnet20, cnn or a file with a description",
               model);
  return false;
}

static cli_exit report(cli *c, lan_model *model) {
  lan_evaluation e;
  lan_error err = {0};
  lan_status status = lan_model_save(model, c->opt.output, &err);
  if (status == LAN_OK) {
    status = lan_model_evaluate(model, c->opt.words.data[0], (uint32_t)c->opt.threads, &e, &err);
  }
  if (status != LAN_OK) {
    cli_complain("%s", err.message);
    return cli_exit_of(status);
  }
  if (c->opt.json) {
    net_report_json(&c->out.buf, lan_model_describe(model), &e);
  } else {
    net_report_text(&c->out, lan_model_describe(model), &e);
    output_styled(&c->out, STYLE_FAINT, "kept in ");
    output_styled(&c->out, STYLE_STRONG, c->opt.output);
    lan_buf_add_char(&c->out.buf, '\n');
  }
  free(e.confusion);
  return CLI_FOUND;
}

static cli_exit failed(const cli *c, lan_status status, const lan_error *err,
                       const char *checkpoint) {
  if (status == LAN_ECANCELED) {
    cli_complain("stopped; go on with the same command and --resume (%s)", checkpoint);
    return CLI_STOPPED;
  }
  cli_complain("%s", err->message);
  (void)c;
  return status == LAN_EINVAL || status == LAN_ERANGE ? CLI_USAGE : cli_exit_of(status);
}

static cli_exit train(cli *c, const char *checkpoint, const lan_buf *description) {
  showing s = {.quiet = c->opt.quiet, .terminal = isatty(STDERR_FILENO)};
  lan_train_options o = options_from(&c->opt);
  lan_model *model = NULL;
  lan_error err = {0};
  if (description->data) o.model = description->data;
  o.checkpoint = checkpoint;
  o.progress = on_progress;
  o.warning = on_warning;
  o.ctx = &s;
  lan_status status = lan_train(c->opt.words.data[0], &o, &model, &err);
  clear_line(&s);
  if (status != LAN_OK) return failed(c, status, &err, checkpoint);
  cli_exit code = report(c, model);
  if (code == CLI_FOUND) unlink(checkpoint);
  lan_model_free(model);
  return code;
}

static cli_exit run(cli *c) {
  lan_buf description = {0}, checkpoint = {0};
  if (!c->opt.output) {
    cli_complain("net train wants -o FILE, where the model is kept");
    return CLI_USAGE;
  }
  cli_exit code = CLI_USAGE;
  if (read_description(c->opt.model, &description)) {
    lan_buf_printf(&checkpoint, "%s.checkpoint", c->opt.output);
    code = CLI_BROKEN;
    if (!checkpoint.failed) code = train(c, checkpoint.data, &description);
  }
  lan_buf_free(&description);
  lan_buf_free(&checkpoint);
  return code;
}

const command command_net_train = {
    .name = "net train",
    .help =
        "usage: lantoa net train DATA -o MODEL.safetensors [OPTION ...]\n"
        "\n"
        "Learns to tell classes apart. DATA: a folder with a folder of pictures a class\n"
        "(below train/ and test/, if there are test pictures), idx files as MNIST's, or a\n"
        "CSV file with a column of labels.\n"
        "\n"
        "  --model NAME        mlp, lenet, resnet20, cnn, or a file that describes it\n"
        "  --epochs N  --batch N  --seed N  --threads N\n"
        "  --optimizer sgd|adam|adamw|rmsprop  --rate R  --weight-decay R  --clip N\n"
        "  --schedule one-cycle|cosine|steps|plateau|constant  --warmup EPOCHS\n"
        "  --flip yes|no  --shift PIXELS  --jitter A  --erase P  --mixup A  --side PIXELS\n"
        "  --smoothing S       of the targets\n"
        "  --validation PART   held back to choose the best epoch (default 0.1)\n"
        "  --patience N        stop after N epochs without a better one\n"
        "  --label COLUMN      of a CSV file, by name or number\n"
        "  --resume            go on where it was stopped or killed, to the same bits\n"
        "  --checkpoint-every SECONDS   default 30, and at each epoch's end\n"
        "  --log DIR           history.csv, curve.svg, events for TensorBoard\n"
        "  --json, -q\n" HELP_COLOR
        "\n"
        "What is not given is what the model is known to learn well with.\n"
        "Exit: 0 trained, 2 usage, 4 a file cannot be read or written, 130 stopped.\n",
    .takes = TAKES(OPTION_BATCH) | TAKES(OPTION_CHECKPOINT_EVERY) | TAKES(OPTION_CLIP) |
             TAKES(OPTION_EPOCHS) | TAKES(OPTION_ERASE) | TAKES(OPTION_FLIP) |
             TAKES(OPTION_JITTER) | TAKES(OPTION_JSON) | TAKES(OPTION_LABEL) | TAKES(OPTION_LOG) |
             TAKES(OPTION_MIXUP) | TAKES(OPTION_MODEL) | TAKES(OPTION_OPTIMIZER) |
             TAKES(OPTION_OUTPUT) | TAKES(OPTION_PATIENCE) | TAKES(OPTION_QUIET) |
             TAKES(OPTION_RATE) | TAKES(OPTION_RESUME) | TAKES(OPTION_SCHEDULE) |
             TAKES(OPTION_SEED) | TAKES(OPTION_SHIFT) | TAKES(OPTION_SIDE) |
             TAKES(OPTION_SMOOTHING) | TAKES(OPTION_THREADS) | TAKES(OPTION_VALIDATION) |
             TAKES(OPTION_WARMUP) | TAKES(OPTION_WEIGHT_DECAY),
    .least = 1,
    .most = 1,
    .missing = "net train wants data, as lantoa net train photos/ -o cats.safetensors",
    .run = run};
