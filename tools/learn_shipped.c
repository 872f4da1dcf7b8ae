/* Learns the weights that come with the program from many vaults.
 *
 * usage: learn_shipped OUT.safetensors [--leave-out NAME | --each] [--steps N]
 *                      [--questions VAULT FILE [--own-questions N]] VAULT...
 *
 * Links are hidden in each vault with several seeds (not with 1, which measurements use), and one network is
 * trained to bring them back, all vaults counting alike. With --leave-out the vaults whose path holds NAME
 * are not learnt from: weights for measuring on them. With --each every vault is left out in turn, and OUT is a
 * folder, which gets weights called as the vault (bench/cross_validate.py). With --questions recall by question is
 * learnt too: a line of FILE is a question, a tab, and the paths of the notes that answer it, with '|' between; with
 * --own-questions N up to N headings and first sentences of each vault are questions as well. Without VAULTs all else
 * stays as it is, but for what is set and not learnt (learn_set_given). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "memory/learn.h"
#include "memory/pseudo.h"

enum { MOST = 64, ROUNDS = 3, EXAMPLES = 400 };

typedef struct program {
  const char *out, *leave_out, *asked, *questions, *vaults[MOST];
  size_t n_vaults;
  uint32_t steps;
  bool each;
  size_t own_questions;
  learn_set sets[MOST];
  size_t n_sets;
  score_model model;
} program;

static void fail(const lan_error *err) {
  fprintf(stderr, "learn_shipped: %s\n", err->message);
  exit(1);
}

static void gather(program *p, const char *vault) {
  lan_error err = {0};
  lan_memory *m = NULL, *shadow = NULL;
  lan_memory_options o = {.no_cache = 1};
  learn_set *set = &p->sets[p->n_sets++];
  if (lan_memory_open(vault, &o, &m, &err) != LAN_OK) fail(&err);
  for (uint64_t seed = 101; seed < 101 + ROUNDS; seed++) {
    hidden_links h = {0};
    if (hide_choose(&m->index, seed, 0.15, 50, EXAMPLES, NULL, &h, &err) != LAN_OK) fail(&err);
    if (hide_open(m, &h, &shadow, &err) != LAN_OK) fail(&err);
    if (learn_gather(shadow, &h, set, &err) != LAN_OK) fail(&err);
    hide_close(shadow);
    hide_free(&h);
  }
  lan_memory_close(m);
  fprintf(stderr, "%s: %zu examples\n", vault, set->examples.len);
}

/* From all vaults but one; SIZE_MAX: from all. */
static void train(program *p, size_t but) {
  const learn_set *sets[MOST];
  size_t n = 0;
  learn_quality before, after;
  lan_error err = {0};
  learn_options o = {
      .seed = 7, .steps = p->steps, .rate = 0.004f, .weight_decay = 0.01f, .validation = 0.1};
  for (size_t i = 0; i < p->n_sets; i++) {
    if (i != but) sets[n++] = &p->sets[i];
  }
  learn_start(&p->model.note, 1);
  if (learn_train(sets, n, &o, &p->model.note, &before, &after, &err) != LAN_OK) fail(&err);
  fprintf(stderr, "held-out examples: mrr %.4f -> %.4f, hits@10 %.4f -> %.4f, loss %.4f -> %.4f\n",
          before.mrr, after.mrr, before.hits10, after.hits10, before.loss, after.loss);
}

/* One line: a question and the paths of its answers. */
static void ask(lan_memory *m, char *line, question_examples *examples) {
  uint32_t wanted[64];
  size_t n = 0;
  lan_error err = {0};
  char *rest = NULL, *text = strtok_r(line, "\t", &rest), *path;
  while (text && n < 64 && (path = strtok_r(NULL, "|\n", &rest)) != NULL) {
    if (lan_memory_find(m, path, &wanted[n], &err) != LAN_OK) fail(&err);
    n++;
  }
  if (n > 0 && question_gather(m, text, wanted, n, examples, &err) != LAN_OK) fail(&err);
}

