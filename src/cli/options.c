#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/nearest.h"

typedef enum kind { KIND_FLAG, KIND_TEXT, KIND_LIST, KIND_COUNT, KIND_REAL, KIND_CHOICE } kind;

typedef struct spec {
  const char *name; /* with the dashes */
  char letter;
  kind kind;
  size_t field;
  double least, most;
  const char *const *choices;
} spec;

static const char *const lang_choices[] = {"vi", "en", NULL};
static const char *const linked_choices[] = {"yes", "no", "only", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};
static const char *const preset_choices[] = {"memory", "ppr", "spreadr", "actr", "heat", NULL};

static const char *const flip_choices[] = {"no", "yes", NULL};
static const char *const optimizer_choices[] = {"sgd", "adam", "adamw", "rmsprop", NULL};
static const char *const schedule_choices[] = {"one-cycle", "cosine",   "steps",
                                               "plateau",   "constant", NULL};

#define FIELD(f) offsetof(options, f)

_Static_assert(OPTIONS <= 128, "options are bits of two uint64_t");

static const spec specs[OPTIONS] = {
    [OPTION_ACTIVITY] = {"--activity", 0, KIND_COUNT, FIELD(activity), 1, 1000, NULL},
    [OPTION_ADDRESS] = {"--address", 0, KIND_TEXT, FIELD(address), 0, 0, NULL},
    [OPTION_ALLOW_FEEDBACK] = {"--allow-feedback", 0, KIND_FLAG, FIELD(allow_feedback), 0, 0, NULL},
    [OPTION_ALL] = {"--all", 0, KIND_FLAG, FIELD(all), 0, 0, NULL},
    [OPTION_BAD] = {"--bad", 0, KIND_FLAG, FIELD(bad), 0, 0, NULL},
    [OPTION_BATCH] = {"--batch", 0, KIND_COUNT, FIELD(batch), 1, 65536, NULL},
    [OPTION_CACHE_DIR] = {"--cache-dir", 0, KIND_TEXT, FIELD(cache_dir), 0, 0, NULL},
    [OPTION_CHECKPOINT_EVERY] = {"--checkpoint-every", 0, KIND_REAL, FIELD(checkpoint_every), 1e-6,
                                 1e6, NULL},
    [OPTION_CLASSES] = {"--classes", 0, KIND_COUNT, FIELD(classes), 2, 65536, NULL},
    [OPTION_CLIP] = {"--clip", 0, KIND_REAL, FIELD(clip), 1e-9, 1e9, NULL},
    [OPTION_COLOR] = {"--color", 0, KIND_CHOICE, FIELD(color), 0, 0, color_choices},
    [OPTION_DECAY] = {"--decay", 0, KIND_REAL, FIELD(decay), 0, 1, NULL},
    [OPTION_EPOCHS] = {"--epochs", 0, KIND_COUNT, FIELD(epochs), 1, 100000, NULL},
    [OPTION_ERASE] = {"--erase", 0, KIND_REAL, FIELD(erase), 0, 1, NULL},
    [OPTION_EXCLUDE] = {"--exclude", 0, KIND_LIST, FIELD(excludes), 0, 0, NULL},
    [OPTION_FLIP] = {"--flip", 0, KIND_CHOICE, FIELD(flip), 0, 0, flip_choices},
    [OPTION_FROM] = {"--from", 0, KIND_LIST, FIELD(from), 0, 0, NULL},
    [OPTION_GOOD] = {"--good", 0, KIND_FLAG, FIELD(good), 0, 0, NULL},
    [OPTION_HELP] = {"--help", 'h', KIND_FLAG, FIELD(help), 0, 0, NULL},
    [OPTION_HIDE] = {"--hide", 0, KIND_FLAG, FIELD(hide), 0, 0, NULL},
    [OPTION_IMAGE] = {"--image", 0, KIND_TEXT, FIELD(image), 0, 0, NULL},
    [OPTION_IMAGE_MODEL] = {"--image-model", 0, KIND_TEXT, FIELD(image_model), 0, 0, NULL},
    [OPTION_INCLUDE_T0] = {"--include-t0", 0, KIND_FLAG, FIELD(include_t0), 0, 0, NULL},
    [OPTION_JITTER] = {"--jitter", 0, KIND_REAL, FIELD(jitter), 0, 1, NULL},
    [OPTION_JSON] = {"--json", 0, KIND_FLAG, FIELD(json), 0, 0, NULL},
    [OPTION_LABEL] = {"--label", 0, KIND_TEXT, FIELD(label), 0, 0, NULL},
    [OPTION_LANG] = {"--lang", 0, KIND_CHOICE, FIELD(lang), 0, 0, lang_choices},
    [OPTION_LEARN] = {"--learn", 0, KIND_FLAG, FIELD(learn), 0, 0, NULL},
    [OPTION_LEARNT] = {"--learnt", 0, KIND_TEXT, FIELD(learnt), 0, 0, NULL},
    [OPTION_LIMIT] = {"--limit", 'n', KIND_COUNT, FIELD(limit), 1, 1e9, NULL},
    [OPTION_LINKED] = {"--linked", 0, KIND_CHOICE, FIELD(linked), 0, 0, linked_choices},
    [OPTION_LOG] = {"--log", 0, KIND_TEXT, FIELD(log), 0, 0, NULL},
    [OPTION_MIXUP] = {"--mixup", 0, KIND_REAL, FIELD(mixup), 0, 100, NULL},
    [OPTION_MODEL] = {"--model", 0, KIND_TEXT, FIELD(model), 0, 0, NULL},
    [OPTION_NO_CACHE] = {"--no-cache", 0, KIND_FLAG, FIELD(no_cache), 0, 0, NULL},
    [OPTION_NULL] = {"--null", '0', KIND_FLAG, FIELD(null), 0, 0, NULL},
    [OPTION_OPEN] = {"--open", 0, KIND_FLAG, FIELD(open), 0, 0, NULL},
    [OPTION_OPTIMIZER] = {"--optimizer", 0, KIND_CHOICE, FIELD(optimizer), 0, 0, optimizer_choices},
    [OPTION_OUTPUT] = {"--output", 'o', KIND_TEXT, FIELD(output), 0, 0, NULL},
    [OPTION_PATIENCE] = {"--patience", 0, KIND_COUNT, FIELD(patience), 1, 100000, NULL},
    [OPTION_PORT] = {"--port", 0, KIND_COUNT, FIELD(port), 0, 65535, NULL},
    [OPTION_PRESET] = {"--preset", 0, KIND_CHOICE, FIELD(preset), 0, 0, preset_choices},
    [OPTION_QUIET] = {"--quiet", 'q', KIND_FLAG, FIELD(quiet), 0, 0, NULL},
    [OPTION_RATE] = {"--rate", 0, KIND_REAL, FIELD(rate), 1e-9, 1e3, NULL},
    [OPTION_REBUILD] = {"--rebuild", 0, KIND_FLAG, FIELD(rebuild), 0, 0, NULL},
    [OPTION_RESUME] = {"--resume", 0, KIND_FLAG, FIELD(resume), 0, 0, NULL},
    [OPTION_RETENTION] = {"--retention", 0, KIND_REAL, FIELD(retention), 0, 1, NULL},
    [OPTION_SCHEDULE] = {"--schedule", 0, KIND_CHOICE, FIELD(schedule), 0, 0, schedule_choices},
    [OPTION_SEED] = {"--seed", 0, KIND_COUNT, FIELD(seed), 0, 1e15, NULL},
    [OPTION_SHIFT] = {"--shift", 0, KIND_COUNT, FIELD(shift), 0, 64, NULL},
    [OPTION_SIDE] = {"--side", 0, KIND_COUNT, FIELD(side), 1, 4096, NULL},
    [OPTION_SINCE] = {"--since", 0, KIND_TEXT, FIELD(since), 0, 0, NULL},
    [OPTION_SMOOTHING] = {"--smoothing", 0, KIND_REAL, FIELD(smoothing), 0, 0.999, NULL},
    [OPTION_SOCKET] = {"--socket", 0, KIND_TEXT, FIELD(socket), 0, 0, NULL},
    [OPTION_STDIN] = {"--stdin", 0, KIND_FLAG, FIELD(from_stdin), 0, 0, NULL},
    [OPTION_SUPPRESS] = {"--suppress", 0, KIND_REAL, FIELD(suppress), 0, 1e30, NULL},
    [OPTION_THREADS] = {"--threads", 0, KIND_COUNT, FIELD(threads), 1, 64, NULL},
    [OPTION_THROWS] = {"--throws", 0, KIND_COUNT, FIELD(throws), 1, 1000, NULL},
    [OPTION_TIME] = {"--time", 0, KIND_COUNT, FIELD(time), 1, 10000, NULL},
    [OPTION_UNDIRECTED] = {"--undirected", 0, KIND_FLAG, FIELD(undirected), 0, 0, NULL},
    [OPTION_UNDO] = {"--undo", 0, KIND_FLAG, FIELD(undo), 0, 0, NULL},
    [OPTION_UNTIL] = {"--until", 0, KIND_TEXT, FIELD(until), 0, 0, NULL},
    [OPTION_VALIDATION] = {"--validation", 0, KIND_REAL, FIELD(validation), 0, 0.9, NULL},
    [OPTION_VAULT] = {"--vault", 0, KIND_TEXT, FIELD(vault), 0, 0, NULL},
    [OPTION_VERSION] = {"--version", 'V', KIND_FLAG, FIELD(version), 0, 0, NULL},
    [OPTION_WARMUP] = {"--warmup", 0, KIND_REAL, FIELD(warmup), 0, 100000, NULL},
    [OPTION_WEIGHTS] = {"--weights", 0, KIND_TEXT, FIELD(weights), 0, 0, NULL},
    [OPTION_WEIGHT_DECAY] = {"--weight-decay", 0, KIND_REAL, FIELD(weight_decay), 0, 1000, NULL},
    [OPTION_WHY] = {"--why", 0, KIND_FLAG, FIELD(why), 0, 0, NULL},
    [OPTION_YES] = {"--yes", 'y', KIND_FLAG, FIELD(yes), 0, 0, NULL},
};

