/* Gated recurrent unit (Cho et al. 2014, "Learning phrase representations", eq. 5-8), in the form of
 * PyTorch's torch.nn.GRU, where the reset gate is applied after the product with the state:
 *
 *     r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
 *     z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
 *     n = tanh(W_in x + b_in + r (W_hn h + b_hn))
 *     h' = (1 - z) n + z h,    h = 0 at first
 *
 * The three matrices lie below each other, as r, z, n. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/gemm.h"
#include "net/lanes.h"
#include "net/ops.h"

enum { X, INPUT_WEIGHT, STATE_WEIGHT, INPUT_BIAS, STATE_BIAS };

static lan_status gru_infer(const lan_net *net, net_node *node, lan_error *err) {
  lan_shape x = net_in(net, node, X);
  if (x.rank != 3) {
    char text[NET_SHAPE_TEXT];
    return lan_fail(err, LAN_EINVAL, "its input must be (batch, time, features), not %s",
                    net_shape_text(x, text));
  }
  node->shape = x;
  node->shape.dims[2] = (uint32_t)node->attribute[0];
  return LAN_OK;
}

static size_t gru_parameters(const lan_net *net, const net_node *node,
                             net_parameter_spec specs[NET_PARAMETERS]) {
  uint32_t features = net_in(net, node, X).dims[2], units = (uint32_t)node->attribute[0];
  net_parameter_spec spec = {.init = NET_UNIFORM, .scale = 1 / sqrt(units)};
  for (size_t i = 0; i < 4; i++) specs[i] = spec;
  specs[0].name = "input_weight";
  specs[0].shape = LAN_SHAPE(3 * units, features);
  specs[1].name = "state_weight";
  specs[1].shape = LAN_SHAPE(3 * units, units);
  specs[2].name = "input_bias";
  specs[3].name = "state_bias";
  specs[2].shape = specs[3].shape = LAN_SHAPE(3 * units);
  specs[2].no_decay = specs[3].no_decay = true;
  return 4;
}

static double gru_flops(const lan_shape *in, lan_shape out) {
  return 6.0 * (double)net_shape_count(out, 1) * ((double)in[X].dims[2] + (double)out.dims[2]);
}

typedef struct gru_size {
  size_t rows, time, features, units;
} gru_size;

static gru_size size_of(const net_run *run) {
  return (gru_size){run->out_shape.dims[0], run->out_shape.dims[1], run->in_shape[X].dims[2],
                    run->out_shape.dims[2]};
}

/* Saved, of each row and time: r, z, n, and W_hn h + b_hn. Scratch: three times the units of each row
 * for the state's product (or its gradient), and the gradient of the state. */
static void gru_sizes(const net_run *run, net_sizes *sizes) {
  gru_size s = size_of(run);
  sizes->saved = s.rows * s.time * 4 * s.units * sizeof(float);
  sizes->scratch = s.rows * 4 * s.units * sizeof(float);
}

static float logistic(float x) { return 1.0F / (1.0F + expf(-x)); }

/* One row, one step: `gates` holds the inputs' part of r, z, n; `product` the state's. `before` may be
 * NULL for a state of 0. */
static void step_forward(size_t units, float *restrict gates, const float *restrict product,
                         const float *before, float *restrict after) {
  for (size_t j = 0; j < units; j++) {
    float r = logistic(gates[j] + product[j]);
    float z = logistic(gates[units + j] + product[units + j]);
    float n = tanhf(gates[2 * units + j] + r * product[2 * units + j]);
    after[j] = n + z * ((before ? before[j] : 0) - n);
    gates[j] = r;
    gates[units + j] = z;
    gates[2 * units + j] = n;
    gates[3 * units + j] = product[2 * units + j];
  }
}

