/* lantoa net show */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "lantoa/train.h"

enum { DESCRIPTION_MOST = 1 << 20, NAME_COLUMNS = 16, SHAPE_COLUMNS = 22, SIDE = 32, CLASSES = 10 };

static void shape_text(lan_shape s, char out[80]) {
  size_t n = 0;
  out[0] = '\0';
  for (uint32_t i = 1; i < s.rank && n < 60; i++) {
    n += (size_t)snprintf(out + n, 80 - n, "%s%u", i > 1 ? " x " : "", s.dims[i]);
  }
}

static const char *kernel_of(const lan_net_plan *plan, const char *layer) {
  const char *name, *kernel;
  for (size_t i = 0; (kernel = lan_net_plan_kernel(plan, i, &name)); i++) {
    if (strcmp(name, layer) == 0) return kernel;
  }
  return "";
}

static void show_layer(output *o, const lan_layer *l, const char *kernel) {
  char shape[80];
  shape_text(l->shape, shape);
  output_column(o, l->name, NAME_COLUMNS);
  output_column(o, shape, SHAPE_COLUMNS);
  lan_buf_printf(&o->buf, "%11zu %9.3f  ", l->n_parameters, l->flops / 1e6);
  output_styled(o, STYLE_FAINT, kernel);
  lan_buf_add_char(&o->buf, '\n');
}

/* Of the model, without the loss that it learns by. */
static bool is_part(const lan_layer *l) {
  return strcmp(l->kind, "parameter") != 0 && strcmp(l->kind, "cross_entropy") != 0 &&
         strcmp(l->name, "t") != 0;
}

static size_t learning(const lan_net *net) {
  size_t n = 0;
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) {
    lan_parameter p = lan_net_parameter_at(net, i);
    n += p.learns ? p.count : 0;
  }
  return n;
}

static double flops(const lan_net *net) {
  double sum = 0;
  for (size_t i = 0; i < lan_net_n_layers(net); i++) {
    lan_layer l = lan_net_layer_at(net, (lan_var)i);
    sum += is_part(&l) ? l.flops : 0;
  }
  return sum;
}

/* A text of several lines, made safe. */
static void output_lines(output *o, const char *text) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    output_text(o, (lan_str){text, n}, 0);
    lan_buf_add_char(&o->buf, '\n');
    text += n + (text[n] == '\n');
  }
}

static void show_text(cli *c, lan_model *m, const lan_net_plan *plan) {
  output *o = &c->out;
  const lan_model_info *info = lan_model_describe(m);
  lan_net *net = lan_model_net(m);
  output_styled(o, STYLE_FAINT,
                "layer            output                  parameters  MFLOPs  kernel");
  lan_buf_add_char(&o->buf, '\n');
  for (size_t i = 0; i < lan_net_n_layers(net); i++) {
    lan_layer l = lan_net_layer_at(net, (lan_var)i);
    if (is_part(&l)) show_layer(o, &l, kernel_of(plan, l.name));
  }
  lan_buf_add_str(&o->buf, "\n");
  output_number(o, learning(net));
  lan_buf_printf(&o->buf, " parameters that learn, %.3f MFLOPs for one example, %u classes\n",
                 flops(net) / 1e6, info->n_classes);
  lan_buf_add_char(&o->buf, '\n');
  output_styled(o, STYLE_FAINT, "# description");
  lan_buf_add_char(&o->buf, '\n');
  output_lines(o, info->description);
}

