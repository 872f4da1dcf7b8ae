#include "text/phrase.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "text/unicode.h"
#include "text/words.h"

/* The trie's edges are one hash map: (state, what stands between the words, word) -> state. From
 * each word of the text the longest phrase is followed; as a phrase has at most PHRASE_WORDS words,
 * that is linear in the text whatever the phrases. Almost every word begins no phrase, and costs
 * one look-up. */
enum { PHRASE_WORDS = 64 };

typedef struct ending {
  uint32_t phrase;
  uint32_t next;         /* another phrase with the same words, or UINT32_MAX */
  lan_str before, after; /* its signs before the first word and after the last: "++" of "C++" */
} ending;

struct phrase_set {
  lan_map edges;
  VEC(uint32_t) ending_of; /* state -> index into endings, or UINT32_MAX */
  VEC(ending) endings;     /* those with the longest signs at their ends first */
  lan_arena arena;         /* the endings' signs */
};

static uint64_t edge_key(uint32_t state, uint64_t gap, uint64_t word) {
  return lan_hash_mix((uint64_t)state << 32 ^ gap) ^ word;
}

/* What stands between two words, white space runs as one space. */
static uint64_t gap_hash(const char *s, size_t n) {
  uint64_t h = 1;
  bool space = false;
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    i += lan_utf8_decode(s + i, n - i, &cp);
    bool is_space = text_is_space(cp);
    if (is_space && space) continue;
    h = lan_hash_mix(h ^ (is_space ? ' ' : cp)) + 1;
    space = is_space;
  }
  return h;
}

/* The words of one phrase, or of a text. */
typedef struct token {
  uint64_t word;
  uint32_t start, end;
} token;

typedef VEC(token) token_list;

typedef struct collector {
  token_list *tokens;
  size_t most;
  bool failed;
} collector;

static bool collect(void *ctx, const text_word *w) {
  collector *c = ctx;
  if (!VEC_PUSH(c->tokens, (token){w->hash, w->start, w->end})) c->failed = true;
  return !c->failed && c->tokens->len <= c->most;
}

static uint32_t new_state(phrase_set *set) {
  uint32_t state = (uint32_t)set->ending_of.len;
  return VEC_PUSH(&set->ending_of, UINT32_MAX) ? state : UINT32_MAX;
}

static uint32_t step_to(phrase_set *set, uint32_t state, uint64_t gap, uint64_t word) {
  uint32_t *slot = lan_map_put(&set->edges, edge_key(state, gap, word));
  if (!slot) return UINT32_MAX;
  if (*slot == LAN_MAP_NONE) *slot = new_state(set);
  return *slot;
}

/* More signs first: "C++" before "C"; of equals the first that came. */
static bool add_ending(phrase_set *set, uint32_t state, uint32_t phrase, lan_str before,
                       lan_str after) {
  char *a = lan_arena_copy(&set->arena, before.ptr, before.len);
  char *b = lan_arena_copy(&set->arena, after.ptr, after.len);
  if (!a || !b || !VEC_RESERVE(&set->endings, 1)) return false;
  uint32_t *link = &set->ending_of.data[state];
  while (*link != UINT32_MAX) {
    ending *e = &set->endings.data[*link];
    if (e->before.len + e->after.len < before.len + after.len) break;
    link = &e->next;
  }
  uint32_t rest = *link;
  *link = (uint32_t)set->endings.len;
  set->endings.data[set->endings.len++] = (ending){phrase, rest, {a, before.len}, {b, after.len}};
  return true;
}

static lan_status add_phrase(phrase_set *set, uint32_t number, lan_str phrase, token_list *tokens,
                             lan_error *err) {
  collector c = {tokens, PHRASE_WORDS, false};
  tokens->len = 0;
  text_words(phrase.ptr, phrase.len, TEXT_CUT_SINGLES, collect, &c);
  if (c.failed) return lan_fail_memory(err, 0);
  if (tokens->len == 0 || tokens->len > PHRASE_WORDS) return LAN_OK;
  uint32_t state = 0;
  for (size_t i = 0; i < tokens->len; i++) {
    const token *t = &tokens->data[i];
    uint64_t gap = i ? gap_hash(phrase.ptr + t[-1].end, t->start - t[-1].end) : 0;
    state = step_to(set, state, gap, t->word);
    if (state == UINT32_MAX) return lan_fail_memory(err, 0);
  }
  uint32_t first = tokens->data[0].start, last = tokens->data[tokens->len - 1].end;
  lan_str before = lan_str_trim((lan_str){phrase.ptr, first});
  lan_str after = lan_str_trim((lan_str){phrase.ptr + last, phrase.len - last});
  if (before.len)
    before.len = (size_t)(phrase.ptr + first - before.ptr); /* a space inside counts */
  if (after.len) {
    after.len += (size_t)(after.ptr - (phrase.ptr + last));
    after.ptr = phrase.ptr + last;
  }
  return add_ending(set, state, number, before, after) ? LAN_OK : lan_fail_memory(err, 0);
}

