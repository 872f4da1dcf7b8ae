/* lantoa net explain: backpropagation with real numbers, as a note on throwing balls tells it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/lesson.h"

enum { CAT, DOG, CLASSES, FEATURES = 2, THROWS = 10, SEED = 12 };
#define RATE 0.2
static const float WHISKERS = 0.9F, BARKING = 0.2F;

/* ---- the texts around the lesson ---- */

typedef struct story {
  const lesson_words *words;
  const char *title, *intro, *throw, *classes[CLASSES], *right, *wrong, *more_throws, *end;
} story;

static const story stories[] = {
    [LANG_VI] =
        {.words = &lesson_vi,
         .title = "Lan truyền ngược, từng bước một",
         .intro =
             "Hãy tưởng tượng bạn đang học ném bóng vào rổ: ném trượt, nghĩ lại, chỉnh lực và "
             "góc, rồi ném tiếp. Mạng thần kinh cũng học như thế. Mạng nhỏ này (2 đầu vào, 3 nút "
             "ẩn, 2 đầu ra) biết về một con vật hai con số, ria mép 0.9 và tiếng sủa 0.2, và "
             "đoán xem đó là mèo hay chó. Nó là mèo.",
         .throw = "Lần ném",
         .classes = {"mèo", "chó"},
         .right = "đúng rồi",
         .wrong = "sai rồi, đó là mèo",
         .more_throws = "Ném lại, mỗi lần một chính xác hơn",
         .end = "Mạng thần kinh tự học từ sai lầm, như bạn chỉnh lực và góc ném để lần sau ném "
                "vào rổ chính xác hơn."},
    [LANG_EN] =
        {.words = &lesson_en,
         .title = "Backpropagation, step by step",
         .intro =
             "Imagine that you learn to throw a ball into a basket: you miss, think it over, "
             "adjust force and angle, and throw again. A neural network learns like that. This "
             "small one (2 inputs, 3 hidden nodes, 2 outputs) knows two numbers about an "
             "animal, whiskers 0.9 and barking 0.2, and guesses whether it is a cat or a dog. "
             "It is a cat.",
         .throw = "Throw",
         .classes = {"cat", "dog"},
         .right = "right",
         .wrong = "wrong, it is a cat",
         .more_throws = "Throwing again, each time a little better",
         .end = "The network learns from its own mistakes, as you adjust force and angle until the "
                "ball goes in."},
};

/* --lang, else what the locale says of messages. */
static const story *story_for(const options *o) {
  if (o->given & TAKES(OPTION_LANG)) return &stories[o->lang];
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) return &stories[strncmp(value, "vi", 2) == 0 ? LANG_VI : LANG_EN];
  }
  return &stories[LANG_EN];
}

/* ---- the small network ---- */

typedef struct pupil {
  lan_net *net;
  lan_net_plan *plan;
  lan_optimizer *optimizer;
  lesson lesson;
  double error;
} pupil;

static lan_var build(lan_net *net) {
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, FEATURES));
  lan_var answer = lan_net_input(net, "answer", LAN_SHAPE(LAN_BATCH, CLASSES));
  lan_var y = lan_net_dense(net, lan_net_tanh(net, lan_net_dense(net, x, 3)), CLASSES);
  lan_net_output(net, "guess", lan_net_softmax(net, y));
  lan_net_loss(net, lan_net_cross_entropy(net, y, answer, 0));
  return answer;
}

static lan_status new_pupil(double rate, pupil *p, lan_error *err) {
  lan_status s = lan_net_new(SEED, &p->net, err);
  if (s != LAN_OK) return s;
  lan_var answer = build(p->net);
  lan_net_plan_options keeping = {.training = 1, .threads = 1, .keep_all = 1};
  lan_optimizer_options sgd = {.kind = LAN_SGD, .rate = (float)rate};
  s = lan_net_plan_new(p->net, &keeping, &p->plan, err);
  if (s == LAN_OK) s = lan_optimizer_new(p->plan, &sgd, &p->optimizer, err);
  if (s == LAN_OK) s = lesson_new(p->net, p->plan, answer, &p->lesson, err);
  if (s != LAN_OK) return s;
  memcpy(lan_net_plan_input(p->plan, "x"), (float[]){WHISKERS, BARKING}, 2 * sizeof(float));
  memcpy(lan_net_plan_input(p->plan, "answer"), (float[]){1, 0}, 2 * sizeof(float));
  return LAN_OK;
}

static void free_pupil(pupil *p) {
  lesson_free(&p->lesson);
  lan_optimizer_free(p->optimizer);
  lan_net_plan_free(p->plan);
  lan_net_free(p->net);
}

/* A throw, and the adjustment after it. */
static void throw_once(pupil *p, double rate) {
  lesson_remember(&p->lesson);
  lan_net_forward(p->plan, &p->error);
  lan_net_backward(p->plan);
  lan_optimizer_step(p->optimizer, (float)rate, 0);
}

/* ---- telling ---- */

static void show_line(output *o, style how, const char *text) {
  output_styled(o, how, text);
  lan_buf_add_char(&o->buf, '\n');
}

static void show_text(output *o, const char *text) {
  output_wrapped(o, lan_str_of(text), 0, 0, 0, 0);
  lan_buf_add_char(&o->buf, '\n');
}