static void show_json(cli *c, lan_model *m, const lan_net_plan *plan) {
  json_writer j = {&c->out.buf, false};
  const lan_model_info *info = lan_model_describe(m);
  lan_net *net = lan_model_net(m);
  jw_open(&j, '{');
  jw_key(&j, "parameters");
  jw_count(&j, learning(net));
  jw_key(&j, "flops");
  jw_number(&j, flops(net));
  jw_entry(&j, "description", info->description);
  jw_key(&j, "classes");
  jw_open(&j, '[');
  for (uint32_t i = 0; i < info->n_classes; i++) jw_string(&j, lan_str_of(info->classes[i]));
  jw_close(&j, ']');
  jw_key(&j, "layers");
  jw_open(&j, '[');
  for (size_t i = 0; i < lan_net_n_layers(net); i++) {
    lan_layer l = lan_net_layer_at(net, (lan_var)i);
    if (!is_part(&l)) continue;
    jw_open(&j, '{');
    jw_entry(&j, "name", l.name);
    jw_entry(&j, "kind", l.kind);
    jw_key(&j, "shape");
    jw_open(&j, '[');
    for (uint32_t k = 1; k < l.shape.rank; k++) jw_count(&j, l.shape.dims[k]);
    jw_close(&j, ']');
    jw_key(&j, "parameters");
    jw_count(&j, l.n_parameters);
    jw_key(&j, "flops");
    jw_number(&j, l.flops);
    jw_entry(&j, "kernel", kernel_of(plan, l.name));
    jw_close(&j, '}');
  }
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}

static bool is_preset(const char *word) {
  for (size_t i = 0; lan_model_preset(i); i++) {
    if (strcmp(lan_model_preset(i), word) == 0) return true;
  }
  return false;
}

static bool is_model(const char *path) {
  size_t n = strlen(path), e = sizeof ".safetensors" - 1;
  return n > e && strcmp(path + n - e, ".safetensors") == 0;
}

/* A preset or a description's file, for pictures of --side and --classes; or a trained model. */
static lan_status open_any(const cli *c, lan_model **m, lan_error *err) {
  static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  const char *word = c->opt.words.data[0];
  uint32_t side = c->opt.side ? (uint32_t)c->opt.side : SIDE;
  size_t n = c->opt.classes ? c->opt.classes : CLASSES;
  lan_shape shape = LAN_SHAPE(3, side, side);
  if (is_model(word)) return lan_model_open(word, m, err);
  const char **names = lan_alloc_array(n, sizeof *names);
  lan_buf text = {0};
  lan_status s = names ? LAN_OK : lan_fail_memory(err, n * sizeof *names);
  for (size_t i = 0; names && i < n; i++) names[i] = digits[i % CLASSES];
  if (s == LAN_OK && !is_preset(word)) s = lan_file_read(word, DESCRIPTION_MOST, &text, err);
  if (s == LAN_OK) {
    lan_buf_add_char(&text, '\n');
    s = text.failed ? lan_fail_memory(err, 0)
                    : lan_model_new(is_preset(word) ? word : text.data, shape, names, (uint32_t)n,
                                    1, m, err);
  }
  lan_buf_free(&text);
  free(names);
  return s;
}

static cli_exit run(cli *c) {
  lan_error err = {0};
  lan_model *m = NULL;
  lan_net_plan *plan = NULL;
  lan_status s = open_any(c, &m, &err);
  if (s == LAN_OK) {
    s = lan_net_plan_new(lan_model_net(m), &(lan_net_plan_options){.batch = 1, .threads = 1}, &plan,
                         &err);
  }
  if (s == LAN_OK) {
    if (c->opt.json) {
      show_json(c, m, plan);
    } else {
      show_text(c, m, plan);
    }
  } else {
    cli_complain("%s", err.message);
  }
  lan_net_plan_free(plan);
  lan_model_free(m);
  return s == LAN_ENOTFOUND ? CLI_USAGE : cli_exit_of(s);
}

const command command_net_show = {
    .name = "net show",
    .help =
        "usage: lantoa net show MODEL [OPTION ...]\n"
        "\n"
        "What a network is made of: layers, the shapes of what they give, parameters,\n"
        "operations for one example, and the kernels that compute them here. MODEL is a\n"
        "trained model (.safetensors), a preset (mlp, lenet, resnet20, cnn) or a file\n"
        "with a description.\n"
        "\n"
        "  --side N            for a preset or description: of N x N pictures; default 32\n"
        "  --classes N         for a preset or description; default 10\n"
        "  --json              a JSON object\n" HELP_COLOR
        "\n"
        "Exit: 0 done, 2 usage, 4 a file cannot be read.\n",
    .takes = TAKES(OPTION_JSON) | TAKES(OPTION_SIDE) | TAKES(OPTION_CLASSES),
    .least = 1,
    .most = 1,
    .missing = "net show wants a model; see: lantoa help net show",
    .run = run};
