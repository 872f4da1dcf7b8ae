#include "cli/lesson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { SHOWN = 6, SHOWN_WEIGHTS = 8, MOST_MOVED = 3, NAME_COLUMNS = 22 };

const lesson_words lesson_vi = {
    .forward = "Lan truyền tiến: quả bóng bay qua từng lớp",
    .error = "Sai số: bóng trượt bao xa",
    .backward = "Lan truyền ngược: nghĩ lại, từ lớp cuối về lớp đầu",
    .backward_note = "Mỗi số nói sai số tăng bao nhiêu khi giá trị ấy tăng 1.",
    .update = "Chỉnh cách ném: trọng số cũ - tốc độ học x gradient = trọng số mới",
    .numbers = "số, từ",
    .to = "đến",
    .answer = "đáp án",
    .guess = "dự đoán",
    .error_is = "sai số"};

const lesson_words lesson_en = {
    .forward = "Forward: the ball flies through the layers",
    .error = "Error: how far it missed",
    .backward = "Backward: thinking it over, from the last layer to the first",
    .backward_note = "Each number says how much the error grows when that value grows by 1.",
    .update = "Adjusting the throw: old weight - rate x gradient = new weight",
    .numbers = "numbers, from",
    .to = "to",
    .answer = "answer",
    .guess = "guess",
    .error_is = "error"};

/* What a layer does, in a line. */
typedef struct gloss {
  const char *kind, *vi, *en;
} gloss;

static const gloss glosses[] = {
    {"input", "dữ liệu vào", "what is fed in"},
    {"dense", "mỗi nút cộng các đầu vào nhân trọng số, rồi cộng độ lệch",
     "each node adds its inputs times weights, and a bias"},
    {"conv2d", "trượt những khuôn nhỏ học được trên ảnh",
     "slides small learnt patterns over the picture"},
    {"max_pool", "giữ số lớn nhất của mỗi ô", "keeps the largest of each window"},
    {"average_pool", "trung bình của mỗi ô", "the mean of each window"},
    {"global_pool", "trung bình của cả ảnh", "the mean of the whole picture"},
    {"batch_norm", "đưa các số về cùng một thang", "brings the numbers to one scale"},
    {"layer_norm", "đưa các số về cùng một thang", "brings the numbers to one scale"},
    {"relu", "giữ số dương, số âm thành 0", "keeps what is positive"},
    {"gelu", "giữ số dương, ép dần số âm về 0", "keeps what is positive, softly"},
    {"silu", "giữ số dương, ép dần số âm về 0", "keeps what is positive, softly"},
    {"tanh", "uốn mỗi số vào khoảng từ -1 đến 1", "bends each number into -1 to 1"},
    {"sigmoid", "uốn mỗi số vào khoảng từ 0 đến 1", "bends each number into 0 to 1"},
    {"softmax", "đổi điểm thành xác suất, cộng lại bằng 1",
     "turns scores into probabilities, 1 together"},
    {"reshape", "xếp lại các số", "the same numbers in another shape"},
    {"add", "cộng với đường tắt", "adds the shortcut"},
    {"dropout", "bỏ bớt vài số khi học", "drops some numbers while it learns"},
    {"cross_entropy", "-ln của xác suất dành cho đáp án", "-ln of the answer's probability"},
    {"binary_cross_entropy", "-ln của xác suất dành cho đáp án", "-ln of the answer's probability"},
    {"mean_squared_error", "trung bình bình phương chỗ lệch", "the mean of the squared misses"},
};

static const char *gloss_of(const char *kind, const lesson_words *w) {
  for (size_t i = 0; i < sizeof glosses / sizeof *glosses; i++) {
    if (strcmp(glosses[i].kind, kind) == 0) return w == &lesson_vi ? glosses[i].vi : glosses[i].en;
  }
  return NULL;
}

/* ---- making ---- */

static size_t count_of(lan_shape shape) {
  size_t n = 1;
  for (uint32_t i = 0; i < shape.rank; i++) n *= shape.dims[i] ? shape.dims[i] : 1;
  return n;
}

lan_status lesson_new(lan_net *net, lan_net_plan *plan, lan_var answer, lesson *l, lan_error *err) {
  size_t most = 1, all = 1;
  for (lan_var i = 0; (size_t)i < lan_net_n_layers(net); i++) {
    size_t n = count_of(lan_net_layer_at(net, i).shape);
    if (n > most) most = n;
  }
  for (size_t i = 0; i < lan_net_n_parameters(net); i++) all += lan_net_parameter_at(net, i).count;
  lesson made = {.net = net, .plan = plan, .answer = answer};
  made.values = lan_alloc_array(most, sizeof *made.values);
  made.before = lan_alloc_array(all, sizeof *made.before);
  if (!made.values || !made.before) {
    lesson_free(&made);
    return lan_fail_memory(err, (most + all) * sizeof(float));
  }
  *l = made;
  return LAN_OK;
}

