/* JPEG, by libjpeg (libjpeg-turbo). It leaves on errors by longjmp: all that a jump must not lose is in
 * `reader`, and what is between setjmp and its end allocates by libjpeg's own pools only. */
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h wants it before */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/alloc.h"
#include "base/error.h"
#include "image/decode.h"

typedef struct reader {
  struct jpeg_decompress_struct jpeg; /* first: a pointer to it is one to the reader */
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf leave;
  const picture_job *job;
  picture *out;
  uint8_t *inks; /* a row of CMYK */
  lan_error *err;
  lan_status status;
  bool decoding; /* the header is read */
  bool at_end;   /* of the file */
} reader;

static reader *reader_of(j_common_ptr jpeg) { return (reader *)(void *)jpeg; }

static _Noreturn void leave(reader *r, lan_status status) {
  r->status = status;
  longjmp(r->leave, 1);
}

static _Noreturn void leave_damaged(reader *r) {
  char why[JMSG_LENGTH_MAX];
  if (r->at_end) leave(r, picture_cut_short(r->job, "JPEG", r->err));
  r->errors.format_message((j_common_ptr)&r->jpeg, why);
  leave(r, picture_damaged(r->job, "JPEG", why, r->err));
}

static void on_error(j_common_ptr jpeg) {
  reader *r = reader_of(jpeg);
  switch (r->errors.msg_code) {
    case JERR_OUT_OF_MEMORY: leave(r, lan_fail_memory(r->err, 0));
    case JERR_NO_BACKING_STORE:
      leave(r, lan_fail(r->err, LAN_ELIMIT, "%s wants more than %d MB to be decoded", r->job->shown,
                        PICTURE_MEMORY >> 20));
    default: leave_damaged(r);
  }
}

/* libjpeg goes on after these, with pixels that nobody took. */
static void on_message(j_common_ptr jpeg, int level) {
  reader *r = reader_of(jpeg);
  if (level >= 0) return;
  switch (r->errors.msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: leave_damaged(r);
    default: break;
  }
}

static void print_nothing(j_common_ptr jpeg) { (void)jpeg; }

/* The file's end. A picture in one scan may be whole although the mark of its end is missing: then that is
 * lent to it, and if data are missing, too, JWRN_HIT_MARKER follows. */
static boolean on_end(j_decompress_ptr jpeg) {
  static const JOCTET end_mark[2] = {0xFF, JPEG_EOI};
  reader *r = reader_of((j_common_ptr)jpeg);
  r->at_end = true;
  if (!r->decoding || jpeg_has_multiple_scans(jpeg)) leave_damaged(r);
  jpeg->src->next_input_byte = end_mark;
  jpeg->src->bytes_in_buffer = 2;
  return TRUE;
}

static void on_skip(j_decompress_ptr jpeg, long n) {
  struct jpeg_source_mgr *src = jpeg->src;
  if (n <= 0) return;
  size_t skip = (size_t)n < src->bytes_in_buffer ? (size_t)n : src->bytes_in_buffer;
  src->next_input_byte += skip;
  src->bytes_in_buffer -= skip;
}

static void do_nothing(j_decompress_ptr jpeg) { (void)jpeg; }

/* Each scan of a progressive JPEG goes over the whole picture, and takes but a few bytes of file. */
static void on_progress(j_common_ptr jpeg) {
  reader *r = reader_of(jpeg);
  if (r->jpeg.input_scan_number <= PICTURE_SCANS) return;
  leave(r, lan_fail(r->err, LAN_ELIMIT, "%s is a JPEG of more than %d scans", r->job->shown,
                    PICTURE_SCANS));
}

static void set_up(reader *r) {
  r->jpeg.err = jpeg_std_error(&r->errors);
  r->errors.error_exit = on_error;
  r->errors.emit_message = on_message;
  r->errors.output_message = print_nothing;
  r->source = (struct jpeg_source_mgr){.next_input_byte = r->job->bytes,
                                       .bytes_in_buffer = r->job->len,
                                       .init_source = do_nothing,
                                       .fill_input_buffer = on_end,
                                       .skip_input_data = on_skip,
                                       .resync_to_restart = jpeg_resync_to_restart,
                                       .term_source = do_nothing};
  r->progress.progress_monitor = on_progress;
}

static int orientation_of(reader *r) {
  for (jpeg_saved_marker_ptr m = r->jpeg.marker_list; m; m = m->next) {
    if (m->data_length > 6 && memcmp(m->data, "Exif\0", 6) == 0) {
      return picture_exif_orientation(m->data + 6, m->data_length - 6);
    }
  }
  return 1;
}

/* The smallest of 1/8 .. 8/8 that is as large as is wished for; by the inverse transform itself, over the
 * lower frequencies alone. */
