/* What the server answers: the page, the memory as JSON (docs/api.md), and MCP. Nothing is decided here that the memory
 * could decide; this is about who may ask, and in what words. */
#ifndef SERVE_API_H
#define SERVE_API_H

#include "lantoa/memory.h"
#include "lantoa/train.h"
#include "serve/http.h"

typedef struct api api;

typedef struct api_options {
  lan_memory *memory;  /* stays the caller's, who leaves it alone but for api_alone */
  size_t n_threads;    /* that answer; 0: one a processor, but at most 8 */
  lan_model *model;    /* that recognises pictures, or NULL; stays the caller's */
  const char *token;   /* that who asks must know */
  bool for_others;     /* other machines may ask, by any address in numbers */
  bool allow_feedback; /* assistants may record what the user says of results */
} api_options;

lan_status api_new(struct event_base *base, const api_options *options, api **out, lan_error *err);
void api_free(api *a); /* before the server that calls it */

/* What the server calls. */
http_calls api_calls(api *a);
/* To be told once the server listens: requests name its port. */
void api_set_port(api *a, uint16_t port);

/* Calls work(ctx) on one of the threads while nothing is asked of the memory, then done(ctx) in the event loop; not
 * again before that. LAN_ENOMEM. */
lan_status api_alone(api *a, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

/* To be called when the memory was brought up to date: answers that are kept are dropped. */
void api_changed(api *a);

#endif
