/* Operations against numbers that PyTorch 1.13 gave in double precision, or that are worked out by hand.
 *
 * Inputs and parameters are waves, sin(0.7 i + seed), so that both sides have the same ones: inputs of
 * seed 1, targets of seed 5, parameter k half of seed k. Gradients are those of torch.nn.functional.mse_loss. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lantoa/net.h"

static void wave(float *to, size_t n, double seed, double scale) {
  for (size_t i = 0; i < n; i++) to[i] = (float)(scale * sin(0.7 * (double)i + seed));
}

static void assert_near(const char *what, const float *got, const float *want, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!(fabsf(got[i] - want[i]) <= 2e-6F * (1 + fabsf(want[i])))) {
      fail_msg("%s[%zu] is %.8g, not %.8g", what, i, (double)got[i], (double)want[i]);
    }
  }
}

typedef struct bench {
  lan_net *net;
  lan_net_plan *plan;
  double loss;
} bench;

static bench new_bench(void) {
  bench b = {0};
  assert_int_equal(lan_net_new(1, &b.net, NULL), LAN_OK);
  return b;
}

static void plan_bench(bench *b, uint32_t batch, uint32_t shards) {
  lan_error err = {0};
  lan_net_plan_options options = {
      .batch = batch, .training = 1, .shards = shards, .input_gradients = 1};
  if (lan_net_plan_new(b->net, &options, &b->plan, &err) != LAN_OK) fail_msg("%s", err.message);
}

static void run_bench(bench *b) {
  lan_net_forward(b->plan, &b->loss);
  lan_net_backward(b->plan);
}

static void end_bench(bench *b) {
  lan_net_plan_free(b->plan);
  lan_net_free(b->net);
}

static void assert_input_gradient(bench *b, const char *input, const float *want, size_t n) {
  float got[64];
  assert_true(n <= 64);
  assert_int_equal(lan_net_plan_input_gradient(b->plan, input, got, NULL), LAN_OK);
  assert_near(input, got, want, n);
}

/* A layer on a wave, beside what PyTorch says of its values and of all gradients. */
static void assert_layer(bench *b, lan_var y, uint32_t batch, uint32_t shards, const float *want_y,
                         const float *want_dx, const float *const *want_gradients) {
  lan_shape s = lan_net_shape(b->net, y);
  lan_var t = lan_net_input(b->net, "t", s);
  lan_net_output(b->net, "y", y);
  lan_net_loss(b->net, lan_net_mean_squared_error(b->net, y, t));
  plan_bench(b, batch, shards);
  size_t n_x = batch, n_y = batch;
  lan_shape x = lan_net_shape(b->net, 0);
  for (uint32_t i = 1; i < x.rank; i++) n_x *= x.dims[i];
  for (uint32_t i = 1; i < s.rank; i++) n_y *= s.dims[i];
  wave(lan_net_plan_input(b->plan, "x"), n_x, 1, 1);
  wave(lan_net_plan_input(b->plan, "t"), n_y, 5, 1);
  for (size_t i = 0; i < lan_net_n_parameters(b->net); i++) {
    lan_parameter p = lan_net_parameter_at(b->net, i);
    wave(p.values, p.count, (double)i, 0.5);
  }
  run_bench(b);
  assert_near("y", lan_net_plan_output(b->plan, "y"), want_y, n_y);
  assert_input_gradient(b, "x", want_dx, n_x);
  for (size_t i = 0; i < lan_net_n_parameters(b->net); i++) {
    float got[64];
    lan_parameter p = lan_net_parameter_at(b->net, i);
    assert_true(p.count <= 64);
    lan_net_plan_gradient(b->plan, i, got);
    assert_near(p.name, got, want_gradients[i], p.count);
  }
  lan_net_plan *used;
  lan_net_plan_options options = {.batch = batch, .shards = shards};
  assert_int_equal(lan_net_plan_new(b->net, &options, &used, NULL), LAN_OK);
  wave(lan_net_plan_input(used, "x"), n_x, 1, 1);
  lan_net_forward(used, NULL);
  assert_near("y in use", lan_net_plan_output(used, "y"), want_y, n_y);
  lan_net_plan_free(used);
}

