#include "cli/pupil.h"

#include <math.h>
#include <string.h>

enum { GUESSES = 3, CLASS_COLUMNS = 24 };

lan_status pupil_ready(pupil *p, lan_var answer, int frozen, lan_error *err) {
  lan_net_plan_options keeping = {.training = 1, .threads = 1, .frozen = frozen, .keep_all = 1};
  lan_optimizer_options sgd = {.kind = LAN_SGD, .rate = (float)p->rate};
  lan_status s = lan_net_plan_new(p->net, &keeping, &p->plan, err);
  if (s == LAN_OK) s = lan_optimizer_new(p->plan, &sgd, &p->optimizer, err);
  if (s == LAN_OK) s = lesson_new(p->net, p->plan, answer, &p->lesson, err);
  return s;
}

void pupil_free(pupil *p) {
  lesson_free(&p->lesson);
  lan_optimizer_free(p->optimizer);
  lan_net_plan_free(p->plan);
}

void pupil_throw(pupil *p) {
  lesson_remember(&p->lesson);
  lan_net_forward(p->plan, &p->error);
  lan_net_backward(p->plan);
  lan_optimizer_step(p->optimizer, (float)p->rate, 0);
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

static void show_class(const pupil *p, uint32_t c, output *o) {
  output_text(o, lan_str_of(p->classes[c]), CLASS_COLUMNS);
}

static const float *guess_of(const pupil *p) { return lan_net_plan_output(p->plan, p->guess); }

/* The classes in order of probability: the one after `last` (n_classes: the first). */
static uint32_t next_guess(const pupil *p, uint32_t last) {
  const float *q = guess_of(p);
  uint32_t best = p->n_classes;
  for (uint32_t c = 0; c < p->n_classes; c++) {
    bool open = last == p->n_classes || q[c] < q[last] || (q[c] == q[last] && c > last);
    if (open && (best == p->n_classes || q[c] > q[best])) best = c;
  }
  return best;
}

static void show_guess(const pupil *p, const story *s, output *o) {
  uint32_t first = next_guess(p, p->n_classes), c = first;
  show_label(o, s->words->guess);
  for (int i = 0; i < GUESSES && c < p->n_classes; i++, c = next_guess(p, c)) {
    lan_buf_add_str(&o->buf, i ? ", " : "");
    show_class(p, c, o);
    lan_buf_printf(&o->buf, " %.3f", (double)guess_of(p)[c]);
  }
  lan_buf_add_str(&o->buf, ": ");
  if (first == p->right) {
    show_line(o, STYLE_HIT, s->right);
    return;
  }
  output_styled(o, STYLE_TROUBLE, s->wrong);
  output_style(o, STYLE_TROUBLE);
  show_class(p, p->right, o);
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, '\n');
}

static void show_error(const pupil *p, const story *s, output *o) {
  lan_buf_add_char(&o->buf, '\n');
  show_line(o, STYLE_MARK, s->words->error);
  show_guess(p, s, o);
  show_label(o, s->words->answer);
  show_class(p, p->right, o);
  lan_buf_printf(&o->buf, " 1.000, %s\n", s->others);
  show_label(o, s->words->error_is);
  lan_buf_printf(&o->buf, "-ln %.3f = ", (double)guess_of(p)[p->right]);
  output_style(o, STYLE_STRONG);
  lan_buf_printf(&o->buf, "%.3f", p->error);
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, '\n');
}

/* One line for a throw: how sure it is of the right answer, and the error. */
static void show_brief(const pupil *p, const story *s, size_t number, output *o) {
  double sure = (double)guess_of(p)[p->right];
  lan_buf_printf(&o->buf, "  %s %3zu   ", s->throw, number);
  show_class(p, p->right, o);
  lan_buf_printf(&o->buf, " %3.0f %%  ", 100 * sure);
  output_bar(o, sure);
  lan_buf_printf(&o->buf, "  %s ", s->words->error_is);
  lesson_number(o, p->error);
  lan_buf_add_char(&o->buf, '\n');
}

void pupil_tell(const pupil *p, const story *s, const char *intro, size_t number, output *o) {
  if (number > 1) {
    show_brief(p, s, number, o);
    return;
  }
  show_line(o, STYLE_STRONG, s->title);
  lan_buf_add_char(&o->buf, '\n');
  show_text(o, intro);
  lan_buf_printf(&o->buf, "\n%s 1\n", s->throw);
  lesson_forward(&p->lesson, s->words, o);
  show_error(p, s, o);
  lesson_backward(&p->lesson, s->words, o);
  lesson_update(&p->lesson, s->words, p->rate, o);
  lan_buf_add_char(&o->buf, '\n');
  show_line(o, STYLE_MARK, s->more_throws);
  show_brief(p, s, 1, o);
}

void pupil_end(const story *s, output *o) {
  lan_buf_add_char(&o->buf, '\n');
  show_text(o, s->end);
}

/* ---- for programs ---- */

void pupil_json(const pupil *p, size_t number, output *o) {
  json_writer j = {&o->buf, false};
  jw_open(&j, '{');
  jw_key(&j, "throw");
  jw_count(&j, number);
  jw_key(&j, "error");
  jw_number(&j, p->error);
  jw_bytes(&j, "answer", p->classes[p->right]);
  jw_key(&j, "classes");
  jw_open(&j, '[');
  for (uint32_t i = 0; i < p->n_classes; i++) jw_string(&j, lan_str_of(p->classes[i]));
  jw_close(&j, ']');
  jw_key(&j, "guess");
  jw_open(&j, '[');
  for (uint32_t i = 0; i < p->n_classes; i++) jw_number(&j, (double)guess_of(p)[i]);
  jw_close(&j, ']');
  lesson_json(&p->lesson, &j);
  jw_close(&j, '}');
  jw_end(&j);
}
