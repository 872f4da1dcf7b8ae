#include "net/fast/onednn.h"

#include <dnnl.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* Of libgomp, which Debian's oneDNN runs on. Its header is not to be had with every compiler. */
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int n);

int fast_begin(void) {
  int was = omp_get_max_threads();
  if (was != 1) omp_set_num_threads(1);
  return was;
}

void fast_end(int was) {
  if (was != 1) omp_set_num_threads(was);
}

struct fast_conv {
  fast_way way;
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t convolution, reorder;
  dnnl_memory_t x, w, b, y, scratch, plain;
  const char *name;
};

static dnnl_status_t make_memory(const fast_conv *c, const dnnl_memory_desc_t *shape,
                                 dnnl_memory_t *out) {
  return dnnl_memory_create(out, shape, c->engine, DNNL_MEMORY_NONE);
}

typedef struct shapes {
  dnnl_memory_desc_t x, w, plain_w, b, y;
  dnnl_dims_t strides, padding, padding_after;
} shapes;

static dnnl_status_t describe(const fast_conv_spec *s, shapes *d) {
  dnnl_dims_t x = {s->rows, s->channels, s->height, s->width}, b = {s->filters};
  dnnl_dims_t y = {s->rows, s->filters, s->out_height, s->out_width};
  dnnl_dims_t w = {s->filters, s->channels, s->size, s->size};
  dnnl_dims_t grouped = {s->groups, s->filters / s->groups, s->channels / s->groups, s->size,
                         s->size};
  bool groups = s->groups > 1;
  dnnl_format_tag_t in = s->in_blocks ? dnnl_nChw16c : dnnl_nchw;
  dnnl_format_tag_t out = s->out_blocks ? dnnl_nChw16c : dnnl_nchw;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(&d->x, 4, x, dnnl_f32, in);
  if (!status) status = dnnl_memory_desc_init_by_tag(&d->y, 4, y, dnnl_f32, out);
  if (!status) status = dnnl_memory_desc_init_by_tag(&d->b, 1, b, dnnl_f32, dnnl_x);
  const dnnl_dim_t *dims = groups ? grouped : w;
  int rank = groups ? 5 : 4;
  dnnl_format_tag_t plain = groups ? dnnl_goihw : dnnl_oihw;
  if (!status)
    status = dnnl_memory_desc_init_by_tag(&d->w, rank, dims, dnnl_f32, dnnl_format_tag_any);
  if (!status) status = dnnl_memory_desc_init_by_tag(&d->plain_w, rank, dims, dnnl_f32, plain);
  for (int i = 0; i < 2; i++) {
    uint32_t from = i ? s->width : s->height, to = i ? s->out_width : s->out_height;
    d->strides[i] = s->stride;
    d->padding[i] = s->padding;
    /* What a stride leaves over at the end is not looked at: the padding there may be negative. */
    d->padding_after[i] = (dnnl_dim_t)(to - 1) * s->stride + s->size - from - s->padding;
  }
  return status;
}

static dnnl_status_t describe_forward(const fast_conv_spec *s, const shapes *d,
                                      const_dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                                      dnnl_primitive_desc_t *out) {
  dnnl_convolution_desc_t forward;
  dnnl_status_t status = dnnl_convolution_forward_desc_init(
      &forward, dnnl_forward_training, dnnl_convolution_direct, &d->x, &d->w,
      s->bias ? &d->b : NULL, &d->y, d->strides, d->padding, d->padding_after);
  if (!status) status = dnnl_primitive_desc_create(out, &forward, attributes, engine, NULL);
  return status;
}