static void show_label(output *o, const char *text) {
  output_spaces(o, 2);
  size_t n = output_text(o, lan_str_of(text), 0);
  output_spaces(o, n < 10 ? 10 - n : 0);
}

static void show_error(const pupil *p, const story *s, output *o) {
  const float *guess = lan_net_plan_output(p->plan, "guess");
  int best = guess[CAT] >= guess[DOG] ? CAT : DOG;
  lan_buf_add_char(&o->buf, '\n');
  show_line(o, STYLE_MARK, s->words->error);
  show_label(o, s->words->guess);
  for (int i = 0; i < CLASSES; i++) {
    lan_buf_printf(&o->buf, "%s %.3f%s", s->classes[i], (double)guess[i],
                   i + 1 < CLASSES ? ", " : ": ");
  }
  show_line(o, best == CAT ? STYLE_HIT : STYLE_TROUBLE, best == CAT ? s->right : s->wrong);
  show_label(o, s->words->answer);
  lan_buf_printf(&o->buf, "%s 1.000, %s 0.000\n", s->classes[CAT], s->classes[DOG]);
  show_label(o, s->words->error_is);
  lan_buf_printf(&o->buf, "-ln %.3f = ", (double)guess[CAT]);
  output_style(o, STYLE_STRONG);
  lan_buf_printf(&o->buf, "%.3f", p->error);
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, '\n');
}

/* One line for a throw: how sure it is of the right answer, and the error. */
static void show_brief(const pupil *p, const story *s, size_t number, output *o) {
  double sure = (double)lan_net_plan_output(p->plan, "guess")[CAT];
  lan_buf_printf(&o->buf, "  %s %3zu   %s %3.0f %%  ", s->throw, number, s->classes[CAT],
                 100 * sure);
  output_bar(o, sure);
  lan_buf_printf(&o->buf, "  %s ", s->words->error_is);
  lesson_number(o, p->error);
  lan_buf_add_char(&o->buf, '\n');
}

static void show_throw(const pupil *p, const story *s, double rate, size_t number, output *o) {
  if (number > 1) {
    show_brief(p, s, number, o);
    return;
  }
  show_line(o, STYLE_STRONG, s->title);
  lan_buf_add_char(&o->buf, '\n');
  show_text(o, s->intro);
  lan_buf_printf(&o->buf, "\n%s 1\n", s->throw);
  lesson_forward(&p->lesson, s->words, o);
  show_error(p, s, o);
  lesson_backward(&p->lesson, s->words, o);
  lesson_update(&p->lesson, s->words, rate, o);
  lan_buf_add_char(&o->buf, '\n');
  show_line(o, STYLE_MARK, s->more_throws);
  show_brief(p, s, 1, o);
}

static void write_json(const pupil *p, size_t number, output *o) {
  json j = {&o->buf, false};
  const float *guess = lan_net_plan_output(p->plan, "guess");
  json_open(&j, '{');
  json_key(&j, "throw");
  json_count(&j, number);
  json_key(&j, "error");
  json_number(&j, p->error);
  json_key(&j, "guess");
  json_open(&j, '[');
  for (int i = 0; i < CLASSES; i++) json_number(&j, (double)guess[i]);
  json_close(&j, ']');
  lesson_json(&p->lesson, &j);
  json_close(&j, '}');
  json_end(&j);
}

static cli_exit run(cli *c) {
  pupil p = {0};
  lan_error err = {0};
  const story *s = story_for(&c->opt);
  double rate = c->opt.given & TAKES(OPTION_RATE) ? c->opt.rate : RATE;
  size_t throws = c->opt.throws ? c->opt.throws : THROWS;
  lan_status status = new_pupil(rate, &p, &err);
  for (size_t i = 1; status == LAN_OK && i <= throws; i++) {
    throw_once(&p, rate);
    if (c->opt.json) {
      write_json(&p, i, &c->out);
    } else {
      show_throw(&p, s, rate, i, &c->out);
      if (i == throws && i > 1) {
        lan_buf_add_char(&c->out.buf, '\n');
        show_text(&c->out, s->end);
      }
    }
    if (!output_flush(&c->out) || cli_stopped()) break;
  }
  free_pupil(&p);
  if (status != LAN_OK) {
    cli_complain("%s", err.message);
    return cli_exit_of(status);
  }
  return cli_stopped() ? CLI_STOPPED : CLI_FOUND;
}

const command command_net_explain = {
    .name = "net explain",
    .help =
        "usage: lantoa net explain [OPTION ...]\n"
        "\n"
        "Backpropagation with real numbers, step by step: a network of 2 inputs, 3 hidden\n"
        "nodes and 2 outputs guesses whether an animal is a cat or a dog, is wrong, and\n"
        "learns. Of the first throw everything is shown: the value of each layer, the\n"
        "error, the gradient that reaches each layer, each weight before and after; of\n"
        "the others, how the error falls.\n"
        "\n"
        "  --lang LANG         vi (Vietnamese) or en; else as the locale says\n"
        "  --throws N          how often it tries (10)\n"
        "  --rate R            the learning rate (0.2)\n"
        "  --json              a JSON object a throw, with every number\n" HELP_COLOR
        "\n"
        "Exit: 0, 2 usage, 4 out of memory.\n",
    .takes = TAKES(OPTION_JSON) | TAKES(OPTION_LANG) | TAKES(OPTION_RATE) | TAKES(OPTION_THROWS),
    .run = run};