static lan_var input(bench *b, lan_shape shape) { return lan_net_input(b->net, "x", shape); }

static const float norm_y[] = {0.4207355F, 0.8225989F, 0.5759038F, -0.230089F, -0.5871122F,
                               0.4207355F, 0.1890432F, 0.2259653F, 0.3441307F, -0.05192229F};
static const float norm_dx[] = {-0.06300435F, 0.06449282F,  0.03633891F, -0.08971384F, 0.05188646F,
                                -0.02286935F, -0.03034438F, 0.04499865F, 0.07297058F,  -0.0647555F};
static const float norm_d_weight[] = {0.2923927F, 0.2850757F, 0.01340022F, 0.3013173F, 0.8059968F};
static const float norm_d_bias[] = {0.2003816F, 0.2678875F, 0.2285712F, 0.06156963F, -0.1367117F};

static void layer_norm_is_pytorchs(void **state) {
  (void)state;
  static const float *const gradients[] = {norm_d_weight, norm_d_bias};
  for (uint32_t shards = 1; shards <= 2; shards++) {
    bench b = new_bench();
    lan_var y = lan_net_layer_norm(b.net, input(&b, LAN_SHAPE(LAN_BATCH, 5)));
    assert_layer(&b, y, 2, shards, norm_y, norm_dx, gradients);
    end_bench(&b);
  }
}

static const float attention_y[] = {
    -0.006027168F, -0.3572305F, -0.2252563F, -0.8427327F, -0.2032378F, -0.2239954F,
    -0.2791197F,   -0.874465F,  0.1439728F,  -0.5350941F, -0.0400821F, -1.01382F,
    0.1112348F,    -0.4491409F, -0.1693182F, -0.8562345F, 0.1843955F,  -0.6157989F,
    0.07157909F,   -1.143534F,  0.07288955F, -0.409236F,  -0.2061713F, -0.8266916F};
static const float attention_dx[] = {
    -0.006849334F, 0.000529659F,  0.007659545F,  0.01118703F,    -0.02025431F, -0.03153774F,
    -0.02798848F,  -0.0112758F,   -0.009368425F, -0.0006607913F, 0.008357623F, 0.01344532F,
    -0.006015328F, -0.0132006F,   -0.01417742F,  -0.008486381F,  -0.00885852F, -0.01580712F,
    -0.01532138F,  -0.007629758F, -0.00945467F,  -0.008246832F,  -0.00316038F, 0.003412448F};
static const float attention_d_in_weight[] = {
    0.008115215F, 0.009788056F,  0.006857421F,  0.000701634F,  -0.01171406F, -0.01799134F,
    -0.01580701F, -0.006188394F, 0.01656726F,   0.02545571F,   0.02237194F,  0.008766296F,
    -0.02214341F, -0.02805441F,  -0.02077098F,  -0.003718632F, -0.0180157F,  -0.03073119F,
    -0.02899331F, -0.01361943F,  -0.002283651F, 0.009497265F,  0.01681147F,  0.01621897F,
    -0.01348696F, -0.02265924F,  -0.02117453F,  -0.0097311F,   0.006981397F, -0.005955726F,
    -0.01609178F, -0.01865962F,  -0.004094467F, -0.03630813F,  -0.05144552F, -0.04238727F,
    0.00893001F,  -0.0217939F,   -0.0422678F,   -0.04286249F,  0.007144807F, -0.003597722F,
    -0.01264819F, -0.01575001F,  0.003105333F,  0.01700846F,   0.02291225F,  0.01804004F};
static const float attention_d_in_bias[] = {0.01529907F, -0.01772238F, 0.04894955F, -0.07163659F,
                                            0.0F,        0.0F,         0.0F,        0.0F,
                                            0.3029132F,  0.3034231F,   0.1612284F,  -0.05679453F};