const char *options_name(option_id id) { return specs[id].name; }

static bool takes(const command *cmd, int id) {
  if (id >= 64) return cmd && (cmd->takes_more & TAKES_MORE(id));
  return (TAKES_ALWAYS | (cmd ? cmd->takes : 0)) & TAKES(id);
}

/* Length of the name in "--name=value". */
static size_t name_length(const char *arg) { return strcspn(arg, "="); }

static int find_long(const char *arg) {
  size_t len = name_length(arg);
  for (int i = 0; i < OPTIONS; i++) {
    if (strlen(specs[i].name) == len && memcmp(specs[i].name, arg, len) == 0) return i;
  }
  return -1;
}

static int find_letter(char letter) {
  for (int i = 0; i < OPTIONS; i++) {
    if (specs[i].letter == letter) return i;
  }
  return -1;
}

/* ---- complaints ---- */

static bool unknown_option(const command *cmd, const char *arg) {
  const char *names[OPTIONS];
  size_t n = 0;
  for (int i = 0; i < OPTIONS; i++) {
    if (takes(cmd, i)) names[n++] = specs[i].name;
  }
  char typed[64];
  size_t len = name_length(arg);
  if (len >= sizeof typed) len = sizeof typed - 1;
  memcpy(typed, arg, len);
  typed[len] = '\0';
  const char *near = nearest(typed, names, n);
  const char *page = cmd ? cmd->name : "";
  if (near) {
    cli_complain("there is no option %s; did you mean %s?", typed, near);
  } else {
    cli_complain("there is no option %s; see: lantoa help%s%s", typed, *page ? " " : "", page);
  }
  return false;
}

