/* lantoa net export */
#include "cli/cli.h"
#include "lantoa/train.h"

static cli_exit run(cli *c) {
  lan_model *model = NULL;
  lan_error err = {0};
  if (!c->opt.output) {
    cli_complain("net export wants a file to write, as -o model.onnx");
    return CLI_USAGE;
  }
  lan_status status = lan_model_open(c->opt.words.data[0], &model, &err);
  if (status == LAN_OK) status = lan_model_export_onnx(model, c->opt.output, &err);
  lan_model_free(model);
  if (status == LAN_OK) return CLI_FOUND;
  cli_complain("%s", err.message);
  return cli_exit_of(status);
}

const command command_net_export = {
    .name = "net export",
    .help =
        "usage: lantoa net export MODEL -o FILE.onnx\n"
        "\n"
        "Writes a model as an ONNX file, for programs that run those. It takes \"example\",\n"
        "(batch, channels, height, width) of values between 0 and 1, or a table's columns\n"
        "as they are, and gives \"probabilities\", (batch, classes). The classes' names are\n"
        "in the file's metadata.\n"
        "\n"
        "  -o, --output FILE   what to write\n" HELP_COLOR
        "\n"
        "Exit: 0 done, 2 usage, 4 a file cannot be read or written, or a layer cannot be\n"
        "expressed.\n",
    .takes = TAKES(OPTION_OUTPUT),
    .least = 1,
    .most = 1,
    .missing = "net export wants a model, as lantoa net export cats.safetensors -o cats.onnx",
    .run = run};