static void learn_questions(program *p) {
  question_examples examples = {0};
  question_learn_options o = {.seed = 7, .steps = 400, .rate = 0.03f, .decay = 0.02f};
  lan_memory_options none = {.no_cache = 1};
  lan_memory *m = NULL;
  lan_error err = {0};
  char *line = NULL;
  size_t size = 0;
  double loss = 0;
  FILE *f = fopen(p->questions, "r");
  if (!f) {
    perror(p->questions);
    exit(1);
  }
  if (lan_memory_open(p->asked, &none, &m, &err) != LAN_OK) fail(&err);
  while (getline(&line, &size, f) > 0) ask(m, line, &examples);
  fclose(f);
  free(line);
  lan_memory_close(m);
  for (size_t i = 0; p->own_questions && i < p->n_vaults; i++) {
    if (lan_memory_open(p->vaults[i], &none, &m, &err) != LAN_OK ||
        pseudo_gather(m, 101, p->own_questions, &examples, &err) != LAN_OK) {
      fail(&err);
    }
    lan_memory_close(m);
  }
  if (question_learn(&examples, &o, &p->model.question, &loss, &err) != LAN_OK ||
      question_be_sure(&examples, &p->model.question, &err) != LAN_OK) {
    fail(&err);
  }
  fprintf(stderr, "%zu questions, loss %.4f\n", examples.len, loss);
  question_examples_free(&examples);
}

static void save(const program *p, const char *path) {
  lan_buf bytes = {0};
  lan_error err = {0};
  if (model_encode(&p->model, &bytes, &err) != LAN_OK ||
      lan_file_write(path, bytes.data, bytes.len, &err) != LAN_OK) {
    fail(&err);
  }
  lan_buf_free(&bytes);
}

/* The last part of a vault's path. */
static const char *name_of(const char *vault) {
  const char *slash = strrchr(vault, '/');
  return slash && slash[1] ? slash + 1 : vault;
}

/* How well what was learnt elsewhere brings back this vault's links. */
static learn_quality measure(const program *p, size_t vault) {
  const learn_set *left[] = {&p->sets[vault]};
  learn_options all = {0};
  return learn_measure(left, 1, &p->model.note, false, &all);
}

static void train_each(program *p) {
  double n = (double)p->n_vaults, mrr = 0, hits10 = 0;
  for (size_t i = 0; i < p->n_vaults; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.safetensors", p->out, name_of(p->vaults[i]));
    train(p, i);
    learn_quality q = measure(p, i);
    mrr += q.mrr / n;
    hits10 += q.hits10 / n;
    fprintf(stderr, "%s, left out: mrr %.4f, hits@10 %.4f\n", name_of(p->vaults[i]), q.mrr,
            q.hits10);
    save(p, path);
  }
  fprintf(stderr, "mean of all, each left out: mrr %.4f, hits@10 %.4f\n", mrr, hits10);
}

int main(int argc, char **argv) {
  static program p = {.steps = 1500};
  lan_error err = {0};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--leave-out") == 0 && i + 1 < argc) {
      p.leave_out = argv[++i];
    } else if (strcmp(argv[i], "--own-questions") == 0 && i + 1 < argc) {
      p.own_questions = (size_t)strtoul(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--each") == 0) {
      p.each = true;
    } else if (strcmp(argv[i], "--steps") == 0 && i + 1 < argc) {
      p.steps = (uint32_t)atoi(argv[++i]);
    } else if (strcmp(argv[i], "--questions") == 0 && i + 2 < argc) {
      p.asked = argv[++i];
      p.questions = argv[++i];
    } else if (!p.out) {
      p.out = argv[i];
    } else if (p.n_vaults < MOST && !(p.leave_out && strstr(argv[i], p.leave_out))) {
      p.vaults[p.n_vaults++] = argv[i];
    }
  }
  if (!p.out) {
    fputs(
        "usage: learn_shipped OUT.safetensors [--leave-out NAME | --each] [--steps N] "
        "[--questions VAULT FILE [--own-questions N]] VAULT...\n",
        stderr);
    return 2;
  }
  if (model_shipped(&p.model, &err) != LAN_OK) fail(&err); /* for what is not learnt here */
  learn_set_given(&p.model.note);
  for (size_t i = 0; i < p.n_vaults; i++) gather(&p, p.vaults[i]);
  if (p.each) {
    train_each(&p);
    return 0;
  }
  if (p.n_vaults) train(&p, SIZE_MAX);
  if (p.questions) learn_questions(&p);
  save(&p, p.out);
  return 0;
}