static dnnl_status_t describe_backward(const fast_conv_spec *s, const shapes *d, fast_way way,
                                       const_dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                                       dnnl_primitive_desc_t *out) {
  dnnl_convolution_desc_t backward;
  dnnl_primitive_desc_t hint;
  dnnl_status_t status = describe_forward(s, d, NULL, engine, &hint);
  if (status) return status;
  if (way == FAST_BACK_DATA) {
    status =
        dnnl_convolution_backward_data_desc_init(&backward, dnnl_convolution_direct, &d->x, &d->w,
                                                 &d->y, d->strides, d->padding, d->padding_after);
  } else {
    status = dnnl_convolution_backward_weights_desc_init(&backward, dnnl_convolution_direct, &d->x,
                                                         &d->w, s->bias ? &d->b : NULL, &d->y,
                                                         d->strides, d->padding, d->padding_after);
  }
  if (!status) status = dnnl_primitive_desc_create(out, &backward, attributes, engine, hint);
  dnnl_primitive_desc_destroy(hint);
  return status;
}

/* The user gives the scratch memory, so that steps allocate none and shards share theirs in time. */
static dnnl_status_t make_attributes(const fast_conv_spec *s, fast_way way,
                                     dnnl_primitive_attr_t *out) {
  dnnl_status_t status = dnnl_primitive_attr_create(out);
  if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
  if (status || way != FAST_FORWARD || !(s->add || s->relu)) return status;
  dnnl_post_ops_t after;
  status = dnnl_post_ops_create(&after);
  if (status) return status;
  if (s->add) status = dnnl_post_ops_append_sum(after, 1);
  if (!status && s->relu) {
    status = dnnl_post_ops_append_eltwise(after, 1, dnnl_eltwise_relu, 0, 0);
  }
  if (!status) status = dnnl_primitive_attr_set_post_ops(*out, after);
  dnnl_post_ops_destroy(after);
  return status;
}

static dnnl_status_t choose(fast_conv *c, const fast_conv_spec *s, const shapes *d,
                            const_dnnl_primitive_attr_t attributes) {
  if (c->way == FAST_FORWARD) {
    return describe_forward(s, d, attributes, c->engine, &c->description);
  }
  return describe_backward(s, d, c->way, attributes, c->engine, &c->description);
}

static dnnl_status_t make_reorder(fast_conv *c, const dnnl_memory_desc_t *plain,
                                  const dnnl_memory_desc_t *packed) {
  bool back = c->way == FAST_BACK_WEIGHTS;
  dnnl_primitive_desc_t description;
  dnnl_status_t status = dnnl_reorder_primitive_desc_create(
      &description, back ? packed : plain, c->engine, back ? plain : packed, c->engine, NULL);
  if (status) return status;
  status = dnnl_primitive_create(&c->reorder, description);
  dnnl_primitive_desc_destroy(description);
  return status;
}

static const dnnl_memory_desc_t *packed_shape(const fast_conv *c) {
  dnnl_query_t what =
      c->way == FAST_BACK_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
  return dnnl_primitive_desc_query_md(c->description, what, 0);
}

static dnnl_status_t make(fast_conv *c, const fast_conv_spec *s) {
  shapes d;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = dnnl_engine_create(&c->engine, dnnl_cpu, 0);
  if (!status) status = dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags);
  if (!status) status = describe(s, &d);
  if (!status) status = make_attributes(s, c->way, &attributes);
  if (!status) status = choose(c, s, &d, attributes);
  if (!status) status = dnnl_primitive_create(&c->convolution, c->description);
  if (!status)
    status = dnnl_primitive_desc_query(c->description, dnnl_query_impl_info_str, 0, &c->name);
  if (!status) status = make_reorder(c, &d.plain_w, packed_shape(c));
  if (!status) status = make_memory(c, &d.x, &c->x);
  if (!status) status = make_memory(c, packed_shape(c), &c->w);
  if (!status) status = make_memory(c, &d.plain_w, &c->plain);
  if (!status) status = make_memory(c, &d.y, &c->y);
  if (!status && s->bias && c->way != FAST_BACK_DATA) status = make_memory(c, &d.b, &c->b);
  if (!status) {
    status = make_memory(
        c, dnnl_primitive_desc_query_md(c->description, dnnl_query_scratchpad_md, 0), &c->scratch);
  }
  dnnl_primitive_attr_destroy(attributes);
  return status;
}

