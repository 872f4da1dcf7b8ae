#include "cli/show.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 7 }; /* columns of "paths", "words" and so on */

lan_str show_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  return (lan_str){path, slash ? (size_t)(slash - path) : 0};
}

void show_path_null(output *o, const char *path) { lan_buf_add(&o->buf, path, strlen(path) + 1); }

/* ---- one line a result ---- */

static size_t digits_of(size_t n) {
  size_t digits = 1;
  while (n >= 10) n /= 10, digits++;
  return digits;
}

size_t show_rank_columns(size_t n) { return digits_of(n) + 11; }

void show_rank(output *o, size_t rank, size_t n, double share) {
  output_style(o, STYLE_FAINT);
  lan_buf_printf(&o->buf, " %*zu", (int)digits_of(n), rank);
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, ' ');
  output_bar(o, share);
  lan_buf_add_char(&o->buf, ' ');
}

/* The columns left on a line of the terminal after `used`; 0: as many as it takes. */
static size_t room(const output *o, size_t used) {
  if (o->width == 0) return 0;
  return o->width > used + 1 ? o->width - used : 1;
}

static void show_title(output *o, const lan_note *note, int linked, size_t indent) {
  static const char *const marks[] = {" ", "→", "←", "↔"};
  output_style(o, STYLE_MARK);
  lan_buf_add_str(&o->buf, marks[linked & 3]);
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, ' ');
  output_style(o, STYLE_STRONG);
  size_t used = indent + output_text(o, lan_str_of(note->title), room(o, indent));
  output_style(o, STYLE_PLAIN);
  lan_str folder = show_folder(note->path);
  if (folder.len == 0 || (o->width && used + 6 > o->width)) return;
  lan_buf_add_str(&o->buf, "  ");
  output_style(o, STYLE_FAINT);
  output_text(o, folder, room(o, used + 2));
  output_style(o, STYLE_PLAIN);
}

/* ---- why ---- */

/* Goes on in a new line when the next name has no room. */
void show_path(output *o, const lan_path *path, size_t indent) {
  static const char *const arrows[] = {
      [LAN_HOP_LINK] = "→",        [LAN_HOP_LINKED_FROM] = "←", [LAN_HOP_EMBED] = "→",
      [LAN_HOP_EMBEDDED_IN] = "←", [LAN_HOP_MENTION] = "⇢",     [LAN_HOP_MENTIONED_IN] = "⇠",
      [LAN_HOP_TAG] = "·",         [LAN_HOP_TAGGED] = "·",      [LAN_HOP_FOLDER] = "·"};
  size_t column = indent + 6;
  output_style(o, STYLE_FAINT);
  lan_buf_printf(&o->buf, "%3.0f%%  ", path->share * 100);
  output_style(o, STYLE_PLAIN);
  for (size_t i = 0; i < path->n_hops; i++) {
    lan_str name = lan_str_of(path->hops[i].name);
    size_t w = output_width(name);
    if (i > 0 && o->width && column + 3 + w > o->width) {
      lan_buf_add_char(&o->buf, '\n');
      output_spaces(o, indent + 5);
      column = indent + 5;
    }
    if (i > 0) {
      lan_buf_add_char(&o->buf, ' ');
      output_styled(o, STYLE_MARK, arrows[path->hops[i].kind]);
      lan_buf_add_char(&o->buf, ' ');
      column += 3;
    }
    column += output_text(o, name, room(o, column));
  }
  lan_buf_add_char(&o->buf, '\n');
}

void show_sentence(output *o, const lan_sentence *sentence, size_t indent) {
  output_wrapped(o, lan_str_of(sentence->text), sentence->mark_start, sentence->mark_end, indent,
                 indent);
  lan_buf_add_char(&o->buf, '\n');
  output_spaces(o, indent);
  output_style(o, STYLE_FAINT);
  output_text(o, lan_str_of(sentence->path), 0);
  lan_buf_printf(&o->buf, ":%u", sentence->line);
  output_style(o, STYLE_PLAIN);
  lan_buf_add_char(&o->buf, '\n');
}

