#include "cli/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool read_ago(const char *text, int64_t now_ms, int64_t *unix_ms) {
  static const struct {
    char unit;
    int64_t ms;
  } units[] = {{'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 6 || !text[digits] || text[digits + 1]) return false;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (units[i].unit != text[digits]) continue;
    int64_t then = now_ms - strtol(text, NULL, 10) * units[i].ms;
    *unix_ms = then > 0 ? then : 0;
    return true;
  }
  return false;
}

/* Days since 1970 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  int64_t era = y / 400, of_era = y - era * 400;
  int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_date(const struct tm *t) {
  static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int y = t->tm_year + 1900, m = t->tm_mon;
  if (y < 1970 || y > 9999 || m < 0 || m > 11 || t->tm_mday < 1 || t->tm_mday > days[m])
    return false;
  bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
  return (m != 1 || t->tm_mday < 29 || leap) && t->tm_hour < 24 && t->tm_min < 60 && t->tm_sec < 60;
}

/* The two or four digits at *p, then `after` unless that is 0. False: they are not there. */
static bool take(const char **p, size_t n, char after, int *out) {
  if (strspn(*p, "0123456789") != n) return false;
  *out = (int)strtol(*p, NULL, 10);
  *p += n;
  if (after && *(*p)++ != after) return false;
  return true;
}

bool when_read(const char *text, int64_t now_ms, int64_t *unix_ms) {
  struct tm t = {.tm_isdst = -1};
  const char *p = text;
  if (read_ago(text, now_ms, unix_ms)) return true;
  if (!take(&p, 4, '-', &t.tm_year) || !take(&p, 2, '-', &t.tm_mon) ||
      !take(&p, 2, 0, &t.tm_mday)) {
    return false;
  }
  t.tm_year -= 1900;
  t.tm_mon--;
  if (*p == ' ' || *p == 'T') {
    p++;
    if (!take(&p, 2, ':', &t.tm_hour) || !take(&p, 2, 0, &t.tm_min)) return false;
    if (*p == ':' && (p++, !take(&p, 2, 0, &t.tm_sec))) return false;
  }
  bool utc = *p == 'Z';
  if (p[utc] != '\0' || !is_date(&t)) return false;
  int64_t seconds = utc ? days_of(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday) * 86400 +
                              t.tm_hour * 3600 + t.tm_min * 60 + t.tm_sec
                        : (int64_t)mktime(&t);
  *unix_ms = seconds > 0 ? seconds * 1000 : 0;
  return true;
}

void when_show(int64_t unix_ms, char out[32]) {
  time_t seconds = (time_t)(unix_ms / 1000);
  struct tm t;
  if (!localtime_r(&seconds, &t) || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &t) == 0) {
    snprintf(out, 32, "%lld", (long long)unix_ms);
  }
}