void lesson_free(lesson *l) {
  free(l->values);
  free(l->before);
  l->values = l->before = NULL;
}

void lesson_remember(lesson *l) {
  float *to = l->before;
  for (size_t i = 0; i < lan_net_n_parameters(l->net); i++) {
    lan_parameter p = lan_net_parameter_at(l->net, i);
    memcpy(to, p.values, p.count * sizeof *to);
    to += p.count;
  }
}

/* ---- telling ---- */

/* Three decimals, or the power of ten for what they cannot show. */
static void add_number(lan_buf *out, double v) {
  double size = fabs(v);
  lan_buf_printf(out, v == 0 || (size >= 0.0005 && size < 10000) ? "%9.3f" : "%9.1e", v);
}

void lesson_number(output *o, double v) { add_number(&o->buf, v); }

static void show_values(output *o, const lesson_words *w, const float *v, size_t n) {
  size_t shown = n <= SHOWN + 2 ? n : SHOWN;
  lan_buf_add_str(&o->buf, "     ");
  for (size_t i = 0; i < shown; i++) add_number(&o->buf, (double)v[i]);
  if (shown < n) {
    float least = v[0], most = v[0];
    for (size_t i = 1; i < n; i++) {
      least = v[i] < least ? v[i] : least;
      most = v[i] > most ? v[i] : most;
    }
    lan_buf_printf(&o->buf, " … (%zu %s %.3g %s %.3g)", n, w->numbers, (double)least, w->to,
                   (double)most);
  }
  lan_buf_add_char(&o->buf, '\n');
}

static void show_name(output *o, const char *name, const char *note) {
  output_spaces(o, 2);
  output_styled(o, STYLE_STRONG, name);
  if (note) {
    lan_buf_add_str(&o->buf, ": ");
    output_styled(o, STYLE_FAINT, note);
  }
  lan_buf_add_char(&o->buf, '\n');
}

static void show_heading(output *o, const char *text) {
  lan_buf_add_char(&o->buf, '\n');
  output_styled(o, STYLE_MARK, text);
  lan_buf_add_char(&o->buf, '\n');
}

static bool is_parameter(const lan_layer *layer) { return strcmp(layer->kind, "parameter") == 0; }

void lesson_forward(const lesson *l, const lesson_words *w, output *o) {
  show_heading(o, w->forward);
  for (lan_var i = 0; (size_t)i < lan_net_n_layers(l->net); i++) {
    lan_layer layer = lan_net_layer_at(l->net, i);
    if (is_parameter(&layer) || i == l->answer || layer.shape.rank == 0) continue;
    if (lan_net_plan_value(l->plan, i, l->values, NULL) != LAN_OK) continue;
    show_name(o, layer.name, gloss_of(layer.kind, w));
    show_values(o, w, l->values, count_of(layer.shape));
  }
}

void lesson_backward(const lesson *l, const lesson_words *w, output *o) {
  show_heading(o, w->backward);
  output_spaces(o, 2);
  output_styled(o, STYLE_FAINT, w->backward_note);
  lan_buf_add_char(&o->buf, '\n');
  for (lan_var i = (lan_var)lan_net_n_layers(l->net); i-- > 0;) {
    lan_layer layer = lan_net_layer_at(l->net, i);
    if (is_parameter(&layer) || layer.shape.rank == 0) continue;
    if (lan_net_plan_value_gradient(l->plan, i, l->values, NULL) != LAN_OK) continue;
    show_name(o, layer.name, NULL);
    show_values(o, w, l->values, count_of(layer.shape));
  }
}

/* "dense1.weight[2,0]", in a column. */
static void show_place(output *o, const lan_parameter *p, size_t at) {
  size_t n = output_text(o, lan_str_of(p->name), 0), start = o->buf.len, inner = p->count;
  for (uint32_t d = 0; d < p->shape.rank; d++) {
    inner /= p->shape.dims[d];
    lan_buf_printf(&o->buf, "%s%zu", d ? "," : "[", at / inner);
    at %= inner;
  }
  if (p->shape.rank) lan_buf_add_char(&o->buf, ']');
  n += o->buf.len - start;
  output_spaces(o, n < NAME_COLUMNS ? NAME_COLUMNS - n : 0);
}