/* Before what stands at column `indent`; "" before more of the same. */
static void show_label(output *o, size_t indent, const char *label) {
  output_spaces(o, indent - LABEL);
  output_style(o, STYLE_FAINT);
  lan_buf_printf(&o->buf, "%-*s", LABEL, label);
  output_style(o, STYLE_PLAIN);
}

static void show_names(output *o, size_t indent, const char *label, const char *before,
                       const char *const *names, size_t n) {
  lan_buf line = {0};
  if (n == 0) return;
  for (size_t i = 0; i < n; i++) {
    lan_buf_printf(&line, "%s%s%s", i ? ", " : "", before, names[i]);
  }
  show_label(o, indent, label);
  output_wrapped(o, lan_buf_str(&line), 0, 0, indent, indent);
  lan_buf_add_char(&o->buf, '\n');
  o->buf.failed |= line.failed;
  lan_buf_free(&line);
}

/* What each kind of connection gave, the largest first. */
static void show_signals(output *o, const lan_result *r, size_t indent) {
  lan_buf line = {0};
  float left[LAN_SIGNALS];
  const char *sign = " = ";
  memcpy(left, r->signals, sizeof left);
  lan_buf_printf(&line, "%.3g", r->score);
  for (;;) {
    size_t best = 0;
    for (size_t i = 1; i < LAN_SIGNALS; i++) {
      if (left[i] > left[best]) best = i;
    }
    double share = (double)left[best] / r->score;
    if (!(share >= 0.005)) break;
    lan_buf_printf(&line, "%s%s %.0f%%", sign, lan_signal_name((lan_signal)best), share * 100);
    sign = ", ";
    left[best] = 0;
  }
  show_label(o, indent, "score");
  output_wrapped(o, lan_buf_str(&line), 0, 0, indent, indent);
  lan_buf_add_char(&o->buf, '\n');
  o->buf.failed |= line.failed;
  lan_buf_free(&line);
}

static void show_why(output *o, const lan_result *r, const lan_why *why, size_t indent) {
  for (size_t i = 0; i < why->n_paths; i++) {
    show_label(o, indent, i ? "" : "paths");
    show_path(o, &why->paths[i], indent);
  }
  for (size_t i = 0; i < why->n_sentences; i++) {
    show_label(o, indent, i ? "" : "said");
    show_sentence(o, &why->sentences[i], indent);
  }
  show_names(o, indent, "words", "", why->words, why->n_words);
  show_names(o, indent, "tags", "#", why->tags, why->n_tags);
  show_signals(o, r, indent);
}

static lan_status show_result(session *s, const lan_result *r, size_t i, size_t n, double share,
                              lan_error *err) {
  output *o = &s->c->out;
  lan_note note = lan_memory_note(s->memory, r->note);
  size_t indent = show_rank_columns(n) + 2;
  const lan_why *why = NULL;
  const char *reason = NULL;
  lan_status status = s->c->opt.why ? lan_memory_why(s->memory, i, &why, err)
                                    : lan_memory_reason(s->memory, i, &reason, err);
  if (status != LAN_OK) return status;
  if (why) reason = why->reason;
  show_rank(o, i + 1, n, share);
  show_title(o, &note, r->linked, indent);
  lan_buf_add_char(&o->buf, '\n');
  if (reason && *reason) {
    output_spaces(o, indent);
    output_style(o, STYLE_REASON);
    output_text(o, lan_str_of(reason), room(o, indent));
    output_style(o, STYLE_PLAIN);
    lan_buf_add_char(&o->buf, '\n');
  }
  if (why) show_why(o, r, why, indent);
  return LAN_OK;
}

lan_status show_results(session *s, const lan_result *results, size_t n, lan_error *err) {
  lan_status status = LAN_OK;
  for (size_t i = 0; status == LAN_OK && i < n; i++) {
    if (s->c->opt.null) {
      show_path_null(&s->c->out, lan_memory_note(s->memory, results[i].note).path);
      continue;
    }
    if (s->c->opt.why && i > 0) lan_buf_add_char(&s->c->out.buf, '\n');
    status = show_result(s, &results[i], i, n, results[i].score / results[0].score, err);
  }
  return status;
}