static const float attention_d_out_weight[] = {
    0.09401528F,  -0.03109992F, 0.08451473F,  -0.01624993F, -0.02501767F, -0.06959266F,
    -0.07637918F, -0.09527693F, -0.02749453F, -0.0162702F,  0.02172682F,  -0.1017414F,
    -0.1446728F,  -0.1456741F,  -0.2824518F,  -0.1552901F};
static const float attention_d_out_bias[] = {0.06404608F, -0.2255031F, -0.1242029F, -0.5353413F};

static void attention_is_pytorchs(void **state) {
  (void)state;
  static const float *const gradients[] = {attention_d_in_weight, attention_d_in_bias,
                                           attention_d_out_weight, attention_d_out_bias};
  for (uint32_t shards = 1; shards <= 2; shards++) {
    bench b = new_bench();
    lan_var y = lan_net_attention(b.net, input(&b, LAN_SHAPE(LAN_BATCH, 3, 4)), 2, 0);
    assert_layer(&b, y, 2, shards, attention_y, attention_dx, gradients);
    end_bench(&b);
  }
}

static const float causal_y[] = {-0.2147144F, -0.1651832F, -0.3784715F, -0.7460543F, -0.1152171F,
                                 -0.3189399F, -0.1882228F, -0.9508108F, 0.1439728F,  -0.5350941F,
                                 -0.0400821F, -1.01382F,   0.4711417F,  -0.8217779F, 0.1729888F,
                                 -1.128656F,  0.1374669F,  -0.5859982F, 0.06234986F, -1.155943F,
                                 0.07288955F, -0.409236F,  -0.2061713F, -0.8266916F};
static const float causal_dx[] = {
    0.002406101F,  -0.005547578F, -0.01089214F,  -0.01111397F,  -0.01763056F,  -0.02636372F,
    -0.02269761F,  -0.008356459F, -0.01054893F,  0.002179007F,  0.01388213F,   0.01905626F,
    -0.005572852F, -0.03713562F,  -0.05123293F,  -0.04123459F,  -0.009765379F, -0.01097841F,
    -0.007028126F, 0.0002275974F, -0.007187205F, -0.001472988F, 0.004933998F,  0.009020448F};
static const float causal_d_in_weight[] = {
    0.004894091F,   0.006917591F,  0.005687641F, 0.001782704F, -0.005870978F, -0.01123997F,
    -0.01132263F,   -0.006080079F, 0.001106051F, 0.0110537F,   0.01580262F,   0.01311932F,
    -0.004204506F,  -0.01476441F,  -0.01838037F, -0.01335177F, -0.0116012F,   -0.01950933F,
    -0.01824193F,   -0.008395056F, 0.001966525F, 0.009354374F, 0.01234271F,   0.009526084F,
    -0.009356505F,  -0.0243004F,   -0.02781544F, -0.01824844F, 0.007575902F,  0.004685385F,
    -0.0004087424F, -0.005310632F, 0.02166707F,  -0.03894979F, -0.08124796F,  -0.08533394F,
    0.03500443F,    -0.02162034F,  -0.06807674F, -0.08251558F, 0.01490647F,   -0.02192138F,
    -0.04843926F,   -0.0521754F,   0.003242889F, 0.02788629F,  0.03941434F,   0.03240521F};
static const float causal_d_in_bias[] = {0.006636575F, -0.007922897F, 0.03713352F, -0.05352192F,
                                         0.0F,         0.0F,          0.0F,        0.0F,
                                         0.340442F,    0.3352103F,    0.172324F,   -0.07160896F};
static const float causal_d_out_weight[] = {0.01278361F,  0.04600445F,  0.02914426F,  0.02797164F,
                                            -0.1814479F,  0.06888121F,  -0.2707726F,  0.03721626F,
                                            -0.03073798F, 0.007663238F, -0.02227892F, -0.03794848F,
                                            -0.1197239F,  -0.1593315F,  -0.3920841F,  -0.062704F};
