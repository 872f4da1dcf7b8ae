/* Asking once, or once a line of standard input. */
#ifndef CLI_QUERIES_H
#define CLI_QUERIES_H

#include "cli/session.h"

typedef struct query {
  const char *text;   /* what is asked: a note's name, a phrase */
  const char *second; /* the other note's name (`path`); else NULL */
  bool typed;         /* on the command line */
} query;

typedef struct query_kind {
  const char *subject;        /* JSON: the key of what was asked, "note" or "query" */
  const char *second_subject; /* of the second, or NULL: one word is asked for */
  const char *list;           /* JSON: the key of the answers */
  /* Writes the answer into the session's output. *found: how many answers there are. On failure
   * what it wrote is taken back. */
  lan_status (*ask)(session *s, const query *q, size_t *found, lan_error *err);
  const char *nothing; /* said when there is no answer: "nothing is related to" */
} query_kind;

/* Opens the vault, asks what the words or standard input say, closes it. */
cli_exit queries_run(cli *c, const query_kind *kind);

#endif
