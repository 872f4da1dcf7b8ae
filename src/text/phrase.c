#include "text/phrase.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/vec.h"
#include "text/fold.h"
#include "text/unicode.h"
#include "text/words.h"

enum {
  SIGN_MOST = 8, /* code points of a sign with its marks */
  TOKENS_MOST = INT32_MAX
};

/* A word or a sign, in a phrase or in a text. */
typedef struct token {
  uint32_t key;        /* its id times 2; + 1 if white space is before it */
  uint32_t state;      /* where it leads from state 0 */
  uint32_t start, end; /* byte range */
} token;

typedef VEC(token) token_list;

/* A token that occurs in phrases. */
typedef struct known {
  uint64_t hash;
  uint32_t id; /* LAN_MAP_NONE: none here */
  uint32_t state;
} known;

/* Paths are phrases' tokens from their ends backwards; a state is a path that was gone. */
typedef struct state {
  uint32_t fail;     /* the longest path that ends this one's */
  uint32_t phrase;   /* the longest phrase whose path ends this one's, */
  uint32_t n_tokens; /* and its length; 0: there is none */
  bool inner;        /* edges leave it */
} state;

struct phrase_set {
  known *known; /* a hash table, at most half full */
  size_t mask;  /* its size - 1 */
  known ascii[128];
  VEC(state) states;
  lan_map edges; /* edge_key -> state, but from state 0 */
};

/* ---- tokens ---- */

typedef struct reader {
  const char *s;
  size_t at; /* what is before has been read */
  uint32_t spaced;
  bool failed, has_word;
  token_list tokens;
  lan_map *learn;        /* while phrases are read: hash -> id */
  const phrase_set *set; /* while a text is read */
  void (*found)(void *ctx, const phrase_match *m);
  void *ctx;
} reader;

static void find_matches(reader *r);

static known find_known(const phrase_set *set, uint64_t hash) {
  size_t i = (size_t)hash & set->mask;
  while (set->known[i].id != LAN_MAP_NONE && set->known[i].hash != hash) i = (i + 1) & set->mask;
  return set->known[i];
}

static known learn(reader *r, uint64_t hash) {
  uint32_t next = (uint32_t)r->learn->len;
  uint32_t *id = lan_map_put(r->learn, hash);
  if (!id || next > TOKENS_MOST) {
    r->failed = true;
    return (known){0};
  }
  if (*id == LAN_MAP_NONE) *id = next;
  return (known){hash, *id, 0};
}

/* A token that occurs in no phrase ends all matches. */
static void add_token(reader *r, known k, size_t start, size_t end) {
  if (k.id == LAN_MAP_NONE) {
    find_matches(r);
  } else {
    token t = {k.id << 1 | r->spaced, k.state, (uint32_t)start, (uint32_t)end};
    if (!VEC_PUSH(&r->tokens, t)) r->failed = true;
  }
  r->spaced = 0;
}

static void add_hash(reader *r, uint64_t hash, size_t start, size_t end) {
  add_token(r, r->learn ? learn(r, hash) : find_known(r->set, hash), start, end);
}

/* With another seed than words have. */
static uint64_t sign_hash(const uint32_t *cps, size_t n) {
  uint32_t scratch[SIGN_MOST * 4], folded[SIGN_MOST * 16];
  size_t len = fold_lower_nfc(cps, n, scratch, folded);
  return lan_hash(folded, len * sizeof *folded, 1);
}

/* A sign with the marks after it (`≠` may be written as `=` and a stroke), up to `end`. */
static size_t read_sign(reader *r, size_t end) {
  uint32_t cps[SIGN_MOST], cp;
  size_t n = 0, i = r->at, len = lan_utf8_decode(r->s + i, end - i, &cp);
  if (len == 1 && cp == 0xFFFD) { /* a byte that is no text counts as itself */
    cp = 0x110000u + (unsigned char)r->s[i];
    add_hash(r, lan_hash(&cp, sizeof cp, 1), i, i + 1);
    return i + 1;
  }
  do {
    cps[n++] = cp;
    i += len;
    if (i == end || n == SIGN_MOST || (unsigned char)r->s[i] < 0x80) break;
    len = lan_utf8_decode(r->s + i, end - i, &cp);
  } while (text_class_of(cp) == TEXT_MARK);
  add_hash(r, sign_hash(cps, n), r->at, i);
  return i;
}

static bool is_ascii_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* What stands between words, up to `end`. */
static void read_signs(reader *r, size_t end) {
  while (r->at < end) {
    unsigned char c = (unsigned char)r->s[r->at];
    bool alone = c < 0x80 && (r->at + 1 == end || (unsigned char)r->s[r->at + 1] < 0x80);
    uint32_t cp = c;
    size_t len = alone ? 1 : lan_utf8_decode(r->s + r->at, end - r->at, &cp);
    if (is_ascii_space(c) || (c >= 0x80 && text_is_space(cp))) {
      r->spaced = 1;
      r->at += len;
    } else if (alone && r->set) {
      add_token(r, r->set->ascii[c], r->at, r->at + 1);
      r->at++;
    } else {
      r->at = read_sign(r, end);
    }
  }
}

