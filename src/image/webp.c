/* WebP, by libwebp. */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>

#include "base/alloc.h"
#include "base/error.h"
#include "image/decode.h"

static lan_status fail(const picture_job *job, VP8StatusCode code, lan_error *err) {
  switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY: return lan_fail_memory(err, 0);
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return picture_cut_short(job, "WebP", err);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return picture_damaged(job, "WebP", "it uses what libwebp does not know", err);
    default: return picture_damaged(job, "WebP", "its data are damaged", err);
  }
}

static lan_status decode_into(const picture_job *job, uint8_t *pixels, uint32_t width,
                              uint32_t height, uint32_t channels, lan_error *err) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    return lan_fail(err, LAN_EINVAL, "libwebp is of another version");
  config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = (int)(width * channels); /* at most 16383 * 4 */
  config.output.u.RGBA.size = (size_t)width * channels * height;
  VP8StatusCode code = WebPDecode(job->bytes, job->len, &config);
  WebPFreeDecBuffer(&config.output);
  return code == VP8_STATUS_OK ? LAN_OK : fail(job, code, err);
}

static size_t little_endian(const uint8_t *p) {
  return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

/* Among the chunks of the file (name, length, data, padded to an even length). */
static int orientation_of(const picture_job *job) {
  for (size_t at = 12; job->len - at > 8;) {
    const uint8_t *chunk = job->bytes + at;
    size_t len = little_endian(chunk + 4), left = job->len - at - 8;
    if (len > left) return 1;
    if (memcmp(chunk, "EXIF", 4) == 0) {
      size_t mark = len >= 6 && memcmp(chunk + 8, "Exif\0", 6) == 0 ? 6 : 0; /* some write it */
      return picture_exif_orientation(chunk + 8 + mark, len - mark);
    }
    if (len % 2 && len++ == left) return 1;
    at += 8 + len;
  }
  return 1;
}

lan_status picture_webp(const picture_job *job, picture *out, lan_error *err) {
  WebPBitstreamFeatures f;
  VP8StatusCode code = WebPGetFeatures(job->bytes, job->len, &f);
  if (code != VP8_STATUS_OK) return fail(job, code, err);
  if (f.width < 0 || f.height < 0) return fail(job, VP8_STATUS_BITSTREAM_ERROR, err);
  lan_status s = picture_claim(job, (uint32_t)f.width, (uint32_t)f.height, err);
  if (s != LAN_OK) return s;
  if (f.has_animation) return picture_damaged(job, "WebP", "it is animated; make it a still", err);
  out->width = (uint32_t)f.width;
  out->height = (uint32_t)f.height;
  out->channels = f.has_alpha ? 4 : 3;
  if (!job->measure) s = picture_allocate(out, err);
  if (s == LAN_OK && !job->measure) {
    s = decode_into(job, out->pixels, out->width, out->height, out->channels, err);
  }
  if (s == LAN_OK && f.has_alpha && !job->measure) {
    picture_over_white(out->pixels, (size_t)out->width * out->height, 3, out->pixels);
  }
  out->channels = 3;
  return s == LAN_OK ? picture_orient(out, orientation_of(job), err) : s;
}
