#include "image/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "image/decode.h"

void picture_free(picture *p) {
  free(p->pixels);
  *p = (picture){0};
}

/* ---- what the decoders have in common ---- */

lan_status picture_claim(const picture_job *job, uint32_t width, uint32_t height, lan_error *err) {
  if (width == 0 || height == 0) {
    return lan_fail(err, LAN_EFORMAT, "%s is a picture without any pixels", job->shown);
  }
  if ((uint64_t)width * height > job->wish.pixels) {
    return lan_fail(
        err, LAN_ELIMIT,
        "%s claims to be %u x %u pixels large; pictures of at most %.4g million pixels are "
        "read: make it smaller",
        job->shown, width, height, (double)job->wish.pixels / 1e6);
  }
  return LAN_OK;
}

lan_status picture_allocate(picture *out, lan_error *err) {
  size_t row = (size_t)out->width * out->channels;
  out->pixels = lan_alloc_array(out->height, row);
  return out->pixels ? LAN_OK : lan_fail_memory(err, row * out->height);
}

lan_status picture_cut_short(const picture_job *job, const char *format, lan_error *err) {
  return lan_fail(
      err, LAN_EFORMAT,
      "%s is cut short: the file ends (after %zu bytes) before its %s picture does; get it "
      "anew",
      job->shown, job->len, format);
}

lan_status picture_damaged(const picture_job *job, const char *format, const char *why,
                           lan_error *err) {
  return lan_fail(err, LAN_EFORMAT, "%s is a %s picture that cannot be read: %s", job->shown,
                  format, why);
}

static uint8_t over_white(unsigned value, unsigned alpha) {
  unsigned t = value * alpha + 255 * (255 - alpha) + 128;
  return (uint8_t)((t + (t >> 8)) >> 8); /* t / 255, rounded */
}

void picture_over_white(const uint8_t *rgba, size_t n, uint32_t channels, uint8_t *out) {
  for (size_t i = 0; i < n; i++, rgba += 4) {
    unsigned alpha = rgba[3];
    for (uint32_t c = 0; c < channels; c++) *out++ = over_white(rgba[c], alpha);
  }
}

/* Grey from colours, or colours from grey, as was wished for. */
static lan_status change_channels(picture *p, uint32_t channels, lan_error *err) {
  size_t n = (size_t)p->width * p->height;
  if (channels == 0 || channels == p->channels) return LAN_OK;
  if (channels == 1) {
    for (size_t i = 0; i < n; i++) {
      const uint8_t *v = p->pixels + 3 * i;
      p->pixels[i] = (uint8_t)((299u * v[0] + 587u * v[1] + 114u * v[2] + 500u) / 1000u);
    }
  } else {
    picture wide = {.width = p->width, .height = p->height, .channels = 3};
    lan_status s = picture_allocate(&wide, err);
    if (s != LAN_OK) return s;
    for (size_t i = 0; i < n; i++) memset(wide.pixels + 3 * i, p->pixels[i], 3);
    free(p->pixels);
    p->pixels = wide.pixels;
  }
  p->channels = channels;
  return LAN_OK;
}

/* ---- EXIF: which way is up ---- */

static uint32_t number(const uint8_t *p, size_t bytes, bool big) {
  uint32_t v = 0;
  for (size_t i = 0; i < bytes; i++) v |= (uint32_t)p[i] << 8 * (big ? bytes - 1 - i : i);
  return v;
}

int picture_exif_orientation(const uint8_t *tiff, size_t len) {
  enum { ENTRY = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };
  if (len < 8) return 1;
  bool big = memcmp(tiff, "MM\0*", 4) == 0;
  if (!big && memcmp(tiff, "II*\0", 4) != 0) return 1;
  size_t at = number(tiff + 4, 4, big);
  if (at > len - 2) return 1;
  size_t entries = number(tiff + at, 2, big);
  for (at += 2; entries && len - at >= ENTRY; entries--, at += ENTRY) {
    const uint8_t *e = tiff + at;
    if (number(e, 2, big) != TAG_ORIENTATION) continue;
    uint32_t value = number(e + 8, 2, big);
    bool sensible = number(e + 2, 2, big) == TYPE_SHORT && value >= 1 && value <= 8;
    return sensible ? (int)value : 1;
  }
  return 1;
}

/* Where the upright picture's pixel (x, y) is in one of width w and height h, for each orientation (EXIF
 * 2.32, 4.6.4 A): 2 mirrored, 3 turned by half, 4 both, 5 to 8 with rows and columns exchanged. */
static size_t stored_at(int orientation, size_t x, size_t y, size_t w, size_t h) {
  switch (orientation) {
    case 2: return y * w + (w - 1 - x);
    case 3: return (h - 1 - y) * w + (w - 1 - x);
    case 4: return (h - 1 - y) * w + x;
    case 5: return x * w + y;
    case 6: return (h - 1 - x) * w + y;
    case 7: return (h - 1 - x) * w + (w - 1 - y);
    case 8: return x * w + (w - 1 - y);
    default: return y * w + x;
  }
}