lan_status phrase_set_new(const lan_str *phrases, uint32_t n, phrase_set **out, lan_error *err) {
  phrase_set *set = lan_alloc_zeroed(1, sizeof *set);
  token_list tokens = {0};
  lan_status s = LAN_OK;
  if (!set || new_state(set) == UINT32_MAX) s = lan_fail_memory(err, sizeof *set);
  for (uint32_t i = 0; s == LAN_OK && i < n; i++) {
    s = add_phrase(set, i, phrases[i], &tokens, err);
  }
  VEC_FREE(&tokens);
  if (s != LAN_OK) {
    phrase_set_free(set);
    return s;
  }
  *out = set;
  return LAN_OK;
}

void phrase_set_free(phrase_set *set) {
  if (!set) return;
  lan_map_free(&set->edges);
  VEC_FREE(&set->ending_of);
  VEC_FREE(&set->endings);
  lan_arena_free(&set->arena);
  free(set);
}

/* ---- scanning ---- */

typedef struct scan {
  const phrase_set *set;
  const char *text;
  size_t n;
  token_list tokens;
} scan;

void phrase_scratch_free(phrase_scratch *scratch) {
  free(scratch->data);
  *scratch = (phrase_scratch){0};
}

static bool signs_agree(const scan *sc, const ending *e, size_t start, size_t end) {
  if (e->before.len > start || e->after.len > sc->n - end) return false;
  return (e->before.len == 0 ||
          memcmp(sc->text + start - e->before.len, e->before.ptr, e->before.len) == 0) &&
         (e->after.len == 0 || memcmp(sc->text + end, e->after.ptr, e->after.len) == 0);
}

/* The longest phrase that begins at token `first`; returns how many tokens it takes, 0 if none. */
static size_t longest_from(const scan *sc, size_t first, phrase_match *match) {
  const token *t = sc->tokens.data;
  uint32_t state = 0;
  size_t best = 0;
  for (size_t i = first; i < sc->tokens.len; i++) {
    uint64_t gap = i > first ? gap_hash(sc->text + t[i - 1].end, t[i].start - t[i - 1].end) : 0;
    state = lan_map_get(&sc->set->edges, edge_key(state, gap, t[i].word));
    if (state == LAN_MAP_NONE) break;
    uint32_t start = t[first].start, end = t[i].end;
    for (uint32_t k = sc->set->ending_of.data[state]; k != UINT32_MAX;) {
      const ending *e = &sc->set->endings.data[k];
      if (signs_agree(sc, e, start, end)) {
        *match = (phrase_match){e->phrase, start - (uint32_t)e->before.len,
                                end + (uint32_t)e->after.len};
        best = i + 1 - first;
        break;
      }
      k = e->next;
    }
  }
  return best;
}

lan_status phrase_scan(const phrase_set *set, const char *text, size_t n, phrase_scratch *scratch,
                       void (*found)(void *ctx, const phrase_match *m), void *ctx) {
  scan sc = {set, text, n, {scratch->data, 0, scratch->cap}};
  collector c = {&sc.tokens, SIZE_MAX, false};
  text_words(text, n, TEXT_CUT_SINGLES, collect, &c);
  *scratch = (phrase_scratch){sc.tokens.data, sc.tokens.cap};
  if (c.failed) return LAN_ENOMEM;
  for (size_t i = 0; i < sc.tokens.len;) {
    phrase_match m;
    size_t taken = longest_from(&sc, i, &m);
    if (taken) found(ctx, &m);
    i += taken ? taken : 1;
  }
  return LAN_OK;
}