static bool read_word(void *ctx, const text_word *w) {
  reader *r = ctx;
  if (w->start == r->at + 1 && r->s[r->at] == ' ') {
    r->spaced = 1;
  } else {
    read_signs(r, w->start);
  }
  r->at = w->end;
  r->has_word = true;
  add_hash(r, w->hash, w->start, w->end);
  return !r->failed;
}

static void read_tokens(reader *r, const char *s, size_t n) {
  r->s = s;
  r->at = 0;
  r->spaced = 0;
  r->has_word = false;
  text_words(s, n, TEXT_CUT_SINGLES, read_word, r);
  if (!r->failed) read_signs(r, n);
}

/* ---- the automaton ---- */

/* `key` is of the token before, and `spaced` whether white space is between. */
static uint64_t edge_key(uint32_t from, uint32_t key, uint32_t spaced) {
  return (uint64_t)from << 32 | (key & ~1u) | spaced;
}

/* From state `s` on over the token before. A step along `fail` shortens the path, and each token
 * lengthens it by one at most: linear in all. */
static uint32_t step_over(const phrase_set *set, uint32_t s, const token *t, uint32_t spaced) {
  const state *states = set->states.data;
  for (; s; s = states[s].fail) {
    if (!states[s].inner) continue;
    uint32_t next = lan_map_get(&set->edges, edge_key(s, t->key, spaced));
    if (next != LAN_MAP_NONE) return next;
  }
  return t->state;
}

/* The state after `from` on a phrase's path, made if need be; 0 when memory is short. All shorter
 * paths of all phrases are there already, so that `fail` is known at once. */
static uint32_t grow_path(phrase_set *set, uint32_t from, const token *t, uint32_t spaced) {
  uint32_t *slot = lan_map_put(&set->edges, edge_key(from, t->key, spaced));
  if (!slot) return 0;
  if (*slot != LAN_MAP_NONE) return *slot;
  uint32_t made = *slot = (uint32_t)set->states.len;
  set->states.data[from].inner = true;
  state s = {step_over(set, set->states.data[from].fail, t, spaced), 0, 0, false};
  s.phrase = set->states.data[s.fail].phrase;
  s.n_tokens = set->states.data[s.fail].n_tokens;
  return VEC_PUSH(&set->states, s) ? made : 0;
}

/* A phrase on its way into the automaton. */
typedef struct path {
  uint32_t phrase, state, n_tokens;
  size_t first; /* its tokens in the list of all */
} path;

typedef struct builder {
  phrase_set *set;
  lan_map ids;           /* hash of a token -> its id */
  uint32_t *first_state; /* by id: where it leads from state 0 */
  token_list tokens;     /* of all phrases */
  path *paths;           /* in the order of the phrases */
  size_t n_paths;
} builder;

static lan_status read_phrases(builder *b, const lan_str *phrases, uint32_t n, lan_error *err) {
  reader r = {.learn = &b->ids};
  b->paths = lan_alloc_array(n, sizeof *b->paths);
  if (!b->paths) return lan_fail_memory(err, n * sizeof *b->paths);
  for (uint32_t i = 0; i < n && !r.failed; i++) {
    size_t first = r.tokens.len;
    read_tokens(&r, phrases[i].ptr, phrases[i].len);
    if (!r.has_word) {
      r.tokens.len = first;
      continue;
    }
    b->paths[b->n_paths++] = (path){i, 0, (uint32_t)(r.tokens.len - first), first};
    if (r.tokens.len > TOKENS_MOST) break;
  }
  b->tokens = r.tokens;
  if (r.failed) return lan_fail_memory(err, 0);
  if (r.tokens.len <= TOKENS_MOST) return LAN_OK;
  return lan_fail(err, LAN_ELIMIT, "more than 2^31 words in titles");
}

/* Of equal phrases the first arrives first. */
static void end_path(phrase_set *set, const path *p) {
  state *s = &set->states.data[p->state];
  if (s->n_tokens == p->n_tokens) return;
  s->phrase = p->phrase;
  s->n_tokens = p->n_tokens;
}

