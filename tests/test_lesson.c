/* Lessons of nets that are too large to be told whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "cli/lesson.h"

void cli_complain(const char *format, ...) { (void)format; }

static void assert_tells(const output *o, const char *part) {
  if (!strstr(o->buf.data, part)) fail_msg("\"%s\" is not told:\n%s", part, o->buf.data);
}

static size_t times_told(const output *o, const char *part) {
  size_t n = 0;
  for (const char *at = o->buf.data; (at = strstr(at, part)); at++) n++;
  return n;
}

static void large_layers_are_cut_short(void **state) {
  (void)state;
  lan_net *net;
  lan_net_plan *plan;
  lan_optimizer *opt;
  lesson l;
  lan_net_plan_options keeping = {.training = 1, .keep_all = 1};
  lan_optimizer_options sgd = {.kind = LAN_SGD, .rate = 1};
  assert_int_equal(lan_net_new(1, &net, NULL), LAN_OK);
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 20));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 3));
  lan_var y = lan_net_dense(net, x, 3);
  lan_net_loss(net, lan_net_mean_squared_error(net, y, t));
  assert_int_equal(lan_net_plan_new(net, &keeping, &plan, NULL), LAN_OK);
  assert_int_equal(lan_optimizer_new(plan, &sgd, &opt, NULL), LAN_OK);
  assert_int_equal(lesson_new(net, plan, t, &l, NULL), LAN_OK);
  for (size_t i = 0; i < 20; i++) lan_net_plan_input(plan, "x")[i] = (float)i * 1e-5F;
  float *w = lan_net_parameter_at(net, 0).values;
  memset(w, 0, 60 * sizeof *w);
  lan_net_plan_input(plan, "t")[1] = 3;
  lesson_remember(&l);
  lan_net_forward(plan, NULL);
  lan_net_backward(plan);
  lan_optimizer_step(opt, 1, 0);

  /* y = 0, so that the gradient of y is (0, -2, 0), and of weight[1, i] -2 x[i]. */
  output o = {0};
  lesson_forward(&l, &lesson_en, &o);
  assert_tells(&o, "x: what is fed in");
  assert_tells(&o, "0.000  1.0e-05  2.0e-05");
  assert_tells(&o, "… (20 numbers, from 0 to 0.00019)");
  assert_tells(&o, "dense1: each node");
  assert_int_equal(times_told(&o, "t: "), 0);
  lan_buf_clear(&o.buf);
  lesson_backward(&l, &lesson_vi, &o);
  assert_tells(&o, "Mỗi số nói sai số tăng bao nhiêu");
  assert_tells(&o, "dense1\n         0.000   -2.000    0.000\n");
  lan_buf_clear(&o.buf);
  lesson_update(&l, &lesson_vi, 1, &o);
  assert_int_equal(times_told(&o, "dense1.weight["), 3);
  const char *first = strstr(o.buf.data, "dense1.weight[1,19]");
  const char *second = strstr(o.buf.data, "dense1.weight[1,18]");
  const char *third = strstr(o.buf.data, "dense1.weight[1,17]");
  assert_true(first && second && third && first < second && second < third);
  assert_tells(&o, "dense1.weight … (60 số, từ 0 đến 0.00038)");
  assert_tells(&o, "dense1.bias[1]            0.000 - 1 x   -2.000 =    2.000");
  lan_buf_clear(&o.buf);
  json_writer j = {&o.buf, false};
  jw_open(&j, '{');
  lesson_json(&l, &j);
  jw_close(&j, '}');
  assert_tells(&o, "{\"layers\":[{\"name\":\"x\",\"kind\":\"input\",\"value\":[0,1e-05,");
  assert_tells(&o, "\"gradient\":[0,-2,0]}");
  assert_tells(&o,
               "{\"name\":\"dense1.bias\",\"before\":[0,0,0],\"gradient\":[0,-2,0],"
               "\"after\":[0,2,0]}");

  output_free(&o);
  lesson_free(&l);
  lan_optimizer_free(opt);
  lan_net_plan_free(plan);
  lan_net_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(large_layers_are_cut_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