static const float causal_d_out_bias[] = {0.08007206F, -0.2459809F, -0.1016397F, -0.5573828F};

static void causal_attention_is_pytorchs(void **state) {
  (void)state;
  static const float *const gradients[] = {causal_d_in_weight, causal_d_in_bias,
                                           causal_d_out_weight, causal_d_out_bias};
  for (uint32_t shards = 1; shards <= 2; shards++) {
    bench b = new_bench();
    lan_var y = lan_net_attention(b.net, input(&b, LAN_SHAPE(LAN_BATCH, 3, 4)), 2, 1);
    assert_layer(&b, y, 2, shards, causal_y, causal_dx, gradients);
    end_bench(&b);
  }
}

static const float gru_y[] = {0.5410862F,  0.03098297F,  -0.03987928F, 0.5799206F, 0.3071971F,
                              0.08224278F, 0.3670478F,   0.5897311F,   0.6398456F, -0.1358329F,
                              0.4017765F,  0.5511693F,   0.4508585F,   0.0221173F, 0.4154584F,
                              0.7062046F,  0.003556778F, 0.1820728F};
static const float gru_dx[] = {0.04184393F,  0.008782842F, 0.01250689F,  0.01528378F,
                               -0.03002435F, -0.03976245F, 0.002251923F, -0.0206875F,
                               0.00518593F,  0.02771948F,  -0.01735835F, -0.02043736F};
static const float gru_d_input_weight[] = {
    0.003450317F, 0.004379715F, -0.0004435388F, 0.0006707305F, 6.393858e-05F, 0.0004147539F,
    -0.01833405F, -0.01544001F, 0.01817282F,    0.008152786F,  0.04473995F,   0.03915182F,
    0.0429275F,   0.0619373F,   -0.01166655F,   -0.0466694F,   -0.01482496F,  -0.0224503F};
static const float gru_d_state_weight[] = {
    0.002023048F,  -0.000275732F, 0.0001261903F, 0.001750932F,   -9.00036e-06F, 0.0003563249F,
    0.001266492F,  0.0006804397F, 0.001792353F,  -0.0008499953F, 0.002341746F,  0.001366976F,
    -0.003682786F, -0.007020511F, -0.005996688F, -0.004495218F,  -0.005536113F, 0.005993766F,
    0.009573674F,  -0.002448881F, 0.0001342778F, 0.01718376F,    -0.01356566F,  -0.01125466F,
    0.01202197F,   0.005938558F,  0.01058339F};
static const float gru_d_input_bias[] = {0.01288793F,   0.009231052F, 0.004617047F,
                                         -0.005929299F, -0.03236803F, -0.01778336F,
                                         0.1367949F,    0.05104819F,  0.09594315F};
static const float gru_d_state_bias[] = {0.01288793F,   0.009231052F, 0.004617047F,
                                         -0.005929299F, -0.03236803F, -0.01778336F,
                                         0.09127294F,   0.02333233F,  0.03081206F};

static void gru_is_pytorchs(void **state) {
  (void)state;
  static const float *const gradients[] = {gru_d_input_weight, gru_d_state_weight, gru_d_input_bias,
                                           gru_d_state_bias};
  for (uint32_t shards = 1; shards <= 2; shards++) {
    bench b = new_bench();
    lan_var y = lan_net_gru(b.net, input(&b, LAN_SHAPE(LAN_BATCH, 3, 2)), 3);
    assert_layer(&b, y, 2, shards, gru_y, gru_dx, gradients);
    end_bench(&b);
  }
}

/* ---- losses: x three times the wave of seed 1, targets 0.5 + half that of seed 2 ---- */

static const float bce_dx[] = {-0.00480218F, 0.03962361F, 0.08521844F,
                               0.07338061F,  0.02260966F, -0.01611067F};