static bool not_taken(const command *cmd, const spec *s) {
  if (cmd) {
    cli_complain("%s takes no %s; see: lantoa help %s", cmd->name, s->name, cmd->name);
  } else {
    cli_complain("%s wants a command; see: lantoa help", s->name);
  }
  return false;
}

static bool bad_choice(const spec *s, const char *value) {
  lan_buf list = {0};
  size_t n = 0;
  while (s->choices[n]) n++;
  for (size_t i = 0; i < n; i++) {
    lan_buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", s->choices[i]);
  }
  cli_complain("%s is %s, not \"%s\"", s->name, list.failed ? "another word" : list.data, value);
  lan_buf_free(&list);
  return false;
}

/* ---- values ---- */

static bool read_number(const spec *s, const char *value, double *out) {
  char *end;
  errno = 0;
  double v = strtod(value, &end);
  bool whole = s->kind != KIND_COUNT || strspn(value, "0123456789") == strlen(value);
  if (*value == '\0' || *end != '\0' || !whole || !(v >= s->least && v <= s->most)) {
    cli_complain("%s is a %snumber from %g to %g, not \"%s\"", s->letter == 'n' ? "-n" : s->name,
                 s->kind == KIND_COUNT ? "whole " : "", s->least, s->most, value);
    return false;
  }
  *out = v;
  return true;
}

