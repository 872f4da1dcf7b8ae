/* Making a plan for dense spreading: the edges by receiver, cut so that each step streams them once.
 *
 * What a step must move is each edge once (its sender's number and its weight) and each node's
 * activation; the rest is gathering the senders' activation, which is fast as far as it lies in a
 * cache near the processor. So nodes are numbered by falling out-degree: in networks with hubs, most
 * edges then gather from the first few thousand numbers. And the edges are cut into blocks: some
 * receivers (a chunk: one task, its sums in the cache) by a segment of senders whose activation fits
 * into the second-level cache, as far as a segment has edges enough to be worth its own rows (Zhang
 * et al. 2017, "Making caches work for graph analytics": degree ordering, CSR segmenting). Within a
 * segment 16 bits tell senders apart. Chunks are few, since each fetches the segments into its cache
 * anew: of 100 million R-MAT edges, the sixth whose senders have few edges took two fifths of the
 * time, and with a quarter as many chunks the whole step is a tenth faster.
 *
 * A plan is made on all threads: edges are counted and dealt out to the chunks by parts of the
 * senders, then each chunk is arranged by itself. Parts, chunks and segments depend on the graph
 * alone: so do the results. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spread/plan_internal.h"
#include "spread/spread_internal.h"

enum {
  SHARES_MOST = 32,       /* of the edges */
  SHARE_EDGES = 1 << 15,  /* at least so many edges make a further share */
  CHUNK_MOST = 1 << 16,   /* receivers in a chunk: 16 bits, and their sums in the cache */
  SEGMENT = 1 << 15,      /* senders in a segment, or more: 128 or 256 kB of activation */
  SEGMENT_MOST = 1 << 18, /* senders in a segment that has few edges: 1 or 2 MB */
  NARROW_MOST = 1 << 16,  /* senders in a segment: 16 bits tell them apart */
  ROW_MOST = 64,          /* edges in a row */
  PARTS = 64,             /* of the senders, for making the plan */
  SAMPLE = 16,            /* each so manieth edge tells where to cut chunks */
};

/* An edge on its way to its chunk: place numbers. */
typedef struct dealt {
  uint32_t receiver, sender;
  float weight;
} dealt;

/* What is known of a chunk while it is made. */
typedef struct draft {
  uint64_t start, n_edges;         /* in dealt */
  size_t n_words, n_slots, n_rows; /* of senders, weights, receivers */
  bool failed;
} draft;

typedef struct maker {
  lan_spread_plan *p;
  const lan_graph *g;
  uint32_t *number; /* node -> place */
  uint32_t *home;   /* node -> chunk that it receives in */
  uint32_t part[PARTS + 1];
  uint32_t *segment_ends; /* by rising place; the last is n */
  size_t n_segments;
  dealt *dealt; /* by chunk; within it by sender */
  uint64_t *at; /* by part and chunk: where its edges go */
  draft *drafts;
  bool part_weighted[PARTS], part_overflows[PARTS];
} maker;

void lan_spread_plan_free(lan_spread_plan *p) {
  if (!p) return;
  lan_pool_free(p->pool);
  for (size_t c = 0; p->chunks && c < p->n_chunks; c++) free(p->chunks[c].bands);
  free(p->chunks);
  free(p->senders);
  free(p->weights);
  free(p->receivers);
  free(p->order);
  free(p->rate);
  free(p);
}

/* ---- the order of nodes ---- */

static uint32_t degree(const lan_graph *g, uint32_t v) { return g->offsets[v + 1] - g->offsets[v]; }

/* Numbers nodes by falling out-degree, equal ones by node: a counting sort. */
static bool number_nodes(maker *k) {
  const lan_graph *g = k->g;
  uint32_t most = 0;
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    if (degree(g, v) > most) most = degree(g, v);
  }
  uint32_t *place = lan_alloc_zeroed((size_t)most + 2, sizeof *place);
  if (!place) return false;
  for (uint32_t v = 0; v < g->n_nodes; v++) place[most - degree(g, v) + 1]++;
  for (uint32_t d = 0; d <= most; d++) place[d + 1] += place[d];
  for (uint32_t v = 0; v < g->n_nodes; v++) {
    k->number[v] = place[most - degree(g, v)]++;
    k->p->order[k->number[v]] = v;
  }
  free(place);
  return true;
}