static const float bce_dt[] = {-0.4207355F,  -0.4958324F, -0.3377316F,
                               -0.02079033F, 0.3059289F,  0.4887651F};
static const float mse_dx[] = {0.5232547F,  0.7537682F,  0.5513867F,
                               0.01129351F, -0.6124971F, -1.026607F};
static const float mse_dt[] = {-0.5232547F,  -0.7537682F, -0.5513867F,
                               -0.01129351F, 0.6124971F,  1.026607F};
static const float huber_dx[] = {0.1166667F,   0.1166667F,  0.1166667F,
                                 0.005646757F, -0.1166667F, -0.1166667F};
static const float huber_dt[] = {-0.1166667F,   -0.1166667F, -0.1166667F,
                                 -0.005646757F, 0.1166667F,  0.1166667F};
static const float ce_dx[] = {-0.1414839F, 0.1404328F,   0.001051046F,
                              0.0754651F,  0.001201361F, -0.07666646F};
static const float ce_dt[] = {0.5201654F,  0.3174038F, 0.744276F,
                              0.07745648F, 0.9595985F, 1.453256F};
static const float listwise_dx[] = {-0.06466876F, 0.0F, 0.06466876F, 0.0F, 0.0F, 0.0F};
static const float listwise_dt[] = {0.2374118F, 0.0F, 0.4864235F, 0.0F, 0.0F, 0.0F};

static void assert_loss(bench *b, lan_var loss, double want, const float *dx, const float *dt) {
  lan_net_loss(b->net, loss);
  for (uint32_t shards = 1; shards <= 2; shards++) {
    plan_bench(b, 2, shards);
    float *x = lan_net_plan_input(b->plan, "x"), *t = lan_net_plan_input(b->plan, "t");
    wave(x, 6, 1, 3);
    wave(t, 6, 2, 0.5);
    for (size_t i = 0; i < 6; i++) t[i] += 0.5F;
    float *mask = lan_net_plan_input(b->plan, "mask");
    if (mask) mask[0] = mask[2] = 1; /* the second row has none */
    run_bench(b);
    if (fabs(b->loss - want) > 1e-6) fail_msg("the loss is %.8g, not %.8g", b->loss, want);
    assert_input_gradient(b, "x", dx, 6);
    assert_input_gradient(b, "t", dt, 6);
    lan_net_plan_free(b->plan);
    b->plan = NULL;
  }
  end_bench(b);
}

static void losses_are_pytorchs(void **state) {
  (void)state;
  for (int which = 0; which < 5; which++) {
    bench b = new_bench();
    lan_var x = input(&b, LAN_SHAPE(LAN_BATCH, 3));
    lan_var t = lan_net_input(b.net, "t", LAN_SHAPE(LAN_BATCH, 3));
    switch (which) {
      case 0:
        assert_loss(&b, lan_net_binary_cross_entropy(b.net, x, t), 0.64505634, bce_dx, bce_dt);
        break;
      case 1:
        assert_loss(&b, lan_net_mean_squared_error(b.net, x, t), 3.8627864, mse_dx, mse_dt);
        break;
      case 2:
        assert_loss(&b, lan_net_huber(b.net, x, t, 0.7F), 1.0095587, huber_dx, huber_dt);
        break;
      case 3:
        assert_loss(&b, lan_net_cross_entropy(b.net, x, t, 0.1F), 1.3738059, ce_dx, ce_dt);
        break;
      default: {
        lan_var mask = lan_net_input(b.net, "mask", LAN_SHAPE(LAN_BATCH, 3));
        assert_loss(&b, lan_net_listwise(b.net, x, t, mask), 0.40770608, listwise_dx, listwise_dt);
      }
    }
  }
}

