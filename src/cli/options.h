/* The command line: options in any order, before and after words. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "lantoa/memory.h"
#include "lantoa/spread.h"

typedef enum option_id {
  OPTION_ACTIVITY,
  OPTION_ALL,
  OPTION_ALLOW_FEEDBACK,
  OPTION_BAD,
  OPTION_BATCH,
  OPTION_CACHE_DIR,
  OPTION_CHECKPOINT_EVERY,
  OPTION_CLASSES,
  OPTION_CLIP,
  OPTION_COLOR,
  OPTION_DECAY,
  OPTION_EPOCHS,
  OPTION_ERASE,
  OPTION_EXCLUDE,
  OPTION_FLIP,
  OPTION_FROM,
  OPTION_GOOD,
  OPTION_HELP,
  OPTION_HIDE,
  OPTION_IMAGE,
  OPTION_INCLUDE_T0,
  OPTION_JITTER,
  OPTION_JSON,
  OPTION_LABEL,
  OPTION_LANG,
  OPTION_LIMIT,
  OPTION_LINKED,
  OPTION_LOG,
  OPTION_MIXUP,
  OPTION_MODEL,
  OPTION_NO_CACHE,
  OPTION_NULL,
  OPTION_OPTIMIZER,
  OPTION_OUTPUT,
  OPTION_PATIENCE,
  OPTION_PRESET,
  OPTION_QUIET,
  OPTION_RATE,
  OPTION_REBUILD,
  OPTION_RESUME,
  OPTION_RETENTION,
  OPTION_SCHEDULE,
  OPTION_SEED,
  OPTION_SHIFT,
  OPTION_SIDE,
  OPTION_SINCE,
  OPTION_SMOOTHING,
  OPTION_STDIN,
  OPTION_SUPPRESS,
  OPTION_THREADS,
  OPTION_THROWS,
  OPTION_TIME,
  OPTION_UNDIRECTED,
  OPTION_UNDO,
  OPTION_UNTIL,
  OPTION_VALIDATION,
  OPTION_VAULT,
  OPTION_VERSION,
  OPTION_WARMUP,
  OPTION_WEIGHTS,
  OPTION_WEIGHT_DECAY,
  OPTION_WHY,
  OPTION_YES,
  /* Those from here on came later; from the 64th on they are bits of `takes_more`. */
  OPTION_ADDRESS,
  OPTION_OPEN,
  OPTION_PORT,
  OPTION_SOCKET,
  OPTION_IMAGE_MODEL,
  OPTION_LEARN,
  OPTION_LEARNT,
  OPTIONS
} option_id;

#define TAKES(option) (UINT64_C(1) << (option))
#define TAKES_MORE(option) (UINT64_C(1) << ((option)-64))
#define TAKES_ALWAYS (TAKES(OPTION_HELP) | TAKES(OPTION_VERSION) | TAKES(OPTION_COLOR))
#define TAKES_VAULT                                                        \
  (TAKES(OPTION_VAULT) | TAKES(OPTION_EXCLUDE) | TAKES(OPTION_CACHE_DIR) | \
   TAKES(OPTION_NO_CACHE) | TAKES(OPTION_QUIET) | TAKES(OPTION_WEIGHTS))

typedef enum lang_choice { LANG_VI, LANG_EN } lang_choice;

typedef enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_when;

typedef VEC(const char *) word_list;

typedef struct options {
  uint64_t given, given_more; /* TAKES and TAKES_MORE bits of those that were */
  bool learn;
  bool resume;
  bool all, allow_feedback, bad, good, hide, undo, yes;
  bool help, include_t0, json, no_cache, null, open, quiet, rebuild, from_stdin, undirected,
      version, why;
  const char *address, *vault, *cache_dir, *label, *log, *image, *image_model, *learnt, *model, *output, *since, *socket,
      *until, *weights;
  size_t batch, classes, epochs, patience, port, seed, shift, side, threads;
  double checkpoint_every, clip, erase, jitter, mixup, smoothing, validation, warmup, weight_decay;
  int flip;        /* 0: no, 1: yes */
  int optimizer;   /* lan_optimizer_kind */
  int schedule;    /* lan_schedule_kind */
  size_t activity; /* 0: none */
  size_t limit;    /* 0: the command's own */
  size_t throws;
  size_t time;
  double decay, rate, retention, suppress;
  int lang;   /* lang_choice */
  int linked; /* lan_linked */
  int color;  /* color_when */
  int preset; /* lan_preset */
  word_list excludes, from;
  word_list words; /* what is no option; pointers into argv */
} options;

struct command;

/* Where in argv the command stands, or a group's: the first word. 0 if there is none. */
int options_find_command(int argc, char **argv);

/* Reads argv[1 ..] but for argv[skip]. With `cmd` NULL only --help and --version make sense.
 * False after complaining. */
bool options_read(const struct command *cmd, int argc, char **argv, int skip, options *o);
void options_free(options *o);

/* The option's name on the command line, as "--json". */
const char *options_name(option_id id);

#endif