/* Cuts the senders into parts of about equal work, and into segments: as many as fit the cache, and
 * more until every fourth receiver has an edge from the segment on average, as each of its rows costs
 * as much as a few edges; but no more than the cache next to memory holds. */
static bool cut_senders(maker *k) {
  const lan_graph *g = k->g;
  uint32_t n = g->n_nodes, part = 0, in_segment = 0;
  uint64_t work = 0, all = (uint64_t)g->n_edges + n, edges = 0;
  k->segment_ends = lan_alloc_array((size_t)n / SEGMENT + 1, sizeof *k->segment_ends);
  if (!k->segment_ends) return false;
  for (uint32_t i = 0; i < n; i++) {
    while (part < PARTS && work >= all * part / PARTS) k->part[part++] = i;
    uint32_t d = degree(g, k->p->order[i]);
    work += (uint64_t)d + 1;
    edges += d;
    in_segment++;
    bool full = (in_segment >= SEGMENT && edges >= n / 4) || in_segment >= SEGMENT_MOST;
    if (full && n - i > SEGMENT) {
      k->segment_ends[k->n_segments++] = i + 1;
      in_segment = 0;
      edges = 0;
    }
  }
  while (part <= PARTS) k->part[part++] = n;
  k->segment_ends[k->n_segments++] = n;
  return true;
}

/* Adds up a sample of the edges by their receivers' places. */
static void sample_receivers(const maker *k, uint32_t stride, uint32_t *sampled) {
  const lan_graph *g = k->g;
  for (uint32_t e = 0; e < g->n_edges && e + stride > e; e += stride) {
    sampled[k->number[g->targets[e]]]++;
  }
}

/* Cuts the receivers into chunks of about equal numbers of edges, as a sample of them tells, and of
 * no more receivers than 16 bits number. */
static bool cut_receivers(maker *k) {
  lan_spread_plan *p = k->p;
  const lan_graph *g = k->g;
  uint32_t stride = g->n_edges > 1 << 20 ? SAMPLE : 1;
  uint32_t *sampled = lan_alloc_zeroed(p->n, sizeof *sampled);
  if (!sampled) return false;
  sample_receivers(k, stride, sampled);
  uint64_t done = 0, all = (uint64_t)g->n_edges / stride + p->n / stride + 1;
  uint64_t n_shares = g->n_edges / SHARE_EDGES + 1, share = 1;
  if (n_shares > SHARES_MOST) n_shares = SHARES_MOST;
  uint32_t c = 0;
  for (uint32_t i = 0; i < p->n; i++) {
    bool has_share = share < n_shares && done > all * share / n_shares;
    if (has_share || i - p->chunks[c].first == CHUNK_MOST) p->chunks[++c].first = i;
    if (has_share) share++;
    k->home[p->order[i]] = c;
    done += sampled[i];
    if (i % stride == 0) done++;
  }
  free(sampled);
  p->n_chunks = c + 1;
  for (uint32_t i = 0; i <= c; i++) {
    p->chunks[i].last = i < c ? p->chunks[i + 1].first : p->n;
    uint32_t size = p->chunks[i].last - p->chunks[i].first;
    if (size > p->chunk_most) p->chunk_most = size;
  }
  return true;
}

/* ---- dealing the edges out ---- */

static void count_part(void *ctx, size_t part, size_t worker) {
  maker *k = ctx;
  const lan_graph *g = k->g;
  uint64_t *count = k->at + part * k->p->n_chunks;
  (void)worker;
  for (uint32_t i = k->part[part]; i < k->part[part + 1]; i++) {
    uint32_t v = k->p->order[i];
    double strength = 0;
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      double w = spread_weight(g, &k->p->model, e);
      if (!(w > 0)) continue;
      strength += w;
      count[k->home[g->targets[e]]]++;
      if (w != 1) k->part_weighted[part] = true;
      if (w > (double)FLT_MAX) k->part_overflows[part] = true;
    }
    double divisor = spread_divisor(&k->p->model, strength);
    k->p->rate[i] = divisor > 0 ? 1 / divisor : 0;
  }
}

static void deal_part(void *ctx, size_t part, size_t worker) {
  maker *k = ctx;
  const lan_graph *g = k->g;
  uint64_t *at = k->at + part * k->p->n_chunks;
  (void)worker;
  for (uint32_t i = k->part[part]; i < k->part[part + 1]; i++) {
    uint32_t v = k->p->order[i];
    for (uint32_t e = g->offsets[v]; e < g->offsets[v + 1]; e++) {
      double w = spread_weight(g, &k->p->model, e);
      if (!(w > 0)) continue;
      uint32_t to = g->targets[e];
      k->dealt[at[k->home[to]]++] = (dealt){k->number[to], i, (float)w};
    }
  }
}