static void gru_forward(const net_run *run, uint32_t phase) {
  (void)phase;
  gru_size s = size_of(run);
  size_t u3 = 3 * s.units, u4 = 4 * s.units;
  float *gates = run->saved, *product = run->scratch;
  for (size_t i = 0; i < s.rows * s.time; i++) {
    memcpy(gates + i * u4, run->in[INPUT_BIAS], u3 * sizeof *gates);
  }
  net_gemm_nt(s.rows * s.time, u3, s.features, run->in[X], s.features, run->in[INPUT_WEIGHT],
              s.features, gates, u4);
  for (size_t t = 0; t < s.time; t++) {
    float *after = run->out + t * s.units;
    const float *before = t ? after - s.units : NULL;
    for (size_t i = 0; i < s.rows; i++) {
      memcpy(product + i * u3, run->in[STATE_BIAS], u3 * sizeof *product);
    }
    if (t) {
      net_gemm_nt(s.rows, u3, s.units, before, s.time * s.units, run->in[STATE_WEIGHT], s.units,
                  product, u3);
    }
    for (size_t i = 0; i < s.rows; i++) {
      size_t row = i * s.time * s.units;
      step_forward(s.units, gates + (i * s.time + t) * u4, product + i * u3,
                   t ? before + row : NULL, after + row);
    }
  }
}

/* One row, one step back. `gates` turns from r, z, n into the gradients of what went into them from the
 * inputs; `product` gets those of the state's part, and `dh` that of the state before, by way of z. */
static void step_backward(size_t units, float *restrict gates, const float *before,
                          const float *restrict dout, float *restrict dh, float *restrict product) {
  for (size_t j = 0; j < units; j++) {
    float r = gates[j], z = gates[units + j], n = gates[2 * units + j];
    float all = dh[j] + dout[j], h = before ? before[j] : 0;
    float dn = all * (1 - z) * (1 - n * n);
    float dz = all * (h - n) * z * (1 - z);
    float dr = dn * gates[3 * units + j] * r * (1 - r);
    gates[j] = product[j] = dr;
    gates[units + j] = product[units + j] = dz;
    gates[2 * units + j] = dn;
    product[2 * units + j] = dn * r;
    dh[j] = all * z;
  }
}

/* What the state's weights and the state before get at time t. */
static void state_backward(const net_run *run, gru_size s, size_t t, const float *product,
                           float *dh) {
  size_t u3 = 3 * s.units;
  if (run->din[STATE_BIAS]) lanes_add_rows(s.rows, u3, product, u3, run->din[STATE_BIAS]);
  if (t == 0) return;
  net_gemm_nn(s.rows, s.units, u3, product, u3, run->in[STATE_WEIGHT], s.units, dh, s.units);
  if (run->din[STATE_WEIGHT]) {
    net_gemm_tn(u3, s.units, s.rows, product, u3, run->out + (t - 1) * s.units, s.time * s.units,
                run->din[STATE_WEIGHT], s.units);
  }
}

static void gru_backward(const net_run *run, uint32_t phase) {
  (void)phase;
  gru_size s = size_of(run);
  size_t u3 = 3 * s.units, u4 = 4 * s.units, steps = s.rows * s.time;
  float *gates = run->saved, *product = run->scratch, *dh = product + s.rows * u3;
  memset(dh, 0, s.rows * s.units * sizeof *dh);
  for (size_t t = s.time; t-- > 0;) {
    for (size_t i = 0; i < s.rows; i++) {
      size_t at = (i * s.time + t) * s.units;
      step_backward(s.units, gates + (i * s.time + t) * u4, t ? run->out + at - s.units : NULL,
                    run->dout + at, dh + i * s.units, product + i * u3);
    }
    state_backward(run, s, t, product, dh);
  }
  if (run->din[X]) {
    net_gemm_nn(steps, s.features, u3, gates, u4, run->in[INPUT_WEIGHT], s.features, run->din[X],
                s.features);
  }
  if (run->din[INPUT_WEIGHT]) {
    net_gemm_tn(u3, s.features, steps, gates, u4, run->in[X], s.features, run->din[INPUT_WEIGHT],
                s.features);
  }
  if (run->din[INPUT_BIAS]) lanes_add_rows(steps, u3, gates, u4, run->din[INPUT_BIAS]);
}

const net_op op_gru = {
    .kind = "gru",
    .least_in = 1,
    .most_in = 1,
    .attributes = {{"units", NAN, 1, 1 << 24, true}},
    .infer = gru_infer,
    .parameters = gru_parameters,
    .flops = gru_flops,
    .kernel = {.name = "reference",
               .keep_in = 1U << X,
               .keep_out = true,
               .sizes = gru_sizes,
               .forward = gru_forward,
               .backward = gru_backward},
};
