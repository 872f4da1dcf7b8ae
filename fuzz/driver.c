/* Runs a fuzz target without libFuzzer: each file of its corpus, then a fixed number of mutations,
 * the same in each run.
 *
 *      smoke_<target> MUTATIONS CORPUS-FOLDER [DICTIONARY]
 *
 * An input that fails is written to "smoke-failure"; `smoke_<target> 0 FILE` runs one file. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILES_MAX = 512, WORDS_MAX = 512, LONGEST = 1 << 16, SLOW_SECONDS = 5 };

typedef struct bytes {
  uint8_t *data;
  size_t len;
} bytes;

static bytes corpus[FILES_MAX], words[WORDS_MAX];
static size_t n_corpus, n_words;
static bytes current; /* what the target is at */
static uint64_t seed = 1;

static _Noreturn void give_up(const char *what) {
  perror(what);
  exit(2);
}

static size_t pick(size_t n) {
  uint64_t x = seed += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return n ? (size_t)((x ^ (x >> 31)) % n) : 0;
}

/* ---- failures ---- */

static void keep_failure(void) {
  int fd = open("smoke-failure", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return;
  ssize_t written = write(fd, current.data, current.len);
  (void)written;
  close(fd);
}

static void on_signal(int number) {
  keep_failure();
  signal(number, SIG_DFL);
  raise(number);
}

/* Of the sanitizers' run time, where the program is built with it. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch_failures(void) {
  static const int signals[] = {SIGABRT, SIGILL, SIGTRAP, SIGTERM, SIGSEGV, SIGBUS, SIGFPE};
  bool sanitized = __sanitizer_set_death_callback != NULL; /* it reports the last three itself */
  if (sanitized) __sanitizer_set_death_callback(keep_failure);
  for (size_t i = 0; i < (sanitized ? 4 : 7); i++) signal(signals[i], on_signal);
}

static void run(const uint8_t *data, size_t len) {
  struct timespec from, to;
  uint8_t *copy = malloc(len ? len : 1); /* of the exact size, so that a read past its end shows */
  if (!copy) give_up("memory");
  if (len) memcpy(copy, data, len);
  current = (bytes){copy, len};
  clock_gettime(CLOCK_MONOTONIC, &from);
  LLVMFuzzerTestOneInput(copy, len);
  clock_gettime(CLOCK_MONOTONIC, &to);
  if (to.tv_sec - from.tv_sec > SLOW_SECONDS) {
    keep_failure();
    fprintf(stderr, "an input of %zu bytes took more than %d s\n", len, SLOW_SECONDS);
    exit(1);
  }
  free(copy);
}

/* ---- inputs ---- */

static bytes read_file(const char *path) {
  FILE *f = fopen(path, "rb");
  bytes b = {malloc(LONGEST), 0};
  if (!f || !b.data) give_up(path);
  b.len = fread(b.data, 1, LONGEST, f);
  fclose(f);
  return b;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_corpus(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) give_up(path);
  if (!S_ISDIR(st.st_mode)) {
    corpus[n_corpus++] = read_file(path);
    return;
  }
  char *names[FILES_MAX];
  size_t n = 0;
  DIR *d = opendir(path);
  if (!d) give_up(path);
  for (struct dirent *e; n < FILES_MAX && (e = readdir(d));) {
    if (e->d_name[0] != '.') names[n++] = strdup(e->d_name);
  }
  closedir(d);
  qsort(names, n, sizeof *names, by_name); /* the same order everywhere */
  for (size_t i = 0; i < n; i++) {
    char file[4096];
    snprintf(file, sizeof file, "%s/%s", path, names[i]);
    corpus[n_corpus++] = read_file(file);
    free(names[i]);
  }
}

static int hex(char c) {
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* A line of a dictionary: name="word", with \\, \" and \xAB, as libFuzzer reads it. */
static void read_word(const char *line) {
  const char *p = strchr(line, '"');
  if (line[0] == '#' || !p || n_words == WORDS_MAX) return;
  bytes w = {malloc(strlen(p)), 0};
  if (!w.data) give_up("memory");
  for (p++; *p && *p != '"'; p++) {
    if (p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0) {
      w.data[w.len++] = (uint8_t)(hex(p[2]) * 16 + hex(p[3]));
      p += 3;
    } else {
      if (p[0] == '\\' && p[1]) p++;
      w.data[w.len++] = (uint8_t)*p;
    }
  }
  words[n_words++] = w;
}

static void read_dictionary(const char *path) {
  char line[1024];
  FILE *f = fopen(path, "r");
  if (!f) give_up(path);
  while (fgets(line, sizeof line, f)) read_word(line);
  fclose(f);
}

/* ---- mutations ---- */

static uint8_t work[LONGEST];
static size_t work_len;

/* Replaces work[at .. at+cut) by `len` bytes, as far as there is room. */
static void replace(size_t at, size_t cut, const uint8_t *data, size_t len) {
  if (work_len - cut + len > LONGEST) return;
  memmove(work + at + len, work + at + cut, work_len - at - cut);
  if (len) memmove(work + at, data, len);
  work_len += len - cut;
}

static size_t span(size_t at) { /* mostly short, now and then all the rest */
  size_t most = work_len - at;
  return pick(8) ? pick(most < 16 ? most + 1 : 16) : pick(most + 1);
}

static void mutate(void) {
  static const uint8_t telling[] = {0, 1, 0x7F, 0x80, 0xFF, '\n', '[', ']', '"', '\'', '#', '|'};
  static uint8_t piece[LONGEST];
  size_t at = pick(work_len + 1), n = span(at);
  const bytes *other = &corpus[pick(n_corpus)];
  switch (pick(8)) {
    case 0:
      if (at < work_len) work[at] ^= (uint8_t)(1u << pick(8));
      break;
    case 1:
      if (at < work_len) work[at] = telling[pick(sizeof telling)];
      break;
    case 2: replace(at, n, NULL, 0); break;
    case 3:
      for (size_t i = 0; i < n; i++) piece[i] = (uint8_t)pick(256);
      replace(at, 0, piece, n);
      break;
    case 4: /* a piece again, somewhere else, perhaps many times */
      memcpy(piece, work + at, n);
      for (size_t times = pick(16) ? 1 : pick(500), to = pick(work_len + 1); times--;) {
        replace(to, 0, piece, n);
      }
      break;
    case 5:
      if (other->len) {
        size_t from = pick(other->len);
        replace(at, n, other->data + from, pick(other->len - from + 1));
      }
      break;
    default:
      if (n_words) {
        const bytes *w = &words[pick(n_words)];
        replace(at, pick(2) ? 0 : n, w->data, w->len);
      }
  }
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s MUTATIONS CORPUS [DICTIONARY]\n", argv[0]);
    return 2;
  }
  long n_mutations = strtol(argv[1], NULL, 10);
  read_corpus(argv[2]);
  if (argc > 3) read_dictionary(argv[3]);
  watch_failures();
  run(NULL, 0);
  for (size_t i = 0; i < n_corpus; i++) run(corpus[i].data, corpus[i].len);
  for (long i = 0; n_corpus && i < n_mutations; i++) {
    const bytes *from = &corpus[pick(n_corpus)];
    if (from->len) memcpy(work, from->data, from->len);
    work_len = from->len;
    for (size_t times = 1 + pick(6); times--;) mutate();
    run(work, work_len);
  }
  printf("%zu files of the corpus and %ld mutations\n", n_corpus, n_corpus ? n_mutations : 0);
  return 0;
}