/* The next to be shown after `last`: in order where there are few, else by how far they moved. */
static size_t next_weight(const lan_parameter *p, const float *before, size_t shown,
                          const size_t *already) {
  if (p->count <= SHOWN_WEIGHTS) return shown;
  size_t best = p->count;
  float far = -1;
  for (size_t i = 0; i < p->count; i++) {
    float moved = fabsf(p->values[i] - before[i]);
    bool taken = false;
    for (size_t k = 0; k < shown; k++) taken = taken || already[k] == i;
    if (taken || !(moved > far)) continue;
    best = i;
    far = moved;
  }
  return best;
}

static void show_parameter(const lesson *l, const lesson_words *w, double rate, size_t number,
                           const float *before, output *o) {
  lan_parameter p = lan_net_parameter_at(l->net, number);
  size_t shown[SHOWN_WEIGHTS], most = p.count <= SHOWN_WEIGHTS ? p.count : MOST_MOVED;
  lan_net_plan_gradient(l->plan, number, l->values);
  for (size_t k = 0; k < most; k++) {
    size_t i = shown[k] = next_weight(&p, before, k, shown);
    if (i >= p.count) break;
    output_spaces(o, 2);
    show_place(o, &p, i);
    add_number(&o->buf, (double)before[i]);
    lan_buf_printf(&o->buf, " - %g x", rate);
    add_number(&o->buf, (double)l->values[i]);
    lan_buf_add_str(&o->buf, " =");
    output_style(o, STYLE_STRONG);
    add_number(&o->buf, (double)p.values[i]);
    output_style(o, STYLE_PLAIN);
    lan_buf_add_char(&o->buf, '\n');
  }
  if (most == p.count) return;
  output_spaces(o, 2);
  output_text(o, lan_str_of(p.name), 0);
  lan_buf_printf(&o->buf, " … (%zu %s", p.count, w->numbers);
  float least = p.values[0], largest = p.values[0];
  for (size_t i = 1; i < p.count; i++) {
    least = p.values[i] < least ? p.values[i] : least;
    largest = p.values[i] > largest ? p.values[i] : largest;
  }
  lan_buf_printf(&o->buf, " %.3g %s %.3g)\n", (double)least, w->to, (double)largest);
}

void lesson_update(const lesson *l, const lesson_words *w, double rate, output *o) {
  const float *before = l->before;
  show_heading(o, w->update);
  for (size_t i = 0; i < lan_net_n_parameters(l->net); i++) {
    lan_parameter p = lan_net_parameter_at(l->net, i);
    if (p.learns) show_parameter(l, w, rate, i, before, o);
    before += p.count;
  }
}

/* ---- for programs ---- */

static void add_layer(const lesson *l, lan_var i, const lan_layer *layer, json_writer *j) {
  jw_open(j, '{');
  jw_bytes(j, "name", layer->name);
  jw_entry(j, "kind", layer->kind);
  jw_floats(j, "value", l->values, count_of(layer->shape));
  if (lan_net_plan_value_gradient(l->plan, i, l->values, NULL) == LAN_OK) {
    jw_floats(j, "gradient", l->values, count_of(layer->shape));
  } else {
    jw_key(j, "gradient");
    jw_null(j);
  }
  jw_close(j, '}');
}

void lesson_json(const lesson *l, json_writer *j) {
  jw_key(j, "layers");
  jw_open(j, '[');
  for (lan_var i = 0; (size_t)i < lan_net_n_layers(l->net); i++) {
    lan_layer layer = lan_net_layer_at(l->net, i);
    if (is_parameter(&layer)) continue;
    if (lan_net_plan_value(l->plan, i, l->values, NULL) == LAN_OK) add_layer(l, i, &layer, j);
  }
  jw_close(j, ']');
  jw_key(j, "parameters");
  jw_open(j, '[');
  const float *before = l->before;
  for (size_t i = 0; i < lan_net_n_parameters(l->net); i++) {
    lan_parameter p = lan_net_parameter_at(l->net, i);
    jw_open(j, '{');
    jw_bytes(j, "name", p.name);
    jw_floats(j, "before", before, p.count);
    lan_net_plan_gradient(l->plan, i, l->values);
    jw_floats(j, "gradient", l->values, p.count);
    jw_floats(j, "after", p.values, p.count);
    jw_close(j, '}');
    before += p.count;
  }
  jw_close(j, ']');
}