lan_status fast_conv_new(const fast_conv_spec *spec, fast_way way, fast_conv **out,
                         lan_error *err) {
  fast_conv *c = lan_alloc_zeroed(1, sizeof *c);
  if (!c) return lan_fail_memory(err, sizeof *c);
  c->way = way;
  dnnl_status_t status = make(c, spec);
  if (status) {
    fast_conv_free(c);
    if (status == dnnl_out_of_memory) return lan_fail_memory(err, 0);
    return lan_fail(err, LAN_EINVAL,
                    "oneDNN has no convolution of %u channels of %ux%u with %u filters of %ux%u "
                    "(its status is %d)",
                    spec->channels, spec->height, spec->width, spec->filters, spec->size,
                    spec->size, (int)status);
  }
  *out = c;
  return LAN_OK;
}

void fast_conv_free(fast_conv *c) {
  if (!c) return;
  dnnl_memory_t memories[] = {c->x, c->w, c->b, c->y, c->scratch, c->plain};
  for (size_t i = 0; i < sizeof memories / sizeof *memories; i++) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (c->reorder) dnnl_primitive_destroy(c->reorder);
  if (c->convolution) dnnl_primitive_destroy(c->convolution);
  if (c->description) dnnl_primitive_desc_destroy(c->description);
  if (c->stream) dnnl_stream_destroy(c->stream);
  if (c->engine) dnnl_engine_destroy(c->engine);
  free(c);
}

const char *fast_conv_name(const fast_conv *c) { return c->name; }

size_t fast_conv_scratch(const fast_conv *c) {
  return dnnl_memory_desc_get_size(
      dnnl_primitive_desc_query_md(c->description, dnnl_query_scratchpad_md, 0));
}

size_t fast_conv_packed(const fast_conv *c) { return dnnl_memory_desc_get_size(packed_shape(c)); }

/* The pointers are not written through unless the direction says so. */
static void point(dnnl_memory_t memory, const void *data) {
  if (memory) dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)data);
}

void fast_conv_reorder(fast_conv *c, const float *from, float *to) {
  bool back = c->way == FAST_BACK_WEIGHTS;
  point(back ? c->w : c->plain, from);
  point(back ? c->plain : c->w, to);
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, back ? c->w : c->plain},
                                 {DNNL_ARG_TO, back ? c->plain : c->w}};
  dnnl_primitive_execute(c->reorder, c->stream, 2, arguments);
}

void fast_conv_run(fast_conv *c, const float *x, const float *w, const float *b, const float *y,
                   void *scratch) {
  static const int names[][4] = {
      [FAST_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS},
      [FAST_BACK_DATA] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST, DNNL_ARG_BIAS},
      [FAST_BACK_WEIGHTS] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST,
                             DNNL_ARG_DIFF_BIAS},
  };
  point(c->x, x);
  point(c->w, w);
  point(c->b, b);
  point(c->y, y);
  point(c->scratch, scratch);
  const int *name = names[c->way];
  dnnl_exec_arg_t arguments[] = {{name[0], c->x},
                                 {name[1], c->w},
                                 {name[2], c->y},
                                 {DNNL_ARG_SCRATCHPAD, c->scratch},
                                 {name[3], c->b}};
  dnnl_primitive_execute(c->convolution, c->stream, c->b ? 5 : 4, arguments);
}

void fast_product(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a,
                  const float *b, bool add, float *c) {
  dnnl_dim_t lda = (dnnl_dim_t)(a_turned ? m : k), ldb = (dnnl_dim_t)(b_turned ? k : n);
  dnnl_sgemm(a_turned ? 'T' : 'N', b_turned ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
             (dnnl_dim_t)k, 1, a, lda, b, ldb, add ? 1 : 0, c, (dnnl_dim_t)n);
}