static bool set_choice(const spec *s, const char *value, int *out) {
  for (int i = 0; s->choices[i]; i++) {
    if (strcmp(s->choices[i], value) == 0) {
      *out = i;
      return true;
    }
  }
  return bad_choice(s, value);
}

static bool push_word(word_list *list, const char *word) {
  if (VEC_PUSH(list, word)) return true;
  cli_complain("out of memory");
  return false;
}

static bool set_value(const spec *s, const char *value, options *o) {
  char *field = (char *)o + s->field;
  double number = 0;
  switch (s->kind) {
    case KIND_FLAG: *(bool *)(void *)field = true; return true;
    case KIND_TEXT:
      if (*value) {
        *(const char **)(void *)field = value;
        return true;
      }
      cli_complain("%s is empty", s->name);
      return false;
    case KIND_LIST: return push_word((word_list *)(void *)field, value);
    case KIND_CHOICE: return set_choice(s, value, (int *)(void *)field);
    case KIND_COUNT:
      if (!read_number(s, value, &number)) return false;
      *(size_t *)(void *)field = (size_t)number;
      return true;
    case KIND_REAL: return read_number(s, value, (double *)(void *)field);
  }
  return false;
}

/* ---- argv ---- */

typedef struct reading {
  const command *cmd;
  options *o;
  char **argv;
  int argc, at, skip;
} reading;

static const char *next_argument(reading *r) {
  int next = r->at + 1;
  if (next == r->skip) next++;
  if (next >= r->argc) return NULL;
  r->at = next;
  return r->argv[next];
}

/* `value`: what stands with the option itself, or NULL. */
static bool take(reading *r, int id, const char *value) {
  const spec *s = &specs[id];
  if (!takes(r->cmd, id)) return not_taken(r->cmd, s);
  if (s->kind == KIND_FLAG && value) {
    cli_complain("%s takes no value", s->name);
    return false;
  }
  if (s->kind != KIND_FLAG && !value && !(value = next_argument(r))) {
    cli_complain("%s wants a value", r->argv[r->at]);
    return false;
  }
  if (id < 64) r->o->given |= TAKES(id);
  if (id >= 64) r->o->given_more |= TAKES_MORE(id);
  return set_value(s, value, r->o);
}

static bool take_long(reading *r, const char *arg) {
  int id = find_long(arg);
  if (id < 0) return unknown_option(r->cmd, arg);
  const char *value = arg[name_length(arg)] == '=' ? arg + name_length(arg) + 1 : NULL;
  return take(r, id, value);
}

/* "-q0", "-n5", "-n 5" */
static bool take_letters(reading *r, const char *arg) {
  for (const char *p = arg + 1; *p; p++) {
    int id = find_letter(*p);
    if (id < 0) return unknown_option(r->cmd, arg);
    if (specs[id].kind != KIND_FLAG) return take(r, id, p[1] ? p + 1 : NULL);
    if (!take(r, id, NULL)) return false;
  }
  return true;
}

static bool is_option(const char *arg) { return arg[0] == '-' && arg[1] != '\0'; }

bool options_read(const command *cmd, int argc, char **argv, int skip, options *o) {
  reading r = {cmd, o, argv, argc, 1, skip};
  bool words_only = false;
  for (; r.at < argc; r.at++) {
    const char *arg = argv[r.at];
    bool ok;
    if (r.at == skip) continue;
    if (words_only || !is_option(arg)) {
      ok = push_word(&o->words, arg);
    } else if (strcmp(arg, "--") == 0) {
      ok = words_only = true;
    } else {
      ok = arg[1] == '-' ? take_long(&r, arg) : take_letters(&r, arg);
    }
    if (!ok) return false;
  }
  return true;
}

int options_find_command(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i];
    if (strcmp(arg, "--") == 0) return i + 1 < argc ? i + 1 : 0;
    if (!is_option(arg)) return i;
    int id = arg[1] == '-' ? find_long(arg) : find_letter(arg[strlen(arg) - 1]);
    bool has_value = arg[1] == '-' && strchr(arg, '=');
    if (id >= 0 && specs[id].kind != KIND_FLAG && !has_value) i++;
  }
  return 0;
}

void options_free(options *o) {
  VEC_FREE(&o->excludes);
  VEC_FREE(&o->from);
  VEC_FREE(&o->words);
}