/* Counts turned into places: by chunk, then by part. */
static void place_parts(maker *k) {
  uint64_t sum = 0;
  size_t n_chunks = k->p->n_chunks;
  for (size_t c = 0; c < n_chunks; c++) {
    k->drafts[c].start = sum;
    for (size_t part = 0; part < PARTS; part++) {
      uint64_t count = k->at[part * n_chunks + c];
      k->at[part * n_chunks + c] = sum;
      sum += count;
    }
    k->drafts[c].n_edges = sum - k->drafts[c].start;
  }
  k->p->n_edges = sum;
  for (size_t part = 0; part < PARTS; part++) k->p->weighted |= k->part_weighted[part];
}

/* ---- arranging a chunk ---- */

/* What is known of a receiver while its edges from one segment are arranged. */
typedef struct receiver_rows {
  uint32_t edges, placed;
  uint32_t full; /* its first row of ROW_MOST edges */
  uint32_t rest; /* its row of what is left over */
} receiver_rows;

typedef VEC(plan_band) band_list;
typedef VEC(size_t) offset_list;

/* Fills the chunk the second time it goes through it; the first time it counts, and finds the bands. */
typedef struct arranger {
  const lan_spread_plan *p;
  plan_chunk *c;
  bool fill;
  receiver_rows *rows;
  band_list bands;
  plan_band segment;  /* what its bands have in common */
  offset_list groups; /* where the slots of each group of the segment begin; the first at 0 */
  size_t n_words, n_slots, n_rows; /* of the segments before */
} arranger;

/* Rows of one segment: numbers them by falling length, the receivers rising among equals. Returns
 * how many there are. */
static uint32_t number_rows(arranger *a, uint32_t n_receivers, uint32_t *n_of_length) {
  uint32_t start[ROW_MOST + 1], sum = 0;
  memset(n_of_length, 0, (ROW_MOST + 1) * sizeof *n_of_length);
  for (uint32_t r = 0; r < n_receivers; r++) {
    n_of_length[ROW_MOST] += a->rows[r].edges / ROW_MOST;
    n_of_length[a->rows[r].edges % ROW_MOST]++;
  }
  n_of_length[0] = 0;
  for (uint32_t length = ROW_MOST; length > 0; length--) {
    start[length] = sum;
    sum += n_of_length[length];
  }
  for (uint32_t r = 0; r < n_receivers; r++) {
    uint32_t left = a->rows[r].edges % ROW_MOST;
    a->rows[r].full = start[ROW_MOST];
    start[ROW_MOST] += a->rows[r].edges / ROW_MOST;
    if (left) a->rows[r].rest = start[left]++;
  }
  return sum;
}

static bool add_band(arranger *a, uint32_t length) {
  plan_band *last = a->bands.len ? &a->bands.data[a->bands.len - 1] : NULL, band = a->segment;
  if (a->fill) return true;
  if (last && last->length == length && last->base == band.base && last->narrow == band.narrow) {
    last->n_groups++;
    return true;
  }
  band.length = length;
  band.n_groups = 1;
  return VEC_PUSH(&a->bands, band);
}

/* Puts an edge into a slot of the segment. */
static void set_slot(arranger *a, size_t slot, uint32_t sender, float weight) {
  size_t in_word = a->segment.narrow ? 4 : 2, shift = slot % in_word * 64 / in_word;
  uint64_t mask = a->segment.narrow ? UINT16_MAX : UINT32_MAX;
  uint64_t *word = &a->c->senders[a->n_words + slot / in_word];
  *word = (*word & ~(mask << shift)) | (uint64_t)(sender - a->segment.base) << shift;
  if (a->c->weights) a->c->weights[a->n_slots + slot] = weight;
}

/* A group whose rows are not equally long, or too few, ends with edges that bring nothing. */
static void clear_group(arranger *a, size_t first_slot, uint32_t length, size_t first_row) {
  uint32_t nobody = a->segment.narrow ? a->segment.base : a->p->n;
  for (size_t i = 0; i < (size_t)length * PLAN_LANES; i++) set_slot(a, first_slot + i, nobody, 0);
  memset(a->c->receivers + first_row, 0, PLAN_LANES * sizeof *a->c->receivers);
}

