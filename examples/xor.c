/* The typical network: two classes that no straight line parts, learnt by backpropagation.
 *
 *      cc xor.c $(pkg-config --cflags --libs lantoa) -o xor
 *      ./xor
 */
#include <stdio.h>
#include <string.h>

#include "lantoa/net.h"

static const float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const float answers[4] = {0, 1, 1, 0};

static lan_net *build(void) {
  lan_net *net;
  if (lan_net_new(1, &net, NULL) != LAN_OK) return NULL;
  lan_var x = lan_net_input(net, "x", LAN_SHAPE(LAN_BATCH, 2));
  lan_var t = lan_net_input(net, "t", LAN_SHAPE(LAN_BATCH, 1));
  lan_var y = lan_net_dense(net, lan_net_tanh(net, lan_net_dense(net, x, 4)), 1);
  lan_net_output(net, "y", lan_net_sigmoid(net, y));
  lan_net_loss(net, lan_net_binary_cross_entropy(net, y, t));
  return net; /* what was wrong, if anything, is told when it is planned */
}

static void learn(lan_net_plan *plan, lan_optimizer *optimizer) {
  memcpy(lan_net_plan_input(plan, "x"), inputs, sizeof inputs);
  memcpy(lan_net_plan_input(plan, "t"), answers, sizeof answers);
  for (int step = 0; step <= 200; step++) {
    double loss;
    lan_net_forward(plan, &loss);
    if (step % 50 == 0) printf("step %3d  error %.4f\n", step, loss);
    lan_net_backward(plan);
    lan_optimizer_step(optimizer, 0.1F, 0);
  }
}

int main(void) {
  lan_net *net = build();
  lan_net_plan *plan = NULL;
  lan_optimizer *optimizer = NULL;
  lan_error err = {LAN_ENOMEM, "out of memory"};
  lan_net_plan_options training = {.batch = 4, .training = 1};
  lan_optimizer_options adam = {.kind = LAN_ADAM, .rate = 0.1F};
  int failed = !net || lan_net_plan_new(net, &training, &plan, &err) != LAN_OK ||
               lan_optimizer_new(plan, &adam, &optimizer, &err) != LAN_OK;
  if (failed) {
    fprintf(stderr, "xor: %s\n", err.message);
  } else {
    learn(plan, optimizer);
    const float *y = lan_net_plan_output(plan, "y");
    for (int i = 0; i < 4; i++) {
      printf("%g xor %g: %.3f\n", (double)inputs[i][0], (double)inputs[i][1], (double)y[i]);
    }
  }
  lan_optimizer_free(optimizer);
  lan_net_plan_free(plan);
  lan_net_free(net);
  return failed;
}