/* Far from 0, where exp overflows: -ln(1 - s(-200)) = 0, ln 2, and half of 200. */
static void binary_cross_entropy_is_stable(void **state) {
  (void)state;
  bench b = new_bench();
  lan_var x = input(&b, LAN_SHAPE(LAN_BATCH));
  lan_net_loss(b.net, lan_net_binary_cross_entropy(
                          b.net, x, lan_net_input(b.net, "t", LAN_SHAPE(LAN_BATCH))));
  plan_bench(&b, 3, 1);
  memcpy(lan_net_plan_input(b.plan, "x"), (float[]){-200, 0, 200}, 3 * sizeof(float));
  memcpy(lan_net_plan_input(b.plan, "t"), (float[]){0, 1, 0.5F}, 3 * sizeof(float));
  run_bench(&b);
  assert_true(fabs(b.loss - (log(2) + 100) / 3) < 1e-5);
  assert_input_gradient(&b, "x", (float[]){0, -0.5F / 3, 0.5F / 3}, 3);
  end_bench(&b);
}

/* ---- by hand ---- */

static const float gelu_y[] = {-0.004049694F, -0.1586553F, -0.04601722F, 0.3457312F, 1.9545F};
static const float gelu_slope[] = {-0.01194565F, -0.08331547F, 0.4204769F, 0.8674951F, 1.085232F};
static const float silu_y[] = {-0.1422776F, -0.2689414F, -0.04750208F, 0.3112297F, 1.761594F};
static const float silu_slope[] = {-0.08810411F, 0.07232949F, 0.4500832F, 0.7399612F, 1.090784F};

static void curves_are_pytorchs(void **state) {
  (void)state;
  static const float x[] = {-3, -1, -0.1F, 0.5F, 2};
  for (int which = 0; which < 2; which++) {
    bench b = new_bench();
    lan_var in = input(&b, LAN_SHAPE(LAN_BATCH, 1));
    lan_var y = which ? lan_net_silu(b.net, in) : lan_net_gelu(b.net, in);
    lan_net_output(b.net, "y", y);
    lan_net_loss(b.net, lan_net_mean_squared_error(
                            b.net, y, lan_net_input(b.net, "t", LAN_SHAPE(LAN_BATCH, 1))));
    plan_bench(&b, 5, 2);
    const float *want = which ? silu_y : gelu_y, *slope = which ? silu_slope : gelu_slope;
    memcpy(lan_net_plan_input(b.plan, "x"), x, sizeof x);
    /* With these targets the gradient of each y is 1. */
    for (size_t i = 0; i < 5; i++) lan_net_plan_input(b.plan, "t")[i] = want[i] - 2.5F;
    run_bench(&b);
    assert_near("y", lan_net_plan_output(b.plan, "y"), want, 5);
    assert_input_gradient(&b, "x", slope, 5);
    end_bench(&b);
  }
}