/* Groups of rows: where each one's slots begin, and the bands of equal length. Returns the number of
 * slots, or SIZE_MAX if memory ran out. */
static size_t cut_groups(arranger *a, uint32_t n_rows, const uint32_t *n_of_length) {
  uint32_t length = ROW_MOST, until = n_of_length[ROW_MOST];
  size_t slots = 0;
  a->groups.len = 0;
  for (uint32_t row = 0; row < n_rows; row += PLAN_LANES) {
    while (until <= row) until += n_of_length[--length];
    if (!add_band(a, length) || !VEC_PUSH(&a->groups, slots)) return SIZE_MAX;
    if (a->fill && until - row < PLAN_LANES) clear_group(a, slots, length, a->n_rows + row);
    slots += (size_t)length * PLAN_LANES;
  }
  return slots;
}

static void place_edge(arranger *a, const dealt *d) {
  uint32_t local = d->receiver - a->c->first;
  receiver_rows *r = &a->rows[local];
  uint32_t nth = r->placed++, row = nth / ROW_MOST;
  row = row < r->edges / ROW_MOST ? r->full + row : r->rest;
  size_t slot = a->groups.data[row / PLAN_LANES] + nth % ROW_MOST * PLAN_LANES + row % PLAN_LANES;
  set_slot(a, slot, d->sender, d->weight);
  a->c->receivers[a->n_rows + row] = (uint16_t)local;
}

static bool arrange_segment(arranger *a, const dealt *d, size_t n) {
  uint32_t n_receivers = a->c->last - a->c->first, n_of_length[ROW_MOST + 1];
  memset(a->rows, 0, n_receivers * sizeof *a->rows);
  for (size_t i = 0; i < n; i++) a->rows[d[i].receiver - a->c->first].edges++;
  uint32_t n_rows = number_rows(a, n_receivers, n_of_length);
  size_t slots = cut_groups(a, n_rows, n_of_length);
  if (slots == SIZE_MAX) return false;
  for (size_t i = 0; a->fill && i < n; i++) place_edge(a, &d[i]);
  a->n_words += slots / (a->segment.narrow ? 4 : 2);
  a->n_slots += slots;
  a->n_rows += a->groups.len * PLAN_LANES;
  return true;
}

static bool arrange_segments(arranger *a, const maker *k, const dealt *d, size_t n) {
  size_t start = 0;
  for (size_t s = 0; s < k->n_segments; s++) {
    size_t end = start;
    uint32_t first = s > 0 ? k->segment_ends[s - 1] : 0, last = k->segment_ends[s];
    while (end < n && d[end].sender < last) end++;
    bool narrow = k->p->weighted && last - first <= NARROW_MOST;
    a->segment = (plan_band){.base = narrow ? first : 0, .narrow = narrow};
    if (end > start && !arrange_segment(a, d + start, end - start)) return false;
    start = end;
  }
  return true;
}

static void arrange_chunk(maker *k, size_t chunk, bool fill) {
  plan_chunk *c = &k->p->chunks[chunk];
  draft *d = &k->drafts[chunk];
  arranger a = {.p = k->p, .c = c, .fill = fill};
  a.rows = lan_alloc_array(c->last - c->first, sizeof *a.rows);
  d->failed = !a.rows || !arrange_segments(&a, k, k->dealt + d->start, d->n_edges);
  if (!fill) {
    c->bands = a.bands.data;
    c->n_bands = a.bands.len;
    d->n_words = a.n_words;
    d->n_slots = a.n_slots;
    d->n_rows = a.n_rows;
  }
  free(a.rows);
  VEC_FREE(&a.groups);
}

static void count_chunk(void *ctx, size_t chunk, size_t worker) {
  (void)worker;
  arrange_chunk(ctx, chunk, false);
}

static void fill_chunk(void *ctx, size_t chunk, size_t worker) {
  (void)worker;
  arrange_chunk(ctx, chunk, true);
}

