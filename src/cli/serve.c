/* lantoa serve */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/session.h"
#include "serve/serve.h"

enum { PORT = 7717 };

typedef struct running {
  cli *c;
  const char *token;
} running;

/* Hands the address to the desktop; where there is none, the printed line must do. */
static void open_page(const char *url) {
  extern char **environ;
  char *argv[] = {"xdg-open", (char *)(uintptr_t)url, NULL};
  posix_spawn_file_actions_t quiet;
  pid_t pid;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) != 0) {
    cli_complain("there is no xdg-open here; open the address above in a browser");
  }
  posix_spawn_file_actions_destroy(&quiet);
}

static void ready(void *ctx, uint16_t port) {
  running *r = ctx;
  const options *o = &r->c->opt;
  output *out = &r->c->out;
  lan_buf url = {0};
  if (o->socket) {
    lan_buf_printf(&out->buf, "Listening on %s\n", o->socket);
  } else {
    const char *host = o->address ? o->address : "127.0.0.1";
    lan_buf_printf(&url, strchr(host, ':') ? "http://[%s]:%u/#token=%s" : "http://%s:%u/#token=%s",
                   host, port, r->token);
    lan_buf_printf(&out->buf, "Open in a browser: %s\n", url.failed ? "" : url.data);
    lan_buf_add_str(&out->buf, "Stop with Ctrl-C.\n");
  }
  output_flush(out);
  if (o->open && !url.failed && !o->socket) open_page(url.data);
  lan_buf_free(&url);
}

static void trouble(void *ctx, const char *message) {
  running *r = ctx;
  if (!r->c->opt.quiet) cli_complain("%s", message);
}

static lan_status serve(cli *c, lan_memory *memory, lan_model *model, lan_error *err) {
  const options *o = &c->opt;
  lan_buf token = {0};
  lan_status status = serve_token(&token, err);
  running r = {c, token.data};
  serve_options so = {.memory = memory,
                      .model = model,
                      .address = o->address,
                      .port = (uint16_t)(o->given_more & TAKES_MORE(OPTION_PORT) ? o->port : PORT),
                      .socket = o->socket,
                      .token = token.data,
                      .allow_feedback = o->allow_feedback,
                      .n_threads = o->threads,
                      .ready = ready,
                      .trouble = trouble,
                      .ctx = &r};
  if (status == LAN_OK) status = serve_run(&so, err);
  lan_buf_free(&token);
  return status;
}

static cli_exit run(cli *c) {
  session s;
  lan_error err = {0};
  lan_model *model = NULL;
  cli_exit code = session_open(&s, c, SESSION_ASK);
  if (code != CLI_FOUND) return code;
  session_clear_progress(&s);
  lan_status status = c->opt.model ? lan_model_open(c->opt.model, &model, &err) : LAN_OK;
  if (status == LAN_OK) status = serve(c, s.memory, model, &err);
  if (status != LAN_OK) cli_complain("%s", err.message);
  lan_model_free(model);
  return session_close(&s, status == LAN_OK ? CLI_FOUND : cli_exit_of(status));
}

const command command_serve = {
    .name = "serve",
    .help =
        "usage: lantoa serve [OPTION ...]\n"
        "\n"
        "Serves the memory to this machine: a page in the browser, JSON for programs (see\n"
        "docs/api.md), and MCP for assistants at /mcp. Notes that change are in the answers\n"
        "within a second. Who asks must know a token, which the printed address holds.\n"
        "\n"
        "  --open              open the page in the browser\n"
        "  --port N            listen there (7717); 0: any that is free\n"
        "  --address ADDRESS   instead of 127.0.0.1: lets other machines ask, unencrypted\n"
        "  --socket PATH       a unix socket instead\n"
        "  --threads N         that answer; default: one a processor, at most 8\n"
        "  --model MODEL       that recognises pictures, from lantoa net train\n"
        "  --allow-feedback    assistants may record what you say of results\n" HELP_VAULT
            HELP_COLOR
        "\n"
        "Exit: 0 stopped by Ctrl-C or SIGTERM, 2 usage, 4 it cannot listen or read.\n",
    .takes = TAKES_VAULT | TAKES(OPTION_ADDRESS) | TAKES(OPTION_ALLOW_FEEDBACK) |
             TAKES(OPTION_MODEL) | TAKES(OPTION_THREADS),
    .takes_more = TAKES_MORE(OPTION_OPEN) | TAKES_MORE(OPTION_PORT) | TAKES_MORE(OPTION_SOCKET),
    .run = run};