/* Senders 1 2 3, edges 0 -> 1 (w 2), 2 -> 1 (w 10), 0 -> 0 (w -1), 1 -> 1 (w 0.5), 0 -> 1 (w 1). */
static void activation_propagates(void **state) {
  (void)state;
  static const uint32_t from[] = {0, 2, 0, 1, 0}, to[] = {1, 1, 0, 1, 1};
  static const float weights[] = {2, 10, -1, 0.5F, 1};
  enum { ROWS = 37 };
  for (uint32_t features = 0; features <= 3; features += 3) {
    uint32_t width = features ? features : 1;
    bench b = new_bench();
    lan_shape in = LAN_SHAPE(LAN_BATCH, 3, 3);
    in.rank = features ? 3 : 2;
    lan_var x = input(&b, in), w = lan_net_parameter(b.net, "w", LAN_SHAPE(5), 1), y;
    {
      lan_edges edges = {.n_senders = 3,
                         .n_receivers = 2,
                         .n_edges = 5,
                         .from = from,
                         .to = to}; /* the net keeps its own */
      y = lan_net_propagate(b.net, x, w, &edges);
    }
    lan_net_output(b.net, "y", y);
    lan_net_loss(b.net, lan_net_mean_squared_error(
                            b.net, y, lan_net_input(b.net, "t", lan_net_shape(b.net, y))));
    plan_bench(&b, ROWS, 2);
    memcpy(lan_net_parameter_at(b.net, 0).values, weights, sizeof weights);
    /* Row r and feature f have senders s, 2 s, 3 s with s = r + 1 - 20 f; targets 0. */
    for (uint32_t i = 0; i < ROWS * 3 * width; i++) {
      float s = (float)(i / (3 * width)) + 1 - 20 * (float)(i % width);
      lan_net_plan_input(b.plan, "x")[i] = s * (float)(i / width % 3 + 1);
    }
    run_bench(&b);
    double squares = 0;
    for (uint32_t r = 0; r < ROWS; r++) {
      for (uint32_t f = 0; f < width; f++) {
        float s = (float)r + 1 - 20 * (float)f;
        const float *got = lan_net_plan_output(b.plan, "y") + (size_t)r * 2 * width + f;
        assert_near("y", (float[]){got[0], got[width]}, (float[]){-s, 34 * s}, 2);
        squares += (double)s * (double)s;
      }
    }
    /* dL/dy = 2 y / n; the edges 0 -> 1 get sum of s * 34 s, and so on. */
    float scale = (float)(2 * squares / (double)(ROWS * 2 * width)), got[5];
    lan_net_plan_gradient(b.plan, 0, got);
    float want[5] = {34, 102, -1, 68, 34};
    for (size_t i = 0; i < 5; i++) {
      if (fabsf(got[i] - want[i] * scale) > 1e-5F * fabsf(want[i] * scale))
        fail_msg("gradient of edge %zu is %g", i, (double)got[i]);
    }
    end_bench(&b);
  }
}

