/* Clients that ask a server on this machine over kept connections, each again as soon as it has its answer.
 *
 *     http_load PORT TOKEN CLIENTS < targets
 *
 * asks for each line ("/api/v1/related?note=a.md") once, and prints the answers, the seconds, how many failed, and the
 * milliseconds that half, 99 % and all of them took at most. One that is not 200 or holds nothing has failed. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

enum { CLIENTS_MOST = 1024, ANSWER_MOST = 1 << 20 };

typedef struct client {
  uint64_t since;
  size_t len;
  char answer[ANSWER_MOST];
} client;

typedef struct load {
  const char *port, *token;
  char **targets;
  size_t n, next, answered, failed;
  double *ms;
  client *clients;
  struct pollfd at[CLIENTS_MOST];
} load;

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void *need(void *p) {
  if (p) return p;
  fputs("http_load: memory is short\n", stderr);
  exit(1);
}

static void read_targets(load *l) {
  char *line = NULL;
  size_t size = 0, room = 0;
  while (getline(&line, &size, stdin) > 0) {
    line[strcspn(line, "\r\n")] = '\0';
    if (l->n == room) {
      room = room ? 2 * room : 1024;
      l->targets = need(realloc(l->targets, room * sizeof *l->targets));
    }
    l->targets[l->n++] = need(strdup(line));
  }
  free(line);
}

static void hang_up(load *l, size_t i) {
  close(l->at[i].fd);
  l->at[i].fd = -1;
}

static void ask(load *l, size_t i) {
  char head[16384];
  if (l->next == l->n) {
    hang_up(l, i);
    return;
  }
  snprintf(head, sizeof head,
           "GET %s HTTP/1.1\r\nHost: localhost:%s\r\nAuthorization: Bearer %s\r\n\r\n",
           l->targets[l->next++], l->port, l->token);
  l->clients[i].len = 0;
  l->clients[i].since = lan_clock_ns();
  (void)!send(l->at[i].fd, head, strlen(head), MSG_NOSIGNAL); /* a failure ends the connection */
}

/* The bytes of the answer, once its head is here; else 0. */
static size_t whole(client *c, size_t *body) {
  c->answer[c->len] = '\0';
  const char *end = strstr(c->answer, "\r\n\r\n"), *length = strstr(c->answer, "Content-Length: ");
  if (!end || !length || length > end) return 0;
  *body = strtoul(length + 16, NULL, 10);
  return (size_t)(end + 4 - c->answer) + *body;
}

static void hear(load *l, size_t i) {
  client *c = &l->clients[i];
  size_t body = 0;
  ssize_t n = recv(l->at[i].fd, c->answer + c->len, ANSWER_MOST - 1 - c->len, 0);
  if (n <= 0) { /* an answer that did not come */
    l->failed++;
    hang_up(l, i);
    return;
  }
  c->len += (size_t)n;
  size_t all = whole(c, &body);
  if (all == 0 || c->len < all) return;
  l->ms[l->answered++] = (double)(lan_clock_ns() - c->since) * 1e-6;
  l->failed += strncmp(c->answer, "HTTP/1.1 200 ", 13) != 0 || body == 0;
  ask(l, i);
}

static int call(const load *l) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(l->port))};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
  perror("http_load");
  exit(1);
}

static bool is_open(const load *l, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (l->at[i].fd >= 0) return true;
  }
  return false;
}

int main(int argc, char **argv) {
  static load l;
  size_t n = argc == 4 ? (size_t)atoi(argv[3]) : 0;
  if (n < 1 || n > CLIENTS_MOST) {
    fputs("usage: http_load PORT TOKEN CLIENTS < targets\n", stderr);
    return 2;
  }
  l.port = argv[1];
  l.token = argv[2];
  read_targets(&l);
  l.clients = need(calloc(n, sizeof *l.clients));
  l.ms = need(calloc(l.n + 1, sizeof *l.ms));
  for (size_t i = 0; i < n; i++) l.at[i] = (struct pollfd){call(&l), POLLIN, 0};
  uint64_t began = lan_clock_ns();
  for (size_t i = 0; i < n; i++) ask(&l, i);
  while (is_open(&l, n) && poll(l.at, n, 10000) > 0) {
    for (size_t i = 0; i < n; i++) {
      if (l.at[i].fd >= 0 && l.at[i].revents) hear(&l, i);
    }
  }
  double seconds = (double)(lan_clock_ns() - began) * 1e-9;
  qsort(l.ms, l.answered, sizeof *l.ms, by_value);
  size_t last = l.answered ? l.answered - 1 : 0;
  printf("%zu %.3f %zu %.2f %.2f %.2f\n", l.answered, seconds, l.failed + (l.n - l.answered),
         l.ms[l.answered / 2], l.ms[last * 99 / 100], l.ms[last]);
  return 0; /* the system frees what is left */
}