/* One array for all chunks, each beginning where the last ended. */
static bool allot(maker *k) {
  lan_spread_plan *p = k->p;
  size_t words = 0, slots = 0, rows = 0;
  for (size_t c = 0; c < p->n_chunks; c++) {
    words += k->drafts[c].n_words;
    slots += k->drafts[c].n_slots;
    rows += k->drafts[c].n_rows;
  }
  p->senders = lan_alloc_huge(words, sizeof *p->senders);
  p->receivers = lan_alloc_huge(rows, sizeof *p->receivers);
  if (p->weighted) p->weights = lan_alloc_huge(slots, sizeof *p->weights);
  if (!p->senders || !p->receivers || (p->weighted && !p->weights)) return false;
  words = slots = rows = 0;
  for (size_t c = 0; c < p->n_chunks; c++) {
    p->chunks[c].senders = p->senders + words;
    p->chunks[c].receivers = p->receivers + rows;
    if (p->weighted) p->chunks[c].weights = p->weights + slots;
    words += k->drafts[c].n_words;
    slots += k->drafts[c].n_slots;
    rows += k->drafts[c].n_rows;
  }
  return true;
}

static bool has_failed(const maker *k) {
  for (size_t c = 0; c < k->p->n_chunks; c++) {
    if (k->drafts[c].failed) return true;
  }
  return false;
}

static bool arrange(maker *k) {
  lan_spread_plan *p = k->p;
  lan_pool_run(p->pool, p->n_chunks, count_chunk, k);
  if (has_failed(k) || !allot(k)) return false;
  lan_pool_run(p->pool, p->n_chunks, fill_chunk, k);
  return !has_failed(k);
}

/* ---- all of it ---- */

static bool deal_out(maker *k) {
  lan_spread_plan *p = k->p;
  k->drafts = lan_alloc_zeroed(p->n_chunks, sizeof *k->drafts);
  k->at = lan_alloc_zeroed(p->n_chunks, PARTS * sizeof *k->at);
  if (!k->drafts || !k->at) return false;
  lan_pool_run(p->pool, PARTS, count_part, k);
  place_parts(k);
  k->dealt = lan_alloc_huge(p->n_edges, sizeof *k->dealt);
  if (!k->dealt) return false;
  lan_pool_run(p->pool, PARTS, deal_part, k);
  return true;
}

static bool overflows(const maker *k) {
  for (size_t part = 0; part < PARTS; part++) {
    if (k->part_overflows[part]) return true;
  }
  return false;
}

static lan_status fill_plan(lan_spread_plan *p, const lan_graph *g, lan_error *err) {
  size_t n = g->n_nodes;
  maker *k = lan_alloc_zeroed(1, sizeof *k);
  if (!k) return lan_fail_memory(err, sizeof *k);
  k->p = p;
  k->g = g;
  k->number = lan_alloc_huge(n, sizeof *k->number);
  k->home = lan_alloc_huge(n, sizeof *k->home);
  p->order = lan_alloc_huge(n, sizeof *p->order);
  p->rate = lan_alloc_huge(n, sizeof *p->rate);
  p->chunks = lan_alloc_zeroed(SHARES_MOST + n / CHUNK_MOST, sizeof *p->chunks);
  bool good = k->number && k->home && p->order && p->rate && p->chunks && number_nodes(k) &&
              cut_senders(k) && cut_receivers(k) && deal_out(k) && arrange(k),
       large = overflows(k);
  free(k->number);
  free(k->home);
  free(k->segment_ends);
  free(k->dealt);
  free(k->at);
  free(k->drafts);
  free(k);
  if (large) return lan_fail(err, LAN_ERANGE, "weights times type gains outgrow a float");
  return good ? LAN_OK : lan_fail_memory(err, (size_t)g->n_edges * 20 + n * 17);
}

lan_status lan_spread_plan_new(const lan_graph *graph, const lan_spread_model *model,
                               size_t n_threads, lan_spread_plan **plan, lan_error *err) {
  lan_status s = spread_check(graph, model, NULL, 0, err);
  if (s != LAN_OK) return s;
  if (model->rule == LAN_RULE_ACTR || model->threshold > 0) {
    return lan_fail(err, LAN_EINVAL,
                    "a plan is for the linear rule and the heat kernel, without threshold");
  }
  lan_spread_plan *p = lan_alloc_zeroed(1, sizeof *p);
  if (!p) return lan_fail_memory(err, sizeof *p);
  p->model = *model;
  p->n = graph->n_nodes;
  s = lan_pool_new(n_threads, &p->pool, err);
  if (s == LAN_OK) s = fill_plan(p, graph, err);
  if (s != LAN_OK) {
    lan_spread_plan_free(p);
    return s;
  }
  *plan = p;
  return LAN_OK;
}