lan_status picture_orient(picture *p, int orientation, lan_error *err) {
  if (orientation < 2) return LAN_OK;
  size_t w = p->width, h = p->height, c = p->channels;
  picture up = {.width = p->width, .height = p->height, .channels = p->channels};
  if (orientation >= 5) {
    up.width = p->height;
    up.height = p->width;
  }
  if (p->pixels) {
    lan_status s = picture_allocate(&up, err);
    if (s != LAN_OK) return s;
    uint8_t *to = up.pixels;
    for (size_t y = 0; y < up.height; y++) {
      for (size_t x = 0; x < up.width; x++, to += c) {
        memcpy(to, p->pixels + stored_at(orientation, x, y, w, h) * c, c);
      }
    }
    free(p->pixels);
  }
  *p = up;
  return LAN_OK;
}

/* ---- which format it is ---- */

typedef struct known_format {
  const char *name;
  size_t at, len;
  const char *magic;
  lan_status (*decode)(const picture_job *job, picture *out, lan_error *err); /* NULL: not read */
} known_format;

static const known_format formats[] = {
    {"a JPEG", 0, 3, "\xFF\xD8\xFF", picture_jpeg},
    {"a PNG", 0, 8, "\x89PNG\r\n\x1A\n", picture_png},
    {"a WebP", 8, 4, "WEBP", picture_webp},
    {"a GIF", 0, 4, "GIF8", NULL},
    {"a TIFF", 0, 4, "II*\0", NULL},
    {"a TIFF", 0, 4, "MM\0*", NULL},
    {"a BMP", 0, 2, "BM", NULL},
    {"a HEIF or AVIF", 4, 4, "ftyp", NULL},
    {"a JPEG 2000", 4, 4, "jP  ", NULL},
    {"a JPEG XL", 0, 2, "\xFF\x0A", NULL},
    {"an SVG", 0, 4, "<svg", NULL},
    {"a PDF", 0, 4, "%PDF", NULL},
};

static const known_format *format_of(const uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    const known_format *f = &formats[i];
    if (len >= f->at + f->len && memcmp(bytes + f->at, f->magic, f->len) == 0) return f;
  }
  return NULL;
}

static lan_status decode(const picture_job *job, picture *out, lan_error *err) {
  if (job->len == 0) return lan_fail(err, LAN_EFORMAT, "%s is empty: no picture", job->shown);
  const known_format *f = format_of(job->bytes, job->len);
  if (!f || !f->decode) {
    return lan_fail(err, LAN_EFORMAT, "%s is %s; pictures in JPEG, PNG and WebP are read",
                    job->shown, f ? f->name : "no picture of a known format");
  }
  picture p = {0};
  lan_status s = f->decode(job, &p, err);
  if (s == LAN_OK && p.pixels) s = change_channels(&p, job->wish.channels, err);
  if (s != LAN_OK) {
    picture_free(&p);
    return s;
  }
  *out = p;
  return LAN_OK;
}

static picture_wish with_defaults(const picture_wish *wish) {
  picture_wish w = wish ? *wish : (picture_wish){0};
  if (w.file_bytes == 0) w.file_bytes = PICTURE_FILE_BYTES;
  if (w.pixels == 0) w.pixels = PICTURE_PIXELS;
  return w;
}

lan_status picture_decode(const void *bytes, size_t len, const char *shown,
                          const picture_wish *wish, picture *out, lan_error *err) {
  picture_job job = {.bytes = bytes, .len = len, .shown = shown, .wish = with_defaults(wish)};
  if (job.wish.channels > 1 && job.wish.channels != 3) {
    return lan_fail(err, LAN_EINVAL, "a picture has 1 or 3 channels, not %u", job.wish.channels);
  }
  if (len > job.wish.file_bytes) {
    return lan_fail(err, LAN_ELIMIT, "%s holds %zu bytes; at most %zu are read", shown, len,
                    job.wish.file_bytes);
  }
  return decode(&job, out, err);
}

lan_status picture_read(const char *path, const picture_wish *wish, picture *out, lan_error *err) {
  lan_buf file = {0};
  lan_status s = lan_file_read(path, with_defaults(wish).file_bytes, &file, err);
  if (s == LAN_OK) s = picture_decode(file.data, file.len, path, wish, out, err);
  lan_buf_free(&file);
  return s;
}

lan_status picture_measure(const char *path, const picture_wish *wish, picture *out,
                           lan_error *err) {
  lan_buf file = {0};
  picture_job job = {.shown = path, .wish = with_defaults(wish), .measure = true};
  lan_status s = lan_file_read(path, job.wish.file_bytes, &file, err);
  if (s == LAN_OK) {
    job.bytes = (const uint8_t *)file.data;
    job.len = file.len;
    s = decode(&job, out, err);
  }
  lan_buf_free(&file);
  return s;
}
