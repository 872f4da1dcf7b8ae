/* The learning curve: loss on the left, accuracy on the right; training and what is held back. */
#include <math.h>

#include "train/log.h"

enum { PANEL_WIDTH = 340, PANEL_HEIGHT = 240, LEFT = 60, TOP = 40, GAP = 90 };

typedef struct panel {
  double x;           /* of its left edge, in the picture */
  double low, high;   /* of its values */
  double first, last; /* epochs */
} panel;

static void widen(panel *p, const double *values, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    p->low = fmin(p->low, values[i]);
    p->high = fmax(p->high, values[i]);
  }
}

static void add_text(lan_buf *svg, double x, double y, const char *anchor, const char *text) {
  lan_buf_add_str(svg, "<text x=\"");
  lan_buf_add_number(svg, x, 6);
  lan_buf_add_str(svg, "\" y=\"");
  lan_buf_add_number(svg, y, 6);
  lan_buf_printf(svg, "\" text-anchor=\"%s\">%s</text>\n", anchor, text);
}

static void add_value(lan_buf *svg, double x, double y, const char *anchor, double value) {
  lan_buf text = {0};
  lan_buf_add_number(&text, value, 4);
  if (text.failed) {
    svg->failed = true;
  } else {
    add_text(svg, x, y, anchor, text.data);
  }
  lan_buf_free(&text);
}

static double place(double value, double from, double to, double length) {
  return to > from ? (value - from) / (to - from) * length : length / 2;
}

static void add_line(lan_buf *svg, const panel *p, const double *epochs, const double *values,
                     size_t n, const char *color) {
  lan_buf_printf(svg, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", color);
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    lan_buf_add_number(svg, p->x + place(epochs[i], p->first, p->last, PANEL_WIDTH), 6);
    lan_buf_add_char(svg, ',');
    double up = place(values[i], p->low, p->high, PANEL_HEIGHT);
    lan_buf_add_number(svg, TOP + PANEL_HEIGHT - up, 6);
    lan_buf_add_char(svg, ' ');
  }
  lan_buf_add_str(svg, "\"/>\n");
}

static void add_panel(const history *h, lan_buf *svg, double x, size_t training, size_t held_back,
                      const char *title) {
  size_t n = history_rows(h);
  const double *epochs = history_epochs(h);
  panel p = {x, INFINITY, -INFINITY, epochs[0], epochs[n - 1]};
  widen(&p, history_column(h, training), n);
  widen(&p, history_column(h, held_back), n);
  if (p.high < p.low) p.low = p.high = 0; /* nothing is known */
  lan_buf_printf(
      svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n",
      (int)x, TOP, PANEL_WIDTH, PANEL_HEIGHT);
  add_text(svg, x + PANEL_WIDTH / 2.0, TOP - 14, "middle", title);
  add_value(svg, x - 6, TOP + 10, "end", p.high);
  add_value(svg, x - 6, TOP + PANEL_HEIGHT, "end", p.low);
  add_value(svg, x, TOP + PANEL_HEIGHT + 18, "start", p.first);
  add_value(svg, x + PANEL_WIDTH, TOP + PANEL_HEIGHT + 18, "end", p.last);
  add_line(svg, &p, epochs, history_column(h, training), n, "#1f77b4");
  add_line(svg, &p, epochs, history_column(h, held_back), n, "#ff7f0e");
}

void curve_draw(const history *h, lan_buf *svg) {
  int width = LEFT + 2 * PANEL_WIDTH + GAP + 20, height = TOP + PANEL_HEIGHT + 50;
  lan_buf_printf(svg,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                 "height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n"
                 "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                 width, height, width, height);
  if (history_rows(h)) {
    add_panel(h, svg, LEFT, LOG_LOSS, LOG_VALIDATION_LOSS, "loss");
    add_panel(h, svg, LEFT + PANEL_WIDTH + GAP, LOG_ACCURACY, LOG_VALIDATION_ACCURACY, "accuracy");
    int y = TOP + PANEL_HEIGHT + 38;
    lan_buf_printf(svg,
                   "<text x=\"%d\" y=\"%d\" fill=\"#1f77b4\">training</text>\n"
                   "<text x=\"%d\" y=\"%d\" fill=\"#ff7f0e\">held back</text>\n",
                   LEFT, y, LEFT + 80, y);
  }
  lan_buf_add_str(svg, "</svg>\n");
}
