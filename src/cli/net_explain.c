/* lantoa net explain: backpropagation with real numbers, as a note on throwing balls tells it; of a small
 * network that is made for it, or of a trained model. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/example.h"
#include "cli/pupil.h"

enum { CAT, DOG, CLASSES, FEATURES = 2, SEED = 12 };
/* How often is thrown, and the rate: of the small network, and of a model. */
enum { THROWS = 10, MODEL_THROWS = 3 };
#define RATE 0.2
#define MODEL_RATE 0.01
static const float WHISKERS = 0.9F, BARKING = 0.2F;

/* ---- the texts around the lesson ---- */

typedef struct texts {
  story small, model;
  const char *intro, *animals[CLASSES];
  /* "MODEL looks at EXAMPLE.", and what follows with an answer or without one. */
  const char *looks_at, *answered, *unanswered;
} texts;

static const texts languages[] = {
    [LANG_VI] =
        {.small = {.words = &lesson_vi,
                   .title = "Lan truyền ngược, từng bước một",
                   .throw = "Lần ném",
                   .right = "đúng rồi",
                   .wrong = "sai rồi, đó là ",
                   .others = "còn lại 0.000",
                   .more_throws = "Ném lại, mỗi lần một chính xác hơn",
                   .end = "Mạng thần kinh tự học từ sai lầm, như bạn chỉnh lực và góc ném để lần "
                          "sau ném vào rổ chính xác hơn."},
         .model = {.words = &lesson_vi,
                   .title = "Một dự đoán, từng bước một",
                   .throw = "Lần ném",
                   .right = "đúng rồi",
                   .wrong = "sai rồi, đó là ",
                   .others = "còn lại 0.000",
                   .more_throws = "Ném lại sau mỗi lần chỉnh",
                   .end = "Tệp mô hình không thay đổi: chỉ bản trong bộ nhớ vừa học thêm."},
         .intro =
             "Hãy tưởng tượng bạn đang học ném bóng vào rổ: ném trượt, nghĩ lại, chỉnh lực và "
             "góc, rồi ném tiếp. Mạng thần kinh cũng học như thế. Mạng nhỏ này (2 đầu vào, 3 nút "
             "ẩn, 2 đầu ra) biết về một con vật hai con số, ria mép 0.9 và tiếng sủa 0.2, và "
             "đoán xem đó là mèo hay chó. Nó là mèo.",
         .animals = {"mèo", "chó"},
         .looks_at = "xem",
         .answered = "Mô hình đoán, rồi so với đáp án. Mỗi lần ném là một lượt tiến, một lượt "
                     "ngược và một lần chỉnh trọng số.",
         .unanswered = "Không có đáp án (--label), nên điều nó đoán được coi là đáp án: gradient "
                       "cho thấy điều gì làm nó chắc chắn hơn. Mỗi lần ném là một lượt tiến, một "
                       "lượt ngược và một lần chỉnh trọng số."},
    [LANG_EN] =
        {.small = {.words = &lesson_en,
                   .title = "Backpropagation, step by step",
                   .throw = "Throw",
                   .right = "right",
                   .wrong = "wrong, it is a ",
                   .others = "the others 0.000",
                   .more_throws = "Throwing again, each time a little better",
                   .end = "The network learns from its own mistakes, as you adjust force and angle "
                          "until the ball goes in."},
         .model = {.words = &lesson_en,
                   .title = "A prediction, step by step",
                   .throw = "Throw",
                   .right = "right",
                   .wrong = "wrong, it is ",
                   .others = "the others 0.000",
                   .more_throws = "Throwing again, after each adjustment",
                   .end = "The model's file stays as it is: only the copy in memory has learnt."},
         .intro =
             "Imagine that you learn to throw a ball into a basket: you miss, think it over, "
             "adjust force and angle, and throw again. A neural network learns like that. This "
             "small one (2 inputs, 3 hidden nodes, 2 outputs) knows two numbers about an "
             "animal, whiskers 0.9 and barking 0.2, and guesses whether it is a cat or a dog. "
             "It is a cat.",
         .animals = {"cat", "dog"},
         .looks_at = "looks at",
         .answered = "It guesses, and the guess is held against the answer. A throw is a pass "
                     "forward, one backward, and an adjustment of the weights.",
         .unanswered = "There is no answer (--label), so that its guess counts as the answer: the "
                       "gradients show what would make it surer. A throw is a pass forward, one "
                       "backward, and an adjustment of the weights."},
};

/* --lang, else what the locale says of messages. */
static const texts *texts_for(const options *o) {
  if (o->given & TAKES(OPTION_LANG)) return &languages[o->lang];
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) return &languages[strncmp(value, "vi", 2) == 0 ? LANG_VI : LANG_EN];
  }
  return &languages[LANG_EN];
}

/* ---- the small network ---- */

static lan_var build(lan_net *net) {
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, FEATURES));
  lan_var answer = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, CLASSES));
  lan_var y = lan_net_dense(net, lan_net_tanh(net, lan_net_dense(net, x, 3)), CLASSES);
  lan_net_output(net, "y", lan_net_softmax(net, y));
  lan_net_loss(net, lan_net_cross_entropy(net, y, answer, 0));
  return answer;
}

static lan_status small_pupil(const texts *t, pupil *p, lan_error *err) {
  lan_status s = lan_net_new(SEED, &p->net, err);
  if (s != LAN_OK) return s;
  p->classes = t->animals;
  p->n_classes = CLASSES;
  p->right = CAT;
  s = pupil_ready(p, build(p->net), 0, err);
  if (s != LAN_OK) return s;
  memcpy(lan_net_plan_input(p->plan, "x"), (float[]){WHISKERS, BARKING}, 2 * sizeof(float));
  lan_net_plan_input(p->plan, "t")[CAT] = 1;
  return LAN_OK;
}

