#include "cli/nearest.h"

enum { LENGTH_MOST = 63 };

uint32_t nearest_distance(lan_str a, lan_str b, uint32_t most) {
  uint32_t rows[3][LENGTH_MOST + 1];
  uint32_t *before = rows[0], *above = rows[1], *row = rows[2];
  size_t apart = a.len > b.len ? a.len - b.len : b.len - a.len;
  if (a.len > LENGTH_MOST || b.len > LENGTH_MOST || apart > most) return most + 1;
  for (uint32_t j = 0; j <= b.len; j++) above[j] = j;
  for (uint32_t i = 1; i <= a.len; i++) {
    row[0] = i;
    for (uint32_t j = 1; j <= b.len; j++) {
      uint32_t d = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
      if (above[j] + 1 < d) d = above[j] + 1;
      if (row[j - 1] + 1 < d) d = row[j - 1] + 1;
      if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
          before[j - 2] + 1 < d) {
        d = before[j - 2] + 1;
      }
      row[j] = d;
    }
    uint32_t *oldest = before;
    before = above;
    above = row;
    row = oldest;
  }
  return above[b.len] <= most ? above[b.len] : most + 1;
}

uint32_t nearest_limit(size_t len) { return (uint32_t)(len / 3 + 1); }

const char *nearest(const char *typed, const char *const *names, size_t n) {
  lan_str t = lan_str_of(typed);
  uint32_t best = nearest_limit(t.len) + 1;
  const char *found = NULL;
  for (size_t i = 0; i < n; i++) {
    uint32_t d = nearest_distance(t, lan_str_of(names[i]), best - 1);
    if (d < best) {
      best = d;
      found = names[i];
    }
    if (best == 0) break;
  }
  return found;
}