static void edges_are_checked(void **state) {
  (void)state;
  static const uint32_t from[] = {0, 3}, to[] = {1, 0};
  const struct {
    lan_edges edges;
    const char *message;
  } cases[] = {
      {{.n_senders = 3, .n_receivers = 2, .n_edges = 2, .from = from, .to = to},
       "edge 1 goes from 3 to 0"},
      {{.n_senders = 4, .n_receivers = 1, .n_edges = 2, .from = from, .to = to},
       "edge 0 goes from 0 to 1"},
      {{.n_senders = 4, .n_receivers = 2, .n_edges = 2, .from = NULL, .to = to}, "have no ends"},
      {{.n_senders = 4, .n_receivers = 2, .n_edges = 2, .from = from, .to = to},
       "must be (batch, 4)"},
      {{.n_senders = 3, .n_receivers = 2, .n_edges = 1, .from = from, .to = to},
       "must be (1), one for each edge"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bench b = new_bench();
    lan_error err = {0};
    lan_var x = input(&b, LAN_SHAPE(LAN_BATCH, 3));
    lan_var w = lan_net_parameter(b.net, "w", LAN_SHAPE(2), 1);
    assert_int_equal(lan_net_propagate(b.net, x, w, &cases[i].edges), LAN_NONE);
    assert_int_not_equal(lan_net_status(b.net, &err), LAN_OK);
    if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
    end_bench(&b);
  }
  bench b = new_bench();
  lan_var in[2] = {input(&b, LAN_SHAPE(LAN_BATCH, 3))};
  in[1] = in[0];
  assert_int_equal(lan_net_layer(b.net, "propagate", NULL, in, 2, NULL, 0), LAN_NONE);
  assert_int_equal(lan_net_status(b.net, NULL), LAN_EINVAL);
  end_bench(&b);
}

/* Rows of a table; what is no row counts as the first. Concatenated with itself, and the last step. */
static void values_are_selected(void **state) {
  (void)state;
  bench b = new_bench();
  lan_var e = lan_net_embedding(b.net, input(&b, LAN_SHAPE(LAN_BATCH, 3)), 4, 2);
  lan_var both = lan_net_concat(b.net, (lan_var[]){e, e}, 2);
  lan_net_output(b.net, "both", both);
  lan_var y = lan_net_last(b.net, both);
  lan_net_output(b.net, "y", y);
  lan_net_loss(b.net, lan_net_mean_squared_error(
                          b.net, y, lan_net_input(b.net, "t", LAN_SHAPE(LAN_BATCH, 2))));
  plan_bench(&b, 2, 2);
  float *table = lan_net_parameter_at(b.net, 0).values;
  for (size_t i = 0; i < 8; i++) table[i] = (float)i;
  static const float x[] = {3, 1.5F, 2, -1, NAN, 4};
  memcpy(lan_net_plan_input(b.plan, "x"), x, sizeof x);
  run_bench(&b);
  static const float want[] = {6, 7, 0, 1, 4, 5, 6, 7, 0, 1, 4, 5,
                               0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  assert_near("both", lan_net_plan_output(b.plan, "both"), want, 24);
  assert_near("y", lan_net_plan_output(b.plan, "y"), (float[]){4, 5, 0, 1}, 4);
  float gradient[8];
  lan_net_plan_gradient(b.plan, 0, gradient);
  assert_near("table", gradient, (float[]){0, 0.5F, 0, 0, 2, 2.5F, 0, 0}, 8);
  end_bench(&b);
}

static void assert_refused(lan_net *net, const char *message) {
  lan_error err = {0};
  assert_int_not_equal(lan_net_status(net, &err), LAN_OK);
  if (!strstr(err.message, message)) fail_msg("'%s' does not hold '%s'", err.message, message);
}

static void misfits_are_named(void **state) {
  (void)state;
  for (int which = 0; which < 8; which++) {
    bench b = new_bench();
    lan_var flat = input(&b, LAN_SHAPE(LAN_BATCH, 6));
    lan_var sequence = lan_net_input(b.net, "s", LAN_SHAPE(LAN_BATCH, 5, 6));
    switch (which) {
      case 0:
        lan_net_attention(b.net, sequence, 4, 0);
        assert_refused(b.net, "6 features cannot be divided among 4 heads");
        break;
      case 1:
        lan_net_gru(b.net, flat, 3);
        assert_refused(b.net, "must be (batch, time, features), not (batch, 6)");
        break;
      case 2:
        lan_net_concat(b.net, (lan_var[]){flat, sequence}, 2);
        assert_refused(b.net, "(batch, 6) and (batch, 5, 6)");
        break;
      case 3:
        lan_net_attention(b.net, lan_net_input(b.net, "long", LAN_SHAPE(LAN_BATCH, 1 << 20, 2)), 1,
                          0);
        assert_refused(b.net, "too long");
        break;
      case 4:
        lan_net_huber(b.net, flat, flat, 0);
        assert_refused(b.net, "delta = 0");
        break;
      case 5: {
        lan_var rows = lan_net_input(b.net, "rows", LAN_SHAPE(LAN_BATCH));
        lan_net_cross_entropy(b.net, rows, rows, 0);
        assert_refused(b.net, "must be (batch, classes), not (batch)");
        break;
      }
      case 6:
        lan_net_softmax(b.net, lan_net_input(b.net, "rows", LAN_SHAPE(LAN_BATCH)));
        assert_refused(b.net, "must be (batch, classes), not (batch)");
        break;
      default:
        lan_net_listwise(b.net, flat, flat, sequence);
        assert_refused(b.net, "targets of shape (batch, 5, 6)");
    }
    end_bench(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(layer_norm_is_pytorchs),
      cmocka_unit_test(attention_is_pytorchs),
      cmocka_unit_test(causal_attention_is_pytorchs),
      cmocka_unit_test(gru_is_pytorchs),
      cmocka_unit_test(losses_are_pytorchs),
      cmocka_unit_test(binary_cross_entropy_is_stable),
      cmocka_unit_test(curves_are_pytorchs),
      cmocka_unit_test(activation_propagates),
      cmocka_unit_test(edges_are_checked),
      cmocka_unit_test(values_are_selected),
      cmocka_unit_test(misfits_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
