#include "vault/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "vault/parse.h"

void facts_reset(facts *f) {
  f->text = (lan_str){"", 0};
  f->links.len = f->tags.len = f->aliases.len = f->headings.len = 0;
  f->block_ids.len = f->tasks.len = f->pieces.len = f->problems.len = 0;
  f->damage = f->body = 0;
  f->failed = false;
  lan_arena_reset(&f->arena);
}

void facts_free(facts *f) {
  VEC_FREE(&f->links);
  VEC_FREE(&f->tags);
  VEC_FREE(&f->aliases);
  VEC_FREE(&f->headings);
  VEC_FREE(&f->block_ids);
  VEC_FREE(&f->tasks);
  VEC_FREE(&f->pieces);
  VEC_FREE(&f->problems);
  lan_arena_free(&f->arena);
  *f = (facts){0};
}

lan_str parse_copy(facts *f, const char *s, size_t n) {
  char *p = lan_arena_copy(&f->arena, s, n);
  if (!p) f->failed = true;
  return p ? (lan_str){p, n} : (lan_str){"", 0};
}

void parse_problem(facts *f, uint32_t line, const char *format, ...) {
  char message[512];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  PARSE_PUSH(f, problems, (facts_problem){line, parse_copy(f, message, strlen(message))});
}

uint32_t facts_line(lan_str text, size_t position) {
  uint32_t line = 1;
  const char *p = text.ptr, *end = text.ptr + (position < text.len ? position : text.len);
  while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
    line++;
    p++;
  }
  return line;
}

/* Looks for damage, and mends what can be mended. */
static void look_for_damage(facts *f) {
  const char *s = f->text.ptr;
  size_t n = f->text.len;
  const char *nul = n ? memchr(s, '\0', n) : NULL;
  if (nul) {
    f->damage |= FACTS_DAMAGE_NUL;
    parse_problem(f, facts_line(f->text, (size_t)(nul - s)),
                  "holds NUL bytes: the file may have been cut off by a crash; restore it from a "
                  "backup or delete them");
  }
  size_t good = lan_utf8_valid(s, n);
  if (good < n) {
    f->damage |= FACTS_DAMAGE_UTF8;
    parse_problem(f, facts_line(f->text, good),
                  "is not UTF-8 here (byte %zu); save the file as UTF-8", good);
    return;
  }
  lan_buf mended = {0};
  if (facts_mend_mojibake(s, n, &mended)) {
    f->damage |= FACTS_DAMAGE_MOJIBAKE;
    parse_problem(f, 1,
                  "was UTF-8, read as Windows-1252 and saved again (it is read here as if mended); "
                  "convert it back, e.g. with iconv -f UTF-8 -t WINDOWS-1252");
    f->text = parse_copy(f, mended.data, mended.len);
  }
  f->failed |= mended.failed;
  lan_buf_free(&mended);
}

lan_status facts_parse_note(const char *bytes, size_t n, facts *out, lan_error *err) {
  if (n > FACTS_FILE_MAX) {
    return lan_fail(err, LAN_ELIMIT, "a note of %zu bytes; at most %d are read", n, FACTS_FILE_MAX);
  }
  parse_ranges ranges = {0};
  out->text = (lan_str){bytes, n};
  look_for_damage(out);
  parse_frontmatter(out);
  parse_blocks(out, &ranges);
  parse_inline(out, &ranges, out->body, (uint32_t)out->text.len);
  VEC_FREE(&ranges);
  return out->failed ? lan_fail_memory(err, 0) : LAN_OK;
}