static unsigned eighths_for(const reader *r, int orientation) {
  uint64_t want_w = r->job->wish.width, want_h = r->job->wish.height;
  uint64_t w = r->jpeg.image_width, h = r->jpeg.image_height;
  if (orientation >= 5) {
    uint64_t t = w;
    w = h;
    h = t;
  }
  if (want_w == 0 && want_h == 0) return 8;
  unsigned n = 1;
  while (n < 8 && ((w * n + 7) / 8 < want_w || (h * n + 7) / 8 < want_h)) n++;
  return n;
}

static void read_header(reader *r) {
  struct jpeg_decompress_struct *j = &r->jpeg;
  jpeg_create_decompress(j);
  j->src = &r->source;
  j->progress = &r->progress;
  j->mem->max_memory_to_use = PICTURE_MEMORY;
  jpeg_save_markers(j, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(j, TRUE);
  lan_status s = picture_claim(r->job, j->image_width, j->image_height, r->err);
  if (s != LAN_OK) leave(r, s);
  /* A block of 64 pixels takes a bit at least, where its codes are whole bits. */
  uint64_t pixels = (uint64_t)j->image_width * j->image_height;
  r->at_end = !j->arith_code && pixels / 512 > r->job->len;
  if (r->at_end) leave_damaged(r);
}

static void choose_colours(reader *r) {
  struct jpeg_decompress_struct *j = &r->jpeg;
  uint32_t wanted = r->job->wish.channels;
  switch (j->jpeg_color_space) {
    case JCS_GRAYSCALE: j->out_color_space = wanted == 3 ? JCS_RGB : JCS_GRAYSCALE; break;
    case JCS_YCbCr:
    case JCS_RGB: j->out_color_space = wanted == 1 ? JCS_GRAYSCALE : JCS_RGB; break;
    case JCS_CMYK:
    case JCS_YCCK: j->out_color_space = JCS_CMYK; break;
    default: leave(r, picture_damaged(r->job, "JPEG", "its colours are of no known kind", r->err));
  }
}

/* Inks to light. Programs of Adobe's, which mark their files, store the light that each lets through. */
static void mix_inks(const uint8_t *inks, size_t n, bool inverted, uint8_t *out) {
  unsigned flip = inverted ? 0 : 255;
  for (size_t i = 0; i < n; i++, inks += 4) {
    unsigned light = inks[3] ^ flip;
    for (size_t c = 0; c < 3; c++) *out++ = (uint8_t)(((inks[c] ^ flip) * light + 127) / 255);
  }
}

static void read_rows(reader *r) {
  struct jpeg_decompress_struct *j = &r->jpeg;
  size_t stride = (size_t)r->out->width * r->out->channels;
  while (j->output_scanline < j->output_height) {
    uint8_t *row = r->out->pixels + j->output_scanline * stride;
    JSAMPROW into = r->inks ? r->inks : row;
    if (jpeg_read_scanlines(j, &into, 1) != 1) leave_damaged(r);
    if (r->inks) mix_inks(r->inks, r->out->width, j->saw_Adobe_marker, row);
  }
}

/* Everything between setjmp and the end. */
static lan_status run(reader *r) {
  struct jpeg_decompress_struct *j = &r->jpeg;
  picture *out = r->out;
  if (setjmp(r->leave)) return r->status;
  read_header(r);
  int orientation = orientation_of(r);
  choose_colours(r);
  j->scale_num = eighths_for(r, orientation);
  j->scale_denom = 8;
  if (r->job->measure) j->scale_num = 8;
  jpeg_calc_output_dimensions(j);
  out->width = j->output_width;
  out->height = j->output_height;
  out->channels = j->out_color_space == JCS_GRAYSCALE ? 1 : 3;
  if (r->job->measure) return picture_orient(out, orientation, r->err);
  lan_status s = picture_allocate(out, r->err);
  if (s != LAN_OK) return s;
  if (j->out_color_space == JCS_CMYK) {
    r->inks = lan_alloc_array(out->width, 4);
    if (!r->inks) return lan_fail_memory(r->err, (size_t)out->width * 4);
  }
  r->decoding = true;
  jpeg_start_decompress(j);
  read_rows(r);
  return picture_orient(out, orientation, r->err);
}

lan_status picture_jpeg(const picture_job *job, picture *out, lan_error *err) {
  reader *r = lan_alloc_zeroed(1, sizeof *r);
  if (!r) return lan_fail_memory(err, sizeof *r);
  r->job = job;
  r->out = out;
  r->err = err;
  set_up(r);
  lan_status s = run(r);
  jpeg_destroy_decompress(&r->jpeg);
  free(r->inks);
  free(r);
  return s;
}