/* The first state of each path. */
static bool start_paths(builder *b) {
  phrase_set *set = b->set;
  b->first_state = lan_alloc_zeroed(b->ids.len, sizeof *b->first_state);
  if (!b->first_state || !VEC_RESERVE(&set->states, b->n_paths + 1)) return false;
  set->states.data[set->states.len++] = (state){0};
  for (size_t i = 0; i < b->n_paths; i++) {
    path *p = &b->paths[i];
    uint32_t *s = &b->first_state[b->tokens.data[p->first + p->n_tokens - 1].key >> 1];
    if (*s == 0) {
      *s = (uint32_t)set->states.len;
      set->states.data[set->states.len++] = (state){0};
    }
    p->state = *s;
  }
  for (size_t i = 0; i < b->tokens.len; i++) {
    token *t = &b->tokens.data[i];
    t->state = b->first_state[t->key >> 1];
  }
  return true;
}

/* All phrases go in side by side, a token of each at a time. */
static bool grow_paths(builder *b) {
  if (!lan_map_reserve(&b->set->edges, b->tokens.len)) return false;
  for (uint32_t depth = 1; b->n_paths > 0; depth++) {
    size_t left = 0;
    for (size_t i = 0; i < b->n_paths; i++) {
      path p = b->paths[i];
      if (p.n_tokens == depth) end_path(b->set, &p);
      if (p.n_tokens > depth) b->paths[left++] = p;
    }
    b->n_paths = left;
    for (size_t i = 0; i < left; i++) {
      path *p = &b->paths[i];
      const token *t = &b->tokens.data[p->first + p->n_tokens - 1 - depth];
      p->state = grow_path(b->set, p->state, t, t[1].key & 1);
      if (p->state == 0) return false;
    }
  }
  return true;
}

static bool fill_known(builder *b) {
  phrase_set *set = b->set;
  size_t cap = 16;
  while (cap / 2 < b->ids.len) cap *= 2;
  set->known = lan_alloc_array(cap, sizeof *set->known);
  if (!set->known) return false;
  set->mask = cap - 1;
  for (size_t i = 0; i < cap; i++) set->known[i].id = LAN_MAP_NONE;
  for (size_t i = 0; i < b->ids.cap; i++) {
    uint32_t id = b->ids.values[i];
    if (id == LAN_MAP_NONE) continue;
    size_t k = (size_t)b->ids.keys[i] & set->mask;
    while (set->known[k].id != LAN_MAP_NONE) k = (k + 1) & set->mask;
    set->known[k] = (known){b->ids.keys[i], id, b->first_state[id]};
  }
  for (uint32_t c = 0; c < 128; c++) set->ascii[c] = find_known(set, sign_hash(&c, 1));
  return true;
}

lan_status phrase_set_new(const lan_str *phrases, uint32_t n, phrase_set **out, lan_error *err) {
  builder b = {.set = lan_alloc_zeroed(1, sizeof(phrase_set))};
  lan_status s = b.set ? read_phrases(&b, phrases, n, err) : lan_fail_memory(err, 0);
  if (s == LAN_OK && !(start_paths(&b) && grow_paths(&b) && fill_known(&b))) {
    s = lan_fail_memory(err, 0);
  }
  lan_map_free(&b.ids);
  free(b.first_state);
  VEC_FREE(&b.tokens);
  free(b.paths);
  if (s == LAN_OK) {
    *out = b.set;
  } else {
    phrase_set_free(b.set);
  }
  return s;
}

void phrase_set_free(phrase_set *set) {
  if (!set) return;
  lan_map_free(&set->edges);
  VEC_FREE(&set->states);
  free(set->known);
  free(set);
}

/* ---- scanning ---- */

void phrase_scratch_free(phrase_scratch *scratch) {
  free(scratch->data);
  *scratch = (phrase_scratch){0};
}

/* Tells the matches in the tokens read, and forgets these. */
static void find_matches(reader *r) {
  token *t = r->tokens.data;
  size_t n = r->tokens.len;
  uint32_t s = 0, spaced = 0;
  r->tokens.len = 0;
  for (size_t i = n; i-- > 0;) {
    s = s ? step_over(r->set, s, &t[i], spaced) : t[i].state;
    spaced = t[i].key & 1;
    t[i].state = s;
  }
  for (size_t i = 0; i < n;) {
    const state *at = &r->set->states.data[t[i].state];
    if (at->n_tokens == 0) {
      i++;
      continue;
    }
    phrase_match m = {at->phrase, t[i].start, t[i + at->n_tokens - 1].end};
    r->found(r->ctx, &m);
    i += at->n_tokens;
  }
}

lan_status phrase_scan(const phrase_set *set, const char *text, size_t n, phrase_scratch *scratch,
                       void (*found)(void *ctx, const phrase_match *m), void *ctx) {
  reader r = {.set = set, .tokens = {scratch->data, 0, scratch->cap}, .found = found, .ctx = ctx};
  read_tokens(&r, text, n);
  if (!r.failed) find_matches(&r);
  *scratch = (phrase_scratch){r.tokens.data, r.tokens.cap};
  return r.failed ? LAN_ENOMEM : LAN_OK;
}
