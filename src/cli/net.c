/* lantoa net: finds its own commands; main.c does the rest. */
#include "cli/cli.h"

static const command *const commands[] = {
    &command_net_check,   &command_net_eval, &command_net_explain, &command_net_export,
    &command_net_predict, &command_net_show, &command_net_train,   NULL};

static cli_exit run(cli *c) {
  (void)c;
  cli_complain("net wants a command, as lantoa net %s; see: lantoa help net",
               commands[0]->name + sizeof "net");
  return CLI_USAGE;
}

const command command_net = {
    .name = "net",
    .help =
        "usage: lantoa net COMMAND [OPTION ...] [WORD ...]\n"
        "\n"
        "Neural networks that learn by backpropagation, on the processor alone.\n"
        "\n"
        "  train DATA -o MODEL   learn to tell classes apart: pictures, idx, CSV\n"
        "  eval MODEL DATA       how many it gets right, class by class\n"
        "  predict MODEL FILE... what is on a picture, or what a row is\n"
        "  show MODEL            layers, parameters, operations, kernels\n"
        "  check [KIND]          check the gradients of every kind of layer\n"
        "  explain [MODEL FILE]  how a network learns from one example, step by step\n"
        "  export MODEL -o FILE  as ONNX, for other programs\n"
        "\n"
        "A command's own page: lantoa help net COMMAND.\n",
    .run = run,
    .commands = commands};