/* ---- a model ---- */

static lan_var input_called(const lan_net *net, const char *name) {
  for (lan_var i = 0; (size_t)i < lan_net_n_layers(net); i++) {
    if (strcmp(lan_net_layer_at(net, i).name, name) == 0) return i;
  }
  return LAN_NONE;
}

/* What it takes the example for. */
static uint32_t guess(pupil *p) {
  uint32_t best = 0;
  lan_net_forward(p->plan, NULL);
  const float *y = lan_net_plan_output(p->plan, "y");
  for (uint32_t c = 1; c < p->n_classes; c++) best = y[c] > y[best] ? c : best;
  return best;
}

/* `label` NULL: the guess. */
static lan_status model_pupil(lan_model *m, const char *example, const char *label, pupil *p,
                              lan_error *err) {
  const lan_model_info *info = lan_model_describe(m);
  p->net = lan_model_net(m);
  p->classes = info->classes;
  p->n_classes = info->n_classes;
  lan_status s = label ? example_class(info, label, &p->right, err) : LAN_OK;
  if (s == LAN_OK) s = pupil_ready(p, input_called(p->net, "t"), 1, err);
  if (s == LAN_OK) s = example_load(m, example, lan_net_plan_input(p->plan, "x"), err);
  if (s != LAN_OK) return s;
  if (!label) p->right = guess(p);
  lan_net_plan_input(p->plan, "t")[p->right] = 1;
  return LAN_OK;
}

/* ---- telling ---- */

static void tell(cli *c, pupil *p, const story *s, const char *intro, size_t throws) {
  for (size_t i = 1; i <= throws; i++) {
    pupil_throw(p);
    if (c->opt.json) {
      pupil_json(p, i, &c->out);
    } else {
      pupil_tell(p, s, intro, i, &c->out);
      if (i == throws && i > 1) pupil_end(s, &c->out);
    }
    if (!output_flush(&c->out) || cli_stopped()) break;
  }
}

static lan_status explain_small(cli *c, const texts *t, lan_error *err) {
  pupil p = {.guess = "y", .rate = c->opt.given & TAKES(OPTION_RATE) ? c->opt.rate : RATE};
  lan_status status = small_pupil(t, &p, err);
  if (status == LAN_OK) {
    tell(c, &p, &t->small, t->intro, c->opt.throws ? c->opt.throws : THROWS);
  }
  pupil_free(&p);
  lan_net_free(p.net);
  return status;
}

static lan_status explain_model(cli *c, const texts *t, lan_error *err) {
  const char *path = c->opt.words.data[0], *example = c->opt.words.data[1];
  pupil p = {.guess = "y", .rate = c->opt.given & TAKES(OPTION_RATE) ? c->opt.rate : MODEL_RATE};
  lan_model *m = NULL;
  lan_buf intro = {0};
  lan_status status = lan_model_open(path, &m, err);
  if (status == LAN_OK) status = model_pupil(m, example, c->opt.label, &p, err);
  if (status == LAN_OK) {
    lan_buf_printf(&intro, "%s %s %s. %s", path, t->looks_at, example,
                   c->opt.label ? t->answered : t->unanswered);
    if (intro.failed) status = lan_fail_memory(err, 0);
  }
  if (status == LAN_OK) {
    tell(c, &p, &t->model, intro.data, c->opt.throws ? c->opt.throws : MODEL_THROWS);
  }
  lan_buf_free(&intro);
  pupil_free(&p);
  lan_model_free(m);
  return status;
}

static cli_exit run(cli *c) {
  lan_error err = {0};
  size_t words = c->opt.words.len;
  const texts *t = texts_for(&c->opt);
  if (words == 1) {
    cli_complain("net explain wants an example after the model: a picture, or a table's row");
    return CLI_USAGE;
  }
  if (words == 0 && c->opt.label) {
    cli_complain("--label is for a model's example; see: lantoa help net explain");
    return CLI_USAGE;
  }
  lan_status status = words ? explain_model(c, t, &err) : explain_small(c, t, &err);
  if (status != LAN_OK) {
    cli_complain("%s", err.message);
    return status == LAN_ENOTFOUND ? CLI_BROKEN : cli_exit_of(status);
  }
  return cli_stopped() ? CLI_STOPPED : CLI_FOUND;
}

const command command_net_explain = {
    .name = "net explain",
    .help =
        "usage: lantoa net explain [MODEL EXAMPLE] [OPTION ...]\n"
        "\n"
        "Backpropagation with real numbers, step by step. Alone: a network of 2 inputs,\n"
        "3 hidden nodes and 2 outputs guesses whether an animal is a cat or a dog, is\n"
        "wrong, and learns. With a trained model and an example (a picture; for a table's\n"
        "model a row as 5.1,3.5,1.4): how the model comes to its guess. Of the first\n"
        "throw everything is shown: the value of each layer, the error, the gradient that\n"
        "reaches each layer, weights before and after; of the others, the error.\n"
        "\n"
        "  --label CLASS       the example's right answer; else the model's guess\n"
        "  --lang LANG         vi (Vietnamese) or en; else as the locale says\n"
        "  --throws N          how often it tries (10; a model 3)\n"
        "  --rate R            the learning rate (0.2; a model 0.01)\n"
        "  --json              a JSON object a throw, with every number\n" HELP_COLOR
        "\n"
        "Exit: 0, 2 usage, 4 a file cannot be read, or out of memory.\n",
    .takes = TAKES(OPTION_JSON) | TAKES(OPTION_LABEL) | TAKES(OPTION_LANG) | TAKES(OPTION_RATE) |
             TAKES(OPTION_THROWS),
    .most = 2,
    .run = run};
