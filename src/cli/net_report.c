#include "cli/net_report.h"

#include <math.h>

#include "base/json.h"

enum { NAME_COLUMNS = 20, MATRIX_CLASSES = 12 };

typedef struct class_counts {
  size_t is, guessed, right;
} class_counts;

static class_counts count_class(const lan_evaluation *e, size_t c) {
  class_counts k = {.right = e->confusion[c * e->n_classes + c]};
  for (size_t i = 0; i < e->n_classes; i++) {
    k.is += e->confusion[c * e->n_classes + i];
    k.guessed += e->confusion[i * e->n_classes + c];
  }
  return k;
}

/* NAN where there is nothing to divide by: of no examples no share is right. */
static double share(size_t part, size_t whole) {
  return whole ? (double)part / (double)whole : (double)NAN;
}

static void write_share(lan_buf *b, double s) {
  if (isnan(s)) {
    lan_buf_add_str(b, "       -");
  } else {
    lan_buf_printf(b, "  %5.1f%%", 100 * s);
  }
}

static void write_classes(output *o, const lan_model_info *info, const lan_evaluation *e) {
  output_spaces(o, NAME_COLUMNS);
  lan_buf_add_str(&o->buf, " precision recall  examples\n");
  for (size_t c = 0; c < e->n_classes; c++) {
    class_counts k = count_class(e, c);
    size_t n = output_text(o, lan_str_of(info->classes[c]), NAME_COLUMNS);
    output_spaces(o, NAME_COLUMNS - n);
    write_share(&o->buf, share(k.right, k.guessed));
    write_share(&o->buf, share(k.right, k.is));
    lan_buf_printf(&o->buf, "  %8zu\n", k.is);
  }
}

static void write_matrix(output *o, const lan_model_info *info, const lan_evaluation *e) {
  if (e->n_classes > MATRIX_CLASSES) return;
  lan_buf_add_char(&o->buf, '\n');
  output_styled(o, STYLE_FAINT, "rows: what it is; columns: what was guessed, in the same order");
  lan_buf_add_char(&o->buf, '\n');
  for (size_t r = 0; r < e->n_classes; r++) {
    size_t n = output_text(o, lan_str_of(info->classes[r]), NAME_COLUMNS);
    output_spaces(o, NAME_COLUMNS - n);
    for (size_t c = 0; c < e->n_classes; c++) {
      if (r == c) output_style(o, STYLE_STRONG);
      lan_buf_printf(&o->buf, " %5zu", e->confusion[r * e->n_classes + c]);
      if (r == c) output_style(o, STYLE_PLAIN);
    }
    lan_buf_add_char(&o->buf, '\n');
  }
}

void net_report_text(output *o, const lan_model_info *info, const lan_evaluation *e) {
  write_classes(o, info, e);
  write_matrix(o, info, e);
  lan_buf_printf(&o->buf, "\naccuracy %.2f%% (", 100 * share(e->n_right, e->n_examples));
  output_number(o, e->n_right);
  lan_buf_add_str(&o->buf, " of ");
  output_number(o, e->n_examples);
  lan_buf_printf(&o->buf, "), loss %.4f\n", e->loss);
}

void net_report_json(lan_buf *out, const lan_model_info *info, const lan_evaluation *e) {
  json_writer j = {out, false};
  jw_open(&j, '{');
  jw_key(&j, "accuracy");
  jw_number(&j, share(e->n_right, e->n_examples));
  jw_key(&j, "loss");
  jw_number(&j, e->loss);
  jw_key(&j, "examples");
  jw_count(&j, e->n_examples);
  jw_key(&j, "classes");
  jw_open(&j, '[');
  for (size_t c = 0; c < e->n_classes; c++) {
    class_counts k = count_class(e, c);
    jw_open(&j, '{');
    jw_bytes(&j, "class", info->classes[c]);
    jw_key(&j, "precision");
    jw_number(&j, share(k.right, k.guessed));
    jw_key(&j, "recall");
    jw_number(&j, share(k.right, k.is));
    jw_key(&j, "guesses");
    jw_open(&j, '[');
    for (size_t i = 0; i < e->n_classes; i++) jw_count(&j, e->confusion[c * e->n_classes + i]);
    jw_close(&j, ']');
    jw_close(&j, '}');
  }
  jw_close(&j, ']');
  jw_close(&j, '}');
  jw_end(&j);
}
